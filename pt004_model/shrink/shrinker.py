"""A recorded trace made as short as it can be, by replaying candidates.

Hypothesis shrinks what was drawn; this shrinks what was sent. It knows the model's words: a run, a
command, a declared step, a pause, an argument can be dispensed with. Every candidate is sent to the
FC and judged like any other conversation; it is kept when it shows the same fingerprint again. The
budget is counted in requests and seconds, and what was reached by then is kept.

An FC remembers. A fault that mixes up the runs of one workflow shows in a trace of one command once
enough runs of that workflow lie about, and then tells nobody what happened. So candidates are sent
with names of their own, and judged by what is in them alone; only a finding that does not come
again in that way is shrunk as it stands.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import islice

from attrs import define, evolve, field

from pt004_model.drive.lockstep import TRIES, BrokenOff, Lockstep
from pt004_model.drive.session import Session
from pt004_model.judge.finding import Finding
from pt004_model.judge.memory import Ledger
from pt004_model.model.commands import ChangeRun, Command, CreateRun
from pt004_model.model.replies import Reply
from pt004_model.model.values import Json
from pt004_model.shrink.prefilter import Foresight
from pt004_model.shrink.recast import REDUCTIONS
from pt004_model.shrink.reduce import first_cuts, renumbered, without
from pt004_model.shrink.simplify import simpler
from pt004_model.trace.recorded import Commands, Step

__all__ = ["Budget", "Commands", "Shrinker", "replay", "sent"]


@define
class Budget:
    """What shrinking one finding may cost, and what it has cost: requests and seconds."""

    requests: int = 1000
    seconds: float = 60.0
    spent: int = 0
    started: float = 0.0

    @property
    def left(self) -> bool:
        """Whether anything is left."""
        return self.spent < self.requests and time.monotonic() - self.started < self.seconds


def replay(
    session: Session,
    commands: Commands,
    fingerprint: str | None = None,
    *,
    alone: bool = False,
) -> tuple[Lockstep, Finding | None]:
    """Send ``commands`` in a new conversation, up to the first finding of the fingerprint.

    Without a fingerprint any finding ends it. ``alone``: judged by what is in this conversation,
    not by what the campaign knows besides. Raises :class:`BrokenOff`.
    """
    lockstep = session.lockstep(_pass_over)
    if alone:
        lockstep.oracle = evolve(session.oracle, ledger=Ledger())
    for command in commands:
        judgement = lockstep.do(command)
        for finding in judgement.findings if judgement is not None else ():
            if fingerprint is None or finding.fingerprint == fingerprint:
                return lockstep, finding
    return lockstep, None


def _pass_over(_: Finding, __: Lockstep) -> None:
    """Nothing is done about findings as they come: all of a reply are looked at."""


def sent(lockstep: Lockstep) -> Commands:
    """Return the commands that a conversation has sent."""
    return tuple(step.command for step in lockstep.steps)


def refused(steps: Sequence[Step], first: int = 0) -> frozenset[int]:
    """Return the places of what was refused in ``steps``, counted from ``first``."""
    return frozenset(
        place
        for place, step in enumerate(steps, first)
        if isinstance(step.response, Reply) and step.response.code >= 400
    )


def _as_sent(candidate: Commands, named: Commands, lockstep: Lockstep) -> Commands:
    """Return those of ``candidate`` that were sent: what is about a run set aside is not."""
    left = list(sent(lockstep))
    kept = []
    for command, name in zip(candidate, named, strict=True):
        if left and left[0] == name:
            kept.append(command)
            del left[0]
    return tuple(kept)


def fresh_tag(session: Session) -> str:
    """Return a tag for the next conversation that none before it had."""
    return str(session.tally.commands)


def own_names(commands: Commands, tag: str) -> Commands:
    """``commands`` with workflows and steps of names that nobody else uses."""
    return tuple(_own_names(command, tag) for command in commands)


def _own_names(command: Command, tag: str) -> Command:
    if not isinstance(command, CreateRun | ChangeRun):
        return command
    changed: dict[str, Json] = {}
    for name in ("workflow_id", "current_step"):
        value = command.body.fields.get(name)
        if isinstance(value, str) and value:
            changed[name] = f"{tag}~{value}"
    steps = command.body.fields.get("steps")
    if isinstance(command, CreateRun) and isinstance(steps, list):
        changed["steps"] = [f"{tag}~{s}" if isinstance(s, str) and s else s for s in steps]
    return evolve(command, body=command.body.replace(**changed)) if changed else command


@define
class Shrinker:
    """Shortens one trace; ``best`` is the shortest so far.

    ``refused`` are the places of what was refused in the trace when it was recorded. ``on_try`` is
    called before each try. ``modes`` says how candidates are judged, in turn until one shows the
    finding: alone, or with all that the campaign knows. ``replaying`` sends a candidate.
    """

    session: Session
    fingerprint: str
    best: Commands
    budget: Budget
    on_better: Callable[[Lockstep, Finding], None] = lambda _a, _b: None
    on_try: Callable[[], None] = lambda: None
    refused: Collection[int] = ()
    modes: tuple[bool, ...] = (True, False)
    replaying: Callable[..., tuple[Lockstep, Finding | None]] = replay
    alone: bool = True
    confirmed: bool = False
    _failed: set[Commands] = field(factory=set)
    _foresight: Foresight = field(init=False)

    def run(self) -> Commands:
        """Return the shortest trace found within the budget."""
        tally = self.session.tally
        with tally.statistics.shrinking(lambda: tally.commands):
            return self._shortest()

    def _shortest(self) -> Commands:
        self.budget.started = time.monotonic()
        start = self.best
        self._foresight = Foresight.of(self.session, start, self.fingerprint)
        try:
            for alone in self.modes:
                self.alone = alone
                self._failed.clear()
                if any(
                    map(self._try, first_cuts(renumbered(start), renumbered(self._kept(start))))
                ):
                    break
            if self.confirmed:
                self._shorten()
                self._settle()
        except BrokenOff:
            pass  # what was reached by then is kept
        return self.best

    def _kept(self, commands: Commands) -> Commands:
        """Return the trace without what was refused in it: detours change nothing, as a rule."""
        return without(commands, set(self.refused) - {len(commands) - 1})

    def _shorten(self) -> None:
        better = True
        while better and self.budget.left:
            better = False
            for each in REDUCTIONS:
                better = self._pass(each) or better
            better = self._pass(simpler) or better
        self._try(renumbered(self.best))

    def _settle(self) -> None:
        """Send the best trace once more under its own plain names, to be shown as it stands."""
        if self.alone:
            _, lockstep, finding = self._show(self.best, renamed=False)
            if finding is not None and sent(lockstep) == self.best:
                self.on_better(lockstep, finding)

    def _pass(self, candidates: Callable[[Commands], Iterator[Commands]]) -> bool:
        """Try the candidates of one kind; after one that works go on where it stood."""
        better = False
        place = 0
        again = True
        while again:
            again = False
            for candidate in islice(candidates(self.best), place, None):
                if not self.budget.left:
                    return better
                if self._try(candidate):
                    better = again = True
                    break
                place += 1
        return better

    def _try(self, candidate: Commands) -> bool:
        if self.confirmed and candidate == self.best:
            return False  # what changes nothing must not count as progress
        if not candidate or candidate in self._failed or not self._foresight.hopeful(candidate):
            return False
        needed = len(candidate)
        if self.alone:  # the best is sent once more in the end, under its plain names
            needed += len(self.best) if self.confirmed else len(candidate)
        if self.budget.spent + needed > self.budget.requests:
            return False
        self.on_try()
        named, lockstep, finding = self._show(candidate, renamed=self.alone)
        if finding is None:
            if not lockstep.unanswered:
                self._failed.add(candidate)
            return False
        self.confirmed = True
        self.best = _as_sent(candidate, named, lockstep)
        self.on_better(lockstep, finding)
        return True

    def _show(
        self, commands: Commands, *, renamed: bool
    ) -> tuple[Commands, Lockstep, Finding | None]:
        """Send ``commands``, under names of their own if wanted; say as which, and what was seen.

        A conversation in which a call got no answer says nothing, so it is tried again.
        """
        for _ in range(TRIES):
            named = own_names(commands, fresh_tag(self.session)) if renamed else commands
            lockstep, finding = self.replaying(
                self.session, named, self.fingerprint, alone=self.alone
            )
            self.budget.spent += len(lockstep.steps)
            if finding is not None or not lockstep.unanswered or not self.budget.left:
                break
        return named, lockstep, finding
