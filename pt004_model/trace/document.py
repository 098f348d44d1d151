"""A trace as a value, read from its document and written to one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar, Final, TypeAlias, get_args

from attrs import NOTHING, field, fields, frozen
from cattrs import Converter
from cattrs.gen import make_dict_unstructure_fn, override
from cattrs.strategies import configure_tagged_union

from pt004_model.judge.checks import SEVERITIES
from pt004_model.judge.finding import FINGERPRINT, fingerprint
from pt004_model.model.commands import (
    Caller,
    Command,
    CreateRun,
    Names,
    RunRef,
    Unknown,
    Wait,
)
from pt004_model.model.replies import NoAnswer, Reply, Response, Undecodable
from pt004_model.model.values import Body, Value
from pt004_model.trace.files import Unusable, document_of, read_bytes, read_from
from pt004_model.trace.reading import Misfit, demand, strict, value_of
from pt004_model.vocabulary import HEADER, Dialect

FORMAT: Final = "pt004-trace"
VERSION: Final = 2
_TAG: Final = "command"  # the member that names the class of a command
_TIMES: Final = ("sent", "received")  # in epoch seconds
_SHOWN: Final = 200  # characters of a file's content that are repeated
_Holds: TypeAlias = Callable[[Any], object]


@frozen
class Said:
    """One finding as it is told: the check, where in the reply, and both sides."""

    check: str
    where: str
    expected: str
    observed: str


@frozen
class SentRequest:
    """A request as it was sent, without what is secret. ``path`` has the query in it.

    ``body`` is the text that was sent; bytes that are not UTF-8 are kept as surrogate escapes.
    """

    method: str
    path: str
    headers: dict[str, str]
    body: str | None


@frozen
class Allowed:
    """One outcome that the contract allowed, in words and as the codes that its answer may have.

    A code like ``4XX`` stands for a hundred of them. ``status`` is that of the run in an answer
    that accepts, ``None`` in any other; with ``replay`` it shows the run as it was then. Version 1
    had the words alone.
    """

    says: str
    codes: tuple[str, ...] = ()
    status: str | None = None
    replay: bool = False


@frozen
class TraceStep:
    """One command: what the model allowed, what was sent, and what came back.

    ``before`` and ``after`` are the run's state in words, ``None`` for a run that is not there.
    ``came`` is the place in ``allowed`` of what came about, ``None`` where nothing allowed did.
    ``request`` and ``reply`` are ``None`` for a wait, and for a command of an earlier conversation,
    of which only the command was kept. ``reply_headers`` are those of the answer, with names in
    lower case. Of calls at once that no order explains, ``effect`` is the place in the longest
    order that could be begun, from 1, and ``against`` what forbids this call to be next.
    """

    says: str
    send: Command
    before: str | None
    after: str | None
    allowed: tuple[Allowed, ...]
    request: SentRequest | None
    reply: Response | None
    findings: tuple[Said, ...]
    came: int | None = None
    reply_headers: dict[str, str] = field(factory=dict)
    effect: int | None = None
    against: tuple[Said, ...] = ()


EXTRACTED: Final = fingerprint("lifecycle.legal-change-accepted", "extracted")
"""The fingerprint of what stands in the place of a finding where a run is to be lived again."""


@frozen
class Reproduced:
    """The replays of a finding, and those in which it was seen again."""

    seen: int
    runs: int

    @property
    def flaky(self) -> bool:
        """True when it came in some replays and not in others, or in none."""
        return self.seen < self.runs

    def __str__(self) -> str:
        """Return the counts as they are shown to people."""
        return f"{self.seen} of {self.runs}"


@frozen
class Trace:
    """A conversation that ended in a finding: all that the trace file holds.

    ``section`` and ``sentence`` are those of the check, ``clause`` is the text of that section.
    ``first_seen`` and ``last_seen`` are in RFC 3339, ``requests_to_first`` counts requests.
    ``other`` is a replay of the same commands in which the finding did not show, if there was one.
    ``headers`` are the names of headers that went with every request, ``ca_bundle`` the file with
    the certificates that were trusted. ``lasting`` says that ``base_url`` is the address of an FC
    that goes on after the campaign. ``echo_of`` is the finding that this one follows from, ``past``
    are the fingerprints of others that its calls at once were judged past.
    ``tracing`` is the trace id of the last request (W3C Trace Context), or where the FC's own
    tracing shows it.
    """

    fingerprint: str
    check: str
    area: str
    severity: str
    section: str
    sentence: str
    clause: str
    where: str
    expected: str
    observed: str
    seed: int
    profile: str
    dialect: Dialect
    base_url: str
    names: Names
    requests_to_first: int
    occurrences: int
    first_seen: str
    last_seen: str
    shrunk: bool
    reproduced: Reproduced | None
    known: bool
    versions: dict[str, str]
    steps: tuple[TraceStep, ...]
    other: tuple[TraceStep, ...] = ()
    headers: tuple[str, ...] = ()
    ca_bundle: str | None = None
    lasting: bool = False
    echo_of: str = ""
    past: tuple[str, ...] = ()
    tracing: str = ""

    @property
    def fc(self) -> str:
        """The FC for people: its dialect, and its address unless it was never asked."""
        return f"{self.base_url}{', ' if self.base_url else ''}dialect {self.dialect}"

    @property
    def commands(self) -> tuple[Command, ...]:
        """Return what is sent to see the finding again; the last command is the one that fails."""
        return tuple(step.send for step in self.steps)


def _body_out(body: Body) -> dict[str, Any]:
    reading = body.reading
    if isinstance(reading, Value) and Body.of(reading.json) == body:
        return {"json": reading.json}
    return {"text": body.text}


def _body_in(raw: Any, _: type) -> Body:
    if isinstance(raw, dict) and raw.keys() == {"json"}:
        return Body.of(raw["json"])
    return Body(_alone(raw, "text"))


def _alone(raw: Any, name: str) -> str:
    """Return the text that is all that an object holds."""
    if not isinstance(raw, dict) or raw.keys() != {name}:
        raise Misfit(raw)
    return _CONVERTER.structure(raw[name], str)


def _ref_out(ref: RunRef) -> Any:
    return {"unknown": ref.spelling} if isinstance(ref, Unknown) else ref


def _ref_in(raw: Any, _: type) -> RunRef:
    if isinstance(raw, dict):
        return Unknown(_alone(raw, "unknown"))
    if (number := _CONVERTER.structure(raw, int)) < 0:
        raise Misfit(raw)
    return number


def _command_in(raw: Any, _: type) -> Command:
    kinds = {each.__name__: each for each in get_args(Command)}
    if not isinstance(raw, dict) or str(raw.get(_TAG)) not in kinds:
        raise Misfit(raw, "is no command")
    told = {name: each for name, each in raw.items() if name != _TAG}
    command: Command = _CONVERTER.structure(told, kinds[raw[_TAG]])
    return command


def _response_out(response: Response | None) -> dict[str, Any] | None:
    if response is None:
        return None
    times = {name: getattr(response, name, 0.0) for name in _TIMES}
    head: dict[str, Any] = {name: time for name, time in times.items() if time}
    if isinstance(response, NoAnswer):
        return {"no_answer": response.why, "applied": response.applied, **head}
    body, head = response.body, {
        "status": response.code, "content_type": response.content_type, **head
    }  # fmt: skip
    if isinstance(body, Undecodable):
        return {**head, "undecodable": body.why, "start": body.start}
    return {**head, "body": body}


@frozen
class _Response:
    """The members of a response in its document, of whichever of these forms it is."""

    forms: ClassVar = (
        {"status", "content_type", "body"},
        {"status", "content_type", "undecodable", "start"},
        {"no_answer", "applied"},
    )
    status: int = 0
    content_type: str = ""
    body: Any = None
    undecodable: str = ""
    start: str = ""
    no_answer: str = ""
    applied: bool = False
    sent: float = 0.0
    received: float = 0.0


def _response_in(raw: Any, _: type) -> Response | None:
    if raw is None:
        return None
    if not isinstance(raw, dict) or raw.keys() - {*_TIMES} not in _Response.forms:
        raise Misfit(raw)
    told = _CONVERTER.structure(raw, _Response)
    if "no_answer" in raw:
        return NoAnswer(told.no_answer, told.applied, told.sent)
    body = Undecodable(told.undecodable, told.start) if "undecodable" in raw else told.body
    return Reply(told.status, body, told.sent, told.received, told.content_type)


def _names_out(names: Names) -> dict[str, list[str]]:
    return {"tenants": list(names.tenants), "actors": list(names.actors)}


def _from(least: float) -> _Holds:
    return lambda number: number is None or number >= least


def _all(pattern: str) -> _Holds:
    return lambda texts: all(re.fullmatch(pattern, each) for each in texts)


def _is_time(text: str) -> bool:
    try:
        return text.endswith("Z") and moment(text) is not None
    except ValueError:
        return False


_OF_COMMANDS: Final[dict[type, dict[str, _Holds]]] = {
    CreateRun: {"run": _from(0)},
    Wait: {"run": _from(0), "seconds": _from(0)},
}
_LIMITS: Final[dict[type, dict[str, _Holds]]] = {  # in this order: each holds those before
    _Response: {"status": range(100, 1000).__contains__},
    Names: {"tenants": lambda names: len(names) > 1, "actors": len},
    Reproduced: {"seen": _from(0), "runs": _from(1)},
    SentRequest: {"method": re.compile("[A-Z]+").fullmatch, "headers": _all(HEADER.pattern)},
    Allowed: {"codes": _all("[1-5](XX|[0-9][0-9])")},
    TraceStep: {"came": _from(0), "effect": _from(1)},
    Trace: {
        "fingerprint": FINGERPRINT.fullmatch,
        "check": re.compile(r"[a-z]+\.[a-z-]+").fullmatch,
        "severity": SEVERITIES.__contains__,
        "seed": _from(0),
        "requests_to_first": _from(0),
        "occurrences": _from(1),
        "first_seen": _is_time,
        "last_seen": _is_time,
        "steps": len,
        "headers": _all(HEADER.pattern),
        "past": _all(FINGERPRINT.pattern),
    },
}
"""Limits of fields that a type cannot tell."""


def _converter() -> Converter:
    converter = strict(Converter(forbid_extra_keys=True))
    converter.register_unstructure_hook(Body, _body_out)
    converter.register_structure_hook(Body, _body_in)
    converter.register_unstructure_hook(RunRef, _ref_out)
    converter.register_structure_hook(RunRef, _ref_in)
    converter.register_unstructure_hook(Response | None, _response_out)
    converter.register_structure_hook(Response | None, _response_in)
    converter.register_unstructure_hook(Names, _names_out)
    alone = override(omit_if_default=True)
    caller = make_dict_unstructure_fn(Caller, converter, client=alone, loss=alone)
    converter.register_unstructure_hook(Caller, caller)
    demand(converter, Caller, {"client", "loss"}, actor=_from(-1), client=_from(0))
    for command in get_args(Command):
        demand(converter, command, (), **_OF_COMMANDS.get(command, {}))
    configure_tagged_union(Command, converter, tag_name=_TAG)
    converter.register_structure_hook(Command, _command_in)
    for kind, limits in _LIMITS.items():
        grown = [each.name for each in fields(kind) if each.default is not NOTHING]
        demand(converter, kind, grown, **limits)
    for kind in (Allowed, TraceStep, Trace):  # in this order: each holds those before
        out = make_dict_unstructure_fn(kind, converter, _cattrs_omit_if_default=True)
        converter.register_unstructure_hook(kind, out)
    return converter


_CONVERTER: Final = _converter()


def dump_trace(trace: Trace) -> dict[str, Any]:
    """Return the document of a trace as JSON; :func:`read_trace` reads it back."""
    return {"format": FORMAT, "version": VERSION, **_CONVERTER.unstructure(trace)}


def read_trace(document: object) -> Trace:
    """Return the trace that a document holds.

    Raises :class:`Unusable`, whose message begins with what is wrong, for any other document.
    """
    if isinstance(document, dict) and document.get("version") == 1:
        document = _of_version_1(document)
    document = document_of(document, "trace", FORMAT, VERSION)
    told = {name: each for name, each in document.items() if name not in {"format", "version"}}
    try:
        return value_of(_CONVERTER, told, Trace)
    except Unusable as wrong:
        raise Unusable(f"it is not what its format says: {wrong}") from None


def _of_version_1(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document of version 1 as one of version 2; whatever it holds, this never raises."""

    def step(raw: Any) -> Any:
        words = raw.get("allowed") if isinstance(raw, dict) else None
        if not isinstance(words, list):
            return raw
        return {**raw, "allowed": [{"says": each} for each in words]}

    steps = {
        name: list(map(step, document[name]))
        for name in ("steps", "other")
        if isinstance(document.get(name), list)
    }
    return {**document, **steps, "version": VERSION}


def moment(text: str) -> datetime:
    """Return a time from RFC 3339.

    Raises ``ValueError`` for all else, without an offset, and for what cannot be written in UTC.
    """
    read = datetime.fromisoformat(text)
    if read.tzinfo is None:
        raise ValueError(f"{text!r} has no offset")
    try:
        read.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(str(error)) from None
    return read


def load_trace(path: Path) -> Trace:
    """Return the trace in a file. Raises :class:`Unusable`, a sentence for people."""
    content = read_bytes(path)
    with read_from(path):
        try:
            document = json.loads(content.decode("utf-8"))
        except (ValueError, RecursionError) as error:
            why = str(error)[:_SHOWN] or "it is nested too deep"
            raise Unusable(f"it is no JSON document, or was cut off ({why})") from None
        return read_trace(document)
