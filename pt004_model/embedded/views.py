"""What an accepted call is answered with: the envelope of section 1, as JSON text."""

from __future__ import annotations

import attrs

from pt004_model.embedded.records import Gate, Run, to_json


class Views:
    """Writes runs, logs and gates as they are served, splicing in what is stored as JSON text."""

    def envelope(self, run: str, entries: list[str], gates: list[str]) -> str:
        """Write the envelope; what was not asked for is empty."""
        return f'{{"run":{run},"logs":[{",".join(entries)}],"gates":[{",".join(gates)}]}}'

    def run(self, run: Run, chain: list[str]) -> str:
        """Write a run with every field of section 2."""
        plain = to_json(self.plain_fields(run, chain))
        texts = ",".join(f'"{name}":{text or "null"}' for name, text in self.json_fields(run))
        return f"{plain[:-1]},{texts}}}"

    def plain_fields(self, run: Run, chain: list[str]) -> dict[str, object]:
        """Return the fields that are stored as values."""
        return {
            "run_id": run.run_id,
            "workflow_id": run.workflow_id,
            "workflow_version": run.workflow_version,
            "tenant_id": run.tenant_id,
            "actor_id": run.actor_id,
            "correlation_id": run.correlation_id,
            "status": run.status,
            "current_step": run.current_step,
            "step_index": run.step_index,
            "receipt_chain": chain,
            "workflow_receipt_hash": run.workflow_receipt_hash,
            "created_at": run.created_at,
            "updated_at": run.updated_at,
            "started_at": run.started_at,
            "completed_at": run.completed_at,
        }

    def json_fields(self, run: Run) -> list[tuple[str, str | None]]:
        """Return the fields that are stored as JSON texts."""
        return [
            ("input_payload", run.input_payload),
            ("metadata", run.metadata),
            ("tags", run.tags),
            ("steps", run.steps),
            ("output_payload", run.output_payload),
            ("error_details", run.error_details),
        ]

    def gate(self, gate: Gate) -> str:
        """Write a gate with every field of section 6."""
        return to_json(attrs.asdict(gate))
