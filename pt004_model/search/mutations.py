"""Bodies with one thing wrong, or perhaps not wrong: the model knows.

The mutations are a table, so that each is tried before any is tried again. They are made of a body
that would be accepted where the run is: an FC that does not look at what is wrong takes it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterator
from functools import partial
from typing import Final, TypeAlias

from attrs import frozen

from pt004_model.model.commands import other_marks
from pt004_model.model.run import Run
from pt004_model.model.values import Body, Json
from pt004_model.search import payloads
from pt004_model.vocabulary import Status

_Fields: TypeAlias = "dict[str, Json]"
_Mutate: TypeAlias = "Callable[[_Fields, Run | None], _Fields | Body | None]"
_ALL: Final = frozenset(Status)
_START: Final = frozenset({Status.RUNNING})


@frozen
class Mutation:
    """One way to get a body wrong.

    ``mutate`` makes the fields wrong, or returns ``None`` where the mutation does not fit.
    ``statuses`` are those of the changes that it is meant for. ``handicap`` is higher for what
    tells less.
    """

    name: str
    mutate: _Mutate
    statuses: frozenset[Status] = _ALL
    handicap: float = 0.0

    def of(self, body: Body, run: Run | None = None) -> Body | None:
        """Return ``body`` with this wrong; ``None`` where it does not fit or changes nothing."""
        if "status" in body.fields and body.fields["status"] not in self.statuses:
            return None
        made = self.mutate(body.fields, run)
        mutated = Body.of(made) if isinstance(made, dict) else made
        return None if mutated == body else mutated


def _at(path: str, edit: Callable[[_Fields, str], _Fields | None]) -> _Mutate:
    """Return the mutation by which the object that holds the end of ``path`` is edited."""
    outer, _, inner = path.partition(".")

    def mutate(fields: _Fields, _: Run | None) -> _Fields | None:
        if not inner:
            return edit(fields, outer)
        holder = fields.get(outer)
        edited = edit(holder, inner) if isinstance(holder, dict) else None
        return None if edited is None else {**fields, outer: edited}

    return mutate


def _drop(path: str) -> _Mutate:
    return _at(path, lambda holder, name: {n: each for n, each in holder.items() if n != name})


def _put(path: str, value: Json) -> _Mutate:
    return _at(path, lambda holder, name: {**holder, name: value})


def _field(
    path: str,
    values: tuple[Json, ...],
    statuses: frozenset[Status] = _ALL,
    handicap: float = 0.0,
) -> Iterator[Mutation]:
    """Yield the mutations in which a field is one of ``values``."""
    for value in values:
        yield Mutation(f"{path} {value!r}", _put(path, value), statuses, handicap)


def _required(path: str, statuses: frozenset[Status] = _ALL) -> Iterator[Mutation]:
    """Yield the mutations in which a required field is absent or null."""
    yield Mutation(f"{path} absent", _drop(path), statuses)
    yield Mutation(f"{path} null", _put(path, None), statuses)


_NO_STRING: Final[tuple[Json, ...]] = (1, True, [], {}, ["a"])
_NO_OBJECT: Final[tuple[Json, ...]] = ("x", [], 1, True, "{}", [{}])
_NO_STRINGS: Final[tuple[Json, ...]] = ("x", {}, [1], [None], True, [["a"]])


def _bodies() -> Iterator[Mutation]:
    """Yield the mutations in which the body is no JSON, or no object."""
    for text in (*payloads.NOT_JSON, "[]", "null", '"x"', "1"):
        yield Mutation(f"body {text!r}", _text(text), handicap=0.8)
    yield Mutation("body in a list", lambda fields, _: Body.of([fields]), handicap=0.4)


def _text(text: str) -> _Mutate:
    return lambda _fields, _run: Body(text)


def _respelled(path: str, turn: Callable[[str], str]) -> _Mutate:
    def turned(holder: _Fields, name: str) -> _Fields | None:
        value = holder.get(name)
        return {**holder, name: turn(value)} if isinstance(value, str) else None

    return _at(path, turned)


def _undecided(fields: _Fields, _: Run | None) -> _Fields | None:
    policy = fields.get("policy")
    unknown: dict[str, Json] = {"decision": "review", "rules_triggered": ["rule"]}
    return {**fields, "policy": {**policy, **unknown}} if isinstance(policy, dict) else None


def _of_changes() -> Iterator[Mutation]:
    yield from _required("status")
    yield from _field("status", ("archived", "cancelled", "", 1, True, [], {}), handicap=0.4)
    for name, turn in (("upper", str.upper), ("title", str.title), ("spaced", "{} ".format)):
        yield Mutation(f"status in {name} case", _respelled("status", turn))
    yield from _required("policy", _START)
    yield from _field("policy", ("allow", [], 1, True, {}), _START)
    for path in ("policy.decision", "policy.policy_id", "policy.reason"):
        yield from _required(path, _START)
        yield from _field(path, ("maybe", "") if path == "policy.decision" else (), _START)
        yield from _field(path, (1, True, [], {}, ["allow"]), _START, 0.5)
    yield Mutation("policy.decision unknown, with rules", _undecided, _START)
    for name, turn in (("upper", str.upper), ("spaced", "{} ".format)):
        yield Mutation(
            f"policy.decision in {name} case", _respelled("policy.decision", turn), _START
        )
    yield from _field("policy.rules_triggered", _NO_STRINGS, _START, 0.3)
    yield from _field("reason", _NO_STRING, handicap=0.5)
    yield from _field("current_step", _NO_STRING, handicap=0.6)
    yield from _field("output_payload", _NO_OBJECT, frozenset({Status.COMPLETED}))
    yield from _field("error_details", _NO_OBJECT, frozenset({Status.FAILED}))
    yield from _bodies()


def _steps(name: str, turn: Callable[[list[Json]], Json]) -> Mutation:
    def mutate(fields: _Fields, _: Run | None) -> _Fields | None:
        steps = fields.get("steps")
        return {**fields, "steps": turn(steps)} if isinstance(steps, list) else None

    return Mutation(name, mutate)


def _instead(value: Json, _: list[Json]) -> Json:
    return value


def _of_creates() -> Iterator[Mutation]:
    yield from _required("workflow_id")
    yield from _field("workflow_id", ("",))
    yield from _field("workflow_id", _NO_STRING, handicap=0.5)
    yield _steps("no steps", lambda _: [])
    yield _steps("steps twice", lambda steps: [*steps, steps[0]])
    yield _steps("the same step in a row", lambda steps: [steps[0], steps[0], *steps[1:]])
    yield _steps("an empty step", lambda steps: [*steps, ""])
    yield _steps("a null step", lambda steps: [*steps, None])
    yield _steps("a number for a step", lambda steps: [*steps, 1])
    yield _steps("a list for a step", lambda steps: [*steps, ["x"]])
    no_list: tuple[Json, ...] = ("a", {}, True, 3, "", 0, False)
    for value in no_list:
        yield _steps(f"{value!r} for the steps", partial(_instead, value))
    for name in ("input_payload", "metadata"):
        yield from _field(name, _NO_OBJECT, handicap=0.3)
    yield from _field("tags", _NO_STRINGS, handicap=0.3)
    yield from _field("workflow_version", _NO_STRING, handicap=0.4)
    yield from _bodies()


_ABSENT: Final[Json] = "\x00absent"  # stands for a field that is not sent


def _names(steps: tuple[str, ...], right: int) -> dict[str, Json]:
    """Return what may stand for the id of the step ``right``."""
    step = steps[right]
    names: dict[str, Json] = {
        "right": step, "absent": _ABSENT, "null": None, "empty": "", "unknown": f"{step}x",
        "spaced": f"{step} ", "cut": step[:-1],
    }  # fmt: skip
    forms = [unicodedata.normalize(form, step) for form in ("NFC", "NFD", "NFKC")]
    alike = {
        "other case": step.swapcase(),
        "other form": next((each for each in forms if each != step), step),
        "other marks": other_marks(step),
    }
    names |= {kind: name for kind, name in alike.items() if name not in steps}
    for kind, index in (("next", right + 1), ("previous", right - 1)):
        if 0 <= index < len(steps):
            names[kind] = steps[index]
    return names


def _indexes(right: int) -> dict[str, Json]:
    """Return what may stand for the index ``right``."""
    indexes: dict[str, Json] = {
        "right": right, "absent": _ABSENT, "null": None, "next": right + 1, "previous": right - 1,
        "text": str(right), "integral": float(right), "half": right + 0.5, "huge": 2**40,
        "list": [right],
    }  # fmt: skip
    if right in (0, 1):
        indexes["true" if right else "false"] = bool(right)
    return indexes


def _named(name: str, index: str) -> _Mutate:
    """Name the step of a change by a right or wrong id and a right or wrong index."""

    def mutate(fields: _Fields, run: Run | None) -> _Fields | None:
        if run is None or run.asked.steps is None:
            return None
        sent = fields.get("step_index")
        right = sent if isinstance(sent, int) else run.state.step
        if right is None:
            return None
        names, indexes = _names(run.asked.steps, right), _indexes(right)
        if name not in names or index not in indexes:
            return None
        named = {"current_step": names[name], "step_index": indexes[index]}
        rest = {field: value for field, value in fields.items() if field not in named}
        return rest | {field: value for field, value in named.items() if value != _ABSENT}

    return mutate


_WRONG_NAMES: Final = (
    "other case", "next", "previous", "unknown", "empty", "spaced", "cut", "other form",
    "other marks",
)  # fmt: skip
_WRONG_INDEXES: Final = (
    "next", "previous", "true", "false", "text", "half", "huge", "list", "integral",
)  # fmt: skip
_TELL_LESS: Final = frozenset({
    "huge", "list", "cut", "spaced", "half", "null", "other form", "other marks",
})  # fmt: skip


def _of_naming() -> Iterator[Mutation]:
    pairs = [(name, "right") for name in (*_WRONG_NAMES, "absent", "null")]
    pairs += [("right", index) for index in (*_WRONG_INDEXES, "absent", "null")]
    pairs += [("absent", "absent"), ("next", "next"), ("previous", "previous")]
    pairs += [(name, "absent") for name in _WRONG_NAMES]
    pairs += [("absent", index) for index in _WRONG_INDEXES]
    for name, index in pairs:
        handicap = 0.6 if {name, index} & _TELL_LESS else 0.0
        yield Mutation(f"step {name}, index {index}", _named(name, index), handicap=handicap)


CREATES: Final = tuple(_of_creates())
"""Every way to get a create wrong."""
CHANGES: Final = tuple(_of_changes())
"""Every way to get a change wrong, but for the step that it names."""
NAMINGS: Final = tuple(_of_naming())
"""Every way in which a change may name a step of its run wrongly, or by halves."""
