"""Judging goes on behind a finding: where a run is then, and when nobody can tell."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from attrs import define, evolve

from pt004_model.drive.lockstep import Lockstep
from pt004_model.judge.deviation import Deviation
from pt004_model.judge.finding import fingerprint
from pt004_model.judge.oracle import Oracle
from pt004_model.model.commands import Caller, ChangeRun, Command, CreateRun, ReadRun, RunRef
from pt004_model.model.replies import NoAnswer, Reply, Response, Undecodable
from pt004_model.model.rules import Refusal, Rule
from pt004_model.model.values import Json
from pt004_model.model.world import Accepted, Outcome, Refused, World, expect, forced
from pt004_model.wire.codec import Exchange
from tests.habits import Habits, enforcing
from tests.judge.helpers import (
    COMPLETE,
    ONE,
    READ,
    STRANGER,
    before_the_pause,
    change,
    create,
    put,
    start,
)
from tests.stub import NAMES, Losing, Stub, Tampering

RUN = create("a", "b")
BEGUN = (RUN, start("a", 0, "flag"), change("paused"))
Wrong = Callable[[Command, Reply], Response]


def conversation(wrong: Wrong, *commands: Command, agreed: Deviation | None = None) -> Lockstep:
    """Every command sent to an FC whose answers are tampered with; findings stay in its steps."""
    fc = Tampering(Stub(habits=lambda: COMPLETE), wrong)
    oracle = Oracle(NAMES, agreed=() if agreed is None else (agreed,))
    lockstep = Lockstep(fc, oracle, lambda *_: None)
    for command in commands:
        lockstep.do(command)
    return lockstep


def found(lockstep: Lockstep) -> list[list[str]]:
    """The checks that failed, step by step."""
    return [[each.check for each in step.findings] for step in lockstep.steps]


def state(lockstep: Lockstep) -> list[str]:
    """Where the first run may be."""
    return [str(view.world.runs[0].state) for view in lockstep.views]


def untouched(_: Command, reply: Reply) -> Reply:
    """The stub's own answer."""
    return reply


def at(number: int, reply: Callable[[Reply], Response]) -> Wrong:
    """Tamper with the answer of that number alone."""
    count = iter(range(1000))
    return lambda _, good: reply(good) if next(count) == number else good


def code(number: int) -> Callable[[Reply], Response]:
    """Another status code, the body as it was."""
    return lambda good: evolve(good, code=number)


def unread(reply: Reply) -> Reply:
    """An answer that is no JSON."""
    return evolve(reply, body=Undecodable("not JSON"))


@define
class Failing:
    """An FC whose fourth call is answered to nobody, and whose fifth is not carried out."""

    stub: Stub
    calls: int = 0

    def ask(self, command: Command, run_id: Callable[[RunRef], str], nonce: str) -> Exchange:
        """The stub's answer, or what becomes of it."""
        self.calls += 1
        if self.calls == 5:
            return Exchange(Reply(500, None, self.stub.clock.now, self.stub.clock.tick()))
        told = self.stub.ask(command, run_id, nonce)
        return told if self.calls != 4 else evolve(told, response=NoAnswer("lost", applied=True))


def test_behind_a_call_without_an_answer_a_server_error_leaves_both_open() -> None:
    """The gate may have been approved before the next call came to nothing; the run goes on."""
    lockstep = Lockstep(Failing(Stub(habits=lambda: COMPLETE)), Oracle(NAMES), lambda *_: None)
    for command in (*BEGUN, change("running"), change("paused"), READ, start("b", 1)):
        lockstep.do(command)
    assert found(lockstep) == [[], [], [], [], ["lifecycle.no-server-error"], [], []]
    assert len(lockstep.views) == 1


