"""A finding told to people: as a story, and as a sequence diagram."""

from __future__ import annotations

from collections.abc import Iterator

from pt004_model.drive.replay import told
from pt004_model.model.telling import count, times
from pt004_model.report.text import mermaid, visible
from pt004_model.reproduce.timeline import as_lines, timeline
from pt004_model.trace.document import EXTRACTED, Trace, TraceStep


def as_text(trace: Trace) -> str:
    """Return a story that can be read on a terminal."""
    return "".join(f"{visible(line)}".rstrip() + "\n" for line in _story(trace))


def _story(trace: Trace) -> Iterator[str]:
    if trace.fingerprint == EXTRACTED:
        yield trace.observed
    else:
        yield f"{trace.check} ({trace.severity}), finding {trace.fingerprint}"
        yield trace.sentence
        yield ""
        yield from (f"  | {line}" for line in trace.clause.splitlines())
        yield ""
    yield f"{trace.fc}, tenant {trace.names.tenants[0]}"
    for number, step in enumerate(trace.steps, 1):
        yield ""
        yield from _told(number, step)
    yield ""
    if (drawn := timeline(trace.steps)) is not None:
        yield from as_lines(drawn)
        yield ""
    if trace.fingerprint == EXTRACTED:
        return
    yield f"{trace.where}"
    yield f"  expected: {trace.expected}"
    yield f"  got:      {trace.observed}"
    yield ""
    yield f"first seen {trace.first_seen}, after {count(trace.requests_to_first, 'request')}"
    yield f"last seen {trace.last_seen}, seen {times(trace.occurrences)}"
    if trace.reproduced is not None:
        yield f"reproduced in {trace.reproduced.seen} of {count(trace.reproduced.runs, 'replay')}"
    versions = ", ".join(f"{name} {number}" for name, number in sorted(trace.versions.items()))
    yield f"profile {trace.profile}, seed {trace.seed}, {versions}"


def _told(number: int, step: TraceStep) -> Iterator[str]:
    yield f"{number}. {step.says}"
    if step.request is not None:
        yield f"   {step.request.method} {step.request.path}"
        for name, value in step.request.headers.items():
            yield f"   {name}: {value}"
        if step.request.body is not None:
            yield f"   {step.request.body}"
    if step.before is not None:
        yield f"   the run is {step.before}"
    for allowed in step.allowed:
        yield f"   allowed: {allowed.says}"
    if step.reply is not None:
        yield f"   got:     {told(step.reply)}"


def as_mermaid(trace: Trace) -> str:
    """Return a sequence diagram in Mermaid, as GitHub renders it within a fence of that name."""
    lines = ["sequenceDiagram", "    autonumber"]
    lines += ["    participant T as pt004", "    participant F as Federation Core"]
    for step in trace.steps:
        lines.append(f"    T->>F: {mermaid(step.says)}")
        if step.reply is not None:
            lines.append(f"    F-->>T: {mermaid(told(step.reply))}")
    lines.append(f"    Note over T,F: {mermaid(trace.check)}")
    lines.append(f"    Note over T,F: {mermaid(f'{trace.where}: expected {trace.expected}')}")
    lines.append(f"    Note over T,F: {mermaid(f'{trace.where}: got {trace.observed}')}")
    return "\n".join(lines) + "\n"
