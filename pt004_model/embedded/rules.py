"""Which changes are legal (sections 3 to 5). Looks at a run and a change, and touches neither."""

from __future__ import annotations

from pt004_model.embedded.records import Change, Run
from pt004_model.embedded.refusals import Refused, illegal
from pt004_model.vocabulary import Decision, Status


class Rules:
    """Refuses what the lifecycle does not allow, and tells which step a legal change starts."""

    def judge(self, run: Run, change: Change) -> int | None:
        """Return the index of the step that the change starts, None if it starts none (3.2)."""
        if self.is_over(run):
            raise illegal(f"the run is {run.status} and never changes again")
        if run.governed:
            return self.judge_governed(run, change)
        self.judge_ungoverned(run, change)
        return None

    # Governed runs (section 3.2)

    def judge_governed(self, run: Run, change: Change) -> int | None:
        """Judge a change of a run whose steps are declared."""
        match (run.status, change.status):
            case (Status.PENDING, Status.RUNNING):
                return self.first_step(run, change)
            case (Status.RUNNING, Status.RUNNING):
                self.require_clear(run)
                return self.next_step(run, change)
            case (Status.PAUSED, Status.RUNNING):
                return None if self.stays(run, change) else self.next_step(run, change)
            case (Status.RUNNING, Status.PAUSED):
                self.require_not_denied(run)
                self.require_stay(run, change)
            case (Status.RUNNING, Status.COMPLETED):
                self.require_last_step(run)
                self.require_clear(run)
                self.require_stay(run, change)
            case (Status.RUNNING | Status.PAUSED, Status.FAILED):
                self.require_stay(run, change)
            case (Status.PENDING, Status.FAILED):
                self.require_no_step(change)
            case _:
                raise self.no_such_way(run, change)
        return None

    def first_step(self, run: Run, change: Change) -> int:
        """Require that the change names step 0."""
        if not self.names(run, change, 0):
            raise illegal("a run starts with its first step; name its id and its index")
        return 0

    def next_step(self, run: Run, change: Change) -> int:
        """Require that the change names the step after the current one."""
        following = self.current(run) + 1
        if following >= len(run.step_ids):
            raise illegal("the run is at its last step")
        if not self.names(run, change, following):
            raise illegal("the next step is the one after the current; name its id and its index")
        return following

    def current(self, run: Run) -> int:
        """Return the index of the current step of a run that was started."""
        return int(run.step_index)

    def names(self, run: Run, change: Change, index: int) -> bool:
        """Tell whether the change names a step, with both its id and its index (section 4)."""
        return change.step_index == index and change.current_step == run.step_ids[index]

    def stays(self, run: Run, change: Change) -> bool:
        """Tell whether the change names no step, or the current one."""
        return change.step_index in (None, run.step_index) and change.current_step in (
            None,
            run.current_step,
        )

    def require_stay(self, run: Run, change: Change) -> None:
        """Refuse a change that names another step than the current one."""
        if not self.stays(run, change):
            raise illegal("this change may name the current step, and no other")

    def require_no_step(self, change: Change) -> None:
        """Refuse a change that names a step of a run that has not started."""
        if change.current_step is not None or change.step_index is not None:
            raise illegal("the run has not started and is at no step")

    def require_last_step(self, run: Run) -> None:
        """Refuse to complete a run before its last step."""
        if self.current(run) != len(run.step_ids) - 1:
            raise illegal("the run has steps left")

    # Ungoverned runs (section 3.3)

    def judge_ungoverned(self, run: Run, change: Change) -> None:
        """Judge a change of a run without declared steps: the same graph, no steps to check."""
        match (run.status, change.status):
            case (Status.RUNNING, Status.RUNNING | Status.COMPLETED):
                self.require_clear(run)
            case (Status.RUNNING, Status.PAUSED):
                self.require_not_denied(run)
            case (Status.PENDING | Status.PAUSED, Status.RUNNING):
                pass
            case (Status.PENDING | Status.RUNNING | Status.PAUSED, Status.FAILED):
                pass
            case _:
                raise self.no_such_way(run, change)

    # Both

    def is_over(self, run: Run) -> bool:
        """Tell whether the run has ended (section 3.4)."""
        return run.status in (Status.COMPLETED, Status.FAILED)

    def is_clear(self, run: Run) -> bool:
        """Tell whether the decision lets the run go on (section 3.2)."""
        if run.decision == Decision.FLAG:
            return run.cleared
        return run.decision != Decision.DENY

    def require_clear(self, run: Run) -> None:
        """Refuse to go on past a decision that holds the run up (section 5.2)."""
        if not self.is_clear(run):
            raise illegal(f"the policy's decision '{run.decision}' holds the run up")

    def require_not_denied(self, run: Run) -> None:
        """Refuse to pause where only failing is left (section 5.2)."""
        if self.is_denied(run):
            raise illegal("the policy denied this step; the run can only fail")

    def is_denied(self, run: Run) -> bool:
        """Tell whether the decision in force is ``deny``."""
        return run.decision == Decision.DENY

    def no_such_way(self, run: Run, change: Change) -> Refused:
        """Refuse a change of status that the graph does not have."""
        return illegal(f"a run that is {run.status} cannot become {change.status}")
