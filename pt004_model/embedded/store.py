"""Runs, log entries, gates and idempotency keys in SQLite (section 13).

There is one connection, used by one event loop, and a call never awaits between its first read
and its commit: calls are linearizable by construction. A write-ahead log makes a commit survive
the death of the process.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import attrs

from pt004_model.embedded.records import Answer, Call, Gate, Receipt, Run

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS runs (
    run_id TEXT PRIMARY KEY, tenant_id, actor_id, correlation_id, workflow_id, workflow_version,
    input_payload, metadata, tags, steps, created_at, updated_at, status, current_step,
    step_index, decision, cleared, started_at, completed_at, output_payload, error_details,
    workflow_receipt_hash
);
CREATE TABLE IF NOT EXISTS receipts (
    run_id TEXT, position INTEGER, receipt_hash TEXT, entry TEXT, PRIMARY KEY (run_id, position)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS gates (
    gate_id TEXT PRIMARY KEY, run_id, step_id, gate_type, gate_name, status, created_at,
    approved_by, rejection_reason, resolved_at
);
CREATE INDEX IF NOT EXISTS gates_of_a_run ON gates (run_id);
CREATE TABLE IF NOT EXISTS keys (
    tenant_id TEXT, key TEXT, method TEXT, path TEXT, body TEXT, status INTEGER, answer TEXT,
    PRIMARY KEY (tenant_id, key)
) WITHOUT ROWID;
"""
_ADD_RUN: Final = "INSERT INTO runs VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
_SAVE_RUN: Final = """
UPDATE runs SET updated_at = ?, status = ?, current_step = ?, step_index = ?, decision = ?,
    cleared = ?, started_at = ?, completed_at = ?, output_payload = ?, error_details = ?,
    workflow_receipt_hash = ?
WHERE run_id = ?
"""


class Store:
    """Everything that outlives a call."""

    def __init__(self, file: Path | None = None) -> None:
        """Open a database file, or one of our own, which leaves the memory when it grows."""
        place = "" if file is None else file
        # calls come one at a time, but a test client makes each of them in a thread of its own
        self.db = sqlite3.connect(place, isolation_level=None, check_same_thread=False)
        self.db.execute("PRAGMA journal_mode = WAL")
        self.db.execute("PRAGMA synchronous = NORMAL")
        self.db.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the database."""
        self.db.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Make what is written within one change: all of it is stored, or nothing."""
        self.db.execute("BEGIN IMMEDIATE")
        try:
            yield
            self.db.execute("COMMIT")
        except BaseException:
            if self.db.in_transaction:
                self.db.execute("ROLLBACK")
            raise

    def latest_time(self) -> str:
        """Return the latest time at which anything changed, empty if nothing ever did."""
        (latest,) = self.db.execute("SELECT max(updated_at) FROM runs").fetchone()
        return latest or ""

    # Runs

    def add_run(self, run: Run) -> None:
        """Store a new run."""
        self.db.execute(_ADD_RUN, attrs.astuple(run, recurse=False))

    def find_run(self, tenant: str, run_id: str) -> Run | None:
        """Find a run that the tenant may see (section 9)."""
        row = self.db.execute(
            "SELECT * FROM runs WHERE run_id = ? AND tenant_id = ?", (run_id, tenant)
        ).fetchone()
        return None if row is None else Run(*row)

    def save_run(self, run: Run) -> None:
        """Store what a change can change of a run."""
        self.db.execute(
            _SAVE_RUN,
            (
                run.updated_at,
                run.status,
                run.current_step,
                run.step_index,
                run.decision,
                run.cleared,
                run.started_at,
                run.completed_at,
                run.output_payload,
                run.error_details,
                run.workflow_receipt_hash,
                run.run_id,
            ),
        )

    # Log entries

    def add_receipts(self, run_id: str, position: int, receipts: list[Receipt]) -> None:
        """Append log entries; the first of them gets the given position."""
        self.db.executemany(
            "INSERT INTO receipts VALUES (?, ?, ?, ?)",
            [
                (run_id, position + offset, receipt.receipt_hash, receipt.text)
                for offset, receipt in enumerate(receipts)
            ],
        )

    def entries(self, run_id: str) -> list[str]:
        """Return the log entries of a run as JSON texts, oldest first."""
        rows = self.db.execute(
            "SELECT entry FROM receipts WHERE run_id = ? ORDER BY position", (run_id,)
        )
        return [entry for (entry,) in rows]

    def chain(self, run_id: str) -> list[str]:
        """Return the receipt hashes of a run, oldest first."""
        rows = self.db.execute(
            "SELECT receipt_hash FROM receipts WHERE run_id = ? ORDER BY position", (run_id,)
        )
        return [receipt_hash for (receipt_hash,) in rows]

    # Gates

    def add_gate(self, gate: Gate) -> None:
        """Store a new gate."""
        self.db.execute(
            "INSERT INTO gates VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", attrs.astuple(gate)
        )

    def gates(self, run_id: str) -> list[Gate]:
        """Return the gates of a run, oldest first."""
        rows = self.db.execute("SELECT * FROM gates WHERE run_id = ? ORDER BY rowid", (run_id,))
        return [Gate(*row) for row in rows]

    def pending_gate(self, run_id: str) -> Gate | None:
        """Return the gate of a run that waits for approval; there is at most one."""
        row = self.db.execute(
            "SELECT * FROM gates WHERE run_id = ? AND status = 'pending'", (run_id,)
        ).fetchone()
        return None if row is None else Gate(*row)

    def save_gate(self, gate: Gate) -> None:
        """Store how a gate was resolved."""
        self.db.execute(
            "UPDATE gates SET status = ?, approved_by = ?, rejection_reason = ?, resolved_at = ?"
            " WHERE gate_id = ?",
            (
                gate.status,
                gate.approved_by,
                gate.rejection_reason,
                gate.resolved_at,
                gate.gate_id,
            ),
        )

    # Idempotency keys

    def add_key(self, tenant: str, key: str, call: Call, body: str, answer: Answer) -> None:
        """Remember the request that a key was used with, and its answer."""
        self.db.execute(
            "INSERT INTO keys VALUES (?, ?, ?, ?, ?, ?, ?)",
            (tenant, key, call.method, call.path, body, answer.status, answer.text),
        )

    def find_key(self, tenant: str, key: str) -> tuple[tuple[str, str, str], Answer] | None:
        """Return the (method, path, body) that a key was used with, and the answer it got."""
        row = self.db.execute(
            "SELECT method, path, body, status, answer FROM keys WHERE tenant_id = ? AND key = ?",
            (tenant, key),
        ).fetchone()
        if row is None:
            return None
        method, path, body, status, answer = row
        return (method, path, body), Answer(status, answer)
