"""One exploration under a budget: examples one after another, findings collected, each one shrunk.

An example is a conversation of the search (see ``search.explorer``); all of it is drawn from one
seed. Findings do not end it: judging goes on behind them, and so does the search. When an example
has ended its new findings are replayed, shortened, and replayed some times more to see how surely
they show (see ``triage``). Replays are counted apart and do not steer the search, so that a seed
generates the same whatever was replayed and however long it took.
"""

from __future__ import annotations

import math
import secrets
import time
from contextlib import suppress
from typing import Any, Final

from attrs import define, evolve, field, frozen

from pt004_model.drive.echoes import leads_to, like_another
from pt004_model.drive.lockstep import Lockstep, Tally, TargetLost
from pt004_model.drive.session import Archive, Session
from pt004_model.drive.statistics import Statistics
from pt004_model.drive.target import Target
from pt004_model.interrupts import Interruption
from pt004_model.judge.finding import Finding
from pt004_model.judge.oracle import Verdict
from pt004_model.model.replies import Reply
from pt004_model.model.scenarios import CANONICAL
from pt004_model.search.crashes import Crashes
from pt004_model.search.explorer import Search, live_through
from pt004_model.search.goals import measure
from pt004_model.search.losses import Losses
from pt004_model.search.races import Races
from pt004_model.search.results import Examples, Progress, Reporter, Result, Silent
from pt004_model.search.scheduler import MOST_STEPS, Share
from pt004_model.search.unsure import (
    Wanted,
    crashes_unsure,
    races_unsure,
    too_little,
    unconfirmed,
)
from pt004_model.search.waiting import Alone
from pt004_model.shrink.triage import (
    ATTEMPTS,
    UNSEEN_ATTEMPTS,
    Allowance,
    NoLonger,
    Triage,
    trouble,
)
from pt004_model.trace.recorded import Found, Step

BESIDE: Final = ("rounds", "losses")
"""What a profile counts besides examples: each is due evenly over them."""
_ASKED: Final = {"act": 16, "round": 7, "loss": 14}
"""Requests that an act of an example makes with the probes before it, a round, a lossy example."""


@frozen
class Profile:
    """How much a campaign does.

    ``examples`` and ``commands`` (acts of one example) bound the search, ``seconds`` its time.
    ``lengths`` are the step counts whose edges it wants driven; ``open_share`` is the share of
    calls that may stay without an answer before nothing can be said. ``floor`` is the share of the
    reachable edges that must be driven for a verdict to mean anything. ``shrink`` bounds the
    shortening of one finding, in requests and seconds. ``settle`` bounds what is done about all
    findings together: requests, seconds, and the share of those of the search that comes on top.
    ``confirm`` is how often each new finding is replayed; ``replays`` bounds the replaying of the
    traces of earlier campaigns. ``waits`` are the seconds after which runs that are left alone are
    looked at again, once more after each; ``lasts`` those that the examples take at the least, as
    a rule, so that other work fills the waits. All of it ends with ``seconds``, and a little more.
    ``steps`` are those of the longest runs. ``rounds`` is how often several clients call at once,
    ``losses`` how many examples there are in which answers are lost, ``crashes`` how often the FC
    is killed, behind all else, where that can be done.
    """

    name: str
    examples: int
    commands: int
    seconds: float | None = None
    lengths: tuple[int, ...] = (0, 1, 2, 3)
    open_share: float = 0.01
    floor: float = 0.0
    shrink: tuple[int, float] = (3000, 60.0)
    settle: tuple[int, float, float] = (12000, 300.0, 1.0)
    confirm: int = 5
    replays: tuple[int, float] = (3000, 60.0)
    rounds: int = 0
    losses: int = 0
    crashes: int = 0
    steps: int = MOST_STEPS
    waits: tuple[float, ...] = ()
    lasts: float = 30.0

    @property
    def alone(self) -> Profile:
        """This profile for one client all of whose calls are answered, by an FC that is let be."""
        return evolve(self, rounds=0, losses=0, crashes=0)

    @property
    def requests(self) -> int:
        """About how many requests the search makes, as measured against the embedded FC."""
        alone = _ASKED["act"] * self.examples * self.commands
        return alone + _ASKED["round"] * self.rounds + _ASKED["loss"] * self.losses

    @property
    def wanted(self) -> Wanted:
        """What it takes for a verdict."""
        return Wanted(self.name, self.floor, self.open_share, self.lengths)

    def sized(self, examples: int) -> Profile:
        """Return this profile with so many examples, and in proportion what is beside them."""
        beside = {
            each: getattr(self, each) * examples // self.examples for each in (*BESIDE, "crashes")
        }
        return evolve(self, examples=examples, **beside)

    def part(self, share: Share) -> Profile:
        """Return how much one part of a campaign does; how much is enough is said of the whole."""
        if share.of == 1:
            return self
        counts: dict[str, Any] = {
            name: share.count(getattr(self, name)) for name in ("examples", *BESIDE)
        }
        return evolve(self, floor=0.0, **counts)


