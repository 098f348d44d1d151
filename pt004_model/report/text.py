"""Text that is not ours in Markdown: it breaks no formatting, forges nothing and calls nobody.

Two places are open to it in an issue, a code span and a code block. In both Markdown knows no
markup, and trackers neither link nor notify. It has to be kept in there: the fence
is longer than any in the text, no character is invisible, and no comment can begin. An issue in a
folder is read as plain text too, so nothing is spelled as a character reference there.

In the cell of a table a bar ends the cell within backticks too. A span of code is made with HTML
there, and what could mean something is a character reference: those mean themselves alone.
"""

from __future__ import annotations

import re
from typing import Final

_TICKS: Final = re.compile(r"`+")
_PLAIN: Final = re.compile(r"[A-Za-z0-9 ,;/()='\"%+?{}.-]")
_SHORT: Final = {"\n": "\\n", "\t": "\\t"}
_CUT: Final = " ..."


def defuse(text: str) -> str:
    """Return ``text`` in characters that can be seen, line ends and tabs; no comment begins."""
    plain = "".join(
        each if each.isprintable() or each in "\n\t" else _spelled(each)
        for each in text.replace("\r\n", "\n")
    )
    # the same to whoever reads it as JSON, and no beginning of a comment to anybody
    return plain.replace("<!--", "\\u003c!--")


def _spelled(character: str) -> str:
    """Return the escape of a character that cannot be seen."""
    number = ord(character)
    return _SHORT.get(character) or f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"


def shown(text: str, most: int) -> str:
    """Return ``text`` defused, in at most ``most`` bytes, 40 at least; that it was cut is told."""
    # a character is a byte or more, so that what is cut off here is not shown in any case
    plain = defuse(text[: most + 1])
    if len(text) <= most and len(plain.encode()) <= most:
        return plain
    note = f"… ({len(text)} characters)"
    return plain.encode()[: most - len(note.encode())].decode(errors="ignore") + note


def line(text: str, most: int) -> str:
    """Return ``text`` as :func:`shown` does, on one line."""
    flat = text[: most + 1].replace("\r\n", "\n")
    for character, spelled in _SHORT.items():
        flat = flat.replace(character, spelled)
    return shown(flat + text[most + 1 :], most)


def span(text: str, most: int = 400) -> str:
    """Return ``text`` as a code span on one line, its content in at most ``most`` bytes."""
    said = line(text, most)
    said = said if said.strip() else "(nothing)"
    fence = "`" * (_longest(said) + 1)
    # Markdown takes one space on each side away again
    pad = " " if said[0] in "` " or said[-1] in "` " else ""
    return f"{fence}{pad}{said}{pad}{fence}"


def fenced(text: str, kind: str = "text") -> str:
    """Return ``text`` as a code block of a kind, which must be a word of ours."""
    said = defuse(text).strip("\n") or "(nothing)"
    fence = "`" * max(3, _longest(said) + 1)
    return f"{fence}{kind}\n{said}\n{fence}"


def prefixed(text: str, prefix: str) -> str:
    """Return ``text`` with ``prefix`` before each line, for a block that shows a difference."""
    return "\n".join(f"{prefix}{line}" for line in text.split("\n"))


def _longest(text: str) -> int:
    return max((len(run) for run in _TICKS.findall(text)), default=0)


def reference(text: str) -> str:
    """Return ``text`` on one line for a cell; what could mean something is a character reference.

    Control characters, and characters that turn the direction of text or join it, are shown by
    their escapes.
    """
    shown: list[str] = []
    for before, character in zip(f" {text}", text, strict=False):
        if _PLAIN.fullmatch(character) and not (character == "." and before in "wW"):  # www.
            shown.append(character)
        elif character.isprintable():
            shown.append(f"&#{ord(character)};")
        else:
            shown.append(_spelled(character).replace("\\", "&#92;"))
    return "".join(shown)


def code(text: str, most: int = 300) -> str:
    """Return ``text`` as a span of code for a cell, cut after ``most`` characters, or nothing."""
    cut = text if len(text) <= most else text[: most - len(_CUT)] + _CUT
    return f"<code>{reference(cut)}</code>" if cut else ""
