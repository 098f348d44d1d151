"""Scenarios lived through as they come, the canonical cases among them as explicit examples.

State machines cannot carry explicit examples; a property over scenarios can, and it drives the same
lockstep.
"""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import Phase, example, given, seed, settings

from pt004_model.drive.lockstep import Lockstep
from pt004_model.drive.session import Session
from pt004_model.explore.dressing import creation
from pt004_model.explore.strategies import scenarios
from pt004_model.model.commands import ChangeRun, ReadRun
from pt004_model.model.moves import body
from pt004_model.model.scenarios import (
    HAPPY_PATH,
    POLICY_DENY,
    POLICY_FLAG,
    Scenario,
    following,
)
from pt004_model.model.values import Body
from pt004_model.vocabulary import Status

_CALLS_A_STEP = 4  # a step is started, paused, resumed and left; more, and the FC goes in circles


def live_through(lockstep: Lockstep, scenario: Scenario) -> None:
    """Create a run and take it through ``scenario``, reading it in full after every change."""
    lockstep.do(creation(0, scenario, None))
    lockstep.do(ReadRun(0))
    for _ in range(_CALLS_A_STEP * (len(scenario.decisions) + 1)):
        if not lockstep.drivable(0):
            return
        run = lockstep.world.runs[0]
        move = following(run, scenario)
        text = body(run, move) if move is not None else None
        if text is None:
            return
        lockstep.do(ChangeRun(0, text))
        lockstep.do(ReadRun(0))


def live_through_statuses(lockstep: Lockstep) -> None:
    """Create a run without steps and take it through all statuses but failed, reading each time.

    That is what an FC that knows no steps has in place of the canonical cases (section 3.3).
    """
    lockstep.do(creation(0, Scenario(()), None, governed=False))
    lockstep.do(ReadRun(0))
    for status in (Status.RUNNING, Status.PAUSED, Status.RUNNING, Status.COMPLETED):
        if not lockstep.drivable(0):
            return
        lockstep.do(ChangeRun(0, Body.of({"status": status.value})))
        lockstep.do(ReadRun(0))


def scenario_property(
    session: Session, seeded: int, examples: int, count: Callable[[], None] = lambda: None
) -> Callable[[], None]:
    """The property that every scenario is lived through as the model says.

    The canonical cases come first, then ``examples`` generated ones.
    """

    @seed(seeded)
    @settings(
        max_examples=max(examples, 1),
        phases=(Phase.explicit, Phase.generate) if examples else (Phase.explicit,),
        derandomize=False,
        database=None,
        deadline=None,
        print_blob=False,
    )
    @given(scenario=scenarios())
    @example(scenario=HAPPY_PATH)
    @example(scenario=POLICY_FLAG)
    @example(scenario=POLICY_DENY)
    def every_scenario_is_lived_through(scenario: Scenario) -> None:
        count()
        live_through(session.lockstep(), scenario)

    return every_scenario_is_lived_through
