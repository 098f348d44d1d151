"""Exports of runs: whatever they are in, each run comes out as one recorded reading.

A source is a file, a folder or standard input: JSON or a value a line (NDJSON), compressed with
gzip or not; in it are envelopes, log entries, or lists of either. What cannot be read is told with
its place, and the rest is read all the same.
"""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import IO, Final

from attrs import define, field

from pt004_model.audit.judging import Recorded
from pt004_model.judge.memory import JsonObject
from pt004_model.model.replies import Undecodable
from pt004_model.model.values import Json
from pt004_model.wire.codec import read_json

STDIN: Final = Path("-")
MAX_VALUE: Final = 64 * 1024 * 1024
"""Bytes of the longest line, or of the longest value of several lines, that is read."""
_SUFFIXES: Final = (".json", ".ndjson", ".jsonl", ".gz")
_GZIP: Final = b"\x1f\x8b"
_OPENING: Final = (b"[", b"{", b"[{")
"""First lines with which a value of several lines begins."""
_ANSWERS: Final = "answers"
_SHOWN: Final = 5  # names of members that are told


class NoSource(Exception):  # noqa: N818 - said of a path, in a sentence for people
    """What was named cannot be read; the message is a sentence for people."""


@define
class Sources:
    """Reads sources, and notes what is wrong with them: a sentence each, with file and line.

    ``bare`` are runs that were shown without their log, each as shown last.
    """

    problems: list[str] = field(factory=list)
    bare: dict[str, Recorded] = field(factory=dict)
    _entries: dict[str, tuple[list[JsonObject], list[str]]] = field(factory=dict)

    def read(self, paths: Iterable[Path]) -> Iterator[Recorded]:
        """Yield a reading a run. Raises :class:`NoSource`.

        Those of single log entries come last, when all of them are there.
        """
        for path in [file for each in paths for file in _files(each)]:
            for place, value in self._values(path):
                yield from self._recorded(place, value)
        while self._entries:
            run_id, (logs, places) = self._entries.popitem()
            shown = self.bare.get(run_id)
            chain = None if shown is None or shown.run is None else shown.run.get("receipt_chain")
            if shown is not None and isinstance(chain, list) and len(chain) == len(logs):
                gates = shown.gates
                yield Recorded(run_id, logs, tuple(places), shown.run, gates, bool(gates))
            else:
                yield Recorded(run_id, logs, tuple(places))

    def _values(self, path: Path) -> Iterator[tuple[str, Json]]:
        """Yield each value of a file and where it stands, lists taken apart."""
        name = "standard input" if path == STDIN else str(path)
        place = name
        try:
            with _opened(path) as stream:
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

    def _recorded(self, place: str, value: Json) -> Iterator[Recorded]:
        """Yield the run that a value holds, if it is an envelope with a log."""
        if not isinstance(value, dict):
            self.problems.append(f"{place}: neither an envelope nor a log entry, but no object")
            return
        run, logs = value.get("run"), value.get("logs")
        if isinstance(run, dict):
            yield from self._envelope(place, value, run)
        elif isinstance(logs, list):
            for each_place, each in _apart(f"{place}, logs", logs):
                self._entry(each_place, each)
        elif "event_type" in value or "receipt_hash" in value:
            self._entry(place, value)
        elif set(value) != {"detail"}:  # an answer that refuses a call says nothing of a run
            names = ", ".join(map(repr, list(value)[:_SHOWN])) or "nothing"
            self.problems.append(f"{place}: neither an envelope nor a log entry; it has {names}")

    def _envelope(self, place: str, value: JsonObject, run: JsonObject) -> Iterator[Recorded]:
        run_id, logs = run.get("run_id"), value.get("logs")
        if not isinstance(run_id, str) or not run_id:
            self.problems.append(f"{place}: an envelope whose run has no run_id")
            return
        rows = [each for each in logs if isinstance(each, dict)] if isinstance(logs, list) else []
        if logs is not None and (not isinstance(logs, list) or len(rows) < len(logs)):
            self.problems.append(f"{place}: an envelope whose logs are no list of objects")
            return
        there = "gates" in value
        recorded = Recorded(run_id, rows, (place,), run, value.get("gates"), there)
        if rows:
            yield recorded
        else:
            self.bare[run_id] = recorded

    def _entry(self, place: str, value: Json) -> None:
        run_id = value.get("run_id") if isinstance(value, dict) else None
        if not isinstance(value, dict) or not isinstance(run_id, str) or not run_id:
            self.problems.append(f"{place}: a log entry without run_id")
            return
        logs, places = self._entries.setdefault(run_id, ([], []))
        logs.append(value)
        places.append(place)


def _files(path: Path) -> Iterator[Path]:
    """Yield the files of a source; of a proof the answers alone. Raises :class:`NoSource`."""
    if path == STDIN or path.is_file():
        yield path
    elif not path.is_dir():
        raise NoSource(f"there is no {path}; give a file, a folder, or - for standard input")
    else:
        answers = path / _ANSWERS
        inner = [answers] if answers.is_dir() and (path / "manifest.json").exists() else []
        for each in inner or sorted(path.iterdir()):
            if each.is_dir():
                yield from _files(each)
            elif each.suffix in _SUFFIXES and not each.name.startswith("."):
                yield each


@contextmanager
def _opened(path: Path) -> Iterator[IO[bytes] | gzip.GzipFile]:
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
