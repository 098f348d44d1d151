"""What is kept of a large reply: little, and the part that matters."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pt004_model.trace.bounds import MOST, bounded


def test_what_is_small_is_kept_whole() -> None:
    """A reply of an ordinary size is not touched."""
    body = {"run": {"tags": ["x" * 100] * 300}}
    assert bounded(body, "run.tags") is body


@pytest.mark.parametrize("at", [0, 199, 200, 4321, 9999])
def test_the_part_in_question_is_kept(at: int) -> None:
    """A long log is cut with the number of what was left out, around the entry in question."""
    logs = [{"log_id": f"log {n}", "message": "m" * 50} for n in range(10_000)]
    kept = bounded({"logs": logs}, f"logs[{at}].message")
    assert logs[at] in kept["logs"]
    assert len(json.dumps(kept)) <= MOST
    notes = [each for each in kept["logs"] if isinstance(each, str)]
    left_out = sum(int(each.split()[0].strip("[").replace(",", "")) for each in notes)
    assert left_out + len(kept["logs"]) - len(notes) == 10_000


@pytest.mark.parametrize(
    "body",
    [
        "x" * 10**6,
        {"x" * 10**6: 1},
        {f"name {n}": n for n in range(10**5)},
        [[[["x" * 100] * 50] * 50] * 10] * 3,
    ],
)
def test_anything_large_is_cut(body: object) -> None:
    """Long texts, long names, wide objects and deep lists are all bounded."""
    assert len(json.dumps(bounded(body))) <= MOST


@given(
    st.text(),
    st.recursive(
        st.none() | st.text(), lambda s: st.lists(s) | st.dictionaries(st.text(), s), max_leaves=20
    ),
)
def test_any_place_will_do(where: str, body: object) -> None:
    """A place that is in no reply keeps nothing from being kept."""
    assert bounded(body, where) == body
