"""The connections beneath the transport: one deadline holds for a whole exchange.

HTTP libraries bound the wait for the next byte alone, so that one byte a second keeps them waiting
for ever, be it of a header, of the length of a chunk, or of interim responses. httpcore lets us put
connections of our own under its protocol, and these look at the deadline and count the bytes.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any, Final

import httpcore
from attrs import define

from pt004_model.wire.meeting import Abandoned, Held

MAX_HEAD: Final = 256 * 1024
"""Bytes that may arrive before an answer has begun: its headers, and interim responses."""
_SLICE: Final = 16 * 1024


@define
class Exchange:
    """The exchange under way: until when, and how many bytes may still arrive for it.

    Its request may be ``held`` back until those of others have got so far, or be abandoned.
    """

    until: float = 0.0
    room: int = 0
    begun: bool = False
    held: Held | Abandoned | None = None

    def begin(self, seconds: float) -> None:
        """Begin an exchange that may take ``seconds``."""
        self.until, self.room, self.begun = time.monotonic() + seconds, MAX_HEAD, False

    def left(self, late: type[Exception] = httpcore.ReadTimeout) -> float:
        """Return the seconds that are left. Raises ``late`` when there are none."""
        left = self.until - time.monotonic()
        if left <= 0:
            raise late("the time for the whole exchange is up")
        return left

    def arrived(self, count: int) -> None:
        """Count bytes. Raises ``RemoteProtocolError`` when there are more than there is room."""
        self.begun = True
        self.room -= count
        if self.room < 0:
            raise httpcore.RemoteProtocolError("more bytes arrive than an answer takes")


class NotReached(httpcore.ConnectError):
    """Nobody has got the request; the message is a sentence. A later try may fare better."""


class _NotTrusted(ValueError):  # noqa: N818 - said of a certificate, in a sentence for people
    """The certificate of who answers is not trusted, and will not be the next time."""


class _Stream(httpcore.NetworkStream):
    """A connection on which nothing outlasts the exchange.

    A request is sent as a whole when its answer is asked for: that is one turn for the FC, and the
    point up to which it can be held back. The time-outs that httpcore hands down begin again with
    each byte, so they are left aside.
    """

    def __init__(self, stream: httpcore.NetworkStream, exchange: Exchange) -> None:
        self._stream, self._exchange, self._request = stream, exchange, bytearray()

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        del timeout
        if self._request:
            request, held = bytes(self._request), self._exchange.held
            self._request.clear()
            with suppress(httpcore.WriteError):  # who answers early need not have read all of it
                if held is None or request.startswith(b"CONNECT "):  # a proxy is asked for a tunnel
                    self._send(request)
                else:
                    held.release(request, self._send, self._exchange.left())
        data = self._stream.read(max_bytes, self._exchange.left())
        self._exchange.arrived(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        del timeout
        self._request += buffer

    def _send(self, buffer: bytes) -> None:
        for at in range(0, len(buffer), _SLICE):  # a write, too, may progress byte by byte
            self._stream.write(buffer[at : at + _SLICE], self._exchange.left())

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        del timeout
        left = self._exchange.left(httpcore.ConnectTimeout)
        try:
            stream = self._stream.start_tls(ssl_context, server_hostname, left)
        except httpcore.ConnectError as error:
            if isinstance(error.__cause__, ssl.SSLCertVerificationError):
                raise _NotTrusted(
                    f"the certificate of {server_hostname} is not trusted,"
                    f" {error.__cause__.verify_message}; give the CA that signed it with"
                    " --ca-bundle FILE"
                ) from error
            raise
        return _Stream(stream, self._exchange)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class Network(httpcore.SyncBackend):
    """Connects within the time of an exchange; ``peer`` says in words to whom."""

    def __init__(self, exchange: Exchange) -> None:
        self._exchange, self.peer = exchange, "the FC"

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address that takes us. Raises :class:`NotReached`."""
        del timeout
        error: Exception = OSError("it has no address")
        try:
            # one address after the other, because each would be given all of the time
            found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as unknown:
            found, error = [], unknown
        for tried, (*_, address) in enumerate(found):
            try:
                share = self._exchange.left(httpcore.ConnectTimeout) / (len(found) - tried)
                stream = super().connect_tcp(
                    str(address[0]), port, share, local_address, socket_options
                )
                return _Stream(stream, self._exchange)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as failed:
                error = failed
        if isinstance(error, httpcore.ConnectTimeout):
            raise NotReached(f"connecting to {self.peer} timed out") from error
        raise NotReached(f"{self.peer} cannot be reached ({plain(error)})") from error


def plain(error: Exception) -> str:
    """Return what an error says in one line, and not at any length."""
    return " ".join(str(error).split())[:200]
