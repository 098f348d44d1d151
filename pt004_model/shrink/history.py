"""What came before a trace in its campaign, put before it where it shows nothing without.

A trace is shortened on the FC that was explored, under names of its own, and can be too short for
any other FC: this one remembers what was sent before. Where another FC like it can be started, as
with the embedded one, the trace is tried there; when it shows nothing, what came before it in the
campaign is put before it, and the whole is shortened again, each time on an FC of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from pt004_model.drive.lockstep import BrokenOff, Lockstep
from pt004_model.drive.session import Session, apart
from pt004_model.judge.finding import Finding
from pt004_model.model.commands import ChangeRun, Command, CreateRun, subject
from pt004_model.shrink.replaying import Way, replay
from pt004_model.shrink.shrinker import Budget, Shrinker
from pt004_model.trace.recorded import Commands

_KEYED: Final = 8
"""So many calls under an empty key are suspected, the first ones."""
_DEARER: Final = (20, 1)
"""So many times the requests and the seconds of a shortening: each FC must be started."""


def show_fresh(
    session: Session,
    fingerprint: str,
    plain: Commands,
    better: Callable[[Lockstep, Finding], None],
) -> None:
    """Tell ``better`` of a trace under its plain names, if it shows so on another FC.

    The one that was explored may know the names already, and have been asked under others.
    """
    if session.fresh is None:
        return
    try:
        lockstep, finding, _ = replay(session, plain, fingerprint, Way.FRESH)
    except BrokenOff:
        return
    if finding is not None:
        better(lockstep, finding)


def make_self_contained(
    session: Session,
    fingerprint: str,
    best: Commands,
    history: tuple[Commands, ...],
    allowed: Budget,
    better: Callable[[Lockstep, Finding], None],
    *,
    shortened: bool = True,
) -> bool:
    """See to it that a trace shows its finding on any FC like this one, if there is a way.

    Whether it does, as far as that can be tried.

    ``best`` is the trace, ``history`` what was sent up to the finding, a conversation each.
    ``allowed`` is what one shortening may cost. ``better`` is told of each trace
    that shows the finding by itself, unless ``best`` does so already and was ``shortened``: what
    this FC remembers may be in the way of that.
    """
    if session.fresh is None:
        return False
    try:
        for candidate in (best, *_suspects(best, history), *_longer(history)):
            lockstep, finding, _ = replay(session, candidate, fingerprint, Way.FRESH)
            if finding is None:
                continue
            if candidate is not best or not shortened:
                better(lockstep, finding)
                if not _shorter_here(session, fingerprint, candidate, allowed, better):
                    budget = Budget(_DEARER[0] * allowed.requests, _DEARER[1] * allowed.seconds)
                    trace = (session, fingerprint, candidate)
                    Shrinker(*trace, budget, better, ways=(Way.FRESH,)).run()
            return True
    except BrokenOff:
        pass  # what was reached by then is kept
    return False


def _shorter_here(
    session: Session,
    fingerprint: str,
    commands: Commands,
    allowed: Budget,
    better: Callable[[Lockstep, Finding], None],
) -> bool:
    """Shorten a trace under names of its own on the FC that was explored, which costs little.

    Whether that was possible, and what came of it shows on an FC of its own as well.
    """
    budget = Budget(allowed.requests, allowed.seconds)
    shrinker = Shrinker(session, fingerprint, commands, budget, ways=(Way.RENAMED,))
    shortest = shrinker.run()
    if not shrinker.confirmed:
        return False
    lockstep, finding, _ = replay(session, shortest, fingerprint, Way.FRESH)
    if finding is not None:
        better(lockstep, finding)
    return finding is not None


def _suspects(best: Commands, history: tuple[Commands, ...]) -> Iterator[Commands]:
    """Yield the trace after the one run that most likely matters: up to where it may, or all of it.

    That is the first run of a workflow of the trace, or the first that was made or changed under an
    empty key: all other keys are new in each conversation.
    """
    earlier = [command for each in history for command in each]
    named = [create.body.fields.get("workflow_id") for create in _creates(best)]
    workflows = {name for name in named if isinstance(name, str)}  # it may be anything
    wanted: dict[Command, None] = {}
    for workflow in sorted(workflows):
        creates = [c for c in earlier if isinstance(c, CreateRun)]
        mine = [c for c in creates if c.body.fields.get("workflow_id") == workflow]
        wanted.update(dict.fromkeys(mine[:1]))
        others = [c for c in mine if all(c.body != each.body for each in _creates(best))]
        wanted.update(dict.fromkeys(others[:1]))
    if any(getattr(command, "key", None) == "" for command in best):
        keyed = [c for c in earlier if isinstance(c, CreateRun | ChangeRun) and c.key == ""]
        # some were turned away, and used up nothing
        wanted.update(dict.fromkeys(keyed[:_KEYED]))
    for command in wanted:
        life = tuple(each for each in earlier if subject(each) == subject(command))
        until = life[: life.index(command) + 1]
        for part in dict.fromkeys((until, life)):
            yield (*apart(part), *best)


def _creates(commands: Commands) -> list[CreateRun]:
    return [command for command in commands if isinstance(command, CreateRun)]


def _longer(history: tuple[Commands, ...]) -> Iterator[Commands]:
    """Yield the last conversation, the last two, four, and so on up to all."""
    count = 1
    while history:
        yield tuple(command for each in history[-count:] for command in each)
        if count >= len(history):
            return
        count *= 2
