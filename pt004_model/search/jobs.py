"""The jobs that a campaign over many workers is cut into: values go out, and values come back.

A round searches for some examples, and knows what all earlier rounds have tried; a shortening
replays and shortens one finding. A job is reached by nothing but its value and reaches nothing but
the FC, so that one which is lost is done again, anywhere.
"""

from __future__ import annotations

import pickle
import time
from collections import Counter
from collections.abc import Callable, Hashable
from importlib.metadata import version
from random import Random
from typing import Any, Final, Protocol

from attrs import define, evolve, field, frozen

from pt004_model.drive.lockstep import Lockstep, Tally, ignore
from pt004_model.drive.session import Session
from pt004_model.drive.target import Target
from pt004_model.judge.finding import Finding
from pt004_model.model.coverage import Edge
from pt004_model.search.campaign import GRACE, Campaign, Profile
from pt004_model.search.explorer import Search
from pt004_model.search.losses import LossCounts
from pt004_model.search.races import Raced
from pt004_model.search.results import Examples, Silent
from pt004_model.search.scheduler import Scheduler, Share
from pt004_model.shrink.triage import Allowance, NoLonger, Triage
from pt004_model.trace.recorded import FindingReporter, Found

VERSION: Final = version("pt004_model")


class OtherVersion(Exception):  # noqa: N818 - said of a worker, in a sentence for people
    """A worker has another version of this program; the message is a sentence for people."""


class Job(Protocol):
    """A value that can be carried out by any worker."""

    def run(self) -> Any:
        """Do it, and return what came of it, a value too."""
        ...


def perform(wanted: str, packed: bytes) -> bytes:
    """Carry out a job that was packed by ``wanted``, a version of this program.

    Raises :class:`OtherVersion`.
    """
    if wanted != VERSION:
        raise OtherVersion(
            f"a worker has pt004 {VERSION}, and the campaign pt004 {wanted}; install one for all"
        )
    job: Job = pickle.loads(packed)  # noqa: S301 - made by this very program
    return pickle.dumps(job.run())


@frozen
class Reach:
    """The way from a worker to the FC: as whom it is asked, for what, and what is judged.

    ``until`` is the time at which the campaign is over, in epoch seconds, ``rate`` the most
    requests a second of one worker. ``reporter`` and ``on_run`` are told at once of findings and
    runs, where the worker can write down either.
    """

    target: Target
    areas: frozenset[str]
    until: float | None = None
    reporter: FindingReporter | None = None
    on_run: Callable[[str], None] | None = None
    used: dict[Edge, int] = field(factory=dict)
    rate: float | None = None

    def session(self, runs: list[str]) -> Session:
        """Return a session with the FC; the ids of its runs are kept, or collected in ``runs``."""
        self.target.transport.rate = self.rate
        session = self.target.session(self.areas)
        session.tally.on_run, session.used = self.on_run or runs.append, self.used
        return session

    @property
    def seconds(self) -> float | None:
        """The seconds that are left."""
        return None if self.until is None else max(0.0, self.until - time.time())

    def tokens(self) -> tuple[str, ...]:
        """Return the tokens that were made here, of which the redactor elsewhere has to know."""
        return tuple(self.target.credentials.made.values())


@frozen
class Before:
    """All that a round may know of those that were before it: counts, which do not change."""

    tally: Tally = field(factory=Tally)
    tried: Counter[Hashable] = field(factory=Counter)
    spent: Counter[str] = field(factory=Counter)
    raced: Counter[tuple[str, str]] = field(factory=Counter)
    lost: Counter[tuple[str, str]] = field(factory=Counter)


@frozen
class RoundResult:
    """The counts that a round adds, and the findings it saw.

    Those of which no trace was wanted are counted in ``again``, by fingerprint. ``besides`` are the
    calls of races and losses. ``why`` says why nothing more can be asked of the FC, if that is so.
    ``bears`` are the requests a second that were taken of an FC which answered 429.
    """

    examples: int
    tally: Tally
    raced: Raced
    lost: LossCounts
    besides: int
    tried: Counter[Hashable]
    spent: Counter[str]
    found: tuple[Found, ...]
    again: Counter[str]
    runs: tuple[str, ...]
    tokens: tuple[str, ...] = field(repr=False)
    why: str = ""
    bears: float | None = None


