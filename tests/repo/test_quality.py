"""The quality suite can say no: a fault that is not found, or is told at length, turns it red."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repo.helpers import ROOT

pytestmark = pytest.mark.system

FAULT = "tags-are-sorted"
UNDETECTABLE = """
from pt004_model.embedded.faults.input import TagsAreSorted

del TagsAreSorted.strings
"""
"""Loaded by every process before anything else: the fault is there by name, and does nothing."""
TOO_SHORT = """
from pt004_model import mutation_score as score

score.shortest_traces = lambda: {"tags-are-sorted": {"lifecycle.sent-data-kept": 0}}
"""
"""As if a person could show the fault with no command at all."""


def quality(folder: Path, site: str = "") -> subprocess.CompletedProcess[str]:
    """A small part of the suite, with one fault; ``site`` is run as each process starts."""
    (folder / "sitecustomize.py").write_text(site)
    bare = {n: v for n, v in os.environ.items() if not n.startswith(("PYTEST_", "COV_", "PT004_"))}
    small = ("--fault", FAULT, "--examples", "10")
    # what ``site`` imports is there before pytest is
    early = ("-W", "ignore::pytest.PytestAssertRewriteWarning")
    command = ("-m", "pytest", "tests/quality", "-p", "no:cacheprovider", *early, *small)
    which = "test_fault_is_found or test_trace_shows"
    return subprocess.run(  # noqa: S603 - our own suite
        [sys.executable, *command, "-k", which],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        env={**bare, "PYTHONPATH": str(folder)},
        timeout=300,
    )


@pytest.mark.slow
def test_a_fault_that_is_found_passes(tmp_path: Path) -> None:
    """Exit is 0 when the fault is found, and its trace shows it."""
    done = quality(tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"(?m)^=* ?2 passed", done.stdout)


@pytest.mark.slow
@pytest.mark.parametrize("site", [UNDETECTABLE, TOO_SHORT], ids=["undetectable", "too long"])
def test_the_suite_can_fail(site: str, tmp_path: Path) -> None:
    """Exit is 1, and the fault is named, when it is not found or its trace is too long."""
    done = quality(tmp_path, site)
    assert done.returncode == 1, done.stdout + done.stderr
    assert f"FAILED tests/quality/test_kills.py::test_fault_is_found[{FAULT}]" in done.stdout
