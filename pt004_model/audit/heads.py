"""The head of each run's chain, kept from one audit to the next.

A chain that is right in itself may have been cut or made anew as a whole. Only somebody who has
kept its head can tell: so many entries there were, and this was the receipt of the last.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import rfc8785
from attrs import asdict, define, field, frozen

from pt004_model.judge.finding import Finding, Saying, disagreement
from pt004_model.judge.memory import JsonObject
from pt004_model.model.values import Json
from pt004_model.trace.files import Unusable, document_of, read_bytes, read_from
from pt004_model.wire.codec import read_json

FORMAT: Final = "pt004-audit-heads"
VERSION: Final = 1
_CHECK: Final = "audit.append-only"


@frozen
class Head:
    """The number of entries of a run, and the receipt of the last of them."""

    entries: int
    receipt: str


@define
class Heads:
    """The heads of the audit before, and those of this one by the ids of runs."""

    before: dict[str, Head] = field(factory=dict)
    now: dict[str, Head] = field(factory=dict)

    def compare(self, run_id: str, logs: list[JsonObject]) -> Finding | None:
        """Return what is wrong with a log that must begin with the one of the audit before."""
        was = self.before.get(run_id)
        if was is None:
            return None
        if len(logs) < was.entries:
            said = Saying(f"at least the {was.entries} entries of the last audit")
            return disagreement(
                _CHECK, "logs", said, Saying(f"{len(logs)} entries"), "kept", "lost"
            )
        receipt, at = logs[was.entries - 1].get("receipt_hash"), was.entries - 1
        if receipt == was.receipt:
            return None
        return disagreement(
            _CHECK, f"logs[{at}].receipt_hash", was.receipt, receipt, "unchanged", "receipt_hash"
        )

    def keep(self, run_id: str, logs: list[JsonObject]) -> None:
        """Note the head of a log in which nothing was wrong."""
        receipt = logs[-1].get("receipt_hash")
        if isinstance(receipt, str):
            self.now[run_id] = Head(len(logs), receipt)

    def vanished(self, judged: set[str]) -> dict[str, Finding]:
        """Return the finding of each run of the audit before that is in none of the sources."""
        return {
            run_id: disagreement(
                _CHECK,
                "run",
                Saying(f"the run, which had {head.entries} entries at the last audit"),
                Saying("no such run"),
                "kept",
                "vanished",
            )
            for run_id, head in self.before.items()
            if run_id not in judged
        }

    def content(self) -> bytes:
        """Return the file for the next audit, canonical JSON (RFC 8785).

        A run in which something was wrong keeps the head that it had.
        """
        runs: Json = {run_id: asdict(head) for run_id, head in {**self.before, **self.now}.items()}
        return rfc8785.dumps({"format": FORMAT, "version": VERSION, "runs": runs})


def load_heads(path: Path) -> Heads:
    """Return the heads in a file, none if there is no file yet. Raises ``Unusable``."""
    if not path.exists():
        return Heads()
    content = read_bytes(path)
    with read_from(path):
        runs = document_of(read_json(content), "list of heads", FORMAT, VERSION).get("runs")
        if not isinstance(runs, dict):
            raise Unusable("it has no runs; name a new file to begin anew")
    heads = {run_id: _head(path, run_id, each) for run_id, each in runs.items()}
    return Heads(heads)


def _head(path: Path, run_id: str, raw: Json) -> Head:
    entries = raw.get("entries") if isinstance(raw, dict) else None
    receipt = raw.get("receipt") if isinstance(raw, dict) else None
    if type(entries) is not int or entries < 1 or not isinstance(receipt, str):
        raise Unusable(f"{path}: the head of run {run_id!r:.60} cannot be read; restore the file")
    return Head(entries, receipt)
