r"""The one place that makes foreign text harmless: a quoter for each place it is shown in.

Text of an FC is data. Whatever shows it spells as JSON does (``\u202e``) what cannot be seen or
changes how others are seen, and what could end the place that it stands in; nothing in it becomes a
line, markup, a link, a mention or a command. HTML is escaped by its templates, and Python by
``ascii``.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined

from pt004_model.trace.writing import shallow

_ASCII: Final = frozenset(map(chr, range(0x20, 0x7F)))
_MOST: Final = 300
"""Bytes of one value that are shown, where nothing else is said."""
_IN_SPAN: Final = "`|<"
"""What could end a code span, or the cell of a table or the line of a list that it stands in."""
_IN_MARKDOWN: Final = str.maketrans(
    {each: f"\\{each}" for each in "\\*_[]#~!/{}+=$^"}
    | {each: f"&#{ord(each)};" for each in "@&<>`|"}
)
_NOT_XML: Final = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_MERMAID: Final = re.compile(r"[^A-Za-z0-9 .,/()?=+*_'\-:\[\]{}\"]")


class Safe(str):
    """Text of ours, or made harmless already: a template shows it as it is."""

    __slots__ = ()


def _spell(character: str) -> str:
    if (character.isascii() and character.isprintable()) or character == "\x7f":
        return f"\\u{ord(character):04x}"
    return json.dumps(character)[1:-1]


def visible(text: str, most: int | None = None, spelled: str = "", lines: bool = False) -> str:
    """Return ``text`` on one line of a terminal: what cannot be seen, and ``spelled``, is spelled.

    With ``lines`` line ends and tabs stay. A text of more than ``most`` bytes is cut, and its
    length told; ``most`` is 40 or more.
    """
    start = text if most is None else text[: most + 1]
    if lines:
        start = start.replace("\r\n", "\n")
    kept = "\n\t" if lines else ""
    flat = start.replace("\n", "").replace("\t", "") if lines else start
    if not flat.isprintable() or any(each in start for each in spelled):
        start = "".join(
            each if (each.isprintable() or each in kept) and each not in spelled else _spell(each)
            for each in start
        )
    content = start.encode()
    if most is None or (len(text) <= most and len(content) <= most):
        return start
    note = f"... ({len(text)} characters)"
    return content[: most - len(note)].decode(errors="ignore") + note


def plain(text: str, most: int | None = _MOST) -> str:
    """Return ``text`` on one line of printable ASCII, as in the comment of a script."""
    return "".join(c if c in _ASCII else _spell(c) for c in visible(text, most))


def words(value: object) -> str:
    """Return a value as text: a string as it is, nothing as nothing, all else as JSON."""
    if value is None or isinstance(value, str):
        return value or ""
    return json.dumps(shallow(value), default=str)


def span(value: object, most: int = _MOST) -> Safe:
    """Return a value as a code span of Markdown, in the cell of a table too; a dash for nothing."""
    text = words(value)
    if not text.strip():
        return Safe("(blank)" if text else "-")
    return Safe(f"`{visible(text, most, _IN_SPAN)}`")


def fenced(text: str, kind: str = "text") -> Safe:
    """Return ``text`` as a code block of Markdown of a kind, which must be a word of ours."""
    # in no reading does a comment begin, in which a tracker keeps what it knows
    said = visible(text, lines=True).replace("<!--", "\\u003c!--").strip("\n") or "(nothing)"
    fence = "`" * max([3, *(len(run) + 1 for run in re.findall("`+", said))])
    return Safe(f"{fence}{kind}\n{said}\n{fence}")


def prose(value: object, most: int = _MOST) -> Safe:
    """Return text that may quote an FC for a sentence of Markdown: no markup, link or mention."""
    said = visible(words(value), most).translate(_IN_MARKDOWN)
    return Safe(re.sub(r"(?i)www\.", lambda match: f"{match[0][:-1]}\\.", said))


def shell(text: str) -> str:
    """Return a word of a POSIX shell for ``text``; a NUL, which no word can hold, is left out.

    What is not printable ASCII goes through ``printf``, so that the script itself is ASCII.
    """
    if set(text) <= _ASCII:
        return shlex.quote(text)
    try:
        content = text.encode("utf-8", "surrogateescape")
    except UnicodeEncodeError:
        content = text.encode("utf-8", "surrogatepass")
    return f'"$({printf(content.replace(bytes(1), b""))})"'


def printf(content: bytes) -> str:
    """Return a ``printf`` of a POSIX shell that writes the bytes, whatever they are."""
    escapes = {"%": "%%", "\\": "\\\\", "'": "'\\''"}
    text = "".join(
        escapes.get(each, each) if each in _ASCII else f"\\{ord(each):03o}"
        for each in content.decode("latin-1")
    )
    # what begins with a hyphen is no option
    return f"printf -- '{text}'" if text.startswith("-") else f"printf '{text}'"


def mermaid(text: str) -> str:
    """Return ``text`` for a line of Mermaid: all that could mean something is an entity."""
    return _MERMAID.sub(lambda match: f"#{ord(match[0])};", plain(text, 120))


def xml(value: object) -> str:
    """Return ``value`` as a text that XML can hold, for whatever escapes its markup."""
    return _NOT_XML.sub(lambda match: _spell(match[0]), str(value))


def templates(
    package: str, folder: str = "templates", quoter: Callable[[Any], Safe] | None = None,
    html: bool = False,
) -> Environment:  # fmt: skip
    """Return the templates in a folder of a package.

    Each expression in them goes through ``quoter``, numbers and :class:`Safe` text apart; in HTML
    all text is made visible and escaped, markup of ours apart.
    """

    def quoted(value: Any) -> Any:
        if html:
            ours = not isinstance(value, str) or hasattr(value, "__html__")
            return value if ours else visible(value, lines=True)
        number = isinstance(value, int | float) and not isinstance(value, bool)
        return value if quoter is None or number or isinstance(value, Safe) else quoter(value)

    return Environment(
        loader=PackageLoader(package, folder),
        autoescape=html,  # noqa: S701 - of HTML; elsewhere each expression has its quoter
        finalize=quoted,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def variable(header: str) -> str:
    """Return the variable of the environment that holds what a header of this name says."""
    name = re.sub(r"[^A-Z0-9]", "_", header.upper())
    return f"_{name}" if name[0].isdigit() else name
