"""The texts of an issue: title, body, counter, and the comments on closing and reopening."""

from __future__ import annotations

from functools import partial
from textwrap import indent
from typing import Any, Final

from attrs import frozen

from pt004_model.judge.checks import CHECKS
from pt004_model.model.replies import NoAnswer
from pt004_model.model.telling import count, times
from pt004_model.report import command
from pt004_model.report.terminal import side_by_side
from pt004_model.report.text import fenced, span, templates, visible
from pt004_model.reproduce.timeline import as_gantt, timeline
from pt004_model.trace.document import Trace, TraceStep
from pt004_model.tracker.decide import FIXED_IN_A_ROW
from pt004_model.tracker.issues import (
    FLAKY,
    LABEL,
    LONGEST_TEXT,
    LONGEST_TITLE,
    Draft,
    History,
    marker,
    write_history,
)
from pt004_model.tracker.submission import Sighting, Submission

# in bytes, but for the number of steps; together, and with the longest of fences, within the limits
_CLAUSE: Final = 6_000
_SIDE: Final = 3_000
_STEP: Final = 300
_HALF: Final = 60
_STEPS: Final = 30
_FACT: Final = 200
_COMMAND: Final = 500

_TEMPLATES: Final = templates("pt004_model.tracker")
_block: Final = partial(visible, lines=True)
_TEMPLATES.filters |= {"code": span, "fenced": fenced, "count": count, "times": times}
_TEMPLATES.globals["nights"] = FIXED_IN_A_ROW


@frozen
class Evidence:
    """The trace of a finding and the commands that reproduce it, as an issue shows them.

    ``path`` is where its trace is, ``curl`` the chain of commands that reproduces it. ``target``
    are the options that say which FC it was; without them it is the address in the trace, which
    an embedded one has left by then.
    """

    trace: Trace
    path: str
    curl: str
    target: tuple[str, ...] | None = None


def draft(sighting: Sighting, history: History, evidence: Evidence) -> Draft:
    """Return the issue of a finding, no longer than a tracker takes whatever is in the evidence."""
    trace = evidence.trace
    counts = sighting.reproduced
    labels = [LABEL, trace.area, *([FLAKY] if counts is not None and counts.flaky else [])]
    title = f"{trace.check}: {_sentence(trace)} [{sighting.fingerprint}]"
    text = _body(sighting, history, evidence)
    return Draft(visible(title, LONGEST_TITLE), text, tuple(labels))


def _sentence(trace: Trace) -> str:
    """Return the sentence of the check from the table: anybody may have written the file."""
    check = CHECKS.get(trace.check)
    return check.sentence if check is not None else "The contract says otherwise."


def _body(sighting: Sighting, history: History, evidence: Evidence) -> str:
    text = ""
    # a script that is cut is of no use: it stands there whole, or the command that prints it does
    script = evidence.curl if len(evidence.curl) <= LONGEST_TEXT else ""
    for share, curl in ((1.0, script), (1.0, ""), (0.4, ""), (0.1, "")):
        text = _rendered(sighting, history, evidence, curl, share)
        if len(text.encode()) <= LONGEST_TEXT:
            break
    return text


def _rendered(
    sighting: Sighting, history: History, evidence: Evidence, curl: str, share: float
) -> str:
    trace, most = evidence.trace, int(_STEPS * share)
    drawn = timeline(trace.steps)
    bars = () if drawn is None else drawn.bars
    against = (f"{each.number}. {each.told}" for each in bars if each.against)
    showed, did_not = (
        [visible(_reply(step), _HALF) for step in steps] for steps in (trace.steps, trace.other)
    )
    both = side_by_side(showed, did_not, most)
    return _render(
        "issue",
        markers=[marker("fingerprint", sighting.fingerprint), write_history(history)],
        trace=trace,
        sentence=_sentence(trace),
        clause=_block(trace.clause, int(_CLAUSE * share)),
        steps=_steps(trace, most),
        difference=_difference(trace, int(_SIDE * share)),
        gantt="" if drawn is None else as_gantt(drawn),
        against="\n".join(visible(each, _STEP) for each in against),
        beside="\n".join(both) if trace.other else "",
        reproduced=sighting.reproduced,
        occurrences=history.occurrences,
        path=evidence.path,
        replay=_replay(evidence),
        facts=_facts(history, trace, sighting),
        curl=curl,
    )


def _render(name: str, /, **facts: Any) -> str:
    return _TEMPLATES.get_template(f"{name}.md.j2").render(facts).rstrip("\n")


def _replay(evidence: Evidence) -> str:
    base_url = evidence.trace.base_url
    told = command.replay(evidence.path, evidence.target, base_url)
    return told if len(told) <= _COMMAND else command.replay(evidence.path, ())


def _steps(trace: Trace, most: int) -> str:
    half = most // 2
    numbered = list(enumerate(trace.steps, 1))
    parts = (numbered[:half], numbered[-half:]) if len(numbered) > most else (numbered, [])
    told = ["\n".join(_step(*each) for each in part) for part in parts if part]
    left_out = count(len(numbered) - 2 * half, "command")
    return f"\n   ({left_out} left out here)\n".join(told)


def _step(number: int, step: TraceStep) -> str:
    return f"{visible(f'{number}. {step.says}', _STEP)}\n   -> {visible(_reply(step), _STEP)}"


def _reply(step: TraceStep) -> str:
    if step.reply is None:
        return "sent in an earlier conversation"
    if isinstance(step.reply, NoAnswer):
        return f"no answer: {step.reply.why}"
    wrong = f", wrong: {step.findings[0].where}" if step.findings else ""
    return f"{step.reply.code}{f', {step.after}' if step.after else ''}{wrong}"


def _difference(trace: Trace, most: int) -> str:
    sides = (("- ", trace.expected), ("+ ", trace.observed))
    return "\n".join(indent(_block(text, most), sign, lambda _: True) for sign, text in sides)


def _facts(history: History, trace: Trace, sighting: Sighting) -> dict[str, str]:
    counts = sighting.reproduced
    facts = {
        "first seen": trace.first_seen,
        "last seen": trace.last_seen,
        "occurrences": str(history.occurrences),
        "reproducibility": "not replayed"
        if counts is None
        else f"{counts.seen} of {count(counts.runs, 'replay')}",
        "severity": trace.severity,
        "campaign": f"profile {trace.profile}, seed {trace.seed}",
        "Federation Core": trace.fc,
        "versions": ", ".join(f"{name} {each}" for name, each in trace.versions.items()),
    }
    facts |= {"tracing": trace.tracing} if trace.tracing else {}
    return {name: visible(value, _FACT) for name, value in facts.items()}


def counter_text(fingerprint: str, history: History) -> str:
    """Return the comment that is edited after each campaign."""
    hidden = [marker("counter", fingerprint), write_history(history)]
    return _render("counter", markers=hidden, history=history)


def closing_text(submission: Submission) -> str:
    """Return the comment on closing."""
    hidden = [marker("closed", submission.campaign)]
    return _render("closing", markers=hidden, submission=submission)


def reopening_text(submission: Submission, sighting: Sighting) -> str:
    """Return the comment on reopening."""
    hidden = [marker("reopened", submission.campaign)]
    return _render("reopening", markers=hidden, submission=submission, sighting=sighting)
