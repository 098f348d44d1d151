"""Scenarios lived through in the plainest way, the canonical cases among them."""

from __future__ import annotations

from typing import Final

from pt004_model.drive.lockstep import Lockstep
from pt004_model.model.commands import ChangeRun, ReadRun
from pt004_model.model.moves import body
from pt004_model.model.scenarios import Scenario, following
from pt004_model.model.values import Body
from pt004_model.search.payloads import creation
from pt004_model.vocabulary import Status

_CALLS_A_STEP: Final = (
    4  # a step is started, paused, resumed and left; more, and the FC goes in circles
)


def live_through(lockstep: Lockstep, scenario: Scenario) -> None:
    """Create a run and take it through ``scenario``, reading it in full after every change."""
    lockstep.do(creation(0, scenario.steps))
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
    lockstep.do(creation(0, ()))
    lockstep.do(ReadRun(0))
    for status in (Status.RUNNING, Status.PAUSED, Status.RUNNING, Status.COMPLETED):
        if not lockstep.drivable(0):
            return
        lockstep.do(ChangeRun(0, Body.of({"status": status.value})))
        lockstep.do(ReadRun(0))
