"""A finding that may come by chance is believed only when replays show it more often than that."""

from __future__ import annotations

import pytest
from attrs import evolve

from pt004_model.judge.durability import not_back
from pt004_model.judge.finding import disagreement
from pt004_model.trace.recorded import Found
from tests.report.helpers import found

ROWS = [
    # seen, runs, the share of calls that such an answer came to, believed
    (5, 5, 0.0, True),
    (1, 5, 0.0, True),
    (0, 5, 0.0, False),
    (0, 1, 0.5, False),
    (5, 5, 0.5, True),  # at so many calls it does not come by chance
    (4, 4, 0.5, False),
    (1, 1, 0.1, False),
    (2, 2, 0.1, False),
    (1, 5, 0.02, False),
    (2, 5, 0.02, False),
    (3, 5, 0.02, True),
    (3, 5, 0.1, False),
    (4, 5, 0.1, True),
    (2, 5, 0.001, True),
]


@pytest.mark.parametrize(("seen", "runs", "rate", "believed"), ROWS)
def test_what_chance_would_show_is_not_believed(
    seen: int, runs: int, rate: float, believed: bool
) -> None:
    """Chance alone must have less than one in a thousand, and no more than a quarter of calls."""
    replayed: Found = evolve(found(), reproduced=(seen, runs), rate=rate)
    assert (replayed.unconfirmed, replayed.counts) == (not believed, believed)


def test_what_was_not_replayed_counts() -> None:
    """Without a budget for replays a finding is believed, unless others of its kind were not."""
    assert not evolve(found(), reproduced=None, rate=0.5).unconfirmed
    assert evolve(found(), reproduced=None, strewn=True).unconfirmed


def test_that_an_fc_does_not_come_back_is_seen_once_for_all() -> None:
    """It may rest on what no other FC holds, so replays that do not show it clear nothing."""
    told = found(finding=not_back("it ended with status 1"))
    assert evolve(told, reproduced=(0, 40)).counts


@pytest.mark.parametrize(
    ("check", "counts"),
    [("receipts.hash", True), ("receipts.workflow-hash", False), ("receipts.link", False)],
)
def test_what_an_answer_shows_of_itself_is_seen_once_for_all(check: str, counts: bool) -> None:
    """A hash of the entry beside it is; a link may be to an entry of another moment."""
    told = found(finding=disagreement(check, "logs[1]", "one", "other"))
    assert evolve(told, reproduced=(0, 5)).counts is counts
