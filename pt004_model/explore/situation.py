"""What a choice is made in, and what comes of one: the words that all kinds of choices share."""

from __future__ import annotations

from enum import Enum
from random import Random
from typing import Final

from attrs import field, frozen

from pt004_model.explore.novelty import Keys, Novelty
from pt004_model.model.commands import Caller, Command, Tenant, Token
from pt004_model.model.coverage import decision_word, position_word
from pt004_model.model.run import Run
from pt004_model.model.scenarios import Scenario
from pt004_model.model.world import World
from pt004_model.vocabulary import Decision, Event, Status

_ENDED: Final = 0.15
_LATEST: Final = 0.65


class Family(Enum):
    """A kind of choice. The first ends an example at no cost, so that shrinking tends to it."""

    STOP = "stop"
    BEAT = "beat"
    MARCH = "march"
    LINGER = "linger"
    GOAL = "goal"
    CREATE = "create"
    KEY = "key"
    OUTSIDE = "outside"
    READ = "read"
    BEYOND = "beyond"


WALKS: Final = frozenset({Family.MARCH, Family.LINGER, Family.GOAL})
"""Families that make several moves, each chosen when the one before was answered."""


@frozen
class Choice:
    """A drawn choice: a family, and a seed for what varies in it; 0 is the plainest of all."""

    family: Family
    seed: int = 0

    @property
    def dice(self) -> Random | None:
        """What varies comes from here; ``None`` for the plainest of everything."""
        return Random(self.seed) if self.seed else None  # noqa: S311 - no secret is made


@frozen
class Idea:
    """A command to send, and the keys under which it counts as tried."""

    command: Command
    keys: Keys = ()


@frozen
class Situation:
    """What a choice is made in: the model's world, and what the machine has planned and tried.

    ``live`` are the runs that can be driven, the latest first; ``fresh`` is the next number.
    """

    world: World
    live: tuple[int, ...]
    plans: dict[int, Scenario]
    fresh: int
    ungoverned: bool = False
    bad_tokens: tuple[Token, ...] = ()
    plan: Scenario = field(default=Scenario((Decision.ALLOW,)))
    novelty: Novelty = field(factory=Novelty)

    def run(self, dice: Random | None) -> Run | None:
        """One of the runs that can be driven: mostly the latest of those that have not ended."""
        runs = [self.world.runs[number] for number in self.live]
        under_way = [run for run in runs if not run.state.terminal]
        if not runs:
            return None
        if dice is None:
            return (under_way or runs)[0]
        ended = [run for run in runs if run.state.terminal]
        if ended and (not under_way or dice.random() < _ENDED):
            return self.novelty.least(dice, ended, lambda run: (("ended", run.number),))[0]
        return under_way[0] if dice.random() < _LATEST else dice.choice(under_way)


def anyone(run: Run, dice: Random | None) -> Caller:
    """A caller who may act on the run: its tenant, and any actor."""
    actor = 0 if dice is None else dice.choice((0, 0, 1, 2))
    return Caller(Tenant(run.tenant), actor)


def place(run: Run) -> tuple[str, str, str]:
    """Where a run is, in the words of coverage."""
    return (str(run.state.status), decision_word(run), position_word(run))


def steps_around(run: Run) -> tuple[int, int]:
    """How many steps of a run have been started, and how many have not, as far as it matters."""
    done = 0 if run.state.step is None else run.state.step + 1
    return (min(done, 3), min(run.length - done, 3))


def past(run: Run) -> tuple[int, str]:
    """What lies behind a run, coarsely: its pauses, and the decision before this one."""
    decisions = [
        str(entry.details["decision"])
        for entry in run.log[-24:]
        if entry.event is Event.POLICY_DECIDED
    ]
    pauses = sum(
        entry.new_status is Status.PAUSED and entry.event is Event.STATUS_CHANGED
        for entry in run.log
    )
    return (min(pauses, 3), decisions[-2] if len(decisions) > 1 else "-")
