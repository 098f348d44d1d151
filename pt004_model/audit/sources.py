"""Exports of runs: whatever they are in, each run comes out as one recorded reading.

A source is a file, a folder or standard input: JSON or a value a line (NDJSON), compressed with
gzip or not; in it are envelopes, log entries, or lists of either. What cannot be read is told with
its place, and the rest is read all the same. Parts of runs wait on disk for the others, so that an
export may be of any length.
"""

from __future__ import annotations

import gzip
import json
import sqlite3
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from itertools import groupby
from pathlib import Path
from typing import IO, Final

from attrs import define, evolve, field

from pt004_model.audit.har import BadHar, Call, har_entries, read_call
from pt004_model.audit.judging import Recorded
from pt004_model.judge.memory import JsonObject
from pt004_model.model.commands import Names
from pt004_model.model.replies import Undecodable
from pt004_model.model.values import Json
from pt004_model.trace.files import Unusable
from pt004_model.wire.codec import Codec, read_json

PLAIN: Final = Codec(Names((), ()))
"""The routes and names of the contract."""
STDIN: Final = Path("-")
MAX_VALUE: Final = 64 * 1024 * 1024
"""Bytes of the longest line, or of the longest value of several lines, that is read."""
_SUFFIXES: Final = (".json", ".ndjson", ".jsonl", ".gz", ".har")
_GZIP: Final = b"\x1f\x8b"
_OPENING: Final = (b"[", b"{", b"[{")
"""First lines with which a value of several lines begins."""
_ANSWERS: Final = "answers"
_SHOWN: Final = 5  # names of members that are told


def _database() -> sqlite3.Connection:
    """Return a database in a file that goes with the process."""
    made = sqlite3.connect("")
    made.execute("PRAGMA journal_mode = OFF")
    made.execute("CREATE TABLE parts (run_id TEXT, place TEXT, content TEXT)")
    return made


def _is_whole(run: JsonObject, logs: list[JsonObject]) -> bool:
    """Tell whether a run was shown when its log had these entries, by the length of its chain."""
    chain = run.get("receipt_chain")
    return isinstance(chain, list) and len(chain) == len(logs)


