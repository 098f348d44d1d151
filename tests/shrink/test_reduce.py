"""Candidates for a shorter trace: what each kind leaves out, and that simplifying ends."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from pt004_model.judge.status import wrong_answers
from pt004_model.model.commands import (
    Caller,
    Command,
    CreateRun,
    OddPath,
    ReadRun,
    Tenant,
    Unknown,
    subject,
)
from pt004_model.model.values import Body, Json
from pt004_model.model.world import World, expect
from pt004_model.shrink.prefilter import Foresight
from pt004_model.shrink.recast import REDUCTIONS
from pt004_model.shrink.reduce import first_cuts, renumbered, without
from pt004_model.shrink.shrinker import own_names
from pt004_model.shrink.simplify import simpler
from pt004_model.trace.recorded import Commands
from pt004_model.vocabulary import Decision
from tests.drive.helpers import change, create, session, start
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
OURS = Caller()
THEIRS = Caller(Tenant.STRANGER, 2)


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


def test_runs_that_are_alike_get_shorter_together() -> None:
    """A step is left out of all runs at once, where leaving it out of one would tell them apart."""
    late = (start(3, "b", 1), start(5, "y", 1))
    trace = (create(3, "a", "b"), create(5, "a", "y"), start(3, "a", 0), start(5, "a", 0), *late)
    candidates = [each for reduction in REDUCTIONS for each in reduction(trace)]
    assert (create(3, "b"), create(5, "y"), start(3, "b", 0), start(5, "y", 0)) in candidates


def test_one_look_may_be_what_it_takes() -> None:
    """Where something must have been seen before, it is enough to see it once."""
    looks = (ReadRun(0), ReadRun(0, logs=False), ReadRun(0, gates=False))
    trace = (create(0), looks[0], looks[1], change(0, "running"), looks[2], change(0, "failed"))
    candidates = [each for reduction in REDUCTIONS for each in reduction(trace)]
    for look in looks:
        assert without(trace, {n for n in (1, 2, 4) if trace[n] != look}) in candidates


@pytest.mark.parametrize(("index", "moved"), [(2.0, 1), (2.5, 2.5), (True, True)])
def test_an_index_may_be_written_as_a_double(index: Json, moved: Json) -> None:
    """It moves up with the steps before it like any other; what is no index stays."""
    late = change(3, "running", current_step="c", step_index=index)
    trace = (create(3, "a", "b", "c"), start(3, "a", 0), start(3, "b", 1), late)
    shorter = (
        create(3, "b", "c"),
        start(3, "b", 0),
        evolve(late, body=late.body.replace(step_index=moved)),
    )
    assert shorter in [each for reduction in REDUCTIONS for each in reduction(trace)]
    assert (
        evolve(late, body=late.body.replace(step_index=2)) in [c[0] for c in simpler((late,))]
    ) is (index == 2)


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


@pytest.mark.parametrize(
    ("trace", "expected"),
    [
        # what is nearly the name of a step stays so
        (
            (create(0, "\u00e9b"), start(0, "\u00c9B", 0)),
            (create(0, "step_1"), start(0, "STEP_1", 0)),
        ),
        ((create(0, "q"), start(0, "qx", 0)), (create(0, "step_1"), start(0, "step_1x", 0))),
        ((create(0, "q"), start(0, "r", 0)), (create(0, "step_1"), start(0, "r", 0))),
        # runs that share names go on sharing them
        (
            (create(0, "q", workflow_id="v"), create(1, "q", "r", workflow_id="v"),
             start(1, "r", 0)),
            (create(0, "step_1", workflow_id="v"), create(1, "step_1", "step_2", workflow_id="v"),
             start(1, "step_2", 0)),
        ),
        ((create(0, workflow_id="v"), create(1, workflow_id="v")), (create(0), create(1))),
        # a run of the strangers' becomes one of ours
        (
            (evolve(create(0), caller=THEIRS), evolve(ReadRun(0), caller=THEIRS)),
            (evolve(create(0), caller=Caller(actor=2)), ReadRun(0, caller=Caller(actor=2))),
        ),
        # another actor is any other
        ((create(0), ReadRun(0, caller=Caller(actor=2))),
         (create(0), ReadRun(0, caller=Caller(actor=1)))),
    ],
    ids=["case", "suffix", "other name", "steps", "workflow", "strangers", "actor"],
)  # fmt: skip
def test_what_belongs_together_is_made_simpler_together(
    trace: Commands, expected: Commands
) -> None:
    """Among the simpler traces is the one that a person would have written in the first place."""
    assert expected in list(simpler(trace))


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
