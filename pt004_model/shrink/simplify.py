"""Simpler traces: with one argument of one command made simpler, or gone.

Each candidate is simpler than what it is made of, so that simplifying comes to an end.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
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
from pt004_model.shrink.reduce import declared_steps, with_body
from pt004_model.trace.recorded import Commands
from pt004_model.vocabulary import Status

_PLAINEST: Final = {"workflow_id": "w"}  # all other texts are plainest as "a"
_KEY: Final = "k"
_MISSPELT: Final[tuple[Callable[[str], str], ...]] = (
    str.swapcase, "{}x".format, "{} ".format, lambda name: name[:-1],
)  # fmt: skip
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


def _texts(steps: list[Json]) -> bool:
    return all(isinstance(each, str) for each in steps)


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
                yield tuple(with_body(c, body, simpler_body) for c in commands)


def _plain_steps(commands: Commands) -> Iterator[Commands]:
    """With steps named plainly, in the creates and wherever they are named: of all runs, of one."""
    declared = {run: steps for run, steps in declared_steps(commands) if _texts(steps)}
    if len(declared) > 1:
        every = [step for steps in declared.values() for step in steps]
        yield from _renamed(commands, declared, every)
    for run, steps in declared.items():
        yield from _renamed(commands, {run}, steps)


def _renamed(commands: Commands, runs: Collection[int], steps: list[Json]) -> Iterator[Commands]:
    known = dict.fromkeys(map(str, steps))
    names: dict[str, Json] = {each: f"step_{n}" for n, each in enumerate(known, 1)}
    if all(each == plain for each, plain in names.items()):
        return
    for change in _MISSPELT:  # what is nearly the name of a step stays so
        for n, each in enumerate(known, 1):
            names.setdefault(change(each), change(f"step_{n}"))
    yield tuple(_named(each, runs, names) for each in commands)


def _named(command: Command, runs: Collection[int], names: dict[str, Json]) -> Command:
    if not isinstance(command, CreateRun | ChangeRun) or command.run not in runs:
        return command
    fields = command.body.fields
    steps, name = fields.get("steps"), fields.get("current_step")
    if isinstance(command, CreateRun) and isinstance(steps, list):
        body = command.body.replace(steps=[names.get(str(each), each) for each in steps])
        return evolve(command, body=body)
    if isinstance(command, ChangeRun) and isinstance(name, str) and name in names:
        return evolve(command, body=command.body.replace(current_step=names[name]))
    return command


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


def _simpler_texts(name: str, value: str) -> Iterator[str]:
    if name in {"status", "decision"}:
        if name == "status" and value not in set(Status) and value.lower() in set(Status):
            # another status, spelled in the same wrong way, may need less before it
            others = [Status.FAILED, Status.RUNNING]
            rank = [value.lower() == each for each in others]
            for other in others[: rank.index(True)] if True in rank else others:
                yield other.upper() if value.isupper() else other.title()
        return
    plain = _PLAINEST.get(name, "a")
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
