"""The first calls to an FC of which nothing is known but its address.

An FC may have routes of its own, demand a token, or refuse every create until it carries what it
wants. What it is asked tells it apart; what it says it wants is tried. Whatever is made is tagged.
"""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Iterator
from typing import Any, Final, TypeAlias

from attrs import define, evolve, field, frozen

from pt004_model.judge.finding import quote
from pt004_model.model.commands import Caller, ChangeRun, Command, CreateRun, Token
from pt004_model.model.moves import policy
from pt004_model.model.replies import NoAnswer, Reply, Undecodable
from pt004_model.model.required import Required
from pt004_model.model.scenarios import HAPPY_PATH, WORKFLOW_ID, plain_create
from pt004_model.model.values import Body
from pt004_model.vocabulary import ROUTES, Decision, Dialect, Routes, Status
from pt004_model.wire.codec import Codec, Request
from pt004_model.wire.sending import Transport

_HEALTHS: Final = ("/healthz", "/api/health")
_OPENAPI: Final = "/openapi.json"
_ANY: Final[tuple[Any, ...]] = ("pt004", 1, True, {}, ["pt004"])
"""Values for a field of which nothing is known but its name, in the order in which they are tried.
"""
_DEMANDS: Final = 20
"""Creates that are tried until one is taken."""
_OURS: Final = frozenset({"workflow_id", "steps", "tags"})
"""What our plainest create carries already."""
_NAME: Final = r"[A-Za-z_][\w.\-]*"
_QUOTED: Final = re.compile(rf"['\"`]({_NAME})['\"`]")
_SAID: Final = (
    rf"(?:missing|requires?|required|lacks)\s+(?:the\s+)?(?:field|property)?\s*:?\s*({_NAME})",
    rf"({_NAME})\s+(?:field\s+)?(?:is|must|has|was)\b",
    rf"(?:field|property)\s+({_NAME})",
    r"\b([a-z]+_[a-z_]+)\b",
)
"""Ways in which a text names a field, the surest first."""
_MOST: Final = 2000
"""Characters of a refusal that are read."""
_CHOICES: Final = re.compile(r"(?:one of|registered|known|available|allowed|choose from)\W+(.*)")
_Schema: TypeAlias = dict[str, Any]


class NoContact(Exception):  # noqa: N818 - said of an FC, in sentences for people
    """Nothing can be made of what answers; the message says what was tried and what came back."""


@frozen
class Contact:
    """What the first calls have shown of an FC.

    ``governs`` says that it knows the steps of a run, ``registered`` that a workflow must be there
    before a run is made of it, ``demands_token`` that it refuses calls without one (``None``:
    nobody gave us one to leave out), ``lacks`` the areas of the contract that it does not know.
    """

    routes: Routes
    dialect: Dialect | None
    required: Required
    governs: bool
    registered: bool
    demands_token: bool | None
    lacks: tuple[str, ...] = ()


@define
class _Calls:
    """The calls of a first contact, and what was said to them."""

    codec: Codec
    transport: Transport
    tried: list[str] = field(factory=list)

    def get(self, path: str) -> Reply:
        """Ask for a path. Raises :class:`NoContact` without an answer."""
        return self._send(evolve(self.codec.health(), target=path))

    def do(self, command: Command, run_id: str = "") -> Reply:
        """Send a command. Raises :class:`NoContact` without an answer."""
        command = self.codec.required.complete(command)
        return self._send(self.codec.encode(command, lambda _: run_id, "first-contact"))

    def _send(self, request: Request) -> Reply:
        answer = self.transport.send(request)
        asked = f"{request.method} {request.target}"
        if isinstance(answer, NoAnswer):
            self.tried.append(f"{asked}: no answer, {answer.why}")
            raise self.failed("no Federation Core answers")
        reply = self.codec.read(answer)
        body = reply.body
        said = body.why if isinstance(body, Undecodable) else quote(body)
        self.tried.append(f"{asked}: {reply.code}, {said}")
        return reply

    def failed(self, why: str) -> NoContact:
        """Return the error that nothing can be made of this, with all that was tried."""
        return NoContact("\n".join((f"{why}; tried:", *(f"  {each}" for each in self.tried))))


