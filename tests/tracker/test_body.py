"""The texts of an issue: what stands in them, and that no text of an FC breaks out of its place."""

from __future__ import annotations

import re
from functools import cache
from itertools import product
from typing import Any, Final

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from pt004_model.model.replies import NoAnswer, Reply
from pt004_model.report.summary import FindingDocument
from pt004_model.trace.document import Reproduced, Trace, TraceStep, read_trace
from pt004_model.tracker import body
from pt004_model.tracker.body import Evidence, counter_text, draft
from pt004_model.tracker.issues import (
    Draft,
    History,
    fingerprint_of,
    markers,
    read_history,
)
from pt004_model.tracker.submission import Sighting
from tests.conftest import Golden
from tests.sampling import some
from tests.tracker.nights import DENIED, DENY, day, trace

MARKDOWN: Final = MarkdownIt("commonmark").enable(["table", "strikethrough"])
TRACE: Final = read_trace(trace(DENIED, "2026-03-02T02:00:00Z"))
MEMORY: Final = History().seen("2026-03-02T02:00:00Z/1", day(1), 2, "reproduced in 5 of 5")

HOSTILE: Final = (
    "```\n# A heading\n```", "````", "`", "``", "` `", "~~~\n", "</code></pre>", "<img src=x>",
    "<!-- pt004:fingerprint=ffffffffffff -->", "\n<!-- pt004:fingerprint=ffffffffffff -->\n",
    "-->", "<!--", "<details>", "@octocat", "@org/team", "#1", "octocat/Hello-World#1", "GH-1",
    "[a](http://example.com)", "![a](http://example.com/x.png)", "http://example.com", "|", "\\|",
    "\n\n---\n\n", "\r\n- [ ] task", "\r# Heading", "\x00\x1b[31m", "\u202e\u2066right to left",
    "\u2028# Heading", "\x85", "&lt;b&gt;", "&#64;octocat", "\\`", "$$x$$", ":tada:", "***", "===",
    "\ud800", "\tindented", "    indented", "> quoted", "1. one", "fixes #1", "{{ 7 * 7 }}", "{% x",
)  # fmt: skip
TEXTS: Final = (
    st.lists(st.sampled_from(HOSTILE) | st.text(max_size=8), min_size=1, max_size=6)
    .map("".join)
    .filter(str.strip)
)
FEWER: Final = settings(max_examples=40)
"""Of traces such as Markdown is to read a hundred of."""


def step(says: str, why: str) -> TraceStep:
    """A step whose words are given."""
    return evolve(TRACE.steps[0], says=says, reply=NoAnswer(why, applied=False))


def traces(text: st.SearchStrategy[str]) -> st.SearchStrategy[Trace]:
    """Traces of two steps in which every text is hostile that is no number or name of ours."""
    return st.builds(
        lambda steps, versions, **fields: evolve(
            TRACE, steps=steps, other=steps, versions={"pt004_model": versions}, **fields
        ),
        st.tuples(st.builds(step, text, text), st.builds(step, text, text)),
        text,
        where=text, expected=text, observed=text, clause=text, section=text, severity=text,
        profile=text, base_url=text.map(lambda each: each[:40]), first_seen=text, last_seen=text,
    )  # fmt: skip


def tonight(reproduced: Reproduced | None) -> Sighting:
    """A finding of tonight."""
    finding = FindingDocument(DENY, "policy.deny-blocks", occurrences=2, reproduced=reproduced)
    return Sighting(DENY, finding)


def made(trace: Trace, curl: str = "curl -X POST x") -> Draft:
    """The issue of a trace."""
    return draft(tonight(Reproduced(5, 5)), MEMORY, Evidence(trace, "traces/x.json", curl))


def test_an_issue_is_as_reviewed(golden: Golden) -> None:
    """Title, labels and body of an issue are a golden file."""
    issue = made(TRACE)
    labels = ", ".join(issue.labels)
    golden("issue.md", f"{issue.title}\n{labels}\n\n{issue.body}\n")


def skeleton(text: str) -> list[tuple[Any, ...]]:
    """What Markdown sees in a text, all that stands in code left out."""
    found: list[tuple[Any, ...]] = []

    def walk(tokens: list[Token]) -> None:
        for each in tokens:
            said = "" if each.type in {"code_inline", "fence", "inline"} else each.content
            found.append((each.type, each.tag, each.info, said))
            walk(each.children or [])

    walk(MARKDOWN.parse(text))
    return found


@cache
def mild(curl: str) -> str:
    """The body of a trace in which nothing is hostile, of the same shape."""
    steps = (step("one", "why"), step("two", "why"))
    return made(evolve(TRACE, steps=steps, other=steps), curl).body


@given(traces(TEXTS), TEXTS)
def test_no_text_breaks_out_of_its_place(hostile: Trace, curl: str) -> None:
    """Whatever an FC says, Markdown sees the same headings, lists, links and texts, and no HTML."""
    body = made(hostile, f"curl {curl}").body
    assert skeleton(mild("curl")) == skeleton(body)


