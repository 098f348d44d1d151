"""Bodies with one thing wrong with them, or perhaps not wrong: the model knows.

The forms are a table, so that each is tried before any is tried again. What they spoil is a body
that would be accepted where the run is: an FC that does not look at what is wrong takes it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Final, TypeAlias

from attrs import frozen

from pt004_model.explore import samples
from pt004_model.model.run import Run
from pt004_model.model.values import Body, Json
from pt004_model.vocabulary import Status

Fields: TypeAlias = "dict[str, Json]"
_Spoil: TypeAlias = "Callable[[Fields, Run | None], Fields | Body | None]"


@frozen
class Form:
    """One way to spoil a body.

    ``make`` gives what becomes of the fields, or ``None`` where the form does not fit. ``statuses``
    are those of the changes that it is meant for. ``handicap`` is higher for what tells less.
    """

    name: str
    make: _Spoil
    statuses: frozenset[str] = frozenset(Status)
    handicap: float = 0.0

    @property
    def of_steps(self) -> bool:
        """Whether it is the declared steps that are spoiled."""
        return "step" in self.name

    def spoil(self, body: Body, run: Run | None = None) -> Body | None:
        """``body``, spoiled; ``None`` where it cannot be, or where nothing would change."""
        made = self.make(body.fields, run)
        if made is None:
            return None
        spoiled = made if isinstance(made, Body) else Body.of(made)
        return None if spoiled == body else spoiled


def _drop(path: str) -> _Spoil:
    def make(fields: Fields, _: Run | None) -> Fields | None:
        outer, _dot, inner = path.partition(".")
        if not inner:
            return {name: value for name, value in fields.items() if name != outer}
        holder = fields.get(outer)
        if not isinstance(holder, dict):
            return None
        return {**fields, outer: {n: value for n, value in holder.items() if n != inner}}

    return make


def _put(path: str, value: Json) -> _Spoil:
    def make(fields: Fields, _: Run | None) -> Fields | None:
        outer, _dot, inner = path.partition(".")
        if not inner:
            return {**fields, outer: value}
        holder = fields.get(outer)
        return {**fields, outer: {**holder, inner: value}} if isinstance(holder, dict) else None

    return make


def _all_of(
    path: str,
    values: tuple[Json, ...],
    *,
    absent: bool = True,
    statuses: frozenset[str] = frozenset(Status),
    handicap: float = 0.0,
) -> Iterator[Form]:
    """The forms in which a field is absent, null or one of ``values``."""
    if absent:
        yield Form(f"{path} absent", _drop(path), statuses, handicap)
        yield Form(f"{path} null", _put(path, None), statuses, handicap)
    for value in values:
        yield Form(f"{path} {value!r}", _put(path, value), statuses, handicap)


_START: Final = frozenset({Status.RUNNING.value})
_NO_STRING: Final[tuple[Json, ...]] = (1, True, [], {}, ["a"])
_NO_OBJECT: Final[tuple[Json, ...]] = ("x", [], 1, True, "{}", [{}])
_NO_STRINGS: Final[tuple[Json, ...]] = ("x", {}, [1], [None], True, [["a"]])


def _named(name: str, index: str) -> _Spoil:
    """A change that names a step by a right or wrong id and a right or wrong index."""

    def make(fields: Fields, run: Run | None) -> Fields | None:
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
        return rest | {field: value for field, value in named.items() if value is not _ABSENT}

    return make


_ABSENT: Final[Json] = "\x00absent"  # stands for a field that is not sent


def _names(steps: tuple[str, ...], right: int) -> dict[str, Json]:
    """What may stand for the id of the step ``right``."""
    step = steps[right]
    names: dict[str, Json] = {
        "right": step, "absent": _ABSENT, "null": None, "empty": "", "unknown": f"{step}x",
        "spaced": f"{step} ", "cut": step[:-1],
    }  # fmt: skip
    if step.swapcase() not in steps:
        names["other case"] = step.swapcase()
    for kind, index in (("next", right + 1), ("previous", right - 1)):
        if 0 <= index < len(steps):
            names[kind] = steps[index]
    return names


def _indexes(right: int) -> dict[str, Json]:
    """What may stand for the index ``right``."""
    indexes: dict[str, Json] = {
        "right": right, "absent": _ABSENT, "null": None, "next": right + 1, "previous": right - 1,
        "text": str(right), "integral": float(right), "half": right + 0.5, "huge": 2**40,
        "list": [right],
    }  # fmt: skip
    if right in (0, 1):
        indexes["true" if right else "false"] = bool(right)
    return indexes


_WRONG_NAMES: Final = ("other case", "next", "previous", "unknown", "empty", "spaced", "cut")
_WRONG_INDEXES: Final = (
    "next", "previous", "true", "false", "text", "half", "huge", "list", "integral",
)  # fmt: skip


def _naming() -> Iterator[Form]:
    """The forms in which a change names its step wrongly, or by halves."""
    pairs = [(name, "right") for name in (*_WRONG_NAMES, "absent", "null")]
    pairs += [("right", index) for index in (*_WRONG_INDEXES, "absent", "null")]
    pairs += [("absent", "absent"), ("next", "next"), ("previous", "previous")]
    pairs += [(name, "absent") for name in _WRONG_NAMES]
    pairs += [("absent", index) for index in _WRONG_INDEXES]
    late = {"huge", "list", "cut", "spaced", "half", "null"}
    for name, index in pairs:
        handicap = 0.6 if {name, index} & late else 0.0
        yield Form(f"step {name}, index {index}", _named(name, index), handicap=handicap)


def _text(text: str) -> _Spoil:
    return lambda _fields, _run: Body(text)


def _bodies() -> Iterator[Form]:
    """The forms in which the body is no JSON, or no object."""
    for text in (*samples.NOT_JSON, "[]", "null", '"x"', "1"):
        yield Form(f"body {text!r}", _text(text), handicap=0.8)


def _as_list(fields: Fields, _: Run | None) -> Body:
    return Body.of([fields])


def _change_forms() -> Iterator[Form]:
    statuses: tuple[Json, ...] = ("archived", "cancelled", "", 1, True, [], {})
    yield from _all_of("status", statuses, handicap=0.4)
    for name, turn in (("upper", str.upper), ("title", str.title), ("spaced", "{} ".format)):
        yield Form(f"status in {name} case", _turned("status", turn))
    yield from _all_of("policy", ("allow", [], 1, True, {}), statuses=_START)
    for path in ("policy.decision", "policy.policy_id", "policy.reason"):
        odd: tuple[Json, ...] = ("maybe", "") if path == "policy.decision" else ()
        yield from _all_of(path, (*odd, 1), statuses=_START)
        yield from _all_of(
            path, (True, [], {}, ["allow"]), absent=False, statuses=_START, handicap=0.6
        )
    for name, turn in (("upper", str.upper), ("title", str.title), ("spaced", " {}".format)):
        form = _turned("policy.decision", turn)
        yield Form(f"decision in {name} case", form, _START)
    yield from _all_of(
        "policy.rules_triggered", _NO_STRINGS, absent=False, statuses=_START, handicap=0.3
    )
    yield from _all_of("reason", _NO_STRING, absent=False, handicap=0.5)
    yield from _all_of("current_step", _NO_STRING, absent=False, handicap=0.6)
    completed, failed = frozenset({Status.COMPLETED.value}), frozenset({Status.FAILED.value})
    for field, meant in (("output_payload", completed), ("error_details", failed)):
        yield from _all_of(field, _NO_OBJECT, absent=False, statuses=meant)
    yield from _bodies()
    yield Form("body in a list", _as_list, handicap=0.4)


def _turned(path: str, turn: Callable[[str], str]) -> _Spoil:
    """The text in a field, turned into another spelling."""

    def make(fields: Fields, run: Run | None) -> Fields | Body | None:
        outer, _, inner = path.partition(".")
        holder = fields.get(outer) if inner else fields
        value = holder.get(inner or outer) if isinstance(holder, dict) else None
        return _put(path, turn(value))(fields, run) if isinstance(value, str) else None

    return make


def _steps(name: str, turn: Callable[[list[Json]], Json]) -> Form:
    def make(fields: Fields, _: Run | None) -> Fields:
        steps = fields.get("steps")
        return {**fields, "steps": turn(list(steps) if isinstance(steps, list) else ["a", "b"])}

    return Form(name, make)


def _create_forms() -> Iterator[Form]:
    yield from _all_of("workflow_id", ("",))
    yield from _all_of("workflow_id", _NO_STRING, absent=False, handicap=0.5)
    yield _steps("steps twice", lambda steps: [*steps, steps[0]])
    yield _steps("the same step in a row", lambda steps: [steps[0], steps[0], *steps[1:]])
    yield _steps("an empty step", lambda steps: [*steps, ""])
    yield _steps("a null step", lambda steps: [*steps, None])
    yield _steps("a number for a step", lambda steps: [*steps, 1])
    yield _steps("a list for a step", lambda steps: [*steps, ["x"]])
    yield from _all_of("steps", ([],), absent=False)
    yield from _all_of("steps", ("a", {}, True, 3, "", 0, False), absent=False, handicap=0.4)
    for field in ("input_payload", "metadata"):
        yield from _all_of(field, _NO_OBJECT, absent=False, handicap=0.3)
    yield from _all_of("tags", _NO_STRINGS, absent=False, handicap=0.3)
    yield from _all_of("workflow_version", _NO_STRING, absent=False, handicap=0.4)
    yield from _bodies()
    yield Form("body in a list", _as_list, handicap=0.4)


CREATE_FORMS: Final = tuple(_create_forms())
"""Every way to spoil a create."""
CHANGE_FORMS: Final = tuple(_change_forms())
"""Every way to spoil a change, but for the step that it names."""
NAMING_FORMS: Final = tuple(_naming())
"""Every way in which a change may name a step of its run, the right one among them."""


@lru_cache(maxsize=16)
def change_forms(status: str) -> tuple[Form, ...]:
    """The ways to spoil a change to ``status``."""
    return tuple(form for form in CHANGE_FORMS if status in form.statuses)
