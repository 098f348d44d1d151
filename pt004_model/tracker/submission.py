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
from pt004_model.judge.finding import FINGERPRINT
from pt004_model.report.summary import (
    FindingDocument,
    Replayed,
    Summary,
    fates,
    read_replays,
    read_summary,
)
from pt004_model.trace.document import Reproduced, moment
from pt004_model.trace.files import Unusable
from pt004_model.trace.writing import rfc3339

_CHECK: Final = re.compile(r"[a-z]{1,40}\.[a-z0-9-]{1,80}")


@frozen
class Sighting:
    """All that one campaign says of one fingerprint."""

    fingerprint: str
    finding: FindingDocument | None = None
    replay: Replayed | None = None

    @property
    def seen(self) -> bool:
        """True when it was found, or an earlier trace of it reproduced."""
        return self.finding is not None or self.result is Result.REPRODUCED

    @property
    def result(self) -> Result | None:
        """The result of replaying the earlier trace, if there was one."""
        return self.replay.result if self.replay is not None else None

    @property
    def known(self) -> bool:
        """True when the finding is one of the known ones."""
        return self.finding is not None and self.finding.known

    @property
    def echo_of(self) -> str:
        """The finding that it follows from, empty when it stands by itself."""
        return "" if self.finding is None else self.finding.echo_of

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
    """One campaign: its summary, the replays of earlier traces, and when it began."""

    folder: Path
    summary: Summary
    replays: tuple[Replayed, ...]
    started_at: datetime

    @property
    def campaign(self) -> str:
        """The identity of the campaign: submitting it a second time changes nothing."""
        return f"{rfc3339(self.started_at.timestamp())}/{self.summary.seed}"

    def trace(self, sighting: Sighting) -> Path:
        """Return the path of the trace of a finding, or of the one that was replayed."""
        if sighting.finding is None and sighting.replay is not None:
            return self.folder / sighting.replay.trace
        return self.folder / "traces" / f"{sighting.fingerprint}.json"

    def sightings(self) -> dict[str, Sighting]:
        """Return what the campaign says, by fingerprint; the gravest findings first."""
        ranked = sorted(self.summary.findings, key=lambda each: (*each.rank, each.fingerprint))
        found = {each.fingerprint: Sighting(each.fingerprint, each) for each in ranked}
        for fingerprint, replay in fates(self.replays).items():
            before = found.get(fingerprint, Sighting(fingerprint))
            found[fingerprint] = evolve(before, replay=replay)
        return found


def read_submission(folder: Path) -> Submission:
    """Read what lies in ``folder``. Raises ``Unusable``."""
    path, summary = folder / "summary.json", read_summary(folder)
    if summary.shard:
        raise Unusable(
            f"{folder} is shard {summary.shard} of a campaign; file what `pt004 merge` makes of all"
        )
    try:
        started_at = moment(summary.started_at or "")
    except ValueError:
        raise _bad(path, "started_at", summary.started_at) from None
    if summary.seed is None:
        raise _bad(path, "seed", None)
    for finding in summary.findings:
        if not _CHECK.fullmatch(finding.check):
            raise _bad(path, "check", finding.check)
        _demand_counts(path, commands=finding.commands, occurrences=finding.occurrences)
        _demand_form(path, finding.fingerprint, finding.reproduced or Reproduced(0, 0))
    # a file that does not hold a trace is named, and nothing more can be said of it
    replays = tuple(
        each
        for each in read_replays(folder)
        if each.result is not Result.UNSURE or FINGERPRINT.fullmatch(each.fingerprint)
    )
    for replay in replays:
        _demand_form(folder / "replays.json", replay.fingerprint, replay)
    return Submission(folder, summary, replays, started_at)


def _demand_form(path: Path, fingerprint: str, counted: Reproduced | Replayed) -> None:
    if not FINGERPRINT.fullmatch(fingerprint):
        raise _bad(path, "fingerprint", fingerprint)
    _demand_counts(path, seen=counted.seen, runs=counted.runs)


def _demand_counts(path: Path, **counts: int) -> None:
    for name, count in counts.items():
        if count < 0:
            raise _bad(path, name, count)


def _bad(path: Path, name: str, value: object) -> Unusable:
    return Unusable(f"{path}: {str(value)[:60]!r} is no {name!r}; run the campaign again")
