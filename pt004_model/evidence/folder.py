"""The folder that a campaign leaves behind: ``summary.json``, ``traces/``, ``runs.txt``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attrs import asdict, evolve, frozen

from pt004_model.evidence.files import Unwritable, write_json
from pt004_model.evidence.page import write_page
from pt004_model.evidence.trace import Origin, said, write_trace
from pt004_model.explore.campaign import Found, Result


@frozen
class Folder:
    """Writes what a campaign finds, each file whole or not at all. Raises ``Unwritable``.

    ``with_page``: make a page of it as well.
    """

    path: Path
    origin: Origin
    with_page: bool = False

    def at(self, base_url: str) -> Folder:
        """The same folder, for a campaign against the FC at this address."""
        return evolve(self, origin=evolve(self.origin, base_url=base_url))

    def prepare(self) -> None:
        """Make the folder, and find out before the campaign if nothing can be written there."""
        try:
            (self.path / "traces").mkdir(parents=True, exist_ok=True)
            self.runs.open("a", encoding="utf-8").close()
        except OSError as error:
            raise Unwritable(f"cannot write to {self.path}: {error.strerror}") from None

    @property
    def runs(self) -> Path:
        """The list of all runs that were made: runs cannot be deleted from a real FC."""
        return self.path / "runs.txt"

    def trace_path(self, found: Found) -> Path:
        """Where the trace of a finding is."""
        return self.path / "traces" / f"{found.fingerprint}.json"

    def keep_run(self, run_id: str) -> None:
        """Note a run at once, so that it is known even after a kill."""
        plain = run_id.encode("unicode_escape").decode()  # an FC may send anything for an id
        try:
            with self.runs.open("a", encoding="utf-8") as file:
                file.write(f"{plain}\n")
        except OSError as error:
            raise Unwritable(f"cannot write {self.runs}: {error.strerror}") from None

    def keep_trace(self, found: Found) -> None:
        """Write or replace the trace of a finding."""
        write_trace(self.trace_path(found), found, self.origin)

    def keep_summary(self, result: Result) -> None:
        """Write ``summary.json``, and ``page.html`` if it is wanted."""
        write_json(self.path / "summary.json", self.summary(result))
        if self.with_page:
            write_page(self.path)

    def summary(self, result: Result) -> dict[str, Any]:
        """The summary of a campaign as JSON."""
        coverage = result.coverage
        return {
            "verdict": str(result.verdict),
            "why": self.origin.hide(result.why),
            "requests": result.requests,
            "examples": result.examples,
            "seconds": round(result.seconds, 3),
            "seed": result.seed,
            "profile": result.profile,
            "dialect": str(self.origin.dialect),
            "open_calls": result.open_calls,
            "coverage": {
                "driven": coverage.driven,
                "reachable": coverage.reachable,
                "missing": list(coverage.missing),
                "witnessed": list(coverage.witnessed),
                "unwitnessed": list(coverage.unwitnessed),
            },
            "findings": [
                {
                    "fingerprint": found.fingerprint,
                    "check": found.finding.check,
                    "area": found.finding.area,
                    "commands": len(found.commands),
                    "requests_to_first": found.requests_to_first,
                    "occurrences": found.occurrences,
                    **said(found.finding, self.origin.secrets),
                    "trace": str(self.trace_path(found)),
                }
                for found in result.findings
            ],
            "edges": [asdict(edge) | {"count": n} for edge, n in sorted(result.edges.items())],
            "statistics": result.statistics,
        }
