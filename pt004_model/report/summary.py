"""The one form of ``summary.json`` and ``replays.json``, in which they are written and read.

The files were written by this program, but they may be older, cut short or edited. Members that are
not there have defaults; a member of the wrong kind makes the file unusable, and that is said.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, Final, TypeVar

from attrs import asdict, field, frozen
from cattrs import Converter
from cattrs.gen import make_dict_unstructure_fn, override

from pt004_model.drive.comparing import Variation
from pt004_model.drive.replay import Result
from pt004_model.drive.statistics import Statistics
from pt004_model.judge.checks import AREAS, SEVERITIES, not_judged
from pt004_model.model.coverage import Edge
from pt004_model.report import command
from pt004_model.search.complete import Done
from pt004_model.search.goals import Coverage
from pt004_model.trace.document import Reproduced, Trace, load_trace
from pt004_model.trace.files import Unusable, document_of, read_bytes, read_from
from pt004_model.trace.reading import strict, value_of
from pt004_model.trace.recorded import KINDS, kind_of
from pt004_model.wire.codec import read_json

T = TypeVar("T")
DONE: Final = "complete.json"
REPLAYS: Final = "pt004-replays"
EDGES: Final = "pt004-edges"
VERSION: Final = 1
_PLAIN_NAME: Final = re.compile(r"[\w-]{1,64}")


@frozen
class EdgeDocument(Edge):
    """One edge and the number of times it was driven."""

    count: int

    @property
    def edge(self) -> Edge:
        """Return the edge alone."""
        return Edge(self.status, self.command, self.decision, self.position, self.outcome)


def edge_documents(edges: Mapping[Edge, int]) -> tuple[EdgeDocument, ...]:
    """Return edges and how often each was driven, as a summary has them."""
    return tuple(EdgeDocument(**asdict(each), count=n) for each, n in sorted(edges.items()))


@frozen
class Edges:
    """The edges that the runs of an export use: a file of its own."""

    format: str = EDGES
    version: int = VERSION
    edges: tuple[EdgeDocument, ...] = field(kw_only=True)


@frozen
class LatencyDocument:
    """Times of one route in milliseconds."""

    count: int = 0
    p50: float = 0.0
    p90: float = 0.0
    p99: float = 0.0
    max: float = 0.0


@frozen
class CostDocument:
    """The cost of shrinking."""

    requests: int = 0
    seconds: float = 0.0


@frozen
class ShrinkingDocument(CostDocument):
    """The cost of all shrinking, and the findings for which the budget did not suffice."""

    not_shortened: tuple[str, ...] = ()
    not_replayed: tuple[str, ...] = ()


@frozen
class StatisticsDocument:
    """The size of the runs, the speed of the FC, and what was done beside the search.

    Of ``races``, ``losses`` and ``crashes`` there are counts and tables, where there were any.
    """

    step_counts: dict[str, int] = field(factory=dict)
    run_lengths: dict[str, int] = field(factory=dict)
    pauses: dict[str, int] = field(factory=dict)
    decisions: dict[str, int] = field(factory=dict)
    latency: dict[str, LatencyDocument] = field(factory=dict)
    shrinking: ShrinkingDocument = ShrinkingDocument()
    races: dict[str, Any] = field(factory=dict)
    losses: dict[str, Any] = field(factory=dict)
    crashes: dict[str, Any] = field(factory=dict)


@frozen
class FindingDocument:
    """One finding as the summary has it.

    ``trouble`` says what went wrong with shortening it, ``echo_of`` which finding it follows from;
    ``shrinking`` is what replaying and shortening it has cost.
    """

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
    trace: str = ""
    known: bool = False
    reproduced: Reproduced | None = None
    unconfirmed: bool = False
    trouble: str = ""
    echo_of: str = ""
    shrinking: CostDocument = CostDocument()

    @property
    def kind(self) -> str:
        """Return of which kind it is."""
        return kind_of(known=self.known, unconfirmed=self.unconfirmed, echo_of=self.echo_of)

    @property
    def rank(self) -> tuple[int, int, int]:
        """Return the place among findings: by kind, the worst first, then the shortest."""
        severity = (*SEVERITIES, self.severity).index(self.severity)
        return KINDS.index(self.kind), severity, self.commands


@frozen
class Summary:
    """``summary.json``.

    ``target`` are the options that say which FC it was, ``options`` those that say what was done.
    ``unsure`` has a sentence for each check of one's own that could not tell, ``agreed`` one for
    each agreed difference, which was not judged. ``made_by`` is the command, ``guarantee`` what a
    complete suite has shown, or why nothing. ``differences`` are those from the FC of ``--diff``.
    """

    verdict: str
    why: str = ""
    requests: int = 0
    examples: int = 0
    seconds: float = 0.0
    seed: int | None = None
    profile: str = ""
    dialect: str = ""
    base_url: str | None = None
    target: tuple[str, ...] | None = None
    options: tuple[str, ...] = ()
    started_at: str | None = None
    open_calls: int = 0
    areas: tuple[str, ...] = AREAS
    coverage: Coverage = field(factory=Coverage)
    findings: tuple[FindingDocument, ...] = ()
    edges: tuple[EdgeDocument, ...] = ()
    statistics: StatisticsDocument = StatisticsDocument()
    unsure: tuple[str, ...] = ()
    made_by: str = "check"
    guarantee: str = ""
    agreed: tuple[str, ...] = ()
    differences: tuple[Variation, ...] = ()
    shard: str = ""
    """Which part of a campaign it is, like ``2/4``; empty for a whole one."""

    @property
    def counts(self) -> dict[str, int]:
        """Return how many findings there are of each of :data:`KINDS`."""
        return {kind: sum(f.kind == kind for f in self.findings) for kind in KINDS}

    @property
    def unseen(self) -> str:
        """Return what was not judged, in words; empty when everything was."""
        return not_judged(self.areas, self.agreed)

    @property
    def again(self) -> str:
        """Return the command that repeats the campaign."""
        fc = (self.profile, self.dialect, self.target)
        seed = self.seed if self.made_by == "check" else None  # a suite is not drawn from one
        more = (*self.options, *(("--shard", self.shard) if self.shard else ()))
        return command.check(*fc, *more, base_url=self.base_url, seed=seed, name=self.made_by)


@frozen
class Replayed:
    """The fate of the trace of an earlier campaign, seen in ``seen`` of ``runs`` replays."""

    fingerprint: str
    result: Result
    trace: str = ""
    seen: int = 0
    runs: int = 0
    why: str = ""

    @property
    def gravity(self) -> int:
        """Return the place among fates, the gravest first."""
        return [*Result].index(self.result)


@frozen
class Replays:
    """``replays.json``."""

    format: str = REPLAYS
    version: int = VERSION
    at: str = ""
    replays: tuple[Replayed, ...] = ()


@frozen
class Evidence:
    """All that a page is made of; by fingerprint, a trace or a sentence on why there is none."""

    summary: Summary
    traces: dict[str, Trace | str]
    replays: tuple[Replayed, ...]


def omit_unless_told(converter: Converter) -> None:
    """Leave out what there was none of, of fields that documents of before had not.

    A proof that was written without them is made again, and must be the same.
    """
    left = override(omit_if_default=True)
    converter.register_unstructure_hook(
        ShrinkingDocument,
        make_dict_unstructure_fn(
            ShrinkingDocument, converter, not_shortened=left, not_replayed=left
        ),
    )
    converter.register_unstructure_hook(
        StatisticsDocument,
        make_dict_unstructure_fn(
            StatisticsDocument, converter, races=left, losses=left, crashes=left
        ),
    )


def _converter() -> Converter:
    converter = strict(Converter())
    converter.register_structure_hook(Statistics, Converter().structure)  # by numbers as names
    omit_unless_told(converter)
    return converter


_CONVERTER: Final = _converter()


def document(value: Summary | Replays) -> dict[str, Any]:
    """Return what is written of a summary, or of the fates of traces."""
    raw: dict[str, Any] = _CONVERTER.unstructure(value)
    return raw


def statistics(raw: dict[str, Any]) -> StatisticsDocument:
    """Return the statistics of a campaign as the summary has them."""
    return _CONVERTER.structure(raw, StatisticsDocument)


def read(folder: Path) -> Evidence:
    """Return what a campaign left in ``folder``. Raises :class:`Unusable`."""
    summary = read_summary(folder)
    traces = {
        finding.fingerprint: _trace(folder / "traces", finding.fingerprint)
        for finding in summary.findings
    }
    return Evidence(summary, traces, read_replays(folder))


def read_summary(folder: Path, redact: Callable[[Any], Any] = lambda raw: raw) -> Summary:
    """Return the summary in ``folder``. Raises :class:`Unusable`."""
    return structured(folder / "summary.json", Summary, redact)


def read_replays(folder: Path, *, wanted: bool = False) -> tuple[Replayed, ...]:
    """Return the fates of earlier traces, none without a file unless it is ``wanted``.

    Raises :class:`Unusable`.
    """
    path = folder / "replays.json"
    if not wanted and not path.exists():
        return ()
    replays = structured(path, Replays)
    with read_from(path):
        document_of(document(replays), "list of replays", REPLAYS, VERSION)
    return replays.replays


def fates(replays: Iterable[Replayed]) -> dict[str, Replayed]:
    """Return what became of each finding, by fingerprint: of several traces the gravest fate."""
    rows = sorted(replays, key=lambda each: each.gravity, reverse=True)
    return {each.fingerprint: each for each in rows}


def read_edges(path: Path | None) -> dict[Edge, int]:
    """Return the edges in a file, if any, as an audit has counted them. Raises ``Unusable``."""
    if path is None:
        return {}
    content = read_bytes(path)
    with read_from(path):
        raw = document_of(read_json(content), "list of edges", EDGES, VERSION)
        return {each.edge: each.count for each in value_of(_CONVERTER, raw, Edges).edges}


def read_done(folder: Path) -> Done:
    """Return how far a suite has come whose campaign left it in ``folder``. Raises Unusable."""
    path = folder / DONE
    return structured(path, Done) if path.exists() else Done()


def _trace(folder: Path, fingerprint: str) -> Trace | str:
    if not _PLAIN_NAME.fullmatch(fingerprint):
        return f"{fingerprint!r} is no fingerprint, so there is no trace."
    try:
        return load_trace(folder / f"{fingerprint}.json")
    except Unusable as bad:
        return f"There is no trace to show: {bad}."


def structured(path: Path, kind: type[T], redact: Callable[[Any], Any] = lambda raw: raw) -> T:
    """Return the JSON object in a file as a value of this kind. Raises :class:`Unusable`."""
    if not path.exists():
        raise Unusable(f"there is no {path}; `pt004 check --out {path.parent}` makes one")
    try:
        raw = json.loads(read_bytes(path))
    except (ValueError, RecursionError):
        raise Unusable(f"{path} is no JSON; run the campaign again") from None
    if not isinstance(raw, dict):
        raise Unusable(f"{path} holds no JSON object; run the campaign again")
    with read_from(path):
        return value_of(_CONVERTER, redact(raw), kind)
