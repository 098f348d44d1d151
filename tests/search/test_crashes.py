"""Kills in a campaign: quiet where all is kept, and what is not kept is found and replayed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

import pytest
from attrs import define, evolve, field

from pt004_model.cli.options import embedded
from pt004_model.cli.session import connected
from pt004_model.drive.lockstep import Lockstep, TargetLost
from pt004_model.drive.replay import Result as Fate
from pt004_model.drive.replay import replay_trace
from pt004_model.drive.session import Session
from pt004_model.judge.durability import not_back
from pt004_model.judge.finding import Finding
from pt004_model.judge.oracle import Oracle, Verdict
from pt004_model.model.commands import (
    Caller,
    ChangeRun,
    Command,
    CreateRun,
    Names,
    ReadRun,
    Restart,
    RunRef,
)
from pt004_model.model.replies import NoAnswer, Reply
from pt004_model.model.values import Body, same
from pt004_model.search.campaign import PROFILES, Campaign
from pt004_model.search.crashes import Crashes
from pt004_model.search.payloads import ODD_VALUE
from pt004_model.search.results import Result
from pt004_model.trace.document import Reproduced, dump_trace, read_trace
from pt004_model.trace.recorded import Found
from pt004_model.trace.redact import Redactor
from pt004_model.trace.writing import Origin, trace_of
from pt004_model.vocabulary import Dialect
from pt004_model.wire.codec import Exchange
from pt004_model.wire.restarting import NotKilled
from tests.stub import NAMES, Stub

SMALL = evolve(
    PROFILES["dev"].alone, name="small", examples=4, commands=2, crashes=8, confirm=1,
    shrink=(60, 5.0), settle=(200, 10.0, 0.0),
)  # fmt: skip
CREATE = CreateRun(0, Body.of({"workflow_id": "w"}), key="c")
START = ChangeRun(0, Body.of({"status": "running"}), key="s")
READ = ReadRun(0)


def by(client: int, call: CreateRun | ChangeRun) -> Command:
    """The call as one of several clients makes it."""
    return evolve(call, caller=Caller(client=client))


@define
class Mortal:
    """A stub that can be killed: ``fates`` says of each call of a round if it is done, and told.

    ``forgets`` are the commands of which it has forgotten what it said, once it was killed.
    """

    stub: Stub = field(factory=Stub)
    fates: tuple[str, ...] = ()
    why: str = ""
    killable: bool = True
    dead: int = 0
    forgets: Callable[[Command], Exchange | None] = lambda _: None

    def ask(self, command: Command, run_id: Callable[[RunRef], str], nonce: str) -> Exchange:
        """The stub's answer, unless that was forgotten."""
        forgotten = self.forgets(command) if self.dead else None
        return forgotten or self.stub.ask(command, run_id, nonce)

    def crash(
        self,
        clients: Sequence[Sequence[Command]],
        run_id: Callable[[RunRef], str],
        nonce: str,
        after: float,
    ) -> tuple[list[list[Exchange]], str]:
        """Answer the calls as the fates say."""
        del after
        if not self.killable:
            raise NotKilled("it answers though it was killed")
        self.dead += 1
        told = []
        for (call,), fate in zip(clients, self.fates, strict=False):
            answer = self.stub.ask(call, run_id, nonce) if fate != "lost" else None
            silence = Exchange(NoAnswer("killed", applied=True, sent=0.1, ours=True))
            told.append([answer if fate == "told" and answer is not None else silence])
        return told, self.why

    def anew(self) -> bool:
        """There is no way to empty it."""
        return False


def conversation(fc: Mortal, *commands: Command) -> tuple[Lockstep, list[Finding]]:
    """A conversation, and what was found in it."""
    found: list[Finding] = []
    session = Session(fc, Oracle(NAMES))
    lockstep = session.lockstep(lambda finding, _: found.append(finding))
    for command in commands:
        lockstep.do(command)
    return lockstep, found


@pytest.mark.parametrize("fate", ["told", "done", "lost"])
def test_a_call_beside_a_crash_has_taken_effect_or_never_will(fate: str) -> None:
    """Told, done or lost: each is settled by the next read, and its key can be used again."""
    fc = Mortal(fates=(fate,))
    crash = (by(0, START), Restart(0.001))
    lockstep, found = conversation(fc, CREATE, *crash, READ, START, CREATE, READ)
    assert found == []
    assert not lockstep.unanswered
    assert (len(lockstep.views), lockstep.world.open_calls) == (1, {})
    assert lockstep.world.runs[0].state.status == "running"


def test_what_was_lost_with_a_crash_takes_no_effect_later() -> None:
    """Once a read has shown that it never came, it never may."""
    fc = Mortal(fates=("lost",))
    lockstep, found = conversation(fc, CREATE, by(0, START), Restart(), READ)
    fc.stub.ask(START, lambda _: lockstep.views[0].seen[0].run_id, lockstep.nonce)
    lockstep.do(READ)
    lockstep.do(ReadRun(0, logs=False))
    assert {each.check for each in found} == {"durability.run-kept"}


def test_what_is_not_kept_is_a_finding_of_durability() -> None:
    """The same calls show nothing without the kill, so that it is one of that."""
    gone = Exchange(Stub().ask(READ, lambda _: "nobody", "x").response)
    seen: list[Command] = []

    def forgets(command: Command) -> Exchange | None:
        seen.append(command)
        return gone if command == READ and len(seen) == 1 else None

    _, found = conversation(Mortal(forgets=forgets), CREATE, START, READ, Restart(), READ)
    assert [each.check for each in found] == ["durability.run-kept"]
    assert found[0].area == "durability"


