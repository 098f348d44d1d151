"""Calls at once as a timeline: a lane a client, a bar a call, a point at which it took effect.

The points are those of the longest order of the calls in which each answer is allowed. A call that
has none fits nowhere behind it; the trace says what forbids it there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from attrs import evolve, frozen

from pt004_model.judge.checks import CHECKS
from pt004_model.judge.finding import Finding
from pt004_model.model.commands import ChangeRun, Command, CreateRun
from pt004_model.model.replies import Reply
from pt004_model.trace.document import Said, TraceStep
from pt004_model.trace.recorded import Step

_APART: Final = 0.02
"""Part of the whole that two points are apart, where the calls leave room."""
_LONGEST: Final = 60.0  # seconds of a round that can still be drawn
_WIDE: Final = 48
"""Characters of the time axis in a terminal."""
_ALONE: Final = "afterwards"
NOWHERE: Final = "✕"
"""Marks the lines of a terminal that tell of a call which fits nowhere."""


@frozen
class Bar:
    """A call by its number in the trace, from ``start`` to ``end`` as parts of the whole.

    ``at`` is where it took effect as the ``effect``-th; both are ``None`` for one that fits nowhere
    behind these, or was not tried there. ``against`` says what forbids it.
    """

    number: int
    lane: int
    word: str
    start: float
    end: float
    at: float | None = None
    effect: int | None = None
    against: Sequence[Said | Finding] = ()

    @property
    def look(self) -> str:
        """``fits``, ``nowhere``, or ``open`` where nothing was said of the call."""
        if self.effect is not None:
            return "fits"
        return "nowhere" if self.against else "open"

    @property
    def told(self) -> str:
        """Return what there is to say of the call besides when it was."""
        if self.effect is not None:
            return f"took effect as number {self.effect}"
        reasons = "; ".join(
            f"{each.check}{_clause(each.check)}: {each.where}: expected {each.expected},"
            f" got {each.observed}"
            for each in self.against
        )
        return f"fits nowhere: {reasons}" if reasons else "was not tried: none before it fits"


@frozen
class Timeline:
    """The last round of a trace and the call after it; ``milliseconds`` is the whole."""

    lanes: tuple[str, ...]
    bars: tuple[Bar, ...]
    milliseconds: float


def _clause(check: str) -> str:
    return f" (contract {CHECKS[check].section})" if check in CHECKS else ""


def timeline(steps: Sequence[TraceStep | Step]) -> Timeline | None:
    """Return the timeline of a race that a trace ends in, ``None`` where there is none.

    The steps are those of a file, or as they were recorded.
    """
    first = len(steps) - 1
    while first > 0 and _command(steps[first - 1]).caller.client is not None:
        first -= 1
    drawn = [(number, each) for number, each in enumerate(steps, 1) if number > first]
    timed = [(number, each, reply) for number, each in drawn if (reply := _reply(each)) is not None]
    if not any(each.effect or each.against for _, each, _ in timed):
        return None
    begin = min(reply.sent for *_, reply in timed)
    whole = max(reply.received for *_, reply in timed) - begin
    if not 0 < whole < _LONGEST:
        return None
    clients = [*dict.fromkeys(_command(each).caller.client for _, each, _ in timed)]
    lanes = tuple(_ALONE if each is None else f"client {each}" for each in clients)
    bars = []
    for number, each, reply in timed:
        start, end = ((time - begin) / whole for time in (reply.sent, reply.received))
        lane, word = clients.index(_command(each).caller.client), _word(each, reply)
        bars.append(Bar(number, lane, word, start, end, None, each.effect, each.against))
    return Timeline(lanes, tuple(_with_points(bars)), whole * 1000)


def _command(step: TraceStep | Step) -> Command:
    return step.command if isinstance(step, Step) else step.send


def _reply(step: TraceStep | Step) -> Reply | None:
    reply = step.response if isinstance(step, Step) else step.reply
    return reply if isinstance(reply, Reply) and reply.received else None


def _word(step: TraceStep | Step, reply: Reply) -> str:
    verb = {CreateRun: "create", ChangeRun: "change"}.get(type(_command(step)), "read")
    return f"{verb}, {reply.code}"


def _with_points(bars: Sequence[Bar]) -> Iterator[Bar]:
    """Yield each bar with its point, none before that of the call before it in the order."""
    at: dict[int, float] = {}
    last = -_APART
    for bar in sorted((each for each in bars if each.effect), key=lambda each: each.effect or 0):
        last = at[bar.number] = max(bar.start, min(bar.end, last + _APART))
    for bar in bars:
        yield evolve(bar, at=at.get(bar.number))


def as_lines(drawn: Timeline) -> Iterator[str]:
    """Yield a timeline for a terminal: a line a call, and one for what there is to say of it.

    What an FC said is in it as it is.
    """
    left = max(map(len, drawn.lanes)) + 1
    yield f"{'':{left}}0 ms{f'{drawn.milliseconds:.1f} ms':>{_WIDE - 4}}"
    for bar in drawn.bars:
        start, end = (round(each * (_WIDE - 1)) for each in (bar.start, bar.end))
        line = [" "] * _WIDE
        line[start : end + 1] = "─" * (end + 1 - start)
        line[start], line[end] = "├", "┤"
        if bar.at is not None:
            line[round(bar.at * (_WIDE - 1))] = "●"
        elif bar.against:
            line[(start + end) // 2] = NOWHERE
        yield f"{drawn.lanes[bar.lane]:{left}}{''.join(line)}  {bar.number}. {bar.word}"
    for bar in drawn.bars:
        mark = f"{NOWHERE} " if bar.against else ""
        yield f"{'':{left}}{bar.number}. {mark}{bar.told}"


def as_gantt(drawn: Timeline) -> str:
    """Return a timeline in Mermaid; all words in it are ours.

    Its axis has whole milliseconds, in which nothing of a round could be seen: so a second of it
    stands for a millisecond.
    """
    lines = ["gantt", "    dateFormat x", "    axisFormat %s.%L ms"]
    for lane, name in enumerate(drawn.lanes):
        lines.append(f"    section {name}")
        for bar in drawn.bars:
            if bar.lane == lane:
                lines += _rows(bar, drawn.milliseconds * 1000)
    return "\n".join(lines)


def _rows(bar: Bar, whole: float) -> Iterator[str]:
    start, end = (max(0, round(each * whole)) for each in (bar.start, bar.end))
    word = f"{bar.number} {bar.word.replace(',', '')}"
    look = {"fits": "", "nowhere": "crit, ", "open": "done, "}[bar.look]
    yield f"    {word} :{look}c{bar.number}, {start}, {max(end, start + 1)}"
    if bar.at is not None:
        at = round(bar.at * whole)
        yield f"    took effect as number {bar.effect} :milestone, m{bar.number}, {at}, {at}"
