"""What ``tox -e stateful`` holds an FC to."""

from __future__ import annotations

import pytest
from attrs import evolve

from pt004_model.baseline import Known
from pt004_model.cli.session import Connected
from pt004_model.drive.divergence import divergence
from pt004_model.drive.lockstep import Lockstep, Tally
from pt004_model.judge.checks import AREAS
from pt004_model.judge.finding import Finding
from pt004_model.judge.oracle import Verdict
from pt004_model.model.scenarios import CANONICAL
from pt004_model.report import terminal
from pt004_model.report.folder import Folder
from pt004_model.search.results import Result
from pt004_model.search.scenarios import live_through, live_through_statuses


def test_canonical_case(case: str, there: Connected, folder: Folder, known: Known) -> None:
    """A canonical case is lived through as the model says, or one without steps in their place."""
    seen: list[str] = []

    def diverge(finding: Finding, _: Lockstep) -> None:
        seen.append(finding.fingerprint)
        if finding.fingerprint not in known.fingerprints:
            raise divergence(finding.fingerprint)(folder.origin.hide(str(finding)))

    # counted apart, so that the campaign is the same as that of `pt004 check` with its seed
    tally = Tally(on_run=there.session.tally.on_run)
    lockstep = evolve(there.session, tally=tally).lockstep(diverge)
    if case in CANONICAL:
        live_through(lockstep, CANONICAL[case])
    else:
        live_through_statuses(lockstep)
    if not seen:  # of a run that shows a known finding nothing more is said
        assert lockstep.world.runs[0].state.terminal


@pytest.mark.parametrize("area", AREAS)
def test_area(area: str, result: Result, folder: Folder) -> None:
    """Every answer in the campaign was one that the contract allows in this area."""
    found = [e for e in result.findings if e.finding.area == area and not e.known]
    lines = [folder.origin.hide(line) for each in found for line in terminal.finding_lines(each)]
    assert lines == []


def test_campaign_can_be_judged(result: Result) -> None:
    """Enough was answered for the verdict to mean something."""
    assert result.verdict is not Verdict.UNSURE, result.why
