"""An FC that can be killed and started again: a process of ours, or one behind commands.

A process of ours has a group of its own, so that it ends as a whole, and Ctrl-C is for us alone.
Nothing is ever killed that nobody has named.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import IO, Final, Protocol

from attrs import define, field

from pt004_model.interrupts import undisturbed

READY_WITHIN: Final = 30.0
"""Seconds within which an FC has to answer once it was started."""
_LINES: Final = 5
_LONGEST: Final = 500
_POLITE: Final = 5.0
_COMMAND: Final = 120.0
"""Seconds that a command may take which kills or starts an FC elsewhere."""


class NotDone(Exception):  # noqa: N818 - said of a command, in a sentence for people
    """A command by which an FC is killed or started does not work; the message is a sentence."""


class Service(Protocol):
    """What is killed and started again."""

    def start(self) -> None:
        """Start it. Raises :class:`NotDone`."""
        ...

    def kill(self) -> None:
        """Kill it at once. Raises :class:`NotDone`."""
        ...

    def end(self) -> None:
        """Leave things as they were before: none of ours running, what was there running."""
        ...

    def anew(self) -> bool:
        """Start it with nothing in it, and return that this was done."""
        ...

    def ended(self) -> str:
        """Return how it has ended, if it has by itself; and what it said last."""
        ...


@define
class Started:
    """An FC that we start by ``command``, in a process group of its own."""

    command: Sequence[str]
    environment: Mapping[str, str] | None = field(default=None, repr=False)
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    _printed: IO[bytes] = field(factory=tempfile.TemporaryFile, init=False)

    def start(self) -> None:
        """Start it. Raises :class:`NotDone`."""
        self._printed.truncate(self._printed.seek(0))
        try:
            with undisturbed():  # a process that nobody knows of would outlive us
                self._process = subprocess.Popen(  # noqa: S603 - whoever runs us has said so
                    self.command,
                    stdin=subprocess.PIPE,  # its end tells a process of ours that we have ended
                    stdout=self._printed,
                    stderr=subprocess.STDOUT,
                    env=self.environment,
                    start_new_session=True,
                )
        except (OSError, ValueError) as error:
            why = getattr(error, "strerror", None) or "its words cannot be used"
            raise NotDone(f"the start command cannot be run: {why}") from None

    def kill(self) -> None:
        """Kill the group, and wait until it has ended."""
        if self._process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._close()

    def end(self) -> None:
        """End it politely, and then as a whole."""
        if self._process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGTERM)
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(_POLITE)
        self.kill()
        self._printed.close()

    def _close(self) -> None:
        assert self._process is not None  # noqa: S101 - only one that was started is closed
        self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()

    def anew(self) -> bool:
        """Return that it cannot be started with nothing in it."""
        return False

    def said(self) -> str:
        """Return what it has said last."""
        printed = self._printed.fileno()  # its place is the one where the process goes on to write
        text = os.pread(printed, os.fstat(printed).st_size, 0).decode("utf-8", "replace")
        lines = [line.strip() for line in text.split("\n") if line.strip()]
        return " / ".join(lines[-_LINES:])[-_LONGEST:]

    def ended(self) -> str:
        """Return how it has ended, if it has by itself; and what it said last."""
        last, code = self.said(), None if self._process is None else self._process.poll()
        how = "" if code is None else f"it ended with status {code}"
        return ", ".join(filter(None, (how, f"it said last: {last}" if last else "")))

    @property
    def running(self) -> bool:
        """Return whether it has not ended."""
        return self._process is not None and self._process.poll() is None


@define
class Commanded:
    """An FC that lives elsewhere, killed by one command and started by another."""

    by_kill: Sequence[str]
    by_start: Sequence[str]
    _killed: bool = field(default=False, init=False)

    def start(self) -> None:
        """Have it started. Raises :class:`NotDone`."""
        _run("the restart command", self.by_start)
        self._killed = False

    def kill(self) -> None:
        """Have it killed. Raises :class:`NotDone`."""
        self._killed = True
        _run("the kill command", self.by_kill)

    def end(self) -> None:
        """Start it, if it was killed and not started again."""
        if self._killed:
            self.start()

    def anew(self) -> bool:
        """Return that it cannot be started with nothing in it."""
        return False

    def ended(self) -> str:
        """Return nothing: what becomes of it is not seen from here."""
        return ""


def _run(what: str, command: Sequence[str]) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - whoever runs us has said so
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_COMMAND,
            start_new_session=True,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NotDone(f"{what} has not ended after {_COMMAND:g} s: {shown(command)}") from None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "its words cannot be used"
        raise NotDone(f"{what} cannot be run, {why}: {shown(command)}") from None
    if done.returncode:
        said = done.stdout.decode("utf-8", "replace").strip().rpartition("\n")[2][:_LONGEST]
        raise NotDone(f"{what} ends with status {done.returncode}: {said or shown(command)}")


def shown(command: Sequence[str]) -> str:
    """Return a command as it is typed."""
    return shlex.join(command)
