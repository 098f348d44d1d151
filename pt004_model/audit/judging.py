"""One run as it was recorded, judged by the readings that judge a live answer.

The model says what the log must hold (``rebuild``); the envelope, if there is one, is then read as
the answer to a ``GET`` would be. There is no call here that a time could be held against, so a
time is held against the entries of the changes before and after.
"""

from __future__ import annotations

import math
import re
from collections import ChainMap
from collections.abc import Callable, Iterator, MutableMapping, Sequence
from typing import Final, TypeAlias

from attrs import define, evolve, field, frozen

from pt004_model.audit.rebuild import LONGEST, Rebuilt, rebuild
from pt004_model.audit.window import (
    ANY_TIME,
    BEFORE,
    UNSEEN,
    beginnings,
    chain_as_shown,
    is_window,
    named_steps,
    skippable,
)
from pt004_model.judge.audit import read_log, read_shared
from pt004_model.judge.clock import Clock, Window, parse
from pt004_model.judge.deviation import Deviation
from pt004_model.judge.finding import Finding, Saying, disagreement
from pt004_model.judge.memory import JsonObject, Ledger, Notes, Seen, View
from pt004_model.judge.oracle import Oracle
from pt004_model.model.asks import Creation, Malformed, read_creation
from pt004_model.model.commands import Names, ReadRun
from pt004_model.model.replies import Reply
from pt004_model.model.run import Run, State
from pt004_model.model.values import Body, Json, is_number
from pt004_model.model.world import World
from pt004_model.vocabulary import Decision, Event

_RESOLUTION: Final = 1.0
"""Seconds that a time may be cut to, and be off from the log's by (section 2)."""
_DAY: Final = 86_400.0
_UNHASHED: Final = "its log has no receipts, so nobody can tell if it is as it was written"
_STEPS_UNKNOWN: Final = (
    "its log names steps and is no log of a run that declared them; give the run as shown"
)
_ENTRY: Final = re.compile(r"logs\[(\d+)\]")


_Ids: TypeAlias = MutableMapping[int, int]
_Way: TypeAlias = "tuple[tuple[Finding, ...], Rebuilt, list[Rebuilt], _Ids]"
"""What is wrong with a log that was written in one way, that way, those alike, and its ids."""


@frozen
class Recorded:
    """One reading of one run, as a source has it.

    ``run`` and ``gates`` are ``None`` where there is the log alone. ``places`` says for each entry
    where it stands, or in one place where all of it does.
    """

    run_id: str
    logs: list[JsonObject] = field(repr=False)
    places: tuple[str, ...]
    run: JsonObject | None = field(default=None, repr=False)
    gates: Json = field(default=None, repr=False)
    gates_there: bool = False

    @property
    def tenant(self) -> str | None:
        """The tenant that it shows."""
        tenant = (self.run or {}).get("tenant_id")
        return tenant if isinstance(tenant, str) else None

    @property
    def hashed(self) -> bool:
        """True when there are receipts at all."""
        return any("receipt_hash" in entry for entry in self.logs)

    def place(self, index: int | None) -> str:
        """Return where an entry stands, or the whole of it."""
        return self.places[0 if index is None or index >= len(self.places) else index]


@frozen
class Wrong:
    """A finding in a run: the entry that it shows in, and the states thought possible before it."""

    finding: Finding
    index: int | None
    before: tuple[str, ...]


def placed(finding: Finding, recorded: Recorded, readings: Sequence[Rebuilt] = ()) -> Wrong:
    """Return a finding with the entry that it names and the states before it."""
    match = _ENTRY.match(finding.where)
    index = None if match is None else int(match[1])
    if finding.where == "logs":  # of the log as a whole it is known where it could not go on
        index = next((each.broken for each in readings), None)
    at = len(recorded.logs) if index is None else index
    return Wrong(finding, index, tuple(dict.fromkeys(each.state_before(at) for each in readings)))


