"""Commands that say "the next step": bound again they are what they were, or what is next now."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from pt004_model.model.commands import Command
from pt004_model.model.values import Body, Json
from pt004_model.model.world import World
from pt004_model.shrink.passes import without
from pt004_model.shrink.symbolic import Model, starts_a_step
from pt004_model.trace.recorded import Commands
from tests.drive.helpers import READ, change, create, start

MODEL = Model(World(), frozenset())
NAMES = st.sampled_from(["a", "b", "c", "A", "ax", "", "d"])
INDEXES: st.SearchStrategy[Json] = st.sampled_from([0, 1, 2, 3, 1.0, 2.5, True, -1, "1", None])
COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.builds(lambda steps: create(0, *steps), st.lists(NAMES, max_size=4, unique=True)),
    st.builds(start, st.just(0), NAMES, st.integers(0, 3)),
    st.builds(
        lambda name, index: change(0, "running", current_step=name, step_index=index),
        NAMES,
        INDEXES,
    ),
    st.sampled_from([change(0, "paused"), change(0, "running"), READ]),
    st.builds(lambda key, n: evolve(start(0, "a", n), key=key), st.sampled_from(["k", ""]),
              st.integers(0, 1)),
    st.builds(lambda text: evolve(change(0, "running"), body=Body(text)),
              st.sampled_from(['{"status": "running", "step_index":0}', "[1]", "x"])),
)  # fmt: skip


@settings(max_examples=300, derandomize=False, database=None, deadline=None)
@given(st.lists(COMMANDS, max_size=9).map(tuple))
def test_what_is_not_changed_is_bound_to_what_it_was(trace: Commands) -> None:
    """Symbols lose nothing, whatever is named and however it is spelled."""
    assert trace == MODEL.bound(MODEL.symbolic(trace))


PLAN = (create(0, "a", "b", "c"), start(0, "a", 0), start(0, "b", 1), start(0, "c", 2))


@pytest.mark.parametrize(
    ("trace", "gone", "expected"),
    [
        # what comes after a start that is gone starts the step before
        (PLAN, {1}, (PLAN[0], start(0, "a", 0), start(0, "b", 1))),
        # what was refused moves nothing
        ((PLAN[0], PLAN[3], *PLAN[1:3]), {1}, PLAN[:3]),
        # a step that is skipped stays skipped, one that is repeated stays repeated
        ((*PLAN[:2], PLAN[3]), {1}, (PLAN[0], start(0, "b", 1))),
        ((*PLAN[:3], PLAN[2]), {1}, (*PLAN[:2], PLAN[1])),
        # what is no step stays as it is; an index may be a double
        (
            (*PLAN[:2], change(0, "running", current_step="Bx", step_index=1.0)),
            {1},
            (PLAN[0], change(0, "running", current_step="Bx", step_index=0.0)),
        ),
        # what is nearly the name of a step stays so
        ((*PLAN[:2], start(0, "bx", 1)), {1}, (PLAN[0], start(0, "ax", 0))),
        # a request that is repeated under its key is the same bytes
        (
            (*PLAN[:2], *(evolve(PLAN[2], key="k"),) * 2),
            {1},
            (PLAN[0], *(evolve(PLAN[2], key="k"),) * 2),
        ),
        # without its run a command still names something
        (PLAN, {0}, (start(0, "step_1", 0),) * 3),
    ],
    ids=["next", "refused", "skip", "repeat", "double", "near", "key", "no run"],
)
def test_what_is_left_still_says_what_it_said(
    trace: Commands, gone: set[int], expected: Commands
) -> None:
    """A command may go without any mending of those after it."""
    assert expected == MODEL.bound(without(MODEL.symbolic(trace), gone))


def test_declared_steps_may_have_other_names() -> None:
    """A symbol says which step, not what it is called."""
    first, *rest = MODEL.symbolic(PLAN)
    assert all(map(starts_a_step, rest))
    assert not starts_a_step(first)
    renamed = (create(0, "x", "y", "z"), *rest)
    expected = (create(0, "x", "y", "z"), start(0, "x", 0), start(0, "y", 1), start(0, "z", 2))
    assert expected == MODEL.bound(renamed)
