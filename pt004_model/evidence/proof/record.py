"""What only the one who was there can know of a proof: the record, kept as ``record.json``.

Everything else in a proof folder is made from this record and the envelopes, so whoever has both
can make it again and compare.

An envelope is kept as the very bytes that came, with one exception: a secret of ours that an FC
repeats is never written. Such an envelope is written anew without it, the case is marked
``blotted``, and its bytes and some of its receipts can no longer be checked by anybody; a proof
with such a case does not pass.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeAlias

from attrs import define, field, frozen
from cattrs import BaseValidationError, Converter

from pt004_model.evidence.proof.cases import CaseResult
from pt004_model.evidence.proof.envelope import Envelope, read_envelope
from pt004_model.evidence.proof.outside import Campaign, FcLog, Git
from pt004_model.evidence.redact import Redactor
from pt004_model.explore.lockstep import Step
from pt004_model.judge.oracle import Verdict
from pt004_model.model.commands import ReadRun, describe
from pt004_model.model.replies import NoAnswer
from pt004_model.model.scenarios import CANONICAL
from pt004_model.vocabulary import Dialect
from pt004_model.wire.codec import Answer, Request, read_json
from pt004_model.wire.transport import Transport

FORMAT: Final = "pt004-proof"
VERSION: Final = 1
"""Of the record and of what is made from it: a changed template is a new version."""
_EXCERPT: Final = 8000  # characters of an answer that did not hold

Exchanged: TypeAlias = tuple[Request, Answer | NoAnswer]


class BadRecord(Exception):  # noqa: N818 - said of a file, in a sentence for people
    """A record that cannot be used; the message is a sentence for people."""


@define
class Recorder:
    """A transport that keeps what goes over it."""

    transport: Transport
    exchanged: list[Exchanged] = field(factory=list)

    def send(self, request: Request) -> Answer | NoAnswer:
        """Send a request by the transport, and keep both. Never raises."""
        answer = self.transport.send(request)
        self.exchanged.append((request, answer))
        return answer


@frozen
class Exchange:
    """One request and what came back.

    ``at`` is when it was sent (RFC 3339), ``says`` the request in words. ``status``, ``size``
    (bytes) and ``sha256`` are of the answer as received; without an answer ``why`` says so.
    ``entries`` is the length of the log in a full reading, ``head`` the last receipt hash of it.
    ``verdict`` is the judge's, ``excerpt`` the beginning of an answer that it did not accept.
    """

    at: str
    says: str
    method: str
    target: str
    body: str
    verdict: Verdict
    status: int | None = None
    size: int = 0
    sha256: str = ""
    entries: int | None = None
    head: str = ""
    why: str = ""
    excerpt: str = ""


@frozen
class FindingRecord:
    """A disagreement that ended a case: the check, and what it says."""

    fingerprint: str
    check: str
    where: str
    expected: str
    observed: str


@frozen
class CaseRecord:
    """One canonical case: the judge's verdict, its run, the lines told, and every exchange.

    ``read_by`` is the place in ``exchanges`` of the reading that is kept as the case's envelope.
    """

    name: str
    verdict: Verdict
    run_id: str
    why: str
    lines: tuple[str, ...]
    findings: tuple[FindingRecord, ...]
    exchanges: tuple[Exchange, ...]
    read_by: int | None = None
    blotted: bool = False


@frozen
class Circumstances:
    """Where, how and as whom a proof was made; times are RFC 3339.

    ``image_digest`` is empty when none was given. ``fault`` is the one seeded into an embedded FC.
    """

    started_at: str
    finished_at: str
    tester: str
    base_url: str
    dialect: Dialect
    tenant: str
    actor: str
    authenticated: bool = False
    embedded: bool = False
    automatic: bool = False
    fault: str = ""
    image_digest: str = ""
    git: Git | None = None


@frozen
class Record:
    """The record of a proof."""

    format: str
    version: int
    circumstances: Circumstances
    cases: tuple[CaseRecord, ...]
    campaign: Campaign | None = None
    fc_logs: tuple[FcLog, ...] = ()


def stamp(seconds: float) -> str:
    """Epoch seconds as RFC 3339 in UTC, with milliseconds."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def record_cases(
    results: Iterable[CaseResult], exchanged: Sequence[Exchanged], redact: Redactor
) -> tuple[tuple[CaseRecord, ...], dict[str, bytes]]:
    """The records of the cases, and the envelopes that are kept, by case.

    ``exchanged`` are all exchanges of the cases in order, one a step.
    """
    rest = iter(exchanged)
    cases: list[CaseRecord] = []
    envelopes: dict[str, bytes] = {}
    for result in results:
        case, envelope = _case(result, [next(rest) for _ in result.steps], redact)
        cases.append(case)
        if envelope is not None:
            envelopes[case.name] = envelope
    return tuple(cases), envelopes


