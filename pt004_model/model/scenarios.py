"""Scenarios: a sequence of policy decisions, its length the step count; the canonical cases.

A scenario is lived through in the plainest way: each step is started with its decision, a flagged
step is paused and resumed, a denied one fails, and the last step completes the run.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from attrs import frozen

from pt004_model.model.moves import Move
from pt004_model.model.run import Ask, Run
from pt004_model.model.values import Body, Json
from pt004_model.vocabulary import Decision, Status

WORKFLOW_ID: Final = "pt004_execution_spine"
TAGS: Final = ("pt004", "proof_campaign")


@frozen
class Scenario:
    """The decision on each step, in order."""

    decisions: tuple[Decision, ...]

    @property
    def steps(self) -> tuple[str, ...]:
        """The ids of the steps: ``step_1``, ``step_2``, ..."""
        return tuple(f"step_{number}" for number in range(1, len(self.decisions) + 1))

    def __str__(self) -> str:
        """Return the decisions in a row, for people."""
        return " ".join(self.decisions)


def canonical(*, second: Decision = Decision.ALLOW) -> Scenario:
    """Five steps, all allowed but perhaps the second."""
    return Scenario((Decision.ALLOW, second, *(Decision.ALLOW,) * 3))


HAPPY_PATH: Final = canonical()
POLICY_FLAG: Final = canonical(second=Decision.FLAG)
POLICY_DENY: Final = canonical(second=Decision.DENY)
CANONICAL: Final = {
    "happy_path": HAPPY_PATH,
    "policy_flag": POLICY_FLAG,
    "policy_deny": POLICY_DENY,
}


def plain_create(steps: Sequence[str] = ()) -> Body:
    """Return the plainest create of a run with ``steps``; of an ungoverned one without."""
    asked: dict[str, Json] = {"workflow_id": WORKFLOW_ID}
    if steps:
        asked["steps"] = [*steps]
    return Body.of({**asked, "tags": [*TAGS]})


def following(run: Run, scenario: Scenario) -> Move | None:
    """Return the next move of a run that lives through ``scenario``; ``None`` when it has ended."""
    state = run.state
    if state.terminal:
        return None
    here = state.here
    last = here + 1 >= min(run.length, len(scenario.decisions))
    if state.status is Status.PAUSED:
        return Move(Ask.RESUME) if last else Move(Ask.START, scenario.decisions[here + 1])
    if state.decision is Decision.DENY:
        return Move(Ask.FAIL)
    if state.flagged:
        return Move(Ask.PAUSE)
    return Move(Ask.COMPLETE) if last else Move(Ask.START, scenario.decisions[here + 1])
