"""Seeded faults of the steps of governed runs (contract section 4)."""

from __future__ import annotations

from pt004_model.embedded.effects import Effects
from pt004_model.embedded.faults.base import Fault
from pt004_model.embedded.records import Change, Run, Turn
from pt004_model.embedded.rules import Rules
from pt004_model.vocabulary import Status


class StepRunsTwice(Fault, Rules):
    """A step that is under way can be started once more: its work is done twice."""

    def next_step(self, run: Run, change: Change) -> int:
        """Take the current step for the next one."""
        current = self.current(run)
        if current > 0 and self.names(run, change, current):
            return current
        return super().next_step(run, change)


class LongRunSkipsSteps(Fault, Rules):
    """In a run of six steps or more one step can be left out."""

    def next_step(self, run: Run, change: Change) -> int:
        """Take the step after the next one as well."""
        further = self.current(run) + 2
        if 6 <= len(run.step_ids) > further and self.names(run, change, further):
            return further
        return super().next_step(run, change)


class LastStepMayBeOmitted(Fault, Rules):
    """A run of four steps or more is reported complete although its last step never ran."""

    def require_last_step(self, run: Run) -> None:
        """Count the steps one short."""
        steps = len(run.step_ids)
        if steps >= 4 and self.current(run) == steps - 2:
            return
        super().require_last_step(run)


class IndexAloneNamesAStep(Fault, Rules):
    """From the third step on any id is taken if the index is right: the log names another step."""

    def names(self, run: Run, change: Change, index: int) -> bool:
        """Compare the index only."""
        if index >= 2 and change.current_step is not None:
            return change.step_index == index
        return super().names(run, change, index)


class IdAloneNamesAStep(Fault, Rules):
    """A step can be started without its index, although both are required."""

    def names(self, run: Run, change: Change, index: int) -> bool:
        """Take a missing index for the right one."""
        if index > 0 and change.step_index is None:
            return change.current_step == run.step_ids[index]
        return super().names(run, change, index)


class ResumeJumpsAhead(Fault, Rules):
    """Resuming can skip the next step; only a run that is running is kept from it."""

    def next_step(self, run: Run, change: Change) -> int:
        """Check for a paused run no more than that the step lies ahead."""
        further = self.current(run) + 2
        if run.status == Status.PAUSED and further < len(run.step_ids):
            return further if self.names(run, change, further) else super().next_step(run, change)
        return super().next_step(run, change)


class ResumeGoesBack(Fault, Rules):
    """Resuming can start the step before once more, whose work was done already."""

    def next_step(self, run: Run, change: Change) -> int:
        """Take the step before for the next one."""
        before = self.current(run) - 1
        if run.status == Status.PAUSED and before >= 0 and self.names(run, change, before):
            return before
        return super().next_step(run, change)


class FailedRunForgetsItsStep(Fault, Effects):
    """A run that failed while it was paused no longer shows the step at which it failed."""

    def fail(self, turn: Turn, change: Change) -> None:
        """Reset the step."""
        paused = turn.run.status == Status.PAUSED
        super().fail(turn, change)
        if paused:
            turn.run.current_step = None


class CompletedRunCountsPastItsEnd(Fault, Effects):
    """A completed run shows the index of a step that it does not have."""

    def complete(self, turn: Turn, change: Change) -> None:
        """Count on once more."""
        super().complete(turn, change)
        if turn.run.governed:
            turn.run.step_index += 1


class ResumeMayNameAnotherStep(Fault, Rules):
    """A resume that names another step than the one that waits is taken for the one that waits."""

    def stays(self, run: Run, change: Change) -> bool:
        """Compare the index only."""
        if run.status == Status.PAUSED and change.status == Status.RUNNING:
            return change.step_index in (None, run.step_index)
        return super().stays(run, change)


class StepNamesIgnoreCase(Fault, Rules):
    """A step can be started under a name in other letters, and then no two names agree."""

    def names(self, run: Run, change: Change, index: int) -> bool:
        """Compare in lower case."""
        wanted = run.step_ids[index].lower()
        return change.step_index == index and (change.current_step or "").lower() == wanted
