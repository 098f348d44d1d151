"""Texts of anybody's, made harmless for a shell, for Python, for Mermaid and for a reader."""

from __future__ import annotations

import shlex
from typing import Final

_PLAIN: Final = frozenset(map(chr, range(0x20, 0x7F)))
_SHOWN: Final = 300


def plain(text: str, limit: int = _SHOWN) -> str:
    """Return one line of printable ASCII: what else there is, is spelled with backslashes."""
    shown = text if len(text) <= limit else f"{text[:limit]}... ({len(text) - limit} more)"
    return "".join(c if c in _PLAIN else c.encode("unicode_escape").decode() for c in shown)


def visible(text: str) -> str:
    """Return ``text`` for a terminal: printable characters of any script, all others spelled."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)


def shell(text: str) -> str:
    """Return a word of a POSIX shell for ``text``; a NUL, which no word can hold, is left out.

    What is not printable ASCII goes through ``printf``, so that the script itself is ASCII.
    """
    if set(text) <= _PLAIN:
        return shlex.quote(text)
    return f'"$({printf(_bytes(text).replace(bytes(1), b""))})"'


def _bytes(text: str) -> bytes:
    """Return the bytes of a text, in which surrogate escapes may stand for bytes."""
    try:
        return text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        return text.encode("utf-8", "surrogatepass")


def printf(content: bytes) -> str:
    """Return a ``printf`` of a POSIX shell that writes the bytes, whatever they are."""
    parts = []
    for byte in content:
        character = chr(byte)
        if character == "%":
            parts.append("%%")
        elif character == "\\":
            parts.append("\\\\")
        elif character == "'":
            parts.append("'\\''")
        else:
            parts.append(character if character in _PLAIN else f"\\{byte:03o}")
    text = "".join(parts)
    # what begins with a hyphen is no option
    return f"printf -- '{text}'" if text.startswith("-") else f"printf '{text}'"


def mermaid(text: str, limit: int = 120) -> str:
    """Return ``text`` for a line of Mermaid: all that could mean something is an entity."""
    safe = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 .,/()?=+*_'-:[]{}\"")
    return "".join(c if c in safe else f"#{ord(c)};" for c in plain(text, limit))
