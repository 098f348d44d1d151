"""The reader of ``summary.json``, ``replays.json`` and the trace files of a folder.

The files were written by this program, but they may be older, cut short or edited. Members that are
not there have defaults; a member of the wrong kind makes the file unusable, and that is said.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final, TypeVar, cast, get_args, get_origin

from attrs import field, frozen
from cattrs import BaseValidationError, Converter, transform_error

from pt004_model.trace.document import BadTrace, Reproduced, Trace, load_trace

T = TypeVar("T")
_PLAIN_NAME: Final = re.compile(r"[\w-]{1,64}")


class BadFolder(Exception):  # noqa: N818 - said of a folder, in a sentence for people
    """A folder that no page can be made of; the message is a sentence for people."""


@frozen
class CoverageDocument:
    """The share of the model that was driven; ``missing`` and the laws are texts.

    ``hindered`` counts what known findings kept from being driven.
    """

    driven: int = 0
    reachable: int = 0
    missing: tuple[str, ...] = ()
    witnessed: tuple[str, ...] = ()
    unwitnessed: tuple[str, ...] = ()
    hindered: int = 0


@frozen
class EdgeDocument:
    """One edge and the number of times it was driven."""

    status: str
    command: str
    decision: str
    position: str
    outcome: str
    count: int


@frozen
class LatencyDocument:
    """Times of one route in milliseconds."""

    count: int = 0
    p50: float = 0.0
    p90: float = 0.0
    p99: float = 0.0
    max: float = 0.0


@frozen
class ShrinkingDocument:
    """The cost of shrinking."""

    requests: int = 0
    seconds: float = 0.0


@frozen
class StatisticsDocument:
    """The size of the runs, and the speed of the FC."""

    step_counts: dict[str, int] = field(factory=dict)
    run_lengths: dict[str, int] = field(factory=dict)
    pauses: dict[str, int] = field(factory=dict)
    decisions: dict[str, int] = field(factory=dict)
    latency: dict[str, LatencyDocument] = field(factory=dict)
    shrinking: ShrinkingDocument = ShrinkingDocument()


@frozen
class FindingDocument:
    """One finding as the summary has it."""

    fingerprint: str
    check: str
    area: str = ""
    severity: str = ""
    commands: int = 0
    requests_to_first: int = 0
    occurrences: int = 1
    where: str = ""
    expected: str = ""
    observed: str = ""
    known: bool = False
    reproduced: Reproduced | None = None
    unconfirmed: bool = False


@frozen
class Summary:
    """``summary.json``.

    ``target`` are the options that say which FC it was, ``options`` those that say what was done.
    """

    verdict: str
    why: str = ""
    requests: int = 0
    examples: int = 0
    seconds: float = 0.0
    seed: int | None = None
    profile: str = ""
    dialect: str = ""
    open_calls: int = 0
    base_url: str | None = None
    target: tuple[str, ...] | None = None
    options: tuple[str, ...] = ()
    started_at: str | None = None
    coverage: CoverageDocument = CoverageDocument()
    findings: tuple[FindingDocument, ...] = ()
    edges: tuple[EdgeDocument, ...] = ()
    statistics: StatisticsDocument = StatisticsDocument()


@frozen
class Replay:
    """The fate of the trace of an earlier campaign."""

    fingerprint: str
    result: str
    trace: str = ""
    seen: int = 0
    runs: int = 0
    why: str = ""


@frozen
class Replays:
    """``replays.json``."""

    format: str = ""
    version: int = 0
    replays: tuple[Replay, ...] = ()


@frozen
class Evidence:
    """All that a page is made of; by fingerprint, a trace or a sentence on why there is none."""

    summary: Summary
    traces: dict[str, Trace | str]
    replays: tuple[Replay, ...]


def _is_tuple(kind: Any) -> bool:
    origin: object = get_origin(kind)
    return origin is tuple


def _converter() -> Converter:
    converter = Converter()

    def strict(kind: type, *taken: type) -> None:
        def structure(raw: Any, _: Any) -> Any:
            if type(raw) not in taken:
                raise TypeError(f"{kind.__name__} expected, not {type(raw).__name__}")
            return kind(raw)

        converter.register_structure_hook(kind, structure)

    def listed(raw: Any, kind: Any) -> tuple[Any, ...]:
        if type(raw) is not list:
            raise TypeError(f"list expected, not {type(raw).__name__}")
        each: Any = get_args(kind)[0]
        return tuple(converter.structure(raw, cast(Any, list)[each]))

    converter.register_structure_hook_func(_is_tuple, listed)
    strict(str, str)
    strict(int, int)
    strict(float, float, int)
    strict(bool, bool)
    return converter


_CONVERTER: Final = _converter()


def read(folder: Path) -> Evidence:
    """Return what a campaign left in ``folder``. Raises :class:`BadFolder`."""
    summary = structured(folder / "summary.json", Summary)
    traces = {
        finding.fingerprint: _trace(folder / "traces", finding.fingerprint)
        for finding in summary.findings
    }
    replays = folder / "replays.json"
    earlier = structured(replays, Replays).replays if replays.exists() else ()
    return Evidence(summary, traces, earlier)


def _trace(folder: Path, fingerprint: str) -> Trace | str:
    if not _PLAIN_NAME.fullmatch(fingerprint):
        return f"{fingerprint!r} is no fingerprint, so there is no trace."
    try:
        return load_trace(folder / f"{fingerprint}.json")
    except BadTrace as bad:
        return f"There is no trace to show: {bad}."


def structured(path: Path, kind: type[T]) -> T:
    """Return what a file holds. Raises :class:`BadFolder`."""
    raw = _json(path)
    if not isinstance(raw, dict):
        raise BadFolder(f"{path} holds no JSON object; run the campaign again")
    try:
        return _CONVERTER.structure(raw, kind)
    except BaseValidationError as error:
        wrong = transform_error(error, path="it")[0].replace(" @ it.", ", at ")
        raise BadFolder(f"{path} cannot be used: {wrong}") from None


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_bytes())
    except FileNotFoundError:
        raise BadFolder(
            f"there is no {path}; `pt004 check --out {path.parent}` makes one"
        ) from None
    except OSError as error:
        raise BadFolder(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, RecursionError):
        raise BadFolder(f"{path} is no JSON; run the campaign again") from None
