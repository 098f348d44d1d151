"""Send a request until there is something to say of it: the loop that all transports share.

429 is waited for and repeated, and so is what has certainly not arrived; 502, 503 and 504 are no
answer (contract, head). Where tokens are fetched, a 401 has one fetched and the call made again, as
a refused call has no effect. A transport sends once and says why that failed.

Gateways compress what they hand on though ``identity`` was asked. What they made of an answer is
undone, for it says nothing of the FC.
"""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable
from email.utils import parsedate_to_datetime
from typing import Final, Protocol

from attrs import define, evolve, field

from pt004_model.model.commands import Loss
from pt004_model.model.replies import NoAnswer
from pt004_model.wire.codec import Answer, Request
from pt004_model.wire.patience import PATIENCE, Silence
from pt004_model.wire.token_source import NoToken

MAX_REPLY: Final = 16 * 1024 * 1024
LOST: Final = {
    Loss.ANSWER: "we threw its answer away",
    Loss.CLOSED: "we closed the connection behind its last byte",
    Loss.CUT: "we closed the connection before its last byte",
}
"""Why there is no answer to a call whose answer we ourselves lose."""
ALWAYS: Final = (
    ("Accept", "*/*"),
    ("Accept-Encoding", "identity"),
    ("User-Agent", "pt004_model"),
)
"""Headers of every request, unless others are given."""
_NO_ANSWER_CODES: Final = frozenset({502, 503, 504})
_TOO_MANY: Final = 429
_FIRST_PAUSE: Final = 0.002
"""Seconds before a call is made again where 429 asks for fewer; twice as many each time after."""
_LONGEST_UNASKED: Final = 0.1
"""Seconds that are waited at the most without being asked to."""
_PACKED: Final = {
    "gzip": (zlib.MAX_WBITS | 16,),
    "x-gzip": (zlib.MAX_WBITS | 16,),
    "deflate": (zlib.MAX_WBITS, -zlib.MAX_WBITS),  # some leave out its head
}
"""Ways to unpack an answer, by its Content-Encoding: window sizes as zlib takes them."""


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

    ``throttled`` counts the answers 429.
    What has not arrived is sent again for ``patience`` seconds; ``on_wait`` is told each time
    before. ``renewed`` gives a request that was answered 401 with a new token, where it had an old
    one. One that is ``read_only`` sends nothing but GET, whoever asks. Subclasses send once.
    """

    requests: int = field(default=0, kw_only=True)
    throttled: int = field(default=0, kw_only=True)
    rate: float | None = field(default=None, kw_only=True)
    patience: float = field(default=PATIENCE, kw_only=True)
    read_only: bool = field(default=False, kw_only=True)
    on_wait: Callable[[], None] = field(default=lambda: None, kw_only=True)
    renewed: Callable[[Request], Request | None] = field(default=lambda _: None, kw_only=True)
    max_reply: int = field(default=MAX_REPLY, kw_only=True)
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
        if self.read_only and request.method != "GET":
            return NoAnswer(f"a {request.method} was not sent, as only GET may be", applied=False)
        waiting, shortest = self.patience, _FIRST_PAUSE
        while True:
            self.hold_back()
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
            if isinstance(answer, NoAnswer):
                return answer
            if answer.code != _TOO_MANY:
                again = self._again(request, answer)
                if again is None:
                    return unpacked(answer, self.max_reply)
                if isinstance(again, NoAnswer):
                    return again
                request = again
                continue
            self.throttled += 1
            pause = _retry_after(answer.headers.get("retry-after", "1"), self.now())
            if pause > waiting:
                why = f"the FC answers 429 and asks to wait {pause:.0f} s"
                return NoAnswer(why, applied=False, sent=answer.sent)
            pause = max(pause, shortest)
            waiting, shortest = waiting - pause, min(2 * shortest, _LONGEST_UNASKED)
            time.sleep(pause)

    def lose(self, request: Request, loss: Loss) -> NoAnswer:
        """Send a request whose answer is lost, as good as nothing where it is to be cut."""
        if loss is Loss.CUT:
            return NoAnswer(LOST[loss], applied=False, sent=self.now(), ours=True)
        answer = self.send(request)
        if isinstance(answer, NoAnswer):
            return answer
        return NoAnswer(LOST[Loss.ANSWER], applied=True, sent=answer.sent, ours=True)

    def close(self) -> None:
        """Close all connections that are ours."""
        raise NotImplementedError

    def _once(self, request: Request, sent: float) -> Answer | NoAnswer | Failure:
        """Send a request at ``sent`` and read the answer, or say why there is none."""
        raise NotImplementedError

    def _again(self, request: Request, answer: Answer) -> Request | NoAnswer | None:
        """Return the request with a new token, where the old one was not taken."""
        try:
            return self.renewed(request) if answer.code == 401 else None
        except NoToken as error:
            return NoAnswer(str(error), applied=False, sent=answer.sent)

    def hold_back(self) -> None:
        """Wait as long as the rate of requests demands."""
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


def unpacked(answer: Answer, limit: int) -> Answer | NoAnswer:
    """Return an answer without its compression; one that is not what it says stays as it is."""
    encoding = answer.headers.get("content-encoding", "").strip().lower()
    for window in _PACKED.get(encoding, ()):
        reader = zlib.decompressobj(window)
        try:
            content = reader.decompress(answer.content, limit + 1)
        except zlib.error:
            continue
        if len(content) > limit:
            return too_long(limit, answer.sent)
        if reader.eof and not reader.unused_data:
            headers = {n: v for n, v in answer.headers.items() if n != "content-encoding"}
            return evolve(answer, content=content, headers=headers)
    return answer


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
