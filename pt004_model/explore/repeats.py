"""Calls under idempotency keys that were used before, or that are used twice (section 10)."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

from attrs import evolve, frozen

from pt004_model.explore.beat import planned
from pt004_model.explore.dressing import creation
from pt004_model.explore.novelty import Keys
from pt004_model.explore.situation import Idea, Situation, anyone
from pt004_model.model.commands import (
    NO_ACTOR,
    Caller,
    ChangeRun,
    CreateRun,
    ReadRun,
    Tenant,
    Token,
)
from pt004_model.model.moves import body
from pt004_model.model.run import Run
from pt004_model.model.values import Body, Json

_RECENT: Final = 6
_MOSTLY_RECENT: Final = 0.5


@frozen
class _Before:
    """A request that was accepted under a key, made again, and what else there is to send."""

    again: CreateRun | ChangeRun
    key: str
    run: Run
    others: tuple[Run, ...]
    plain: CreateRun
    dice: Random
    bad_tokens: tuple[Token, ...] = ()

    @property
    def tenant(self) -> Tenant:
        """Whose key it is."""
        return Tenant(self.run.tenant)


def _other_run(it: _Before) -> list[CreateRun | ChangeRun | ReadRun]:
    """The same change of another run."""
    if isinstance(it.again, CreateRun) or not it.others:
        return []
    other = it.dice.choice(it.others)
    return [ChangeRun(other.number, it.again.body, Caller(it.tenant), it.key)]


def _swapped(it: _Before) -> list[CreateRun | ChangeRun | ReadRun]:
    """The key of a create with a change, or of a change with a create."""
    if isinstance(it.again, ChangeRun):
        return [evolve(it.plain, caller=Caller(it.tenant), key=it.key)]
    change = ChangeRun(it.run.number, Body.of({"status": "failed"}), Caller(it.tenant), it.key)
    return [change]


def _foreign(it: _Before) -> list[CreateRun | ChangeRun | ReadRun]:
    """The key of another tenant: it is as good as new."""
    other = Tenant.STRANGER if it.tenant is Tenant.OURS else Tenant.OURS
    text = it.again.body if isinstance(it.again, CreateRun) else it.plain.body
    return [CreateRun(it.plain.run, text, Caller(other), it.key)]


def _fresh_create(it: _Before, key: str) -> list[CreateRun | ChangeRun | ReadRun]:
    return [CreateRun(it.plain.run, it.plain.body, Caller(it.tenant), key)]


def _turned_away(it: _Before) -> list[CreateRun | ChangeRun | ReadRun]:
    """The very same call by somebody who may not make any."""
    callers = [Caller(it.tenant, NO_ACTOR), Caller(Tenant.NOBODY)]
    callers += [Caller(it.tenant, token=token) for token in it.bad_tokens]
    return [evolve(it.again, caller=it.dice.choice(callers))]


_FORMS: Final[dict[str, Callable[[_Before], list[CreateRun | ChangeRun | ReadRun]]]] = {
    "again": lambda it: [it.again],
    "by another": lambda it: [evolve(it.again, caller=Caller(it.tenant, 2))],
    "other body": lambda it: [evolve(it.again, body=it.again.body.replace(note=1))],
    "other change": lambda it: [
        evolve(it.again, body=it.again.body.replace(status="failed", workflow_id="other"))
    ],
    "other spelling": lambda it: [evolve(it.again, body=Body(f" {it.again.body.text}"))],
    "other run": _other_run,
    "other call": _swapped,
    "other tenant": _foreign,
    "other case": lambda it: _fresh_create(it, it.key.swapcase()),
    "longer": lambda it: _fresh_create(it, f"{it.key}{'0' * 200}"),
    "turned away": _turned_away,
    "with a read": lambda it: [ReadRun(it.run.number, caller=Caller(it.tenant), key=it.key)],
}


def repeats(situation: Situation, run: Run, dice: Random) -> tuple[Idea, ...]:
    """A call under a key: one that was used before, or a new one, used at least twice."""
    used = [
        (key, each)
        for (_, key), each in situation.world.keys.items()
        if each.run.number in situation.live
    ]
    if not used or dice.random() < 0.35:
        return _twice(situation, run, dice)
    recent = dice.random() < _MOSTLY_RECENT or len(used) <= _RECENT
    key, before = dice.choice(used[-_RECENT:] if recent else used[:-_RECENT])
    now = situation.world.runs[before.run.number]
    caller = Caller(Tenant(now.tenant))
    again: CreateRun | ChangeRun = ChangeRun(now.number, before.body, caller, key)
    if before.request[0] == "POST":
        again = CreateRun(now.number, before.body, caller, key)
    runs = [situation.world.runs[number] for number in situation.live]
    others = tuple(each for each in runs if each is not now and each.tenant == now.tenant)
    plain = creation(situation.fresh, situation.plan, None, not situation.ungoverned)
    it = _Before(again, key, now, others, plain, dice, situation.bad_tokens)
    moved = "moved" if now.version > before.run.version else "same"

    def keys(name: str) -> Keys:
        return (("key", name), ("key", name, before.request[0], moved, now.state.status, recent))

    made: list[Idea] = []
    for name in situation.novelty.least(dice, tuple(_FORMS), keys, 3):
        made += [Idea(command, keys(name)) for command in _FORMS[name](it)]
    return tuple(made)


def _twice(situation: Situation, run: Run, dice: Random) -> tuple[Idea, ...]:
    """A change or create under a new key, made twice; or refused first, then made."""
    move = planned(situation, run, None) or planned(situation, run, dice)
    text = None if move is None else body(run, move)
    forms = ("change", "refused first", "truth", "twin", "create")

    def keys(name: str) -> Keys:
        return (("keyed", name),)

    form = situation.novelty.least(dice, forms, keys)[0]
    if text is None or form == "create":
        plain = creation(situation.fresh, situation.plan, dice, not situation.ungoverned)
        made = evolve(plain, key=f"n{situation.fresh}")
        other = evolve(made, caller=evolve(made.caller, actor=dice.choice((0, 1))))
        return (Idea(made, keys("create")), Idea(other))
    key = f"n{run.number}-{run.version}"
    change = ChangeRun(run.number, text, anyone(run, dice), key)
    other_actor = evolve(change, caller=anyone(run, dice))
    ideas: list[CreateRun | ChangeRun] = [change, other_actor]
    if form == "refused first":  # the key stays unused
        ideas = [evolve(change, body=Body.of({"status": "pending"})), change, other_actor]
    elif form == "truth":  # 1 and true are not the same value
        first = evolve(change, body=text.replace(note=1))
        ideas = [first, evolve(change, body=text.replace(note=True))]
    elif form == "twin":  # another run gets the same change under the same key
        steps: Json = [*run.asked.steps] if run.asked.steps else None
        body_of_twin = Body.of({"workflow_id": run.asked.workflow_id, "steps": steps})
        twin = CreateRun(situation.fresh, body_of_twin, Caller(Tenant(run.tenant)))
        ideas = [change, twin, evolve(change, run=twin.run)]
    return tuple(Idea(command, keys(form) if not at else ()) for at, command in enumerate(ideas))
