"""A campaign over many workers: waves of rounds, each planned from what all earlier ones brought.

The next wave is handed out before the one under way has ended, so that no worker waits for the
slowest; it knows of those before. What a round is to do never depends on which worker was faster,
so that the same seed and the same number of workers give the same commands on the same FC. Cases,
waits and the traces of earlier campaigns are a single conversation, and stay with us; so do
crashes, for which nothing else must be under way.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from attrs import define, evolve, field

from pt004_model.drive.lockstep import Tally, TargetLost
from pt004_model.drive.target import Target
from pt004_model.model.commands import Restart
from pt004_model.search.campaign import BESIDE, Campaign, Profile, TimeIsUp, wanted_again
from pt004_model.search.explorer import LATER
from pt004_model.search.jobs import Before, Reach, Round, RoundResult, Shortening, ShorteningResult
from pt004_model.search.scheduler import Share
from pt004_model.search.waiting import Alone
from pt004_model.search.workers import ALONE, Engine, Sent, Workers
from pt004_model.shrink.triage import NoLonger
from pt004_model.trace.recorded import FindingReporter, Found

AHEAD: Final = 2
"""Waves that are under way at once."""
_WAVES: Final = 8
"""Waves of a campaign at the least, as far as its rounds are not tiny then."""
_SIZES: Final = (4, 25)
"""Examples of the smallest and of the largest round."""
_OURS: Final = 0.05
"""The share of the rate that is left for what stays with us."""
_FASTER: Final = 1.05
"""The factor by which all ask faster again for each round to which the FC never said 429."""
_SETTLED: Final = (
    "finding", "commands", "steps", "shrunk", "reproduced", "other", "self_contained", "attempts",
    "settled", "cut", "trouble",
)  # fmt: skip
"""What shortening may change of a finding."""


@define
class Coordinator(Campaign):
    """A campaign against ``target`` by the workers of ``engine``, or by this process alone.

    ``beside`` is told in the workers, at once, of what is found, and ``runs`` of the runs that were
    made, where they share our disk. ``planned`` are the examples that were planned so far.
    """

    target: Target | None = field(kw_only=True, default=None)
    engine: Engine = field(kw_only=True, default=ALONE)
    beside: FindingReporter | None = None
    before: Before = field(init=False, factory=lambda: Before(spent=LATER.copy()))
    _workers: Workers | None = field(init=False, default=None)
    _reach: Reach | None = field(init=False, default=None)
    _fastest: float | None = field(init=False, default=None)
    _why: str = field(init=False, default="")
    planned: int = field(init=False, default=0)
    _rounds: int = field(init=False, default=0)
    _shortening: dict[str, tuple[Sent, int]] = field(init=False, factory=dict)

    def _explore(self) -> None:
        if self.engine is ALONE:
            super()._explore()
            return
        self._live_through_cases()
        self.planned = self.examples
        alone = self._alone()
        with Workers(self.engine) as workers, self._rate_shared():
            self._workers = workers
            try:
                self._go_through_waves(workers, alone)
                self._settle_new()
                for fingerprint in tuple(self._shortening):
                    self._take_shortened(fingerprint)
            finally:
                self._workers = None
        if self._why:
            raise NoLonger(self._why)

    @contextmanager
    def _rate_shared(self) -> Iterator[None]:
        """Divide the rate of requests between the workers and what stays with us."""
        target, here = self._their_target(), self.engine.here
        rate, ours = target.rate, target.transport
        ours.rate = None if rate is None else rate * _OURS
        each = None if rate is None else rate * (1 - _OURS) / self.engine.workers
        self._fastest = each
        until = None if self.search_seconds is None else self.started_at + self.search_seconds
        self._reach = Reach(
            target, self.session.oracle.areas, until,
            self.beside if here else None, self.session.tally.on_run if here else None,
            self.session.used, each,
        )  # fmt: skip
        try:
            yield
        finally:
            ours.rate = rate

    def _slow_down(self, bears: float | None) -> None:
        """Have all workers ask no faster than an FC bears that has answered one of them 429."""
        reach, fastest = self._reach, self._fastest
        if reach is None or (bears is None and reach.rate == fastest):
            return
        now = reach.rate or math.inf
        rate = now * _FASTER if bears is None else min(now, bears)
        self._reach = evolve(reach, rate=min(rate, fastest or math.inf))

    def _their_target(self) -> Target:
        assert self.target is not None  # noqa: S101 - workers are told of it
        return self.target

    def _go_through_waves(self, workers: Workers, alone: Alone) -> None:
        waves: deque[list[Sent]] = deque()
        while True:
            while len(waves) < AHEAD and (planned := self._plan()):
                waves.append([workers.submit(each) for each in planned])
            if not waves:
                return
            for sent in waves.popleft():
                self._include(workers.result(sent, self._meanwhile), alone)
            self._settle_new()

    def _meanwhile(self) -> None:
        self.tell()
        for fingerprint, (sent, _) in tuple(self._shortening.items()):
            if sent.future.done():
                self._take_shortened(fingerprint)

    # Planning

    def _plan(self) -> list[Round]:
        """Return the next wave: a round for each worker, as far as there is something to do."""
        if self._why or self._over(0.0) or (self.first_only and self.found) or not self._reach:
            return []
        workers, wave, before = self.engine.workers, list[Round](), self._before()
        untraced = frozenset(f for f, each in self.found.items() if not wanted_again(each))
        turn = self._rounds // workers % AHEAD  # the wave before is not known yet
        for index in range(workers):
            profile = self._profile_of_round()
            if profile.examples <= 0:
                break
            part = self.share.index + self.share.of * (turn * workers + index)
            share = Share(part, self.share.of * AHEAD * workers)
            number = self.share.index + self.share.of * self._rounds
            self._rounds += 1
            told = (share, before, self.known, untraced)
            wave.append(self._round(self._reach, profile, self.seed, number, *told))
        return wave

    def _round(self, *planned: Any) -> Round:
        return Round(*planned)

    def _before(self) -> Before:
        raced, lost = self.races.counts.tried.copy(), self.losses.counts.seen.copy()
        tried, spent = self.before.tried.copy(), self.before.spent.copy()
        return Before(self._steering(), tried, spent, raced, lost)

    def _steering(self) -> Tally:
        """Return the counts that later choices go by: of edges, and of who acts on decisions."""
        tally = self.session.tally
        return Tally(tally.edges.copy(), own=tally.own.copy(), held=tally.held.copy())

    def _profile_of_round(self) -> Profile:
        """Return how much the next round does; it is planned with that."""
        whole, done = self.profile, self.planned
        size = max(_SIZES[0], min(_SIZES[1], whole.examples // (_WAVES * self.engine.workers)))
        self.planned = min(done + size, whole.examples)
        counts: dict[str, Any] = {
            name: self.due(getattr(whole, name), self.planned)
            - self.due(getattr(whole, name), done)
            for name in BESIDE
        }
        counts |= {"examples": self.planned - done, "crashes": 0}
        return evolve(whole, waits=(), floor=0.0, **counts)

    # Merging

    def _include(self, done: RoundResult, alone: Alone) -> None:
        """Count what a round brought; look at runs that were left alone in between."""
        self._learn(done)
        self._slow_down(done.bears)
        before = self.requests
        self.session.tally.include(done.tally)
        self.races.counts.include(done.raced)
        self.losses.counts.include(done.lost)
        self.races.session.tally.commands += done.besides
        self.before.tried.update(done.tried)
        self.before.spent.update(done.spent)
        for fingerprint, count in done.again.items():
            self.found[fingerprint].occurrences += count
        for found in done.found:
            self._take(found, before)
        for _ in range(done.examples):
            self.examples += 1
            self._visit(alone)

    def _visit(self, alone: Alone) -> None:
        """Look at the runs that were left alone, if there is time for it."""
        try:
            if not (self._why or self._over(0.0)):
                alone.visit(self.examples)
        except TimeIsUp:
            pass  # what the workers have found in time is still to be taken
        except TargetLost as lost:
            self._why = f"the Federation Core stopped answering: {lost}"

    def _learn(self, done: RoundResult | ShorteningResult) -> None:
        self._their_target().learn(done.tokens)
        for run_id in done.runs:
            self.session.tally.on_run(run_id)
        self._why = self._why or done.why

    def _take(self, found: Found, before: int) -> None:
        there = self.found.get(found.fingerprint)
        if there is None:
            found.requests_to_first += before
            self.add(found)
            return
        there.occurrences += found.occurrences
        there.last_seen = max(there.last_seen, found.last_seen)
        if wanted_again(there) and found.fingerprint not in self._shortening:
            self.take_up(there, found)

    # Shortening

    def _settle_new(self) -> None:
        """Hand out the findings that are to be replayed or shortened; without workers do it."""
        if self._workers is None or self._reach is None:
            super()._settle_new()
            return
        self._note_echoes()
        due = [each for each in self.found.values() if self._is_due(each)]
        for found in due:
            requests, seconds = self.triage.left()
            cost = requests // len(due) if found.to_be_replayed else requests // 2
            if cost <= 0 or seconds <= 0:
                return  # more is allowed as the search goes on
            told = (self._steering(), frozenset(self.found))
            job = Shortening(self._reach, self.profile, found, (cost, seconds), *told)
            self._shortening[found.fingerprint] = (self._workers.submit(job), cost)
            self.triage.allowance.spent += cost  # until it is known what it was
            found.again = None
        self._note_chance()

    def _is_due(self, found: Found) -> bool:
        if found.echo_of or found.fingerprint in self._shortening:
            return False
        if any(isinstance(each, Restart) for each in found.commands):
            return False  # it would kill the FC that the others ask
        return self.triage.is_due(found)

    def _take_shortened(self, fingerprint: str) -> None:
        """Wait for a finding that is being shortened, and take what came of it."""
        assert self._workers is not None  # noqa: S101 - one of them has it
        sent, cost = self._shortening[fingerprint]
        done: ShorteningResult = self._workers.result(sent, self.tell)
        del self._shortening[fingerprint]
        self.triage.allowance.spent += done.tally.commands - cost
        self.aside.tally.include(done.tally)
        there = self.found[fingerprint]
        for name in _SETTLED:
            setattr(there, name, getattr(done.found, name))
        self._learn(done)
        self.reporter.improved(there)
        self.reporter.confirmed(there)
        self._note_echoes()
