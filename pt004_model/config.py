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
from collections.abc import Collection, Iterable, Mapping
from datetime import date, datetime
from difflib import get_close_matches
from math import isfinite
from pathlib import Path
from typing import Any, Final, TypeAlias

from attrs import evolve, field, frozen

from pt004_model.judge.checks import CHECKS, areas
from pt004_model.judge.deviation import Deviation
from pt004_model.judge.finding import FINGERPRINT
from pt004_model.judge.own_checks import own_checks
from pt004_model.model.required import NOTHING, Required
from pt004_model.trace.files import Unusable
from pt004_model.vocabulary import GATE_FIELDS, HEADER, LOG_FIELDS, RUN_FIELDS, Routes
from pt004_model.wire.spelling import NAMES, Spelling

FILE: Final = Path("pt004.toml")
PROJECT: Final = Path("pyproject.toml")
SETTINGS: Final = ("target", "campaign")
"""The tables whose members are options."""
Place: TypeAlias = tuple[str | int, ...]
"""Where something stands in a file: the names, and the numbers within lists, that lead to it."""
_ID: Final = "{run_id}"
_PATH: Final = re.compile(r"/[\x21-\x7e]*", re.ASCII)
_WHOLE: Final = frozenset(
    {"status", "body", "detail", "Content-Type", "run", "logs", "gates", "logs[]", "gates[]"}
)
_FIELDS: Final = {"run": RUN_FIELDS, "logs[]": LOG_FIELDS, "gates[]": GATE_FIELDS}
"""Places of a reply as findings name them, an entry or gate without its number."""
_VARIABLE: Final = re.compile(r"\$(\$\{|\{([A-Za-z_][A-Za-z0-9_]*)\})")


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

    def wrong(self, why: str, *place: str | int) -> Unusable:
        """Return the error that something is wrong at a place."""
        return Unusable(f"{self.path}, line {self.line(*place)}: {why}")


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
    lines, before = text.replace("\r\n", "\n").split("\n"), 0
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

    Raises :class:`Unusable`.
    """
    try:
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise Unusable(f"cannot read {path}: {getattr(error, 'strerror', None) or error}") from None
    return parsed(path, text, root)


def parsed(path: Path, text: str, root: Place = ()) -> Document:
    """Return the TOML document that a file is, or would be. Raises :class:`Unusable`."""
    try:
        table: Any = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also a number that Python does not read
        why = "it is nested too deep" if isinstance(error, RecursionError) else error
        raise Unusable(f"{path} is no TOML: {why}") from None
    for name in root:
        table = table.get(name, {}) if isinstance(table, dict) else table
    if not isinstance(table, dict):
        raise Unusable(f"{path}, line {line_of(text, root)}: write [{'.'.join(map(str, root))}]")
    return Document(path, text, table, root)


@frozen
class Config:
    """What a file says of an FC; without a file it says nothing."""

    document: Document | None = None
    settings: dict[str, dict[str, Any]] = field(factory=dict, repr=False)
    """The members of the tables of settings, by table."""
    routes: dict[str, str] = field(factory=dict)
    """Routes in the place of those of a dialect, by the names of ``Routes``."""
    required: Required = NOTHING
    spelling: Spelling = field(factory=Spelling)
    deviations: tuple[Deviation, ...] = ()
    own: dict[str, Any] = field(factory=dict, repr=False)
    """The tables besides the settings, as they stand there."""
    given: Path | None = None
    """The file, where it was named and not found."""

    def agreed(self, on: date) -> tuple[Deviation, ...]:
        """Return the deviations that hold on a day."""
        return tuple(each for each in self.deviations if each.until is None or on < each.until)

    def wrong(self, why: str, *place: str | int) -> Unusable:
        """Return the error that something is wrong at a place of the file."""
        return Unusable(why) if self.document is None else self.document.wrong(why, *place)

    def where(self, *place: str | int) -> str:
        """Return file and line of a place, for people."""
        document = self.document
        return "" if document is None else f"{document.path}, line {document.line(*place)}"


def load(given: Path | None, known: Mapping[str, Collection[str]]) -> Config:
    """Return what a file says; without one, the file of this folder, if it is there.

    ``known`` are the names of the settings, by table. Raises :class:`Unusable`.
    """
    document = _found(given)
    if document is None:
        return Config()
    table = _expanded(document, document.table, ())
    _members(document, table, (*SETTINGS, "routes", "create", "spelling", "deviation"))
    settings = {name: _table(document, table, name) for name in SETTINGS}
    for name, there in settings.items():
        _members(document, there, known[name], name)
    return Config(
        document,
        settings,
        _routes(document, _table(document, table, "routes")),
        _required(document, _table(document, table, "create")),
        _spelling(document, _table(document, table, "spelling")),
        _deviations(document, table.get("deviation", [])),
        {name: each for name, each in table.items() if name not in SETTINGS},
        given,
    )


def _members(document: Document, table: Any, names: Iterable[str], *place: str | int) -> None:
    for name in table:
        if name not in names:
            choices = ", ".join(sorted(names))
            raise document.wrong(f"{name!r} means nothing here; use {choices}", *place, name)


def _table(document: Document, table: dict[str, Any], *place: str) -> dict[str, Any]:
    there = table.get(place[-1], {})
    if not isinstance(there, dict):
        raise document.wrong(f"{place[-1]!r} is no table; write [{'.'.join(place)}]", *place)
    return there


def _routes(document: Document, table: dict[str, Any]) -> dict[str, str]:
    _members(document, table, Routes._fields, "routes")
    for name, path in table.items():
        wanted = 1 if name in {"change", "read"} else 0
        if not isinstance(path, str) or not _PATH.fullmatch(path) or path.count(_ID) != wanted:
            how = f"with {_ID} in it once" if wanted else f"without {_ID}"
            raise document.wrong(f"{name} is a path that begins with /, {how}", "routes", name)
    return table


def _required(document: Document, table: dict[str, Any]) -> Required:
    _members(document, table, ("workflow_ids", "fields"), "create")
    ids = _words(document, table, "create", "workflow_ids")
    fields = _table(document, table, "create", "fields")
    _values(document, fields, ("create", "fields"))
    return Required(fields, ids)


def _values(document: Document, value: Any, place: Place) -> None:
    """Refuse what cannot be in a request."""
    if isinstance(value, list) and not value:
        raise document.wrong("no value is allowed; name at least one", *place)
    if isinstance(value, dict | list):
        for at, each in value.items() if isinstance(value, dict) else enumerate(value):
            _values(document, each, (*place, at))
    elif not isinstance(value, str) and not (isinstance(value, int | float) and isfinite(value)):
        raise document.wrong("this is no value of JSON; write it as a text", *place)


def _words(document: Document, table: dict[str, Any], *place: str) -> tuple[str, ...]:
    words = table.get(place[-1], [])
    if not isinstance(words, list) or not all(isinstance(each, str) and each for each in words):
        raise document.wrong(f"{place[-1]} is a list of texts that are not empty", *place)
    return tuple(words)


def _spelling(document: Document, table: dict[str, Any]) -> Spelling:
    outside = ("outside_statuses", "outside_gates")
    _members(document, table, (*NAMES, *outside), "spelling")
    tables: dict[str, dict[str, str]] = {}
    for kind, names in NAMES.items():
        tables[kind] = there = _table(document, table, "spelling", kind)
        _members(document, there, names, "spelling", kind)
        for name, other in there.items():
            if not isinstance(other, str) or not other:
                raise document.wrong(f"{name} is a text on the wire", "spelling", kind, name)
            if [*there.values()].count(other) > 1:
                why = f"two names are {other!r} on the wire, so none can be told"
                raise document.wrong(why, "spelling", kind, name)
            if kind == "headers" and not HEADER.fullmatch(other):
                raise document.wrong(f"{other!r} is no name of a header", "spelling", kind, name)
    words = [_words(document, table, "spelling", name) for name in outside]
    for name, kind, each in zip(outside, ("statuses", "gates"), words, strict=True):
        for word in each:
            if word in tables[kind].values() or (word in NAMES[kind] and word not in tables[kind]):
                why = f"{word!r} is within the model; name it in one place"
                raise document.wrong(why, "spelling", name)
    return Spelling(**tables, outside_statuses=words[0], outside_gates=words[1])


def _deviations(document: Document, tables: Any) -> tuple[Deviation, ...]:
    if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
        raise document.wrong("write each deviation as a table [[deviation]]", "deviation")
    found: list[Deviation] = []
    for at, table in enumerate(tables):
        each = _deviation(document, table, at)
        for before in found:
            if evolve(before, reason="", until=None) == evolve(each, reason="", until=None):
                why = "this difference is there twice, and the two may say otherwise; leave one"
                raise document.wrong(why, "deviation", at)
        found.append(each)
    return tuple(found)


_TEXTS: Final = ("reason", "area", "check", "place", "fingerprint")


def _deviation(document: Document, table: dict[str, Any], at: int) -> Deviation:
    here: Place = ("deviation", at)
    _members(document, table, (*_TEXTS, "until"), *here)
    for name in _TEXTS:
        value = table.get(name, "none" if name != "reason" else "")
        if not isinstance(value, str) or not value.strip():
            raise document.wrong(f"{name} is a text that is not empty", *here, name)
    until = table.get("until")
    if until is not None and (not isinstance(until, date) or isinstance(until, datetime)):
        raise document.wrong("until is a day like 2027-01-31", *here, "until")
    named = [name for name in ("area", "check", "fingerprint") if name in table]
    if len(named) != 1:
        said = "; it names " + " and ".join(named) if named else ""
        raise document.wrong(f"a deviation names one area, check or fingerprint{said}", *here)
    own_checks()  # those of installed packages can be agreed to as well
    for name, there in (("area", areas()), ("check", tuple(CHECKS))):
        if name in table and table[name] not in there:
            choices = ", ".join(get_close_matches(table[name], there) or areas())
            why = f"{table[name]!r} is no {name}; `pt004 checks` lists them: {choices}"
            raise document.wrong(why, *here, name)
    if "fingerprint" in table and not FINGERPRINT.fullmatch(table["fingerprint"]):
        raise document.wrong("a fingerprint has 12 digits, 0-9 and a-f", *here, "fingerprint")
    if "place" in table and not _is_place(table["place"]):
        why = f"{table['place']!r} is no place of a reply; one is run.tags, another logs[].step_id"
        raise document.wrong(why, *here, "place")
    return Deviation(**table)


def _is_place(place: str) -> bool:
    """Tell if a place may stand in a reply: what is within a field is left to the FC."""
    if place in _WHOLE:
        return True
    part, _, rest = place.partition(".")
    name = re.split(r"[.\[]", rest)[0]
    return name in _FIELDS.get(part, ())


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
