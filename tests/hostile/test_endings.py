"""However a command ends, what it found is on disk, and its exit code says no more than is so."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from pt004_model.cli import main
from pt004_model.report.folder import Folder
from pt004_model.reproduce import FORMS
from pt004_model.search.campaign import Campaign
from pt004_model.search.explorer import Search
from pt004_model.trace.files import Unwritable
from pt004_model.trace.lock import locked
from tests.cli.helpers import Ended, ended, invoke, start, summary, traces, wait_for
from tests.cli.servers import Seen, fronted
from tests.cli.test_stateful import SUITE, begin
from tests.tracker.nights import DENIED, night

pytestmark = pytest.mark.system

LONG = ("--max-examples", "100000", "--seed", "7", "--fault", "tags-are-sorted")
SECRET = "hush-hush-hush-hush"


def children(pid: int) -> list[int]:
    """The processes that a process has started."""
    said = subprocess.run(  # noqa: S603 - ours
        ["ps", "-o", "pid=", "--ppid", str(pid)],  # noqa: S607 - wherever it is
        capture_output=True,
        text=True,
        check=False,
    )
    return [int(word) for word in said.stdout.split()]


def is_there(pid: int) -> bool:
    """Whether a process is still there."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def test_sigterm_keeps_all_that_was_found(tmp_path: Path) -> None:
    """Summary, JUnit, digest and page are written, exit is 143, no FC is left; it can be filed."""
    process = start("check", "--out", tmp_path, "--page", *LONG)
    wait_for(lambda: traces(tmp_path))
    (fc,) = children(process.pid)
    process.terminate()
    said = ended(process)
    assert said.code == 143
    assert said.err == "terminated\n"
    assert any(line.startswith("FINDING ") for line in said.lines)
    left = summary(tmp_path)
    assert (left["verdict"], left["why"]) == ("diverges", "it was interrupted")
    assert {"junit.xml", "summary.md", "page.html"} <= {each.name for each in tmp_path.iterdir()}
    ElementTree.parse(tmp_path / "junit.xml")  # noqa: S314 - our own
    assert not [each for each in tmp_path.rglob(".*") if each.is_file()]
    wait_for(lambda: not is_there(fc))
    assert invoke("submit", tmp_path, "--to", tmp_path / "issues").code == 0


def test_signals_that_follow_break_off_nothing(tmp_path: Path) -> None:
    """A CI that waits sends one after the other: the summary is written all the same."""
    process = start("check", "--out", tmp_path, "--page", *LONG)
    wait_for(lambda: traces(tmp_path))
    process.send_signal(signal.SIGINT)
    wait_for((tmp_path / "summary.json").exists)
    process.terminate()
    assert ended(process).code in {130, 143}
    assert summary(tmp_path)["why"] == "it was interrupted"


def test_sigterm_before_there_is_a_campaign(tmp_path: Path) -> None:
    """A summary says that nothing can be said, and why."""
    with fronted(before=lambda _: os.kill(process.pid, signal.SIGTERM)) as front:
        process = start("check", "--base-url", front.url, "--out", tmp_path)
        assert ended(process).code == 143
    assert (summary(tmp_path)["verdict"], summary(tmp_path)["why"]) == (
        "unsure",
        "it was interrupted",
    )


@pytest.mark.parametrize("command", ["prove", "replay", "score", "submit"])
def test_sigterm_ends_every_command(command: str, tmp_path: Path) -> None:
    """Exit is 143, one word is said, and no process is left behind."""
    night(tmp_path / "night", 1, DENIED)
    (trace,) = traces(tmp_path / "night")
    lines = {
        "prove": ("--rate", "1"),
        "replay": (str(trace), "--repeat", "100000"),
        "score": ("--max-examples", "100000"),
        "submit": (str(tmp_path / "night"), "--to", str(tmp_path / "issues")),
    }
    with locked(tmp_path / "issues"):  # so that submit waits
        process = start(command, *lines[command])
        waits = (tmp_path / "night" / ".pt004.lock").exists
        wait_for(waits if command == "submit" else lambda: children(process.pid))
        left = children(process.pid)
        process.terminate()
        said = ended(process)
    assert (said.code, said.err.splitlines()[-1]) == (143, "terminated")
    wait_for(lambda: not any(map(is_there, left)))


