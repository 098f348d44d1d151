"""The texts of an issue: title, body, counter, and what is said on closing and reopening."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from attrs import frozen
from jinja2 import Environment, PackageLoader, StrictUndefined

from pt004_model.evidence.tracker.interface import FLAKY, LABEL, Draft, Limits
from pt004_model.evidence.tracker.lifecycle import NIGHTS, Tonight
from pt004_model.evidence.tracker.markdown import code, cut, defuse, fenced, prefixed
from pt004_model.evidence.tracker.memory import Memory, marker, remember
from pt004_model.evidence.tracker.night import Night, stamp
from pt004_model.judge.checks import CHECKS

_CLAUSE: Final = 6_000
_SIDE: Final = 3_000
_STEP: Final = 300
_STEPS: Final = 40
_FACT: Final = 200
_TRANSCRIPT: Final = 12_000

# Markdown is written, not HTML; what is not ours goes through the filters
_TEMPLATES: Final = Environment(  # noqa: S701 - see above
    loader=PackageLoader("pt004_model.evidence.tracker"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=False,
)
_TEMPLATES.filters |= {"code": code, "fenced": fenced}


@frozen
class Evidence:
    """What is shown of a finding besides what a night says of it.

    ``document`` is its trace file as JSON, ``path`` where that is, ``curl`` the chain of commands
    that reproduces it.
    """

    document: Mapping[str, Any]
    path: str
    curl: str


def draft(night: Night, said: Tonight, memory: Memory, evidence: Evidence, limits: Limits) -> Draft:
    """The issue of a finding. Its texts are within the limits whatever is in the evidence."""
    document = evidence.document
    check = str(document["check"])
    area = check.partition(".")[0]
    counts = said.reproduced
    labels = [LABEL, area, *([FLAKY] if counts is not None and counts.flaky else [])]
    title = f"{check}: {_sentence(check)} [{said.fingerprint}]".replace(":  [", " [")
    return Draft(
        cut(title, limits.title), _body(night, said, memory, evidence, limits), tuple(labels)
    )


def _sentence(check: str) -> str:
    return CHECKS[check].sentence if check in CHECKS else ""


def _body(night: Night, said: Tonight, memory: Memory, evidence: Evidence, limits: Limits) -> str:
    document = evidence.document
    check = str(document["check"])
    whole = {
        "markers": [marker("fingerprint", said.fingerprint), remember(memory)],
        "check": check,
        "sentence": _sentence(check),
        "section": str(document["section"]),
        "where": str(document["where"]),
        "clause": cut(defuse(str(document["clause"])), _CLAUSE),
        "steps": _steps(document["steps"]),
        "count": len(document["steps"]),
        "difference": _difference(str(document["expected"]), str(document["observed"])),
        "reproduced": said.reproduced,
        "occurrences": memory.occurrences,
        "replay": f"pt004 replay {evidence.path} --base-url {document['base_url']}",
        "path": evidence.path,
        "facts": _facts(night, memory, document, said),
        "nights": NIGHTS,
    }
    left = limits.text
    text = ""
    for curl in (evidence.curl, ""):
        # what can be as long as it likes stands in whole or is left to the command that prints it
        text = _TEMPLATES.get_template("issue.md.j2").render(**whole, curl=curl)
        if len(text.encode()) <= left:
            return text
    raise AssertionError("the parts of a body are shorter than the limit")  # pragma: no cover


def _steps(steps: list[dict[str, Any]]) -> str:
    lines = [
        cut(defuse(f"{number}. {step['says']}").replace("\n", "\\n"), _STEP)
        + f"\n   -> {_reply(step)}"
        for number, step in enumerate(steps, 1)
    ]
    if len(lines) > _STEPS:
        half = _STEPS // 2
        lines[half:-half] = [f"   ({len(lines) - _STEPS} commands are left out here)"]
    return "\n".join(lines)


def _reply(step: Mapping[str, Any]) -> str:
    reply = step["reply"]
    if "no_answer" in reply:
        return cut(defuse(f"no answer: {reply['no_answer']}").replace("\n", "\\n"), _STEP)
    state = step.get("after")
    said = f"{reply['status']}" + (f", {state}" if state else "")
    return cut(defuse(said).replace("\n", "\\n"), _STEP)


def _difference(expected: str, observed: str) -> str:
    return "\n".join(
        (
            prefixed(cut(defuse(expected), _SIDE), "- "),
            prefixed(cut(defuse(observed), _SIDE), "+ "),
        )
    )


def _facts(
    night: Night, memory: Memory, document: Mapping[str, Any], said: Tonight
) -> dict[str, str]:
    versions = ", ".join(f"{name} {each}" for name, each in dict(document["versions"]).items())
    counts = said.reproduced
    facts = {
        "first seen": str(document.get("first_seen") or stamp(night.started_at)),
        "last seen": str(document.get("last_seen") or stamp(night.started_at)),
        "occurrences": str(memory.occurrences),
        "reproducibility": f"{counts} replays" if counts is not None else "not replayed",
        "severity": str(document["severity"]),
        "campaign": f"profile {document['profile']}, seed {document['seed']}",
        "Federation Core": f"{document['base_url']}, dialect {document['dialect']}",
        "versions": versions,
    }
    return {name: cut(value, _FACT) for name, value in facts.items()}


def counter_text(fingerprint: str, memory: Memory) -> str:
    """The comment that is edited after each night."""
    return _TEMPLATES.get_template("counter.md.j2").render(
        markers=[marker("counter", fingerprint), remember(memory)], memory=memory, nights=NIGHTS
    )


def closing_text(night: Night) -> str:
    """The comment on closing."""
    return _TEMPLATES.get_template("closing.md.j2").render(
        markers=[marker("closed", night.campaign)], night=night, nights=NIGHTS
    )


def reopening_text(night: Night, said: Tonight) -> str:
    """The comment on reopening."""
    return _TEMPLATES.get_template("reopening.md.j2").render(
        markers=[marker("reopened", night.campaign)], night=night, said=said
    )
