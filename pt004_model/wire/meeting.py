"""The point at which the requests of several clients go on together.

Two calls race only when they meet within the few microseconds in which a service reads and writes.
Either all bytes of each request go out but the last, and then the last bytes together from one
thread; or each client waits at a barrier and sends the whole. What stands between us and the FC may
collect a request before it hands it on, and then the first way does nothing.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from enum import StrEnum

from attrs import define


class RaceBy(StrEnum):
    """The ways to have calls meet."""

    LAST_BYTE = "last-byte"
    THREADS = "threads"


@define(eq=False)
class _Rest:
    """What is still to be sent of one request; an error is kept for the thread that it is of."""

    send: Callable[[], None]
    error: Exception | None = None
    over: bool = False

    def finish(self) -> None:
        """Send it, once."""
        if not self.over:
            self.over = True
            try:
                self.send()
            except Exception as error:
                self.error = error


class Meeting:
    """The point at which the requests of all clients go on together; ``met`` is called there."""

    def __init__(self, clients: int, by: RaceBy, met: Callable[[], None] = lambda: None) -> None:
        self.by, self.met = by, met
        self._rests: list[_Rest] = []
        self._barrier = threading.Barrier(clients, self._together)

    def _together(self) -> None:
        if self.by is RaceBy.LAST_BYTE:
            for each in self._rests:
                each.finish()
        self.met()

    def wait(self, send: Callable[[], None], seconds: float) -> None:
        """Wait for the others, ``seconds`` at the most, and have the rest of a request sent."""
        rest = _Rest(send)
        self._rests.append(rest)
        with suppress(threading.BrokenBarrierError):  # one does not come, and there is no race
            self._barrier.wait(seconds)
        rest.finish()
        if rest.error is not None:
            raise rest.error

    def leave(self) -> None:
        """Let the others go on without one that does not come."""
        self._barrier.abort()


@define
class Held:
    """The first request of one client, held back until it meets the others.

    ``first`` is when its first byte was sent, by ``now``; ``over`` says that it is held no longer.
    """

    meeting: Meeting
    now: Callable[[], float]
    first: float = 0.0
    over: bool = False

    def release(self, data: bytes, send: Callable[[bytes], None], seconds: float) -> None:
        """Send a request, the first one as soon as all clients have got so far."""
        if self.over:
            send(data)
            return
        self.over, split = True, 0
        if self.meeting.by is RaceBy.LAST_BYTE:
            self.first, split = self.now(), len(data) - 1
            send(data[:split])

        def rest() -> None:
            self.first = self.first or self.now()
            send(data[split:])

        self.meeting.wait(rest, seconds)


class Closed(Exception):  # noqa: N818 - it is as we want it
    """We have closed the connection before an answer came."""


@define
class Abandoned:
    """A request that we send ``whole``, or but for its last byte, and then close the connection."""

    whole: bool

    def release(self, data: bytes, send: Callable[[bytes], None], _: float) -> None:
        """Send what there is to send. Raises :class:`Closed`."""
        send(data if self.whole else data[:-1])
        raise Closed
