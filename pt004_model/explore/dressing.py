"""Bodies dressed up with what may go with them.

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

_SIBLING: Final = 0.7
_BEFORE_A: Final = 0x42F  # the Cyrillic letter before the small a


def creation(
    number: int,
    scenario: Scenario,
    dice: Random | None,
    governed: bool = True,
    like: Run | None = None,
) -> CreateRun:
    """A create for a run that is to live through ``scenario``.

    Often one of the workflow of ``like``, with steps of the same names: such runs get mixed up.
    """
    fields: dict[str, Json] = {"workflow_id": WORKFLOW_ID}
    sibling = like if dice is not None and dice.random() < _SIBLING else None
    if sibling is not None:
        fields["workflow_id"] = sibling.asked.workflow_id
    if governed:
        fields["steps"] = _steps(len(scenario.decisions), dice, sibling)
    fields["tags"] = list(TAGS)
    if dice is None:
        return CreateRun(number, Body.of(fields))
    _payloads(fields, dice)
    if dice.random() < 0.4:
        fields["tags"] = [*dice.choice(samples.TAG_LISTS), TAGS[0]]
    if dice.random() < 0.35:
        fields["workflow_version"] = dice.choice(("", *samples.TEXTS[:5]))
    if sibling is None and dice.random() < 0.3:
        odd = (samples.ODD_TEXT, samples.ODD_TEXT, samples.ODD_TEXT, *samples.TEXTS)
        fields["workflow_id"] = dice.choice(odd) or WORKFLOW_ID
    if dice.random() < 0.15:
        unknown: tuple[Json, ...] = (1, {"a": 1}, None)
        fields["note"] = dice.choice(unknown)
    return CreateRun(
        number,
        Body.of(fields),
        caller=Caller(actor=dice.choice((0, 0, 1, 2))),
        key=f"c{number}" if dice.random() < 0.25 else dice.choice((None, None, "")),
        correlation=dice.choice(samples.CORRELATIONS),
    )


def _steps(length: int, dice: Random | None, sibling: Run | None) -> list[Json]:
    if sibling is not None and sibling.asked.steps is not None:
        known = sibling.asked.steps
        more = (f"step_{number}" for number in range(len(known) + 1, length + 1))
        return [*known[:length], *more] if not set(known) & set(more) else list(known)
    pattern = "step_{}"
    if dice is not None and dice.random() < 0.6:
        pattern = dice.choice((samples.ODD_STEP, samples.OTHER_LETTERS, *samples.STEP_NAMES))
    return [pattern.format(number, chr(_BEFORE_A + number)) for number in range(1, length + 1)]


def _payloads(fields: dict[str, Json], dice: Random) -> None:
    """Payload and metadata; the oddest value goes into one of them, so that readings stay short."""
    names = ["input_payload", "metadata"]
    dice.shuffle(names)
    if dice.random() < 0.5:
        fields[names.pop()] = samples.ODD_VALUE
    for name in names:
        chance = dice.random()
        if chance < 0.35:
            fields[name] = dice.choice(samples.VALUES[1:])
        elif chance < 0.4:
            fields[name] = None


def _policy(plain: dict[str, Json], dice: Random) -> Json:
    """A policy that says more than it must, or that decides otherwise from step to step."""
    chance = dice.random()
    if chance < 0.5:
        return {
            **plain,
            "policy_id": dice.choice((samples.ODD_TEXT, *samples.TEXTS)),
            "reason": dice.choice((samples.ODD_TEXT, *samples.TEXTS)),
            "rules_triggered": list(dice.choice(samples.TAG_LISTS)),
        }
    return {**plain, "policy_id": "pol-allow"} if chance < 0.7 else plain


def dressed(run: Run, plain: Body, dice: Random | None) -> Body:
    """``plain`` with what may go with it: reasons, payloads, the name of the current step."""
    if dice is None:
        return plain
    fields = plain.fields
    status = fields.get("status")
    more: dict[str, Json] = {}
    policy = fields.get("policy")
    if isinstance(policy, dict):
        more["policy"] = _policy(policy, dice)
    if dice.random() < (0.8 if status == "failed" else 0.5):
        more["reason"] = dice.choice((samples.ODD_TEXT, samples.ODD_TEXT, "", "", *samples.TEXTS))
    for carried, use in (("output_payload", "completed"), ("error_details", "failed")):
        if status == use and dice.random() < 0.7:
            more[carried] = dice.choice((samples.ODD_VALUE, {}, *samples.VALUES))
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
    if dice.random() < 0.1:
        more[dice.choice(("reason", "note", "error_details"))] = None
    elif dice.random() < 0.1:
        more["note"] = {"unknown": [1]}
    return plain.replace(**more) if more else plain
