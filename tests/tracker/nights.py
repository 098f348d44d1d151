"""Folders as campaigns leave them behind, made by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from attrs import evolve, frozen

from pt004_model.judge.finding import Finding
from pt004_model.trace.writing import Origin
from pt004_model.trace.writing import trace as trace_document
from pt004_model.vocabulary import Dialect
from tests.report.helpers import found
from tests.stub import NAMES

FIRST_NIGHT: Final = datetime(2026, 3, 2, 2, 0, 0, tzinfo=UTC)
DENY: Final = "08ae4ff18f12"
LINK: Final = "0123456789ab"
ORIGIN: Final = Origin(1, "nightly", Dialect.SEED, names=NAMES, base_url="http://fc:9405")


@frozen
class Fault:
    """A finding as it is put into a folder."""

    fingerprint: str = DENY
    check: str = "policy.deny-blocks"
    severity: str = "critical"
    where: str = "status"
    expected: str = "a refusal with 400, 409, 422 (policy.deny-blocks)"
    observed: str = "status 200"
    occurrences: int = 2
    reproduced: tuple[int, int] | None = (5, 5)
    known: bool = False
    unconfirmed: bool = False


DENIED: Final = Fault()
LINKED: Final = Fault(LINK, "receipts.link", where="logs[1].previous_receipt_hash")


@frozen
class Came:
    """What became of an earlier trace."""

    fingerprint: str
    result: str
    seen: int = 0
    runs: int = 5
    why: str = "because"


def day(number: int) -> datetime:
    """When the campaign of a night began; the first night is 1."""
    return FIRST_NIGHT + timedelta(days=number - 1)


def night(
    folder: Path,
    number: int,
    *seen: Fault,
    came: tuple[Came, ...] = (),
    verdict: str | None = None,
    traced: tuple[Fault, ...] = (),
    **changes: Any,
) -> Path:
    """Write what the campaign of a night left in ``folder``; traces stay from night to night.

    ``traced`` are findings of earlier campaigns whose traces lie there; ``changes`` are made to
    every trace.
    """
    started = day(number).isoformat().replace("+00:00", "Z")
    said = verdict or ("diverges" if seen else "conforms")
    summary = {
        "verdict": said,
        "why": "",
        "seed": number,
        "started_at": started,
        "findings": [_finding(each) for each in seen],
    }
    _write(folder / "summary.json", summary)
    for each in (*traced, *seen):
        _write(folder / "traces" / f"{each.fingerprint}.json", trace(each, started) | changes)
    replays = [
        {"fingerprint": each.fingerprint, "trace": f"traces/{each.fingerprint}.json",
         "result": each.result, "seen": each.seen, "runs": each.runs, "why": each.why}
        for each in came
    ]  # fmt: skip
    document = {"format": "pt004-replays", "version": 1, "at": started, "replays": replays}
    _write(folder / "replays.json", document)
    return folder


def _finding(fault: Fault) -> dict[str, Any]:
    return {
        "fingerprint": fault.fingerprint,
        "check": fault.check,
        "area": fault.check.partition(".")[0],
        "severity": fault.severity,
        "commands": 2,
        "requests_to_first": 17,
        "occurrences": fault.occurrences,
        "where": fault.where,
        "expected": fault.expected,
        "observed": fault.observed,
        "trace": f"traces/{fault.fingerprint}.json",
        "known": fault.known,
        "unconfirmed": fault.unconfirmed,
        "reproduced": _counts(fault),
    }


def _counts(fault: Fault) -> dict[str, int] | None:
    if fault.reproduced is None:
        return None
    return {"seen": fault.reproduced[0], "runs": fault.reproduced[1]}


def trace(fault: Fault, at: str) -> dict[str, Any]:
    """The trace document of a finding: a create, a denied start, and a pause that is accepted."""
    finding = Finding(fault.check, fault.where, fault.expected, fault.observed, fault.fingerprint)
    seen = evolve(found(finding=finding), occurrences=fault.occurrences,
                  reproduced=fault.reproduced, known=fault.known)  # fmt: skip
    return trace_document(seen, ORIGIN) | {"first_seen": at, "last_seen": at}


def many(count: int) -> tuple[Fault, ...]:
    """Findings with different fingerprints."""
    return tuple(evolve(DENIED, fingerprint=f"{number:012x}") for number in range(count))


def _write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")
