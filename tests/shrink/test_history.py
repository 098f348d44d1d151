"""A trace shows its finding by itself, wherever another FC can be started."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from attrs import define, evolve, field

from pt004_model.drive.lockstep import Fc, Lockstep, TargetLost
from pt004_model.drive.session import Session
from pt004_model.judge.finding import Finding
from pt004_model.judge.oracle import Oracle
from pt004_model.model.commands import ChangeRun, Command, CreateRun, RunRef, describe
from pt004_model.model.replies import Reply
from pt004_model.model.values import Body
from pt004_model.search.campaign import Campaign
from pt004_model.shrink.history import make_self_contained, show_fresh
from pt004_model.shrink.replaying import Way, replay
from pt004_model.shrink.shrinker import Budget
from pt004_model.trace.recorded import Commands
from pt004_model.wire.codec import Exchange
from tests.drive.helpers import READ, change, create, refusal
from tests.sampling import some
from tests.search.test_campaign import SMALL, Heard, Shared
from tests.stub import NAMES

OTHER = evolve(create(7, "a"), key="")
MINE = evolve(create(0), key="")
ODD = ("{}", "[]", "null", "1", '""', "true")


@define
class Remembering:
    """An FC that refuses a create under an empty key when one was used before, by anybody."""

    fc: Fc = field(factory=Shared)
    used: bool = False

    def ask(self, command: Command, run_id: Callable[[RunRef], str], nonce: str) -> Exchange:
        """The stub's answer, or a refusal."""
        exchange = self.fc.ask(command, run_id, nonce)
        if isinstance(command, CreateRun | ChangeRun) and command.key == "":
            assert isinstance(exchange.response, Reply)
            was, self.used = self.used, True
            if was and isinstance(command, CreateRun):
                return evolve(exchange, response=refusal(exchange.response, 409))
        return exchange


def session(fc: Fc, fresh: Callable[[], Fc] | None) -> Session:
    """A session; ``fresh`` makes another FC like its own."""

    @contextmanager
    def started() -> Iterator[Fc]:
        assert fresh is not None
        yield fresh()

    made = Session(fc, Oracle(NAMES))
    made.fresh = started if fresh is not None else None
    return made


def fingerprint(commands: Commands, fc: Fc) -> str:
    """The fingerprint of what the commands show on an FC."""
    seen: list[Finding] = []
    lockstep = session(fc, None).lockstep(lambda finding, _: seen.append(finding))
    for command in commands:
        lockstep.do(command)
    return seen[0].fingerprint


FINGERPRINT = fingerprint((MINE,), Remembering(used=True))


def whole(
    there: Session, best: Commands, *history: Commands, shortened: bool = True
) -> list[Commands]:
    """The traces that were found better, in order."""
    told: list[Commands] = []

    def better(lockstep: Lockstep, finding: Finding) -> None:
        assert finding.fingerprint == FINGERPRINT
        told.append(tuple(step.command for step in lockstep.steps))

    make_self_contained(there, FINGERPRINT, best, history, Budget(), better, shortened=shortened)
    return told


def test_what_another_fc_does_not_show_gets_what_it_takes() -> None:
    """What came before in the campaign is put before the trace, as little of it as will do."""
    there = session(Remembering(used=True), Remembering)
    first = (create(1), OTHER, change(7, "failed"), READ)
    told = whole(there, (MINE,), first, (create(2),), (MINE,))
    assert [describe(command) for command in told[-1]] == [
        'run 0: create {"workflow_id":"w"} [under key \'\']',
        'run 1: create {"workflow_id":"w"} [under key \'\']',
    ]
    assert replay(there, told[-1], FINGERPRINT, Way.FRESH).finding is not None


