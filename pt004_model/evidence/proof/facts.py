"""What the envelopes of a proof show, and what that comes to.

The verdict on a proof is the worst of its parts. It is PASS only when every part of every case is
there and passed: what was not checked is named, and is never a pass. A case that ended early is the
judge's to blame or not; what its log then lacks is *not checked*, as nobody can say what would have
come.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any, Final

from attrs import frozen

from pt004_model.evidence.proof.chain import Chain, read_chain
from pt004_model.evidence.proof.envelope import Envelope
from pt004_model.evidence.proof.record import CaseRecord, Record
from pt004_model.judge.memory import JsonObject
from pt004_model.judge.oracle import Verdict
from pt004_model.model.scenarios import CANONICAL
from pt004_model.vocabulary import Decision, Event, GateStatus, Status, StepOutcome


class State(StrEnum):
    """What became of one part of a proof."""

    PASS = "PASS"
    FAIL = "FAIL"
    UNSURE = "UNSURE"
    NOT_CHECKED = "NOT CHECKED"


@frozen
class Part:
    """One part of a proof and what became of it; ``case`` is empty for what concerns all."""

    name: str
    case: str
    state: State
    why: str


@frozen
class Facts:
    """A case: its record, its envelope and chain where there are any, and its parts."""

    record: CaseRecord
    envelope: Envelope | None
    chain: Chain | None
    parts: tuple[Part, ...]


@frozen
class Proof:
    """A record with all that the envelopes show."""

    record: Record
    cases: tuple[Facts, ...]
    others: tuple[Part, ...]

    @property
    def parts(self) -> tuple[Part, ...]:
        """All parts, by case, then those that concern all."""
        return (*(part for case in self.cases for part in case.parts), *self.others)

    @property
    def verdict(self) -> State:
        """The verdict on the whole: PASS, FAIL or UNSURE."""
        return overall(self.parts)


JUDGED: Final = "every answer judged"
KEPT: Final = "envelope kept as received"
STEPS: Final = "step visibility"
POLICY: Final = "policy interaction"
AUDIT: Final = "audit trail"
APPENDED: Final = "log append-only"
RECEIPTS: Final = "receipt chain"
PARTS: Final = {
    JUDGED: "the test ran to its end, and every field of every answer is as the contract allows",
    KEPT: "the envelope has the SHA-256 of the answer that the transcript names",
    STEPS: "the log has the start and the end of each step of the test, in order, and of no other",
    POLICY: "the log has the decision on each step, with policy and reason; a flag opened one gate,"
    " which was approved, and nothing else opened any",
    AUDIT: "the log begins with the create, ends with the end of the run, leads through the"
    " statuses of the test, and has ids of its own for all entries",
    APPENDED: "every earlier reading of the log is a beginning of the last one",
    RECEIPTS: "every hash, recomputed, is the one given; each names the one before; the run lists"
    " them all, and its own hash is that of the list",
}
"""The parts of each case and when they hold; a proof passes only with all of them."""
CAMPAIGN: Final = "campaign"
FC_LOG: Final = "Federation Core log"

_PATHS: Final = {
    "happy_path": (Status.PENDING, Status.RUNNING, Status.COMPLETED),
    "policy_flag": (
        Status.PENDING, Status.RUNNING, Status.PAUSED, Status.RUNNING, Status.COMPLETED
    ),
    "policy_deny": (Status.PENDING, Status.RUNNING, Status.FAILED),
}  # fmt: skip
"""The statuses that each case goes through."""


def overall(parts: Iterable[Part]) -> State:
    """PASS when each part of each case is there and all passed; a failure outranks what is open."""
    given = list(parts)
    states = {part.state for part in given}
    if State.FAIL in states:
        return State.FAIL
    there = {(part.name, part.case) for part in given}
    whole = all((name, case) in there for name in PARTS for case in CANONICAL)
    return State.PASS if whole and states == {State.PASS} else State.UNSURE


def proof(record: Record, envelopes: Mapping[str, Envelope | None]) -> Proof:
    """Read the envelopes, given by case, beside the record."""
    actor = record.circumstances.actor
    cases = tuple(_facts(case, envelopes.get(case.name), actor) for case in record.cases)
    return Proof(record, cases, tuple(_others(record)))


def _facts(case: CaseRecord, envelope: Envelope | None, actor: str) -> Facts:
    judged = _judged(case)
    if envelope is None:
        why = "there is no full reading of the run to keep"
        parts = (Part(name, case.name, State.NOT_CHECKED, why) for name in PARTS if name != JUDGED)
        return Facts(case, None, None, (judged, *parts))
    chain = read_chain(envelope)
    problems: dict[str, Callable[[], Iterator[str]]] = {
        STEPS: lambda: _steps(case, envelope),
        POLICY: lambda: _policy(case, envelope, actor),
        AUDIT: lambda: _audit(case, envelope),
    }
    return Facts(
        case,
        envelope,
        chain,
        (
            judged,
            _kept(case, envelope),
            *(_shown(case, name, next(found(), None)) for name, found in problems.items()),
            _appended(case, envelope),
            _receipts(case, envelope, chain),
        ),
    )


def _judged(case: CaseRecord) -> Part:
    states = {Verdict.CONFORMS: State.PASS, Verdict.DIVERGES: State.FAIL}
    why = f"{len(case.exchanges)} answers, each as the contract allows"
    if case.findings:
        why = f"{case.findings[0].check}, finding {case.findings[0].fingerprint}"
    elif case.verdict is not Verdict.CONFORMS:
        why = case.why or "a line of the case does not hold"
    return Part(JUDGED, case.name, states.get(case.verdict, State.UNSURE), why)


def _kept(case: CaseRecord, envelope: Envelope) -> Part:
    if case.blotted:
        why = "the answer repeats a secret of the caller, which was blotted out of what is kept"
        return Part(KEPT, case.name, State.UNSURE, why)
    read = None if case.read_by is None else case.exchanges[case.read_by]
    if read is None or read.sha256 != envelope.sha256:
        why = "the bytes kept are not those of the answer that the transcript names"
        return Part(KEPT, case.name, State.FAIL, why)
    return Part(KEPT, case.name, State.PASS, f"SHA-256 {envelope.sha256}")


def _shown(case: CaseRecord, name: str, problem: str | None) -> Part:
    if problem is None:
        return Part(name, case.name, State.PASS, _WHOLE[name])
    if case.verdict is Verdict.CONFORMS:
        return Part(name, case.name, State.FAIL, problem)
    return Part(name, case.name, State.NOT_CHECKED, f"the case ended early: {problem}")


_WHOLE: Final = {
    STEPS: "each step's start and end is in the log",
    POLICY: "each decision is in the log, and was acted on",
    AUDIT: "the log tells the whole life of the run",
}


def of_kind(envelope: Envelope, *kinds: Event) -> list[tuple[int, JsonObject]]:
    """The log entries of some kinds, numbered from 1 as they stand in the log."""
    return [
        (number, entry)
        for number, entry in enumerate(envelope.logs, 1)
        if entry.get("event_type") in kinds
    ]


def details(entry: JsonObject) -> dict[str, Any]:
    """The details of an entry; empty when they are no object."""
    found = entry.get("details")
    return found if isinstance(found, dict) else {}


def _lived(name: str) -> list[tuple[str, Decision]]:
    """The steps that a case starts, with their decisions: all up to one that is denied."""
    scenario = CANONICAL[name]
    lived: list[tuple[str, Decision]] = []
    for step, decision in zip(scenario.steps, scenario.decisions, strict=True):
        lived.append((step, decision))
        if decision is Decision.DENY:
            break
    return lived


def _steps(case: CaseRecord, envelope: Envelope) -> Iterator[str]:
    lived = _lived(case.name)
    started = [entry.get("step_id") for _, entry in of_kind(envelope, Event.STEP_STARTED)]
    if started != [step for step, _ in lived]:
        count = len(started)
        yield f"{count} entries {Event.STEP_STARTED} and not one for each of {len(lived)} steps"
    ended = [
        (entry.get("step_id"), details(entry).get("outcome"))
        for _, entry in of_kind(envelope, Event.STEP_ENDED)
    ]
    denied = {Decision.DENY: StepOutcome.FAILED}
    wanted = [(step, denied.get(decision, StepOutcome.COMPLETED)) for step, decision in lived]
    if ended != wanted:
        yield f"{len(ended)} entries {Event.STEP_ENDED} that do not end the {len(lived)} steps"


def _policy(case: CaseRecord, envelope: Envelope, actor: str) -> Iterator[str]:
    lived = _lived(case.name)
    entries = [entry for _, entry in of_kind(envelope, Event.POLICY_DECIDED)]
    decided = [(entry.get("step_id"), details(entry).get("decision")) for entry in entries]
    if decided != lived:
        yield f"{len(decided)} decisions in the log that are not the {len(lived)} of the case"
    for entry in entries:
        if not (details(entry).get("policy_id") and details(entry).get("reason")):
            yield "a decision without policy_id and reason"
    flagged = [step for step, decision in lived if decision is Decision.FLAG]
    wanted = [(step, GateStatus.APPROVED, actor) for step in flagged]
    gates = [tuple(gate.get(n) for n in ("step_id", "status", "approved_by"))
             for gate in envelope.gates]  # fmt: skip
    if gates != wanted:
        yield f"{len(gates)} gates, and not {len(wanted)} approved by the actor of the case"
    for kind in (Event.GATE_OPENED, Event.GATE_CLOSED):
        if len(of_kind(envelope, kind)) != len(flagged):
            yield f"not {len(flagged)} entries {kind}"


def _audit(case: CaseRecord, envelope: Envelope) -> Iterator[str]:
    logs = envelope.logs
    run_id = envelope.run.get("run_id")
    if not run_id or run_id != case.run_id:
        yield "the envelope is that of another run"
    if any(entry.get("run_id") != run_id for entry in logs):
        yield "an entry is of another run"
    ids = [entry.get("log_id") for entry in logs]
    if not all(isinstance(each, str) and each for each in ids) or len(set(map(str, ids))) < len(
        ids
    ):
        yield "two entries share an id, or one has none"
    kinds = [entry.get("event_type") for entry in logs]
    if kinds[:1] != [Event.RUN_CREATED] or kinds[-1:] != [Event.RUN_ENDED]:
        yield f"the log does not begin with {Event.RUN_CREATED} and end with {Event.RUN_ENDED}"
    path = status_path(envelope)
    if path != list(_PATHS[case.name]) or envelope.run.get("status") != path[-1]:
        yield "the log does not lead through the statuses of the case to that of the run"


def status_path(envelope: Envelope) -> list[object]:
    """The statuses that the log leads through; ``None`` stands for a gap between two changes."""
    path: list[object] = []
    for _, entry in of_kind(envelope, Event.RUN_CREATED, Event.STATUS_CHANGED):
        if path and entry.get("previous_status") != path[-1]:
            path.append(None)
        path.append(entry.get("new_status"))
    return path


def _appended(case: CaseRecord, envelope: Envelope) -> Part:
    """Each reading must be a beginning of the last: its head is the receipt at its length."""
    readings = [each for each in case.exchanges if each.entries is not None]
    for number, each in enumerate(readings, 1):
        if not holds(each.entries or 0, each.head, envelope):
            why = f"reading {number} is no beginning of the last"
            state = State.NOT_CHECKED if case.blotted else State.FAIL
            return Part(APPENDED, case.name, state, why)
    if len(readings) < 2:
        return Part(APPENDED, case.name, State.NOT_CHECKED, "the log was read only once")
    why = f"each of {len(readings)} readings is a beginning of the next"
    return Part(APPENDED, case.name, State.PASS, why)


def holds(entries: int, head: str, envelope: Envelope) -> bool:
    """Whether a log of so many entries that ended in ``head`` is a beginning of the envelope's."""
    if not 0 < entries <= len(envelope.logs):
        return False
    return envelope.logs[entries - 1].get("receipt_hash") == head


