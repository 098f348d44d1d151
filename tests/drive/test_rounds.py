"""Rounds of calls that several clients make at once, in a lockstep with a stub."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from attrs import define, evolve

from pt004_model.drive.lockstep import Fc
from pt004_model.drive.replay import Result, replay_trace
from pt004_model.judge.finding import Finding
from pt004_model.judge.oracle import Verdict
from pt004_model.model.commands import ChangeRun, Command, CreateRun, ReadRun, RunRef
from pt004_model.model.replies import NoAnswer, Reply
from pt004_model.trace.document import dump_trace, read_trace
from pt004_model.trace.recorded import Found
from pt004_model.trace.writing import trace_of
from pt004_model.wire.codec import Exchange
from tests.drive.helpers import READ, STRANGER, change, create, noting, session, start, with_run
from tests.drive.test_lockstep import only_refusals_are_418
from tests.drive.test_replay import ORIGIN
from tests.stub import Losing, Stub


def by(client: int, command: ChangeRun | CreateRun | ReadRun) -> Command:
    """The command as a call of a client that calls at once with others."""
    return evolve(command, caller=evolve(command.caller, client=client))


@define
class AtOnce:
    """A stub that takes the calls of the last client first, and answers all at one time."""

    stub: Stub
    tamper: Callable[[list[list[Exchange]]], list[list[Exchange]]] = lambda each: each

    def ask(self, command: Command, run_id: Callable[[RunRef], str], nonce: str) -> Exchange:
        """Answer as the stub does."""
        return self.stub.ask(command, run_id, nonce)

    def ask_together(
        self, clients: Sequence[Sequence[Command]], run_id: Callable[[RunRef], str], nonce: str
    ) -> list[list[Exchange]]:
        """Answer the calls of each client in turn."""
        begin = self.stub.clock.now
        told = [[self.ask(each, run_id, nonce) for each in mine] for mine in clients[::-1]][::-1]
        end = self.stub.clock.tick()

        def spread(each: Exchange) -> Exchange:
            reply = each.response
            assert isinstance(reply, Reply)
            return evolve(each, response=evolve(reply, sent=begin, received=end))

        return self.tamper([[spread(each) for each in mine] for mine in told])


FLAGGED = (create(0, "a", "b"), start(0, "a", 0, "flag"))
PAUSE, RESUME = change(0, "paused"), change(0, "running")


def winners(told: list[list[Exchange]]) -> list[list[Exchange]]:
    """Every client is answered as the last one was."""
    return [told[-1] for _ in told]


def test_a_round_is_sent_when_it_ends() -> None:
    """Calls wait for the one by itself; the steps stand as asked, with what was so for each."""
    lockstep, found = noting(AtOnce(Stub()), *FLAGGED, by(0, RESUME), by(1, PAUSE))
    assert len(lockstep.steps) == 2
    judgement = lockstep.do(READ)
    assert judgement is not None
    assert (judgement.verdict, found) == (Verdict.CONFORMS, [])
    resume, pause, read = lockstep.steps[2:]
    assert (resume.command, pause.command, read.command) == (by(0, RESUME), by(1, PAUSE), READ)
    assert str(pause.before[0].world.runs[0].state.status) == "running"
    assert str(resume.before[0].world.runs[0].state.status) == "paused"
    assert lockstep.rounds[0].order.calls == (1, 0, 2)
    assert lockstep.tally.commands == 5


def test_two_winners_are_a_finding_of_the_last_step() -> None:
    """Nothing more is judged of the run, as nobody can tell where it is."""
    lockstep, found = noting(
        AtOnce(Stub(), winners), *FLAGGED, by(0, PAUSE), by(1, PAUSE), READ, READ
    )
    assert found == ["concurrency.linearizable"]
    assert [len(step.findings) for step in lockstep.steps] == [0, 0, 0, 0, 1]
    assert lockstep.set_aside == {0}


def test_what_shows_to_one_client_is_no_race() -> None:
    """The calls are made one after the other before a race is told."""

    class Deaf(Stub):
        def ask(self, command: Command, run_id: Callable[[RunRef], str], nonce: str) -> Exchange:
            told = super().ask(command, run_id, nonce)
            if not isinstance(command, ChangeRun) or "paused" not in command.body.text:
                return told
            assert isinstance(told.response, Reply)
            return evolve(told, response=evolve(told.response, code=409, body={"detail": "no"}))

    lockstep, found = noting(AtOnce(Deaf()), *FLAGGED, by(0, PAUSE), by(1, PAUSE), READ)
    assert found == []
    assert lockstep.rounds[0].alone
    assert lockstep.rounds[0].why.endswith(
        "one after the other too: lifecycle.legal-change-accepted"
    )


class Teapot(Stub):
    """Refuses with a code that is none of the contract's."""

    def ask(self, command: Command, run_id: Callable[[RunRef], str], nonce: str) -> Exchange:
        """Answer as the stub does, but for the code."""
        told = super().ask(command, run_id, nonce)
        assert isinstance(told.response, Reply)
        return evolve(told, response=only_refusals_are_418(command, told.response))


