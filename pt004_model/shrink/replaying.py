"""Ways to send a trace again: as it stands, by itself, under names of its own, to a fresh FC.

An FC remembers. A fault that mixes up the runs of one workflow shows in a trace of one command once
enough runs of that workflow lie about, and then tells nobody what happened. Names of its own keep a
trace from that; but an FC remembers more (that the empty key was used, how many entries it has
written), and only another FC like it has no history at all.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

from attrs import evolve

from pt004_model.drive.lockstep import Lockstep, Tally
from pt004_model.drive.session import Session
from pt004_model.judge.finding import Finding
from pt004_model.judge.memory import Ledger
from pt004_model.model.commands import ChangeRun, Command, CreateRun
from pt004_model.model.values import Json
from pt004_model.trace.recorded import Commands


class Way(StrEnum):
    """A way to send a trace again, and what it is judged by."""

    AS_KNOWN = "as known"
    """As it stands, judged with all that the campaign knows."""
    ISOLATED = "isolated"
    """As it stands, judged by what is in it."""
    RENAMED = "renamed"
    """Isolated, under names of its own."""
    FRESH = "fresh"
    """Isolated, to another FC like this one, without history (see ``Session.fresh``)."""


class Replay(NamedTuple):
    """One replay: the finding, if it was seen, and those of the commands given that were sent."""

    lockstep: Lockstep
    finding: Finding | None
    commands: Commands


def replay(
    session: Session,
    commands: Commands,
    fingerprint: str | None = None,
    way: Way = Way.AS_KNOWN,
) -> Replay:
    """Send ``commands`` in a new conversation, up to the first finding of the fingerprint.

    Without a fingerprint any finding ends it. It goes on to a command of the kind that the session
    has findings shown by. Raises :class:`BrokenOff`.
    """
    if way is Way.FRESH:
        assert session.fresh is not None  # noqa: S101 - asked for by the caller
        with session.fresh() as fc:
            own = evolve(session, fc=fc, tally=Tally(), archive=None)
            return replay(own, commands, fingerprint, Way.ISOLATED)
    lockstep = session.lockstep(_pass_over)
    if way is not Way.AS_KNOWN:
        lockstep.oracle = evolve(session.oracle, ledger=Ledger())
    named = own_names(commands, session.tally.commands) if way is Way.RENAMED else commands
    told: list[Command] = []
    seen: Finding | None = None
    for command, name in zip(commands, named, strict=True):
        judgement = lockstep.do(name)
        if judgement is None:  # it is about a run that was set aside
            continue
        told.append(command)
        for finding in judgement.findings:
            if seen is None and (fingerprint is None or finding.fingerprint == fingerprint):
                seen = finding
        if seen is not None and isinstance(command, session.shown_by):
            return Replay(lockstep, seen, tuple(told))
    return Replay(lockstep, None, tuple(told))


def _pass_over(_: Finding, __: Lockstep) -> None:
    """Nothing is done about findings as they come: all of a reply are looked at."""


def own_names(commands: Commands, tag: object) -> Commands:
    """``commands`` with workflows and steps of names that nobody else uses."""
    return tuple(_own_names(command, tag) for command in commands)


def _own_names(command: Command, tag: object) -> Command:
    if not isinstance(command, CreateRun | ChangeRun):
        return command
    changed: dict[str, Json] = {}
    for name in ("workflow_id", "current_step"):
        value = command.body.fields.get(name)
        if isinstance(value, str) and value:
            changed[name] = f"{tag}~{value}"
    steps = command.body.fields.get("steps")
    if isinstance(command, CreateRun) and isinstance(steps, list):
        changed["steps"] = [f"{tag}~{s}" if isinstance(s, str) and s else s for s in steps]
    return evolve(command, body=command.body.replace(**changed)) if changed else command
