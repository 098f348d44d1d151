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
from pt004_model.shrink.replaying import Way, replay
from pt004_model.shrink.shrinker import Budget, Shrinker
from pt004_model.trace.recorded import Commands

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
        for candidate in (best, *_with_history(best, history)):
            lockstep, finding, sent = replay(session, candidate, fingerprint, Way.FRESH)
            if finding is None:
                continue
            if candidate is not best or not shortened:
                better(lockstep, finding)
                if not _shorter_here(session, fingerprint, sent, allowed, better):
                    budget = Budget(_DEARER[0] * allowed.requests, _DEARER[1] * allowed.seconds)
                    trace = (session, fingerprint, sent)
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


def _with_history(best: Commands, history: tuple[Commands, ...]) -> Iterator[Commands]:
    """Yield the trace after the last conversation, the last two, four, and so on up to all."""
    last = apart(best, count=len(history) + 1)
    count = 1
    while history:
        yield (*(command for each in history[-count:] for command in each), *last)
        if count >= len(history):
            return
        count *= 2
