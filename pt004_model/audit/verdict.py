"""The verdict on an export: its runs judged one by one, and told by what is wrong.

One bug over ten thousand runs is one finding. Nothing that was not looked at is ever a pass: an
export without runs or receipts, or one of which a part cannot be read, is UNSURE.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import partial as partial_
from itertools import chain
from pathlib import Path
from typing import Final

from attrs import define, evolve, field, frozen

from pt004_model.audit.calls import judge_calls
from pt004_model.audit.evidence import GONE, Evidence, edges_of, evidence_of
from pt004_model.audit.har import Call
from pt004_model.audit.heads import Heads
from pt004_model.audit.judging import Judge, Recorded, Wrong, placed
from pt004_model.audit.live import Live
from pt004_model.audit.sources import Sources
from pt004_model.baseline import today
from pt004_model.config import Config
from pt004_model.judge.checks import CHECKS, SEVERITIES, Check
from pt004_model.judge.deviation import Deviation
from pt004_model.judge.finding import Finding
from pt004_model.judge.oracle import Verdict
from pt004_model.model.commands import Names
from pt004_model.model.coverage import Edge
from pt004_model.model.telling import count
from pt004_model.vocabulary import ROUTES, Dialect
from pt004_model.wire.codec import Codec

_FIRST: Final = 3
"""Runs of a finding that are told one by one."""


@frozen
class Sighting:
    """A run that a finding shows in: where (from 1), and the states thought possible before."""

    run_id: str
    entry: int | None = None
    log_id: str = ""
    place: str = ""
    before: tuple[str, ...] = ()


@frozen
class Found:
    """One finding: in how many runs it shows, and in which first."""

    finding: Finding
    runs: int
    first: tuple[Sighting, ...]
    evidence: Evidence = field(repr=False)

    @property
    def check(self) -> Check:
        """The check that fails."""
        return CHECKS[self.finding.check]


@define
class Audit:
    """What an audit came to. ``unread`` are sentences on sources, ``unsure`` those on runs.

    ``calls`` are those whose replies were judged, of recordings that have such. ``edges`` counts
    the changes by the edge of the model. ``asked`` is the evidence on the run that was asked for.
    """

    runs: int = 0
    entries: int = 0
    calls: int = 0
    tenants: tuple[str, ...] = ()
    found: dict[str, Found] = field(factory=dict)
    unread: list[str] = field(factory=list)
    unsure: Counter[str] = field(factory=Counter)
    heads: Heads | None = None
    edges: Counter[Edge] = field(factory=Counter)
    asked: Evidence | None = None

    @property
    def why(self) -> tuple[str, ...]:
        """Why nothing can be said of all or part of the export, in sentences."""
        said = [f"{why} ({count(number, 'run')})" for why, number in self.unsure.items()]
        if self.unread:
            said.append(f"{count(len(self.unread), 'part')} of the sources could not be read")
        if not self.entries and not self.calls:
            said.append("there is nothing to check: no log entry was found")
        return tuple(said)

    @property
    def verdict(self) -> Verdict:
        """What can be said of the export; a finding outranks all else."""
        if self.found:
            return Verdict.DIVERGES
        return Verdict.UNSURE if self.why else Verdict.CONFORMS

    @property
    def by_weight(self) -> list[Found]:
        """The findings, the gravest first, then those in the most runs."""
        return sorted(
            self.found.values(),
            key=lambda each: (
                SEVERITIES.index(each.check.severity), -each.runs, each.finding.fingerprint,
            ),
        )  # fmt: skip

    def add(self, finding: Finding, sighting: Sighting, evidence: Callable[[], Evidence]) -> None:
        """Count a finding in a run; the evidence of the first is kept."""
        known = self.found.get(finding.fingerprint) or Found(finding, 0, (), evidence())
        first = known.first if len(known.first) == _FIRST else (*known.first, sighting)
        self.found[finding.fingerprint] = evolve(known, runs=known.runs + 1, first=first)


def audit(
    paths: Iterable[Path],
    heads: Heads | None = None,
    tenants: tuple[str, ...] = (),
    *,
    partial: bool = False,
    live: Live | None = None,
    extract: str = "",
    config: Config | None = None,
) -> Audit:
    """Judge all that the sources hold, and the runs of an FC that is ``live``. Raises ``Unusable``.

    ``config`` has the routes and names by which they were written, and agreed differences.
    With ``heads`` every log is held against that of the audit before. With ``tenants`` a run of
    any other is no part of the export. ``partial`` says that logs may begin in the middle of a run.
    The calls that made the run ``extract`` are kept.
    """
    config = config or Config()
    agreed, spelling = config.agreed(today()), config.spelling
    result, sources = Audit(heads=heads), Sources(_wire(config))
    judge = Judge(partial, agreed, spelling.entry)
    judged: set[str] = set()
    asked = () if live is None else live.read(sources)
    for recorded in chain(sources.read(paths), asked, sources.rest()):
        whose = recorded.tenant
        if tenants and whose is not None and whose not in tenants:
            sources.problems.append(
                f"{recorded.place(None)}: run {recorded.run_id} is of tenant {whose!r:.60}"
            )
            continue
        if spelling.outside({"run": recorded.run, "gates": recorded.gates}):
            result.unsure["in a state that is outside of the model, as its file says"] += 1
        elif recorded.logs:
            try:
                _judge(result, judge, recorded, extract)
            except RecursionError:  # it was read with more room than it is judged with
                sources.problems.append(f"{recorded.place(None)}: nested too deep")
            result.runs += recorded.run_id not in judged
        elif recorded.run_id not in judged:
            result.unsure["shown without log entries, so there is nothing to hold it against"] += 1
        judged.add(recorded.run_id)
    for calls in sources.recordings:
        _judge_recording(result, calls, agreed)
    for run_id, finding in ({} if heads is None else heads.vanished(judged)).items():
        result.add(finding, Sighting(run_id), lambda: GONE)
    result.tenants = tuple(sorted(filter(None, set(judge.tenants.values()))))
    result.unread = sources.problems
    return result


def _wire(config: Config) -> Codec:
    """Return what reads the words of an FC; the routes of both dialects are known besides."""
    routes = ROUTES[Dialect.SEED]._replace(**config.routes)
    return Codec(Names((), ()), routes=routes, spelling=config.spelling)


def _judge_recording(result: Audit, calls: list[Call], agreed: tuple[Deviation, ...]) -> None:
    result.calls += len(calls)
    for each in judge_calls(calls, result.unsure, agreed):
        run_id = each.call.run_id or str((each.call.shown or {}).get("run_id", ""))
        sighting = Sighting(run_id, place=each.call.place, before=each.before)
        result.add(each.finding, sighting, partial_(evolve, each.evidence))


def _judge(result: Audit, judge: Judge, recorded: Recorded, extract: str) -> None:
    wrong, unsure = judge.judge(recorded)
    taken = judge.taken
    assert taken is not None  # noqa: S101 - it has just judged one
    result.edges.update(edges_of(taken))
    if recorded.run_id == extract:
        result.asked = evidence_of(recorded, taken)
    result.unsure.update(unsure)
    result.entries += len(recorded.logs)
    if result.heads is not None:
        changed = result.heads.compare(recorded.run_id, recorded.logs)
        if changed is not None:
            wrong = (*wrong, placed(changed, recorded))
        if not wrong:
            result.heads.keep(recorded.run_id, recorded.logs)
    for each in wrong:
        evidence = partial_(evidence_of, recorded, taken, each.index)
        result.add(each.finding, _sighting(recorded, each), evidence)


def _sighting(recorded: Recorded, wrong: Wrong) -> Sighting:
    log_id = "" if wrong.index is None else recorded.logs[wrong.index].get("log_id")
    return Sighting(
        recorded.run_id,
        None if wrong.index is None else wrong.index + 1,
        log_id if isinstance(log_id, str) else "",
        recorded.place(wrong.index),
        wrong.before,
    )
