"""The screen of a campaign while it runs: live on a terminal, plain lines elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from attrs import define, field
from rich.console import Console, Group
from rich.live import Live
from rich.progress import BarColumn, SpinnerColumn, TaskProgressColumn, TextColumn
from rich.progress import Progress as Bar
from rich.text import Text

from pt004_model.model.telling import count
from pt004_model.report import terminal
from pt004_model.report.folder import Folder
from pt004_model.report.text import visible
from pt004_model.reproduce.timeline import NOWHERE
from pt004_model.search.results import Progress
from pt004_model.trace.recorded import Found

_EVERY: Final = 10.0  # seconds between lines of progress without a terminal
_STYLES: Final = {
    "FINDING": "bold red",
    "found": "red",
    "DIVERGES": "bold red",
    "KNOWN": "yellow",
    "known": "yellow",
    "UNSURE": "bold yellow",
    "unsure": "yellow",
    "CONFORMS": "bold green",
    "fixed": "green",
    "next": "bold",
}


def _bar() -> Bar:
    # the words of a column are text and not markup: nothing that an FC sent is styled
    return Bar(
        SpinnerColumn(),
        TextColumn("{task.description}", markup=False),
        BarColumn(bar_width=24),
        TaskProgressColumn("{task.completed:.0f} of {task.total:.0f}"),
        TextColumn("{task.fields[left]}", markup=False),
    )


@define
class Screen:
    """The reporter of a campaign as it goes, which keeps its traces.

    ``say`` is given whole lines. ``live``, on a terminal, is redrawn in place.
    """

    say: Callable[[str], None]
    folder: Folder
    live: Live | None = None
    bar: Bar = field(factory=_bar)
    _told: float = 0.0

    def found(self, found: Found) -> None:
        """Put the finding on disk, then on the screen."""
        self.folder.keep_trace(found)
        where = self.folder.origin.redact(found.finding.where)
        word = "known" if found.known else "found" if found.reproduced is None else "again"
        self.say(f"{word} {found.fingerprint} {found.finding.check}: {where}")

    def improved(self, found: Found) -> None:
        """Replace the trace by a shorter one."""
        self.folder.keep_trace(found)

    def confirmed(self, found: Found) -> None:
        """Put on disk how surely the finding shows; say so when it does not always.

        A finding that is not believed is written again in the end alone: there may be hundreds.
        """
        if not found.unconfirmed:
            self.folder.keep_trace(found)
        if found.flaky and found.reproduced is not None:
            seen, runs = found.reproduced
            said = f"{seen} of {count(runs, 'replay')}"
            self.say(f"flaky {found.fingerprint} {found.finding.check}: {said}")

    def progress(self, progress: Progress) -> None:
        """Show where the campaign stands."""
        if self.live is not None:
            (task,) = self.bar.task_ids or (self.bar.add_task(progress.doing),)
            self.bar.update(
                task,
                description=progress.doing,
                completed=progress.examples - 1,
                total=max(progress.total, 1),
                left=terminal.time_left(progress).removeprefix(", "),
            )
            self.live.update(Group(self.bar, Text(terminal.rates(progress))))
        elif time.monotonic() - self._told >= _EVERY:
            self._told = time.monotonic()
            self.say(terminal.progress_line(progress))


@contextmanager
def screen(folder: Folder, *, quiet: bool = False, errors: bool = False) -> Iterator[Screen]:
    """Give the screen of a campaign: standard output, or standard error with ``errors``.

    With ``quiet`` nothing is told as it happens. Colour is for terminals, and not where NO_COLOR
    is set.
    """
    console = plain_console(errors=errors)
    speak = speaker(console)
    stream = sys.stderr if errors else sys.stdout
    if quiet:
        yield Screen(lambda _: None, folder)
    elif not (console.is_terminal and stream.isatty()) or console.is_dumb_terminal:
        yield Screen(speak, folder)
    else:
        with Live(Text("starting"), console=console, transient=True, refresh_per_second=4) as live:
            yield Screen(speak, folder, live)


def plain_console(*, errors: bool = False) -> Console:
    """Return standard output, or standard error, as it is; ``COLUMNS=0`` counts as unset."""
    console = Console(highlight=False, stderr=errors)
    console.width = console.width or terminal.WIDTH
    return console


def speaker(console: Console) -> Callable[[str], None]:
    """Return a printer of lines; text of an FC is never markup, nor moves the cursor."""

    def say(line: str) -> None:
        plain = visible(line)
        word = plain.split(" ", 1)[0].rstrip(":")
        style = _STYLES.get(word, "red" if NOWHERE in plain else "")
        console.print(Text(plain, style=style), soft_wrap=True)

    return say
