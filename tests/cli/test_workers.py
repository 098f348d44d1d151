"""Campaigns by many workers, as a user starts them: processes, Dask, shards; and how they end."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from distributed import LocalCluster

from tests.cli.helpers import ended, invoke, run, start, summary, wait_for
from tests.cli.servers import fronted

FINGERPRINT = "6b9764f45135"
SMALL = (
    "--max-examples", "16", "--max-commands", "4", "--seed", "3", "--confirm", "2", "--no-losses",
)  # fmt: skip
pytestmark = pytest.mark.system


@contextmanager
def cluster() -> Iterator[str]:
    """A cluster of two processes: the address of its scheduler."""
    how: dict[str, Any] = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None}
    made: Any = LocalCluster
    with made(**how, silence_logs=50) as there:
        yield there.scheduler_address


@contextmanager
def commands(folder: Path) -> Iterator[tuple[str, list[subprocess.Popen[bytes]]]]:
    """A scheduler and two workers started by commands: its address, and the workers."""
    file, dask = folder / "scheduler.json", [sys.executable, "-m", "dask"]
    started: list[subprocess.Popen[bytes]] = []

    def begin(*words: str) -> None:
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        started.append(subprocess.Popen([*dask, *words], **quiet))  # type: ignore[call-overload]  # noqa: S603 - Dask's own

    try:
        begin("scheduler", "--port", "0", "--no-dashboard", "--scheduler-file", str(file))
        wait_for(lambda: file.exists() and file.read_text())
        address = json.loads(file.read_text())["address"]
        for _ in range(2):
            begin("worker", address, "--nthreads", "1", "--no-nanny", "--no-dashboard")
        yield address, started[1:]
    finally:
        for each in started:
            each.kill()
            each.wait()


@pytest.mark.slow
def test_the_same_campaign_by_any_workers(tmp_path: Path) -> None:
    """One worker, four, a cluster and four shards end with the same finding and verdict."""
    with fronted(fault="denied-step-may-pause") as front:

        def check(way: str, *more: str) -> Path:
            asked = (*SMALL, "--no-races", "--base-url", front.url, *more)
            assert invoke("check", *asked, "--out", tmp_path / way).code == 1
            return tmp_path / way

        ways = [check("one"), check("four", "--workers", "4")]
        with cluster() as address:
            ways.append(check("dask", "--scheduler", address))
        shards = [check(f"shard {number}", "--shard", f"{number}/4") for number in range(1, 5)]
    assert invoke("merge", *shards, "--out", tmp_path / "merged").code == 1
    for folder in (*ways, tmp_path / "merged"):
        told = summary(folder)
        findings = [each["fingerprint"] for each in told["findings"]]
        assert (told["verdict"], findings, told["examples"]) == ("diverges", [FINGERPRINT], 16)
        trace = json.loads((folder / "traces" / f"{FINGERPRINT}.json").read_text())
        assert len(trace["steps"]) == 3
        assert len(set((folder / "runs.txt").read_text().split())) > 16


def test_a_cluster_started_by_hand_loses_a_worker(tmp_path: Path) -> None:
    """What it had is done by the other one, and all that was asked for is done."""
    with fronted() as front, commands(tmp_path) as (address, workers):
        ways = ("--base-url", front.url, "--scheduler", address, "--workers", "2")
        process = start("check", *SMALL, *ways, "--out", tmp_path / "out")
        wait_for(lambda: len(front.seen) > 200)
        workers[0].send_signal(signal.SIGKILL)
        said = ended(process)
    assert said.code == 0, said.said
    assert summary(tmp_path / "out")["examples"] == 16


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupt_ends_all(number: signal.Signals, tmp_path: Path) -> None:
    """Workers end with whoever started them, and what was found is there."""
    with fronted() as front:
        ways = ("--base-url", front.url, "--workers", "2", "--max-examples", "4000")
        process = start("check", *SMALL, *ways, "--out", tmp_path)
        wait_for(lambda: len(front.seen) > 200)
        os.killpg(process.pid, number)
        said = ended(process, 20)
        asked = len(front.seen)
        wait_for(lambda: not _alive(process.pid), 5)
        assert len(front.seen) <= asked + 2
    assert said.code == (130 if number is signal.SIGINT else 143)
    assert "Traceback" not in said.said
    assert summary(tmp_path)["why"] == "it was interrupted"
    assert (tmp_path / "runs.txt").read_text()


def _alive(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def test_the_rate_holds_over_all_workers(tmp_path: Path) -> None:
    """Four workers together ask no more often than was said."""
    with fronted() as front:
        ways = ("--base-url", front.url, "--workers", "4", "--rate", "40", "--max-time", "6")
        said = run("check", *SMALL, *ways, "--no-races", "--out", tmp_path)
        assert said.code in (0, 3)
        times = [each.at for each in front.seen if each.is_run_call]
    most = max(sum(start <= at < start + 2.0 for at in times) for start in times)
    assert 30 < most <= 2.0 * 40 + 8  # and one that each may have saved


def test_a_scheduler_that_is_not_there(tmp_path: Path) -> None:
    """It is said, and nothing is known of the FC; what is no address is wrong usage."""
    said = run("check", "--scheduler", "tcp://127.0.0.1:9", "--out", tmp_path)
    assert said.code == 3
    assert "no Dask scheduler answers at tcp://127.0.0.1:9" in said.err
    assert "no Dask scheduler" in summary(tmp_path)["why"]
    said = invoke("check", "--scheduler", "nowhere")
    assert (said.code, "'nowhere' is no address of a scheduler" in said.err) == (2, True)
