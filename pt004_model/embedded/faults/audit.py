"""Seeded faults of the audit log (contract section 7)."""

from __future__ import annotations

import json
from itertools import count

import attrs

from pt004_model.embedded.audit import Audit
from pt004_model.embedded.core import Core
from pt004_model.embedded.faults.base import Fault
from pt004_model.embedded.records import Answer, Call, Policy, Receipt, Turn, to_json
from pt004_model.embedded.refusals import Refused
from pt004_model.embedded.store import Store
from pt004_model.vocabulary import Event, Status, StepOutcome


class LogKeepsTheLastFifty(Fault, Store):
    """Of a long run only the last fifty log entries are shown."""

    def entries(self, run_id: str) -> list[str]:
        """Apply a limit that was meant for a page."""
        return super().entries(run_id)[-50:]


class ReadingAPausedRunIsLogged(Fault, Core):
    """Looking at a run that waits adds an entry to its log each time."""

    def read(self, tenant: str, run_id: str, *, logs: bool, gates: bool) -> Answer:
        """Write before reading."""
        run = self.known_run(tenant, run_id)
        if run.status == Status.PAUSED:
            turn = Turn(run, run.actor_id, self.clock.now())
            self.audit.status_changed(turn, run.status)
            self.append(turn, self.store.chain(run_id))
        return super().read(tenant, run_id, logs=logs, gates=gates)


class RefusalIsLogged(Fault, Core):
    """A change that was refused is in the log as if it had happened."""

    def change(self, call: Call, run_id: str) -> Answer:
        """Log in any case."""
        try:
            return super().change(call, run_id)
        except Refused as refused:
            run = self.store.find_run(call.tenant, run_id)
            if run is not None and refused.status == 409:
                turn = Turn(run, call.actor, self.clock.now())
                self.audit.status_changed(turn, run.status)
                self.append(turn, self.store.chain(run_id))
            raise


class LogNamesTheCreator(Fault, Audit):
    """Every entry names the creator of the run, whoever acted."""

    def status_changed(self, turn: Turn, before: str) -> None:
        """Take the actor from the run."""
        super().status_changed(turn, before)
        turn.entries[-1]["actor_id"] = turn.run.actor_id


class ReasonIsTrimmed(Fault, Audit):
    """White space around a reason is gone in the log: it is not what was said."""

    def status_changed(self, turn: Turn, before: str) -> None:
        """Tidy the reason up."""
        if turn.change is not None and turn.change.reason is not None:
            turn.change = attrs.evolve(turn.change, reason=turn.change.reason.strip())
        super().status_changed(turn, before)


class LongReasonIsCut(Fault, Audit):
    """A reason of more than 200 characters loses its end in the log."""

    def status_changed(self, turn: Turn, before: str) -> None:
        """Fit the reason into a column."""
        if turn.change is not None and turn.change.reason is not None:
            turn.change = attrs.evolve(turn.change, reason=turn.change.reason[:200])
        super().status_changed(turn, before)


class FailedStepNeverEnds(Fault, Audit):
    """The step at which a run failed has a beginning in the log, and no end."""

    def step_ended(self, turn: Turn, outcome: StepOutcome) -> None:
        """Log good ends only."""
        if outcome == StepOutcome.COMPLETED:
            super().step_ended(turn, outcome)


class FailedStepLooksCompleted(Fault, Audit):
    """The step at which a run failed is logged as completed."""

    def step_ended(self, turn: Turn, outcome: StepOutcome) -> None:  # noqa: ARG002 - forgotten
        """Copy the outcome from the ordinary case."""
        super().step_ended(turn, StepOutcome.COMPLETED)


class ResumeLooksLikeAStart(Fault, Audit):
    """Resuming is logged as a change from pending: the log tells of a status that was not."""

    def status_changed(self, turn: Turn, before: str) -> None:
        """Copy the statuses from the start."""
        resumed = turn.run.status == Status.RUNNING
        super().status_changed(turn, Status.PENDING if resumed else before)


class EndIsLoggedTooEarly(Fault, Audit):
    """When a waiting run fails, its end is logged before the gate is closed."""

    def seal(self, turn: Turn, chain: list[str]) -> list[Receipt]:
        """Put the entry of the end first."""
        entries = turn.entries
        if (
            entries
            and entries[0]["event_type"] == Event.GATE_CLOSED
            and turn.run.completed_at is not None
        ):
            turn.entries = [entries[-1], *entries[:-1]]
        return super().seal(turn, chain)


class OldDetailsAreCompacted(Fault, Store):
    """Once a long run has ended, the details of its policy decisions are emptied in the log."""

    def entries(self, run_id: str) -> list[str]:
        """Make room."""
        entries = [json.loads(text) for text in super().entries(run_id)]
        if len(entries) >= 12 and entries[-1]["event_type"] == Event.RUN_ENDED:
            for entry in entries:
                if entry["event_type"] == Event.POLICY_DECIDED:
                    entry["details"] = {}
        return [to_json(entry) for entry in entries]


class ResumeOnwardForgetsTheStep(Fault, Audit):
    """Resuming straight into the next step does not log that the step before has ended."""

    def step_ended(self, turn: Turn, outcome: StepOutcome) -> None:
        """Skip the entry when others came before it in the same change."""
        resumed = any(entry["previous_status"] == Status.PAUSED for entry in turn.entries)
        if not resumed or turn.run.status != Status.RUNNING:
            super().step_ended(turn, outcome)


class ReasonOfTheChangeIsThatOfThePolicy(Fault, Audit):
    """If a change comes with a reason, the log gives it as the reason of the policy decision."""

    def policy_decided(self, turn: Turn, policy: Policy) -> None:
        """Mix the two reasons up."""
        if turn.change is not None and turn.change.reason is not None:
            policy = attrs.evolve(policy, reason=turn.change.reason)
        super().policy_decided(turn, policy)


class LogIdsWrapAround(Fault, Audit):
    """Log ids start again after forty entries, so that an id no longer names one entry."""

    def new_log_id(self) -> str:
        """Count in a column that is too small."""
        counter = vars(self).setdefault("counter", count())
        return f"log-{next(counter) % 40}"
