"""The kill table: which seeded faults a campaign finds, how soon, and how short it tells them."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Iterable, Iterator, Mapping
from importlib import resources
from typing import Any

from attrs import asdict, frozen


@frozen
class Kill:
    """One campaign against one fault, or against none (``fault`` is empty).

    ``check`` and ``fingerprint`` say what was found. ``requests`` is the number sent when the fault
    was first seen, ``commands`` the length of the shrunk trace; both are 0 when nothing was found.
    ``trace`` tells that trace, a line a command. ``unsure`` says why nothing can be said.
    """

    fault: str
    area: str
    seed: int
    found: bool
    check: str = ""
    fingerprint: str = ""
    requests: int = 0
    commands: int = 0
    shrinking: int = 0
    seconds: float = 0.0
    unsure: str = ""
    trace: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        """Return the findings that are sure, in words."""
        return f"{self.check} {self.fingerprint}"


@frozen
class Row:
    """All campaigns against one fault.

    ``pinned`` maps what may be found to the length of the shortest trace that shows it. ``quiet``
    says that the campaigns against no fault found nothing.
    """

    fault: str
    area: str
    kills: tuple[Kill, ...]
    pinned: Mapping[str, int]
    quiet: bool = True

    @property
    def killed(self) -> bool:
        """Return whether every campaign found the fault, and none found one without it."""
        return self.quiet and all(kill.found for kill in self.kills)

    @property
    def requests(self) -> float:
        """The median number of requests to the first sight, of those that found it."""
        found = [kill.requests for kill in self.kills if kill.found]
        return statistics.median(found) if found else 0

    @property
    def commands(self) -> int:
        """The length of the longest shrunk trace."""
        return max((kill.commands for kill in self.kills), default=0)

    @property
    def shortest(self) -> int | None:
        """The pinned length of what the longest trace shows."""
        longest = max(self.kills, key=lambda kill: kill.commands, default=None)
        return None if longest is None else self.pinned.get(longest.shown)

    @property
    def too_long(self) -> bool:
        """Return whether a trace is longer than the shortest that a person can write."""
        return any(kill.commands > self.pinned.get(kill.shown, math.inf) for kill in self.kills)

    @property
    def seconds(self) -> float:
        """The median time of a campaign."""
        return statistics.median(kill.seconds for kill in self.kills)


def shortest_traces() -> dict[str, dict[str, int]]:
    """Return the pinned length of the shortest trace of each fault, as a person would write it.

    By what the trace shows: a fault may show in several ways, one shorter than another.
    """
    text = resources.files("pt004_model").joinpath("shortest.json").read_text("utf-8")
    pinned: dict[str, dict[str, int]] = json.loads(text)
    return pinned


def table(kills: Iterable[Kill]) -> tuple[Row, ...]:
    """Return the kills gathered by fault, in the order in which the faults first appear.

    Those against no fault make no row; a finding of theirs leaves nothing killed.
    """
    pinned = shortest_traces()
    by_fault: dict[str, list[Kill]] = {}
    for kill in kills:
        by_fault.setdefault(kill.fault, []).append(kill)
    quiet = not any(kill.found for kill in by_fault.pop("", []))
    return tuple(
        Row(fault, rows[0].area, tuple(rows), pinned.get(fault, {}), quiet)
        for fault, rows in by_fault.items()
    )


def row_line(row: Row) -> str:
    """Return one line of the table."""
    found = sum(kill.found for kill in row.kills)
    said = "found" if found == len(row.kills) else f"{found} of {len(row.kills)}"
    said = said if row.quiet else "alarm"
    checks = sorted({kill.check for kill in row.kills if kill.found})
    pinned = "-" if row.shortest is None else str(row.shortest)
    return (
        f"{row.fault:<42} {row.area:<15} {said:<8} {row.requests:>7.0f} "
        f"{row.commands:>4}/{pinned:<4} {row.seconds:>6.1f}s  {', '.join(checks)}"
    )


HEADING = f"{'fault':<42} {'area':<15} {'':<8} {'requests':>7} {'len/min':>9} {'time':>7}  check"


def total_lines(rows: tuple[Row, ...]) -> Iterator[str]:
    """Yield totals by area and over all."""
    areas = dict.fromkeys(row.area for row in rows)
    for area in areas:
        mine = [row for row in rows if row.area == area]
        yield f"{area}: {sum(row.killed for row in mine)} of {len(mine)} found"
    killed = [row for row in rows if row.killed]
    yield f"all: {len(killed)} of {len(rows)} found in every campaign"
    if killed:
        requests = [row.requests for row in killed]
        yield (
            f"requests to the first sight: median {statistics.median(requests):.0f},"
            f" most {max(requests):.0f}"
        )
    pinned = [row for row in killed if row.shortest is not None]
    exact = sum(not row.too_long for row in pinned)
    yield f"traces as short as pinned: {exact} of {len(pinned)}"


def as_json(rows: tuple[Row, ...]) -> list[dict[str, Any]]:
    """Return the table for programs."""
    return [
        {
            "fault": row.fault,
            "area": row.area,
            "killed": row.killed,
            "requests": row.requests,
            "commands": row.commands,
            "shortest": row.shortest,
            "kills": [asdict(kill) for kill in row.kills],
        }
        for row in rows
    ]
