"""Servers that never come to an end: each takes a request and then has its caller wait."""

from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final

import trustme
from attrs import define, field

PAUSE: Final = 0.004
"""Seconds between two drops: far less than any time-out, so that none is seen between them."""
_OK: Final = b"HTTP/1.1 200 OK\r\n"
_EARLY: Final = b"HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
_LARGE: Final = _EARLY.replace(b"/a", b"/" + b"a" * 8000)


@define
class Drip:
    """A server that is dripping; ``sent`` counts its bytes, ``requests`` what it has taken."""

    listener: socket.socket
    scheme: str
    sent: int = 0
    requests: int = 0
    over: threading.Event = field(factory=threading.Event)
    held: list[socket.socket] = field(factory=list)

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"{self.scheme}://127.0.0.1:{self.listener.getsockname()[1]}"

    def say(self, connection: socket.socket, words: bytes) -> None:
        """Send and count."""
        connection.sendall(words)
        self.sent += len(words)


Mode = Callable[[Drip, socket.socket], None]


def _drops(first: bytes, drop: bytes, pause: float = PAUSE) -> Mode:
    """Take a request, say ``first``, and then ``drop`` for ever."""

    def serve(drip: Drip, connection: socket.socket) -> None:
        connection.recv(65536)
        drip.requests += 1
        drip.say(connection, first)
        while drop and not drip.over.wait(pause):
            drip.say(connection, drop)
        drip.over.wait()

    return serve


def _sips(drip: Drip, connection: socket.socket) -> None:
    """Read a request slower than anybody can wait for."""
    drip.requests += 1
    while not drip.over.wait(PAUSE):
        connection.recv(256)


AUTHORITY: Final = trustme.CA()
"""Who vouches for what drips under TLS."""


def _secure(mode: Mode) -> Mode:
    """Serve in an established TLS connection."""

    def serve(drip: Drip, connection: socket.socket) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        AUTHORITY.issue_cert("127.0.0.1").configure_cert(context)
        drip.held.append(context.wrap_socket(connection, server_side=True))
        mode(drip, drip.held[-1])

    return serve


def _record(drip: Drip, connection: socket.socket) -> None:
    """Take a request, and answer by a TLS record that comes byte by byte."""
    with socket.socket(fileno=os.dup(connection.fileno())) as below:
        connection.recv(65536)
        drip.requests += 1
        drip.say(below, b"\x17\x03\x03\x40\x00")
        while not drip.over.wait(PAUSE):
            drip.say(below, b"a")


_PLAIN: Final[dict[str, Mode]] = {
    "interim responses": _drops(b"", _EARLY),
    "a flood of interim responses": _drops(b"", _LARGE, pause=0.0),
    "a header": _drops(_OK + b"X-A: ", b"a"),
    "headers": _drops(_OK, b"X-A: a\r\n"),
    "a huge header": _drops(_OK + b"X-A: ", b"a" * 50_000, pause=0.0),
    "a chunk extension": _drops(_OK + b"Transfer-Encoding: chunked\r\n\r\n5;", b"a"),
    "chunks": _drops(_OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\na\r\n"),
    "trailers": _drops(_OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"X-A: a\r\n"),
    "a body": _drops(_OK + b"Content-Length: 1000000\r\n\r\n", b"a"),
    "silence": _drops(b"", b""),
    "half a status line": _drops(b"HTTP/1.1 2", b""),
    "reading": _sips,
}
MODES: Final = {
    **_PLAIN,
    "a handshake": _drops(b"\x16\x03\x03\x40\x00\x02\x00\x3f\xfc", b"\x03"),
    "a TLS record": _secure(_record),
    **{f"{mode} under TLS": _secure(_PLAIN[mode]) for mode in ("a header", "a body", "reading")},
}
"""What drips, by what it is called."""
SECURE: Final = MODES.keys() - _PLAIN.keys()
"""What drips for ``https``."""


@contextmanager
def dripping(mode: str) -> Iterator[Drip]:
    """A server that drips in one of the ``MODES``."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        drip = Drip(listener, "https" if mode in SECURE else "http")

        def talk(connection: socket.socket) -> None:
            with suppress(OSError):  # whoever called has had enough
                MODES[mode](drip, connection)

        def accept() -> None:
            with suppress(OSError):  # the listener was shut down
                while True:
                    connection, _ = listener.accept()
                    drip.held.append(connection)
                    threading.Thread(target=talk, args=(connection,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield drip
        finally:
            drip.over.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            for connection in drip.held:
                connection.close()
