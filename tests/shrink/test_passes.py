"""Candidates for a shorter trace: what each kind leaves out, and that simplifying ends."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from pt004_model.model.commands import (
    Caller,
    ChangeRun,
    Command,
    CreateRun,
    OddPath,
    ReadRun,
    Tenant,
    Unknown,
    Wait,
    subject,
)
from pt004_model.model.values import Body, Json
from pt004_model.model.world import World, expect
from pt004_model.shrink.passes import PASSES, first_cuts, renumbered, without
from pt004_model.shrink.replaying import own_names
from pt004_model.shrink.simplify import simpler
from pt004_model.shrink.symbolic import Model
from pt004_model.trace.recorded import Commands
from tests.drive.helpers import READ, change, create, start

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


MODEL = Model(World(), frozenset())
TRACES = st.lists(COMMANDS, min_size=1, max_size=9).map(tuple)


def candidates(trace: Commands) -> list[Commands]:
    """All shorter traces, their steps bound."""
    symbolic = MODEL.symbolic(trace)
    return [MODEL.bound(shorter) for each in PASSES for shorter in each(symbolic)]


def simplified(trace: Commands) -> list[Commands]:
    """All simpler traces, their steps bound."""
    return [MODEL.bound(simpler_one) for simpler_one in simpler(MODEL.symbolic(trace))]


def named(function: object) -> str:
    """The name of a reduction, for the name of a test."""
    return str(getattr(function, "__name__", function)).strip("_")


@pytest.mark.parametrize("each", PASSES, ids=named)
@SETTINGS
@given(trace=TRACES)
def test_no_candidate_is_longer(each: object, trace: Commands) -> None:
    """Whatever the trace, each candidate has fewer commands, or as many on shorter runs."""
    assert callable(each)
    for candidate in each(MODEL.symbolic(trace)):
        assert len(candidate) <= len(trace)
        assert candidate != MODEL.symbolic(trace)
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
        # without its second step: what names it goes, what comes after moves up
        (create(3, "a", "c"), *STORY[1:6], start(3, "c", 1), *STORY[8:]),
    ],
    ids=["run", "looks", "step"],
)
def test_what_belongs_together_goes_together(expected: Commands) -> None:
    """Among the candidates are those that a person would try first."""
    assert expected in candidates(STORY)


def test_runs_that_are_alike_get_shorter_together() -> None:
    """A step is left out of all runs at once, where leaving it out of one would tell them apart."""
    late = (start(3, "b", 1), start(5, "y", 1))
    trace = (create(3, "a", "b"), create(5, "a", "y"), start(3, "a", 0), start(5, "a", 0), *late)
    told = candidates(trace)
    assert (create(3, "b"), create(5, "y"), start(3, "b", 0), start(5, "y", 0)) in told


def test_one_look_may_be_what_it_takes() -> None:
    """Where something must have been seen before, it is enough to see it once."""
    looks = (ReadRun(0), ReadRun(0, logs=False), ReadRun(0, gates=False))
    trace = (create(0), looks[0], looks[1], change(0, "running"), looks[2], change(0, "failed"))
    told = candidates(trace)
    for look in looks:
        assert without(trace, {n for n in (1, 2, 4) if trace[n] != look}) in told


@pytest.mark.parametrize(("index", "moved"), [(2.0, 1.0), (2.5, 2.5), (True, True)])
def test_an_index_may_be_written_as_a_double(index: Json, moved: Json) -> None:
    """It moves up with the steps before it like any other; what is no index stays."""
    late = change(3, "running", current_step="c", step_index=index)
    trace = (create(3, "a", "b", "c"), start(3, "a", 0), start(3, "b", 1), late)
    shorter = (
        create(3, "b", "c"),
        start(3, "b", 0),
        evolve(late, body=late.body.replace(step_index=moved)),
    )
    assert shorter in candidates(trace)
    assert (
        evolve(late, body=late.body.replace(step_index=2)) in [c[-1] for c in simplified(trace)]
    ) is (index == 2)


def test_the_first_cuts_begin_with_the_shortest() -> None:
    """What is tried first is the run concerned alone, without looks; at last all of it."""
    refused = (*STORY[:1], change(3, "paused"), *STORY[1:])
    cuts = list(first_cuts(refused, STORY))
    assert not any(isinstance(each, Wait) for cut in cuts for each in cut)
    lengths = [len(cut) for cut in cuts]
    assert lengths == sorted(lengths)
    assert cuts[0] == without(STORY, {2, 4})
    assert cuts[-1] == refused


def test_a_wait_stands_for_many_calls() -> None:
    """A long trace may show what a wait shows as well; that is tried before all of it."""
    many: Commands = (change(3, "paused"),) * 50
    long = (*STORY[:1], *many, *STORY[1:])
    *_, waiting, whole = first_cuts(long, long)
    assert sum(isinstance(each, Wait) for each in waiting) == 1
    assert whole == long
    waited = (*STORY[:1], Wait(3, 6.0), *STORY[1:])
    assert (STORY[0], Wait(3, 6.0), STORY[-1]) in first_cuts(waited, waited)


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
    assert expected in simplified(trace)


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


def keyed(command: CreateRun | ChangeRun, caller: Caller = OURS) -> Command:
    """The command under a key, by a caller."""
    return evolve(command, key="k", caller=caller)


@pytest.mark.parametrize(
    ("trace", "expected"),
    [
        # what is wrong with a caller is wrong with it from the first call on
        ((create(0), ReadRun(0, caller=THEIRS)), (evolve(create(0), caller=THEIRS),)),
        # the key of a change is used by the create, and clashes there
        (
            (create(0), keyed(change(0, "running")), READ, keyed(create(1, tags=[]))),
            (keyed(create(0)), READ, keyed(create(1, tags=[]))),
        ),
        # and so it is repeated there, by whom it was
        (
            (create(0), keyed(change(0, "running")), keyed(change(0, "running"), THEIRS)),
            (keyed(create(0)), keyed(create(0), THEIRS)),
        ),
        # the first change that a run can make
        (
            (create(0), change(0, "running"), change(0, "paused", note=1)),
            (create(0), change(0, "running", note=1)),
        ),
        (
            (create(0), change(0, "running"), change(0, "completed", note=1)),
            (create(0), change(0, "failed", note=1)),
        ),
        # wherever what comes of it is seen
        (
            (create(0), change(0, "running"), change(0, "paused", reason=" "), READ),
            (create(0), change(0, "running", reason=" "), READ),
        ),
        # what was refused may as well be what is always refused
        (
            (create(0), change(0, "running"), change(0, "running", note=1), READ),
            (create(0), change(0, "completed", note=1), READ),
        ),
    ],
    ids=["caller", "clash", "repeated", "start", "failure", "seen later", "refused"],
)
def test_what_matters_is_done_sooner(trace: Commands, expected: Commands) -> None:
    """What is wrong with a late call is tried on the first ones that a run can get."""
    assert expected in candidates(trace)


def test_one_run_may_do_for_two() -> None:
    """Where two runs get into each other's way, what is done to one may be in its own way."""
    trace = (keyed(create(4)), READ, create(2), change(2, "running"), keyed(change(2, "paused")))
    expected = (trace[0], READ, change(4, "running"), keyed(change(4, "paused")))
    assert expected in candidates(trace)


def test_of_a_long_trace_the_first_cuts_are_few() -> None:
    """A finding that takes many runs is not looked for in each pair of them."""
    trace = tuple(c for n in range(300) for c in (create(n), change(n, "running"), ReadRun(n)))
    cuts = list(first_cuts((*trace, READ), (*trace, READ)))
    assert len(cuts) < 30
    assert (*(create(n) for n in range(300)), READ) in [
        without(cut, {n for n, each in enumerate(cut) if each == change(0, "running")})
        for cut in cuts
    ]


def test_the_names_of_members_are_shortened_like_texts() -> None:
    """To one sign where that is what matters, but not to a name that is there already."""
    made = create(0)
    told = (evolve(made, body=made.body.replace(input_payload={"2-1": 0, "a": 1})),)
    payloads = [each[0].body.fields.get("input_payload") for each in simpler(told)]  # type: ignore[union-attr]  # a create
    assert {"-1": 0, "a": 1} in payloads
    assert {"a": 0} not in payloads
    told = (evolve(made, body=made.body.replace(input_payload={"2-": 0})),)
    payloads = [each[0].body.fields.get("input_payload") for each in simpler(told)]  # type: ignore[union-attr]  # a create
    assert {"-": 0} in payloads
