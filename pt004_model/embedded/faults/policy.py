"""Seeded faults of policy decisions (contract section 5)."""

from __future__ import annotations

from pt004_model.embedded.bodies import Bodies, JsonObject
from pt004_model.embedded.core import Core
from pt004_model.embedded.effects import Effects
from pt004_model.embedded.faults.base import Fault
from pt004_model.embedded.records import Answer, Call, Change, Policy, Run, Turn
from pt004_model.embedded.refusals import Refused
from pt004_model.embedded.rules import Rules
from pt004_model.vocabulary import Decision, GateStatus, Status


class DeniedStepMayPause(Fault, Rules):
    """A denied run can be paused and then resumed into its next step, as if it were allowed."""

    def is_denied(self, run: Run) -> bool:  # noqa: ARG002 - the signature of the part
        """Forget to look."""
        return False


class FlagOnLastStepIgnored(Fault, Rules):
    """A flag on the last step holds nothing up: the run completes without an approval."""

    def judge_governed(self, run: Run, change: Change) -> int | None:
        """Check the flag only where another step follows."""
        if (run.status, change.status, run.decision) == (
            Status.RUNNING,
            Status.COMPLETED,
            Decision.FLAG,
        ):
            self.require_last_step(run)
            self.require_stay(run, change)
            return None
        return super().judge_governed(run, change)


class ApprovalOutlivesItsStep(Fault, Effects):
    """An approval given for one flagged step also covers a flag on the step right after it."""

    def take_decision(self, turn: Turn, policy: Policy) -> None:
        """Keep the approval when the decision stays the same."""
        approved = turn.run.cleared and turn.run.decision == policy.decision
        super().take_decision(turn, policy)
        turn.run.cleared = approved


class ResumeNeedsNoPolicy(Fault, Core):
    """Resuming into the next step needs no policy decision; without one the step is allowed."""

    def policy_for(self, run: Run, change: Change, starts: int | None) -> Policy | None:
        """Fail open where the run was paused."""
        if starts is not None and change.policy is None and run.status == Status.PAUSED:
            return Policy(Decision.ALLOW, "default", "no decision was sent", [])
        return super().policy_for(run, change, starts)


class UnknownDecisionAllows(Fault, Bodies):
    """A decision that nobody knows counts as allow: the server fails open."""

    def decision(self, policy: JsonObject) -> Decision:
        """Fall back to allow."""
        text = self.required_string(policy, "decision")
        return Decision(text) if text in list(Decision) else Decision.ALLOW


class DenyAfterFlagIsWeaker(Fault, Effects):
    """A deny right after a flagged step counts as a flag: a human can wave it through."""

    def take_decision(self, turn: Turn, policy: Policy) -> None:
        """Never go from flag to deny."""
        flagged = turn.run.decision == Decision.FLAG
        super().take_decision(turn, policy)
        if flagged and policy.decision == Decision.DENY:
            turn.run.decision = Decision.FLAG


class RepeatedFlagNotLogged(Fault, Effects):
    """A flag on the step right after a flagged one is enforced and missing in the audit log."""

    def take_decision(self, turn: Turn, policy: Policy) -> None:
        """Log only what differs from the decision before."""
        repeated = turn.run.decision == policy.decision == Decision.FLAG
        super().take_decision(turn, policy)
        if repeated:
            turn.entries.pop()


class ThirdFlagNeedsNoApproval(Fault, Effects):
    """After two approvals in a run every further flag counts as approved."""

    def take_decision(self, turn: Turn, policy: Policy) -> None:
        """Trust a run that was approved twice."""
        super().take_decision(turn, policy)
        gates = self.store.gates(turn.run.run_id)
        turn.run.cleared = sum(gate.status == GateStatus.APPROVED for gate in gates) >= 2


class SecondAttemptPassesTheFlag(Fault, Core):
    """A flag refuses the next step once; the same attempt made again is accepted."""

    def change(self, call: Call, run_id: str) -> Answer:
        """Clear the flag when a change was refused."""
        try:
            return super().change(call, run_id)
        except Refused as refused:
            run = self.store.find_run(call.tenant, run_id)
            if run is not None and run.status == Status.RUNNING and refused.status == 409:
                run.cleared = True
                self.store.save_run(run)
            raise


class DenyOnLastStepCompletes(Fault, Rules):
    """In a run of four steps or more a deny on the last step does not keep it from completing."""

    def is_clear(self, run: Run) -> bool:
        """Look for a deny only where a step follows."""
        steps = len(run.step_ids)
        if run.decision == Decision.DENY and steps >= 4 and self.current(run) == steps - 1:
            return True
        return super().is_clear(run)


class ReasonOfADecisionOptional(Fault, Bodies):
    """A decision without a reason is taken, and the audit log cannot say why a step ran."""

    def policy(self, value: object) -> Policy:
        """Make up an empty reason."""
        if isinstance(value, dict) and value.get("reason") is None:
            value = {**value, "reason": ""}
        return super().policy(value)


class UngovernedDenyNotBinding(Fault, Rules):
    """A run without declared steps completes after a deny."""

    def judge_ungoverned(self, run: Run, change: Change) -> None:
        """Let a denied run complete."""
        if (run.decision, change.status) != (Decision.DENY, Status.COMPLETED):
            super().judge_ungoverned(run, change)


class ResumeApprovesTheNextStep(Fault, Effects):
    """Resuming into a flagged step approves that step too, before anybody has seen it."""

    def take_decision(self, turn: Turn, policy: Policy) -> None:
        """Clear the flag after the new decision instead of before it."""
        super().take_decision(turn, policy)
        resumed = any(entry["previous_status"] == Status.PAUSED for entry in turn.entries)
        turn.run.cleared = resumed