@define
class Sources:
    """Reads sources, and notes what is wrong with them: a sentence each, with file and line.

    They were written by the routes and names of ``wire``.
    """

    wire: Codec = PLAIN
    problems: list[str] = field(factory=list)
    recordings: list[list[Call]] = field(factory=list)
    """The calls of each HAR file."""
    _parts: sqlite3.Connection = field(init=False, factory=_database)
    """Log entries by themselves, and runs without any."""

    def read(self, paths: Iterable[Path]) -> Iterator[Recorded]:
        """Yield each run that stands as a whole in a source. Raises ``Unusable``."""
        for path in [file for each in paths for file in _files(each)]:
            for place, value in self._values(path):
                if isinstance(value, dict) and (entries := har_entries(value)) is not None:
                    yield from self._recording(place, entries)
                else:
                    yield from self.take(place, self.wire.spelling.read(value))

    def rest(self) -> Iterator[Recorded]:
        """Yield the runs of single log entries, with the run as it was shown last if it was.

        Those that were shown without a log come without entries.
        """
        rows = self._parts.execute("SELECT * FROM parts ORDER BY run_id, rowid")
        for run_id, parts in groupby(rows, key=lambda row: str(row[0])):
            logs, places, shown = [], [], None
            for _, place, content in parts:
                first, *gates = json.loads(content)
                if gates:
                    there = bool(gates[0])
                    shown = Recorded(json.loads(run_id), [], (place,), first, gates[0], there)
                else:
                    logs.append(first)
                    places.append(place)
            if not logs and shown is not None:
                yield shown
            elif shown is not None and shown.run is not None and _is_whole(shown.run, logs):
                yield evolve(shown, logs=logs, places=tuple(places))
            else:
                yield Recorded(json.loads(run_id), logs, tuple(places))

    def _values(self, path: Path) -> Iterator[tuple[str, Json]]:
        """Yield each value of a file and where it stands, lists taken apart."""
        name = "standard input" if path == STDIN else str(path)
        place = name
        try:
            with opened(path) as stream:
                for place, content in self._texts(name, stream):
                    value = read_json(content)
                    if isinstance(value, Undecodable):
                        half = "" if content.endswith(b"\n") else ", and its line has no end"
                        self.problems.append(f"{place}: {value.why}{half}")
                    else:
                        yield from _apart(place, value)
        except (EOFError, zlib.error, gzip.BadGzipFile) as error:
            self.problems.append(f"{place}: after it the compressed data is broken ({error})")
        except OSError as error:
            self.problems.append(f"{place}: after it the file cannot be read ({error.strerror})")

    def _texts(self, name: str, stream: IO[bytes] | gzip.GzipFile) -> Iterator[tuple[str, bytes]]:
        """Yield the text of each value: that of a line, or all of it where lines hold none."""
        number = 0
        while line := stream.readline(MAX_VALUE):
            number += 1
            if number == 1 and line.strip() in _OPENING:
                yield name, line + stream.read(MAX_VALUE)
                if stream.read(1):
                    self.problems.append(f"{name}: one value of more than {MAX_VALUE:,} bytes")
                return
            if len(line) == MAX_VALUE and not line.endswith(b"\n"):
                self.problems.append(f"{name}, line {number}: longer than {MAX_VALUE:,} bytes")
                while line and not line.endswith(b"\n"):
                    line = stream.readline(MAX_VALUE)
            elif line.strip():
                yield f"{name}, line {number}", line

    def take(self, place: str, value: Json, asked: str = "") -> Iterator[Recorded]:
        """Yield the run that a value holds, if it is an envelope with a log.

        It is in the names of the contract. ``asked`` is the id of the run, where it is known from
        elsewhere.
        """
        if not isinstance(value, dict):
            self.problems.append(f"{place}: neither an envelope nor a log entry, but no object")
            return
        run, logs = value.get("run"), value.get("logs")
        if isinstance(run, dict):
            yield from self._envelope(place, value, run, asked)
        elif isinstance(logs, list):
            for each_place, each in _apart(f"{place}, logs", logs):
                self._entry(each_place, each)
        elif "event_type" in value or "receipt_hash" in value:
            self._entry(place, value)
        elif set(value) != {"detail"}:  # an answer that refuses a call says nothing of a run
            names = ", ".join(map(repr, list(value)[:_SHOWN])) or "nothing"
            self.problems.append(f"{place}: neither an envelope nor a log entry; it has {names}")

    def _recording(self, place: str, entries: list[Json]) -> Iterator[Recorded]:
        """Yield the runs that the answers of a HAR file show with a log, and keep its calls."""
        calls: list[Call] = []
        for each_place, entry in _apart(f"{place}, entries", entries):
            try:
                call = read_call(each_place, entry, self.wire)
            except BadHar as bad:
                self.problems.append(str(bad))
                continue
            if call is not None:
                calls.append(call)
        if not calls:
            self.problems.append(f"{place}: a HAR file without an answered call of a run")
        self.recordings.append(calls)
        for call in calls:
            body = call.reply.body
            if call.shown is not None and isinstance(body, dict) and body.get("logs"):
                gates = {} if body.get("gates") or "gates" in call.query else {"gates": None}
                parts = {name: value for name, value in body.items() if name not in gates}
                yield from self.take(call.place, parts)

    def _envelope(
        self, place: str, value: JsonObject, run: JsonObject, asked: str
    ) -> Iterator[Recorded]:
        run_id, logs = asked or run.get("run_id"), value.get("logs")
        if not isinstance(run_id, str) or not run_id:
            self.problems.append(f"{place}: an envelope whose run has no run_id")
            return
        rows = [each for each in logs if isinstance(each, dict)] if isinstance(logs, list) else []
        if logs is not None and (not isinstance(logs, list) or len(rows) < len(logs)):
            self.problems.append(f"{place}: an envelope whose logs are no list of objects")
            return
        if rows:
            yield Recorded(run_id, rows, (place,), run, value.get("gates"), "gates" in value)
        else:
            self._keep(run_id, place, run, value.get("gates"))

    def _entry(self, place: str, value: Json) -> None:
        run_id = value.get("run_id") if isinstance(value, dict) else None
        if not isinstance(value, dict) or not isinstance(run_id, str) or not run_id:
            self.problems.append(f"{place}: a log entry without run_id")
            return
        self._keep(run_id, place, value)

    def _keep(self, run_id: str, place: str, *content: Json) -> None:
        """Keep a log entry, or a run and its gates."""
        try:
            row = (json.dumps(run_id), place, json.dumps(content))
            self._parts.execute("INSERT INTO parts VALUES (?, ?, ?)", row)
        except RecursionError:  # it is written with less room than it was read with
            self.problems.append(f"{place}: nested too deep")


def _files(path: Path) -> Iterator[Path]:
    """Yield the files of a source; of a proof the answers alone. Raises ``Unusable``."""
    if path == STDIN or path.is_file():
        yield path
    elif not path.is_dir():
        raise Unusable(f"there is no {path}; give a file, a folder, or - for standard input")
    else:
        answers = path / _ANSWERS
        inner = [answers] if answers.is_dir() and (path / "manifest.json").exists() else []
        for each in inner or sorted(path.iterdir()):
            if each.is_dir():
                yield from _files(each)
            elif each.suffix in _SUFFIXES and not each.name.startswith("."):
                yield each


@contextmanager
def opened(path: Path) -> Iterator[IO[bytes] | gzip.GzipFile]:
    """Open a source, or standard input, unpacked if it is compressed. Raises ``OSError``."""
    with nullcontext(sys.stdin.buffer) if path == STDIN else path.open("rb") as stream:
        peek = getattr(stream, "peek", None)
        if peek is not None and peek(2)[:2] == _GZIP:
            with gzip.GzipFile(fileobj=stream) as unpacked:
                yield unpacked
        else:
            yield stream


def _apart(place: str, value: Json) -> Iterator[tuple[str, Json]]:
    """Yield a value, or each one of a list."""
    if not isinstance(value, list):
        yield place, value
        return
    for number, each in enumerate(value, 1):
        yield f"{place}, item {number}", each