@define
class Judge:
    """Judges one run after the other, and remembers what must be unique over all of them.

    ``taken`` is the way in which the last run was made after all. With ``partial`` a log that does
    not begin with its run is a window on it. What was ``agreed`` is none, and ``served`` gives an
    entry in the names in which it was served.
    """

    partial: bool = False
    agreed: tuple[Deviation, ...] = ()
    served: Callable[[JsonObject], JsonObject] = lambda entry: entry
    taken: Rebuilt | None = None
    owners: dict[int, int] = field(factory=dict)
    tenants: dict[str, str] = field(factory=dict)
    ends: dict[str, tuple[int, int]] = field(factory=dict)
    """By run the length of the longest log of it, and the hash of its last receipt."""

    def judge(self, recorded: Recorded) -> tuple[tuple[Wrong, ...], tuple[str, ...]]:
        """Return what is wrong with a run, in the order of its log, and of what nobody can tell."""
        window = self.partial and is_window(recorded.logs)
        best: _Way | None = None
        most = 0
        for readings in _from_anywhere(recorded) if window else _from_its_beginning(recorded):
            clean = [each for each in readings if each.clean]
            chosen = clean or [max(readings, key=_reached)]
            # whose an id would be in a way that is not taken is no fact
            made: _Ids = {}
            found, taken = self._read(recorded, chosen, ChainMap(made, self.owners))
            told = (each for each in taken.findings if not self._is_agreed(each))
            way = ((*told, *found), taken, chosen, made)
            if best is None or len(readings) > most or _badness(way) < _badness(best):
                best, most = way, len(readings)
            if not best[0]:
                break
        assert best is not None  # noqa: S101 - there is a way
        findings, taken, chosen, made = best
        findings = (*findings, *self._again(recorded))
        self.taken = taken
        self.owners.update(made)
        unsure = [] if recorded.hashed else [_UNHASHED]
        if recorded.run is None and not findings and not taken.run.governed:
            unsure += [_STEPS_UNKNOWN] if _has_steps(recorded) else []
        first: dict[str, Wrong] = {}
        for each in findings:
            first.setdefault(each.fingerprint, placed(each, recorded, chosen))
        in_order = sorted(first.values(), key=lambda e: math.inf if e.index is None else e.index)
        return tuple(in_order), tuple(unsure)

    def _is_agreed(self, finding: Finding) -> bool:
        return any(
            each.fingerprint in {"", finding.fingerprint}
            and evolve(each, fingerprint="").covers(finding.check, finding.where, ())
            for each in self.agreed
        )

    def _again(self, recorded: Recorded) -> Iterator[Finding]:
        """Yield what is wrong with a log that must begin with another reading of it (7.4)."""
        logs, (size, last) = recorded.logs, self.ends.get(recorded.run_id, (0, 0))
        if self.partial or len(logs) < size:
            return
        now = logs[size - 1].get("receipt_hash") if size else None
        if size and hash(str(now)) != last:
            at, said = (
                f"logs[{size - 1}].receipt_hash",
                Saying("that of another reading of the run"),
            )
            yield disagreement("audit.append-only", at, said, now, "unchanged", "receipt_hash")
        self.ends[recorded.run_id] = len(logs), hash(str(logs[-1].get("receipt_hash")))

    def _read(
        self, recorded: Recorded, readings: list[Rebuilt], owners: _Ids
    ) -> tuple[tuple[Finding, ...], Rebuilt]:
        """Return what the readings of the judge find, and the way the run was made after all."""
        clock = Clock(0.0, 0.0, _time(recorded.logs, 0) or 0.0)
        ledger = Ledger(owners, clock, self.served)
        agreed = [*self.agreed]
        agreed += [] if recorded.hashed else [Deviation(_UNHASHED, area="receipts")]
        agreed += [UNSEEN] if readings[0].window is not None else []
        whose = recorded.tenant
        if whose is not None:  # and under which it was shown first
            whose = self.tenants.setdefault(recorded.run_id, whose)
        names = Names((whose or "",), readings[0].actors)
        if readings[0].torn is None and recorded.run is not None:
            oracle = Oracle(names, ledger, agreed=tuple(agreed))
            notes = Notes(ledger, names, tuple(agreed))
            _before(recorded, readings[0], notes)
            return (*notes.told(), *_as_shown(recorded, readings, oracle)), readings[0]
        noted = [(Notes(ledger, names, tuple(agreed)), each) for each in readings]
        for notes, each in noted:
            _log_alone(recorded, each, notes)
        notes, taken = min(noted, key=lambda pair: pair[0].count)
        notes.believe()
        return notes.told(), taken