def test_what_was_found_before_hides_no_race() -> None:
    """Neither do the calls one after the other that show it again; unseen, it may be the cause."""
    calls = (*FLAGGED, by(0, PAUSE), by(1, PAUSE), READ)
    lockstep, found = noting(Teapot(), *calls)
    (known,) = {each for told in lockstep.told.values() for each in told}
    for before, expected in ((known, ["concurrency.linearizable"]), ("another", [])):
        lockstep, found = noting(AtOnce(Teapot(), winners))
        lockstep.known = frozenset({before})
        for command in calls:
            lockstep.do(command)
        assert (found, lockstep.rounds[0].alone) == (expected, before != known)


@pytest.mark.parametrize("fc", [AtOnce(Stub()), Stub()])
def test_creates_under_one_key_make_one_run(fc: Fc) -> None:
    """The run is read by the id that the round has told; whoever takes no two calls has no race."""
    one = evolve(create(0, "a"), key="k")
    ids: list[str] = []
    lockstep, found = noting(fc)
    lockstep.tally.on_run = ids.append
    for command in (by(0, one), by(1, one), READ):
        lockstep.do(command)
    assert found == []
    assert len(lockstep.steps) == 3
    assert len(ids) == 1
    assert lockstep.rounds[0].one is isinstance(fc, Stub)


def test_creates_at_once_under_one_key_are_of_one_run() -> None:
    """Its answers show one run; by another number that one would seem not to be there."""
    one, body = evolve(create(0, "a"), key="k"), create(0, "b").body
    others = [evolve(one, run=1), evolve(one, run=1, body=body), evolve(one, run=2, key="l")]
    for number, other in enumerate(others):
        lockstep, found = noting(AtOnce(Stub()), by(0, one), by(1, other), READ)
        sent = [step.command for step in lockstep.steps]
        assert ((by(1, other) in sent), found) == (number == 2, [])


def test_a_run_cannot_be_called_while_it_is_made() -> None:
    """A call at once with the create of its run is not sent, as the run has no id by then."""
    lockstep, found = noting(AtOnce(Stub()), by(0, create(0)), by(1, PAUSE), READ)
    assert [step.command for step in lockstep.steps] == [by(0, create(0)), READ]
    assert found == []


def test_a_round_that_makes_no_run_is_unsure() -> None:
    """There is nothing to read then."""

    def none(told: list[list[Exchange]]) -> list[list[Exchange]]:
        return [[evolve(e, response=NoAnswer("gone", applied=True)) for e in each] for each in told]

    one = evolve(create(0, "a"), key="k")
    lockstep, found = noting(AtOnce(Stub(), none), by(0, one), by(1, one), READ)
    assert (found, lockstep.rounds[0].verdict) == ([], Verdict.UNSURE)
    assert lockstep.tally.open == 2


@pytest.mark.parametrize("fate", ["lost", "never", "late", "unsent"])
def test_a_create_without_an_answer_hides_no_other_of_the_round(fate: str) -> None:
    """What was made beside it is known, and so is its key, though nothing can be read behind it."""
    lost, made = by(0, create(0)), evolve(create(1, "a"), key="k")
    lockstep, found = noting(Losing(Stub(), iter([fate])), lost, by(1, made), READ)
    assert lockstep.drivable(1)
    assert lockstep.do(evolve(create(1), key="k")) is not None
    assert lockstep.do(made) is not None
    replies = [step.response for step in lockstep.steps[-2:]]
    assert [409, 201] == [each.code for each in replies if isinstance(each, Reply)]
    assert not found


