"""The same commands to two FCs: in what the contract leaves free they may differ.

A release that answers as the contract allows can still break whoever relies on how the one before
it did. So each conversation with the FC is followed by one with the other: the same commands, each
FC with runs and keys of its own, each judged by itself. Where both do what is allowed, and the run
is at the same place on both, their answers are compared. What the other does wrong is its own
affair, and is told once.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Final, TypeAlias

from attrs import define, evolve, field, frozen

from pt004_model.drive.lockstep import Lockstep, TargetLost
from pt004_model.judge.finding import Finding, quote
from pt004_model.judge.memory import View
from pt004_model.judge.oracle import Verdict
from pt004_model.model.commands import Command, describe, short, subject
from pt004_model.model.coverage import situation
from pt004_model.model.replies import Reply
from pt004_model.model.values import Json
from pt004_model.model.world import Unjudged
from pt004_model.trace.recorded import Step

_MOST: Final = 200
"""Differences that are told apart."""
_NAMES: Final = 8
_LONGEST: Final = 120
Pair: TypeAlias = tuple[str, str, str]
"""In what two answers differ, and how either is in that."""


@frozen
class Variation:
    """A difference between two FCs: in ``what``, as it is ``here`` and ``there``.

    ``calls`` are the kinds of call that showed it, ``count`` how many did, ``first`` the first.
    """

    what: str
    here: str
    there: str
    calls: tuple[str, ...] = ()
    count: int = 0
    first: str = ""

    def __str__(self) -> str:
        """Return the difference in a line for people."""
        return f"{self.what}: {self.here} here, {self.there} there"


def together(several: Iterable[Variation]) -> tuple[Variation, ...]:
    """Return differences that were counted apart as one each, the most frequent first."""
    seen: dict[Pair, Variation] = {}
    for each in several:
        known = seen.setdefault((each.what, each.here, each.there), evolve(each, count=0))
        calls = tuple(sorted({*known.calls, *each.calls}))
        seen[each.what, each.here, each.there] = evolve(
            known, calls=calls, count=known.count + each.count
        )
    return tuple(sorted(seen.values(), key=lambda each: -each.count))


@define
class Comparison:
    """Differences from another FC, with which conversations begin by ``converse``.

    That is its ``Session.lockstep``. Nothing is compared any more once it is ``gone``.
    """

    converse: Callable[[Callable[[Finding, Lockstep], None]], Lockstep]
    seen: dict[Pair, Variation] = field(factory=dict)
    gone: bool = False

    @property
    def variations(self) -> tuple[Variation, ...]:
        """All differences, the most frequent first."""
        return together(self.seen.values())

    def follow(self) -> Callable[[Step], None]:
        """Begin a conversation; return what has to be told each step of the one that it follows."""
        return partial(self._step, self.converse(self._diverges))

    def _step(self, there: Lockstep, step: Step) -> None:
        """Send the command of a step there as well, and compare the answers."""
        if self.gone:
            return
        alike = _place(step.before[0], step.command) == _place(there.views[0], step.command)
        try:
            judgement = there.do(step.command)
        except TargetLost as lost:
            self.gone = True
            self._note(("answers", "some", f"none any more ({lost})"), step)
            return
        if judgement is None or not alike:
            return
        for pair in contrasts(step, there.steps[-1]):
            self._note(pair, step)

    def _diverges(self, finding: Finding, there: Lockstep) -> None:
        told = [pair for pair in self.seen if pair[0] == "the contract"]
        pair = told[0] if told else ("the contract", "kept", f"not kept ({finding})")
        self._note(pair, there.steps[-1])

    def _note(self, pair: Pair, step: Step) -> None:
        if pair not in self.seen and len(self.seen) == _MOST:
            return
        world = step.before[0].world
        number = subject(step.command)
        run = None if number is None else world.runs.get(number)
        where = "" if run is None else f", of a run that was {run.state}"
        said = short(describe(step.command), _LONGEST)
        known = self.seen.get(pair) or Variation(*pair, first=f"{said}{where}")
        call = " ".join(filter(None, situation(world, step.command, coarse=True)))
        calls = tuple(sorted({*known.calls, call}))
        self.seen[pair] = evolve(known, calls=calls, count=known.count + 1)


def _place(view: View, command: Command) -> object:
    """Return where the run of a command is, as far as that decides of what may be answered.

    It is equal to that on another FC where the same has happened to the run.
    """
    world, number = view.world, subject(command)
    if number is None:
        return None
    if number in view.unsettled or number in world.outside or number in world.open_calls:
        return object()
    run, key = world.runs.get(number), getattr(command, "key", None)
    used = (int(command.caller.tenant), key) in world.keys
    return used, None if run is None else (run.state, run.version, len(run.gates))


def contrasts(here: Step, there: Step) -> Iterator[Pair]:
    """Yield in what two answers to the same command differ that are both allowed."""
    both = (here, there)
    if any(each.judgement.verdict is not Verdict.CONFORMS for each in both):
        return
    replies = [each.response for each in both if isinstance(each.response, Reply)]
    if len(replies) < len(both):
        return
    one, other = replies
    if one.code != other.code:
        yield "status code", str(one.code), str(other.code)
    if (one.code < 300) != (other.code < 300):
        return
    if any(isinstance(each.judgement.outcome, Unjudged) for each in both):
        return
    if isinstance(one.body, dict) and isinstance(other.body, dict):
        kind = "an answer" if one.code < 300 else "a refusal"
        yield from _unlike(f"fields of {kind}", one.body, other.body)
        if one.code < 300:
            yield from _envelopes(one.body, other.body)


def _envelopes(here: dict[str, Json], there: dict[str, Json]) -> Iterator[Pair]:
    for name, member in (("run", "status"), ("logs", "event_type"), ("gates", "status")):
        one, other = _rows(here.get(name)), _rows(there.get(name))
        if not (one and other):
            if one or other:
                yield f"{name} in an answer", _amount(one), _amount(other)
            continue
        yield from _unlike(
            f"fields of {name}", *({n for row in r for n in row} for r in (one, other))
        )
        mine, yours = ([quote(row.get(member)) for row in rows] for rows in (one, other))
        more, fewer = Counter(mine) - Counter(yours), Counter(yours) - Counter(mine)
        if more or fewer:
            yield f"{member} of {name}", _listed(more), _listed(fewer)
        elif mine != yours:
            first = next(pair for pair in zip(mine, yours, strict=True) if pair[0] != pair[1])
            yield f"order of {name}", *first


def _rows(part: Json) -> list[dict[str, Json]]:
    rows = part if isinstance(part, list) else [part]
    return [each for each in rows if isinstance(each, dict)]


def _amount(rows: list[dict[str, Json]]) -> str:
    return "in full" if rows else "none"


def _unlike(what: str, here: Iterable[str], there: Iterable[str]) -> Iterator[Pair]:
    """Yield that one has names that the other has not."""
    mine, yours = set(here), set(there)
    if mine != yours:
        yield what, _listed(map(quote, mine - yours)), _listed(map(quote, yours - mine))


def _listed(names: Iterable[str]) -> str:
    """Return names in alphabetical order, the first of them."""
    ordered = sorted(names)
    more = f" and {len(ordered) - _NAMES} more" if len(ordered) > _NAMES else ""
    return ", ".join(ordered[:_NAMES]) + more or "none besides"
