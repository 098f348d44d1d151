"""What an accepted change does: fields, times, log entries and gates (sections 3.5, 4 to 7)."""

from __future__ import annotations

import pytest
from attrs import evolve

from pt004_model.model.asks import Change, Creation
from pt004_model.model.history import Anything, Entry, Gate, StepRef
from pt004_model.model.run import Run, State, create, step
from pt004_model.model.values import Json
from pt004_model.vocabulary import Decision, Event, GateStatus, Status
from tests.model.helpers import (
    after,
    at,
    by_kind,
    change,
    entry,
    free,
    lived,
    new,
    policy,
    start,
)

Row = tuple[str, str | None, str | None, str | None, dict[str, Json]]


def status(previous: str, now: str, **details: Json) -> Row:
    """The FC-RUN-002 entry of a change of status."""
    return ("FC-RUN-002", None, previous, now, details)


def ends(name: str, outcome: str = "completed") -> Row:
    """The FC-STEP-002 entry."""
    return ("FC-STEP-002", name, None, None, {"outcome": outcome})


def starts(name: str) -> Row:
    """The FC-STEP-001 entry."""
    return ("FC-STEP-001", name, None, None, {})


def decided(name: str, decision: str = "allow") -> Row:
    """The FC-POL-001 entry."""
    details: dict[str, Json] = {"decision": decision, "policy_id": "p1", "reason": "why"}
    return ("FC-POL-001", name, None, None, details)


def opens(name: str, gate: int = 0) -> Row:
    """The FC-GATE-001 entry."""
    return ("FC-GATE-001", name, None, None, {"gate_id": f"gate {gate}"})


def closes(name: str, decision: str, gate: int = 0) -> Row:
    """The FC-GATE-002 entry."""
    return ("FC-GATE-002", name, None, None, {"gate_id": f"gate {gate}", "decision": decision})


def ended(now: str) -> Row:
    """The FC-RUN-003 entry."""
    return ("FC-RUN-003", None, None, now, {})


APPENDED: list[tuple[Run, Change, list[Row]]] = [
    # start of the first step
    (at("pending"), start(0), [status("pending", "running"), starts("a"), decided("a")]),
    (
        at("pending"),
        start(0, "deny", reason="go"),
        [status("pending", "running", reason="go"), starts("a"), decided("a", "deny")],
    ),
    # start of a further step: no FC-RUN-002, and so no place for a reason
    (
        at("running", 0, "allow"),
        start(1, "flag", reason="on"),
        [ends("a"), starts("b"), decided("b", "flag")],
    ),
    # pause
    (at("running", 1, "allow"), change("paused"), [status("running", "paused")]),
    (at("running", 1, "flag", True), change("paused"), [status("running", "paused")]),
    (
        at("running", 1, "flag"),
        change("paused", reason="ask"),
        [opens("b"), status("running", "paused", reason="ask")],
    ),
    # resume within the step
    (at("paused", 1, "allow"), change("running"), [status("paused", "running")]),
    (
        at("paused", 1, "flag"),
        change("running", reason=""),
        [closes("b", "approved"), status("paused", "running", reason="")],
    ),
    (
        at("paused", 1, "flag"),
        change("running", "b", 1),
        [closes("b", "approved"), status("paused", "running")],
    ),
    # resume into the next step
    (
        at("paused", 0, "allow"),
        start(1),
        [status("paused", "running"), ends("a"), starts("b"), decided("b")],
    ),
    (
        at("paused", 0, "flag"),
        start(1, "deny"),
        [
            closes("a", "approved"),
            status("paused", "running"),
            ends("a"),
            starts("b"),
            decided("b", "deny"),
        ],
    ),
    # complete
    (
        at("running", 2, "allow"),
        change("completed", reason="done"),
        [ends("c"), status("running", "completed", reason="done"), ended("completed")],
    ),
    # fail
    (at("pending"), change("failed"), [status("pending", "failed"), ended("failed")]),
    (
        at("running", 1, "deny"),
        change("failed", reason="no"),
        [ends("b", "failed"), status("running", "failed", reason="no"), ended("failed")],
    ),
    (
        at("paused", 1, "allow"),
        change("failed"),
        [ends("b", "failed"), status("paused", "failed"), ended("failed")],
    ),
    (
        at("paused", 1, "flag"),
        change("failed"),
        [
            closes("b", "rejected"),
            ends("b", "failed"),
            status("paused", "failed"),
            ended("failed"),
        ],
    ),
]


