"""The commands of a trace as calls that somebody else makes: what is fixed in them, what is not."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from pt004_model.evidence.document import Trace
from pt004_model.model.commands import (
    NO_ACTOR,
    CreateRun,
    OddPath,
    RunRef,
    Tenant,
    Token,
    Unknown,
    describe,
    subject,
)
from pt004_model.model.replies import Reply
from pt004_model.vocabulary import ACTOR_HEADER, IDEMPOTENCY_HEADER, TENANT_HEADER
from pt004_model.wire.codec import Codec

_ID: Final = "\0"
_NOBODYS: Final = "00000000-0000-4000-8000-000000000000"
"""The id of a run that does not exist; it is fixed, so that a call reads the same each time."""
_GIVEN: Final = frozenset({TENANT_HEADER, ACTOR_HEADER, IDEMPOTENCY_HEADER})


@frozen
class Call:
    """One request.

    ``before`` and ``after`` stand in the path around the id of ``run``. ``raw`` says that a client
    would tidy the path up. ``headers`` are those that are fixed; ``tenant`` and ``actor`` are
    numbers, ``None`` for no header; ``key`` is made fresh when it is sent. ``makes`` is the run
    whose id later calls take from the answer. ``then`` is the status code of the trace, if one
    came, and ``status`` that of the run in it.
    """

    says: str
    method: str
    before: str
    run: int | None
    after: str
    raw: bool
    headers: tuple[tuple[str, str], ...]
    tenant: int | None
    actor: int | None
    token: Token
    key: str | None
    body: bytes | None
    makes: int | None
    then: int | None
    status: str | None


def calls(trace: Trace) -> tuple[Call, ...]:
    """Return the calls of a trace in order."""
    codec = Codec(trace.names, trace.dialect)
    made: list[Call] = []
    taken = {subject(each) for each in trace.commands if not isinstance(each, CreateRun)}
    for step in trace.steps:
        command, caller = step.send, step.send.caller
        request = codec.encode(command, _named, "")
        run = subject(command) if _ID in request.target else None
        before, after = request.target, ""
        if run is not None:
            before, _, after = request.target.partition(_ID)
        then, status = _outcome(step.reply)
        makes = command.run if isinstance(command, CreateRun) else None
        if makes in {each.makes for each in made} or makes not in taken or (then or 0) >= 300:
            makes = None
        made.append(
            Call(
                says=describe(command),
                method=request.method,
                before=before,
                run=run,
                after=after,
                raw=isinstance(command, OddPath),
                headers=tuple(each for each in request.headers.items() if each[0] not in _GIVEN),
                tenant=None if caller.tenant is Tenant.NOBODY else int(caller.tenant),
                actor=None if caller.actor == NO_ACTOR else caller.actor,
                token=caller.token,
                key=getattr(command, "key", None),
                body=request.content,
                makes=makes,
                then=then,
                status=status,
            )
        )
    return tuple(made)


def _named(ref: RunRef) -> str:
    if isinstance(ref, Unknown):
        return f"{ref.spelling}-{_NOBODYS[:8]}" if ref.spelling else _NOBODYS
    return _ID


def _outcome(response: object) -> tuple[int | None, str | None]:
    if not isinstance(response, Reply):
        return None, None
    body = response.body
    run = body.get("run") if isinstance(body, dict) else None
    status = run.get("status") if isinstance(run, dict) else None
    return response.code, status if isinstance(status, str) else None
