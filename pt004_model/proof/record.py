"""The record of a proof: the recorded history of the canonical cases, and its circumstances.

``record.json`` names every request and what came back; the body of each answer is a file of its
own, the very bytes that came. Everything else in a proof folder follows from these: judging them
again (see ``judged``) gives the verdicts, the lines and the findings once more.

A secret of ours that an FC repeats is never written. Such an answer is kept without it and marked
``redacted``; its bytes can no longer be checked by anybody, and a proof with such an answer does
not pass.
"""

from __future__ import annotations

import json
from collections.abc import Container, Iterable, Iterator, Mapping
from typing import Final

from attrs import frozen
from cattrs import BaseValidationError, Converter
from cattrs.gen import make_dict_unstructure_fn, override

from pt004_model.drive.playback import Exchanged, Playback
from pt004_model.drive.session import Session
from pt004_model.judge.oracle import Oracle
from pt004_model.model.commands import Names
from pt004_model.model.replies import NoAnswer, Undecodable
from pt004_model.model.scenarios import CANONICAL
from pt004_model.proof.cases import CaseResult, tell_case
from pt004_model.proof.outside import FcLog, Git
from pt004_model.report.summary import Summary, omit_unless_told
from pt004_model.trace.files import Unusable, document_of
from pt004_model.trace.redact import Redactor
from pt004_model.trace.writing import rfc3339
from pt004_model.vocabulary import Dialect
from pt004_model.wire.codec import Answer, Codec, Exchange, Request, read_json

FOLDER: Final = "PT-004_workflow_orchestration"
RECORD: Final = f"{FOLDER}/record.json"
FORMAT: Final = "pt004-proof"
VERSION: Final = 2
"""Of the record and of what is made from it: a changed template is a new version."""


@frozen
class RecordedCall:
    """One request and what came back, without headers: they may hold secrets.

    ``sent`` and ``received`` are epoch seconds. ``content_type`` is the answer's. Without an answer
    there is no ``status``, ``why`` is a sentence, and ``applied`` says if the call may have been.
    """

    method: str
    target: str
    body: str | None
    sent: float
    received: float | None = None
    status: int | None = None
    content_type: str = ""
    redacted: bool = False
    why: str = ""
    applied: bool = False


@frozen
class CaseRecord:
    """The recorded history of one canonical case."""

    name: str
    exchanges: tuple[RecordedCall, ...]

    @property
    def redacted(self) -> bool:
        """Whether a secret was left out of an answer, so that its bytes prove nothing."""
        return any(each.redacted for each in self.exchanges)

    def missing(self, answers: Container[str]) -> list[tuple[int, str]]:
        """Return number and path of each answer that came, and that is not among ``answers``."""
        came = (n for n, each in enumerate(self.exchanges, 1) if each.status is not None)
        paths = ((number, answer_path(self.name, number)) for number in came)
        return [each for each in paths if each[1] not in answers]


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
    """The record of a proof; ``campaign_sha256`` is the hash of the file of its campaign."""

    format: str
    version: int
    circumstances: Circumstances
    cases: tuple[CaseRecord, ...]
    campaign: Summary | None = None
    campaign_sha256: str = ""
    fc_logs: tuple[FcLog, ...] = ()


def answer_path(case: str, number: int) -> str:
    """Return where the body of the answer to a request is kept; requests count from 1."""
    return f"{FOLDER}/answers/{case}/{number:03}.json"


def record_cases(
    results: Iterable[CaseResult], redact: Redactor
) -> tuple[tuple[CaseRecord, ...], dict[str, bytes]]:
    """Return the histories of the cases, and the bodies of the answers by path."""
    cases: list[CaseRecord] = []
    answers: dict[str, bytes] = {}
    for result in results:
        calls: list[RecordedCall] = []
        for number, step in enumerate(result.steps, 1):
            call, content = _recorded(step.exchange, redact)
            calls.append(call)
            if content is not None:
                answers[answer_path(result.name, number)] = content
        cases.append(CaseRecord(result.name, tuple(calls)))
    return tuple(cases), answers


