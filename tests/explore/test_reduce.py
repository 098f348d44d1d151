"""Candidates for a shorter trace: what each kind leaves out, and that simplifying ends."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from pt004_model.explore.foresight import Foresight
from pt004_model.explore.reduce import REDUCTIONS, Commands, first_cuts, renumbered, without
from pt004_model.explore.shrink import own_names
from pt004_model.explore.simplify import simpler
from pt004_model.judge.status import wrong_answers
from pt004_model.model.commands import Command, CreateRun, OddPath, ReadRun, Unknown, subject
from pt004_model.model.values import Body, Json
from pt004_model.model.world import World, expect
from pt004_model.vocabulary import Decision
from tests.explore.helpers import change, create, session, start
from tests.stub import Stub

STORY = (
    create(3, "a", "b", "c"),
    start(3, "a", 0, "flag"),
    create(5, "x"),
    change(3, "paused"),
    ReadRun(3),
    change(3, "running"),
    start(3, "b", 1),
    start(3, "c", 2),
    change(3, "completed"),
    ReadRun(3),
)
SETTINGS = settings(max_examples=60, derandomize=False, database=None, deadline=None)
COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.sampled_from(STORY),
    st.builds(change, st.integers(0, 2), st.sampled_from(["paused", "running", "Failed", "x"])),
    st.builds(lambda n: ReadRun(n, logs=False), st.integers(0, 2)),
    st.just(OddPath("..")),
    st.just(ReadRun(Unknown())),
)
TRACES = st.lists(COMMANDS, min_size=1, max_size=9).map(tuple)


def named(function: object) -> str:
    """The name of a reduction, for the name of a test."""
    return str(getattr(function, "__name__", function)).strip("_")


@pytest.mark.parametrize("reduction", REDUCTIONS, ids=named)
@SETTINGS
@given(trace=TRACES)
def test_no_candidate_is_longer(reduction: object, trace: Commands) -> None:
    """Whatever the trace, each candidate has fewer commands, or as many on shorter runs."""
    assert callable(reduction)
    for candidate in reduction(trace):
        assert len(candidate) <= len(trace)
        assert candidate != trace
        if len(candidate) == len(trace):
            assert declared(candidate) < declared(trace)


def declared(trace: Commands) -> int:
    """How many steps the runs of a trace declare, all in all."""
    steps = [c.body.fields.get("steps") for c in trace if isinstance(c, CreateRun)]
    return sum(len(each) for each in steps if isinstance(each, list))


@pytest.mark.parametrize(
    "expected",
    [
        # without the run that nothing else is about
        without(STORY, {2}),
        # without looking in between
        without(STORY, {4}),
        # the step allowed, and never paused
        (*STORY[:1], start(3, "a", 0, "allow"), STORY[2], STORY[4], *STORY[6:]),
        # without its second step: what names it goes, what comes after moves up
        (create(3, "a", "c"), *STORY[1:6], start(3, "c", 1), *STORY[8:]),
    ],
    ids=["run", "looks", "flag", "step"],
)
def test_what_belongs_together_goes_together(expected: Commands) -> None:
    """Among the candidates are those that a person would try first."""
    assert expected in [each for reduction in REDUCTIONS for each in reduction(STORY)]


def test_a_start_stands_for_any_change() -> None:
    """What is wrong with a late change is tried on the first one that a run can make."""
    trace = (create(0), change(0, "running"), change(0, "paused", note=1))
    candidates = [each for reduction in REDUCTIONS for each in reduction(trace)]
    assert (create(0), change(0, "running", note=1)) in candidates


def test_the_first_cuts_begin_with_the_shortest() -> None:
    """What is tried first is the run concerned alone, without looks; at last all of it."""
    refused = (*STORY[:1], change(3, "paused"), *STORY[1:])
    cuts = list(first_cuts(refused, STORY))
    assert [len(cut) for cut in cuts] == sorted(len(cut) for cut in cuts)
    assert cuts[0] == without(STORY, {2, 4})
    assert cuts[-1] == refused


@SETTINGS
@given(trace=TRACES)
def test_simplifying_comes_to_an_end(trace: Commands) -> None:
    """Whoever takes the first simpler trace again and again has none left in the end."""
    for _ in range(400):
        trace = next(simpler(trace), ())
        if not trace:
            return
    pytest.fail("there is always a simpler trace")


@pytest.mark.parametrize(
    ("value", "simplest"),
    [
        ({"a": {"b": [1, "xyz"]}}, {}),
        ({"reason": "a long story"}, {}),
    ],
)
def test_the_simplest_comes_first(value: dict[str, Json], simplest: Json) -> None:
    """The boldest simplification is tried before the others."""
    trace = (CreateRun(0, Body.of({"workflow_id": "w", "metadata": value})),)
    bodies = [each[0].body.fields for each in simpler(trace) if isinstance(each[0], CreateRun)]
    assert bodies[0] == {"workflow_id": "w"}
    assert bodies[1] == {"workflow_id": "w", "metadata": simplest}


def test_runs_are_renumbered_in_the_order_of_their_appearance() -> None:
    """The first run is 0, the next is 1; calls on no run stay as they are."""
    trace = renumbered((*STORY[:3], ReadRun(Unknown()), OddPath("..")))
    assert [0, 0, 1, None, None] == [subject(command) for command in trace]


@SETTINGS
@given(trace=TRACES)
def test_own_names_change_nothing_but_names(trace: Commands) -> None:
    """Under names of their own the same commands are asked of the same runs."""
    own = own_names(trace, "7")
    assert [subject(each) for each in own] == [subject(each) for each in trace]
    assert own_names(trace, "7") == own
    worlds = []
    for commands in (trace, own):
        world = World()
        for command in commands:
            world = expect(world, command)[0].world
        worlds.append([(number, run.state) for number, run in world.runs.items()])
    assert worlds[0] == worlds[1]


def test_foresight_knows_what_a_shorter_trace_asks() -> None:
    """A denied run that is paused is asked the same thing without detours, and not if allowed."""
    denied = start(0, "a", 0, "deny")
    story = (create(0, "a", "b"), ReadRun(0), denied, change(0, "completed"), change(0, "paused"))
    world = World()
    for command in story[:-1]:
        world = expect(world, command)[0].world
    (fingerprint,) = wrong_answers(world, story[-1])
    foresight = Foresight.of(session(Stub()), story, fingerprint)
    assert foresight.tells
    assert foresight.hopeful((create(0, "a"), denied, story[-1]))
    assert not foresight.hopeful((create(0, "a"), start(0, "a", 0), story[-1]))
    assert not foresight.hopeful((create(0, "a"), story[-1]))


def test_foresight_hopes_where_it_cannot_tell() -> None:
    """A finding that is no answer of the wrong kind may come of anything."""
    foresight = Foresight.of(session(Stub()), STORY, "0" * 12)
    assert not foresight.tells
    assert foresight.hopeful(STORY[:1])


def test_foresight_goes_the_way_of_an_fc_that_acts_by_itself() -> None:
    """Where a flag pauses a run at once, resuming is legal without a pause before it (5.3)."""
    made = session(Stub())
    made.tally.own[Decision.FLAG] = 3
    story = (create(0, "a", "b"), start(0, "a", 0, "flag"), change(0, "running"))
    world = Foresight.of(made, story, "0" * 12)
    before = expect(expect(World(), story[0])[0].world, story[1])[1].world
    (fingerprint,) = wrong_answers(before, story[2])
    assert evolve(world, fingerprint=fingerprint).shows(story)
    assert not evolve(world, fingerprint=fingerprint, own=frozenset()).shows(story)
