"""Text from an FC made fit to be shown: nothing in it acts, and nothing in it is invisible."""

from __future__ import annotations

import json
import re
import unicodedata
from difflib import SequenceMatcher
from typing import Any, Final

from attrs import frozen

_WORDS: Final = re.compile(r"[\w.-]+|\s+|.", re.DOTALL)
_ALIKE: Final = 0.4
_UNSEEN: Final = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
"""Categories of characters that are not seen, or that change how others are seen."""


def visible(text: str) -> str:
    """Return ``text`` with controls, marks of direction and lone surrogates spelled out."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_spelled(each) for each in text)


def _spelled(character: str) -> str:
    if character in "\n\t" or unicodedata.category(character) not in _UNSEEN:
        return character
    code = ord(character)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def pretty(value: Any, most: int = 20_000) -> str:
    """Return JSON laid out for people, cut to ``most`` characters; so is a text that is JSON."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return cut(visible(value), most)
    try:
        text = json.dumps(value, indent=2, ensure_ascii=False)
    except RecursionError:
        return "nested too deep to be shown; the trace file has it"
    return cut(visible(text), most)


def cut(text: str, most: int) -> str:
    """Return ``text``, cut to ``most`` characters with the number of those left out."""
    if len(text) <= most:
        return text
    return f"{text[:most]}\n… {len(text) - most:,} more characters are in the trace file"


@frozen
class Piece:
    """A part of a text; ``differs`` when the other text has something else there."""

    text: str
    differs: bool


def compared(expected: str, observed: str) -> tuple[tuple[Piece, ...], tuple[Piece, ...]]:
    """Return two texts in pieces, with what differs marked word by word.

    Texts that have hardly anything in common differ as wholes: scattered marks would mislead.
    """
    one, two = (_WORDS.findall(cut(visible(text), 2000)) for text in (expected, observed))
    matcher = SequenceMatcher(None, one, two, autojunk=False)
    if matcher.ratio() < _ALIKE:
        return _pieces((("".join(one), True),)), _pieces((("".join(two), True),))
    left, right = [], []
    for tag, a, b, c, d in matcher.get_opcodes():
        left.append(("".join(one[a:b]), tag != "equal"))
        right.append(("".join(two[c:d]), tag != "equal"))
    return _pieces(tuple(left)), _pieces(tuple(right))


def _pieces(parts: tuple[tuple[str, bool], ...]) -> tuple[Piece, ...]:
    return tuple(Piece(text, differs) for text, differs in parts if text)