def _hypotheses(recorded: Recorded) -> Iterator[Rebuilt]:
    """Yield the run rebuilt in each way in which it may have been made."""
    carried = recorded.run or {}
    for asked in _asked(recorded):
        for decision in Decision:
            rebuilt = rebuild(recorded.logs, asked, carried, decision)
            yield rebuilt
            if rebuilt.clean or not _undecided(recorded):
                break


def _from_its_beginning(recorded: Recorded) -> Iterator[list[Rebuilt]]:
    """Yield the likeliest way by itself, if the log can be followed so, and then all."""
    ways = _hypotheses(recorded)
    likeliest = next(ways)
    if likeliest.clean:
        yield [likeliest]
    others = list(ways)
    if others or not likeliest.clean:
        yield [likeliest, *others]


def _badness(way: _Way) -> tuple[bool, int]:
    found, taken, *_ = way
    return not taken.clean, len(found)


def _from_anywhere(recorded: Recorded) -> Iterator[list[Rebuilt]]:
    """Yield the run rebuilt from each state in which a window may find it, and from within each."""
    shown = recorded.run or {}
    named = [row for row in recorded.logs if row.get("event_type") in tuple(Event)]
    first = [(str(row["event_type"]), str(row.get("actor_id"))) for row in named[:LONGEST]]
    for skipped in range(skippable(first) + 1):
        yield [
            rebuild(recorded.logs, asked, shown, beginning=(run, skipped))
            for asked in _asked(recorded)
            for run in beginnings(asked, shown)
        ]


def _asked(recorded: Recorded) -> tuple[Creation, ...]:
    """Return what the run may have been made of: without it, of the steps that its log names."""
    if recorded.run is not None:
        return (creation_of(recorded.run),)
    steps = named_steps(recorded.logs)
    unknown = Creation("", "", {}, {}, (), steps)
    return unknown, evolve(unknown, steps=None)


def creation_of(shown: JsonObject) -> Creation:
    """Return what a run was made of, as it shows that; what no create can hold is left out."""
    wanted = ("workflow_id", "workflow_version", "tags", "steps")
    body = Body.of({name: shown.get(name) for name in wanted})
    while isinstance(asked := read_creation(body), Malformed) and asked.field in body.fields:
        body = body.without(asked.field)
        if asked.field == "workflow_id":
            break
    if not isinstance(asked, Creation):
        asked = Creation("", "", {}, {}, (), None)
    payload, metadata = shown.get("input_payload"), shown.get("metadata")
    return evolve(
        asked,
        input_payload=payload if isinstance(payload, dict) else {},
        metadata=metadata if isinstance(metadata, dict) else {},
    )


def _has_steps(recorded: Recorded) -> bool:
    kinds = (Event.STEP_STARTED, Event.STEP_ENDED)
    return any(entry.get("event_type") in kinds for entry in recorded.logs)


def _undecided(recorded: Recorded) -> bool:
    """Return whether the log holds a decision that cannot be read."""
    for entry in recorded.logs:
        if entry.get("event_type") == Event.POLICY_DECIDED:
            details = entry.get("details")
            if not isinstance(details, dict) or details.get("decision") not in tuple(Decision):
                return True
    return False


def _reached(rebuilt: Rebuilt) -> tuple[int, int]:
    """Return how far a log could be followed without a finding; the furthest is the likeliest."""
    found = [int(match[1]) for each in rebuilt.findings if (match := _ENTRY.match(each.where))]
    torn = [] if rebuilt.torn is None else [rebuilt.torn]
    return min([*found, *torn]), -len(found)


