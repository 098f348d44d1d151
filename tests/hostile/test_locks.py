"""Two at once: one writes, the other says who does, and nothing is made twice."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from pt004_model.trace.lock import NAME, Busy, locked
from pt004_model.tracker.directory import DirectoryTracker
from tests.cli.helpers import ended, invoke, start, summary, wait_for
from tests.cli.test_stateful import suite
from tests.tracker.nights import DENIED, LINKED, night

pytestmark = pytest.mark.system

LONG = ("--max-examples", "100000", "--seed", "7")
SHORT = ("--max-examples", "1", "--seed", "7")


def test_one_campaign_a_folder(tmp_path: Path) -> None:
    """The second is wrong usage and says who writes there; after a kill the next takes over."""
    first = start("check", "--out", tmp_path, *LONG)
    runs = tmp_path / "runs.txt"
    wait_for(lambda: runs.exists() and runs.read_text())
    there = f"another pt004 (pid {first.pid}) is writing to {tmp_path}"
    why = f"{there}; wait for it, or give another folder"
    second = invoke("check", "--out", tmp_path, *SHORT)
    assert (second.code, second.out) == (2, "")
    assert second.err.endswith(f"Error: {why}\n")
    nightly = suite(out=tmp_path)
    assert (nightly.code, why in nightly.out) == (2, True)
    filing = invoke("submit", tmp_path, "--to", tmp_path / "issues", "--patience", "0.1")
    assert (filing.code, filing.err) == (3, f"UNREACHABLE: {why}\n")
    first.send_signal(signal.SIGKILL)
    first.communicate()
    assert (tmp_path / NAME).exists()
    assert invoke("check", "--out", tmp_path, *SHORT).code == 0
    assert not (tmp_path / NAME).exists()


def test_four_submits_at_once(tmp_path: Path) -> None:
    """Each finding is one issue, however many file it at the same moment."""
    for number in range(1, 4):
        folders = [tmp_path / f"{number}-{each}" for each in range(4)]
        for folder in folders:
            night(folder, number, DENIED, LINKED)
        filing = [start("submit", each, "--to", tmp_path / "issues") for each in folders]
        assert [ended(each).code for each in filing] == [0] * 4
        assert len(DirectoryTracker(tmp_path / "issues").issues()) == 2


def test_what_killed_processes_left_is_cleared(tmp_path: Path) -> None:
    """Half written files go with the next campaign and filing; those of others stay."""
    (tmp_path / "traces").mkdir()
    (tmp_path / "issues").mkdir()
    left = [".summary.json.abcd1234", "traces/.6b9764f45135.json.x", "issues/.0001-a.b.md.x"]
    kept = [".env", "traces/.keep", "issues/.git", "issues/notes.md"]
    for name in (*left, *kept):
        (tmp_path / name).write_text("x")
    assert invoke("check", "--out", tmp_path, *SHORT).code == 0
    assert invoke("submit", tmp_path, "--to", tmp_path / "issues").code == 0
    assert [name for name in (*left, *kept) if (tmp_path / name).exists()] == kept
    assert summary(tmp_path)["verdict"] == "conforms"


def test_a_lock_is_held_by_one(tmp_path: Path) -> None:
    """It is refused while it is held, and leaves nothing behind when it is not."""
    with locked(tmp_path / "new"):
        assert (tmp_path / "new" / NAME).read_text() == str(os.getpid())
        with pytest.raises(Busy, match=rf"\(pid {os.getpid()}\)"), locked(tmp_path / "new"):
            pass
    with locked(tmp_path / "new"):
        pass
    assert not (tmp_path / "new").exists()
