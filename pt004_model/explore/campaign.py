"""One exploration under a budget: examples one after another, findings collected, each one shrunk.

An example is a conversation of the search (see ``search.explorer``), and all of them are drawn from
one seed. Findings do not end it: the run concerned is set aside and the search goes on. When an
example has ended its new findings are shortened by replaying (see ``shrink``), and replayed some
times more to see how surely they show. What is replayed is counted apart and does not steer the
search, so that a seed generates the same whatever was replayed and however long it took.
"""

from __future__ import annotations

import time
from typing import Final

from attrs import define, evolve, field, frozen

from pt004_model.explore.alone import make_whole, tell_plainly
from pt004_model.explore.confirm import Confirmer
from pt004_model.explore.lockstep import Interruption, Lockstep, Tally, TargetLost
from pt004_model.explore.results import Found, Progress, Reporter, Result
from pt004_model.explore.session import Archive, Session
from pt004_model.explore.shrink import Budget, Shrinker, refused, sent
from pt004_model.explore.statistics import Statistics
from pt004_model.judge.finding import Finding
from pt004_model.judge.oracle import Verdict
from pt004_model.model.commands import subject
from pt004_model.model.scenarios import CANONICAL
from pt004_model.search.explorer import Search
from pt004_model.search.goals import measure
from pt004_model.search.scenarios import live_through


@frozen
class Profile:
    """How much a campaign does.

    ``examples`` and ``commands`` (acts of one example) bound the search, ``seconds`` its time.
    ``lengths`` are the step counts whose edges it wants driven; ``open_share`` is the share of
    calls that may stay without an answer before nothing can be said. ``floor`` is the share of the
    reachable edges that must be driven for a verdict to mean anything. ``shrink`` bounds the
    shortening of one finding, in requests and seconds. ``confirm`` is how often each new finding is
    replayed; ``replays`` bounds the replaying of the traces of earlier campaigns.
    """

    name: str
    examples: int
    commands: int
    seconds: float | None = None
    lengths: tuple[int, ...] = (0, 1, 2, 3)
    open_share: float = 0.01
    floor: float = 0.0
    shrink: tuple[int, float] = (3000, 60.0)
    confirm: int = 5
    replays: tuple[int, float] = (3000, 60.0)


PROFILES: Final = {
    "dev": Profile("dev", examples=40, commands=8),
    "ci": Profile("ci", examples=300, commands=8, floor=1.0),
    "nightly": Profile(
        "nightly",
        examples=4000,
        commands=20,
        seconds=1600.0,
        lengths=(0, 1, 2, 3, 4),
        floor=1.0,
        replays=(20000, 300.0),
    ),
}

KNOWN_SHRINK: Final = (60, 5.0)
"""What shortening a known finding may cost, in requests and seconds: somebody has its trace."""
ATTEMPTS: Final = 5
"""How many conversations are shortened for a trace that needs nothing before it."""


class _OutOfTime(Interruption):
    """The time of the campaign is up."""


class _Enough(Interruption):
    """The first finding is there, and no other is wanted."""


