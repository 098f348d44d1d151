"""The requests of a trace as calls that somebody else makes: what is fixed in them, what is not."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from pt004_model.model.commands import (
    NO_ACTOR,
    Command,
    CreateRun,
    Loss,
    Restart,
    RunRef,
    Tenant,
    Unknown,
    Wait,
    subject,
)
from pt004_model.model.replies import Reply, Response
from pt004_model.trace.document import Trace, TraceStep
from pt004_model.vocabulary import (
    ACTOR_HEADER,
    AUTHORIZATION_HEADER,
    IDEMPOTENCY_HEADER,
    TENANT_HEADER,
)
from pt004_model.wire.codec import Codec, Request

_ID: Final = "\0"
_NOBODYS: Final = "00000000-0000-4000-8000-000000000000"
"""The id of a run that does not exist; it is fixed, so that a call reads the same each time."""
_TENANTS: Final[dict[int, str]] = {
    each: "TENANT" if each is Tenant.OURS else each.name
    for each in Tenant
    if each is not Tenant.NOBODY
}
_VARIABLES: Final = {
    "TENANT": "TENANT_ID", "STRANGER": "STRANGER_TENANT_ID", "ACTOR": "ACTOR_ID",
}  # fmt: skip
_GIVEN: Final = frozenset({
    TENANT_HEADER, ACTOR_HEADER, IDEMPOTENCY_HEADER, AUTHORIZATION_HEADER,
})  # fmt: skip


@frozen
class Call:
    """One request of a conversation that is still to be had, with runs and keys of its own.

    ``makes`` is the run whose id later calls take from the answer. ``then`` is what the call came
    to in the trace: the status of the run, ``refused``, or ``None`` where that is not known, or is
    the question.
    """

    command: Command
    request: Request
    makes: int | None
    then: str | None
    waits: float = 0.0
    restarted: bool = False
    """The FC was killed and started again before it."""

    @property
    def path(self) -> tuple[str, int | None, str]:
        """What stands before the id of a run, the run, and what stands after."""
        run, target = subject(self.command), self.request.target
        before, there, after = target.partition(_ID) if run is not None else (target, "", "")
        return before, run if there else None, after

    @property
    def who(self) -> tuple[tuple[str, str], ...]:
        """The headers that hold names, and the constants that stand for these."""
        tenant, actor = _TENANTS.get(self.command.caller.tenant), self.command.caller.actor
        actors = None if actor == NO_ACTOR else _actor(actor)
        who = ((TENANT_HEADER, tenant), (ACTOR_HEADER, actors))
        return tuple((header, constant) for header, constant in who if constant is not None)

    @property
    def headers(self) -> tuple[tuple[str, str], ...]:
        """The headers that are fixed."""
        return tuple(each for each in self.request.headers.items() if each[0] not in _GIVEN)

    @property
    def key(self) -> str | None:
        """The idempotency key, to be made fresh."""
        return getattr(self.command, "key", None)


def calls(trace: Trace) -> tuple[Call, ...]:
    """Return the calls of a trace in order."""
    made: list[Call] = []
    ids: dict[int | None, str] = {}
    wanted = {subject(each) for each in trace.commands if not isinstance(each, CreateRun)}
    waits, restarted = 0.0, False
    for step in trace.steps:
        if isinstance(step.send, Restart):
            restarted = True
            continue
        if isinstance(step.send, Wait):
            waits += step.send.seconds
            continue
        if step.send.caller.loss is Loss.CUT:
            continue  # nobody has got it
        then, makes = _then(step.reply), None
        answered = step.send.caller.loss is None and then != "refused"
        if isinstance(step.send, CreateRun) and step.send.run in wanted and answered:
            makes = step.send.run
            wanted.remove(makes)
        then = None if step is trace.steps[-1] else then
        made.append(Call(step.send, _request(trace, step, ids), makes, then, waits, restarted))
        waits, restarted = 0.0, False
        if makes is not None and isinstance(step.reply, Reply):
            ids[makes] = str((step.reply.run or {}).get("run_id", ""))
    return tuple(made)


def _request(trace: Trace, step: TraceStep, ids: dict[int | None, str]) -> Request:
    """Return the request of a step, in whose path a symbol stands for the id of its run."""
    sent, run = step.request, subject(step.send)
    named = run is not None and not isinstance(step.send, CreateRun)
    if sent is None or (named and not ids.get(run)):  # of another conversation, or answered so
        return Codec(trace.names, trace.dialect).encode(step.send, _named, "")
    path = sent.path.replace(_ID, "")  # of which none was sent
    before, there, after = path.rpartition(f"/{ids[run]}") if named else ("", "", path)
    body = None if sent.body is None else sent.body.encode("utf-8", "surrogateescape")
    return Request(sent.method, f"{before}/{_ID}{after}" if there else after, sent.headers, body)


def constants(trace: Trace, made: tuple[Call, ...]) -> dict[str, tuple[str, str]]:
    """Return the variable and the default of each constant that the calls take."""
    used = {constant for call in made for _, constant in call.who}
    used |= {"TENANT"} if "NEAR" in used else set()  # of which it is made
    tenants = ((_TENANTS.get(number, ""), name) for number, name in enumerate(trace.names.tenants))
    actors = ((_actor(number), name) for number, name in enumerate(trace.names.actors))
    names = ((each, name) for each, name in (*tenants, *actors) if each in used)
    return {each: (_VARIABLES.get(each, ""), name) for each, name in names}


def _actor(number: int) -> str:
    return "ACTOR" if number == 0 else f"ACTOR_{number}"


def _named(ref: RunRef) -> str:
    if isinstance(ref, Unknown):
        return f"{ref.spelling}-{_NOBODYS[:8]}" if ref.spelling else _NOBODYS
    return _ID


def _then(response: Response | None) -> str | None:
    if not isinstance(response, Reply):
        return None
    if 300 <= response.code < 500:
        return "refused"
    status = (response.run or {}).get("status")
    return status if isinstance(status, str) else None
