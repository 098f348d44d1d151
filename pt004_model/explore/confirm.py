"""How surely a finding shows: its trace, sent some times more."""

from __future__ import annotations

from collections.abc import Callable

from attrs import frozen

from pt004_model.explore.lockstep import Step, TargetLost
from pt004_model.explore.reduce import Commands
from pt004_model.explore.session import Session
from pt004_model.explore.shrink import TRIES, fresh_tag, own_names, replay


@frozen
class Confirmation:
    """A finding was seen in ``seen`` of ``runs`` replays; ``other`` is the first without it."""

    seen: int
    runs: int
    other: tuple[Step, ...] = ()


@frozen
class Confirmer:
    """Replays one trace up to ``times`` times, with no more than ``requests`` if it can be helped.

    ``alone`` says that it shows when judged by what is in it alone.
    """

    session: Session
    fingerprint: str
    commands: Commands
    times: int
    requests: int
    alone: bool
    on_try: Callable[[], None] = lambda: None

    def run(self) -> Confirmation:
        """How often it was seen as it stands, or under names of its own where that makes it sure.

        What an FC remembers of earlier replays may keep a finding from showing again, which says
        nothing of how surely it shows (see ``shrink``). One that comes and goes under any name is
        told as it stands.
        """
        plain = self._replays(renamed=False)
        if plain.seen == plain.runs or not self.alone:
            return plain
        again = self._replays(renamed=True)
        return again if again.seen == again.runs or not plain.seen else plain

    def _replays(self, *, renamed: bool) -> Confirmation:
        seen, runs = 0, 0
        other: tuple[Step, ...] = ()
        before = self.session.tally.commands
        try:
            for _ in range(TRIES * self.times):
                if runs == self.times:
                    break
                self.on_try()
                spent = self.session.tally.commands - before
                if runs and spent + len(self.commands) > self.requests:
                    break
                named = self.commands
                if renamed:
                    named = own_names(named, fresh_tag(self.session))
                lockstep, finding = replay(self.session, named, self.fingerprint, alone=self.alone)
                if finding is None and lockstep.unanswered:
                    continue  # it says nothing
                seen, runs = seen + (finding is not None), runs + 1
                if finding is None and not other:
                    other = tuple(lockstep.steps)
        except TargetLost:
            pass  # what was seen by then is told
        return Confirmation(seen, runs, other)
