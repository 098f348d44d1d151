"""Creating and changing runs (contract sections 2 to 5)."""

from __future__ import annotations

import re

import pytest

from pt004_model.embedded.core import Clock

from .client import Fc, run_of, start

BAD_RULES: list[object] = ["r1", [1], {}]
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")


def at(fc: Fc, where: str, decision: str = "allow") -> str:
    """Bring a run of three steps to a status."""
    run_id = fc.create(3)
    if where == "pending":
        return run_id
    if where == "completed":
        for number in (1, 2, 3):
            fc.step(run_id, number)
        fc.do(run_id, "completed")
        return run_id
    fc.step(run_id, 1, decision)
    if where != "running":
        fc.do(run_id, where)
    return run_id


def test_a_new_run_has_every_field(fc: Fc) -> None:
    """A created run shows what was sent, who sent it, and null where it has no value."""
    answer = fc.post(
        {
            "workflow_id": "wf",
            "workflow_version": "2.1",
            "input_payload": {"a": [1, None, {"b": "x"}]},
            "metadata": {"m": True},
            "tags": ["b", "a", "b"],
            "steps": ["s1", "s2"],
            "unheard_of": 1,
        },
        headers={"X-Correlation-ID": "corr-1"},
    )
    run = run_of(answer)
    made_up = {"run_id", "receipt_chain", "created_at", "updated_at"}
    assert answer.status_code == 201
    assert {name: run[name] for name in run if name not in made_up} == {
        "workflow_id": "wf",
        "workflow_version": "2.1",
        "input_payload": {"a": [1, None, {"b": "x"}]},
        "metadata": {"m": True},
        "tags": ["b", "a", "b"],
        "steps": ["s1", "s2"],
        "tenant_id": "t1",
        "actor_id": "ann",
        "correlation_id": "corr-1",
        "status": "pending",
        "current_step": None,
        "step_index": 0,
        "workflow_receipt_hash": None,
        "started_at": None,
        "completed_at": None,
        "output_payload": None,
        "error_details": None,
    }
    assert run["created_at"] == run["updated_at"]
    assert TIME.fullmatch(run["created_at"])
    assert len(run["receipt_chain"]) == 1


def test_a_new_run_has_defaults(fc: Fc) -> None:
    """What is absent or null gets its default, and a correlation id is made up."""
    run = run_of(fc.post({"workflow_id": "wf", "tags": None, "metadata": None, "steps": None}))
    names = ("workflow_version", "input_payload", "metadata", "tags", "steps")
    assert [run[name] for name in names] == ["1.0.0", {}, {}, [], None]
    assert run["correlation_id"]


def test_the_happy_path_of_five_steps(fc: Fc) -> None:
    """A run of five allowed steps completes and keeps its last step and its output."""
    run_id = fc.create(5)
    for number in range(1, 6):
        run = fc.step(run_id, number)
        assert (run["status"], run["current_step"], run["step_index"]) == (
            "running",
            f"s{number}",
            number - 1,
        )
    run = fc.do(run_id, "completed", output_payload={"done": 1})
    assert (run["status"], run["current_step"], run["step_index"]) == ("completed", "s5", 4)
    assert run["output_payload"] == {"done": 1}
    assert run == fc.read(run_id)["run"]
    times = [run[f"{name}_at"] for name in ("created", "started", "completed", "updated")]
    assert times == sorted(times)


@pytest.mark.parametrize(
    ("where", "to"),
    [
        ("pending", "pending"),
        ("pending", "paused"),
        ("pending", "completed"),
        ("running", "pending"),
        ("running", "completed"),
        ("paused", "pending"),
        ("paused", "paused"),
        ("paused", "completed"),
        ("completed", "pending"),
        ("completed", "running"),
        ("completed", "paused"),
        ("completed", "completed"),
        ("completed", "failed"),
        ("failed", "pending"),
        ("failed", "running"),
        ("failed", "paused"),
        ("failed", "completed"),
        ("failed", "failed"),
    ],
)
def test_what_the_graph_lacks_is_refused(fc: Fc, where: str, to: str) -> None:
    """A change of status that is not in the table is refused with 409 and changes nothing."""
    assert fc.refuses(at(fc, where), to) == 409


@pytest.mark.parametrize(
    "named",
    [
        start(1),
        start(3),
        {**start(2), "step_index": 2},
        {**start(2), "step_index": 0},
        {**start(2), "step_index": None},
        {**start(2), "current_step": None},
        {**start(2), "current_step": "S2"},
        {**start(2), "current_step": ""},
        {},
    ],
)
@pytest.mark.parametrize("number", [1, 2])
def test_only_the_next_step_may_start(fc: Fc, named: dict[str, object], number: int) -> None:
    """A running run refuses to skip, repeat or go back, and half-named steps."""
    run_id = fc.create(4)
    fc.step(run_id, 1)
    if number == 2:
        fc.step(run_id, 2)
    if named == start(3) and number == 2:
        named = start(4)
    assert fc.refuses(run_id, "running", **named) == 409


