"""A trace is made as short as it can be, by replaying it against an FC with a fault planted."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import chain, repeat

import pytest
from attrs import evolve

from pt004_model.drive.lockstep import Fc, Lockstep
from pt004_model.judge.finding import Finding
from pt004_model.model.commands import (
    Caller,
    ChangeRun,
    Command,
    CreateRun,
    OddPath,
    ReadRun,
    Unknown,
)
from pt004_model.model.replies import Reply
from pt004_model.model.values import Json
from pt004_model.shrink.replaying import replay
from pt004_model.shrink.shrinker import Budget, Shrinker
from pt004_model.trace.recorded import Commands
from tests.drive.helpers import (
    READ,
    STRANGER,
    change,
    create,
    refusal,
    session,
    start,
    with_run,
)
from tests.habits import FREEDOMS
from tests.stub import JsonObject, Losing, Stub, Tamper, Tampering


def run_of(reply: Reply) -> JsonObject:
    """The run that a reply shows, or nothing."""
    run = reply.body.get("run") if isinstance(reply.body, dict) else None
    return run if isinstance(run, dict) else {}


def planted(stub: Stub, fault: Callable[[Stub], Tamper]) -> Tampering:
    """An FC with a fault."""
    return Tampering(stub, fault(stub))


def paused_twice(stub: Stub) -> Tamper:
    """A run that was paused twice is read as running."""

    def tamper(command: Command, reply: Reply) -> Reply:
        run = run_of(reply)
        logs = [book.log for book in stub.books.values() if book.run_id == run.get("run_id")]
        pauses = sum(entry["new_status"] == "paused" for entry in chain(*logs))
        wrong = isinstance(command, ReadRun) and pauses > 1
        return with_run(reply, status="running") if wrong and run["status"] == "paused" else reply

    return tamper


def second_step(_: Stub) -> Tamper:
    """The second declared step of a run has the index of the first."""

    def tamper(_: Command, reply: Reply) -> Reply:
        run = run_of(reply)
        wrong = run.get("steps") is not None and run["step_index"] == 1
        return with_run(reply, step_index=0) if wrong else reply

    return tamper


def two_runs(stub: Stub) -> Tamper:
    """The first run loses its tags when there is another one of the same workflow."""

    def tamper(command: Command, reply: Reply) -> Reply:
        world = list(stub.worlds.values())[-1]
        names = [run.asked.workflow_id for run in world.runs.values()]
        wrong = len(set(names)) < len(names) and isinstance(command, ReadRun)
        return with_run(reply, tags=[]) if wrong and run_of(reply).get("tags") else reply

    return tamper


def no_output(_: Stub) -> Tamper:
    """A governed run that completes forgets its output."""

    def tamper(_: Command, reply: Reply) -> Reply:
        run = run_of(reply)
        wrong = bool(run.get("steps")) and run.get("output_payload") is not None
        return with_run(reply, output_payload=None) if wrong else reply

    return tamper


def long_texts(_: Stub) -> Tamper:
    """An error with a text of more than ten letters is answered with a server error."""

    def tamper(command: Command, reply: Reply) -> Reply:
        reason = command.body.fields.get("reason") if isinstance(command, ChangeRun) else None
        return refusal(reply, 500) if isinstance(reason, str) and len(reason) > 10 else reply

    return tamper


def other_codes(_: Stub) -> Tamper:
    """A foreign run is refused otherwise than an unknown one."""

    def tamper(command: Command, reply: Reply) -> Reply:
        foreign = isinstance(command, ReadRun) and command.caller == STRANGER
        return refusal(reply, 403) if foreign and command.run != Unknown() else reply  # type: ignore[union-attr]  # a read

    return tamper


def long_way(number: int, *steps: str) -> Commands:
    """A run lived through with detours, read at every turn, refused now and then."""
    read = ReadRun(number)
    commands: list[Command] = [
        evolve(
            create(number, *steps, tags=["x", "y"], metadata={"a": [1, 2], "b": {}}),
            key=f"c{number}",
            correlation="corr-1",
            caller=Caller(actor=1),
        ),
        read,
        change(number, "paused"),
    ]
    for index, name in enumerate(steps):
        flag = start(number, name, index, "flag")
        body = flag.body.replace(reason="a long story", note=1)
        commands += [
            evolve(flag, body=body, caller=Caller(actor=2)),
            read,
            change(number, "paused", reason="wait"),
            ReadRun(number, logs=False),
            change(number, "running", current_step=name, step_index=index),
            evolve(read, caller=STRANGER),
            evolve(read, run=Unknown(), caller=STRANGER),
        ]
    end = change(number, "completed", output_payload={"x": [1, {"y": 2}]})
    return (*commands, end, read, OddPath(".."), change(number, "failed"))


A_POLICY: Json = {"decision": "allow", "policy_id": "a", "reason": "a"}


@pytest.mark.parametrize(
    ("fault", "trace", "expected"),
    [
        (
            paused_twice,
            (*long_way(3, "a", "b", "c"), *long_way(5, "d", "e")),
            (
                create(0),
                change(0, "running"),
                change(0, "paused"),
                change(0, "running"),
                change(0, "paused"),
                ReadRun(0, logs=False, gates=False),
            ),
        ),
        (
            second_step,
            long_way(7, "observe", "decide", "gate"),
            (create(0, "step_1", "step_2"), start(0, "step_1", 0), start(0, "step_2", 1)),
        ),
        (
            two_runs,
            (*long_way(4, "a"), *long_way(2, "b"), *long_way(6, "c"), ReadRun(4)),
            (create(0), create(1, tags=["a"]), ReadRun(1, logs=False, gates=False)),
        ),
        (
            no_output,
            (*long_way(1, "a", "b"), ReadRun(1)),
            (
                create(0, "step_1"),
                start(0, "step_1", 0),
                change(0, "completed", output_payload={}),
            ),
        ),
        (
            other_codes,
            long_way(1, "a", "b"),
            (
                create(0),
                ReadRun(0, caller=STRANGER),  # neither can be made simpler alone
                ReadRun(Unknown(), caller=STRANGER),
            ),
        ),
    ],
    ids=["history", "declared steps", "two runs", "governed", "codes"],
)
def test_the_shrunk_trace_is_the_shortest(
    fault: Callable[[Stub], Tamper], trace: Commands, expected: Commands
) -> None:
    """Runs, steps, commands and arguments that are not needed go; what is left is exact."""
    assert expected == shrunk(planted(Stub(), fault), trace)[0]


def shrunk(
    fc: Fc, trace: Commands, requests: int = 1000, seconds: float = 60.0
) -> tuple[Commands, Budget]:
    """The shrunk trace of the first finding in ``trace``, and what it cost."""
    made = session(fc)
    _, finding, commands = replay(made, trace)
    assert finding is not None
    budget = Budget(requests, seconds)
    return Shrinker(made, finding.fingerprint, commands, budget).run(), budget


def test_long_texts_are_cut_to_what_is_needed() -> None:
    """A text that matters by its length is cut to the very length that still shows the fault."""
    trace = (create(0, "a"), start(0, "a", 0), change(0, "failed", reason="x" * 100))
    best, _ = shrunk(planted(Stub(), long_texts), trace)
    running = change(0, "running", policy=A_POLICY)  # the decision is in the fingerprint
    assert best == (create(0), running, change(0, "failed", reason="x" * 11))


def test_callers_keys_and_content_types_are_made_plain() -> None:
    """The same actor throughout, no key, no correlation, JSON as JSON."""

    def refused(_: Command, reply: Reply) -> Reply:
        return with_run(reply, status="failed") if reply.code == 201 else reply

    fancy = evolve(create(4, "q"), caller=evolve(STRANGER, actor=2), key="k", correlation="c")
    best, _ = shrunk(Tampering(Stub(), refused), (fancy,))
    assert best == (create(0),)


@pytest.mark.parametrize("requests", [0, 1, 25, 60, 150])
def test_the_budget_of_requests_is_kept(requests: int) -> None:
    """What was reached when the budget is spent is kept, and it still shows the fault."""
    fc = planted(Stub(), paused_twice)
    trace = (*long_way(3, "a", "b", "c"), *long_way(5, "d", "e"))
    best, budget = shrunk(fc, trace, requests)
    assert budget.spent <= requests
    assert len(best) <= len(trace)
    assert (requests < 10) is (budget.spent == 0)
    finding = replay(session(fc), best).finding
    assert finding is not None
    assert finding.check == "lifecycle.status"


def test_the_budget_counts_what_was_sent() -> None:
    """Requests are counted as they are sent, the first replay included."""
    stub = Stub()
    made = session(planted(stub, second_step))
    _, finding, commands = replay(made, long_way(0, "a", "b"))
    assert finding is not None
    before = len(stub.asked)
    budget = Budget()
    Shrinker(made, finding.fingerprint, commands, budget).run()
    assert len(stub.asked) - before == budget.spent
    assert budget.left


def test_without_time_left_the_trace_stays() -> None:
    """With no seconds to spend, what is surely not needed goes, and runs are renumbered."""
    trace = (create(4, "a"), create(2, "a"), start(4, "a", 0, "deny"), READ, ReadRun(4))

    def wrong(command: Command, reply: Reply) -> Reply:
        return with_run(reply, status="x") if command == ReadRun(4) or command == READ else reply

    best, budget = shrunk(Tampering(Stub(), wrong), trace, seconds=0.0)
    assert not budget.left
    assert best == (create(0, "a"), start(0, "a", 0, "deny"), ReadRun(0))


def test_a_lost_target_leaves_what_was_reached() -> None:
    """When the FC goes away in the middle, the best trace so far is kept."""
    stub = Stub()
    trace = long_way(0, "a", "b")
    fates = chain(repeat("kept", 60), repeat("unsent"))
    fc = Tampering(Losing(stub, fates), second_step(stub))
    best, budget = shrunk(fc, trace)
    assert budget.spent > 0
    assert len(best) < len(trace)
    fc.stub = stub
    assert replay(session(fc), best).finding is not None


def test_better_traces_are_told_as_they_are_found() -> None:
    """Each improvement is told with its conversation and finding, each no longer than before."""
    told: list[int] = []

    def better(lockstep: Lockstep, finding: Finding) -> None:
        assert finding.check == "steps.step-index"
        told.append(len(lockstep.steps))

    made = session(planted(Stub(), second_step))
    _, finding, commands = replay(made, long_way(0, "a", "b", "c"))
    assert finding is not None
    Shrinker(made, finding.fingerprint, commands, Budget(), better).run()
    assert sorted(told, reverse=True) == told
    assert told[-1] == 3


def test_no_conversation_has_the_names_of_another() -> None:
    """What an FC remembers of the names of one shortening must not show in the next one."""
    stub = Stub()
    made = session(planted(stub, no_output))
    for _ in range(2):
        _, finding, commands = replay(made, long_way(1, "a"))
        assert finding is not None
        Shrinker(made, finding.fingerprint, commands, Budget()).run()
    creates = [each for each in stub.asked if isinstance(each, CreateRun)]
    names = [str(create.body.fields["workflow_id"]) for create in creates]
    tagged = [name for name in names if "~" in name]
    assert len(set(tagged)) == len(tagged) > 4


@pytest.mark.system
def test_a_lossy_network_does_not_make_a_trace_longer() -> None:
    """A conversation in which a call got no answer is tried again, and does not count as failed."""
    trace = long_way(7, "observe", "decide")
    finding = replay(session(planted(Stub(), second_step)), trace).finding
    assert finding is not None
    rng = random.Random(1)  # noqa: S311 - a seed is no secret
    stub = Stub()
    fates = (("lost" if rng.random() < 0.3 else "kept") for _ in repeat(None))
    made = session(Tampering(Losing(stub, fates), second_step(stub)))
    made.patience = 60.0
    shortest = Shrinker(made, finding.fingerprint, trace, Budget(4000)).run()
    assert (
        create(0, "step_1", "step_2"), start(0, "step_1", 0), start(0, "step_2", 1)
    ) == shortest  # fmt: skip


def test_a_trace_that_shows_nothing_any_more_stays() -> None:
    """A finding that does not come again leaves the trace as it was."""
    trace = long_way(0, "a")
    made = session(Stub())
    assert trace == Shrinker(made, "0" * 12, trace, Budget(40)).run()


def test_a_replay_ends_at_the_finding_asked_for() -> None:
    """Other findings on the way are passed over; without a fingerprint the first one ends it."""

    def wrong(command: Command, reply: Reply) -> Reply:
        if isinstance(command, CreateRun):
            return with_run(reply, tags=["z"]) if command.run == 0 else reply
        return with_run(reply, status="failed")

    made = session(Tampering(Stub(), wrong))
    trace = (create(0, "a"), create(1, "a"), ReadRun(1), create(2, "a"))
    lockstep, finding, _ = replay(made, trace)
    assert finding is not None
    assert (len(lockstep.steps), finding.check) == (1, "lifecycle.sent-data-kept")
    status = replay(made, (create(1, "a"), ReadRun(1))).finding
    assert status is not None
    lockstep, finding, _ = replay(made, trace, status.fingerprint)
    assert finding is not None
    assert (len(lockstep.steps), finding.check) == (3, "lifecycle.status")
    assert replay(made, trace, "0" * 12).finding is None
    assert replay(session(Stub(habits=lambda: FREEDOMS["other codes"])), trace).finding is None
