"""Bodies with one thing wrong: each form changes what it says, and an FC that looks refuses it."""

from __future__ import annotations

from functools import cache

import pytest

from pt004_model.explore.spoiling import (
    CHANGE_FORMS,
    CREATE_FORMS,
    NAMING_FORMS,
    Form,
    change_forms,
)
from pt004_model.model.asks import Change, Creation, read_change, read_creation
from pt004_model.model.moves import Move, body
from pt004_model.model.rules import Refusal
from pt004_model.model.run import Ask, Run, step
from pt004_model.model.values import Body
from pt004_model.vocabulary import Decision, Status
from tests.drive.helpers import create, noting, start
from tests.stub import Stub

CREATE = create(0, "a", "b").body
OF_CHANGES = (*CHANGE_FORMS, *NAMING_FORMS)


@cache
def run(started: int) -> Run:
    """A run of three steps, of which so many were started."""
    names = "abc"
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


def test_forms_have_names_of_their_own() -> None:
    """A form is counted as tried by its name, so no two may share one."""
    for forms in (CREATE_FORMS, OF_CHANGES):
        names = [form.name for form in forms]
        assert len(names) == len(set(names))
    assert len(CREATE_FORMS) > 50
    assert len(OF_CHANGES) > 100


@pytest.mark.parametrize("form", CREATE_FORMS, ids=lambda form: form.name)
def test_a_spoiled_create_must_be_refused(form: Form) -> None:
    """No form of a create leaves one that section 2 takes."""
    spoiled = form.spoil(CREATE)
    assert spoiled is not None
    assert spoiled != CREATE
    assert not isinstance(read_creation(spoiled), Creation)


@pytest.mark.parametrize("form", OF_CHANGES, ids=lambda form: form.name)
def test_a_spoiled_change_is_another_change(form: Form) -> None:
    """Each form fits some legal move, and what it makes is not that move."""
    made = [form.spoil(text, each) for each, text in bodies()]
    assert any(spoiled is not None for spoiled in made)
    for spoiled, (_, text) in zip(made, bodies(), strict=True):
        assert spoiled != text


def refused(each: Run, spoiled: Body) -> bool:
    """Whether the model refuses the body whatever the FC does."""
    change = read_change(spoiled)
    if not isinstance(change, Change):
        return True
    return all(isinstance(after, Refusal) for after in step(each, change, 0))


def test_most_spoiled_changes_must_be_refused() -> None:
    """What may be taken is little: halves of a name, an index that is an integral double."""
    told = [
        (form.name, refused(each, spoiled))
        for form in OF_CHANGES
        for each, text in bodies()
        if text.fields["status"] in form.statuses
        and (spoiled := form.spoil(text, each)) is not None
    ]
    taken = {name for name, is_refused in told if not is_refused}
    assert len(taken) < len(told) / 20
    assert "step right, index integral" in taken
    assert all(name.startswith("step ") for name in taken)


def test_a_form_that_does_not_fit_makes_nothing() -> None:
    """A change that names no step cannot name it wrongly, and an ungoverned run has none."""
    lockstep, _ = noting(Stub(), create(0))
    naming = next(form for form in NAMING_FORMS if form.name == "step next, index right")
    assert naming.spoil(Body.of({"status": "running"}), lockstep.world.runs[0]) is None
    assert naming.spoil(Body.of({"status": "running"}), run(0)) is None
    policy = next(form for form in CHANGE_FORMS if form.name == "policy.decision absent")
    assert policy.spoil(Body.of({"status": "running"})) is None


@pytest.mark.parametrize("status", Status)
def test_forms_are_chosen_by_what_they_spoil(status: Status) -> None:
    """A policy is spoiled only where one is needed, a payload where it is carried."""
    names = {form.name for form in change_forms(str(status))}
    assert ("policy.decision absent" in names) is (status is Status.RUNNING)
    assert ("output_payload []" in names) is (status is Status.COMPLETED)
    assert ("error_details []" in names) is (status is Status.FAILED)
    assert "status null" in names
