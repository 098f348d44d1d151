"""Model and FC driven side by side: every reply judged, every step recorded.

A lockstep is one conversation. It sends a command, has the judge say which of the worlds the reply
agrees with, and keeps those. After a finding it goes on from where the reply leads; a run of which
nothing more can be said is set aside.
"""

from __future__ import annotations

import secrets
import time
import uuid
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Final, Protocol

from attrs import define, evolve, field

from pt004_model.drive.crashes import Crashing, crash, due_to_restart, steps_of_crash
from pt004_model.drive.echoes import Echoes, alike, reason_of, without_key
from pt004_model.drive.rounds import ask_together, in_turn, made_by, steps_of_round
from pt004_model.drive.statistics import Statistics
from pt004_model.interrupts import Interruption
from pt004_model.judge.deviation import Deviation
from pt004_model.judge.durability import not_back
from pt004_model.judge.finding import Finding
from pt004_model.judge.linearizable import Judged, judge_together
from pt004_model.judge.memory import Ledger, Seen, View
from pt004_model.judge.oracle import Judgement, Oracle, Verdict
from pt004_model.model.asks import Change, read_change
from pt004_model.model.commands import (
    ChangeRun,
    Command,
    CreateRun,
    ReadRun,
    Restart,
    RunRef,
    Tenant,
    Token,
    Unknown,
    Wait,
    WrongMethod,
    subject,
)
from pt004_model.model.coverage import Edge, edge, situation
from pt004_model.model.laws import SOMETIMES
from pt004_model.model.replies import NoAnswer, Reply, Response
from pt004_model.model.required import NOTHING, Required
from pt004_model.model.rules import Rule
from pt004_model.model.run import Run
from pt004_model.model.world import MOST_OPEN, Accepted, Refused, Unjudged, World, shape
from pt004_model.trace.recorded import Step, whole
from pt004_model.vocabulary import Decision, Status
from pt004_model.wire.codec import Exchange
from pt004_model.wire.patience import Silence
from pt004_model.wire.restarting import NotKilled

TRIES: Final = 4
"""Attempts at a conversation in which a call gets no answer."""
_CONFIRMATIONS: Final = 6
_OF_THE_CALL: Final = {Rule.KEY_USED, Rule.TOKEN, Rule.HEADERS, Rule.MALFORMED, Rule.NOT_JSON}
"""Rules that are about a header or a body, wherever the run is."""


def ignore(_: str) -> None:
    """Do nothing with the id of a run."""


class Fc(Protocol):
    """Whatever answers commands: an FC over HTTP, or a stub in a test."""

    def ask(self, command: Command, run_id: Callable[[RunRef], str], nonce: str) -> Exchange:
        """Send ``command``; the request, and the reply or that none came. Never raises."""
        ...


class BrokenOff(Interruption):
    """A conversation cannot go on; the message is a sentence for people."""


class TargetLost(BrokenOff):
    """The FC stopped answering."""


class OutOfTime(BrokenOff):
    """The time for it is up."""


@define
class Tally:
    """The counts of a campaign over all its conversations.

    ``edges`` counts how often each edge was driven, ``witnessed`` names the sometimes-laws seen.
    ``own`` counts the decisions that the FC acted on by itself (section 5.3), ``held`` those that
    it did not. ``open`` counts the calls that may have been applied without an answer, ``silence``
    the calls in a row that had none. ``on_run`` is told the id of every run that was made.
    ``values`` counts the kinds of values by the place in which one was taken. ``unsure`` says of
    checks of one's own that could not tell why, by id. ``statistics`` is what people may want to
    know besides, ``echoes`` which findings were seen behind which.
    """

    edges: Counter[Edge] = field(factory=Counter)
    witnessed: set[str] = field(factory=set)
    own: Counter[Decision] = field(factory=Counter)
    held: Counter[Decision] = field(factory=Counter)
    commands: int = 0
    open: int = 0
    silence: Silence = field(factory=Silence)
    on_run: Callable[[str], None] = ignore
    values: Counter[tuple[str, str]] = field(factory=Counter)
    unsure: dict[str, str] = field(factory=dict)
    statistics: Statistics = field(factory=Statistics)
    echoes: Echoes = field(factory=Echoes)

    def include(self, other: Tally) -> None:
        """Count what was counted of another part of the campaign."""
        for name in ("edges", "values", "own", "held"):
            getattr(self, name).update(getattr(other, name))
        self.witnessed |= other.witnessed
        self.unsure |= other.unsure
        self.commands += other.commands
        self.open += other.open
        self.statistics.include(other.statistics)
        self.echoes.include(other.echoes)


