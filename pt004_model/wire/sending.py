"""Send a request until there is something to say of it: the loop that all transports share.

429 is waited for and repeated, and so is what has certainly not arrived; 502, 503 and 504 are no
answer (contract, head). A transport sends once and says why that failed.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Final, Protocol

from attrs import define, field

from pt004_model.model.replies import NoAnswer
from pt004_model.wire.codec import Answer, Request
from pt004_model.wire.patience import PATIENCE, Silence

MAX_REPLY: Final = 16 * 1024 * 1024
ALWAYS: Final = (
    ("Accept", "*/*"),
    ("Accept-Encoding", "identity"),
    ("User-Agent", "pt004_model"),
)
"""Headers of every request, unless others are given."""
_NO_ANSWER_CODES: Final = frozenset({502, 503, 504})
_TOO_MANY: Final = 429


class Transport(Protocol):
    """Anything that takes a request to an FC."""

    def send(self, request: Request) -> Answer | NoAnswer:
        """Return the answer, or that there was none. Never raises."""
        ...


@define
class Failure:
    """Why a request got no answer, in a sentence, and if it may have been applied.

    One that was not ``reached`` has not arrived, and a later try may fare better.
    """

    why: str
    applied: bool
    reached: bool = True


@define
class Sender:
    """Counts what is sent, holds back to a rate, and sends again where that is safe.

    What has not arrived is sent again for ``patience`` seconds; ``on_wait`` is told each time
    before. Subclasses send once.
    """

    requests: int = field(default=0, kw_only=True)
    rate: float | None = field(default=None, kw_only=True)
    patience: float = field(default=PATIENCE, kw_only=True)
    on_wait: Callable[[], None] = field(default=lambda: None, kw_only=True)
    _next: float = field(default=0.0, init=False)
    _epoch: float = field(factory=lambda: time.time() - time.monotonic(), init=False)
    _silence: Silence = field(factory=Silence, init=False)

    def now(self) -> float:
        """Epoch seconds by a clock that is never set back while we run."""
        return self._epoch + time.monotonic()

    def send(self, request: Request) -> Answer | NoAnswer:
        """Send a request, again after a 429 or where it cannot have arrived. Never raises.

        Both for as long as patience lasts.
        """
        waiting = self.patience
        while True:
            self._hold_back()
            began, sent = time.monotonic(), self.now()
            self.requests += 1
            answer = self._once(request, sent)
            if isinstance(answer, Failure):
                self._silence.unanswered(began)
                if not answer.reached and not self._silence.outlasts(self.patience):
                    self.on_wait()
                    self._silence.pause(self.patience)
                    continue
                return NoAnswer(answer.why, answer.applied, sent)
            self._silence.answered()
            if isinstance(answer, NoAnswer) or answer.code != _TOO_MANY:
                return answer
            pause = _retry_after(answer.headers.get("retry-after", "1"), self.now())
            if pause > waiting:
                why = f"the FC answers 429 and asks to wait {pause:.0f} s"
                return NoAnswer(why, applied=False, sent=answer.sent)
            waiting -= max(pause, 0.05)
            time.sleep(max(pause, 0.05))

    def close(self) -> None:
        """Close all connections that are ours."""
        raise NotImplementedError

    def _once(self, request: Request, sent: float) -> Answer | NoAnswer | Failure:
        """Send a request at ``sent`` and read the answer, or say why there is none."""
        raise NotImplementedError

    def _hold_back(self) -> None:
        if self.rate is not None:
            now = time.monotonic()
            if now < self._next:
                time.sleep(self._next - now)
            self._next = max(now, self._next) + 1.0 / self.rate


def unusable(code: int, sent: float) -> NoAnswer | None:
    """Return that a gateway's answer is none, by its code."""
    if code not in _NO_ANSWER_CODES:
        return None
    return NoAnswer(f"the FC, or a gateway before it, answers {code}", applied=True, sent=sent)


def too_long(limit: int, sent: float) -> NoAnswer:
    """Return that an answer is longer than is read."""
    return NoAnswer(f"the answer is longer than {limit} bytes", applied=True, sent=sent)


def _retry_after(text: str, now: float) -> float:
    """Seconds to wait: the header holds seconds or a date; what it may not hold counts as 1."""
    seconds = text.strip()  # of more than float() would strip
    if seconds.isdecimal():
        return float(seconds)
    try:
        return max(0.0, parsedate_to_datetime(text).timestamp() - now)
    except (ValueError, OverflowError):
        return 1.0
