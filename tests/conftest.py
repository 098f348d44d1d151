"""What all tests rest on."""

from __future__ import annotations

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Have a flag that writes the golden files, to be reviewed as a diff."""
    parser.addoption("--regolden", action="store_true", help="write golden files, not compare them")


@pytest.fixture
def golden(pytestconfig: pytest.Config) -> Callable[[str, str], None]:
    """Compare a text with a golden file, or write that file where ``--regolden`` is given."""

    def compare(name: str, text: str) -> None:
        if pytestconfig.getoption("--regolden"):
            (GOLDEN / name).write_text(text, encoding="utf-8")
        assert (GOLDEN / name).read_text(encoding="utf-8") == text

    return compare


def pytest_configure() -> None:
    """Have interrupts heard: what a shell starts in the background ignores them.

    So would every process that a test starts and interrupts.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
