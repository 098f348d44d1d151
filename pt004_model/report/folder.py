"""The folder of a campaign: ``summary.json``, ``replays.json``, ``traces/``, ``runs.txt``.

Traces and the list of runs outlive the campaign; its other files are those of the last one.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from attrs import asdict, evolve, field, frozen

from pt004_model.drive.comparing import Variation
from pt004_model.judge.checks import CHECKS
from pt004_model.report.digest import digest
from pt004_model.report.junit import junit
from pt004_model.report.page import write_page
from pt004_model.report.summary import (
    DONE,
    CostDocument,
    FindingDocument,
    Replayed,
    Replays,
    Summary,
    document,
    edge_documents,
    read_replays,
    statistics,
)
from pt004_model.report.text import plain
from pt004_model.search.complete import Done
from pt004_model.search.results import Result
from pt004_model.trace.document import Reproduced, load_trace
from pt004_model.trace.files import Unusable, Unwritable, write_json, write_text
from pt004_model.trace.lock import locked, sweep
from pt004_model.trace.recorded import Found
from pt004_model.trace.writing import Origin, rfc3339, said, write_trace

OF_ONE: Final = (
    "summary.json", "replays.json", "summary.md", "junit.xml", "page.html", "part.json",
)  # fmt: skip
"""The files that tell of one campaign, and must not outlive it."""
RUNS: Final = "runs.txt"


@contextmanager
def held(path: Path) -> Iterator[None]:
    """Hold a folder for what a campaign leaves, without what another one has left of itself.

    Nobody else writes there. Raises ``Busy``, and ``Unwritable``: before a campaign is known if
    nothing can be written there.
    """
    with locked(path):
        try:
            sweep(path, *(f".{name}.*" for name in OF_ONE))
            sweep(path / "traces", ".*.json.*")
            (path / "traces").mkdir(parents=True, exist_ok=True)
            (path / RUNS).open("a", encoding="utf-8").close()
            for name in OF_ONE:  # they say nothing of this campaign
                (path / name).unlink(missing_ok=True)
        except OSError as error:
            raise Unwritable(f"cannot write to {path}: {error.strerror}") from None
        yield


def write_summary(path: Path, summary: Summary, *, with_page: bool = False) -> None:
    """Write the summary of a campaign in each form that there is of it. Raises ``Unwritable``."""
    write_json(path / "summary.json", document(summary))
    write_text(path / "junit.xml", junit(summary))
    write_text(path / "summary.md", digest(summary, read_replays(path)))
    if with_page:
        write_page(path)


@frozen
class Folder:
    """The writer of what a campaign finds, each file whole or not at all. Raises ``Unwritable``.

    ``with_page``: make a page of it as well. ``target`` are the options that say which FC it was,
    ``options`` those that say what the campaign does, ``made_by`` is the command.
    """

    path: Path
    origin: Origin
    with_page: bool = False
    target: tuple[str, ...] | None = None
    options: tuple[str, ...] = ()
    made_by: str = "check"
    shard: str = ""
    origins: dict[str, tuple[int, str]] = field(factory=dict, repr=False)
    """Seeds and profiles of the campaigns that have found what is written again, by fingerprint."""

    def at(self, base_url: str) -> Folder:
        """Return the same folder, for a campaign against the FC at this address."""
        return evolve(self, origin=evolve(self.origin, base_url=base_url))

    @property
    def runs(self) -> Path:
        """The list of all runs that were made: runs cannot be deleted from a real FC."""
        return self.path / RUNS

    def trace_path(self, found: Found) -> Path:
        """Return where the trace of a finding is."""
        return self.path / "traces" / f"{found.fingerprint}.json"

    def keep_run(self, run_id: str) -> None:
        """Note a run at once, so that it is known even after a kill."""
        try:
            with self.runs.open("a", encoding="utf-8") as file:
                file.write(f"{plain(self.origin.redact(run_id), None)}\n")
        except OSError as error:
            raise Unwritable(f"cannot write {self.runs}: {error.strerror}") from None

    def earlier(self) -> tuple[Path, ...]:
        """Return the traces that lie there, those of earlier campaigns before this one has any."""
        return tuple(sorted((self.path / "traces").glob("*.json")))

    def keep_trace(self, found: Found) -> None:
        """Write or replace the trace of a finding; a known one only by a shorter one."""
        if found.known and self._is_shorter(found):
            return
        seed, profile = self.origins.get(found.fingerprint, (self.origin.seed, self.origin.profile))
        origin = evolve(self.origin, seed=seed, profile=profile)
        write_trace(self.trace_path(found), found, origin)

    found = improved = confirmed = keep_trace  # told of findings like any reporter

    def _is_shorter(self, found: Found) -> bool:
        """Return whether an earlier campaign left a shorter trace: a known one is not shortened."""
        try:
            return len(load_trace(self.trace_path(found)).steps) < len(found.commands)
        except Unusable:
            return False

    def keep_replays(self, rows: tuple[Replayed, ...]) -> None:
        """Write ``replays.json``: what became of the traces of earlier campaigns."""
        told = tuple(evolve(row, why=self.origin.redact(row.why)) for row in rows)
        replays = Replays(at=rfc3339(time.time()), replays=told)
        write_json(self.path / "replays.json", document(replays))

    def keep_summary(self, result: Result) -> None:
        """Write ``summary.json``, for a CI ``junit.xml`` and ``summary.md``, and the page."""
        write_summary(self.path, self.summary(result), with_page=self.with_page)

    def keep_done(self, done: Done) -> None:
        """Write how far a suite has come, so that another campaign can go on there."""
        write_json(self.path / DONE, asdict(done))

    def summary(self, result: Result) -> Summary:
        """Return the summary of a campaign."""
        return Summary(
            verdict=str(result.verdict),
            why=self.origin.redact(result.why),
            requests=result.requests,
            examples=result.examples,
            seconds=round(result.seconds, 3),
            seed=result.seed,
            profile=result.profile,
            dialect=str(self.origin.dialect),
            base_url=self.origin.base_url,
            target=self.target,
            options=self.options,
            started_at=rfc3339(result.started_at),
            open_calls=result.open_calls,
            areas=result.areas,
            coverage=result.coverage,
            findings=tuple(map(self._told, result.findings)),
            edges=edge_documents(result.edges),
            statistics=statistics(result.statistics),
            unsure=tuple(map(self.origin.redact, result.unsure)),
            made_by=self.made_by,
            guarantee=self.origin.redact(result.guarantee),
            agreed=tuple(map(self.origin.redact, result.agreed)),
            differences=tuple(
                Variation(**self.origin.redact(asdict(each))) for each in result.differences
            ),
            shard=self.shard,
        )

    def _told(self, found: Found) -> FindingDocument:
        return FindingDocument(
            fingerprint=found.fingerprint,
            check=found.finding.check,
            area=found.finding.area,
            severity=CHECKS[found.finding.check].severity,
            commands=len(found.commands),
            requests_to_first=found.requests_to_first,
            occurrences=found.occurrences,
            **said(found.finding, self.origin.redact),
            trace=str(self.trace_path(found)),
            known=found.known,
            reproduced=None if found.reproduced is None else Reproduced(*found.reproduced),
            unconfirmed=found.unconfirmed,
            trouble=self.origin.redact(found.trouble),
            echo_of=found.echo_of,
            shrinking=CostDocument(found.cost[0], round(found.cost[1], 3)),
        )