@define
class Campaign:
    """One campaign against the FC of ``session``, reporting to ``reporter``.

    The same seed gives the same commands on the same FC. ``first_only`` ends the search at the
    first finding, which is shortened all the same. ``known`` are the fingerprints that do not count
    against the FC; ``found`` may hold what the traces of earlier campaigns have shown again.
    """

    session: Session
    profile: Profile
    seed: int
    reporter: Reporter
    first_only: bool = False
    known: frozenset[str] = frozenset()
    found: dict[str, Found] = field(factory=dict)
    examples: int = 0
    doing: str = "exploring"
    aside: Session = field(init=False)
    started_at: float = field(factory=time.time)
    _started: float = field(factory=time.monotonic)
    _told: float = 0.0

    def __attrs_post_init__(self) -> None:
        # what is replayed must not steer the search, but its runs are on the FC like any other
        latency = self.session.tally.statistics.latency
        tally = Tally(on_run=self.session.tally.on_run, statistics=Statistics(latency=latency))
        self.aside = evolve(self.session, tally=tally, archive=None)

    @property
    def requests(self) -> int:
        """The commands sent so far, those of replays included."""
        return self.session.tally.commands + self.aside.tally.commands

    def run(self) -> Result:
        """Explore until the budget is spent or the FC is lost. Never raises for what an FC does."""
        self._started = self._told = time.monotonic()
        self.session.on_finding = self._collect
        self.session.archive = Archive()
        why = ""
        try:
            self._settle_new()
            self._explore()
        except TargetLost as lost:
            why = f"the Federation Core stopped answering: {lost}"
        except (_OutOfTime, _Enough):
            pass
        self._settle_new()
        return self.result(why)

    @property
    def lengths(self) -> tuple[int, ...]:
        """The step counts whose edges are wanted (0: ungoverned)."""
        return (0,) if self.session.ungoverned else self.profile.lengths

    def _explore(self) -> None:
        if not self.session.ungoverned:
            for scenario in CANONICAL.values():
                self._count()
                live_through(self.session.lockstep(), scenario)
                self._settle_new()
        search = Search.seeded(self.session, self.seed, self.lengths, self.profile.commands)
        while self.examples < self.profile.examples:
            self._count()
            search.example()
            self._settle_new()

    def _count(self) -> None:
        """Begin an example: the only moment at which time is looked at."""
        if self.profile.seconds is not None and self._seconds() > self.profile.seconds:
            raise _OutOfTime
        self.examples += 1
        self.tell()

    def _seconds(self) -> float:
        return time.monotonic() - self._started

    def tell(self) -> None:
        """Report progress, once a second at the most."""
        now = time.monotonic()
        if now - self._told >= 1.0:
            self._told = now
            self.reporter.progress(self._progress())

    def _progress(self) -> Progress:
        coverage = measure(self.session.tally, self.lengths)
        return Progress(
            self.examples,
            self.requests,
            self._seconds(),
            coverage.driven,
            coverage.reachable,
            len(self.found),
            self.profile.examples,
            self._left(),
            self.doing,
        )

    def _left(self) -> float | None:
        """The seconds that the search may still take: by the examples left, or by its time."""
        spent, budget = self._seconds(), self.profile.seconds
        left = []
        if self.examples > 1:
            done = self.examples - 1  # the one that has begun is not done
            left.append(spent / done * (self.profile.examples - done))
        if budget is not None:
            left.append(max(0.0, budget - spent))
        return min(left, default=None)

    def _collect(self, finding: Finding, lockstep: Lockstep) -> None:
        number = subject(lockstep.steps[-1].command)
        if finding.fingerprint in self.known and number is not None:
            self.session.hindered.add(number)
        there = self.found.get(finding.fingerprint)
        if there is not None:
            there.occurrences += 1
            there.last_seen = time.time()
            if there.shrunk and not there.stands_alone and there.attempts < ATTEMPTS:
                there.again = (lockstep.needed(), tuple(lockstep.steps))
            return
        steps = tuple(lockstep.steps)
        history = () if self.session.archive is None else self.session.archive.history()
        self.add(Found(finding, lockstep.needed(), steps, self.requests, history=history))
        if self.first_only:
            raise _Enough

    def add(self, found: Found) -> None:
        """Take up a finding: one just seen, or one that an earlier trace has shown again."""
        found.known = found.fingerprint in self.known
        self.found[found.fingerprint] = found
        self.reporter.found(found)

    def _settle_new(self) -> None:
        """Shorten the findings that are new, and replay them to see how surely they show."""
        for found in tuple(self.found.values()):
            if not found.shrunk or found.again is not None:
                found.shrunk = True
                self.doing = f"shrinking {found.fingerprint}"
                self._shrink(found)
                self.doing = f"replaying {found.fingerprint}"
                self._confirm(found)
        self.doing = "exploring"

    def _shrink(self, found: Found) -> None:
        def better(lockstep: Lockstep, finding: Finding) -> None:
            found.finding = finding
            found.commands, found.steps = sent(lockstep), tuple(lockstep.steps)
            self.reporter.improved(found)

        budget = Budget(*(KNOWN_SHRINK if found.known else self.profile.shrink))
        commands, steps = found.again or (found.commands, found.steps)
        tally = self.session.tally  # how this FC acts on decisions was seen in the search
        self.aside.tally.own, self.aside.tally.held = dict(tally.own), dict(tally.held)
        aside = self.aside.paced_for(found.finding.where)
        shrinker = Shrinker(aside, found.fingerprint, commands, budget, better)
        shrinker.refused = refused(steps, len(commands) - len(steps))
        shrinker.on_try = self.tell
        if found.again is not None:  # there is a trace; only one that stands by itself is better
            shrinker.modes = (True,)
        found.again, found.attempts = None, found.attempts + 1
        shrinker.run()
        found.stands_alone = shrinker.confirmed and shrinker.alone
        if not found.known:
            if shrinker.confirmed and shrinker.best != found.commands:
                tell_plainly(aside, found.fingerprint, shrinker.best, better)
            trace, history = (found.fingerprint, found.commands), found.history
            seen = shrinker.confirmed
            whole = make_whole(aside, *trace, history, budget, better, shortened=seen)
            found.stands_alone = found.stands_alone or whole

    def _confirm(self, found: Found) -> None:
        """Replay a new finding some times, within the budget for shrinking a finding."""
        if found.known:
            return
        times, most, alone = self.profile.confirm, self.profile.shrink[0], found.stands_alone
        trace = (found.fingerprint, found.commands)
        aside = self.aside.paced_for(found.finding.where)
        done = Confirmer(aside, *trace, times, most, alone, self.tell).run()
        if done.runs:
            found.reproduced, found.other = (done.seen, done.runs), done.other
            self.reporter.confirmed(found)

    def _statistics(self) -> Statistics:
        aside = self.aside.tally.statistics
        return evolve(
            self.session.tally.statistics,
            shrinking_requests=aside.shrinking_requests,
            shrinking_seconds=aside.shrinking_seconds,
        )

    def result(self, why: str = "") -> Result:
        """What the campaign has come to by now; ``why`` says what makes it unsure, if anything."""
        tally = self.session.tally
        coverage = measure(tally, self.lengths)
        if not why and tally.commands == 0:
            why = "nothing was sent"
        if not why and coverage.share < self.profile.floor:
            left = coverage.reachable - coverage.driven
            why = (
                f"{left} of {coverage.reachable} edges of the model were not driven,"
                f" and the profile {self.profile.name} wants {self.profile.floor:.0%} of them"
            )
        if not why and tally.open > max(3, self.profile.open_share * tally.commands):
            why = f"{tally.open} of {tally.commands} calls stayed without an answer"
        verdict = Verdict.UNSURE if why else Verdict.CONFORMS
        if any(not found.known for found in self.found.values()):
            verdict = Verdict.DIVERGES
        return Result(
            verdict,
            tuple(self.found.values()),
            self.examples,
            self.requests,
            self._seconds(),
            self.seed,
            self.profile.name,
            coverage,
            tally.open,
            why,
            self.started_at,
            dict(tally.edges),
            self._statistics().as_json(),
            self.session.judged,
        )
