"""The lines of a campaign, exactly as they are."""

from __future__ import annotations

import math

import pytest
from attrs import evolve

from pt004_model.judge.checks import AREAS, CHECKS
from pt004_model.judge.oracle import Verdict
from pt004_model.model.coverage import Edge
from pt004_model.model.replies import NoAnswer, Reply
from pt004_model.report.terminal import (
    by_weight,
    coverage_lines,
    finding_lines,
    progress_line,
    result_lines,
)
from pt004_model.search.results import Progress, Result
from tests.report.helpers import COVERAGE, FINDING, found, result


@pytest.mark.parametrize(
    ("progress", "line"),
    [
        (
            Progress(7, 120, 2.0, 30, 606, 0),
            "7 examples, 120 requests, 60 requests/s, coverage 30/606, no findings",
        ),
        (
            Progress(1, 5, 0.0, 0, 606, 1),
            "1 example, 5 requests, 0 requests/s, coverage 0/606, 1 finding",
        ),
        (
            Progress(400, 9999, 10.0, 606, 606, 12),
            "400 examples, 9999 requests, 1000 requests/s, coverage 606/606, 12 findings",
        ),
        (
            Progress(20, 100, 1.0, 9, 606, 0, total=40, left=67.4),
            "20 examples, 100 requests, 100 requests/s, coverage 9/606, no findings, 1:07 left",
        ),
        (
            Progress(20, 100, 1.0, 9, 606, 1, left=5.0, doing="shrinking abc"),
            "20 examples, 100 requests, 100 requests/s, coverage 9/606, 1 finding, 0:05 left,"
            " shrinking abc",
        ),
    ],
)
def test_progress(progress: Progress, line: str) -> None:
    """Where a campaign stands, in one line."""
    assert line == progress_line(progress)


def test_a_finding_that_was_seen_once() -> None:
    """It is not said to have been seen 1 times."""
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
    head = [
        "coverage (accepted/refused)",
        "                    pending     running      paused   completed      failed",
    ]
    assert list(coverage_lines(edges)) == [
        *head,
        "misname                   -           -           -         0/1           -",
        "start-allow             3/0         3/4           -           -           -",
    ]
    assert list(coverage_lines({})) == head
    assert all(len(line) <= 80 for line in coverage_lines(edges))


ROW = "  0123456789ab critical policy.deny-blocks 3 commands"
KNOWN_ROW = "  0123456789ab critical policy.deny-blocks known"
SURE = evolve(found(), reproduced=(3, 5))
KNOWN = evolve(found(), known=True)
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
            result(Verdict.DIVERGES, found(), SURE, why="it was interrupted", open_calls=2),
            [
                *SMALL,
                "2 calls stayed without an answer",
                ROW,
                "  0123456789ab critical policy.deny-blocks 3 of 5 replays, 3 commands",
                "not all could be judged: it was interrupted",
                "DIVERGES: 2 findings",
            ],
        ),
        (
            result(Verdict.DIVERGES, KNOWN, found()),
            [*SMALL, ROW, KNOWN_ROW, "DIVERGES: 1 finding, and 1 known"],
        ),
        (
            result(Verdict.CONFORMS, KNOWN),
            [
                *SMALL,
                KNOWN_ROW,
                "CONFORMS: nothing was found but what is known, 1 finding, at 2 of 4 edges of the"
                " model",
            ],
        ),
        (
            evolve(result(Verdict.CONFORMS), areas=AREAS[1:], agreed=("receipts: none",)),
            [
                *SMALL,
                "CONFORMS: every answer was one that the contract allows, at 2 of 4 edges of the"
                f" model, not judging the area {AREAS[0]} and what is agreed (receipts: none)",
            ],
        ),
        (
            evolve(result(Verdict.DIVERGES, found()), agreed=("receipts: none",)),
            [*SMALL, ROW, "not judged: what is agreed (receipts: none)", "DIVERGES: 1 finding"],
        ),
        (
            result(Verdict.DIVERGES, found(), evolve(found(), echo_of="0123456789ab")),
            [
                *SMALL,
                ROW,
                "  0123456789ab critical policy.deny-blocks follows from 0123456789ab",
                "DIVERGES: 1 finding, and 1 following from them",
            ],
        ),
    ],
)
def test_the_end(made: Result, lines: list[str]) -> None:
    """Size, seed, coverage with what is missing, and the verdict with its reason."""
    assert lines == list(result_lines(made))


