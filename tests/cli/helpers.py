"""How these tests run the command line: as a process, or in this one when that says as much."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
from attrs import frozen
from click.testing import CliRunner

from pt004_model.cli import main
from pt004_model.cli.settings import SETTINGS

OURS = ("PT004_CONFIG", *(str(each.envvar) for each in SETTINGS))
"""What the environment may say; a test begins with none of it."""
CONFORMS = re.compile(
    r"CONFORMS: every answer was one that the contract allows, at \d+ of \d+ edges of the model"
    r"(, not judging the areas? [a-z, ]+)?"
)
"""The verdict of a small campaign that found nothing."""
NO_PATIENCE = {"PT004_PATIENCE": "0"}
"""A test waits for no FC that is gone, unless it says so."""


def commands_of(group: click.Command) -> dict[str, click.Command]:
    """All commands of a group by name, of ours too, which are imported when they are wanted."""
    assert isinstance(group, click.Group)
    with click.Context(group) as context:
        named = {name: group.get_command(context, name) for name in group.list_commands(context)}
    return {name: command for name, command in named.items() if command is not None}


@frozen
class Ended:
    """How a command ended, and what it said on each stream."""

    code: int
    out: str
    err: str

    @property
    def lines(self) -> list[str]:
        """The lines of standard output."""
        return self.out.splitlines()

    @property
    def said(self) -> str:
        """Both streams, one after the other."""
        return self.out + self.err


def invoke(*arguments: str | Path, **environment: str) -> Ended:
    """Run a command in this process; whatever it raises but its exit is raised here as well."""
    bare: dict[str, str | None] = {**dict.fromkeys(OURS), **NO_PATIENCE}
    result = CliRunner().invoke(
        main, [str(each) for each in arguments], env={**bare, **environment}
    )
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    return Ended(result.exit_code, result.stdout, result.stderr)


def start(*arguments: str | Path, **environment: str) -> subprocess.Popen[str]:
    """Start a command as a process of its own, in a process group of its own."""
    bare = {name: value for name, value in os.environ.items() if name not in OURS}
    return subprocess.Popen(  # noqa: S603 - our own module
        [sys.executable, "-m", "pt004_model", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**bare, **NO_PATIENCE, **environment},
        start_new_session=True,
        text=True,
    )


def ended(process: subprocess.Popen[str], timeout: float = 60) -> Ended:
    """How a process that is about to end has ended; one that does not is killed."""
    try:
        out, err = process.communicate(timeout=timeout)
    finally:
        process.kill()
    return Ended(process.returncode, out, err)


def run(*arguments: str | Path, **environment: str) -> Ended:
    """Run a command as a process of its own, to its end."""
    return ended(start(*arguments, **environment))


@contextmanager
def serving(*arguments: str, **environment: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """The embedded FC in a process of its own: its address and the process."""
    process = start("serve", "--port", "0", *arguments, **environment)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("listening on ")
        yield line.removeprefix("listening on ").strip(), process
    finally:
        process.kill()
        process.communicate()


def wait_for(condition: Callable[[], object], seconds: float = 30) -> None:
    """Wait until ``condition`` holds; fail when it does not within ``seconds``."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "what was waited for has not happened"
        time.sleep(0.02)


def read_json(path: Path) -> Any:
    """The JSON document in a file."""
    return json.loads(path.read_text(encoding="utf-8"))


def summary(folder: Path) -> Any:
    """The summary that a campaign left in its folder."""
    return read_json(folder / "summary.json")


def traces(folder: Path) -> list[Path]:
    """The trace files that a campaign left in its folder."""
    return sorted((folder / "traces").glob("*.json"))
