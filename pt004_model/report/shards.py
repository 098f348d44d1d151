"""The parts of a campaign that was cut by ``--shard``, and the one campaign that is made of them.

A part leaves in ``part.json`` what its summary does not tell: counts that can be added, and how
much the whole campaign was to do. Verdict, coverage and percentiles are taken of the whole; of each
finding the shortest trace stays. Nothing is taken from a part of another campaign.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from functools import reduce
from importlib import resources
from pathlib import Path
from typing import Any, Final

from attrs import asdict, evolve, field, frozen

from pt004_model.drive.comparing import together
from pt004_model.drive.lockstep import Tally
from pt004_model.drive.statistics import Statistics
from pt004_model.judge.checks import AREAS
from pt004_model.judge.oracle import Verdict
from pt004_model.report.folder import RUNS, write_summary
from pt004_model.report.summary import (
    FindingDocument,
    Replayed,
    Replays,
    ShrinkingDocument,
    Summary,
    document,
    edge_documents,
    read_replays,
    read_summary,
    statistics,
    structured,
)
from pt004_model.search.campaign import Campaign
from pt004_model.search.complete import Made, SuiteCampaign, united
from pt004_model.search.goals import Coverage, measure
from pt004_model.search.jobs import VERSION as PROGRAM
from pt004_model.search.races import KINDS, Raced, table
from pt004_model.search.unsure import Wanted, crashes_unsure, races_unsure, too_little, unconfirmed
from pt004_model.trace.document import Trace, dump_trace, load_trace
from pt004_model.trace.files import Unusable, write_json, write_text
from pt004_model.vocabulary import Decision

PART: Final = "part.json"
_SAME: Final = ("cells",)
"""Members of counts that are no counts: how many there can be."""


@frozen
class RacesCounts:
    """Rounds of calls at once: those judged, by kind and state, and why others were not."""

    rounds: int = 0
    alone: int = 0
    raced: dict[str, dict[str, int]] = field(factory=dict)
    unsure: dict[str, int] = field(factory=dict)


@frozen
class Part:
    """``part.json``: part ``number`` (from 1 on) of ``of``.

    ``ended`` says why it was broken off, or has a gap that no other part can fill. ``suite`` is
    what its tests came to, if it is a suite.
    """

    number: int
    of: int
    program: str
    contract: str
    whole: Wanted
    commands: int
    ended: str = ""
    values: dict[str, tuple[str, ...]] = field(factory=dict)
    witnessed: tuple[str, ...] = ()
    own: Counter[Decision] = field(factory=Counter)
    held: Counter[Decision] = field(factory=Counter)
    statistics: Statistics = field(factory=Statistics)
    races: RacesCounts = RacesCounts()
    suite: Made | None = None


def part_of(campaign: Campaign) -> dict[str, Any]:
    """Return the document of a campaign that is a part."""
    tally, whole, races = campaign.session.tally, campaign.whole, campaign.races.counts
    values: dict[str, list[str]] = {}
    for kind, place in sorted(tally.values):
        values.setdefault(kind, []).append(place)
    part = Part(
        campaign.share.index + 1,
        campaign.share.of,
        PROGRAM,
        _contract(),
        evolve(whole.wanted, lengths=campaign.lengths),
        tally.commands,
        campaign.ended,
        values={kind: tuple(places) for kind, places in values.items()},
        witnessed=tuple(sorted(tally.witnessed)),
        own=tally.own,
        held=tally.held,
        statistics=tally.statistics,
        races=RacesCounts(races.rounds, races.alone, table(KINDS, races.raced), races.unsure),
        suite=campaign.made if isinstance(campaign, SuiteCampaign) else None,
    )
    return asdict(part)


def _contract() -> str:
    text = resources.files("pt004_model").joinpath("contract.md").read_bytes()
    return hashlib.sha256(text).hexdigest()[:12]


@frozen
class Shard:
    """A folder that a part of a campaign has left."""

    path: Path
    part: Part
    summary: Summary

    @property
    def identity(self) -> dict[str, object]:
        """All that the parts of one campaign have in common, in the words that say what differs."""
        summary, part = self.summary, self.part
        return {
            "version": part.program,
            "contract": part.contract,
            "target": (summary.dialect, summary.target),
            "seed": summary.seed,
            "profile": (summary.profile, part.whole, summary.options, part.of),
            "suite": (summary.made_by, part.suite and part.suite.suite),
        }

    @property
    def name(self) -> str:
        """The shard as it is asked for."""
        return f"{self.part.number}/{self.part.of}"


def read_shard(folder: Path) -> Shard:
    """Return the part of a campaign in ``folder``. Raises :class:`Unusable`."""
    summary = read_summary(folder)
    if not (folder / PART).exists():
        why = f" ({summary.why})" if summary.why else ""
        raise Unusable(
            f"{folder} holds no part of a campaign{why}; `pt004 check --shard I/N` makes one"
        )
    return Shard(folder, structured(folder / PART, Part), summary)


def gather(folders: Iterable[Path]) -> tuple[list[Shard], str]:
    """Return the parts of one campaign, and why they are no whole one. Raises :class:`Unusable`.

    A shard that left no part, since nothing could be asked, is missing, and its word is repeated.
    """
    shards, idle = list[Shard](), list[str]()
    for folder in folders:
        summary = read_summary(folder)
        if summary.shard and not (folder / PART).exists():
            idle.append(f"shard {summary.shard} has done nothing: {summary.why}")
        else:
            shards.append(read_shard(folder))
    if not shards:
        raise Unusable("; ".join(idle))
    there, wrong = belonging(shards)
    return there, "; ".join(filter(None, (*idle, wrong)))


def belonging(shards: Iterable[Shard]) -> tuple[list[Shard], str]:
    """Return the parts of the campaign that the first one is of, and why they are no whole one."""
    first, *others = shards
    there, wrong = {first.part.number: first}, []
    for each in others:
        mine, theirs = first.identity, each.identity
        differs = [word for word in mine if mine[word] != theirs[word]]
        if differs:
            wrong.append(f"{each.path} is of another {' and '.join(differs)} than {first.path}")
        elif each.part.number in there:
            wrong.append(f"shard {each.name} is there twice, in {there[each.part.number].path} too")
        else:
            there[each.part.number] = each
    missing = [str(n) for n in range(1, first.part.of + 1) if n not in there]
    if missing:
        wrong.append(f"of {first.part.of} shards there is no {', '.join(missing)}")
    return [there[number] for number in sorted(there)], "; ".join(wrong)


def merge(shards: list[Shard], wrong: str, out: Path, *, with_page: bool = False) -> Summary:
    """Write the campaign that is made of parts to ``out``, which is held, and return its summary.

    ``wrong`` says why it is no whole campaign, if so: then it never CONFORMS. Raises
    ``Unwritable``.
    """
    summary = merged(shards, wrong, out)
    traces = _merged_traces(shards, summary.findings)
    for name, trace in traces.items():
        write_json(out / "traces" / name, dump_trace(trace))
    replays = Replays(
        at=max((each.summary.started_at or "" for each in shards), default=""),
        replays=_replays(shards),
    )
    write_json(out / "replays.json", document(replays))
    kept = [path / RUNS for path in (out, *(each.path for each in shards))]
    runs = dict.fromkeys(line for path in kept for line in _lines(path))
    write_text(out / RUNS, "".join(f"{each}\n" for each in runs))
    write_summary(out, summary, with_page=with_page)
    return summary


def _lines(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines() if path.exists() else []


def _replays(shards: list[Shard]) -> tuple[Replayed, ...]:
    """Return what became of each earlier trace: its gravest fate, and all its replays."""
    rows: dict[str, list[Replayed]] = {}
    for row in (row for each in shards for row in read_replays(each.path)):
        rows.setdefault(row.trace, []).append(row)
    return tuple(
        evolve(
            min(all_, key=lambda row: row.gravity),
            seen=sum(row.seen for row in all_),
            runs=sum(row.runs for row in all_),
        )
        for all_ in rows.values()
    )


def _merged_traces(shards: list[Shard], findings: tuple[FindingDocument, ...]) -> dict[str, Trace]:
    """Return the shortest trace of each finding by the name of its file, with all sights counted.

    Those of earlier campaigns are among them, and stay with the sights of then.
    """
    sights = {each.fingerprint: each.occurrences for each in findings}
    found: dict[str, list[Trace]] = {}
    for path in (path for each in shards for path in sorted((each.path / "traces").glob("*.json"))):
        try:
            found.setdefault(path.name, []).append(load_trace(path))
        except Unusable:
            continue  # whoever replays it is told why
    best = {
        name: min(traces, key=lambda each: (not each.shrunk, len(each.steps)))
        for name, traces in found.items()
    }
    return {
        name: evolve(
            best[name],
            occurrences=sights.get(best[name].fingerprint, best[name].occurrences),
            first_seen=min(each.first_seen for each in traces),
            last_seen=max(each.last_seen for each in traces),
        )
        for name, traces in found.items()
    }


def _tally(shards: list[Shard]) -> Tally:
    tally = Tally()
    for each in shards:
        part = each.part
        tally.include(
            Tally(
                Counter({e.edge: e.count for e in each.summary.edges}),
                set(part.witnessed), part.own, part.held,
                part.commands, each.summary.open_calls, statistics=part.statistics,
                values=Counter((kind, at) for kind, all_ in part.values.items() for at in all_),
            )
        )  # fmt: skip
    return tally


def _races(shards: list[Shard]) -> Raced:
    raced = Raced()
    for each in shards:
        told = each.part.races
        judged = Counter({(k, s): n for k, row in told.raced.items() for s, n in row.items()})
        raced.include(
            Raced(rounds=told.rounds, alone=told.alone, raced=judged, unsure=Counter(told.unsure))
        )
    return raced


def merged(shards: list[Shard], wrong: str, out: Path) -> Summary:
    """Return the summary of the campaign that is made of these parts."""
    first, parts = shards[0], [each.summary for each in shards]
    tally, whole = _tally(shards), shards[0].part.whole
    coverage = measure(tally, whole.lengths)
    findings = _findings(parts, out)
    new = any(each.kind == "new" for each in findings)
    beside = _beside(parts)
    why = wrong or _why(shards, coverage, tally, beside["crashes"])
    unsure = tuple(dict.fromkeys(said for each in parts for said in each.unsure))
    if not new:
        doubted = [each.fingerprint for each in findings if each.unconfirmed]
        why = why or unconfirmed(doubted) or "; ".join(unsure)
    agreed = tuple(dict.fromkeys(said for each in parts for said in each.agreed))
    areas = {area for each in parts for area in each.areas}
    verdict = Verdict.DIVERGES if new else Verdict.UNSURE if why else Verdict.CONFORMS
    return evolve(
        first.summary,
        verdict=str(verdict),
        why=why,
        requests=sum(each.requests for each in parts),
        examples=sum(each.examples for each in parts),
        seconds=max(each.seconds for each in parts),
        started_at=min((each.started_at for each in parts if each.started_at), default=None),
        open_calls=tally.open,
        areas=(*(a for a in AREAS if a in areas), *sorted(areas - set(AREAS))),
        coverage=coverage,
        findings=findings,
        edges=edge_documents(tally.edges),
        statistics=evolve(statistics(tally.statistics.as_json()), **beside),
        unsure=unsure,
        agreed=agreed,
        differences=together(told for each in parts for told in each.differences),
        shard="",
        guarantee=_guarantee(shards, why if verdict is Verdict.UNSURE else "", wrong, len(agreed)),
    )


def _beside(parts: list[Summary]) -> dict[str, Any]:
    """Return the counts of shrinking, races, losses and crashes of these parts together."""
    told = [each.statistics for each in parts]
    costs = [each.shrinking for each in told]
    shrinking = ShrinkingDocument(
        sum(each.requests for each in costs),
        round(sum(each.seconds for each in costs), 3),
        tuple(dict.fromkeys(name for each in costs for name in each.not_shortened)),
        tuple(dict.fromkeys(name for each in costs for name in each.not_replayed)),
    )
    races, losses, crashes = (
        reduce(_added, counts)
        for counts in zip(*((each.races, each.losses, each.crashes) for each in told), strict=True)
    )
    return {"shrinking": shrinking, "races": races, "losses": losses, "crashes": crashes}


def _added(one: Any, other: Any) -> Any:
    """Return the counts of two parts together; texts, and how many there can be, are the same."""
    if isinstance(one, dict):
        both = {name: _added(one[name], other[name]) for name in one.keys() & other.keys()}
        return {**one, **other, **both, **{name: one[name] for name in _SAME if name in one}}
    return one + other if isinstance(one, int) else one


def _guarantee(shards: list[Shard], unsure: str, wrong: str, agreed: int) -> str:
    """Return what a suite guarantees that all of these made together, or why nothing."""
    suites = [each.part.suite for each in shards if each.part.suite is not None]
    if not suites:
        return ""
    made = united(suites)
    unsure = unsure if made.finished == len(made.tests) - 1 else ""
    return evolve(made, lacks=made.lacks or wrong or unsure).guarantee(agreed)


def _why(shards: list[Shard], coverage: Coverage, tally: Tally, crashes: dict[str, Any]) -> str:
    """Return why nothing can be said: what a part could not, or what all of them together lack."""
    told = [f"shard {each.name}: {each.part.ended}" for each in shards if each.part.ended]
    whole = shards[0].part.whole
    return (
        "; ".join(told)
        or too_little(whole, coverage, tally.commands, tally.open)
        or races_unsure(whole, _races(shards))
        or crashes_unsure(whole, crashes.get("kills", 0), crashes.get("met", 0))
    )


def _findings(parts: list[Summary], out: Path) -> tuple[FindingDocument, ...]:
    """Return the findings by fingerprint: the shortest trace of each, and all its sights."""
    seen: dict[str, list[FindingDocument]] = {}
    before = 0
    for part in parts:
        for each in part.findings:
            placed = evolve(each, requests_to_first=each.requests_to_first + before)
            seen.setdefault(each.fingerprint, []).append(placed)
        before += part.requests
    return tuple(
        evolve(
            min(all_, key=lambda each: (each.unconfirmed, each.commands)),
            occurrences=sum(each.occurrences for each in all_),
            requests_to_first=min(each.requests_to_first for each in all_),
            echo_of=all_[0].echo_of if all(each.echo_of for each in all_) else "",
            trace=str(out / "traces" / f"{fingerprint}.json"),
        )
        for fingerprint, all_ in seen.items()
    )
