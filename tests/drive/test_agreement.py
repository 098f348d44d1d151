"""Judge and model agree: whatever a conforming FC does, nothing is found."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
from attrs import evolve

from pt004_model.drive.lockstep import Fc
from pt004_model.drive.session import Session
from pt004_model.judge.oracle import Oracle, Verdict
from pt004_model.model.commands import Caller, CreateRun, Token
from pt004_model.model.replies import Reply
from pt004_model.search.explorer import Search
from tests.drive.helpers import READ, change, create, start
from tests.habits import FREEDOMS, Habits, in_seconds, wayward
from tests.sampling import some
from tests.stub import NAMES, NOON, Clock, Losing, Stub

pytestmark = pytest.mark.system

BAD_TOKENS = tuple(token for token in Token if token is not Token.GOOD)


def dice(seeded: int) -> Random:
    """Chance that comes out the same each time."""
    return Random(seeded)  # noqa: S311 - no secret is made


def search(session: Session, seeded: int, examples: int = 6) -> Session:
    """Search as a campaign does; a finding is raised as an exception that names its check."""
    lengths = (0,) if session.ungoverned else (0, 1, 2)
    searching = Search.seeded(session, seeded, lengths, 12)
    for _ in range(examples):
        searching.example()
    return session


def session(fc: Fc, **more: object) -> Session:
    """A session in which the first finding ends the search."""
    return Session(fc, Oracle(NAMES), **more)  # type: ignore[arg-type]  # as Session has them


@pytest.mark.parametrize("name", FREEDOMS)
def test_each_freedom_of_the_contract_is_granted(name: str) -> None:
    """An FC that always takes one freedom diverges nowhere."""
    habits = FREEDOMS[name]
    done = search(session(Stub(habits=lambda: habits)), 7)
    assert done.tally.commands > 150
    assert len(done.tally.edges) > 30


@pytest.mark.parametrize("seeded", some(range(4), 3))
def test_freedoms_are_granted_anew_at_each_call(seeded: int) -> None:
    """An FC that chooses by chance at each call diverges nowhere."""
    stamp = in_seconds if seeded % 2 else Habits().stamp
    done = search(session(Stub(habits=wayward(dice(seeded), stamp))), seeded)
    assert len(done.tally.edges) > 30


@pytest.mark.parametrize("name", ["plain", "all at once", "acts on decisions by itself"])
def test_ungoverned_runs_agree(name: str) -> None:
    """Runs without declared steps are judged by the graph of statuses alone."""
    habits = FREEDOMS[name]
    done = search(session(Stub(habits=lambda: habits), ungoverned=True), 5)
    assert {"ungoverned"} == {edge.position for edge in done.tally.edges}


def test_bad_tokens_are_among_the_calls() -> None:
    """With authentication on, the search calls with bad tokens and finds them refused."""
    stub = Stub(authenticates=True)
    search(session(stub, authenticates=True, bad_tokens=BAD_TOKENS), 3, examples=16)
    used = {command.caller.token for command in stub.asked}
    assert len(used) > 1


@pytest.mark.parametrize("token", BAD_TOKENS)
@pytest.mark.parametrize("name", ["plain", "other codes"])
def test_bad_tokens_agree(name: str, token: Token) -> None:
    """Every call with a bad token is refused with 401 or 403 and changes nothing."""
    habits = FREEDOMS[name]
    caller = Caller(token=token)
    lockstep = session(
        Stub(habits=lambda: habits, authenticates=True), authenticates=True
    ).lockstep()
    for command in (create(0, "a"), start(0, "a", 0), READ, change(0, "completed")):
        other = evolve(command, run=1) if isinstance(command, CreateRun) else command
        for each in (evolve(other, caller=caller), command):
            judgement = lockstep.do(each)
            assert judgement is None or judgement.verdict is Verdict.CONFORMS
    codes = [step.response.code for step in lockstep.steps if isinstance(step.response, Reply)]
    bad = 401 if name == "plain" else 403
    assert codes == [bad, 201, bad, 200, bad, 200, bad, 200]


@pytest.mark.parametrize(
    "clock",
    [
        Clock(lead=3600.0),
        Clock(lead=-3600.0),
        Clock(drift=300e-6),
        Clock(drift=-300e-6),
        Clock(now=NOON + 0.999),
    ],
    ids=["ahead", "behind", "fast", "slow", "odd"],
)
def test_clocks_need_not_agree(clock: Clock) -> None:
    """An FC whose clock is ahead, behind, or somewhat too fast is not blamed for it."""
    done = search(session(Stub(clock=clock)), 11, examples=6)
    assert done.tally.commands > 100


def fates(chance: Random) -> Iterator[str]:
    """Now and then an answer is lost, never three in a row."""
    while True:
        for _ in range(chance.randrange(1, 12)):
            yield "kept"
        yield chance.choice(("lost", "late", "never", "unsent"))


@pytest.mark.parametrize("seeded", some(range(4), 3))
def test_lost_answers_are_no_findings(seeded: int) -> None:
    """Calls without answer, applied now, later or never, leave nothing to be found."""
    chance = dice(seeded)
    habits = wayward(chance) if seeded % 2 else Habits
    done = search(session(Losing(Stub(habits=habits), fates(chance))), seeded)
    assert done.tally.open > 2
