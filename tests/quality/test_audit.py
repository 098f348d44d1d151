"""Seeded faults that leave a mark in what was written are found from the export of a campaign."""

from __future__ import annotations

import pytest

from pt004_model.audit.judging import Judge
from pt004_model.embedded.faults import FAULTS
from tests.audit.campaigns import campaign
from tests.audit.histories import recorded

AREAS = {"audit", "receipts", "policy", "gates"}
UNMARKED = {
    "reason-of-the-change-is-that-of-the-policy",  # the log is what another request would write
    "rejection-reason-lost",  # the reason in the log may be one of the FC's own
    "reason-of-a-decision-optional",  # the reason that was never sent is in the log, and empty
    "resume-needs-no-policy",  # the decision that was never made is in the log
    "unknown-decision-allows",  # so is the one that nobody knows, as allow
}
"""Faults whose exports an FC without them could have written: of those only requests can tell."""
QUICK = ["deny-on-last-step-completes", "failed-run-is-not-sealed", "approver-is-the-creator"]


def found(fault: str, *campaigns: tuple[int, int]) -> bool:
    """Whether anything is wrong in the export of a campaign of a seed and some examples."""
    judge = Judge()
    exported = (campaign(fault, seed, examples) for seed, examples in campaigns)
    return any(judge.judge(recorded(each))[0] for envelopes in exported for each in envelopes)


@pytest.mark.parametrize("fault", QUICK)
def test_a_fault_is_found(fault: str) -> None:
    """A fault of each kind is found from what a small campaign has left."""
    assert found(fault, (5, 16))


@pytest.mark.parametrize("fault", [name for name, each in FAULTS.items() if each.area in AREAS])
def test_every_fault_that_leaves_a_mark_is_found(fault: str) -> None:
    """Every fault of these areas is found, save those whose exports could be right."""
    assert found(fault, (5, 16), (1, 40)) == (fault not in UNMARKED)
