"""Every reachable state of a run, the moves between them, and the goals of a search."""

from __future__ import annotations

import pytest

from pt004_model.model.asks import Change, read_change
from pt004_model.model.commands import ChangeRun
from pt004_model.model.coverage import Edge, edge
from pt004_model.model.moves import (
    MOVES,
    Move,
    body,
    changing,
    fresh,
    goals,
    legal_moves,
    places,
    starting,
)
from pt004_model.model.rules import Refusal
from pt004_model.model.run import Ask, Run, State, classify, step
from pt004_model.model.values import Body
from pt004_model.model.world import World
from pt004_model.vocabulary import Decision, Status
from tests.model.helpers import after, at, free


@pytest.mark.parametrize(("length", "count"), [(1, 15), (2, 26), (3, 37), (4, 48)])
def test_the_number_of_reachable_states(length: int, count: int) -> None:
    """A governed run of n steps has 11n + 4 reachable states.

    Counted by hand: 1 pending and 1 failed before any step. On each of the n steps: running on an
    allow, a flag, a cleared flag or a deny (4), paused on all but the deny (3), failed on each of
    the four (4), which makes 11. Completed on the last step alone, by an allow or a cleared flag
    (2). 1 + 1 + 11n + 2 = 11n + 4.
    """
    assert count == len({place.run.state for place in places(length)}) == len(places(length))


def test_the_number_of_reachable_states_of_an_ungoverned_run() -> None:
    """An ungoverned run has 18 reachable states.

    Counted by hand: 1 pending. Running with no decision, allow, flag, cleared flag or deny (5);
    paused with all of these but deny (4); failed with all (5; failing while pending leaves no
    decision, too); completed with none, allow or cleared flag (3). 1 + 5 + 4 + 5 + 3 = 18.
    """
    assert len(places(0)) == 18


def test_the_very_states_of_a_run_of_one_step() -> None:
    """The 15 states of a run of one step are those of the count, and no others."""
    flags = [("allow", False), ("flag", False), ("flag", True), ("deny", False)]
    expected = {State(), State(Status.FAILED)}
    for status in ("running", "paused", "failed", "completed"):
        for decision, cleared in flags:
            expected.add(State(Status(status), 0, Decision(decision), cleared))
    expected.remove(State(Status.PAUSED, 0, Decision.DENY))
    expected.remove(State(Status.COMPLETED, 0, Decision.DENY))
    expected.remove(State(Status.COMPLETED, 0, Decision.FLAG))
    assert expected == {place.run.state for place in places(1)}


def _all_outcomes(length: int) -> set[State]:
    """The states reached when an FC also takes every freedom that it has."""
    found = {fresh(length).state: fresh(length)}
    left = list(found.values())
    while left:
        run = left.pop()
        for move in MOVES:
            text = body(run, move)
            asked = None if text is None else read_change(text)
            if not isinstance(asked, Change):
                continue
            for now in step(run, asked, 0):
                if isinstance(now, Run) and now.state not in found:
                    found[now.state] = now
                    left.append(now)
    return set(found)


@pytest.mark.parametrize("length", [0, 1, 3])
def test_an_fc_that_acts_by_itself_reaches_no_other_states(length: int) -> None:
    """Section 5.3 is a short cut: what an FC does at once leads to states known anyway."""
    assert _all_outcomes(length) == {place.run.state for place in places(length)}


@pytest.mark.parametrize("length", [0, 1, 3])
def test_a_way_leads_to_its_place(length: int) -> None:
    """Walking the moves of a place gets there, with an FC that waits to be told."""
    for place in places(length):
        run = fresh(length)
        for move in place.way:
            text = body(run, move)
            assert text is not None
            asked = read_change(text)
            assert isinstance(asked, Change)
            run = after(run, asked, actor=0)
        assert place.run == run


def test_a_way_is_a_shortest_one() -> None:
    """Places are listed nearest first; completing two steps with a flag takes five moves."""
    lengths = [len(place.way) for place in places(2)]
    assert sorted(lengths) == lengths
    flagged = State(Status.COMPLETED, 1, Decision.FLAG, cleared=True)
    (way,) = (place.way for place in places(2) if place.run.state == flagged)
    assert [move.word for move in way] == [
        *("start-allow", "start-flag", "pause", "resume", "complete")
    ]


