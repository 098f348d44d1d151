"""Kill -9 at any moment after the first finding leaves evidence that can be read."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from pt004_model.trace.writing import load_trace
from tests.cli.helpers import read_json, serving, start, traces, wait_for

TIMES = 20


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """An embedded FC with a fault that several checks see, so that traces are written all along."""
    with serving("--fault", "seal-misses-the-end") as (address, _):
        yield address


@pytest.mark.parametrize("time", range(TIMES))
def test_a_kill_leaves_readable_traces(time: int, address: str, tmp_path: Path) -> None:
    """Every trace is whole, and so is every other document: each is there or not there."""
    dice = Random(time)  # noqa: S311 - no secret is made
    process = start(
        "check", "--base-url", address, "--out", tmp_path, "--max-examples", "100000",
        "--seed", str(time),
    )  # fmt: skip
    try:
        wait_for(lambda: traces(tmp_path), 60)
        # within the writing, the shortening, the replaying, or the search after that
        dead = dice.random() * 1.5
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(dead)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    assert process.returncode == -signal.SIGKILL
    left = traces(tmp_path)
    assert left
    for path in left:
        trace = load_trace(path)
        assert path.stem == trace.fingerprint
        assert trace.steps[-1].findings
    assert read_json(tmp_path / "replays.json")["replays"] == []
    assert not (tmp_path / "summary.json").exists()
    assert (tmp_path / "runs.txt").read_text().endswith("\n")
