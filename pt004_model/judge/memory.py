"""What the judge has seen: values that the FC made up, bound when first seen (sections 2, 6, 7)."""

from __future__ import annotations

from collections.abc import Callable, MutableMapping
from typing import Final, TypeAlias

from attrs import define, evolve, field, frozen

from pt004_model.judge.clock import Clock, Instant, Window
from pt004_model.judge.deviation import Deviation
from pt004_model.judge.finding import Finding, classes_of, disagreement, place_of
from pt004_model.model.commands import Names
from pt004_model.model.run import Run
from pt004_model.model.values import Json
from pt004_model.model.world import World

JsonObject: TypeAlias = dict[str, Json]
MOST_OF_A_KIND: Final = 5
"""Disagreements of one kind that are told of one reply; the others are counted."""


@frozen
class Seen:
    """What was seen of one run.

    ``times`` holds each time field as read, ``version`` the version of the run they belong to.
    ``windows`` maps versions to when they can have taken effect. ``log`` and ``gates`` are the
    latest reading, ``kinds`` counts the log's kinds, ``gate_ids`` binds gates by number. ``unread``
    are the parts (``logs``, ``gates``) that are taken as they stand when they are shown next.
    """

    run_id: str = ""
    correlation: str = ""
    version: int = -1
    log_version: int = -1
    times: dict[str, str] = field(factory=dict)
    windows: dict[int, Window] = field(factory=dict)
    chain: tuple[str, ...] = ()
    log: tuple[JsonObject, ...] = field(default=(), repr=False)
    kinds: dict[str, int] = field(factory=dict)
    gates: tuple[JsonObject, ...] = ()
    gate_ids: dict[int, object] = field(factory=dict)
    own: dict[str, Json] = field(factory=dict)
    unread: frozenset[str] = frozenset()


@frozen
class Answered:
    """What the first answer under a key showed; no ``logs`` or ``gates`` where it left them out."""

    run: JsonObject
    logs: list[JsonObject] | None
    gates: list[JsonObject] | None


@frozen
class View:
    """One way things may be: a world, and what was seen of it.

    ``replies`` keeps the answer to each request that carried an idempotency key, ``calls`` when
    the first call that a run still waits for, its create perhaps, was sent. ``unsettled`` are runs
    of which a finding leaves open where they are, each with what it may be
    (:mod:`pt004_model.judge.adopt`).
    """

    world: World = field(factory=World)
    seen: dict[int, Seen] = field(factory=dict)
    replies: dict[tuple[int, str], Answered] = field(factory=dict)
    calls: dict[int, float] = field(factory=dict)
    unsettled: dict[int, tuple[Run, ...]] = field(factory=dict)


@define
class Ledger:
    """Facts that hold whatever the world: every id ever seen, and the FC's clock.

    It is shared by all lockstep conversations of a campaign, so that an id used twice is noticed
    across runs and examples (sections 2, 7.1).
    """

    owners: MutableMapping[int, int] = field(factory=dict)
    """Whose each id is, both by their hashes: an export may hold millions."""
    clock: Clock = field(factory=Clock)
    served: Callable[[JsonObject], JsonObject] = lambda entry: entry
    """Gives a log entry as it was served, where that is in other names."""

    def knows(self, name: str) -> bool:
        """Tell whether an id was ever seen."""
        return hash(name) in self.owners

    def forget(self, most: int) -> None:
        """Forget the oldest ids when there are twice ``most``, so that these are left."""
        if len(self.owners) >= 2 * most:
            for each in tuple(self.owners)[:-most]:
                del self.owners[each]

    def owns(self, owner: str, name: str) -> bool:
        """Tell whether an id was never seen as another's."""
        mine = hash(owner)
        return self.owners.get(hash(name), mine) == mine


@define
class Notes:
    """What one reading of a reply brings to light, kept apart until it is believed.

    A reply of a megabyte can disagree in a hundred thousand places alike. All are counted, by
    ``kinds``, and of each kind the first few are told. What is ``agreed`` is none; it is counted in
    ``excused``.
    """

    ledger: Ledger
    names: Names
    agreed: tuple[Deviation, ...] = ()
    excused: int = 0
    findings: list[Finding] = field(factory=list)
    ids: dict[str, str] = field(factory=dict)
    times: list[tuple[Instant, Window]] = field(factory=list)
    kinds: dict[tuple[str, ...], int] = field(factory=dict)
    _last: dict[tuple[str, ...], int] = field(factory=dict)

    @property
    def count(self) -> int:
        """How many disagreements there are, told one by one or not."""
        return sum(self.kinds.values())

    @property
    def noticed(self) -> int:
        """How many disagreements there are, those that were agreed to among them."""
        return self.count + self.excused

    def disagree(
        self, check: str, where: str, expected: object, observed: object, *classes: str
    ) -> None:
        """Note a disagreement; see :func:`~pt004_model.judge.finding.disagreement`.

        With ``classes`` the two sides may be functions, called only where they are told.
        """
        classes = classes or classes_of(expected, observed)
        if any(each.covers(check, where, classes) for each in self.agreed):
            self.excused += 1
            return
        kind = (check, place_of(where), *classes)
        self.kinds[kind] = self.kinds.get(kind, 0) + 1
        if self.kinds[kind] <= MOST_OF_A_KIND:
            self._last[kind] = len(self.findings)
            expected = expected() if callable(expected) else expected
            observed = observed() if callable(observed) else observed
            self.findings.append(disagreement(check, where, expected, observed, *classes))

    def told(self) -> tuple[Finding, ...]:
        """Return the disagreements; the last of a kind says how many more there are of it."""
        told = list(self.findings)
        for kind, place in self._last.items():
            more = self.kinds[kind] - MOST_OF_A_KIND
            if more > 0:
                seen = f"{told[place].observed}, and {more:,} more like this"
                told[place] = evolve(told[place], observed=seen)
        return tuple(told)

    def believe(self) -> None:
        """Enter the ids and times that were read, and not disagreed with, into the ledger."""
        for name, owner in self.ids.items():
            self.ledger.owners.setdefault(hash(name), hash(owner))
        for each in self.times:
            self.ledger.clock.learn(*each)