@frozen
class Round:
    """A number of examples: those of ``number``, when ``before`` was known.

    ``share`` is which of the rounds that are planned together it is, ``untraced`` the
    fingerprints of which no further trace is wanted.
    """

    reach: Reach
    profile: Profile
    seed: int
    number: int
    share: Share
    before: Before
    known: frozenset[str]
    untraced: frozenset[str]

    def run(self) -> RoundResult:
        """Search, and replay nothing."""
        before, runs, began = self.before, list[str](), time.monotonic()
        part = self._part(self.reach.session(runs))
        try:
            why = part.explore()
        except NoLonger as gone:
            why = str(gone)
        finally:
            self.reach.target.close()
        tally, races, losses, search = part.session.tally, part.races, part.losses, part.search
        sent = self.reach.target.transport
        taken = (sent.requests - sent.throttled) / (time.monotonic() - began)
        return RoundResult(
            part.examples,
            evolve(
                tally,
                on_run=ignore,
                edges=tally.edges - before.tally.edges,
                own=tally.own - before.tally.own,
                held=tally.held - before.tally.held,
            ),
            evolve(races.counts, tried=races.counts.tried - before.raced),
            evolve(losses.counts, seen=losses.counts.seen - before.lost),
            races.session.tally.commands + losses.session.tally.commands,
            search.tried - before.tried,
            search.spent - before.spent,
            tuple(part.found.values()),
            part.again,
            tuple(runs),
            self.reach.tokens(),
            why,
            taken if sent.throttled else None,
        )

    def _part(self, session: Session) -> _Part:
        session.tally.include(self.before.tally)
        profile = evolve(self.profile, seconds=self.reach.seconds)
        reporter = _Forwarding(self.reach.reporter or Silent())
        about = (self.seed, f"round {self.number}")
        part = _Part(
            session,
            profile,
            self.seed,
            reporter,
            known=self.known,
            untraced=self.untraced,
            search=self.search(session, profile, Share().rng(*about)),
        )
        part.races.rng = Share().rng(*about, "races")
        part.losses.rng = Share().rng(*about, "losses")
        part.races.counts.tried.update(self.before.raced)
        part.losses.counts.seen.update(self.before.lost)
        return part

    def search(self, session: Session, profile: Profile, rng: Random) -> Examples:
        """Return what makes the examples."""
        return Search(
            session,
            Scheduler(rng, Counter(self.before.tried), self.share),
            (0,) if session.ungoverned else profile.lengths,
            profile.commands,
            profile.steps,
            Counter(self.before.spent),
        )


@define
class _Forwarding(Silent):
    """Hands on what is found, and not where the round stands."""

    to: FindingReporter

    def found(self, found: Found) -> None:
        self.to.found(found)


@define
class _Part(Campaign):
    """A campaign of one round."""

    untraced: frozenset[str] = frozenset()
    search: Examples = field(kw_only=True)
    again: Counter[str] = field(factory=Counter)

    def _live_through_cases(self) -> None:
        """Leave them to whoever plans the rounds."""

    def _search(self) -> Examples:
        return self.search

    def _settle_new(self) -> None:
        """Leave it to other jobs."""

    def _collect(self, finding: Finding, lockstep: Lockstep) -> None:
        if finding.fingerprint in self.untraced:
            self.again[finding.fingerprint] += 1
        else:
            super()._collect(finding, lockstep)


@frozen
class ShorteningResult:
    """A finding as it is told now, and what that has cost. ``why`` is as for rounds."""

    found: Found
    tally: Tally
    runs: tuple[str, ...]
    tokens: tuple[str, ...] = field(repr=False)
    why: str = ""


@frozen
class Shortening:
    """A finding to be replayed and shortened, for so many requests and seconds.

    ``tally`` says how the FC acts on decisions, ``known`` what else was found.
    """

    reach: Reach
    profile: Profile
    found: Found
    cost: tuple[int, float]
    tally: Tally
    known: frozenset[str] = frozenset()

    def run(self) -> ShorteningResult:
        """Replay it, and shorten it if that shows it."""
        runs: list[str] = []
        session, found = self.reach.session(runs), self.found
        session.tally.own, session.tally.held = self.tally.own.copy(), self.tally.held.copy()
        session.known = self.known
        ends = None if self.reach.until is None else self.reach.until + GRACE[1]
        triage = Triage(
            session,
            self.reach.reporter or Silent(),
            Allowance(*self.cost, 0.0),
            self.profile.confirm,
            self.profile.shrink,
            lambda: (0, 0.0),
            lambda: float("inf") if ends is None else ends - time.time(),
            lambda: None,
        )
        why = ""
        try:
            triage.run((found,))
        except NoLonger as gone:
            why = str(gone)
        finally:
            self.reach.target.close()
        tally = evolve(session.tally, on_run=ignore, own=Counter(), held=Counter())
        return ShorteningResult(found, tally, tuple(runs), self.reach.tokens(), why)
