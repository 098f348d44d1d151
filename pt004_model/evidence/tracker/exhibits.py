"""What an issue shows of a finding: its trace, and the commands that reproduce it without us."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Final

from pt004_model.evidence.tracker.body import Evidence
from pt004_model.evidence.tracker.filing import NoEvidence
from pt004_model.evidence.tracker.lifecycle import Tonight
from pt004_model.evidence.tracker.night import Night

_NEEDED: Final = ("check", "section", "severity", "where", "expected", "observed", "clause",
                  "seed", "profile", "dialect", "base_url", "versions", "steps")  # fmt: skip


def exhibit(night: Night, said: Tonight) -> Evidence:
    """What is shown of a finding of a night, or of a trace that was replayed in it.

    Raises :class:`NoEvidence` when the trace file cannot be read.
    """
    path = night.trace(said.fingerprint)
    if said.finding is None and said.replay is not None:
        path = night.folder / said.replay.trace
    document = _load(path)
    return Evidence(document, str(path.relative_to(night.folder)), "")


def _load(path: Path) -> dict[str, Any]:
    try:
        document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        missing = [name for name in _NEEDED if name not in document]
    except OSError as error:
        raise NoEvidence(f"cannot read {path}: {error.strerror}") from None
    except (ValueError, TypeError, RecursionError):
        raise NoEvidence(f"{path} is no trace") from None
    if missing:
        raise NoEvidence(f"{path} has no {missing[0]!r}")
    return document
