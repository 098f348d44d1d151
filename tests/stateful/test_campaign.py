"""What ``tox -e stateful`` holds an FC to."""

from __future__ import annotations

import pytest
from attrs import evolve

from pt004_model.cli.session import Connected
from pt004_model.evidence import report
from pt004_model.evidence.folder import Folder
from pt004_model.explore.campaign import Result
from pt004_model.explore.divergence import raise_finding
from pt004_model.explore.lockstep import Tally
from pt004_model.explore.properties import live_through
from pt004_model.judge.checks import AREAS
from pt004_model.judge.oracle import Verdict
from pt004_model.model.scenarios import CANONICAL


@pytest.mark.parametrize("name", CANONICAL)
def test_canonical_case(name: str, there: Connected, ungoverned: bool) -> None:
    """A canonical case is lived through as the model says."""
    if ungoverned:
        pytest.skip("an FC that knows no steps has no canonical cases (PT004_UNGOVERNED)")
    # counted apart, so that the campaign is the same as that of `pt004 check` with its seed
    lockstep = evolve(there.session, tally=Tally()).lockstep(raise_finding)
    live_through(lockstep, CANONICAL[name])
    assert lockstep.world.runs[0].state.terminal


@pytest.mark.parametrize("area", AREAS)
def test_area(area: str, result: Result, folder: Folder) -> None:
    """Every answer in the campaign was one that the contract allows in this area."""
    found = [e for e in result.findings if e.finding.area == area and not e.known]
    lines = [folder.origin.hide(line) for each in found for line in report.finding_lines(each)]
    assert lines == []


def test_campaign_can_be_judged(result: Result) -> None:
    """Enough was answered for the verdict to mean something."""
    assert result.verdict is not Verdict.UNSURE, result.why
