"""Replay: each of the four results, and what it takes."""

from __future__ import annotations

import itertools

import pytest
from attrs import evolve

from pt004_model.drive.lockstep import Fc, Lockstep
from pt004_model.drive.replay import (
    Replay,
    Result,
    attempt_lines,
    replay_trace,
    result_line,
)
from pt004_model.drive.session import Session
from pt004_model.judge.finding import Finding
from pt004_model.judge.oracle import Oracle, Verdict
from pt004_model.model.commands import Caller, Command, CreateRun, ReadRun, Restart, Token, Unknown
from pt004_model.model.replies import NoAnswer, Reply, Response
from pt004_model.model.values import Body
from pt004_model.trace.document import Trace
from pt004_model.trace.recorded import Found
from pt004_model.trace.writing import Origin, trace_of
from pt004_model.vocabulary import Dialect
from tests.drive.helpers import change, create, refusal, start, with_run
from tests.habits import FREEDOMS, Habits, taking
from tests.stub import NAMES, Losing, Stub, Tamper, Tampering

COMMANDS: tuple[Command, ...] = (create(0, "a"), start(0, "a", 0, "deny"), change(0, "paused"))
ORIGIN = Origin(1, "dev", Dialect.SEED, names=NAMES)


def session(fc: Fc) -> Session:
    """A session with an FC that does not authenticate."""
    return Session(fc, Oracle(NAMES))


def pauses(_: Command, reply: Reply) -> Response:
    """Tampering: a run that was denied says it is paused."""
    if reply.code == 409:
        return Reply(200, {"run": {"status": "paused"}}, reply.sent, reply.received)
    return reply


def recorded(tamper: Tamper = pauses, commands: tuple[Command, ...] = COMMANDS) -> Trace:
    """The trace of the first finding that a tampered FC shows."""
    seen: list[Finding] = []

    def note(finding: Finding, _: Lockstep) -> None:
        seen.append(finding)

    lockstep = session(Tampering(Stub(), tamper)).lockstep(note)
    for command in commands:
        lockstep.do(command)
    sent = tuple(step.command for step in lockstep.steps)
    return trace_of(Found(seen[0], sent, tuple(lockstep.steps), 3), ORIGIN)


def replayed(tamper: Tamper, runs: int = 1, trace: Trace | None = None) -> Replay:
    """A replay to an FC with the tampering."""
    return replay_trace(session(Tampering(Stub(), tamper)), trace or recorded(), runs)


def honest(_: Command, reply: Reply) -> Response:
    """Tampering: none."""
    return reply


def test_what_is_still_there_is_reproduced() -> None:
    """The finding is seen at its step in every run."""
    replay = replayed(pauses, 3)
    assert (Result.REPRODUCED, 3, 3) == (replay.result, replay.seen, replay.runs)
    assert Verdict.DIVERGES is replay.verdict
    assert replay.finding is not None
    assert recorded().fingerprint == replay.finding.fingerprint
    assert result_line(replay) == "REPRODUCED 3 of 3: the finding was seen again at step 3"


def test_what_comes_and_goes_is_reproduced_with_its_count() -> None:
    """Once in K is enough, and the count says so."""
    turn = itertools.count()

    def sometimes(command: Command, reply: Reply) -> Response:
        return pauses(command, reply) if reply.code == 409 and next(turn) % 3 == 1 else reply

    replay = replayed(sometimes, 5)
    assert (Result.REPRODUCED, 2, 5) == (replay.result, replay.seen, replay.runs)
    results = [str(attempt.result) for attempt in replay.attempts]
    assert ["fixed", "reproduced", "fixed", "fixed", "reproduced"] == results


def test_what_is_answered_as_allowed_is_fixed() -> None:
    """Every command was sent, the one that failed included, and the answer is an allowed one."""
    replay = replayed(honest, 2)
    assert (Result.FIXED, 2, 2, None) == (
        replay.result, replay.seen, replay.runs, replay.finding
    )  # fmt: skip
    assert "the command that failed was answered as the contract allows" == replay.why


@pytest.mark.parametrize("name", FREEDOMS)
def test_any_freedom_is_no_finding(name: str) -> None:
    """An FC that conforms has fixed it, whatever it makes of its freedom."""
    trace = recorded()
    stub = Stub(habits=lambda: FREEDOMS[name])
    assert Result.FIXED is replay_trace(session(stub), trace).result


def test_another_way_is_told() -> None:
    """Where an FC now refuses what it took, which it may, that is said."""
    progress = (CreateRun(0, Body.of({"workflow_id": "w"})), change(0, "running"),
                change(0, "running"), change(0, "pending"))  # fmt: skip
    seen: list[Finding] = []
    stub = Tampering(Stub(habits=lambda: Habits(taking)), pauses)
    lockstep = session(stub).lockstep(lambda finding, _: seen.append(finding))
    for command in progress:
        lockstep.do(command)
    trace = trace_of(Found(seen[0], progress, tuple(lockstep.steps), 3), ORIGIN)
    stub = Tampering(Stub(habits=lambda: FREEDOMS["refuses whenever it may"]), honest)
    replay = replay_trace(session(stub), trace)
    assert Result.FIXED is replay.result
    assert replay.why.endswith(", though step 3 was refused, which was accepted in the trace")


def test_another_finding_is_a_change() -> None:
    """Whatever else diverges is told, and the FC cannot be said to be mended."""

    def wrong_status(_: Command, reply: Reply) -> Response:
        return with_run(reply, status="failed") if reply.code == 201 else reply

    replay = replayed(wrong_status)
    assert (Result.CHANGED, Verdict.DIVERGES) == (replay.result, replay.verdict)
    assert replay.finding is not None
    assert "lifecycle.status" == replay.finding.check
    assert replay.why.startswith(f"another finding was seen, {replay.finding.fingerprint} ")
    assert None not in replay.attempts[0].steps
    told = list(attempt_lines(recorded(), replay.attempts[0]))
    assert any(line.endswith(str(replay.finding)) for line in told)


