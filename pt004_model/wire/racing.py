"""Clients that call an FC at once, each on a connection of its own.

The connections are open before anything begins, and the first requests of all meet in one of two
ways (:mod:`pt004_model.wire.meeting`), each of which may fail behind some gateway: so they are used
in turn. What a client sends after its first request follows when that one is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from attrs import define, evolve, field

from pt004_model.model.replies import NoAnswer
from pt004_model.wire.codec import Answer, Request
from pt004_model.wire.meeting import Held, Meeting, RaceBy
from pt004_model.wire.transport import HttpTransport


@define
class Racers:
    """Clients with a connection each, which call the FC of ``transport`` at once.

    ``by`` are the ways to have them meet, taken in turn.
    """

    transport: HttpTransport
    by: tuple[RaceBy, ...] = tuple(RaceBy)
    rounds: int = 0
    _lanes: list[HttpTransport] = field(factory=list)

    def send(
        self,
        clients: Sequence[Sequence[Request]],
        met: Callable[[], None] = lambda: None,
        patience: float | None = None,
    ) -> list[list[Answer | NoAnswer]]:
        """Send the requests of each client one after the other, the first of all at once.

        ``met`` is called when these have met, ``patience`` another than usual. The rate counts
        each of them. Never raises for what an FC does.
        """
        for _ in range(calls := sum(map(len, clients))):
            self.transport.hold_back()
        self.transport.requests += calls
        while len(self._lanes) < len(clients):
            self._lanes.append(self.transport.another())
        meeting = Meeting(len(clients), self.by[self.rounds % len(self.by)], met)
        self.rounds += 1
        lanes = self._lanes[: len(clients)]
        for lane in lanes:
            lane.patience = self.transport.patience if patience is None else patience
        with ThreadPoolExecutor(len(clients)) as threads:
            return list(threads.map(partial(self._talk, meeting), lanes, clients))

    def _talk(
        self, meeting: Meeting, lane: HttpTransport, requests: Sequence[Request]
    ) -> list[Answer | NoAnswer]:
        held = Held(meeting, lane.now)
        lane.hold(held)
        try:
            answers = [lane.send(requests[0])]
        finally:
            lane.hold(None)
            if not held.over:
                meeting.leave()
        if isinstance(answers[0], Answer) and held.first > answers[0].sent:
            answers[0] = evolve(answers[0], sent=held.first)
        return [*answers, *map(lane.send, requests[1:])]

    def close(self) -> None:
        """Close their connections."""
        for each in self._lanes:
            each.close()
