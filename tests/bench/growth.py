"""Memory and cost of a long campaign: do they stay flat? A row each eighth of it.

The memory is that which is resident, of our process and of the embedded FC; the cost is processor
time of ours for a command. Whoever searches for a night in one process pays what this shows.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path

from attrs import define, evolve, field, frozen

from pt004_model.cli.options import embedded
from pt004_model.cli.session import connected
from pt004_model.search.campaign import PROFILES, Campaign
from pt004_model.search.results import Progress, Silent

_ROWS = 8


@frozen
class Row:
    """How it stands after some examples: MB of us and of the FC, and ms of ours for a command."""

    examples: int
    commands: int
    ours: float
    theirs: float
    cost: float


@define
class _Watching(Silent):
    """Takes a row when an eighth of the examples is done."""

    examples: int
    rows: list[Row] = field(factory=list)
    _last: tuple[int, float] = (0, 0.0)

    def progress(self, progress: Progress) -> None:
        """Take the row that is due."""
        if progress.examples * _ROWS < self.examples * (len(self.rows) + 1):
            return
        commands, spent = progress.requests, time.process_time()
        cost = 1000 * (spent - self._last[1]) / max(1, commands - self._last[0])
        self._last = (commands, spent)
        theirs = sum(_resident(pid) for pid in _children())
        self.rows.append(Row(progress.examples, commands, _resident("self"), theirs, cost))


def _children() -> list[str]:
    return Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()


def _resident(pid: str) -> float:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def growth(examples: int) -> list[Row]:
    """The rows of a campaign of so many examples against an embedded FC."""
    watching = _Watching(examples)
    with connected(embedded(None)) as there:
        profile = evolve(PROFILES["ci"].sized(examples), waits=(), floor=0.0)
        watching._last = (0, time.process_time())
        Campaign(there.session, profile, 1, watching).run()
    return watching.rows


def lines(examples: int) -> Iterator[str]:
    """Lines to be read, a row each; none for no examples."""
    rows = growth(examples) if examples else []
    if not rows:
        return
    yield "examples  commands  MB of ours  MB of the FC  ms a command"
    for row in rows:
        yield (
            f"{row.examples:8}{row.commands:10}{row.ours:12.0f}{row.theirs:14.0f}{row.cost:14.2f}"
        )
