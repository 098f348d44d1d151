"""Requests through a client of somebody else's: Starlette's ``TestClient``, one with ``auth=``.

Anything that behaves like an ``httpx.Client`` will do. It is known by its methods and its errors by
their names, because a client need not be of httpx itself (Starlette brings a fork of it).

A client that calls an application in this very process raises what the application raises. A server
would answer that with 500, so it counts as such an answer here.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final, Protocol

from attrs import define, field

from pt004_model.model.replies import NoAnswer
from pt004_model.vocabulary import (
    ACTOR_HEADER,
    CORRELATION_HEADER,
    IDEMPOTENCY_HEADER,
    TENANT_HEADER,
)
from pt004_model.wire.codec import Answer, Request
from pt004_model.wire.network import plain
from pt004_model.wire.sending import ALWAYS, Failure, Sender, too_long, unusable

_NOT_REACHED: Final = frozenset({"ConnectError", "ConnectTimeout", "PoolTimeout", "ProxyError"})
_CANNOT_BE_SENT: Final = frozenset({"UnsupportedProtocol", "LocalProtocolError", "InvalidURL"})
_OF_A_CLIENT: Final = frozenset({"HTTPError", "StreamError", "CookieConflict"})
"""Errors by name, and the families that a client's own errors belong to."""
_OURS: Final = (
    TENANT_HEADER, ACTOR_HEADER, IDEMPOTENCY_HEADER, CORRELATION_HEADER, "Content-Type",
)  # fmt: skip
"""Headers whose absence is a test, so that no default of the client may stand in for them."""


class ClientResponse(Protocol):
    """What a client answers with."""

    @property
    def status_code(self) -> int:
        """The status."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers."""

    @property
    def is_stream_consumed(self) -> bool:
        """True for one that was read already, as a client may that needs no network."""

    def iter_raw(self) -> Iterator[bytes]:
        """Yield the body as it arrives."""

    def iter_bytes(self) -> Iterator[bytes]:
        """Yield the body as it was read."""

    def close(self) -> None:
        """Give the connection back."""


class HttpClient(Protocol):
    """What is asked of a client; an ``httpx.Client`` is one."""

    @property
    def build_request(self) -> Callable[..., Any]:
        """Makes a request of a method and an address, with all that the client adds to one."""

    @property
    def send(self) -> Callable[..., Any]:
        """Sends it and returns a :class:`ClientResponse`."""


@define
class ClientTransport(Sender):
    """Sends through ``client``, follows no redirects, and keeps no cookie that an FC sets.

    ``timeout`` bounds each wait for the network, and the reading of an answer as a whole; what is
    called in this process is waited for.
    """

    client: HttpClient
    timeout: float = 10.0
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    _cookies: tuple[Any, ...] = field(init=False, repr=False)

    def __attrs_post_init__(self) -> None:
        self._cookies = tuple(self._jar)

    @property
    def _jar(self) -> Any:
        return getattr(getattr(self.client, "cookies", None), "jar", ())

    def close(self) -> None:
        """Leave the client open: it is not ours."""

    def _once(self, request: Request, sent: float) -> Answer | NoAnswer | Failure:
        until = time.monotonic() + self.timeout
        try:
            response: ClientResponse = self.client.send(
                self._built(request), stream=True, follow_redirects=False
            )
            try:
                return self._read(response, sent, until)
            finally:
                response.close()
        except Exception as error:
            return self._explained(error, sent)
        finally:
            self._forget_cookies()

    def _built(self, request: Request) -> Any:
        """Return the request with the client's defaults, save for headers that we decide on."""
        headers = {**dict(ALWAYS), **dict(self.headers), **request.headers}
        built = self.client.build_request(
            request.method,
            request.target,
            headers=headers,
            content=request.content,
            timeout=self.timeout,
        )
        given = {name.lower() for name in headers}
        for name in _OURS:
            if name.lower() not in given:
                built.headers.pop(name, None)
        target = request.target.encode("ascii")
        if not built.url.raw_path.endswith(target):  # a client would tidy up /runs/.. for us
            prefix = getattr(getattr(self.client, "base_url", None), "raw_path", b"")
            built.extensions = {**built.extensions, "target": prefix.rstrip(b"/") + target}
        return built

    def _read(self, response: ClientResponse, sent: float, until: float) -> Answer | NoAnswer:
        if (none := unusable(response.status_code, sent)) is not None:
            return none
        content = bytearray()
        read = response.is_stream_consumed
        for chunk in response.iter_bytes() if read else response.iter_raw():
            content += chunk
            if len(content) > self.max_reply:
                return too_long(self.max_reply, sent)
            if time.monotonic() > until:
                why = "the answer takes too long to arrive"
                return NoAnswer(why, applied=True, sent=sent)
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, bytes(content), sent, self.now())

    def _explained(self, error: Exception, sent: float) -> Answer | Failure:
        """Why no answer came; or the answer that a server makes of what an application raises."""
        names = {each.__name__ for each in type(error).__mro__}
        said = f"{type(error).__name__}: {plain(error)}"
        if names & _NOT_REACHED:
            return Failure(f"the FC cannot be reached ({said})", applied=False, reached=False)
        if names & _CANNOT_BE_SENT:
            return Failure(f"the request cannot be sent ({said})", applied=False)
        if "TimeoutException" in names:
            return Failure("the FC did not answer in time", applied=True)
        if names & _OF_A_CLIENT:
            return Failure(f"the connection broke ({said})", applied=True)
        detail = json.dumps({"detail": f"the application raised {said}"})
        headers = {"content-type": "application/json"}
        return Answer(500, headers, detail.encode(), sent, self.now())

    def _forget_cookies(self) -> None:
        """Put the cookies back as they were: each call is to stand for itself."""
        jar = self._jar
        if tuple(jar) != self._cookies:
            jar.clear()
            for each in self._cookies:
                jar.set_cookie(each)
