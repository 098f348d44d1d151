"""Rounds in which the FC is killed in the middle of calls, by the state that a run is in.

Each round has runs of its own. Calls on all of them are under way when the FC is killed; once it
answers again every run is read in full, every key asked again, what must be refused is tried, and
each run goes on. What it keeps must be the same values, so runs carry those of the dictionary.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from attrs import define, evolve, field

from pt004_model.drive.lockstep import Lockstep
from pt004_model.model.commands import (
    Caller,
    ChangeRun,
    Command,
    CreateRun,
    ReadRun,
    Restart,
    Tenant,
)
from pt004_model.model.moves import Move, body
from pt004_model.model.replies import NoAnswer
from pt004_model.model.values import Body
from pt004_model.search.fillings import Filling, fillings
from pt004_model.search.payloads import ODD_VALUE, carrying, creation, step_names
from pt004_model.search.races import Beside, state_word

_RUNS: Final = 3
"""Runs of a round that are there before the kill; a further one is being made."""
_MADE: Final = 9
_STEP: Final = 0.002
"""Seconds by which a kill comes earlier or later than the one before; doubled in one direction."""
_MOST: Final = 10.0
_FURTHER: Final = 0.5
"""How often a run goes on from the state that it was brought to, which it came to the short way."""
_AGAIN: Final = 0.25
"""How often it is killed once more, when all has been looked at: a recovery may spoil the next."""


@define
class Crashes(Beside):
    """The rounds of a campaign.

    ``seen`` counts kills that met an open call, by the states of the runs concerned, ``met`` those
    kills. ``at`` is when the FC is killed, about: later when nothing was answered by then, sooner
    when everything was, and before the calls where the kill itself takes its time.
    """

    rounds: int = 0
    met: int = 0
    seen: Counter[str] = field(factory=Counter)
    at: float = 0.004
    _step: float = _STEP
    _tried: Counter[str] = field(factory=Counter)
    _fillings: list[Filling] = field(
        init=False, factory=lambda: [each for each in fillings() if each.values]
    )

    def round(self) -> None:
        """Bring runs to the states tried least, kill the FC while they are called, and look."""
        self.rounds += 1
        lockstep = self.session.lockstep(self.session.on_finding)
        for number in range(_RUNS):
            self._bring(lockstep, number)
        states = {number: state_word(run) for number, run in lockstep.world.runs.items()}
        calls = [call for number in states for call in self._calls(lockstep, number)]
        calls.append(evolve(creation(_MADE, step_names(max(self.lengths))), key=f"c{_MADE}"))
        self.rng.shuffle(calls)
        for client, call in enumerate(calls):
            lockstep.do(evolve(call, caller=Caller(client=client)))
        before = len(lockstep.steps)
        lockstep.do(Restart(round(self.at + self.rng.uniform(-_STEP, _STEP), 4)))
        self._note(lockstep, before, states)
        self._look(lockstep)

    def _bring(self, lockstep: Lockstep, number: int) -> None:
        """Make a run and bring it to the state that was tried least; some calls have keys."""
        state = self.least(self._tried, self.places)
        self._tried[state] += 1
        length, place = self.rng.choice(self.places[state])
        filling = self.rng.choice(self._fillings)
        carried = {**filling.created(0), self.rng.choice(_CREATED): ODD_VALUE}
        made = creation(number, step_names(length), carried)
        lockstep.do(evolve(made, key=f"c{number}"))
        moves: list[Move | None] = [*place.way, *([None] if self.rng.random() < _FURTHER else [])]
        for count, move in enumerate(moves):
            asked = self._body(lockstep, number, move)
            if asked is None:
                break  # the FC went another way, as it may
            more = {**filling.changed(count), self.rng.choice(_CHANGED): ODD_VALUE}
            asked = carrying(lockstep.world.runs[number], asked, more)
            key = f"k{number}-{count}" if self.rng.random() < 0.5 else None
            lockstep.do(ChangeRun(number, asked, key=key))
        if number in lockstep.world.runs:
            forbidden = self.some(lockstep.world.runs[number], forbidden=True)
            if forbidden is not None:  # what was refused must not be there afterwards
                lockstep.do(ChangeRun(number, forbidden, key=f"r{number}"))
        lockstep.do(ReadRun(number))

    def _body(self, lockstep: Lockstep, number: int, move: Move | None) -> Body | None:
        """Return a body that makes a move, or any legal one, where that is possible."""
        if not lockstep.drivable(number):
            return None
        run = lockstep.world.runs[number]
        return self.some(run) if move is None else body(run, move)

    def _calls(self, lockstep: Lockstep, number: int) -> list[ChangeRun | CreateRun]:
        """Return the call on a run beside which the FC is killed, if the run takes any."""
        asked = self._body(lockstep, number, None)
        key = f"open{number}" if self.rng.random() < 0.5 else None
        return [] if asked is None else [ChangeRun(number, asked, key=key)]

    def _note(self, lockstep: Lockstep, before: int, states: dict[int, str]) -> None:
        """Count the kill, and have the next one come at a better time."""
        called = lockstep.steps[before:-1]
        lost = [s for s in called if isinstance(s.response, NoAnswer) and s.response.applied]
        if lost:
            self.met += 1
            self.seen.update(states.get(getattr(each.command, "run", -1), "-") for each in lost)
        answered = [s for s in called if not isinstance(s.response, NoAnswer)]
        if called and not (lost and answered):
            later = not answered
            same = (self._step > 0) is later
            self._step = 2 * self._step if same else (_STEP if later else -_STEP)
            self.at = min(max(self.at + self._step, -_MOST), _MOST)

    def _look(self, lockstep: Lockstep) -> None:
        """Read every run, ask every key again, try what is to be refused, and go on."""
        made = list(lockstep.world.runs)
        reads: list[Command] = [ReadRun(number) for number in made]
        again = [
            evolve(step.command, caller=Caller())
            for step in lockstep.steps
            if isinstance(step.command, CreateRun | ChangeRun)
            and step.command.key
            and _taken_or_lost(step.response)
        ]
        for command in (*reads, *again, ReadRun(_MADE)):
            lockstep.do(command)
        if again:
            one = self.rng.choice(again)
            lockstep.do(evolve(one, body=one.body.replace(note="another")))
            lockstep.do(ReadRun(one.run, caller=Caller(Tenant.STRANGER)))
        for number in (*made, _MADE):
            for forbidden in (True, False):
                asked = None
                if lockstep.drivable(number):
                    asked = self.some(lockstep.world.runs[number], forbidden=forbidden)
                if asked is not None:
                    key = None if forbidden else f"on{number}"
                    lockstep.do(ChangeRun(number, asked, key=key))
            lockstep.do(ReadRun(number))
        if self.rng.random() < _AGAIN:
            for command in (Restart(), *reads):
                lockstep.do(command)

    def as_json(self) -> dict[str, Any]:
        """Return the counts as ``summary.json`` has them."""
        table = dict(sorted(self.seen.items()))
        return {"kills": self.rounds, "met": self.met, "rung": RUNG, "table": table}


# where numbers go too: the fillings hold texts alone
_CREATED: Final = ("input_payload", "metadata")
_CHANGED: Final = ("output_payload", "error_details")

RUNG: Final = "death of the process"
"""As much as such a kill is a test of."""


def _taken_or_lost(response: object) -> bool:
    return isinstance(response, NoAnswer) or getattr(response, "code", 500) < 300
