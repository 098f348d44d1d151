"""Shorter traces that tell the same by other calls: sooner, plainer, on one run instead of two.

What is only left out (see ``reduce``) leaves the calls that show the finding as they were drawn. A
person would take the first call that can show it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from attrs import evolve

from pt004_model.model.commands import ChangeRun, Command, CreateRun, ReadRun, subject
from pt004_model.model.values import Body
from pt004_model.shrink.reduce import (
    beginnings,
    changes,
    creates,
    with_body,
    with_earlier_steps,
    without,
    without_chunks,
    without_flags,
    without_looking,
    without_pairs,
    without_pauses,
    without_runs,
    without_steps,
    without_steps_of_all,
)
from pt004_model.trace.recorded import Commands
from pt004_model.vocabulary import Status

PLAIN_CREATE: Final = Body.of({"workflow_id": "w"})
"""The body of the plainest create."""
_NEAR: Final = 4
"""What shows in an answer was done by one of so many commands, as a rule."""


def _as_one_run(commands: Commands) -> Iterator[Commands]:
    """With one run in place of two: what was done to the other one is done to it."""
    last = subject(commands[-1])
    made = [n for n, each in enumerate(commands) if creates(each, last)]
    if not made or made == [len(commands) - 1]:
        return
    for other in dict.fromkeys(c.run for c in commands[: made[0]] if isinstance(c, CreateRun)):
        merged = (
            evolve(each, run=other) if subject(each) == last else each  # type: ignore[arg-type]  # it has a run
            for each in commands
        )
        yield without(tuple(merged), made)


def _as_a_create(commands: Commands) -> Iterator[Commands]:
    """With nothing but a create by the last caller: what matters may be who calls."""
    last = commands[-1]
    if isinstance(last, ChangeRun | ReadRun) and len(commands) > 1:
        yield (CreateRun(0, PLAIN_CREATE, last.caller),)


def _as_a_refusal(commands: Commands) -> Iterator[Commands]:
    """With the plainest change that is refused between a create and what comes of it."""
    last = commands[-1]
    run = subject(last)
    made = [each for each in commands if creates(each, run)]
    if run is not None and made and len(commands) > len(made) + 2:
        yield (*made, ChangeRun(run, Body.of({"status": str(Status.COMPLETED)})), last)


def _sooner(commands: Commands) -> Iterator[Commands]:
    """With one of the last changes made at once: a start or a failure of a new run in its stead.

    What is wrong with a change but for the status is wrong with the first one as well. What is
    asked more than once is changed alike.
    """
    for place in reversed(range(max(0, len(commands) - _NEAR), len(commands))):
        change = commands[place]
        if not isinstance(change, ChangeRun) or "status" not in change.body.fields:
            continue
        alike = [isinstance(c, ChangeRun) and c.body == change.body for c in commands]
        run = subject(change)
        before = {n for n in range(place) if changes(commands[n], run) and not alike[n]}
        for status in (Status.RUNNING, Status.FAILED) if before else ():
            body = change.body.replace(status=str(status))
            sooner = (with_body(c, change.body, body) for c in commands)
            yield without(tuple(sooner), before)


def _keyed_creates(commands: Commands) -> Iterator[Commands]:
    """With the key of a change on the create of its run instead, and without the change.

    Or with the create repeated in place of the change that the trace ends with, under that key.
    """
    last = commands[-1]
    for place, change in enumerate(commands[:-1]):
        if not isinstance(change, ChangeRun) or change.key is None:
            continue
        made = next((n for n, c in enumerate(commands) if creates(c, change.run)), place)
        create = commands[made]
        if not isinstance(create, CreateRun) or create.key is not None:
            continue
        keyed = evolve(create, key=change.key)
        if isinstance(last, CreateRun) and last.body == create.body:  # two requests, not one
            keyed = evolve(keyed, body=keyed.body.replace(tags=[]))
        others = {n for n, each in enumerate(commands[:-1]) if changes(each, keyed.run)}
        ends: list[Command] = [last]
        if changes(last, keyed.run) and getattr(last, "key", None) == change.key:
            ends.insert(0, evolve(keyed, caller=last.caller))
        for end in ends:
            unkeyed = evolve(change, key=None)
            swapped: dict[int, Command] = {made: keyed, place: unkeyed, len(commands) - 1: end}
            moved = tuple(swapped.get(n, each) for n, each in enumerate(commands))
            yield without(moved, others)
            yield without(moved, {place})
            yield from (without(moved, {n}) for n in sorted(others - {place}))


REDUCTIONS: Final[tuple[Callable[[Commands], Iterator[Commands]], ...]] = (
    without_runs,
    _as_one_run,
    _as_a_create,
    _as_a_refusal,
    _sooner,
    without_looking,
    beginnings,
    without_steps_of_all,
    without_steps,
    without_pauses,
    without_flags,
    _keyed_creates,
    without_chunks,
    with_earlier_steps,
    without_pairs,
)
"""The kinds of candidates, in the order in which they are tried."""