def _as_shown(recorded: Recorded, readings: list[Rebuilt], oracle: Oracle) -> tuple[Finding, ...]:
    """Return what the run as shown, its log and its gates disagree in with the run rebuilt."""
    shown = recorded.run or {}
    views = []
    for each in readings:
        run = placed_as_shown(each.run, shown)
        seen = evolve(_seen(recorded, each), version=run.version)
        views += [View(World({0: each}), {0: seen}) for each in (run, *_unsaid(run))]
    body: JsonObject = {"run": shown, "logs": [*recorded.logs]}
    window = readings[0].window
    if recorded.gates_there and window is None:  # there may have been others before
        body["gates"] = recorded.gates
    command = ReadRun(0, logs=True, gates="gates" in body)
    found = oracle.judge(tuple(views), command, Reply(200, body)).findings
    if window is None:
        return found
    chain = chain_as_shown(shown, recorded.logs) if recorded.hashed else None
    return found if chain is None else (*found, chain)


def _unsaid(run: Run) -> Iterator[Run]:
    """Yield the run if the reason in its log is the FC's own, which a rejected gate may lack."""
    if run.gates and run.gates[-1].rejection_reason is not None:
        yield evolve(run, gates=(*run.gates[:-1], evolve(run.gates[-1], rejection_reason=None)))


def placed_as_shown(run: Run, shown: JsonObject) -> Run:
    """Return an ungoverned run where it says it is, which its log does not tell (section 3.3)."""
    if run.governed or not run.version:
        return run
    name, index = shown.get("current_step"), shown.get("step_index")
    if isinstance(name, str):
        run = evolve(run, current_step=name)
    if isinstance(index, int | float) and is_number(index) and index >= 0:
        run = evolve(run, step_index=index)
    return run


def _log_alone(recorded: Recorded, rebuilt: Rebuilt, notes: Notes) -> None:
    """Compare the log as far as it could be followed; of what comes after what all entries share.

    Where the log is torn the judge says what is missing there, or is too much.
    """
    seen = _seen(recorded, rebuilt)
    _before(recorded, rebuilt, notes)
    if rebuilt.torn is None:
        read_log(notes, rebuilt.run, seen, recorded.logs)
        return
    rest = rebuilt.torn if rebuilt.nearest is not None else rebuilt.window or 0
    if rebuilt.nearest is not None:
        read_log(notes, rebuilt.nearest, seen, recorded.logs[:rest])
    read_shared(notes, rebuilt.run, evolve(seen, log_version=-2), recorded.logs, rest)


def _before(recorded: Recorded, rebuilt: Rebuilt, notes: Notes) -> None:
    """Compare those entries of a window that are of a change before it."""
    if rebuilt.window:
        seen = Seen(recorded.run_id, log_version=-2, windows=_windows(recorded, rebuilt))
        anywhere = evolve(rebuilt.run, state=State())
        read_shared(notes, anywhere, seen, recorded.logs[: rebuilt.window], 0)


def _seen(recorded: Recorded, rebuilt: Rebuilt) -> Seen:
    """Return what was seen of a run before its log: of a window, that a gate may be open."""
    seen = Seen(recorded.run_id, windows=_windows(recorded, rebuilt))
    if rebuilt.window is None:
        return seen
    before = [row for row in rebuilt.run.log if row.version == BEFORE]
    kinds = {row.event.value: 1 for row in before}
    log = tuple(recorded.logs[: rebuilt.window])
    return evolve(seen, log=log, log_version=BEFORE if log else -1, kinds=kinds)


def _windows(recorded: Recorded, rebuilt: Rebuilt) -> dict[int, Window]:
    """Return when each version of a run can have come about, by the log's own times.

    Where the log's times are not in order that is told, and they say nothing else.
    """
    versions = range(-1, rebuilt.run.version + 3)
    start = _time(recorded.logs, 0) or 0.0
    times = {version: _time(recorded.logs, at) for version, at in rebuilt.made.items()}
    known = [time for at in range(len(recorded.logs)) if (time := _time(recorded.logs, at))]
    if known != sorted(known):
        times = {}
    windows = {}
    for version in versions:
        before, after = times.get(version - 1), times.get(version + 1)
        windows[version] = Window(
            start - _DAY if before is None else before - _RESOLUTION,
            math.inf if after is None else after + _RESOLUTION,
        )
    return windows if rebuilt.window is None else {**windows, 0: ANY_TIME, BEFORE: ANY_TIME}


def _time(logs: list[JsonObject], index: int) -> float | None:
    time = parse(logs[index].get("timestamp")) if logs else None
    return None if time is None else time.seconds
