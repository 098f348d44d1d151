"""Servers that are stopped when their test is over, and a clock that no test waits for."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest

from pt004_model.wire import network, patience, sending
from tests.wire.helpers import Clock, Serve, Server


@pytest.fixture(autouse=True)
def _no_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test depends on the proxies and certificates of the machine."""
    for name in [*os.environ]:
        if name.lower().endswith("_proxy") or name.startswith("SSL_CERT"):
            monkeypatch.delenv(name)


@pytest.fixture
def server() -> Iterator[Callable[[Serve], Server]]:
    """Starts a tiny server that answers as it is told."""
    started: list[Server] = []

    def start(serve: Serve) -> Server:
        started.append(Server(serve))
        return started[-1]

    yield start
    for each in started:
        each.stop()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The transport's clock, which only sleeping moves."""
    fake = Clock()
    for module in (sending, network, patience):
        monkeypatch.setattr(module, "time", fake)
    return fake
