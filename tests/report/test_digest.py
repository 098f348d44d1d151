"""The Markdown page of a campaign, as a Markdown parser reads it."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pytest
from attrs import evolve
from markdown_it import MarkdownIt

from pt004_model.drive.replay import Result as Fate
from pt004_model.judge.checks import AREAS
from pt004_model.judge.oracle import Verdict
from pt004_model.report.digest import MOST_BYTES, digest
from pt004_model.report.folder import Folder
from pt004_model.report.summary import Replayed
from pt004_model.report.text import visible
from pt004_model.trace.document import Reproduced
from pt004_model.trace.writing import Origin
from pt004_model.vocabulary import Dialect
from tests.cli.helpers import invoke
from tests.report.helpers import FINDING, NAMES, found, result, summary

HOSTILE = (
    "a|b`c`</code></details>\n# h\n<!-- x --> @octocat #1 www.evil.example http://evil.example"
    " **b** ![i](http://evil.example/i.png) $x$ :tada: \u202e"
)


class Read(HTMLParser):
    """What a reader of the page sees: rows of cells, headings, links, texts."""

    def __init__(self) -> None:
        super().__init__()
        self.rows: list[list[str]] = []
        self.links: list[str | None] = []
        self.tags: list[str] = []
        self.text = ""
        self.in_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a row or a cell; note a link."""
        self.tags.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"}:
            self.rows[-1].append("")
            self.in_cell = True
        elif tag == "a":
            self.links.append(dict(attrs)["href"])

    def handle_endtag(self, tag: str) -> None:
        """End a cell."""
        self.in_cell = self.in_cell and tag not in {"td", "th"}

    def handle_data(self, data: str) -> None:
        """Add a text to the cell that is open."""
        self.text += data
        if self.in_cell:
            self.rows[-1][-1] += data


def read(markdown: str) -> Read:
    """A page of Markdown as it is shown."""
    seen = Read()
    seen.feed(MarkdownIt("commonmark").enable("table").render(markdown))
    return seen


def test_findings_are_a_table_with_links() -> None:
    """A finding leads to its issue and to its trace; a known one says so."""
    told = summary(result(Verdict.DIVERGES, found(), found()))
    second = evolve(told.findings[1], known=True, reproduced=Reproduced(3, 5))
    told = evolve(told, findings=(told.findings[0], second))
    links = ("https://ci.example/run/1#traces", "https://ci.example/o/r/issues")
    seen = read(digest(told, (), *links))
    assert "DIVERGES, 1 new and 1 known findings" in seen.text
    row = [
        "0123456789ab", "policy.deny-blocks", "5.2", "critical", "status",
        "a refusal with 400, 409, 422 (policy.deny-blocks)", "status 200", "2", "",
        "traces/0123456789ab.json",
    ]  # fmt: skip
    assert seen.rows[-2] == row
    assert seen.rows[-1] == ["0123456789ab (known)", *row[1:8], "3 of 5", row[9]]
    issue = "https://ci.example/o/r/issues?q=is%3Aissue%200123456789ab"
    assert seen.links == [issue, "https://ci.example/run/1#traces"] * 2


def test_without_addresses_there_are_no_links() -> None:
    """The page that lies beside the summary leads nowhere."""
    assert read(digest(summary(result(Verdict.DIVERGES, found())))).links == []


@pytest.mark.parametrize(
    ("verdict", "said"),
    [
        (Verdict.UNSURE, "Nothing can be said: nothing was sent"),
        (Verdict.DIVERGES, "Not all could be judged: nothing was sent"),
    ],
)
def test_why(verdict: Verdict, said: str) -> None:
    """Why nothing can be said stands below the verdict, and so does why a finding is not all."""
    assert said in read(digest(summary(result(verdict, why="nothing was sent")))).text


def test_replays_are_told() -> None:
    """What became of the traces of earlier campaigns has a table of its own."""
    replays = (Replayed("0123456789ab", Fate.FIXED, seen=0, runs=5, why=HOSTILE),)
    seen = read(digest(summary(result(Verdict.CONFORMS)), replays))
    assert seen.rows[-1][:3] == ["0123456789ab", "fixed", "0 of 5"]
    assert seen.rows[-1][3].startswith("a\\u007cb\\u0060c\\u0060\\u003c/code>")


def test_hostile_text_is_shown_as_it_is() -> None:
    """What an FC says makes no row, heading, link, image or mention, and ends nothing."""
    plain = read(digest(summary(result(Verdict.DIVERGES, found(), why="x"))))
    hostile = evolve(FINDING, observed=HOSTILE, where=HOSTILE)
    text = digest(summary(result(Verdict.DIVERGES, found(finding=hostile), why=HOSTILE)))
    seen = read(text)
    assert plain.tags == seen.tags
    assert seen.rows[-1][6] == visible(HOSTILE, spelled="`|<")
    for raw in ("<!--", "`c`", "</details>\\n"):
        assert raw not in text


def test_the_page_is_never_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    """Findings that do not fit are counted, and what is there is whole."""
    monkeypatch.setattr("pt004_model.report.digest.MOST_BYTES", MOST_BYTES // 8)
    hostile = found(finding=evolve(FINDING, observed="|" * 5000, expected="<" * 5000))
    told = summary(result(Verdict.DIVERGES, *[hostile] * 250))
    text = digest(told)
    assert len(text.encode()) <= MOST_BYTES // 8
    shown = [row for row in read(text).rows if row[0] == "0123456789ab"]
    assert len(shown) > 100
    assert f"And {250 - len(shown)} more findings, all in summary.json." in text


def test_a_campaign_leaves_its_pages(tmp_path: Path) -> None:
    """Beside the summary there are the JUnit document and the page."""
    folder = Folder(tmp_path, Origin(42, "dev", Dialect.SEED, names=NAMES))
    folder.keep_summary(result(Verdict.DIVERGES, found()))
    assert (tmp_path / "summary.md").read_text() == invoke("digest", tmp_path).out
    assert '<testcase name="0123456789ab' in (tmp_path / "junit.xml").read_text()


def test_replays_are_read_from_their_file(tmp_path: Path) -> None:
    """The replays that lie in the folder are on the page."""
    folder = Folder(tmp_path, Origin(42, "dev", Dialect.SEED, names=NAMES))
    folder.keep_replays((Replayed("0123456789ab", Fate.FIXED, seen=0, runs=5),))
    folder.keep_summary(result(Verdict.CONFORMS))
    last = read((tmp_path / "summary.md").read_text()).rows[-1]
    assert last == ["0123456789ab", "fixed", "0 of 5", "-"]


def test_what_was_not_judged_is_named() -> None:
    """Areas that were left out, and what is agreed, whatever the verdict."""
    left = evolve(result(Verdict.DIVERGES, found()), areas=AREAS[1:], agreed=("receipts: <none>",))
    told = f"Not judged: the area {AREAS[0]} and what is agreed (receipts: <none>)."
    assert told in read(digest(summary(left))).text