def test_what_this_fc_could_not_shorten_is_shortened_on_another() -> None:
    """What an FC remembers may be in the way of every replay of a trace but on a new one."""
    there = session(Remembering(used=True), Remembering)
    best = (create(1), OTHER, change(7, "running"), READ, MINE)
    (*_, last) = whole(there, best, shortened=False)
    assert [describe(command) for command in last] == [
        'run 0: create {"workflow_id":"w"} [under key \'\']',
        'run 1: create {"workflow_id":"w"} [under key \'\']',
    ]
    assert whole(there, best) == []


@pytest.mark.parametrize("fresh", [None, Remembering, Shared])
def test_a_trace_is_told_under_plain_names_where_it_shows_so(
    fresh: Callable[[], Fc] | None,
) -> None:
    """An FC that knows the plain names already is no witness; another one is, if there is one."""
    told: list[int] = []
    there = session(Remembering(used=True), fresh)
    plain = (OTHER, MINE)
    show_fresh(there, FINGERPRINT, plain, lambda lockstep, _: told.append(len(lockstep.steps)))
    assert told == ([2] if fresh is Remembering else [])


def test_a_workflow_may_be_named_by_anything() -> None:
    """A create that is malformed on purpose has a history like any other."""
    odd = [CreateRun(number, Body(f'{{"workflow_id":{name}}}')) for number, name in enumerate(ODD)]
    odd.append(CreateRun(9, Body("no JSON")))
    there = session(Remembering(used=True), Remembering)
    told = whole(there, (*odd, MINE), (create(11), evolve(OTHER, run=17)), (*odd, MINE))
    assert told


def test_the_history_is_taken_bit_by_bit() -> None:
    """Where no single run will do, ever more of the conversations before are sent."""

    @define
    class Third(Remembering):
        """An FC that refuses the third create under an empty key."""

        count: int = 0

        def ask(self, command: Command, run_id: Callable[[RunRef], str], nonce: str) -> Exchange:
            """The stub's answer, or a refusal."""
            exchange = self.fc.ask(command, run_id, nonce)
            if isinstance(command, CreateRun) and command.key == "":
                assert isinstance(exchange.response, Reply)
                self.count += 1
                if self.count == 3:
                    return evolve(exchange, response=refusal(exchange.response, 409))
            return exchange

    there = session(Third(count=2), Third)
    told = whole(there, (MINE,), (OTHER,), (evolve(OTHER, run=8),), (create(9),), (MINE,))
    assert 3 == len(told[-1])
    assert {""} == {getattr(command, "key", None) for command in told[-1]}


def test_what_shows_by_itself_is_left_as_it_is() -> None:
    """A trace that another FC shows needs nothing, and one that none shows gets nothing."""
    there = session(Remembering(), Remembering)
    assert [] == whole(there, (OTHER, MINE), (OTHER, MINE))
    assert [] == whole(session(Remembering(), Shared), (MINE,), (OTHER,), (MINE,))


def test_without_another_fc_nothing_is_tried() -> None:
    """A real FC cannot be started anew, and is sent nothing."""
    fc = Shared()
    assert [] == whole(session(fc, None), (MINE,), (OTHER,), (MINE,))
    assert [] == fc.asked


def test_when_no_other_fc_starts_the_trace_stays() -> None:
    """An FC that cannot be started ends the trying and nothing else."""

    def lost() -> Fc:
        raise TargetLost("it does not start")

    there = session(Shared(), lost)
    assert [] == whole(there, (MINE,), (OTHER,), (MINE,))
    show_fresh(there, FINGERPRINT, (MINE,), lambda _, finding: pytest.fail(str(finding)))


@pytest.mark.system
@pytest.mark.parametrize("seed", some(range(2), 2))
def test_the_traces_of_a_campaign_show_on_any_such_fc(seed: int) -> None:
    """What a campaign finds through what the FC remembers, its trace shows on another FC."""
    there = session(Remembering(used=True), Remembering)
    result = Campaign(there, evolve(SMALL, examples=20), seed, Heard()).run()
    for found in result.findings:
        assert replay(there, found.commands, found.fingerprint, Way.FRESH).finding is not None
    assert result.findings
