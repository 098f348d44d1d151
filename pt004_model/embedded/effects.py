"""What an accepted change does to a run, its gates and its log (sections 3 to 7).

Nothing is judged here: a change that reaches this module is legal.
"""

from __future__ import annotations

from uuid import uuid4

from pt004_model.embedded.audit import Audit
from pt004_model.embedded.records import Change, Gate, Policy, Turn
from pt004_model.embedded.store import Store
from pt004_model.vocabulary import GATE_TYPE, Decision, GateStatus, Status, StepOutcome


class Effects:
    """Carries legal changes out, in the order in which section 7.2 wants them logged."""

    def __init__(self, audit: Audit, store: Store) -> None:
        self.audit = audit
        self.store = store

    def carry_out(
        self, turn: Turn, change: Change, starts: int | None, policy: Policy | None
    ) -> None:
        """Apply one legal change; ``starts`` is the step that it starts, if any."""
        turn.change = change
        match change.status:
            case Status.RUNNING:
                self.go_on(turn, change, starts, policy)
            case Status.PAUSED:
                self.pause(turn, change)
            case Status.COMPLETED:
                self.complete(turn, change)
            case Status.FAILED:
                self.fail(turn, change)
        turn.run.updated_at = turn.now

    def go_on(self, turn: Turn, change: Change, starts: int | None, policy: Policy | None) -> None:
        """Start the run, resume it, or let it go on."""
        run = turn.run
        if run.status == Status.PAUSED:
            self.resume(turn)
        if run.status != Status.RUNNING:
            self.first_start(turn)
            self.set_status(turn, Status.RUNNING)
        if starts is None:
            self.report_position(turn, change)
        else:
            self.start_step(turn, change, starts)
        if policy is not None:
            self.take_decision(turn, policy)

    def first_start(self, turn: Turn) -> None:
        """Remember when the run was first running (section 3.5)."""
        if turn.run.started_at is None:
            turn.run.started_at = turn.now

    def resume(self, turn: Turn) -> None:
        """Approve the pending gate and clear the flag (sections 3.2 and 6)."""
        self.close_gate(turn, GateStatus.APPROVED)
        turn.run.cleared = True

    def start_step(self, turn: Turn, change: Change, index: int) -> None:
        """End the step before, if there is one, and make another current (section 4)."""
        if index > 0:
            self.audit.step_ended(turn, StepOutcome.COMPLETED)
        turn.run.current_step = change.current_step
        turn.run.step_index = index
        self.audit.step_started(turn)

    def report_position(self, turn: Turn, change: Change) -> None:
        """Store where an ungoverned run says it is (section 3.3)."""
        if turn.run.governed:
            return
        if change.current_step is not None:
            turn.run.current_step = change.current_step
        if change.step_index is not None:
            turn.run.step_index = change.step_index

    def take_decision(self, turn: Turn, policy: Policy) -> None:
        """Let a reported decision take force until the next (section 5)."""
        turn.run.decision = policy.decision
        turn.run.cleared = False
        self.audit.policy_decided(turn, policy)

    def pause(self, turn: Turn, change: Change) -> None:
        """Pause the run; on a flagged step that is not clear a gate opens (section 6)."""
        self.report_position(turn, change)
        if self.needs_gate(turn):
            self.open_gate(turn)
        self.set_status(turn, Status.PAUSED)

    def complete(self, turn: Turn, change: Change) -> None:
        """End the run well."""
        self.report_position(turn, change)
        if turn.run.governed:
            self.audit.step_ended(turn, StepOutcome.COMPLETED)
        turn.run.output_payload = change.output_payload
        self.end(turn, Status.COMPLETED)

    def fail(self, turn: Turn, change: Change) -> None:
        """End the run badly, rejecting a gate that is pending (section 6)."""
        self.report_position(turn, change)
        self.close_gate(turn, GateStatus.REJECTED)
        if turn.run.governed and turn.run.current_step is not None:
            self.audit.step_ended(turn, StepOutcome.FAILED)
        turn.run.error_details = change.error_details
        self.end(turn, Status.FAILED)

    def end(self, turn: Turn, status: Status) -> None:
        """Make the run terminal (section 3.4)."""
        self.set_status(turn, status)
        turn.run.completed_at = turn.now
        self.audit.run_ended(turn)

    def set_status(self, turn: Turn, status: Status) -> None:
        """Change the status and log the two statuses."""
        before = turn.run.status
        turn.run.status = status
        self.audit.status_changed(turn, before)

    # Gates (section 6)

    def needs_gate(self, turn: Turn) -> bool:
        """Tell whether a pause now waits for an approval."""
        return turn.run.decision == Decision.FLAG and not turn.run.cleared

    def open_gate(self, turn: Turn) -> None:
        """Open a gate on the current step."""
        gate = self.new_gate(turn)
        self.store.add_gate(gate)
        self.audit.gate_opened(turn, gate)

    def new_gate(self, turn: Turn) -> Gate:
        """Make up a gate that waits for a human."""
        return Gate(
            gate_id=str(uuid4()),
            run_id=turn.run.run_id,
            step_id=turn.run.current_step,
            gate_type=GATE_TYPE,
            gate_name="Approval of a flagged step",
            status=GateStatus.PENDING,
            created_at=turn.now,
        )

    def close_gate(self, turn: Turn, status: GateStatus) -> None:
        """Resolve the pending gate, if there is one."""
        gate = self.store.pending_gate(turn.run.run_id)
        if gate is None:
            return
        self.resolve(turn, gate, status)
        self.store.save_gate(gate)
        self.audit.gate_closed(turn, gate)

    def resolve(self, turn: Turn, gate: Gate, status: GateStatus) -> None:
        """Write down who resolved a gate, how and when."""
        gate.status = status
        gate.resolved_at = turn.now
        if status == GateStatus.APPROVED:
            gate.approved_by = turn.actor
        elif turn.change is not None:
            gate.rejection_reason = turn.change.reason