PROFILES: Final = {
    "dev": Profile("dev", examples=40, commands=8, rounds=100),
    "ci": Profile(
        "ci",
        examples=300,
        commands=8,
        floor=1.0,
        waits=(1, 3, 6),
        rounds=600,
        losses=400,
        crashes=40,
    ),
    "nightly": Profile(
        "nightly",
        examples=4000,
        commands=20,
        seconds=1600.0,
        lengths=(0, 1, 2, 3, 4),
        floor=1.0,
        replays=(20000, 300.0),
        waits=(1, 3, 6, 20, 60, 210),
        lasts=800.0,
        rounds=4000,
        losses=3000,
        crashes=200,
    ),
}

_SEARCHED: Final = 0.8
"""The share of the time after which the FC is killed, where that is wanted."""
_ALONE: Final = 10
"""Examples before calls are made at once: most of what shows so shows to one client by then."""
GRACE: Final = (2.0, 5.0)
"""Seconds after the time of a campaign in which an example and then all else may come to an end."""
DOUBTED: Final = frozenset({401, 403, 404})
"""Codes by which an FC refuses everything once the token has died, or the routes have gone."""


class TimeIsUp(Interruption):
    """The time of the campaign is up."""


class _Enough(Interruption):
    """The first finding is there, and no other is wanted."""


def wanted_again(found: Found) -> bool:
    """Return whether another conversation in which a finding shows may tell more of it."""
    if found.unconfirmed:
        return found.settled and found.attempts < UNSEEN_ATTEMPTS
    return found.shrunk and not found.self_contained and found.attempts < ATTEMPTS


def _session(given: Session | Target) -> Session:
    return given.session() if isinstance(given, Target) else given


def _profile(given: Profile | str) -> Profile:
    if isinstance(given, Profile):
        return given
    if given not in PROFILES:
        raise ValueError(f"unknown profile {given!r}; choose from {', '.join(PROFILES)}")
    return PROFILES[given]


