"""The ``logs`` of an envelope: the audit log of a run (section 7).

What is checked is what 7.3 says: each kind's own sequence, what is first and last, and that a gate
opens before it closes; an FC may interleave the kinds otherwise, and add entries of other kinds.

Not compared, and why: ``previous_status`` and ``new_status`` of kinds for which section 7.2 names
none may be anything that is a status or null; ``step_id`` of the ``FC-RUN`` kinds and of kinds not
named may be any string or null; members of ``details`` beyond those named are free.
"""

from __future__ import annotations

import math

from attrs import evolve

from pt004_model.judge.clock import Window, parse
from pt004_model.judge.fields import (
    equal,
    identifier,
    moment,
    one_of,
    step_id,
    text,
    unique,
    value_of,
)
from pt004_model.judge.finding import Saying, classes_of
from pt004_model.judge.gates import bind_gate
from pt004_model.judge.memory import JsonObject, Notes, Seen
from pt004_model.judge.receipts import read_receipt
from pt004_model.model.history import Entry, GateRef
from pt004_model.model.run import Run
from pt004_model.model.values import same
from pt004_model.vocabulary import Decision, Event, Status

_NAMED = frozenset(Event)
_OF_RUNS = (Event.RUN_CREATED, Event.STATUS_CHANGED, Event.RUN_ENDED)
_STEP_KINDS = frozenset({Event.STEP_STARTED, Event.STEP_ENDED})
_ANY_TIME = Window(-math.inf, math.inf)
_STATUSES = tuple(status.value for status in Status)
_DETAIL_CHECKS = {
    Event.POLICY_DECIDED: "policy.decision-recorded",
    Event.STEP_ENDED: "audit.outcome",
    Event.STATUS_CHANGED: "audit.reason",
    Event.GATE_CLOSED: "audit.gate-decision",
}


def read_log(notes: Notes, run: Run, seen: Seen, shown: list[JsonObject]) -> Seen:
    """Compare the whole log; what was seen, with what is new in it.

    Where they disagree the next reading goes on from what is shown.
    """
    noticed = notes.noticed
    after = _read_entries(notes, run, seen, shown)
    if notes.noticed == noticed:
        return after
    if any(place == "logs" for _, place, *_ in notes.kinds):  # nobody can tell which is which
        notes.ids = {key: owner for key, owner in notes.ids.items() if not key.startswith("log id")}
    return log_as_shown(run, after, shown)


def read_shared(notes: Notes, run: Run, seen: Seen, shown: list[JsonObject], start: int) -> None:
    """Compare only what all entries share, from the entry ``start`` on.

    It is for what comes after an entry from which on nobody can tell what was to be written.
    """
    reading = _Reading(notes, run, seen, {})
    before = shown[start - 1] if start else None
    if not start:
        _ends(notes, run, shown)
    for index in range(start, len(shown)):
        reading.compare(f"logs[{index}]", None, shown[index])
        reading.follow(f"logs[{index}]", before, shown[index])
        before = shown[index]


def log_as_shown(run: Run, seen: Seen, shown: list[JsonObject]) -> Seen:
    """Return what was seen of a run with its log as it stands, so that the next entry is new."""
    kinds = {kind: len(entries) for kind, entries in _by_kind(run).items()}
    return evolve(seen, log=tuple(shown), log_version=run.version, kinds=kinds)


def _read_entries(notes: Notes, run: Run, seen: Seen, shown: list[JsonObject]) -> Seen:
    if not _append_only(notes, seen, shown):
        return seen
    kinds, gate_ids = dict(seen.kinds), dict(seen.gate_ids)
    reading = _Reading(notes, run, seen, gate_ids)
    before, latest = seen.log[-1] if seen.log else None, -1
    changed = run.version > seen.log_version
    first = len(seen.log)
    due, undue = _due(notes, run, seen, shown[first:])
    counted = not any(each.where == "logs" for each in notes.findings)
    calls = _calls(run)
    for index, entry in enumerate(shown[first:], first):
        kind = entry.get("event_type")
        at = f"logs[{index}]"
        expected = None
        if isinstance(kind, str) and kind in _NAMED:
            kinds[kind] = kinds.get(kind, 0) + 1
            expected = due.get(index - first)
            opened = kinds.get(Event.GATE_OPENED, 0)
            if expected is not None and kind == Event.GATE_CLOSED and kinds[kind] > opened:
                _disordered(notes, "audit.gate-opens-first", at, "an open gate", kind)
            elif expected is not None and counted and calls[expected.version] < latest:
                _disordered(notes, "audit.changes-in-order", at, "one of a later change", kind)
            latest = max(latest, -1 if expected is None else calls[expected.version])
        else:
            text(notes, "audit.event-type", f"{at}.event_type", kind)
            if not changed:  # reads and refused requests add none (7.3, 7.6)
                said, got = Saying("no more entries, as nothing was changed"), Saying("one more")
                notes.disagree("audit.kinds", "logs", said, got, "unnamed", "more")
                return seen
        reading.compare(at, expected, entry, undue=index - first in undue)
        reading.follow(at, before, entry)
        before = entry
    _ends(notes, run, shown)
    return evolve(seen, log=tuple(shown), log_version=run.version, kinds=kinds, gate_ids=gate_ids)


