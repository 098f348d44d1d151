"""What all tests rest on: interrupts that are heard, an FC at hand, and golden files."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeAlias

import pytest
from attrs import evolve

GOLDEN: Final = Path(__file__).parent / "golden"
Golden: TypeAlias = Callable[[str, str], None]
"""Holds a text against the golden file of that name, below ``tests/golden``."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the flag that writes golden files again, to be reviewed as a diff."""
    parser.addoption("--regolden", action="store_true", help="write the golden files again")


def pytest_configure() -> None:
    """Have interrupts heard: what a shell starts in the background ignores them.

    So would every process that a test starts and interrupts.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what asks for a browser, or for what npm fetches, before pytest selects."""
    for item in items:
        if {"browser", "description"} & set(getattr(item, "fixturenames", ())):
            item.add_marker(pytest.mark.system)


@pytest.fixture(scope="session", autouse=True)
def embedded_fc() -> Iterator[None]:
    """Have a thread serve the embedded FC of a command that is run in this process.

    A process takes most of a second to start; those of the system's tests start it all the same.
    The nightly job has no use for it, nor for the time that the embedded FC takes to be imported.
    """
    from pt004_model.cli import session  # noqa: PLC0415
    from tests.cli.servers import embedded_thread  # noqa: PLC0415

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(session, "embedded_process", embedded_thread)
        yield


@pytest.fixture
def little_triage(monkeypatch: pytest.MonkeyPatch) -> None:
    """Replay and shorten little, where so much is wrong that it would take minutes."""
    from pt004_model.search.campaign import PROFILES  # noqa: PLC0415

    monkeypatch.setitem(PROFILES, "dev", evolve(PROFILES["dev"], settle=(150, 3.0, 0.0)))


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Golden:
    """Compare a text with a golden file, or write the file where ``--regolden`` is given."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--regolden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode())
        expected = path.read_bytes().decode() if path.exists() else ""
        assert expected == text, f"{name} is another; pytest --regolden writes it again"

    return compare
