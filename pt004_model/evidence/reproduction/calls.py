"""The commands of a trace as calls that a script makes: what is fixed in them, and what is not."""

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
)
from pt004_model.model.replies import Reply
from pt004_model.vocabulary import ACTOR_HEADER, IDEMPOTENCY_HEADER, TENANT_HEADER
from pt004_model.wire.codec import Codec

_ID: Final = "\0"
_GIVEN: Final = frozenset({TENANT_HEADER, ACTOR_HEADER, IDEMPOTENCY_HEADER})


@frozen
class Call:
    """One request of a script.

    ``before`` and ``after`` are what stands in the path around the id of ``run``. ``raw`` says that
    the path must be sent as it stands. ``headers`` are those that are fixed; ``tenant`` and
    ``actor`` are numbers, ``None`` for no header; ``key`` is made fresh when it is sent. ``makes``
    is the run that the call makes. ``then`` is the status code of the trace, if one came.
    """

    says: str
    method: str
    before: str
    run: RunRef | None
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


def calls(trace: Trace) -> tuple[Call, ...]:
    """The calls of a trace in order."""
    codec = Codec(trace.names, trace.dialect)
    made: list[Call] = []
    for step in trace.steps:
        command = step.send
        request = codec.encode(command, lambda _: _ID, "")
        before, there, after = request.target.partition(_ID)
        run = None if isinstance(command, OddPath) or not there else command.run
        caller, reply = command.caller, step.reply
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
                makes=command.run if isinstance(command, CreateRun) else None,
                then=reply.code if isinstance(reply, Reply) else None,
            )
        )
    return tuple(made)


def unknown(calls: tuple[Call, ...]) -> bool:
    """Whether a call names a run that does not exist."""
    return any(isinstance(call.run, Unknown) for call in calls)


def number_of(call: Call) -> int | None:
    """The number of the run in the path, if it is one that was made."""
    return call.run if isinstance(call.run, int) else None
