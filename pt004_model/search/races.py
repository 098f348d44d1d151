"""Rounds of calls that several clients make at once, by kind and by the state of the run.

Each round has a run of its own, which a client alone brings to some state of the model. What comes
of a round depends on how the FC is scheduled, so no later draw looks at it: the kind, the state and
the calls come from a generator that only counts rounds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from random import Random
from typing import Any, Final, TypeAlias, TypeVar

from attrs import define, evolve, field

from pt004_model.drive.lockstep import Lockstep
from pt004_model.drive.session import Session
from pt004_model.judge.memory import JsonObject
from pt004_model.judge.oracle import Verdict
from pt004_model.model.asks import Change, read_change
from pt004_model.model.commands import Caller, ChangeRun, Command, CreateRun, ReadRun, Tenant
from pt004_model.model.coverage import decision_word
from pt004_model.model.moves import Move, Place, body, forbidden_moves, legal_moves, places
from pt004_model.model.run import Run, step
from pt004_model.model.values import Body
from pt004_model.search.payloads import creation, step_names
from pt004_model.vocabulary import Status

Call: TypeAlias = ChangeRun | CreateRun | ReadRun
Clients: TypeAlias = list[list[Call]]
_T = TypeVar("_T", bound=Hashable)
NONE: Final = "-"
"""The state of a run that is not there yet."""
_KEY: Final = "once"
_CREATES: Final = ("creates under one key", "several creates")
"""Kinds that need no run before them."""
_WEIGHTS: Final = {"rivals": 3.0, "reader beside writer": 2.0, **dict.fromkeys(_CREATES, 12.0)}
"""How often a kind gets its turn, where it is not once."""
_ENDED: Final = 0.25
"""How often where a run has ended, so that nothing changes it any more."""
_OFTEN: Final = 0.4
"""How often there is one call more than it takes."""
_REFUSED: Final = 0.1
"""How often a change is none that is legal where the run is."""
_MOST: Final = 4
"""Clients of a round."""
_LARGE: Final[JsonObject] = {"metadata": {"long": "x" * 2**18}}
"""What takes an FC longer to read, to write and to send, so that calls meet within that."""
_LARGER: Final = 0.25
"""How often a run carries it."""


def state_word(run: Run) -> str:
    """Return the state of a run as the tables of what was tried name it."""
    return f"{run.state.status} {decision_word(run)}"


def table(kinds: Iterable[str], counts: Mapping[tuple[str, str], int]) -> dict[str, Any]:
    """Return counts by kind and state as ``summary.json`` has them: a row for each kind."""
    every = sorted(counts.items())
    return {kind: {state: n for (each, state), n in every if each == kind} for kind in kinds}


def walk(lockstep: Lockstep, number: int, way: Iterable[Move]) -> bool:
    """Take a run on its way; tell whether the FC went that way, as it need not."""
    for move in way:
        asked = body(lockstep.world.runs[number], move) if lockstep.drivable(number) else None
        if asked is None:
            return False
        lockstep.do(ChangeRun(number, asked))
    return True


@define
class Beside:
    """Runs beside those of the search, in the states tried least, by a chance of their own.

    ``session`` has a tally of its own. ``places`` are the ways to each state, with the length of
    the runs that go them.
    """

    session: Session
    rng: Random
    lengths: tuple[int, ...]
    places: dict[str, list[tuple[int, Place]]] = field(init=False, factory=dict)

    def __attrs_post_init__(self) -> None:
        for length in self.lengths:
            for place in places(length):
                self.places.setdefault(state_word(place.run), []).append((length, place))

    def least(
        self, tried: Counter[_T], options: Iterable[_T], weight: Callable[[_T], float] = lambda _: 1
    ) -> _T:
        """Return the option that was tried least for its weight; chance decides between equals."""
        rest = {each: (tried[each] + self.rng.random()) / weight(each) for each in options}
        return min(rest, key=rest.__getitem__)

    def some(self, run: Run, *, forbidden: bool = False) -> Body | None:
        """Return the body of a move that is legal where the run is, or forbidden, if it has one."""
        moves = forbidden_moves(run) if forbidden else legal_moves(run)
        return body(run, self.rng.choice(moves)) if moves else None


def _change(run: Run, rng: Random, actor: int = 0, key: str | None = None) -> ChangeRun:
    """Return a change that is legal where the run is, as a rule and where there is one."""
    legal, forbidden = legal_moves(run), forbidden_moves(run)
    move = rng.choice(forbidden if not legal or rng.random() < _REFUSED else legal)
    asked = body(run, move)
    assert asked is not None  # noqa: S101 - both have a body for each move
    return ChangeRun(run.number, asked, Caller(actor=actor), key)


def _count(rng: Random) -> int:
    return next(n for n in range(2, _MOST + 1) if n == _MOST or rng.random() >= _OFTEN)


def _and_on(run: Run, call: ChangeRun, rng: Random) -> list[Call]:
    """Return a call and what who has had its answer may do next, as if each was accepted."""
    calls = [call]
    while len(calls) < _MOST and rng.random() < _OFTEN:
        change = read_change(calls[-1].body)
        after = step(run, change, 0)[0] if isinstance(change, Change) else None
        run = after if isinstance(after, Run) else run
        calls.append(_change(run, rng, calls[0].caller.actor))
    return [*calls]


def _twins(run: Run, rng: Random) -> Clients:
    """Return one call made by several, of whom the first perhaps goes on."""
    one = _change(run, rng, key=_KEY)
    others: Clients = [[evolve(one, caller=Caller(actor=n % 3))] for n in range(1, _count(rng))]
    return [_and_on(run, one, rng), *others]


def _false_twins(run: Run, rng: Random) -> Clients:
    one, other = _change(run, rng, key=_KEY), _change(run, rng, key=_KEY)
    if one.body == other.body:
        other = evolve(other, body=other.body.replace(reason="another"))
    return [[one], [other]]


def _rivals(run: Run, rng: Random) -> Clients:
    return [_and_on(run, _change(run, rng, n % 3), rng) for n in range(_count(rng))]


def _reader_beside_writer(run: Run, rng: Random) -> Clients:
    reads: list[Call] = [ReadRun(run.number)]
    while len(reads) < _MOST and rng.random() < _OFTEN:
        reads.append(ReadRun(run.number, logs=rng.random() < _OFTEN))
    return [[_change(run, rng)], reads]


def _stranger_beside_owner(run: Run, rng: Random) -> Clients:
    stranger, read = Caller(Tenant.STRANGER), ReadRun(run.number)
    if rng.random() < _OFTEN:
        return [[_change(run, rng)], [evolve(_change(run, rng), caller=stranger)]]
    return [[read], [evolve(read, caller=stranger)]]


def _creates_under_one_key(run: Run, rng: Random) -> Clients:
    one = evolve(creation(0, run.asked.steps or ()), key=_KEY)
    other = one
    if rng.random() < _OFTEN:
        other = evolve(one, body=one.body.replace(workflow_version="another"))
    return [[one], [other]]


def _two_runs(run: Run, rng: Random) -> Clients:
    """Return calls on two runs, of which two changes under one key exclude each other."""
    other, key = evolve(run, number=1), rng.choice((None, _KEY))
    if rng.random() < _OFTEN:
        return [[ReadRun(0)], [ReadRun(1)]]
    return [[_change(run, rng, 0, key)], [_change(other, rng, 1, key)]]


def _several_creates(run: Run, rng: Random) -> Clients:
    """Return creates of several runs by as many actors, or of two under one key of two tenants."""
    one, count = creation(0, run.asked.steps or ()), rng.randint(2, _MOST)
    others = [
        CreateRun(n, one.body.replace(workflow_version=f"another {n}"), Caller(actor=n % 3))
        for n in range(1, count)
    ]
    if rng.random() < _OFTEN:
        stranger = Caller(Tenant.STRANGER)
        return [[evolve(one, key=_KEY)], [evolve(others[0], caller=stranger, key=_KEY)]]
    clients: Clients = [[one]]
    return clients + [[each] for each in others]


KINDS: Final[dict[str, Callable[[Run, Random], Clients]]] = {
    "twins": _twins,
    "false twins": _false_twins,
    "rivals": _rivals,
    "reader beside writer": _reader_beside_writer,
    "stranger beside owner": _stranger_beside_owner,
    "two runs": _two_runs,
    "creates under one key": _creates_under_one_key,
    "several creates": _several_creates,
}
"""The kinds of rounds: the calls of each client for a run where it is."""


@define
class Raced:
    """The counts of rounds.

    ``raced`` are those whose calls overlapped and were judged, by kind and state; ``unsure`` those
    that could not be judged, ``alone`` those whose calls show a finding one by one as well, and
    ``tried`` all that were begun.
    """

    rounds: int = 0
    raced: Counter[tuple[str, str]] = field(factory=Counter)
    unsure: Counter[str] = field(factory=Counter)
    alone: int = 0
    tried: Counter[tuple[str, str]] = field(factory=Counter)

    def include(self, other: Raced) -> None:
        """Count the rounds of another part of the campaign."""
        self.rounds += other.rounds
        self.alone += other.alone
        self.raced.update(other.raced)
        self.unsure.update(other.unsure)
        self.tried.update(other.tried)

    def missing(self) -> tuple[str, ...]:
        """Return the kinds of which no round was judged."""
        there = {kind for kind, _ in self.raced}
        return tuple(kind for kind in KINDS if kind not in there)


@define
class Races(Beside):
    """The rounds of a campaign."""

    counts: Raced = field(factory=Raced)

    def cells(self) -> list[tuple[str, str]]:
        """Return the table: each kind with each state that it is for."""
        with_run = [kind for kind in KINDS if kind not in _CREATES]
        made = [(kind, NONE) for kind in _CREATES]
        return [*made, *((kind, state) for kind in with_run for state in self.places)]

    def round(self) -> None:
        """Send one round, of a kind in a state that was tried least."""
        counts = self.counts
        cell = self.least(counts.tried, self.cells(), lambda each: _weight(*each))
        counts.tried[cell] += 1
        counts.rounds += 1
        kind, state = cell
        length, place = self.rng.choice(self.places["pending -" if state == NONE else state])
        lockstep = self.session.lockstep(self.session.on_finding)
        lockstep.known = frozenset(self.session.tally.echoes.findings)
        run, carried = place.run, _LARGE if self.rng.random() < _LARGER else None
        if state != NONE:
            for number in range(2 if KINDS[kind] is _two_runs else 1):
                if not _bring(lockstep, creation(number, step_names(length), carried), place):
                    return
            run = lockstep.world.runs[0]
            cell = (kind, state_word(run))
        clients, rng = KINDS[kind](run, self.rng), Random(self.rng.random())  # noqa: S311 - no secret
        for client, calls in enumerate(clients):
            for call in calls:
                lockstep.do(_by(client, call, carried))
        lockstep.do(ReadRun(0))
        _go_on(lockstep, [call for calls in clients for call in calls], rng)
        for judged in lockstep.rounds:
            if judged.alone:
                counts.alone += 1
            elif judged.verdict is Verdict.UNSURE:
                counts.unsure[judged.why] += 1
            elif not judged.one:
                counts.raced[cell] += 1

    def as_json(self) -> dict[str, Any]:
        """Return the counts as ``summary.json`` has them."""
        return {
            "rounds": self.counts.rounds,
            "judged": self.counts.raced.total(),
            "unsure": self.counts.unsure.total(),
            "cells": len(self.cells()),
            "table": table(KINDS, self.counts.raced),
        }


def _bring(lockstep: Lockstep, made: CreateRun, place: Place) -> bool:
    """Make a run and bring it to a place; tell whether the FC went that way, as it need not."""
    lockstep.do(made)
    number = int(made.run)
    return walk(lockstep, number, place.way) and lockstep.drivable(number)


def _go_on(lockstep: Lockstep, calls: Sequence[Call], rng: Random) -> None:
    """Look at what a round leaves behind: at further runs, at its keys, at how the run goes on.

    A key answers as it did; one that nothing was accepted under takes another change.
    """
    keyed: dict[object, ChangeRun | CreateRun] = {}
    for call in calls:
        if call.run != 0:
            lockstep.do(ReadRun(call.run, caller=call.caller))
        if not isinstance(call, ReadRun) and call.key:
            keyed.setdefault((call.run, call.body), call)
    for call in keyed.values():
        lockstep.do(call)
    if lockstep.drivable(0):
        key = next((e.key for e in keyed.values() if e.caller.tenant is Tenant.OURS), None)
        used = any(name == key for _, name in lockstep.world.keys)
        lockstep.do(_change(lockstep.world.runs[0], rng, key=None if used else key))


def _weight(kind: str, state: str) -> float:
    """Return how often a kind of round gets its turn in a state."""
    ended = state.partition(" ")[0] in {Status.COMPLETED, Status.FAILED}
    return _WEIGHTS.get(kind, 1.0) * (_ENDED if ended else 1.0)


def _by(client: int, call: Call, carried: JsonObject | None) -> Command:
    if isinstance(call, CreateRun) and carried:
        call = evolve(call, body=call.body.replace(**carried))
    return evolve(call, caller=evolve(call.caller, client=client))