@define
class Campaign:
    """One campaign against the FC of ``session``, or a :class:`Target`, reporting to ``reporter``.

    ``profile`` may be given by its name. The same seed gives the same commands on the same FC.
    ``first_only`` ends the search at the first finding, which is shortened all the same. ``known``
    are the fingerprints that do not count against the FC; ``found`` may hold what the traces of
    earlier campaigns have shown again.
    ``doubt`` says why the campaign is unsure if there is nothing graver. ``share`` is the part of
    the ``whole`` profile that is done here. ``ended`` says why it was broken off, if it was.
    """

    session: Session = field(converter=_session)
    profile: Profile = field(factory=lambda: PROFILES["dev"], converter=_profile)
    seed: int = field(factory=lambda: secrets.randbelow(2**32))
    reporter: Reporter = field(factory=Silent)
    first_only: bool = False
    known: frozenset[str] = frozenset()
    found: dict[str, Found] = field(factory=dict)
    examples: int = 0
    doubt: str = ""
    share: Share = field(factory=Share)
    ended: str = field(init=False, default="")
    whole: Profile = field(init=False)
    aside: Session = field(init=False)
    races: Races = field(init=False)
    losses: Losses = field(init=False)
    crashes: Crashes = field(init=False)
    triage: Triage = field(init=False)
    started_at: float = field(factory=time.time)
    _started: float = field(init=False)
    _told: float = 0.0
    _killing: bool = False

    def __attrs_post_init__(self) -> None:
        self._started = time.monotonic()
        self.whole, self.profile = self.profile, self.profile.part(self.share)
        # what is replayed must not steer the search, nor its runs count as those of the search do,
        # but they are on the FC like any other
        latency = self.session.tally.statistics.latency
        tally = Tally(on_run=self.session.tally.on_run, statistics=Statistics(latency=latency))
        self.aside = evolve(self.session, tally=tally, archive=None, comparison=None)
        self.session.races = self.session.races and self.profile.rounds > 0
        # others may be at work on the FC that this is a part with
        wanted = self.profile.crashes > 0 and self.share.of == 1
        self.session.crashes = self.session.crashes and wanted
        self.races = Races(self._besides(), self.share.rng(self.seed, "races"), self.lengths)
        self.losses = Losses(self._besides(), self.share.rng(self.seed, "losses"), self.lengths)
        self.crashes = Crashes(self._besides(), self.share.rng(self.seed, "crashes"), self.lengths)
        self.triage = Triage(
            self.aside,
            self.reporter,
            Allowance.of(self.profile.settle, self.profile.seconds),
            self.profile.confirm,
            self.profile.shrink,
            lambda: (self.session.tally.commands, self._searched()),
            self.remaining,
            self.tell,
        )

    def _besides(self) -> Session:
        """Return a session for runs that change nothing of the search."""
        tally = Tally(on_run=self.session.tally.on_run)
        session = evolve(self.session, tally=tally, archive=None, comparison=None)
        session.tally.echoes = self.session.tally.echoes
        session.on_finding, session.on_call = self._collect, self._end_example
        return session

    @property
    def requests(self) -> int:
        """The commands sent so far, those of replays included."""
        others = (self.races, self.losses, self.crashes)
        sessions = (self.session, self.aside, *(each.session for each in others))
        return sum(session.tally.commands for session in sessions)

    def run(self) -> Result:
        """Explore until the budget is spent or the FC is lost. Never raises for what an FC does."""
        try:
            why = self.explore()
        except NoLonger as gone:  # no replay would show anything
            return self.result(str(gone))
        try:
            self._settle_new()
        except NoLonger as gone:
            why = why or str(gone)
        return self.result(why)

    def explore(self) -> str:
        """Explore until the budget is spent; return why it ended before, if the FC was lost.

        Raises :class:`NoLonger`.
        """
        self._told = time.monotonic()
        self.session.on_finding, self.session.on_call = self._collect, self._end_example
        self.session.archive = Archive()
        try:
            self._settle_new()
            with suppress(TimeIsUp):  # what is left of it is for crashes
                self._explore()
            self._crash()
        except TargetLost as lost:
            return f"the Federation Core stopped answering: {lost}"
        except (TimeIsUp, _Enough):
            pass
        return ""

    @property
    def lengths(self) -> tuple[int, ...]:
        """The step counts whose edges are wanted (0: ungoverned)."""
        return (0,) if self.session.ungoverned else self.profile.lengths

    def _explore(self) -> None:
        self._live_through_cases()
        search = self._search()
        alone = self._alone()
        while self.examples < self.profile.examples:
            self._count()
            search.example()
            alone.visit(self.examples)
            self._settle_new()
            self._send_others()

    def _live_through_cases(self) -> None:
        """Begin with the canonical cases."""
        if not self.session.ungoverned:
            for scenario in self.share.take(tuple(CANONICAL.values())):
                self._count()
                live_through(self.session.lockstep(), scenario)
                self._settle_new()

    def _search(self) -> Examples:
        acts = self.profile.commands
        steps = self.profile.steps
        return Search.seeded(self.session, self.seed, self.lengths, acts, self.share, steps)

    def _alone(self) -> Alone:
        profile = self.profile
        examples, waits = profile.examples, profile.waits
        return Alone.of(self.session, examples, waits, profile.lasts, self.share)

    def _send_others(self) -> None:
        """Send the rounds that are due by now, evenly over the examples but the first ones."""
        profile, session, losses = self.profile, self.session, self.losses.counts
        while session.races and self.races.counts.rounds < self.due(profile.rounds, self.examples):
            self._begin()
            self.races.round()
            self._settle_new()
        while session.keyed and losses.examples < self.due(profile.losses, self.examples):
            self._begin()
            self.losses.example()
            self._settle_new()

    def due(self, total: int, examples: int) -> int:
        """Return how many of ``total`` are due after so many examples: none after the first."""
        first = min(_ALONE, self.profile.examples // 4)
        return total * max(0, examples - first) // max(self.profile.examples - first, 1)

    def _crash(self) -> None:
        """Kill the FC as often as is wanted, now that nothing else is under way."""
        self._killing = True
        if self.first_only and self.found:
            return
        while self.session.crashes and self.crashes.rounds < self.profile.crashes:
            self._begin()
            self.crashes.round()
            self._settle_new()

    def _count(self) -> None:
        """Begin an example, if there is time for one."""
        self._begin()
        self.examples += 1

    def _begin(self) -> None:
        if self._over(0.0):
            raise TimeIsUp
        self.tell()

    def _end_example(self) -> None:
        """Break off an example that takes too long after the time was up."""
        if self._over(GRACE[0]):
            raise TimeIsUp

    def _over(self, grace: float) -> bool:
        seconds = self.profile.seconds if self._killing else self.search_seconds
        return seconds is not None and self._seconds() > seconds + grace

    @property
    def search_seconds(self) -> float | None:
        """The seconds for the search; what is left of the time is for crashes."""
        seconds = self.profile.seconds
        return seconds if seconds is None or not self.session.crashes else seconds * _SEARCHED

    def remaining(self) -> float:
        """Return the seconds after which all has to be over."""
        if self.profile.seconds is None:
            return math.inf
        return self.profile.seconds + GRACE[1] - self._seconds()

    def _seconds(self) -> float:
        return time.monotonic() - self._started

    def _searched(self) -> float:
        """Return the seconds that were not spent on replays."""
        return max(0.0, self._seconds() - self.triage.allowance.took)

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
            self.triage.doing or "exploring",
        )

    def _left(self) -> float | None:
        """Return the seconds that the search may still take, by examples left or by time."""
        spent, budget = self._seconds(), self.profile.seconds
        left = []
        if self.examples > 1:
            done = self.examples - 1  # the one that has begun is not done
            left.append(spent / done * (self.profile.examples - done))
        if budget is not None:
            left.append(max(0.0, budget - spent))
        return min(left, default=None)

    def _collect(self, finding: Finding, lockstep: Lockstep) -> None:
        there = self.found.get(finding.fingerprint)
        if there is not None:
            there.occurrences += 1
            there.last_seen = time.time()
            if wanted_again(there):
                self.take_up(there, self._found(finding, lockstep))
            return
        self.believe(lockstep.steps[-1])
        self.add(self._found(finding, lockstep))
        if self.first_only:
            raise _Enough

    def _found(self, finding: Finding, lockstep: Lockstep) -> Found:
        commands, archive = lockstep.needed(), self.session.archive
        steps = lockstep.steps_of(commands)
        # what is in no journal has a run of its own, and needs nothing of what was before
        history = () if lockstep.journal is None or archive is None else archive.history()
        past = lockstep.known
        return Found(finding, commands, steps, self.requests, history=history, past=past)

    def take_up(self, there: Found, seen: Found) -> None:
        """Take up another conversation with a finding where the one that is there says too little.

        Only where it is :func:`wanted_again`.
        """
        if there.unconfirmed:
            there.commands, there.steps, there.history = seen.commands, seen.steps, seen.history
            there.settled, there.echo_of = False, ""  # what its replays said stands until then
        else:
            there.again = (seen.commands, seen.steps)

    def believe(self, step: Step) -> None:
        """Ask again what was true at the start, where that could explain a finding.

        A token that dies makes an FC refuse whatever is asked. Raises :class:`NoLonger`.
        """
        if isinstance(step.response, Reply) and step.response.code in DOUBTED:
            why = self.session.no_longer()
            if why is not None:
                raise NoLonger(why)

    def add(self, found: Found) -> None:
        """Take up a finding: one just seen, or one that an earlier trace has shown again."""
        found.known = found.fingerprint in self.known
        self.found[found.fingerprint] = found
        try:
            self.reporter.found(found)
        except Exception as error:
            found.trouble = trouble("it could not be written down", error)

    def _settle_new(self) -> None:
        """Replay the findings that are new, and shorten those that replays show."""
        tally = self.session.tally  # how this FC acts on decisions was seen in the search
        self.aside.tally.own, self.aside.tally.held = tally.own.copy(), tally.held.copy()
        self.aside.known = self.session.known.union(self.found)
        self._note_echoes()
        self._note_chance()
        due = [each for each in self.found.values() if self.triage.is_due(each)]
        doubtful = self.session.tally.echoes.doubtful
        due = [each for each in due if not each.echo_of or doubtful(each.fingerprint)]
        if due:
            self.triage.run(tuple(due))
            self._note_echoes()
            self._note_chance()

    def result(self, why: str = "") -> Result:
        """Return what the campaign has come to; ``why`` says what makes it unsure, if anything."""
        tally, compared = self.session.tally, self.session.comparison
        coverage = measure(tally, self.lengths)
        self._note_chance()
        self.ended = why or self.doubt
        why = why or too_little(self.profile.wanted, coverage, tally.commands, tally.open)
        why = why or races_unsure(self.profile.wanted, self.races.counts)
        why = why or crashes_unsure(self.profile.wanted, self.crashes.rounds, self.crashes.met)
        unsure = tally.unsure | self.aside.tally.unsure
        found = any(each.counts for each in self.found.values())
        why = why or self.doubt
        if not found:
            doubted = [f.fingerprint for f in self.found.values() if f.kind == "unconfirmed"]
            why = why or unconfirmed(doubted) or "; ".join(unsure.values())
        verdict = Verdict.UNSURE if why else Verdict.CONFORMS
        if found:
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
            self._told_of_others(self._told_of_triage(tally.statistics.as_json())),
            self._judged(),
            tuple(unsure.values()),
            agreed=tuple(map(str, self.session.oracle.agreed)),
            differences=() if compared is None else compared.variations,
        )

    def _told_of_others(self, statistics: dict[str, Any]) -> dict[str, Any]:
        more = {"races": self.races.as_json()} if self.races.counts.rounds else {}
        more |= {"losses": self.losses.as_json()} if self.losses.counts.examples else {}
        more |= {"crashes": self.crashes.as_json()} if self.crashes.rounds else {}
        return statistics | more

    def _judged(self) -> tuple[str, ...]:
        """Return the areas that were judged; calls at once and crashes where there were some."""
        races = self.races.counts
        there = {"concurrency": races.raced.total() > 0, "durability": self.crashes.met > 0}
        there |= {each.finding.area: True for each in self.found.values()}
        return tuple(each for each in self.session.judged if there.get(each, True))

    def _note_echoes(self) -> None:
        """Note which findings follow from others; one whose trace does not show another does not.

        That is, of a trace that was shortened to the end: a longer one may do without it by chance.
        Later sights may show that a finding stands by itself.
        """
        echoes = self.session.tally.echoes
        for found in (each for each in self.found.values() if not each.doubted):
            shown = {each.fingerprint for step in found.steps for each in step.findings}
            leader = echoes.leader(found.fingerprint)
            other = self.found.get(leader)
            short = found.shrunk and not found.cut
            if short and leader not in shown and not (other and leads_to(other, found)):
                leader = ""
            if not found.shrunk or shown & echoes.unsettling - {found.fingerprint}:
                leader = leader or echoes.suspect(found.fingerprint)
            leader = (
                echoes.kin(found.fingerprint) or like_another(found, self.found.values()) or leader
            )
            leader = self.found[leader].echo_of or leader if leader in self.found else ""
            found.echo_of = leader

    def _note_chance(self) -> None:
        """Note how often server errors come whatever is asked: a gateway may strew them in."""
        errors = [each for each in self.found.values() if each.by_chance]
        calls = self.session.tally.commands
        if self.profile.confirm and calls:
            rate = min(1.0, sum(each.occurrences for each in errors) / calls)
            for found in errors:
                found.rate = rate
            doubted = [each for each in errors if each.doubted]
            for found in errors:
                found.strewn = bool(doubted)
            for found in doubted:  # whatever strews them in is one thing: the first leads
                found.echo_of = "" if found is doubted[0] else doubted[0].fingerprint

    def _told_of_triage(self, statistics: dict[str, Any]) -> dict[str, Any]:
        """With the cost of shrinking, and the findings for which the budget did not suffice."""
        cost = self.aside.tally.statistics.as_json()["shrinking"]
        new = [each for each in self.found.values() if not each.known and not each.unconfirmed]
        left = {
            "not_shortened": [each.fingerprint for each in new if each.cut or not each.shrunk],
            "not_replayed": [each.fingerprint for each in new if each.reproduced is None],
        }
        return {**statistics, "shrinking": {**cost, **left}}