def _appended(run: Run, now: Run) -> list[tuple[object, ...]]:
    assert now.log[: len(run.log)] == run.log
    new_entries = now.log[len(run.log) :]
    assert {now.version} == {each.version for each in new_entries}
    assert {1} == {each.actor for each in new_entries}
    return [entry(run, each) for each in new_entries]


@pytest.mark.parametrize(("run", "asked", "expected"), APPENDED)
def test_each_change_appends_its_entries(run: Run, asked: Change, expected: list[Row]) -> None:
    """One accepted change appends the entries of section 7.2, each kind in its order."""
    found = _appended(run, after(run, asked))
    assert by_kind(list(expected)) == by_kind(found)
    if asked.status in {"completed", "failed"}:
        assert found[-1][0] == "FC-RUN-003"


def test_a_create_appends_one_entry() -> None:
    """The log of a new run is its FC-RUN-001 with new_status pending (7.2)."""
    asked = Creation("w", "2", {"a": 1}, {}, ("t",), ("a",))
    run = create(4, asked, 1, 2, "corr")
    first = Entry(Event.RUN_CREATED, actor=2, version=0, new_status=Status.PENDING)
    assert Run(4, asked, 1, 2, "corr", State(Status.PENDING), log=(first,)) == run
    assert (
        run.current_step, run.step_index, run.started, run.ended
    ) == (None, 0, None, None)  # fmt: skip


def test_an_ungoverned_run_records_decisions_and_no_steps() -> None:
    """FC-POL-001 is written for each decision reported; its step may be null (7.2)."""
    run = after(free("pending"), change("running", "x", 1, "flag"))
    row = {"decision": "flag", "policy_id": "p1", "reason": "why"}
    assert sorted(each.event for each in run.log[1:]) == ["FC-POL-001", "FC-RUN-002"]
    (said,) = (each for each in run.log if each.event is Event.POLICY_DECIDED)
    assert (row, {"x", None}) == (said.details, set(said.step.names if said.step else ()))
    plain = after(run, change("paused"))
    assert sorted(each.event for each in plain.log[3:]) == ["FC-GATE-001", "FC-RUN-002"]


# Fields and times (3.5, 4)


def test_times_are_set_once() -> None:
    """started_at is set by the first change to running, completed_at by the terminal one (3.5)."""
    started = after(new(2), start(0))
    assert (started.started, started.ended) == (1, None)
    going_on = lived(started, change("paused"), change("running"), start(1))
    assert (going_on.started, going_on.ended, going_on.version) == (1, None, 4)
    done = after(going_on, change("completed"))
    assert (done.started, done.ended, done.version) == (1, 5, 5)
    never = after(new(), change("failed"))
    assert (never.started, never.ended) == (None, 1)


@pytest.mark.parametrize(
    ("run", "asked", "expected"),
    [
        (at("running", 2, "allow"), change("completed"), (None, None)),
        (at("running", 2, "allow"), change("completed", output_payload={"x": 1}), ({"x": 1}, None)),
        (at("running", 2, "allow"), change("failed", error_details={}), (None, {})),
        (at("running", 2, "allow"), change("failed", output_payload={"x": 1}), (None, None)),
        (at("running", 2, "allow"), change("paused", error_details={"x": 1}), (None, None)),
    ],
)
def test_payloads_come_with_their_status(
    run: Run, asked: Change, expected: tuple[object, object]
) -> None:
    """output_payload belongs to completed and error_details to failed; others change nothing."""
    now = after(run, asked)
    assert expected == (now.output_payload, now.error_details)


