"""Simpler traces: with one argument of one command made simpler, or gone.

Each candidate is simpler than what it is made of, so that simplifying comes to an end.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from attrs import evolve

from pt004_model.model.commands import (
    JSON_TYPE,
    ChangeRun,
    Command,
    CreateRun,
    ReadRun,
    Tenant,
    subject,
)
from pt004_model.model.values import Body, Json
from pt004_model.shrink.passes import declared_steps
from pt004_model.shrink.symbolic import is_symbol, symbol
from pt004_model.trace.recorded import Commands
from pt004_model.vocabulary import Status

_PLAINEST: Final = {"workflow_id": "w"}
_PLAIN: Final = "a"
_KEY: Final = "k"
_LONG: Final = 64
_PARTS: Final = 16


def simpler(commands: Commands) -> Iterator[Commands]:
    """Yield all simpler traces, those first that change many commands alike."""
    yield from _plain_steps(commands)
    yield from _plain_workflows(commands)
    yield from _our_runs(commands)
    yield from _plain_keys(commands)
    yield from _alike(commands)
    for index, command in enumerate(commands):
        for each in _simpler_command(command):
            yield (*commands[:index], each, *commands[index + 1 :])


def _plain_workflows(commands: Commands) -> Iterator[Commands]:
    """With a workflow of several runs named plainly in all of them."""
    named = [c.body.fields.get("workflow_id") for c in commands if isinstance(c, CreateRun)]
    plain = _PLAINEST["workflow_id"]
    for name in named:
        if isinstance(name, str) and name != plain and named.count(name) > 1:
            yield tuple(_of_workflow(each, name, plain) for each in commands)


def _of_workflow(command: Command, name: str, plain: str) -> Command:
    if isinstance(command, CreateRun) and command.body.fields.get("workflow_id") == name:
        return evolve(command, body=command.body.replace(workflow_id=plain))
    return command


def _our_runs(commands: Commands) -> Iterator[Commands]:
    """With one run of the strangers' made and asked for by us instead."""
    for command in commands:
        if isinstance(command, CreateRun) and command.caller.tenant is Tenant.STRANGER:
            yield tuple(_ours(each, command.run) for each in commands)


def _ours(command: Command, run: int) -> Command:
    if subject(command) == run and command.caller.tenant is Tenant.STRANGER:
        return evolve(command, caller=evolve(command.caller, tenant=Tenant.OURS))
    return command


def _plain_keys(commands: Commands) -> Iterator[Commands]:
    """With one key called ``k`` throughout."""
    keys = dict.fromkeys(getattr(command, "key", None) for command in commands)
    for key in keys:
        if key and key != _KEY and _KEY not in keys:
            yield tuple(_keyed(command, key) for command in commands)


def _keyed(command: Command, key: str) -> Command:
    if isinstance(command, CreateRun | ChangeRun | ReadRun) and command.key == key:
        return evolve(command, key=_KEY)
    return command


def _alike(commands: Commands) -> Iterator[Commands]:
    """With the body of a request that is made more than once made simpler in all of them."""
    bodies = [c.body for c in commands if isinstance(c, CreateRun | ChangeRun)]
    for body in dict.fromkeys(bodies):
        if bodies.count(body) > 1:
            create = any(isinstance(c, CreateRun) and c.body == body for c in commands)
            for simpler_body in _simpler_bodies(body, create):
                yield tuple(_with_body(c, body, simpler_body) for c in commands)


def _with_body(command: Command, old: Body, new: Body) -> Command:
    if isinstance(command, CreateRun | ChangeRun) and command.body == old:
        return evolve(command, body=new)
    return command


def _plain_steps(commands: Commands) -> Iterator[Commands]:
    """With declared steps named plainly: of all runs, which may share names, then of each."""
    declared = {subject(c): steps for c in commands if (steps := declared_steps(c))}
    declared = {run: steps for run, steps in declared.items() if all(map(_is_text, steps))}
    for runs in dict.fromkeys([tuple(declared), *((run,) for run in declared)]):
        known = dict.fromkeys(str(step) for run in runs for step in declared[run])
        names: dict[str, Json] = {each: f"step_{n}" for n, each in enumerate(known, 1)}
        if any(each != plain for each, plain in names.items()):
            yield tuple(_named(each, runs, names) for each in commands)


def _is_text(value: Json) -> bool:
    return isinstance(value, str)


def _named(command: Command, runs: Collection[int | None], names: dict[str, Json]) -> Command:
    steps = declared_steps(command)
    if not steps or not isinstance(command, CreateRun) or command.run not in runs:
        return command
    return evolve(command, body=command.body.replace(steps=[names[str(each)] for each in steps]))


