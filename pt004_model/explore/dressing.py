"""Bodies dressed up with what may go with them, or spoiled with what may not.

Each function is pure: what varies is drawn from ``dice``, a seeded generator, or is the plainest
there is when ``dice`` is ``None``.
"""

from __future__ import annotations

from random import Random
from typing import Final

from pt004_model.explore import samples
from pt004_model.model.commands import Caller, CreateRun
from pt004_model.model.run import Run
from pt004_model.model.scenarios import TAGS, WORKFLOW_ID, Scenario
from pt004_model.model.values import Body, Json


def creation(
    number: int, scenario: Scenario, dice: Random | None, governed: bool = True
) -> CreateRun:
    """A create for a run that is to live through ``scenario``."""
    fields: dict[str, Json] = {"workflow_id": WORKFLOW_ID}
    if governed:
        pattern = "step_{}"
        if dice is not None and dice.random() < 0.4:
            pattern = dice.choice(samples.STEP_NAMES)
        numbers = range(1, len(scenario.decisions) + 1)
        fields["steps"] = [pattern.format(number) for number in numbers]
    fields["tags"] = list(TAGS)
    if dice is None:
        return CreateRun(number, Body.of(fields))
    for name in ("input_payload", "metadata"):
        if dice.random() < 0.5:
            fields[name] = dice.choice(samples.VALUES)
    if dice.random() < 0.3:
        fields["tags"] = [*dice.choice(samples.TAG_LISTS), TAGS[0]]
    if dice.random() < 0.2:
        fields["workflow_version"] = dice.choice(samples.TEXTS)
    if dice.random() < 0.1:
        fields["workflow_id"] = dice.choice(samples.TEXTS) or WORKFLOW_ID
    if dice.random() < 0.2:
        unknown: tuple[Json, ...] = (None, 1, {"a": 1})
        fields[dice.choice(("status", "run_id", "step_index", "tenant_id", "note"))] = dice.choice(
            unknown
        )
    if dice.random() < 0.1:
        fields[dice.choice(("input_payload", "metadata", "workflow_version"))] = None
    return CreateRun(
        number,
        Body.of(fields),
        caller=Caller(actor=dice.choice((0, 0, 1, 2))),
        key=f"c{number}" if dice.random() < 0.25 else dice.choice((None, None, "")),
        correlation=dice.choice(samples.CORRELATIONS),
    )


def dressed(run: Run, plain: Body, dice: Random | None) -> Body:
    """``plain`` with what may go with it: reasons, payloads, the name of the current step."""
    if dice is None:
        return plain
    fields = plain.fields
    status = fields.get("status")
    more: dict[str, Json] = {}
    policy = fields.get("policy")
    if isinstance(policy, dict) and dice.random() < 0.4:
        why: Json = {
            **policy,
            "policy_id": dice.choice(samples.TEXTS),
            "reason": dice.choice(samples.TEXTS),
            "rules_triggered": list(dice.choice(samples.TAG_LISTS)),
        }
        more["policy"] = why
    if dice.random() < 0.5:
        more["reason"] = dice.choice(samples.TEXTS)
    if status == "completed" and dice.random() < 0.6:
        more["output_payload"] = dice.choice(samples.VALUES)
    if status == "failed" and dice.random() < 0.6:
        more["error_details"] = dice.choice(samples.VALUES)
    if dice.random() < 0.05:
        useless = dice.choice(("output_payload", "error_details"))
        more.setdefault(useless, {"unasked": 1})
    if "current_step" not in fields and run.current_step is not None and dice.random() < 0.3:
        if dice.random() < 0.7:
            more["current_step"] = run.current_step
        if dice.random() < 0.7:
            more["step_index"] = int(run.step_index)
    elif not run.governed and dice.random() < 0.5:
        more["current_step"] = dice.choice(samples.TEXTS)
        more["step_index"] = dice.choice((0, 1, 7, 2**40))
    if dice.random() < 0.05:
        more[dice.choice(("reason", "note", "error_details"))] = None
    return plain.replace(**more) if more else plain


SPOILED_CHANGE: Final = (
    "status", "status", "current_step", "step_index", "policy", "reason", "policy.decision",
    "policy.policy_id", "policy.reason", "policy.rules_triggered", "output_payload",
    "error_details",
)  # fmt: skip
SPOILED_CREATE: Final = (
    "workflow_id", "workflow_version", "input_payload", "metadata", "tags", "steps", "workflow_id",
    "steps",
)  # fmt: skip
STATUSES: Final = ("Paused", "RUNNING", "archived", "cancelled", "pending", " paused", "")
STEP_LISTS: Final[tuple[Json, ...]] = (
    [],
    ["a", "a"],
    ["a", ""],
    ["a", 1],
    "a",
    {},
    [None],
    True,
    3,
)


def spoiled(plain: Body, name: str, values: tuple[Json, ...], dice: Random) -> Body:
    """``plain`` without the field ``name``, with null, or with a value that may be wrong."""
    outer, _, inner = name.partition(".")
    fields = plain.fields
    holder: dict[str, Json] = fields
    if inner:
        policy = fields.get("policy")
        holder = policy if isinstance(policy, dict) else {}
        name = inner
    way = dice.randrange(6)
    changed = {key: value for key, value in holder.items() if key != name}
    if way == 1:
        changed[name] = None
    elif way > 1:
        pool = dice.choice((values, samples.WRONG_VALUES))
        changed[name] = dice.choice(pool)
        if name == "step_index" and dice.random() < 0.5:
            index = holder.get(name, 0)
            numeric = index if isinstance(index, int) else 0
            changed[name] = dice.choice((float(numeric), str(numeric), bool(numeric), -1 - numeric))
    return plain.replace(**{outer: changed}) if inner else Body.of(changed)
