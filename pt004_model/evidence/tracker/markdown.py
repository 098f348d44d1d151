"""Text that is not ours in an issue: it breaks no formatting, forges nothing and calls nobody.

Two places are open to it, a code span and a code block. In both Markdown knows no markup, and
trackers neither link nor notify. What is left to do is to keep it in there: the fence is longer
than any in the text, no character is invisible, and no comment can begin. An issue in a folder is
read as plain text too, so nothing is spelled as a character reference, as it is in the summary for
a CI.
"""

from __future__ import annotations

import re
from typing import Final

_TICKS: Final = re.compile(r"`+")


def defuse(text: str) -> str:
    """``text`` in characters that can be seen, line ends and tabs aside, and without comments."""
    plain = "".join(
        each if each.isprintable() or each in "\n\t" else _escaped(each)
        for each in text.replace("\r\n", "\n")
    )
    # the same to whoever reads it as JSON, and no beginning of a comment to anybody
    return plain.replace("<!--", "\\u003c!--")


def _escaped(character: str) -> str:
    number = ord(character)
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"


def shown(text: str, most: int) -> str:
    """``text`` defused, in at most ``most`` bytes, 40 at least; that it was cut is told."""
    # a character is a byte or more, so that what is cut off here is not shown in any case
    plain = defuse(text[: most + 1])
    if len(text) <= most and len(plain.encode()) <= most:
        return plain
    note = f"… ({len(text)} characters)"
    return plain.encode()[: most - len(note.encode())].decode(errors="ignore") + note


def line(text: str, most: int) -> str:
    """As :func:`shown`, on one line."""
    flat = text[: most + 1].replace("\r\n", "\n").replace("\n", "\\n").replace("\t", "\\t")
    return shown(flat + text[most + 1 :], most)


def code(text: str, most: int = 400) -> str:
    """``text`` as a code span on one line, its content in at most ``most`` bytes."""
    said = line(text, most)
    said = said if said.strip() else "(nothing)"
    fence = "`" * (_longest(said) + 1)
    # Markdown takes one space on each side away again
    pad = " " if said[0] in "` " or said[-1] in "` " else ""
    return f"{fence}{pad}{said}{pad}{fence}"


def fenced(text: str, kind: str = "text") -> str:
    """``text`` as a code block of a kind, which must be a word of ours."""
    said = defuse(text).strip("\n") or "(nothing)"
    fence = "`" * max(3, _longest(said) + 1)
    return f"{fence}{kind}\n{said}\n{fence}"


def prefixed(text: str, prefix: str) -> str:
    """``text`` with ``prefix`` before each line, for a block that shows a difference."""
    return "\n".join(f"{prefix}{line}" for line in text.split("\n"))


def _longest(text: str) -> int:
    return max((len(run) for run in _TICKS.findall(text)), default=0)
