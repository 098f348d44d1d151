"""Coverage of the model: the picture of the lifecycle with weights, and tables of counts."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Final

from attrs import define, field, frozen
from markupsafe import Markup

from pt004_model.model.coverage import Edge
from pt004_model.model.graph import SAYS, Arrow, arrows
from pt004_model.model.moves import MOVES
from pt004_model.model.run import Ask
from pt004_model.model.telling import times
from pt004_model.report.diagram import Stroke, picture
from pt004_model.report.summary import Summary
from pt004_model.vocabulary import Status

_THINNEST: Final = 1.5
_THICKEST: Final = 6.5
_HEATS: Final = 4
_DECISIONS: Final = ("-", "allow", "flag", "cleared", "deny")
_IN_FORCE: Final = {"-": "no decision yet", "cleared": "a flag, cleared"}


@define
class Cell:
    """One place of a table: how often it was accepted and refused, and what was not driven."""

    accepted: int = 0
    refused: int = 0
    missing: list[str] = field(factory=list)

    @property
    def heat(self) -> int:
        """Return the strength of the colour of the cell, 0 to 4."""
        return heat(self.accepted + self.refused, 1000)


@frozen
class Row:
    """One command: its word, what it is, and a cell for each decision (none: cannot be)."""

    command: str
    says: str
    cells: tuple[Cell | None, ...]


@frozen
class Table:
    """The table of one status: a column for each decision in force there."""

    status: str
    decisions: tuple[tuple[str, str], ...]
    rows: tuple[Row, ...]


def heat(count: int, most: int) -> int:
    """Return the heat of a count beside the highest one, in logarithms: 0 (never) to 4."""
    if count <= 0:
        return 0
    return max(1, min(_HEATS, math.ceil(_HEATS * math.log1p(count) / math.log1p(max(most, 1)))))


def missing(summary: Summary) -> list[tuple[Edge, ...]]:
    """Return the goals that were not driven: each a set of edges any of which would do."""
    found = []
    for text in summary.coverage.missing:
        words = [each.split() for each in text.split(" or ")]
        if all(len(each) == 5 for each in words):
            found.append(tuple(Edge(*each) for each in words))
    return found


def tables(summary: Summary) -> list[Table]:
    """Return a table for each status of what was driven there and what was not."""
    cells: dict[tuple[str, str, str], Cell] = {}
    for edge in summary.edges:
        cell = cells.setdefault((edge.status, edge.command, edge.decision), Cell())
        if edge.outcome == "accepted":
            cell.accepted += edge.count
        else:
            cell.refused += edge.count
    for edges in missing(summary):
        one = edges[0]
        cell = cells.setdefault((one.status, one.command, one.decision), Cell())
        cell.missing.append(" or ".join(sorted(f"{e.outcome} ({e.position})" for e in edges)))
    statuses = _ordered((key[0] for key in cells), tuple(map(str, Status)))
    return [_table(status, cells) for status in statuses]


def _table(status: str, cells: dict[tuple[str, str, str], Cell]) -> Table:
    here = {key[1:]: cell for key, cell in cells.items() if key[0] == status}
    decisions = _ordered((key[1] for key in here), _DECISIONS)
    commands = _ordered((key[0] for key in here), tuple(move.word for move in MOVES))
    return Table(
        status,
        tuple((each, _IN_FORCE.get(each, each)) for each in decisions),
        tuple(
            Row(command, _says(command), tuple(here.get((command, each)) for each in decisions))
            for command in commands
        ),
    )


def _ordered(words: Iterable[str], order: tuple[str, ...]) -> list[str]:
    """Return distinct words in the order given; those that are not in it come last."""
    return sorted(set(words), key=lambda w: (order.index(w) if w in order else len(order), w))


def _says(command: str) -> str:
    ask, _, decision = command.partition("-")
    if ask not in set(Ask):
        return command
    carried = f", with the decision {decision}" if decision else ""
    return SAYS[Ask(ask)] + (", without a decision" if decision == "undecided" else carried)


@frozen
class Drawn:
    """The lifecycle in two layouts, and a sentence for each arrow that was never driven."""

    wide: Markup
    tall: Markup
    never: tuple[str, ...]


def lifecycle(summary: Summary) -> Drawn:
    """Draw the model's arrows, thick and dark where driven often, dashed where never.

    Those of ungoverned runs are among those of governed ones. A refusal is a loop.
    """
    every = arrows(governed=True)
    gone = missing(summary)
    taken = {each: sum(e.count for e in summary.edges if _drives(e, each)) for each in every}
    lost = {each: sum(any(_drives(e, each) for e in es) for es in gone) for each in every}
    refusals = {
        status: sum(e.count for e in summary.edges if (e.status, e.outcome) == (status, "refused"))
        for status in Status
    }
    unrefused = {
        status: sum(
            {e.outcome for e in es} == {"refused"} and es[0].status == status for es in gone
        )
        for status in Status
    }
    most, most_refused = max([1, *taken.values()]), max([1, *refusals.values()])
    title = "The lifecycle of a run, and how often each change was driven"
    wide, tall = (
        picture(
            {each: _stroke(each, taken[each], lost[each], most, left) for each in every},
            refused={
                status: _refused(status, refusals[status], unrefused[status], most_refused, left)
                for status in Status
            },
            tall=tall,
            title=title,
            alone=False,
        )
        for tall, left in ((False, "{} not driven"), (True, "○ {}"))
    )
    never = tuple(
        f"{each.source} to {each.target} by {each.ask}" for each in every if not taken[each]
    )
    return Drawn(Markup(wide), Markup(tall), never)  # noqa: S704 - the template escapes


def _drives(edge: Edge, arrow: Arrow) -> bool:
    """Return whether an edge is one of an arrow: something that is or may be accepted."""
    accepted, ask = edge.outcome == "accepted", edge.command.partition("-")[0]
    return accepted and (edge.status, ask) == (arrow.source, arrow.ask)


def _stroke(arrow: Arrow, count: int, lost: int, most: int, left: str) -> Stroke:
    """Return the look of an arrow; ``left`` is the pattern that names the edges not driven."""
    said = f"{arrow.source} to {arrow.target} by {arrow.ask}"
    free = " The FC is free to refuse it." if arrow.free else ""
    title = f"{said}: accepted {times(count, ',')}; {lost} of its edges were not driven.{free}"
    title = title if count else f"{said}: never driven.{free}"
    return _look(str(arrow.ask), "legal", title, count, lost, most, left)


def _refused(status: Status, count: int, lost: int, most: int, left: str) -> Stroke:
    title = f"{status}: {count:,} changes refused; {lost} refusals of the model were not driven."
    return _look("refused", "refused", title, count, lost, most, left)


def _look(label: str, look: str, title: str, count: int, lost: int, most: int, left: str) -> Stroke:
    if not count:
        return Stroke((label, "not driven"), "never", _THINNEST, title)
    lines = (label, f"{count:,}", *([left.format(lost)] if lost else []))
    width = _THINNEST + (_THICKEST - _THINNEST) * math.log1p(count) / math.log1p(most)
    return Stroke(lines, f"{look} heat{heat(count, most)}", width, title)
