"""Hidden lines: what is written is read back, and what was spoiled is forgotten."""

from __future__ import annotations

import json

import pytest
from attrs import asdict
from hypothesis import given
from hypothesis import strategies as st

from pt004_model.tracker.issues import (
    Comment,
    History,
    fingerprint_of,
    marked,
    marker,
    markers,
    read_history,
    write_history,
)
from tests.tracker.nights import DENY, LINK, day

COUNTS = st.integers(0, 10**6)
STAMPS = st.datetimes().map(lambda each: f"{each.isoformat()}Z") | st.just("")
HISTORIES = st.builds(
    History, st.lists(st.text("0123456789TZ:/-"), max_size=4).map(tuple), STAMPS, STAMPS, COUNTS,
    COUNTS, COUNTS, st.sampled_from(["fixed", "changed", "reproduced in 3 of 5", ""]),
)  # fmt: skip


@given(HISTORIES)
def test_a_history_is_read_back(history: History) -> None:
    """Whatever stands around the line, and whatever line ends a tracker makes."""
    for text in (write_history(history), f"Words\r\n{write_history(history)}\r\nwords\r\n"):
        assert read_history(text) == history


@pytest.mark.parametrize(
    "spoiled",
    ["", "{}", "[]", "1", "null", '{"first":"x"}', "[" * 5000]
    + [json.dumps(asdict(History()) | change) for change in (
        {"first": "yesterday"}, {"fixed": "many"}, {"campaigns": "one"}, {"nights": None},
    )],
)  # fmt: skip
def test_a_spoiled_history_is_forgotten(spoiled: str) -> None:
    """Somebody edited it; nothing is raised."""
    assert read_history(marker("memory", spoiled)) is None


def test_a_marker_is_a_line_of_its_own() -> None:
    """What is quoted, indented or within a line is none; of two the first counts."""
    line = marker("fingerprint", DENY)
    assert line == f"<!-- pt004:fingerprint={DENY} -->"
    assert fingerprint_of(line) == DENY
    for text in (f"> {line}", f"    {line}", f"see {line}", f"{line} there", ""):
        assert fingerprint_of(text) is None
    assert fingerprint_of(f"{line}\n{marker('fingerprint', LINK)}") == DENY
    assert markers(f"{line}\n{marker('a', 'b')}") == {"fingerprint": DENY, "a": "b"}
    assert fingerprint_of(marker("fingerprint", "x")) is None


def test_a_counter_belongs_to_a_finding() -> None:
    """The counter of another finding, and a comment of a person, are none."""
    comments = [
        Comment(1, "Thanks"),
        Comment(2, marker("counter", LINK)),
        Comment(3, marker("counter", DENY)),
        Comment(4, marker("counter", DENY)),
    ]
    assert marked(comments, "counter", DENY) == comments[2]
    assert marked(comments[:2], "counter", DENY) is None


def test_so_many_campaigns_are_remembered() -> None:
    """The last thirty: the comment does not grow without end."""
    history = History()
    for number in range(1, 101):
        history = history.seen(f"c{number}", day(number), 1, "")
    assert history.campaigns == tuple(f"c{number}" for number in range(71, 101))
    assert (history.nights, history.occurrences) == (100, 100)
