"""One conversation: what is sent, what is not, what is counted, what is set aside."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from itertools import cycle

import pytest
from attrs import define, evolve, field

from pt004_model.drive.lockstep import Fc, Lockstep, TargetLost
from pt004_model.interrupts import Interruption
from pt004_model.judge.oracle import Oracle, Verdict
from pt004_model.model.commands import (
    Caller,
    ChangeRun,
    Command,
    CreateRun,
    OddPath,
    ReadRun,
    RunRef,
    Tenant,
    Unknown,
)
from pt004_model.model.coverage import Edge
from pt004_model.model.replies import Reply
from pt004_model.model.values import Body
from pt004_model.vocabulary import IDEMPOTENCY_HEADER, Decision, Status
from pt004_model.wire.codec import Exchange
from tests.drive.helpers import (
    READ,
    STRANGER,
    change,
    create,
    noting,
    refusal,
    session,
    start,
    with_run,
)
from tests.habits import FREEDOMS, PLAIN
from tests.stub import NAMES, Losing, Stub, Tampering

FLAG, DENY = Decision.FLAG, Decision.DENY
RUN, STEPS = create(0, "a", "b"), ("a", "b")


def test_a_step_keeps_the_request_that_was_sent() -> None:
    """The id by which the call named its run stands in it, and the key that was made fresh."""
    lockstep, _ = noting(Stub(), evolve(RUN, key="k"), READ, ReadRun(Unknown("none")))
    made, known, unknown = (step.exchange.request for step in lockstep.steps)
    assert made is not None
    assert f"{lockstep.nonce}-k" == made.headers[IDEMPOTENCY_HEADER]
    assert known is not None
    assert lockstep.views[0].seen[0].run_id in known.target
    assert unknown is not None
    assert "/none-" in unknown.target


def test_a_run_goes_on_after_a_finding() -> None:
    """A field that is wrong in every reply hides nothing else that is wrong."""

    def wrong(command: Command, reply: Reply) -> Reply:
        if isinstance(command, ChangeRun):
            return with_run(reply, tags=["x"], workflow_id="other")
        return with_run(reply, tags=["x"])

    lockstep, found = noting(Tampering(Stub(), wrong), RUN, start(0, "a", 0), change(0, "failed"))
    assert found == ["lifecycle.sent-data-kept"] * 5
    assert Status.FAILED is lockstep.world.runs[0].state.status
    assert not lockstep.set_aside


def test_a_run_of_which_nothing_can_be_said_is_set_aside() -> None:
    """Of a run that can be read no more nothing can be said; the others go on."""
    stub = Stub()

    def gone(command: Command, reply: Reply) -> Reply:
        lost = isinstance(command, ReadRun) and command.run == 0
        return refusal(reply, 404) if lost else reply

    lockstep, found = noting(Tampering(stub, gone), RUN, create(1, "a"), READ)
    assert found == ["lifecycle.read-accepted"]
    assert {0} == lockstep.set_aside
    asked = len(stub.asked)
    assert lockstep.do(READ) is None
    assert lockstep.do(start(0, "a", 0)) is None
    assert asked == len(stub.asked)
    assert not lockstep.drivable(0)
    assert 0 not in lockstep.world.runs
    judgement = lockstep.do(start(1, "a", 0))
    assert judgement is not None
    assert Verdict.CONFORMS is judgement.verdict


def test_a_key_is_used_though_a_field_was_wrong() -> None:
    """A call whose answer shows a wrong field took effect, and its key is judged as ever."""

    def wrong(_: Command, reply: Reply) -> Reply:
        return with_run(reply, tags=["x"]) if reply.code == 201 else reply

    again, other = evolve(RUN, key="k"), evolve(create(1, "c"), key="k")
    lockstep, found = noting(Tampering(Stub(), wrong), again, other, again)
    assert found == ["lifecycle.sent-data-kept"]
    assert 3 == len(lockstep.steps)


def test_a_key_is_forgotten_where_nobody_can_tell_if_it_was_used() -> None:
    """Nothing more is sent under the key of a call that was refused though legal."""

    def wrong(command: Command, reply: Reply) -> Reply:
        return refusal(reply, 409) if isinstance(command, ChangeRun) else reply

    keyed = evolve(start(0, "a", 0), key="k")
    lockstep, found = noting(Tampering(Stub(), wrong), RUN, keyed)
    assert found == ["lifecycle.legal-change-accepted"]
    assert lockstep.do(evolve(create(1, "c"), key="k")) is None
    assert lockstep.do(evolve(create(1, "c"), key="k", caller=STRANGER)) is not None


@pytest.mark.parametrize("other", ["a", "c"])
@pytest.mark.parametrize("fate", ["lost", "never", "late"])
def test_a_lost_create_may_be_made_again_by_another_number(fate: str, other: str) -> None:
    """The answer under its key is of the time of the first call, or of this one."""
    first, later = (evolve(create(*each), key="k") for each in ((0, "a"), (9, other)))
    fc = Losing(Stub(), iter([fate]))
    lockstep, found = noting(fc, first, create(1, "b"), create(2, "b"), later)
    assert found == []
    assert lockstep.steps[-1].judgement.views


def test_a_key_is_free_though_its_call_was_refused_otherwise() -> None:
    """A call that is refused uses no key up, with whatever code it is refused."""
    lost = ChangeRun(Unknown(), change(0, "failed").body, key="k")
    lockstep, found = noting(Tampering(Stub(), only_refusals_are_418), lost, evolve(RUN, key="k"))
    assert found == ["isolation.refusal-code"]
    assert 2 == len(lockstep.steps)


def only_refusals_are_418(_: Command, reply: Reply) -> Reply:
    """Tampering: another code for whatever is refused."""
    return refusal(reply, 418) if reply.code >= 400 else reply


def test_a_call_that_was_broken_off_is_not_held_against_the_fc() -> None:
    """After Ctrl-C within a call nothing more is sent: what the call did was never seen."""
    stub = Stub()

    def interrupt(command: Command, reply: Reply) -> Reply:
        if isinstance(command, ChangeRun):
            raise KeyboardInterrupt
        return reply

    lockstep, found = noting(Tampering(stub, interrupt), RUN)
    with pytest.raises(KeyboardInterrupt):
        lockstep.do(start(0, "a", 0))
    asked = len(stub.asked)
    assert lockstep.do(READ) is None
    assert lockstep.do(create(1)) is None
    assert (asked, found) == (len(stub.asked), [])


def test_each_finding_of_a_reply_is_told() -> None:
    """One reply may disagree in many places."""

    def twice(_: Command, reply: Reply) -> Reply:
        return with_run(reply, status="failed", current_step="x")

    lockstep, found = noting(Tampering(Stub(), twice), RUN)
    assert found == ["lifecycle.status", "steps.current-step"]
    checks = [finding.check for finding in lockstep.steps[-1].findings]
    assert checks == ["lifecycle.status", "steps.current-step"]


def test_a_finding_about_no_run_sets_nothing_aside() -> None:
    """A call on an unknown run is no run's fault."""

    def taken(command: Command, reply: Reply) -> Reply:
        return evolve(reply, code=200) if isinstance(command, OddPath) else reply

    lockstep, found = noting(Tampering(Stub(), taken), RUN, OddPath(".."), OddPath(".."))
    assert found == ["input.path-names-no-run"] * 2
    assert set() == lockstep.set_aside
    assert lockstep.drivable(0)


