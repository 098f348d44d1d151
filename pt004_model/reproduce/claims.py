"""A finding as something that a script can check without our judge, where it is of such a kind.

There are three: the status code is one of a few, the value at a path of the last answer is one of a
few, or it is the value that was shown earlier. Whatever else the judge says (a time is that of its
change, a hash is right, an entry is missing) is left to the judge.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Final, TypeAlias

from attrs import frozen

from pt004_model.judge.finding import MISSING, quote
from pt004_model.model.asks import SENT, Creation, read_creation
from pt004_model.model.commands import CreateRun, subject
from pt004_model.model.replies import NoAnswer, Reply
from pt004_model.model.values import Json
from pt004_model.model.world import shape
from pt004_model.trace.document import Trace, TraceStep
from pt004_model.trace.redact import SECRET
from pt004_model.vocabulary import AUTHORIZATION_HEADER, RUN_TIMES

Path: TypeAlias = tuple[str | int, ...]

TIMES: Final = frozenset({*RUN_TIMES, "resolved_at", "timestamp"})
_IDS: Final = frozenset({"run_id", "gate_id", "previous_receipt_hash"})
"""What an FC makes up and shows in several places."""
_KEPT: Final = frozenset({"correlation_id", "output_payload", "error_details"})
"""What an FC may make up, and keeps from then on."""
_HASHES: Final = frozenset({"receipt_hash", "receipt_chain", "workflow_receipt_hash", "log_id"})
NAMED: Final = frozenset({"actor_id", "tenant_id", "approved_by"})
_PLACE: Final = re.compile(r"(run|logs|gates)(\[\d+\])?(\.\w+)*", re.ASCII)


@frozen
class Earlier:
    """The value that the answer to a step shows at a path; an empty one is its status code."""

    step: int
    path: Path


@frozen
class Claim:
    """What the last answer must show at ``path``: one of ``allowed``, or what was shown earlier.

    An empty path is the status code. ``kinds`` are the kinds of the log entries up to the one that
    the path leads to: an FC that has others there is asked about another entry.
    """

    path: Path
    allowed: tuple[Json, ...] = ()
    earlier: Earlier | None = None
    kinds: tuple[Json, ...] = ()


def place(where: str) -> Path | None:
    """Return the path that a place like ``logs[2].details.reason`` names, if it names one."""
    if not _PLACE.fullmatch(where):
        return None
    found = re.findall(r"(\d+)\]|(\w+)", where)
    return tuple(int(index) if index else name for index, name in found)


def claim(trace: Trace) -> Claim | None:
    """Return what a script can check of the finding, ``None`` where only our judge can say."""
    if any(isinstance(step.reply, NoAnswer) for step in trace.steps):
        return None  # it may or may not have taken effect
    if trace.area in {"concurrency", "durability"}:
        return None  # a script makes one call after the other, and kills nothing
    if trace.where == "status":
        return _status(trace)
    path, allowed = place(trace.where), trace.steps[-1].allowed
    accepted = [each for each in allowed if each.status is not None]
    if path is None or not accepted:
        return None
    if not _says(trace.observed, _at(trace.steps[-1], path)):
        return None
    if path == ("run", "status") and not accepted[0].replay:
        return Claim(path, tuple(sorted({str(each.status) for each in accepted})))
    if len(accepted) > 1 or SECRET in trace.expected:
        return None
    kinds: tuple[Json, ...] = ()
    if path[0] == "logs" and len(path) > 1:
        there = range(int(path[1]) + 1)
        kinds = tuple(_at(trace.steps[-1], ("logs", n, "event_type")) for n in there)
    value, earlier = _value(trace, path), _earlier(trace, path)
    if earlier is not None:
        return Claim(path, earlier=earlier, kinds=kinds)
    return None if value is MISSING else Claim(path, (value,), kinds=kinds)  # type: ignore[arg-type]


def _status(trace: Trace) -> Claim | None:
    if trace.check == "isolation.same-code":
        like = shape(trace.steps[-1].send)
        for number, step in enumerate(trace.steps[:-1]):
            if shape(step.send) == like and isinstance(step.reply, Reply) and step.reply.code > 399:
                return Claim((), earlier=Earlier(number, ()))
        return None
    told = {code for each in trace.steps[-1].allowed for code in each.codes}
    codes = {n for code in told for n in range(100, 600) if str(n).startswith(code.rstrip("X"))}
    return Claim((), tuple(sorted(codes))) if codes else None


def _value(trace: Trace, path: Path) -> object:
    """Return the value that is expected at a path, ``MISSING`` where it is not known beforehand."""
    name = path[-1]
    if path[0] == "run" and name in SENT:
        sent = getattr(_asked(trace), str(name), MISSING)
        return list(sent) if isinstance(sent, tuple) else sent
    try:
        value = json.loads(trace.expected.partition(", as none is before it")[0])
    except ValueError:
        return MISSING  # it is said in words, or cut
    made_up = name in _IDS | _HASHES | TIMES or not isinstance(name, str)
    # the names of several actors are said in words, and a name may look like a number
    said = name in NAMED and not isinstance(value, str)
    return MISSING if (made_up or said) and value is not None else value


def _asked(trace: Trace) -> Creation | None:
    """Return the request that made the run of the last step."""
    number = subject(trace.steps[-1].send)
    mine = (each for each in trace.commands if isinstance(each, CreateRun) and each.run == number)
    read = (read_creation(each.body) for each in mine)
    return next((each for each in read if isinstance(each, Creation)), None)


def _earlier(trace: Trace, path: Path) -> Earlier | None:
    """Return where the expected value was shown before, or stands elsewhere in the same answer."""
    name = path[-1]
    if trace.expected == "null" and name not in _KEPT:
        return None
    if isinstance(name, str) and name not in _IDS | _KEPT | _HASHES | TIMES:
        return None
    mine = subject(trace.steps[-1].send)
    for number, step in enumerate(trace.steps):
        shows = isinstance(step.reply, Reply) and step.reply.code < 300
        if not shows or subject(step.send) != mine:
            continue
        same = [path] if name not in _IDS else []
        if name in RUN_TIMES:
            same.append(("run", "created_at"))
        for other in (*same, *(_everywhere(step) if name in _IDS else ())):
            itself = number == len(trace.steps) - 1 and other == path
            if not itself and _says(trace.expected, _at(step, other)):
                return Earlier(number, other)
    return None


def _says(text: str, value: object) -> bool:
    """Return whether a side of a finding is a value, and perhaps words on it."""
    shown = quote(value)
    return text == shown or text.startswith(f"{shown}, ")


def _everywhere(step: TraceStep) -> Iterator[Path]:
    """Yield the paths of an envelope where an id may stand."""
    yield ("run", "run_id")
    for part, name in (("gates", "gate_id"), ("logs", "receipt_hash")):
        rows = _at(step, (part,))
        yield from ((part, n, name) for n in range(len(rows) if isinstance(rows, list) else 0))
    rows = _at(step, ("logs",))
    for number in range(len(rows) if isinstance(rows, list) else 0):
        yield ("logs", number, "details", "gate_id")


def _at(step: TraceStep, path: Path) -> Json:
    """Return the value at a path of the answer that was recorded."""
    value: object = step.reply.body if isinstance(step.reply, Reply) else None
    for name in path:
        try:
            value = value[name]  # type: ignore[index]  # whatever cannot be indexed holds nothing
        except (LookupError, TypeError):
            return MISSING  # type: ignore[return-value]  # quoted only
    return value  # type: ignore[return-value]  # a part of a JSON value


def authenticates(trace: Trace) -> bool:
    """Tell whether tokens were sent at all."""
    sent = [step.request.headers for step in trace.steps if step.request is not None]
    return any(AUTHORIZATION_HEADER in headers for headers in sent)
