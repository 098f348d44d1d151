"""Folders as campaigns leave them behind, made by hand."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from attrs import evolve, frozen

FIRST_NIGHT: Final = datetime(2026, 3, 2, 2, 0, 0, tzinfo=UTC)
DENY: Final = "08ae4ff18f12"
LINK: Final = "0123456789ab"
_SECTIONS: Final = {"policy.deny-blocks": "5.2", "receipts.link": "8"}


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
    *found: Fault,
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
    said = verdict or ("diverges" if found else "conforms")
    summary = {
        "verdict": said,
        "why": "",
        "seed": number,
        "started_at": started,
        "findings": [_finding(each) for each in found],
    }
    _write(folder / "summary.json", summary)
    for each in (*traced, *found):
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
        "reproduced": _counts(fault),
    }


def _counts(fault: Fault) -> dict[str, int] | None:
    if fault.reproduced is None:
        return None
    return {"seen": fault.reproduced[0], "runs": fault.reproduced[1]}


def trace(fault: Fault, at: str) -> dict[str, Any]:
    """The trace document of a finding."""
    finding = {"check": fault.check, "where": fault.where, "expected": fault.expected,
               "observed": fault.observed}  # fmt: skip
    return {
        "format": "pt004-trace",
        "version": 1,
        "area": fault.check.partition(".")[0],
        "fingerprint": fault.fingerprint,
        "severity": fault.severity,
        "section": _SECTIONS.get(fault.check, "1"),
        "sentence": "After deny the run can only fail.",
        "clause": "5.2 While the decision on the current step is deny, only failed is legal.",
        **finding,
        "seed": 1,
        "profile": "nightly",
        "dialect": "seed",
        "base_url": "http://fc:9405",
        "names": {"tenants": ["tenant_omega", "other"], "actors": ["a", "b", "c"]},
        "requests_to_first": 17,
        "occurrences": fault.occurrences,
        "first_seen": at,
        "last_seen": at,
        "shrunk": True,
        "reproduced": _counts(fault),
        "known": fault.known,
        "versions": {"pt004_model": "1.0.0", "hypothesis": "6.155.0"},
        "steps": [
            {"says": 'run 0: create {"workflow_id":"w"}', "before": None, "after": "pending",
             "reply": {"status": 201, "body": {}}, "findings": []},
            {"says": "run 0: to paused", "before": "pending", "after": "pending",
             "reply": {"status": 200, "body": {}}, "findings": [finding]},
        ],
    }  # fmt: skip


def many(count: int) -> tuple[Fault, ...]:
    """Findings with different fingerprints."""
    return tuple(evolve(DENIED, fingerprint=f"{number:012x}") for number in range(count))


def _write(path: Path, value: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")
