"""Simpler traces: with one argument of one command made simpler, or gone.

Each candidate is simpler than what it is made of, so that simplifying comes to an end.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from typing import Final, TypeAlias

from attrs import evolve

from pt004_model.model.commands import (
    JSON_TYPE,
    ChangeRun,
    Command,
    CreateRun,
    OddPath,
    ReadRun,
    Restart,
    Tenant,
    Wait,
    WrongMethod,
    subject,
)
from pt004_model.model.values import Body, Json
from pt004_model.shrink.passes import declared_steps
from pt004_model.shrink.symbolic import is_symbol, symbol
from pt004_model.trace.recorded import Commands
from pt004_model.vocabulary import Status

_PLAINEST: Final = {"workflow_id": "w"}
_NEEDED: Final[dict[type, str]] = {CreateRun: "workflow_id", ChangeRun: "status"}
_PLAIN: Final = "a"
_KEY: Final = "k"
_Edit: TypeAlias = tuple[tuple[str, ...], Callable[[Command], Command]]
_LONG: Final = 64
_PARTS: Final = 16
_ACTORS: Final = 3
_SECONDS: Final = (0, 1, 2, 3, 5, 10, 20, 30, 60, 120)
"""Seconds that a wait may be cut to."""


def simpler(commands: Commands) -> Iterator[Commands]:
    """Yield all simpler traces, those first that change many commands alike."""
    yield from _plain_steps(commands)
    yield from _our_runs(commands)
    yield from _plain_keys(commands)
    yield from _alike(commands)
    for index, command in enumerate(commands):
        if isinstance(command, Restart):
            continue
        for each in (
            _shorter_wait(command) if isinstance(command, Wait) else _simpler_command(command)
        ):
            yield (*commands[:index], each, *commands[index + 1 :])


def _our_runs(commands: Commands) -> Iterator[Commands]:
    """With one run of the strangers' made and asked for by us instead."""
    for command in commands:
        if isinstance(command, CreateRun) and command.caller.tenant is Tenant.STRANGER:
            yield tuple(_ours(each, command.run) for each in commands)


def _ours(command: Command, run: int) -> Command:
    if isinstance(command, Wait | Restart):
        return command
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
    """With what several requests of a kind have in a field made simpler in all of them."""
    holders: dict[tuple[type, str, str], set[int]] = {}
    for n, command in enumerate(commands):
        for name, text in _texts(command).items():
            holders.setdefault((type(command), name, text), set()).add(n)
    for place, command in enumerate(commands):
        held = {n: holders[type(command), n, text] for n, text in _texts(command).items()}
        # long values that nobody shares are left out, as simpler ones take long to make
        for names, edit in _edits(command, {name for name in held if len(held[name]) > 1}):
            alike = set.intersection(*(held[name] for name in names))
            if len(alike) > 1 and place == min(alike):
                yield tuple(edit(c) if n in alike else c for n, c in enumerate(commands))


def _texts(command: Command) -> dict[str, str]:
    """Return the values of the fields of a request, each as a text."""
    if not isinstance(command, CreateRun | ChangeRun):
        return {}
    return {name: Body.of(value).text for name, value in _fields(command).items()}


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


def _shorter_wait(wait: Wait) -> Iterator[Command]:
    yield from (evolve(wait, seconds=each) for each in _SECONDS if each < wait.seconds)


def _simpler_command(
    command: CreateRun | ChangeRun | ReadRun | WrongMethod | OddPath,
) -> Iterator[Command]:
    caller = command.caller
    if caller.loss is not None:
        yield evolve(command, caller=evolve(caller, loss=None))
    for actor in range(min(caller.actor, _ACTORS)):
        yield evolve(command, caller=evolve(caller, actor=actor))
    if isinstance(command, CreateRun | ChangeRun):
        if command.key is not None:
            yield evolve(command, key=None)
        if command.content_type != JSON_TYPE:
            yield evolve(command, content_type=JSON_TYPE)
        yield from (edit(command) for _, edit in _edits(command, _fields(command)))
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


def _edits(command: Command, among: Collection[str]) -> Iterator[_Edit]:
    """Yield edits of some fields, with those that they concern: without one, or simpler in one."""
    fields = {name: value for name, value in _fields(command).items() if name in among}
    for name in fields:
        if name != _NEEDED[type(command)]:
            yield (name,), _without(name)
    if {"current_step", "step_index"} <= fields.keys():
        yield ("current_step", "step_index"), _without("current_step", "step_index")
    for name, value in fields.items():
        for each in _simpler_values(name, value):
            yield (name,), _with(name, each)


def _fields(command: Command) -> dict[str, Json]:
    return command.body.fields if isinstance(command, CreateRun | ChangeRun) else {}


def _without(*names: str) -> Callable[[Command], Command]:
    return lambda command: _with_body(command, lambda body: body.without(*names))


def _with(name: str, value: Json) -> Callable[[Command], Command]:
    return lambda command: _with_body(command, lambda body: body.replace(**{name: value}))


def _with_body(command: Command, change: Callable[[Body], Body]) -> Command:
    if isinstance(command, CreateRun | ChangeRun):
        return evolve(command, body=change(command.body))
    return command


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
        if shorter:
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
        for each in () if name == "policy" else _simpler_texts("", key):
            if each not in value:
                yield {each if other == key else other: value[other] for other in keys}
