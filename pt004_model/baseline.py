"""Known findings: a file of fingerprints that do not fail a run, each until a day.

The file is written by people and by ``pt004 baseline``, and meant to be kept beside the code::

    [[known]]
    fingerprint = "6b9764f45135"
    reason = "is being repaired"
    owner = "ann"
    expires = 2027-01-31

Comments and the order of things are left as they are. A finding is known until the end of
``expires``.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import tomlkit
from attrs import frozen
from tomlkit.items import AoT

from pt004_model.trace.files import write_text

DEFAULT: Final = Path(".pt004-known.toml")
"""Where known findings are looked for: in the working directory."""
FINGERPRINT: Final = re.compile(r"[0-9a-f]{12}", re.ASCII)
_HEADING: Final = re.compile(r"^[ \t]*\[\[[ \t]*known[ \t]*\]\][ \t]*(#.*)?$")
_TEXTS: Final = ("fingerprint", "reason", "owner")
_NAMES: Final = (*_TEXTS, "expires", "check")
_NEW: Final = "# Findings that do not fail a run; see `pt004 baseline --help`.\n"


class BadKnown(Exception):  # noqa: N818 - said of a file, in a sentence for people
    """A file of known findings that cannot be used; the message is a sentence with the line."""


def today() -> date:
    """Return the day in UTC, by which entries expire."""
    return datetime.now(UTC).date()


@frozen
class Entry:
    """One known finding; ``expires`` is the last day on which it counts as known."""

    fingerprint: str
    reason: str
    owner: str
    expires: date
    check: str = ""

    def expired(self, on: date) -> bool:
        """Return whether its time is over on the day ``on``."""
        return on > self.expires

    def says(self, on: date) -> str:
        """Return owner, day and reason in one line."""
        what = "expired on" if self.expired(on) else "known until"
        return f"{what} {self.expires} ({self.owner}): {' '.join(self.reason.split())}"


@frozen
class Known:
    """All entries of a file, as they stand on the day ``on``."""

    path: Path = DEFAULT
    entries: tuple[Entry, ...] = ()
    on: date = date.min

    @property
    def fingerprints(self) -> frozenset[str]:
        """The findings that are known on that day."""
        return frozenset(e.fingerprint for e in self.entries if not e.expired(self.on))

    @property
    def expired(self) -> tuple[Entry, ...]:
        """The entries whose time is over."""
        return tuple(entry for entry in self.entries if entry.expired(self.on))

    def about(self, fingerprint: str) -> str:
        """Return the entry of a finding in a line; empty when there is none."""
        said = [e.says(self.on) for e in self.entries if e.fingerprint == fingerprint]
        return said[0] if said else ""


def load(given: Path | None, on: date | None = None) -> Known:
    """Return the known findings of a file; of the default one, if it is there, when none is given.

    Raises :class:`BadKnown`.
    """
    path = DEFAULT if given is None else given
    if given is None and not path.exists():
        return Known(path, (), on or today())
    return Known(path, _entries(path, _read(path)), on or today())


def add(path: Path, entry: Entry) -> bool:
    """Write an entry, or replace that of its fingerprint: then the answer is true.

    Raises :class:`BadKnown`, and ``Unwritable``.
    """
    text = _read(path) if path.exists() else _NEW
    numbers = [e.fingerprint for e in _entries(path, text)]
    there = entry.fingerprint in numbers
    if there:
        document = tomlkit.parse(text)
        tables: Any = document["known"]
        _fill(tables[numbers.index(entry.fingerprint)], entry)
        written = tomlkit.dumps(document)
    else:
        listed: AoT = tomlkit.aot()
        listed.append(_fill(tomlkit.table(), entry))
        before = f"{text.rstrip()}\n\n" if text.strip() else ""
        written = before + tomlkit.dumps({"known": listed})
    try:
        _entries(path, written)
    except BadKnown:
        raise _by_hand(path) from None
    write_text(path, written)
    return there


def remove(path: Path, gone: Iterable[str]) -> None:
    """Take entries out, each with the comment right above it.

    Raises :class:`BadKnown`, and ``Unwritable``.
    """
    text, leaving = _read(path), set(gone)
    entries = _entries(path, text)
    kept = tuple(entry for entry in entries if entry.fingerprint not in leaving)
    lines = text.splitlines(keepends=True)
    starts = [_with_comment(lines, at) for at in _headings(text)]
    places = [*starts, len(lines)]
    written = "".join(lines[: places[0]]) + "".join(
        "".join(lines[places[number] : places[number + 1]])
        for number, entry in enumerate(entries)
        if len(starts) == len(entries) and entry in kept
    )
    if len(starts) != len(entries) or _entries(path, written) != kept:
        raise _by_hand(path)
    write_text(path, written)


def _by_hand(path: Path) -> BadKnown:
    return BadKnown(f"{path} is written in a way that only a person can change; edit it by hand")


def _fill(table: Any, entry: Entry) -> Any:
    for name in ("fingerprint", "check", "reason", "owner", "expires"):
        value = getattr(entry, name)
        if value or name in table:
            table[name] = value
    return table


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        raise BadKnown(f"{path} is not there; `pt004 baseline add` makes it") from None
    except (OSError, UnicodeDecodeError) as error:
        why = getattr(error, "strerror", None) or error
        raise BadKnown(f"cannot read {path}: {why}") from None


def _entries(path: Path, text: str) -> tuple[Entry, ...]:
    try:
        document = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # also a number that Python does not read
        why = "it is nested too deep" if isinstance(error, RecursionError) else error
        raise BadKnown(f"{path} is no TOML: {why}") from None
    for name in document:
        if name != "known":
            at = _line(text.splitlines(), 0, rf"[\[\s\"']*{re.escape(name)}\b")
            raise BadKnown(f"{path}, line {at}: {name!r} means nothing here; write [[known]]")
    tables = document.get("known", [])
    if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
        at = _line(text.splitlines(), 0, r"[\[\s\"']*known\b")
        raise BadKnown(f"{path}, line {at}: write each known finding as a table [[known]]")
    found: list[Entry] = []
    headings = [*_headings(text), *(0 for _ in tables)]
    for number, table in enumerate(tables):
        entry = _entry(path, text, headings[number], table)
        if any(entry.fingerprint == each.fingerprint for each in found):
            at = _line(text.splitlines(), headings[number], r"\s*fingerprint\b")
            raise BadKnown(f"{path}, line {at}: {entry.fingerprint} is there twice; leave one")
        found.append(entry)
    return tuple(found)


def _entry(path: Path, text: str, heading: int, table: dict[str, Any]) -> Entry:
    def wrong(name: str, why: str) -> BadKnown:
        at = _line(text.splitlines(), heading, rf"\s*[\"']?{re.escape(name)}\b")
        return BadKnown(f"{path}, line {at}: {why}")

    for name in table:
        if name not in _NAMES:
            raise wrong(name, f"{name!r} means nothing here; use {', '.join(_NAMES)}")
    for name in _TEXTS:
        value = table.get(name)
        if not isinstance(value, str) or not value.strip():
            said = "is missing" if value is None else "is no text, or empty"
            raise wrong(name, f"{name} {said}; each known finding has {', '.join(_NAMES[:4])}")
    if not FINGERPRINT.fullmatch(table["fingerprint"]):
        given = table["fingerprint"]
        raise wrong("fingerprint", f"{given!r} is no fingerprint, which has 12 digits, 0-9 and a-f")
    expires = table.get("expires")
    if isinstance(expires, str):
        expires = read_day(expires)
    if not isinstance(expires, date) or isinstance(expires, datetime):
        raise wrong("expires", "expires must be a day like 2027-01-31")
    if not isinstance(table.get("check", ""), str):
        raise wrong("check", "check is no text; it is the id of the check, for people")
    check = table.get("check", "")
    return Entry(table["fingerprint"], table["reason"], table["owner"], expires, check)


def read_day(text: str) -> date | None:
    """Return a day written like 2027-01-31, or ``None``."""
    try:
        return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None
    except ValueError:
        return None


def _headings(text: str) -> list[int]:
    """Return the indices of the lines that begin an entry."""
    return [at for at, line in enumerate(text.splitlines()) if _HEADING.match(line)]


def _line(lines: list[str], start: int, pattern: str) -> int:
    """Return the number of the first line from ``start`` that matches, else that of ``start``."""
    for at in range(start, len(lines)):
        if at > start and _HEADING.match(lines[at]):
            break
        if re.match(pattern, lines[at]):
            return at + 1
    return start + 1


def _with_comment(lines: list[str], heading: int) -> int:
    """Return where an entry begins when the comment right above it is counted as its own."""
    while heading > 0 and lines[heading - 1].lstrip().startswith("#"):
        heading -= 1
    return heading