def _case(
    result: CaseResult, exchanged: Sequence[Exchanged], redact: Redactor
) -> tuple[CaseRecord, bytes | None]:
    readings = dict(_readings(result.steps, exchanged))
    kept: bytes | None = None
    blotted = False
    if readings:
        kept, blotted = _kept(exchanged[max(readings)][1], redact)
    record = CaseRecord(
        name=result.name,
        verdict=result.verdict,
        run_id=redact(result.run_id),
        why=redact(result.why),
        lines=tuple(map(redact, result.lines)),
        findings=tuple(
            FindingRecord(
                each.fingerprint,
                each.check,
                redact(each.where),
                redact(each.expected),
                redact(each.observed),
            )
            for each in result.findings
        ),
        exchanges=tuple(
            _exchange(step, *pair, readings.get(number), redact)
            for number, (step, pair) in enumerate(zip(result.steps, exchanged, strict=True))
        ),
        read_by=max(readings, default=None),
        blotted=blotted,
    )
    return record, kept


def _readings(
    steps: Sequence[Step], exchanged: Sequence[Exchanged]
) -> Iterator[tuple[int, Envelope]]:
    """The full readings of a run among the exchanges, by place."""
    for number, (step, (_, answer)) in enumerate(zip(steps, exchanged, strict=True)):
        command = step.command
        if not isinstance(command, ReadRun) or not (command.logs and command.gates):
            continue
        if isinstance(answer, Answer) and answer.code == 200:
            envelope = read_envelope(answer.content)
            if envelope is not None:
                yield number, envelope


def _kept(answer: Answer | NoAnswer, redact: Redactor) -> tuple[bytes, bool]:
    """The bytes to keep of a full reading, and whether a secret was taken out of them."""
    assert isinstance(answer, Answer)  # noqa: S101 - a reading has an answer
    value = read_json(answer.content)
    clean = redact(value)
    text = answer.content.decode("utf-8")
    if clean == value and redact(text) == text:
        return answer.content, False
    # escapes may spell a secret otherwise, so the text is written anew from the clean value
    return (json.dumps(clean, indent=1) + "\n").encode("ascii"), True


def _exchange(
    step: Step,
    request: Request,
    answer: Answer | NoAnswer,
    reading: Envelope | None,
    redact: Redactor,
) -> Exchange:
    if step.findings:
        verdict = Verdict.DIVERGES
    else:
        verdict = Verdict.UNSURE if isinstance(answer, NoAnswer) else Verdict.CONFORMS
    asked: dict[str, Any] = {
        "at": stamp(answer.sent),
        "says": describe(step.command),
        "method": request.method,
        "target": redact(request.target),
        "body": "" if request.content is None else request.content.decode("utf-8", "replace"),
        "verdict": verdict,
    }
    if isinstance(answer, NoAnswer):
        return Exchange(**asked, why=redact(answer.why))
    return Exchange(
        **asked,
        status=answer.code,
        size=len(answer.content),
        sha256=hashlib.sha256(answer.content).hexdigest(),
        entries=None if reading is None else len(reading.logs),
        head="" if reading is None else redact(reading.head),
        excerpt=_excerpt(answer.content, redact) if step.findings else "",
    )


def _excerpt(content: bytes, redact: Redactor) -> str:
    """The beginning of an answer, without secrets."""
    return redact(content.decode("utf-8", "replace"))[:_EXCERPT]


_CONVERTER: Final = Converter(forbid_extra_keys=True)


def dump_record(record: Record) -> bytes:
    """The record as it is written: JSON in ASCII. There is one spelling of each record."""
    raw = _CONVERTER.unstructure(record)
    return (json.dumps(raw, indent=1, ensure_ascii=True) + "\n").encode("ascii")


def load_record(content: bytes) -> Record:
    """A record from what was written. Raises :class:`BadRecord`."""
    raw = read_json(content)
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        raise BadRecord("this is no record of a proof")
    if raw.get("version") != VERSION:
        raise BadRecord(f"its version is {raw.get('version')!r:.20}, and {VERSION} is known here")
    try:
        record: Record = _CONVERTER.structure(raw, Record)
        again = dump_record(record)
    except (BaseValidationError, KeyError, TypeError, ValueError, RecursionError):
        raise BadRecord("this record lacks something, or has what none has") from None
    if again != content:
        raise BadRecord("this record is not spelled as it is written")
    if [case.name for case in record.cases] != list(CANONICAL) or not all(map(_sane, record.cases)):
        raise BadRecord("its cases are not the canonical ones")
    quoted = {each.case for log in record.fc_logs for each in log.quoted}
    if not quoted <= set(CANONICAL):
        raise BadRecord("its logs are of other cases")
    return record


def _sane(case: CaseRecord) -> bool:
    """Whether the reading that is kept is one of the case's."""
    at = case.read_by
    if at is None:
        return True
    return 0 <= at < len(case.exchanges) and case.exchanges[at].entries is not None
