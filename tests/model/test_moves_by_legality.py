"""The moves of a run, parted into those an FC may accept and those it must refuse."""

from __future__ import annotations

import pytest

from pt004_model.model.moves import Move, forbidden_moves, goals, legal_moves, places
from pt004_model.model.run import Ask
from pt004_model.vocabulary import Status


@pytest.mark.parametrize("length", [0, 1, 2, 3])
def test_no_move_is_both(length: int) -> None:
    """A move is legal or forbidden, never both, and a terminal run has no legal one."""
    for place in places(length):
        legal, forbidden = set(legal_moves(place.run)), set(forbidden_moves(place.run))
        assert legal & forbidden == set()
        assert forbidden != set()
        assert (legal == set()) == place.run.state.terminal


def test_a_denied_run_may_only_fail() -> None:
    """Of a denied run every move but failing is forbidden (5.2)."""
    denied = next(
        place.run
        for place in places(2)
        if place.run.state.status is Status.RUNNING and place.run.state.decision == "deny"
    )
    assert legal_moves(denied) == (Move(Ask.FAIL),)
    assert Move(Ask.FAIL) not in forbidden_moves(denied)


def test_the_path_of_a_goal_ends_with_its_move() -> None:
    """Whoever makes all moves of the path from a new run on has driven the goal."""
    for goal in goals((1,)):
        assert (*goal.way, goal.move) == goal.path
