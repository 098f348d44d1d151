"""Requests a second of campaigns by one worker and by several, against an FC that takes its time.

The FC is an embedded one in a process of its own; what is counted is what arrives there. Rounds are
small, so that some of each worker begin and end while it is measured.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing import get_context
from threading import Thread
from typing import Any, Final

import uvicorn
from attrs import frozen

from pt004_model.drive.target import Target
from pt004_model.embedded.serving import ServerOptions, configure, listen, make_app
from pt004_model.search.campaign import Profile
from pt004_model.search.coordinator import Coordinator
from pt004_model.search.workers import ALONE, Processes

ROWS: Final = ((0.02, (1, 2, 8)), (0.0, (1, 2)))
"""The seconds by which an FC delays its answers, and the workers that ask it."""
_WARM: Final = 30
"""Requests of each worker before it is measured."""


@frozen
class Row:
    """The requests a second of so many workers, at an FC with a delay in seconds."""

    delay: float
    workers: int
    rate: float


def _serve(delay: float, counted: Any, port: Any) -> None:
    with listen("127.0.0.1", 0) as listener:
        app = make_app(ServerOptions())

        async def delayed(scope: Any, receive: Any, send: Any) -> None:
            counted.value += 1
            if delay:
                await asyncio.sleep(delay)
            await app(scope, receive, send)

        port.value = listener.getsockname()[1]
        server = uvicorn.Server(configure(delayed))  # type: ignore[arg-type]  # any ASGI app will do
        server.run(sockets=[listener])


@contextmanager
def _serving(delay: float) -> Iterator[tuple[str, Any]]:
    """Serve an FC: its address, and the number of requests that it has seen."""
    context = get_context("spawn")
    counted, port = context.Value("q", 0, lock=False), context.Value("q", 0, lock=False)
    process = context.Process(target=_serve, args=(delay, counted, port), daemon=True)
    process.start()
    try:
        while not port.value:
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port.value}", counted
    finally:
        process.terminate()
        process.join()


def rate(url: str, counted: Any, workers: int, seconds: float) -> float:
    """The requests a second of a campaign by so many workers, once all of them are at work."""
    target = Target(url, own=True)
    profile = Profile("bench", examples=128 * workers, commands=2, seconds=seconds + 60)
    engine = Processes(workers) if workers > 1 else ALONE
    campaign = Coordinator(target, profile, seed=1, target=target, engine=engine)
    running = Thread(target=campaign.run)
    running.start()
    while counted.value < _WARM * workers and running.is_alive():
        time.sleep(0.05)
    began, before = time.monotonic(), counted.value
    running.join(seconds)
    measured: float = (counted.value - before) / (time.monotonic() - began)
    campaign.profile = Profile("bench", examples=0, commands=0, seconds=0.0)  # it has been enough
    running.join()
    target.close()
    return measured


def rows(seconds: float) -> Iterator[Row]:
    """Each row, measured for so long."""
    for delay, counts in ROWS:
        for workers in counts:
            with _serving(delay) as (url, counted):
                yield Row(delay, workers, rate(url, counted, workers, seconds))


def lines(seconds: float) -> Iterator[str]:
    """Lines to be read, a row each with its ratio to one worker; none for no seconds."""
    if not seconds:
        return
    yield "ms of the FC  workers  requests a second  times one worker"
    alone = 0.0
    for row in rows(seconds):
        alone = row.rate if row.workers == 1 else alone
        times = row.rate / alone
        yield f"{1000 * row.delay:12.0f}{row.workers:9}{row.rate:19.0f}{times:18.1f}"
