"""The page put together: one HTML file with its style and its script in it.

A policy in the file forbids every request and every script but its own, so that text from an FC
that should get past the escaping could still do nothing.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from jinja2 import Environment
from markupsafe import Markup

from pt004_model.judge.checks import SEVERITIES
from pt004_model.model.telling import count
from pt004_model.report.page import coverage
from pt004_model.report.page.story import stories
from pt004_model.report.summary import Evidence, Summary, read
from pt004_model.report.text import templates
from pt004_model.trace.files import write_text

NAME: Final = "page.html"
_MOST_BARS: Final = 20


def write_page(folder: Path, out: Path | None = None) -> Path:
    """Write the page of the campaign in ``folder``, there or to ``out``; where it is.

    Raises ``Unusable`` and ``Unwritable``.
    """
    path = out or folder / NAME
    write_text(path, render(folder))
    return path


def render(folder: Path) -> str:
    """Return the page of the campaign in ``folder`` as HTML. Raises ``Unusable``."""
    evidence = read(folder)
    return environment().get_template("page.html").render(_context(evidence, folder))


@cache
def environment() -> Environment:
    """Return the templates of the page."""
    made = templates("pt004_model.report.page", "parts", html=True)
    made.filters |= {"count": count, "thousands": "{:,}".format}
    return made


def _context(evidence: Evidence, folder: Path) -> dict[str, Any]:
    summary, told = evidence.summary, stories(evidence, folder)
    counts = {each: sum(s.severity == each for s in told) for each in SEVERITIES}
    return {
        "summary": summary,
        "audit": summary.made_by == "audit",
        "verdict": _verdict(summary),
        "facts": _facts(summary),
        "repeat": summary.again,
        "stories": told,
        "severities": [(each, count) for each, count in counts.items() if count],
        "folder": str(folder),
        "drawn": coverage.lifecycle(summary),
        "tables": coverage.tables(summary),
        "counted": _counted(summary),
        "replays": evidence.replays,
        **frame(_part("page.js")),
    }


def frame(script: str = "") -> dict[str, Any]:
    """Return what every page has: our version, a style, a script if any, and a policy for these."""
    style = _part("page.css")
    scripts = f" script-src '{digest_of(script)}';" if script else ""
    return {
        "version": version("pt004_model"),
        "style": Markup(style),  # noqa: S704 - a file of ours
        "script": Markup(script),  # noqa: S704 - a file of ours
        "policy": f"default-src 'none'; style-src '{digest_of(style)}';{scripts} img-src data:;"
        " base-uri 'none'; form-action 'none'",
    }


def _part(name: str) -> str:
    return files("pt004_model.report.page").joinpath("parts", name).read_text("utf-8").strip()


def digest_of(text: str) -> str:
    """Return what a policy names a style or a script by."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


def _verdict(summary: Summary) -> dict[str, str]:
    """Return the verdict: a word, a sign (colours are not seen by all), a sentence, a look."""
    new, unseen, known, _ = summary.counts.values()
    before = f" {_kinds(unseen)} not borne out by replays." if unseen else ""
    before += f" {_kinds(known)} known before." if known else ""
    sentence = f"Nothing can be said: {summary.why or 'the campaign does not say why'}."
    look, sign = "unsure", "?"
    if summary.verdict == "diverges":
        look, sign, sentence = "diverges", "✕", f"{_kinds(new)} not what the contract allows."
    elif summary.verdict == "conforms":
        look, sign = "conforms", "✓"
        what = "entry" if summary.made_by == "audit" else "answer"
        sentence = "Nothing new." if known else f"Every {what} was one that the contract allows."
        before = before if known else ""
    return {"word": look.title(), "sign": sign, "sentence": sentence + before, "look": look}


def _kinds(count: int) -> str:
    return "One kind of answer was" if count == 1 else f"{count} kinds of answers were"


def _facts(summary: Summary) -> list[tuple[str, str]]:
    rate = f"{summary.requests / summary.seconds:,.0f} a second" if summary.seconds else ""
    started = (summary.started_at or "").replace("T", " ").partition(".")[0].rstrip("Z")
    if summary.made_by == "audit":
        return [
            ("Sources", ", ".join(summary.options)),
            ("Audited", f"{started} UTC"),
            ("Runs", f"{summary.examples:,}"),
            ("Entries and answers", f"{summary.requests:,}"),
        ]
    facts = [
        ("Federation Core", _target(summary)),
        ("Started", f"{started} UTC" if started else ""),
        ("Took", _duration(summary.seconds)),
        ("Requests", f"{summary.requests:,}" + (f" ({rate})" if rate else "")),
        ("Examples", f"{summary.examples:,}"),
        ("Profile", summary.profile),
        ("Dialect", summary.dialect),
        ("Seed", "" if summary.seed is None else str(summary.seed)),
        ("Without an answer", count(summary.open_calls, "call", ",") if summary.open_calls else ""),
    ]
    return [(name, value) for name, value in facts if value]


def _target(summary: Summary) -> str:
    """Return the address of the FC, or that it was an embedded one, and with which options."""
    options = summary.target
    if options is None or "--base-url" in options:
        return summary.base_url or ""
    return " ".join(["embedded", *(["with", *options] if options else [])])


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.1f} s"
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def _counted(summary: Summary) -> Iterator[tuple[str, str, list[tuple[str, int]]]]:
    """Yield what was counted of the runs: a title, what it is, and counts by name in order."""
    counts = summary.statistics
    steps, lengths = grouped(counts.step_counts), grouped(counts.run_lengths)
    yield "Steps a run declares", "runs by step count; 0 is a run without steps", steps
    yield "Accepted changes a run", "runs by how far they got", lengths
    yield "Pauses a run", "runs by how often they were paused", grouped(counts.pauses)
    decisions = grouped(counts.decisions)
    yield "Decisions", "accepted starts by their policy decision", decisions


def grouped(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return counts in the order of their names, with gaps between numbers, the tail as one."""
    if not counts or not all(name.isascii() and name.isdigit() for name in counts):
        return list(counts.items())
    numbers = {int(name): count for name, count in counts.items()}
    first, last = min(numbers), max(numbers)
    if last - first < _MOST_BARS:
        return [(str(number), numbers.get(number, 0)) for number in range(first, last + 1)]
    tail = first + _MOST_BARS - 1
    singles = [(str(number), numbers.get(number, 0)) for number in range(first, tail)]
    return [*singles, (f"{tail}+", sum(n for number, n in numbers.items() if number >= tail))]
