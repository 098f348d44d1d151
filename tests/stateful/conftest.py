"""What this suite adds to the plugin: an FC where none is named, and one process for all of it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from pt004_model import Target
from pt004_model.cli.streams import steady_streams
from pt004_model.pytest_campaign import named_target, note, settings
from pt004_model.pytest_plugin import ALL_OURS, TraceFile


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Have a stream that cannot be written end nothing, and a run without tests be unsure."""
    steady_streams()
    config.stash[ALL_OURS] = True


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Keep the suite in one process; of the processes that xdist is to start it makes workers."""
    asked = config.option
    count = getattr(asked, "numprocesses", None) or len(getattr(asked, "tx", None) or ())
    if count:
        asked.numprocesses, asked.tx, asked.dist = None, [], "no"
        workers = os.environ.setdefault("PT004_WORKERS", str(count))
        note(config, f"one campaign, with {workers} workers: xdist does not divide it")


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect what lies in ``traces/`` under any name; the plugin collects the rest."""
    pinned = file_path.parent.name == "traces" and file_path.suffix == ".json"
    if pinned and not file_path.name.endswith(".pt004.json"):
        return TraceFile.from_parent(parent, path=file_path)
    return None


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out the cases that the FC is not for: those with steps, or the one without."""
    left = "test_scenario" if settings(config)["ungoverned"] else "test_without_steps"
    items[:] = [each for each in items if getattr(each, "originalname", "") != left]


@pytest.fixture(scope="session")
def embedded_fc() -> None:
    """Leave the embedded FC in a process of its own, as everybody has it."""


@pytest.fixture(scope="session")
def fc_target(pytestconfig: pytest.Config) -> Iterator[Target]:
    """The FC that is named, or the embedded one."""
    with named_target(pytestconfig, embedded=True) as target:
        yield target
