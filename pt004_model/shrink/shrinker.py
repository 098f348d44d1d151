"""A recorded trace made as short as it can be, by replaying candidates.

Hypothesis shrinks what was drawn; this shrinks what was sent. It knows the model's words: a run, a
command, a declared step, an argument can be dispensed with. Every candidate is sent to the FC and
judged like any other conversation; it is kept when it shows the same fingerprint again. The budget
is counted in requests and seconds, and what was reached by then is kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterator, Sequence
from itertools import islice

from attrs import define, field

from pt004_model.drive.lockstep import TRIES, BrokenOff, Lockstep
from pt004_model.drive.session import Session
from pt004_model.judge.finding import Finding
from pt004_model.judge.status import wrong_answers
from pt004_model.model.commands import Wait
from pt004_model.model.replies import Reply
from pt004_model.shrink.passes import PASSES, first_cuts, renumbered, without
from pt004_model.shrink.replaying import Replay, Way, replay
from pt004_model.shrink.simplify import simpler
from pt004_model.shrink.symbolic import Model
from pt004_model.trace.recorded import Commands, Step


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

    def affords(self, requests: int, seconds: float) -> bool:
        """Tell whether so many requests, and so many seconds of waiting, are left."""
        waits = time.monotonic() - self.started + seconds < self.seconds or not seconds
        return waits and self.spent + requests <= self.requests


def refused(steps: Sequence[Step], first: int = 0) -> frozenset[int]:
    """Return the places of what was refused in ``steps``, counted from ``first``."""
    return frozenset(
        place
        for place, step in enumerate(steps, first)
        if isinstance(step.response, Reply) and step.response.code >= 400
    )


def asks_for(model: Model, commands: Commands, fingerprint: str) -> bool:
    """Tell whether a wrong answer to one of ``commands`` would have the fingerprint.

    When an answer of the wrong kind was found (a call accepted that must be refused, or refused
    though it is legal), the model knows without an FC whether a shorter trace still asks for the
    same thing. Most candidates do not, and need not be sent.
    """
    world = model.world
    for command in commands:
        if fingerprint in wrong_answers(world, command):
            return True
        world = model.after(world, command)
    return False


@define
class Shrinker:
    """Shortens one trace; ``best`` is the shortest so far.

    ``refused`` are the places of what was refused in the trace when it was recorded. ``on_try`` is
    called before each try. ``ways`` are those in which candidates are sent, in turn until one shows
    the finding: that is the ``way`` of all others. ``tries`` is how often a candidate is sent at
    most.
    """

    session: Session
    fingerprint: str
    best: Commands
    budget: Budget
    on_better: Callable[[Lockstep, Finding], None] = lambda _a, _b: None
    on_try: Callable[[], None] = lambda: None
    refused: Collection[int] = ()
    ways: tuple[Way, ...] = (Way.RENAMED, Way.AS_KNOWN)
    way: Way = Way.RENAMED
    confirmed: bool = False
    tries: int = 1
    _tried: set[Commands] = field(factory=set)
    _model: Model = field(init=False)
    _prefilters: bool = field(init=False)

    def run(self) -> Commands:
        """Return the shortest trace found within the budget."""
        tally, self.budget.started = self.session.tally, time.monotonic()
        first = tally.commands
        try:
            return self._shortest()
        finally:
            tally.statistics.shrinking_requests += tally.commands - first
            tally.statistics.shrinking_seconds += time.monotonic() - self.budget.started

    def _shortest(self) -> Commands:
        self._model = Model.of(self.session)
        self._prefilters = asks_for(self._model, self.best, self.fingerprint)
        # detours change nothing, as a rule
        accepted = without(self.best, set(self.refused) - {len(self.best) - 1})
        whole = renumbered(self.best)
        try:
            for way in self.ways:
                self.way = way
                self._tried.clear()
                if any(map(self._try, first_cuts(whole, renumbered(accepted)))):
                    break
            if self.confirmed:
                self._shorten()
                self._show_plainly()
        except BrokenOff:
            pass  # what was reached by then is kept
        return self.best

    def _shorten(self) -> None:
        better = True
        while better and self.budget.left:
            better = False
            for each in (*PASSES, simpler):
                better = self._pass(each) or better
        self._try(renumbered(self.best))

    def _show_plainly(self) -> None:
        """Send the best trace once more under its own plain names, to be shown as it stands."""
        if self.way is Way.RENAMED:
            lockstep, finding, sent = self._replay(self.best, Way.ISOLATED)
            if finding is not None and sent == self.best:
                self.on_better(lockstep, finding)

    def _pass(self, candidates: Callable[[Commands], Iterator[Commands]]) -> bool:
        """Try the candidates of one kind; after one that works go on where it stood."""
        better = False
        place = 0
        again = True
        while again:
            again = False
            for candidate in islice(candidates(self._model.symbolic(self.best)), place, None):
                if not self.budget.left:
                    return better
                if self._try(self._model.bound(candidate)):
                    better = again = True
                    break
                place += 1
        return better

    def _try(self, candidate: Commands) -> bool:
        """Send a candidate if there is hope and budget; return whether it is the best now."""
        # what changes nothing must not count as progress
        if not candidate or candidate in self._tried or (self.confirmed and candidate == self.best):
            return False
        needed = len(candidate)
        if self.way is Way.RENAMED:  # the best is sent once more in the end, under its plain names
            needed += len(self.best) if self.confirmed else len(candidate)
        waits = sum(each.seconds for each in candidate if isinstance(each, Wait))
        if self._prefilters and not asks_for(self._model, candidate, self.fingerprint):
            return False
        for _ in range(self.tries):
            if not self.budget.affords(needed, waits):
                return False
            self.on_try()
            lockstep, finding, sent = self._replay(candidate, self.way)
            if finding is not None:
                break
        if not lockstep.unanswered:
            self._tried.add(candidate)
        if finding is None:
            return False
        self.confirmed = True
        self.best = sent
        self.on_better(lockstep, finding)
        return True

    def _replay(self, commands: Commands, way: Way) -> Replay:
        """Send ``commands``, again where a call got no answer: that says nothing."""
        for _ in range(TRIES):
            done = replay(self.session, commands, self.fingerprint, way)
            self.budget.spent += len(done.lockstep.steps)
            if done.finding is not None or not done.lockstep.unanswered or not self.budget.left:
                break
        return done
