"""What is done about a finding besides telling it: is it seen again, and how short can it be told?

One cause may show in many findings, and each could be replayed for minutes. So there is one
allowance for all of them, which grows with the search; half of what is left is the most that one
shortening gets. A finding is replayed before it is shortened: one that no replay shows, on this FC
or after the history of the campaign on another one like it, is not worth it.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from attrs import define, evolve, field

from pt004_model.drive.lockstep import Lockstep, OutOfTime
from pt004_model.drive.session import Session
from pt004_model.interrupts import Interruption
from pt004_model.judge.finding import Finding
from pt004_model.model.commands import Caller, ChangeRun, CreateRun, ReadRun
from pt004_model.shrink.confirm import Confirmer
from pt004_model.shrink.history import make_self_contained, show_fresh
from pt004_model.shrink.replaying import Way
from pt004_model.shrink.shrinker import Budget, Shrinker, refused
from pt004_model.trace.recorded import SURE, Commands, FindingReporter, Found

KNOWN_SHRINK: Final = (60, 5.0)
"""What shortening a known finding may cost, in requests and seconds: somebody has its trace."""
ATTEMPTS: Final = 5
"""How many conversations are shortened for a trace that needs nothing before it."""
UNSEEN_ATTEMPTS: Final = 2
"""How many conversations are replayed of a finding that no replay shows."""
DOUBTS: Final = 3
"""Findings that replays did not bear out, after which each further one gets a single replay."""
_KEPT_EVERY: Final = 1.0
"""Seconds between two shorter traces that are kept: each write waits for the disk."""
AT_ONCE: Final = 8
"""Replays, for each of another finding, of one in which calls are made at once."""
_TRIES: Final = 5
_MOST_TRIES: Final = 20
"""How often a shorter trace of it is sent, and at most where it shows in few of its replays."""
_BEFORE_SEARCH: Final = 0.2
"""The share of the time of a campaign that triage may take before there was any search."""
_OFTEN: Final = 2.0
"""A finding that shows in one of so many replays is given all that a shortening may cost."""


class NoLonger(Interruption):
    """What was true when the campaign began is so no longer; the message is a sentence."""


@define
class Allowance:
    """What the triage of all findings of a campaign may cost, in requests and seconds.

    A base, and a share of what the search has cost by now. ``spent`` and ``took`` is what it has
    cost so far.
    """

    requests: int
    seconds: float
    share: float
    spent: int = 0
    took: float = 0.0

    @classmethod
    def of(cls, settle: tuple[int, float, float], ends: float | None) -> Allowance:
        """Return that of a campaign which ``ends`` after so many seconds: most are to search."""
        requests, seconds, share = settle
        return cls(
            requests, seconds if ends is None else min(seconds, ends * _BEFORE_SEARCH), share
        )

    def left(self, requests: int, seconds: float) -> tuple[int, float]:
        """Return what is left after a search of so many requests and seconds."""
        allowed = self.requests + int(self.share * requests), self.seconds + self.share * seconds
        return allowed[0] - self.spent, allowed[1] - self.took


@define
class Triage:
    """Replays and shortens findings in ``session``, past what else is known, within ``allowance``.

    ``times`` is how often each is replayed, ``most`` what one shortening may cost at most.
    ``searched`` tells requests and seconds of the search so far, ``remaining`` the seconds after
    which all has to be over, ``on_try`` is called before each replay. ``doing`` is what is going
    on, in words.
    """

    session: Session
    reporter: FindingReporter
    allowance: Allowance
    times: int
    most: tuple[int, float]
    searched: Callable[[], tuple[int, float]]
    remaining: Callable[[], float]
    on_try: Callable[[], None]
    doing: str = ""
    _until: float = field(init=False, default=math.inf)
    _doubted: set[str] = field(init=False, factory=set)
    _kept: float = field(init=False, factory=time.monotonic)
    _read_behind: set[str] = field(init=False, factory=set)

    def __attrs_post_init__(self) -> None:
        self.session.on_call = self._check

    def run(self, findings: tuple[Found, ...]) -> None:
        """See to all that are not settled; new ones are all replayed before one is shortened.

        Raises :class:`NoLonger`. A fault of ours leaves the finding concerned as it stands.
        """
        for found in (each for each in findings if each.to_be_replayed):
            if not found.known and self.times:
                self._guarded(found, self._sight)
        for found in sorted(findings, key=lambda each: each.attempts):
            if self._is_worth(found):
                self._guarded(found, self._shorten)
        self.doing = ""

    def is_due(self, found: Found) -> bool:
        """Return whether a finding is to be replayed or shortened."""
        new = found.to_be_replayed and not found.known
        return (new and self.times > 0) or self._is_worth(found)

    def _is_worth(self, found: Found) -> bool:
        worth = found.known or not self.times or (found.reproduced or (0, 0))[0] > 0
        return found.again is not None or (worth and not found.settled)

    def _guarded(self, found: Found, act: Callable[[Found], None]) -> None:
        requests, seconds = self.left()
        if requests <= 0 or seconds <= 0:
            return  # more is allowed as the search goes on
        began, first = time.monotonic(), self.session.tally.commands
        try:
            with self.within(seconds):
                act(found)
        except Exception as error:
            found.settled, found.again = True, None
            found.trouble = trouble("it could not be replayed or shortened", error)
        finally:
            took, spent = time.monotonic() - began, self.session.tally.commands - first
            self.allowance.took += took
            self.allowance.spent += spent
            found.cost = found.cost[0] + spent, found.cost[1] + took

    @contextmanager
    def within(self, seconds: float) -> Iterator[None]:
        """Let replays go on for so long, or until all has to be over."""
        self._until = time.monotonic() + min(seconds, self.remaining())
        try:
            yield
        finally:
            self._until = math.inf

    def left(self) -> tuple[int, float]:
        """Return the requests and seconds that are left for all findings together."""
        requests, seconds = self.allowance.left(*self.searched())
        return requests, min(seconds, self.remaining())

    def _check(self) -> None:
        if time.monotonic() > self._until:
            raise OutOfTime("the time for it was up")

    def _budget(self, most: tuple[int, float]) -> Budget:
        requests, seconds = self.left()
        return Budget(min(most[0], requests // 2), min(most[1], seconds / 2))

    def _sight(self, found: Found) -> None:
        """Replay a finding until it is seen; one that chance alone may show is settled as it is."""
        self.doing = f"replaying {found.fingerprint}"
        doubted = len(self._doubted) >= DOUBTS
        times = 1 if doubted else self.times
        if found.at_once and not (doubted and found.by_chance):
            times *= AT_ONCE
        confirmer = self._confirmer(found, self.left()[0])
        done = evolve(confirmer, times=times).sighted()
        if done.seen and found.by_chance:  # which one sight does not tell from another
            done = confirmer.replays(done.way)
        if not done.seen:
            if done.early is not None and done.early.finding is not None:  # it may take no more
                self._better(found)(done.early.lockstep, done.early.finding)
                self._sight(found)
                return
            if self._takes_a_read(found):
                self._sight(found)
                return
            if not done.whole or self._shown_by_history(found) or self._out_of_time:
                return
            why = self.session.no_longer()
            if why is not None:
                raise NoLonger(why)
        found.reproduced = (done.seen, done.runs)
        if found.unconfirmed or not done.seen:
            if found.unconfirmed:
                self._doubted.add(found.fingerprint)
            found.other, found.settled = done.other, True
            found.attempts += 1
            self.reporter.confirmed(found)

    @property
    def _out_of_time(self) -> bool:
        return time.monotonic() > self._until

    def _shown_by_history(self, found: Found) -> bool:
        """Tell whether another FC like this one shows it after what was sent before it here."""
        trace, history = (found.fingerprint, found.commands), found.history
        session, budget = self._session_for(found), self._budget(self.most)
        whole = make_self_contained(
            session, *trace, history, budget, self._better(found), shortened=False
        )
        if whole:
            found.shrunk = found.self_contained = found.settled = True
            self._confirm(found)
        return whole

    def _shorten(self, found: Found) -> None:
        self.doing = f"shrinking {found.fingerprint}"
        found.settled = found.shrunk = True
        budget = self._budget(KNOWN_SHRINK if found.known else self.most)
        seen, runs = found.reproduced or (1, 1)
        tries = 1
        if found.at_once and found.finding.area != "durability":  # each kill takes its time
            tries = min(_MOST_TRIES, math.ceil(_TRIES * runs / seen))
        else:  # what comes and goes is shortened by chance
            share = min(1.0, _OFTEN * seen / runs)
            budget = Budget(int(budget.requests * share), budget.seconds * share)
        commands, steps = found.again or (found.commands, found.steps)
        session, better = self._session_for(found), self._better(found)
        behind = self._with_read(found, commands)
        shrinker = Shrinker(session, found.fingerprint, behind, budget, better)
        shrinker.refused = refused(steps, len(commands) - len(steps))
        shrinker.on_try, shrinker.tries = self.on_try, tries
        if found.again is not None:  # there is a trace; only one that stands by itself is better
            shrinker.ways = (Way.RENAMED,)
        found.again, found.attempts = None, found.attempts + 1
        shrinker.run()
        found.cut = budget.spent + 2 * len(shrinker.best) > budget.requests or not budget.left
        found.self_contained = shrinker.confirmed and shrinker.way is Way.RENAMED
        if found.known:
            return
        if shrinker.confirmed and shrinker.best != found.commands:
            show_fresh(session, found.fingerprint, shrinker.best, better)
        trace, history = (found.fingerprint, found.commands), found.history
        seen = shrinker.confirmed
        whole = make_self_contained(session, *trace, history, budget, better, shortened=seen)
        found.self_contained = found.self_contained or whole
        self._confirm(found)

    def _session_for(self, found: Found) -> Session:
        others = self.session.known - {found.fingerprint}
        session = evolve(self.session.paced_for(found.finding.where), known=others)
        read = found.fingerprint in self._read_behind
        return evolve(session, shown_by=ReadRun) if read else session

    def _takes_a_read(self, found: Found) -> bool:
        """Tell whether a finding that comes and goes may be sure behind a read; once for each.

        Each answer to a change may show the log and the gates, or not (section 1).
        """
        about, new = found.finding.where, found.fingerprint not in self._read_behind
        if not new or found.at_once or not about.startswith(("logs", "gates")):
            return False
        self._read_behind.add(found.fingerprint)
        return isinstance(found.commands[-1], ChangeRun | CreateRun)

    def _with_read(self, found: Found, commands: Commands) -> Commands:
        last = commands[-1]
        if found.fingerprint in self._read_behind and isinstance(last, ChangeRun | CreateRun):
            return (*commands, ReadRun(last.run, caller=Caller(last.caller.tenant)))
        return commands

    def _better(self, found: Found) -> Callable[[Lockstep, Finding], None]:
        def better(lockstep: Lockstep, finding: Finding) -> None:
            found.finding = finding
            found.steps = tuple(lockstep.steps)
            found.commands = tuple(step.command for step in found.steps)
            found.past = lockstep.known
            found.other = ()  # it was a replay of a longer trace
            if time.monotonic() - self._kept >= _KEPT_EVERY:
                self.reporter.improved(found)
                self._kept = time.monotonic()

        return better

    def _confirm(self, found: Found) -> None:
        """Replay a finding some times more, as it is told now."""
        if not self.times:
            return
        self.doing = f"replaying {found.fingerprint}"
        confirmer = self._confirmer(found, min(self.most[0], self.left()[0]))
        done = confirmer.run()
        if found.at_once and not done.seen:
            done = evolve(confirmer, times=AT_ONCE * self.times).sighted()
        if done.seen or done.whole:
            found.reproduced, found.other = (done.seen, done.runs), done.other
        if done.seen < done.runs and self._takes_a_read(found):
            self._shorten(found)
        elif found.reproduced is not None:
            self.reporter.confirmed(found)

    def _confirmer(self, found: Found, most: int) -> Confirmer:
        session, alone = self._session_for(found), found.self_contained
        trace, times = (found.fingerprint, self._with_read(found, found.commands)), self.times
        if found.by_chance:  # one sight proves nothing
            times = max(times, SURE) * (AT_ONCE if found.at_once else 1)
        return Confirmer(session, *trace, times, most, alone, self.on_try, found.by_chance)


def trouble(what: str, error: Exception) -> str:
    """Return a sentence about a fault of ours that a finding has met with."""
    return f"{what}, by a fault of pt004 ({type(error).__name__}: {error}); it stands as it is"
