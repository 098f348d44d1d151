"""The text of the contract, section by section: what a finding is held against."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from typing import Final

_HEADING: Final = re.compile(r"## (\d+)\. ")
_NUMBERED: Final = re.compile(r"(\d+\.\d+) ")


@cache
def sections() -> dict[str, str]:
    """The text of every section and numbered paragraph, by its number, e.g. ``5`` and ``5.2``.

    A section holds its heading and its paragraphs; both are Markdown as in ``contract.md``.
    """
    text = resources.files("pt004_model").joinpath("contract.md").read_text("utf-8")
    parts: dict[str, list[str]] = {}
    section = paragraph = ""
    for line in text.splitlines():
        if heading := _HEADING.match(line):
            section, paragraph = heading[1], ""
        elif (number := _NUMBERED.match(line)) and number[1].partition(".")[0] == section:
            paragraph = number[1]
        for name in filter(None, (section, paragraph)):
            parts.setdefault(name, []).append(line)
    return {name: "\n".join(lines).strip() for name, lines in parts.items()}


def clause(section: str) -> str:
    """The text of a section, or of several as a check names them (``3.2, 4``), in that order.

    Raises ``KeyError`` for a section that the contract does not have.
    """
    return "\n\n".join(sections()[number] for number in section.split(", "))
