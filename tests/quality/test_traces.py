"""What is told of a fault is what a person would write down."""

from __future__ import annotations

import pytest

from pt004_model.drive.replay import Result
from pt004_model.embedded.faults import FAULTS
from pt004_model.mutation_score import Kill
from pt004_model.reproduce import FORMS
from tests.quality.conftest import FORGOTTEN
from tests.quality.reproduced import Examined
from tests.showing import CONFORMS, DIVERGES, UNSURE

UNGOVERNED = 'run 0: create {"workflow_id":"w"}'

TRACES = {
    "pause-leaves-updated-at": (
        UNGOVERNED,
        "run 0: to running",
        "run 0: to paused",
    ),
    "resume-restarts-the-clock": (
        UNGOVERNED,
        "run 0: to running",
        "run 0: to paused",
        "run 0: to running",
    ),
    "late-failure-overwrites-completion": (
        UNGOVERNED,
        "run 0: to running",
        "run 0: to completed",
        "run 0: to failed",
    ),
    "paused-run-completes": (
        "run 0: create with steps step_1",
        "run 0: to running naming step_1 (0) with policy allow",
        "run 0: to paused",
        "run 0: to completed",
    ),
    "step-runs-twice": (
        "run 0: create with steps step_1, step_2",
        "run 0: to running naming step_1 (0) with policy allow",
        "run 0: to running naming step_2 (1) with policy allow",
        "run 0: to running naming step_2 (1) with policy allow",
    ),
    "last-step-may-be-omitted": (
        "run 0: create with steps step_1, step_2, step_3, step_4",
        "run 0: to running naming step_1 (0) with policy allow",
        "run 0: to running naming step_2 (1) with policy allow",
        "run 0: to running naming step_3 (2) with policy allow",
        "run 0: to completed",
    ),
    "denied-step-may-pause": (
        UNGOVERNED,
        "run 0: to running with policy deny",
        "run 0: to paused",
    ),
    "flag-on-last-step-ignored": (
        "run 0: create with steps step_1",
        "run 0: to running naming step_1 (0) with policy flag",
        "run 0: to completed",
    ),
    "approver-is-the-creator": (
        UNGOVERNED,
        "run 0: to running with policy flag",
        "run 0: to paused",
        "run 0: to running [as actor 1]",
        "run 0: read with gates",
    ),
    "rejected-gate-stays-pending": (
        UNGOVERNED,
        "run 0: to running with policy flag",
        "run 0: to paused",
        "run 0: to failed",
        "run 0: read with gates",
    ),
    "stranger-reads-ended-runs": (
        UNGOVERNED,
        "run 0: to failed",
        "run 0: to failed [as the tenant of our name in another case]",
    ),
    "tenants-ignore-case": (
        "run 0: create with steps step_1",
        "run 0: to running [as the tenant of our name in another case]",
    ),
    "payload-cached-by-workflow": (
        'run 0: create {"workflow_id":"w","input_payload":{"k399":[]}}',
        "run 0: to running",
        'run 1: create {"workflow_id":"w"}',
        "run 1: read",
    ),
    "tags-are-deduplicated": ('run 0: create {"workflow_id":"w","tags":["b","b"]}',),
    "duplicate-steps-taken": ("run 0: create with steps step_1, step_1",),
    "log-names-the-creator": (
        UNGOVERNED,
        "run 0: to running [as actor 1]",
        "run 0: read with logs",
    ),
}


@pytest.mark.parametrize("fault", TRACES)
def test_trace(fault: str, all_kills: list[Kill]) -> None:
    """The shrunk trace of the fault is this one, command for command."""
    first = next(kill for kill in all_kills if kill.fault == fault)
    assert TRACES[fault] == first.trace


@pytest.mark.parametrize("fault", [fault for fault in FAULTS if fault not in FORGOTTEN])
def test_trace_shows_the_fault_and_nothing_else(
    fault: str, reproductions: dict[str, Examined]
) -> None:
    """The trace is reproduced where the fault is, fixed where it is not.

    So says the Python form; or it says of both that a replay judges it.
    """
    seen = reproductions[fault]
    assert (Result.REPRODUCED, Result.FIXED) == (seen.seeded, seen.unseeded)
    assert (DIVERGES if seen.judged else UNSURE) == seen.shown
    assert (CONFORMS if seen.judged else UNSURE) == seen.passed
    assert tuple(FORMS) == seen.told


def test_most_findings_are_judged_without_us(
    pytestconfig: pytest.Config, reproductions: dict[str, Examined]
) -> None:
    """Of four findings the Python form judges three or more."""
    if pytestconfig.getoption("--fault"):
        return  # one alone says nothing of all
    judged = [each for each in reproductions.values() if each.judged]
    assert len(judged) >= 0.75 * len(reproductions)
