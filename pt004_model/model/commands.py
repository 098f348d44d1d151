"""Commands and replies as data: what a client asks of an FC, and what comes back.

Runs, tenants, actors and idempotency keys are symbolic. Whoever sends a command gives them names,
so the same commands can be sent again, to any FC, at any time.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from enum import IntEnum, StrEnum
from typing import ClassVar, Final, TypeAlias

from attrs import evolve, frozen

from pt004_model.model.asks import Change, read_change
from pt004_model.model.values import Body, Json


class Tenant(IntEnum):
    """Who a call is made for.

    ``NEAR`` has a name that is ours in another case, and is a stranger for all that; ``NOBODY``
    sends no tenant header. Those after it are strangers whose names some query, path or header
    takes for ours. From ``COLON`` on they are made up to make runs of their own: an FC that knows
    its tenants need not know them.
    """

    OURS = 0
    STRANGER = 1
    NEAR = 2
    NOBODY = 3
    UNDERSCORED = 4
    PERCENT = 5
    STARRED = 6
    DOTTED = 7
    CUT = 8
    LONGER = 9
    PUNCTUATED = 10
    ESCAPED = 11
    QUOTED = 12
    LISTED = 13
    CLIMBING = 14
    INJECTED = 15
    COLON = 16
    SLASH = 17
    BAR = 18
    HYPHEN = 19
    UNDERSCORE = 20
    LONG = 21
    OTHER_LONG = 22


class Token(StrEnum):
    """The bearer token of a call (section 12); all but ``GOOD`` must be refused."""

    GOOD = "good"
    MISSING = "missing"
    FORGED = "forged"
    TAMPERED = "tampered"
    RECASED = "recased"
    UNSIGNED = "unsigned"
    NO_PREFIX = "no-prefix"
    EXPIRED = "expired"
    LONG_EXPIRED = "long-expired"
    TEXT_EXPIRY = "text-expiry"
    TRUE_EXPIRY = "true-expiry"
    WRONG_SECRET = "wrong-secret"
    TRUNCATED = "truncated"
    NO_EXPIRY = "no-expiry"
    OTHER_ALGORITHM = "other-algorithm"
    ONE_PART = "one-part"
    NO_JSON = "no-json"


NO_ACTOR: Final = -1
"""The actor of a call without an actor header."""


class Loss(StrEnum):
    """How a call goes without an answer that we ourselves see to."""

    ANSWER = "answer"
    """What is answered is thrown away."""
    CLOSED = "closed"
    """The connection is closed behind the last byte of the request."""
    CUT = "cut"
    """It is closed before that byte, so that nobody can carry the call out."""


@frozen
class Caller:
    """Who makes a call. ``actor`` is a number that stands for a name, or :data:`NO_ACTOR`.

    Consecutive calls with a ``client`` are a round: all clients call at once, each the calls with
    its number one after the other. ``None``: the call is made by itself. ``loss`` says how its
    answer is lost, where we see to that.
    """

    tenant: Tenant = Tenant.OURS
    actor: int = 0
    token: Token = Token.GOOD
    client: int | None = None
    loss: Loss | None = None


US: Final = Caller()


def other_marks(name: str) -> str:
    """Return a name with hyphens for underscores, and the other way round."""
    return name.translate(str.maketrans("-_", "_-"))


JOINED: Final = {
    Tenant.COLON: ":x",
    Tenant.SLASH: "/x",
    Tenant.BAR: "|x",
    Tenant.HYPHEN: "-x",
    Tenant.UNDERSCORE: "_x",
}
"""Tenants whose names are ours and more, and what more: where ours is joined to a key, a part."""
_SPELT: Final[dict[Tenant, tuple[Callable[[str], str], str]]] = {
    Tenant.NEAR: (str.swapcase, "of our name in another case"),
    Tenant.UNDERSCORED: (lambda n: f"{n[:-1]}_", "of our name with an underscore at its end"),
    Tenant.PERCENT: (lambda n: f"{n[:1]}%", "of our first letter and a percent sign"),
    Tenant.STARRED: (lambda n: f"{n[:1]}*", "of our first letter and a star"),
    Tenant.DOTTED: (lambda n: f"{n[:-1]}.", "of our name with a dot at its end"),
    Tenant.CUT: (lambda n: n[:-1] or f"{n}.", "of our name without its end"),
    Tenant.LONGER: ("{}0".format, "whose name begins with ours"),
    Tenant.PUNCTUATED: (other_marks, "of our name with other hyphens"),
    Tenant.ESCAPED: (lambda n: f"%{ord(n[0]):02X}{n[1:]}", "of our name with an escape in it"),
    Tenant.QUOTED: ('"{}"'.format, "of our name in quotes"),
    Tenant.LISTED: ("{},x".format, "of a list that begins with our name"),
    Tenant.CLIMBING: ("x/../{}".format, "of a path to our name"),
    Tenant.INJECTED: ("x'or'1'='1".format, "of a condition that is always true"),
    **{each: (f"{{}}{end}".format, f"of our name and {end}") for each, end in JOINED.items()},
    Tenant.LONG: (lambda n: f"{n:0<250}1", "of our name with noughts and 1 at its end"),
    Tenant.OTHER_LONG: (lambda n: f"{n:0<250}2", "of our name with noughts and 2 at its end"),
}
"""Tenants whose names are made of ours: how, and which tenant that is, in their order."""
KIN: Final = tuple(tenant for tenant in _SPELT if tenant < Tenant.COLON)
"""Tenants whose names are nearly ours."""
_FEW: Final = 3


@frozen
class Names:
    """The names that tenants and actors have on the wire, by their numbers."""

    tenants: tuple[str, ...]
    actors: tuple[str, ...]

    @classmethod
    def of(
        cls, ours: str, stranger: str, actors: tuple[str, ...], *, making_up: bool = True
    ) -> Names:
        """Return the names of two tenants, those that are nearly ours, and made-up ones."""
        names = [ours, stranger]
        for tenant in _SPELT if making_up else KIN:
            near = _SPELT[tenant][0](ours)
            while near in names:
                near += "_"
            names.append(near)
        return cls((*names[: Tenant.NOBODY], "", *names[Tenant.NOBODY :]), actors)

    def among(self, commands: Iterable[Command]) -> Names:
        """Return the names without those that nobody has who makes one of ``commands``."""
        callers = [each.caller for each in commands]
        tenant = max((int(each.tenant) for each in callers), default=0)
        actor = max((each.actor for each in callers), default=0)
        kept = max(tenant + 1, _FEW) if tenant > Tenant.NOBODY else _FEW
        return Names(self.tenants[:kept], self.actors[: max(actor + 1, _FEW)])


@frozen
class Unknown:
    """A run that does not exist.

    ``spelling`` is the beginning of its id; with none the id looks like a real one.
    """

    spelling: str = ""


RunRef: TypeAlias = int | Unknown
JSON_TYPE: Final = "application/json"


@frozen
class CreateRun:
    """``POST``: make the run that later commands call ``run`` (section 2)."""

    run: int
    body: Body
    caller: Caller = US
    key: str | None = None
    correlation: str | None = None
    content_type: str | None = JSON_TYPE


@frozen
class ChangeRun:
    """``PATCH``: change the status of a run (section 3.1)."""

    run: RunRef
    body: Body
    caller: Caller = US
    key: str | None = None
    content_type: str | None = JSON_TYPE


@frozen
class ReadRun:
    """``GET``: read a run, with or without its logs and gates (section 1)."""

    run: RunRef
    logs: bool = True
    gates: bool = True
    caller: Caller = US
    key: str | None = None


class Route(StrEnum):
    """The three routes of section 1."""

    CREATE = "create"
    CHANGE = "change"
    READ = "read"


@frozen
class WrongMethod:
    """A method that the route does not have (section 11)."""

    method: str
    route: Route
    run: RunRef
    caller: Caller = US


@frozen
class OddPath:
    """A read of a path whose id part names no run (section 1); ``part`` is sent as it stands."""

    part: str
    caller: Caller = US


@frozen
class Wait:
    """Nothing is asked until ``seconds`` have passed since the last call about a run.

    What happens by itself after a while (a timer, an archive, an end of life) needs no call to
    happen; the contract knows of nothing like it, so the run stays as it is.
    """

    run: int
    seconds: float
    caller: ClassVar[Caller] = US


@frozen
class Restart:
    """The FC is killed ``after`` so many seconds of the calls of a round, and started again.

    Less than nothing: the kill is begun so long before the calls, since it takes its time.
    """

    after: float = 0.0
    caller: ClassVar[Caller] = US


Command: TypeAlias = CreateRun | ChangeRun | ReadRun | WrongMethod | OddPath | Wait | Restart


def subject(command: Command) -> int | None:
    """Return the run of ours that a command is about, if any."""
    if isinstance(command, OddPath | Restart) or isinstance(command.run, Unknown):
        return None
    return command.run


def as_asked(command: Command) -> Command:
    """Return a command without what is ours alone: beside whom it is sent, and how it is lost."""
    if isinstance(command, Wait | Restart) or command.caller == evolve(
        command.caller, client=None, loss=None
    ):
        return command
    return evolve(command, caller=evolve(command.caller, client=None, loss=None))


def describe(command: Command) -> str:
    """Return a command in a few words, for people: ``run 0: start step_2 (deny)``."""
    return f"{_who(command)}{_what(command)}{_extras(command)}"


def _who(command: Command) -> str:
    if isinstance(command, OddPath | Restart):
        return ""
    if isinstance(command.run, Unknown):
        return f"unknown run {command.run.spelling}".rstrip() + ": "
    return f"run {command.run}: "


def _what(command: Command) -> str:
    if isinstance(command, CreateRun):
        fields = command.body.fields
        steps = fields.get("steps")
        if not isinstance(steps, list) or not all(map(_is_plain, steps)):
            return f"create {short(command.body.text)}"
        ordinary = {"steps": steps, "workflow_id": "w"}
        rest = {k: v for k, v in fields.items() if k not in ordinary or v != ordinary[k]}
        told = f"create with steps {short(', '.join(map(str, steps)))}"
        return f"{told} and {short(Body.of(rest).text)}" if rest else told
    if isinstance(command, ReadRun):
        wanted = [n for n, on in (("logs", command.logs), ("gates", command.gates)) if on]
        return "read" + (f" with {' and '.join(wanted)}" if wanted else "")
    if isinstance(command, WrongMethod):
        return f"{command.method} on the {command.route} route"
    if isinstance(command, OddPath):
        return f"read the path part {command.part!r}"
    if isinstance(command, Wait):
        return f"wait {command.seconds:g} s"
    if isinstance(command, Restart):
        when = "after the calls" if command.after >= 0 else "before the calls"
        return f"the FC is killed, {abs(command.after) * 1000:g} ms {when}, and started again"
    return _describe_change(command.body)


def _describe_change(body: Body) -> str:
    change = read_change(body)
    if not isinstance(change, Change):
        return f"change {short(body.text)}"
    fields: dict[str, Json] = {k: v for k, v in body.fields.items() if k != "status"}
    policy = fields.pop("policy", None)
    name, index = fields.pop("current_step", None), fields.pop("step_index", None)
    words = [f"to {change.status}"]
    if name is not None and index is not None:
        words.append(f"naming {name if _is_plain(name) else quoted(name)} ({index})")
    elif name is not None or index is not None:
        named = f"step {quoted(name)} without" if index is None else f"step {index} by"
        words.append(f"naming {named} {'index' if index is None else 'index alone'}")
    if policy is not None:
        words.append(f"with policy {_describe_policy(policy)}")
    if fields:
        words.append(f"with {short(Body.of(fields).text)}")
    return " ".join(words)


def _describe_policy(policy: Json) -> str:
    """Return the decision, and whatever else of it is not as plain as can be."""
    if not isinstance(policy, dict) or not isinstance(policy.get("decision"), str):
        return quoted(policy)
    rest = {k: v for k, v in policy.items() if k != "decision" and not _is_ordinary(v)}
    return f"{policy['decision']} {quoted(rest)}" if rest else str(policy["decision"])


def _is_ordinary(value: Json) -> bool:
    return isinstance(value, str) and len(value) <= _SHORT and _is_plain(value)


_SHORT: Final = 12
_PLAIN: Final = re.compile(r"[\w./ -]+", re.ASCII)


def _is_plain(value: Json) -> bool:
    return isinstance(value, str) and _PLAIN.fullmatch(value) is not None


def quoted(value: Json) -> str:
    """Return a value as JSON in ASCII, cut to a readable length."""
    return short(json.dumps(value))


_TENANTS: Final = {
    Tenant.STRANGER: "as a stranger",
    Tenant.NOBODY: "without tenant",
    **{tenant: f"as the tenant {words}" for tenant, (_, words) in _SPELT.items()},
}
_LOSSES: Final = {
    Loss.ANSWER: "its answer is lost",
    Loss.CLOSED: "closed behind its last byte",
    Loss.CUT: "broken off before its last byte",
}


def _extras(command: Command) -> str:
    if isinstance(command, Wait | Restart):
        return ""
    words: list[str] = []
    caller = command.caller
    if caller.tenant is not Tenant.OURS:
        words.append(_TENANTS[caller.tenant])
    if caller.actor != 0:
        words.append("without actor" if caller.actor == NO_ACTOR else f"as actor {caller.actor}")
    if caller.token is not Token.GOOD:
        words.append(f"with token {caller.token}")
    if caller.client is not None:
        words.append(f"by client {caller.client}")
    if caller.loss is not None:
        words.append(_LOSSES[caller.loss])
    key = getattr(command, "key", None)
    if key is not None:
        words.append(f"under key {short(key, 40)!r}")
    correlation = getattr(command, "correlation", None)
    if correlation is not None:
        words.append(f"with correlation id {short(correlation, 40)!r}")
    content_type = getattr(command, "content_type", JSON_TYPE)
    if content_type != JSON_TYPE:
        words.append(f"as {content_type}")
    return f" [{', '.join(words)}]" if words else ""


def short(text: str, limit: int = 120) -> str:
    """Return ``text``, cut to ``limit`` characters with the number of those left out."""
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text) - limit} more)"
