"""Calls that were recorded while others used the FC too: is there a way to explain each answer?

Whatever others did between them is not recorded. So a call may find its run in any state that can
be reached from where every call that was over before has left it; those that overlap bind nothing.
A reply is a finding if the judge of live answers finds something in each of these states: then no
order of the calls explains it, and no call that was not seen.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from attrs import define, evolve, field, frozen

from pt004_model.audit.evidence import GONE, Evidence
from pt004_model.audit.har import Call
from pt004_model.audit.heads import Head, Heads
from pt004_model.audit.judging import creation_of, placed_as_shown
from pt004_model.audit.window import beginnings
from pt004_model.judge.finding import Finding, Saying, disagreement
from pt004_model.judge.memory import JsonObject, Ledger, Seen, View
from pt004_model.judge.oracle import Judgement, Oracle
from pt004_model.model.asks import SENT, Creation
from pt004_model.model.commands import (
    JSON_TYPE,
    NO_ACTOR,
    Caller,
    ChangeRun,
    Command,
    CreateRun,
    Names,
    ReadRun,
    Tenant,
    describe,
)
from pt004_model.model.moves import MOVES, asked, fresh
from pt004_model.model.run import Run, State, step
from pt004_model.model.values import Body
from pt004_model.model.world import Accepted, World, expect
from pt004_model.vocabulary import (
    ACTOR_HEADER,
    CORRELATION_HEADER,
    IDEMPOTENCY_HEADER,
    TENANT_HEADER,
)

_DOOR: Final = frozenset({401, 403})
"""Refusals of who may call at all, of which a recording does not tell if they are right."""
_ROUNDED: Final = 0.005
"""Seconds by which the times of a recording may be off."""


@frozen
class Unexplained:
    """A finding in a reply: the recorded calls of its run up to it, and where it may have been."""

    call: Call
    finding: Finding
    evidence: Evidence
    before: tuple[str, ...] = ()


def judge_calls(calls: Sequence[Call]) -> Iterator[Unexplained]:
    """Yield what is wrong with the replies to the calls of one recording."""
    ledger = Ledger()
    by_run: dict[str, list[Call]] = {}
    for call in sorted(calls, key=lambda each: each.reply.sent):
        shown = call.shown or {}
        run_id = call.run_id or shown.get("run_id")
        if call.reply.code in _DOOR:
            continue
        if call.method == "POST":
            yield from _create(call, ledger)
        if isinstance(run_id, str):
            by_run.setdefault(run_id, []).append(call)
    for run_id, group in by_run.items():
        known = next((call.shown for call in group if call.shown is not None), None)
        if known is None:
            yield from _of_no_run(group)
        else:
            yield from _Recording(run_id, known, group).judge()


def _create(call: Call, ledger: Ledger) -> Iterator[Unexplained]:
    """Yield what is wrong with the answer to a create, which nothing before it decides.

    That to one with a key may be the answer to another, which was not seen.
    """
    if call.header(IDEMPOTENCY_HEADER) and call.reply.code < 500:
        return
    names = Names((call.header(TENANT_HEADER),), (call.header(ACTOR_HEADER),))
    correlation = call.headers.get(CORRELATION_HEADER.lower())
    given = (_caller(call, names), None, correlation, _content_type(call))
    command = CreateRun(0, Body(call.text), *given)
    judgement = _judged(Oracle(names, ledger), View(), command, call)
    evidence = Evidence(Names.of(names.tenants[0], "stranger", names.actors), (command,))
    yield from (Unexplained(call, each, evidence) for each in judgement.findings)


def _of_no_run(calls: Iterable[Call]) -> Iterator[Unexplained]:
    """Yield the server errors in answers to calls of a run that is shown nowhere."""
    for call in calls:
        if call.reply.code >= 500:
            judgement = _judged(Oracle(GONE.names), View(), GONE.commands[0], call)
            yield from (Unexplained(call, each, GONE) for each in judgement.findings)


def _judged(oracle: Oracle, view: View, command: Command, call: Call) -> Judgement:
    """Judge a reply by itself: log and gates, which may tell of other calls, are judged apart."""
    body = call.reply.body
    if call.shown is not None and isinstance(body, dict) and call.method != "POST":
        body = {name: value for name, value in body.items() if name not in {"logs", "gates"}}
    reply = evolve(call.reply, body=body, sent=0.0, received=math.inf)
    return oracle.judge((view,), command, reply)


def _caller(call: Call, names: Names) -> Caller:
    tenant, actor = call.header(TENANT_HEADER), call.header(ACTOR_HEADER)
    whose = Tenant.OURS if tenant == names.tenants[0] else Tenant.STRANGER
    return Caller(
        whose if tenant else Tenant.NOBODY, names.actors.index(actor) if actor else NO_ACTOR
    )


def _content_type(call: Call) -> str | None:
    given = call.headers.get("content-type")
    plain = given is not None and given.partition(";")[0].strip().lower() == JSON_TYPE
    return JSON_TYPE if plain else given


@lru_cache(maxsize=4096)
def _reachable(length: int, start: State) -> frozenset[State]:
    """Return every state that a run can come to from one, by whatever calls, itself among them."""
    found, new = {start}, [start]
    while new:
        there = _next(length)[new.pop()] - found
        found |= there
        new += there
    return frozenset(found)


@lru_cache(maxsize=64)
def _next(length: int) -> dict[State, frozenset[State]]:
    """Return for each state of a run of some steps the states that one change leads to."""
    runs = {run.state: run for run in beginnings(fresh(length).asked, {})}
    return {state: frozenset(_changed(run)) for state, run in runs.items()}


def _changed(run: Run) -> Iterator[State]:
    for move in MOVES:
        change = asked(run, move)
        for after in () if change is None else step(run, change, 0):
            if isinstance(after, Run):
                yield after.state


@frozen
class _Left:
    """A call that was taken into account: where it may have left the run, if it did not refuse.

    ``refusing`` is the same for what may be believed if refusals are.
    """

    call: Call
    command: Command
    states: frozenset[State] | None
    refusing: frozenset[State]


@define
class _Recording:
    """The calls of one run, in the order in which they were sent.

    ``left`` are those that may not be over yet. After those that are, the run may be in
    ``states``, ``None`` if in any; if refusals count as well, in ``refusing``. ``refused`` is the
    last of these.
    """

    run_id: str
    known: JsonObject
    calls: list[Call]
    left: list[_Left] = field(factory=list)
    states: frozenset[State] | None = None
    refusing: frozenset[State] | None = None
    refused: _Left | None = None
    heads: Heads = field(factory=Heads)
    _read: list[tuple[float, list[JsonObject]]] = field(factory=list)
    _sent: list[Command] = field(factory=list)
    _asked: Creation = field(init=False)
    _names: Names = field(init=False)

    def __attrs_post_init__(self) -> None:
        self._asked = creation_of(self.known)
        others = (call.header(ACTOR_HEADER) for call in self.calls)
        actors = dict.fromkeys((str(self.known.get("actor_id")), *others))
        self._names = Names.of(str(self.known.get("tenant_id")), "stranger", tuple(actors))
        body = {name: self.known.get(name) for name in SENT if self.known.get(name)}
        self._sent.append(CreateRun(0, Body.of(body)))

    def judge(self) -> Iterator[Unexplained]:
        """Yield what is wrong with the replies."""
        for call in self.calls:
            self._catch_up(call.reply.sent - _ROUNDED)
            yield from self._log(call)
            if call.method != "POST":
                yield from self._reply(call)

    def _catch_up(self, sent: float) -> None:
        """Take into account the calls that were over before."""
        for each in [each for each in self.left if each.call.reply.received < sent]:
            self.left.remove(each)
            self.refusing = self._after(self.refusing, each.refusing)
            if each.states is None:
                self.refused = each
            else:
                self.states = self._after(self.states, each.states)
        for over, logs in [each for each in self._read if each[0] < sent]:
            self._read.remove((over, logs))
            before = self.heads.before.get(self.run_id)
            receipt = logs[-1].get("receipt_hash")
            if isinstance(receipt, str) and (before is None or before.entries < len(logs)):
                self.heads.before[self.run_id] = Head(len(logs), receipt)

    def _after(self, known: frozenset[State] | None, left: frozenset[State]) -> frozenset[State]:
        """Return where a run may be that a call left in one of some states, and others went on."""
        length = len(self._asked.steps or ())
        after = frozenset(each for state in left for each in _reachable(length, state))
        return after if known is None else known & after

    def _log(self, call: Call) -> Iterator[Unexplained]:
        """Hold a log against those that were read before (7.4)."""
        rows = [] if call.shown is None else call.reply.rows("logs")
        if not rows or call.header(IDEMPOTENCY_HEADER):  # it may be that of then
            return
        changed = self.heads.compare(self.run_id, rows)
        if changed is not None:
            yield self._unexplained(call, changed)
        else:
            self._read.append((call.reply.received, rows))

    def _reply(self, call: Call) -> Iterator[Unexplained]:
        """Judge a reply in each state that the call may have found, the likely ones first."""
        keyed = call.method == "PATCH" and call.header(IDEMPOTENCY_HEADER)
        states = None if keyed else self.states
        command = self._command(call)
        self._sent.append(command)
        runs = [run for run in self._runs(call) if states is None or run.state in states]
        likely = [run for run in runs if _is_like(run, command, call)]
        asked = [(run, self._ask(call, command, run)) for run in likely]
        if not any(not judgement.findings for _, judgement in asked):
            asked += [(run, self._ask(call, command, run)) for run in runs if run not in likely]
        fitting = [each for each in asked if not each[1].findings]
        if asked and not fitting:
            told = min((judgement.findings for _, judgement in asked), key=len)
            before = tuple(dict.fromkeys(str(run.state) for run, _ in asked))
            yield from (self._unexplained(call, finding, before) for finding in told)
            self._forget()
        elif not keyed:
            either = self.refusing
            believed = [each for each in fitting if either is None or each[0].state in either]
            if not believed and self.refused is not None:
                yield self._unexplained(call, _contradiction(command, self.refused.command))
                self._forget()
                return
            refusal = call.reply.code >= 300
            states = None if refusal else _states(fitting)
            self.left.append(_Left(call, command, states, _states(believed)))

    def _unexplained(
        self, call: Call, finding: Finding, before: tuple[str, ...] = ()
    ) -> Unexplained:
        return Unexplained(call, finding, Evidence(self._names, tuple(self._sent)), before)

    def _forget(self) -> None:
        """Begin anew behind what nothing explains, so that it is told once."""
        self.left.clear()
        self.states = self.refusing = self.refused = None

    def _runs(self, call: Call) -> Iterator[Run]:
        """Yield the run in each state, with what the reply shows of it that no state decides."""
        shown = call.shown or {}
        correlation = self.known.get("correlation_id")
        for run in beginnings(self._asked, shown):
            yield evolve(
                placed_as_shown(run, shown),
                correlation=correlation if isinstance(correlation, str) else None,
            )

    def _command(self, call: Call) -> ChangeRun | ReadRun:
        caller = _caller(call, self._names)
        if call.method == "PATCH":
            return ChangeRun(0, Body(call.text), caller, None, _content_type(call))
        return ReadRun(0, logs=False, gates=False, caller=caller)

    def _ask(self, call: Call, command: Command, run: Run) -> Judgement:
        view = View(World({0: run}), {0: Seen(self.run_id)})
        return _judged(Oracle(self._names), view, command, call)


def _states(asked: Iterable[tuple[Run, Judgement]]) -> frozenset[State]:
    """Return the states that a call may have left its run in."""
    return frozenset(view.world.runs[0].state for _, judgement in asked for view in judgement.views)


def _contradiction(command: Command, refused: Command) -> Finding:
    """Return the finding of an answer that no state allows in which another can be refused."""
    said = Saying("an order of the calls in which each answer is allowed")
    got = Saying(f"none: the answer to {describe(command)} and that {describe(refused)} is refused")
    return disagreement("concurrency.linearizable", "status", said, got, "order", "refusal")


def _is_like(run: Run, command: Command, call: Call) -> bool:
    """Tell whether an answer of this kind is allowed in a state; the judge asks more, and later."""
    shown = call.shown
    for outcome in expect(World({0: run}), command):
        reply = outcome.reply
        if isinstance(reply, Accepted) and shown is not None:
            if shown.get("status") == reply.run.state.status and (
                not run.governed or shown.get("step_index") == reply.run.step_index
            ):
                return True
        elif not isinstance(reply, Accepted) and call.reply.code >= 300:
            return True
    return False
