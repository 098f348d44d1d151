"""Other names on the wire: nothing is lost, and nothing is renamed that a client may choose."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pt004_model.model.values import Body
from pt004_model.vocabulary import Status
from pt004_model.wire.spelling import NAMES, Spelling, permutation

WORDS = st.sampled_from(["a", "b", "status", "state", "run", "RUNNING", "running", "failed"])
TABLES = st.dictionaries(WORDS, WORDS).filter(lambda t: len({*t.values()}) == len(t))
SPELLINGS = st.builds(Spelling, statuses=TABLES, gates=TABLES, fields=TABLES, events=TABLES)
JSON = st.recursive(
    st.none() | st.integers() | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)
UPPER = Spelling(
    statuses={each: each.upper() for each in Status},
    fields={"status": "state", "logs": "history", "current_step": "step"},
    events={"FC-RUN-001": "created"},
    headers={"X-Tenant-ID": "X-Org"},
)


@given(TABLES, WORDS)
def test_a_table_is_a_permutation(table: dict[str, str], word: str) -> None:
    """No two names become one, and all that was said is so."""
    whole = permutation(table)
    assert table.items() <= whole.items()
    assert sorted(whole) == sorted(whole.values())
    assert word in whole or word not in table.values()


@given(SPELLINGS, st.dictionaries(WORDS, JSON))
def test_an_entry_can_be_said_as_it_was_served(spelling: Spelling, entry: dict[str, Any]) -> None:
    """Read and written again it is the same: a receipt is a hash of that."""
    read = spelling.read({"logs": [entry]})
    assert isinstance(read, dict)
    (logs,) = read.values()
    if spelling.fields.get("logs", "logs") == "logs" and "logs" not in spelling.fields.values():
        assert isinstance(logs, list)
        assert isinstance(logs[0], dict)
        assert entry == spelling.entry(logs[0])


@given(SPELLINGS, JSON)
def test_reading_is_total(spelling: Spelling, body: Any) -> None:
    """Whatever came is read, and the plain spelling changes nothing."""
    spelling.outside(spelling.read(body))
    assert body == Spelling().read(body)


def test_what_is_sent() -> None:
    """Status and fields by their other names; what lies within a payload stays."""
    body = Body.of(
        {"status": "running", "current_step": "status", "output_payload": {"status": "running"}}
    )
    assert {
        "state": "RUNNING",
        "step": "status",
        "output_payload": {"status": "running"},
    } == json.loads(UPPER.body(body))
    assert ("X-Org", "X-Actor-ID") == (UPPER.header("X-Tenant-ID"), UPPER.header("X-Actor-ID"))


@pytest.mark.parametrize("text", ['{"a": 1, "a": 2}', "[1]", "{", "NaN", "\udcff"])
def test_what_is_no_object_is_sent_as_it_is(text: str) -> None:
    """A body that is wrong on purpose stays wrong in the same way."""
    assert Body(text).encode() == UPPER.body(Body(text))


def test_a_status_that_is_unknown_stays_unknown() -> None:
    """A word that the FC knows is not sent where the contract has none such."""
    sent = json.loads(UPPER.body(Body.of({"status": "RUNNING"})))
    assert {"state": "running"} == sent


def test_what_is_read() -> None:
    """Envelope, run, entries and gates, each with its own words."""
    spelling = Spelling(
        statuses={"pending": "new"}, gates={"pending": "open"}, fields={"status": "state"},
        events={"FC-RUN-001": "made"}, outside_statuses=("cancelled",), outside_gates=("expired",),
    )  # fmt: skip
    served: Any = {
        "run": {"state": "new", "metadata": {"state": "new"}, "status": 7},
        "logs": [{"event_type": "made", "new_status": "new", "previous_status": None}, 3],
        "gates": [{"state": "open"}],
    }
    read: Any = {
        "run": {"status": "pending", "metadata": {"state": "new"}, "state": 7},
        "logs": [{"event_type": "FC-RUN-001", "new_status": "pending", "previous_status": None}, 3],
        "gates": [{"status": "pending"}],
    }
    assert read == spelling.read(served)
    assert "" == spelling.outside(read)
    assert "cancelled" == spelling.outside({"run": {"status": "cancelled"}})
    assert "expired" == spelling.outside({"run": {}, "gates": [{"status": "expired"}]})
    assert all(NAMES.values())
