"""Values of the dictionary in every place where one may stand."""

from __future__ import annotations

import pytest

from pt004_model.drive.session import Session
from pt004_model.judge.oracle import Oracle
from pt004_model.model.commands import Wait, subject
from pt004_model.model.replies import Reply
from pt004_model.model.values import Body, Value
from pt004_model.search.fillings import Filling, fillings, places
from pt004_model.search.machine import WorkflowMachine
from pt004_model.search.waiting import Alone
from tests.sampling import some
from tests.stub import NAMES, Stub

_KINDS = ("moments", "secrets", "blanks", "composites", "sizes", "large", "lists")
_ALL = [each for each in fillings() if not each.gates]
_LARGE = [each for each in _ALL if each.kind in {"large", "lists"}]
_FEW = [next(each for each in _ALL if each.kind == kind) for kind in _KINDS]


def session() -> Session:
    """Return a session with an FC that conforms."""
    return Session(Stub(), Oracle(NAMES))


@pytest.mark.parametrize("filling", _FEW, ids=lambda each: each.kind)
def test_a_filled_life_is_taken_in_every_place(filling: Filling) -> None:
    """On an FC that conforms a filling is counted in each of its places, and nothing is found."""
    machine = WorkflowMachine(session())
    machine.live_filled(filling)
    counted = machine.session.tally.values
    assert {(filling.kind, each) for each in filling.places} == counted.keys()


@pytest.mark.parametrize("filling", some(_LARGE, 3), ids=lambda each: each.kind)
def test_what_is_large_is_within_the_contract(filling: Filling) -> None:
    """No create and no change is beyond the 1 MiB, so that what is refused is a finding."""
    plain = {"workflow_id": "w", "status": "running"}
    for carried in (filling.created(0), filling.changed(0)):
        assert isinstance(Body.of({**plain, **carried}).reading, Value)


def test_places_without_steps() -> None:
    """Where an FC knows no steps none has to be filled."""
    assert {place for _, place in places(governed=True) - places(governed=False)} == {"steps"}


def test_runs_are_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs are looked at after each wait, which takes what other work has left of it."""
    slept: list[float] = []
    monkeypatch.setattr("pt004_model.drive.lockstep.time.sleep", slept.append)
    alone = Alone.of(session(), 300, (1, 3), 30.0)
    for example in range(1, 301):
        alone.visit(example)
    steps = alone.machine.lockstep.steps
    waits = [each.command.seconds for each in steps if isinstance(each.command, Wait)]
    assert (sorted(set(waits)), len(waits)) == ([1.0, 3.0], 20)
    assert len(slept) == 20
    refused = [s for s in steps if isinstance(s.response, Reply) and s.response.code >= 400]
    assert {subject(each.command) for each in refused} == {subject(s.command) for s in steps}
    assert len(refused) == 20
    assert not any(step.findings for step in steps)
