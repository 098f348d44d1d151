"""A campaign as JUnit XML: a case an area of checks, a case a finding, one for the campaign itself.

A failure in a CI is something that someone has to look at. A finding that is known is skipped, with
its reason: it is reported and fails nothing. An area with findings is skipped too, for each of them
is a failure already. One that no replay showed is an error. When nothing can be said the case of
the campaign is an error too, and the areas without a finding are skipped, for nothing was shown of
them.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from pt004_model.judge.checks import AREAS, CHECKS
from pt004_model.judge.oracle import Verdict
from pt004_model.model.telling import count, times
from pt004_model.report.summary import FindingDocument, Summary
from pt004_model.report.text import xml

_TOLD: Final = ("seed", "profile", "dialect", "base_url", "requests", "examples")
"""Members of the summary that are properties of the suite, where they are there."""


def junit(summary: Summary) -> str:
    """Return the JUnit document of what ``summary.json`` holds.

    Text of an FC may hold characters that XML cannot: they are shown by their escapes.
    """
    suite = TestSuite("pt004")
    if summary.started_at:
        suite.timestamp = xml(summary.started_at)
    told = {name: getattr(summary, name) for name in _TOLD}
    coverage = summary.coverage
    told["coverage"] = f"{coverage.driven} of {coverage.reachable} edges of the model"
    for name, value in told.items():
        if value is not None:
            suite.add_property(name, xml(value))
    suite.add_testcases([_campaign(summary), *_areas(summary), *map(_finding, summary.findings)])
    suite.update_statistics()  # type: ignore[no-untyped-call]  # as their authors left it
    document = JUnitXml("pt004")
    document.append(suite)  # type: ignore[no-untyped-call]  # as their authors left it
    document.tests, document.failures, document.errors = suite.tests, suite.failures, suite.errors
    document.time = suite.time
    text: bytes = document.tostring()  # type: ignore[no-untyped-call]  # as their authors left it
    return text.decode("utf-8") + "\n"


def _campaign(summary: Summary) -> TestCase:
    """Return the case of the campaign: an error when nothing can be said."""
    case = TestCase("can be judged", "pt004.campaign", summary.seconds)
    why = xml(summary.why)
    if summary.verdict == Verdict.UNSURE:
        case.result = [Error(f"UNSURE: {why}", "unsure")]
    lines = [f"Not all could be judged: {why}"] if why and not case.result else []
    lines += [f"Not judged: {xml(summary.unseen)}"] if summary.unseen else []
    if lines:
        case.system_out = "\n".join(lines)
    return case


def _areas(summary: Summary) -> Iterable[TestCase]:
    judged = summary.areas  # those of a team's own checks among them
    for area in dict.fromkeys((*AREAS, *judged, *(each.area for each in summary.findings))):
        case = TestCase(xml(area), "pt004.area")
        found = [each for each in summary.findings if each.area == area]
        new = [each for each in found if each.kind == "new"]
        if new:
            # each is a failure of its own, and one finding counted twice would look like two
            names = ", ".join(f"{each.fingerprint} {each.check}" for each in new)
            case.result = [Skipped(xml(f"see its findings: {names}"), "findings")]
        elif area not in judged:
            case.result = [Skipped("not judged in this campaign", "not-judged")]
        elif summary.verdict == Verdict.UNSURE:
            case.result = [Skipped("nothing can be said: the campaign is UNSURE", "unsure")]
        if found:
            lines = (f"{e.kind}: {e.fingerprint} {e.check}: {e.where}" for e in found)
            case.system_out = xml("\n".join(lines))
        yield case


def _finding(finding: FindingDocument) -> TestCase:
    name = f"{finding.fingerprint} {finding.check}"
    case = TestCase(xml(name), "pt004.finding")
    check = CHECKS.get(finding.check)
    sentence = check.sentence if check is not None else finding.check
    kind: type[Failure | Skipped | Error] = Failure
    word = ""
    if finding.known:
        kind, word = Skipped, "known: "
    elif finding.echo_of:
        kind, word = Skipped, f"follows from {finding.echo_of}: "
    elif finding.unconfirmed:
        kind, word = Error, "unconfirmed, replays do not bear it out: "
    result = kind(xml(f"{word}{sentence}"), finding.check)
    result.text = xml("\n".join(_told(finding)))
    case.result = [result]
    return case


def _told(finding: FindingDocument) -> Iterable[str]:
    check = CHECKS.get(finding.check)
    if check is not None:
        yield f"contract {check.section}, {check.severity}"
    yield finding.where
    yield f"  expected: {finding.expected}"
    yield f"  got:      {finding.observed}"
    yield f"{count(finding.commands, 'command')}, seen {times(finding.occurrences)}"
    if finding.reproduced:
        seen, runs = finding.reproduced.seen, finding.reproduced.runs
        yield f"reproduced {seen} of {count(runs, 'time')}"
    if finding.trouble:
        yield finding.trouble
    yield f"trace: {finding.trace}"
