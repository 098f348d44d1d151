"""Servers for these tests: an embedded FC with something in front of it, and what is no FC at all.

All of them listen on a real socket and live in a thread of the test.
"""

from __future__ import annotations

import asyncio
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeAlias

import uvicorn
from attrs import define, evolve, field, frozen

from pt004_model.cli.options import Setup
from pt004_model.embedded.serving import ServerOptions, configure, listen, make_app

ACCEPTED = (200, 201)


@frozen
class Seen:
    """A request as it came; ``at`` is when."""

    number: int
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: bytes
    at: float

    @property
    def is_run_call(self) -> bool:
        """Whether this is anything but the question after health."""
        return self.path != "/health"


@frozen
class Said:
    """A response: status, body and content type."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: tuple[tuple[str, str], ...] = ()

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)

    def with_json(self, value: object) -> Said:
        """The same response with another body."""
        return evolve(self, body=json.dumps(value).encode())


def refusal(status: int, **headers: str) -> Said:
    """A refusal with a detail, as an FC gives it."""
    named = tuple((name.replace("_", "-"), value) for name, value in headers.items())
    return Said(status, b'{"detail": "no"}', headers=named)


Before: TypeAlias = Callable[[Seen], Said | None]
After: TypeAlias = Callable[[Seen, Said], Said]


@define
class Front:
    """Stands in front of an FC: sees each request, answers some, alters what the FC answers.

    ``before`` may answer in place of the FC, ``after`` alters the FC's answer.
    """

    before: Before = lambda _: None
    after: After = lambda _, said: said
    seen: list[Seen] = field(factory=list)
    url: str = ""
    app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        body, more = b"", True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        headers = {
            name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]
        }
        query = scope["query_string"].decode()
        seen = Seen(
            len(self.seen), scope["method"], scope["path"], query, headers, body, time.monotonic()
        )
        self.seen.append(seen)
        said = self.before(seen)
        if said is None:
            said = self.after(seen, await self._ask(scope, body))
        named = [("content-type", said.content_type), *said.headers]
        raw = [(name.encode(), value.encode()) for name, value in named]
        raw.append((b"content-length", str(len(said.body)).encode()))
        await send({"type": "http.response.start", "status": said.status, "headers": raw})
        await send({"type": "http.response.body", "body": said.body})

    async def _ask(self, scope: Any, body: bytes) -> Said:
        """What the FC answers."""
        parts: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": body, "more_body": False}

        async def send(message: Any) -> None:
            parts.append(message)

        await self.app(scope, receive, send)
        content = b"".join(part.get("body", b"") for part in parts[1:])
        types = [value for name, value in parts[0]["headers"] if name == b"content-type"]
        return Said(parts[0]["status"], content, types[0].decode() if types else "")


class Server(uvicorn.Server):
    """A server that ends as soon as it is told, where uvicorn looks ten times a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._told = asyncio.Event()

    def stop(self) -> None:
        """End, from another thread; one that has not begun to serve sees it before it does."""
        self.should_exit = True
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._told.set)

    async def main_loop(self) -> None:
        """Serve until told to end, with a new date every second."""
        self._loop = asyncio.get_running_loop()
        while not await self.on_tick(0):
            with suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), 1)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Close all connections, those on which an answer is still being made a second later."""
        for each in (*self.servers, *(sockets or ())):
            each.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        with suppress(TimeoutError):
            async with asyncio.timeout(1):
                while self.server_state.connections:
                    await asyncio.sleep(0.001)


@contextmanager
def fronted(
    before: Before = lambda _: None,
    after: After = lambda _, said: said,
    **options: Any,
) -> Iterator[Front]:
    """An embedded FC behind a front, on a socket of its own."""
    front = Front(before, after)
    with listen("127.0.0.1", 0) as listener:
        server = Server(configure(front))  # type: ignore[arg-type]  # any ASGI app will do

        def serve() -> None:
            front.app = make_app(ServerOptions(**options))  # its database is for one thread only
            server.run(sockets=[listener])

        thread = threading.Thread(target=serve)
        thread.start()
        front.url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        try:
            yield front
        finally:
            server.stop()
            thread.join()


@contextmanager
def embedded_thread(setup: Setup) -> Iterator[str]:
    """The embedded FC that the options of a command ask for: its address.

    In the place of ``embedded_process``, which takes most of a second to start.
    """
    secret = setup.credentials.secret if setup.auth else None
    with fronted(secret=secret, automatic=setup.automatic, fault=setup.fault) as front:
        yield front.url


@contextmanager
def speaking(words: bytes | None) -> Iterator[str]:
    """Something that is no HTTP server: says ``words`` to whoever calls, or nothing for ever."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        held: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                held.append(connection)
                if words is not None:
                    connection.recv(65536)
                    connection.sendall(words)
                    connection.close()

        thread = threading.Thread(target=accept)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            for connection in held:
                connection.close()


def free_port() -> int:
    """A port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
