"""Campaigns against every seeded fault, run once for the whole suite, several side by side."""

from __future__ import annotations

from itertools import chain
from pathlib import Path

import pytest

from pt004_model.cli.score import kills, trace_path
from pt004_model.embedded.faults import FAULTS
from pt004_model.mutation_score import HEADING, Kill, row_line, table, total_lines
from tests.quality.reproduced import Examined, examined

APART = {"concurrency", "losses", "durability"}
"""Areas of faults that show beside other calls, lost ones and kills alone."""
FORGOTTEN = {"old-runs-forgotten"}
"""Faults of forgotten runs: a trace holds every run made since, so there is no shortest one."""
UNPINNED = FORGOTTEN | {
    # after so many entries or keys, which can be had by many mixtures of commands
    "chain-shows-the-newest",
    "log-ids-wrap-around",
    "log-keeps-the-last-fifty",
    "long-chain-starts-anew",
    "old-keys-forgotten",
    # after so long: a replay waits in real time, so shortening may end for lack of it
    "ended-runs-are-archived",
    "gates-approve-themselves",
    "keys-are-forgotten-soon",
    "old-entries-are-rotated",
    "payloads-expire",
    "pending-runs-expire",
    "resumed-runs-time-out",
    # found late, and its shortest trace still to be written down
    "system-actors-are-renamed",
    # how short a race, a loss or a crash is told depends on how often calls meet
    *(name for name, fault in FAULTS.items() if fault.area in APART),
}
"""Faults whose traces have no one shortest length."""
JOBS = 3
"""One more than there are cores to count on: scripts wait a second where a time is in question."""
DONE = pytest.StashKey[list[Kill]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Flags that make the suite do more, or less."""
    parser.addoption("--seeds", type=int, default=1, help="campaigns a fault, each with a seed")
    parser.addoption("--examples", type=int, default=300, help="examples of each campaign")
    parser.addoption(
        "--fault", action="append", choices=list(FAULTS), help="this fault alone; repeatable"
    )


@pytest.fixture(scope="session")
def traces(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder that keeps the trace of each fault that was found."""
    return tmp_path_factory.mktemp("traces")


@pytest.fixture(scope="session")
def reproductions(all_kills: list[Kill], traces: Path) -> dict[str, Examined]:
    """What became of each fault's trace, where the fault is seeded and where it is not."""
    found = [kill for kill in all_kills if kill.found and kill.seed == 0]
    wanted = [kill.fault for kill in found if kill.fault not in FORGOTTEN]
    paths = [(fault, trace_path(traces, fault, 0)) for fault in wanted]
    return {each.fault: each for each in examined(paths, JOBS)}


@pytest.fixture(scope="session")
def all_kills(pytestconfig: pytest.Config, traces: Path) -> list[Kill]:
    """Every campaign, against no fault and against each."""
    terminal = pytestconfig.pluginmanager.getplugin("terminalreporter")
    assert terminal is not None
    terminal.write_line("")
    terminal.write_line(HEADING)
    done = []
    seeds = tuple(range(pytestconfig.getoption("--seeds")))
    examples = pytestconfig.getoption("--examples")
    faults = tuple(pytestconfig.getoption("--fault") or FAULTS)
    # two seeds without a fault: one FC that demands tokens, one that does not
    quiet = kills(("",), (0, 1), examples, JOBS)
    for kill in chain(quiet, kills(faults, seeds, examples, JOBS, traces)):
        done.append(kill)
        if kill.fault:
            terminal.write_line(row_line(table([kill])[0]))
    pytestconfig.stash[DONE] = done
    return done


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the tests of faults that were not asked for."""
    wanted = config.getoption("--fault")
    if wanted:
        params = {item: getattr(item, "callspec", None) for item in items}
        items[:] = [
            item
            for item, spec in params.items()
            if spec is None or spec.params.get("fault", wanted[0]) in wanted
        ]


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the totals by area."""
    done = config.stash.get(DONE, [])
    for line in total_lines(table(kill for kill in done if kill.fault)):
        terminalreporter.write_line(line)
