"""Times: RFC 3339 in UTC, and whether one lies inside the request that caused it (section 2).

The FC's clock need not be ours. Every accepted change shows how far apart the two can be: its time
lies between the sending of the request and the coming of the reply, less what was cut off. The
intervals of all changes together must have a common point, or some time was not taken when its
change took effect. Clocks drift, so what was learned is widened as time passes.
"""

from __future__ import annotations

import math
import re
from datetime import datetime
from functools import lru_cache
from typing import Final

from attrs import define, field, frozen

_TIME: Final = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:?\d\d)?", re.ASCII
)
_UTC: Final = frozenset({"Z", "z", "+00:00", "-00:00"})
"""The zone of a time in RFC 3339 and UTC."""
DRIFT: Final = 500e-6
"""How much two clocks may drift apart: seconds a second, the most that an NTP client corrects."""
SLACK: Final = 0.002
"""Seconds that are always allowed: rounding, and clocks read a moment before or after."""
CAUTION: Final = 0.01
"""Seconds that are left open of what is learned: a time that is wrong by less than can be told must
not make right ones look wrong."""
_FINE: Final = 3  # fewer digits than these say nothing certain of the resolution


@frozen
class Instant:
    """A time read from a reply: seconds since the epoch, and how many digits it shows of them.

    One that is not ``proper`` has no zone, or is not in UTC; what else is said of it is judged.
    """

    seconds: float
    digits: int
    proper: bool = field(default=True, eq=False)

    @property
    def cut(self) -> float:
        """Return how many seconds may have been cut off."""
        return 10.0**-self.digits if self.digits >= _FINE else 1.0


@frozen
class Window:
    """When a change can have taken effect, by our clock: epoch seconds, ``end`` may be infinite."""

    start: float
    end: float


def parse(value: object) -> Instant | None:
    """Return a time in RFC 3339, or ``None`` for anything else; without a zone, in UTC. Total."""
    return _parse(value) if isinstance(value, str) else None


@lru_cache(maxsize=8192)
def _parse(text: str) -> Instant | None:
    match = _TIME.fullmatch(text)
    if match is None:
        return None
    day, hour, minute, second, fraction, zone = match.groups()
    if int(second) > 60 or int(hour) > 23 or int(minute) > 59:
        return None
    try:
        midnight = datetime.fromisoformat(f"{day}T00:00:00{(zone or 'Z').upper()}")
    except ValueError:
        return None
    whole = midnight.timestamp() + int(hour) * 3600 + int(minute) * 60 + int(second)
    digits = (fraction or "").rstrip("0")
    seconds = whole + (float(f"0.{digits}") if digits else 0.0)
    return Instant(seconds, len(digits), zone in _UTC)


@define
class Clock:
    """What is known of the FC's clock: how far it is ahead of ours.

    ``low`` and ``high`` bound its lead in seconds, as of our time ``at``. Each time may be cut to a
    resolution of its own (section 2), which the digits that it shows tell.
    """

    low: float = -math.inf
    high: float = math.inf
    at: float = 0.0

    @staticmethod
    def _bounds(time: Instant, window: Window) -> tuple[float, float]:
        return time.seconds - window.end - SLACK, time.seconds - window.start + time.cut + SLACK

    def _widened(self, at: float) -> tuple[float, float]:
        drift = abs(at - self.at) * DRIFT
        return self.low - drift, self.high + drift

    def allows(self, time: Instant, window: Window) -> bool:
        """Tell whether ``time`` can have been taken within ``window``."""
        low, high = self._bounds(time, window)
        known_low, known_high = self._widened(window.start)
        return low <= known_high and high >= known_low

    def learn(self, time: Instant, window: Window) -> None:
        """Narrow what is known by a time that was allowed."""
        if window.end == math.inf:
            return
        low, high = self._bounds(time, window)
        known_low, known_high = self._widened(window.start)
        self.low, self.high = max(low - CAUTION, known_low), min(high + CAUTION, known_high)
        self.at = window.start
