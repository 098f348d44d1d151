r"""Text from elsewhere as inert text: nothing in it can become a line, markup or a link.

What is shown of an FC is put into code spans or fences, with every character outside of plain
ASCII, and those that could end a span, a fence or a table cell, spelled as JSON spells it:
``\u003c`` for ``<``. So what is meant can be told exactly, whatever it is.
"""

from __future__ import annotations

import json
from typing import Final

from pt004_model.trace.writing import shallow

_ACTIVE: Final = frozenset("`|<>&\\")
_INERT: Final = frozenset(map(chr, range(0x20, 0x7F))) - _ACTIVE
_OURS: Final = frozenset("✓✗…")
"""Characters beyond ASCII that our own lines hold, and that do no harm anywhere."""
LIMIT: Final = 300
"""Characters of one value that a report shows."""


class Safe(str):
    """Text of ours, or made inert already: shown as it is."""

    __slots__ = ()


def inert(text: str, limit: int = LIMIT, kept: frozenset[str] = _INERT) -> Safe:
    """Return ``text`` on one line, cut to ``limit`` characters, with nothing active in it."""
    shown = "".join(c if c in kept or c in _OURS else _escaped(c) for c in text[:limit])
    return Safe(shown if len(text) <= limit else f"{shown}… ({len(text) - limit} more)")


def line(value: object, limit: int = LIMIT) -> Safe:
    """Return a value on one line of a plain text, where markup means nothing."""
    return inert(said(value), limit, _INERT | _ACTIVE - {"\\"})


def _escaped(character: str) -> str:
    if character in _ACTIVE:
        return f"\\u{ord(character):04x}" if character != "\\" else "\\\\"
    return json.dumps(character)[1:-1] if not character.isascii() or character < " " else "\\u007f"


def said(value: object) -> str:
    """Return a value as text: a string as it is, nothing as nothing, all else as JSON."""
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(shallow(value), default=str)


def code(value: object, limit: int = LIMIT) -> Safe:
    """Return a value as a Markdown code span; a dash where there is none."""
    text = said(value)
    if not text.strip():
        return Safe("-" if value is None or not text else "(blank)")
    return Safe(f"`{inert(text, limit)}`")


_PROSE: Final = str.maketrans({**{c: f"\\{c}" for c in "*_[]#~!/{}+=$^"}, "@": "\\\\u0040"})


def prose(text: str) -> Safe:
    """Text that may quote an FC, in the middle of a sentence: no markup, and no link."""
    return Safe(inert(text).translate(_PROSE).replace("www.", "www\\."))