def test_the_run_shows_its_step() -> None:
    """A start shows name and index; a run keeps its step when it is paused or ends (4)."""
    run = after(new(), start(0))
    assert (run.current_step, run.step_index) == ("a", 0)
    run = lived(run, start(1), change("paused", "b", 1), change("failed"))
    assert (run.current_step, run.step_index) == ("b", 1)


@pytest.mark.parametrize(
    ("decision", "cleared"), [("allow", False), ("flag", False), ("deny", False)]
)
def test_a_start_puts_its_decision_in_force(decision: str, cleared: bool) -> None:
    """The next step has its own decision, and no flag cleared before counts for it (3.2)."""
    run = after(at("running", 0, "flag", True), start(1, decision))
    assert State(Status.RUNNING, 1, Decision(decision), cleared) == run.state


# Gates (6)


@pytest.mark.parametrize(
    ("run", "gates"),
    [(at("running", 0, "allow"), 0), (at("running", 0, "flag", True), 0),
     (at("running", 0, "flag"), 1), (free("running"), 0), (free("running", "flag"), 1),
     (free("running", "flag", True), 0)],
)  # fmt: skip
def test_only_a_pause_on_a_flag_opens_a_gate(run: Run, gates: int) -> None:
    """Pausing on a flagged step that is not clear opens one gate; any other pause none (6)."""
    paused = after(run, change("paused"))
    assert gates == len(paused.gates)
    assert (gates == 1) == paused.state.gate_pending
    if gates:
        assert (GateStatus.PENDING, paused.version, None, None, None) == (
            paused.gates[0].status,
            paused.gates[0].opened,
            paused.gates[0].approved_by,
            paused.gates[0].rejection_reason,
            paused.gates[0].resolved,
        )


@pytest.mark.parametrize(
    ("asked", "status_", "approved_by", "rejection"),
    [
        (change("running", reason="fine"), "approved", 2, None),
        (change("running", "b", 1), "approved", 2, None),
        (start(2), "approved", 2, None),
        (change("failed", reason="bad"), "rejected", None, "bad"),
        (change("failed"), "rejected", None, None),
    ],
)
def test_a_gate_closes_with_its_pause(
    asked: Change, status_: str, approved_by: int | None, rejection: str | None
) -> None:
    """Resuming approves in the name of the actor who resumes; failing rejects (6)."""
    (gate,) = after(at("paused", 1, "flag"), asked, actor=2).gates
    expected = Gate(0, StepRef(("b",)), 7, GateStatus(status_), approved_by, rejection, resolved=8)
    assert expected == gate


def test_gates_are_listed_oldest_first_and_never_change_again() -> None:
    """A run that pauses on two flags has two gates, the first as it was resolved (6)."""
    first = lived(new(), start(0, "flag"), change("paused"), change("running"))
    later = lived(first, start(1, "flag"), change("paused"), change("failed", reason="r"))
    assert first.gates == later.gates[:1]
    assert [(gate.status, gate.step.names) for gate in later.gates] == [
        ("approved", ("a",)),
        ("rejected", ("b",)),
    ]
    assert [gate.number for gate in later.gates] == [0, 1]


def test_a_cleared_step_can_be_paused_again_without_a_gate() -> None:
    """A second pause on a step whose flag was cleared opens no second gate (6)."""
    run = lived(new(), start(0, "flag"), change("paused"), change("running"), change("paused"))
    assert len(run.gates) == 1
    assert after(run, change("running")).clear


# Acting on the decision at once (5.3)


def test_an_fc_may_pause_a_flagged_step_at_once() -> None:
    """A start of a flagged step may come back paused, its gate pending, as if told (5.3)."""
    told, own = (each for each in step(new(), start(0, "flag"), 1) if isinstance(each, Run))
    assert (told.state.status, own.state.status) == ("running", "paused")
    assert after(told, change("paused")) == own