def test_a_field_that_is_always_wrong_excludes_no_state() -> None:
    """Behind lost answers each state stays possible whose answer would have that field right.

    A completion that is refused and a keyed start lose their answers; the start is made again.
    """
    number = iter(range(9))

    def wrong(_: Command, reply: Reply) -> Response:
        lost = next(number) in {1, 2}
        return NoAnswer("lost", applied=True) if lost else put("run.tags", ["z"])(reply)

    started = evolve(change("running"), key="k")
    commands = (create(), change("completed"), started, READ, started, READ)
    told = conversation(wrong, *commands)
    assert {"lifecycle.sent-data-kept"} == {each for step in found(told) for each in step}


def test_a_refusal_with_another_code_excludes_no_state() -> None:
    """It may be one of a denied run or of one that failed by itself; none has such a code."""

    def lose(*_: object) -> Response:
        return NoAnswer("lost", applied=True)

    def spoil(_: Command, reply: Reply) -> Response:
        return evolve(reply, code=418)

    lost = evolve(start("b", 1, "deny"), key="k")
    answers = iter((untouched, untouched, untouched, lose, spoil))

    def wrong(command: Command, reply: Reply) -> Response:
        return next(answers, untouched)(command, reply)

    fc = Tampering(Stub(habits=lambda: evolve(COMPLETE, outcome=enforcing)), wrong)
    lockstep = Lockstep(fc, Oracle(NAMES), lambda *_: None)
    for command in (RUN, start("a", 0), change("paused"), lost, change("running"), lost):
        lockstep.do(command)
    assert [[], [], [], [], ["steps.refusal-code"], []] == found(lockstep)
    assert ["failed, step 1, deny"] == state(lockstep)


@pytest.mark.parametrize(
    ("stale", "rest"),
    [
        (range(3, 4), (READ, change("running"), change("completed"), READ)),
        (range(3, 5), (READ, change("running"), change("completed"), READ)),
        (range(3, 9), (READ, READ)),
    ],
    ids=["a cache", "a cache that is read twice", "a rollback"],
)
def test_a_read_that_shows_what_was_leaves_open_which_it_is(
    stale: range, rest: tuple[Command, ...]
) -> None:
    """The run goes on from where the next answer shows it, and nothing more is found."""
    count = iter(range(9))

    def wrong(_: Command, reply: Reply) -> Response:
        return before_the_pause()(reply) if next(count) in stale else reply

    told = found(conversation(wrong, *ONE, change("paused"), READ, *rest))
    assert [[], [], [], ["lifecycle.read-is-current"], *([] for _ in rest)] == told


def test_a_stale_read_of_a_change_without_an_entry() -> None:
    """It has no receipt fewer, and is told by its time and by where the run was."""
    moves = [change("running", current_step=step, step_index=n) for n, step in enumerate("ab")]
    kept: list[Reply] = []

    def wrong(_: Command, reply: Reply) -> Response:
        kept.append(reply)
        return put("run", kept[1].run, sealed=False)(reply) if len(kept) == 4 else reply

    told = found(conversation(wrong, create(), *moves, READ))
    assert [[], [], [], ["lifecycle.read-is-current"]] == told


def test_what_is_wrong_in_each_detail_is_one_disagreement() -> None:
    """Of a start whose answer was lost: none of its details is right, and it took effect."""

    def wrong(command: Command, reply: Reply) -> Response:
        if isinstance(command, ChangeRun) and "policy" in command.body.fields:
            return NoAnswer("lost", applied=True)
        if isinstance(command, ReadRun):
            for name in ("decision", "policy_id", "reason"):
                reply = put(f"logs.2.details.{name}", 7)(reply)
        return reply

    policy: Json = {"decision": "allow", "policy_id": "p-1", "reason": "because"}
    begun = (create(), change("running"), change("running", policy=policy))
    told = found(conversation(wrong, *begun, READ))[-1]
    assert {"policy.decision-recorded"} == set(told)


