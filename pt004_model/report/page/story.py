"""One finding as it is told on the page: what is wrong, the clause, the trace as a timeline."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from difflib import SequenceMatcher
from functools import partial
from pathlib import Path
from typing import Any, Final

from attrs import frozen
from markdown_it import MarkdownIt
from markupsafe import Markup

from pt004_model.judge.checks import CHECKS
from pt004_model.model.commands import Restart, Wait
from pt004_model.model.replies import NoAnswer, Reply, Undecodable
from pt004_model.model.telling import count, times
from pt004_model.report import command
from pt004_model.report.summary import Evidence, FindingDocument, Summary
from pt004_model.report.text import visible
from pt004_model.reproduce import as_curl
from pt004_model.reproduce.timeline import Timeline, timeline
from pt004_model.trace.document import Trace, TraceStep

SHOWN: Final = 12
"""So many steps before the end of a trace are seen at once; those before can be opened."""
_MOST: Final = 20_000
_MOST_EARLIER: Final = 2_000
"""Characters of a body that are shown; fewer of steps that are not seen at once."""
_LONG: Final = 5
_WORDS: Final = re.compile(r"[\w.-]+|\s+|.", re.DOTALL)
_ALIKE: Final = 0.4
_block: Final = partial(visible, lines=True)
_MARKDOWN: Final = (
    MarkdownIt("commonmark", {"html": False})
    .enable("table")
    .disable(["link", "image", "autolink", "reference"])
)


@frozen
class Piece:
    """A part of a text; ``differs`` when the other text has something else there."""

    text: str
    differs: bool


@frozen
class Difference:
    """Expected and observed at one place, with the difference marked."""

    check: str
    where: str
    expected: tuple[Piece, ...]
    observed: tuple[Piece, ...]


@frozen
class Moment:
    """One step of a trace. ``look`` is accepted, refused, wrong or none (no answer)."""

    number: int
    step: TraceStep
    before: str
    after: str
    headers: tuple[tuple[str, str], ...]
    body: str
    status: str
    look: str
    answer: str
    differences: tuple[Difference, ...]


@frozen
class Story:
    """One finding with its trace; ``why_not`` says why there is no trace.

    ``commands`` are to be copied: an id, a title, a text for a shell, whether it is folded.
    """

    finding: FindingDocument
    severity: str
    sentence: str
    section: str
    clause: Markup
    difference: Difference
    earlier: tuple[Moment, ...]
    moments: tuple[Moment, ...]
    facts: tuple[tuple[str, str], ...]
    commands: tuple[tuple[str, str, str, bool], ...]
    why_not: str = ""
    race: Timeline | None = None


def stories(evidence: Evidence, folder: Path) -> list[Story]:
    """Return every finding of the summary, new ones first and the worst of them first."""
    ranked = sorted(evidence.summary.findings, key=lambda each: each.rank)
    return [_story(e, evidence.traces[e.fingerprint], folder, evidence.summary) for e in ranked]


def _story(finding: FindingDocument, kept: Trace | str, folder: Path, summary: Summary) -> Story:
    check = CHECKS.get(finding.check)
    trace = None if isinstance(kept, str) else kept
    moments = () if trace is None else tuple(_moments(trace))
    few, told = len(moments) <= SHOWN + _LONG, trace or check
    return Story(
        finding,
        finding.severity or (check.severity if check else ""),
        told.sentence if told else "",
        told.section if told else "",
        markdown(trace.clause) if trace else Markup(),
        _difference(finding.check, finding.where, finding.expected, finding.observed),
        () if few else tuple(_moments(trace, _MOST_EARLIER)[:-SHOWN]) if trace else (),
        moments if few else moments[-SHOWN:],
        tuple(_facts(finding, trace)),
        () if trace is None else tuple(_commands(trace, folder, summary)),
        kept if isinstance(kept, str) else "",
        None if trace is None else timeline(trace.steps),
    )


def _commands(trace: Trace, folder: Path, summary: Summary) -> Iterator[tuple[str, str, str, bool]]:
    path = folder / "traces" / f"{trace.fingerprint}.json"
    again = command.replay(str(path), summary.target, summary.base_url)
    yield f"replay-{trace.fingerprint}", "Replay the trace", again, False
    yield f"curl-{trace.fingerprint}", "Reproduce it with curl and jq alone", as_curl(trace), True


def markdown(text: str) -> Markup:
    """Return a clause of the contract as HTML; what is not Markdown of ours stays as it is."""
    rendered: str = _MARKDOWN.render(_block(text))
    return Markup(rendered)  # noqa: S704 - HTML in the text was escaped, links are off


def _difference(check: str, where: str, expected: str, observed: str) -> Difference:
    return Difference(check, where, *compared(expected, observed))


def compared(expected: str, observed: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Return two texts in pieces, with what differs marked word by word.

    Texts that have hardly anything in common differ as wholes: scattered marks would mislead.
    """
    one, two = (_WORDS.findall(_block(text, 2000)) for text in (expected, observed))
    matcher = SequenceMatcher(None, one, two, autojunk=False)
    alike = matcher.ratio() >= _ALIKE
    spans = matcher.get_opcodes() if alike else [("replace", 0, len(one), 0, len(two))]

    def pieces(words: list[str], parts: Iterator[tuple[str, int, int]]) -> tuple[Piece, ...]:
        return tuple(Piece("".join(words[i:j]), tag != "equal") for tag, i, j in parts if i < j)

    left = ((tag, i, j) for tag, i, j, _, _ in spans)
    right = ((tag, i, j) for tag, _, _, i, j in spans)
    return pieces(one, left), pieces(two, right)


