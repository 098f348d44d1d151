"""One recording of calls: what each of them asked for, and what its token tells.

Nobody can tell if a recorded token is good, but sometimes that it must be: one that was taken
before and after is good in between (section 12). Where a host refuses with 401 a call that names
tenant and actor, it demands tokens; so a call without any must be refused.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Final, TypeAlias

from attrs import evolve, field, frozen

from pt004_model.audit.evidence import Evidence
from pt004_model.audit.har import Call
from pt004_model.audit.judging import creation_of, placed_as_shown
from pt004_model.audit.window import beginnings
from pt004_model.judge.deviation import Deviation
from pt004_model.judge.finding import Finding
from pt004_model.judge.linearizable import Judged
from pt004_model.judge.memory import JsonObject, Ledger
from pt004_model.judge.oracle import Oracle
from pt004_model.model.asks import SENT
from pt004_model.model.commands import (
    JSON_TYPE,
    NO_ACTOR,
    Caller,
    ChangeRun,
    CreateRun,
    Names,
    ReadRun,
    RunRef,
    Tenant,
    Token,
)
from pt004_model.model.replies import Reply
from pt004_model.model.run import Run
from pt004_model.model.values import Body
from pt004_model.model.world import World
from pt004_model.vocabulary import (
    ACTOR_HEADER,
    AUTHORIZATION_HEADER,
    CORRELATION_HEADER,
    IDEMPOTENCY_HEADER,
    TENANT_HEADER,
)

ROUNDED: Final = 0.005
"""Seconds by which the times of a recording may be off."""
_TOKEN: Final = 401
_DOOR: Final = frozenset({_TOKEN, 403})
"""Refusals of who may call at all."""
_UNTRIED: Final = "so many of its recorded calls overlap that not every order was tried"
Asked: TypeAlias = CreateRun | ChangeRun | ReadRun


@frozen
class Unexplained:
    """A finding in a reply: the recorded calls of its run up to it, and where it may have been."""

    call: Call
    finding: Finding
    evidence: Evidence
    before: tuple[str, ...] = ()


@frozen
class Recording:
    """What the calls of one recording share.

    ``taken`` says by token and tenant from when to when it was taken for certain; ``guarded`` are
    the hosts that demand tokens, and of which the recording keeps them. Of what nobody can tell,
    ``unsure`` counts the runs.
    """

    taken: dict[tuple[str, str], tuple[float, float]] = field(repr=False)
    guarded: frozenset[str]
    unsure: Counter[str]
    agreed: tuple[Deviation, ...]
    ledger: Ledger = field(factory=Ledger)

    @classmethod
    def of(
        cls, calls: Iterable[Call], unsure: Counter[str], agreed: tuple[Deviation, ...]
    ) -> Recording:
        """Return what some calls share."""
        taken: dict[tuple[str, str], tuple[float, float]] = {}
        demanding, kept = set(), set()
        for call in calls:
            who, reply = _who(call), call.reply
            if call.shown is not None:
                first, last = taken.get(who, (math.inf, -math.inf))
                taken[who] = min(first, reply.received), max(last, reply.sent)
            if who[0]:
                kept.add(call.host)
            if reply.code == _TOKEN and who[1] and call.header(ACTOR_HEADER):
                demanding.add(call.host)
        return cls(taken, frozenset(demanding & kept), unsure, agreed)

    def asked(self, call: Call, names: Names, run: RunRef) -> Asked:
        """Return what a call asks for, of a run."""
        tenant, actor = call.header(TENANT_HEADER), call.header(ACTOR_HEADER)
        whose = Tenant.OURS if tenant == names.tenants[0] else Tenant.STRANGER
        who = names.actors.index(actor) if actor else NO_ACTOR
        caller = Caller(whose if tenant else Tenant.NOBODY, who, self._token(call))
        if call.method == "GET":
            return ReadRun(run, logs=False, gates=False, caller=caller)
        key = call.header(IDEMPOTENCY_HEADER) or None
        given = call.headers.get("content-type")
        plain = given is not None and given.partition(";")[0].strip().lower() == JSON_TYPE
        rest = (Body(call.text), caller, key)
        kind = JSON_TYPE if plain else given
        if call.method == "PATCH":
            return ChangeRun(run, *rest, kind)
        return CreateRun(0, *rest, call.header(CORRELATION_HEADER) or None, kind)

    def _token(self, call: Call) -> Token:
        """Return the token of a call: good, or one that may be bad; without any it is."""
        token, _ = who = _who(call)
        if call.reply.code in _DOOR:
            first, last = self.taken.get(who, (math.inf, -math.inf))
            good = bool(token) and first < call.reply.sent and call.reply.received < last
            return Token.GOOD if good else Token.MISSING
        bare = not token and not call.header("Cookie")  # which a gateway may make a token of
        return Token.MISSING if bare and call.host in self.guarded else Token.GOOD

    def oracle(self, names: Names) -> Oracle:
        """Return what judges the calls of some callers."""
        return Oracle(names, self.ledger, agreed=self.agreed)

    def told(self, judged: Judged) -> Iterator[tuple[int, Finding]]:
        """Yield each finding in calls that were judged together, with the place of the call."""
        if judged.why:
            self.unsure[_UNTRIED] += 1
        for place, judgement in zip(judged.order.calls, judged.order.judgements, strict=False):
            yield from ((place, finding) for finding in judgement.findings)
        if judged.against:
            yield from ((judged.against[0][0], finding) for finding in judged.findings)


def named(tenant: object, actors: Iterable[object]) -> Names:
    """Return the names of a tenant and of actors, whatever stands in their places."""
    return Names.of(str(tenant or "production"), "stranger", tuple(dict.fromkeys(map(str, actors))))


def _who(call: Call) -> tuple[str, str]:
    return call.header(AUTHORIZATION_HEADER), call.header(TENANT_HEADER)


def alone(call: Call) -> Reply:
    """Return a reply by itself: log and gates, which may tell of other calls, are judged apart."""
    body = call.reply.body
    if call.shown is not None and isinstance(body, dict) and call.method != "POST":
        body = {name: value for name, value in body.items() if name not in {"logs", "gates"}}
    return evolve(call.reply, body=body, received=call.reply.received + ROUNDED)


def at_any_time(reply: Reply) -> Reply:
    """Return a reply whose times are held against none of the FC, which has another clock."""
    return evolve(reply, sent=0.0, received=math.inf)


def world_of(command: Asked, *runs: Run) -> World:
    """Return the world that a call finds with some runs; a token that may be bad has its rule."""
    guarded = command.caller.token is not Token.GOOD
    return World({run.number: run for run in runs}, authenticates=guarded)


def anywhere(known: JsonObject, shown: JsonObject) -> Iterator[Run]:
    """Yield a run in each state, with what a reply shows of it that no state decides."""
    correlation = known.get("correlation_id")
    for run in beginnings(creation_of(known), shown):
        yield evolve(
            placed_as_shown(run, shown),
            correlation=correlation if isinstance(correlation, str) else None,
        )


def made_of(known: JsonObject) -> Body:
    """Return the body of a create that makes a run as it is shown."""
    return Body.of({name: known.get(name) for name in SENT if known.get(name)})