@pytest.mark.parametrize(
    "named", [start(2), {**start(1), "step_index": None}, {**start(1), "current_step": None}, {}]
)
def test_a_run_starts_with_its_first_step(fc: Fc, named: dict[str, object]) -> None:
    """A pending run refuses to start anywhere but at step 0, named in full."""
    assert fc.refuses(fc.create(3), "running", **named) == 409


@pytest.mark.parametrize("to", ["paused", "failed"])
def test_a_stay_may_name_its_step(fc: Fc, to: str) -> None:
    """Pausing and failing may name the current step by id, by index or both, and no other."""
    for named in ({}, {"current_step": "s1"}, {"step_index": 0}, start(1)):
        run = fc.do(at(fc, "running"), to, **named)
        assert (run["status"], run["current_step"], run["step_index"]) == (to, "s1", 0)
    run_id = at(fc, "running")
    assert fc.refuses(run_id, to, current_step="s2") == 409
    assert fc.refuses(run_id, to, step_index=1) == 409
    assert fc.refuses(run_id, to, current_step="s1", step_index=1) == 409


def test_resuming_within_or_into_the_next_step(fc: Fc) -> None:
    """A paused run resumes where it was, or into the next step, and nowhere else."""
    run_id = at(fc, "paused")
    assert fc.refuses(run_id, "running", **start(3)) == 409
    assert fc.refuses(run_id, "running", step_index=1) == 409
    assert fc.do(run_id, "running", step_index=0)["current_step"] == "s1"
    fc.do(run_id, "paused")
    assert fc.step(run_id, 2)["current_step"] == "s2"
    fc.do(run_id, "paused")
    fc.step(run_id, 3)
    fc.do(run_id, "paused")
    assert fc.refuses(run_id, "running", **start(4)) == 409


def test_completing_early_is_refused(fc: Fc) -> None:
    """A run completes at its last step and not before."""
    run_id = fc.create(2)
    fc.step(run_id, 1)
    assert fc.refuses(run_id, "completed") == 409
    fc.step(run_id, 2)
    assert fc.refuses(run_id, "completed", step_index=0) == 409
    assert fc.do(run_id, "completed", step_index=1)["output_payload"] is None


def test_a_flag_holds_the_run_until_it_was_paused_and_resumed(fc: Fc) -> None:
    """After a flag neither the next step nor completion is legal until the step is clear."""
    run_id = fc.create(2)
    fc.step(run_id, 1, "flag")
    assert fc.refuses(run_id, "running", **start(2)) == 409
    fc.do(run_id, "paused")
    fc.do(run_id, "running")
    fc.step(run_id, 2, "flag")
    assert fc.refuses(run_id, "completed") == 409
    fc.do(run_id, "paused")
    fc.do(run_id, "running")
    fc.do(run_id, "completed")


def test_a_denied_run_can_only_fail(fc: Fc) -> None:
    """After a deny every change but the one to failed is refused."""
    run_id = fc.create(1)
    fc.step(run_id, 1, "deny")
    assert fc.refuses(run_id, "paused") == 409
    assert fc.refuses(run_id, "completed") == 409
    assert fc.refuses(run_id, "running", **start(1)) == 409
    run = fc.do(run_id, "failed", error_details={"why": "denied"}, reason="policy")
    assert (run["status"], run["current_step"]) == ("failed", "s1")
    assert run["error_details"] == {"why": "denied"}


def test_starting_a_step_fails_closed(fc: Fc) -> None:
    """A step without a decision, or with an unknown or half-told one, does not start."""
    run_id = fc.create(1)
    whole = {"decision": "allow", "policy_id": "p", "reason": "r"}
    halves: list[object] = [{**whole, name: None} for name in whole]
    wrong = [{**whole, "decision": "maybe"}, {**whole, "decision": True}, "allow", [whole]]
    lists = [{**whole, "rules_triggered": rules} for rules in BAD_RULES]
    for policy in [None, *halves, *wrong, *lists]:
        assert fc.refuses(run_id, "running", **{**start(1), "policy": policy}) == 422
    fc.do(run_id, "running", **{**start(1), "policy": {**whole, "rules_triggered": None}})


def test_useless_fields_are_ignored(fc: Fc) -> None:
    """Fields that a change has no use for are ignored whatever they hold."""
    run_id = at(fc, "running")
    fc.do(run_id, "paused", policy="?", output_payload=1, error_details=[])
    fc.do(run_id, "running", policy={"decision": "deny", "policy_id": "p", "reason": "r"})
    fc.do(run_id, "paused", policy={"decision": "deny"})
    fc.do(run_id, "running", policy=7)
    run = fc.do(run_id, "failed", output_payload={"x": 1}, policy=[])
    assert (run["output_payload"], run["error_details"]) == (None, None)