def unanswered(code: int) -> Tamper:
    """Tampering: replies with the code never come."""
    return lambda _, reply: NoAnswer("it is gone", True) if reply.code == code else reply


@pytest.mark.parametrize(
    ("code", "why"),
    [
        (409, "step 3 got no answer: it is gone"),
        (200, "step 2 got no answer: it is gone"),
        (201, "it was broken off: it is gone"),  # three times over, and nothing else
    ],
)
def test_without_an_answer_nothing_can_be_said(code: int, why: str) -> None:
    """A command without an answer, the one that failed or one before it, is no pass."""
    replay = replayed(unanswered(code))
    assert (Result.UNSURE, Verdict.UNSURE, why) == (replay.result, replay.verdict, replay.why)


def test_a_lost_answer_is_asked_for_again() -> None:
    """An attempt in which a call got no answer is made again, and what it shows then counts."""
    for tamper, result in ((honest, Result.FIXED), (pauses, Result.REPRODUCED)):
        stub = Losing(Stub(), itertools.cycle(["kept", "lost", *["kept"] * 4]))
        replay = replay_trace(session(Tampering(stub, tamper)), recorded(), 2)
        assert (result, 2, 2) == (replay.result, replay.seen, replay.runs)


def test_an_fc_that_is_gone() -> None:
    """When the FC stops answering the replay says so."""
    reads = tuple(ReadRun(Unknown(str(number))) for number in range(5))

    def silent(_: Command, __: Reply) -> Response:
        return NoAnswer("it is gone", applied=False)

    replay = replayed(silent, trace=recorded(commands=(*reads, *COMMANDS)))
    assert (Result.UNSURE, "it was broken off: it is gone") == (replay.result, replay.why)
    assert 3 == len(replay.attempts[0].steps)


def test_what_was_not_sent_is_not_fixed() -> None:
    """A trace that does not make its run cannot be sent, and says nothing."""
    trace = recorded()
    replay = replayed(honest, trace=evolve(trace, steps=trace.steps[1:]))
    assert Result.UNSURE is replay.result
    assert "step 1 could not be sent: its run is not there, or was set aside" == replay.why


def test_a_restart_takes_means_to_kill() -> None:
    """Where nobody can kill the FC a trace that begins with its death is unsure, and says why."""
    trace = recorded()
    trace = evolve(trace, steps=(evolve(trace.steps[0], send=Restart()), *trace.steps))
    replay = replayed(honest, trace=trace)
    assert Result.UNSURE is replay.result
    assert replay.why == "it was broken off: this FC cannot be killed"


def test_a_bad_token_takes_means_to_make_one() -> None:
    """Without them the call would be made with a good token or none, and say nothing."""
    bad = evolve(create(1), caller=Caller(token=Token.EXPIRED))
    trace = recorded()
    trace = evolve(trace, steps=(*trace.steps[:-1], evolve(trace.steps[-1], send=bad)))
    replay = replayed(honest, trace=trace)
    assert (Result.UNSURE, 0, ()) == (replay.result, replay.runs, replay.attempts)
    assert replay.why.startswith("a call is made with a bad token (expired), which takes an FC")
    stub = Stub(authenticates=True)
    able = Session(stub, Oracle(NAMES), authenticates=True, bad_tokens=(Token.EXPIRED,))
    assert Result.FIXED is replay_trace(able, trace).result


def test_what_lies_beyond_the_contract_is_not_fixed() -> None:
    """A command that any answer will do for says nothing of the FC."""
    beyond = CreateRun(0, Body('{"workflow_id":"w","a":1,"a":2}'))

    def server_error(_: Command, reply: Reply) -> Response:
        return refusal(reply, 500)

    trace = recorded(server_error, (beyond,))
    stub = Stub(habits=lambda: Habits(taking))
    replay = replay_trace(session(stub), trace)
    assert Result.UNSURE is replay.result
    assert "beyond the contract" in replay.why


def test_nothing_is_counted_in_the_session() -> None:
    """A replay is no part of a campaign's coverage; runs that it makes are noted all the same."""
    runs: list[str] = []
    there = session(Stub())
    there.tally.on_run = runs.append
    replay_trace(there, recorded(), 2)
    assert (0, {}, 2) == (there.tally.commands, there.tally.edges, len(runs))


def fake(result: Result) -> Replay:
    """A replay that came to ``result``."""
    return Replay(result, 1, 1, "", None, ())


def test_a_transcript_tells_both_sides() -> None:
    """Step by step: what was sent, what was expected, what came, and the finding."""
    replay = replayed(pauses)
    assert list(attempt_lines(recorded(), replay.attempts[0])) == [
        "  1. run 0: create with steps a",
        "     expected: accepted with 201: pending",
        '     got:      status 201, run "pending"',
        "  2. run 0: to running naming a (0) with policy deny",
        "     expected: accepted with 200: running, step 0, deny"
        " | accepted with 200: failed, step 0, deny",
        '     got:      status 200, run "running"',
        "  3. run 0: to paused",
        "     expected: refused with 400, 409 or 422 (policy.deny-blocks)",
        '     got:      status 200, run "paused"',
        f"     {replay.attempts[0].finding.fingerprint if replay.attempts[0].finding else ''}"
        " policy.deny-blocks: status:"
        " expected a refusal with 400, 409, 422 (policy.deny-blocks), got status 200",
    ]