def _calls(run: Run) -> dict[int, int]:
    """Return which call each change may have come with: one that binds may act by itself (5.3)."""
    binding = {
        entry.version
        for entry in run.log
        if run.governed and entry.details.get("decision") in (Decision.FLAG, Decision.DENY)
    }
    return {each: each - (each - 1 in binding) for each in range(run.version + 1)}


def _due(
    notes: Notes, run: Run, seen: Seen, new: list[JsonObject]
) -> tuple[dict[int, Entry], set[int]]:
    """Return which entry of the model each of the ``new`` ones is, and which may be none of it.

    Each kind has its sequence.

    Where a kind has more entries than are due, those that tell of a change of status that is due
    are taken for them. Where that does not tell which is which, none is expected.
    """
    due: dict[int, Entry] = {}
    undue: set[int] = set()
    wanted = _by_kind(run)
    places: dict[str, list[int]] = {}
    for index, entry in enumerate(new):
        places.setdefault(str(entry.get("event_type")), []).append(index)
    for kind in Event:
        there = places.get(kind, [])
        every = wanted.get(kind, [])
        expected = every[seen.kinds.get(kind, 0) :]
        surplus = len(there) - len(expected)
        free = kind in _STEP_KINDS and not run.governed and run.version > seen.log_version
        if surplus and not (free and surplus > 0):
            _miscounted(notes, kind, len(every), "more" if surplus > 0 else "fewer")
            telling = [n for n in there if any(_tells(new[n], each) for each in expected)]
            telling = telling if len(telling) == len(expected) else []
            undue.update({*there} - {*telling} if surplus > 0 else ())
            there = telling
        due |= dict(zip(there, expected, strict=False))
    return due, undue


def _tells(entry: JsonObject, expected: Entry) -> bool:
    """Tell whether an entry is of the change of status that is expected."""
    names = ("previous_status", "new_status")
    return all(entry.get(name) == getattr(expected, name) for name in names)


def _append_only(notes: Notes, seen: Seen, shown: list[JsonObject]) -> bool:
    # comparing texts is much faster, and right whenever it says yes
    if repr(list(seen.log)) == repr(shown[: len(seen.log)]):
        return True
    check, where = "audit.append-only", "logs"
    if len(shown) < len(seen.log):
        said = Saying(f"at least the {len(seen.log)} entries read before")
        got = Saying(f"{len(shown)} entries")
        notes.disagree(check, where, said, got, "kept", "lost")
        return False
    for index, (was, now) in enumerate(zip(seen.log, shown, strict=False)):
        if not same(was, now):
            changed = [name for name in {**was, **now} if not same(was.get(name), now.get(name))]
            at = f"logs[{index}]"
            notes.disagree(check, at, was, now, "unchanged", *sorted(changed)[:1])
            return False
    return True


def _by_kind(run: Run) -> dict[str, list[Entry]]:
    wanted: dict[str, list[Entry]] = {}
    for entry in run.log:
        wanted.setdefault(entry.event.value, []).append(entry)
    return wanted


def _miscounted(notes: Notes, kind: str, wanted: int, what: str) -> None:
    check = "policy.decision-recorded" if kind == Event.POLICY_DECIDED else "audit.kinds"
    said, got = Saying(f"{wanted} entries {kind}"), Saying(f"{what} of them")
    notes.disagree(check, "logs", said, got, kind, what)


def _disordered(notes: Notes, check: str, at: str, expected: str, observed: object) -> None:
    notes.disagree(check, at, Saying(expected), observed, "order")


def _ends(notes: Notes, run: Run, shown: list[JsonObject]) -> None:
    if shown and shown[0].get("event_type") != Event.RUN_CREATED:
        kind = shown[0].get("event_type")
        _disordered(notes, "audit.first-entry", "logs[0]", Event.RUN_CREATED.value, kind)
    if shown and run.state.terminal and shown[-1].get("event_type") != Event.RUN_ENDED:
        kind = shown[-1].get("event_type")
        at = f"logs[{len(shown) - 1}]"
        _disordered(notes, "audit.last-entry", at, Event.RUN_ENDED.value, kind)