def make_contact(codec: Codec, transport: Transport) -> Contact:
    """Find out how an FC is to be asked, beginning as ``codec`` says. Raises :class:`NoContact`."""
    calls = _Calls(codec, transport)
    health = next(
        (
            path
            for path in dict.fromkeys((codec.routes.health, *_HEALTHS))
            if (reply := calls.get(path)).code == 200 and not isinstance(reply.body, Undecodable)
        ),
        None,
    )
    if health is None:
        raise calls.failed("what answers is no Federation Core, or its health is asked elsewhere")
    found = calls.get(_OPENAPI)
    document = found.body if found.code == 200 and isinstance(found.body, dict) else {}
    documented = _documented(document)
    first = _answering(calls, (codec.routes, *ROUTES.values(), *documented), health)
    if first.code in {401, 403}:
        raise calls.failed(
            "a token is missing or not good; set FC_TOKEN, or SECRET_KEY to have tokens made"
        )
    created, governs = _created(calls, first, _create_schema(document, calls.codec.routes))
    governs = governs and _governs(calls, created)
    registered = _registered(calls)
    routes = calls.codec.routes
    dialect = next((d for d, each in ROUTES.items() if each[:3] == routes[:3]), None)
    knows = {"policy": governs or _heeds_policy(calls), "idempotency": _keeps_keys(calls)}
    lacks = tuple(area for area, known in knows.items() if not known)
    demands = None
    if codec.token(Token.GOOD) is not None:
        bare = CreateRun(0, plain_create(), caller=Caller(token=Token.MISSING))
        demands = calls.do(bare).code in {401, 403}
    return Contact(routes, dialect, calls.codec.required, governs, registered, demands, lacks)


def _answering(calls: _Calls, every: tuple[Routes, ...], health: str) -> Reply:
    """Return the answer to a first create, by the first routes that are there."""
    for routes in dict.fromkeys(each._replace(health=health) for each in every):
        calls.codec = evolve(calls.codec, routes=routes)
        reply = calls.do(CreateRun(0, plain_create(HAPPY_PATH.steps)))
        if reply.code not in {404, 405} or _run_of(reply):
            return reply
    raise calls.failed("no run can be made by the routes of either dialect; say them in [routes]")


def _created(calls: _Calls, reply: Reply, schema: _Schema) -> tuple[dict[str, Any], bool]:
    """Return a run once one is made, as is wanted; and that it was made with steps."""
    steps: tuple[str, ...] = HAPPY_PATH.steps
    wanted = _Wanted(calls.codec.required, schema)
    for _ in range(_DEMANDS):
        if run := _run_of(reply):
            return run, bool(steps)
        if not 400 <= reply.code < 500 or not isinstance(reply.body, dict):
            break
        detail = next(iter(reply.body.values()), "")
        detail = reply.body.get("detail", detail)
        if not wanted.satisfy(detail):
            if not (steps and "steps" in json.dumps(detail)[:_MOST]):
                break
            steps = ()
        calls.codec = evolve(calls.codec, required=wanted.required)
        reply = calls.do(CreateRun(0, plain_create(steps)))
    raise calls.failed("no create is taken; say what one must carry in [create] of pt004.toml")


def _run_of(reply: Reply) -> dict[str, Any]:
    """Return the run that an accepted call shows, empty without one."""
    run = reply.run or {}
    return run if reply.code < 300 and isinstance(run.get("run_id"), str) else {}


def _governs(calls: _Calls, run: dict[str, Any]) -> bool:
    """Tell if an FC knows the steps of a run: it shows them, or refuses to start another."""
    if run.get("steps") == [*HAPPY_PATH.steps]:
        return True
    nowhere = Body.of({"status": "running", "current_step": "step_of_nobody", "step_index": 7})
    return calls.do(ChangeRun(0, nowhere), run["run_id"]).code >= 300


def _registered(calls: _Calls) -> bool:
    """Tell if an FC refuses a workflow that it cannot know; then ours is to be named alone."""
    required = calls.codec.required
    if required.workflow_ids:
        return True
    fields = {**plain_create().fields, "workflow_id": "pt004_not_registered"}
    if calls.do(CreateRun(0, Body.of(fields))).code < 400:
        return False
    calls.codec = evolve(calls.codec, required=evolve(required, workflow_ids=(WORKFLOW_ID,)))
    return True


def _heeds_policy(calls: _Calls) -> bool:
    """Tell if an FC refuses to complete a run without steps after a decision to deny."""
    run = _run_of(calls.do(CreateRun(0, plain_create())))
    if not run:
        return True
    denied = {"status": Status.RUNNING.value, "policy": policy(Decision.DENY)}
    started = calls.do(ChangeRun(0, Body.of(denied)), run["run_id"])
    done = calls.do(ChangeRun(0, Body.of({"status": Status.COMPLETED.value})), run["run_id"])
    return started.code >= 300 or done.code >= 300


def _keeps_keys(calls: _Calls) -> bool:
    """Tell if an FC makes one run of a create that is sent twice with one idempotency key."""
    create = CreateRun(0, plain_create(), key=secrets.token_hex(8))
    one, other = _run_of(calls.do(create)), _run_of(calls.do(create))
    return not one or not other or one["run_id"] == other["run_id"]


