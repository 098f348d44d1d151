"""The edges of the model: what was asked of a run, where it was, and what came of it.

An edge is status x command x decision in force x position of the step x accepted or refused.
"""

from __future__ import annotations

from typing import Final

from attrs import frozen

from pt004_model.model.asks import (
    Change,
    Creation,
    Malformed,
    Policy,
    read_change,
    read_creation,
)
from pt004_model.model.commands import (
    ChangeRun,
    Command,
    CreateRun,
    OddPath,
    ReadRun,
    Restart,
    Tenant,
    Token,
    Unknown,
    Wait,
    WrongMethod,
)
from pt004_model.model.run import Ask, Run, classify
from pt004_model.model.world import World
from pt004_model.vocabulary import Status

UNGOVERNED: Final = "ungoverned"


@frozen(order=True)
class Edge:
    """One edge; every part is a word, ``-`` where there is nothing to say."""

    status: str
    command: str
    decision: str
    position: str
    outcome: str

    def __str__(self) -> str:
        """Return the edge in one line, for people and tables."""
        return " ".join((self.status, self.command, self.decision, self.position, self.outcome))


def decision_word(run: Run) -> str:
    """Return the decision in force: ``-``, ``allow``, ``flag``, ``cleared`` or ``deny``."""
    state = run.state
    if state.decision is None:
        return "-"
    return "cleared" if state.cleared else str(state.decision)


def position_word(run: Run) -> str:
    """Where the current step stands in the run: ``first``, ``middle``, ``last``, ``only``."""
    if not run.governed:
        return UNGOVERNED
    if run.state.step is None:
        return "none"
    if run.length == 1:
        return "only"
    if run.state.step == 0:
        return "first"
    return "last" if run.state.step == run.length - 1 else "middle"


def ask_word(run: Run, change: Change) -> str:
    """Return the command as a word: the ask, and for a start the decision that it carries."""
    ask = classify(run, change)
    if ask is not Ask.START:
        return str(ask)
    if change.policy is None:
        return f"{ask}-undecided"
    return f"{ask}-{change.policy.decision}" if isinstance(change.policy, Policy) else str(ask)


def edge(world: World, command: Command, accepted: bool) -> Edge | None:
    """Return the edge that a well-formed change of a visible run drives, if it is one."""
    if not isinstance(command, ChangeRun) or isinstance(command.run, Unknown):
        return None
    run = world.runs.get(command.run)
    change = read_change(command.body)
    if run is None or not isinstance(change, Change):
        return None
    caller = command.caller
    if caller.tenant != run.tenant or caller.actor < 0 or caller.token is not Token.GOOD:
        return None
    return edge_of(run, change, accepted)


def edge_of(run: Run, change: Change, accepted: bool) -> Edge:
    """Return the edge that a change of a run drives."""
    return Edge(
        str(run.state.status),
        ask_word(run, change),
        decision_word(run),
        position_word(run),
        "accepted" if accepted else "refused",
    )


def situation(world: World, command: Command, *, coarse: bool = False) -> tuple[str, ...]:
    """Return state, command kind and decision, which tell such findings from one another.

    For calls that are refused whatever the run's state is, what is wrong with them instead.
    ``coarse`` leaves decisions out.
    """
    if isinstance(command, OddPath):
        return ("odd path",)
    if isinstance(command, Wait | Restart):
        return (type(command).__name__.lower(),)
    if isinstance(command, WrongMethod):
        return (command.method, str(command.route))
    wrong = _wrong_at_the_door(command)
    if wrong:
        return wrong
    if isinstance(command, ReadRun):
        return ("read",)
    asked = read_creation(command.body) if isinstance(command, CreateRun) else _asked(command)
    if isinstance(asked, Malformed):
        return (type(command).__name__, str(asked.field))
    if isinstance(command, CreateRun):
        return ("create", type(asked).__name__ if not isinstance(asked, Creation) else "")
    run = None if isinstance(command.run, Unknown) else world.runs.get(command.run)
    if run is None or not isinstance(asked, Change) or command.caller.tenant != run.tenant:
        return ("change",)
    if coarse:
        return (str(run.state.status), str(classify(run, asked)))
    return (str(run.state.status), ask_word(run, asked), decision_word(run))


def _asked(command: ChangeRun) -> object:
    asked = read_change(command.body)
    if isinstance(asked, Change) and isinstance(asked.policy, Malformed):
        # only a start has a use for the policy, and a start is what is sent with a bad one
        return asked.policy if asked.status is Status.RUNNING else asked
    return asked


def _wrong_at_the_door(command: CreateRun | ChangeRun | ReadRun) -> tuple[str, ...]:
    """Return what is wrong with the headers, which are looked at alike whatever is asked for."""
    caller = command.caller
    if caller.token is not Token.GOOD:
        return (str(caller.token),)
    if caller.tenant is Tenant.NOBODY:
        return ("no tenant",)
    return ("no actor",) if caller.actor < 0 else ()
