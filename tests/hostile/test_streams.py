"""Where output goes says nothing of an FC: not its encoding, not who reads it, not its room."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.helpers import ended, start, summary, traces
from tests.repo.helpers import ROOT
from tests.tracker.nights import DENIED, night

pytestmark = pytest.mark.system

FAULT = "tags-are-sorted"
FOUND = ("--max-examples", "3", "--seed", "3", "--fault", FAULT)
QUICK = ("--max-examples", "3", "--seed", "3")
ENCODINGS = ("cp1252", "cp437", "latin-1", "ascii")


def piped(
    script: str, *arguments: str | Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run pt004 with standard output as a script of a shell has it; ``"$@"`` is the command."""
    command = [sys.executable, "-m", "pt004_model", *map(str, arguments)]
    return subprocess.run(  # noqa: S603 - ours
        ["/bin/bash", "-o", "pipefail", "-c", script, "bash", *command],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env={"PATH": "/usr/bin:/bin", **environment},
    )


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_story_is_shown_in_what_can_be_shown(encoding: str) -> None:
    """Check marks become signs that are there; exit is the verdict's, and no byte is foreign."""
    environment = {"PYTHONIOENCODING": encoding}
    proved = start("prove", **environment)
    assert proved.stdout is not None
    assert proved.stderr is not None
    with proved:
        shown = proved.stdout.buffer.read().decode(encoding)  # type: ignore[attr-defined]  # a pipe
        assert proved.stderr.read() == ""
    assert proved.returncode == 0
    assert re.search(r"(?m)^ *\+ ", shown)


def test_a_long_line_is_cut_for_a_terminal_alone(tmp_path: Path) -> None:
    """What is piped is read by programs: nothing of it is left out."""
    said = ended(start("check", "--out", tmp_path, *QUICK))
    missing = summary(tmp_path)["coverage"]["missing"][:3]
    assert [line.removeprefix("  not driven: ") for line in said.lines if "not driven" in line] == (
        missing
    )
    assert "…" not in said.out


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_finding_in_another_encoding(encoding: str, tmp_path: Path) -> None:
    """A name that cannot be encoded is escaped; the finding is told and exit is 1."""
    said = ended(
        start("check", "--out", tmp_path / "✓", *FOUND, PYTHONIOENCODING=encoding), timeout=60
    )
    assert (said.code, said.err) == (1, "")
    assert "DIVERGES: 1 finding" in said.lines
    fixed = ended(start("replay", *traces(tmp_path / "✓"), PYTHONIOENCODING=encoding))
    assert (fixed.code, fixed.err) == (0, "")


@pytest.mark.parametrize("script", ['"$@" | head -1', '"$@" > /dev/full', '"$@" >&-'])
@pytest.mark.parametrize(("flags", "code"), [(FOUND, 1), (QUICK, 0)], ids=["finds", "conforms"])
def test_a_stream_that_is_gone_is_no_verdict(
    script: str, flags: tuple[str, ...], code: int, tmp_path: Path
) -> None:
    """The campaign goes on to its end and its files are written; exit is the verdict's."""
    said = piped(script, "check", "--out", tmp_path, *flags)
    assert said.returncode == code, said.stderr
    assert "Traceback" not in said.stderr
    assert "Exception" not in said.stderr
    assert ("No space left" in said.stderr) is ("full" in script)
    assert summary(tmp_path)["verdict"] == ("diverges" if code else "conforms")
    assert (tmp_path / "junit.xml").exists()


def test_the_suite_when_nobody_reads_on(tmp_path: Path) -> None:
    """A reader who has had enough of the nightly job has found nothing."""
    said = subprocess.run(
        [
            "/bin/bash", "-o", "pipefail", "-c", '"$@" | head -1', "bash", sys.executable, "-m",
            "pytest", "tests/stateful", "-k", "scenario", "-p", "no:cacheprovider",
        ],
        capture_output=True, text=True, check=False, timeout=120,
        env={"PATH": "/usr/bin:/bin", "PT004_OUT": str(tmp_path)},
    )  # fmt: skip
    assert said.returncode == 0, said.stderr
    assert "Traceback" not in said.stderr


@pytest.mark.parametrize("command", ["check", "prove", "show", "faults", "--help"])
def test_a_terminal_without_columns(command: str, tmp_path: Path) -> None:
    """COLUMNS=0 is no width, and no reason to break."""
    night(tmp_path / "night", 1, DENIED)
    more = {"check": ("--out", tmp_path, *QUICK), "show": traces(tmp_path / "night")}
    said = ended(start(command, *more.get(command, ()), COLUMNS="0"))
    assert (said.code, said.err) == (0, "")
    assert said.out


def test_a_working_directory_that_is_gone(tmp_path: Path) -> None:
    """One sentence says so, and exit is 2."""
    script = f'mkdir {tmp_path}/gone; cd {tmp_path}/gone; rmdir ../gone; "$@"'
    said = piped(script, "check", PYTHONPATH=str(ROOT))
    assert (said.returncode, said.stdout) == (2, "")
    assert said.stderr == "Error: the working directory is gone; go to another one\n"


@pytest.mark.parametrize("command", ["faults", "checks"])
def test_a_list_is_broken_between_words(command: str) -> None:
    """Piped, a row is a line; on a terminal no word is broken, and nothing is left out."""
    rows = ended(start(command)).lines
    typed = f"COLUMNS=60 {sys.executable} -m pt004_model {command}"
    shown = subprocess.run(  # noqa: S603 - ours
        ["/usr/bin/script", "-qec", typed, "/dev/null"], capture_output=True, text=True, check=True
    )
    lines = shown.stdout.splitlines()
    assert all(row[:1].strip() for row in rows)
    assert " ".join(rows).split() == " ".join(lines).split()
    assert max(map(len, lines)) <= 60