def test_what_is_not_known_is_not_sent() -> None:
    """Reads and changes of runs that were never made go nowhere."""
    stub = Stub()
    lockstep, _ = noting(stub, READ, start(0, "a", 0), create(0, workflow_id=""), READ)
    assert [create(0, workflow_id="")] == stub.asked
    assert lockstep.steps[0].command == create(0, workflow_id="")


def test_a_run_is_drivable_while_it_is_known_judged_and_not_waiting() -> None:
    """Unknown, lost, set aside and beyond the contract: none of these can be driven."""
    beyond = CreateRun(1, Body('{"workflow_id":"w","metadata":{"a":NaN}}'))
    fc = Losing(Stub(habits=lambda: FREEDOMS["takes whatever it may"]), cycle(["kept", "kept"]))
    lockstep, _ = noting(fc, RUN, beyond)
    assert lockstep.drivable(0)
    assert not lockstep.drivable(1)
    assert not lockstep.drivable(2)
    fc.fates = iter(["never", "never"])
    lockstep.do(start(0, "a", 0))
    assert lockstep.drivable(0)
    lockstep.do(start(0, "a", 0))
    assert not lockstep.drivable(0)
    assert lockstep.do(start(0, "a", 0)) is None  # no change before the last one is settled
    assert lockstep.do(READ) is not None  # but a read


def test_a_create_does_not_take_the_name_of_a_run() -> None:
    """Only a repetition under its key may name a run that is there already."""
    keyed = evolve(create(0, "a"), key="k")
    stub = Stub()
    lockstep, found = noting(stub, keyed, keyed, create(0, "a"), evolve(keyed, key="l"), READ)
    assert [keyed, keyed, READ] == stub.asked
    assert not found
    assert lockstep.do(evolve(keyed, caller=STRANGER)) is None


def test_a_lost_target_is_no_exception_that_hypothesis_collects() -> None:
    """It ends a search as an interrupt does."""
    assert issubclass(TargetLost, Interruption)
    assert not issubclass(Interruption, Exception)


