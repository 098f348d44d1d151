"""Rows for the checks of the log, its receipts, and the gates."""

from __future__ import annotations

from typing import Final

from pt004_model.model.commands import ReadRun
from pt004_model.model.values import Json
from tests.habits import PLAIN
from tests.judge.helpers import (
    CREATE,
    DONE,
    FLAGGED,
    ONE,
    PAUSED,
    READ,
    REJECTED,
    RESUMED,
    STARTED,
    Row,
    Tamper,
    change,
    create,
    drop,
    edited,
    in_turn,
    moved,
    put,
    start,
)
from tests.stub import JsonObject

_PAUSE: Final = change("paused")
_RESUME: Final = change("running", actor=1)
_FAIL: Final = change("failed", reason="too risky")
_START: Final = start("a", 0)
_END: Final = change("completed")
_ORDER: Final = frozenset({"gates.resolved-at"})
_CHAIN: Final = frozenset({"receipts.chain"})


def _further(index: int, **fields: Json) -> Tamper:
    """A copy of the entry at ``index``, put after it under other names."""

    def edit(body: JsonObject) -> None:
        log = body["logs"]
        assert isinstance(log, list)
        entry = log[index]
        assert isinstance(entry, dict)
        at = len(log) + index + 1 if index < 0 else index + 1
        log.insert(at, {**entry, "log_id": "more", "event_type": "FC-MORE-001", **fields})

    return edited(edit)


def _swapped(one: int, other: int, *, sealed: bool = True) -> Tamper:
    """Two entries of the log in each other's place."""

    def edit(body: JsonObject) -> None:
        log = body["logs"]
        assert isinstance(log, list)
        log[one], log[other] = log[other], log[one]

    return edited(edit, sealed=sealed)


def _longer_chain(body: JsonObject) -> None:
    run = body["run"]
    assert isinstance(run, dict)
    chain = run["receipt_chain"]
    assert isinstance(chain, list)
    chain.append("0" * 64)


_longer: Final = edited(_longer_chain, sealed=False)


def _swapped_receipts(body: JsonObject) -> None:
    run = body["run"]
    assert isinstance(run, dict)
    chain = run["receipt_chain"]
    assert isinstance(chain, list)
    chain[1], chain[2] = chain[2], chain[1]


def _still_pending(body: JsonObject) -> None:
    gates = body["gates"]
    assert isinstance(gates, list)
    assert isinstance(gates[0], dict)
    gates[0] |= {"status": "pending", "approved_by": None, "resolved_at": None}