@define
class _Wanted:
    """What creates must carry, as far as refusals have told; ``tries`` counts by field."""

    required: Required
    schema: _Schema
    tries: dict[tuple[str, ...], int] = field(factory=dict)

    def satisfy(self, detail: object) -> bool:
        """Take up one thing that a refusal names; tell if there was one that is left to try."""
        for path, values in _named(detail):
            tried = self.tries.get(path, 0)
            if path == ("workflow_id",):
                ids = [each for each in values if isinstance(each, str)]
                if tried < len(ids):
                    self.required = evolve(self.required, workflow_ids=(ids[tried],))
                    self.tries[path] = tried + 1
                    return True
                continue
            choices = [values] if values else []
            choices += [[each] for each in (*_samples(self.schema, path), *_ANY)]
            if path[-1] in _OURS or tried >= len(choices):
                continue
            value: Any = choices[tried]
            if len(value) == 1 and not isinstance(value[0], list | dict):
                value = value[0]
            self.tries[path] = tried + 1
            self.required = evolve(self.required, fields=_with(self.required.fields, path, value))
            return True
        return False


def _with(fields: dict[str, Any], path: tuple[str, ...], value: Any) -> dict[str, Any]:
    name, *rest = path
    there = fields.get(name)
    if rest:
        value = _with(there if isinstance(there, dict) else {}, tuple(rest), value)
    return {**fields, name: value}


def _named(detail: object) -> Iterator[tuple[tuple[str, ...], list[Any]]]:
    """Yield the fields that a refusal names, by where they are, each with the values it names."""
    for each in detail if isinstance(detail, list) else [detail]:
        if isinstance(each, dict) and isinstance(each.get("loc"), list):
            path = tuple(str(part) for part in each["loc"] if part not in ("body", "query"))
            expected = each.get("ctx", {}) if isinstance(each.get("ctx"), dict) else {}
            if path:
                yield path, _QUOTED.findall(str(expected.get("expected", "")))
            continue
        text = (each if isinstance(each, str) else json.dumps(each))[:_MOST]
        listed = _CHOICES.search(text)
        values = re.findall(_NAME, listed[1]) if listed else []
        values = [word for word in values if word not in {"or", "and", "are", "workflows"}]
        before = text[: listed.start()] if listed else text
        names = [*_QUOTED.findall(before)]
        names += [name for way in _SAID for name in re.findall(way, before)]
        if "workflow" in text and values:
            yield ("workflow_id",), values
        for name in dict.fromkeys(names):
            yield tuple(name.strip(".").split(".")), values


def _samples(schema: _Schema, path: tuple[str, ...]) -> list[Any]:
    """Return values for a field by its schema: those that it lists, or one of its type."""
    for name in path:
        schema = schema.get("properties", {}).get(name, {})
    listed: list[Any] = []
    for name in ("enum", "examples"):
        listed += schema[name] if isinstance(schema.get(name), list) else []
    listed += [schema[name] for name in ("const", "default", "example") if name in schema]
    kind = str(schema.get("type"))
    kinds: dict[str, Any] = {"string": "pt004", "integer": 1, "boolean": True, "object": {}}
    return [*listed, *([kinds[kind]] if kind in kinds else [])]


def _documented(document: dict[str, Any]) -> tuple[Routes, ...]:
    """Return the routes that an OpenAPI document has for runs."""
    paths = document.get("paths")
    every = {path: each for path, each in (paths if isinstance(paths, dict) else {}).items()
             if isinstance(each, dict)}  # fmt: skip
    found = []
    for create, methods in every.items():
        inner = {path: re.sub(r"\{[^}]+\}", "{run_id}", path) for path in every
                 if path.startswith(f"{create}/") and path.count("{") == 1}  # fmt: skip
        change = [inner[path] for path in inner if "patch" in every[path]]
        read = [inner[path] for path in inner if "get" in every[path]]
        if "post" in methods and "{" not in create and change and read:
            found.append(Routes(create, min(change, key=len), min(read, key=len)))
    return tuple(found)


def _create_schema(document: dict[str, Any], routes: Routes) -> _Schema:
    """Return the schema of the body of a create, empty where there is none; refs are followed."""
    schema: Any = document
    for name in ("paths", routes.create, "post", "requestBody", "content", "application/json"):
        schema = schema.get(name, {}) if isinstance(schema, dict) else {}
    schema = schema.get("schema", {}) if isinstance(schema, dict) else {}
    return _resolved(document, schema, 5)


def _resolved(document: dict[str, Any], schema: Any, depth: int) -> _Schema:
    if not isinstance(schema, dict) or not depth:
        return {}
    there: Any = schema
    if isinstance(schema.get("$ref"), str):
        there = document
        for name in schema["$ref"].removeprefix("#/").split("/"):
            there = there.get(name, {}) if isinstance(there, dict) else {}
        return _resolved(document, there, depth - 1)
    inner = there.get("properties")
    properties = inner if isinstance(inner, dict) else {}
    named = {name: _resolved(document, each, depth - 1) for name, each in properties.items()}
    return {**there, "properties": named}
