"""Calls at once are shown as a timeline, wherever their finding is."""

from __future__ import annotations

import re
from pathlib import Path

from attrs import evolve

from pt004_model.drive.lockstep import Lockstep
from pt004_model.report.page.rendering import environment
from pt004_model.report.page.story import stories
from pt004_model.report.summary import Evidence, FindingDocument, Summary
from pt004_model.report.terminal import finding_lines
from pt004_model.reproduce.diagrams import as_text
from pt004_model.reproduce.timeline import as_gantt, as_lines, timeline
from pt004_model.trace.document import Trace, dump_trace, read_trace
from pt004_model.trace.recorded import Found
from pt004_model.trace.writing import Origin, trace_of
from pt004_model.tracker import body
from pt004_model.tracker.issues import History
from pt004_model.tracker.submission import Sighting
from pt004_model.vocabulary import Dialect
from tests.drive.helpers import READ, noting
from tests.drive.test_rounds import FLAGGED, PAUSE, AtOnce, by, winners
from tests.stub import NAMES, Stub

LINES = """\
           0 ms                                    371.0 ms
client 0   ●────────────────────────────────┤                3. change, 200
client 1   ├───────────────✕────────────────┤                4. change, 200
afterwards                                       ├────────┤  5. read, 200
           3. took effect as number 1
           4. ✕ fits nowhere: lifecycle.only-legal-changes (contract 3.2): status: expected a\
 refusal with 400, 409, 422 (lifecycle.only-legal-changes), got status 200
           5. was not tried: none before it fits"""
GANTT = """\
gantt
    dateFormat x
    axisFormat %s.%L ms
    section client 0
    3 change 200 :c3, 0, 259700
    took effect as number 1 :milestone, m3, 0, 0
    section client 1
    4 change 200 :crit, c4, 0, 259700
    section afterwards
    5 read 200 :done, c5, 296800, 371000"""


def race() -> Lockstep:
    """A conversation in which two clients pause a run at once, and both are told that they did."""
    lockstep, found = noting(AtOnce(Stub(), winners), *FLAGGED, by(0, PAUSE), by(1, PAUSE), READ)
    assert found == ["concurrency.linearizable"]
    return lockstep


def kept(lockstep: Lockstep) -> tuple[Found, Trace]:
    """The finding of a conversation, and its trace as it is read back from a file."""
    steps = tuple(lockstep.steps)
    found = Found(steps[-1].findings[0], tuple(each.command for each in steps), steps, len(steps))
    origin = Origin(0, "dev", Dialect.SEED, names=NAMES)
    return found, read_trace(dump_trace(trace_of(found, origin)))


def test_the_timeline_is_drawn() -> None:
    """Each call has a bar, the longest order its points, and what fits nowhere its reason."""
    lockstep = race()
    found, trace = kept(lockstep)
    drawn = timeline(lockstep.steps)
    assert drawn is not None
    assert "\n".join(as_lines(drawn)) == LINES
    assert LINES in as_text(trace)
    assert set(LINES.splitlines()) <= {line[2:] for line in finding_lines(found)}


def test_no_other_trace_has_one() -> None:
    """What is no race, or a race that an order explains, has no timeline."""
    lockstep, _ = noting(Stub(), *FLAGGED, PAUSE, READ)
    assert timeline(lockstep.steps) is None
    lockstep, _ = noting(AtOnce(Stub()), *FLAGGED, by(0, PAUSE), by(1, PAUSE), READ)
    assert timeline(lockstep.steps) is None


def rounded(line: str) -> str:
    """A line without what a file leaves out of a time in epoch seconds."""
    return re.sub(r"\d{4,}", lambda match: str(round(int(match[0]), -1)), line)


def test_an_issue_has_it_in_mermaid() -> None:
    """The issue of a race has the same timeline as a diagram, and what forbids a call."""
    lockstep = race()
    drawn, (_, trace) = timeline(lockstep.steps), kept(lockstep)
    assert drawn is not None
    assert [*map(rounded, as_gantt(drawn).splitlines())] == GANTT.splitlines()
    finding = FindingDocument(trace.fingerprint, trace.check)
    evidence = body.Evidence(trace, "trace.json", "curl")
    text = body.draft(Sighting(trace.fingerprint, finding), History(), evidence).body
    picture = text.partition("```mermaid\n")[2].partition("\n```")[0]
    assert [*map(rounded, picture.splitlines())] == GANTT.splitlines()
    assert "4. fits nowhere: lifecycle.only-legal-changes" in text


def test_the_page_has_it_as_a_picture() -> None:
    """The page draws it, with what an FC said as text and never as markup."""
    _, trace = kept(race())
    last = trace.steps[3]
    assert last.against
    against = (evolve(last.against[0], observed="<script>alert(1)</script>"),)
    steps = (*trace.steps[:3], evolve(last, against=against), trace.steps[4])
    finding = FindingDocument(trace.fingerprint, trace.check)
    told = Summary("diverges", findings=(finding,))
    (story,) = stories(Evidence(told, {trace.fingerprint: evolve(trace, steps=steps)}, ()), Path())
    parts = environment().get_template("finding.html").module
    page = str(parts.finding(story, ".", True))  # type: ignore[attr-defined]  # a macro
    assert page.count("<rect") == 3
    assert page.count("<circle") == 1
    assert '<g class="nowhere"><title>4. change, 200</title>' in page
    assert "<script>" not in page
    assert "got &lt;script&gt;" in page