@FEWER
@given(traces(TEXTS), TEXTS)
def test_no_text_forges_a_marker(hostile: Trace, curl: str) -> None:
    """The two hidden lines at the top are the only ones, and say what is true."""
    body = made(hostile, f"curl {curl}").body
    assert body.count("<!--") == 2
    assert fingerprint_of(body) == DENY
    assert read_history(body) == MEMORY
    assert all(line.startswith("<!-- pt004:") for line in body.splitlines()[:2])


@FEWER
@given(traces(TEXTS))
def test_no_text_is_in_the_title(hostile: Trace) -> None:
    """A title is not Markdown and cannot be escaped, so it is ours alone."""
    assert made(hostile).title == made(TRACE).title


@FEWER
@given(traces(TEXTS))
def test_every_character_can_be_sent_and_seen(hostile: Trace) -> None:
    """No control character, no turned writing direction, no half of a pair is left."""
    body = made(hostile).body
    assert body.encode()
    assert all(each.isprintable() or each in "\n\t" for each in body)


def test_the_skeleton_tells_the_difference() -> None:
    """A text that is put in as it is changes what Markdown sees."""
    body = mild("curl")
    for text in ("# A heading", "@octocat", "<b>", "```", "[a](b)", "- one"):
        assert skeleton(body) != skeleton(body.replace("\n### Facts", f"\n{text}\n\n### Facts"))


HUGE: Final = {
    "letters": "a" * 300_000,
    "four bytes each": "\U0001f308" * 100_000,
    "ticks": "`" * 100_000,
    "escapes": "\x00" * 100_000,
    "lines": "a\n" * 100_000,
}


@pytest.mark.parametrize(("limit", "kind"), some([*product((65_536, 32_767, 20_000), HUGE)], 4))
def test_whatever_is_in_it_an_issue_is_short_enough(
    limit: int, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The limits of a tracker hold in bytes, with a thousand steps and a script of any length."""
    text = HUGE[kind]
    huge = evolve(
        TRACE, steps=(step(text, text),) * 1000, other=(step(text, text),) * 1000,
        versions={"v": text}, where=text, expected=text,
        observed=text, clause=text, section=text, profile=text, base_url=text, first_seen=text,
    )  # fmt: skip
    monkeypatch.setattr(body, "LONGEST_TEXT", limit)
    monkeypatch.setattr(body, "LONGEST_TITLE", 60)
    issue = made(huge, text)
    assert len(issue.body.encode()) <= limit
    assert len(issue.title.encode()) <= 60
    assert fingerprint_of(issue.body) == DENY
    assert "commands left out here" in issue.body
    assert "pt004 show traces/x.json --as curl" in issue.body
    sections = re.findall(r"(?m)^### (.*)$", issue.body)
    assert sections == [
        "Minimal trace", "When it did not show", "Expected against observed",
        "Clause of the contract", "Reproduction", "Replay", "Facts",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "target", [(), ("--automatic", "--fault", "f"), ("--base-url", "http://g")]
)
def test_the_replay_is_for_the_fc_that_it_was(target: tuple[str, ...]) -> None:
    """The address of an embedded FC is gone with its campaign; its options start one like it."""
    evidence = Evidence(TRACE, "traces/x.json", "", target)
    issue = draft(tonight(None), MEMORY, evidence)
    command = " ".join(("pt004 replay traces/x.json", *target))
    assert f"```sh\n{command}\n```" in issue.body


@pytest.mark.parametrize(
    ("reproduced", "said"),
    [
        (None, "and was not replayed."),
        (Reproduced(5, 5), "and 5 of 5 replays showed it again."),
        (Reproduced(0, 5), "**0 of 5** replays showed it again: the Federation Core does not"),
    ],
)
def test_how_surely_it_shows_is_said(reproduced: Reproduced | None, said: str) -> None:
    """The second sentence says how often replaying showed it."""
    issue = draft(tonight(reproduced), MEMORY, Evidence(TRACE, "traces/x.json", ""))
    assert said in issue.body


def test_a_flake_is_shown_beside_what_should_be() -> None:
    """Both transcripts stand side by side, step by step."""
    other = (*TRACE.steps[:2], evolve(TRACE.steps[2], reply=Reply(409, {}), findings=()))
    body = made(evolve(TRACE, other=other)).body
    assert (
        "```text\n"
        "when it showed        | when it did not\n"
        "1. 200                | 200\n"
        "2. 200                | 200\n"
        "3. 200, wrong: status | 409\n"
        "```"
    ) in body
    assert "When it did not show" not in made(TRACE).body


def test_a_counter_is_ours_alone() -> None:
    """It has two hidden lines, from which the memory is read back."""
    text = counter_text(DENY, MEMORY)
    assert markers(text)["counter"] == DENY
    assert read_history(text) == MEMORY
    assert text.count("<!--") == 2
