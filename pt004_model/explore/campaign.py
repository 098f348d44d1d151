"""One exploration under a budget: rounds of examples, findings collected, each one shrunk.

A round is a run of Hypothesis of its own, with a seed derived from the campaign's and with goals
fixed before it. Findings do not end it: the run concerned is set aside and the search goes on. When
a round has ended its new findings are shortened by replaying (see ``shrink``).
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any, Final, Protocol

from attrs import Factory, define, field, frozen
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test

from pt004_model.explore.coverage import Coverage, measure, missing, reachable
from pt004_model.explore.lockstep import Interruption, Lockstep, Step, TargetLost
from pt004_model.explore.machine import WorkflowMachine
from pt004_model.explore.properties import scenario_property
from pt004_model.explore.session import Archive, Session
from pt004_model.explore.shrink import Budget, Commands, Shrinker, sent
from pt004_model.judge.finding import Finding
from pt004_model.judge.oracle import Verdict
from pt004_model.model.coverage import Edge
from pt004_model.model.moves import Goal


@frozen
class Profile:
    """How much a campaign does.

    ``examples`` and ``commands`` (acts of one example) bound the search, ``seconds`` its time.
    ``lengths`` are the step counts whose edges it wants driven; ``open_share`` is the share of
    calls that may stay without an answer before nothing can be said. ``floor`` is the share of the
    reachable edges that must be driven for a verdict to mean anything. ``shrink`` bounds the
    shortening of one finding, in requests and seconds.
    """

    name: str
    examples: int
    commands: int
    seconds: float | None = None
    lengths: tuple[int, ...] = (0, 1, 2, 3)
    open_share: float = 0.01
    floor: float = 0.0
    shrink: tuple[int, float] = (1000, 60.0)


PROFILES: Final = {
    "dev": Profile("dev", examples=40, commands=25),
    "ci": Profile("ci", examples=300, commands=30, floor=1.0),
    "nightly": Profile(
        "nightly", examples=4000, commands=50, seconds=1600.0, lengths=(0, 1, 2, 3, 4), floor=1.0
    ),
}

ROUND: Final = 10
"""Examples a round: Hypothesis spends the first of each run on the simplest cases."""


@define
class Found:
    """One fingerprint in a campaign: its first finding, and the shortest trace of it so far.

    ``requests_to_first`` counts the requests of the campaign when it was first seen; ``first_seen``
    and ``last_seen`` are epoch seconds. ``reproduced`` says how often it was seen again when it was
    replayed, and how often it was replayed; ``known`` that it was to be expected.
    """

    finding: Finding
    commands: Commands
    steps: tuple[Step, ...]
    requests_to_first: int
    occurrences: int = 1
    shrunk: bool = False
    first_seen: float = field(factory=time.time)
    last_seen: float = field(default=Factory(lambda self: self.first_seen, takes_self=True))
    reproduced: tuple[int, int] | None = None
    known: bool = False

    @property
    def fingerprint(self) -> str:
        """The fingerprint that all its occurrences share."""
        return self.finding.fingerprint


@frozen
class Progress:
    """Where a campaign stands: counts, and seconds since its start."""

    examples: int
    requests: int
    seconds: float
    driven: int
    reachable: int
    findings: int


@frozen
class Result:
    """What a campaign came to. ``why`` is a sentence when the verdict is UNSURE.

    ``edges`` counts how often each was driven; ``statistics`` are as ``summary.json`` has them.
    """

    verdict: Verdict
    findings: tuple[Found, ...]
    examples: int
    requests: int
    seconds: float
    seed: int
    profile: str
    coverage: Coverage
    open_calls: int
    why: str = ""
    edges: dict[Edge, int] = field(factory=dict)
    statistics: dict[str, Any] = field(factory=dict)


class Reporter(Protocol):
    """Is told what happens, as it happens."""

    def found(self, found: Found) -> None:
        """A fingerprint was seen for the first time."""
        ...

    def improved(self, found: Found) -> None:
        """A shorter trace of a finding is there."""
        ...

    def progress(self, progress: Progress) -> None:
        """Some time has passed."""
        ...


class _OutOfTime(Interruption):
    """The time of the campaign is up."""


class _Enough(Interruption):
    """The first finding is there, and no other is wanted."""


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


_HEALTH: Final = (
    HealthCheck.too_slow,  # an example is a conversation over a network
    HealthCheck.data_too_large,  # long plans are wanted
    HealthCheck.large_base_example,  # the first run is made whatever is drawn
)


@define
class Campaign:
    """One campaign against the FC of ``session``, reporting to ``reporter``.

    The same seed gives the same commands on the same FC. ``first_only`` ends the search at the
    first finding, which is shortened all the same.
    """

    session: Session
    profile: Profile
    seed: int
    reporter: Reporter
    first_only: bool = False
    found: dict[str, Found] = field(factory=dict)
    examples: int = 0
    _started: float = 0.0
    _told: float = 0.0

    def run(self) -> Result:
        """Explore until the budget is spent or the FC is lost. Never raises for what an FC does."""
        self._started = self._told = time.monotonic()
        self.session.on_finding = self._collect
        self.session.archive = Archive()
        why = ""
        try:
            self._explore()
        except TargetLost as lost:
            why = f"the Federation Core stopped answering: {lost}"
        except (_OutOfTime, _Enough):
            pass
        self._shrink_new()
        return self.result(why)

    @property
    def lengths(self) -> tuple[int, ...]:
        """The step counts whose edges are wanted (0: ungoverned)."""
        return (0,) if self.session.ungoverned else self.profile.lengths

    def _explore(self) -> None:
        derived = random.Random(self.seed)  # noqa: S311 - a seed is no secret
        if not self.session.ungoverned:
            scenario_property(self.session, derived.getrandbits(32), 0, self._count)()
            self._shrink_new()
        while self.examples < self.profile.examples:
            self.session.goals = self._goals()
            self._round(derived.getrandbits(32), min(ROUND, self.profile.examples - self.examples))
            self._shrink_new()

    def _goals(self) -> tuple[Goal, ...]:
        """The goals of the next round: those never driven, then those driven least.

        What is accepted has half of the weight, few as it is: it shows more than what is refused,
        and leads to the states from which the rest is asked.
        """
        left = missing(self.session.tally, self.lengths)
        legal = tuple(g for g in left if any(edge.outcome == "accepted" for edge in g.edges))
        if left:
            return (*left, *legal * (len(left) // len(legal))) if legal else left
        counts = self.session.tally.edges
        every = reachable(self.session.tally, self.lengths)
        return tuple(
            sorted(every, key=lambda goal: sum(counts.get(edge, 0) for edge in goal.edges))[:60]
        )

    def _round(self, seeded: int, examples: int) -> None:
        chosen = settings(
            max_examples=examples,
            stateful_step_count=self.profile.commands,
            phases=(Phase.generate,),
            derandomize=False,
            database=None,
            deadline=None,
            print_blob=False,
            suppress_health_check=_HEALTH,
        )

        def machine() -> WorkflowMachine:
            self._count()
            return WorkflowMachine(self.session)

        run: Callable[..., None] = run_state_machine_as_test  # takes any factory, not types alone
        try:
            run(seed(seeded)(machine), settings=chosen)
        except (Flaky, Interruption) as error:
            raise _broken_off_by(error) from None

    def _count(self) -> None:
        """Begin an example: the only moment at which time is looked at."""
        if self.profile.seconds is not None and self._seconds() > self.profile.seconds:
            raise _OutOfTime
        self.examples += 1
        self.tell()

    def _seconds(self) -> float:
        return time.monotonic() - self._started

    def tell(self) -> None:
        """Report progress, once a second at the most."""
        now = time.monotonic()
        if now - self._told >= 1.0:
            self._told = now
            self.reporter.progress(self._progress())

    def _progress(self) -> Progress:
        coverage = measure(self.session.tally, self.lengths)
        return Progress(
            self.examples,
            self.session.tally.commands,
            self._seconds(),
            coverage.driven,
            coverage.reachable,
            len(self.found),
        )

    def _collect(self, finding: Finding, lockstep: Lockstep) -> None:
        known = self.found.get(finding.fingerprint)
        if known is not None:
            known.occurrences += 1
            known.last_seen = time.time()
            return
        steps = tuple(lockstep.steps)
        found = Found(finding, lockstep.needed(), steps, self.session.tally.commands)
        self.found[finding.fingerprint] = found
        self.reporter.found(found)
        if self.first_only:
            raise _Enough

    def _shrink_new(self) -> None:
        for found in tuple(self.found.values()):
            if not found.shrunk:
                found.shrunk = True
                self._shrink(found)

    def _shrink(self, found: Found) -> None:
        def better(lockstep: Lockstep, finding: Finding) -> None:
            found.finding = finding
            found.commands, found.steps = sent(lockstep), tuple(lockstep.steps)
            self.reporter.improved(found)

        requests, seconds = self.profile.shrink
        budget = Budget(requests, seconds)
        Shrinker(self.session, found.fingerprint, found.commands, budget, better).run()
        self.tell()

    def result(self, why: str = "") -> Result:
        """What the campaign has come to by now; ``why`` says what makes it unsure, if anything."""
        tally = self.session.tally
        coverage = measure(tally, self.lengths)
        if not why and tally.commands == 0:
            why = "nothing was sent"
        if not why and coverage.share < self.profile.floor:
            left = coverage.reachable - coverage.driven
            why = (
                f"{left} of {coverage.reachable} edges of the model were not driven,"
                f" and the profile {self.profile.name} wants {self.profile.floor:.0%} of them"
            )
        if not why and tally.open > max(3, self.profile.open_share * tally.commands):
            why = f"{tally.open} of {tally.commands} calls stayed without an answer"
        verdict = Verdict.UNSURE if why else Verdict.CONFORMS
        if self.found:
            verdict = Verdict.DIVERGES
        return Result(
            verdict,
            tuple(self.found.values()),
            self.examples,
            tally.commands,
            self._seconds(),
            self.seed,
            self.profile.name,
            coverage,
            tally.open,
            why,
            dict(tally.edges),
            tally.statistics.as_json(),
        )
