"""Seeded faults of what happens by itself after a while (contract sections 3, 6, 10 and 13)."""

from __future__ import annotations

from datetime import UTC, datetime

import attrs

from pt004_model.embedded.core import Core
from pt004_model.embedded.faults.base import Fault
from pt004_model.embedded.idempotency import Keys
from pt004_model.embedded.records import Answer, Call, Gate, Run
from pt004_model.embedded.store import Store
from pt004_model.vocabulary import GateStatus, Status


def age(moment: str | None) -> float:
    """Return the seconds since a moment as it is stored."""
    if moment is None:
        return 0.0
    return (datetime.now(UTC) - datetime.fromisoformat(moment)).total_seconds()


class KeysAreForgottenSoon(Fault, Keys):
    """A request that is repeated after two seconds is applied once more."""

    def recall(self, call: Call) -> Answer | None:
        """Look for the key in a cache that does not keep it."""
        answer = super().recall(call)
        if answer is not None and age(answer.text.partition('"updated_at":"')[2][:27]) > 2:
            query = "DELETE FROM keys WHERE tenant_id = ? AND key = ?"
            self.store.db.execute(query, (self.owner(call), self.key(call)))
            return None
        return answer


class ResumedRunsTimeOut(Fault, Store):
    """A run that was paused and resumed fails some seconds later: nobody stopped the timer."""

    def find_run(self, tenant: str, run_id: str) -> Run | None:
        """Let the timer of the pause expire."""
        run = super().find_run(tenant, run_id)
        if run is not None and run.cleared and run.status == Status.RUNNING:
            run.status = Status.FAILED if age(run.updated_at) > 2.5 else run.status
        return run


class EndedRunsAreArchived(Fault, Store):
    """A run that ended five seconds ago can no longer be found."""

    def find_run(self, tenant: str, run_id: str) -> Run | None:
        """Look among what is not archived."""
        run = super().find_run(tenant, run_id)
        return None if run is not None and age(run.completed_at) > 5 else run


class PendingRunsExpire(Fault, Store):
    """A run that nobody has started is failed after four seconds."""

    def find_run(self, tenant: str, run_id: str) -> Run | None:
        """Sweep what waits."""
        run = super().find_run(tenant, run_id)
        if run is not None and run.status == Status.PENDING and age(run.created_at) > 4:
            run.status = Status.FAILED
        return run


class PayloadsExpire(Fault, Store):
    """The input payload of a run is gone seven seconds after it was created."""

    def find_run(self, tenant: str, run_id: str) -> Run | None:
        """Keep payloads in a cache."""
        run = super().find_run(tenant, run_id)
        if run is not None and age(run.created_at) > 7:
            run.input_payload = "{}"
        return run


class GatesApproveThemselves(Fault, Store):
    """A gate that has waited for three seconds is approved by nobody."""

    def gates(self, run_id: str) -> list[Gate]:
        """Escalate what waits."""
        return [
            attrs.evolve(gate, status=GateStatus.APPROVED, resolved_at=gate.created_at)
            if gate.status == GateStatus.PENDING and age(gate.created_at) > 3
            else gate
            for gate in super().gates(run_id)
        ]


class OldEntriesAreRotated(Fault, Core):
    """Of a run that has not changed for two seconds the log shows only the newest entry."""

    def read(self, tenant: str, run_id: str, *, logs: bool, gates: bool) -> Answer:
        """Read what is left after a rotation."""
        run = self.known_run(tenant, run_id)
        if not logs or age(run.updated_at) <= 2:
            return super().read(tenant, run_id, logs=logs, gates=gates)
        chain, entries = self.store.chain(run_id), self.store.entries(run_id)
        shown = [self.views.gate(gate) for gate in self.store.gates(run_id)] if gates else []
        return Answer(200, self.views.envelope(self.views.run(run, chain), entries[-1:], shown))
