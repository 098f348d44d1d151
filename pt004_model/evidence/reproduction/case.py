"""A trace prepared for a claim: which step showed what of the run concerned."""

from __future__ import annotations

from attrs import frozen

from pt004_model.evidence.document import Trace
from pt004_model.evidence.reproduction.relive import Moment, relive
from pt004_model.evidence.reproduction.words import Words
from pt004_model.model.commands import ChangeRun, CreateRun, subject
from pt004_model.model.replies import Reply
from pt004_model.model.run import Run
from pt004_model.model.world import Accepted, Refused, Unjudged


@frozen
class Claim:
    """What must hold of the answers when the commands of a trace are sent.

    ``says`` is a sentence for people. ``words`` hold where the contract is held. ``hashed`` is the
    value whose hash a shell computes beforehand, for jq has none. ``paced`` asks for more than a
    second between the calls, so that times which are cut to seconds differ.
    """

    says: str
    words: Words
    hashed: Words | None = None
    paced: bool = False


@frozen
class Case:
    """The moments of a trace; ``last`` is the number of the step that fails."""

    trace: Trace
    moments: tuple[Moment, ...]

    @classmethod
    def of(cls, trace: Trace) -> Case:
        """The case of a trace."""
        return cls(trace, relive(trace))

    @property
    def last(self) -> int:
        """The place of the step that fails."""
        return len(self.moments) - 1

    @property
    def failing(self) -> Moment:
        """The step that fails."""
        return self.moments[-1]

    @property
    def run(self) -> Run | None:
        """The run as it should have been shown."""
        return self.failing.run

    @property
    def number(self) -> int:
        """The number of the run concerned; 0 where there is none."""
        return subject(self.failing.command) or 0

    @property
    def codes(self) -> frozenset[int]:
        """The status codes that are allowed to the step that fails."""
        codes: frozenset[int] = frozenset()
        for outcome in self.failing.outcomes:
            reply = outcome.reply
            if isinstance(reply, Accepted):
                codes |= {reply.code}
            elif isinstance(reply, Refused):
                known = outcome.world.hidden.get(reply.like)
                codes |= reply.refusal.codes if known is None else {known}
            elif isinstance(reply, Unjudged):
                codes |= set(range(200, 500))
        return codes

    def shown(self, *parts: str) -> list[int]:
        """The earlier steps whose answers show the run with these parts of the envelope."""
        return [
            moment.number
            for moment in self.moments[:-1]
            if subject(moment.command) == self.number and _shows(moment, parts)
        ]

    def set_by(self, version: int) -> int:
        """The step that made the change of that version of the run."""
        for moment in self.moments:
            same = subject(moment.command) == self.number
            if same and moment.run is not None and moment.run.version >= version:
                return moment.number
        return self.last

    def version(self, step: int) -> int:
        """The version of the run that a step showed."""
        run = self.moments[step].run
        return -1 if run is None else run.version

    def keyed(self) -> int | None:
        """The step that first used the idempotency key of the one that fails."""
        mine = self.failing.command
        for moment in self.moments[:-1]:
            other = moment.command
            if not isinstance(other, CreateRun | ChangeRun) or not isinstance(
                mine, CreateRun | ChangeRun
            ):
                continue
            tenants = other.caller.tenant == mine.caller.tenant
            if other.key == mine.key and tenants and moment.run is not None:
                return moment.number
        return None


def _shows(moment: Moment, parts: tuple[str, ...]) -> bool:
    reply = moment.step.reply
    accepted = moment.came.reply
    if not isinstance(reply, Reply) or not isinstance(accepted, Accepted) or accepted.replay:
        return False
    body = reply.body
    return isinstance(body, dict) and all(body.get(part) for part in parts)
