"""Rounds of calls that several clients make at once: what is sent, and what is kept of them.

An FC that takes one call at a time (a recording, a stub) gets them one after the other. That is no
race: what is recorded tells by its times if there was one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

from attrs import evolve

from pt004_model.judge.linearizable import Judged
from pt004_model.judge.memory import View
from pt004_model.judge.oracle import Judgement, Verdict
from pt004_model.model.commands import Command, CreateRun, RunRef
from pt004_model.model.replies import Reply
from pt004_model.trace.recorded import Step
from pt004_model.wire.codec import Exchange


@runtime_checkable
class Racing(Protocol):
    """An FC that several clients can call at once."""

    def ask_together(
        self, clients: Sequence[Sequence[Command]], run_id: Callable[[RunRef], str], nonce: str
    ) -> list[list[Exchange]]:
        """Send the commands of each client in turn, the first of all at once. Never raises."""
        ...


def ask_together(
    fc: Any, calls: Sequence[Command], run_id: Callable[[RunRef], str], nonce: str
) -> list[Exchange]:
    """Send the calls of a round, and return the exchange of each in the order of ``calls``."""
    if not isinstance(fc, Racing):
        return [fc.ask(call, run_id, nonce) for call in calls]
    places = by_client(calls)
    clients = [[calls[place] for place in mine] for mine in places]
    return in_places(places, fc.ask_together(clients, run_id, nonce))


def by_client(calls: Sequence[Command]) -> list[list[int]]:
    """Return the places of the calls of each client."""
    places: dict[int | None, list[int]] = {}
    for place, call in enumerate(calls):
        places.setdefault(call.caller.client, []).append(place)
    return list(places.values())


def in_places(places: list[list[int]], exchanges: list[list[Exchange]]) -> list[Exchange]:
    """Return the exchanges of clients in the order of their calls."""
    told = {
        place: exchange
        for mine, theirs in zip(places, exchanges, strict=True)
        for place, exchange in zip(mine, theirs, strict=True)
    }
    return [told[place] for place in sorted(told)]


def made_by(calls: Sequence[Command], exchanges: Sequence[Exchange]) -> dict[RunRef, list[str]]:
    """Return the ids of the runs that were made, by their numbers."""
    made: dict[RunRef, list[str]] = {}
    for call, exchange in zip(calls, exchanges, strict=False):
        reply = exchange.response
        if isinstance(call, CreateRun) and isinstance(reply, Reply) and reply.code < 300:
            run_id = (reply.run or {}).get("run_id")
            if isinstance(run_id, str) and run_id not in made.setdefault(call.run, []):
                made[call.run].append(run_id)
    return made


def in_turn(calls: Sequence[Command]) -> tuple[list[Command], list[Command]]:
    """Return calls as one client makes them, and with those of the last client first.

    The last call, which is made by itself, stays where it is.
    """
    plain = [_by_itself(call) for call in calls]
    order = sorted(range(len(calls)), key=lambda n: -_client(calls[n]))
    return plain, [plain[place] for place in order]


def _client(call: Command) -> int:
    client = call.caller.client
    return -1 if client is None else client


def _by_itself(call: Command) -> Command:
    if call.caller.client is None:
        return call
    return evolve(call, caller=evolve(call.caller, client=None))  # type: ignore[arg-type]  # it has one


def steps_of_round(
    calls: Sequence[Command],
    exchanges: Sequence[Exchange],
    before: tuple[View, ...],
    judged: Judged,
) -> list[Step]:
    """Return the steps of a round, the last of which has its findings, and the worlds behind it.

    A call that no order has room for leaves things as they are behind those that have some.
    """
    views, at = before, {}
    for place, judgement in zip(judged.order.calls, judged.order.judgements, strict=False):
        at[place] = (views, judgement)
        views = judgement.views or views
    nothing = Judgement(Verdict.CONFORMS, views)
    effects = {each: n for n, each in enumerate(judged.order.calls, 1)} if judged.against else {}
    steps = []
    for place, (call, exchange) in enumerate(zip(calls, exchanges, strict=True)):
        there, judgement = at.get(place, (views, nothing))
        judgement = evolve(judgement, findings=())
        if place == len(calls) - 1:
            # a call without an answer need not be the last that takes effect
            whole = len(at) == len(calls)
            judgement = evolve(
                judgement,
                verdict=judged.verdict,
                findings=judged.findings,
                views=judged.order.judgements[-1].views if whole else (),
            )
        after = judgement.views or there
        against = tuple(finding for each, finding in judged.against if each == place)
        effect = effects.get(place)
        steps.append(Step(call, exchange, there, after, judgement, effect, against))
    return steps