def _simpler_command(command: Command) -> Iterator[Command]:
    caller = command.caller
    for actor in range(caller.actor):
        yield evolve(command, caller=evolve(caller, actor=actor))
    if isinstance(command, CreateRun | ChangeRun):
        if command.key is not None:
            yield evolve(command, key=None)
        if command.content_type != JSON_TYPE:
            yield evolve(command, content_type=JSON_TYPE)
        for body in _simpler_bodies(command.body, isinstance(command, CreateRun)):
            yield evolve(command, body=body)
    if isinstance(command, CreateRun):
        if command.correlation is not None:
            yield evolve(command, correlation=None)
        if caller.tenant is Tenant.STRANGER:
            yield evolve(command, caller=evolve(caller, tenant=Tenant.OURS))
    if isinstance(command, ReadRun):
        if command.key is not None:
            yield evolve(command, key=None)
        if command.logs:
            yield evolve(command, logs=False)
        if command.gates:
            yield evolve(command, gates=False)


def _simpler_bodies(body: Body, create: bool) -> Iterator[Body]:
    fields = body.fields
    needed = {"workflow_id"} if create else {"status"}
    for name in fields:
        if name not in needed:
            yield body.without(name)
    if {"current_step", "step_index"} <= fields.keys():
        yield body.without("current_step", "step_index")
    for name, value in fields.items():
        for each in _simpler_values(name, value):
            yield body.replace(**{name: each})


def _simpler_values(name: str, value: Json) -> Iterator[Json]:
    """Values that are simpler than ``value``, the simplest first."""
    if is_symbol(value):
        yield from _simpler_symbols(name, value)
        return
    # a value may be anything, and a list is in no set
    if name == "decision" and value in ("flag", "deny"):
        yield "allow"
    if isinstance(value, str):
        yield from _simpler_texts(name, value)
    elif isinstance(value, dict):
        yield from _simpler_objects(name, value)
    elif isinstance(value, list) and name != "steps":
        for kept in _shorter(len(value)):
            yield [value[place] for place in kept]
        for place, inner in enumerate(value):
            for each in _simpler_values("", inner):
                yield [*value[:place], each, *value[place + 1 :]]
    elif isinstance(value, float) and name == "step_index":
        if value.is_integer():
            yield int(value)
    elif isinstance(value, int | float) and not isinstance(value, bool) and not name:
        yield from (each for each in (0, 1) if abs(value) > each)


def _simpler_symbols(name: str, value: dict[str, int]) -> Iterator[Json]:
    """Yield the plain name or index of the step, and any name that no step has."""
    if value != symbol(value["$step"]):
        yield symbol(value["$step"])
        if name == "current_step":
            yield _PLAIN


def _simpler_texts(name: str, value: str) -> Iterator[str]:
    if name in {"status", "decision"}:
        if name == "status" and value not in set(Status) and value.lower() in set(Status):
            # another status, spelled in the same wrong way, may need less before it
            others = [Status.FAILED, Status.RUNNING]
            rank = [value.lower() == each for each in others]
            for other in others[: rank.index(True)] if True in rank else others:
                yield other.upper() if value.isupper() else other.title()
        return
    plain = _PLAINEST.get(name, _PLAIN)
    if value == plain:
        return
    yield plain
    for kept in _shorter(len(value)):
        shorter = "".join(value[place] for place in kept)
        if len(shorter) > len(plain):
            yield shorter


def _shorter(length: int) -> Iterator[tuple[int, ...]]:
    """Places to keep of a sequence: none, then all but ever smaller parts of it.

    What is left after a part of a text was cut out is looked at again by the next pass. Of what is
    long, small parts are cut off at the ends alone: what matters there is the length, as a rule.
    """
    if not length:
        return
    yield ()
    size = length // 2
    while size >= 1:
        starts = range(0, length, size)
        if length > _LONG and len(starts) > _PARTS:
            starts = range(0, length, length - size)
        for start in starts:
            yield tuple(n for n in range(length) if not start <= n < start + size)
        size //= 2


def _simpler_objects(name: str, value: dict[str, Json]) -> Iterator[Json]:
    """Objects with fewer or simpler members; of a policy only the optional member can go."""
    keys = list(value)
    if name == "policy":
        if "rules_triggered" in value:
            yield {key: inner for key, inner in value.items() if key != "rules_triggered"}
    else:
        for kept in _shorter(len(keys)):
            yield {keys[place]: value[keys[place]] for place in kept}
    for key, inner in value.items():
        for each in _simpler_values(key if name == "policy" else "", inner):
            yield {**value, key: each}
