"""Calls by whoever may not make them, and calls on what is not there (sections 1, 9, 11, 12).

Such a call is made of one that would be accepted, so that an FC which does not look takes it.
"""

from __future__ import annotations

from random import Random
from typing import Final, TypeAlias

from attrs import evolve

from pt004_model.explore import samples
from pt004_model.explore.novelty import Keys
from pt004_model.explore.situation import Idea, Situation
from pt004_model.model.commands import (
    NO_ACTOR,
    Caller,
    ChangeRun,
    CreateRun,
    OddPath,
    ReadRun,
    Route,
    Tenant,
    Token,
    Unknown,
    WrongMethod,
)
from pt004_model.model.moves import starting
from pt004_model.model.values import Body
from pt004_model.vocabulary import Decision

_Call: TypeAlias = CreateRun | ChangeRun | ReadRun
_STRANGERS: Final = ("stranger", "near", "stranger and no body")
_NAMELESS: Final = ("no tenant", "no actor", "neither")
_METHODS: Final = {
    Route.CREATE: ("PUT", "PATCH", "DELETE"),
    Route.CHANGE: ("PUT", "POST", "DELETE"),
    Route.READ: ("PUT", "POST", "DELETE"),
}


def turned_away(
    situation: Situation, call: CreateRun | ChangeRun, dice: Random
) -> tuple[Idea, ...]:
    """``call``, or a read of its run, by somebody who may not make it; tried least first."""
    kinds = [*_NAMELESS, *map(str, situation.bad_tokens), "method"]
    routes = ["create"] if isinstance(call, CreateRun) else ["change", "read"]
    options = [(kind, route) for kind in kinds for route in routes]
    if isinstance(call, ChangeRun):
        options += [(kind, route) for kind in _STRANGERS for route in routes]
    state = _state(situation, call)

    def keys(option: tuple[str, str]) -> Keys:
        return (("away", *option), ("away", *option, state))

    number = 2 if situation.bad_tokens else 1
    made: list[Idea] = []
    for kind, route in situation.novelty.least(dice, options, keys, number):
        made += _made(call, kind, route, keys((kind, route)), dice)
    return tuple(made)


def _state(situation: Situation, call: CreateRun | ChangeRun) -> str:
    run = situation.world.runs.get(call.run) if isinstance(call.run, int) else None
    return "-" if run is None else str(run.state.status)


def _made(
    call: CreateRun | ChangeRun, kind: str, route: str, keys: Keys, dice: Random
) -> list[Idea]:
    owner = call.caller.tenant
    command: _Call = call
    if isinstance(call, ChangeRun) and route == "read":
        wanted = dice.random() < 0.7
        command = ReadRun(call.run, logs=wanted, gates=wanted, caller=call.caller)
    if kind == "method":
        path = dice.choice(tuple(Route)) if route != "create" else Route.CREATE
        method = dice.choice(_METHODS[path])
        return [Idea(WrongMethod(method, path, command.run, call.caller), keys)]
    if kind in _STRANGERS and not isinstance(command, CreateRun):
        caller = Caller(_other(owner, kind), call.caller.actor)
        foreign = evolve(command, caller=caller)
        if isinstance(foreign, ChangeRun) and kind.endswith("no body"):
            text = dice.choice(("{", '{"status":"archived"}', "{}"))
            foreign = evolve(foreign, body=Body(text))
        # the same call on a run that does not exist must get the very same code
        return [Idea(foreign, keys), Idea(evolve(foreign, run=Unknown()))]
    callers = {
        "no tenant": Caller(Tenant.NOBODY),
        "no actor": Caller(owner, NO_ACTOR),
        "neither": Caller(Tenant.NOBODY, NO_ACTOR),
    }
    caller = callers.get(kind) or Caller(owner, call.caller.actor, Token(kind))
    return [Idea(evolve(command, caller=caller), keys)]


def _other(owner: Tenant, kind: str) -> Tenant:
    if kind == "near" and owner is Tenant.OURS:
        return Tenant.NEAR
    return Tenant.STRANGER if owner is Tenant.OURS else Tenant.OURS


def nowhere(situation: Situation, dice: Random) -> tuple[Idea, ...]:
    """Calls on a run that does not exist, and on paths that name none."""
    forms = [(kind, each) for kind in ("read", "start", "fail") for each in samples.SPELLINGS]
    forms += [("path", part) for part in samples.ODD_PARTS]

    def keys(form: tuple[str, str]) -> Keys:
        return (("nowhere", form[0]), ("nowhere", *form))

    chosen = situation.novelty.least(dice, forms, keys, 2)
    return tuple(Idea(_nowhere(situation, *form), keys(form)) for form in chosen)


def _nowhere(situation: Situation, kind: str, part: str) -> ChangeRun | ReadRun | OddPath:
    if kind == "path":
        return OddPath(part)
    if kind == "read":
        return ReadRun(Unknown(part))
    if kind == "fail":
        return ChangeRun(Unknown(part), Body.of({"status": "failed", "reason": "r"}))
    return ChangeRun(Unknown(part), starting(situation.plan.steps, 0, Decision.ALLOW))
