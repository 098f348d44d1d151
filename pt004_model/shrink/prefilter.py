"""What the model says of a shorter trace before it is sent.

When an answer of the wrong kind was found (a call accepted that must be refused, or refused though
it is legal), the model knows without an FC whether a shorter trace still asks for the same thing.
Most candidates do not, and need not be sent.
"""

from __future__ import annotations

from attrs import frozen

from pt004_model.drive.session import Session
from pt004_model.judge.status import wrong_answers
from pt004_model.model.commands import Command
from pt004_model.model.world import Accepted, World, expect
from pt004_model.trace.recorded import Commands
from pt004_model.vocabulary import Decision, Status


@frozen
class Foresight:
    """Says whether a candidate can show ``fingerprint``; where it cannot tell, it is hopeful.

    ``own`` are the decisions that this FC acts on by itself (section 5.3).
    """

    world: World
    fingerprint: str
    own: frozenset[Decision]
    tells: bool = False

    @classmethod
    def of(cls, session: Session, commands: Commands, fingerprint: str) -> Foresight:
        """Return the foresight for a finding at the last of ``commands``."""
        tally = session.tally
        own = frozenset(d for d in Decision if tally.own.get(d, 0) > tally.held.get(d, 0))
        blind = cls(World(authenticates=session.authenticates), fingerprint, own)
        return cls(blind.world, fingerprint, own, tells=blind.shows(commands))

    def hopeful(self, commands: Commands) -> bool:
        """Tell whether it is worth sending ``commands``."""
        return not self.tells or self.shows(commands)

    def shows(self, commands: Commands) -> bool:
        """Tell whether a wrong answer to one of ``commands`` would have the fingerprint."""
        world = self.world
        for command in commands:
            if self.fingerprint in wrong_answers(world, command):
                return True
            world = self._after(world, command)
        return False

    def _after(self, world: World, command: Command) -> World:
        accepted = [each for each in expect(world, command) if isinstance(each.reply, Accepted)]
        if not accepted:
            return world
        for outcome in accepted:
            assert isinstance(outcome.reply, Accepted)  # noqa: S101 - for the type checker
            state = outcome.reply.run.state
            if state.decision in self.own and state.status is not Status.RUNNING:
                return outcome.world
        return accepted[0].world
