"""A network that does its worst: stands before an FC and lets some of the calls come to harm."""

from __future__ import annotations

import random
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, TypeAlias

from attrs import define, field

FATES: Final = (
    "lost", "reset", "unsent", "delayed", "truncated", "503", "504", "429", "html", "doubled",
)  # fmt: skip
"""What may become of a call.

``lost`` is applied and never answered, ``reset`` is applied and its connection breaks, ``unsent``
breaks before it is applied; ``503`` and ``504`` are applied every other time, ``429`` and ``html``
(a gateway's 500) never. A ``doubled`` PATCH reaches the FC twice, and the second answer is given.
"""
LATE: Final = 0.05
"""Seconds by which an answer is delayed."""

Decide: TypeAlias = Callable[[int, bytes], str]
"""The fate of a call, by its number and its first line; an empty one lets it pass."""


def sometimes(share: float, fates: tuple[str, ...], seed: int) -> Decide:
    """Let a random ``share`` of all calls meet one of ``fates``; the seed says which."""
    rng = random.Random(seed)  # noqa: S311 - a seed is no secret

    def decide(_: int, __: bytes) -> str:
        return rng.choice(fates) if rng.random() < share else ""

    return decide


def blip(begins: Callable[[int, bytes], bool], seconds: float, fate: str = "503") -> Decide:
    """Let everything meet ``fate`` for some seconds, from the first call on that ``begins``."""
    until: list[float] = []

    def decide(number: int, line: bytes) -> str:
        if not until and begins(number, line):
            until.append(time.monotonic() + seconds)
        return fate if until and time.monotonic() < until[0] else ""

    return decide


@define
class Proxy:
    """A proxy before the FC at ``host`` and ``port``; ``harmed`` counts the calls by their fate."""

    upstream: tuple[str, int]
    decide: Decide
    listener: socket.socket
    calls: int = 0
    harmed: dict[str, int] = field(factory=dict)
    held: list[socket.socket] = field(factory=list)
    _lock: threading.Lock = field(factory=threading.Lock)

    @property
    def url(self) -> str:
        """Where the proxy is reached in place of the FC."""
        return f"http://127.0.0.1:{self.listener.getsockname()[1]}"

    def talk(self, connection: socket.socket) -> None:
        """Pass on the calls of one connection until one of them ends it."""
        with suppress(OSError), socket.create_connection(self.upstream) as fc:
            while request := _message(connection):
                if not self._one(connection, fc, request):
                    return
        connection.close()

    def _fate(self, line: bytes) -> str:
        with self._lock:
            fate = self.decide(self.calls, line)
            self.calls += 1
            if fate:
                self.harmed[fate] = self.harmed.get(fate, 0) + 1
            return fate

    def _one(self, connection: socket.socket, fc: socket.socket, request: bytes) -> bool:
        """Handle a call; return whether the connection is still of use."""
        fate = self._fate(request.partition(b"\r\n")[0])
        if fate == "429":
            connection.sendall(_answer(429, b'{"detail": "later"}', "Retry-After: 0"))
            return True
        if fate == "html":
            connection.sendall(_answer(500, b"<html>oops</html>"))
            return True
        if fate in {"503", "504"} and self.harmed[fate] % 2:
            connection.sendall(_answer(int(fate), b"busy"))
            return True
        if fate == "unsent":
            _reset(connection)
            return False
        answer = _ask(fc, request)
        if fate == "doubled" and request.startswith(b"PATCH"):
            answer = _ask(fc, request)
        if fate == "lost":
            return True  # and the caller waits, until it has had enough
        if fate == "reset":
            _reset(connection)
            return False
        if fate in {"503", "504"}:
            answer = _answer(int(fate), b"busy")
        if fate == "delayed":
            time.sleep(LATE)
        if fate == "truncated":
            connection.sendall(answer[: len(answer) * 2 // 3])
            connection.close()
            return False
        connection.sendall(answer)
        return True


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def _answer(code: int, content: bytes, *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {code} X", f"Content-Length: {len(content)}", *headers]
    return "\r\n".join(lines).encode("ascii") + b"\r\n\r\n" + content


def _ask(fc: socket.socket, request: bytes) -> bytes:
    fc.sendall(request)
    answer = _message(fc)
    if not answer:
        raise OSError("the FC has gone")
    return answer


def _message(connection: socket.socket) -> bytes:
    """A whole request or answer with a Content-Length, or nothing at the end of the connection."""
    data = b""
    while b"\r\n\r\n" not in data:
        part = connection.recv(65536)
        if not part:
            return b""
        data += part
    head, _, body = data.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    lengths = [line[15:] for line in lines if line.startswith(b"content-length:")]
    while len(body) < int(lengths[0] if lengths else 0):
        part = connection.recv(65536)
        if not part:
            return b""
        body += part
    return head + b"\r\n\r\n" + body


@contextmanager
def harming(url: str, decide: Decide) -> Iterator[Proxy]:
    """A proxy before the FC at ``url`` that lets calls come to harm as ``decide`` says."""
    host, _, port = url.rpartition("/")[2].partition(":")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        proxy = Proxy((host, int(port)), decide, listener)

        def accept() -> None:
            with suppress(OSError):  # the listener was shut down
                while True:
                    connection, _ = listener.accept()
                    proxy.held.append(connection)
                    threading.Thread(target=proxy.talk, args=(connection,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield proxy
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            for connection in proxy.held:
                connection.close()
