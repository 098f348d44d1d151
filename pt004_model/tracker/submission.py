"""The files of a campaign, as far as filing needs them: its findings, and its replays.

The files are read as for the page. Words that will stand in titles and markers are held to their
form.
"""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from typing import Final

from attrs import evolve, frozen

from pt004_model.drive.replay import Result
from pt004_model.judge.checks import SEVERITIES
from pt004_model.report.summary import (
    BadFolder,
    FindingDocument,
    Replay,
    Replays,
    Summary,
    structured,
)
from pt004_model.trace.document import Reproduced
from pt004_model.tracker.issues import FINGERPRINT, moment, stamp

_CHECK: Final = re.compile(r"[a-z]{1,40}\.[a-z0-9-]{1,80}")
_REPLAYS: Final = "pt004-replays"
_VERSION: Final = 1


@frozen
class Sighting:
    """All that one campaign says of one fingerprint."""

    fingerprint: str
    finding: FindingDocument | None = None
    replay: Replay | None = None

    @property
    def seen(self) -> bool:
        """True when it was found, or an earlier trace of it reproduced."""
        return self.finding is not None or self.result is Result.REPRODUCED

    @property
    def result(self) -> Result | None:
        """The result of replaying the earlier trace, if there was one."""
        return Result(self.replay.result) if self.replay is not None else None

    @property
    def known(self) -> bool:
        """True when the finding is one of the known ones."""
        return self.finding is not None and self.finding.known

    @property
    def unconfirmed(self) -> bool:
        """True when it was found, and replays do not bear it out."""
        return self.finding is not None and self.finding.unconfirmed

    @property
    def reproduced(self) -> Reproduced | None:
        """The replays that show it: of the finding if there is one, else of the earlier trace."""
        if self.finding is not None and self.finding.reproduced is not None:
            return self.finding.reproduced
        if self.replay is not None and self.result is Result.REPRODUCED:
            return Reproduced(self.replay.seen, self.replay.runs)
        return None

    @property
    def occurrences(self) -> int:
        """The number of times that it was seen in the campaign."""
        if self.finding is not None:
            return max(1, self.finding.occurrences)
        return 1 if self.seen else 0

    @property
    def says(self) -> str:
        """The outcome of replaying, in a few words of ours."""
        if self.seen:
            counts = self.reproduced
            return f"reproduced in {counts}" if counts is not None else "not replayed"
        return str(self.result)


@frozen
class Submission:
    """One campaign: when it began, what it came to, what it found and what it replayed.

    ``target`` are the options of ``pt004`` that say which FC it was, ``None`` where nobody said so.
    """

    folder: Path
    started_at: datetime
    seed: int
    verdict: str
    findings: tuple[FindingDocument, ...]
    replays: tuple[Replay, ...]
    target: tuple[str, ...] | None = None

    @property
    def campaign(self) -> str:
        """The identity of the campaign: submitting it a second time changes nothing."""
        return f"{stamp(self.started_at)}/{self.seed}"

    def trace(self, sighting: Sighting) -> Path:
        """Return the path of the trace of a finding, or of the one that was replayed."""
        if sighting.finding is None and sighting.replay is not None:
            return self.folder / sighting.replay.trace
        return self.folder / "traces" / f"{sighting.fingerprint}.json"

    def sightings(self) -> dict[str, Sighting]:
        """Return what the campaign says, by fingerprint; the gravest findings first."""

        def rank(finding: FindingDocument) -> tuple[int, int, str]:
            grave = (*SEVERITIES, finding.severity).index(finding.severity)
            return grave, finding.commands, finding.fingerprint

        found = {each.fingerprint: Sighting(each.fingerprint, each)
                 for each in sorted(self.findings, key=rank)}  # fmt: skip
        for replay in self.replays:
            before = found.get(replay.fingerprint, Sighting(replay.fingerprint))
            found[replay.fingerprint] = evolve(before, replay=replay)
        return found


def read_submission(folder: Path) -> Submission:
    """Read what lies in ``folder``. Raises ``BadFolder``."""
    path = folder / "summary.json"
    summary = structured(path, Summary)
    try:
        started_at = moment(summary.started_at or "")
    except ValueError:
        raise _bad(path, "started_at", summary.started_at) from None
    if summary.seed is None:
        raise _bad(path, "seed", None)
    for finding in summary.findings:
        counts = finding.reproduced or Reproduced(0, 0)
        _demand_form(path, finding.fingerprint)
        if not _CHECK.fullmatch(finding.check):
            raise _bad(path, "check", finding.check)
        _demand_counts(path, commands=finding.commands, occurrences=finding.occurrences)
        _demand_counts(path, seen=counts.seen, runs=counts.runs)
    return Submission(
        folder,
        started_at,
        summary.seed,
        summary.verdict.lower(),
        summary.findings,
        _replays(folder / "replays.json"),
        summary.target,
    )


def _replays(path: Path) -> tuple[Replay, ...]:
    if not path.exists():
        return ()
    document = structured(path, Replays)
    if document.format != _REPLAYS:
        raise BadFolder(f"{path}: its format is not {_REPLAYS}; run pt004 check again")
    if document.version != _VERSION:
        raise BadFolder(
            f"{path}: version {document.version} is not the {_VERSION} that this pt004 reads;"
            " update pt004"
        )
    replays = []
    for replay in document.replays:
        if replay.result not in set(Result):
            raise _bad(path, "result", replay.result)
        # a file that does not hold a trace is named, and nothing more can be said of it
        if replay.result == Result.UNSURE and not FINGERPRINT.fullmatch(replay.fingerprint):
            continue
        _demand_form(path, replay.fingerprint)
        _demand_counts(path, seen=replay.seen, runs=replay.runs)
        replays.append(replay)
    return tuple(replays)


def _demand_form(path: Path, fingerprint: str) -> None:
    if not FINGERPRINT.fullmatch(fingerprint):
        raise _bad(path, "fingerprint", fingerprint)


def _demand_counts(path: Path, **counts: int) -> None:
    for name, count in counts.items():
        if count < 0:
            raise _bad(path, name, count)


def _bad(path: Path, name: str, value: object) -> BadFolder:
    return BadFolder(f"{path}: {str(value)[:60]!r} is no {name!r}; run pt004 check again")
