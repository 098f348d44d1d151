"""Waiting for an FC that gives no answer.

An FC that restarts, or a gateway that loses it for a moment, must not end a night; one that is gone
must. A lone call without an answer is not waited for: where a tenth of all calls are lost, a pause
after each would cost more than the calls. So would the whole time-out for the answer of each.
"""

from __future__ import annotations

import time
from typing import Final

from attrs import define

PATIENCE: Final = 30.0
"""Seconds without any answer after which an FC counts as gone, unless told otherwise."""
LONGEST: Final = 3.0
"""Seconds of the longest pause between two calls."""
LOST_AFTER: Final = 3
"""Calls in a row that an FC which is gone leaves without an answer, however long each one takes."""
_FIRST: Final = 0.05
_SHORTEST: Final = 0.02
"""Seconds for which an answer is waited for at the least."""
_AS_LONG: Final = 3
"""How many times as long as the longest of the last answers the next one is waited for."""
_FADES: Final = 0.98
"""What is left of the longest answer with each one after it: half after 34."""


@define
class Silence:
    """The calls in a row that got no answer; ``since`` is when the first of them was made."""

    calls: int = 0
    since: float = 0.0

    def answered(self) -> None:
        """Note that a call was answered."""
        self.calls = 0

    def unanswered(self, began: float) -> None:
        """Note that a call made at ``began`` (monotonic) got no answer."""
        if self.calls == 0:
            self.since = began
        self.calls += 1

    def outlasts(self, patience: float) -> bool:
        """Return whether no call was answered for ``patience`` seconds."""
        return self.calls > 0 and time.monotonic() - self.since >= patience

    def means_gone(self, patience: float) -> bool:
        """Return whether the FC counts as gone."""
        return self.calls >= LOST_AFTER and self.outlasts(patience)

    def pause(self, patience: float) -> None:
        """Wait before the next call, twice as long each time, and not beyond ``patience``."""
        left = self.since + patience - time.monotonic()
        if self.calls > 1 and left > 0:
            # the exponent is bounded: a night may see thousands of calls lost in a row
            time.sleep(min(_FIRST * 2 ** min(self.calls - 2, 16), LONGEST, left))


@define
class AnswerTime:
    """How long the next answer is waited for, by those that came and those that did not.

    Where some were waited for in vain, others that do not come soon are unlikely to come at all. So
    beside one whole time-out no more time is given to waiting in vain than to answers that came: as
    long as the time-out may be, and as many answers as may be lost, all takes about twice as long.
    As long as the last answers took is always waited, and more. Times are seconds.
    """

    longest: float = 0.0
    in_all: float = 0.0
    in_vain: float = 0.0

    def within(self, timeout: float) -> float:
        """Return how long to wait, at the most the ``timeout``."""
        soon = max(_SHORTEST, _AS_LONG * self.longest)
        return min(timeout, max(soon, timeout + self.in_all - self.in_vain))

    def came(self, took: float) -> None:
        """Note that an answer took so long."""
        self.longest = max(took, _FADES * self.longest)
        self.in_all += took

    def did_not_come(self, waited: float) -> None:
        """Note that an answer was waited for in vain for so long."""
        self.in_vain += waited
