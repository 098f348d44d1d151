"""The names on the wire, and nothing else.

Both sides of every conversation spell statuses, events, fields, headers and routes alike, so the
spelling lives here, once. What the names *mean* does not: the model and the embedded Federation
Core each take that from ``contract.md`` by themselves, so that no mistake can be shared.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Final, NamedTuple


class Status(StrEnum):
    """The status of a run (contract section 3)."""

    PENDING = "pending"
    RUNNING = "running"
    PAUSED = "paused"
    COMPLETED = "completed"
    FAILED = "failed"


class Decision(StrEnum):
    """What the policy evaluation of a step came to (section 5)."""

    ALLOW = "allow"
    FLAG = "flag"
    DENY = "deny"


class Event(StrEnum):
    """The kinds of audit log entries that the contract names (section 7.2)."""

    RUN_CREATED = "FC-RUN-001"
    STATUS_CHANGED = "FC-RUN-002"
    RUN_ENDED = "FC-RUN-003"
    STEP_STARTED = "FC-STEP-001"
    STEP_ENDED = "FC-STEP-002"
    POLICY_DECIDED = "FC-POL-001"
    GATE_OPENED = "FC-GATE-001"
    GATE_CLOSED = "FC-GATE-002"


class GateStatus(StrEnum):
    """The status of a gate (section 6)."""

    PENDING = "pending"
    APPROVED = "approved"
    REJECTED = "rejected"


class StepOutcome(StrEnum):
    """``details.outcome`` of an ``FC-STEP-002`` entry (section 7.2)."""

    COMPLETED = "completed"
    FAILED = "failed"


class Dialect(StrEnum):
    """The two sets of routes (section 1)."""

    SEED = "seed"
    DEPLOYED = "deployed"


GATE_TYPE: Final = "human_approval"
DEFAULT_WORKFLOW_VERSION: Final = "1.0.0"
TOKEN_PREFIX: Final = "omega_"
HEALTHY: Final = "healthy"


class Routes(NamedTuple):
    """The paths of the calls (section 1); ``{run_id}`` stands for the id of a run."""

    create: str
    change: str
    read: str
    health: str = "/health"


ROUTES: Final = {
    Dialect.SEED: Routes(
        "/workflows/runs", "/workflows/runs/{run_id}/status", "/workflows/runs/{run_id}"
    ),
    Dialect.DEPLOYED: Routes("/api/fc/runs", "/api/fc/runs/{run_id}", "/api/fc/runs/{run_id}"),
}

HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
"""The name of any header."""
TENANT_HEADER: Final = "X-Tenant-ID"
ACTOR_HEADER: Final = "X-Actor-ID"
CORRELATION_HEADER: Final = "X-Correlation-ID"
IDEMPOTENCY_HEADER: Final = "X-Idempotency-Key"
AUTHORIZATION_HEADER: Final = "Authorization"
TRACE_HEADER: Final = "traceparent"

MAX_BODY_BYTES: Final = 1024 * 1024
MAX_BODY_DEPTH: Final = 64

RUN_FIELDS: Final = (
    "run_id",
    "workflow_id",
    "workflow_version",
    "input_payload",
    "metadata",
    "tags",
    "steps",
    "tenant_id",
    "actor_id",
    "correlation_id",
    "status",
    "current_step",
    "step_index",
    "receipt_chain",
    "workflow_receipt_hash",
    "created_at",
    "updated_at",
    "started_at",
    "completed_at",
    "output_payload",
    "error_details",
)
RUN_TIMES: Final = ("created_at", "started_at", "completed_at", "updated_at")
"""The times of a run, in the order in which they must be (section 2)."""
LOG_FIELDS: Final = (
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
)
GATE_FIELDS: Final = (
    "gate_id",
    "run_id",
    "step_id",
    "gate_type",
    "gate_name",
    "status",
    "created_at",
    "approved_by",
    "rejection_reason",
    "resolved_at",
)
