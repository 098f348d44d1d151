"""The file that describes one FC: ``pt004.toml``, or ``[tool.pt004]`` of a ``pyproject.toml``.

Nobody should have to type ten options each time, nor keep them twice, for the command line and for
the night. A setting in the tables ``[target]`` and ``[campaign]`` is an option by its long name, so
what it may be is said there; this module says what else an FC may have that is its own.

``${NAME}`` in a text is the variable of the environment, ``$${`` a plain ``${``.
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any, Final, TypeAlias

from attrs import field, frozen

FILE: Final = Path("pt004.toml")
PROJECT: Final = Path("pyproject.toml")
SETTINGS: Final = ("target", "campaign")
"""The tables whose members are options."""
Place: TypeAlias = tuple[str | int, ...]
"""Where something stands in a file: the names, and the numbers within lists, that lead to it."""
_VARIABLE: Final = re.compile(r"\$(\$\{|\{([A-Za-z_][A-Za-z0-9_]*)\})")


class BadConfig(Exception):  # noqa: N818 - said of a file, in a sentence for people
    """A file that cannot be used; the message is a sentence with file and line."""


@frozen
class Document:
    """A TOML file as it was read: its text, and the table of it that is ours, ``root`` deep."""

    path: Path
    text: str
    table: dict[str, Any]
    root: Place = ()

    def line(self, *place: str | int) -> int:
        """Return the line on which a place begins; where it is not there, that of what holds it."""
        while place and not _holds(self.table, place):
            place = place[:-1]
        return line_of(self.text, (*self.root, *place))

    def wrong(self, why: str, *place: str | int) -> BadConfig:
        """Return the error that something is wrong at a place."""
        return BadConfig(f"{self.path}, line {self.line(*place)}: {why}")


def _holds(value: object, place: Place) -> bool:
    for step in place:
        if isinstance(value, dict) and step in value:
            value = value[str(step)]
        elif isinstance(value, list) and isinstance(step, int) and step < len(value):
            value = value[step]
        else:
            return False
    return True


def line_of(text: str, place: Place) -> int:
    """Return the line on which what stands at ``place`` begins.

    The lines up to it are TOML by themselves, so the parser says where: the first lines that hold
    the place end with it, and begin where the longest that do not hold it end.
    """
    lines, before = text.split("\n"), 0
    for count in range(1, len(lines) + 1):
        try:
            held = _holds(tomllib.loads("\n".join(lines[:count])), place)
        except ValueError:  # in the middle of a value
            continue
        if held:
            break
        before = count
    return min(before + 1, len(lines))


def read_document(path: Path, root: Place = ()) -> Document:
    """Return the TOML document in a file, of which the table at ``root`` is ours.

    Raises :class:`BadConfig`.
    """
    try:
        text = path.read_bytes().decode("utf-8").replace("\r\n", "\n")
    except (OSError, UnicodeDecodeError) as error:
        raise BadConfig(
            f"cannot read {path}: {getattr(error, 'strerror', None) or error}"
        ) from None
    try:
        table: Any = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also a number that Python does not read
        why = "it is nested too deep" if isinstance(error, RecursionError) else error
        raise BadConfig(f"{path} is no TOML: {why}") from None
    for name in root:
        table = table.get(name, {}) if isinstance(table, dict) else table
    if not isinstance(table, dict):
        raise BadConfig(f"{path}, line {line_of(text, root)}: write [{'.'.join(map(str, root))}]")
    return Document(path, text, table, root)


@frozen
class Config:
    """What a file says of an FC; without a file it says nothing."""

    document: Document | None = None
    settings: dict[str, dict[str, Any]] = field(factory=dict, repr=False)
    """The members of the tables of settings, by table."""
    given: Path | None = None
    """The file, where it was named and not found."""

    def wrong(self, why: str, *place: str | int) -> BadConfig:
        """Return the error that something is wrong at a place of the file."""
        return BadConfig(why) if self.document is None else self.document.wrong(why, *place)

    def where(self, *place: str | int) -> str:
        """Return file and line of a place, for people."""
        document = self.document
        return "" if document is None else f"{document.path}, line {document.line(*place)}"


def load(given: Path | None, known: Mapping[str, Collection[str]]) -> Config:
    """Return what a file says; without one, the file of this folder, if it is there.

    ``known`` are the names of the settings, by table. Raises :class:`BadConfig`.
    """
    document = _found(given)
    if document is None:
        return Config()
    names = (*SETTINGS,)
    for name in document.table:
        if name not in names:
            raise document.wrong(f"{name!r} means nothing here; use {', '.join(names)}", name)
    table = _expanded(document, document.table, ())
    settings = {name: table.get(name, {}) for name in SETTINGS}
    for name, there in settings.items():
        if not isinstance(there, dict):
            raise document.wrong(f"{name!r} is no table; write [{name}]", name)
        for each in there:
            if each not in known[name]:
                choices = ", ".join(sorted(known[name]))
                raise document.wrong(f"{each!r} means nothing here; use {choices}", name, each)
    return Config(document, settings, given)


def _found(given: Path | None) -> Document | None:
    if given is not None:
        return read_document(given, ("tool", "pt004") if given.name == PROJECT.name else ())
    if FILE.exists():
        return read_document(FILE)
    if PROJECT.exists():
        document = read_document(PROJECT, ("tool", "pt004"))
        return document if document.table else None
    return None


def _expanded(document: Document, value: Any, place: Place) -> Any:
    """Return a value with the variables of the environment in its texts."""

    def variable(match: re.Match[str]) -> str:
        if match[2] is None:
            return "${"
        if match[2] not in os.environ:
            why = f"the environment has no {match[2]}; set it, or write $${{ for a plain ${{"
            raise document.wrong(why, *place)
        return os.environ[match[2]]

    if isinstance(value, str):
        return _VARIABLE.sub(variable, value)
    if isinstance(value, dict):
        return {name: _expanded(document, each, (*place, name)) for name, each in value.items()}
    if isinstance(value, list):
        return [_expanded(document, each, (*place, at)) for at, each in enumerate(value)]
    return value
