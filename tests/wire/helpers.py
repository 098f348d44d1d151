"""A tiny server on a real socket, and golden requests as they were typed."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from pathlib import Path

from pt004_model.wire.codec import Request
from pt004_model.wire.patience import PATIENCE
from pt004_model.wire.transport import Endpoint, HttpTransport

GOLDEN = Path(__file__).parent.parent / "golden"


def golden(name: str) -> dict[str, str]:
    """The requests of a golden file, by their titles."""
    text = (GOLDEN / name).read_text(encoding="utf-8")
    parts = (part.partition("\n") for part in text.removeprefix("### ").split("\n### "))
    return {title: rest for title, _, rest in parts}


def written(request: Request) -> str:
    """A request as a golden file writes it."""
    headers = "".join(f"{name}: {value}\n" for name, value in request.headers.items())
    content = "" if request.content is None else request.content.decode("utf-8") + "\n"
    return f"{request.method} {request.target}\n{headers}\n{content}".rstrip("\n")


Serve = Callable[[socket.socket, bytes], None]
"""Answers one request on a connection, given the request's bytes."""


class Server:
    """Accepts connections, keeps each request's bytes, and answers as it is told."""

    def __init__(self, serve: Serve) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self._transports: list[HttpTransport] = []
        self._serve = serve
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._open: list[socket.socket] = []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        """Where the server is."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def transport(
        self,
        timeout: float = 5.0,
        path: str = "",
        own: bool = True,
        rate: float | None = None,
        patience: float = PATIENCE,
    ) -> HttpTransport:
        """A transport to the server."""
        target = Endpoint(
            self.url + path, timeout, rate, max_reply=10_000, own=own, patience=patience
        )
        self._transports.append(HttpTransport(target))
        return self._transports[-1]

    def stop(self) -> None:
        """Stop at once, transports first."""
        for transport in self._transports:
            transport.close()
        # a thread that waits in accept() is woken by shutdown, not by close
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join(5)  # a connection may be accepted until then
        for each in self._open:
            each.close()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            self._open.append(connection)
            threading.Thread(target=self._talk, args=(connection,), daemon=True).start()

    def _talk(self, connection: socket.socket) -> None:
        try:
            while request := _request(connection):
                self.requests.append(request)
                self._serve(connection, request)
        except OSError:  # the client has gone, or the test is over
            return


def _request(connection: socket.socket) -> bytes:
    """One request with its body, or nothing when the client has gone."""
    data = b""
    while b"\r\n\r\n" not in data:
        chunk = connection.recv(65536)
        if not chunk:
            return b""
        data += chunk
    head, _, body = data.partition(b"\r\n\r\n")
    length = next(
        (
            int(line[15:])
            for line in head.split(b"\r\n")
            if line.lower().startswith(b"content-length:")
        ),
        0,
    )
    while len(body) < length:
        body += connection.recv(65536)
    return head + b"\r\n\r\n" + body


def says(*answers: bytes) -> Serve:
    """Gives these answers in turn, the last one for ever."""
    left = list(answers)

    def serve(connection: socket.socket, _: bytes) -> None:
        connection.sendall(left.pop(0) if len(left) > 1 else left[0])

    return serve


def hangs_up(*, after: bytes = b"") -> Serve:
    """Says ``after`` and closes the connection."""

    def serve(connection: socket.socket, _: bytes) -> None:
        connection.sendall(after)
        connection.shutdown(socket.SHUT_RDWR)
        connection.close()

    return serve


def http(code: int, content: bytes = b"{}", *headers: str) -> bytes:
    """A plain HTTP answer."""
    lines = [f"HTTP/1.1 {code} X", f"Content-Length: {len(content)}", *headers]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + content


class Clock:
    """Stands for the module ``time``: nothing but sleeping lets time go by."""

    def __init__(self) -> None:
        self.at = 1_000.0
        self.slept: list[float] = []

    def time(self) -> float:
        """Epoch seconds."""
        return 1_700_000_000.0 + self.at

    def monotonic(self) -> float:
        """Seconds since some time."""
        return self.at

    def sleep(self, seconds: float) -> None:
        """Note the time slept, and let it go by."""
        self.slept.append(round(seconds, 6))
        self.at += seconds