def _receipts(case: CaseRecord, envelope: Envelope, chain: Chain) -> Part:
    problem = next(_broken(envelope, chain), None)
    if problem is None:
        why = f"{len(chain.receipts)} receipts recomputed, linked and listed, and their chain"
        return Part(RECEIPTS, case.name, State.PASS, why)
    if case.blotted:
        why = f"{problem}, as can be when a secret was blotted out"
        return Part(RECEIPTS, case.name, State.NOT_CHECKED, why)
    return Part(RECEIPTS, case.name, State.FAIL, problem)


def _broken(envelope: Envelope, chain: Chain) -> Iterator[str]:
    if not chain.receipts:
        yield "there are no receipts"
    for receipt in chain.receipts:
        if not receipt.hash_holds:
            yield f"receipt {receipt.number} is not the hash of its entry"
        if not receipt.link_holds:
            yield f"receipt {receipt.number} does not name the one before it"
    if not chain.list_holds:
        yield "receipt_chain does not list the receipts of the log"
    ended = envelope.run.get("status") in (Status.COMPLETED, Status.FAILED)
    if chain.claimed != (chain.recomputed if ended else None):
        yield "workflow_receipt_hash is not the hash of the chain of an ended run"


def _others(record: Record) -> Iterator[Part]:
    here = record.circumstances
    campaign = record.campaign
    if campaign is not None:
        states = {Verdict.CONFORMS: State.PASS, Verdict.DIVERGES: State.FAIL}
        state = states.get(campaign.verdict, State.UNSURE)
        why = f"{campaign.verdict}, findings: {len(campaign.findings)}"
        # an embedded FC has another port each time
        elsewhere = not here.embedded and campaign.base_url != here.base_url
        if state is State.PASS and (elsewhere or campaign.dialect != here.dialect):
            state, why = State.UNSURE, "the campaign was of another address or dialect"
        yield Part(CAMPAIGN, "", state, why)
    for log in record.fc_logs:
        silent = [each.case for each in log.quoted if not each.count]
        if len(log.quoted) < len(record.cases) or silent:
            why = f"{log.name}: no line names the run of {', '.join(silent) or 'a case'}"
            yield Part(FC_LOG, "", State.UNSURE, why)
        else:
            yield Part(FC_LOG, "", State.PASS, f"{log.name}: every run is named")
