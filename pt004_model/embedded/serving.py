"""Serving an embedded Federation Core: the socket, uvicorn, and when to stop."""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import sys
import threading
from http import HTTPStatus
from pathlib import Path

import attrs
import h11
import uvicorn
from fastapi import FastAPI
from uvicorn.protocols.http.h11_impl import H11Protocol

from pt004_model.embedded.app import build_app
from pt004_model.embedded.core import CONFORMING
from pt004_model.embedded.faults import parts_with
from pt004_model.embedded.records import to_json

BACKLOG = 2048


class ServerError(Exception):
    """The server cannot be started; the message is one sentence that says why."""


@attrs.frozen
class ServerOptions:
    """How an embedded Federation Core is to be run.

    ``port`` 0 takes any free one; ``db`` None keeps everything in memory; ``secret`` None means
    no authentication (section 12); ``automatic`` acts on decisions at once (section 5.3);
    ``fault`` is the name of a seeded fault.
    """

    host: str = "127.0.0.1"
    port: int = 0
    db: Path | None = None
    secret: str | None = None
    automatic: bool = False
    fault: str | None = None
    stop_on_stdin_eof: bool = False


class JsonErrorProtocol(H11Protocol):
    """HTTP/1.1 whose answer to what is no HTTP at all is a refusal like all others."""

    def send_400_response(self, msg: str) -> None:
        """Refuse an unreadable request with a JSON object (section 11)."""
        headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
        body = to_json({"detail": msg}).encode("utf-8")
        events = (
            h11.Response(status_code=HTTPStatus.BAD_REQUEST, headers=headers),
            h11.Data(data=body),
            h11.EndOfMessage(),
        )
        for event in events:
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()


def serve(options: ServerOptions) -> None:
    """Serve until SIGTERM or SIGINT; print one line once the socket listens."""
    app = make_app(options)
    with listen(options.host, options.port) as listener:
        server = uvicorn.Server(configure(app))
        stop_on_signals(server)
        if options.stop_on_stdin_eof:
            threading.Thread(target=stop_on_stdin_eof, args=(server,), daemon=True).start()
        port = listener.getsockname()[1]
        sys.stdout.write(f"listening on http://{options.host}:{port}\n")
        sys.stdout.flush()
        server.run(sockets=[listener])


def make_app(options: ServerOptions) -> FastAPI:
    """Build the application that the options ask for."""
    parts = CONFORMING if options.fault is None else parts_with(options.fault)
    try:
        return build_app(parts, db=options.db, secret=options.secret, automatic=options.automatic)
    except sqlite3.Error as error:
        raise ServerError(f"The database {options.db} cannot be used: {error}.") from error


def listen(host: str, port: int) -> socket.socket:
    """Bind and listen, so that a parent may connect as soon as it knows the port.

    The protocol is spelt out because asyncio turns Nagle's algorithm off only for sockets that say
    they are TCP; left on, it delays every answer by 40 ms.
    """
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except (OSError, OverflowError) as error:
        listener.close()
        reason = (error.strerror if isinstance(error, OSError) else None) or error
        raise ServerError(f"Cannot listen on {host}:{port}: {reason}.") from error
    return listener


def configure(app: FastAPI) -> uvicorn.Config:
    """Configure uvicorn for one fast process that logs nothing but failures of its own."""
    return uvicorn.Config(
        app,
        http=JsonErrorProtocol,
        ws="none",
        lifespan="off",
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=60,
        timeout_graceful_shutdown=1,
    )


def stop_on_signals(server: uvicorn.Server) -> None:
    """Take SIGTERM and SIGINT for a polite end.

    uvicorn handles both while it runs and raises them again when it has shut down; without these
    handlers the process would then die of the signal instead of exiting with 0.
    """
    if threading.current_thread() is not threading.main_thread():
        return

    def stop(*_: object) -> None:
        server.should_exit = True

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)


def stop_on_stdin_eof(server: uvicorn.Server) -> None:
    """End when the parent does: its end of our standard input closes, however it dies."""
    while os.read(sys.stdin.fileno(), 4096):
        pass
    server.should_exit = True
