"""What a request body asks for: bodies read as sections 2 and 3.1 of the contract read them.

Reading never fails. It yields what was asked for, or says that the body is malformed, or that it
lies beyond the contract.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Final, TypeAlias, TypeVar

from attrs import fields, frozen

from pt004_model.model.values import Beyond, Body, Json, NotJson, Value, is_number
from pt004_model.vocabulary import DEFAULT_WORKFLOW_VERSION, Decision, Status


@frozen
class Malformed:
    """A body that must be refused. ``field`` is what is wrong with it, ``None`` for all of it."""

    field: str | None


@frozen
class Creation:
    """A well-formed request for a run (section 2), with the defaults filled in.

    ``steps`` is ``None`` for an ungoverned run.
    """

    workflow_id: str
    workflow_version: str
    input_payload: Json
    metadata: Json
    tags: tuple[str, ...]
    steps: tuple[str, ...] | None


SENT: Final = tuple(each.name for each in fields(Creation))
"""What a run is made of."""


@frozen
class Policy:
    """A decision reported with a change (section 3.1)."""

    decision: Decision
    policy_id: str
    reason: str


@frozen
class Change:
    """A well-formed request to change a run (section 3.1).

    ``policy`` may be :class:`Malformed`: whether that matters depends on the run, since a change
    that has no use for a policy may ignore it whatever it holds. ``useless`` is true when the body
    holds an ``output_payload`` or ``error_details`` that its status has no use for; ``loose`` when
    ``step_index`` is an integral double, which may be taken or refused (section 1).
    """

    status: Status
    current_step: str | None = None
    step_index: int | float | None = None
    policy: Policy | Malformed | None = None
    reason: str | None = None
    output_payload: Json = None
    error_details: Json = None
    useless: bool = False
    loose: bool = False


Unread: TypeAlias = NotJson | Beyond | Malformed
_T = TypeVar("_T")


class _Wrong(Exception):  # noqa: N818 - not an error: a way out of the reader
    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


def _is_string(value: Json) -> bool:
    return isinstance(value, str)


def _is_name(value: Json) -> bool:
    return isinstance(value, str) and value != ""


def _is_object(value: Json) -> bool:
    return isinstance(value, dict)


def _is_strings(value: Json) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) for each in value)


def _is_steps(value: Json) -> bool:
    return (
        isinstance(value, list)
        and len(value) > 0
        and all(isinstance(each, str) and each for each in value)
        and len({str(each) for each in value}) == len(value)
    )


def _is_index(value: Json) -> bool:
    return is_number(value) and value >= 0 and value == int(value)  # type: ignore[operator,arg-type]  # is_number() is no type guard


def _is_status(value: Json) -> bool:
    return isinstance(value, str) and value in set(Status)


_CREATION: Final[dict[str, Callable[[Json], bool]]] = {
    "workflow_id": _is_name,
    "workflow_version": _is_string,
    "input_payload": _is_object,
    "metadata": _is_object,
    "tags": _is_strings,
    "steps": _is_steps,
}
_CHANGE: Final[dict[str, Callable[[Json], bool]]] = {
    "status": _is_status,
    "current_step": _is_string,
    "step_index": _is_index,
    "reason": _is_string,
}
_POLICY: Final[dict[str, Callable[[Json], bool]]] = {
    "decision": lambda value: isinstance(value, str) and value in set(Decision),
    "policy_id": _is_string,
    "reason": _is_string,
    "rules_triggered": _is_strings,
}


def _checked(
    fields: dict[str, Json], rules: dict[str, Callable[[Json], bool]], required: tuple[str, ...]
) -> dict[str, Json]:
    """Return the known fields that are right; null counts as absent. Raises ``_Wrong``."""
    known: dict[str, Json] = {}
    for name, rule in rules.items():
        value = fields.get(name)
        if value is not None:
            if not rule(value):
                raise _Wrong(name)
            known[name] = value
        elif name in required:
            raise _Wrong(name)
    return known


def _policy(value: Json) -> Policy | Malformed | None:
    if value is None:
        return None
    if not isinstance(value, dict):
        return Malformed("policy")
    try:
        known = _checked(value, _POLICY, ("decision", "policy_id", "reason"))
    except _Wrong as wrong:
        return Malformed(f"policy.{wrong.field}")
    return Policy(
        decision=Decision(str(known["decision"])),
        policy_id=str(known["policy_id"]),
        reason=str(known["reason"]),
    )


def _creation(fields: dict[str, Json]) -> Creation:
    known = _checked(fields, _CREATION, ("workflow_id",))
    steps = known.get("steps")
    tags = known.get("tags", [])
    return Creation(
        workflow_id=str(known["workflow_id"]),
        workflow_version=str(known.get("workflow_version", DEFAULT_WORKFLOW_VERSION)),
        input_payload=known.get("input_payload", {}),
        metadata=known.get("metadata", {}),
        tags=tuple(map(str, tags)) if isinstance(tags, list) else (),
        steps=tuple(map(str, steps)) if isinstance(steps, list) else None,
    )


def _change(fields: dict[str, Json]) -> Change:
    known = _checked(fields, _CHANGE, ("status",))
    status = Status(str(known["status"]))
    useless = False
    carried: dict[str, Json] = {}
    for name, use in (("output_payload", Status.COMPLETED), ("error_details", Status.FAILED)):
        value = fields.get(name)
        if value is None:
            continue
        if status is not use:
            useless = True
        elif isinstance(value, dict):
            carried[name] = value
        else:
            raise _Wrong(name)
    index = known.get("step_index")
    return Change(
        status=status,
        current_step=known.get("current_step"),  # type: ignore[arg-type]  # _CHANGE says string
        step_index=index,  # type: ignore[arg-type]  # _CHANGE says number
        policy=_policy(fields.get("policy")),
        reason=known.get("reason"),  # type: ignore[arg-type]  # _CHANGE says string
        output_payload=carried.get("output_payload"),
        error_details=carried.get("error_details"),
        useless=useless,
        loose=isinstance(index, float),
    )


def _read(body: Body, build: Callable[[dict[str, Json]], _T]) -> _T | Unread:
    reading = body.reading
    if not isinstance(reading, Value):
        return reading
    if not isinstance(reading.json, dict):
        return Malformed(None)
    try:
        return build(reading.json)
    except _Wrong as wrong:
        return Malformed(wrong.field)


@lru_cache(maxsize=512)
def read_creation(body: Body) -> Creation | Unread:
    """Return what the body of a create asks for (section 2). Total."""
    return _read(body, _creation)


@lru_cache(maxsize=512)
def read_change(body: Body) -> Change | Unread:
    """Return what the body of a change asks for (section 3.1). Total."""
    return _read(body, _change)
