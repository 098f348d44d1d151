"""A run that was tampered with is found at the first entry that shows it, and by its name.

Each row is a kind of tampering: what is done to a history in which nothing is wrong, the check that
must name it, and the entry (from 0) that it must name; ``None`` where the run itself shows it. Rows
in the second table are done by somebody who can make the whole chain anew.
"""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest

from pt004_model.audit.judging import Judge, Wrong
from tests.audit.histories import alone, denied, governed, recorded, rehash
from tests.sampling import some

Tamper: TypeAlias = Callable[[dict[str, Any]], object]
Row: TypeAlias = tuple[str, Tamper, str, int | None]


def entry(at: int, **fields: object) -> Tamper:
    """Set fields of an entry."""
    return lambda envelope: envelope["logs"][at].update(fields)


def detail(at: int, **members: object) -> Tamper:
    """Set members of the details of an entry."""
    return lambda envelope: envelope["logs"][at]["details"].update(members)


def gate(**fields: object) -> Tamper:
    """Set fields of the gate."""
    return lambda envelope: envelope["gates"][0].update(fields)


def shown(**fields: object) -> Tamper:
    """Set fields of the run as shown."""
    return lambda envelope: envelope["run"].update(fields)


def removed(*places: int) -> Tamper:
    """Take entries out."""

    def tamper(envelope: dict[str, Any]) -> None:
        envelope["logs"] = [e for at, e in enumerate(envelope["logs"]) if at not in places]

    return tamper


def moved(source: int, target: int) -> Tamper:
    """Move an entry to another place."""
    return lambda envelope: envelope["logs"].insert(target, envelope["logs"].pop(source))


def repeated(*places: int) -> Tamper:
    """Append copies of entries, with ids of their own."""

    def tamper(envelope: dict[str, Any]) -> None:
        rows = [copy.deepcopy(envelope["logs"][at]) for at in places]
        for number, row in enumerate(rows):
            row["log_id"] = f"again-{number}"
        envelope["logs"] += rows

    return tamper


def all_of(*tampers: Tamper) -> Tamper:
    """Do several things."""

    def tamper(envelope: dict[str, Any]) -> None:
        for each in tampers:
            each(envelope)

    return tamper


PLAIN: list[Row] = [
    ("head removed", removed(0), "audit.first-entry", 0),
    ("middle removed", removed(6), "receipts.link", 6),
    ("tail removed", removed(16), "audit.last-entry", 15),
    ("two swapped", moved(5, 6), "receipts.link", 5),
    ("message changed", entry(8, message="nothing"), "receipts.hash", 8),
    ("decision turned", detail(6, decision="allow"), "receipts.hash", 6),
    ("receipt changed", entry(8, receipt_hash="0" * 64), "receipts.hash", 8),
    ("link changed", entry(8, previous_receipt_hash="0" * 64), "receipts.link", 8),
    ("chain cut", lambda e: e["run"]["receipt_chain"].pop(), "receipts.chain", None),
    ("seal changed", shown(workflow_receipt_hash="0" * 64), "receipts.workflow-hash", None),
    ("status turned", shown(status="failed"), "lifecycle.status", None),
    ("step as shown turned", shown(current_step="b", step_index=1), "steps.current-step", None),
    ("creator changed", shown(actor_id="mallory"), "isolation.owner-kept", None),
    ("end moved", shown(completed_at="2026-02-06T11:00:00Z"), "lifecycle.completed-at", None),
    ("gate unresolved", gate(status="pending"), "gates.status", None),
    ("approver changed", gate(approved_by="mallory"), "gates.approved-by", None),
    ("approved by nobody", gate(approved_by=None), "gates.approved-by", None),
    (
        "approved after the step",
        gate(resolved_at="2026-02-06T12:09:00Z"),
        "gates.resolved-at",
        None,
    ),
    ("gate removed", lambda e: e["gates"].pop(), "gates.one-for-each-flagged-pause", None),
    ("gate of another step", gate(step_id="a"), "gates.step-id", None),
]

