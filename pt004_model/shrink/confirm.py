"""How surely a finding shows: its trace, sent some times more."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from attrs import frozen

from pt004_model.drive.lockstep import TRIES, BrokenOff
from pt004_model.drive.session import Session
from pt004_model.shrink.replaying import Replay, Way, replay
from pt004_model.trace.recorded import Commands, Step


@frozen
class Confirmation:
    """A finding was seen in ``seen`` of ``runs`` replays; ``other`` is the first without it.

    ``whole`` says that there were as many as were wanted, ``early`` is a replay that showed it
    before the last command where that did not count, ``way`` the way of the last one.
    """

    seen: int
    runs: int
    other: tuple[Step, ...] = ()
    whole: bool = True
    early: Replay | None = None
    way: Way = Way.AS_KNOWN


@frozen
class Confirmer:
    """Replays one trace up to ``times`` times, with no more than ``requests`` if it can be helped.

    ``self_contained`` says that it shows when judged by what is in it, ``last_only`` that it counts
    at the last command alone: a replay that shows it before that says nothing.
    """

    session: Session
    fingerprint: str
    commands: Commands
    times: int
    requests: int
    self_contained: bool
    on_try: Callable[[], None] = lambda: None
    last_only: bool = False

    def run(self) -> Confirmation:
        """Return how often it was seen as it stands, or in another way in which it is sure.

        What an FC remembers of earlier replays may keep a finding from showing again, which says
        nothing of how surely it shows (see ``shrink``): a trace that needs nothing else is sent
        under names of its own as well, and to another FC where one can be started. One that comes
        and goes in each of these ways is told as it stands.
        """
        tried: list[Confirmation] = []
        for way in self._ways():
            tried.append(self.replays(way))
            if tried[-1].seen == tried[-1].runs and tried[-1].whole:
                return tried[-1]
        return next((each for each in tried if each.seen), tried[0])

    def _ways(self) -> Iterator[Way]:
        if not self.self_contained:
            yield Way.AS_KNOWN
            return
        yield Way.ISOLATED
        yield Way.RENAMED
        if self.session.fresh is not None:
            yield Way.FRESH

    def sighted(self) -> Confirmation:
        """Return whether it is seen at all: up to the first sight, each way in turn."""
        first = Way.ISOLATED if self.self_contained else Way.AS_KNOWN
        return self._replayed((first, Way.RENAMED), self.times, first_sight=True)

    def replays(self, way: Way) -> Confirmation:
        """Return how often it was seen in one way."""
        return self._replayed((way,), TRIES * self.times)

    def _replayed(
        self, ways: Sequence[Way], tries: int, *, first_sight: bool = False
    ) -> Confirmation:
        """Replay it the ways in turn; but for a first sight, what says nothing does not count."""
        seen, runs, before, way = 0, 0, self.session.tally.commands, ways[0]
        other: tuple[Step, ...] = ()
        early: Replay | None = None
        try:
            for count in range(tries):
                if runs == self.times or (first_sight and seen):
                    break
                if runs and not self._affordable(before):
                    return Confirmation(seen, runs, other, whole=False)
                way = ways[count % len(ways)]
                self.on_try()
                done = replay(self.session, self.commands, self.fingerprint, way)
                is_early = self._is_early(done)
                early = done if is_early else early
                lost = done.finding is None and done.lockstep.unanswered
                if (lost or is_early) and not first_sight:
                    continue
                seen, runs = seen + (done.finding is not None and not is_early), runs + 1
                if done.finding is None and not other:
                    other = tuple(done.lockstep.steps)
        except BrokenOff:  # what was seen by then is told
            return Confirmation(seen, runs, other, whole=False)
        return Confirmation(seen, runs, other, first_sight or runs == self.times, early, way)

    def _is_early(self, done: Replay) -> bool:
        short = len(done.commands) < len(self.commands)
        return self.last_only and short and done.finding is not None

    def _affordable(self, before: int) -> bool:
        return self.session.tally.commands - before + len(self.commands) <= self.requests
