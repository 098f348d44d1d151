"""A crash in a conversation: what is sent, what may have come of it, and what is told of it.

A call that was answered has taken effect, and all that it showed must be there afterwards. One that
was not is open until the FC answers again, and then it has taken effect or never will (section 13).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence, Set
from typing import Any, Protocol, runtime_checkable

from attrs import evolve

from pt004_model.drive.rounds import by_client, in_places, steps_of_round
from pt004_model.judge.durability import by_restart
from pt004_model.judge.finding import Finding
from pt004_model.judge.linearizable import judge_together
from pt004_model.judge.memory import View
from pt004_model.judge.oracle import Judgement, Oracle
from pt004_model.model.commands import Command, RunRef
from pt004_model.model.world import restarted
from pt004_model.trace.recorded import Step
from pt004_model.wire.codec import Exchange
from pt004_model.wire.restarting import NotKilled


@runtime_checkable
class Crashing(Protocol):
    """An FC that can be killed and started again."""

    def crash(
        self,
        clients: Sequence[Sequence[Command]],
        run_id: Callable[[RunRef], str],
        nonce: str,
        after: float,
    ) -> tuple[list[list[Exchange]], str]:
        """Send commands and kill the FC; return why it is not back. Raises ``NotKilled``."""
        ...

    def anew(self) -> bool:
        """Start it with nothing in it; return whether that can be done."""
        ...


def crash(
    fc: Any, calls: Sequence[Command], run_id: Callable[[RunRef], str], nonce: str, after: float
) -> tuple[list[Exchange], str]:
    """Send the calls of a round, and kill the FC meanwhile; return why it is not back, or nothing.

    Raises ``NotKilled``.
    """
    if not isinstance(fc, Crashing):
        raise NotKilled("this FC cannot be killed")
    places = by_client(calls)
    exchanges, why = fc.crash([[calls[n] for n in mine] for mine in places], run_id, nonce, after)
    return in_places(places, exchanges), why


def steps_of_crash(
    oracle: Oracle,
    before: tuple[View, ...],
    calls: Sequence[Command],
    exchanges: Sequence[Exchange],
) -> tuple[list[Step], tuple[View, ...]]:
    """Return the steps of the calls beside which the FC was killed, and how things may be then.

    There is no such way where a finding leaves none.
    """
    history = [(call, each.response) for call, each in zip(calls, exchanges, strict=True)]
    judged = judge_together(oracle, before, history)
    done = judged.order.judgements
    views = () if len(done) < len(calls) else done[-1].views if done else before
    after = tuple(evolve(view, world=restarted(view.world)) for view in views)
    return steps_of_round(calls, exchanges, before, judged), after


def due_to_restart(
    judgement: Judgement,
    alone: Sequence[Finding],
    known: Set[str],
    command: Command,
    before: Sequence[Command],
) -> Judgement:
    """Tell findings behind a restart as due to it, where the calls ``alone`` do not show them.

    Nor anything that is not ``known``: what goes wrong anyway may go wrong in another way then.
    """
    shown = {each.fingerprint for each in alone}
    if not shown <= known:
        return judgement
    told = (
        each if each.fingerprint in shown else by_restart(each, command, before)
        for each in judgement.findings
    )
    return evolve(judgement, findings=tuple({each.fingerprint: each for each in told}.values()))
