"""Shorter traces: without a run, a step, a reading, any commands; or told by an earlier call.

Each function gives the candidates of one kind, the boldest first. The steps of a run are named by
symbols (see ``symbolic``), so that what is left out needs no mending of what is left.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from itertools import combinations
from typing import Final

from attrs import evolve

from pt004_model.model.commands import (
    ChangeRun,
    Command,
    CreateRun,
    OddPath,
    ReadRun,
    Wait,
    subject,
)
from pt004_model.model.values import Json
from pt004_model.shrink.symbolic import starts_a_step
from pt004_model.trace.recorded import Commands
from pt004_model.vocabulary import Status

_LONG: Final = 40
"""Calls of which one may suspect that it is the time they take that matters."""
_WAIT: Final = 10.0
"""Seconds that are waited where nothing tells how long it took."""
_SHORT: Final = 14
"""Of so many commands any two are left out, and chunks of three, wherever they begin."""
_SLIDING: Final = 3
_NEAR: Final = 4
"""What shows in an answer was done by one of so many commands, as a rule."""


def without(commands: Commands, places: Collection[int]) -> Commands:
    """``commands`` without those at ``places``."""
    if not places:
        return commands
    return tuple(each for place, each in enumerate(commands) if place not in places)


def renumbered(commands: Commands) -> Commands:
    """With runs numbered from 0 in the order in which they appear."""
    order: dict[int, int] = {}
    result: list[Command] = []
    for command in commands:
        number = subject(command)
        if number is not None:
            number = order.setdefault(number, len(order))
            command = evolve(command, run=number)  # type: ignore[arg-type]  # noqa: PLW2901 - it has a run
        result.append(command)
    return tuple(result)


def _only_looks(command: Command) -> bool:
    return isinstance(command, ReadRun | OddPath)


def _creates(command: Command, run: object) -> bool:
    return isinstance(command, CreateRun) and command.run == run


def _changes(command: Command, run: object) -> bool:
    return isinstance(command, ChangeRun) and command.run == run


def _about(commands: Commands, runs: Collection[int | None]) -> Commands:
    """Return those of ``commands`` that are about one of ``runs``, or about none."""
    return tuple(each for each in commands if subject(each) in {*runs, None})


def _others(commands: Commands) -> list[int]:
    """Return the runs that the last command is not about, in the order in which they appear."""
    runs = dict.fromkeys(subject(command) for command in commands)
    return [run for run in runs if run is not None and run != subject(commands[-1])]


def _chunks(length: int) -> Iterator[range]:
    """Yield ever smaller parts of a sequence, from its end: all, a half, at last each."""
    size = length
    while size >= 1:
        step = 1 if size <= _SLIDING and length <= _SHORT else size
        for end in range(length, 0, -step):
            yield range(max(0, end - size), end)
        size //= 2


def first_cuts(commands: Commands, accepted: Commands) -> Iterator[Commands]:
    """Yield what most likely still fails, the shortest first, at last the trace as it is.

    ``accepted`` is the trace without what was refused in it. Of a long trace these are few: the run
    concerned, with the creates of the others, with ever more of the others.
    """
    last, others = subject(commands[-1]), _others(accepted)
    cuts = [_about(accepted, {last}), _about(commands, {last}), accepted, commands]
    cuts.append(
        tuple(c for c in accepted if subject(c) in {last, None} or isinstance(c, CreateRun))
    )
    count = 1
    while count < len(others):
        cuts += (_about(accepted, {last, *part}) for part in (others[-count:], others[:count]))
        count *= 2
    plain = [(*(each for each in cut[:-1] if not _only_looks(each)), commands[-1]) for cut in cuts]
    *shorter, whole = dict.fromkeys(sorted([*plain, *cuts[:4]], key=len))
    yield from dict.fromkeys((*shorter, *_waited(accepted, last), whole))


def _waited(commands: Commands, run: int | None) -> Iterator[Commands]:
    """Yield a wait in place of all calls that made time pass: after the create, after all else.

    It takes its time, so that only a trace that waits, or is long enough to, is worth it; one that
    is only long is tried once.
    """
    about = tuple(each for each in commands if subject(each) == run and not _only_looks(each))
    waits = [each.seconds for each in about if isinstance(each, Wait)]
    calls = tuple(each for each in about if not isinstance(each, Wait) and each != commands[-1])
    if run is not None and calls and (waits or len(commands) > _LONG):
        wait = Wait(run, sum(waits) or _WAIT)
        if waits:
            yield (calls[0], wait, commands[-1])
        yield (*calls, wait, commands[-1])


def without_runs(commands: Commands) -> Iterator[Commands]:
    """Without ever fewer of the runs that the last command is not about."""
    others = _others(commands)
    for chunk in _chunks(len(others)):
        gone = {others[place] for place in chunk}
        yield tuple(command for command in commands if subject(command) not in gone)


def as_one_run(commands: Commands) -> Iterator[Commands]:
    """With one run in place of two: what was done to the other one is done to it."""
    last = subject(commands[-1])
    made = [n for n, each in enumerate(commands) if _creates(each, last)]
    if not made or made == [len(commands) - 1]:
        return
    for other in dict.fromkeys(c.run for c in commands[: made[0]] if isinstance(c, CreateRun)):
        merged = (
            evolve(each, run=other) if subject(each) == last else each  # type: ignore[arg-type]  # it has a run
            for each in commands
        )
        yield without(tuple(merged), made)


def sooner(commands: Commands) -> Iterator[Commands]:
    """With one of the last calls made at once, as the first call that could be made in its stead.

    What is wrong with a call may be wrong with a create, a start, a failure or a refused change of
    a new run: its caller, its key, its arguments. What is asked more than once is asked alike.
    """
    for place in reversed(range(max(0, len(commands) - _NEAR), len(commands))):
        call = commands[place]
        if not isinstance(call, ChangeRun | ReadRun):
            continue
        alike = {n for n, each in enumerate(commands) if _same_request(each, call)}
        before = {n for n in range(place) if _changes(commands[n], call.run)} - alike
        for create in commands[:place]:
            if isinstance(create, CreateRun) and create.run == call.run:
                made = {n: evolve(create, caller=commands[n].caller, key=call.key) for n in alike}
                told = tuple(made.get(n, each) for n, each in enumerate(commands))
                yield without(told, before | {commands.index(create)})
        if isinstance(call, ChangeRun) and "status" in call.body.fields and before:
            for status in (Status.RUNNING, Status.FAILED, Status.COMPLETED):
                body = call.body.replace(status=str(status))
                asked = {n: evolve(call, body=body, caller=commands[n].caller) for n in alike}
                told = tuple(asked.get(n, each) for n, each in enumerate(commands))
                yield without(told, before)


def _same_request(command: Command, call: ChangeRun | ReadRun) -> bool:
    if isinstance(command, ChangeRun) and isinstance(call, ChangeRun):
        return (command.body, command.key) == (call.body, call.key)
    return command is call


def without_looks(commands: Commands) -> Iterator[Commands]:
    """Without all that only looks, but for the last command."""
    looks = {n for n, each in enumerate(commands[:-1]) if _only_looks(each)}
    if looks:
        yield without(commands, looks)


def without_steps(commands: Commands) -> Iterator[Commands]:
    """Without ever fewer of the declared steps of all runs, then of each, and what starts them.

    Runs that are alike may only matter as such.
    """
    declared = {subject(c): len(steps) for c in commands if (steps := declared_steps(c))}
    for runs in [[*declared]] * (len(declared) > 1) + [[run] for run in declared]:
        for chunk in _chunks(max(declared[run] for run in runs)):
            shorter = commands
            for run in runs:
                shorter = _without_steps_of(shorter, run, chunk)
            if shorter != commands:
                yield shorter


def declared_steps(command: Command) -> list[Json]:
    """Return the steps that a create declares, none for another command."""
    steps = command.body.fields.get("steps") if isinstance(command, CreateRun) else None
    return steps if isinstance(steps, list) else []


def _without_steps_of(commands: Commands, run: int | None, chunk: range) -> Commands:
    """Return ``commands`` without some steps of a run, of which it keeps at least one."""
    starts = [n for n, c in enumerate(commands) if _changes(c, run) and starts_a_step(c)]
    gone = {starts[place] for place in chunk if place < len(starts)} - {len(commands) - 1}
    result: list[Command] = []
    for place, command in enumerate(commands):
        kept = [step for n, step in enumerate(declared_steps(command)) if n not in chunk]
        if place in gone:
            continue
        if kept and isinstance(command, CreateRun) and command.run == run:
            command = evolve(command, body=command.body.replace(steps=kept))  # noqa: PLW2901 - as the run is now
        result.append(command)
    return tuple(result)


def without_chunks(commands: Commands) -> Iterator[Commands]:
    """Without ever smaller chunks of the trace, then of what is about one run."""
    places = range(len(commands) - 1)
    runs = dict.fromkeys(subject(command) for command in commands[:-1])
    by_run = [[n for n in places if subject(commands[n]) == run] for run in runs]
    for sequence in (places, *(by_run if len(by_run) > 1 else ())):
        for chunk in _chunks(len(sequence)):
            if len(chunk) > 1 or sequence is places:
                yield without(commands, {sequence[place] for place in chunk})


def without_pairs(commands: Commands) -> Iterator[Commands]:
    """Without any two commands: some can only go together."""
    if len(commands) <= _SHORT + 1:
        for pair in combinations(range(len(commands) - 1), 2):
            yield without(commands, pair)


PASSES: Final[tuple[Callable[[Commands], Iterator[Commands]], ...]] = (
    without_runs,
    without_looks,
    without_steps,
    without_chunks,
    as_one_run,
    sooner,
    without_pairs,
)
"""The kinds of candidates, in the order in which they are tried."""