IN_THE_LOG: Final = frozenset({"audit.gate-id"})
GATES: Final = (
    Row("gates.one-for-each-flagged-pause", PAUSED, READ, put("gates", [])),
    Row("gates.one-for-each-flagged-pause", FLAGGED, READ, put("gates", [{}])),
    Row("gates.status", PAUSED, READ, put("gates.0.status", "approved")),
    Row("gates.status", PAUSED, _RESUME, edited(_still_pending)),
    Row("gates.gate-id", PAUSED, READ, put("gates.0.gate_id", "another")),
    Row("gates.gate-id", FLAGGED, _PAUSE, put("gates.0.gate_id", ""), frozenset({"audit.gate-id"})),
    Row(
        "gates.gate-id", FLAGGED, _PAUSE, put("gates.0.gate_id", None), frozenset({"audit.gate-id"})
    ),
    Row(
        "gates.gate-id", FLAGGED, _PAUSE, put("gates.0.gate_id", True), frozenset({"audit.gate-id"})
    ),
    Row("gates.step-id", PAUSED, READ, put("gates.0.step_id", "b")),
    Row("gates.gate-type", PAUSED, READ, put("gates.0.gate_type", "robot")),
    Row("gates.gate-name", PAUSED, READ, put("gates.0.gate_name", 5)),
    Row("gates.gate-name", PAUSED, READ, drop("gates.0.gate_name")),
    Row("gates.approved-by", PAUSED, READ, put("gates.0.approved_by", "actor_0")),
    Row("gates.approved-by", PAUSED, _RESUME, put("gates.0.approved_by", "actor_0")),
    Row("gates.rejection-reason", PAUSED, _FAIL, put("gates.0.rejection_reason", None)),
    Row("gates.created-at", FLAGGED, _PAUSE, moved("gates.0.created_at", -0.2713)),
    Row("gates.created-at", FLAGGED, _PAUSE, drop("gates.0.created_at")),
    Row("gates.resolved-at", PAUSED, READ, put("gates.0.resolved_at", "2026-02-06T12:00:01Z")),
    Row("gates.resolved-at", PAUSED, _RESUME, put("gates.0.resolved_at", None)),
    Row("gates.resolved-at", PAUSED, _RESUME, moved("gates.0.resolved_at", -0.2), _ORDER),
    Row("gates.resolved-never-changes", RESUMED, READ, moved("gates.0.resolved_at", 0.001)),
    Row("gates.resolved-never-changes", RESUMED, READ, put("gates.0.gate_name", "x")),
    Row(
        "gates.resolved-never-changes",
        REJECTED,
        READ,
        put("gates.0.created_at", "2026-02-06T12:00:00.1Z"),
    ),
    Row(
        "gates.resolved-never-changes",
        PAUSED,
        READ,
        put("gates.0.created_at", "2026-02-06T12:00:00.1Z"),
    ),
)

AUDIT: Final = (
    Row("audit.kinds", (CREATE,), _START, drop("logs.1")),
    Row("audit.kinds", (CREATE,), _START, _further(-1, event_type="FC-STEP-001")),
    Row("audit.kinds", (CREATE,), READ, _further(-1)),
    Row("audit.kinds", (create(),), READ, _further(-1, event_type="FC-STEP-001")),
    Row("audit.event-type", (CREATE,), _START, _further(-1, event_type="")),
    Row("audit.event-type", (CREATE,), _START, _further(-1, event_type=None)),
    Row("audit.first-entry", (), CREATE, in_turn(_further(0), _swapped(0, 1))),
    Row("audit.last-entry", ONE, _END, _further(-1)),
    Row("audit.last-entry", ONE, _END, _swapped(-1, -2)),
    Row(
        "audit.gate-opens-first",
        RESUMED,
        READ,
        _swapped(4, 6),
        frozenset({"audit.times-in-order", "audit.changes-in-order", "receipts.chain"}),
        habits=PLAIN,
    ),
    Row(
        "audit.changes-in-order",
        RESUMED,
        READ,
        _swapped(5, 6),
        frozenset({"audit.times-in-order", "receipts.chain"}),
        habits=PLAIN,
    ),
    Row("audit.step-id", (CREATE,), _START, put("logs.1.step_id", "b")),
    Row("audit.step-id", (CREATE,), _START, put("logs.3.step_id", 5)),
    Row("audit.statuses", (CREATE,), _START, put("logs.3.new_status", "pending")),
    Row("audit.statuses", (CREATE,), _START, put("logs.1.previous_status", 5)),
    Row("audit.statuses", ONE, _END, put("logs.-1.previous_status", "archived")),
    Row("audit.statuses", (), CREATE, put("logs.0.new_status", None)),
    Row("audit.statuses", ONE, _END, put("logs.-1.new_status", "failed")),
    Row("audit.outcome", ONE, change("failed"), put("logs.-3.details.outcome", "completed")),
    Row("audit.reason", PAUSED, _FAIL, put("logs.-2.details", {})),
    Row(
        "audit.gate-id",
        FLAGGED,
        _PAUSE,
        put("logs.-2.details.gate_id", "another"),
    ),
    Row("audit.gate-decision", PAUSED, _FAIL, put("logs.-4.details.decision", "approved")),
    Row("audit.details", (CREATE,), _START, put("logs.-1.details", None)),
    Row("audit.actor", PAUSED, _RESUME, put("logs.-1.actor_id", "actor_0")),
    Row("audit.actor", PAUSED, _RESUME, _further(-1, actor_id="actor_0")),
    Row("audit.message", (CREATE,), _START, put("logs.-1.message", "")),
    Row("audit.log-id", (CREATE,), _START, put("logs.-1.log_id", None)),
    Row(
        "audit.log-id",
        (CREATE,),
        _START,
        in_turn(put("logs.-1.log_id", "twice"), put("logs.-2.log_id", "twice")),
    ),
    Row("audit.timestamp", (CREATE,), _START, moved("logs.-1.timestamp", 9)),
    Row("audit.timestamp", (CREATE,), _START, put("logs.-1.timestamp", 1_770_379_200)),
    Row("audit.times-in-order", (CREATE,), _START, moved("logs.-1.timestamp", -0.001)),
    Row("audit.append-only", STARTED, READ, put("logs.0.message", "rewritten"), _CHAIN),
    Row("audit.append-only", STARTED, READ, drop("logs.-1"), _CHAIN),
)

