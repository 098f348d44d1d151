"""A campaign on a terminal or in a log: plain text, as lines."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest
from typing import Final

from pt004_model.judge.checks import CHECKS, SEVERITIES, not_judged
from pt004_model.judge.oracle import Verdict
from pt004_model.model.commands import describe
from pt004_model.model.coverage import Edge
from pt004_model.model.replies import NoAnswer
from pt004_model.model.telling import count, some, times
from pt004_model.reproduce.timeline import as_lines, timeline
from pt004_model.search.results import Progress, Result
from pt004_model.trace.recorded import KINDS, Found, Step
from pt004_model.vocabulary import Status

WIDTH: Final = 80
"""Columns of a screen; what is longer and may be cut is cut to this."""
_MISSING_SHOWN: Final = 3
_LAWS_SHOWN: Final = 2
_FINDINGS_SHOWN: Final = 7
_DIFFERENCES_SHOWN: Final = 7
_ALL: Final = ", all in summary.json"


def progress_line(progress: Progress) -> str:
    """Return where a campaign stands, in one line."""
    doing = "" if progress.doing == "exploring" else f", {progress.doing}"
    return f"{count(progress.examples, 'example')}, {rates(progress)}{time_left(progress)}{doing}"


def rates(progress: Progress) -> str:
    """Return what a campaign has done so far and how fast, but for its examples."""
    rate = progress.requests / progress.seconds if progress.seconds else 0.0
    return (
        f"{count(progress.requests, 'request')}, {rate:.0f} requests/s,"
        f" coverage {progress.driven}/{progress.reachable}, {_findings(progress.findings)}"
    )


def time_left(progress: Progress) -> str:
    """Return how long it may still take: ``, 0:07 left``; empty when it is too early to say."""
    if progress.left is None:
        return ""
    minutes, seconds = divmod(round(progress.left), 60)
    return f", {minutes}:{seconds:02} left"


def _findings(number: int) -> str:
    return count(number, "finding") if number else "no findings"


def finding_lines(found: Found, note: str = "", width: int | None = WIDTH) -> Iterator[str]:
    """Yield a finding with its shortest trace; one that is known in short. ``note`` is its owner's.

    Lines that may be cut are cut to ``width``, if that is given.
    """
    finding = found.finding
    check = CHECKS[finding.check]
    kind = "KNOWN" if found.known else "FINDING"
    yield f"{kind} {finding.fingerprint}  {finding.check} (contract {check.section})"
    if note:
        yield f"  {note}"
    first = count(found.requests_to_first, "request")
    seen = f"  first seen after {first}, seen {times(found.occurrences)}"
    if found.known or found.echo_of:
        yield seen
        if found.echo_of:
            yield f"  follows from {found.echo_of}, and does not count by itself"
        return
    yield f"  {check.sentence}"
    for number, command in enumerate(found.commands, 1):
        yield f"  {number}. {describe(command)}"
    if (drawn := timeline(found.steps)) is not None:
        yield from (f"  {line}" for line in as_lines(drawn))
    yield f"  {finding.where}"
    yield f"    expected: {finding.expected}"
    yield f"    got:      {finding.observed}"
    yield seen
    if found.reproduced is not None:
        shown, runs = found.reproduced
        yield f"  replayed {times(runs)}, seen in {shown} of {runs}"
    if found.unconfirmed:
        yield "  unconfirmed: replays do not bear it out, so it does not count against the FC"
        if found.by_chance:
            yield f"  {found.rate:.1%} of all calls got a server error, whatever was asked"
    if found.trouble:
        yield f"  {found.trouble}"
    if found.other:
        before = [None] * (len(found.commands) - len(found.steps))  # of an earlier conversation
        both = side_by_side([*before, *map(_answer, found.steps)], map(_answer, found.other))
        yield from (cut(f"    {line}", width) for line in both)


def side_by_side(
    showed: Iterable[str | None], did_not: Iterable[str | None], most: int = 0
) -> Iterator[str]:
    """Yield what came back when a finding showed and when it did not, the last ``most`` if any."""
    pairs = enumerate(zip_longest(showed, did_not), 1)
    rows = [(f"{number}. {one or '-'}", other or "-") for number, (one, other) in pairs]
    rows = [("when it showed", "when it did not"), *rows[-most:]]
    left = max(len(one) for one, _ in rows)
    return (f"{one:<{left}} | {other}" for one, other in rows)


def _answer(step: Step) -> str:
    """Return what came back for a command, in a few words."""
    if isinstance(step.response, NoAnswer):
        return "no answer"
    status = (step.response.run or {}).get("status")
    told = f"{step.response.code} {status}" if isinstance(status, str) else str(step.response.code)
    wrong = f", wrong: {step.findings[0].where}" if step.findings else ""
    return f"{told[:24]}{wrong[:24]}"


def cut(line: str, width: int | None = WIDTH) -> str:
    """Return ``line``, cut to the width of a screen, if there is one."""
    return line if width is None or len(line) <= width else f"{line[: width - 1]}…"


def coverage_lines(edges: dict[Edge, int]) -> Iterator[str]:
    """Yield the table of driven edges, commands by statuses, with counts accepted/refused."""
    commands = sorted({edge.command for edge in edges})
    counts: dict[tuple[str, str, str], int] = {}
    for edge, number in edges.items():
        place = (edge.status, edge.command, edge.outcome)
        counts[place] = counts.get(place, 0) + number
    width = max([16, *(len(command) for command in commands)])
    yield "coverage (accepted/refused)"
    yield " " * width + " ".join(str(status).rjust(11) for status in Status)
    for command in commands:
        cells = []
        for status in Status:
            taken, not_taken = (
                counts.get((status, command, o), 0) for o in ("accepted", "refused")
            )
            cells.append(f"{taken}/{not_taken}".rjust(11) if taken or not_taken else "-".rjust(11))
        yield command.ljust(width) + " ".join(cells)


def result_lines(result: Result, width: int | None = WIDTH) -> Iterator[str]:
    """Yield the end of a campaign on one screen: its size, what was not covered, findings, verdict.

    Lines that may be cut are cut to ``width``, if that is given.
    """
    suite = bool(result.guarantee)
    yield (
        f"{count(result.examples, 'test' if suite else 'example')}"
        f" and {count(result.requests, 'request')} in {result.seconds:.1f} s,"
        f" profile {result.profile}{'' if suite else f', seed {result.seed}'}"
    )
    yield from _coverage(result, width)
    if result.open_calls:
        yield f"{count(result.open_calls, 'call')} stayed without an answer"
    yield from _rows(result, width)
    differing = (
        cut(f"differs: {each} ({times(each.count)}, first at {each.first})", width)
        for each in result.differences
    )
    yield from some([*differing], _DIFFERENCES_SHOWN, _ALL)
    for why in result.unsure:
        yield f"unsure: {why}"
    if result.guarantee:
        yield f"guarantee: {result.guarantee}"
    kinds = Counter(found.kind for found in result.findings)
    new, known = kinds["new"], kinds["known"]
    unseen = not_judged(result.areas, result.agreed)
    if unseen and result.verdict is not Verdict.CONFORMS:
        yield f"not judged: {unseen}"
    if result.verdict is Verdict.DIVERGES:
        if result.why:
            yield f"not all could be judged: {result.why}"
        others = {"known": "known", "unconfirmed": "unconfirmed", "echo": "following from them"}
        more = [f"{kinds[kind]} {words}" for kind, words in others.items() if kinds[kind]]
        yield f"DIVERGES: {_findings(new)}" + (f", and {' and '.join(more)}" if more else "")
    elif result.verdict is Verdict.UNSURE:
        yield f"UNSURE: {result.why}"
    else:
        there = result.coverage
        partly = f", at {there.driven} of {there.reachable} edges of the model"
        besides = partly if there.driven < there.reachable and not suite else ""
        besides += f", not judging {unseen}" if unseen else ""
        told = "every answer was one that the contract allows"
        if known:
            told = f"nothing was found but what is known, {_findings(known)}"
        yield f"CONFORMS: {told}{besides}"


def unlike_lines(unlike: Mapping[Edge, int]) -> Iterator[str]:
    """Return what production uses and a campaign did not drive."""
    said = "production uses, and this campaign did not drive"
    lines = [f"{said}: {edge} ({times(number, ',')})" for edge, number in unlike.items()]
    return some(lines, _MISSING_SHOWN)


def _coverage(result: Result, width: int | None) -> Iterator[str]:
    coverage = result.coverage
    yield f"coverage: {coverage.driven} of {coverage.reachable} edges of the model"
    if coverage.values_reachable:
        yield f"values: {coverage.values} of {coverage.values_reachable} kinds by place were sent"
    missing = [cut(f"  not driven: {edge}", width) for edge in coverage.missing]
    yield from some(missing, _MISSING_SHOWN, _ALL)
    races = result.statistics.get("races")
    if races is not None:
        shown = sum(map(len, races["table"].values()))
        judged, every = races["judged"], count(races["rounds"], "round")
        cells = f"{shown} of {races['cells']} kinds by state"
        yield f"calls at once: {judged} of {every} overlapped, {cells}"
    crashes = result.statistics.get("crashes")
    if crashes is not None:
        met, kills = crashes["met"], count(crashes["kills"], "kill")
        yield f"crashes ({crashes['rung']}): {met} of {kills} met an open call"
    losses = result.statistics.get("losses")
    if losses is not None:
        shown = sum(map(len, losses["table"].values()))
        cells = f"{shown} of {losses['cells']} kinds by state"
        yield f"answers lost by us: {losses['lost']} in {count(losses['examples'], 'run')}, {cells}"
    unseen = [f"  never seen: {law}" for law in coverage.unwitnessed]
    yield from some(unseen, _LAWS_SHOWN, " that were never seen")


def by_weight(findings: tuple[Found, ...]) -> list[Found]:
    """Return findings in the order in which to look at them: by kind, the worst first."""
    return sorted(
        findings,
        key=lambda each: (
            KINDS.index(each.kind),
            SEVERITIES.index(_severity(each)),
            each.flaky,
        ),
    )


def _severity(found: Found) -> str:
    return CHECKS[found.finding.check].severity


def _rows(result: Result, screen: int | None) -> Iterator[str]:
    ordered = by_weight(result.findings)
    shown = ordered[:_FINDINGS_SHOWN]
    width = max((len(found.finding.check) for found in shown), default=0)
    for found in shown:
        told = [count(len(found.commands), "command")]
        if found.reproduced is not None:
            seen, runs = found.reproduced
            told.insert(0, f"{seen} of {count(runs, 'replay')}")
        if found.known:
            told = ["known"]
        elif found.echo_of:
            told = [f"follows from {found.echo_of}"]
        elif found.unconfirmed:
            told = ["unconfirmed", *told]
        yield cut(
            f"  {found.fingerprint} {_severity(found):<8} {found.finding.check:<{width}}"
            f" {', '.join(told)}",
            screen,
        )
    if len(ordered) > len(shown):
        more = len(ordered) - len(shown)
        yield f"  and {count(more, 'more finding')}, all in summary.json"
