"""What comes of a campaign: findings, progress, the result, and who is told of them."""

from __future__ import annotations

import time
from typing import Any, Protocol

from attrs import Factory, define, field, frozen

from pt004_model.explore.lockstep import Step
from pt004_model.explore.reduce import Commands
from pt004_model.judge.checks import AREAS
from pt004_model.judge.finding import Finding
from pt004_model.judge.oracle import Verdict
from pt004_model.model.coverage import Edge
from pt004_model.search.goals import Coverage


@define
class Found:
    """One fingerprint in a campaign: its first finding, and the shortest trace of it so far.

    ``requests_to_first`` counts the requests of the campaign when it was first seen; ``first_seen``
    and ``last_seen`` are epoch seconds. ``reproduced`` says how often it was seen again when it was
    replayed, and how often it was replayed; ``known`` that it was to be expected. ``other`` is the
    conversation of the first replay in which it did not show. ``stands_alone`` says that the trace
    needs nothing that happened before it; as long as it does not, another conversation in which the
    finding was seen is shortened, ``again``, in a few ``attempts``. ``history`` is what was sent up
    to the first sight, a conversation each.
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
    stands_alone: bool = False
    attempts: int = 0
    again: tuple[Commands, tuple[Step, ...]] | None = None
    history: tuple[Commands, ...] = field(default=(), repr=False, eq=False)

    @property
    def flaky(self) -> bool:
        """Whether a replay did not show it."""
        return self.reproduced is not None and self.reproduced[0] < self.reproduced[1]

    @property
    def fingerprint(self) -> str:
        """The fingerprint that all its occurrences share."""
        return self.finding.fingerprint


@frozen
class Progress:
    """Where a campaign stands: counts, and seconds since its start.

    ``total`` is how many examples are wanted, ``left`` the seconds that the rest may take if they
    go on like this (``None``: too early to say). ``doing`` is what is going on, in a word or two.
    """

    examples: int
    requests: int
    seconds: float
    driven: int
    reachable: int
    findings: int
    total: int = 0
    left: float | None = None
    doing: str = "exploring"


@frozen
class Result:
    """What a campaign came to. ``why`` is a sentence when the verdict is UNSURE.

    ``areas`` are those that were judged; without tokens there is nothing to authenticate.
    ``edges`` counts how often each was driven; ``statistics`` are as ``summary.json`` has
    them. ``started_at`` is in epoch seconds.
    """

    verdict: Verdict
    findings: tuple[Found, ...]
    examples: int
    requests: int
    seconds: float
    seed: int
    profile: str
    coverage: Coverage
    open_calls: int
    why: str = ""
    started_at: float = 0.0
    edges: dict[Edge, int] = field(factory=dict)
    statistics: dict[str, Any] = field(factory=dict)
    areas: tuple[str, ...] = AREAS


class Reporter(Protocol):
    """Is told what happens, as it happens."""

    def found(self, found: Found) -> None:
        """A fingerprint was seen for the first time."""
        ...

    def improved(self, found: Found) -> None:
        """A shorter trace of a finding is there."""
        ...

    def confirmed(self, found: Found) -> None:
        """A finding was replayed; ``reproduced`` says how often it showed."""
        ...

    def progress(self, progress: Progress) -> None:
        """Some time has passed."""
        ...
