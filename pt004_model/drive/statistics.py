"""The counts of a campaign for people: what its runs were like, and how fast the FC was.

All of it is counts in buckets, so that a night takes no more memory than a minute, and a request
costs a few additions: the tester's own time is measured.
"""

from __future__ import annotations

import math
from collections import Counter
from typing import Any, Final

from attrs import define, field

from pt004_model.model.commands import ChangeRun, Command, CreateRun, ReadRun, Route
from pt004_model.model.replies import Reply
from pt004_model.model.run import Run
from pt004_model.vocabulary import Decision, Status

_WIDTH: Final = math.log(1.05)  # a bucket ends 5 % above where it begins
_SHORTEST: Final = 0.01  # milliseconds; also what a clock that was set back amounts to
_STARTS: Final = {f"start-{decision}": str(decision) for decision in Decision}
_ROUTES: Final[dict[type[object], Route]] = {
    CreateRun: Route.CREATE,
    ChangeRun: Route.CHANGE,
    ReadRun: Route.READ,
}


@define
class Latency:
    """The times of the calls of one route in ms: a histogram with buckets 5 % wide.

    A percentile is therefore right to 2.5 %; the longest is exact.
    """

    buckets: Counter[int] = field(factory=Counter)
    longest: float = 0.0

    def add(self, seconds: float) -> None:
        """Count one call."""
        milliseconds = max(seconds * 1000, _SHORTEST)
        self.buckets[math.floor(math.log(milliseconds) / _WIDTH)] += 1
        self.longest = max(self.longest, milliseconds)

    def include(self, other: Latency) -> None:
        """Count the calls that another one has counted."""
        self.buckets.update(other.buckets)
        self.longest = max(self.longest, other.longest)

    def percentile(self, share: float) -> float:
        """Return the time within which ``share`` (0 to 1) of the calls were answered."""
        wanted, seen = math.ceil(share * self.buckets.total()), 0
        for bucket in sorted(self.buckets):
            seen += self.buckets[bucket]
            if seen >= wanted:
                return min(math.exp((bucket + 0.5) * _WIDTH), self.longest)
        return 0.0

    def as_json(self) -> dict[str, float]:
        """Count, percentiles and the longest, for ``summary.json``."""
        shares = {"p50": 0.5, "p90": 0.9, "p99": 0.99}
        told = {name: round(self.percentile(share), 3) for name, share in shares.items()}
        return {"count": self.buckets.total(), **told, "max": round(self.longest, 3)}


@define
class Statistics:
    """Counts of a campaign.

    ``step_counts`` counts runs by their declared steps (0: ungoverned). ``changed[k]`` counts the
    runs that had at least k accepted changes, ``paused[k]`` those that were paused at least k
    times: so a run need not be remembered to be moved on. A call without an answer that a later
    read showed to have been applied is not counted. ``outside`` counts the runs that were set aside
    because they entered what the contract does not have, by the word of the FC.
    """

    step_counts: Counter[int] = field(factory=Counter)
    changed: Counter[int] = field(factory=Counter)
    paused: Counter[int] = field(factory=Counter)
    decisions: Counter[str] = field(factory=Counter)
    latency: dict[Route, Latency] = field(factory=dict)
    outside: Counter[str] = field(factory=Counter)
    shrinking_requests: int = 0
    shrinking_seconds: float = 0.0

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
        self.step_counts[run.length] += 1
        self.changed[0] += 1
        self.paused[0] += 1

    def moved(self, word: str, before: Run, after: Run) -> None:
        """Count an accepted change, which coverage calls ``word``."""
        self.changed.update(range(before.version + 1, after.version + 1))
        if word in _STARTS:
            self.decisions[_STARTS[word]] += 1
        if after.state.status is Status.PAUSED:
            self.paused[after.pauses] += 1

    def include(self, other: Statistics) -> None:
        """Count what others have counted of another part of the campaign."""
        for name in ("step_counts", "changed", "paused", "decisions", "outside"):
            getattr(self, name).update(getattr(other, name))
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
            "decisions": {str(each): self.decisions[str(each)] for each in Decision},
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


def _exactly(at_least: Counter[int]) -> Counter[int]:
    """Return the counts of runs by a number, from the counts of those that had at least it."""
    return +Counter({n: count - at_least[n + 1] for n, count in at_least.items()})


def _told(counts: Counter[int]) -> dict[str, int]:
    return {str(number): counts[number] for number in sorted(counts)}
