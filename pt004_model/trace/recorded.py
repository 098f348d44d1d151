"""A recorded conversation: its steps, and the finding that it ends in.

Whatever shows, files or replays a finding reads it from here; nothing about a step is encoded or
derived a second time.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from math import comb
from typing import Final, Protocol, TypeAlias

from attrs import Factory, define, field, frozen

from pt004_model.judge.durability import COMES_BACK
from pt004_model.judge.finding import SERVER_ERROR, Finding
from pt004_model.judge.memory import View
from pt004_model.judge.oracle import Judgement
from pt004_model.model.commands import Command, CreateRun, subject
from pt004_model.model.replies import NoAnswer, Response
from pt004_model.model.world import Outcome, expect
from pt004_model.wire.codec import Exchange

_CHANCE: Final = 0.001
"""What chance may have of showing a finding as often as replays did, for it to be believed."""
_PERVASIVE: Final = 0.25
"""The share of calls beyond which no answer counts as one that comes by chance."""
SURE: Final = 5
"""Replays in a row that show more than chance would, at any rate up to that."""
Commands: TypeAlias = tuple[Command, ...]


KINDS: Final = ("new", "unconfirmed", "known", "echo")
"""The kinds of findings, in the order in which to look at them."""


def kind_of(*, known: bool, unconfirmed: bool, echo_of: str) -> str:
    """Return of which of :data:`KINDS` a finding is: ``echo`` where it follows from another."""
    if known or echo_of:
        return "known" if known else "echo"
    return "unconfirmed" if unconfirmed else "new"


@frozen
class Step:
    """One recorded step: the command, the exchange that it led to, and what the judge said of it.

    ``before`` and ``after`` are the beliefs: the views held possible, the likeliest first. Of calls
    at once that no order explains, ``effect`` is the place of this one in the longest order that
    could be begun, from 1, and ``against`` what forbids it to be next.
    """

    command: Command
    exchange: Exchange
    before: tuple[View, ...] = field(repr=False)
    after: tuple[View, ...] = field(repr=False)
    judgement: Judgement = field(repr=False)
    effect: int | None = None
    against: tuple[Finding, ...] = ()

    @property
    def response(self) -> Response:
        """The reply, or that none came."""
        return self.exchange.response

    @property
    def silent(self) -> bool:
        """Return whether no answer came, and not by our own doing."""
        return isinstance(self.response, NoAnswer) and not self.response.ours

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The findings of the judge."""
        return self.judgement.findings

    @property
    def allowed(self) -> tuple[Outcome, ...]:
        """The outcomes that the model allowed in the likeliest world."""
        return expect(self.before[0].world, self.command)


def whole(commands: Iterable[Command]) -> tuple[Command, ...]:
    """Return those of ``commands`` that are about no run, or about one that they create first."""
    made: set[int | None] = {None}
    kept: list[Command] = []
    for command in commands:
        if isinstance(command, CreateRun):
            made.add(command.run)
        if subject(command) in made:
            kept.append(command)
    return tuple(kept)


def _at_least(seen: int, runs: int, rate: float) -> float:
    """Return the chance of ``seen`` or more in ``runs``, each of which shows it at ``rate``."""
    return sum(comb(runs, k) * rate**k * (1 - rate) ** (runs - k) for k in range(seen, runs + 1))


_SEEN_ONCE: Final = frozenset({COMES_BACK, "receipts.hash"})
"""Checks of which one sight is proof."""


