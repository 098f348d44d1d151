"""What is drawn depends on the model alone, and what is made of it is a pure function."""

from __future__ import annotations

import subprocess
import sys
from copy import deepcopy
from functools import cache
from pathlib import Path
from random import Random

import pytest
from hypothesis import Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.internal.conjecture.providers import GLOBAL_CONSTANTS, HypothesisProvider

from pt004_model.drive.divergence import Divergence, divergence, raise_finding
from pt004_model.explore.choices import ideas
from pt004_model.explore.novelty import Novelty
from pt004_model.explore.rounds import run_round, same_everywhere
from pt004_model.explore.situation import Choice, Family, Situation
from pt004_model.explore.strategies import FAMILIES, Drawn, choices, scenarios
from pt004_model.judge.finding import Finding
from pt004_model.model.commands import Caller, CreateRun, Token, describe, subject
from pt004_model.model.scenarios import Scenario
from pt004_model.model.world import expect
from pt004_model.vocabulary import Decision
from tests.drive.helpers import READ, STRANGER, change, create, noting, session, start, with_run
from tests.stub import Stub, Tampering

SETTINGS = settings(max_examples=80, derandomize=False, database=None, deadline=None)
PLAN = Scenario((Decision.ALLOW, Decision.FLAG, Decision.DENY))

REPEATING = """
import sys
from hypothesis import given, seed, settings
from pt004_model.explore.strategies import choices, scenarios

sys.path.insert(0, sys.argv[1])
if sys.argv[2:]:
    import full_of_numbers

@settings(max_examples=200, database=None, deadline=None)
@seed(1)
@given(choices(), scenarios())
def draw(drawn, plan):
    print(drawn, plan)

draw()
"""

DRAWING = """
import sys
from hypothesis import given, settings
from pt004_model.explore.novelty import Novelty
from pt004_model.explore.situation import Choice, Family, Situation
from pt004_model.explore.strategies import choices, scenarios

@settings(max_examples=20, database=None, deadline=None)
@given(choices(), scenarios())
def draw(drawn, plan):
    seen.append((drawn, plan))

seen = []
draw()
forbidden = {"httpx", "pt004_model.wire", "pt004_model.embedded"} & sys.modules.keys()
print(len(seen), sorted(forbidden))
"""


def test_strategies_need_no_transport() -> None:
    """Choices and plans are drawn in a process that has neither a transport nor an FC."""
    done = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", DRAWING], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "20 []"


def test_a_seed_draws_the_same_whatever_is_imported(tmp_path: Path) -> None:
    """A seed repeats a campaign in a process that holds other modules than the first one did.

    Hypothesis draws some integers from the source of the modules that are imported.
    """
    numbers = ", ".join(str(number) for number in range(100, 900))
    (tmp_path / "full_of_numbers.py").write_text(f"NUMBERS = [{numbers}]")

    def drawn(*more: str) -> str:
        return subprocess.run(  # noqa: S603 - our own code
            [sys.executable, "-c", REPEATING, str(tmp_path), *more],
            capture_output=True,
            text=True,
            check=True,
        ).stdout

    alone, beside_others = drawn(), drawn("numbers")
    assert len(alone.splitlines()) >= 200
    assert alone == beside_others


def test_a_round_takes_no_constants_from_hypothesis() -> None:
    """Not even Hypothesis' own draws, as of the rules it switches off, depend on constants."""
    drawn: list[int] = []

    @settings(max_examples=300, derandomize=True, database=None, phases=[Phase.generate])
    @given(st.integers(0, 2**64 - 77))
    def draw(number: int) -> None:
        drawn.append(number)

    with same_everywhere():
        draw()
    assert not set(drawn) & set(GLOBAL_CONSTANTS.integers)
    draw()
    assert set(drawn) & set(GLOBAL_CONSTANTS.integers)


def test_every_round_draws_so() -> None:
    """While a round lasts no constants are drawn, and afterwards Hypothesis is as it was."""
    usual = HypothesisProvider._maybe_draw_constant
    during: list[bool] = []

    def note() -> None:
        during.append(HypothesisProvider._maybe_draw_constant is usual)

    run_round(session(Stub()), 1, 3, 2, note)
    assert [False] * 3 == during
    assert HypothesisProvider._maybe_draw_constant is usual


@SETTINGS
@given(scenarios())
def test_plans_have_one_to_thirty_steps(plan: Scenario) -> None:
    """Every plan declares as many steps as it has decisions."""
    assert 1 <= len(plan.decisions) <= 30
    assert len(plan.steps) == len(set(plan.steps)) == len(plan.decisions)


@pytest.mark.parametrize("decision", Decision)
@pytest.mark.parametrize("length", [1, 8])
def test_every_decision_may_stand_last(decision: Decision, length: int) -> None:
    """The last step's decision is drawn by itself, so a long plan may end in any."""

    def wanted(plan: Scenario) -> bool:
        return len(plan.decisions) >= length and plan.decisions[-1] is decision

    chosen = settings(max_examples=400, database=None, derandomize=True)
    plan = find(scenarios(), wanted, settings=chosen)
    assert length <= len(plan.decisions)


def test_the_simplest_choice_ends_the_example() -> None:
    """What shrinks furthest sends nothing at all."""
    chosen = settings(max_examples=200, database=None, derandomize=True)
    drawn = find(choices(), lambda _: True, settings=chosen)
    assert drawn.choice == Choice(Family.STOP)
    assert FAMILIES[0] is Family.STOP
    assert set(FAMILIES) == set(Family)


