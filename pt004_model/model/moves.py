"""The moves of the model: a body for every ask, every reachable state, the shortest way to it.

The search is steered by this, and so are the tests that enumerate the model.
"""

from __future__ import annotations

from collections import deque
from functools import lru_cache
from typing import Final

from attrs import frozen

from pt004_model.model.asks import Change, Creation, read_change
from pt004_model.model.coverage import Edge, edge_of
from pt004_model.model.rules import Refusal
from pt004_model.model.run import Ask, Run, State, create, step
from pt004_model.model.values import Body, Json
from pt004_model.vocabulary import Decision, Status

_PLAIN: Final = {
    Ask.PAUSE: Status.PAUSED,
    Ask.COMPLETE: Status.COMPLETED,
    Ask.FAIL: Status.FAILED,
    Ask.RESET: Status.PENDING,
}


@frozen
class Move:
    """An ask, and for a start the decision that it carries (``None``: none)."""

    ask: Ask
    decision: Decision | None = None

    @property
    def word(self) -> str:
        """The move as coverage names it."""
        if self.ask is not Ask.START:
            return str(self.ask)
        return f"{self.ask}-{'undecided' if self.decision is None else self.decision}"


MOVES: Final = (
    *(Move(Ask.START, decision) for decision in Decision),
    *(Move(ask) for ask in (Ask.PAUSE, Ask.RESUME, Ask.COMPLETE, Ask.FAIL)),
    *(Move(ask) for ask in (Ask.REPEAT, Ask.SKIP, Ask.BACK, Ask.MISNAME, Ask.RESET)),
    Move(Ask.START),
)
"""Every move there is, the ordinary ones first."""


def policy(decision: Decision) -> Json:
    """Return the ``policy`` of a change (section 3.1)."""
    return {"decision": str(decision), "policy_id": f"pol-{decision}", "reason": "because"}


def starting(steps: tuple[str, ...], index: int, decision: Decision) -> Body:
    """Return the body of a change that starts the step ``index`` (section 4)."""
    return Body.of(
        {
            "status": "running",
            "current_step": steps[index],
            "step_index": index,
            "policy": policy(decision),
        }
    )


def changing(status: Status, **fields: Json) -> Body:
    """Return the body of a change to ``status`` that starts no step."""
    return Body.of({"status": str(status), **fields})


def body(run: Run, move: Move) -> Body | None:
    """Return a body that makes ``move`` of ``run``, or ``None`` where the run has no such move."""
    if move.ask in _PLAIN:
        return changing(_PLAIN[move.ask])
    steps = run.asked.steps
    if steps is None:
        return _ungoverned(move)
    here = run.state.here
    if move.ask is Ask.RESUME:
        return changing(Status.RUNNING)
    if move.ask is Ask.MISNAME:
        wrong = here + 2 if here + 2 < len(steps) else max(here, 0) + 7
        name = steps[min(here + 1, len(steps) - 1)]
        return changing(
            Status.RUNNING, current_step=name, step_index=wrong, policy=policy(Decision.ALLOW)
        )
    offset = {Ask.START: 1, Ask.REPEAT: 0, Ask.SKIP: 2, Ask.BACK: -1}[move.ask]
    index = here + offset
    if not 0 <= index < len(steps):
        return None
    if move.ask is Ask.START and move.decision is None:
        return starting(steps, index, Decision.ALLOW).without("policy")
    return starting(steps, index, move.decision or Decision.ALLOW)


def _ungoverned(move: Move) -> Body | None:
    if move.ask is not Ask.START:
        return None
    if move.decision is None:
        return changing(Status.RUNNING)
    return changing(Status.RUNNING, policy=policy(move.decision))


def fresh(length: int) -> Run:
    """Return a new run of ``length`` steps ``a``, ``b``, ...; ungoverned when there are none."""
    steps = tuple(chr(ord("a") + index) for index in range(length)) or None
    asked = Creation("w", "1.0.0", {}, {}, (), steps)
    return create(0, asked, 0, 0, None)


@frozen
class Place:
    """A reachable state: a run in it, and the moves that lead there."""

    run: Run
    way: tuple[Move, ...]


def asked(run: Run, move: Move) -> Change | None:
    """Return the change that a move asks for; ``None`` where the run has no such move."""
    text = body(run, move)
    change = None if text is None else read_change(text)
    return change if isinstance(change, Change) else None


def outcomes(run: Run, move: Move) -> tuple[Run | Refusal, ...]:
    """Return all that may come of a move; nothing where the run has no such move."""
    change = asked(run, move)
    return () if change is None else step(run, change, 0)


def legal_moves(run: Run) -> tuple[Move, ...]:
    """Return the moves that an FC accepts, or may accept, of ``run`` where it is."""
    return tuple(
        move
        for move in MOVES
        if any(not isinstance(after, Refusal) for after in outcomes(run, move))
    )


def is_forbidden(run: Run, move: Move) -> bool:
    """Tell whether ``run`` has a move and an FC must refuse it."""
    found = outcomes(run, move)
    return bool(found) and all(isinstance(after, Refusal) for after in found)


def forbidden_moves(run: Run) -> tuple[Move, ...]:
    """Return the moves that an FC must refuse of ``run`` where it is."""
    return tuple(move for move in MOVES if is_forbidden(run, move))


@lru_cache(maxsize=64)
def places(length: int) -> tuple[Place, ...]:
    """Every reachable state of a run of ``length`` steps, nearest first (0: ungoverned)."""
    start = Place(fresh(length), ())
    found: dict[State, Place] = {start.run.state: start}
    queue = deque([start])
    while queue:
        place = queue.popleft()
        for move in MOVES:
            # the first outcome waits for us; what an FC does by itself (5.3) leads to the same
            # states by ways that not every FC has
            for after in outcomes(place.run, move)[:1]:
                if not isinstance(after, Refusal) and after.state not in found:
                    found[after.state] = Place(after, (*place.way, move))
                    queue.append(found[after.state])
    return tuple(found.values())


@frozen(cache_hash=True)
class Goal:
    """One edge to drive: a run of ``length`` steps, the way to the state, the move to make there.

    ``edges`` holds the edge of each outcome that the contract allows; any of them will do.
    """

    length: int
    way: tuple[Move, ...]
    move: Move
    edges: frozenset[Edge]

    @property
    def path(self) -> tuple[Move, ...]:
        """All moves from a new run on, the one to be driven being the last."""
        return (*self.way, self.move)


@lru_cache(maxsize=64)
def goals(lengths: tuple[int, ...]) -> tuple[Goal, ...]:
    """Every edge that runs of these lengths can drive, each by the shortest way."""
    found: dict[frozenset[Edge], Goal] = {}
    for length in lengths:
        for place in places(length):
            for move in MOVES:
                change = asked(place.run, move)
                if change is None:
                    continue
                edges = frozenset(
                    edge_of(place.run, change, not isinstance(after, Refusal))
                    for after in step(place.run, change, 0)
                )
                found.setdefault(edges, Goal(length, place.way, move, edges))
    return tuple(found.values())
