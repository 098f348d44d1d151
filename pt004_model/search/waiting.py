"""Runs that are left alone for a while, and looked at again at growing distances.

A timer that nobody stopped, an archive, an end of life, a key that is forgotten: none of it shows
as long as a run is driven. So a few runs of a campaign, each left in another state, are a
conversation of their own beside all the others, which fill its waits. It is short, and so are the
traces of it.
"""

from __future__ import annotations

from math import ceil
from typing import Final

from attrs import define, field, frozen

from pt004_model.drive.session import Session
from pt004_model.model.commands import Wait
from pt004_model.model.moves import Move, forbidden_moves, legal_moves
from pt004_model.model.run import Ask
from pt004_model.search.machine import WorkflowMachine
from pt004_model.search.scheduler import Share
from pt004_model.vocabulary import Decision

_ALLOW, _FLAG, _DENY = (Move(Ask.START, each) for each in Decision)
_PAUSE, _RESUME = Move(Ask.PAUSE), Move(Ask.RESUME)
_WAYS: Final[tuple[tuple[Move, ...], ...]] = (
    (),
    (_ALLOW,),
    (_FLAG, _PAUSE),
    (_FLAG, _PAUSE, _RESUME),
    (_ALLOW, _PAUSE),
    (_ALLOW, _PAUSE, _RESUME),
    (_FLAG,),
    (_DENY,),
    (_ALLOW, Move(Ask.COMPLETE)),
    (_ALLOW, Move(Ask.FAIL)),
)
"""Moves after which a run is left alone."""
_FULL: Final = 300
"""Examples of a campaign that takes all of its waits; a shorter one takes a part of each."""
_FIRST: Final = 3
"""The example after which the first run is left alone."""


@frozen
class _Look:
    """A look at a run after ``seconds``, due once an example is over."""

    example: int
    run: int
    seconds: float
    last: bool


@define
class Alone:
    """The conversation of the runs that are left alone, and what is still to be looked at."""

    machine: WorkflowMachine
    ways: list[tuple[Move, ...]]
    waits: tuple[float, ...]
    apart: float
    looks: list[_Look] = field(factory=list)

    @classmethod
    def of(
        cls, session: Session, examples: int, waits: tuple[float, ...], lasts: float,
        share: Share | None = None,
    ) -> Alone:  # fmt: skip
        """Return the runs of a campaign of so many examples, which take ``lasts`` seconds."""
        machine = WorkflowMachine(session)
        # it goes on beside all others, so that the journal, which has one at a time, is without it
        machine.lockstep = session.lockstep(session.on_finding)
        short = tuple(round(min(1.0, examples / _FULL) * each, 2) for each in waits)
        ways = (share or Share()).take(_WAYS) if waits else ()
        return cls(machine, [*ways], short, examples / lasts)

    def visit(self, example: int) -> None:
        """Leave a run alone, and look at those for which it is time after an example."""
        if example >= _FIRST and self.ways:
            self._leave(example, self.ways.pop(0))
        due = [each for each in self.looks if each.example <= example]
        for look in due:
            self.looks.remove(look)
            self._look(look)

    def _leave(self, example: int, way: tuple[Move, ...]) -> None:
        """Make a run, take it on its way, and plan the looks at it."""
        machine, archive = self.machine, self.machine.session.archive
        if archive is not None:
            machine.next_run = archive.next_run
        ended = way[-1:] in ((Move(Ask.COMPLETE),), (Move(Ask.FAIL),))
        number = machine.make(("a",) if ended else ("a", "b"), delivery="keyed")
        for move in way:
            machine.go(number, move, delivery="keyed")
        machine.look(number)
        if archive is not None:
            archive.next_run = machine.next_run
        for count, seconds in enumerate(self.waits, 1):
            example += ceil(seconds * self.apart)
            self.looks.append(_Look(example, number, seconds, count == len(self.waits)))

    def _look(self, look: _Look) -> None:
        """Read a run after a wait, repeat its last call, have one refused, in the end move it.

        What is refused changes nothing, and by now a clock of whole seconds would show that it did.
        """
        machine = self.machine
        if not machine.lockstep.drivable(look.run):
            return
        machine.send(Wait(look.run, look.seconds))
        machine.look(look.run)
        machine.probe("repeat", "again", look.run)
        for moves in (forbidden_moves, *([legal_moves] if look.last else [])):
            if machine.lockstep.drivable(look.run) and (asked := moves(machine.model(look.run))):
                machine.go(look.run, asked[0])
                machine.look(look.run)
