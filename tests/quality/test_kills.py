"""Every seeded fault is found, and told as shortly as a person would."""

from __future__ import annotations

import pytest

from pt004_model.embedded import FAULTS
from pt004_model.evidence.score import Kill, shortest_traces, table
from tests.quality.conftest import FORGOTTEN


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


def test_pinned_faults_exist() -> None:
    """The pinned lengths are those of faults that there are, and of none of a forgotten run."""
    assert shortest_traces().keys() <= FAULTS.keys() - FORGOTTEN