def test_a_pending_run_may_fail_but_names_no_step(fc: Fc) -> None:
    """Failing before the start is taken; it was never started, and it is at no step."""
    run_id = fc.create(2)
    assert fc.refuses(run_id, "failed", step_index=0) == 409
    run = fc.do(run_id, "failed")
    assert (run["started_at"], run["completed_at"]) == (None, run["updated_at"])
    assert fc.events(run_id) == ["FC-RUN-001", "FC-RUN-002", "FC-RUN-003"]


def test_updated_at_moves_with_accepted_changes_only(fc: Fc) -> None:
    """Each accepted change moves updated_at; started_at is set once."""
    run_id = fc.create(2)
    created = fc.read(run_id)["run"]["updated_at"]
    first = fc.step(run_id, 1)
    fc.refuses(run_id, "running")
    assert created < first["updated_at"] == fc.read(run_id)["run"]["updated_at"]
    fc.do(run_id, "paused")
    last = fc.do(run_id, "running")
    assert first["started_at"] == last["started_at"] < last["updated_at"]


def test_an_ungoverned_run_keeps_where_it_says_it_is(fc: Fc) -> None:
    """Position is stored as sent with any change and stays when it is absent."""
    run_id = fc.create(None)
    fc.do(run_id, "running", current_step="x", step_index=7)
    run = fc.do(run_id, "running", step_index=10**20)
    assert (run["current_step"], run["step_index"]) == ("x", 1e20)
    assert fc.refuses(run_id, "running", step_index=-1) == 422
    fc.do(run_id, "paused", current_step="y")
    fc.do(run_id, "running")
    run = fc.do(run_id, "completed", step_index=3)
    assert (run["current_step"], run["step_index"]) == ("y", 3)


def test_decisions_bind_an_ungoverned_run(fc: Fc) -> None:
    """A reported flag waits for a pause and a resume; a reported deny leaves only failed."""
    flag, deny = (
        {"decision": decision, "policy_id": "p", "reason": "r"} for decision in ("flag", "deny")
    )
    run_id = fc.create(None)
    fc.do(run_id, "running", policy=flag)
    assert fc.refuses(run_id, "running") == 409
    assert fc.refuses(run_id, "completed") == 409
    fc.do(run_id, "paused")
    fc.do(run_id, "running", policy=flag)
    assert fc.refuses(run_id, "completed") == 409
    fc.do(run_id, "paused")
    fc.do(run_id, "running")
    fc.do(run_id, "running", policy=deny)
    for status in ("running", "paused", "completed"):
        assert fc.refuses(run_id, status) == 409
    fc.do(run_id, "failed")
    gates = fc.read(run_id)["gates"]
    assert [gate["status"] for gate in gates] == ["approved", "approved"]
    assert fc.events(run_id).count("FC-POL-001") == 3


@pytest.mark.parametrize("where", ["pending", "paused", "completed", "failed"])
def test_the_graph_of_an_ungoverned_run(fc: Fc, where: str) -> None:
    """An ungoverned run refuses the same changes of status as a governed one."""
    run_id = fc.create(None)
    if where != "pending":
        fc.do(run_id, "running")
        fc.do(run_id, where)
    refused = {"pending", "paused", "completed"}
    if where in ("completed", "failed"):
        refused |= {"running", "failed"}
    for status in sorted(refused):
        assert fc.refuses(run_id, status) == 409


def test_automatic_enforcement_pauses_a_flagged_step(automatic_fc: Fc) -> None:
    """With enforcement on, the start of a flagged step comes back paused, its gate pending."""
    run_id = automatic_fc.create(2)
    assert automatic_fc.step(run_id, 1, "flag")["status"] == "paused"
    assert [gate["status"] for gate in automatic_fc.read(run_id)["gates"]] == ["pending"]
    automatic_fc.do(run_id, "running")
    assert automatic_fc.step(run_id, 2)["status"] == "running"


def test_automatic_enforcement_fails_a_denied_step(automatic_fc: Fc) -> None:
    """With enforcement on, the start of a denied step comes back failed at that step."""
    run_id = automatic_fc.create(2)
    run = automatic_fc.step(run_id, 1, "deny")
    assert (run["status"], run["current_step"]) == ("failed", "s1")
    assert run["completed_at"] is not None
    assert automatic_fc.events(run_id) == [
        "FC-RUN-001",
        "FC-RUN-002",
        "FC-STEP-001",
        "FC-POL-001",
        "FC-STEP-002",
        "FC-RUN-002",
        "FC-RUN-003",
    ]


def test_automatic_enforcement_leaves_ungoverned_runs_alone(automatic_fc: Fc) -> None:
    """The freedom to act at once is for governed runs only."""
    run_id = automatic_fc.create(None)
    policy = {"decision": "deny", "policy_id": "p", "reason": "r"}
    assert automatic_fc.do(run_id, "running", policy=policy)["status"] == "running"


def test_time_never_goes_backwards() -> None:
    """A clock that starts in the future of the system clock stands still until that has come."""
    assert Clock(not_before="2999-01-01T00:00:00.000000Z").now() == "2999-01-01T00:00:00.000000Z"