REHASHED: list[Row] = [
    ("head removed", removed(0), "audit.first-entry", 0),
    ("decision removed", removed(6), "policy.decision-recorded", 6),
    ("end removed", removed(16), "audit.last-entry", 15),
    ("step's end removed", removed(4), "audit.kinds", 6),
    ("step's end removed at last", removed(14), "audit.kinds", None),
    ("opening of a gate removed", removed(7), "audit.kinds", 8),
    ("closing of a gate removed", removed(9), "audit.kinds", 10),
    ("two swapped", moved(8, 9), "audit.kinds", 8),
    ("approval moved behind the step", all_of(moved(9, 13), moved(9, 13)), "audit.actor", 12),
    ("approval removed", removed(7, 8, 9, 10), "policy.flag-blocks", 7),
    ("decision turned to allow", detail(6, decision="allow"), "audit.kinds", 7),
    ("decision turned to deny", detail(6, decision="deny"), "audit.kinds", 7),
    ("first decision turned to flag", detail(2, decision="flag"), "policy.flag-blocks", 4),
    ("first decision turned to deny", detail(2, decision="deny"), "policy.deny-blocks", 4),
    ("decision unknown", detail(6, decision="maybe"), "policy.decision-recorded", 6),
    (
        "reason removed",
        lambda e: e["logs"][6]["details"].pop("reason"),
        "policy.decision-recorded",
        6,
    ),
    ("step skipped", all_of(removed(4, 5, 6, 7, 8, 9, 10)), "steps.next-step-only", 4),
    ("step misnamed", entry(5, step_id="z"), "steps.names-agree", 4),
    ("actor changed", entry(13, actor_id="mallory"), "audit.actor", 13),
    ("outcome turned", detail(14, outcome="failed"), "audit.outcome", 14),
    ("approval turned", detail(9, decision="rejected"), "audit.gate-decision", 9),
    ("status turned", entry(10, previous_status="pending"), "audit.statuses", 10),
    ("new status turned", entry(8, new_status="pending"), "audit.statuses", 8),
    ("time moved back", entry(10, timestamp="2026-02-06T11:00:00Z"), "audit.times-in-order", 10),
    ("time removed", entry(10, timestamp=None), "audit.timestamp", 10),
    (
        "id used twice",
        lambda e: e["logs"][10].update(log_id=e["logs"][3]["log_id"]),
        "audit.log-id",
        10,
    ),
    ("entry of another run", entry(10, run_id="other"), "isolation.nothing-of-other-runs", 10),
    ("ended twice", repeated(16), "lifecycle.terminal-is-final", 17),
    ("failed after its end", repeated(14, 15, 16), "lifecycle.terminal-is-final", 17),
    ("paused after its end", repeated(8), "lifecycle.terminal-is-final", 17),
    ("gate resolved twice", repeated(9), "audit.kinds", 17),
    ("begun twice", repeated(0), "audit.kinds", 17),
    ("completed too early", removed(11, 12, 13), "steps.no-early-completion", 11),
]


def found(tamper: Tamper, *, anew: bool) -> tuple[Wrong, ...]:
    """What is found in a history that was tampered with."""
    envelope = copy.deepcopy(governed())
    tamper(envelope)
    return Judge().judge(recorded(rehash(envelope) if anew else envelope))[0]


def names(wrong: tuple[Wrong, ...], check: str, index: int | None) -> bool:
    """Whether a check is among those that fail first, and fails there."""
    first = [each.finding.check for each in wrong if each.index == wrong[0].index]
    return wrong[0].index == index and check in first


@pytest.mark.parametrize(("_", "tamper", "check", "index"), PLAIN, ids=[r[0] for r in PLAIN])
def test_it_is_found(_: str, tamper: Tamper, check: str, index: int | None) -> None:
    """Tampering that leaves the chain as it was is found where it shows first."""
    assert names(found(tamper, anew=False), check, index)


