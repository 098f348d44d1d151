"""Claims about the audit log and the gates (contract sections 6 to 8)."""

from __future__ import annotations

import re
from typing import Final

from pt004_model.evidence.reproduction import words as w
from pt004_model.evidence.reproduction.case import Case, Claim
from pt004_model.evidence.reproduction.times import during
from pt004_model.model.history import Entry, Gate, GateRef, StepRef
from pt004_model.model.replies import Reply
from pt004_model.model.run import Run
from pt004_model.vocabulary import GATE_FIELDS, GATE_TYPE, Event, Status

_PLACE: Final = re.compile(r"(logs|gates)\[(\d+)\](?:\.(.+))?")
_STEPS: Final = frozenset({Event.STEP_STARTED, Event.STEP_ENDED})
_STATUSES: Final[list[object]] = [None, *(status.value for status in Status)]


def _place(where: str) -> tuple[int, str]:
    """The index and the field that a place like ``logs[2].details.reason`` names."""
    match = _PLACE.fullmatch(where)
    return (0, "") if match is None else (int(match[2]), match[3] or "")


def logs_claim(case: Case, run: Run) -> Claim:
    """The log as a whole, or an entry of it."""
    last, check = case.last, case.trace.check
    index, name = _place(case.trace.where)
    if check == "audit.append-only":
        return _append_only(case)
    if case.trace.where == "logs":
        return _kinds(case, run)
    if check == "audit.first-entry":
        words = w.call("first_kind", w.content(last), Event.RUN_CREATED.value)
        return Claim("the log begins with FC-RUN-001", words)
    if check == "audit.last-entry":
        words = w.call("last_kind", w.content(last), Event.RUN_ENDED.value)
        return Claim("the log ends with FC-RUN-003", words)
    if check == "audit.gate-opens-first":
        words = w.call("gates_open_first", w.content(last))
        return Claim("a gate opens before it closes", words)
    if check == "audit.times-in-order":
        words = w.call("in_order", w.call("all_times", w.content(last)))
        return Claim("the times of the log never decrease", words, paced=True)
    if check == "audit.event-type":
        return Claim("every log entry has a kind", w.call("have_kinds", w.content(last)))
    if check == "audit.log-id":
        words = w.call("fresh", w.call("log_ids", w.Words("replies", "$r")))
        return Claim("every log entry has an id of its own", words)
    if check.startswith("receipts."):
        return _receipt(case, index, name)
    return _entry(case, run, index, name)


def _append_only(case: Case) -> Claim:
    earlier = case.shown("logs")
    then = earlier[-1] if earlier else case.last
    now, before = w.body(case.last, "logs"), w.body(then, "logs")
    return Claim(f"the log begins with the log of step {then + 1}", w.call("begins", now, before))


def _kinds(case: Case, run: Run) -> Claim:
    """So many entries of each kind; and none more where nothing has changed."""
    counts = dict.fromkeys(Event, 0)
    for entry in run.log:
        counts[entry.event] += 1
    told = [
        w.call("kinds", w.content(case.last), kind.value, count)
        for kind, count in counts.items()
        if run.governed or kind not in _STEPS
    ]
    same = [step for step in case.shown("logs") if case.version(step) == run.version]
    told += [w.same(w.body(case.last, "logs"), w.body(step, "logs")) for step in same[:1]]
    return Claim("the log has the entries that the changes append, and no more", w.every(*told))


def _receipt(case: Case, index: int, name: str) -> Claim:
    last = case.last
    seen = w.body(last, "logs", index, name)
    if name == "previous_receipt_hash":
        link = w.body(last, "logs", index - 1, "receipt_hash") if index else w.value(None)
        return Claim("an entry names the receipt of the one before it", w.same(seen, link))
    content = w.call("unhashed", w.body(last, "logs", index))
    words = w.same(seen, w.Words(f"hash_of({content.python})", "[$hash]"))
    return Claim("receipt_hash is the hash of the entry", words, content)


def _entry(case: Case, run: Run, index: int, name: str) -> Claim:
    """One field of one entry, which is found again by its kind: kinds may be interleaved."""
    kind, count = _kind(case, index)
    wanted = [entry for entry in run.log if entry.event.value == kind]
    expected = wanted[count] if count < len(wanted) else None
    path = tuple(name.split(".", 1))
    seen = w.entry(case.last, kind, count, *path)
    if not isinstance(kind, str) or not kind:
        seen = w.body(case.last, "logs", index, *path)
    says = f"{name} of entry {count + 1} of {kind} is what its change says"
    if name == "timestamp":
        parts = [w.call("is_time", seen)]
        parts += [] if expected is None else [during(case, seen, expected.version)]
        return Claim(says, w.every(*parts), paced=True)
    words = _field(case, run, expected, path, seen)
    if expected is None and kind:  # no entry of this kind is wanted, so it may be gone
        words = w.either(w.same(w.entry(case.last, kind, count), w.value(None)), words)
    return Claim(says, words)


