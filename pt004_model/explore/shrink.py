"""A recorded trace made as short as it can be, by replaying candidates.

Hypothesis shrinks what was drawn; this shrinks what was sent. It knows the model's words: a run, a
command, a declared step, an argument can be dispensed with. Every candidate is sent to the FC and
judged like any other conversation; it is kept when it shows the same fingerprint again. The budget
is counted in requests and seconds, and what was reached by then is kept.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import islice
from typing import Final, TypeAlias

from attrs import define, evolve, field

from pt004_model.explore.lockstep import Lockstep, TargetLost
from pt004_model.explore.session import Session
from pt004_model.judge.finding import Finding
from pt004_model.model.commands import (
    JSON_TYPE,
    ChangeRun,
    Command,
    CreateRun,
    OddPath,
    ReadRun,
    Tenant,
    subject,
)
from pt004_model.model.replies import Reply
from pt004_model.model.values import Body, Json

Commands: TypeAlias = tuple[Command, ...]


@define
class Budget:
    """What shrinking one finding may cost, and what it has cost: requests and seconds."""

    requests: int = 1000
    seconds: float = 60.0
    spent: int = 0
    started: float = 0.0

    @property
    def left(self) -> bool:
        """Whether anything is left."""
        return self.spent < self.requests and time.monotonic() - self.started < self.seconds


def replay(
    session: Session, commands: Commands, fingerprint: str | None = None
) -> tuple[Lockstep, Finding | None]:
    """Send ``commands`` in a new conversation, up to the first finding of the fingerprint.

    Without a fingerprint any finding ends it. Raises :class:`TargetLost`.
    """
    seen: list[Finding] = []

    def note(finding: Finding, _: Lockstep) -> None:
        seen.append(finding)

    lockstep = session.lockstep(note)
    for command in commands:
        lockstep.do(command)
        for finding in seen:
            if fingerprint is None or finding.fingerprint == fingerprint:
                return lockstep, finding
    return lockstep, None


def sent(lockstep: Lockstep) -> Commands:
    """The commands that a conversation has sent."""
    return tuple(step.command for step in lockstep.steps)


@define
class Shrinker:
    """Shortens one trace; ``best`` is the shortest so far. ``on_try`` is called before each try."""

    session: Session
    fingerprint: str
    best: Commands
    budget: Budget
    on_better: Callable[[Lockstep, Finding], None] = lambda _a, _b: None
    on_try: Callable[[], None] = lambda: None
    refused: list[Command] = field(factory=list)
    confirmed: bool = False

    def run(self) -> Commands:
        """The shortest trace found within the budget."""
        tally = self.session.tally
        with tally.statistics.shrinking(lambda: tally.commands):
            return self._shortest()

    def _shortest(self) -> Commands:
        self.budget.started = time.monotonic()
        try:
            start = _renamed(self.best)  # at once, as the budget may end before the last pass
            if not any(map(self._try, _skeletons(start))):
                self._try(start)
            self._try(self._accepted())
            better = True
            while better and self.budget.left:
                better = False
                for each in _PASSES:
                    better = self._pass(each) or better
            self._try(_renamed(self.best))
        except TargetLost:
            pass  # what was reached by then is kept
        return self.best

    def _accepted(self) -> Commands:
        """The best trace without what was refused in it: detours change nothing, as a rule."""
        *before, last = self.best
        return (*(command for command in before if command not in self.refused), last)

    def _pass(self, candidates: Callable[[Commands], Iterator[Commands]]) -> bool:
        """Try the candidates of one kind; after one that works go on where it stood."""
        better = False
        place = 0
        again = True
        while again:
            again = False
            for candidate in islice(candidates(self.best), place, None):
                if not self.budget.left:
                    return better
                if self._try(candidate):
                    better = again = True
                    break
                place += 1
        return better

    def _try(self, candidate: Commands) -> bool:
        if self.confirmed and candidate == self.best:
            return False  # what changes nothing must not count as progress
        if self.budget.spent + len(candidate) > self.budget.requests:
            return False
        self.on_try()
        before = self.session.tally.commands
        lockstep, finding = replay(self.session, candidate, self.fingerprint)
        self.budget.spent += self.session.tally.commands - before
        if finding is None:
            return False
        self.confirmed = True
        self.best = sent(lockstep)
        self.refused = [
            step.command
            for step in lockstep.steps
            if isinstance(step.response, Reply) and step.response.code >= 400
        ]
        self.on_better(lockstep, finding)
        return True


def _skeletons(commands: Commands) -> Iterator[Commands]:
    """What most likely still fails: the run concerned alone, or with the others merely made."""
    last = subject(commands[-1])
    if last is None:
        return
    yield tuple(each for each in commands if subject(each) == last)
    if len(commands) > _LONG_TRACE:
        yield tuple(
            each for each in commands if subject(each) == last or isinstance(each, CreateRun)
        )


def _without_runs(commands: Commands) -> Iterator[Commands]:
    runs = sorted({subject(command) for command in commands} - {None}, key=str)
    last = subject(commands[-1])
    for run in runs:
        if run != last:
            yield tuple(command for command in commands if subject(command) != run)


def _without_reads(commands: Commands) -> Iterator[Commands]:
    """Without all that only looks, but the last command."""
    kept = tuple(each for each in commands[:-1] if not isinstance(each, ReadRun | OddPath))
    if len(kept) < len(commands) - 1:
        yield (*kept, commands[-1])


def _without_chunks(commands: Commands) -> Iterator[Commands]:
    """Without ever smaller chunks, from the end; the last command is the one that fails."""
    size = (len(commands) - 1) // 2
    while size >= 1:
        for end in range(len(commands) - 1, 0, -size):
            start = max(0, end - size)
            yield commands[:start] + commands[end:]
        size //= 2


def _without_pairs(commands: Commands) -> Iterator[Commands]:
    """Without any two commands: a pause and its resume can only go together."""
    count = len(commands) - 1
    if count > _PAIRS_UP_TO:
        return
    for one in range(count):
        for other in range(one + 1, count):
            yield (*commands[:one], *commands[one + 1 : other], *commands[other + 1 :])


def _without_steps(commands: Commands) -> Iterator[Commands]:
    """Without ever fewer of the declared steps of one run.

    What started a step goes with it, and what follows moves up.
    """
    for command in commands:
        steps = command.body.fields.get("steps") if isinstance(command, CreateRun) else None
        if not isinstance(command, CreateRun) or not isinstance(steps, list):
            continue
        size = len(steps) // 2
        while size >= 1:
            for end in range(len(steps), 0, -size):
                shorter = commands
                for index in range(end - 1, max(0, end - size) - 1, -1):
                    shorter = _dropped_step(shorter, command.run, steps, index)
                yield shorter
            size //= 2


def _plain_steps(commands: Commands) -> Iterator[Commands]:
    """With the steps of one run named plainly, in the create and wherever they are named."""
    for command in commands:
        steps = command.body.fields.get("steps") if isinstance(command, CreateRun) else None
        if not isinstance(command, CreateRun) or not isinstance(steps, list):
            continue
        plain: list[Json] = [f"step_{number}" for number in range(1, len(steps) + 1)]
        if steps == plain or not all(isinstance(each, str) for each in steps):
            continue
        names = dict(zip(map(str, steps), plain, strict=True))
        yield tuple(_named(each, command.run, names) for each in commands)


def _named(command: Command, run: int, names: dict[str, Json]) -> Command:
    if not isinstance(command, CreateRun | ChangeRun) or command.run != run:
        return command
    fields = command.body.fields
    steps, name = fields.get("steps"), fields.get("current_step")
    if isinstance(command, CreateRun) and isinstance(steps, list):
        body = command.body.replace(steps=[names.get(str(each), each) for each in steps])
        return evolve(command, body=body)
    if isinstance(command, ChangeRun) and isinstance(name, str) and name in names:
        return evolve(command, body=command.body.replace(current_step=names[name]))
    return command


def _dropped_step(commands: Commands, run: int, steps: list[Json], index: int) -> Commands:
    result: list[Command] = []
    for command in commands:
        if isinstance(command, CreateRun) and command.run == run:
            named = command.body.fields.get("steps")
            if isinstance(named, list):
                kept: list[Json] = [*named[:index], *named[index + 1 :]]
                shorter = command.body.replace(steps=kept)
                command = evolve(command, body=shorter)  # noqa: PLW2901 - as the run is now
        elif isinstance(command, ChangeRun) and command.run == run:
            moved = _moved(command, steps, index)
            if moved is None:
                continue
            command = moved  # noqa: PLW2901 - the command as the shorter run needs it
        result.append(command)
    return tuple(result)


def _moved(command: ChangeRun, steps: list[Json], index: int) -> ChangeRun | None:
    """A change as it is when the step ``index`` is gone; ``None`` for one that names that step."""
    fields = command.body.fields
    name, number = fields.get("current_step"), fields.get("step_index")
    if name == steps[index] and number == index:
        return None
    if isinstance(number, int) and not isinstance(number, bool) and number > index:
        return evolve(command, body=command.body.replace(step_index=number - 1))
    return command


def _simpler(commands: Commands) -> Iterator[Commands]:
    """With one argument of one command made simpler."""
    for index, command in enumerate(commands):
        for simpler in _simpler_command(command):
            yield (*commands[:index], simpler, *commands[index + 1 :])


def _simpler_command(command: Command) -> Iterator[Command]:
    caller = command.caller
    if caller.actor > 0:
        yield evolve(command, caller=evolve(caller, actor=0))
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
        if command.logs:
            yield evolve(command, logs=False)
        if command.gates:
            yield evolve(command, gates=False)


_PLAINEST: Final[dict[str, Json]] = {
    "reason": "a",
    "policy_id": "a",
    "workflow_id": "w",
    "current_step": "a",
}


def _simpler_bodies(body: Body, create: bool) -> Iterator[Body]:
    fields = body.fields
    needed = {"workflow_id"} if create else {"status"}
    for name in fields:
        if name not in needed:
            yield body.without(name)
    for name, value in fields.items():
        for simpler in _simpler_values(name, value):
            yield body.replace(**{name: simpler})


def _simpler_values(name: str, value: Json) -> Iterator[Json]:
    """Values that are simpler than ``value``, the simplest first."""
    if name == "decision" and value in {"flag", "deny"}:
        yield "allow"
    if isinstance(value, str) and name not in {"status", "decision"}:
        plain = _PLAINEST.get(name, "")
        if value != plain:
            yield plain
        if len(value) > _LONG_TEXT:
            yield value[: len(value) // 2]
    elif isinstance(value, dict):
        yield from _simpler_objects(name, value)
    elif isinstance(value, list) and name != "steps":
        if value:
            yield []
        for index in range(len(value) - 1, -1, -1):
            yield value[:index] + value[index + 1 :]


def _simpler_objects(name: str, value: dict[str, Json]) -> Iterator[Json]:
    """Objects with fewer or simpler members; of a policy only the optional member can go."""
    if value and name != "policy":
        yield {}
    for key in value:
        if name != "policy" or key == "rules_triggered":
            yield {k: v for k, v in value.items() if k != key}
    for key, inner in value.items():
        for simpler in _simpler_values(key, inner):
            yield {**value, key: simpler}


def _renamed(commands: Commands) -> Commands:
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


_PAIRS_UP_TO: Final = 12
_LONG_TRACE: Final = 200
_LONG_TEXT: Final = 8
_PASSES: Final = (
    _without_runs,
    _without_reads,
    _without_steps,
    _without_chunks,
    _plain_steps,
    _simpler,
    _without_pairs,
)
