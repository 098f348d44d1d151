"""What a campaign left behind, as far as filing needs it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any, Final, TypeVar

from attrs import frozen

from pt004_model.evidence.replay import Result

FINGERPRINT: Final = re.compile(r"[0-9a-f]{12}")
_CHECK: Final = re.compile(r"[a-z]{1,40}\.[a-z0-9-]{1,80}")
_REPLAYS: Final = "pt004-replays"
_VERSION: Final = 1
_T = TypeVar("_T")


class BadNight(Exception):  # noqa: N818 - said of a folder, in a sentence for people
    """A folder that no campaign left, or a broken one; the message is a sentence for people."""


@frozen
class Reproduced:
    """In how many of how many replays a finding came again."""

    seen: int
    runs: int

    @property
    def flaky(self) -> bool:
        """Whether it came in some replays and not in others, or in none."""
        return self.seen < self.runs

    def __str__(self) -> str:
        """As it is shown to people."""
        return f"{self.seen} of {self.runs}"


@frozen
class Sighting:
    """A finding of the campaign."""

    fingerprint: str
    check: str
    severity: str
    commands: int
    occurrences: int
    where: str
    expected: str
    observed: str
    known: bool
    reproduced: Reproduced | None
    unconfirmed: bool = False

    @property
    def area(self) -> str:
        """The area of the contract that the check belongs to."""
        return self.check.partition(".")[0]


@frozen
class Replayed:
    """An earlier trace that was replayed, and the path of its file within the folder."""

    fingerprint: str
    trace: str
    result: Result
    reproduced: Reproduced
    why: str


@frozen
class Night:
    """One campaign: when it began, what it came to, what it found and what it replayed.

    ``target`` are the options of ``pt004`` that say which FC it was, ``None`` where nobody said so.
    """

    folder: Path
    started_at: datetime
    seed: int
    verdict: str
    findings: tuple[Sighting, ...]
    replays: tuple[Replayed, ...]
    target: tuple[str, ...] | None = None

    @property
    def campaign(self) -> str:
        """The identity of the campaign: submitting it a second time changes nothing."""
        return f"{stamp(self.started_at)}/{self.seed}"

    def trace(self, fingerprint: str) -> Path:
        """Where the trace of a finding is."""
        return self.folder / "traces" / f"{fingerprint}.json"


def stamp(moment: datetime) -> str:
    """A time as it is written into issues: RFC 3339 in UTC, in milliseconds where it has any."""
    spec = "milliseconds" if moment.microsecond else "seconds"
    return moment.astimezone(UTC).isoformat(timespec=spec).replace("+00:00", "Z")


def moment(text: str) -> datetime:
    """A time from RFC 3339. Raises ``ValueError`` for anything else, and without an offset."""
    read = datetime.fromisoformat(text)
    if read.tzinfo is None:
        raise ValueError(f"{text!r} has no offset")
    return read


def read_night(folder: Path) -> Night:
    """What lies in ``folder``. Raises :class:`BadNight`."""
    path = folder / "summary.json"
    summary = _object(path, _json(path))
    get = partial(_get, path)
    raw = get(summary, "findings", _list)
    return Night(
        folder,
        get(summary, "started_at", moment),
        get(summary, "seed", int),
        get(summary, "verdict", _text).lower(),
        tuple(_sighting(path, _object(path, each)) for each in raw),
        _replays(folder / "replays.json"),
        None if summary.get("target") is None else get(summary, "target", _texts),
    )


def _replays(path: Path) -> tuple[Replayed, ...]:
    if not path.exists():
        return ()
    document = _object(path, _json(path))
    if document.get("format") != _REPLAYS:
        raise BadNight(f"{path}: its format is not {_REPLAYS}; run pt004 check again")
    if document.get("version") != _VERSION:
        raise BadNight(
            f"{path}: version {document.get('version')!r} is not the {_VERSION} that this pt004"
            " reads; update pt004"
        )
    get = partial(_get, path)
    rows = [_object(path, each) for each in get(document, "replays", _list)]
    # a file that is no trace is told of by its name alone, and nothing can be said of it
    rows = [row for row in rows if row.get("result") != Result.UNSURE or _is_of_one(row)]
    return tuple(
        Replayed(
            get(row, "fingerprint", _fingerprint),
            get(row, "trace", _text),
            get(row, "result", Result),
            Reproduced(get(row, "seen", _count), get(row, "runs", _count)),
            get(row, "why", _text),
        )
        for row in rows
    )


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_text(each) for each in _list(value))


def _is_of_one(row: dict[str, Any]) -> bool:
    return FINGERPRINT.fullmatch(str(row.get("fingerprint"))) is not None


def _sighting(path: Path, raw: dict[str, Any]) -> Sighting:
    get = partial(_get, path)
    counts = raw.get("reproduced")
    if counts is not None:
        counts = _object(path, counts)
        counts = Reproduced(get(counts, "seen", _count), get(counts, "runs", _count))
    return Sighting(
        get(raw, "fingerprint", _fingerprint),
        get(raw, "check", _check),
        get(raw, "severity", _text),
        get(raw, "commands", _count),
        get(raw, "occurrences", _count),
        get(raw, "where", _text),
        get(raw, "expected", _text),
        get(raw, "observed", _text),
        bool(raw.get("known", False)),
        counts,
        bool(raw.get("unconfirmed", False)),
    )


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise BadNight(
            f"{path} is not there; give the folder that pt004 check --out wrote"
        ) from None
    except OSError as error:
        raise BadNight(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise BadNight(f"{path} is no JSON; run pt004 check again") from None


def _object(path: Path, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise BadNight(f"{path}: {str(value)[:60]!r} stands where an object should")
    return value


def _get(path: Path, raw: dict[str, Any], name: str, read: Callable[[Any], _T]) -> _T:
    try:
        return read(raw[name])
    except KeyError:
        raise BadNight(f"{path} has no {name!r}; run pt004 check again") from None
    except (TypeError, ValueError):
        said = str(raw[name])[:60]
        raise BadNight(f"{path}: {said!r} is no {name!r}; run pt004 check again") from None


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


def _list(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise TypeError
    return value


def _count(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise ValueError
    return value


def _fingerprint(value: Any) -> str:
    if not FINGERPRINT.fullmatch(_text(value)):
        raise ValueError
    return str(value)


def _check(value: Any) -> str:
    if not _CHECK.fullmatch(_text(value)):
        raise ValueError
    return str(value)