@define
class Lockstep:
    """One conversation with an FC, judged as it goes.

    ``on_finding`` is called with each finding as soon as it is seen, and may raise. ``journal``
    collects the commands of a whole campaign, of which this conversation ``began`` at that place;
    ``adopted`` maps runs of earlier conversations to the places where they were created. A call
    that is still ``under_way`` when the next one is asked for was broken off by an interrupt.
    ``forgotten`` are the idempotency keys of what was set aside, by tenant, ``touched`` maps runs
    to the time of the last call about them.
    ``pace`` is the seconds that are left between two calls, ``patience`` those without any answer
    after which the FC counts as gone. ``on_call`` is called before each call, and may raise.
    ``on_step`` is told each call that is made by itself, before its findings are told.
    ``told`` are the fingerprints found of each run, ``known`` those found in other conversations
    past which calls at once are judged.
    ``round`` are the calls that wait to be made at once, ``rounds`` what was said of each round.
    ``required`` is what every create must carry.
    """

    fc: Fc
    oracle: Oracle
    on_finding: Callable[[Finding, Lockstep], None]
    tally: Tally = field(factory=Tally)
    authenticates: bool = False
    steps: list[Step] = field(factory=list)
    set_aside: set[int] = field(factory=set)
    forgotten: set[tuple[int, str]] = field(factory=set)
    known: frozenset[str] = frozenset()
    nonce: str = field(factory=lambda: secrets.token_hex(6))
    journal: list[Command] | None = None
    began: int = field(init=False)
    adopted: dict[int, int] = field(factory=dict)
    under_way: bool = False
    touched: dict[int | None, float] = field(factory=dict)
    pace: float = 0.0
    patience: float = 0.0
    on_call: Callable[[], None] = lambda: None
    on_step: Callable[[Step], None] = lambda _: None
    told: dict[int | None, set[str]] = field(factory=dict)
    round: list[Command] = field(factory=list)
    rounds: list[Judged] = field(factory=list)
    required: Required = NOTHING
    views: tuple[View, ...] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.views = (View(World(authenticates=self.authenticates)),)
        self.began = len(self.journal) if self.journal is not None else 0

    @property
    def unanswered(self) -> bool:
        """Return whether a call got no answer, so that a run may be there unseen."""
        return any(step.silent for step in self.steps)

    @property
    def world(self) -> World:
        """The likeliest world; it is the only one unless a call stayed without an answer."""
        return self.views[0].world

    def adopt(self, run: Run, seen: Seen, since: int, told: set[str]) -> None:
        """Take over a run of an earlier conversation, to be read again."""
        self.adopted[run.number], self.told[run.number] = since, told
        self.views = tuple(
            evolve(view, world=view.world.with_run(run), seen={**view.seen, run.number: seen})
            for view in self.views
        )

    def needed(self) -> tuple[Command, ...]:
        """Return all commands that what was seen last may depend on, and that can be sent again.

        Those of this conversation; for a run of an earlier one, all since it was created. Other
        runs of earlier conversations are read in between, which nothing can do that begins here.
        """
        last = subject(self.steps[-1].command)
        if self.journal is None or last not in self.adopted:
            return whole(step.command for step in self.steps)
        return whole(self.journal[self.adopted[last] :])

    def steps_of(self, commands: tuple[Command, ...]) -> tuple[Step, ...]:
        """Return the steps of this conversation that ``commands`` of needed() end with."""
        made = {each.run for each in commands if isinstance(each, CreateRun)}
        return tuple(s for s in self.steps if subject(s.command) in {None, *made})

    def drivable(self, number: int) -> bool:
        """Return whether it is known where the run is, but for a few lost calls."""
        world = self.world
        return (
            number in world.runs
            and number not in (self.set_aside | self.adopted.keys() | world.outside)
            and len(world.open_calls.get(number, ())) < MOST_OPEN
            and number not in self.views[0].unsettled
        )

    def do(self, command: Command) -> Judgement | None:
        """Send ``command`` and judge the reply; ``None`` when it is about a run set aside.

        Nor is anything sent under a key that was set aside with its run, and a create that would
        give the name of a run to another one. A call of a client that calls at once with others
        waits for them; the next call by itself ends their round, which is judged as a whole.

        Raises :class:`TargetLost` when the FC has stopped answering, and what ``on_finding`` does.
        """
        command = self.required.complete(command)
        if self.under_way or not (self._made_in_round(command) or self._may_be_sent(command)):
            return None
        if command.caller.client is not None:
            self.round.append(command)
            return Judgement(Verdict.CONFORMS, self.views)
        if isinstance(command, Restart):
            return self._crash(command)
        if self.round:
            return self._race(command)
        self.on_call()
        before = self.views
        if self.pace and self.steps:
            time.sleep(self.pace)
        if self.journal is not None:
            self.journal.append(command)
        if isinstance(command, Wait):
            return self._pass_time(command)
        self.under_way = True
        began = time.monotonic()
        exchange = self.fc.ask(command, self._run_id, self.nonce)
        response = exchange.response
        self.tally.commands += 1
        self.touched[subject(command)] = time.monotonic()
        told = self.told.get(subject(command), ())
        judgement = self.oracle.judge(self.views, command, response, told)
        judgement = self._due_to_a_crash(command, self._confirmed(command, response, judgement))
        self.views = judgement.views or self.views
        if not judgement.views:
            self._leave(command)
        self._record([Step(command, exchange, before, self.views, judgement)])
        self.under_way = False
        if isinstance(response, NoAnswer):
            self._wait(command, response, began)
        self._count(command, response, judgement, before)
        self.on_step(self.steps[-1])
        for finding in judgement.findings:
            self.on_finding(finding, self)
        return judgement

    def _pass_time(self, command: Wait) -> Judgement:
        """Sleep until so much time has passed since the last call about the run."""
        idle = time.monotonic() - self.touched.get(command.run, time.monotonic() - command.seconds)
        self.under_way = True
        time.sleep(max(0.0, command.seconds - idle))
        self.under_way = False
        command = evolve(command, seconds=max(command.seconds, round(idle, 1)))
        judgement, nothing = Judgement(Verdict.CONFORMS, self.views), Exchange(Reply(204, None))
        self.steps.append(Step(command, nothing, self.views, self.views, judgement))
        return judgement

    def _made_in_round(self, command: Command) -> bool:
        number = subject(command)
        if command.caller.client is not None and not isinstance(command, CreateRun):
            return False  # nobody knows the id of its run when it is sent
        return any(isinstance(each, CreateRun) and each.run == number for each in self.round)

    def _race(self, last: Command) -> Judgement:
        """Send the calls of a round at once, then the ``last`` one, and judge them together.

        The steps stand in the order of the commands, each with the worlds before and after it in
        the order in which they took effect; the findings of the round are those of the last step.
        """
        calls, self.round = [*self.round, last], []
        self.on_call()
        before, began, self.under_way = self.views, time.monotonic(), True
        exchanges = ask_together(self.fc, calls[:-1], self._run_id, self.nonce)
        made = made_by(calls, exchanges)
        for each in (run_id for ids in made.values() for run_id in ids):
            self.tally.on_run(each)
        there = isinstance(last, CreateRun) or subject(last) in {*made, *self.world.runs}
        if there:
            exchanges.append(self.fc.ask(last, partial(self._id_in, made), self.nonce))
        else:
            exchanges.append(Exchange(NoAnswer("no run was made by the round", applied=False)))
        self.tally.commands += len(calls)
        history = [(c, each.response) for c, each in zip(calls, exchanges, strict=True)]
        judged = self._only_at_once(judge_together(self._past_known(), before, history), calls)
        self.rounds.append(judged)
        self._record(steps_of_round(calls, exchanges, before, judged))
        judgement = self.steps[-1].judgement
        if judgement.views:
            self.views = judgement.views
        else:
            for call in calls:
                self._leave(call)
        self.under_way = False
        for command, response in history if there else history[:-1]:
            if isinstance(response, NoAnswer):
                self._wait(command, response, began)
        self._count(last, history[-1][1], judgement, before)
        for finding in judgement.findings:
            self.on_finding(finding, self)
        return judgement

    def _record(self, steps: list[Step]) -> None:
        """Keep steps; where one leaves its run open the keys of all may be used, or not."""
        self.steps += steps
        if any(step.judgement.unsettling for step in steps):
            self.forgotten |= {key for step in steps for key in _keys(step.command)}

    def _past_known(self) -> Oracle:
        """Return an oracle that looks past what was found before, and is in every order."""
        agreed = (Deviation("found", fingerprint=each) for each in self._found_before())
        return evolve(self.oracle, agreed=(*self.oracle.agreed, *agreed))

    def _found_before(self) -> frozenset[str]:
        return self.known.union(*self.told.values())

    def _id_in(self, made: dict[RunRef, list[str]], ref: RunRef) -> str:
        return made[ref][0] if ref in made else self._run_id(ref)

    def _only_at_once(self, judged: Judged, calls: list[Command]) -> Judged:
        """Make the same calls one after the other: what shows so as well is no race."""
        if not any(each.area == "concurrency" for each in judged.findings):
            return judged
        past = self._past_known()
        found = [each for turn in in_turn(calls) for each in self._one_by_one(turn, past)]
        if not found:
            return judged
        why = f"the calls of the round show a finding one after the other too: {found[0].check}"
        return Judged(Verdict.UNSURE, judged.order, why=why, alone=True)

    def _one_by_one(self, calls: list[Command], oracle: Oracle) -> list[Finding]:
        """Make all calls so far and ``calls`` one after the other; return what that shows."""
        found: list[Finding] = []
        tally = Tally(on_run=self.tally.on_run)
        ledger = Ledger(served=self.oracle.ledger.served)
        alone = Lockstep(
            self.fc, evolve(oracle, ledger=ledger), lambda each, _: found.append(each),
            tally, self.authenticates, on_call=self.on_call, patience=self.patience,
            required=self.required,
        )  # fmt: skip
        for command in (*in_turn([step.command for step in self.steps])[0], *calls):
            if not isinstance(command, Restart):
                alone.do(command)
        self.tally.commands += tally.commands
        return found

    def _crash(self, last: Restart) -> Judgement:
        """Kill the FC while the calls of the round are under way, and have it started again.

        Raises :class:`TargetLost` when it was not killed, or does not come back.
        """
        calls, self.round = self.round, []
        self.on_call()
        before, self.under_way = self.views, True
        try:
            exchanges, why = crash(self.fc, calls, self._run_id, self.nonce, last.after)
        except NotKilled as error:
            raise TargetLost(str(error)) from None
        for each in (each for ids in made_by(calls, exchanges).values() for each in ids):
            self.tally.on_run(each)
        self.tally.commands += len(calls) + 1
        steps, views = steps_of_crash(self.oracle, before, calls, exchanges)
        self._record(steps)
        found = tuple(finding for step in steps for finding in step.findings)
        judgement = Judgement(Verdict.DIVERGES if found else Verdict.CONFORMS, views, found)
        if why and "durability" in self.oracle.areas:
            judgement = Judgement(Verdict.DIVERGES, (), (*found, not_back(why)))
        self.views = judgement.views or self.views
        came = NoAnswer(why, applied=False, ours=True) if why else Reply(204, None)
        self.steps.append(Step(last, Exchange(came), before, self.views, judgement))
        self.under_way = False
        for finding in judgement.findings:
            self.on_finding(finding, self)
        if why and not (isinstance(self.fc, Crashing) and self.fc.anew()):
            raise TargetLost(f"it was killed and does not come back: {why}")
        if not judgement.views:
            for number in tuple(self.world.runs):
                self._leave(ReadRun(number))
        return judgement

    def _due_to_a_crash(self, command: Command, judgement: Judgement) -> Judgement:
        """Tell what the same calls do not show without a crash as due to it."""
        before = [step.command for step in self.steps]
        crashed = any(isinstance(each, Restart) for each in before)
        if not (crashed and judgement.findings and "durability" in self.oracle.areas):
            return judgement
        alone = self._one_by_one(in_turn([command])[0], self.oracle)
        return due_to_restart(judgement, alone, self._found_before(), command, before)

    def _may_be_sent(self, command: Command) -> bool:
        """Return whether an answer could be judged: its run is known, and waits for no other."""
        if _keys(command) & self.forgotten:
            return False
        if isinstance(command, CreateRun):
            return not self._named_twice(command)
        number = subject(command)
        if number is None:
            return True
        if isinstance(command, ChangeRun) and not self.drivable(number):
            return False
        return number in self.world.runs and number not in self.set_aside

    def _named_twice(self, command: CreateRun) -> bool:
        """Return whether a run has its number already, or another has its key in the round."""
        if command.run in self.views[0].seen:
            return (int(command.caller.tenant), command.key) not in self.world.keys
        beside = (each for each in self.round if isinstance(each, CreateRun))
        return any(_keys(each) & _keys(command) for each in beside)

    def _leave(self, command: Command) -> None:
        """Set the run of a call aside: nothing that is read of it from now on is judged.

        Its keys go with it, and so does that of the call, of which nobody can tell if it was used.
        """
        number = subject(command)
        self.forgotten |= _keys(command)
        if number is None:
            return
        self.set_aside.add(number)
        used = self.world.keys.items()
        self.forgotten |= {key for key, before in used if before.run.number == number}
        self.views = tuple(
            evolve(
                view,
                world=evolve(
                    view.world,
                    runs={n: run for n, run in view.world.runs.items() if n != number},
                ),
            )
            for view in self.views
        )

    def _wait(self, command: Command, response: NoAnswer, began: float) -> None:
        """Give an FC that does not answer some time. Raises :class:`TargetLost` in the end.

        An answer that we lose ourselves says nothing of the FC.
        """
        tally, silence, number = self.tally, self.tally.silence, subject(command)
        if number is not None and len(self.world.open_calls.get(number, ())) == MOST_OPEN:
            tally.statistics.outside[f"waiting for {MOST_OPEN} calls without an answer"] += 1
        if response.ours:
            return
        tally.open += response.applied and not _harmless(command)
        silence.unanswered(began)
        if silence.means_gone(self.patience):
            raise TargetLost(response.why)
        silence.pause(self.patience)

    def _count(
        self, command: Command, response: Response, judgement: Judgement, views: tuple[View, ...]
    ) -> None:
        if isinstance(response, NoAnswer):
            return
        before = views[0].world
        tally = self.tally
        tally.silence.answered()
        tally.statistics.answered(command, response)
        if response.outside and isinstance(judgement.outcome, Unjudged):
            if subject(command) not in before.outside:
                tally.statistics.outside[response.outside] += 1
            return
        tally.unsure.update(judgement.unsure)
        self._note(command, response, judgement, views)
        outcome = judgement.outcome
        accepted = isinstance(outcome, Accepted)
        if not judgement.views or (isinstance(outcome, Accepted) and outcome.replay):
            return
        number = subject(command)
        was = None if number is None else before.runs.get(number)
        after = None if number is None else self.world.runs.get(number)
        if isinstance(command, CreateRun) and was is None and after is not None:
            tally.on_run(self.views[0].seen[command.run].run_id)
            tally.statistics.created(after)
        driven = edge(before, command, accepted)
        if number in before.open_calls and accepted and was and after:
            own = after.version - was.version  # of a call that was lost before, perhaps
            driven = driven if own == 1 else None
        if driven is not None:
            tally.edges[driven] += 1
        if not (accepted and isinstance(command, ChangeRun) and was and after):
            return
        if after.version > was.version:
            self._witness(command, was, after)
            if driven is not None:
                tally.statistics.moved(driven.command, was, after)

    def _note(
        self, command: Command, reply: Reply, judgement: Judgement, views: tuple[View, ...]
    ) -> None:
        """Note what was found behind what, and of a call that was carried out under a used key."""
        echoes, number, before = self.tally.echoes, subject(command), views[0].world
        was = None if number is None else before.runs.get(number)
        status = "-" if was is None else str(was.state.status)
        token, kind = command.caller.token, type(command).__name__
        place = (kind if token is Token.GOOD else token, status, str(reply.code // 100))
        told = set() if number is None else self.told.setdefault(number, set())
        outcome, found = judgement.outcome, judgement.findings
        repeated = {each.fingerprint: kind for each in found if each.area == "idempotency"}
        if repeated:
            keyless, known = without_key(command, before), echoes.findings
            if self.oracle.explains(views, keyless, reply, known):
                echoes.anew |= repeated
        rule = outcome.refusal.rule if isinstance(outcome, Refused) else None
        reason, due = reason_of(reply), rule is not None and not rule.optional
        if rule is Rule.MALFORMED:
            member = situation(before, command)[-1].rpartition(".")[2]
            echoes.malformed.setdefault(alike(reason), set()).add(member)
        due = due and rule not in _OF_THE_CALL
        echoes.note(place, told, found, judgement.unsettling, reason, due=due)

    def _witness(self, command: ChangeRun, before: Run, after: Run) -> None:
        """Note the sometimes-laws that a change is a witness of, and who acted on a decision."""
        change = read_change(command.body)
        if not isinstance(change, Change):
            return
        for law in SOMETIMES:
            if law.name not in self.tally.witnessed and law.holds(before, change, after):
                self.tally.witnessed.add(law.name)
        # only an FC that governs a run may act by itself, and only when a step is started
        started = after.governed and after.state.step != before.state.step
        if started and after.state.decision in {Decision.FLAG, Decision.DENY}:
            acted = after.state.status is not Status.RUNNING
            (self.tally.own if acted else self.tally.held)[after.state.decision] += 1

    def _confirmed(self, command: Command, response: Response, judgement: Judgement) -> Judgement:
        """Ask again before it is said that a foreign run is refused otherwise than an unknown one.

        An FC is free to choose between the codes at each call, so one that chooses by chance
        must not be blamed: the call on an unknown run is made until it gets the same code.
        """
        if not any(each.check == "isolation.same-code" for each in judgement.findings):
            return judgement
        assert isinstance(command, ReadRun | ChangeRun | WrongMethod)  # noqa: S101 - others are not
        assert isinstance(response, Reply)  # noqa: S101 - a finding needs a reply
        code = response.code
        if isinstance(command.run, Unknown):
            code = self.world.hidden[shape(command)]
        for _ in range(_CONFIRMATIONS):
            again = self.fc.ask(evolve(command, run=Unknown()), self._run_id, self.nonce).response
            if isinstance(again, Reply) and again.code == code:
                return Judgement(Verdict.CONFORMS, self.views)
        return judgement

    def _run_id(self, ref: RunRef) -> str:
        """Return the id of a run on this FC; an unknown run gets one that cannot exist."""
        if isinstance(ref, Unknown):
            if ref.spelling:
                return f"{ref.spelling}-{secrets.token_hex(8)}"
            return _look_alike(next((s.run_id for s in self.views[0].seen.values()), ""))
        return self.views[0].seen[ref].run_id


def _keys(command: Command) -> set[tuple[int, str]]:
    """Return the key that a call may use up, with its tenant, if it has one (section 10)."""
    if isinstance(command, CreateRun | ChangeRun) and command.key:
        return {(int(command.caller.tenant), command.key)}
    return set()


def _harmless(command: Command) -> bool:
    return not isinstance(command, CreateRun | ChangeRun) or (
        command.caller.tenant is Tenant.NOBODY
    )


def _look_alike(run_id: str) -> str:
    """Return an id that no run has and that looks like ``run_id``."""
    try:
        known = uuid.UUID(run_id)
    except ValueError:
        return f"{run_id or 'run'}{secrets.token_hex(8)}"
    fresh = uuid.UUID(bytes=secrets.token_bytes(16), version=4)
    return str(fresh) if run_id == str(known) else fresh.hex