STARTS = ("start-allow", "start-flag", "start-deny")


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (at("pending"), {*STARTS, "fail"}),
        (at("running", 0, "allow"), {*STARTS, "pause", "fail"}),
        (at("running", 0, "flag"), {"pause", "fail"}),
        (at("running", 2, "deny"), {"fail"}),
        (at("running", 2, "flag", True), {"pause", "complete", "fail"}),
        (at("paused", 2, "flag"), {"resume", "repeat", "fail"}),
        (at("failed", 1, "deny"), set()),
        (free("running"), {*STARTS, "start-undecided", "pause", "complete", "fail"}),
        (free("paused", "flag"), {*STARTS, "start-undecided", "fail"}),
    ],
)
def test_the_legal_moves(run: Run, expected: set[str]) -> None:
    """The moves that must or may be accepted of a run where it is (3.2, 3.3)."""
    assert expected == {move.word for move in legal_moves(run)}


def test_every_move_is_listed_once_and_named() -> None:
    """Every ask but a start is one move; a start is one for each decision and one without."""
    assert [move.word for move in MOVES] == [
        "start-allow", "start-flag", "start-deny", "pause", "resume", "complete", "fail", "repeat",
        "skip", "back", "misname", "reset", "start-undecided",
    ]  # fmt: skip


def _step(name: str, index: int) -> dict[str, object]:
    """The fields of a change to running that names a step, with an allow."""
    allow = {"decision": "allow", "policy_id": "pol-allow", "reason": "because"}
    return {"status": "running", "current_step": name, "step_index": index, "policy": allow}


BODIES: list[tuple[Run, Move, dict[str, object] | None]] = [
    (at("pending"), Move(Ask.START, Decision.FLAG), {
        "status": "running", "current_step": "a", "step_index": 0,
        "policy": {"decision": "flag", "policy_id": "pol-flag", "reason": "because"},
    }),
    (at("running", 0, "allow"), Move(Ask.START), {
        "status": "running", "current_step": "b", "step_index": 1,
    }),
    (at("running", 2, "allow"), Move(Ask.START, Decision.ALLOW), None),
    (at("running", 0, "allow"), Move(Ask.PAUSE), {"status": "paused"}),
    (at("running", 0, "allow"), Move(Ask.COMPLETE), {"status": "completed"}),
    (at("running", 0, "allow"), Move(Ask.FAIL), {"status": "failed"}),
    (at("running", 0, "allow"), Move(Ask.RESET), {"status": "pending"}),
    (at("paused", 0, "flag"), Move(Ask.RESUME), {"status": "running"}),
    (at("pending"), Move(Ask.MISNAME), _step("a", 1)),
    (at("pending", length=1), Move(Ask.MISNAME), _step("a", 7)),
    (at("running", 0, "allow"), Move(Ask.MISNAME), _step("b", 2)),
    (at("running", 2, "allow"), Move(Ask.MISNAME), _step("c", 9)),
    (at("running", 0, "allow"), Move(Ask.REPEAT), _step("a", 0)),
    (at("running", 0, "allow"), Move(Ask.SKIP), _step("c", 2)),
    (at("running", 2, "allow"), Move(Ask.BACK), _step("b", 1)),
    (at("pending"), Move(Ask.REPEAT), None),
    (at("pending"), Move(Ask.BACK), None),
    (at("running", 0, "allow"), Move(Ask.BACK), None),
    (at("running", 1, "allow"), Move(Ask.SKIP), None),
    (free("running"), Move(Ask.START), {"status": "running"}),
    (free("running"), Move(Ask.START, Decision.DENY), {
        "status": "running",
        "policy": {"decision": "deny", "policy_id": "pol-deny", "reason": "because"},
    }),
    (free("running"), Move(Ask.SKIP), None),
    (free("paused"), Move(Ask.RESUME), None),
]  # fmt: skip


@pytest.mark.parametrize(("run", "move", "expected"), BODIES)
def test_the_body_of_a_move(run: Run, move: Move, expected: dict[str, object] | None) -> None:
    """A move has one plain body, or none where the run has no such move."""
    found = body(run, move)
    assert expected == (None if found is None else found.fields)


