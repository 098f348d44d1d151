"""What one accepted change appends to a run's history: log entries and gates (sections 6, 7)."""

from __future__ import annotations

from attrs import evolve

from pt004_model.model.asks import Change
from pt004_model.model.history import Entry, Gate, GateRef, StepRef
from pt004_model.vocabulary import Event, GateStatus, Status


class Writing:
    """The entries and gates that one accepted change appends."""

    def __init__(
        self,
        governed: bool,
        current_step: str | None,
        gates: tuple[Gate, ...],
        actor: int,
        version: int,
    ) -> None:
        self.governed = governed
        self.current_step = current_step
        self.actor = actor
        self.version = version
        self.entries: list[Entry] = []
        self.gates = list(gates)

    def step(self, name: str | None) -> StepRef:
        """Return how an entry names a step: exactly, or if ungoverned loosely or not at all."""
        if self.governed:
            return StepRef((name,))
        return StepRef((name, self.current_step, None))

    def add(
        self,
        event: Event,
        step: StepRef | None = None,
        details: dict[str, object] | None = None,
        previous: Status | None = None,
        new: Status | None = None,
    ) -> None:
        """Append an entry."""
        entry = Entry(event, self.actor, self.version, step, previous, new, details or {})
        self.entries.append(entry)

    def open_gate(self, shown: str | None) -> None:
        """Open a gate on the step that the run shows."""
        step = self.step(shown)
        self.gates.append(Gate(len(self.gates), step, opened=self.version))
        self.add(Event.GATE_OPENED, step, {"gate_id": GateRef(len(self.gates) - 1)})

    def close_gate(self, change: Change) -> None:
        """Close the pending gate: a change to running approves it, any other rejects it."""
        gate = self.gates[-1]
        approved = change.status is Status.RUNNING
        verdict = GateStatus.APPROVED if approved else GateStatus.REJECTED
        self.gates[-1] = evolve(
            gate,
            status=verdict,
            resolved=self.version,
            approved_by=self.actor if approved else None,
            rejection_reason=None if approved else change.reason,
        )
        details: dict[str, object] = {"gate_id": GateRef(gate.number), "decision": verdict}
        self.add(Event.GATE_CLOSED, gate.step, details)
