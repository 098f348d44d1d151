"""Runs of which calls go without an answer, by our own doing, by kind and by the state of the run.

A client that gets no answer makes the call again under its key, or reads on. What it then sees must
be a first answer or a first execution, never both. As rounds of races these have runs of their own
and draw from a generator of their own, so that they change nothing of the search.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from attrs import define, evolve, field

from pt004_model.drive.lockstep import Lockstep
from pt004_model.model.commands import Caller, ChangeRun, Command, CreateRun, Loss, ReadRun
from pt004_model.model.run import Run
from pt004_model.model.world import expect
from pt004_model.search.payloads import creation, step_names
from pt004_model.search.races import NONE, Beside, state_word, table, walk

_Call: TypeAlias = CreateRun | ChangeRun
_MOVES: Final = 2
"""Changes that are delivered in some odd way after the first."""


def _lost(call: _Call, loss: Loss) -> Command:
    return evolve(call, caller=evolve(call.caller, loss=loss))


def _at_once(call: _Call, copies: int) -> list[Command]:
    return [evolve(call, caller=evolve(call.caller, client=client)) for client in range(copies)]


def _again(loss: Loss, retries: int) -> Callable[[_Call, _Call], list[Command]]:
    def deliver(call: _Call, _: _Call) -> list[Command]:
        return [_lost(call, loss), *[call] * retries]

    return deliver


def _read_on(call: _Call, _: _Call) -> list[Command]:
    return [_lost(evolve(call, key=None), Loss.ANSWER)]


def _went_on(call: _Call, other: _Call) -> list[Command]:
    """Another change follows before the lost one is asked for again."""
    return [_lost(call, Loss.ANSWER), other, call]


def _both_lost(call: _Call, other: _Call) -> list[Command]:
    return [_lost(call, Loss.ANSWER), _lost(other, Loss.CLOSED), ReadRun(call.run), call]


def _broken_off(call: _Call, _: _Call) -> list[Command]:
    return [_lost(call, Loss.CUT), ReadRun(call.run), call, call]


KINDS: Final[dict[str, Callable[[_Call, _Call], list[Command]]]] = {
    "answer lost, asked again": _again(Loss.ANSWER, 2),
    "answer lost, read on": _read_on,
    "answer lost, went on": _went_on,
    "closed, asked again": _again(Loss.CLOSED, 1),
    "broken off, asked again": _broken_off,
    "lost twice, asked again": lambda call, _: [_lost(call, Loss.ANSWER)] * 2 + [call],
    "two lost in a row": _both_lost,
    "delivered twice at once": lambda call, _: _at_once(call, 2),
    "delivered twice without a key": lambda call, _: _at_once(evolve(call, key=None), 2),
}
"""How a call is delivered, of which another one may be the next."""
_CREATES: Final = ("answer lost, asked again", "closed, asked again", "broken off, asked again",
                   "lost twice, asked again", "delivered twice at once")  # fmt: skip
"""Those of which a create can be found again."""


@define
class LossCounts:
    """The counts of examples in which answers are lost.

    ``seen`` are deliveries by kind and by the state that the run was in, ``lost`` calls.
    """

    examples: int = 0
    seen: Counter[tuple[str, str]] = field(factory=Counter)
    lost: int = 0

    def include(self, other: LossCounts) -> None:
        """Count the examples of another part of the campaign."""
        self.examples += other.examples
        self.seen.update(other.seen)
        self.lost += other.lost


@define
class Losses(Beside):
    """The examples of a campaign in which answers are lost."""

    counts: LossCounts = field(factory=LossCounts)

    def cells(self) -> list[tuple[str, str]]:
        """Return the table: each kind with each state that it is for."""
        creates = [(kind, NONE) for kind in _CREATES]
        states = [each for each, ways in self.places.items() if not ways[0][1].run.state.terminal]
        return [*creates, *((kind, state) for kind in KINDS for state in states)]

    def example(self) -> None:
        """Run one example: a run is brought to a state, and goes on from there by odd ways."""
        self.counts.examples += 1
        kind, state = self.least(self.counts.seen, self.cells())
        length, place = self.rng.choice(self.places["pending -" if state == NONE else state])
        lockstep = self.session.lockstep(self.session.on_finding)
        create = evolve(creation(0, step_names(length)), key="create")
        made: list[Command] = KINDS[kind](create, create) if state == NONE else [create]
        self._send(lockstep, made, kind if state == NONE else "")
        if not walk(lockstep, 0, place.way if state != NONE else ()):
            return
        for count in range(1 + _MOVES):
            if not lockstep.drivable(0):
                break
            first = count == 0 and state != NONE
            self._deliver(lockstep, kind if first else self.rng.choice([*KINDS]), f"k{count}")
        used = {key: use for (_, key), use in lockstep.world.keys.items()}
        for step in [*lockstep.steps]:  # whatever came of them, keys answer as they did
            key = getattr(step.command, "key", None)
            if key in used and step.command.caller == Caller():
                used.pop(key)
                lockstep.do(step.command)

    def _deliver(self, lockstep: Lockstep, kind: str, key: str) -> None:
        """Make a change that the run may make, or one time in five one that it may not."""
        run = lockstep.world.runs[0]
        call = self._change(run, key)
        if call is None:
            return
        come = [each.world.runs[0] for each in expect(lockstep.world, call)]
        other = self._change(self.rng.choice([run, *come]), None) or evolve(call, key=None)
        self._send(lockstep, KINDS[kind](call, other), kind, state_word(run))

    def _change(self, run: Run, key: str | None) -> ChangeRun | None:
        asked = self.some(run, forbidden=self.rng.random() >= 0.8)
        return None if asked is None else ChangeRun(run.number, asked, key=key)

    def _send(
        self, lockstep: Lockstep, commands: list[Command], kind: str, state: str = NONE
    ) -> None:
        if (kind, state) in self.cells():  # a run that has ended is in no state of the table
            self.counts.seen[kind, state] += 1
        for command in (*commands, ReadRun(0)):
            lockstep.do(command)
            self.counts.lost += command.caller.loss is not None

    def as_json(self) -> dict[str, Any]:
        """Return the counts as ``summary.json`` has them."""
        told, cells = self.counts, len(self.cells())
        rows = table(KINDS, told.seen)
        return {"examples": told.examples, "lost": told.lost, "cells": cells, "table": rows}
