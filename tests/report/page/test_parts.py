"""The parts of the page: texts, differences, charts, coverage, and folders that are no good."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from pt004_model.drive.comparing import Variation
from pt004_model.model.coverage import Edge
from pt004_model.model.graph import arrows
from pt004_model.report.page import render
from pt004_model.report.page.coverage import heat, lifecycle, tables
from pt004_model.report.page.rendering import environment, grouped
from pt004_model.report.page.story import SHOWN, Piece, compared, markdown, pretty, stories
from pt004_model.report.summary import read
from pt004_model.search.results import Result
from pt004_model.trace.files import Unusable
from pt004_model.vocabulary import Status
from tests.cli.helpers import invoke, read_json
from tests.report.page.helpers import diverging, explored, kept, many, page_of


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"a": [1]}, '{\n  "a": [\n    1\n  ]\n}'),
        ('{"a":"\\u202e"}', '{\n  "a": "\\u202e"\n}'),
        ("no json\x00", "no json\\u0000"),
        ("x" * 300, "x" * 180 + "... (300 characters)"),
    ],
)
def test_json_is_laid_out(value: Any, expected: str) -> None:
    """A body is laid out whether it is JSON or the text of JSON; what is long is cut."""
    assert expected == pretty(value, 200)


def test_what_is_nested_deep_is_not_laid_out() -> None:
    """A body that Python cannot lay out is not shown; that it is not is said."""
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    assert "the trace file has it" in pretty(deep)


def test_differences_are_marked_word_by_word() -> None:
    """Of two texts that have much in common the words that differ are marked."""
    assert (
        (Piece("status ", False), Piece("running", True), Piece(", step 1", False)),
        (Piece("status ", False), Piece("paused", True), Piece(", step 1", False)),
    ) == compared("status running, step 1", "status paused, step 1")


def test_texts_that_have_nothing_in_common_differ_as_wholes() -> None:
    """Scattered marks would mislead; what is not there is no piece."""
    expected, observed = compared("a refusal with 409", "status 200")
    assert ((Piece("a refusal with 409", True),), (Piece("status 200", True),)) == (
        expected,
        observed,
    )
    assert ((), (Piece("x", True),)) == compared("", "x")


def test_a_clause_is_markdown_that_can_do_nothing() -> None:
    """Tables and code are laid out; HTML, links and images are shown as they were written."""
    told = markdown("| a | b |\n| --- | --- |\n| `x` | <b>y</b> |\n\n[l](http://h) ![i](http://h)")
    assert "<table>" in told
    assert "<code>x</code>" in told
    assert "&lt;b&gt;y&lt;/b&gt;" in told
    assert "<a" not in told
    assert "<img" not in told


@pytest.fixture(scope="module")
def campaign() -> Result:
    """What a campaign came to that drove little: these tests put there what they look at."""
    return explored(4)


def bars(counts: dict[str, int], title: str) -> str:
    """A chart of counts."""
    return str(environment().get_template("charts.html").module.bars(grouped(counts), title))  # type: ignore[attr-defined]  # a macro


def share(part: int, whole: int) -> str:
    """A bar that is filled in part."""
    return str(environment().get_template("charts.html").module.share(part, whole))  # type: ignore[attr-defined]  # a macro


def labels(chart: str) -> list[str]:
    """What each bar of a chart says."""
    return re.findall(r"<title>([^<]*)</title>", chart)


def test_bars_stand_in_order_with_their_gaps() -> None:
    """Numbers stand in order, also those that were not counted; a long tail is one bar."""
    assert ["0: 2", "1: 0", "2: 1,000"] == labels(bars({"2": 1000, "0": 2}, "t"))
    counted = labels(bars({str(n): 1 for n in range(1, 41)}, "t"))
    assert (["1: 1", "2: 1", "20+: 21"], 20) == ([*counted[:2], counted[-1]], len(counted))
    assert ["allow: 1", "deny: 3"] == labels(bars({"allow": 1, "deny": 3}, "t"))
    assert "t. nothing" in bars({}, "t")


def test_a_chart_says_in_words_what_it_shows() -> None:
    """Who does not see a chart is told its numbers; names are text in it."""
    chart = bars({"<b>": 7}, "Decisions")
    assert 'aria-label="Decisions. &lt;b&gt;: 7"' in chart
    assert "<b>" not in chart
    assert 'width="25.00"' in share(1, 4)
    assert 'width="0.00"' in share(0, 0)


@pytest.mark.parametrize(("count", "expected"), [(0, 0), (1, 1), (30, 2), (150, 3), (1000, 4)])
def test_heat_rises_with_the_logarithm(count: int, expected: int) -> None:
    """Never driven is cold; of what was driven the most frequent is hottest."""
    assert expected == heat(count, 1000)
    assert 4 == heat(2000, 1000)


def driven(folder: Path, edges: dict[Edge, int], *missing: str, campaign: Result) -> Any:
    """The summary of a campaign that drove these edges."""
    coverage = evolve(campaign.coverage, missing=missing)
    return read(kept(folder, evolve(campaign, edges=edges, coverage=coverage))).summary


@pytest.mark.system
def test_the_table_has_what_was_driven_and_what_was_not(campaign: Result, tmp_path: Path) -> None:
    """Counts are added up over the positions, and a cell names the edges that are missing."""
    edges = {
        Edge("running", "start-deny", "allow", "first", "accepted"): 2,
        Edge("running", "start-deny", "allow", "middle", "accepted"): 3,
        Edge("running", "start-deny", "allow", "last", "refused"): 7,
    }
    left = (
        "running skip deny first refused",
        "pending fail - none accepted or pending fail - none refused",
    )
    pending, running = tables(driven(tmp_path, edges, *left, campaign=campaign))
    assert ("pending", "running") == (pending.status, running.status)
    assert ["allow", "deny"] == [word for word, _ in running.decisions]
    assert ["start-deny", "skip"] == [row.command for row in running.rows]
    cells = [[None if c is None else (c.accepted, c.refused, c.missing) for c in row.cells]
             for table in (pending, running) for row in table.rows]  # fmt: skip
    assert [
        [(0, 0, ["accepted (none) or refused (none)"])],
        [(5, 7, []), None],
        [None, (0, 0, ["refused (first)"])],
    ] == cells
    assert "to running, naming the next step, with the decision deny" == running.rows[0].says


def test_an_arrow_that_was_never_driven_is_plain_to_see(campaign: Result, tmp_path: Path) -> None:
    """Each arrow of the model is drawn; one that was not driven looks so, and is named in words."""
    edge = Edge("running", "pause", "flag", "only", "accepted")
    drawn = lifecycle(
        driven(tmp_path, {edge: 12}, "running pause deny first accepted", campaign=campaign)
    )
    for picture in (drawn.wide, drawn.tall):
        assert len(arrows()) - 1 + len(Status) == picture.count('class="arrow never"')
        assert 1 == picture.count('class="arrow legal heat4"')
        assert "running to paused by pause: accepted 12 times; 1 of its edges" in picture
    assert "pending to running by start" in drawn.never
    assert "running to paused by pause" not in drawn.never
    assert "1 not driven" in drawn.wide


def test_the_worst_comes_first_and_the_known_last(campaign: Result, tmp_path: Path) -> None:
    """Findings stand by severity, those that were known before behind the new ones."""
    made = many(12, diverging())
    folder = kept(tmp_path, campaign, *made)
    document = read_json(folder / "summary.json")
    critical = next(f for f in document["findings"] if f["check"] == "lifecycle.terminal-is-final")
    critical["known"] = True
    (folder / "summary.json").write_text(json.dumps(document))
    told = stories(read(folder), folder)
    order = ["critical", "major", "minor"]
    ranks = [(each.finding.known, order.index(each.severity)) for each in told]
    assert sorted(ranks) == ranks
    assert critical["fingerprint"] == told[-1].finding.fingerprint


def test_a_long_trace_is_told_in_two_parts(campaign: Result, tmp_path: Path) -> None:
    """The last commands are seen at once; a trace that is not long has no other part."""
    for length, expected in ((40, (40 - SHOWN, SHOWN)), (SHOWN + 5, (0, SHOWN + 5))):
        folder = kept(tmp_path / str(length), campaign, diverging(length))
        story = stories(read(folder), folder)[0]
        assert expected == (len(story.earlier), len(story.moments))
        assert "wrong" == story.moments[-1].look


def test_a_finding_without_its_trace_is_still_told(campaign: Result, tmp_path: Path) -> None:
    """When the trace file is gone, or no trace, the finding is there and says why it has none."""
    folder = kept(tmp_path, campaign, diverging())
    path = next((folder / "traces").glob("*.json"))
    path.write_text("{}")
    assert "There is no trace to show" in render(folder)
    path.unlink()
    page = render(folder)
    assert "No such file" in page
    assert f'data-fingerprint="{path.stem}"' in page


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "there is no .*summary.json; `pt004 check --out .*` makes one"),
        ("{", "is no JSON; run the campaign again"),
        ("[" * 100_000, "is no JSON; run the campaign again"),
        ("[]", "holds no JSON object"),
        ("{}", "cannot be used: required field missing, at verdict"),
        (
            '{"verdict": "conforms", "requests": "many"}',
            "cannot be used: .*expected int, at requests",
        ),
        ('{"verdict": "conforms", "edges": 3}', "cannot be used"),
        *(
            (f'{{"verdict": "conforms", "{name}": 1{"0" * 400}}}', f"invalid value.*, at {name}")
            for name in ("requests", "seconds")
        ),
    ],
)
def test_a_folder_that_is_no_good(tmp_path: Path, content: str | None, said: str) -> None:
    """Which file is wrong, and in what, is said in a sentence, with exit code 2."""
    if content is not None:
        (tmp_path / "summary.json").write_text(content)
    with pytest.raises(Unusable, match=said):
        render(tmp_path)
    for command in ("page", "digest"):
        ended = invoke(command, tmp_path)
        assert 2 == ended.code
        assert re.search(said, " ".join(ended.err.split()))
        assert "Traceback" not in ended.said


def test_a_summary_with_nothing_in_it_but_a_verdict(tmp_path: Path) -> None:
    """What an older or other program leaves out is not told of; the page is made all the same."""
    (tmp_path / "summary.json").write_text('{"verdict": "unsure", "why": "it was <cut> short"}')
    page = render(tmp_path)
    assert "Nothing can be said: it was &lt;cut&gt; short." in page
    assert "No times were counted." in page


def test_the_command_writes_the_page(campaign: Result, tmp_path: Path) -> None:
    """It goes into the folder or where it is wanted, and where it went is printed."""
    folder = kept(tmp_path / "out", campaign, diverging())
    other = tmp_path / "other.html"
    assert f"{folder / 'page.html'}\n" == invoke("page", folder).out
    assert f"{other}\n" == invoke("page", folder, "--out", other).out
    assert (folder / "page.html").read_text() == other.read_text()


@pytest.mark.parametrize(
    ("verdict", "known", "said"),
    [
        ("diverges", (False,), "Diverges: One kind of answer was not what the contract allows."),
        ("diverges", (False, False), "Diverges: 2 kinds of answers were not what"),
        ("diverges", (True, False), "contract allows. One kind of answer was known before."),
        ("conforms", (True,), "Conforms: Nothing new. One kind of answer was known before."),
        ("conforms", (), "Conforms: Every answer was one that the contract allows."),
        ("unsure", (), "Unsure: Nothing can be said: it was cut short."),
        ("anything else", (), "Unsure: Nothing can be said: it was cut short."),
    ],
)
def test_the_verdict_in_a_sentence(
    tmp_path: Path, verdict: str, known: tuple[bool, ...], said: str
) -> None:
    """Known findings count neither as new nor as nothing; what is no verdict is no pass."""
    findings = [
        {"fingerprint": f"{number:012x}", "check": "policy.deny-blocks", "known": each}
        for number, each in enumerate(known)
    ]
    document = {"verdict": verdict, "why": "it was cut short", "findings": findings}
    (tmp_path / "summary.json").write_text(json.dumps(document))
    page = render(tmp_path)
    word = re.findall(r"</span> (\w+)</h1>", page)[0]
    sentence = re.findall(r'<p class="sentence">(.*?)</p>', page)[0]
    assert said in f"{word}: {sentence}"


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({"base_url": "http://h"}, "http://h"),
        ({"base_url": "http://h", "target": ["--base-url", "http://h"]}, "http://h"),
        ({"base_url": "http://127.0.0.1:3", "target": []}, "embedded"),
        ({"target": ["--auth", "--fault", "f"]}, "embedded with --auth --fault f"),
    ],
)
def test_which_fc_it_was(tmp_path: Path, members: dict[str, Any], expected: str) -> None:
    """An address that is gone with the campaign is not told; a planted fault is."""
    (tmp_path / "summary.json").write_text(json.dumps({"verdict": "conforms", **members}))
    assert f"<dt>Federation Core</dt><dd>{expected}</dd>" in render(tmp_path)


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        ({}, "pt004 check"),
        ({"seed": 0, "profile": "ci", "dialect": "seed"}, "pt004 check --profile ci --seed 0"),
        ({"base_url": "http://h/a b"}, "pt004 check --base-url &#39;http://h/a b&#39;"),
        ({"base_url": "http://h", "target": ["--fault", "f"]}, "pt004 check --fault f"),
        ({"dialect": "deployed"}, "pt004 check --dialect deployed"),
        ({"seed": 3, "options": ["--areas", "gates"]}, "pt004 check --areas gates --seed 3"),
    ],
)
def test_the_campaign_can_be_repeated(
    tmp_path: Path, members: dict[str, Any], expected: str
) -> None:
    """The command has what differs from the defaults, quoted for a shell."""
    (tmp_path / "summary.json").write_text(json.dumps({"verdict": "conforms", **members}))
    assert f"<code>{expected}</code>" in render(tmp_path)


def test_the_legend_does_not_look_like_data(tmp_path: Path) -> None:
    """It explains the signs of the table and counts nothing."""
    (tmp_path / "summary.json").write_text(json.dumps({"verdict": "conforms"}))
    (legend,) = re.findall(r'<p class="legend cells">(.*?)</p>', render(tmp_path))
    shown = re.sub(r"<[^>]*>", " ", legend)
    assert ("accepted" in shown, re.findall(r"\d", shown)) == (True, [])


def test_the_page_names_what_was_not_judged_and_what_differs(tmp_path: Path) -> None:
    """It stands under the verdict, differences from another FC in a table."""
    differs = Variation("run.tags", "<b>", "null", ("ReadRun",), 1200, "run 0: read")
    came_to = evolve(explored(2), agreed=("receipts: there are none",), differences=(differs,))
    text = page_of(tmp_path, came_to).read_text("utf-8")
    left = "the areas authentication, concurrency, durability"
    assert f"Not judged: {left} and what is agreed (receipts: there are none)." in text
    assert "<td>&lt;b&gt;</td><td>null</td><td>1,200</td><td>run 0: read</td>" in text