def test_a_stranger_in_a_round_sees_nothing() -> None:
    """A round may hold calls of any caller, and each is judged for who made it."""
    stranger = evolve(READ, caller=STRANGER)
    lockstep, found = noting(AtOnce(Stub()), *FLAGGED, by(0, PAUSE), by(1, stranger), READ)
    assert (found, lockstep.rounds[0].verdict) == ([], Verdict.CONFORMS)


def test_a_round_is_judged_past_what_was_found_before() -> None:
    """A difference in every answer leaves the calls of a round an order."""

    class Tagless(Stub):
        def ask(self, command: Command, run_id: Callable[[RunRef], str], nonce: str) -> Exchange:
            told = super().ask(command, run_id, nonce)
            assert isinstance(told.response, Reply)
            return evolve(told, response=with_run(told.response, tags=None))

    lockstep, found = noting(AtOnce(Tagless()), *FLAGGED, by(0, RESUME), by(1, PAUSE), READ)
    assert {"lifecycle.sent-data-kept"} == set(found)
    assert Verdict.CONFORMS is lockstep.rounds[0].verdict
    assert not lockstep.set_aside


def test_keys_of_a_round_with_a_server_error_are_forgotten() -> None:
    """Nobody can tell which of its calls was the first under a key, so none is asked again."""

    def broken(told: list[list[Exchange]]) -> list[list[Exchange]]:
        reply = told[0][0].response
        assert isinstance(reply, Reply)
        return [[evolve(told[0][0], response=evolve(reply, code=500, body={}))], *told[1:]]

    pause = evolve(PAUSE, key="k")
    lockstep, found = noting(AtOnce(Stub(), broken), *FLAGGED, by(0, pause), by(1, pause), READ)
    assert found == ["lifecycle.no-server-error"]
    assert lockstep.drivable(0)
    assert lockstep.do(pause) is None


def test_all_runs_of_a_round_that_has_no_order_are_left() -> None:
    """Nobody can tell where any of them is, and not of the one alone that is read behind it."""
    pauses = (by(n, evolve(PAUSE, run=1)) for n in (0, 1))
    others = (create(1, "a", "b"), start(1, "a", 0, "flag"))
    lockstep, found = noting(AtOnce(Stub(), winners), *FLAGGED, *others, *pauses, READ)
    assert ["concurrency.linearizable"] == found
    assert {0, 1} == lockstep.set_aside


def test_a_create_may_end_a_round() -> None:
    """It is sent behind the others, whose effects are believed."""
    lockstep, found = noting(AtOnce(Stub()), *FLAGGED, by(0, PAUSE), create(1), READ)
    assert (found, lockstep.set_aside) == ([], set())
    assert "paused" == lockstep.world.runs[0].state.status


def raced() -> Found:
    """A race of an FC whose refusals have another code, found past that."""
    calls = (*FLAGGED, by(0, PAUSE), by(1, PAUSE), READ)
    told = noting(Teapot(), *calls)[0].told.values()
    seen: list[Finding] = []
    lockstep = session(AtOnce(Teapot(), winners), lambda each, _: seen.append(each)).lockstep()
    lockstep.known = frozenset(each for fingerprints in told for each in fingerprints)
    for command in calls:
        lockstep.do(command)
    return Found(seen[0], calls, tuple(lockstep.steps), 1, past=lockstep.known)


def test_a_trace_says_what_its_race_was_judged_past() -> None:
    """From the disk it is replayed past the same, whoever replays it."""
    found = raced()
    trace = read_trace(dump_trace(trace_of(found, ORIGIN)))
    assert set(trace.past) == found.past != set()
    for each, result in ((trace, Result.REPRODUCED), (evolve(trace, past=()), Result.UNSURE)):
        assert replay_trace(session(AtOnce(Teapot(), winners)), each).result is result
