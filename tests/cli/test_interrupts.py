"""What is left when a command is interrupted or killed."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pt004_model.trace.document import load_trace
from tests.cli.helpers import ended, start, summary, traces, wait_for

pytestmark = pytest.mark.system

LONG = ("--max-examples", "100000", "--seed", "7")
FAULT = "tags-are-sorted"


def campaign(out: Path, *more: str) -> subprocess.Popen[str]:
    """A campaign that would go on for hours, against an embedded FC."""
    return start("check", "--out", out, *LONG, *more)


def test_an_interrupt_before_there_is_a_command() -> None:
    """Whatever is being imported, it ends in a word and the exit code, and not in a traceback."""
    early = (
        "import sys\n"
        "class Interrupting:\n"
        "    def find_spec(self, name, *_):\n"
        "        if name == 'click': raise KeyboardInterrupt\n"
        "sys.meta_path.insert(0, Interrupting())\n"
        "from pt004_model.__main__ import main\n"
        "main()\n"
    )
    done = subprocess.run(  # noqa: S603 - our own
        [sys.executable, "-c", early], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "interrupted\n")


@pytest.fixture
def found(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """A long campaign that has just put its first finding on disk."""
    process = campaign(tmp_path, "--fault", FAULT)
    try:
        wait_for(lambda: traces(tmp_path))
        yield process
    finally:
        process.kill()
        process.communicate()


def whole(path: Path) -> str:
    """The check of a trace file, which loads."""
    return load_trace(path).check


@pytest.mark.parametrize("whom", ["the process", "the process group"])
def test_an_interrupt_keeps_what_was_found(
    whom: str, found: subprocess.Popen[str], tmp_path: Path
) -> None:
    """Ctrl-C, which a terminal sends to the FC as well, is exit 130 with all evidence on disk."""
    if whom == "the process":
        found.send_signal(signal.SIGINT)
    else:
        os.killpg(found.pid, signal.SIGINT)
    said = ended(found)
    assert said.code == 130
    assert "Traceback" not in said.said
    assert "interrupted" in said.said
    assert [whole(path) for path in traces(tmp_path)] == ["lifecycle.sent-data-kept"]
    left = summary(tmp_path)
    assert (left["verdict"], left["why"]) == ("diverges", "it was interrupted")
    assert [str(path) for path in traces(tmp_path)] == [f["trace"] for f in left["findings"]]
    assert not [each for each in tmp_path.rglob(".*") if each.is_file()]


def test_an_interrupt_before_anything_was_found_is_no_pass(tmp_path: Path) -> None:
    """A campaign that is interrupted early is unsure in its summary, and exit is 130."""
    process = campaign(tmp_path)
    runs = tmp_path / "runs.txt"
    wait_for(lambda: runs.exists() and len(runs.read_text().splitlines()) > 3)
    process.send_signal(signal.SIGINT)
    assert ended(process).code == 130
    assert (
        summary(tmp_path)["verdict"],
        summary(tmp_path)["why"],
    ) == ("unsure", "it was interrupted")
    assert len(runs.read_text().splitlines()) > 3


def test_an_interrupt_while_there_is_no_campaign_yet(tmp_path: Path) -> None:
    """Ctrl-C while an FC is waited for is exit 130 and one word, for either command."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        for command in (("prove",), ("check", "--out", tmp_path)):
            process = start(*command, "--base-url", address, "--timeout", "60")
            connection, _ = silent.accept()
            with connection:
                connection.recv(1000)  # it has asked whether we are healthy
                process.send_signal(signal.SIGINT)
                said = ended(process)
            assert (said.code, said.err) == (130, "interrupted\n")
            assert "✓" not in said.out


def test_a_kill_leaves_a_whole_trace_and_no_server(
    found: subprocess.Popen[str], tmp_path: Path
) -> None:
    """After kill -9 the trace file can be read, and the embedded FC is gone soon."""
    assert found.stdout is not None
    first = found.stdout.readline()
    address = re.search(r"http://127\.0\.0\.1:(\d+)", first)
    assert address is not None, first
    port = int(address[1])
    socket.create_connection(("127.0.0.1", port), timeout=5).close()
    found.kill()
    assert found.wait(10) == -signal.SIGKILL

    def gone() -> bool:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=5).close()
        except ConnectionRefusedError:
            return True
        return False

    wait_for(gone, 10)
    assert [whole(path) for path in traces(tmp_path)] == ["lifecycle.sent-data-kept"]
