"""Folders as campaigns leave them behind, made by hand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from attrs import astuple, evolve

from pt004_model.drive.replay import Result
from pt004_model.judge.finding import Finding
from pt004_model.report.summary import FindingDocument, Replayed, Replays, Summary, document
from pt004_model.trace.document import Reproduced
from pt004_model.trace.files import write_json
from pt004_model.trace.writing import Origin
from pt004_model.trace.writing import trace as trace_document
from pt004_model.vocabulary import Dialect
from tests.report.helpers import found
from tests.stub import NAMES

FIRST_NIGHT: Final = datetime(2026, 3, 2, 2, 0, 0, tzinfo=UTC)
DENY: Final = "08ae4ff18f12"
LINK: Final = "0123456789ab"
ORIGIN: Final = Origin(1, "nightly", Dialect.SEED, names=NAMES, base_url="http://fc:9405")


DENIED: Final = FindingDocument(
    DENY, "policy.deny-blocks", "policy", "critical", commands=2, requests_to_first=17,
    occurrences=2, where="status", expected="a refusal with 400, 409, 422 (policy.deny-blocks)",
    observed="status 200", reproduced=Reproduced(5, 5),
)  # fmt: skip
LINKED: Final = evolve(
    DENIED, fingerprint=LINK, check="receipts.link", area="receipts",
    where="logs[1].previous_receipt_hash",
)  # fmt: skip


def replayed(fingerprint: str, result: str, seen: int = 0) -> Replayed:
    """What became of an earlier trace in five replays."""
    path = f"traces/{fingerprint}.json"
    return Replayed(fingerprint, Result(result), path, seen, 5, "because")


def day(number: int) -> datetime:
    """When the campaign of a night began; the first night is 1."""
    return FIRST_NIGHT + timedelta(days=number - 1)


def night(
    folder: Path,
    number: int,
    *seen: FindingDocument,
    came: tuple[Replayed, ...] = (),
    verdict: str | None = None,
    traced: tuple[FindingDocument, ...] = (),
    **changes: Any,
) -> Path:
    """Write what the campaign of a night left in ``folder``; traces stay from night to night.

    ``traced`` are findings of earlier campaigns whose traces lie there; ``changes`` are made to
    every trace.
    """
    started = day(number).isoformat().replace("+00:00", "Z")
    said = verdict or ("diverges" if seen else "conforms")
    summary = Summary(said, seed=number, started_at=started, findings=seen)
    write_json(folder / "summary.json", document(summary))
    for each in (*traced, *seen):
        write_json(folder / "traces" / f"{each.fingerprint}.json", trace(each, started) | changes)
    write_json(folder / "replays.json", document(Replays(at=started, replays=came)))
    return folder


def trace(fault: FindingDocument, at: str) -> dict[str, Any]:
    """The trace document of a finding: a create, a denied start, and a pause that is accepted."""
    finding = Finding(fault.check, fault.where, fault.expected, fault.observed, fault.fingerprint)
    counts = None if fault.reproduced is None else astuple(fault.reproduced)
    seen = evolve(found(finding=finding), occurrences=fault.occurrences,
                  reproduced=counts, known=fault.known)  # fmt: skip
    return trace_document(seen, ORIGIN) | {"first_seen": at, "last_seen": at}


def many(count: int) -> tuple[FindingDocument, ...]:
    """Findings with different fingerprints."""
    return tuple(evolve(DENIED, fingerprint=f"{number:012x}") for number in range(count))