def _facts(finding: FindingDocument, trace: Trace | None) -> list[tuple[str, str]]:
    facts = [
        ("Seen", times(finding.occurrences, ",")),
        ("First seen", f"after {count(finding.requests_to_first, 'request', ',')}"),
    ]
    if trace is not None:
        facts.append(("When", _between(trace.first_seen, trace.last_seen)))
        facts += [("Tracing", trace.tracing)] if trace.tracing else []
    if finding.reproduced is not None:
        again = finding.reproduced
        facts.append(("Reproduced", f"in {again.seen} of {count(again.runs, 'replay')}"))
    cost = finding.shrinking
    if cost.requests:
        took = f"{count(cost.requests, 'request', ',')} in {cost.seconds:.1f} s"
        facts.append(("Replaying and shortening", took))
    length = len(trace.steps) if trace else finding.commands
    shortened = " (shortened by replaying)" if trace is not None and trace.shrunk else ""
    return [*facts, ("Trace", f"{count(length, 'command', ',')}{shortened}")]


def _between(first: str, last: str) -> str:
    """Return two moments in RFC 3339, to the second; a date that both have is said once."""
    one, other = (time.replace("T", " ").partition(".")[0].rstrip("Z") for time in (first, last))
    if one == other:
        return f"{one} UTC"
    day = one.partition(" ")[0]
    return f"{one} to {other.removeprefix(f'{day} ')} UTC"


def _moments(trace: Trace, most: int = _MOST) -> list[Moment]:
    return [_moment(number, step, most) for number, step in enumerate(trace.steps, 1)]


def _moment(number: int, step: TraceStep, most: int) -> Moment:
    request, (status, look, answer) = step.request, _answer(step, most)
    headers = {} if request is None else request.headers
    return Moment(
        number,
        step,
        step.before or "no run",
        step.after or ("set aside" if step.findings and step.before else "no run"),
        tuple((name, visible(value, most)) for name, value in headers.items()),
        "" if request is None or request.body is None else pretty(request.body, most),
        status,
        "wrong" if step.findings else look,
        answer,
        tuple(_difference(f.check, f.where, f.expected, f.observed) for f in step.findings),
    )


def _answer(step: TraceStep, most: int) -> tuple[str, str, str]:
    """Return the status as a word, how the answer looks, and its body as text."""
    reply = step.reply
    if reply is None:
        return "" if isinstance(step.send, Wait | Restart) else "not kept", "none", ""
    if isinstance(reply, NoAnswer):
        return "no answer", "none", reply.why
    look = "accepted" if 200 <= reply.code < 300 else "refused"
    return str(reply.code), look, _body(reply, most)


def _body(reply: Reply, most: int) -> str:
    body: Any = reply.body
    if isinstance(body, Undecodable):
        return f"{body.why}\n{_block(body.start, most)}".rstrip()
    return pretty(body if not isinstance(body, str) else f'"{body}"', most)


def pretty(value: Any, most: int = _MOST) -> str:
    """Return JSON laid out for people, cut to ``most`` bytes; so is a text that is JSON."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return _block(value, most)
    try:
        return _block(json.dumps(value, indent=2, ensure_ascii=False), most)
    except RecursionError:
        return "nested too deep to be shown; the trace file has it"
