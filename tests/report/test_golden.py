"""The texts of a campaign, a golden file for each renderer."""

from __future__ import annotations

from typing import Final

import pytest
from attrs import evolve

from pt004_model.judge.oracle import Verdict
from pt004_model.model.suite import REFUSED, machine
from pt004_model.report.automaton import svg
from pt004_model.report.digest import digest
from pt004_model.report.junit import junit
from pt004_model.report.terminal import finding_lines, result_lines
from pt004_model.search.learn import completed
from pt004_model.search.results import Result
from tests.conftest import Golden
from tests.report.helpers import FINDING, found, result, summary

KNOWN: Final = evolve(
    found(finding=evolve(FINDING, check="steps.next-step-only", fingerprint="fedcba987654")),
    known=True, reproduced=(3, 5),
)  # fmt: skip
CAMPAIGNS: Final = {
    "conforms": result(Verdict.CONFORMS),
    "complete": evolve(result(Verdict.CONFORMS), guarantee="k = 1, N = 3: it is the model's"),
    "diverges": result(Verdict.DIVERGES, found(), KNOWN),
    "unsure": result(Verdict.UNSURE, why="it was interrupted", open_calls=2),
}
LINKS: Final = ("https://ci.example/run/1#traces", "https://ci.example/o/r/issues")


def terminal(campaign: Result) -> str:
    """What a terminal shows at the end."""
    findings = [line for each in campaign.findings for line in finding_lines(each)]
    return "".join(f"{line}\n" for line in (*findings, *result_lines(campaign)))


def markdown(campaign: Result) -> str:
    """What stands on the page of a job."""
    return digest(
        summary(campaign, base_url="http://fc"),
        replays=(),
        traces_url=LINKS[0],
        issues_url=LINKS[1],
    )


def xml(campaign: Result) -> str:
    """What a CI reads."""
    return junit(summary(campaign, base_url="http://fc"))


RENDERERS: Final = {"txt": terminal, "md": markdown, "xml": xml}


@pytest.mark.parametrize("kind", RENDERERS)
@pytest.mark.parametrize("name", CAMPAIGNS)
def test_a_campaign_is_told_as_reviewed(name: str, kind: str, golden: Golden) -> None:
    """Terminal, digest and JUnit say of each verdict what was reviewed."""
    golden(f"campaign/{name}.{kind}", RENDERERS[kind](CAMPAIGNS[name]))


def test_a_difference_from_the_model_is_drawn_as_reviewed(golden: Golden) -> None:
    """Another answer, one that is accepted and one that is refused look each in its own way."""
    known = machine(1)
    expected = completed(known)
    learned = {state: dict(row) for state, row in expected.items()}
    running = learned[0]["start-allow"][1]
    learned[0]["complete"] = ("completed, step 0", learned[running]["complete"][1])
    learned[running]["pause"] = (REFUSED, running)
    learned[running]["fail"] = ("pending", 0)
    golden("automaton.svg", svg(evolve(known, table=learned), expected))
