"""Whatever a campaign leaves behind names the same findings, by the same fingerprints.

A new kind of evidence joins by a row in ``TOLD``: a function from the folder to what it names.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Final, TypeAlias

import pytest

from tests.cli.helpers import Ended, invoke, read_json, summary, traces

pytestmark = pytest.mark.system

Named: TypeAlias = dict[str, str]
"""Checks by fingerprints."""


def of_summary(folder: Path) -> Named:
    """What ``summary.json`` names."""
    return {each["fingerprint"]: each["check"] for each in summary(folder)["findings"]}


def of_traces(folder: Path) -> Named:
    """What the trace files hold, each under the name of its fingerprint."""
    held = {path.stem: read_json(path) for path in traces(folder)}
    assert list(held) == [document["fingerprint"] for document in held.values()]
    return {name: document["check"] for name, document in held.items()}


def of_page(folder: Path) -> Named:
    """What ``page.html`` shows."""
    page = (folder / "page.html").read_text("utf-8")
    shown = r'data-fingerprint="([^"]*)">.*?<span class="check">(.*?)</span>'
    return {unescape(name): unescape(check) for name, check in re.findall(shown, page, re.DOTALL)}


def of_terminal(folder: Path) -> Named:
    """What was printed."""
    said = (folder / "said.txt").read_text("utf-8")
    return dict(re.findall(r"(?m)^FINDING (\w+)  (\S+) ", said))


def of_report(folder: Path) -> Named:
    """What the proof report that goes with the campaign tells of it."""
    report = next(folder.glob("proof/*_PROOF_REPORT.md")).read_text("utf-8")
    rows = re.findall(r"(?m)^\| `?([0-9a-f]{12})`? \| ([^|]+) \|", report)
    return {name: check.replace("\\", "").strip(" `") for name, check in rows}


TOLD: Final[dict[str, Callable[[Path], Named]]] = {
    "summary": of_summary,
    "traces": of_traces,
    "page": of_page,
    "terminal": of_terminal,
    "report": of_report,
}


@pytest.fixture(scope="session")
def diverging(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a campaign that diverged in more than one way."""
    folder = tmp_path_factory.mktemp("diverging")
    ended: Ended = invoke(
        "check", "--fault", "nulls-are-dropped", "--max-examples", "12", "--seed", "1",
        "--page", "--out", folder,
    )  # fmt: skip
    assert 1 == ended.code
    (folder / "said.txt").write_text(ended.out)
    proved = invoke("prove", "--out", folder / "proof", "--with-campaign", folder)
    assert 1 == proved.code  # the canonical cases pass, the campaign does not
    return folder


def test_there_are_findings_to_compare(diverging: Path) -> None:
    """A comparison of nothing with nothing would always hold."""
    assert 2 <= len(of_summary(diverging))


@pytest.mark.parametrize("told", TOLD)
def test_the_same_findings_are_named(diverging: Path, told: str) -> None:
    """Each kind of evidence names the findings of the summary, with the same checks."""
    assert of_summary(diverging) == TOLD[told](diverging)


@pytest.mark.parametrize("told", TOLD)
def test_a_finding_left_out_is_noticed(diverging: Path, tmp_path: Path, told: str) -> None:
    """Each of them would be seen to name another finding, or none."""
    names = TOLD[told](diverging)
    gone = next(iter(names))
    for path in diverging.rglob("*"):
        if path.is_file():
            copy = tmp_path / str(path.relative_to(diverging)).replace(gone, "f" * 12)
            copy.parent.mkdir(exist_ok=True, parents=True)
            copy.write_text(path.read_text("utf-8").replace(gone, "f" * 12), "utf-8")
    spoilt = TOLD[told](tmp_path)
    assert names != spoilt
    assert len(names) == len(spoilt)
