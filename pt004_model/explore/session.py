"""What all conversations of a campaign have in common."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping

from attrs import define, field, frozen

from pt004_model.explore.divergence import raise_finding
from pt004_model.explore.lockstep import Fc, Lockstep, Tally
from pt004_model.explore.novelty import Novelty
from pt004_model.judge.checks import AREAS
from pt004_model.judge.finding import Finding
from pt004_model.judge.memory import Seen
from pt004_model.judge.oracle import Oracle
from pt004_model.model.commands import Command, Token
from pt004_model.model.moves import Goal
from pt004_model.model.run import Run

OLDEST = 3
"""Runs that are remembered from the very beginning of a campaign."""
REMEMBERED = 30
"""Runs that are remembered in all; of the later ones the latest."""


@frozen
class Remembered:
    """A run of an earlier example: what the model knows of it, and what was seen.

    ``since`` is the place in the journal of the command that created it.
    """

    run: Run
    seen: Seen
    since: int


@define
class Archive:
    """Runs of earlier examples, and the journal of all commands since the first of them.

    Runs are numbered through a campaign, so that commands of all its examples can be sent again
    as one conversation.
    """

    runs: list[Remembered] = field(factory=list)
    journal: list[Command] = field(factory=list)
    next_run: int = 0

    def keep(self, lockstep: Lockstep, first: int) -> None:
        """Remember the runs that an example made, from the number ``first`` on."""
        view = lockstep.views[0]
        for number, run in view.world.runs.items():
            if number >= first and number not in view.world.open_calls and number in view.seen:
                self.runs.append(Remembered(run, view.seen[number], lockstep.began))
                if len(self.runs) > REMEMBERED:
                    del self.runs[OLDEST]

    def pick(self, example: int) -> tuple[Remembered, ...]:
        """The runs to be read again in an example: the oldest, and one of the others in turn."""
        if not self.runs:
            return ()
        other = self.runs[example % len(self.runs)]
        return (self.runs[0], other) if other is not self.runs[0] else (other,)


@define
class Session:
    """An FC, the oracle that judges it, and what to do with findings.

    ``goals`` are the edges that the present round prefers, ``tried_before`` says how often things
    were tried in earlier rounds; both stay as they are during a round.
    A campaign has an ``archive``: its runs are remembered over its examples and read again.
    ``hindered`` are the runs that were set aside while a known finding was seen.
    """

    fc: Fc
    oracle: Oracle
    tally: Tally = field(factory=Tally)
    on_finding: Callable[[Finding, Lockstep], None] = raise_finding
    authenticates: bool = False
    bad_tokens: tuple[Token, ...] = ()
    ungoverned: bool = False
    goals: tuple[Goal, ...] = ()
    archive: Archive | None = None
    examples: int = 0
    hindered: set[int] = field(factory=set)
    tried: dict[Hashable, int] = field(factory=dict)
    tried_before: Mapping[Hashable, int] = field(factory=dict)

    def begin_round(self, goals: tuple[Goal, ...]) -> None:
        """Fix what the examples of the next round aim at, and what counts as tried in it."""
        self.goals = goals
        self.tried_before = dict(self.tried)

    def end_example(self, novelty: Novelty) -> None:
        """Count what an example has tried; the next round will know."""
        self.examples += 1
        for key, count in novelty.own.items():
            self.tried[key] = self.tried.get(key, 0) + count

    @property
    def judged(self) -> tuple[str, ...]:
        """The areas whose findings would be seen; without tokens nothing is authenticated."""
        areas = self.oracle.areas if self.authenticates else self.oracle.areas - {"authentication"}
        return tuple(area for area in AREAS if area in areas)

    def lockstep(self, on_finding: Callable[[Finding, Lockstep], None] | None = None) -> Lockstep:
        """A new conversation; one with an ``on_finding`` of its own is not part of the journal."""
        own = on_finding is not None or self.archive is None
        return Lockstep(
            self.fc,
            self.oracle,
            on_finding or self.on_finding,
            self.tally,
            self.authenticates,
            journal=None if own or self.archive is None else self.archive.journal,
        )
