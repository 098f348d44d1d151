"""The trace file: one versioned JSON document of a conversation that ended in a finding.

It holds the commands, with symbolic runs, and for each what the model allowed, what was sent and
what came back. No token is in it, and what an FC repeats of our secrets is taken out. The
document is read and described in :mod:`pt004_model.trace.document`.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import hypothesis
from attrs import evolve, field, frozen

from pt004_model.judge.checks import CHECKS
from pt004_model.judge.finding import Finding
from pt004_model.judge.memory import View
from pt004_model.manual import clause_of
from pt004_model.model.commands import Command, Names, Restart, Wait, describe, subject
from pt004_model.model.replies import NoAnswer, Reply, Response, Undecodable
from pt004_model.model.telling import tell
from pt004_model.model.world import Accepted, Outcome, Refused
from pt004_model.trace.bounds import bounded
from pt004_model.trace.document import (
    Allowed,
    Reproduced,
    Said,
    SentRequest,
    Trace,
    TraceStep,
    dump_trace,
)
from pt004_model.trace.files import write_json
from pt004_model.trace.recorded import Found, Step
from pt004_model.trace.redact import SECRET, Redactor
from pt004_model.vocabulary import AUTHORIZATION_HEADER, TRACE_HEADER, Dialect
from pt004_model.wire.codec import Request

_ANY: Final = frozenset(range(200, 500))  # of what lies beyond the contract
TRACE_ID: Final = "{trace_id}"
"""What stands for the trace id in the address of a call in the tracing of an FC."""
_AS_IT_IS: Final = (str, int, bool, type(None))
_DEEP: Final = 100  # no reply of an FC that conforms is nested as deep as this


@frozen
class Origin:
    """Where a trace comes from, and what must not be written down."""

    seed: int
    profile: str
    dialect: Dialect
    redact: Redactor = field(factory=Redactor, repr=False)
    names: Names = field(kw_only=True)
    base_url: str = field(default="", kw_only=True)
    headers: tuple[str, ...] = field(default=(), kw_only=True)
    ca_bundle: Path | None = field(default=None, kw_only=True)
    lasting: bool = field(default=False, kw_only=True)
    trace_link: str | None = field(default=None, kw_only=True)
    """Where the tracing of the FC shows a call, with :data:`TRACE_ID` in it."""


def trace_of(found: Found, origin: Origin) -> Trace:
    """Return the trace of a finding, without secrets."""
    finding = found.finding
    check = CHECKS[finding.check]
    # of an earlier conversation, which made the run concerned, only the commands were kept
    earlier = found.commands[: len(found.commands) - len(found.steps)]
    bare = (TraceStep(describe(each), each, None, None, (), None, None, ()) for each in earlier)
    return Trace(
        fingerprint=finding.fingerprint,
        check=finding.check,
        area=finding.area,
        severity=check.severity,
        section=check.section,
        sentence=check.sentence,
        clause=clause_of(check),
        **said(finding, origin.redact),
        seed=origin.seed,
        profile=origin.profile,
        dialect=origin.dialect,
        base_url=origin.base_url,
        names=origin.names.among(found.commands),
        requests_to_first=found.requests_to_first,
        occurrences=found.occurrences,
        first_seen=rfc3339(found.first_seen),
        last_seen=rfc3339(found.last_seen),
        shrunk=found.shrunk,
        reproduced=None if found.reproduced is None else Reproduced(*found.reproduced),
        known=found.known,
        versions={"pt004_model": version("pt004_model"), "hypothesis": hypothesis.__version__},
        steps=(*bare, *(_step(step, origin) for step in found.steps)),
        other=tuple(_step(step, origin) for step in found.other),
        headers=origin.headers,
        ca_bundle=None if origin.ca_bundle is None else str(origin.ca_bundle),
        lasting=origin.lasting,
        echo_of=found.echo_of,
        past=tuple(sorted(found.past)) if found.at_once else (),
        tracing=_tracing(found.steps[-1], origin) if found.steps else "",
    )


def _tracing(step: Step, origin: Origin) -> str:
    """Return where the FC's own tracing has the call that shows a finding, or its trace id."""
    request = step.exchange.request
    trace_id = dict(request.headers).get(TRACE_HEADER, "--").split("-")[1] if request else ""
    link = origin.trace_link or TRACE_ID
    return link.replace(TRACE_ID, trace_id) if trace_id else ""


