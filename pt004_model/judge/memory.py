"""What the judge has seen: values that the FC made up, bound when first seen (sections 2, 6, 7)."""

from __future__ import annotations

from typing import TypeAlias

from attrs import define, field, frozen

from pt004_model.judge.clock import Clock, Instant, Window
from pt004_model.judge.finding import Finding
from pt004_model.model.commands import Names
from pt004_model.model.values import Json
from pt004_model.model.world import World

JsonObject: TypeAlias = dict[str, Json]


@frozen
class Seen:
    """What was seen of one run.

    ``times`` holds each time field as read, ``version`` the version of the run they belong to.
    ``windows`` maps versions to when they can have taken effect. ``log`` and ``gates`` are the
    latest reading, ``kinds`` counts the log's kinds, ``gate_ids`` binds gates by number.
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
    gate_ids: dict[int, str] = field(factory=dict)
    own: dict[str, Json] = field(factory=dict)


@frozen
class View:
    """One way things may be: a world, and what was seen of it.

    ``replies`` keeps the answer to each request that carried an idempotency key, ``calls`` when
    the first call that a run still waits for, its create perhaps, was sent.
    """

    world: World = field(factory=World)
    seen: dict[int, Seen] = field(factory=dict)
    replies: dict[tuple[int, str], JsonObject] = field(factory=dict)
    calls: dict[int, float] = field(factory=dict)


@define
class Ledger:
    """Facts that hold whatever the world: every id ever seen, and the FC's clock.

    It only grows, and is shared by all lockstep conversations of a campaign, so that an id used
    twice is noticed across runs and examples (sections 2, 7.1).
    """

    owners: dict[str, str] = field(factory=dict)
    clock: Clock = field(factory=Clock)


@define
class Notes:
    """What one reading of a reply brings to light, kept apart until it is believed."""

    ledger: Ledger
    names: Names
    findings: list[Finding] = field(factory=list)
    ids: dict[str, str] = field(factory=dict)
    times: list[tuple[Instant, Window]] = field(factory=list)

    def add(self, finding: Finding) -> None:
        """Note a disagreement."""
        self.findings.append(finding)

    def believe(self) -> None:
        """Enter the ids and times that were read into the ledger."""
        self.ledger.owners.update(self.ids)
        for each in self.times:
            self.ledger.clock.learn(*each)