def test_long_lists_are_cut() -> None:
    """The first of what was not driven, not seen and found are shown, the others counted."""
    missing = tuple(f"edge {number:02}" for number in range(12))
    laws = tuple(f"law {number}" for number in range(5))
    coverage = evolve(COVERAGE, missing=missing, unwitnessed=laws)
    made = evolve(result(Verdict.DIVERGES, *(found() for _ in range(30))), coverage=coverage)
    assert [
        "coverage: 2 of 4 edges of the model",
        "  not driven: edge 00",
        "  not driven: edge 01",
        "  not driven: edge 02",
        "  and 9 more, all in summary.json",
        "  never seen: law 0",
        "  never seen: law 1",
        "  and 3 more that were never seen",
        *[ROW] * 7,
        "  and 23 more findings, all in summary.json",
        "DIVERGES: 30 findings",
    ] == list(result_lines(made))[1:]


@pytest.mark.parametrize("verdict", Verdict)
def test_the_end_fits_on_a_screen(verdict: Verdict) -> None:
    """However much was found and missed, a screen of 24 lines of 80 holds it and two lines more."""
    edges = tuple(f"running {'skip ' * 30}{number}" for number in range(600))
    coverage = evolve(COVERAGE, missing=edges, unwitnessed=tuple(f"law-{n}" for n in range(9)))
    finding = evolve(FINDING, check=max(CHECKS, key=len))
    many = [evolve(found(finding=finding), reproduced=(10, 11)) for _ in range(30)]
    why = "the Federation Core stopped answering: the FC cannot be reached (Connection refused)"
    made = evolve(result(verdict, *many, why=why, open_calls=99999), coverage=coverage)
    rows = [math.ceil(len(line) / 80) for line in result_lines(made)]
    assert sum(rows) <= 24 - 3


def test_the_most_urgent_comes_first() -> None:
    """What is new comes before what is known, critical before minor, sure before flaky."""
    minor = evolve(FINDING, check="audit.message")
    known, flaky = evolve(found(), known=True), evolve(found(), reproduced=(1, 5))
    slight, plain = found(finding=minor), evolve(found(), reproduced=(5, 5))
    assert [plain, flaky, slight, known] == by_weight((known, slight, flaky, plain))


def test_a_known_finding_is_told_in_short() -> None:
    """What is known, whose it is and until when; its trace is somewhere else."""
    known = evolve(found(), known=True, reproduced=(5, 5))
    assert list(finding_lines(known, "known until 2027-01-31 (ann): soon")) == [
        "KNOWN 0123456789ab  policy.deny-blocks (contract 5.2)",
        "  known until 2027-01-31 (ann): soon",
        "  first seen after 17 requests, seen 2 times",
    ]


def test_an_echo_is_told_in_short() -> None:
    """What it follows from is told in full."""
    assert list(finding_lines(evolve(found(), echo_of="ba9876543210"))) == [
        "FINDING 0123456789ab  policy.deny-blocks (contract 5.2)",
        "  first seen after 17 requests, seen 2 times",
        "  follows from ba9876543210, and does not count by itself",
    ]


def test_a_flaky_finding_shows_both_sides() -> None:
    """How often it showed, and what came back when it did beside what came when it did not."""
    bad = found(Reply(200, {"run": {"status": "paused"}}))
    good = found(NoAnswer("gone", applied=True), Reply(409, {"detail": "no"})).steps
    refused = evolve(good[2], judgement=good[1].judgement)
    flaky = evolve(bad, reproduced=(3, 5), other=(*good[:2], refused))
    assert list(finding_lines(flaky))[-5:] == [
        "  replayed 5 times, seen in 3 of 5",
        "    when it showed               | when it did not",
        "    1. 200                       | 200",
        "    2. 200                       | no answer",
        "    3. 200 paused, wrong: status | 409",
    ]
    assert (
        "  replayed 5 times, seen in 5 of 5"
        == list(finding_lines(evolve(bad, reproduced=(5, 5)))).pop()
    )
