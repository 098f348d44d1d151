"""One round of a campaign: a run of Hypothesis of its own, with seed and goals fixed before it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.errors import Flaky, FlakyFailure
from hypothesis.internal.conjecture.providers import HypothesisProvider
from hypothesis.stateful import run_state_machine_as_test

from pt004_model.drive.lockstep import Tally
from pt004_model.drive.session import Session
from pt004_model.explore.coverage import missing, reachable
from pt004_model.explore.machine import WorkflowMachine
from pt004_model.model.moves import Goal
from pt004_model.trace.interrupts import Interruption

_HEALTH: Final = (
    HealthCheck.too_slow,  # an example is a conversation over a network
    HealthCheck.data_too_large,  # long plans are wanted
    HealthCheck.large_base_example,  # the first run is made whatever is drawn
)


def goals_now(tally: Tally, lengths: tuple[int, ...]) -> tuple[Goal, ...]:
    """The goals of the next round: those never driven, then those driven least.

    What is accepted has half of the weight, few as it is: it shows more than what is refused,
    and leads to the states from which the rest is asked.
    """
    left = missing(tally, lengths)
    legal = tuple(g for g in left if any(edge.outcome == "accepted" for edge in g.edges))
    if left:
        return (*left, *legal * (len(left) // len(legal))) if legal else left
    counts = tally.edges
    every = reachable(tally, lengths)
    return tuple(
        sorted(every, key=lambda goal: sum(counts.get(edge, 0) for edge in goal.edges))[:60]
    )


def _nothing_from_modules(provider: HypothesisProvider, *_: object, **__: object) -> None:
    """Draw no constant, with as much chance used up as when none is to be had."""
    assert provider._random is not None  # noqa: S101 - Hypothesis asserts the same
    provider._random.random()


@contextmanager
def same_everywhere() -> Iterator[None]:
    """Have a seed draw the same in every process.

    Hypothesis draws some numbers, its own that switch rules on and off among them, from the source
    of the modules that happen to be imported and not installed. No setting keeps it from that.
    """
    name = "_maybe_draw_constant"
    usual = getattr(HypothesisProvider, name, None)
    if usual is None:  # a Hypothesis that does not do so
        yield
        return
    setattr(HypothesisProvider, name, _nothing_from_modules)
    try:
        yield
    finally:
        setattr(HypothesisProvider, name, usual)


def run_round(
    session: Session, seeded: int, examples: int, commands: int, count: Callable[[], None]
) -> None:
    """Run ``examples`` of ``commands`` acts each; ``count`` is called as each begins.

    Raises what broke an example off. An FC that leads the same example to different ends, which
    Hypothesis calls flaky, ends the round and no more: each answer was judged as it came.
    """
    chosen = settings(
        max_examples=examples,
        stateful_step_count=commands,
        phases=(Phase.generate,),
        derandomize=False,
        database=None,
        deadline=None,
        print_blob=False,
        suppress_health_check=_HEALTH,
    )

    def machine() -> WorkflowMachine:
        count()
        return WorkflowMachine(session)

    run: Callable[..., None] = run_state_machine_as_test  # takes any factory, not types alone
    try:
        with same_everywhere():
            run(seed(seeded)(machine), settings=chosen)
    except (Flaky, Interruption) as error:
        first = _broken_off_by(error)
        if isinstance(first, FlakyFailure):
            raise first.exceptions[0] from None  # our own fault; that it comes and goes is no help
        if not isinstance(first, Flaky):
            raise first from None


def _broken_off_by(error: BaseException) -> BaseException:
    """What an example was broken off by in the first place, or ``error`` itself.

    An example that is broken off has drawn less than another that began alike, and that is all that
    Hypothesis says of it. And it reads its runs once more, from an FC that may be gone by then.
    """
    first, cause = error, error.__cause__ or error.__context__
    while cause is not None:
        if isinstance(cause, Interruption | KeyboardInterrupt):
            first = cause
        cause = cause.__cause__ or cause.__context__
    return first
