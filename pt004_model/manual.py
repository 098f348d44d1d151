"""The manual that is shipped with the package, and the contract beside it, read by section.

A finding is held against a clause of ``contract.md``; ``docs/checks.md`` says of each check what
usually breaks it. Both are Markdown, shown as they are.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Final

from pt004_model.judge.checks import CHECKS, Check

TOPICS: Final = {
    "your-fc": "first contact with an FC of your own, and what UNSURE means",
    "commands": "all commands, and what each tox environment does",
    "configuration": "settings: flags, variables and the file that describes an FC",
    "ci": "the nightly job: profiles, exit status, what a campaign leaves",
    "workers": "many workers, a cluster, shards of a campaign",
    "complete": "a suite that leaves no room, and an automaton that was learned",
    "night": "what is promised of a job that runs unattended",
    "extending": "from pytest: the state machine, the plugin, checks and rules of your own",
    "filing": "findings as issues, and the list of known ones",
    "proof": "the proof of the canonical cases, and how to verify one",
    "audit": "production judged by what it has written, without a request",
    "checks": "what each check holds an FC to, and what usually breaks it",
    "architecture": "the one idea, the life of a run, the parts",
    "search": "how a campaign chooses, and what each mechanism buys",
    "measured": "how good the tester is, and how that is measured",
    "limits": "what is not tested",
}
"""The pages of the manual and what each is about; ``docs/TOPIC.md`` holds it."""
_HEADING: Final = re.compile(r"## (\d+)\. ")
_NUMBERED: Final = re.compile(r"(\d+\.\d+) ")


def _read(name: str) -> str:
    return resources.files("pt004_model").joinpath(name).read_text("utf-8")


def page(topic: str) -> str:
    """Return a page of the manual. Raises ``KeyError`` for an unknown topic."""
    if topic not in TOPICS:
        raise KeyError(topic)
    return _read(f"docs/{topic}.md")


@cache
def sections() -> dict[str, str]:
    """Return the text of every section and numbered paragraph of the contract, by its number.

    ``5`` and ``5.2`` are such numbers; a section holds its heading and its paragraphs.
    """
    parts: dict[str, list[str]] = {}
    section = paragraph = ""
    for line in _read("contract.md").splitlines():
        if heading := _HEADING.match(line):
            section, paragraph = heading[1], ""
        elif (number := _NUMBERED.match(line)) and number[1].partition(".")[0] == section:
            paragraph = number[1]
        for name in filter(None, (section, paragraph)):
            parts.setdefault(name, []).append(line)
    return {name: "\n".join(lines).strip() for name, lines in parts.items()}


def clause_of(check: Check) -> str:
    """Return the text that a check holds an FC to; of a check of one's own the clause's name."""
    return check.section if check.own else clause(check.section)


def clause(section: str) -> str:
    """Return the text of a section, or of several as a check names them (``3.2, 4``), in order.

    Raises ``KeyError`` for a section that the contract does not have.
    """
    return "\n\n".join(sections()[number] for number in section.split(", "))


@cache
def _entries() -> dict[str, str]:
    parts = re.split(r"(?m)^## (\S+)$", page("checks"))
    return {name: text.strip() for name, text in zip(parts[1::2], parts[2::2], strict=True)}


def entry(check: str) -> str:
    """Return what there is to know of a check. Raises ``KeyError`` for an unknown one."""
    known = CHECKS[check]
    head = f"{known.id} ({known.severity}, contract {known.section})\n{known.sentence}\n"
    if known.own:
        return head
    return f"{head}\nUsually broken by: {_entries()[check]}\n\n{clause(known.section)}\n"
