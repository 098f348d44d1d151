"""What a campaign looks like on a terminal or in a log: plain text, as lines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pt004_model.explore.campaign import Found, Progress, Result
from pt004_model.judge.checks import CHECKS
from pt004_model.judge.oracle import Verdict
from pt004_model.model.commands import describe
from pt004_model.model.coverage import Edge
from pt004_model.vocabulary import Status

MOST_SHOWN: Final = 10


def progress_line(progress: Progress) -> str:
    """Where a campaign stands, in one line."""
    rate = progress.requests / progress.seconds if progress.seconds else 0.0
    return (
        f"{progress.examples} examples, {progress.requests} requests, {rate:.0f} requests/s, "
        f"coverage {progress.driven}/{progress.reachable}, {_findings(progress.findings)}"
    )


def _findings(count: int) -> str:
    return "1 finding" if count == 1 else f"{count or 'no'} findings"


def finding_lines(found: Found) -> Iterator[str]:
    """A finding with its shortest trace."""
    finding = found.finding
    check = CHECKS[finding.check]
    yield f"FINDING {finding.fingerprint}  {finding.check} (contract {check.section})"
    yield f"  {check.sentence}"
    for number, command in enumerate(found.commands, 1):
        yield f"  {number}. {describe(command)}"
    yield f"  {finding.where}"
    yield f"    expected: {finding.expected}"
    yield f"    got:      {finding.observed}"
    times = "once" if found.occurrences == 1 else f"{found.occurrences} times"
    yield f"  first seen after {found.requests_to_first} requests, seen {times}"


def coverage_lines(edges: dict[Edge, int]) -> Iterator[str]:
    """A table of the driven edges: statuses down, commands across, counts accepted/refused."""
    commands = sorted({edge.command for edge in edges})
    counts: dict[tuple[str, str, str], int] = {}
    for edge, count in edges.items():
        place = (edge.status, edge.command, edge.outcome)
        counts[place] = counts.get(place, 0) + count
    width = max([9, *(len(command) for command in commands)])
    yield "coverage (accepted/refused)".ljust(28) + " ".join(str(s).rjust(11) for s in Status)
    for command in commands:
        cells = []
        for status in Status:
            taken, not_taken = (
                counts.get((status, command, o), 0) for o in ("accepted", "refused")
            )
            cells.append(f"{taken}/{not_taken}".rjust(11) if taken or not_taken else "-".rjust(11))
        yield command.ljust(max(width, 28)) + " ".join(cells)


def result_lines(result: Result) -> Iterator[str]:
    """The end of a campaign: what it came to, and what was not covered."""
    coverage = result.coverage
    yield (
        f"{result.examples} examples and {result.requests} requests in {result.seconds:.1f} s, "
        f"profile {result.profile}, seed {result.seed}"
    )
    yield f"coverage: {coverage.driven} of {coverage.reachable} edges of the model"
    for edge in coverage.missing[:MOST_SHOWN]:
        yield f"  not driven: {edge}"
    if len(coverage.missing) > MOST_SHOWN:
        yield f"  and {len(coverage.missing) - MOST_SHOWN} more, all in summary.json"
    for law in coverage.unwitnessed:
        yield f"  never seen: {law}"
    if result.open_calls:
        yield f"{result.open_calls} calls stayed without an answer"
    if result.verdict is Verdict.DIVERGES:
        yield f"DIVERGES: {_findings(len(result.findings))}"
        if result.why:
            yield f"and the campaign ended early: {result.why}"
    elif result.verdict is Verdict.UNSURE:
        yield f"UNSURE: {result.why}"
    else:
        yield "CONFORMS: every answer was one that the contract allows"
