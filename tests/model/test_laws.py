"""The laws hold on every transition of the model, and each can fail."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from attrs import evolve

from pt004_model.model.asks import Change, read_change
from pt004_model.model.laws import ALWAYS, SOMETIMES, Law
from pt004_model.model.moves import MOVES, body, fresh, places
from pt004_model.model.rules import Refusal
from pt004_model.model.run import Run, State, step
from pt004_model.vocabulary import Decision, GateStatus, Status

Transition = tuple[Run, Change, Run]


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


RUNNING, ALLOW = Status.RUNNING, Decision.ALLOW
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
