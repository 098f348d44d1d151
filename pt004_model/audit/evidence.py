"""How a finding of an audit is shown, replayed and filed: by the calls that made the run.

The log tells the changes, the run what it was made of. Their answers are not there, so what a trace
of production says is: these calls were accepted, and this is what was written.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from attrs import asdict, evolve, frozen

from pt004_model.audit.judging import Recorded
from pt004_model.audit.rebuild import Rebuilt
from pt004_model.judge.finding import Finding, place_of
from pt004_model.model.asks import Change, read_change
from pt004_model.model.commands import (
    Caller,
    ChangeRun,
    Command,
    CreateRun,
    Names,
    ReadRun,
    Unknown,
)
from pt004_model.model.coverage import Edge, edge_of
from pt004_model.model.moves import changing
from pt004_model.model.rules import Refusal
from pt004_model.model.run import Run, step
from pt004_model.model.values import Body, Json
from pt004_model.trace.document import EXTRACTED
from pt004_model.trace.recorded import Found
from pt004_model.trace.redact import Redactor
from pt004_model.trace.writing import Origin, write_trace
from pt004_model.vocabulary import Dialect

PROFILE: Final = "audit"
REDACTED: Final = "[redacted]"
_ACTORS: Final = 3
"""Actors whose names every target has; others are played by these."""
_PLAIN: Final = frozenset({
    "status", "previous_status", "new_status", "event_type", "step_index", "timestamp",
    "created_at", "started_at", "completed_at", "updated_at", "resolved_at",
    "previous_receipt_hash", "receipt_chain", "logs", "gates", "gate_type", "version",
})  # fmt: skip
"""Fields whose values say nothing of what a run was about."""
_PAYLOADS: Final[dict[str, Json]] = {
    "input_payload": {}, "metadata": {}, "tags": [], "output_payload": {}, "error_details": {},
    "reason": REDACTED,
}  # fmt: skip


@frozen
class Evidence:
    """The calls of a run as far as they are known, and the names of those who made them."""

    names: Names
    commands: tuple[Command, ...]


GONE: Final = Evidence(Names.of("production", "stranger", ("nobody",)), (ReadRun(Unknown()),))
"""The evidence of a run of which there is nothing left."""


def evidence_of(recorded: Recorded, rebuilt: Rebuilt, last: int | None = None) -> Evidence:
    """Return the calls that made a run, up to the one that wrote the entry ``last``, and a read.

    An answer to a change need not show what was written; whoever replays them is to see it.
    """
    sent = {"workflow_id": "unknown"} | {
        name: [*value] if isinstance(value, tuple) else value
        for name, value in asdict(rebuilt.run.asked, recurse=False).items()
        if value
    }
    creator = Caller(actor=rebuilt.run.actor % _ACTORS)
    changes = tuple(
        ChangeRun(0, body, Caller(actor=each.actor % _ACTORS))
        for each in rebuilt.changes
        if last is None or each.index <= last
        # an FC that waits to be told is told
        for body in (each.body, *(() if each.acted is None else (changing(each.acted),)))
    )
    made: tuple[Command, ...] = (CreateRun(0, Body.of(sent), creator), *changes)
    name = recorded.tenant or "production"
    return Evidence(Names.of(name, f"{name}_stranger", rebuilt.actors), (*made, ReadRun(0)))


def edges_of(rebuilt: Rebuilt) -> Iterator[Edge]:
    """Yield the edge of each change of a run; what an FC may have done by itself is two of them."""
    for made in rebuilt.changes:
        run: Run | Refusal = made.before
        for body in (made.body, *(() if made.acted is None else (changing(made.acted),))):
            change = read_change(body)
            if isinstance(run, Run) and isinstance(change, Change):
                yield edge_of(run, change, accepted=True)
                if made.acted is not None:  # the outcome that waits to be told
                    run = step(run, change, made.actor)[0]


def extracted(run_id: str) -> Finding:
    """Return what stands in the place of a finding where a run is to be replayed as it was."""
    said, got = "each call to be accepted, as in production", f"the calls that made run {run_id}"
    return Finding("lifecycle.legal-change-accepted", "status", said, got, EXTRACTED)


def without_payloads(finding: Finding) -> Finding:
    """Return a finding that shows no value of what a run was about."""
    if place_of(finding.where).rpartition(".")[2] in _PLAIN:
        return finding
    return evolve(finding, expected=REDACTED, observed=REDACTED)


def emptied_all(evidence: Evidence) -> Evidence:
    """Return evidence in which no call says what the run was about; steps and decisions stay."""
    return evolve(evidence, commands=tuple(map(_emptied, evidence.commands)))


def _emptied(command: Command) -> Command:
    """Return a call without what the run was about."""
    if not isinstance(command, CreateRun | ChangeRun):
        return command
    fields = {name: _PAYLOADS.get(name, value) for name, value in command.body.fields.items()}
    policy = fields.get("policy")
    if isinstance(policy, dict):
        fields["policy"] = {**policy, "reason": REDACTED}
    return evolve(command, body=Body.of(fields))


def write_evidence(
    path: Path, finding: Finding, evidence: Evidence, redact: Redactor, runs: int = 1
) -> None:
    """Write a finding of an audit as the trace of one of a campaign. Raises ``Unwritable``."""
    commands = evidence.commands
    origin = Origin(0, PROFILE, Dialect.SEED, redact, names=evidence.names)
    write_trace(path, Found(finding, commands, (), len(commands), runs), origin)