@cache
def situations() -> tuple[Situation, ...]:
    """Worlds with nothing in them, with one run, and with runs in many states and keys used."""
    keyed = CreateRun(0, create(0, "a", "b", "c").body, key="k")
    prior = (
        keyed,
        start(0, "a", 0, "flag"),
        change(0, "paused"),
        create(1, "x"),
        start(1, "x", 0, "deny"),
        create(2),
        change(2, "running"),
        CreateRun(3, create(3, "q").body, STRANGER, key="k"),
        create(4, "a"),
        start(4, "a", 0),
        change(4, "completed"),
    )
    tokens = (Token.FORGED, Token.MISSING)
    made = []
    for count in (0, 1, 4, len(prior)):
        lockstep, found = noting(Stub(), *prior[:count])
        assert not found
        world = lockstep.world
        live = tuple(sorted(world.runs, reverse=True))
        plans = dict.fromkeys(live, PLAN)
        made.append(Situation(world, live, plans, 9, bad_tokens=tokens, plan=PLAN))
        made.append(Situation(world, live, plans, 9, ungoverned=True))
    return tuple(made)


CHOICES = st.builds(Choice, st.sampled_from(Family), st.just(0) | st.integers(1, 2**20))


@SETTINGS
@given(data=st.data(), choice=CHOICES)
def test_commands_are_a_pure_function_of_choice_and_world(
    data: st.DataObject, choice: Choice
) -> None:
    """The same choice in the same situation comes to the same commands; no world is changed."""
    situation = data.draw(st.sampled_from(situations()))
    before = deepcopy(situation)
    first = ideas(situation, choice)
    assert first == ideas(situation, choice)
    assert before == situation
    for idea in first:
        command = idea.command
        number = subject(command)
        assert number in {None, 9, 10, *situation.live}
        assert expect(situation.world, command)
        assert describe(command)
    assert before == situation


@SETTINGS
@given(drawn=choices())
def test_any_choice_can_be_made_anywhere(drawn: Drawn) -> None:
    """Whatever is drawn comes to commands that a conforming FC answers without a finding."""
    lockstep, found = noting(Stub())
    for situation in situations():
        for idea in ideas(situation, drawn.choice):
            lockstep.do(idea.command)
    assert not found


@SETTINGS
@given(
    st.dictionaries(st.integers(0, 9), st.integers(0, 5)),
    st.dictionaries(st.integers(0, 9), st.integers(0, 5)),
    st.lists(st.integers(0, 9), unique=True, min_size=1),
    st.integers(1, 4),
    st.integers(0, 2**20),
)
def test_what_was_tried_least_comes_first(
    before: dict[int, int], own: dict[int, int], options: list[int], number: int, seed: int
) -> None:
    """But for a few wild choices, nothing that was left out had been tried less."""
    novelty = Novelty(before, own)  # type: ignore[arg-type]  # any hashable key will do
    dice = Random(seed)  # noqa: S311 - no secret is made
    chosen = novelty.least(dice, options, lambda each: (each,), number)
    assert len(chosen) == len(set(chosen)) == min(number, len(options))
    wild = Random(seed).random() < 0.1  # noqa: S311 - no secret is made
    if not wild:
        left = set(options) - set(chosen)
        assert all(novelty.count(a) <= novelty.count(b) for a in chosen for b in left)


def test_a_try_counts_under_each_of_its_keys() -> None:
    """What an example tried is added to what was tried before it, and changes nothing there."""
    novelty = Novelty({"a": 2})
    novelty.note(("a", "b"))
    assert (novelty.count("a"), novelty.count("b"), novelty.before) == (3, 1, {"a": 2})


def test_a_handicap_puts_an_option_back() -> None:
    """What tells less is tried after what tells more, though neither was tried."""
    novelty = Novelty()
    orders = [
        novelty.least(Random(seed), "ab", lambda each: (each,), 1, "b".count)  # noqa: S311 - no secret
        for seed in range(40)
    ]
    assert orders.count(["a"]) > 30


def test_each_fingerprint_has_an_exception_class_of_its_own() -> None:
    """The class is made once: a new one each time would be a flaky failure."""
    one, other = divergence("a" * 12), divergence("b" * 12)
    assert one is divergence("a" * 12)
    assert one is not other
    assert issubclass(one, Divergence)
    assert issubclass(Divergence, AssertionError)
    assert one.__name__ == "Divergence_aaaaaaaaaaaa"
    assert one.__doc__ == Divergence.__doc__


def test_findings_are_raised_as_their_class() -> None:
    """A lockstep that raises ends at its first finding and tells it in a line."""
    finding = Finding("gates.status", "gates[0]", "a", "b", "c" * 12)
    lockstep = session(Stub()).lockstep()
    with pytest.raises(divergence("c" * 12), match=r"gates\.status: gates\[0\]: expected a"):
        raise_finding(finding, lockstep)


def test_a_session_raises_unless_told_otherwise() -> None:
    """Under plain pytest the first disagreement is a failure."""
    fc = Tampering(Stub(), lambda _, reply: with_run(reply, status="failed"))
    lockstep = session(fc).lockstep()
    with pytest.raises(Divergence, match=r"lifecycle\.status"):
        lockstep.do(create(0, "a"))
    assert len(lockstep.steps) == 1
    assert lockstep.do(READ) is None
    assert Caller() == READ.caller
