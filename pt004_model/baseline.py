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
from collections.abc import Iterable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import tomlkit
from attrs import frozen
from tomlkit.items import AoT

from pt004_model.config import Document, parsed, read_document
from pt004_model.judge.finding import FINGERPRINT
from pt004_model.trace.files import Unusable, write_text

DEFAULT: Final = Path(".pt004-known.toml")
"""Where known findings are looked for: in the working directory."""
_HEADING: Final = re.compile(r"^[ \t]*\[\[[ \t]*known[ \t]*\]\][ \t]*(#.*)?$")
_TEXTS: Final = ("fingerprint", "reason", "owner")
_NAMES: Final = (*_TEXTS, "expires", "check")
_NEW: Final = "# Findings that do not fail a run; see `pt004 baseline --help`.\n"


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

    Raises ``Unusable``.
    """
    path = DEFAULT if given is None else given
    if not path.exists():
        if given is not None:
            raise Unusable(f"{path} is not there; `pt004 baseline add` makes it")
        return Known(path, (), on or today())
    return Known(path, _entries(read_document(path)), on or today())


def add(path: Path, entry: Entry) -> bool:
    """Write an entry, or replace that of its fingerprint: then the answer is true.

    Raises ``Unusable``, and ``Unwritable``.
    """
    before = read_document(path) if path.exists() else parsed(path, _NEW)
    numbers = [each.fingerprint for each in _entries(before)]
    there = entry.fingerprint in numbers
    if there:
        document = tomlkit.parse(before.text)
        tables: Any = document["known"]
        _fill(tables[numbers.index(entry.fingerprint)], entry)
        written = tomlkit.dumps(document)
    else:
        listed: AoT = tomlkit.aot()
        listed.append(_fill(tomlkit.table(), entry))
        head = f"{before.text.rstrip()}\n\n" if before.text.strip() else ""
        written = head + tomlkit.dumps({"known": listed})
    try:
        _entries(parsed(path, written))
    except Unusable:
        raise _by_hand(path) from None
    write_text(path, written)
    return there


def remove(path: Path, gone: Iterable[str]) -> None:
    """Take entries out, each with the comment right above it.

    Raises ``Unusable``, and ``Unwritable``.
    """
    before, leaving = read_document(path), set(gone)
    entries = _entries(before)
    kept = tuple(entry for entry in entries if entry.fingerprint not in leaving)
    lines = before.text.splitlines(keepends=True)
    headings = [at for at, each in enumerate(before.text.splitlines()) if _HEADING.match(each)]
    places = [*(_with_comment(lines, at) for at in headings), len(lines)]
    written = "".join(lines[: places[0]]) + "".join(
        "".join(lines[places[number] : places[number + 1]])
        for number, entry in enumerate(entries)
        if len(headings) == len(entries) and entry in kept
    )
    if len(headings) != len(entries) or _entries(parsed(path, written)) != kept:
        raise _by_hand(path)
    write_text(path, written)


def _by_hand(path: Path) -> Unusable:
    return Unusable(f"{path} is written in a way that only a person can change; edit it by hand")


def _fill(table: Any, entry: Entry) -> Any:
    for name in ("fingerprint", "check", "reason", "owner", "expires"):
        value = getattr(entry, name)
        if value or name in table:
            table[name] = value
    return table


def _entries(document: Document) -> tuple[Entry, ...]:
    for name in document.table:
        if name != "known":
            raise document.wrong(f"{name!r} means nothing here; write [[known]]", name)
    tables = document.table.get("known", [])
    if not isinstance(tables, list) or not all(isinstance(each, dict) for each in tables):
        raise document.wrong("write each known finding as a table [[known]]", "known")
    found: dict[str, Entry] = {}
    for number, table in enumerate(tables):
        entry = _entry(document, number, table)
        if entry.fingerprint in found:
            why = f"{entry.fingerprint} is there twice; leave one"
            raise document.wrong(why, "known", number, "fingerprint")
        found[entry.fingerprint] = entry
    return tuple(found.values())


def _entry(document: Document, number: int, table: dict[str, Any]) -> Entry:
    def wrong(name: str, why: str) -> Unusable:
        return document.wrong(why, "known", number, name)

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
    check = table.get("check", "")
    if not isinstance(check, str):
        raise wrong("check", "check is no text; it is the id of the check, for people")
    return Entry(table["fingerprint"], table["reason"], table["owner"], expires, check)


def read_day(text: str) -> date | None:
    """Return a day written like 2027-01-31, or ``None``."""
    try:
        return date.fromisoformat(text) if re.fullmatch(r"\d{4}-\d\d-\d\d", text) else None
    except ValueError:
        return None


def _with_comment(lines: list[str], heading: int) -> int:
    """Return where an entry begins when the comment right above it is counted as its own."""
    while heading > 0 and lines[heading - 1].lstrip().startswith("#"):
        heading -= 1
    return heading
