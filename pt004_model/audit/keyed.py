"""Recorded calls under one idempotency key (section 10).

Others may have used the key before, and their calls are not recorded: for the very request, or for
another. Once one of the recorded calls was accepted nothing of that is left open.
"""

from __future__ import annotations

from collections.abc import Container, Iterator

from attrs import evolve, field, frozen

from pt004_model.audit.evidence import Evidence
from pt004_model.audit.har import Call
from pt004_model.audit.recording import (
    Recording,
    Unexplained,
    alone,
    anywhere,
    at_any_time,
    made_of,
    named,
    world_of,
)
from pt004_model.judge.finding import Finding
from pt004_model.judge.linearizable import Belief, judge_together
from pt004_model.judge.memory import JsonObject, Ledger, Seen, View
from pt004_model.judge.oracle import Judgement, Oracle
from pt004_model.model.asks import Creation, read_creation
from pt004_model.model.commands import ChangeRun, Command, CreateRun
from pt004_model.model.keys import Used
from pt004_model.model.moves import fresh
from pt004_model.model.replies import Reply, Response
from pt004_model.model.run import create
from pt004_model.model.values import Body
from pt004_model.model.world import World
from pt004_model.vocabulary import ACTOR_HEADER, TENANT_HEADER


@frozen
class _UnderKey(Oracle):
    """Judges calls under one key, before each of which others may have called under it.

    A view keeps what the key was used for, and the answer to that. ``known`` are the runs that are
    changed under it, by their numbers, as they were shown first.
    """

    known: dict[int, JsonObject] = field(factory=dict)

    def judge(
        self, views: Belief, command: Command, response: Response, known: Container[str] = ()
    ) -> Judgement:
        """Judge a reply in each way in which others may have used the key by then."""
        assert isinstance(command, CreateRun | ChangeRun)  # noqa: S101 - a read has no key
        assert isinstance(response, Reply)  # noqa: S101 - a call without an answer is not kept
        key = (int(command.caller.tenant), str(command.key))
        ways = tuple(way for view in views for way in self._ways(view, key, command, response))
        judgement = super().judge(ways, command, at_any_time(response), known)
        used = (view for view in judgement.views if key in view.replies)
        kept = (View(World(keys={key: v.world.keys[key]}), replies=v.replies) for v in used)
        return evolve(judgement, views=(next(kept, View()),))

    def _ways(
        self, view: View, key: tuple[int, str], command: CreateRun | ChangeRun, reply: Reply
    ) -> Iterator[View]:
        shown, number = reply.run or {}, command.run
        world = evolve(world_of(command), keys=view.world.keys)
        ways = [evolve(view, world=world)]
        if isinstance(number, int) and number in self.known:
            known = self.known[number]
            seen, actor = Seen(str(known.get("run_id"))), self._actor(known)
            ways = [
                View(
                    world.with_run(evolve(run, number=number, actor=actor)),
                    {number: seen},
                    view.replies,
                )
                for run in anywhere(known, shown)
            ]
        if key in world.keys:  # one that has ended may be refused for whatever another may be
            yield from ways[-1:]
            return
        yield from ways
        other = {key: Used(("", None), Body(""), 0, fresh(0))}
        yield from (evolve(way, world=evolve(way.world, keys=other)) for way in ways)
        asked = read_creation(command.body)
        if isinstance(command, CreateRun) and isinstance(asked, Creation):
            made = create(command.run, asked, command.caller.tenant, self._actor(shown), None)
            the_same = {key: Used(("POST", None), command.body, 201, made)}
            yield View(evolve(world.with_run(made), keys=the_same))

    def _actor(self, shown: JsonObject) -> int:
        name = shown.get("actor_id")
        return self.names.actors.index(name) if isinstance(name, str) else 0


def judge_keyed(
    calls: list[Call], known: dict[str, JsonObject], recording: Recording
) -> Iterator[Unexplained]:
    """Yield what is wrong with the replies to the calls of one tenant under one key.

    ``known`` are the runs that are shown, as they were first.
    """
    tenant = calls[0].header(TENANT_HEADER)
    ours = {name: run for name, run in known.items() if run.get("tenant_id") == tenant}
    calls = [call for call in calls if call.method == "POST" or call.run_id in ours]
    if len(calls) + any(call.method == "POST" for call in calls) < 2:
        return
    shown = [each or {} for call in calls for each in (call.shown, ours.get(call.run_id))]
    actors = [each["actor_id"] for each in shown if isinstance(each.get("actor_id"), str)]
    actors += [call.header(ACTOR_HEADER) for call in calls]
    names = named(tenant, actors)
    runs = [*dict.fromkeys(call.run_id for call in calls if call.run_id)]
    by_number = {number: ours[name] for number, name in enumerate(runs, 1)}
    oracle = _UnderKey(names, recording.ledger, agreed=recording.agreed, known=by_number)
    sent: list[Command] = [CreateRun(n, made_of(run)) for n, run in by_number.items()]
    history, there = [], []
    for call in calls:
        number = 1 + runs.index(call.run_id) if call.run_id else 0
        command, reply = recording.asked(call, names, number), alone(call)
        sent.append(command)
        by_itself: tuple[Finding, ...] = ()  # a change is judged with the other calls of its run
        if call.method == "POST":
            by_itself = evolve(oracle, ledger=Ledger()).judge((View(),), command, reply).findings
        yield from (Unexplained(call, each, Evidence(names, (*sent,))) for each in by_itself)
        if not by_itself:
            history.append((command, reply))
            there.append(call)
    if history:
        for place, finding in recording.told(judge_together(oracle, (View(),), history)):
            yield Unexplained(there[place], finding, Evidence(names, (*sent,)))
