"""A trace told to the model once more: what was expected at each step, as values and not as texts.

The file says in words what was allowed. A script that checks an answer needs the model's values, so
the model is led along the recorded way again: of the allowed outcomes the one that came about is
taken, by how the call was answered and by the state that the file names.
"""

from __future__ import annotations

from attrs import frozen

from pt004_model.evidence.document import Trace, TraceStep
from pt004_model.model.commands import Command, subject
from pt004_model.model.replies import NoAnswer, Reply
from pt004_model.model.run import Run
from pt004_model.model.world import Accepted, Outcome, Refused, World, expect, unanswered
from pt004_model.vocabulary import AUTHORIZATION_HEADER


@frozen
class Moment:
    """One step of a trace: its place from 0 on, and what the model allowed there.

    ``before`` is the world before it. ``came`` is the outcome that came about; of a step that
    fails the one that its answer is nearest to, which is how it should have been.
    """

    number: int
    step: TraceStep
    before: World
    outcomes: tuple[Outcome, ...]
    came: Outcome

    @property
    def command(self) -> Command:
        """What was sent."""
        return self.step.send

    @property
    def run(self) -> Run | None:
        """The run as it is shown by the answer that came, or should have come."""
        reply = self.came.reply
        return reply.run if isinstance(reply, Accepted) else None


def relive(trace: Trace) -> tuple[Moment, ...]:
    """The moments of a trace in order; the last one is the step that fails."""
    world = World(authenticates=authenticates(trace))
    moments: list[Moment] = []
    for number, step in enumerate(trace.steps):
        outcomes = expect(world, step.send)
        came = _came(outcomes, step)
        moments.append(Moment(number, step, world, outcomes, came))
        world = _after(came, step, world)
    return tuple(moments)


def authenticates(trace: Trace) -> bool:
    """Whether tokens were sent at all."""
    sent = [step.request.headers for step in trace.steps if step.request is not None]
    return any(AUTHORIZATION_HEADER in headers for headers in sent)


def _came(outcomes: tuple[Outcome, ...], step: TraceStep) -> Outcome:
    """The outcome that the answer is of: by its kind, and by the state that was noted after it."""
    reply = step.reply
    if not isinstance(reply, Reply):
        return outcomes[0]
    accepted = reply.code < 300
    fitting = [each for each in outcomes if isinstance(each.reply, Accepted) == accepted]
    number = subject(step.send)
    for each in fitting:
        run = each.world.runs.get(number) if number is not None else None
        if run is not None and str(run.state) == (step.after or _shown(reply, run)):
            return each
    return (fitting or list(outcomes))[0]


def _shown(reply: Reply, run: Run) -> str:
    """The state of ``run``, if the answer shows its status; of a failing step no state is noted."""
    body = reply.body
    shown = body.get("run") if isinstance(body, dict) else None
    status = shown.get("status") if isinstance(shown, dict) else None
    return str(run.state) if status == str(run.state.status) else ""


def _after(came: Outcome, step: TraceStep, before: World) -> World:
    reply = step.reply
    if isinstance(reply, NoAnswer):
        return unanswered(before, step.send) if reply.applied else before
    if isinstance(came.reply, Refused) and isinstance(reply, Reply):
        return came.world.with_code(came.reply.like, reply.code)
    return came.world