def test_a_log_that_is_wrong_in_itself_is_nearer_than_one_of_fewer_entries() -> None:
    """Of two starts whose answers were lost the one took effect of which the log tells."""

    def wrong(command: Command, reply: Reply) -> Reply:
        return put("logs.1.details", {})(reply) if isinstance(command, ReadRun) else reply

    policy: Json = {"decision": "allow", "policy_id": "p-1", "reason": "because"}
    losing = Losing(Stub(habits=lambda: COMPLETE), iter(("kept", "never", "lost")))
    lockstep = Lockstep(Tampering(losing, wrong), Oracle(NAMES), lambda *_: None)
    for each in (create(), change("running"), change("running", policy=policy), READ):
        lockstep.do(each)
    assert {"logs[1].details"} == {w.where.rpartition(".")[0] for w in lockstep.steps[-1].findings}


@pytest.mark.parametrize("answer", [code(409), code(500), unread])
def test_a_change_of_which_nobody_can_tell_if_it_took_effect(
    answer: Callable[[Reply], Response],
) -> None:
    """The run is not driven until it was read, and then it is where the reading shows it."""
    lockstep = conversation(at(2, answer), *BEGUN)
    assert not lockstep.drivable(0)
    assert lockstep.do(change("running")) is None
    for command in (READ, change("running"), READ):
        lockstep.do(command)
    assert found(lockstep)[3:] == [[], [], []]
    assert ["running, step 0, flag (cleared)"] == state(lockstep)


def test_a_change_that_was_refused_though_legal(monkeypatch: pytest.MonkeyPatch) -> None:
    """The run is read, and is where it was."""

    def pauses_nothing(world: World, command: Command) -> tuple[Outcome, ...]:
        if isinstance(command, ChangeRun) and command.body.fields["status"] == "paused":
            return (Outcome(Refused(Refusal.by(Rule.NO_SUCH_CHANGE)), world),)
        return expect(world, command)

    monkeypatch.setattr("tests.stub.expect", pauses_nothing)
    calls = (RUN, start("a", 0), change("paused"), READ, change("failed"), READ)
    lockstep = conversation(untouched, *calls)
    assert found(lockstep) == [[], [], ["lifecycle.legal-change-accepted"], [], [], []]
    assert ["failed, step 0, allow"] == state(lockstep)