def trace(found: Found, origin: Origin) -> dict[str, Any]:
    """Return the document of a finding."""
    return dump_trace(trace_of(found, origin))


def write_trace(path: Path, found: Found, origin: Origin) -> None:
    """Write the document of a finding. Raises ``Unwritable``."""
    write_json(path, trace(found, origin))


def rfc3339(seconds: float) -> str:
    """Return a time in epoch seconds as RFC 3339 in UTC, cut to milliseconds."""
    stamp = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return stamp.replace("+00:00", "Z")


def said(finding: Finding, redact: Redactor) -> dict[str, str]:
    """Return where a finding is and what it says, without secrets."""
    texts = {"where": finding.where, "expected": finding.expected, "observed": finding.observed}
    return redact(texts)


def _step(step: Step, origin: Origin) -> TraceStep:
    waits, answer = isinstance(step.command, Wait | Restart), step.exchange.answer
    silent = waits and isinstance(step.response, Reply)  # nothing was asked, nothing is wrong
    allowed = () if waits else step.allowed
    where = step.findings[0].where if step.findings else ""
    places = (n for n, each in enumerate(allowed) if each.reply == step.judgement.outcome)
    return TraceStep(
        says=describe(step.command),
        send=step.command,
        before=_state(step.before, step.command),
        after=_state(step.after, step.command),
        allowed=tuple(map(_allowed, allowed)),
        request=_request(step.exchange.request, origin),
        reply=None if silent else _reply(step.response, origin.redact, where),
        findings=tuple(Said(each.check, **said(each, origin.redact)) for each in step.findings),
        came=next(places, None),
        reply_headers={} if answer is None else _headers(answer.headers, origin.redact),
        effect=step.effect,
        against=tuple(Said(each.check, **said(each, origin.redact)) for each in step.against),
    )


def _allowed(outcome: Outcome) -> Allowed:
    reply, says = outcome.reply, tell(outcome)
    if isinstance(reply, Accepted):
        return Allowed(says, (str(reply.code),), str(reply.run.state.status), reply.replay)
    codes = reply.refusal.codes if isinstance(reply, Refused) else _ANY
    whole = {n for n in range(1, 6) if codes.issuperset(range(n * 100, n * 100 + 100))}
    told = {f"{code // 100}XX" if code // 100 in whole else str(code) for code in codes}
    return Allowed(says, tuple(sorted(told)))


def _headers(headers: dict[str, str], redact: Redactor) -> dict[str, str]:
    """Return the headers of an answer; what it sets as a cookie is a secret of the FC's."""
    shown = {name: SECRET if name == "set-cookie" else each for name, each in headers.items()}
    return dict(bounded(redact(shown)))


def _state(belief: tuple[View, ...], command: Command) -> str | None:
    number = subject(command)
    run = belief[0].world.runs.get(number) if number is not None else None
    return None if run is None else str(run.state)


def _request(request: Request | None, origin: Origin) -> SentRequest | None:
    """Return a request as it was sent; of its headers only the token is left out."""
    if request is None:
        return None
    headers = dict(request.headers)
    if AUTHORIZATION_HEADER in headers:
        headers[AUTHORIZATION_HEADER] = SECRET
    body = request.content
    text = None if body is None else body.decode("utf-8", "surrogateescape")
    # the id is the FC's, and an FC may repeat anything in it
    path = origin.redact(request.target)
    return SentRequest(request.method, path, headers, text)


def _reply(response: Response, redact: Redactor, where: str) -> Response:
    if isinstance(response, NoAnswer):
        return evolve(response, why=redact(response.why))
    body = response.body
    if isinstance(body, Undecodable):
        body = Undecodable(redact(body.why), redact(body.start))
    else:  # first without secrets, so that none is cut in two and then not recognised
        body = bounded(redact(shallow(body)), where)
    return evolve(response, body=body, content_type=redact(response.content_type))


def shallow(value: Any, depth: int = _DEEP) -> Any:
    """Return ``value``, cut where it is nested too deep or too large to be written."""
    if isinstance(value, float) and not math.isfinite(value):
        return "[a number beyond a double]"
    if not isinstance(value, dict | list):
        return value
    if depth == 0:
        return "[nested deeper]"
    if isinstance(value, dict):
        return {
            name: each if isinstance(each, _AS_IT_IS) else shallow(each, depth - 1)
            for name, each in value.items()
        }
    return [each if isinstance(each, _AS_IT_IS) else shallow(each, depth - 1) for each in value]
