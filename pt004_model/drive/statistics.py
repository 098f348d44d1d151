"""The counts of a campaign for people: what its runs were like, and how fast the FC was.

All of it is counts in buckets, so that a night takes no more memory than a minute, and a request
costs a few additions: the tester's own time is measured.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from attrs import define, field

from pt004_model.model.commands import ChangeRun, Command, CreateRun, ReadRun, Route
from pt004_model.model.replies import Reply
from pt004_model.model.run import Run
from pt004_model.vocabulary import Decision, Status

_T = TypeVar("_T")
_WIDTH: Final = math.log(1.05)  # a bucket ends 5 % above where it begins
_SHORTEST: Final = 0.01  # milliseconds; also what a clock that was set back amounts to
_STARTS: Final = {f"start-{decision}": str(decision) for decision in Decision}
_ROUTES: Final[dict[type[object], Route]] = {
    CreateRun: Route.CREATE,
    ChangeRun: Route.CHANGE,
    ReadRun: Route.READ,
}


def add_counts(counts: dict[_T, int], more: Mapping[_T, int]) -> None:
    """Add counts to those that are there."""
    for each, count in more.items():
        counts[each] = counts.get(each, 0) + count


@define
class Latency:
    """The times of the calls of one route in ms: a histogram with buckets 5 % wide.

    A percentile is therefore right to 2.5 %; the longest is exact.
    """

    buckets: dict[int, int] = field(factory=dict)
    count: int = 0
    longest: float = 0.0

    def add(self, seconds: float) -> None:
        """Count one call."""
        milliseconds = max(seconds * 1000, _SHORTEST)
        bucket = math.floor(math.log(milliseconds) / _WIDTH)
        self.buckets[bucket] = self.buckets.get(bucket, 0) + 1
        self.count += 1
        self.longest = max(self.longest, milliseconds)

    def include(self, other: Latency) -> None:
        """Count the calls that another one has counted."""
        add_counts(self.buckets, other.buckets)
        self.count += other.count
        self.longest = max(self.longest, other.longest)

    def percentile(self, share: float) -> float:
        """Return the time within which ``share`` (0 to 1) of the calls were answered."""
        wanted, seen = math.ceil(share * self.count), 0
        for bucket in sorted(self.buckets):
            seen += self.buckets[bucket]
            if seen >= wanted:
                return min(math.exp((bucket + 0.5) * _WIDTH), self.longest)
        return 0.0

    def as_json(self) -> dict[str, float]:
        """Count, percentiles and the longest, for ``summary.json``."""
        shares = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
        told = {name: round(self.percentile(share), 3) for name, share in shares.items()}
        return {"count": self.count, **told, "max": round(self.longest, 3)}


@define
class Statistics:
    """Counts of a campaign. The runs that shrinking makes are not counted, its calls' times are.

    ``step_counts`` counts runs by their declared steps (0: ungoverned). ``changed[k]`` counts the
    runs that had at least k accepted changes, ``paused[k]`` those that were paused at least k
    times: so a run need not be remembered to be moved on. A call without an answer that a later
    read showed to have been applied is not counted. ``outside`` counts the runs that were set aside
    because they entered what the contract does not have, by the word of the FC.
    """

    step_counts: dict[int, int] = field(factory=dict)
    changed: dict[int, int] = field(factory=dict)
    paused: dict[int, int] = field(factory=dict)
    decisions: dict[str, int] = field(factory=dict)
    latency: dict[Route, Latency] = field(factory=dict)
    outside: dict[str, int] = field(factory=dict)
    shrinking_requests: int = 0
    shrinking_seconds: float = 0.0
    _shrinking: int = 0

    def answered(self, command: Command, reply: Reply) -> None:
        """Count the time that a call took."""
        route = _ROUTES.get(type(command))
        if route is None:
            return
        if route not in self.latency:
            self.latency[route] = Latency()
        self.latency[route].add(reply.received - reply.sent)

    def created(self, run: Run) -> None:
        """Count a run."""
        if self._shrinking:
            return
        _one_more(self.step_counts, run.length)
        _one_more(self.changed, 0)
        _one_more(self.paused, 0)

    def moved(self, word: str, before: Run, after: Run) -> None:
        """Count an accepted change, which coverage calls ``word``."""
        if self._shrinking:
            return
        for number in range(before.version + 1, after.version + 1):
            _one_more(self.changed, number)
        if word in _STARTS:
            _one_more(self.decisions, _STARTS[word])
        if after.state.status is Status.PAUSED:
            _one_more(self.paused, _pauses(after))

    def set_aside(self, word: str) -> None:
        """Count a run that entered what the contract does not have."""
        if not self._shrinking:
            _one_more(self.outside, word)

    @contextmanager
    def shrinking(self, requests: Callable[[], int]) -> Iterator[None]:
        """Count what is done within as shrinking; ``requests`` tells how many were sent so far."""
        began, first = time.monotonic(), requests()
        self._shrinking += 1
        try:
            yield
        finally:
            self._shrinking -= 1
            if not self._shrinking:
                self.shrinking_seconds += time.monotonic() - began
                self.shrinking_requests += requests() - first

    def include(self, other: Statistics) -> None:
        """Count what others have counted of another part of the campaign."""
        for name in ("step_counts", "changed", "paused", "decisions", "outside"):
            add_counts(getattr(self, name), getattr(other, name))
        for route, latency in other.latency.items():
            self.latency.setdefault(route, Latency()).include(latency)
        self.shrinking_requests += other.shrinking_requests
        self.shrinking_seconds += other.shrinking_seconds

    def as_json(self) -> dict[str, Any]:
        """Return the counts as ``summary.json`` has them, numbers as names, in order."""
        return {
            "step_counts": _told(self.step_counts),
            "run_lengths": _told(_exactly(self.changed)),
            "pauses": _told(_exactly(self.paused)),
            "decisions": {str(each): self.decisions.get(str(each), 0) for each in Decision},
            "outside": dict(self.outside),
            "latency": {
                str(route): self.latency[route].as_json()
                for route in Route
                if route in self.latency
            },
            "shrinking": {
                "requests": self.shrinking_requests,
                "seconds": round(self.shrinking_seconds, 3),
            },
        }


def _one_more(counts: dict[Any, int], name: object) -> None:
    counts[name] = counts.get(name, 0) + 1


def _pauses(run: Run) -> int:
    """Return how often a run was paused, the present pause included."""
    return sum(1 for entry in run.log if entry.new_status is Status.PAUSED)


def _exactly(at_least: dict[int, int]) -> dict[int, int]:
    """Return the counts of runs by a number, from the counts of those that had at least it."""
    counts = {n: count - at_least.get(n + 1, 0) for n, count in at_least.items()}
    return {number: count for number, count in counts.items() if count > 0}


def _told(counts: dict[int, int]) -> dict[str, int]:
    return {str(number): counts[number] for number in sorted(counts)}
