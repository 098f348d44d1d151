"""Bodies with one thing wrong: each changes what is said, and an FC that looks refuses it."""

from __future__ import annotations

from functools import cache

import pytest

from pt004_model.model.asks import Change, Creation, read_change, read_creation
from pt004_model.model.moves import Move, body
from pt004_model.model.rules import Refusal
from pt004_model.model.run import Ask, Run, step
from pt004_model.model.values import Body
from pt004_model.search.mutations import CHANGES, CREATES, NAMINGS, Mutation
from pt004_model.vocabulary import Decision, Status
from tests.drive.helpers import create, noting, start
from tests.stub import Stub

CREATE = create(0, "a", "b").body
OF_CHANGES = (*CHANGES, *NAMINGS)


@cache
def run(started: int) -> Run:
    """A run of three steps, of which so many were started."""
    names = ("e\u0301-1", "b", "c")
    begun = [start(0, names[index], index) for index in range(started)]
    lockstep, found = noting(Stub(), create(0, *names), *begun)
    assert not found
    return lockstep.world.runs[0]


def bodies() -> list[tuple[Run, Body]]:
    """Legal moves of runs in which the step before and the step after can be named."""
    moves = [
        (run(0), Move(Ask.START, Decision.ALLOW)),
        (run(1), Move(Ask.START, Decision.FLAG)),
        (run(2), Move(Ask.PAUSE)),
        (run(2), Move(Ask.FAIL)),
        (run(3), Move(Ask.COMPLETE)),
    ]
    return [(each, body(each, move) or Body("")) for each, move in moves]


def test_mutations_have_names_of_their_own() -> None:
    """A mutation is counted as tried by its name, so no two may share one."""
    for table in (CREATES, OF_CHANGES):
        names = [mutation.name for mutation in table]
        assert len(names) == len(set(names))
    assert len(CREATES) > 50
    assert len(OF_CHANGES) > 100


@pytest.mark.parametrize("mutation", CREATES, ids=lambda mutation: mutation.name)
def test_a_mutated_create_must_be_refused(mutation: Mutation) -> None:
    """No mutation of a create leaves one that section 2 takes."""
    mutated = mutation.of(CREATE)
    assert mutated is not None
    assert mutated != CREATE
    assert not isinstance(read_creation(mutated), Creation)


@pytest.mark.parametrize("mutation", OF_CHANGES, ids=lambda mutation: mutation.name)
def test_a_mutated_change_is_another_change(mutation: Mutation) -> None:
    """Each mutation fits some legal move, and what it makes is not that move."""
    made = [mutation.of(text, each) for each, text in bodies()]
    assert any(mutated is not None for mutated in made)
    for mutated, (_, text) in zip(made, bodies(), strict=True):
        assert mutated != text


def refused(each: Run, mutated: Body) -> bool:
    """Whether the model refuses the body whatever the FC does."""
    change = read_change(mutated)
    if not isinstance(change, Change):
        return True
    return all(isinstance(after, Refusal) for after in step(each, change, 0))


def test_most_mutated_changes_must_be_refused() -> None:
    """What may be taken is little: halves of a name, an index that is an integral double."""
    told = [
        (mutation.name, refused(each, mutated))
        for mutation in OF_CHANGES
        for each, text in bodies()
        if text.fields["status"] in mutation.statuses
        and (mutated := mutation.of(text, each)) is not None
    ]
    taken = {name for name, is_refused in told if not is_refused}
    assert len(taken) < len(told) / 20
    assert "step right, index integral" in taken
    assert all(name.startswith("step ") for name in taken)


def test_a_mutation_that_does_not_fit_makes_nothing() -> None:
    """A change that names no step cannot name it wrongly, and an ungoverned run has none."""
    lockstep, _ = noting(Stub(), create(0))
    naming = next(mutation for mutation in NAMINGS if mutation.name == "step next, index right")
    assert naming.of(Body.of({"status": "running"}), lockstep.world.runs[0]) is None
    assert naming.of(Body.of({"status": "running"}), run(0)) is None
    policy = next(mutation for mutation in CHANGES if mutation.name == "policy.decision absent")
    assert policy.of(Body.of({"status": "running"})) is None


@pytest.mark.parametrize("status", Status)
def test_mutations_are_chosen_by_what_they_change(status: Status) -> None:
    """A policy is got wrong only where one is needed, a payload where it is carried."""
    names = {mutation.name for mutation in CHANGES if status in mutation.statuses}
    assert ("policy.decision absent" in names) is (status is Status.RUNNING)
    assert ("output_payload []" in names) is (status is Status.COMPLETED)
    assert ("error_details []" in names) is (status is Status.FAILED)
    assert "status null" in names
