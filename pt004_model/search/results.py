"""The examples of a campaign, its result and its progress, and who is told of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable
from typing import Any, Protocol

from attrs import field, frozen

from pt004_model.drive.comparing import Variation
from pt004_model.judge.checks import AREAS
from pt004_model.judge.oracle import Verdict
from pt004_model.model.coverage import Edge
from pt004_model.search.goals import Coverage
from pt004_model.trace.recorded import FindingReporter, Found


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
    them. ``started_at`` is in epoch seconds. ``unsure`` has a sentence for each check of one's own
    that could not tell, ``agreed`` one for each agreed difference, which was not judged.
    ``guarantee`` says what a complete suite has shown, or why nothing; ``differences`` are those
    from another FC that was asked the same.
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
    unsure: tuple[str, ...] = ()
    guarantee: str = ""
    agreed: tuple[str, ...] = ()
    differences: tuple[Variation, ...] = ()


class Examples(Protocol):
    """Whatever makes the examples of a campaign, one after another, and counts what it did."""

    spent: Counter[str]

    @property
    def tried(self) -> Counter[Hashable]:
        """The count of each thing that was tried."""
        ...

    def example(self) -> None:
        """Make one."""
        ...


class Reporter(FindingReporter, Protocol):
    """Is told what happens in a campaign, as it happens."""

    def progress(self, progress: Progress) -> None:
        """Some time has passed."""
        ...


class Silent:
    """A reporter that nobody listens to."""

    def found(self, found: Found) -> None:
        """Say nothing."""

    def improved(self, found: Found) -> None:
        """Say nothing."""

    def confirmed(self, found: Found) -> None:
        """Say nothing."""

    def progress(self, progress: Progress) -> None:
        """Say nothing."""