@pytest.mark.parametrize("length", [1, 2, 4])
def test_a_move_asks_what_it_says(length: int) -> None:
    """The body of every move is classified as that very move, in every reachable state."""
    for place in places(length):
        for move in MOVES:
            text = body(place.run, move)
            asked = None if text is None else read_change(text)
            if isinstance(asked, Change):
                assert move.ask == classify(place.run, asked), (place.run.state, move)


def test_the_plain_bodies() -> None:
    """starting() and changing() spell what section 3.1 asks for."""
    assert starting(("x", "y"), 1, Decision.DENY).text == (
        '{"status":"running","current_step":"y","step_index":1,'
        '"policy":{"decision":"deny","policy_id":"pol-deny","reason":"because"}}'
    )
    assert changing(Status.FAILED, reason="r").text == '{"status":"failed","reason":"r"}'


def _walked(length: int) -> set[Edge]:
    """Every edge that a change of a run drives in any of its states."""
    seen: set[Edge] = set()
    for place in places(length):
        for move in MOVES:
            text = body(place.run, move)
            asked = None if text is None else read_change(text)
            if text is None or not isinstance(asked, Change):
                continue
            world = World(runs={0: place.run})
            for result in step(place.run, asked, 0):
                found = edge(world, ChangeRun(0, text), not isinstance(result, Refusal))
                assert found is not None
                seen.add(found)
    return seen


def test_the_goals_are_all_the_edges() -> None:
    """The goals hold every edge that runs of these lengths can drive, each once."""
    found = goals((0, 1, 2, 3))
    edges = set().union(*(goal.edges for goal in found))
    expected = set().union(*map(_walked, range(4)))
    assert expected == edges
    assert len(found) == len({goal.edges for goal in found})


@pytest.mark.parametrize(
    ("lengths", "count"),
    [((0,), 157), ((1,), 115), ((2,), 254), ((3,), 400), ((4,), 411), ((1, 2, 3), 494)],
)
def test_the_number_of_edges(lengths: tuple[int, ...], count: int) -> None:
    """The number of edges that runs of these lengths can drive.

    Counted by hand. Seven moves fit any step (pause, resume, complete, fail, repeat, misname,
    reset); to them come four starts unless it is the last, back unless it is the first, and skip
    two before the last. On a step m moves make 4m edges of a running run, 3m + 3 of a paused one
    (to repeat the step with a decision may be accepted or refused), 4m of a failed one, and 2m of
    one that completed on its last step. Before any step: ten moves (and skip with two steps or
    more) of a failed run, and of a pending one, whose fail may be either: 21 or 23 edges.

    One step: 21 + 28 + 24 + 28 + 14 = 115. Two: 23, the first step with 11 moves 44 + 36 + 44, the
    last with 8 moves 32 + 27 + 32 + 16: 254. Three: 23, first and middle with 12 moves 135 each,
    the last 107: 400. Four: a middle step has 13 moves: 23 + 135 + 146 + 107 = 411. One to three:
    the only step's 94 and the 400 of three steps, which have all that two have.

    Ungoverned: four starts, pause, complete, fail, reset: 8 moves. Pending 9. Running 8 on a flag
    or a deny, else 12 (a start may be either): 52. Paused 4 * 8, failed 5 * 8, completed 3 * 8.
    """
    assert count == len(set().union(*(goal.edges for goal in goals(lengths))))


def test_a_goal_is_one_move_after_its_way() -> None:
    """The first goal is to start the first step; a goal names where to go and what to try."""
    first = goals((1,))[0]
    assert (1, (), Move(Ask.START, Decision.ALLOW)) == (first.length, first.way, first.move)
    assert {"pending start-allow - none accepted"} == {str(each) for each in first.edges}


def test_a_run_to_move_in() -> None:
    """A fresh run is pending, with steps a, b, ...; with none it is ungoverned."""
    assert fresh(2).asked.steps == ("a", "b")
    assert fresh(0).asked.steps is None
    assert State() == fresh(2).state
    assert Body.of({"status": "paused"}) == body(fresh(1), Move(Ask.PAUSE))
