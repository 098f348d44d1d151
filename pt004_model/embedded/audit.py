"""The audit log and its receipts (sections 7 and 8): what is written, and how it is sealed."""

from __future__ import annotations

import hashlib
from typing import Final
from uuid import uuid4

import rfc8785

from pt004_model.embedded.records import Gate, Policy, Receipt, Turn, to_json
from pt004_model.vocabulary import Event, StepOutcome

MESSAGES: Final = {
    Event.RUN_CREATED: "The run was created",
    Event.STATUS_CHANGED: "The status of the run changed",
    Event.RUN_ENDED: "The run ended",
    Event.STEP_STARTED: "A step started",
    Event.STEP_ENDED: "A step ended",
    Event.POLICY_DECIDED: "The policy was evaluated",
    Event.GATE_OPENED: "A gate opened and waits for approval",
    Event.GATE_CLOSED: "A gate was resolved",
}


class Audit:
    """Writes the entries of one change in order (section 7.2) and chains them (section 8)."""

    # What happened

    def run_created(self, turn: Turn) -> None:
        """Log ``FC-RUN-001``."""
        self.note(turn, Event.RUN_CREATED, new=turn.run.status)

    def status_changed(self, turn: Turn, before: str) -> None:
        """Log ``FC-RUN-002`` with the two statuses and the reason that was sent, if any."""
        details: dict[str, object] = {}
        if turn.change is not None and turn.change.reason is not None:
            details["reason"] = turn.change.reason
        self.note(
            turn,
            Event.STATUS_CHANGED,
            step=turn.run.current_step,
            previous=before,
            new=turn.run.status,
            details=details,
        )

    def run_ended(self, turn: Turn) -> None:
        """Log ``FC-RUN-003`` with the terminal status."""
        self.note(turn, Event.RUN_ENDED, new=turn.run.status)

    def step_started(self, turn: Turn) -> None:
        """Log ``FC-STEP-001`` of the step that is now current."""
        self.note(turn, Event.STEP_STARTED, step=turn.run.current_step)

    def step_ended(self, turn: Turn, outcome: StepOutcome) -> None:
        """Log ``FC-STEP-002`` of the step that is still current."""
        self.note(turn, Event.STEP_ENDED, step=turn.run.current_step, details={"outcome": outcome})

    def policy_decided(self, turn: Turn, policy: Policy) -> None:
        """Log ``FC-POL-001``, whether the decision blocks anything or not (section 5.4)."""
        details: dict[str, object] = {
            "decision": policy.decision,
            "policy_id": policy.policy_id,
            "reason": policy.reason,
            "rules_triggered": policy.rules_triggered,
        }
        self.note(turn, Event.POLICY_DECIDED, step=turn.run.current_step, details=details)

    def gate_opened(self, turn: Turn, gate: Gate) -> None:
        """Log ``FC-GATE-001``."""
        self.note(turn, Event.GATE_OPENED, step=gate.step_id, details={"gate_id": gate.gate_id})

    def gate_closed(self, turn: Turn, gate: Gate) -> None:
        """Log ``FC-GATE-002`` with what was decided."""
        details: dict[str, object] = {"gate_id": gate.gate_id, "decision": gate.status}
        self.note(turn, Event.GATE_CLOSED, step=gate.step_id, details=details)

    # One entry

    def note(
        self,
        turn: Turn,
        event: Event,
        *,
        step: str | None = None,
        previous: str | None = None,
        new: str | None = None,
        details: dict[str, object] | None = None,
    ) -> None:
        """Add one entry, unsealed yet, to the turn (section 7.1)."""
        turn.entries.append(
            {
                "log_id": self.new_log_id(),
                "run_id": turn.run.run_id,
                "event_type": event,
                "step_id": step,
                "previous_status": previous,
                "new_status": new,
                "actor_id": turn.actor,
                "message": self.message(event),
                "details": details or {},
                "timestamp": self.timestamp(turn),
            }
        )

    def new_log_id(self) -> str:
        """Make up an id that was never used before."""
        return str(uuid4())

    def message(self, event: Event) -> str:
        """Say in words what an event means."""
        return MESSAGES[event]

    def timestamp(self, turn: Turn) -> str:
        """Tell when the change took effect; all its entries share the moment."""
        return turn.now

    # Receipts

    def seal(self, turn: Turn, chain: list[str]) -> list[Receipt]:
        """Chain the entries of a turn behind the receipts that the run has (section 8)."""
        previous = chain[-1] if chain else None
        receipts = []
        for entry in turn.entries:
            receipt = self.seal_one(entry, previous)
            receipts.append(receipt)
            previous = receipt.receipt_hash
        return receipts

    def seal_one(self, entry: dict[str, object], previous: str | None) -> Receipt:
        """Make an entry a receipt: its hash is that of everything else it is served with."""
        served = {**entry, "previous_receipt_hash": previous}
        served["receipt_hash"] = self.hash_of(served)
        return Receipt(str(served["receipt_hash"]), to_json(served))

    def hash_of(self, served: dict[str, object]) -> str:
        """Hash the canonical form of an entry as served."""
        return hashlib.sha256(self.canonical(served)).hexdigest()

    def canonical(self, value: object) -> bytes:
        """Write the RFC 8785 form; no entry holds a number, so none is out of its range."""
        return rfc8785.dumps(value)  # type: ignore[arg-type] # it only reads: any mapping will do

    def workflow_hash(self, chain: list[str]) -> str:
        """Hash the whole chain of a terminal run (section 8)."""
        return hashlib.sha256(self.canonical(chain)).hexdigest()
