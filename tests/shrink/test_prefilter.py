"""Candidates that need not be sent: the model knows that they ask for something else."""

from __future__ import annotations

from attrs import evolve

from pt004_model.judge.status import wrong_answers
from pt004_model.model.commands import ReadRun
from pt004_model.model.world import World, expect
from pt004_model.shrink.shrinker import asks_for
from pt004_model.shrink.symbolic import Model
from pt004_model.vocabulary import Decision
from tests.drive.helpers import change, create, session, start
from tests.stub import Stub

MODEL = Model(World(), frozenset())


def test_a_shorter_trace_must_ask_for_the_same() -> None:
    """A denied run that is paused is asked the same thing without detours, and not if allowed."""
    denied = start(0, "a", 0, "deny")
    story = (create(0, "a", "b"), ReadRun(0), denied, change(0, "completed"), change(0, "paused"))
    world = World()
    for command in story[:-1]:
        world = expect(world, command)[0].world
    (fingerprint,) = wrong_answers(world, story[-1])
    assert asks_for(MODEL, story, fingerprint)
    assert asks_for(MODEL, (create(0, "a"), denied, story[-1]), fingerprint)
    assert not asks_for(MODEL, (create(0, "a"), start(0, "a", 0), story[-1]), fingerprint)
    assert not asks_for(MODEL, (create(0, "a"), story[-1]), fingerprint)


def test_it_goes_the_way_of_an_fc_that_acts_by_itself() -> None:
    """Where a flag pauses a run at once, resuming is legal without a pause before it (5.3)."""
    made = session(Stub())
    made.tally.own[Decision.FLAG] = 3
    model = Model.of(made)
    story = (create(0, "a", "b"), start(0, "a", 0, "flag"), change(0, "running"))
    before = expect(expect(World(), story[0])[0].world, story[1])[1].world
    (fingerprint,) = wrong_answers(before, story[2])
    assert asks_for(model, story, fingerprint)
    assert not asks_for(evolve(model, own=frozenset()), story, fingerprint)