@pytest.mark.parametrize(
    ("fate", "command", "expected"),
    [
        ("kept", start(0, "a", 0), 0),
        ("never", start(0, "a", 0), 1),
        ("lost", create(1, "a"), 1),
        ("unsent", start(0, "a", 0), 0),
        ("never", READ, 0),
        ("never", evolve(start(0, "a", 0), caller=Caller(Tenant.NOBODY)), 0),
        ("never", OddPath(".."), 0),
    ],
)
def test_calls_that_may_have_changed_something_are_counted_open(
    fate: str, command: Command, expected: int
) -> None:
    """A read that got no answer leaves nothing open, a change does."""
    lockstep, _ = noting(Losing(Stub(), iter(["kept", fate])), RUN, command)
    assert expected == lockstep.tally.open
    assert lockstep.tally.commands == 2


def test_edges_are_counted_as_they_are_driven() -> None:
    """Accepted and refused changes of visible runs count; replays and foreign calls do not."""
    keyed = evolve(start(0, "a", 0), key="k")
    foreign = evolve(start(0, "b", 1), caller=STRANGER)
    lockstep, found = noting(Stub(), RUN, keyed, keyed, foreign, start(0, "a", 0), READ)
    expected = {
        Edge("pending", "start-allow", "-", "none", "accepted"): 1,
        Edge("running", "repeat", "allow", "first", "refused"): 1,
    }
    assert not found
    assert expected == lockstep.tally.edges


@pytest.mark.parametrize(
    ("name", "own", "held"),
    [("plain", {}, {FLAG: 1, DENY: 1}), ("acts on decisions by itself", {FLAG: 1, DENY: 1}, {})],
)
def test_it_is_counted_who_acts_on_decisions(
    name: str, own: dict[Decision, int], held: dict[Decision, int]
) -> None:
    """An FC that pauses and fails by itself is told from one that waits to be told."""
    habits = FREEDOMS[name]
    commands = (RUN, create(1, "a"), start(0, "a", 0, "flag"), start(1, "a", 0, "deny"), READ)
    lockstep, found = noting(Stub(habits=lambda: habits), *commands)
    assert not found
    assert (own, held) == (lockstep.tally.own, lockstep.tally.held)


def test_laws_are_witnessed() -> None:
    """What must sometimes happen is noted when it does."""
    commands = (RUN, start(0, "a", 0, "flag"), change(0, "paused"), change(0, "running"))
    lockstep, _ = noting(Stub(), *commands)
    assert {"paused-run-resumes"} == lockstep.tally.witnessed
    lockstep.do(evolve(start(0, "b", 1, "deny"), caller=Caller(actor=1)))
    lockstep.do(change(0, "failed"))
    expected = {"paused-run-resumes", "another-actor-acts", "denied-run-fails"}
    assert expected == lockstep.tally.witnessed


def test_each_run_made_is_told_once_with_its_id() -> None:
    """Whoever cleans up afterwards learns of every run."""
    told: list[str] = []
    keyed = evolve(RUN, key="k")
    lockstep, _ = noting(Stub(run_ids=lambda number: f"run-{number}"))
    lockstep.tally.on_run = told.append
    for command in (keyed, create(1, "a"), create(2, workflow_id="")):
        lockstep.do(command)
    assert len(told) == 2
    assert all(re.fullmatch(r"run-\d+", each) for each in told)


def test_steps_are_recorded_with_the_worlds_about_them() -> None:
    """Each step keeps the command, what came back, and the worlds before and after it."""
    lockstep, _ = noting(Stub(), RUN, start(0, "a", 0))
    step = lockstep.steps[1]
    assert start(0, "a", 0) == step.command
    assert isinstance(step.response, Reply)
    assert Status.PENDING is step.before[0].world.runs[0].state.status
    assert Status.RUNNING is step.after[0].world.runs[0].state.status
    assert step.after == step.judgement.views
    assert step.judgement.outcome in [each.reply for each in step.allowed]
    assert not step.findings


@define
class Listening:
    """An FC that notes the ids it is asked for, and answers as a stub does."""

    stub: Stub
    ids: list[str] = field(factory=list)

    def ask(self, command: Command, run_id: Callable[[RunRef], str], nonce: str) -> Exchange:
        """The stub's answer."""
        if isinstance(command, ReadRun):
            self.ids.append(run_id(command.run))
        return self.stub.ask(command, run_id, nonce)


