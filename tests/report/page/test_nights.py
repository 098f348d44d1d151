"""Many nights on one page: what is new, known, fixed and come back, and text that stays text."""

from __future__ import annotations

import json
from pathlib import Path

from pt004_model.drive.replay import Result
from pt004_model.model.values import Json
from pt004_model.report.page.nights import read_nights
from pt004_model.report.summary import FindingDocument, Replayed, Replays, Summary, document
from pt004_model.search.goals import Coverage
from pt004_model.trace.files import write_json
from tests.cli.helpers import invoke

ONE, OTHER = "a" * 12, "b" * 12


def night(folder: Path, day: int, *seen: FindingDocument, fixed: tuple[str, ...] = ()) -> Path:
    """What a night leaves: its findings, and the earlier ones that it found fixed."""
    verdict = "diverges" if any(each.kind == "new" for each in seen) else "conforms"
    summary = Summary(
        verdict, why="<script>alert(1)</script>" if day == 3 else "", requests=1000, seconds=50.0,
        started_at=f"2026-03-{day:02}T02:17:00.000Z", findings=seen, coverage=Coverage(3, 4),
    )  # fmt: skip
    replays = Replays(replays=tuple(Replayed(each, Result.FIXED) for each in fixed))
    write_json(folder / str(day) / "summary.json", document(summary))
    write_json(folder / str(day) / "replays.json", document(replays))
    return folder / str(day)


def found(fingerprint: str, *, known: bool = False) -> FindingDocument:
    """A finding."""
    return FindingDocument(fingerprint, "policy.deny-blocks", known=known, requests_to_first=200)


def nights(folder: Path) -> list[Path]:
    """Four nights: one finding is fixed and comes back, another is known."""
    return [
        night(folder, 4, found(ONE), found(OTHER, known=True)),
        night(folder, 1, found(ONE)),
        night(folder, 2, found(OTHER, known=True), fixed=(ONE,)),
        night(folder, 3, fixed=(ONE,)),
    ]


def test_what_becomes_of_findings(tmp_path: Path) -> None:
    """Nights stand in the order in which they began; one that was fixed and is there is back."""
    read = read_nights(nights(tmp_path))
    assert [each.started_at[8:10] for each in read.nights] == ["01", "02", "03", "04"]
    assert [tuple(each.counts.values()) for each in read.nights] == [
        (1, 0, 0, 0), (0, 1, 1, 0), (0, 0, 1, 0), (1, 1, 0, 1),
    ]  # fmt: skip
    assert {each.fingerprint: each.signs for each in read.lines} == {
        ONE: ("●", "✓", "✓", "●"), OTHER: ("", "○", "", "○"),
    }  # fmt: skip
    assert [each.first for each in read.nights] == [10.0, None, None, 10.0]
    assert read.nights[0].coverage == 0.75


def test_a_mutation_score_stands_in_its_night(tmp_path: Path) -> None:
    """What ``pt004 score --json`` printed is told in short; what is no such thing is refused."""
    there, _ = night(tmp_path, 1), night(tmp_path, 2)
    killed: list[Json] = [{"fault": "f", "killed": each} for each in (True, False, True)]
    write_json(there / "score.json", {"quiet": True, "faults": killed})
    read = read_nights([there, tmp_path / "2"])
    assert [each.score for each in read.nights] == ["2 of 3", ""]
    assert invoke("nights", there, "--out", tmp_path / "n.html").code == 0
    assert "<td>2 of 3</td>" in (tmp_path / "n.html").read_text()
    write_json(there / "score.json", {"faults": 3})
    assert "score.json cannot be used" in invoke("nights", there).err


def test_the_page_and_the_json(tmp_path: Path) -> None:
    """One file that asks for nothing, in which what a campaign said is text; or JSON alone."""
    there, out = nights(tmp_path), tmp_path / "nights.html"
    assert invoke("nights", *there, "--out", out).out == f"{out}\n"
    page = out.read_text()
    assert "<script" not in page
    assert "&lt;script&gt;" in page
    assert "default-src &#39;none&#39;;" in page
    assert ONE in page
    told = json.loads(invoke("nights", *there, "--json").out)
    assert [each["verdict"] for each in told["nights"]] == [
        "diverges", "conforms", "conforms", "diverges",
    ]  # fmt: skip
    said = invoke("nights", tmp_path / "none")
    assert (said.code, "there is no" in said.err) == (2, True)
