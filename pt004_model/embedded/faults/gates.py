"""Seeded faults of gates (contract section 6)."""

from __future__ import annotations

import attrs

from pt004_model.embedded.effects import Effects
from pt004_model.embedded.faults.base import Fault
from pt004_model.embedded.records import Change, Gate, Turn
from pt004_model.embedded.store import Store
from pt004_model.vocabulary import Decision, GateStatus


class ApproverIsTheCreator(Fault, Effects):
    """A gate names the creator of the run as its approver, whoever really approved it."""

    def resolve(self, turn: Turn, gate: Gate, status: GateStatus) -> None:
        """Take the actor of the run for the actor of the change."""
        super().resolve(turn, gate, status)
        if status == GateStatus.APPROVED:
            gate.approved_by = turn.run.actor_id


class ApprovedStepAsksAgain(Fault, Effects):
    """Pausing a flagged step that was approved already opens a second gate for it."""

    def needs_gate(self, turn: Turn) -> bool:
        """Look at the decision and forget the approval."""
        return turn.run.decision == Decision.FLAG


class RejectedGateStaysPending(Fault, Effects):
    """A run that fails while it waits leaves its gate open: somebody is asked for ever."""

    def close_gate(self, turn: Turn, status: GateStatus) -> None:
        """Close a gate only when it is approved."""
        if status == GateStatus.APPROVED:
            super().close_gate(turn, status)


class RejectionReasonLost(Fault, Effects):
    """A rejected gate does not keep the reason that was given for it."""

    def resolve(self, turn: Turn, gate: Gate, status: GateStatus) -> None:
        """Forget to copy the reason."""
        super().resolve(turn, gate, status)
        gate.rejection_reason = None


class GatesNewestFirst(Fault, Store):
    """The gates of a run are listed newest first, so that the first is not the first."""

    def gates(self, run_id: str) -> list[Gate]:
        """Sort the wrong way round."""
        return super().gates(run_id)[::-1]


class NoGateOnTheLastStep(Fault, Effects):
    """Pausing at a flagged last step opens no gate: no approval is ever on record."""

    def needs_gate(self, turn: Turn) -> bool:
        """Ask only where another step follows."""
        last = turn.run.governed and turn.run.step_index == len(turn.run.step_ids) - 1
        return super().needs_gate(turn) and not last


class ResumeOnwardLeavesTheGate(Fault, Effects):
    """Resuming straight into the next step leaves the gate of the step before pending."""

    def close_gate(self, turn: Turn, status: GateStatus) -> None:
        """Close a gate only when the run stays at its step."""
        named = turn.change.step_index if turn.change is not None else None
        if named in (None, turn.run.step_index):
            super().close_gate(turn, status)


class FailureRejectsOldGates(Fault, Effects):
    """When a run fails, approvals that were given long ago turn into rejections."""

    def fail(self, turn: Turn, change: Change) -> None:
        """Reject all gates of the run."""
        super().fail(turn, change)
        for gate in self.store.gates(turn.run.run_id):
            gate.status = GateStatus.REJECTED
            self.store.save_gate(gate)


class SecondGateNamesTheFirstStep(Fault, Effects):
    """The second gate of a run names the step of the first: the wrong work is approved."""

    def new_gate(self, turn: Turn) -> Gate:
        """Copy the step from an earlier gate."""
        gate = super().new_gate(turn)
        earlier = self.store.gates(turn.run.run_id)
        return attrs.evolve(gate, step_id=earlier[0].step_id) if earlier else gate


class RejectionTimeMissing(Fault, Effects):
    """A rejected gate does not say when it was resolved."""

    def resolve(self, turn: Turn, gate: Gate, status: GateStatus) -> None:
        """Set the time of approvals only."""
        super().resolve(turn, gate, status)
        if status == GateStatus.REJECTED:
            gate.resolved_at = None


class EveryPauseAsksAfterAFlag(Fault, Effects):
    """Once a step of a run was flagged, pausing at any later step asks for an approval."""

    def needs_gate(self, turn: Turn) -> bool:
        """Remember the flag for the whole run."""
        flagged_before = bool(self.store.gates(turn.run.run_id))
        allowed = turn.run.decision == Decision.ALLOW
        return super().needs_gate(turn) or (flagged_before and allowed)
