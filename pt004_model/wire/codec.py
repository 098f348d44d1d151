"""Commands into requests, responses into replies, by the routes and names of one FC (section 1).

Decoding is total and strict: whatever came back becomes a reply, and a body
that is not JSON becomes one that says so. Only the judge says what that means.
"""

from __future__ import annotations

import json
import secrets
from collections import Counter
from collections.abc import Callable
from string import ascii_letters, digits
from typing import Final, NoReturn

from attrs import Factory, evolve, field, frozen

from pt004_model.model.commands import (
    NO_ACTOR,
    US,
    Caller,
    ChangeRun,
    Command,
    CreateRun,
    Names,
    OddPath,
    ReadRun,
    Restart,
    Route,
    RunRef,
    Tenant,
    Token,
    Wait,
)
from pt004_model.model.replies import NoAnswer, Reply, Response, Undecodable
from pt004_model.model.required import NOTHING, Required
from pt004_model.model.values import Json
from pt004_model.vocabulary import (
    ACTOR_HEADER,
    AUTHORIZATION_HEADER,
    CORRELATION_HEADER,
    IDEMPOTENCY_HEADER,
    ROUTES,
    TENANT_HEADER,
    TRACE_HEADER,
    Dialect,
    Routes,
)
from pt004_model.wire.spelling import Spelling


@frozen
class Request:
    """A request, ready to be sent. ``target`` is path and query as they stand on the wire."""

    method: str
    target: str
    headers: dict[str, str] = field(repr=False)
    content: bytes | None = None


@frozen
class Answer:
    """A response as it came: header names in lower case, times in epoch seconds."""

    code: int
    headers: dict[str, str]
    content: bytes
    sent: float
    received: float


@frozen
class Exchange:
    """One call: the request as sent, the answer as received, and the response that it reads as.

    What answers without HTTP, like a stub, has neither of the first two.
    """

    response: Response
    request: Request | None = None
    answer: Answer | None = field(default=None, repr=False)


@frozen
class Codec:
    """Speaks one dialect, or by other routes, under the names given.

    ``token`` makes the bearer token of a kind, or ``None`` to send none.
    """

    names: Names
    dialect: Dialect = Dialect.SEED
    token: Callable[[Token], str | None] = field(default=lambda _: None, repr=False)
    routes: Routes = field(default=Factory(lambda self: ROUTES[self.dialect], takes_self=True))
    spelling: Spelling = field(factory=Spelling)
    trace: Callable[[], str | None] = field(default=lambda: None, repr=False)
    """Makes the ``traceparent`` of a call (W3C Trace Context), where calls have one."""
    required: Required = NOTHING
    """What the FC demands of every create, for whoever makes one without a conversation."""

    def health(self) -> Request:
        """Return the request that asks if the FC is there, with the headers of any other call."""
        return self._request("GET", self.routes.health, self._caller(US))

    def encode(self, command: Command, run_id: Callable[[RunRef], str], nonce: str) -> Request:
        """Return the request for ``command``; ``run_id`` names runs, ``nonce`` makes keys fresh."""
        if isinstance(command, Wait | Restart):
            raise TypeError("nothing is sent for a wait or a restart")
        headers, routes = self._caller(command.caller), self.routes
        if isinstance(command, OddPath):
            before, _, _ = routes.read.partition("{run_id}")
            return self._request("GET", f"{before}{command.part}", headers)
        if isinstance(command, CreateRun):
            if command.correlation is not None:
                headers[CORRELATION_HEADER] = command.correlation
            return self._with_body("POST", routes.create, headers, command, nonce)
        if isinstance(command, ChangeRun):
            target = _path(routes.change, run_id(command.run))
            return self._with_body("PATCH", target, headers, command, nonce)
        if isinstance(command, ReadRun):
            wanted = (("include_logs", command.logs), ("include_gates", command.gates))
            query = "&".join(f"{name}=true" for name, on in wanted if on)
            target = _path(routes.read, run_id(command.run))
            if command.key is not None:
                headers[IDEMPOTENCY_HEADER] = _key(command.key, nonce)
            return self._request("GET", f"{target}?{query}" if query else target, headers)
        target = getattr(routes, command.route)
        if command.route is not Route.CREATE:
            target = _path(target, run_id(command.run))
        return self._request(command.method, target, headers)

    def exchange(self, request: Request, answer: Answer | NoAnswer) -> Exchange:
        """Return the exchange of a request and its answer, read. Never raises."""
        if isinstance(answer, NoAnswer):
            return Exchange(answer, request)
        return Exchange(self.read(answer), request, answer)

    def read(self, answer: Answer) -> Reply:
        """Return the reply that an answer holds, in the names of the contract. Never raises."""
        reply = decode(answer)
        if isinstance(reply.body, Undecodable):
            return reply
        body = self.spelling.read(reply.body)
        return evolve(reply, body=body, outside=self.spelling.outside(body))

    def _request(
        self, method: str, target: str, headers: dict[str, str], content: bytes | None = None
    ) -> Request:
        named = {self.spelling.header(name): value for name, value in headers.items()}
        if (traceparent := self.trace()) is not None:
            named[TRACE_HEADER] = traceparent
        return Request(method, target, named, content)

    def _caller(self, caller: Caller) -> dict[str, str]:
        headers: dict[str, str] = {}
        if caller.tenant is not Tenant.NOBODY:
            headers[TENANT_HEADER] = self.names.tenants[caller.tenant]
        if caller.actor != NO_ACTOR:
            headers[ACTOR_HEADER] = self.names.actors[caller.actor]
        token = self.token(caller.token)
        if token is not None:
            headers[AUTHORIZATION_HEADER] = bearer(token)
        return headers

    def _with_body(
        self,
        method: str,
        target: str,
        headers: dict[str, str],
        command: CreateRun | ChangeRun,
        nonce: str,
    ) -> Request:
        if command.key is not None:
            headers[IDEMPOTENCY_HEADER] = _key(command.key, nonce)
        if command.content_type is not None:
            headers["Content-Type"] = command.content_type
        return self._request(method, target, headers, self.spelling.body(command.body))