@pytest.fixture
def obeying(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the stub take every change of a run that there is, whatever the rules say."""

    def obey(world: World, command: Command) -> tuple[Outcome, ...]:
        outcomes, runs = expect(world, command), forced(world, command)
        refused = all(isinstance(each.reply, Refused) for each in outcomes)
        if not (refused and runs and isinstance(command, ChangeRun | CreateRun)):
            return outcomes
        code = 201 if isinstance(command, CreateRun) else 200
        return (Outcome(Accepted(code, runs[0]), world.with_run(runs[0])),)

    monkeypatch.setattr("tests.stub.expect", obey)


@pytest.mark.usefixtures("obeying")
@pytest.mark.parametrize(
    ("illegal", "after"),
    [
        (change("pending"), "pending, step 0, flag"),
        (change("completed"), "completed, step 0, flag"),
        (start("b", 1, "deny"), "running, step 1, deny"),
        (evolve(change("paused"), caller=STRANGER), "paused, step 0, flag"),
        (change("running", current_step="b", step_index=0), "running, step 0, flag"),
    ],
    ids=["reset", "completed too early", "over a flag", "by a stranger", "misnamed"],
)
def test_a_change_that_was_accepted_though_illegal(illegal: Command, after: str) -> None:
    """The run is where the change leads, and what it shows and logs then is no second finding."""
    lockstep = conversation(untouched, *BEGUN[:2], illegal, READ, change("failed"), READ)
    (_, _, told, *rest) = found(lockstep)
    assert 1 == len(told)
    assert after in [str(view.world.runs[0].state) for view in lockstep.steps[2].after]
    assert [] == rest[0]
    assert [] == rest[-1]


@pytest.mark.usefixtures("obeying")
@pytest.mark.parametrize("illegal", [change("pending"), change("completed"), start("b", 1, "deny")])
def test_a_call_that_was_accepted_though_illegal_and_lost(illegal: Command) -> None:
    """What is read behind it is told as the call that must not take effect, and the run goes on."""

    def losing(command: Command, reply: Reply) -> Response:
        return NoAnswer("lost", applied=True) if command == illegal else reply

    begun = (*BEGUN[:2], illegal, READ)
    (*_, nothing, told, then) = conversation(losing, *begun, READ).steps
    (*_, answered, _) = conversation(untouched, *begun).steps
    assert [f.fingerprint for f in told.findings] == [f.fingerprint for f in answered.findings]
    assert (nothing.findings, then.findings) == ((), ())
    assert told.findings[0].observed.startswith("it took effect: run 0: ")


def test_two_runs_may_each_be_in_two_states() -> None:
    """That a read settles the one leaves it open where the other is."""
    other = evolve(change("running"), run=1)
    errors: tuple[Command, ...] = (start("a", 0), READ, other)

    def failing(command: Command, reply: Reply) -> Reply:
        return evolve(reply, code=500) if command in errors else reply

    lockstep = conversation(failing, RUN, evolve(RUN, run=1), *errors)
    assert [set(view.unsettled) for view in lockstep.views] == [{0, 1}]
    lockstep.do(evolve(READ, run=1))
    assert {0} == {number for view in lockstep.views for number in view.unsettled}
    errors = ()
    lockstep.do(READ)
    assert found(lockstep)[-2:] == [[], []]
    assert "running" in state(lockstep)[0]


@pytest.mark.usefixtures("obeying")
def test_a_create_that_was_accepted_though_illegal() -> None:
    """The run is there, and goes on."""
    lockstep = conversation(untouched, evolve(RUN, caller=Caller(actor=-1)), READ)
    assert found(lockstep) == [["input.headers-required"], []]
    assert ["pending"] == state(lockstep)


def shows(**fields: Json) -> Wrong:
    """An FC whose reads show a run with other fields."""

    def wrong(command: Command, reply: Reply) -> Response:
        for name, value in fields.items() if isinstance(command, ReadRun) else ():
            reply = put(f"run.{name}", value)(reply)
        return reply

    return wrong


@pytest.mark.parametrize(
    ("fields", "after"),
    [
        ({"status": "failed"}, ["failed, step 0, flag"]),
        ({"status": "pending"}, ["pending"]),
        ({"status": "archived"}, ["paused, step 0, flag"]),
        ({"status": "PAUSED", "step_index": "0"}, ["paused, step 0, flag"]),
        ({"current_step": None}, ["paused, step 0, flag"]),
        ({"step_index": 1}, ["paused, step 0, flag"]),
        (
            {"current_step": "b", "step_index": 1},
            [f"paused, step 1, {decision}" for decision in ("allow", "flag", "deny")],
        ),
        ({"current_step": None, "step_index": 1, "status": "running"}, ["running, step 1, allow"]),
        ({"current_step": 7, "step_index": 1.0, "status": "running"}, ["running, step 1, allow"]),
    ],
    ids=str,
)
def test_a_run_that_shows_another_state(fields: dict[str, Json], after: list[str]) -> None:
    """The nearest state that is like what is shown is taken; what is no state says nothing."""
    lockstep = conversation(shows(**fields), *BEGUN, READ)
    assert 1 <= len(lockstep.steps[-1].findings) <= len(fields)
    assert after == state(lockstep)[: len(after)]
    assert not lockstep.set_aside


@pytest.mark.parametrize("by", [{}, {"gates": []}], ids=["its gates", "no gates"])
def test_gates_are_taken_as_they_are_shown(by: dict[str, Json]) -> None:
    """A run that is thought to wait at a gate does so only where one is pending."""

    def wrong(command: Command, reply: Reply) -> Response:
        shown = shows(status="paused", current_step="a", step_index=0)(command, reply)
        assert isinstance(shown, Reply)
        for name, value in by.items() if isinstance(command, ReadRun) else ():
            shown = put(name, value)(shown)
        return shown

    lockstep = conversation(wrong, *BEGUN[:2], READ)
    waits = lockstep.world.runs[0].state.gate_pending
    assert not waits
    assert not found(lockstep)[-1][1:]


def test_gates_that_cannot_be_read() -> None:
    """They leave the run with the gates that it had."""
    lockstep = conversation(shows(status="running"), *BEGUN, READ)
    assert isinstance(lockstep.fc, Tampering)
    lockstep.fc.tamper = lambda _, reply: put("gates", [{"status": "open"}])(reply)
    lockstep.do(READ)
    assert 1 == len(lockstep.world.runs[0].gates)


def test_a_run_that_no_state_is_like() -> None:
    """A run that runs and is at no step is like none, and is set aside."""
    lockstep = conversation(shows(status="running", step_index=7), RUN, READ)
    assert {0} == lockstep.set_aside


def test_a_run_without_steps() -> None:
    """Of a run without steps the status is all that there is of a state."""
    lockstep = conversation(shows(status="failed"), create(), READ)
    assert ["failed"] == state(lockstep)


def test_an_answer_that_shows_another_run() -> None:
    """Nothing in it is about this run, which is read before it goes on."""
    lockstep = conversation(at(1, put("run.run_id", "other")), *BEGUN[:2])
    assert found(lockstep)[-1] == ["lifecycle.run-id"]
    assert not lockstep.drivable(0)
    lockstep.do(READ)
    assert found(lockstep)[-1] == []
    assert ["running, step 0, flag"] == state(lockstep)


def test_a_create_that_shows_another_run_is_set_aside() -> None:
    """All that is wrong with its run follows from that, and is not told."""
    other = evolve(RUN, run=1, body=create("c").body)
    again: list[Reply] = []

    def wrong(_: Command, reply: Reply) -> Response:
        again.append(reply)
        return again[0]

    lockstep = conversation(wrong, RUN, other)
    assert (["lifecycle.run-id"], {1}) == (found(lockstep)[-1], lockstep.set_aside)


def test_a_state_that_must_not_be_is_told_before_a_field() -> None:
    """A field that is wrong in every answer stands in the way of no state that is wrong in one."""

    def wrong(command: Command, reply: Reply) -> Response:
        shown = put("run.status", "failed")(reply) if isinstance(command, ReadRun) else reply
        return put("run.tags", None)(shown)

    told = found(conversation(wrong, *BEGUN[:2], READ))
    assert [["lifecycle.sent-data-kept"], ["lifecycle.status"]] == told[1:]


def test_a_run_without_a_name_is_set_aside() -> None:
    """A create that was accepted makes no run that can be asked for when it names none."""
    lockstep = conversation(at(0, put("run.run_id", None)), RUN)
    assert {0} == lockstep.set_aside


@pytest.mark.usefixtures("obeying")
@pytest.mark.parametrize("answer", [unread, put("run.run_id", 7)])
def test_an_illegal_create_without_a_name(answer: Callable[[Reply], Response]) -> None:
    """Nor does one that was accepted against the rules."""
    lockstep = conversation(at(0, answer), evolve(RUN, caller=Caller(actor=-1)))
    assert {0} == lockstep.set_aside


def test_a_run_that_is_read_no_more_while_it_is_unsettled() -> None:
    """It is set aside, and no second finding is told."""

    def gone(command: Command, reply: Reply) -> Response:
        wrong = isinstance(command, ReadRun | ChangeRun)
        return evolve(reply, code=404, body={"detail": "gone"}) if wrong else reply

    lockstep = conversation(gone, RUN, start("a", 0), READ)
    assert found(lockstep) == [[], ["lifecycle.legal-change-accepted"], []]
    assert {0} == lockstep.set_aside


def test_a_stranger_says_nothing_of_an_unsettled_run() -> None:
    """While nobody can tell where a run is, only a reading of it is heard."""
    lockstep = conversation(at(1, code(500)), RUN, start("a", 0))
    judgement = lockstep.oracle.judge(
        lockstep.views, change("failed"), Reply(409, {"detail": "no"}, 0.0, 1.0)
    )
    assert lockstep.views == judgement.views


AGREED = Deviation("that is how it is here", check="lifecycle.sent-data-kept", place="run.tags")


def test_what_is_agreed_is_not_judged() -> None:
    """A difference that was agreed to is no finding, at its place; the rest is judged."""

    def wrong(command: Command, reply: Reply) -> Response:
        return shows(tags=["x"], workflow_id="other")(command, reply)

    lockstep = conversation(wrong, RUN, READ, agreed=AGREED)
    (told,) = lockstep.steps[-1].findings
    assert ("lifecycle.sent-data-kept", "run.workflow_id") == (told.check, told.where)


def test_a_key_that_is_agreed_to_be_forgotten_leaves_its_run_open() -> None:
    """Where a repeated call is carried out anew, as agreed, nobody can tell where its run is."""
    keyed = evolve(start("a", 0), key="k")
    agreed = Deviation("no keys here", area="idempotency")
    lockstep = conversation(at(2, put("run.status", "failed")), RUN, keyed, keyed, agreed=agreed)
    assert found(lockstep) == [[], [], []]
    assert not lockstep.drivable(0)


@pytest.mark.parametrize(
    ("deviation", "told"),
    [
        (AGREED, "lifecycle.sent-data-kept at run.tags: that is how it is here"),
        (
            Deviation("no receipts", area="receipts", until=date(2027, 3, 1)),
            "receipts: no receipts, until 2027-03-01",
        ),
        (Deviation("known", fingerprint="0123456789ab"), "0123456789ab: known"),
    ],
    ids=["check", "area", "fingerprint"],
)
def test_a_deviation_in_a_line(deviation: Deviation, told: str) -> None:
    """It says what is agreed, why, and until when."""
    assert told == str(deviation)


def test_a_fingerprint_covers_nothing_else() -> None:
    """A deviation that names a fingerprint is about that disagreement alone."""
    classes = ("accepted", "refused")
    deviation = Deviation("so", fingerprint=fingerprint("lifecycle.create-accepted", *classes))
    assert deviation.covers("lifecycle.create-accepted", "status", classes)
    assert not deviation.covers("lifecycle.create-accepted", "status", ("accepted", "other"))


def test_a_difference_is_of_the_area_of_its_check() -> None:
    """An area that differs in part cannot be relied on."""
    for deviation in (
        Deviation("agreed", area="idempotency"),
        Deviation("agreed", check="idempotency.x"),
    ):
        assert deviation.of("idempotency")
        assert not deviation.of("audit")


def shouting(_: Command, reply: Reply) -> Reply:
    """The answer with the status of the run in upper case."""
    run = reply.run
    return reply if run is None else put("run.status", f"{run['status']}".upper())(reply)


def test_a_status_in_another_case_is_that_status() -> None:
    """What an FC does by itself is seen all the same, so that nothing else is wrong (5.3)."""
    commands = (RUN, start("a", 0, "flag"), READ, change("running"), start("b", 1, "deny"), READ)
    fc = Tampering(Stub(habits=lambda: Habits(outcome=enforcing)), shouting)
    lockstep = Lockstep(fc, Oracle(NAMES), lambda *_: None)
    for command in commands:
        lockstep.do(command)
    assert {"lifecycle.status"} == {each for step in found(lockstep) for each in step}
    assert [str(view.world.runs[0].state.status) for view in lockstep.views] == ["failed"]