def _recorded(exchange: Exchange, redact: Redactor) -> tuple[RecordedCall, bytes | None]:
    """Return a call as it is kept, and the body of the answer."""
    request = exchange.request or Request("", "", {})  # nothing was sent without a token
    body = None if request.content is None else request.content.decode("utf-8")
    target, answer = redact(request.target), exchange.answer
    if answer is None:
        none = exchange.response
        assert isinstance(none, NoAnswer)  # noqa: S101 - so it is without an answer
        why = redact(none.why)
        call = RecordedCall(request.method, target, body, none.sent, why=why, applied=none.applied)
        return call, None
    content, redacted = _without_secrets(answer.content, redact)
    kind = answer.headers.get("content-type", "")
    shown = redact(kind)
    return RecordedCall(
        request.method,
        target,
        body,
        answer.sent,
        answer.received,
        answer.code,
        shown,
        redacted or shown != kind or target != request.target,
    ), content


def _without_secrets(content: bytes, redact: Redactor) -> tuple[bytes, bool]:
    """Return the bytes to keep of a body, and whether a secret was left out of them."""
    value, text = read_json(content), content.decode("utf-8", "replace")
    clean = redact(text)
    if isinstance(value, Undecodable):
        return (content, False) if clean == text else (clean.encode(), True)
    plain = redact(value)
    if plain == value and clean == text:
        return content, False
    # escapes may spell a secret otherwise, so the text is written from the clean value
    return (json.dumps(plain, indent=1) + "\n").encode("ascii"), True


def judged(record: Record, answers: Mapping[str, bytes]) -> tuple[CaseResult, ...]:
    """Judge a record again, and return what came of each case.

    ``answers`` holds the bodies by path; one that is missing counts as no answer.
    """
    here = record.circumstances
    names = Names.of(here.tenant, f"{here.tenant}_stranger", (here.actor,))
    codec, oracle = Codec(names, here.dialect), Oracle(names)
    results = []
    for case in record.cases:
        playback = Playback(codec, tuple(_exchanged(case, answers)))
        session = Session(playback, oracle, authenticates=here.authenticated)
        results.append(tell_case(session, case.name, lambda _: None))
    return tuple(results)


def _exchanged(case: CaseRecord, answers: Mapping[str, bytes]) -> Iterator[Exchanged]:
    for number, each in enumerate(case.exchanges, 1):
        content = answers.get(answer_path(case.name, number))
        body = None if each.body is None else each.body.encode()
        request = Request(each.method, each.target, {}, body)
        if each.status is None or content is None:
            yield request, NoAnswer(each.why or "the answer was not kept", each.applied, each.sent)
            continue
        headers = {"content-type": each.content_type}
        received = each.sent if each.received is None else each.received
        yield request, Answer(each.status, headers, content, each.sent, received)


_CONVERTER: Final = Converter(forbid_extra_keys=True)
# an older record has neither of these, and is to be spelled as it was written
omit_unless_told(_CONVERTER)
_CONVERTER.register_unstructure_hook(
    Summary,
    make_dict_unstructure_fn(
        Summary,
        _CONVERTER,
        made_by=override(omit_if_default=True),
        guarantee=override(omit_if_default=True),
    ),
)


def dump_record(record: Record) -> bytes:
    """Return the record as it is written: JSON in ASCII. There is one spelling of each record."""
    raw = _CONVERTER.unstructure(record)
    return (json.dumps(raw, indent=1, ensure_ascii=True, allow_nan=False) + "\n").encode("ascii")


def load_record(content: bytes) -> Record:
    """Return the record that was written. Raises ``Unusable``."""
    raw = read_json(content)
    if isinstance(raw, dict) and raw.get("version") == 1:
        raise Unusable(
            "it is a proof of format 1, which keeps the last answers alone and cannot be judged"
            f" again; this pt004_model verifies format {VERSION}, and 1.0.0 verifies format 1"
        )
    raw = document_of(raw, "proof", FORMAT, VERSION)
    try:
        record: Record = _CONVERTER.structure(raw, Record)
        again = dump_record(record)
    except (BaseValidationError, KeyError, TypeError, ValueError, RecursionError):
        raise Unusable("this record lacks something, or has what none has") from None
    for each in (exchange for case in record.cases for exchange in case.exchanges):
        try:
            rfc3339(each.sent)
        except (ValueError, OverflowError, OSError):
            raise Unusable(f"{each.sent!r} is no time at which a request was sent") from None
    if again != content:
        raise Unusable("this record is not spelled as it is written")
    if [case.name for case in record.cases] != list(CANONICAL):
        raise Unusable("its cases are not the canonical ones")
    if not {each.case for log in record.fc_logs for each in log.quoted} <= set(CANONICAL):
        raise Unusable("its logs are of other cases")
    return record