@pytest.mark.parametrize("environment", [{}, {"TOX_ENV_NAME": "stateful"}], ids=["pytest", "tox"])
def test_sigterm_ends_the_suite(environment: dict[str, str], tmp_path: Path) -> None:
    """The nightly job ends with 143 and its summary says so."""
    process = begin(*SUITE, out=tmp_path, profile="nightly", **environment)
    runs = tmp_path / "runs.txt"
    wait_for(lambda: runs.exists() and len(runs.read_text().splitlines()) > 20)
    process.terminate()
    assert ended(process).code == 143
    assert summary(tmp_path)["why"] == "it was interrupted"
    assert (tmp_path / "junit.xml").exists()


def check(out: Path, *more: str, **environment: str) -> Ended:
    """A small campaign that finds something."""
    size = ("--max-examples", "12", "--seed", "3", "--fault", "tags-are-sorted")
    result = CliRunner().invoke(main, ["check", "--out", str(out), *size, *more], env=environment)
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return Ended(result.exit_code, result.stdout, result.stderr)


def breaking(error: BaseException) -> Callable[..., None]:
    """A function that does nothing but raise."""

    def broken(*_: object, **__: object) -> None:
        raise error

    return broken


def test_a_bug_of_ours_is_no_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit is 70 with one sentence; the details are in a file, and no secret is anywhere."""
    error = TypeError(f"unhashable type: {SECRET}")
    monkeypatch.setattr(Campaign, "_explore", breaking(error))
    said = check(tmp_path, "--header", f"X-A={SECRET}")
    why = "this is a bug in pt004: TypeError: unhashable type: [secret]"
    assert said.code == 70
    assert said.err == f"{why}; details in {tmp_path}/traceback.txt\n"
    details = (tmp_path / "traceback.txt").read_text()
    assert details.startswith("Traceback (most recent call last):")
    assert SECRET not in details + said.said + (tmp_path / "summary.json").read_text()
    assert (summary(tmp_path)["verdict"], summary(tmp_path)["why"]) == ("unsure", why)


def test_a_bug_loses_no_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was found before is told and kept."""
    monkeypatch.setattr(Search, "example", breaking_later(KeyError("x"), after=6))
    said = check(tmp_path)
    assert said.code == 70
    assert any(line.startswith("FINDING ") for line in said.lines)
    assert len(summary(tmp_path)["findings"]) == len(traces(tmp_path)) == 1


def breaking_later(error: BaseException, after: int) -> Callable[[Search], None]:
    """The examples of a campaign, until one breaks."""
    usual, calls = Search.example, iter(range(100))

    def broken(search: Search) -> None:
        if next(calls) >= after:
            raise error
        usual(search)

    return broken


def test_details_that_cannot_be_kept_beside_the_evidence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without a folder of its own a command leaves them among the temporary files."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setitem(FORMS, "text", breaking(RecursionError("too deep")))
    night(tmp_path / "night", 1, DENIED)
    said = invoke("show", traces(tmp_path / "night")[0])
    assert said.code == 70
    match = re.search(r"RecursionError: too deep; details in (.*)\n", said.err)
    assert match is not None
    assert Path(match[1]).parent == tmp_path
    assert "too deep" in Path(match[1]).read_text()


@pytest.mark.parametrize("at", ["keep_trace", "keep_run"])
def test_a_full_disk_is_unsure_and_the_finding_is_told(
    at: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Exit is 3 and not 2, and what was found by then stands on the screen."""
    usual = getattr(Folder, at)

    def write(*arguments: object) -> object:
        if traces(tmp_path):
            raise Unwritable("cannot write x: No space left on device")
        return usual(*arguments)

    monkeypatch.setattr(Folder, at, write)
    said = check(tmp_path)
    assert said.code == 3
    assert said.err == "UNSURE: cannot write x: No space left on device\n"
    assert any(line.startswith("FINDING ") for line in said.lines)


def test_a_suite_without_room_is_unsure(tmp_path: Path) -> None:
    """The folder goes away under the nightly job: exit is 3, and the finding is printed."""
    out = tmp_path / "out"

    def take_away(seen: Seen) -> None:
        if seen.number > 150 and out.is_dir():
            out.rename(tmp_path / "elsewhere")
            out.write_text("a file")

    with fronted(before=take_away, fault="tags-are-sorted") as front:
        said = ended(begin(*SUITE, out=out, profile="dev", FC_BASE_URL=front.url), timeout=120)
    assert said.code == 3, said.said
    assert "UNSURE: cannot write" in said.out
    assert "Traceback" not in said.said
