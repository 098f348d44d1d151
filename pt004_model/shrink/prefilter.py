"""Candidates that the model rules out before they are sent.

When an answer of the wrong kind was found (a call accepted that must be refused, or refused though
it is legal), the model knows without an FC whether a shorter trace still asks for the same thing.
Most candidates do not, and need not be sent.
"""

from __future__ import annotations

from attrs import frozen

from pt004_model.judge.status import wrong_answers
from pt004_model.shrink.symbolic import Model
from pt004_model.trace.recorded import Commands


@frozen
class Prefilter:
    """Says whether a candidate can show ``fingerprint``; where it cannot tell, it lets it pass."""

    model: Model
    fingerprint: str
    tells: bool

    @classmethod
    def of(cls, model: Model, commands: Commands, fingerprint: str) -> Prefilter:
        """Return the prefilter for a finding at the last of ``commands``."""
        return cls(model, fingerprint, asks_for(model, commands, fingerprint))

    def passes(self, commands: Commands) -> bool:
        """Tell whether it is worth sending ``commands``."""
        return not self.tells or asks_for(self.model, commands, self.fingerprint)


def asks_for(model: Model, commands: Commands, fingerprint: str) -> bool:
    """Tell whether a wrong answer to one of ``commands`` would have the fingerprint."""
    world = model.world
    for command in commands:
        if fingerprint in wrong_answers(world, command):
            return True
        world = model.after(world, command)
    return False