@pytest.mark.parametrize(
    ("_", "tamper", "check", "index"), REHASHED, ids=[row[0] for row in REHASHED]
)
def test_it_is_found_though_hashed_anew(
    _: str, tamper: Tamper, check: str, index: int | None
) -> None:
    """Tampering by somebody who makes all receipts anew is found where it shows first."""
    assert names(found(tamper, anew=True), check, index)


@pytest.mark.parametrize("tamper", [row[1] for row in REHASHED], ids=[row[0] for row in REHASHED])
def test_a_log_alone_is_never_right(tamper: Tamper) -> None:
    """Tampering with a log makes it wrong, or one of which nobody can tell, without the run too."""
    envelope = copy.deepcopy(governed())
    tamper(envelope)
    assert any(Judge().judge(alone(rehash(envelope))))


def test_two_readings_of_a_run_are_held_against_one_another() -> None:
    """A log that was made anew differs from an earlier reading; one that went on does not."""
    whole, judge = governed(), Judge()
    begun = {**whole, "logs": whole["logs"][:9]}
    for each in (alone(begun), alone(whole), alone(begun), recorded(whole)):
        assert judge.judge(each)[0] == ()
    changed = copy.deepcopy(whole)
    changed["logs"][1]["message"] = "something else"
    wrong, _ = judge.judge(recorded(rehash(changed)))
    assert [(each.finding.check, each.index) for each in wrong] == [("audit.append-only", 16)]


def test_a_rejection_is_held_to_its_reason() -> None:
    """A rejected gate with another reason than the log's is found; without any it may be."""
    envelope = denied()
    for reason, checks in ((None, []), ("no", []), ("yes", ["gates.rejection-reason"])):
        envelope["gates"][0]["rejection_reason"] = reason
        wrong, _ = Judge().judge(recorded(envelope))
        assert checks == [each.finding.check for each in wrong]


def test_the_states_before_are_told() -> None:
    """A finding tells which states the run may have been in before the entry."""
    assert found(removed(7, 8, 9, 10), anew=True)[0].before == ("running, step 1, flag",)
    assert found(entry(2, message=""), anew=True)[0].before == ("pending",)


WINDOWS = {
    "hash": (entry(12, message="nothing"), False, "receipts.hash"),
    "chain": (lambda e: e["run"]["receipt_chain"].pop(), False, "receipts.chain"),
    "path": (removed(13), True, "policy.decision-recorded"),
    "deny": (detail(13, decision="deny"), True, "policy.deny-blocks"),
    "status": (shown(status="failed"), False, "lifecycle.status"),
}


@pytest.mark.parametrize("name", WINDOWS)
def test_a_window_is_judged(name: str) -> None:
    """What is wrong within a window is found, and without the statement its beginning is."""
    tamper, anew, check = WINDOWS[name]
    envelope = copy.deepcopy(governed())
    tamper(envelope)
    envelope = rehash(envelope) if anew else envelope
    envelope["logs"] = envelope["logs"][9:]
    wrong, _ = Judge(partial=True).judge(recorded(envelope))
    assert check in {each.finding.check for each in wrong}
    wrong, _ = Judge().judge(recorded(envelope))
    assert {"audit.first-entry", "receipts.link"} <= {each.finding.check for each in wrong}


ODD: list[object] = [None, {}, {"a": [{}]}, "\ud800", "x" * 5000]


@pytest.mark.parametrize(("at", "value"), some([*itertools.product((0, 6, 10), ODD)], 4))
def test_nothing_makes_it_fall_over(at: int, value: object) -> None:
    """Whatever stands in the place of a value, a run is judged, and its log is never right."""
    whole = governed()
    for name in whole["logs"][at]:
        envelope = copy.deepcopy(whole)
        if envelope["logs"][at][name] == value or (name == "step_id" and at == 0):
            continue
        envelope["logs"][at][name] = value
        for partial in (False, True):
            assert Judge(partial).judge(recorded(envelope))[0]
