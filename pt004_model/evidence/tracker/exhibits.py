"""What an issue shows of a finding: its trace, and the commands that reproduce it without us."""

from __future__ import annotations

from pt004_model.evidence.document import BadTrace, load_trace
from pt004_model.evidence.reproduction import as_curl
from pt004_model.evidence.tracker.body import Evidence
from pt004_model.evidence.tracker.filing import NoEvidence
from pt004_model.evidence.tracker.lifecycle import Tonight
from pt004_model.evidence.tracker.night import Night


def exhibit(night: Night, said: Tonight) -> Evidence:
    """What is shown of a finding of a night, or of a trace that was replayed in it.

    Raises :class:`NoEvidence` when the trace file cannot be read, or is that of another finding.
    """
    path = night.trace(said.fingerprint)
    if said.finding is None and said.replay is not None:
        path = night.folder / said.replay.trace
    try:
        trace = load_trace(path)
    except BadTrace as error:
        raise NoEvidence(str(error)) from None
    if trace.fingerprint != said.fingerprint:
        raise NoEvidence(f"{path} is the trace of {trace.fingerprint}")
    name = path.relative_to(night.folder) if path.is_relative_to(night.folder) else path
    return Evidence(trace, str(name), as_curl(trace), night.target)