class Tagless(Mortal):
    """One that shows no tags, killed or not; ``later`` only once it was killed."""

    later = False

    def ask(self, command: Command, run_id: Callable[[RunRef], str], nonce: str) -> Exchange:
        """Answer as it does, without the tags."""
        told = super().ask(command, run_id, nonce)
        assert isinstance(told.response, Reply)
        assert isinstance(told.response.body, dict)
        if not told.response.run or (self.later and not self.dead):
            return told
        shown = {name: each for name, each in told.response.run.items() if name != "tags"}
        body = {**told.response.body, "run": shown}
        return evolve(told, response=evolve(told.response, body=body))


@pytest.mark.parametrize("later", [False, True])
def test_what_is_wrong_anyway_hides_nothing_that_is_not_kept(later: bool) -> None:
    """It was told before the kill, and is told as what it was; what is new may come of anything."""
    gone = Exchange(Stub().ask(READ, lambda _: "nobody", "x").response)
    seen: list[Command] = []

    def forgets(command: Command) -> Exchange | None:
        seen.append(command)
        return gone if command == READ and len(seen) == 1 else None

    fc = Tagless(forgets=forgets)
    fc.later = later
    _, found = conversation(fc, CREATE, START, READ, Restart(), READ)
    assert any(each.area == "durability" for each in found) is not later


def test_an_fc_that_does_not_come_back_is_a_finding() -> None:
    """With what it said last; nothing more can be asked of it."""
    lockstep, found = conversation(Mortal(why="it ended with status 1"), CREATE)
    with pytest.raises(TargetLost, match="does not come back"):
        lockstep.do(Restart())
    assert [(each.check, each.observed) for each in found] == [
        ("durability.comes-back", "it ended with status 1")
    ]


def test_what_was_not_killed_says_nothing() -> None:
    """Neither an FC that goes on answering, nor one that nobody can kill."""
    for fc in (Mortal(killable=False), Stub()):
        session = Session(fc, Oracle(NAMES))
        lockstep = session.lockstep(lambda finding, _: pytest.fail(str(finding)))
        lockstep.do(CREATE)
        with pytest.raises(TargetLost, match="killed"):
            lockstep.do(Restart())


def campaign(fault: str | None) -> Result:
    """A small campaign that kills an embedded FC, up to the first finding."""
    with connected(embedded(fault).killed(wanted=True)) as there:
        return Campaign(there.session, SMALL, seed=4, first_only=True).run()


def test_what_outlives_a_kill_carries_odd_values() -> None:
    """Numbers among them, some of whose digits a disk may lose: in one place or the other."""
    fc = Mortal(fates=("told",) * 9)
    session = Session(fc, Oracle(NAMES), crashes=True)
    Crashes(session, Random(2), (0, 1)).round()  # noqa: S311 - no secret
    made = [each for each in fc.stub.asked if isinstance(each, CreateRun) and each.run < 3]
    assert len({each.run for each in made}) == 3
    places = ("input_payload", "metadata")
    odd = [[same(each.body.fields[name], ODD_VALUE) for name in places] for each in made]
    assert {True} == {any(each) for each in odd}
    assert len({tuple(each) for each in odd}) > 1


def test_an_area_in_which_something_is_found_was_judged() -> None:
    """So was that of crashes when no kill met an open call, as one may show something even so."""
    campaign = Campaign(Session(Stub(), Oracle(NAMES), crashes=True), SMALL, seed=1)
    assert "durability" not in campaign._judged()
    campaign.add(Found(not_back("it ended with status 1"), (CREATE, Restart()), (), 2))
    assert "durability" in campaign._judged()


@pytest.mark.slow
def test_a_conforming_fc_keeps_what_it_said() -> None:
    """It is killed in the middle of calls, and quiet."""
    result = campaign(None)
    assert (result.verdict, result.findings, result.why) == (Verdict.CONFORMS, (), "")
    told = result.statistics["crashes"]
    assert (told["kills"], told["rung"]) == (8, "death of the process")
    assert told["met"] == sum(told["table"].values()) or told["met"] > 0
    assert ("durability" in result.areas) is (told["met"] > 0)


@pytest.mark.slow  # it starts a process for every replay
def test_what_is_not_kept_is_found_and_replayed() -> None:
    """Saved and replayed on a new FC it is there again, and fixed where the fault is not."""
    fault = "keys-are-kept-in-memory"
    (found,) = campaign(fault).findings
    assert found.finding.check == "durability.keys-kept"
    assert any(isinstance(each, Restart) for each in found.commands)
    names = Names.of("tenant_omega", "tenant_x", ("a", "b", "c"))
    origin = Origin(4, "small", Dialect.SEED, Redactor(()), names=names)
    trace = read_trace(dump_trace(trace_of(found, origin)))
    assert trace.commands == found.commands
    with connected(embedded(fault).killed(wanted=True)) as there:
        assert replay_trace(there.session, trace, 2).result is Fate.REPRODUCED
    whole = evolve(trace, reproduced=Reproduced(9, 9))
    with connected(embedded(None).killed(wanted=True)) as there:
        assert replay_trace(there.session, whole, 3).result is Fate.FIXED