def _field(
    case: Case, run: Run, expected: Entry | None, path: tuple[str, ...], seen: w.Words
) -> w.Words:
    name = path[0]
    if name == "run_id":
        return w.same(seen, w.run_id(case.number))
    if name == "actor_id":
        actors = {expected.actor} if expected is not None else _actors(case, run)
        return w.either(*(w.same(seen, w.actor(actor)) for actor in sorted(actors)))
    if name in {"previous_status", "new_status"}:
        wanted = None if expected is None else getattr(expected, name)
        return w.among(seen, [wanted.value] if wanted is not None else _STATUSES)
    if name == "step_id":
        if expected is not None and expected.step is not None:
            return _step(expected.step, seen)
        return w.either(w.call("is_kind", seen, "string"), w.call("is_kind", seen, "null"))
    if name == "details":
        return _details(case, expected, path, seen)
    return w.call("is_text", seen)


def _actors(case: Case, run: Run) -> set[int]:
    """The actors of the changes since the log was last read."""
    read = [case.version(step) for step in case.shown("logs")]
    new = {each.actor for each in run.log if each.version > max(read, default=-1)}
    return new or {each.actor for each in run.log}


def _details(case: Case, expected: Entry | None, path: tuple[str, ...], seen: w.Words) -> w.Words:
    if len(path) == 1 or expected is None:
        return w.call("is_kind", seen, "object")
    wanted = expected.details.get(path[1])
    if isinstance(wanted, GateRef):
        return _gate_id(case, wanted.number, seen, of_log=True)
    return w.same(seen, w.value(str(wanted) if isinstance(wanted, str) else wanted))


def _step(step: StepRef, seen: w.Words) -> w.Words:
    return w.among(seen, list(dict.fromkeys(step.names)))


def _kind(case: Case, index: int) -> tuple[str, int]:
    """The kind of the entry at ``index`` as it was served, and how many of it came before."""
    logs = _recorded(case, case.last, "logs")
    kinds = [each.get("event_type") if isinstance(each, dict) else None for each in logs]
    kind = kinds[index] if index < len(kinds) else None
    return (str(kind or ""), kinds[:index].count(kind))


def _recorded(case: Case, step: int, part: str) -> list[object]:
    reply = case.moments[step].step.reply
    body = reply.body if isinstance(reply, Reply) else None
    found = body.get(part) if isinstance(body, dict) else None
    return list(found) if isinstance(found, list) else []


def gates_claim(case: Case, run: Run) -> Claim:
    """The gates as a whole, or one of them."""
    if case.trace.where == "gates":
        count = len(run.gates)
        words = w.call("has_length", w.body(case.last, "gates"), count)
        return Claim(f"the run has {count} gates", words)
    index, name = _place(case.trace.where)
    seen = w.body(case.last, "gates", index, name)
    says = f"{name} of gate {index + 1} is what its changes say"
    if case.trace.check == "gates.resolved-never-changes":
        earlier = [
            step for step in case.shown("gates") if len(_recorded(case, step, "gates")) > index
        ]
        if earlier:
            then = w.body(earlier[-1], "gates", index, name)
            says = f"{name} of gate {index + 1} is as it was at step {earlier[-1] + 1}"
            return Claim(says, w.same(seen, then))
    gate = run.gates[index] if index < len(run.gates) else None
    if gate is None or name not in GATE_FIELDS:
        return Claim(says, w.call("is_text", seen))
    if name in {"created_at", "resolved_at"}:
        return _gate_time(case, gate, name, seen, says)
    return Claim(says, _gate_field(case, gate, name, seen))


def _gate_field(case: Case, gate: Gate, name: str, seen: w.Words) -> w.Words:
    if name == "gate_id":
        own = w.call("fresh", w.call("gate_ids", w.content(case.last)))
        return w.every(own, _gate_id(case, gate.number, seen))
    if name == "run_id":
        return w.same(seen, w.run_id(case.number))
    if name == "step_id":
        return _step(gate.step, seen)
    if name == "gate_name":
        return w.either(w.call("is_kind", seen, "string"), w.call("is_kind", seen, "null"))
    if name == "approved_by" and gate.approved_by is not None:
        return w.same(seen, w.actor(gate.approved_by))
    values = {
        "status": gate.status.value,
        "gate_type": GATE_TYPE,
        "approved_by": None,
        "rejection_reason": gate.rejection_reason,
    }
    return w.same(seen, w.value(values[name]))


def _gate_time(case: Case, gate: Gate, name: str, seen: w.Words, says: str) -> Claim:
    version = gate.opened if name == "created_at" else gate.resolved
    if version is None:
        return Claim(
            f"{name} of gate {gate.number + 1} is null as yet", w.same(seen, w.value(None))
        )
    opened = w.body(case.last, "gates", gate.number, "created_at")
    parts = [w.call("is_time", seen), w.call("in_order", w.many(opened, seen))]
    return Claim(says, w.every(*parts, during(case, seen, version)), paced=True)


def _gate_id(case: Case, number: int, seen: w.Words, of_log: bool = False) -> w.Words:
    """The id of a gate is the same wherever it stands: in gates, in the log, at any reading."""
    opened = Event.GATE_OPENED.value
    for step in (*case.shown("run"), case.last):
        mine = step == case.last
        if len(_recorded(case, step, "gates")) > number and (of_log or not mine):
            return w.same(seen, w.body(step, "gates", number, "gate_id"))
        kinds = [each.get("event_type") for each in _entries(case, step)]
        if kinds.count(opened) > number:
            return w.same(seen, w.entry(step, opened, number, "details", "gate_id"))
    return w.call("is_text", seen)


def _entries(case: Case, step: int) -> list[dict[str, object]]:
    return [each for each in _recorded(case, step, "logs") if isinstance(each, dict)]
