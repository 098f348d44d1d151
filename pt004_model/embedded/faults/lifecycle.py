"""Seeded faults of the lifecycle (contract section 3)."""

from __future__ import annotations

from datetime import datetime, timedelta

import attrs

from pt004_model.embedded.core import Core
from pt004_model.embedded.effects import Effects
from pt004_model.embedded.faults.base import Fault
from pt004_model.embedded.records import Answer, Call, Change, Policy, Run, Turn
from pt004_model.embedded.refusals import Refused, illegal
from pt004_model.embedded.rules import Rules
from pt004_model.vocabulary import Status


class PausedRunCompletes(Fault, Rules):
    """A run that waits for its approval at the last step can be completed without one."""

    def judge_governed(self, run: Run, change: Change) -> int | None:
        """Treat a paused run like a running one when it is to complete."""
        if (run.status, change.status) == (Status.PAUSED, Status.COMPLETED):
            self.require_last_step(run)
            return None
        return super().judge_governed(run, change)


class LateFailureOverwritesCompletion(Fault, Rules):
    """A failure report that arrives late turns a completed run into a failed one."""

    def judge(self, run: Run, change: Change) -> int | None:
        """Let a failure through wherever the run is."""
        if (run.status, change.status) == (Status.COMPLETED, Status.FAILED):
            return None
        return super().judge(run, change)


class RefusalMovesUpdatedAt(Fault, Core):
    """A refused change of a running run moves its ``updated_at``: it looks alive when it is not."""

    def change(self, call: Call, run_id: str) -> Answer:
        """Touch the run although nothing was accepted."""
        try:
            return super().change(call, run_id)
        except Refused:
            run = self.store.find_run(call.tenant, run_id)
            if run is not None and run.status == Status.RUNNING:
                run.updated_at = self.clock.now()
                self.store.save_run(run)
            raise


class ResumeRestartsTheClock(Fault, Effects):
    """Resuming sets ``started_at`` anew, so that the time a run took is told too short."""

    def first_start(self, turn: Turn) -> None:
        """Set the time at every change to running."""
        turn.run.started_at = turn.now


class FourthPauseRefused(Fault, Core):
    """A run that was paused three times can never be paused again."""

    def apply(self, call: Call, run: Run, change: Change) -> list[str]:
        """Count the pauses in the log."""
        log = "".join(self.store.entries(run.run_id))
        if change.status == Status.PAUSED and log.count('"new_status":"paused"') >= 3:
            raise illegal("the run was paused too often")
        return super().apply(call, run, change)


class PausedRunFailsSilently(Fault, Effects):
    """A run that fails while it is paused loses the error details that were sent."""

    def fail(self, turn: Turn, change: Change) -> None:
        """Keep the details only of a run that was running."""
        kept = change.error_details if turn.run.status == Status.RUNNING else None
        super().fail(turn, attrs.evolve(change, error_details=kept))


class CompletionTimeOfAnotherZone(Fault, Effects):
    """The end of a run is written in another time zone: it seems to end before it starts."""

    def end(self, turn: Turn, status: Status) -> None:
        """Write local time and call it UTC."""
        super().end(turn, status)
        local = datetime.fromisoformat(turn.now) - timedelta(hours=1)
        turn.run.completed_at = local.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class PauseLeavesUpdatedAt(Fault, Effects):
    """Pausing does not move ``updated_at``, so that a poller never notices the pause."""

    def carry_out(
        self, turn: Turn, change: Change, starts: int | None, policy: Policy | None
    ) -> None:
        """Keep the time of the change before."""
        before = turn.run.updated_at
        super().carry_out(turn, change, starts, policy)
        if change.status == Status.PAUSED:
            turn.run.updated_at = before


class PausedRunPausesAgain(Fault, Rules):
    """Pausing a paused run is accepted, and leaves a change in the log that was none."""

    def judge_governed(self, run: Run, change: Change) -> int | None:
        """Take the same status once more."""
        if (run.status, change.status) == (Status.PAUSED, Status.PAUSED):
            return None
        return super().judge_governed(run, change)


class UngovernedRunNeedNotStart(Fault, Rules):
    """A run without declared steps can be completed before it was ever started."""

    def judge_ungoverned(self, run: Run, change: Change) -> None:
        """Let a pending run complete."""
        if (run.status, change.status) != (Status.PENDING, Status.COMPLETED):
            super().judge_ungoverned(run, change)


class ReadCacheMissesPauses(Fault, Core):
    """A run that was read before it was paused is still shown as it was then, while it waits."""

    def read(self, tenant: str, run_id: str, *, logs: bool, gates: bool) -> Answer:
        """Answer from a cache that no pause invalidates."""
        cache = vars(self).setdefault("cache", {})
        fresh = super().read(tenant, run_id, logs=logs, gates=gates)
        key = (run_id, logs, gates)
        if self.known_run(tenant, run_id).status != Status.PAUSED:
            cache[key] = fresh
        cached: Answer = cache.get(key, fresh)
        return cached


class OutputLostAfterApproval(Fault, Effects):
    """A run that needed an approval on its way completes without its output."""

    def complete(self, turn: Turn, change: Change) -> None:
        """Drop the output of a run that has gates."""
        if self.store.gates(turn.run.run_id):
            change = attrs.evolve(change, output_payload=None)
        super().complete(turn, change)


class RunChangesHands(Fault, Core):
    """A run shows the actor of its last change as the one who created it."""

    def apply(self, call: Call, run: Run, change: Change) -> list[str]:
        """Overwrite the creator."""
        chain = super().apply(call, run, change)
        run.actor_id = call.actor
        self.store.db.execute(
            "UPDATE runs SET actor_id = ? WHERE run_id = ?", (call.actor, run.run_id)
        )
        return chain
