"""Seeded faults that show once the process was killed and started again (contract section 13).

Who is served by one process all the time never sees any of them.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_OID, uuid5

from pt004_model.embedded.audit import Audit
from pt004_model.embedded.core import Core
from pt004_model.embedded.faults.base import Fault
from pt004_model.embedded.idempotency import Keys
from pt004_model.embedded.records import Answer, Call, Receipt, Run, Turn
from pt004_model.embedded.store import Store

_WHILE = 0.003
"""Seconds that another transaction may take, during which the process may die."""


class AnsweredBeforeCommit(Fault, Store):
    """What the last call before a crash was told to be done is not there afterwards."""

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Commit a change when the next one begins."""
        if self.db.in_transaction:
            self.db.execute("COMMIT")
        self.db.execute("BEGIN IMMEDIATE")
        self.db.execute("SAVEPOINT call")
        try:
            yield
        except BaseException:
            self.db.execute("ROLLBACK TO call")
            raise


class KeysAreKeptInMemory(Fault, Store):
    """A call that is repeated after a restart is carried out again."""

    def __init__(self, file: Path | None = None) -> None:
        """Put the keys into a table that ends with the process."""
        super().__init__(file)
        self.db.execute("CREATE TEMP TABLE keys AS SELECT * FROM main.keys WHERE 0")


class GatesAreKeptInMemory(Fault, Store):
    """A gate that waited for its approval is gone after a restart."""

    def __init__(self, file: Path | None = None) -> None:
        """Put the gates into a table that ends with the process."""
        super().__init__(file)
        self.db.execute("CREATE TEMP TABLE gates AS SELECT * FROM main.gates WHERE 0")


class LogIsCommittedBeforeTheRun(Fault, Store):
    """A crash between two transactions leaves entries in the log of what never happened."""

    def add_receipts(self, run_id: str, position: int, receipts: list[Receipt]) -> None:
        """Write the entries in a transaction of their own, before that of the run."""
        super().add_receipts(run_id, position, receipts)
        self.db.execute("COMMIT")
        time.sleep(_WHILE)
        self.db.execute("BEGIN IMMEDIATE")


class KeyIsCommittedAfterTheRun(Fault, Keys):
    """A call that was carried out just before a crash is carried out again under its key."""

    def remember(self, call: Call, answer: Answer) -> None:
        """Write the key in a transaction of its own, after that of the run."""
        self.store.db.execute("COMMIT")
        time.sleep(_WHILE)
        self.store.db.execute("BEGIN IMMEDIATE")
        super().remember(call, answer)


class RefusedChangeIsAppliedOnRecovery(Fault, Core):
    """A change that was refused has taken effect after a restart."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        """Apply what was begun and not noted as done."""
        super().__init__(*arguments, **more)
        self.store.db.execute("CREATE TABLE IF NOT EXISTS begun (run_id TEXT, body BLOB)")
        for run_id, body in self.store.db.execute("SELECT * FROM begun").fetchall():
            named = (json.loads(body).get("status"), run_id)
            self.store.db.execute("UPDATE runs SET status = ? WHERE run_id = ?", named)

    def change(self, call: Call, run_id: str) -> Answer:
        """Note a change before it is judged, and that it was done only where it is accepted."""
        self.store.db.execute("INSERT INTO begun VALUES (?, ?)", (run_id, call.body))
        answer = super().change(call, run_id)
        self.store.db.execute("DELETE FROM begun WHERE run_id = ?", (run_id,))
        return answer


class RunningStepStartsAgainOnRecovery(Fault, Core):
    """A step that was running when the process died is started and logged a second time."""

    def __init__(self, *arguments: Any, **more: Any) -> None:
        """Start the steps of all runs that are running."""
        super().__init__(*arguments, **more)
        rows = "SELECT * FROM runs WHERE status = 'running' AND steps IS NOT NULL"
        for row in self.store.db.execute(rows).fetchall():
            run = Run(*row)
            turn = Turn(run, run.actor_id, self.clock.now())
            self.audit.step_started(turn)
            self.append(turn, self.store.chain(run.run_id))


class RunningRunsFailOnRecovery(Fault, Store):
    """A run that was under way when the process died has failed, and nothing tells of it."""

    def __init__(self, file: Path | None = None) -> None:
        """Give up whatever was running."""
        super().__init__(file)
        self.db.execute("UPDATE runs SET status = 'failed' WHERE status = 'running'")


class LogIdsStartAgain(Fault, Audit):
    """Entries that are written after a restart have the ids of earlier ones."""

    def new_log_id(self) -> str:
        """Count the entries of this process."""
        numbers = vars(self).setdefault("numbers", count(1))
        return str(uuid5(NAMESPACE_OID, str(next(numbers))))


class ChainIsRememberedByTheProcess(Fault, Core):
    """The first entry after a restart links to none before it."""

    def append(self, turn: Turn, chain: list[str]) -> list[str]:
        """Link to the end of the chain that this process has written."""
        chains: dict[str, list[str]] = vars(self).setdefault("chains", {})
        receipts = self.audit.seal(turn, chains.get(turn.run.run_id, []))
        self.store.add_receipts(turn.run.run_id, len(chain), receipts)
        chain = [*chain, *(receipt.receipt_hash for receipt in receipts)]
        chains[turn.run.run_id] = chain
        return chain


class ClearanceIsForgotten(Fault, Store):
    """A step whose flag a human has cleared is held up again after a restart."""

    def __init__(self, file: Path | None = None) -> None:
        """Have every flag bind anew."""
        super().__init__(file)
        self.db.execute("UPDATE runs SET cleared = 0")


class DenyIsForgotten(Fault, Store):
    """A step that the policy has denied may go on after a restart."""

    def __init__(self, file: Path | None = None) -> None:
        """Take every denied step for an allowed one."""
        super().__init__(file)
        self.db.execute("UPDATE runs SET decision = 'allow' WHERE decision = 'deny'")


class PayloadsAreKeptInMemory(Fault, Store):
    """The input of a run is gone after a restart."""

    def __init__(self, file: Path | None = None) -> None:
        """Begin with runs that have none."""
        super().__init__(file)
        self.db.execute("UPDATE runs SET input_payload = '{}'")


class UpdatedByTheRestart(Fault, Store):
    """A restart moves the time of the last change of every run."""

    def __init__(self, file: Path | None = None) -> None:
        """Touch every run."""
        super().__init__(file)
        now = time.strftime("%Y-%m-%dT%H:%M:%S.999999Z", time.gmtime())
        self.db.execute("UPDATE runs SET updated_at = max(updated_at, ?)", (now,))


class PendingGateStopsTheRecovery(Fault, Store):
    """With a gate that waits for its approval the service does not start again."""

    def __init__(self, file: Path | None = None) -> None:
        """Demand that all gates are resolved."""
        super().__init__(file)
        waiting = "SELECT count(*) FROM gates WHERE status = 'pending'"
        if self.db.execute(waiting).fetchone() != (0,):
            raise RuntimeError("a gate is in no known state")