def test_an_fc_may_fail_a_denied_step_at_once() -> None:
    """A start of a denied step may come back failed, with error_details of the FC's own (5.3)."""
    told, own = (each for each in step(new(), start(0, "deny"), 1) if isinstance(each, Run))
    failed = after(told, change("failed"))
    assert evolve(failed, error_details=Anything((dict, type(None)))) == own


def test_an_fc_may_act_when_a_resume_starts_the_step() -> None:
    """Resuming into a denied step closes the gate before the run fails (5.3, 6)."""
    own = step(at("paused", 0, "flag"), start(1, "deny"), 1)[1]
    assert isinstance(own, Run)
    assert [gate.status for gate in own.gates] == ["approved"]
    assert State(Status.FAILED, 1, Decision.DENY) == own.state


@pytest.mark.parametrize(
    ("run", "asked", "count"),
    [
        (new(), start(0), 1),
        (at("running", 0, "flag"), change("paused"), 1),
        (at("paused", 0, "flag"), change("running"), 1),
        (at("running", 0, "deny"), change("failed"), 1),
        (new(), start(0, "flag"), 2),
        (new(), start(0, "flag", output_payload={}), 3),
        (new(), change("failed"), 2),
    ],
)
def test_the_number_of_outcomes(run: Run, asked: Change, count: int) -> None:
    """More than one outcome there is only where the contract says may (3.1, 3.2, 5.3)."""
    assert count == len(step(run, asked, 0))


# A field that the change has no use for (3.1), an integral double (1)


@pytest.mark.parametrize(
    ("run", "asked", "codes"),
    [
        (at("running", 0, "allow"), change("paused", decision="allow"), {409, 400, 422}),
        (at("running", 0, "allow"), change("paused", policy=5), {409, 400, 422}),
        (at("paused", 0, "flag"), change("running", decision="deny"), {409, 400, 422}),
        (at("running", 2, "allow"), change("failed", output_payload=5), {409, 400, 422}),
        (at("running", 2, "allow"), change("completed", error_details={}), {409, 400, 422}),
        (new(), start(0, output_payload={}), {409, 400, 422}),
        (new(), change("running", "a", 0.0, "allow"), {400, 413, 415, 422}),
        (new(), change("running", "a", 0.0, "allow", error_details=1), {400, 409, 413, 415, 422}),
        (free("pending"), change("failed", output_payload={}), {409, 400, 422}),
    ],
)
def test_what_has_no_use_may_be_refused_or_ignored(
    run: Run, asked: Change, codes: set[int]
) -> None:
    """Such a change is accepted as if the field were not there, or refused (3.1)."""
    taken, refusal = step(run, asked, 0)
    assert isinstance(taken, Run)
    assert not isinstance(refusal, Run)
    assert (codes, True) == (set(refusal.codes), refusal.rule.optional)
    bare = evolve(asked, useless=False, loose=False)
    if asked.status != "running" or run.state.status == "paused":
        bare = evolve(bare, policy=None)
    assert (taken,) == step(run, bare, 0)[:1]


def test_a_policy_without_use_decides_nothing() -> None:
    """A deny that comes with a resume within the step is not in force afterwards (3.1)."""
    run = after(at("paused", 0, "flag"), change("running", policy=policy("deny")))
    assert State(Status.RUNNING, 0, Decision.FLAG, cleared=True) == run.state
    assert sum(each.event is Event.POLICY_DECIDED for each in run.log) == 0


@pytest.mark.parametrize(
    ("state", "text"),
    [
        (State(), "pending"),
        (State(Status.RUNNING, 1, Decision.FLAG, True), "running, step 1, flag (cleared)"),
        (State(Status.PAUSED, None, Decision.FLAG), "paused, flag"),
        (State(Status.FAILED, 0, Decision.DENY), "failed, step 0, deny"),
    ],
)
def test_a_state_is_described_in_words(state: State, text: str) -> None:
    """A state says its status, step and decision."""
    assert text == str(state)
