"""Shorter traces: without a run, a step, a pause, a reading, any commands at all.

Each function gives the candidates of one kind, the boldest first. Those that know the model's words
come before those that cut blindly: a step goes with all that names it, a pause with its resume.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from typing import Final

from attrs import evolve

from pt004_model.model.commands import (
    ChangeRun,
    Command,
    CreateRun,
    OddPath,
    ReadRun,
    subject,
)
from pt004_model.model.values import Body, Json
from pt004_model.trace.recorded import Commands
from pt004_model.vocabulary import Decision, Status

_PAIRS_UP_TO: Final = 14
_LOOKS: Final = 8


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


def first_cuts(commands: Commands, accepted: Commands) -> Iterator[Commands]:
    """Yield what most likely still fails, the shortest first, at last the trace as it is.

    ``accepted`` is the trace without what was refused in it.
    """
    last = subject(commands[-1])
    seen: list[Commands] = []
    for trace in (accepted, commands):
        about = tuple(each for each in trace if subject(each) in {last, None})
        made = tuple(
            each for each in trace if subject(each) in {last, None} or isinstance(each, CreateRun)
        )
        others = dict.fromkeys(subject(each) for each in trace)
        pairs = [
            tuple(each for each in trace if subject(each) in {last, None, other})
            for other in others
            if other not in {last, None}
        ]
        for cut in (about, made, *pairs, trace):
            kept = tuple(each for each in cut[:-1] if not _looks(each))
            seen += [(*kept, commands[-1]), cut]
    yield from dict.fromkeys(sorted(seen, key=len))


def _looks(command: Command) -> bool:
    return isinstance(command, ReadRun | OddPath)


def without_runs(commands: Commands) -> Iterator[Commands]:
    """Without one run, but for the one that the trace ends with."""
    runs = dict.fromkeys(subject(command) for command in commands)
    last = subject(commands[-1])
    for run in runs:
        if run is not None and run != last:
            yield tuple(command for command in commands if subject(command) != run)


def beginnings(commands: Commands) -> Iterator[Commands]:
    """Yield the last command after ever more of the first ones."""
    one, two = 1, 2
    while one < len(commands) - 1:
        yield (*commands[:one], commands[-1])
        one, two = two, one + two


def with_body(command: Command, old: Body, new: Body) -> Command:
    """Return a command with another body, if it has this one."""
    if isinstance(command, CreateRun | ChangeRun) and command.body == old:
        return evolve(command, body=new)
    return command


def creates(command: Command, run: object) -> bool:
    """Tell whether a command is a create of the run."""
    return isinstance(command, CreateRun) and command.run == run


def without_looking(commands: Commands) -> Iterator[Commands]:
    """Without all that only looks, but the last command; then with but one such look left."""
    looks = {n for n, each in enumerate(commands[:-1]) if _looks(each)}
    if looks:
        yield without(commands, looks)
    if len(looks) > 1:
        for kept in sorted(looks, reverse=True)[:_LOOKS]:
            yield without(commands, looks - {kept})


def _to(command: Command, status: Status) -> bool:
    return isinstance(command, ChangeRun) and command.body.fields.get("status") == status


def without_pauses(commands: Commands) -> Iterator[Commands]:
    """Without all pauses and what resumes after them; then without each, from the end."""
    pairs = []
    for place, command in enumerate(commands[:-1]):
        if _to(command, Status.PAUSED):
            after = range(place + 1, len(commands) - 1)
            mine = (n for n in after if subject(commands[n]) == subject(command))
            resume = next((n for n in mine if _to(commands[n], Status.RUNNING)), None)
            if resume is not None:
                pairs.append((place, resume))
    if len(pairs) > 1:
        yield without(commands, {place for pair in pairs for place in pair})
    for pair in reversed(pairs):
        yield without(commands, pair)


def without_flags(commands: Commands) -> Iterator[Commands]:
    """With one flagged step allowed, and without the pause and the resume that it needed."""
    for place, command in enumerate(commands[:-1]):
        policy = command.body.fields.get("policy") if isinstance(command, ChangeRun) else None
        if not isinstance(command, ChangeRun) or not isinstance(policy, dict):
            continue
        if policy.get("decision") != Decision.FLAG:
            continue
        body = command.body.replace(policy={**policy, "decision": str(Decision.ALLOW)})
        allowed = (*commands[:place], evolve(command, body=body), *commands[place + 1 :])
        after = range(place + 1, len(commands) - 1)
        mine = [n for n in after if subject(commands[n]) == subject(command)]
        pause = next((n for n in mine if _to(commands[n], Status.PAUSED)), None)
        if pause is None:
            continue
        resume = next((n for n in mine if n > pause and _to(commands[n], Status.RUNNING)), None)
        if resume is not None:
            yield without(allowed, {pause, resume})
        yield without(allowed, {pause})


def without_chunks(commands: Commands) -> Iterator[Commands]:
    """Without ever smaller chunks, from the end; the last command is the one that fails."""
    size = (len(commands) - 1) // 2
    while size >= 1:
        for end in range(len(commands) - 1, 0, -size):
            start = max(0, end - size)
            yield commands[:start] + commands[end:]
        size //= 2


def without_pairs(commands: Commands) -> Iterator[Commands]:
    """Without any two commands: some can only go together."""
    count = len(commands) - 1
    if count > _PAIRS_UP_TO:
        return
    for one in range(count):
        for other in range(one + 1, count):
            yield (*commands[:one], *commands[one + 1 : other], *commands[other + 1 :])


def declared_steps(commands: Commands) -> Iterator[tuple[int, list[Json]]]:
    """Each governed run that is created, with its steps."""
    for command in commands:
        steps = command.body.fields.get("steps") if isinstance(command, CreateRun) else None
        if isinstance(command, CreateRun) and isinstance(steps, list):
            yield command.run, steps


def without_steps_of_all(commands: Commands) -> Iterator[Commands]:
    """Without ever fewer steps of every run: runs that are alike may only matter as such."""
    declared = [(run, steps) for run, steps in declared_steps(commands) if len(steps) > 1]
    if len(declared) < 2:  # for one run there are the candidates below
        return
    longest = max(len(steps) for _, steps in declared)
    size = longest // 2
    while size >= 1:
        for end in range(longest, 0, -size):
            shorter = commands
            for run, steps in declared:
                gone = range(max(0, end - size), min(end, len(steps)))
                shorter = _dropped(shorter, run, steps, gone)
            yield shorter
        size //= 2


def without_steps(commands: Commands) -> Iterator[Commands]:
    """Without ever fewer of the declared steps of one run.

    What started a step goes with it, and what follows moves up.
    """
    for run, steps in declared_steps(commands):
        started = _started(commands, run)
        if 0 < started < len(steps):
            yield _dropped(commands, run, steps, range(started, len(steps)))
        size = len(steps) // 2
        while size >= 1:
            for end in range(len(steps), 0, -size):
                yield _dropped(commands, run, steps, range(max(0, end - size), end))
            size //= 2


def _started(commands: Commands, run: int) -> int:
    """Return one more than the highest index that a change of the run names."""
    named = [
        _index(command) for command in commands
        if isinstance(command, ChangeRun) and command.run == run
    ]  # fmt: skip
    return max((n + 1 for n in named if n is not None), default=0)


def _index(command: ChangeRun) -> int | None:
    """Return the index that a change names, which may be written as a double."""
    number = command.body.fields.get("step_index")
    if isinstance(number, bool) or not isinstance(number, int | float):
        return None
    return int(number) if float(number).is_integer() else None


def _dropped(commands: Commands, run: int, steps: list[Json], indexes: range) -> Commands:
    """``commands`` when the declared steps ``indexes`` of a run are gone."""
    shorter, left = commands, list(steps)
    for index in reversed(indexes):
        shorter = _dropped_step(shorter, run, left, index)
        left = [*left[:index], *left[index + 1 :]]
    return shorter


def _dropped_step(commands: Commands, run: int, steps: list[Json], index: int) -> Commands:
    result: list[Command] = []
    for command in commands:
        if isinstance(command, CreateRun) and command.run == run:
            if isinstance(command.body.fields.get("steps"), list):
                kept: list[Json] = [*steps[:index], *steps[index + 1 :]]
                command = evolve(command, body=command.body.replace(steps=kept))  # noqa: PLW2901 - as the run is now
        elif isinstance(command, ChangeRun) and command.run == run:
            moved = _moved_up(command, steps, index)
            if moved is None:
                continue
            command = moved  # noqa: PLW2901 - the command as the shorter run needs it
        result.append(command)
    return tuple(result)


def _moved_up(command: ChangeRun, steps: list[Json], index: int) -> ChangeRun | None:
    """Return a change without the step ``index``; ``None`` for one that names that step."""
    name, number = command.body.fields.get("current_step"), _index(command)
    if name == steps[index] and number == index:
        return None
    if number is not None and number > index:
        return evolve(command, body=command.body.replace(step_index=number - 1))
    return command


def with_earlier_steps(commands: Commands) -> Iterator[Commands]:
    """Without the start of one step, those after it starting one step earlier each."""
    for run, steps in declared_steps(commands):
        for place, command in enumerate(commands[:-1]):
            index = _index(command) if isinstance(command, ChangeRun) else None
            if index is not None and changes(command, run):
                rest = (_earlier(each, run, steps, index) for each in commands[place + 1 :])
                yield (*commands[:place], *rest)


def changes(command: Command, run: int | None) -> bool:
    """Tell whether a command is a change of the run."""
    return isinstance(command, ChangeRun) and command.run == run


def _earlier(command: Command, run: int, steps: list[Json], than: int) -> Command:
    """Return a change that names a step after ``than``, as it names the one before that."""
    if not isinstance(command, ChangeRun) or command.run != run:
        return command
    name, number = command.body.fields.get("current_step"), _index(command)
    changed: dict[str, Json] = {}
    if number is not None and number > than:
        changed["step_index"] = number - 1
    if name in steps and steps.index(name) > than:
        changed["current_step"] = steps[steps.index(name) - 1]
    return evolve(command, body=command.body.replace(**changed)) if changed else command
