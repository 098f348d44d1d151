"""The commands by which an FC is started, killed and started again, right and wrong."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pt004_model.cli import main
from pt004_model.cli.killing import free_address
from pt004_model.wire.service import Commanded, NotDone, Started

PYTHON = sys.executable
QUICK = ("--profile", "dev", "--max-examples", "1", "--no-races", "--no-replay", "--patience", "0")


def check(tmp_path: Path, *arguments: str) -> tuple[int, str]:
    """`pt004 check`, what it says and its exit code."""
    done = CliRunner().invoke(main, ["check", *QUICK, "--out", str(tmp_path), *arguments])
    return done.exit_code, done.output


@pytest.fixture
def address() -> str:
    """An address that nobody serves."""
    return free_address()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ("--start-command", "x", "--kill-command", "y", "--restart-command", "z"),
            "leave out one",
        ),
        (("--kill-command", "y"), "go together"),
        (("--start-command", "x"), "--base-url"),
        (("--start-command", "'"), "cannot be read"),
    ],
)
def test_options_that_contradict_are_told(
    tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    """Each with what to do, and nothing is run."""
    more = () if said == "--base-url" else ("--base-url", "http://127.0.0.1:9")
    code, output = check(tmp_path, *arguments, *more)
    assert (code, said in output) == (2, True)


def test_a_start_command_that_does_not_work_is_told(tmp_path: Path, address: str) -> None:
    """One that cannot be run, and one that ends at once, with what it said last."""
    code, output = check(tmp_path, "--base-url", address, "--start-command", "/nowhere/fc")
    assert (code, "the start command cannot be run: No such file" in output) == (2, True)
    wrong = f"{PYTHON} -c \"print('no port'); raise SystemExit(7)\""
    code, output = check(tmp_path, "--base-url", address, "--start-command", wrong)
    assert code == 2
    assert "the FC does not start: it ended with status 7, it said last: no port" in output
    assert "the FC is to be started, killed and started again by:" in output
    slow = f"{PYTHON} -c 'import time; time.sleep(60)'"
    wait = ("--base-url", address, "--start-command", slow, "--ready-within", "0.3")
    code, output = check(tmp_path, *wait)
    assert (code, "the FC does not start: no answer in 0.3 s" in output) == (2, True)


@pytest.mark.system
def test_an_fc_that_we_start_is_killed_and_nothing_of_it_is_left(
    tmp_path: Path, address: str
) -> None:
    """It is killed as often as is wanted, and ended at the end; started twice it is refused."""
    port, database = address.rpartition(":")[2], tmp_path / "runs.sqlite"
    command = f"{PYTHON} -m pt004_model.embedded.server --port {port} --db {database}"
    more = ("--profile", "ci", "--max-examples", "8", "--no-losses", "--max-commands", "1")
    given = ("--base-url", address, "--start-command", command)
    code, output = check(tmp_path / "out", *more, *given)
    assert (code, "of 1 kill met an open call" in output) in {(0, True), (3, True)}, output
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", int(port))) != 0
    running = Started(command.split())
    running.start()
    try:
        deadline, listening = time.monotonic() + 20, False
        while not listening and time.monotonic() < deadline:
            time.sleep(0.3)
            with socket.socket() as probe:
                listening = probe.connect_ex(("127.0.0.1", int(port))) == 0
        code, output = check(tmp_path / "again", *given)
        assert (code, "something answers at" in output) == (2, True)
    finally:
        running.end()


def test_what_is_started_ends_as_a_whole(tmp_path: Path) -> None:
    """Its children too, whether it is killed or ended."""
    note = tmp_path / "child"
    script = f"sleep 100 & echo $! > {note}; wait"
    for way in ("kill", "end"):
        started = Started(("/bin/sh", "-c", script))
        started.start()
        while not (note.exists() and note.read_text().strip()):
            time.sleep(0.01)
        child = int(note.read_text())
        getattr(started, way)()
        assert not started.running
        assert _gone(child)
        note.unlink()
        started.end()


def test_ctrl_c_while_it_is_being_started_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever ends the command knows of the process, and ends it as well."""
    popen = subprocess.Popen

    def interrupted(*arguments: Any, **more: Any) -> subprocess.Popen[bytes]:
        process = popen(*arguments, **more)
        signal.raise_signal(signal.SIGINT)
        return process

    monkeypatch.setattr(subprocess, "Popen", interrupted)
    started = Started(("sleep", "100"))
    with pytest.raises(KeyboardInterrupt):
        started.start()
    assert started.running
    started.end()
    assert not started.running


def _gone(process: int) -> bool:
    """Whether a process has ended, or waits for nobody to take note of that."""
    for _ in range(100):
        try:
            os.kill(process, 0)
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except (ProcessLookupError, FileNotFoundError):
            return True
        if state == "Z":
            return True
        time.sleep(0.01)
    os.kill(process, signal.SIGKILL)
    return False


def test_an_fc_elsewhere_is_there_again_at_the_end(tmp_path: Path) -> None:
    """If it was killed it is started again; if it was not, nothing is run."""
    note = tmp_path / "said"
    by_kill, by_start = (("/bin/sh", "-c", f"echo {word} >> {note}") for word in ("kill", "start"))
    service = Commanded(by_kill, by_start)
    service.end()
    assert not note.exists()
    service.kill()
    service.end()
    assert note.read_text().split() == ["kill", "start"]
    assert (service.ended(), service.anew()) == ("", False)


def test_a_command_that_fails_is_told_with_what_it_said() -> None:
    """Its status and its last line; or that it cannot be run."""
    with pytest.raises(NotDone, match="the kill command ends with status 3: no such unit"):
        Commanded(("/bin/sh", "-c", "echo no such unit; exit 3"), ()).kill()
    with pytest.raises(NotDone, match="the restart command cannot be run, No such file"):
        Commanded((), ("/nowhere/systemctl",)).start()
