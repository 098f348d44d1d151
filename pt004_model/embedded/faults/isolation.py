"""Seeded faults of isolation between tenants and between runs (contract section 9)."""

from __future__ import annotations

import attrs

from pt004_model.embedded.bodies import Bodies
from pt004_model.embedded.core import Core
from pt004_model.embedded.faults.base import Fault
from pt004_model.embedded.records import Call, Change, Create, Gate, Run
from pt004_model.embedded.refusals import Refused, unknown_run
from pt004_model.embedded.store import Store
from pt004_model.vocabulary import Status


class StrangerReadsEndedRuns(Fault, Store):
    """Whoever knows the id of an ended run can read it, whatever the tenant."""

    def find_run(self, tenant: str, run_id: str) -> Run | None:
        """Fall back to a look-up without the tenant."""
        row = self.db.execute("SELECT * FROM runs WHERE run_id = ?", (run_id,)).fetchone()
        if row is not None and (run := Run(*row)).status in (Status.COMPLETED, Status.FAILED):
            return run
        return super().find_run(tenant, run_id)


class GateOfAnotherRun(Fault, Store):
    """Resuming a run can approve the gate of another run that waits at a step of the same name."""

    def pending_gate(self, run_id: str) -> Gate | None:
        """Look the gate up by its step, without the run."""
        mine = super().pending_gate(run_id)
        if mine is None:
            return None
        row = self.db.execute(
            "SELECT * FROM gates WHERE step_id IS ? AND status = 'pending' ORDER BY rowid",
            (mine.step_id,),
        ).fetchone()
        return Gate(*row)


class OldRunsForgotten(Fault, Core):
    """A run can no longer be found once forty newer ones exist."""

    def known_run(self, tenant: str, run_id: str) -> Run:
        """Serve the newest runs only."""
        run = super().known_run(tenant, run_id)
        newer = self.store.db.execute(
            "SELECT count(*) FROM runs WHERE rowid > (SELECT rowid FROM runs WHERE run_id = ?)",
            (run_id,),
        ).fetchone()
        if newer[0] >= 40:
            raise unknown_run()
        return run


class StepsCachedByWorkflow(Fault, Core):
    """A run is held to the steps of the first run of its workflow instead of its own."""

    def apply(self, call: Call, run: Run, change: Change) -> list[str]:
        """Judge by cached steps."""
        cache = vars(self).setdefault("cache", {})
        own = run.steps
        if own is not None:
            run.steps = cache.setdefault((run.tenant_id, run.workflow_id), own)
        try:
            return super().apply(call, run, change)
        finally:
            run.steps = own


class StrangerApproves(Fault, Store):
    """Any tenant can read, resume and fail a run that waits for an approval."""

    def find_run(self, tenant: str, run_id: str) -> Run | None:
        """Forget the tenant of paused runs."""
        row = self.db.execute(
            "SELECT * FROM runs WHERE run_id = ? AND (tenant_id = ? OR status = 'paused')",
            (run_id, tenant),
        ).fetchone()
        return None if row is None else Run(*row)


class TenantsIgnoreCase(Fault, Store):
    """Tenants whose names differ in upper and lower case alone share their runs."""

    def find_run(self, tenant: str, run_id: str) -> Run | None:
        """Compare as a careless collation does."""
        row = self.db.execute(
            "SELECT * FROM runs WHERE run_id = ? AND tenant_id = ? COLLATE NOCASE",
            (run_id, tenant),
        ).fetchone()
        return None if row is None else Run(*row)


class LongTenantsAreCut(Fault, Store):
    """Tenants whose names agree in their first hundred characters share their runs."""

    def find_run(self, tenant: str, run_id: str) -> Run | None:
        """Compare what fits into a column."""
        row = self.db.execute(
            "SELECT * FROM runs WHERE run_id = ? AND substr(tenant_id, 1, 100) = ?",
            (run_id, tenant[:100]),
        ).fetchone()
        return None if row is None else Run(*row)


class ForeignRunIsForbidden(Fault, Core):
    """A stranger learns which run ids exist: they are forbidden instead of unknown."""

    def known_run(self, tenant: str, run_id: str) -> Run:
        """Look the run up first, and whose it is afterwards."""
        query = "SELECT tenant_id FROM runs WHERE run_id = ?"
        row = self.store.db.execute(query, (run_id,)).fetchone()
        if row is not None and row[0] != tenant:
            raise Refused(403, "the run belongs to another tenant")
        return super().known_run(tenant, run_id)


class SiblingsPauseToo(Fault, Core):
    """Pausing a run also pauses the other running runs of its workflow."""

    def apply(self, call: Call, run: Run, change: Change) -> list[str]:
        """Update by workflow instead of by run."""
        chain = super().apply(call, run, change)
        if run.status == Status.PAUSED:
            self.store.db.execute(
                "UPDATE runs SET status = 'paused'"
                " WHERE tenant_id = ? AND workflow_id = ? AND status = 'running'",
                (run.tenant_id, run.workflow_id),
            )
        return chain


class DefaultMetadataIsShared(Fault, Bodies):
    """A run created without metadata gets that of the run of its workflow created before it."""

    def create(self, raw: bytes) -> Create:
        """Keep a default that is changed in place."""
        created = super().create(raw)
        shared = vars(self).setdefault("shared", {})
        if created.metadata == "{}":
            return attrs.evolve(created, metadata=shared.get(created.workflow_id, "{}"))
        shared[created.workflow_id] = created.metadata
        return created


class PayloadCachedByWorkflow(Fault, Store):
    """Every run of a workflow shows the input payload of the first that was looked at."""

    def find_run(self, tenant: str, run_id: str) -> Run | None:
        """Cache by workflow instead of by run."""
        run = super().find_run(tenant, run_id)
        if run is not None:
            cache = vars(self).setdefault("cache", {})
            key = (run.tenant_id, run.workflow_id, run.workflow_version)
            run.input_payload = cache.setdefault(key, run.input_payload)
        return run