def _path(template: str, run_id: str) -> str:
    return template.replace("{run_id}", run_id)


def traceparent() -> str:
    """Return the header of a call by itself, under which an FC's traces and logs show it."""
    return f"00-{secrets.token_hex(16)}-{secrets.token_hex(8)}-01"


def bearer(token: str) -> str:
    """Return the value of the header that holds a token."""
    return f"Bearer {token}"


def around_nonce(key: str) -> tuple[str, str]:
    """Return what of a key stands before the nonce that makes it fresh, and what behind it.

    Keys that begin alike do so on the wire too. What leads up to the last mark of a key stands
    before its nonce: a tenant's name can end so, and be taken for a part of the key.
    """
    before = key.rstrip(ascii_letters + digits)
    return before, key[len(before) :]


def _key(key: str, nonce: str) -> str:
    """Return the key on the wire; an empty one counts as none, and stays empty."""
    before, behind = around_nonce(key)
    return f"{before}{nonce}-{behind}" if key else ""


class _NotJsonError(ValueError):
    """The text is not JSON, or says two things at once."""


def _constant(name: str) -> NoReturn:
    raise _NotJsonError(f"holds {name}, which JSON does not have")


def _members(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    members = dict(pairs)
    if len(members) != len(pairs):
        ((twice, _),) = Counter(name for name, _ in pairs).most_common(1)
        raise _NotJsonError(f"the name {ascii(twice)[:_NAME]} stands twice in one object")
    return members


_DECODER: Final = json.JSONDecoder(parse_constant=_constant, object_pairs_hook=_members)
_START: Final = 80
_NAME: Final = 40
_PLAIN: Final = frozenset({"", "identity"})


def read_json(content: bytes) -> Json | Undecodable:
    """Return the JSON value in ``content``, or why there is none. Total."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return Undecodable("not UTF-8", content[:_START].decode("utf-8", "replace"))
    if text.startswith("\ufeff"):  # our parser would only say that a value is expected
        return Undecodable("begins with a byte-order mark", text[:_START])
    try:
        value: Json = _DECODER.decode(text)
    except json.JSONDecodeError as error:
        return Undecodable(f"not JSON ({error.msg})", text[:_START])
    except RecursionError:
        return Undecodable("nested too deep", text[:_START])
    except ValueError as error:  # also a number with more digits than Python reads
        return Undecodable(str(error), text[:_START])
    return value


def decode(answer: Answer) -> Reply:
    """Return the reply that an answer holds. Total: never raises."""
    body = read_json(answer.content)
    encoding = answer.headers.get("content-encoding", "").strip().lower()
    if isinstance(body, Undecodable) and encoding not in _PLAIN:
        why = f"the body is compressed ({ascii(encoding)[1:-1][:_NAME]}) though identity was asked"
        body = evolve(body, why=why)
    return Reply(
        code=answer.code,
        body=body,
        sent=answer.sent,
        received=answer.received,
        content_type=answer.headers.get("content-type", ""),
    )