class _Reading:
    """The comparison of new entries with what the model expects of them."""

    def __init__(self, notes: Notes, run: Run, seen: Seen, gate_ids: dict[int, object]) -> None:
        self.notes = notes
        self.run = run
        self.seen = seen
        self.gate_ids = gate_ids

    def compare(
        self, at: str, expected: Entry | None, entry: JsonObject, *, undue: bool = False
    ) -> None:
        """One entry; ``expected`` is ``None`` where only what all entries share is known.

        Of one that is ``undue`` nobody can tell whose it is, nor of when.
        """
        notes = self.notes
        log_id = identifier(notes, "audit.log-id", f"{at}.log_id", value_of(entry, "log_id"))
        if log_id is not None:
            owner = f"{self.seen.run_id} {at}"
            unique(notes, "audit.log-id", f"{at}.log_id", "log id", log_id, owner)
        run_id = value_of(entry, "run_id")
        check = "isolation.nothing-of-other-runs"
        equal(notes, check, f"{at}.run_id", self.seen.run_id, run_id)
        text(notes, "audit.message", f"{at}.message", value_of(entry, "message"))
        self._actor(at, expected, entry, undue=undue)
        self._statuses(at, expected, entry)
        self._step(at, expected, entry)
        self._details(at, expected, entry)
        window = _ANY_TIME if undue else self._window(expected)
        stamp = value_of(entry, "timestamp")
        moment(notes, "audit.timestamp", f"{at}.timestamp", stamp, window)

    def follow(self, at: str, before: JsonObject | None, entry: JsonObject) -> None:
        """What ties an entry to the one before: time and receipt (sections 2, 8)."""
        read_receipt(self.notes, at, before, entry)
        one = parse(before.get("timestamp")) if before is not None else None
        other = parse(entry.get("timestamp"))
        if one is not None and other is not None and other.seconds < one.seconds:
            stamp = entry["timestamp"]
            _disordered(
                self.notes, "audit.times-in-order", f"{at}.timestamp",
                "no earlier than the entry before", stamp,
            )  # fmt: skip

    def _window(self, expected: Entry | None) -> Window:
        windows = self.seen.windows
        if expected is not None:
            return windows[expected.version]
        new = range(self.seen.log_version + 1, self.run.version + 1)
        spans = [windows[version] for version in new] or [windows[self.run.version]]
        return Window(min(w.start for w in spans), max(w.end for w in spans))

    def _actor(self, at: str, expected: Entry | None, entry: JsonObject, *, undue: bool) -> None:
        observed = value_of(entry, "actor_id")
        if expected is None:
            entries = [e for e in self.run.log if e.version > self.seen.log_version]
            names = [self.notes.names.actors[actor] for actor in sorted({e.actor for e in entries})]
            known = len({e.version for e in entries})
            if undue or not known or known < self.run.version - self.seen.log_version:
                names = list(self.notes.names.actors)  # of a change that we expect no entries of
            if observed not in names:
                said, where = Saying(" or ".join(names)), f"{at}.actor_id"
                classes = classes_of(names[0], observed)  # how many names there are is none
                self.notes.disagree("audit.actor", where, said, observed, *classes)
            return
        name = self.notes.names.actors[expected.actor]
        equal(self.notes, "audit.actor", f"{at}.actor_id", name, observed)

    def _statuses(self, at: str, expected: Entry | None, entry: JsonObject) -> None:
        for name in ("previous_status", "new_status"):
            observed = value_of(entry, name)
            wanted = None if expected is None else getattr(expected, name)
            where = f"{at}.{name}"
            if wanted is not None:
                equal(self.notes, "audit.statuses", where, wanted.value, observed)
            elif entry.get("event_type") in _OF_RUNS:
                one_of(self.notes, "audit.statuses", where, (None, *_STATUSES), observed)
            elif not isinstance(observed, str | None):  # it may be that of a gate or a step
                said = Saying("a string or null")
                self.notes.disagree("audit.statuses", where, said, observed)

    def _step(self, at: str, expected: Entry | None, entry: JsonObject) -> None:
        observed = value_of(entry, "step_id")
        where = f"{at}.step_id"
        if expected is not None and expected.step is not None:
            step_id(self.notes, "audit.step-id", where, expected.step, observed)
        elif not isinstance(observed, str | None):
            said = Saying("a string or null")
            self.notes.disagree("audit.step-id", where, said, observed)

    def _details(self, at: str, expected: Entry | None, entry: JsonObject) -> None:
        details = value_of(entry, "details")
        if not isinstance(details, dict):
            said = Saying("an object")
            self.notes.disagree("audit.details", f"{at}.details", said, details)
            return
        for name, wanted in (expected.details if expected is not None else {}).items():
            where = f"{at}.details.{name}"
            observed = value_of(details, name)
            assert expected is not None  # noqa: S101 - it has details
            if isinstance(wanted, GateRef):
                check = "audit.gate-id"
                bind_gate(self.notes, check, where, self.gate_ids, wanted.number, observed)
            else:
                equal(self.notes, _DETAIL_CHECKS[expected.event], where, _plain(wanted), observed)


def _plain(value: object) -> object:
    return str(value) if isinstance(value, str) else value
