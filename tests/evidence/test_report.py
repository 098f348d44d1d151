"""The lines of a campaign, exactly as they are."""

from __future__ import annotations

import pytest
from attrs import evolve

from pt004_model.evidence.report import (
    coverage_lines,
    finding_lines,
    progress_line,
    result_lines,
)
from pt004_model.explore.campaign import Progress, Result
from pt004_model.judge.oracle import Verdict
from pt004_model.model.coverage import Edge
from tests.evidence.helpers import COVERAGE, found, result


@pytest.mark.parametrize(
    ("progress", "line"),
    [
        (
            Progress(7, 120, 2.0, 30, 606, 0),
            "7 examples, 120 requests, 60 requests/s, coverage 30/606, no findings",
        ),
        (
            Progress(1, 5, 0.0, 0, 606, 1),
            "1 examples, 5 requests, 0 requests/s, coverage 0/606, 1 finding",
        ),
        (
            Progress(400, 9999, 10.0, 606, 606, 12),
            "400 examples, 9999 requests, 1000 requests/s, coverage 606/606, 12 findings",
        ),
    ],
)
def test_progress(progress: Progress, line: str) -> None:
    """Where a campaign stands, in one line."""
    assert line == progress_line(progress)


def test_a_finding() -> None:
    """The check, its sentence, the trace in words, expected and got, how soon and how often."""
    assert list(finding_lines(found())) == [
        "FINDING 0123456789ab  policy.deny-blocks (contract 5.2)",
        "  After deny the run can only fail.",
        "  1. run 0: create with steps a",
        "  2. run 0: to running naming a (0) with policy deny",
        "  3. run 0: to paused",
        "  status",
        "    expected: a refusal with 400, 409, 422 (policy.deny-blocks)",
        "    got:      status 200",
        "  first seen after 17 requests, seen 2 times",
    ]
    once = evolve(found(), occurrences=1)
    assert list(finding_lines(once))[-1] == "  first seen after 17 requests, seen once"


def test_the_coverage_table() -> None:
    """Statuses across, commands down, accepted and refused summed over decisions and positions."""
    edges = {
        Edge("pending", "start-allow", "-", "none", "accepted"): 3,
        Edge("running", "start-allow", "allow", "first", "accepted"): 2,
        Edge("running", "start-allow", "allow", "last", "accepted"): 1,
        Edge("running", "start-allow", "deny", "only", "refused"): 4,
        Edge("completed", "misname", "allow", "only", "refused"): 1,
    }
    head = "coverage (accepted/refused)     pending     running      paused   completed      failed"
    assert list(coverage_lines(edges)) == [
        head,
        "misname                               -           -           -         0/1           -",
        "start-allow                         3/0         3/4           -           -           -",
    ]
    assert list(coverage_lines({})) == [head]


SMALL = [
    "3 examples and 61 requests in 1.2 s, profile dev, seed 42",
    "coverage: 2 of 4 edges of the model",
    "  not driven: paused fail - none refused",
    "  not driven: running skip allow first refused",
    "  never seen: paused-run-resumes",
]


@pytest.mark.parametrize(
    ("made", "lines"),
    [
        (
            result(Verdict.CONFORMS),
            [*SMALL, "CONFORMS: every answer was one that the contract allows"],
        ),
        (
            result(Verdict.UNSURE, why="nothing was sent"),
            [*SMALL, "UNSURE: nothing was sent"],
        ),
        (result(Verdict.DIVERGES, found()), [*SMALL, "DIVERGES: 1 finding"]),
        (
            result(Verdict.DIVERGES, found(), found(), why="it was interrupted", open_calls=2),
            [
                *SMALL,
                "2 calls stayed without an answer",
                "DIVERGES: 2 findings",
                "and the campaign ended early: it was interrupted",
            ],
        ),
    ],
)
def test_the_end(made: Result, lines: list[str]) -> None:
    """Size, seed, coverage with what is missing, and the verdict with its reason."""
    assert lines == list(result_lines(made))


def test_long_lists_are_cut() -> None:
    """Ten edges that were not driven are shown, the others counted."""
    missing = tuple(f"edge {number:02}" for number in range(12))
    made = evolve(
        result(Verdict.CONFORMS), coverage=evolve(COVERAGE, missing=missing, unwitnessed=())
    )
    shown = [line for line in result_lines(made) if line.startswith("  ")]
    assert [f"  not driven: edge {number:02}" for number in range(10)] == shown[:10]
    assert shown[10:] == ["  and 2 more, all in summary.json"]