@pytest.mark.parametrize(
    ("run_ids", "pattern"),
    [
        (lambda number: str(uuid.UUID(int=number, version=4)), r"[0-9a-f]{8}(-[0-9a-f]{4,12}){4}"),
        (lambda number: uuid.UUID(int=number, version=4).hex, r"[0-9a-f]{32}"),
        (lambda number: f"run_{number}", r"run_\d+[0-9a-f]{16}"),
    ],
    ids=["uuid", "hex", "word"],
)
def test_unknown_runs_have_ids_that_look_real(run_ids: Callable[[int], str], pattern: str) -> None:
    """The id of a run that is not there looks like those of the runs that are, and is fresh."""
    fc = Listening(Stub(run_ids=run_ids))
    noting(fc, RUN, ReadRun(Unknown()), ReadRun(Unknown()), READ)
    assert len(set(fc.ids)) == 3
    for each in fc.ids[:2]:
        assert re.fullmatch(pattern, each)


def test_unknown_runs_may_be_spelled() -> None:
    """A spelling begins the id; without any run known the id is made up."""
    fc = Listening(Stub())
    noting(fc, ReadRun(Unknown("null")), ReadRun(Unknown()))
    assert re.fullmatch(r"null-[0-9a-f]{16}", fc.ids[0])
    assert re.fullmatch(r"run[0-9a-f]{16}", fc.ids[1])


def flipping(codes: Iterator[int]) -> Callable[[Command, Reply], Reply]:
    """Tampering: calls on runs that are not there get these codes in turn."""

    def tamper(_: Command, reply: Reply) -> Reply:
        return refusal(reply, next(codes)) if reply.code == 404 else reply

    return tamper


FOREIGN = ReadRun(0, caller=STRANGER)
UNKNOWN = evolve(FOREIGN, run=Unknown())


@pytest.mark.parametrize("order", [(FOREIGN, UNKNOWN), (UNKNOWN, FOREIGN)])
@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ([404, 404], 0),
        ([404, 403, 404], 0),  # asked again, the codes do meet
        ([403, 404, 404, 404, 403], 0),
        ([404, 403, 403, 404, 403], 0),
    ],
)
def test_an_fc_that_flips_codes_is_not_blamed(
    order: tuple[Command, Command], codes: list[int], expected: int
) -> None:
    """An FC is free to choose between the codes anew, so the call is made again."""
    fc = Tampering(Stub(), flipping(iter([*codes, *[404, 403] * 9])))
    lockstep, found = noting(fc, RUN, *order)
    assert expected == len(found)
    assert not lockstep.set_aside
    assert lockstep.drivable(0)


def test_an_fc_that_tells_foreign_runs_apart_is_blamed() -> None:
    """A foreign run is refused with one code and an unknown one always with another."""

    def telling(command: Command, reply: Reply) -> Reply:
        foreign = isinstance(command, ReadRun | ChangeRun) and command.run == 0
        return refusal(reply, 403) if foreign and reply.code == 404 else reply

    stub = Stub()
    lockstep, found = noting(Tampering(stub, telling), RUN, FOREIGN, UNKNOWN)
    assert found == ["isolation.same-code"]
    assert stub.asked[-6:] == [UNKNOWN] * 6
    assert len(lockstep.steps) == 3
    _, found = noting(Tampering(Stub(), telling), RUN, UNKNOWN, FOREIGN)
    assert found == ["isolation.same-code"]


def test_a_silent_confirmation_confirms_nothing() -> None:
    """While nobody answers, the finding stands."""
    fates = iter(["kept", "kept", "kept", *["unsent"] * 9])
    codes = flipping(iter([404, 403]))

    @define
    class Flaky:
        inner: Fc

        def ask(self, command: Command, run_id: Callable[[RunRef], str], nonce: str) -> Exchange:
            exchange = self.inner.ask(command, run_id, nonce)
            if isinstance(exchange.response, Reply):
                return evolve(exchange, response=codes(command, exchange.response))
            return exchange

    _, found = noting(Flaky(Losing(Stub(), fates)), RUN, FOREIGN, UNKNOWN)
    assert found == ["isolation.same-code"]


def test_conversations_of_a_session_share_what_is_counted() -> None:
    """Two conversations have keys and runs of their own, and one tally."""
    stub = Stub(habits=lambda: PLAIN)
    made = session(stub)
    one, other = made.lockstep(), made.lockstep()
    for lockstep in (one, other):
        lockstep.do(evolve(RUN, key="k"))
    assert one.nonce != other.nonce
    assert made.tally.commands == 2
    assert len({book.run_id for book in stub.books.values()}) == 2


def test_authentication_is_expected_when_told() -> None:
    """An FC that was told to enforce tokens is held to it."""
    lockstep = Lockstep(
        Stub(authenticates=True), Oracle(NAMES), lambda *_: None, authenticates=True
    )
    assert lockstep.world.authenticates
