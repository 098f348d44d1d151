"""Every seeded fault is found, and told as shortly as a person would."""

from __future__ import annotations

import pytest

from pt004_model.embedded.faults import FAULTS
from pt004_model.mutation_score import Kill, shortest_traces, table
from tests.quality.conftest import UNPINNED


def test_quiet_without_a_fault(all_kills: list[Kill]) -> None:
    """Nothing is found on the embedded FC when no fault is seeded."""
    plain = [kill for kill in all_kills if not kill.fault]
    assert [kill.found for kill in plain] == [False, False]
    assert [kill.unsure for kill in plain] == ["", ""]


@pytest.mark.parametrize("fault", FAULTS)
def test_fault_is_found(fault: str, all_kills: list[Kill]) -> None:
    """The fault is found by every campaign, with a trace no longer than pinned."""
    (row,) = table(kill for kill in all_kills if kill.fault == fault)
    assert row.killed
    assert not row.too_long
    # a way in which a fault has not shown before wants its shortest trace to be thought about
    assert fault in UNPINNED or {kill.shown for kill in row.kills} <= row.pinned.keys()


def test_pinned_faults_exist() -> None:
    """There are lengths for every fault but those whose traces have no shortest one."""
    assert shortest_traces().keys() == FAULTS.keys() - UNPINNED
