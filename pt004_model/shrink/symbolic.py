"""Commands that say "the next step" instead of naming it.

A step is named by its distance from the step at which the model has the run when the command is
sent, so that a command or a declared step can go and what comes after it still says what it said.
Names and indexes are bound again before a trace is sent, as the ids of runs are.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Final, TypeGuard

from attrs import evolve, frozen

from pt004_model.drive.session import Session
from pt004_model.model.commands import ChangeRun, Command
from pt004_model.model.run import Run
from pt004_model.model.values import Body, Json
from pt004_model.model.world import Accepted, World, expect
from pt004_model.trace.recorded import Commands
from pt004_model.vocabulary import Decision, Status

_NAMES: Final[tuple[Callable[[str], str], ...]] = (
    str, str.swapcase, "{}x".format, "{} ".format, lambda name: name[:-1],
)  # fmt: skip
"""How a step is named: by its name, or by what is nearly its name."""
_INDEXES: Final[tuple[type[int] | type[float], ...]] = (int, float)
_STEP: Final = "$step"
_SPELLING: Final = "$as"


def symbol(distance: int, spelling: int = 0) -> dict[str, Json]:
    """Return what stands for the name or the index of a step so far from the current one."""
    return {_STEP: distance, _SPELLING: spelling}


def is_symbol(value: Json) -> TypeGuard[dict[str, int]]:
    """Tell whether a value stands for the name or the index of a step."""
    return isinstance(value, dict) and _STEP in value


def starts_a_step(command: Command) -> bool:
    """Tell whether a command names the step after the current one."""
    named = command.body.fields if isinstance(command, ChangeRun) else {}
    return symbol(1) in (named.get("current_step"), named.get("step_index"))


@frozen
class Model:
    """The model's way through a trace: of several outcomes the one that this FC is known for.

    ``own`` are the decisions that the FC acts on by itself (section 5.3).
    """

    world: World
    own: frozenset[Decision]

    @classmethod
    def of(cls, session: Session) -> Model:
        """Return the model of the FC of a session, as far as its ways were seen."""
        tally = session.tally
        own = frozenset(d for d in Decision if tally.own[d] > tally.held[d])
        return cls(World(authenticates=session.authenticates), own)

    def after(self, world: World, command: Command) -> World:
        """Return the world after a command; one that no outcome accepts changes nothing."""
        accepted = [each for each in expect(world, command) if isinstance(each.reply, Accepted)]
        for outcome in accepted:
            assert isinstance(outcome.reply, Accepted)  # noqa: S101 - for the type checker
            state = outcome.reply.run.state
            if state.decision in self.own and state.status is not Status.RUNNING:
                return outcome.world
        return accepted[0].world if accepted else world

    def symbolic(self, commands: Commands) -> Commands:
        """Return ``commands`` with symbols for the declared steps that they name.

        What is sent more than once under a key is the same bytes, or others on purpose: it stays.
        """
        keys = Counter(getattr(command, "key", None) for command in commands)
        world, result = self.world, list[Command]()
        for command in commands:
            key = getattr(command, "key", None)
            result.append(_symbolic(command, world) if not key or keys[key] == 1 else command)
            world = self.after(world, command)
        return tuple(result)

    def bound(self, commands: Commands) -> Commands:
        """Return ``commands`` with the names and the indexes that their symbols stand for."""
        world, result = self.world, list[Command]()
        for command in commands:
            result.append(_bound(command, world))
            world = self.after(world, result[-1])
        return tuple(result)


def _run(command: Command, world: World) -> Run | None:
    """Return the run that a change is about, if the model knows it."""
    known = isinstance(command, ChangeRun) and isinstance(command.run, int)
    return world.runs.get(command.run) if known else None  # type: ignore[union-attr, arg-type]  # it is known


def _current(run: Run | None) -> int:
    return int(run.step_index) if run is not None and run.current_step is not None else -1


def _symbolic(command: Command, world: World) -> Command:
    run = _run(command, world)
    if run is None or not isinstance(command, ChangeRun):
        return command
    fields, steps, current = command.body.fields, run.asked.steps or (), _current(run)
    name, index = fields.get("current_step"), fields.get("step_index")
    symbols: dict[str, Json] = {}
    for spelling, spell in reversed([*enumerate(_NAMES)]):
        for place, step in enumerate(steps):
            if spell(step) == name:
                symbols["current_step"] = symbol(place - current, spelling)
    for spelling, number in enumerate(_INDEXES):
        if steps and isinstance(index, number) and index in range(len(steps) + 1):
            symbols["step_index"] = symbol(int(index) - current, spelling)
    if not symbols or isinstance(index, bool) or Body.of(fields) != command.body:
        return command
    return evolve(command, body=command.body.replace(**symbols))


def _bound(command: Command, world: World) -> Command:
    fields = command.body.fields if isinstance(command, ChangeRun) else {}
    values: dict[str, Json] = {}
    run = _run(command, world)
    steps = run.asked.steps or () if run is not None else ()
    for name, value in fields.items():
        if is_symbol(value):
            place, spelling = max(0, _current(run) + value[_STEP]), value[_SPELLING]
            text = steps[place] if place < len(steps) else f"step_{place + 1}"
            named = name == "current_step"
            values[name] = _NAMES[spelling](text) if named else _INDEXES[spelling](place)
    if not values:
        return command
    assert isinstance(command, ChangeRun)  # noqa: S101 - it has fields
    return evolve(command, body=command.body.replace(**values))
