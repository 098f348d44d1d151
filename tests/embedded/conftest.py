"""Fixtures of the tests of the embedded Federation Core."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pt004_model.embedded.app import build_app

from .client import Fc


@pytest.fixture
def fc() -> Iterator[Fc]:
    """Return a conforming Federation Core, in memory."""
    client = Fc(build_app())
    yield client
    client.close()


@pytest.fixture
def automatic_fc() -> Iterator[Fc]:
    """Return a Federation Core that acts on decisions at once."""
    client = Fc(build_app(automatic=True))
    yield client
    client.close()
