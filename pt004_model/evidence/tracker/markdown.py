"""Text that is not ours in Markdown: it breaks no formatting, forges nothing and calls nobody.

Two places are open to it, a code span and a code block. In both Markdown knows no markup, and
trackers neither link nor notify. What is left to do is to keep it in there: the fence is longer
than any in the text, no character is invisible, and no comment can begin.
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


def cut(text: str, most: int) -> str:
    """``text`` in at most ``most`` bytes, 40 at least; what is left out is told."""
    if len(text.encode()) <= most:
        return text
    note = f"… ({len(text)} characters)"
    return text.encode()[: most - len(note.encode())].decode(errors="ignore") + note


def code(text: str, most: int = 400) -> str:
    """``text`` as a code span on one line, its content in at most ``most`` bytes."""
    plain = defuse(text).replace("\n", "\\n").replace("\t", "\\t")
    shown = cut(plain, most)
    if not shown.strip():
        return "(nothing)"
    fence = "`" * (_longest(shown) + 1)
    # Markdown takes one space on each side away again
    pad = " " if shown[0] in "` " or shown[-1] in "` " else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def fenced(text: str, kind: str = "text") -> str:
    """``text`` as a code block of a kind, which must be a word of ours."""
    shown = defuse(text).strip("\n")
    fence = "`" * max(3, _longest(shown) + 1)
    return f"{fence}{kind}\n{shown}\n{fence}"


def prefixed(text: str, prefix: str) -> str:
    """``text`` with ``prefix`` before each line, for a block that shows a difference."""
    return "\n".join(f"{prefix}{line}" for line in (defuse(text).split("\n")))


def _longest(text: str) -> int:
    return max((len(run) for run in _TICKS.findall(text)), default=0)
