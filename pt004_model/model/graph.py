"""The lifecycle as a picture has it: arrows between statuses, read off the table and its guards.

Nothing here says what is legal. Every reachable state of short runs is asked for every move (see
``moves``), and what the model lets pass becomes an arrow; where it passes in some states of a
status alone, the arrow says in which. What an FC may do by itself (section 5.3) has no arrow: it is
two of them in one call.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from attrs import frozen

from pt004_model.model.coverage import decision_word, position_word
from pt004_model.model.moves import MOVES, outcomes, places
from pt004_model.model.rules import Refusal
from pt004_model.model.run import GOVERNED, UNGOVERNED, Ask, Run
from pt004_model.vocabulary import Status

LENGTHS: Final = (1, 2, 3)
"""Runs of three steps have a first, a middle and a last one; longer ones add nothing."""
_LAST: Final = frozenset({"last", "only"})

SAYS: Final = {
    Ask.START: "to running, naming the next step",
    Ask.RESUME: "to running, naming no step",
    Ask.REPEAT: "to running, naming the current step",
    Ask.SKIP: "to running, naming a step further on",
    Ask.BACK: "to running, naming an earlier step",
    Ask.MISNAME: "naming what is no step",
    Ask.PAUSE: "to paused",
    Ask.COMPLETE: "to completed",
    Ask.FAIL: "to failed",
    Ask.RESET: "back to pending",
}
"""What each ask is, for people."""


@frozen
class Arrow:
    """A change that is legal in ``source`` and leads to ``target``.

    ``free``: the FC may refuse it. ``when`` says in a few words in which states of ``source`` it is
    legal; it is empty when it is legal in all of them.
    """

    source: Status
    ask: Ask
    target: Status
    free: bool
    when: tuple[str, ...]


@lru_cache(maxsize=2)
def arrows(governed: bool = True) -> tuple[Arrow, ...]:
    """Every arrow of the lifecycle of governed, or of ungoverned, runs, in a lasting order."""
    legal: dict[tuple[Status, Ask, Status], list[Run]] = {}
    everywhere: dict[Status, list[Run]] = {}
    for length in LENGTHS if governed else (0,):
        for place in places(length):
            run = place.run
            everywhere.setdefault(run.state.status, []).append(run)
            for ask, target in _accepted(run):
                legal.setdefault((run.state.status, ask, target), []).append(run)
    table, order = GOVERNED if governed else UNGOVERNED, list(Status)
    return tuple(
        Arrow(
            *arrow,
            free=table[arrow[0]][arrow[1]] is not None,
            when=_when(legal[arrow], everywhere[arrow[0]]),
        )
        for arrow in sorted(legal, key=lambda a: (order.index(a[0]), order.index(a[2])))
    )


def _accepted(run: Run) -> tuple[tuple[Ask, Status], ...]:
    """Return what may be asked of ``run``, and the status it leads to."""
    found: dict[tuple[Ask, Status], None] = {}
    for move in MOVES:
        for after in outcomes(run, move)[:1]:
            if not isinstance(after, Refusal):
                found[(move.ask, after.state.status)] = None
    return tuple(found)


def _when(legal: list[Run], everywhere: list[Run]) -> tuple[str, ...]:
    """Return what the states in which a change is legal have in common, and the others have not."""
    words: list[str] = []
    decisions = _decisions(legal)
    if decisions != _decisions(everywhere):
        words.append(f"after {_either(decisions)}")
    on_last = {position_word(run) in _LAST for run in legal}
    if on_last != {position_word(run) in _LAST for run in everywhere}:
        words.append("on the last step" if True in on_last else "not on the last step")
    return tuple(words)


def _decisions(runs: list[Run]) -> list[str]:
    """Return the decisions in force, in the order in which they are met; a flag may be cleared."""
    words = {decision_word(run) for run in runs} - {"-"}
    return [each for each in ("allow", "flag", "cleared", "deny") if each in words]


def _either(words: list[str]) -> str:
    told = ["a cleared flag" if each == "cleared" else each for each in words]
    return told[0] if len(told) == 1 else f"{', '.join(told[:-1])} or {told[-1]}"
