"""Calls that were recorded while others used the FC too: is there a way to explain each answer?

Whatever others did between them is not recorded. So a call may find its run in any state that can
be reached from where every call that was over before has left it. A reply is a finding if the judge
of live answers finds something in each of these states: then no order of the calls explains it, and
no call that was not seen. Calls of a run that overlap, and those under one key, are then judged
together, as a race is, others' calls between any two of them.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from functools import lru_cache
from typing import Final

from attrs import define, evolve, field, frozen

from pt004_model.audit.evidence import Evidence
from pt004_model.audit.har import Call
from pt004_model.audit.heads import Head, Heads
from pt004_model.audit.judging import creation_of
from pt004_model.audit.keyed import judge_keyed
from pt004_model.audit.recording import (
    ROUNDED,
    Asked,
    Recording,
    Unexplained,
    alone,
    anywhere,
    at_any_time,
    made_of,
    named,
    world_of,
)
from pt004_model.audit.window import beginnings
from pt004_model.judge.deviation import Deviation
from pt004_model.judge.finding import Finding, Saying, disagreement
from pt004_model.judge.linearizable import Belief, judge_together
from pt004_model.judge.memory import JsonObject, Seen, View
from pt004_model.judge.oracle import Judgement, Oracle, Verdict
from pt004_model.model.commands import Command, CreateRun, Names, Unknown, describe
from pt004_model.model.moves import MOVES, fresh, outcomes
from pt004_model.model.replies import Response
from pt004_model.model.run import Run, State
from pt004_model.model.world import Accepted, expect
from pt004_model.vocabulary import ACTOR_HEADER, IDEMPOTENCY_HEADER, TENANT_HEADER

_ROUND: Final = 100
"""Calls that overlap of which the orders are tried; the others are like calls of others."""


def judge_calls(
    calls: Sequence[Call], unsure: Counter[str], agreed: tuple[Deviation, ...] = ()
) -> Iterator[Unexplained]:
    """Yield what is wrong with the replies to the calls of one recording.

    Of what nobody can tell, ``unsure`` counts the runs; what is ``agreed`` is not wrong.
    """
    recording = Recording.of(calls, unsure, agreed)
    by_run: dict[str, list[Call]] = {}
    by_key: dict[tuple[str, str], list[Call]] = {}
    for call in sorted(calls, key=lambda each: each.reply.sent):
        run_id = call.run_id or (call.shown or {}).get("run_id")
        key = call.header(IDEMPOTENCY_HEADER)
        if key and call.method != "GET":
            by_key.setdefault((call.header(TENANT_HEADER), key), []).append(call)
        elif call.method == "POST":
            yield from _by_itself(call, recording)
        if isinstance(run_id, str):
            by_run.setdefault(run_id, []).append(call)
    known: dict[str, JsonObject] = {}
    for run_id, group in by_run.items():
        shown = next((call.shown for call in group if call.shown is not None), None)
        if shown is None:  # a read was refused since there is no such run; of a change who knows
            for call in group:
                if call.reply.code >= (400 if call.method == "GET" else 500):
                    yield from _by_itself(call, recording)
        elif not any(call.reply.outside for call in group):
            known[run_id] = shown
            yield from _OfRun(run_id, shown, group, recording).judge()
    for group in by_key.values():
        yield from judge_keyed(group, known, recording)


def _by_itself(call: Call, recording: Recording) -> Iterator[Unexplained]:
    """Yield what is wrong with the answer to a create, or to a call of a run that is not there."""
    names = named(call.header(TENANT_HEADER), [call.header(ACTOR_HEADER)])
    command = recording.asked(call, names, Unknown())
    view, reply = View(world_of(command)), at_any_time(alone(call))
    for finding in recording.oracle(names).judge((view,), command, reply).findings:
        yield Unexplained(call, finding, Evidence(names, (command,)))


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
        for after in outcomes(run, move):
            if isinstance(after, Run):
                yield after.state


@frozen
class _Reply:
    """A reply, and what the judge says of it in each state that its call may have found."""

    call: Call
    command: Asked
    runs: tuple[Run, ...] = field(repr=False)
    oracle: Oracle = field(repr=False)
    run_id: str
    _judged: dict[int, Judgement] = field(factory=dict, repr=False)
    _like: dict[int, bool] = field(factory=dict, repr=False)

    def among(self, states: frozenset[State] | None) -> list[tuple[Run, Judgement]]:
        """Return the judgements in some states (``None``: in all), the likely ones first.

        The others are left out where a likely one explains the reply.
        """
        there = [n for n, run in enumerate(self.runs) if states is None or run.state in states]
        for n in there:
            if n not in self._like:
                self._like[n] = _is_like(self.runs[n], self.command, self.call)
        likely = [n for n in there if self._like[n]]
        asked = [(self.runs[n], self._ask(n)) for n in likely]
        if all(judgement.findings for _, judgement in asked):
            asked += [(self.runs[n], self._ask(n)) for n in there if n not in likely]
        return asked

    def _ask(self, number: int) -> Judgement:
        if number not in self._judged:
            world = world_of(self.command, self.runs[number])
            view, reply = View(world, {0: Seen(self.run_id)}), at_any_time(alone(self.call))
            self._judged[number] = self.oracle.judge((view,), self.command, reply)
        return self._judged[number]


@frozen
class _Round(Oracle):
    """Judges the calls of a round, before each of which others may have changed the run.

    A view has one run, which may be in several states.
    """

    replies: dict[int, _Reply] = field(factory=dict)
    """By the identity of the response."""

    def judge(
        self, views: Belief, _: Command, response: Response, __: Container[str] = ()
    ) -> Judgement:
        """Judge a reply in each state that can be reached by then."""
        reply = self.replies[id(response)]
        states = (run.state for view in views for run in view.unsettled[0])
        asked = reply.among(_later(reply.runs[0].length, states))
        fitting = [each for each in asked if not each[1].findings]
        if not fitting:
            return Judgement(Verdict.DIVERGES, views, _fewest(asked))
        return Judgement(Verdict.CONFORMS, (_somewhere(reply.runs, _after(fitting)),))


def _somewhere(runs: Iterable[Run], states: frozenset[State] | None) -> View:
    """Return the view of a run that is in one of some states."""
    there = {run.state: run for run in runs if states is None or run.state in states}
    return View(unsettled={0: tuple(evolve(run, log=()) for run in there.values())})


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
class _OfRun:
    """The calls of one run, in the order in which they were sent.

    ``left`` are those that may not be over yet. After those that are, the run may be in
    ``states``, ``None`` if in any; if refusals count as well, in ``refusing``. ``refused`` is the
    last of these. ``round`` are the replies to the latest calls that hang together by their times,
    the last of which is over at ``end``; before them the run was in one of ``start``.
    """

    run_id: str
    known: JsonObject
    calls: list[Call]
    recording: Recording
    left: list[_Left] = field(factory=list)
    states: frozenset[State] | None = None
    refusing: frozenset[State] | None = None
    refused: _Left | None = None
    round: list[_Reply] = field(factory=list)
    end: float = -math.inf
    start: frozenset[State] | None = None
    heads: Heads = field(factory=Heads)
    _read: list[tuple[float, list[JsonObject]]] = field(factory=list)
    _sent: list[Command] = field(factory=list)
    _names: Names = field(init=False)
    _length: int = field(init=False)

    def __attrs_post_init__(self) -> None:
        others = (call.header(ACTOR_HEADER) for call in self.calls)
        self._names = named(self.known.get("tenant_id"), (self.known.get("actor_id"), *others))
        self._sent.append(CreateRun(0, made_of(self.known)))
        self._length = len(creation_of(self.known).steps or ())

    def judge(self) -> Iterator[Unexplained]:
        """Yield what is wrong with the replies."""
        for call in self.calls:
            if call.reply.sent - ROUNDED > self.end:
                yield from self._together()
            self._catch_up(call.reply.sent - ROUNDED)
            if not self.round:
                self.start = self.refusing
            yield from self._log(call)
            if call.method != "POST":
                yield from self._reply(call)
        yield from self._together()

    def _together(self) -> Iterator[Unexplained]:
        """Judge the calls of a round together: is there an order of them?"""
        replies, self.round = self.round, []
        if len(replies) < 2:
            return
        for part in (replies[at : at + _ROUND] for at in range(0, len(replies), _ROUND)):
            history = [(each.command, alone(each.call)) for each in part]
            known = {id(reply): each for (_, reply), each in zip(history, part, strict=True)}
            views = (_somewhere(part[0].runs, self.start),)
            judged = judge_together(_Round(self._names, replies=known), views, history)
            for place, finding in self.recording.told(judged):
                yield self._unexplained(part[place].call, finding)
                self._forget()

    def _catch_up(self, sent: float) -> None:
        """Take into account the calls that were over before."""
        for each in [each for each in self.left if each.call.reply.received < sent]:
            self.left.remove(each)
            self.refusing = _both(self.refusing, _later(self._length, each.refusing))
            if each.states is None:
                self.refused = each
            else:
                self.states = _both(self.states, _later(self._length, each.states))
        for over, logs in [each for each in self._read if each[0] < sent]:
            self._read.remove((over, logs))
            before = self.heads.before.get(self.run_id)
            receipt = logs[-1].get("receipt_hash")
            if isinstance(receipt, str) and (before is None or before.entries < len(logs)):
                self.heads.before[self.run_id] = Head(len(logs), receipt)

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
        """Judge a reply in each state that the call may have found."""
        keyed = call.method == "PATCH" and call.header(IDEMPOTENCY_HEADER)
        command = self.recording.asked(call, self._names, 0)
        self._sent.append(command)
        runs = tuple(anywhere(self.known, call.shown or {}))
        reply = _Reply(call, command, runs, self.recording.oracle(self._names), self.run_id)
        asked = reply.among(None if keyed else self.states)
        fitting = [each for each in asked if not each[1].findings]
        if not fitting:
            before = tuple(dict.fromkeys(str(run.state) for run, _ in asked))
            for finding in _fewest(asked):
                yield self._unexplained(call, finding, before)
            self._forget()
        elif keyed:  # it may be the answer of then
            if call.reply.code < 300:
                self.left.append(_Left(call, command, _after(fitting), _after(fitting)))
        else:
            either = self.refusing
            believed = [each for each in fitting if either is None or each[0].state in either]
            if not believed and self.refused is not None:
                yield self._unexplained(call, _contradiction(command, self.refused.command))
                self._forget()
                return
            states = None if call.reply.code >= 300 else _after(fitting)
            self.left.append(_Left(call, command, states, _after(believed)))
            self.round.append(reply)
            self.end = max(self.end, call.reply.received)

    def _unexplained(
        self, call: Call, finding: Finding, before: tuple[str, ...] = ()
    ) -> Unexplained:
        return Unexplained(call, finding, Evidence(self._names, tuple(self._sent)), before)

    def _forget(self) -> None:
        """Begin anew behind what nothing explains, so that it is told once."""
        self.left.clear()
        self.round.clear()
        self.states = self.refusing = self.refused = None


def _both(one: frozenset[State] | None, other: frozenset[State]) -> frozenset[State]:
    return other if one is None else one & other


def _later(length: int, states: Iterable[State]) -> frozenset[State]:
    """Return where a run may be that was in one of some states, and others went on."""
    return frozenset(each for state in states for each in _reachable(length, state))


def _after(asked: Iterable[tuple[Run, Judgement]]) -> frozenset[State]:
    """Return the states that a call may have left its run in."""
    return frozenset(view.world.runs[0].state for _, judgement in asked for view in judgement.views)


def _fewest(asked: Iterable[tuple[Run, Judgement]]) -> tuple[Finding, ...]:
    """Return what is found where the least is."""
    return min((judgement.findings for _, judgement in asked), key=len, default=())


def _contradiction(command: Command, refused: Command) -> Finding:
    """Return the finding of an answer that no state allows in which another can be refused."""
    said = Saying("an order of the calls in which each answer is allowed")
    got = Saying(f"none: the answer to {describe(command)} and that {describe(refused)} is refused")
    return disagreement("concurrency.linearizable", "status", said, got, "order", "refusal")


def _is_like(run: Run, command: Asked, call: Call) -> bool:
    """Tell whether an answer of this kind is allowed in a state; the judge asks more, and later."""
    shown = call.shown
    for outcome in expect(world_of(command, run), command):
        reply = outcome.reply
        if isinstance(reply, Accepted) and shown is not None:
            if shown.get("status") == reply.run.state.status and (
                not run.governed or shown.get("step_index") == reply.run.step_index
            ):
                return True
        elif not isinstance(reply, Accepted) and call.reply.code >= 300:
            return True
    return False
