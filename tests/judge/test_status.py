"""Answers of the wrong kind, and the fingerprints that they have."""

from __future__ import annotations

from attrs import evolve

from pt004_model.judge.status import wrong_answers
from pt004_model.model.commands import Caller, ChangeRun, CreateRun, ReadRun, Tenant
from pt004_model.model.moves import Move, changing, forbidden_moves, fresh
from pt004_model.model.run import Ask
from pt004_model.model.values import Body
from pt004_model.model.world import World, expect
from pt004_model.vocabulary import Status

CREATE = CreateRun(0, Body.of({"workflow_id": "w"}))
BEYOND = CreateRun(0, Body('{"workflow_id":"w","metadata":{"a":NaN}}'))


def after(*commands: CreateRun | ChangeRun) -> World:
    """The world after commands that were accepted."""
    world = World()
    for command in commands:
        world = expect(world, command)[0].world
    return world


def to(status: Status, run: int = 0, key: str | None = None) -> ChangeRun:
    """A plain change of status."""
    return ChangeRun(run, changing(status), key=key)


def test_a_call_has_one_fingerprint_for_each_way_to_answer_it_wrongly() -> None:
    """One that must be accepted or must be refused has one, one that may be either has two."""
    world = after(CREATE)
    assert len(wrong_answers(world, to(Status.RUNNING))) == 1
    assert len(wrong_answers(world, to(Status.PAUSED))) == 1
    assert len(wrong_answers(world, to(Status.FAILED))) == 2


def test_what_lies_beyond_the_contract_can_only_be_refused_wrongly() -> None:
    """Any answer will do, so what is left is the refusal that was taken for granted."""
    assert len(wrong_answers(World(), BEYOND)) == 1


def test_what_was_decided_does_not_tell_breaches_of_a_rule_apart() -> None:
    """A paused run must not complete, however it was decided on; the rule is one and the same."""
    found = [
        wrong_answers(after(CREATE, evolve(to(Status.RUNNING), body=start), to(Status.PAUSED)), end)
        for end in [to(Status.COMPLETED)]
        for start in (
            changing(Status.RUNNING),
            changing(Status.RUNNING, policy={"decision": "allow", "policy_id": "p", "reason": "r"}),
        )
    ]
    assert found[0] == found[1]
    running = after(CREATE, to(Status.RUNNING))
    assert wrong_answers(running, to(Status.PENDING)).isdisjoint(found[0])


def test_a_repeated_request_refused_is_one_finding_whatever_the_run() -> None:
    """The answer to a request made again does not depend on where the run is (10)."""
    first = to(Status.RUNNING, key="k")
    here = after(CREATE, first)
    later = after(CREATE, first, to(Status.PAUSED))
    assert wrong_answers(here, first) == wrong_answers(later, first)
    assert len(wrong_answers(here, first)) == 1


def test_a_key_taken_for_another_request_is_one_finding_whatever_the_run() -> None:
    """A used key with another body must be refused, in any status and for the same reason."""
    first = to(Status.RUNNING, key="k")
    here = after(CREATE, first)
    later = after(CREATE, first, to(Status.PAUSED))
    other = to(Status.FAILED, key="k")
    assert wrong_answers(here, other) == wrong_answers(later, other)


def test_reads_and_creates_are_told_apart() -> None:
    """What was refused is in the fingerprint by its kind."""
    world = after(CREATE)
    read = wrong_answers(world, ReadRun(0))
    assert read.isdisjoint(wrong_answers(world, evolve(CREATE, run=1)))
    stranger = ReadRun(0, caller=Caller(Tenant.STRANGER))
    assert read.isdisjoint(wrong_answers(world, stranger))


def test_moves_that_must_be_refused() -> None:
    """A new run can neither pause nor complete; a move that it does not have is not among them."""
    moves = forbidden_moves(fresh(1))
    assert {Move(Ask.PAUSE), Move(Ask.COMPLETE), Move(Ask.RESUME)} <= set(moves)
    assert Move(Ask.FAIL) not in moves
    assert Move(Ask.BACK) not in moves
