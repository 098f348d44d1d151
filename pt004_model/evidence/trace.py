"""The trace file: one versioned JSON document of a conversation that ended in a finding.

It holds the commands, with symbolic runs, and for each what the model thought and what came back.
No header is in it, so no token can be; what an FC repeats of our secrets is blotted out.
"""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from importlib.metadata import version
from itertools import takewhile
from pathlib import Path
from typing import Any, Final

import hypothesis
from attrs import frozen
from cattrs import BaseValidationError, Converter
from cattrs.strategies import configure_tagged_union

from pt004_model.evidence.files import write_json
from pt004_model.explore.campaign import Found
from pt004_model.explore.lockstep import Step
from pt004_model.judge.checks import CHECKS
from pt004_model.judge.finding import Finding
from pt004_model.model.commands import Command, RunRef, Unknown, describe, subject
from pt004_model.model.replies import NoAnswer, Response, Undecodable
from pt004_model.model.values import Body, Value
from pt004_model.model.world import World
from pt004_model.vocabulary import TOKEN_PREFIX, Dialect

FORMAT: Final = "pt004-trace"
VERSION: Final = 1
_BLOT: Final = "[secret]"
_TOKEN: Final = re.compile(rf"{TOKEN_PREFIX}[\w-]{{16,}}(\.[\w-]*)?")  # as made from a secret
_ENOUGH: Final = 8  # characters by which a secret that was cut off is known
_DEEP: Final = 100  # no reply of an FC that conforms is nested as deep as this


class BadTrace(Exception):  # noqa: N818 - said of a file, in a sentence for people
    """A trace file that cannot be used; the message is a sentence for people."""


@frozen
class Origin:
    """Where a trace comes from, and what must not be written down."""

    seed: int
    profile: str
    dialect: Dialect
    secrets: tuple[str, ...] = ()

    def hide(self, text: str) -> str:
        """``text`` with every secret blotted out."""
        hidden: str = blot(text, self.secrets)
        return hidden


def _converter() -> Converter:
    converter = Converter(forbid_extra_keys=True)

    def body_out(body: Body) -> dict[str, Any]:
        reading = body.reading
        if isinstance(reading, Value) and Body.of(reading.json) == body:
            return {"json": reading.json}
        return {"text": body.text}

    def body_in(raw: Any, _: type) -> Body:
        if "json" in raw:
            return Body.of(raw["json"])
        return Body(str(raw["text"]))

    def ref_out(ref: RunRef) -> Any:
        return {"unknown": ref.spelling} if isinstance(ref, Unknown) else ref

    def ref_in(raw: Any, _: type) -> RunRef:
        return Unknown(str(raw["unknown"])) if isinstance(raw, dict) else int(raw)

    converter.register_unstructure_hook(Body, body_out)
    converter.register_structure_hook(Body, body_in)
    converter.register_unstructure_hook(RunRef, ref_out)
    converter.register_structure_hook(RunRef, ref_in)
    configure_tagged_union(Command, converter, tag_name="command")
    return converter


_CONVERTER: Final = _converter()


def dump_command(command: Command) -> dict[str, Any]:
    """A command as JSON; :func:`load_command` reads it back."""
    raw: dict[str, Any] = _CONVERTER.unstructure(command, unstructure_as=Command)
    return raw


def load_command(raw: object) -> Command:
    """A command from JSON. Raises :class:`BadTrace` for anything else."""
    try:
        if not isinstance(raw, dict):
            raise TypeError("no object")
        command: Command = _CONVERTER.structure(raw, Command)  # type: ignore[arg-type]  # a union
    except (BaseValidationError, KeyError, TypeError, ValueError) as error:
        raise BadTrace(f"this is no command: {str(raw)[:200]} ({error})") from None
    return command


def trace(found: Found, origin: Origin) -> dict[str, Any]:
    """The document of a finding."""
    finding = found.finding
    check = CHECKS[finding.check]
    return {
        "format": FORMAT,
        "version": VERSION,
        "fingerprint": finding.fingerprint,
        "check": finding.check,
        "area": finding.area,
        "section": check.section,
        "sentence": check.sentence,
        **said(finding, origin.secrets),
        "seed": origin.seed,
        "profile": origin.profile,
        "dialect": str(origin.dialect),
        "requests_to_first": found.requests_to_first,
        "written_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "versions": {"pt004_model": version("pt004_model"), "hypothesis": hypothesis.__version__},
        "steps": [_step(step, origin.secrets) for step in found.steps],
    }


def write_trace(path: Path, found: Found, origin: Origin) -> None:
    """Write the document of a finding. Raises ``Unwritable``."""
    write_json(path, trace(found, origin))


def blot(value: Any, secrets: tuple[str, ...]) -> Any:
    """``value`` with every secret in every text blotted out, names of members included.

    What we send holds no secret and is left alone: a short one would spoil it.
    """
    if not secrets:
        return value
    if isinstance(value, str):
        spellings = {*secrets, *(json.dumps(secret)[1:-1] for secret in secrets)}
        for secret in sorted(spellings, key=len, reverse=True):
            value = _without(value, secret)
        return _TOKEN.sub(_BLOT, value)
    if isinstance(value, dict):
        return {blot(name, secrets): blot(each, secrets) for name, each in value.items()}
    return [blot(each, secrets) for each in value] if isinstance(value, list) else value


def _without(text: str, secret: str) -> str:
    """``text`` without the secret, and without its beginning: what an FC says is quoted in part."""
    beginning = secret[:_ENOUGH]
    at = text.find(beginning)
    while at >= 0:
        pairs = zip(text[at:], secret, strict=False)
        length = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], pairs))
        text = text[:at] + _BLOT + text[at + length :]
        at = text.find(beginning, at + len(_BLOT))
    return text


def said(finding: Finding, secrets: tuple[str, ...]) -> dict[str, str]:
    """Where a finding is and what it says, without secrets."""
    texts = {"where": finding.where, "expected": finding.expected, "observed": finding.observed}
    return {name: blot(text, secrets) for name, text in texts.items()}


def _step(step: Step, secrets: tuple[str, ...]) -> dict[str, Any]:
    return {
        "says": describe(step.command),
        "send": dump_command(step.command),
        "before": _state(step.before, step.command),
        "after": _state(step.after, step.command),
        "reply": _reply(step.response, secrets),
        "findings": [{"check": each.check, **said(each, secrets)} for each in step.findings],
    }


def _state(world: World, command: Command) -> str | None:
    number = subject(command)
    run = world.runs.get(number) if number is not None else None
    return None if run is None else str(run.state)


def _reply(response: Response, secrets: tuple[str, ...]) -> dict[str, Any]:
    if isinstance(response, NoAnswer):
        return {"no_answer": blot(response.why, secrets), "applied": response.applied}
    body = response.body
    if isinstance(body, Undecodable):
        start = blot(body.start, secrets)
        return {"status": response.code, "undecodable": body.why, "start": start}
    return {"status": response.code, "body": blot(shallow(body), secrets)}


def shallow(value: Any, depth: int = _DEEP) -> Any:
    """``value``, cut where it is nested so deep that Python could not write it."""
    if not isinstance(value, dict | list):
        return value
    if depth == 0:
        return "[nested deeper]"
    if isinstance(value, dict):
        return {name: shallow(each, depth - 1) for name, each in value.items()}
    return [shallow(each, depth - 1) for each in value]