RECEIPTS: Final = (
    Row(
        "receipts.hash",
        (CREATE,),
        _START,
        put("logs.-1.receipt_hash", "0" * 64, sealed=False),
        _CHAIN,
    ),
    Row("receipts.hash", (CREATE,), _START, put("logs.-1.more", "\ud800", sealed=False)),
    Row("receipts.hash", (CREATE,), _START, put("logs.-1.more", 10**400, sealed=False)),
    Row(
        "receipts.link",
        (CREATE,),
        _START,
        put("logs.-1.previous_receipt_hash", None, sealed=False),
        frozenset({"receipts.hash"}),
    ),
    Row("receipts.link", (*STARTED, _PAUSE), READ, _swapped(1, 4, sealed=False), habits=PLAIN),
    Row("receipts.chain", STARTED, READ, drop("logs.1", sealed=False), habits=PLAIN),
    Row("receipts.chain", STARTED, READ, edited(_swapped_receipts, sealed=False), habits=PLAIN),
    Row("receipts.chain", (CREATE,), READ, put("run.receipt_chain", None, sealed=False)),
    Row("receipts.chain", (CREATE,), READ, put("run.receipt_chain", ["A" * 64], sealed=False)),
    Row("receipts.chain", (CREATE,), READ, put("run.receipt_chain", ["0" * 64], sealed=False)),
    Row("receipts.chain", (CREATE,), READ, put("run.receipt_chain", [], sealed=False)),
    Row(
        "receipts.chain",
        (CREATE,),
        ReadRun(0, logs=False),
        put("run.receipt_chain", ["0" * 64, "1" * 64], sealed=False),
    ),
    Row(
        "receipts.chain",
        (CREATE,),
        ReadRun(0, logs=False),
        _longer,
    ),
    Row("receipts.chain", (CREATE,), READ, put("logs.0.message", "rewritten"), habits=PLAIN),
    Row("receipts.chain", (CREATE,), _START, put("run.receipt_chain.-1", "0" * 64, sealed=False)),
    Row("receipts.chain", (CREATE,), _START, drop("run.receipt_chain.-1", sealed=False)),
    Row(
        "receipts.chain",
        (CREATE,),
        _START,
        put("run.receipt_chain.0", "0" * 64, sealed=False),
        habits=PLAIN,
    ),
    Row(
        "receipts.workflow-hash",
        DONE,
        READ,
        put("run.workflow_receipt_hash", "0" * 64, sealed=False),
    ),
    Row("receipts.workflow-hash", DONE, READ, put("run.workflow_receipt_hash", None)),
    Row("receipts.workflow-hash", STARTED, READ, put("run.workflow_receipt_hash", "0" * 64)),
)
