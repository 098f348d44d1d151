"""The ``gates`` of an envelope: all gates of a run, oldest first (section 6)."""

from __future__ import annotations

from typing import Final

from attrs import evolve

from pt004_model.judge.clock import parse
from pt004_model.judge.fields import equal, identifier, moment, step_id, value_of
from pt004_model.judge.finding import MISSING, Saying
from pt004_model.judge.memory import JsonObject, Notes, Seen
from pt004_model.model.history import Gate
from pt004_model.model.run import Run
from pt004_model.model.values import same
from pt004_model.vocabulary import GATE_FIELDS, GATE_TYPE, GateStatus

_STATUSES: Final = tuple(status.value for status in GateStatus)


def read_gates(notes: Notes, run: Run, seen: Seen, shown: list[JsonObject]) -> Seen:
    """Compare all gates of the run; what was seen, with the ids of the gates bound."""
    if len(shown) != len(run.gates):
        want, got = len(run.gates), len(shown)
        check, what = "gates.one-for-each-flagged-pause", "fewer" if got < want else "more"
        notes.disagree(check, "gates", Saying(f"{want} gates"), Saying(f"{got} gates"), what)
        return seen
    gate_ids = dict(seen.gate_ids)
    for gate, each in zip(run.gates, shown, strict=True):
        before = seen.gates[gate.number] if gate.number < len(seen.gates) else None
        _read_gate(notes, seen, gate, each, gate_ids)
        if before is not None:
            _unchanged(notes, gate, before, each)
    return evolve(seen, gates=tuple(shown), gate_ids=gate_ids)


def bind_gate(
    notes: Notes, check: str, where: str, gate_ids: dict[int, object], number: int,
    observed: object,
) -> None:  # fmt: skip
    """A gate's id is the same wherever it stands, and that of no other gate of its run."""
    if number in gate_ids:
        equal(notes, check, where, gate_ids[number], observed)
    elif identifier(notes, check, where, observed) is not None:
        if any(same(each, observed) for each in gate_ids.values()):
            said = Saying("an id that no other gate of the run has")
            notes.disagree(check, where, said, observed, "fresh", "used before")
        gate_ids[number] = observed


def _read_gate(
    notes: Notes, seen: Seen, gate: Gate, shown: JsonObject, gate_ids: dict[int, object]
) -> None:
    at = f"gates[{gate.number}]"

    def see(name: str) -> object:
        return value_of(shown, name)

    status = see("status")
    equal(notes, "gates.status", f"{at}.status", gate.status.value, status)
    bind_gate(notes, "gates.gate-id", f"{at}.gate_id", gate_ids, gate.number, see("gate_id"))
    equal(notes, "isolation.nothing-of-other-runs", f"{at}.run_id", seen.run_id, see("run_id"))
    step_id(notes, "gates.step-id", f"{at}.step_id", gate.step, see("step_id"))
    equal(notes, "gates.gate-type", f"{at}.gate_type", GATE_TYPE, see("gate_type"))
    name = see("gate_name")
    if not isinstance(name, str | None):
        notes.disagree("gates.gate-name", f"{at}.gate_name", Saying("a string"), name)
    _time(notes, seen, gate, shown, "created_at", gate.opened)
    if status == gate.status.value or status not in _STATUSES:  # else all is of another state
        approver = None if gate.approved_by is None else notes.names.actors[gate.approved_by]
        equal(notes, "gates.approved-by", f"{at}.approved_by", approver, see("approved_by"))
        why, where = see("rejection_reason"), f"{at}.rejection_reason"
        equal(notes, "gates.rejection-reason", where, gate.rejection_reason, why)
        _time(notes, seen, gate, shown, "resolved_at", gate.resolved)
    opened, closed = parse(shown.get("created_at")), parse(shown.get("resolved_at"))
    # each may be cut to a resolution of its own, and of gates no order is demanded (section 2)
    if opened is not None and closed is not None and closed.seconds + closed.cut <= opened.seconds:
        expected = Saying(f"no earlier than created_at {shown['created_at']}")
        where = f"{at}.resolved_at"
        notes.disagree("gates.resolved-at", where, expected, shown["resolved_at"], "order")


def _time(
    notes: Notes, seen: Seen, gate: Gate, shown: JsonObject, name: str, version: int | None
) -> None:
    before = seen.gates[gate.number] if gate.number < len(seen.gates) else {}
    observed = value_of(shown, name)
    check, where = f"gates.{name.replace('_', '-')}", f"gates[{gate.number}].{name}"
    if version is None:
        equal(notes, check, where, None, observed)
    elif before.get(name) is None:
        moment(notes, check, where, observed, seen.windows[version])


def _unchanged(notes: Notes, gate: Gate, before: JsonObject, now: JsonObject) -> None:
    """What was seen of a gate stays: all of a resolved one, the creation of a pending one."""
    ends = (GateStatus.APPROVED.value, GateStatus.REJECTED.value)  # a list may stand there as well
    resolved = before.get("status") in ends or before.get("resolved_at") is not None
    for name in GATE_FIELDS if resolved else ("created_at",):
        was = before.get(name, MISSING)
        observed = value_of(now, name)
        respelled = not resolved and parse(was) is not None and parse(was) == parse(observed)
        if not same(was, observed) and not respelled:
            where = f"gates[{gate.number}].{name}"
            notes.disagree("gates.resolved-never-changes", where, was, observed, name)
