"""The part that all conversations of a campaign have in common."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache

from attrs import define, evolve, field, frozen

from pt004_model.drive.comparing import Comparison
from pt004_model.drive.lockstep import Fc, Lockstep, Tally
from pt004_model.judge.checks import AREAS
from pt004_model.judge.finding import Finding
from pt004_model.judge.memory import Seen
from pt004_model.judge.oracle import Oracle
from pt004_model.model.commands import Command, CreateRun, Token, subject
from pt004_model.model.coverage import Edge
from pt004_model.model.required import NOTHING, Required
from pt004_model.model.run import Run
from pt004_model.vocabulary import RUN_TIMES

OLDEST = 3
"""Runs that are remembered from the very beginning of a campaign."""
JOURNAL = 8_000
"""Commands that are remembered whatever they are about: the latest."""
IDS = 100_000
"""Ids of which it is remembered whose they are: the latest."""
REMEMBERED = 30
"""Runs that are remembered in all; of the later ones the latest."""


@frozen
class Remembered:
    """A run of an earlier example: what the model knows of it, what was seen, and found.

    ``since`` is the place in the journal of the command that created it.
    """

    run: Run
    seen: Seen
    since: int
    told: set[str] = field(factory=set)


_APART = 10**6
_TIMES = frozenset({*RUN_TIMES, "resolved_at", "timestamp"})
_PACE = 0.05
"""Several times what is left open of a clock (``judge.clock``)."""


def apart(
    commands: tuple[Command, ...], runs: set[int] | None = None, count: int = 1
) -> tuple[Command, ...]:
    """Return ``commands`` with other numbers for ``runs``, or for all runs without it."""
    return tuple(
        each
        if (number := subject(each)) is None or (runs is not None and number not in runs)
        else evolve(each, run=number + count * _APART)  # type: ignore[arg-type]  # it has a run
        for each in commands
    )


@define
class Archive:
    """Runs of earlier examples, and the journal of all commands since the first of them.

    Runs are numbered through a campaign, so that commands of all its examples can be sent again
    as one conversation. ``begins`` are the places in the journal where a conversation began.
    """

    runs: list[Remembered] = field(factory=list)
    journal: list[Command] = field(factory=list)
    begins: list[int] = field(factory=list)
    next_run: int = 0

    def keep(self, lockstep: Lockstep, first: int) -> None:
        """Remember the runs that an example made, from the number ``first`` on.

        A run that may be in one of two states is left out.
        """
        view = lockstep.views[0]
        unclear = {*view.world.open_calls, *view.world.outside, *view.unsettled}
        for number, run in view.world.runs.items():
            if number >= first and number not in unclear and number in view.seen:
                told = lockstep.told.get(number, set())
                self.remember(Remembered(run, view.seen[number], lockstep.began, told))

    def remember(self, run: Remembered) -> None:
        """Remember a run, and forget what is too old."""
        self.runs.append(run)
        if len(self.runs) > REMEMBERED:
            del self.runs[OLDEST]
        if len(self.journal) >= 2 * JOURNAL:
            self._forget(len(self.journal) - JOURNAL)

    def _forget(self, before: int) -> None:
        """Forget the commands before a place that are about no run that is remembered.

        A night makes millions, and no replay has the time for as many.
        """
        runs = {each.run.number for each in self.runs}
        kept = [place for place in range(before) if subject(self.journal[place]) in runs]

        def moved(place: int) -> int:
            return bisect_left(kept, place) + max(0, place - before)

        self.journal[:before] = [self.journal[place] for place in kept]
        self.begins = sorted({moved(place) for place in self.begins})
        self.runs = [evolve(each, since=moved(each.since)) for each in self.runs]

    def history(self) -> tuple[tuple[Command, ...], ...]:
        """Return all commands so far, a conversation each; no two runs have one number."""
        ends = (*self.begins[1:], len(self.journal))
        made: set[int] = set()
        told: list[tuple[Command, ...]] = []
        for count, (begin, end) in enumerate(zip(self.begins, ends, strict=True), 1):
            commands = tuple(self.journal[begin:end])
            created = {each.run for each in commands if isinstance(each, CreateRun)}
            # the canonical cases all begin with run 0
            told.append(apart(commands, created & made, count))
            made |= created
        return tuple(told)

    def pick(self, example: int) -> tuple[Remembered, ...]:
        """Return the runs to read again in an example: the oldest, and another one in turn."""
        if not self.runs:
            return ()
        other = self.runs[example % len(self.runs)]
        return (self.runs[0], other) if other is not self.runs[0] else (other,)


class Divergence(AssertionError):  # noqa: N818 - the field's word, and no error of ours
    """An FC answered otherwise than the contract allows.

    Hypothesis tells bugs apart by exception type, file and line. One class raised from one place
    would be one bug, so each fingerprint has a class of its own, made once: a new class each time
    would be a flaky failure.
    """


@cache
def divergence(fingerprint: str) -> type[Divergence]:
    """Return the exception class of a fingerprint, the same at every call."""
    return type(f"Divergence_{fingerprint}", (Divergence,), {"__doc__": Divergence.__doc__})


def raise_finding(finding: Finding, lockstep: Lockstep) -> None:
    """Raise a finding; to be used as ``on_finding`` of a lockstep."""
    del lockstep
    raise divergence(finding.fingerprint)(str(finding))


@define
class Session:
    """An FC, the oracle that judges it, and what to do with findings.

    A campaign has an ``archive``: its runs are remembered over its examples and read again.
    ``fresh`` starts another FC like this one, without history, for as long as it is used; there is
    none where an FC cannot be started. It raises ``TargetLost`` when that fails. ``pace`` is the
    left between the calls of a conversation, ``patience`` those without any answer after which the
    FC counts as gone. ``on_call`` is called before each call and may raise.
    ``required`` is what every create must carry on it.
    ``races`` says that calls are made at once as well, ``keyed`` that keys can be relied on, so
    that a call whose answer is lost is made again, ``crashes`` that the FC can be killed and be
    started again.
    ``comparison`` has the same commands sent to another FC.
    ``used`` counts the edges that production uses, which are preferred. ``shown_by`` is the kind of
    command that a replay which shows a finding ends with, ``known`` are the fingerprints past which
    calls at once are judged.
    ``no_longer`` asks again what was true before the campaign began, and says what is so no longer.
    """

    fc: Fc
    oracle: Oracle
    tally: Tally = field(factory=Tally)
    on_finding: Callable[[Finding, Lockstep], None] = raise_finding
    authenticates: bool = False
    bad_tokens: tuple[Token, ...] = ()
    ungoverned: bool = False
    archive: Archive | None = None
    examples: int = 0
    fresh: Callable[[], AbstractContextManager[Fc]] | None = None
    pace: float = 0.0
    patience: float = 0.0
    on_call: Callable[[], None] = lambda: None
    no_longer: Callable[[], str | None] = lambda: None
    required: Required = NOTHING
    races: bool = False
    keyed: bool = False
    crashes: bool = False
    comparison: Comparison | None = None
    used: dict[Edge, int] = field(factory=dict)
    shown_by: type = object
    known: frozenset[str] = frozenset()

    @property
    def judged(self) -> tuple[str, ...]:
        """The areas whose findings would be seen; without tokens nothing is authenticated."""
        seen = {
            "authentication": self.authenticates,
            "concurrency": self.races,
            "durability": self.crashes,
        }
        areas = self.oracle.areas - {area for area, there in seen.items() if not there}
        own = tuple(dict.fromkeys(each.check.area for each in self.oracle.own))
        return (*(area for area in AREAS if area in areas), *own)

    def lockstep(self, on_finding: Callable[[Finding, Lockstep], None] | None = None) -> Lockstep:
        """Return a new conversation; with an ``on_finding`` of its own it is not in the journal."""
        self.oracle.ledger.forget(IDS)
        own = on_finding is not None or self.archive is None
        if self.archive is not None and not own:
            self.archive.begins.append(len(self.archive.journal))
        return Lockstep(
            self.fc,
            self.oracle,
            on_finding or self.on_finding,
            self.tally,
            self.authenticates,
            journal=None if own or self.archive is None else self.archive.journal,
            pace=self.pace,
            patience=self.patience,
            on_call=self.on_call,
            required=self.required,
            known=self.known,
            on_step=(lambda _: None) if self.comparison is None else self.comparison.follow(),
        )

    def paced_for(self, where: str) -> Session:
        """Return this session, or one that takes its time when a finding is about a time.

        ``where`` is the place of the finding in the reply. A time that belongs to another change
        can be told only where that change lies further back than the clocks are uncertain (section
        2); in a campaign other calls may have been between the two, which the finding then needs.
        """
        return evolve(self, pace=_PACE) if where.rpartition(".")[2] in _TIMES else self