@define
class Found:
    """One fingerprint in a campaign: its first finding, and the shortest trace of it so far.

    ``requests_to_first`` counts the requests of the campaign when it was first seen; ``first_seen``
    and ``last_seen`` are epoch seconds. ``reproduced`` says how often it was seen again when it was
    replayed, and how often it was replayed; ``known`` that it was to be expected. ``other`` is the
    conversation of the first replay in which it did not show. ``self_contained`` says that the
    trace needs nothing that happened before it; as long as it does not, another conversation in
    which the finding was seen is shortened, ``again``, in a few ``attempts``. ``history`` is what
    was sent up to the first sight, a conversation each. ``settled`` says that it needs no more
    replaying now, ``cut`` that shortening it ended for lack of budget. ``rate`` is the share of all
    calls that got such an answer, where it is ``by_chance``; ``strewn`` says that
    replays did not bear out others of this kind, so that one which was not replayed is not
    believed. ``trouble`` is a sentence when shortening or writing it down was broken off by a fault
    of ours. ``echo_of`` is the fingerprint of a finding that this one follows from; ``past`` are
    those of others that calls at once were judged past. ``cost`` is
    what replaying and shortening it has taken, in requests and seconds.
    """

    finding: Finding
    commands: Commands
    steps: tuple[Step, ...]
    requests_to_first: int
    occurrences: int = 1
    shrunk: bool = False
    first_seen: float = field(factory=time.time)
    last_seen: float = field(default=Factory(lambda self: self.first_seen, takes_self=True))
    reproduced: tuple[int, int] | None = None
    known: bool = False
    other: tuple[Step, ...] = ()
    self_contained: bool = False
    attempts: int = 0
    again: tuple[Commands, tuple[Step, ...]] | None = None
    history: tuple[Commands, ...] = field(default=(), repr=False, eq=False)
    settled: bool = False
    rate: float = 0.0
    strewn: bool = False
    cut: bool = False
    trouble: str = ""
    echo_of: str = ""
    past: frozenset[str] = frozenset()
    cost: tuple[int, float] = (0, 0.0)

    @property
    def flaky(self) -> bool:
        """Return whether a replay did not show it."""
        return self.reproduced is not None and self.reproduced[0] < self.reproduced[1]

    @property
    def at_once(self) -> bool:
        """Return whether calls are made at once in it: how they meet differs from replay to replay.

        What they have shown is no less true for that, so it is replayed more often.
        """
        return any(each.caller.client is not None for each in self.commands)

    @property
    def by_chance(self) -> bool:
        """Return whether a gateway may strew its kind in, at whatever call.

        So a long trace shows it somewhere in nearly each replay, which proves nothing: only the
        last call counts.
        """
        return self.finding.check == SERVER_ERROR

    @property
    def unconfirmed(self) -> bool:
        """Return whether replays show it no more often than chance would.

        That an FC does not come back is seen once for all: it may rest on all that it ever held. So
        is a hash that is not that of the entry beside it.
        """
        if self.finding.check in _SEEN_ONCE or self.reproduced is None:
            return self.strewn
        return _at_least(*self.reproduced, min(self.rate, _PERVASIVE)) > _CHANCE

    @property
    def doubted(self) -> bool:
        """Return whether it was replayed, and is most likely one of those that came by chance."""
        return self.by_chance and self.reproduced is not None and self.unconfirmed

    @property
    def to_be_replayed(self) -> bool:
        """Return whether no replay has said yet if it is to be believed, as it stands now."""
        return not self.settled and (self.reproduced is None or self.unconfirmed)

    @property
    def kind(self) -> str:
        """Return of which kind it is."""
        return kind_of(known=self.known, unconfirmed=self.unconfirmed, echo_of=self.echo_of)

    @property
    def counts(self) -> bool:
        """Return whether it makes an FC one that diverges."""
        return self.kind == "new"

    @property
    def fingerprint(self) -> str:
        """The fingerprint that all its occurrences share."""
        return self.finding.fingerprint


class FindingReporter(Protocol):
    """A listener that follows each finding, as it happens."""

    def found(self, found: Found) -> None:
        """Take note of a fingerprint that was seen for the first time."""
        ...

    def improved(self, found: Found) -> None:
        """Take note of a shorter trace of a finding."""
        ...

    def confirmed(self, found: Found) -> None:
        """Take note of the replays of a finding; ``reproduced`` says how often it showed."""
        ...
