"""Campaigns against every seeded fault, run once for the whole suite, two side by side."""

from __future__ import annotations

import pytest

from pt004_model.cli.score import kills
from pt004_model.embedded import FAULTS
from pt004_model.evidence.score import HEADING, Kill, row_line, table, total_lines

EXAMPLES = 300
JOBS = 2
DONE = pytest.StashKey[list[Kill]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """``--seeds N`` repeats every campaign with N seeds."""
    parser.addoption("--seeds", type=int, default=1, help="campaigns a fault, each with a seed")


@pytest.fixture(scope="session")
def all_kills(pytestconfig: pytest.Config) -> list[Kill]:
    """Every campaign, against no fault and against each."""
    terminal = pytestconfig.pluginmanager.getplugin("terminalreporter")
    assert terminal is not None
    terminal.write_line("")
    terminal.write_line(HEADING)
    done = []
    seeds = tuple(range(pytestconfig.getoption("--seeds")))
    # two seeds without a fault: one FC that demands tokens, one that does not
    for kill in [
        *kills(("",), (0, 1), EXAMPLES, JOBS),
        *kills(tuple(FAULTS), seeds, EXAMPLES, JOBS),
    ]:
        done.append(kill)
        if kill.fault:
            terminal.write_line(row_line(table([kill])[0]))
    pytestconfig.stash[DONE] = done
    return done


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the totals by area."""
    done = config.stash.get(DONE, [])
    for line in total_lines(table(kill for kill in done if kill.fault)):
        terminalreporter.write_line(line)
