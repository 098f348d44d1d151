"""Kill -9 and SIGTERM at any moment after the first finding leave evidence that can be used."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Final

import pytest

from pt004_model.trace.document import load_trace
from tests.cli.helpers import ended, invoke, read_json, serving, start, summary, traces, wait_for
from tests.hostile.conftest import LARGE, Figure

pytestmark = pytest.mark.system

TIMES: Final = 30 if LARGE else 3


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """An embedded FC with a fault that several checks see, so that traces are written all along."""
    with serving("--fault", "seal-misses-the-end") as (address, _):
        yield address


def begun(address: str, out: Path, seed: int) -> subprocess.Popen[str]:
    """A campaign without end that has found something."""
    where = ("--base-url", address, "--out", out)
    process = start("check", *where, "--max-examples", "100000", "--seed", str(seed), "--page")
    wait_for(lambda: traces(out), 60)
    # within the writing, the shortening, the replaying, or the search after that
    dead = Random(seed).random() * 1.5  # noqa: S311 - no secret is made
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(dead)
    return process


@pytest.mark.parametrize("time", range(TIMES))
def test_a_kill_leaves_readable_traces(
    time: int, address: str, tmp_path: Path, figure: Figure
) -> None:
    """Every trace is whole, and so is every other document: each is there or not there."""
    process = begun(address, tmp_path, time)
    os.kill(process.pid, signal.SIGKILL)
    process.communicate()
    left = traces(tmp_path)
    assert left
    for path in left:
        trace = load_trace(path)
        assert path.stem == trace.fingerprint
        assert trace.steps[-1].findings
    assert read_json(tmp_path / "replays.json")["replays"] == []
    assert not (tmp_path / "summary.json").exists()
    assert (tmp_path / "runs.txt").read_text().endswith("\n")
    figure("kill -9", f"{time + 1} times, every trace readable")


@pytest.mark.parametrize("time", range(TIMES))
def test_a_sigterm_leaves_everything(
    time: int, address: str, tmp_path: Path, figure: Figure
) -> None:
    """Exit is 143, every file is written, and what was found can be filed."""
    process = begun(address, tmp_path, time)
    process.terminate()
    assert ended(process).code == 143
    found = {each["fingerprint"] for each in summary(tmp_path)["findings"]}
    assert found == {path.stem for path in traces(tmp_path)}
    assert {"junit.xml", "summary.md", "page.html"} <= {each.name for each in tmp_path.iterdir()}
    assert invoke("submit", tmp_path, "--to", tmp_path / "issues").code == 0
    figure("SIGTERM", f"{time + 1} times, everything written")
