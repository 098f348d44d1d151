"""The always-laws hold on every transition of the model, the sometimes-laws on some.

The table cannot say what the contract forbids: each always-law is held against all that it lets
pass, and each can fail.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import pytest
from attrs import evolve

from pt004_model.model.asks import Change, read_change
from pt004_model.model.laws import SOMETIMES, Law
from pt004_model.model.moves import MOVES, body, fresh, places
from pt004_model.model.rules import Refusal
from pt004_model.model.run import Run, State, step
from pt004_model.vocabulary import Decision, Event, GateStatus, Status

Transition = tuple[Run, Change, Run]
RUNNING, ALLOW = Status.RUNNING, Decision.ALLOW


def _step(run: Run) -> int:
    return -1 if run.state.step is None else run.state.step


def _denied_only_fails(before: Run, _: Change, after: Run) -> bool:
    denied = before.state.decision is Decision.DENY and before.state.status is RUNNING
    return not denied or after.state.status is Status.FAILED


def _flag_holds(before: Run, _: Change, after: Run) -> bool:
    held = before.state.flagged and before.state.status is RUNNING
    return not held or after.state.status in {Status.PAUSED, Status.FAILED}


def _completes_clear(before: Run, _: Change, after: Run) -> bool:
    if after.state.status is not Status.COMPLETED:
        return True
    at_last = not before.governed or _step(before) == before.length - 1
    return at_last and before.clear and before.state.status is RUNNING


def _one_pending_gate(_before: Run, _change: Change, after: Run) -> bool:
    pending = sum(gate.status is GateStatus.PENDING for gate in after.gates)
    return pending == int(after.state.gate_pending)


def _decisions(run: Run) -> int:
    return sum(entry.event is Event.POLICY_DECIDED for entry in run.log)


ALWAYS: Final = (
    Law(
        "terminal-runs-never-change",
        "A completed or failed run is changed by nothing.",
        lambda before, _change, _after: not before.state.terminal,
    ),
    Law("denied-runs-only-fail", "After deny a run can only fail.", _denied_only_fails),
    Law("flags-hold", "A flagged run can only be paused or fail.", _flag_holds),
    Law("completion-is-earned", "A run completes at its last step, clear.", _completes_clear),
    Law(
        "steps-come-in-order",
        "A step follows the one before it.",
        lambda before, _change, after: 0 <= _step(after) - _step(before) <= 1,
    ),
    Law("one-pending-gate", "A gate is pending only while paused on a flag.", _one_pending_gate),
    Law(
        "log-only-grows",
        "No change touches what is in the log already.",
        lambda before, _change, after: (
            after.version > before.version and after.log[: len(before.log)] == before.log
        ),
    ),
    Law(
        "every-step-is-decided",
        "A step of a governed run starts with one recorded decision.",
        lambda before, _change, after: (
            not before.governed
            or _decisions(after) - _decisions(before) == _step(after) - _step(before)
        ),
    ),
    Law(
        "fresh-runs-start-once",
        "A run is started and ended at most once.",
        lambda before, _change, after: (
            before.started in {None, after.started} and before.ended is None
        ),
    ),
)


def transitions(length: int) -> Iterator[Transition]:
    """Every accepted change of every reachable state of a run of ``length`` steps."""
    for place in places(length):
        for move in MOVES:
            text = body(place.run, move)
            change = read_change(text) if text is not None else None
            if isinstance(change, Change):
                for after in step(place.run, change, 1):
                    if not isinstance(after, Refusal):
                        yield place.run, change, after


ALL = [each for length in range(5) for each in transitions(length)]


@pytest.mark.parametrize("law", ALWAYS, ids=lambda law: law.name)
def test_always(law: Law) -> None:
    """An always-law holds for every accepted change of every reachable state."""
    assert [each for each in ALL if not law.holds(*each)] == []


def _paused(times: int) -> Transition:
    """The last pause of a run that is paused so many times on its first step."""
    run = fresh(1)
    start = read_change(body(run, MOVES[0]) or pytest.fail("a start has a body"))
    pause, resume = Change(Status.PAUSED), Change(Status.RUNNING)
    assert isinstance(start, Change)
    wanted = [start, *[pause, resume] * times][: 2 * times]
    for change in wanted:
        before = run
        after = step(run, change, 0)[0]
        assert isinstance(after, Run)
        run = after
    return before, wanted[-1], run


WITNESSES = [*ALL, _paused(3)]


@pytest.mark.parametrize("law", SOMETIMES, ids=lambda law: law.name)
def test_sometimes(law: Law) -> None:
    """A sometimes-law has a witness among the accepted changes."""
    assert any(law.holds(*each) for each in WITNESSES)


@pytest.mark.parametrize("law", SOMETIMES, ids=lambda law: law.name)
def test_sometimes_is_not_always(law: Law) -> None:
    """A sometimes-law is no tautology: some accepted change is no witness of it."""
    assert any(not law.holds(*each) for each in WITNESSES)


def _run(state: State, length: int = 2) -> Run:
    return evolve(fresh(length), state=state, version=1)


VIOLATIONS = {
    "terminal-runs-never-change": (State(Status.FAILED, 0, ALLOW), State(RUNNING, 0, ALLOW)),
    "denied-runs-only-fail": (
        State(RUNNING, 0, Decision.DENY),
        State(Status.PAUSED, 0, Decision.DENY),
    ),
    "flags-hold": (State(RUNNING, 0, Decision.FLAG), State(RUNNING, 1, ALLOW)),
    "completion-is-earned": (State(RUNNING, 0, ALLOW), State(Status.COMPLETED, 0, ALLOW)),
    "steps-come-in-order": (State(RUNNING, 0, ALLOW), State(RUNNING, 2, ALLOW)),
    "every-step-is-decided": (State(RUNNING, 0, ALLOW), State(RUNNING, 1, ALLOW)),
}


@pytest.mark.parametrize("name", VIOLATIONS)
def test_always_can_fail(name: str) -> None:
    """An always-law says no to a change that breaks it."""
    law = next(law for law in ALWAYS if law.name == name)
    before, after = (_run(state) for state in VIOLATIONS[name])
    assert not law.holds(before, Change(after.state.status), after)


def test_one_pending_gate_can_fail() -> None:
    """A gate that stays pending after the run was resumed breaks its law."""
    before, change, after = next(
        each for each in ALL if each[0].state.gate_pending and each[2].state.status is RUNNING
    )
    law = next(law for law in ALWAYS if law.name == "one-pending-gate")
    gate = evolve(after.gates[-1], status=GateStatus.PENDING)
    assert not law.holds(before, change, evolve(after, gates=(gate,)))


@pytest.mark.parametrize("name", ["log-only-grows", "fresh-runs-start-once"])
def test_history_laws_can_fail(name: str) -> None:
    """A log that is cut, or a run that is started again, breaks its law."""
    before, change, after = next(each for each in ALL if each[0].state.status is RUNNING)
    law = next(law for law in ALWAYS if law.name == name)
    assert not law.holds(before, change, evolve(after, log=after.log[1:], started=99))
