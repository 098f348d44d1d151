"""The result of an audit, for people, for programs and for a CI."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

from attrs import asdict, evolve

from pt004_model.audit.evidence import emptied_all, without_payloads, write_evidence
from pt004_model.audit.verdict import Audit, Found, Sighting
from pt004_model.drive.lockstep import Tally
from pt004_model.judge.checks import AREAS
from pt004_model.judge.oracle import Verdict
from pt004_model.model.telling import count, some
from pt004_model.report.folder import held, write_summary
from pt004_model.report.summary import FindingDocument, Summary, edge_documents
from pt004_model.report.text import visible
from pt004_model.search.campaign import PROFILES
from pt004_model.search.goals import measure
from pt004_model.trace.redact import Redactor
from pt004_model.trace.writing import rfc3339

FORMAT: Final = "pt004-audit"
VERSION: Final = 1
_PROBLEMS: Final = 20
_WIDE: Final = 200
"""Bytes of a text from an export that are shown on a line."""


def text(result: Audit) -> Iterator[str]:
    """Yield the result for people, a line each: what was read, findings, doubts, the verdict."""
    tenants = ", ".join(visible(each, 60) for each in result.tenants[:5])
    more = ", ..." if len(result.tenants) > 5 else ""
    whose = f" of {tenants}{more}" if tenants else ""
    entries = "1 log entry" if result.entries == 1 else f"{result.entries:,} log entries"
    calls = f", {count(result.calls, 'call', ',')}" if result.calls else ""
    yield f"{count(result.runs, 'run', ',')}{whose}, {entries}{calls}"
    for found in result.by_weight:
        yield from _finding(found)
    if result.found:
        yield ""
    unread = [f"not read: {visible(each, _WIDE)}" for each in result.unread]
    yield from some(unread, _PROBLEMS, ", all with --format json")
    yield from (f"unsure: {why}" for why in result.why)
    if result.heads is not None:
        kept = count(len(result.heads.now), "run", ",")
        yield f"heads: {kept} kept, SHA-256 {heads_hash(result)}"
    if result.verdict is Verdict.DIVERGES:
        yield f"DIVERGES: {count(len(result.found), 'finding')}"
    elif result.verdict is Verdict.UNSURE:
        yield "UNSURE: not all of it could be checked"
    else:
        yield "CONFORMS: every entry is one that the contract allows where it stands"


def _finding(found: Found) -> Iterator[str]:
    finding, check = found.finding, found.check
    yield ""
    yield f"FINDING {finding.fingerprint}  {check.id} (contract {check.section})"
    yield f"  {check.sentence}"
    first, *others = found.first
    yield f"  in {count(found.runs, 'run')}, first in {_sighting(first)}"
    if first.before:
        yield f"    before it: {visible(' or '.join(first.before), _WIDE)}"
    yield f"    at:        {visible(finding.where, _WIDE)}"
    yield f"    expected:  {visible(finding.expected, _WIDE)}"
    yield f"    got:       {visible(finding.observed, _WIDE)}"
    yield from (f"  then in {_sighting(each)}" for each in others)


def _sighting(sighting: Sighting) -> str:
    words = [f"run {visible(sighting.run_id, 80)}"]
    if sighting.entry is not None:
        words.append(f"entry {sighting.entry}")
    place = f" ({visible(sighting.place, _WIDE)})" if sighting.place else ""
    return ", ".join(words) + place


def heads_hash(result: Audit) -> str:
    """Return the SHA-256 of the heads for the next audit."""
    return "" if result.heads is None else hashlib.sha256(result.heads.content()).hexdigest()


def document(result: Audit) -> dict[str, Any]:
    """Return the result as a document of JSON; entries are counted from 1."""
    return {
        "format": FORMAT,
        "version": VERSION,
        "verdict": str(result.verdict),
        "why": list(result.why),
        "runs": result.runs,
        "entries": result.entries,
        "calls": result.calls,
        "tenants": list(result.tenants),
        "findings": [_document(each) for each in result.by_weight],
        "unread": result.unread,
        "heads_sha256": heads_hash(result) or None,
    }


def _document(found: Found) -> dict[str, Any]:
    finding, check = found.finding, found.check
    return {
        "fingerprint": finding.fingerprint,
        "check": check.id,
        "section": check.section,
        "severity": check.severity,
        "sentence": check.sentence,
        "runs": found.runs,
        "where": finding.where,
        "expected": finding.expected,
        "observed": finding.observed,
        "first": [asdict(each) for each in found.first],
    }


def summary(
    result: Audit,
    sources: tuple[str, ...] = (),
    started: float = 0.0,
    redact: Callable[[str], str] = str,
) -> Summary:
    """Return the result in the form of a campaign's summary, for what reads those.

    Its examples are the runs, and its requests what was judged of them: entries and calls.
    """
    return Summary(
        verdict=str(result.verdict),
        why=redact("; ".join(result.why)),
        requests=result.entries + result.calls,
        examples=result.runs,
        seed=0,
        target=(),
        options=sources,
        started_at=rfc3339(started),
        areas=AREAS,
        coverage=measure(Tally(edges=result.edges), PROFILES["ci"].lengths),
        edges=edge_documents(result.edges),
        made_by="audit",
        findings=tuple(
            FindingDocument(
                fingerprint=each.finding.fingerprint,
                check=each.check.id,
                area=each.check.area,
                severity=each.check.severity,
                commands=len(each.evidence.commands),
                occurrences=each.runs,
                where=redact(f"{each.finding.where} of {_sighting(each.first[0])}"),
                expected=redact(each.finding.expected),
                observed=redact(each.finding.observed),
            )
            for each in result.by_weight
        ),
    )


def redacted(result: Audit) -> None:
    """Take the payloads of runs out of what a result shows, and out of its evidence."""
    for fingerprint, found in result.found.items():
        result.found[fingerprint] = evolve(
            found,
            finding=without_payloads(found.finding),
            evidence=emptied_all(found.evidence),
        )


def write_folder(
    path: Path, result: Audit, sources: tuple[str, ...], started: float, redact: Redactor
) -> None:
    """Write what a campaign leaves as well: summary, traces, JUnit, a page.

    Raises ``Unwritable``, and ``Busy`` while somebody else writes there.
    """
    with held(path):
        for name, each in result.found.items():
            trace = path / "traces" / f"{name}.json"
            write_evidence(trace, each.finding, each.evidence, redact, each.runs)
        write_summary(path, summary(result, sources, started, redact), with_page=True)
