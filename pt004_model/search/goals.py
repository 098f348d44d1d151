"""The edges of the model as goals: which a campaign has driven, which it could, which come next."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import cache

from attrs import frozen

from pt004_model.drive.lockstep import Tally
from pt004_model.model.coverage import UNGOVERNED, Edge
from pt004_model.model.laws import SOMETIMES
from pt004_model.model.moves import Goal, goals
from pt004_model.search.fillings import places
from pt004_model.search.scheduler import Keys
from pt004_model.vocabulary import Decision, Status


@frozen
class Coverage:
    """Goals (edges; a *may* edge counts once) that were driven and missed, and laws witnessed.

    ``values`` counts the kinds of values by the place in which one was taken, out of
    ``values_reachable``.
    """

    driven: int = 0
    reachable: int = 0
    missing: tuple[str, ...] = ()
    witnessed: tuple[str, ...] = ()
    unwitnessed: tuple[str, ...] = ()
    values: int = 0
    values_reachable: int = 0
    values_missing: tuple[str, ...] = ()

    @property
    def share(self) -> float:
        """Driven goals out of reachable ones, from 0 to 1."""
        return self.driven / self.reachable if self.reachable else 0.0

    @property
    def values_share(self) -> float:
        """Kinds of values in their places that were taken, out of all, from 0 to 1."""
        return self.values / self.values_reachable if self.values_reachable else 0.0


def reachable(tally: Tally, lengths: tuple[int, ...]) -> tuple[Goal, ...]:
    """Return the goals that this FC lets one reach, under the freedoms that it was seen to take.

    An FC that pauses and fails by itself (section 5.3) never shows a run held by a decision, and
    one that refuses to fail a pending run has no run that failed before it began.
    """
    gone = {
        decision
        for decision in (Decision.FLAG, Decision.DENY)
        if tally.own[decision] and not tally.held[decision]
    }
    refuses = not any(
        edge.status == Status.PENDING and edge.command == "fail" and edge.outcome == "accepted"
        for edge in tally.edges
    )
    return tuple(
        goal
        for goal in goals(lengths)
        if not any(_held(each, gone) or (refuses and _stillborn(each)) for each in goal.edges)
    )


def _held(edge: Edge, gone: set[Decision]) -> bool:
    return edge.status == Status.RUNNING and edge.decision in gone


def _stillborn(edge: Edge) -> bool:
    return (
        edge.status == Status.FAILED
        and edge.decision == "-"
        and edge.position in {"none", UNGOVERNED}
    )


def missing(tally: Tally, lengths: tuple[int, ...]) -> tuple[Goal, ...]:
    """Return the reachable goals that were not driven yet."""
    return tuple(goal for goal in reachable(tally, lengths) if not goal.edges & tally.edges.keys())


def measure(tally: Tally, lengths: tuple[int, ...]) -> Coverage:
    """Return the coverage of what was counted, for runs of the given lengths (0: ungoverned)."""
    all_goals = reachable(tally, lengths)
    left = missing(tally, lengths)
    names = {law.name for law in SOMETIMES}
    governed_only = lengths == (0,)
    wanted = names - {"resume-starts-next-step"} if governed_only else names
    kinds = places(governed=not governed_only)
    unfilled = kinds - tally.values.keys()
    return Coverage(
        len(all_goals) - len(left),
        len(all_goals),
        tuple(sorted(" or ".join(sorted(map(str, goal.edges))) for goal in left)),
        tuple(sorted(wanted & tally.witnessed)),
        tuple(sorted(wanted - tally.witnessed)),
        len(kinds) - len(unfilled),
        len(kinds),
        tuple(sorted(f"{kind} as {place}" for kind, place in unfilled)),
    )


def due(tally: Tally, lengths: tuple[int, ...], used: Collection[Edge] = ()) -> tuple[Goal, ...]:
    """Return the goals that come next: those never driven, or all when every one was.

    Among those never driven the ones come first that are ``used`` elsewhere.
    """
    left = missing(tally, lengths)
    first = tuple(goal for goal in left if not goal.edges.isdisjoint(used))
    return first or left or reachable(tally, lengths)


def unlike(
    used: Mapping[Edge, int], driven: Collection[Edge], lengths: tuple[int, ...]
) -> dict[Edge, int]:
    """Return the used edges of the model that were not driven, the most used first."""
    known = {edge: goal for goal in goals(lengths) for edge in goal.edges}
    left = {e: n for e, n in used.items() if e in known and known[e].edges.isdisjoint(driven)}
    return dict(sorted(left.items(), key=lambda each: -each[1]))


def is_legal(goal: Goal) -> bool:
    """Tell whether the move of a goal is accepted, or may be."""
    return any(edge.outcome == "accepted" for edge in goal.edges)


@cache
def goal_keys(goal: Goal) -> Keys:
    """Return the headings of a goal: those of the move that it is, wherever that was made."""
    edge = min(goal.edges)
    kind = "legal" if is_legal(goal) else "forbidden"
    here = (kind, goal.length > 0, edge.status, edge.decision, goal.move.word)
    return (here, (*here, edge.position))
