"""The verdict on a proof: its recorded history judged again, told part by part.

The parts are areas of the judge's checks; no rule of the contract stands here a second time. The
verdict is PASS only when every part of every case was checked and holds: nothing that was not
checked is ever a pass.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Final

from attrs import frozen

from pt004_model.judge.checks import AREAS, CHECKS, SEVERITIES
from pt004_model.judge.memory import JsonObject
from pt004_model.judge.oracle import Verdict
from pt004_model.model.commands import ReadRun
from pt004_model.model.replies import Reply
from pt004_model.proof.cases import CaseResult
from pt004_model.proof.record import CaseRecord, Record, judged


class State(StrEnum):
    """What became of one part of a proof."""

    PASS = "PASS"
    FAIL = "FAIL"
    UNSURE = "UNSURE"
    NOT_CHECKED = "NOT CHECKED"


KEPT: Final = "answers kept as received"
RAN: Final = "test run to its end"
PARTS: Final[dict[str, frozenset[str]]] = {
    "step visibility": frozenset({"lifecycle", "steps"}),
    "policy interaction": frozenset({"policy", "gates"}),
    "audit trail": frozenset({"audit"}),
    "receipt chain": frozenset({"receipts"}),
    "everything else": frozenset(AREAS)
    - {"lifecycle", "steps", "policy", "gates", "audit", "receipts", "concurrency", "durability"},
}
"""The parts of each case, and the areas of the checks that each stands for."""
CAMPAIGN: Final = "campaign"
FC_LOG: Final = "Federation Core log"
_STATES: Final = {Verdict.CONFORMS: State.PASS, Verdict.DIVERGES: State.FAIL}


@frozen
class Part:
    """One part of a proof and what became of it; ``case`` is empty for what concerns all."""

    name: str
    case: str
    state: State
    why: str


@frozen
class Reading:
    """A full reading of a run: its place among the requests (from 1), and the three parts."""

    number: int
    run: JsonObject
    logs: list[JsonObject]
    gates: list[JsonObject]


@frozen
class Case:
    """One case: its history, what judging it again came to, and its full readings in order."""

    record: CaseRecord
    result: CaseResult
    readings: tuple[Reading, ...]
    parts: tuple[Part, ...]

    @property
    def last(self) -> Reading | None:
        """The last full reading, which the report shows."""
        return self.readings[-1] if self.readings else None


@frozen
class Proof:
    """A record with what judging it again came to."""

    record: Record
    answers: Mapping[str, bytes]
    cases: tuple[Case, ...]
    others: tuple[Part, ...]

    @property
    def parts(self) -> tuple[Part, ...]:
        """All parts, by case, then those that concern all."""
        return (*(part for case in self.cases for part in case.parts), *self.others)

    @property
    def verdict(self) -> State:
        """The state of all parts together."""
        return overall(self.parts)


def overall(parts: Iterable[Part]) -> State:
    """Return PASS when each part passed; a failure outranks what is open."""
    states = {part.state for part in parts}
    if State.FAIL in states:
        return State.FAIL
    return State.PASS if states == {State.PASS} else State.UNSURE


def prove(record: Record, answers: Mapping[str, bytes]) -> Proof:
    """Judge a record again; ``answers`` are the bodies of the answers by path."""
    results = judged(record, answers)
    cases = []
    for case, result in zip(record.cases, results, strict=True):
        readings = tuple(_readings(result))
        cases.append(Case(case, result, readings, tuple(_parts(case, result, answers))))
    return Proof(record, answers, tuple(cases), tuple(_others(record)))


def _readings(result: CaseResult) -> Iterator[Reading]:
    for number, step in enumerate(result.steps, 1):
        command, reply = step.command, step.response
        if isinstance(command, ReadRun) and command.logs and isinstance(reply, Reply):
            run, logs, gates = reply.run, reply.rows("logs"), reply.rows("gates")
            if run is not None:
                yield Reading(number, run, logs, gates)


def _parts(case: CaseRecord, result: CaseResult, answers: Mapping[str, bytes]) -> Iterator[Part]:
    count = len(case.exchanges)
    whole = result.verdict is Verdict.CONFORMS and len(result.steps) == count
    missing = case.missing(answers)
    found = result.findings[0] if result.findings else None
    why = f"{count} answers judged, and the last ends the run"
    if not whole:
        why = str(found) if found else result.why or "more is recorded than the test asks for"
    state = State.PASS if whole else _STATES.get(result.verdict, State.UNSURE)
    yield Part(RAN, case.name, state if found or whole else State.UNSURE, why)
    if case.redacted or missing:
        why = "an answer repeats a secret of the caller, which is left out of what is kept"
        why = f"the answer to request {missing[0][0]} is not there" if missing else why
        yield Part(KEPT, case.name, State.UNSURE, why)
    else:
        yield Part(KEPT, case.name, State.PASS, f"the bytes of all {count} are in the folder")
    for name, areas in PARTS.items():
        yield _part(name, areas, case, result, whole=whole)


def _part(
    name: str, areas: frozenset[str], case: CaseRecord, result: CaseResult, *, whole: bool
) -> Part:
    wrong = [each for each in result.findings if each.area in areas]
    if wrong and not case.redacted:
        return Part(name, case.name, State.FAIL, str(wrong[0]))
    if wrong:
        why = f"{wrong[0].check} fails, as can be when a secret was left out"
        return Part(name, case.name, State.NOT_CHECKED, why)
    if not whole:
        return Part(name, case.name, State.NOT_CHECKED, "the test ended before its end")
    checks = sum(check.area in areas for check in CHECKS.values())
    return Part(name, case.name, State.PASS, f"{checks} checks on each answer")


def _others(record: Record) -> Iterator[Part]:
    here, campaign = record.circumstances, record.campaign
    if campaign is not None:
        states = {str(verdict): state for verdict, state in _STATES.items()}
        state = states.get(campaign.verdict, State.UNSURE)
        why = f"{campaign.verdict}, findings: {len(campaign.findings)}"
        # an embedded FC has another port each time
        elsewhere = not here.embedded and campaign.base_url != here.base_url
        if state is State.PASS and (elsewhere or campaign.dialect != here.dialect):
            state, why = State.UNSURE, "the campaign was of another address or dialect"
        grave = [e.check for e in campaign.findings if e.known and e.severity in SEVERITIES[:2]]
        if state is State.PASS and grave:  # that somebody is mending it makes it no proof
            state, why = State.FAIL, f"known, and not mended: {', '.join(grave)}"
        yield Part(CAMPAIGN, "", state, why)
    for log in record.fc_logs:
        silent = [each.case for each in log.quoted if not each.count]
        if len(log.quoted) < len(record.cases) or silent:
            why = f"{log.name}: no line names the run of {', '.join(silent) or 'a case'}"
            yield Part(FC_LOG, "", State.UNSURE, why)
        else:
            yield Part(FC_LOG, "", State.PASS, f"{log.name}: every run is named")
