"""How large the attacks are, and the figures that a run prints at its end.

``PT004_HOSTILE=1``, which ``tox -e hostile`` sets, makes them as large as what is promised.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final, TypeAlias

import pytest

LARGE: Final = os.environ.get("PT004_HOSTILE", "") not in {"", "0"}
Figure: TypeAlias = Callable[[str, str], None]
"""Has a figure printed at the end of the run: what was done, and what came of it."""

FIGURES: Final = pytest.StashKey[dict[str, str]]()


@pytest.fixture
def figure(pytestconfig: pytest.Config) -> Figure:
    """Keep a figure to be printed."""
    return pytestconfig.stash.setdefault(FIGURES, {}).__setitem__


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the figures."""
    figures = config.stash.get(FIGURES, {})
    if figures:
        terminalreporter.section("attacks, and what came of them")
    for name, figure in figures.items():
        terminalreporter.write_line(f"{name}: {figure}")
