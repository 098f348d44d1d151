"""The values that the parts of the embedded Federation Core hand to each other.

Whatever the client sent as free JSON (payloads, metadata, tags, steps) is kept as the JSON text
that will be served, so that reading a run never parses or serialises it again.
"""

from __future__ import annotations

import json
from typing import Final

import attrs

from pt004_model.vocabulary import Decision, Status

to_json: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


@attrs.define
class Run:
    """One run as it is stored; the fields are the columns of its row, in order (section 2)."""

    run_id: str
    tenant_id: str
    actor_id: str
    correlation_id: str
    workflow_id: str
    workflow_version: str
    input_payload: str
    metadata: str
    tags: str
    steps: str | None
    created_at: str
    updated_at: str
    status: str = Status.PENDING
    current_step: str | None = None
    step_index: float = 0
    decision: str | None = None
    cleared: bool = False
    started_at: str | None = None
    completed_at: str | None = None
    output_payload: str | None = None
    error_details: str | None = None
    workflow_receipt_hash: str | None = None

    @property
    def governed(self) -> bool:
        """Whether the run was created with steps (section 2)."""
        return self.steps is not None

    @property
    def step_ids(self) -> list[str]:
        """The declared steps in order; empty for an ungoverned run."""
        return list(json.loads(self.steps)) if self.steps is not None else []


@attrs.define
class Gate:
    """One gate as it is stored and served (section 6); the columns of its row, in order."""

    gate_id: str
    run_id: str
    step_id: str | None
    gate_type: str
    gate_name: str
    status: str
    created_at: str
    approved_by: str | None = None
    rejection_reason: str | None = None
    resolved_at: str | None = None


@attrs.frozen
class Receipt:
    """One sealed log entry: its receipt hash and its JSON text as served (section 8)."""

    receipt_hash: str
    text: str


@attrs.frozen
class Create:
    """The body of a create, read and checked (section 2)."""

    workflow_id: str
    workflow_version: str
    input_payload: str
    metadata: str
    tags: str
    steps: str | None


@attrs.frozen
class Policy:
    """What the policy evaluation of a step came to (sections 3.1 and 5)."""

    decision: Decision
    policy_id: str
    reason: str
    rules_triggered: list[str]


@attrs.frozen
class Change:
    """The body of a change, read and checked (section 3.1).

    ``policy`` is as it was sent: whether it is looked at at all depends on the run.
    """

    status: Status
    current_step: str | None = None
    step_index: float | None = None
    policy: object = None
    reason: str | None = None
    output_payload: str | None = None
    error_details: str | None = None


@attrs.frozen
class Call:
    """One POST or PATCH as it came in: who sends it, and what idempotency compares."""

    tenant: str
    actor: str
    correlation: str | None
    key: str | None
    method: str
    path: str
    body: bytes


@attrs.frozen
class Answer:
    """What an accepted call is answered with."""

    status: int
    text: str


@attrs.define
class Turn:
    """One accepted change in the making: the run, who changes it, when, and what it logs."""

    run: Run
    actor: str
    now: str
    change: Change | None = None
    entries: list[dict[str, object]] = attrs.Factory(list)
