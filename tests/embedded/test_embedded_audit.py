"""Gates, the audit log and receipts (contract sections 6 to 8)."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import rfc8785

from .client import Fc, start


def test_the_log_of_a_happy_path(fc: Fc) -> None:
    """Two allowed steps and a completion log these kinds in this order."""
    run_id = fc.create(2)
    fc.step(run_id, 1)
    fc.step(run_id, 2)
    fc.do(run_id, "completed")
    assert fc.events(run_id) == [
        "FC-RUN-001",
        "FC-RUN-002",
        "FC-STEP-001",
        "FC-POL-001",
        "FC-STEP-002",
        "FC-STEP-001",
        "FC-POL-001",
        "FC-STEP-002",
        "FC-RUN-002",
        "FC-RUN-003",
    ]


def test_the_log_of_a_flag_that_is_approved_within_the_step(fc: Fc) -> None:
    """A pause on a flagged step opens a gate, and resuming closes it."""
    run_id = fc.create(1)
    fc.step(run_id, 1, "flag")
    fc.do(run_id, "paused")
    fc.do(run_id, "running")
    assert fc.events(run_id)[4:] == ["FC-GATE-001", "FC-RUN-002", "FC-GATE-002", "FC-RUN-002"]


def test_the_log_of_a_resume_into_the_next_step(fc: Fc) -> None:
    """Resuming into the next step closes the gate, ends the step and starts the next."""
    run_id = fc.create(2)
    fc.step(run_id, 1, "flag")
    fc.do(run_id, "paused")
    fc.step(run_id, 2)
    assert fc.events(run_id)[6:] == [
        "FC-GATE-002",
        "FC-RUN-002",
        "FC-STEP-002",
        "FC-STEP-001",
        "FC-POL-001",
    ]


def test_the_log_of_a_rejected_gate(fc: Fc) -> None:
    """Failing a run that waits for its approval rejects the gate and fails the step."""
    run_id = fc.create(1)
    fc.step(run_id, 1, "flag")
    fc.do(run_id, "paused")
    fc.do(run_id, "failed", reason="too risky", actor="bob")
    entries = fc.read(run_id)["logs"][6:]
    assert [(entry["event_type"], entry["actor_id"]) for entry in entries] == [
        ("FC-GATE-002", "bob"),
        ("FC-STEP-002", "bob"),
        ("FC-RUN-002", "bob"),
        ("FC-RUN-003", "bob"),
    ]
    gate_id = fc.read(run_id)["gates"][0]["gate_id"]
    assert entries[0]["details"] == {"gate_id": gate_id, "decision": "rejected"}
    assert entries[1]["details"] == {"outcome": "failed"}
    assert entries[2]["details"] == {"reason": "too risky"}
    assert (entries[2]["previous_status"], entries[2]["new_status"]) == ("paused", "failed")
    assert entries[3]["new_status"] == "failed"


def test_what_the_entries_of_a_start_carry(fc: Fc) -> None:
    """Each entry has every field; step and policy entries name their step."""
    run_id = fc.create(1)
    fc.step(run_id, 1, "deny", reason="go")
    entries = fc.read(run_id)["logs"]
    assert all(
        list(entry)
        == [
            "log_id",
            "run_id",
            "event_type",
            "step_id",
            "previous_status",
            "new_status",
            "actor_id",
            "message",
            "details",
            "timestamp",
            "previous_receipt_hash",
            "receipt_hash",
        ]
        for entry in entries
    )
    assert (entries[0]["previous_status"], entries[0]["new_status"]) == (None, "pending")
    assert entries[1]["details"] == {"reason": "go"}
    assert [entry["step_id"] for entry in entries[2:]] == ["s1", "s1"]
    assert entries[3]["details"] == {
        "decision": "deny",
        "policy_id": "p",
        "reason": "because",
        "rules_triggered": [],
    }
    assert len({entry["log_id"] for entry in entries}) == 4
    assert all(entry["message"] for entry in entries)


def test_an_approved_gate(fc: Fc) -> None:
    """A gate is pending while the run is paused; whoever resumes has approved it."""
    run_id = fc.create(1)
    fc.step(run_id, 1, "flag")
    paused = fc.do(run_id, "paused")
    (gate,) = fc.read(run_id)["gates"]
    gate_id, name = gate.pop("gate_id"), gate.pop("gate_name")
    assert gate == {
        "run_id": run_id,
        "step_id": "s1",
        "gate_type": "human_approval",
        "status": "pending",
        "created_at": paused["updated_at"],
        "approved_by": None,
        "rejection_reason": None,
        "resolved_at": None,
    }
    resumed = fc.do(run_id, "running", actor="bob", reason="fine")
    assert fc.read(run_id)["gates"] == [
        {
            **gate,
            "gate_id": gate_id,
            "gate_name": name,
            "status": "approved",
            "approved_by": "bob",
            "resolved_at": resumed["updated_at"],
        }
    ]


def test_gates_are_listed_oldest_first_and_never_change_again(fc: Fc) -> None:
    """Only a flag that is not clear opens a gate, and a resolved gate stays as it is."""
    run_id = fc.create(3)
    fc.step(run_id, 1)
    fc.do(run_id, "paused")
    assert fc.read(run_id)["gates"] == []
    fc.step(run_id, 2, "flag")
    fc.do(run_id, "paused")
    fc.do(run_id, "running")
    fc.do(run_id, "paused")
    (first,) = fc.read(run_id)["gates"]
    fc.step(run_id, 3, "flag")
    fc.do(run_id, "paused")
    fc.do(run_id, "failed", reason="")
    gates = fc.read(run_id)["gates"]
    assert gates[0] == first
    assert [(gate["step_id"], gate["status"]) for gate in gates] == [
        ("s2", "approved"),
        ("s3", "rejected"),
    ]
    assert gates[1]["rejection_reason"] == ""


def check_receipts(envelope: dict[str, Any]) -> None:
    """Recompute every receipt of an envelope from what was served."""
    previous = None
    hashes = []
    for entry in envelope["logs"]:
        rest = {name: value for name, value in entry.items() if name != "receipt_hash"}
        assert entry["previous_receipt_hash"] == previous
        previous = hashlib.sha256(rfc8785.dumps(rest)).hexdigest()
        assert entry["receipt_hash"] == previous
        hashes.append(previous)
    assert envelope["run"]["receipt_chain"] == hashes


def test_receipts_hold_for_any_text(fc: Fc) -> None:
    """Hashes are those of the canonical form whatever strings an entry holds."""
    step, odd = "\u20ac\U0001f600e\u0301\x00\x7f\u2028", 'x"\\/\t\b\u0085\ufffe'
    body = {"workflow_id": "wf", "steps": [step]}
    run_id = fc.post(body).json()["run"]["run_id"]
    policy = {"decision": "flag", "policy_id": odd, "reason": odd, "rules_triggered": [odd]}
    fc.do(run_id, "running", current_step=step, step_index=0, policy=policy, reason=odd)
    envelope = fc.read(run_id)
    assert envelope["run"]["current_step"] == step
    assert envelope["logs"][1]["details"] == {"reason": odd}
    check_receipts(envelope)


def test_a_terminal_run_seals_its_chain(fc: Fc) -> None:
    """The workflow receipt appears with the end of the run, and hashes its chain."""
    run_id = fc.create(1)
    assert fc.step(run_id, 1)["workflow_receipt_hash"] is None
    run = fc.do(run_id, "failed")
    chain = json.dumps(run["receipt_chain"], separators=(",", ":")).encode()
    assert run["workflow_receipt_hash"] == hashlib.sha256(chain).hexdigest()
    check_receipts(fc.read(run_id))


def test_logs_and_gates_are_served_on_request(fc: Fc) -> None:
    """A read fills each list only when it is asked to."""
    run_id = fc.create(1)
    fc.step(run_id, 1, "flag")
    fc.do(run_id, "paused")
    for query, logs, gates in (
        ("", 0, 0),
        ("?include_logs=true", 6, 0),
        ("?include_gates=true", 0, 1),
        ("?include_logs=false&include_gates=maybe", 0, 0),
    ):
        envelope = fc.send("GET", f"/workflows/runs/{run_id}{query}").json()
        assert (len(envelope["logs"]), len(envelope["gates"])) == (logs, gates)


def test_a_long_log_is_kept_whole(fc: Fc) -> None:
    """A run of thirty steps logs all of its ninety-four entries."""
    run_id = fc.create(30)
    for number in range(1, 31):
        fc.step(run_id, number)
    fc.do(run_id, "completed")
    envelope = fc.read(run_id)
    assert len(envelope["logs"]) == 94
    check_receipts(envelope)


def test_reads_and_refusals_add_nothing(fc: Fc) -> None:
    """The log is the same after reads and refused changes, and grows at its end alone."""
    run_id = fc.create(2)
    before = fc.step(run_id, 1)
    logs = fc.read(run_id)["logs"]
    fc.refuses(run_id, "completed")
    fc.patch(run_id, {"status": "paused"}, tenant="t2")
    assert fc.read(run_id)["run"] == before
    fc.do(run_id, "running", **start(2))
    assert fc.read(run_id)["logs"][: len(logs)] == logs
