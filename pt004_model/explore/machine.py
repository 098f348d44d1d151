"""The Hypothesis state machine: several runs at once, driven along and off their plans.

There is one rule. Its alternatives are weighted by us (see ``strategies``) and made into commands
from the model's world (see ``choices``): rules of Hypothesis are switched off at random in each
example, and an example in which no run can move on finds little. After every act all that it
touched is read in full, and sometimes what it did not touch.
"""

from __future__ import annotations

from functools import cache
from random import Random
from typing import Final

from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from pt004_model.drive.session import Session
from pt004_model.explore.beat import forbidden, lingering, misnamed, near_the_end, walk
from pt004_model.explore.choices import ideas
from pt004_model.explore.dressing import creation
from pt004_model.explore.novelty import Keys, Novelty
from pt004_model.explore.situation import WALKS, Choice, Family, Situation
from pt004_model.explore.strategies import Drawn, choices, scenarios, seeds
from pt004_model.model.commands import (
    Caller,
    ChangeRun,
    Command,
    CreateRun,
    ReadRun,
    Tenant,
    subject,
)
from pt004_model.model.moves import Goal, Move
from pt004_model.model.run import Ask, Run
from pt004_model.model.scenarios import Scenario, following
from pt004_model.vocabulary import Decision, Status

MOST_RUNS: Final = 10
"""Runs that one example makes at the most."""
_MARCH: Final = (3, 8, 40)
_LINGER: Final = (2, 5, 12)
_LOOK_EVERY: Final = 6
_DEFIANCE: Final = 2
_FATAL: Final = 0.25
_REJECTED: Final = 0.12
_ENDED: Final = 0.4
_TWINS: Final = 0.3
_SAID: Final = (
    None, Decision.ALLOW, Decision.ALLOW, Decision.FLAG, Decision.FLAG, Decision.DENY,
)  # fmt: skip
_ELSEWHERE: Final = 5
_PLAIN: Final = Scenario((Decision.ALLOW,))


class WorkflowMachine(RuleBasedStateMachine):
    """Drives one conversation with an FC.

    Make it with a session: ``run_state_machine_as_test(lambda: WorkflowMachine(session))``.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.lockstep = session.lockstep()
        self.novelty = Novelty(session.tried_before)
        self.plans: dict[int, Scenario] = {}
        self.first = 0 if session.archive is None else session.archive.next_run
        self.next_run = self.first
        self.stopped = False

    @initialize(plan=scenarios(), seed=seeds())
    def begin(self, plan: Scenario, seed: int) -> None:
        """Make the first run, and look whether earlier ones are still what they were."""
        self._carry_out(Choice(Family.CREATE, seed), plan)
        if self.session.archive is not None:
            for old in self.session.archive.pick(self.session.examples):
                self.lockstep.adopt(old.run, old.seen, old.since)
                self._look(old.run.number)

    @rule(drawn=choices())
    def act(self, drawn: Drawn) -> None:
        """Do one thing, then look at what it did."""
        if self.stopped:
            return
        choice = drawn.choice
        if choice.family is Family.STOP:
            self.stopped = True
        elif choice.family is Family.GOAL:
            self._pursue(choice.dice)
        elif choice.family in WALKS:
            self._walk(choice, drawn.plan)
        else:
            self._carry_out(choice, drawn.plan)

    def teardown(self) -> None:
        """Read every run once more: what was done to one must not show on another."""
        for number in tuple(self.lockstep.world.runs):
            if number not in self.lockstep.adopted:
                self._look(number)
        archive = self.session.archive
        if archive is not None:
            archive.keep(self.lockstep, self.first)
            archive.next_run = self.next_run
            self.session.end_example(self.novelty)

    def _situation(self, plan: Scenario) -> Situation:
        live = [n for n in sorted(self.plans, reverse=True) if self.lockstep.drivable(n)]
        session = self.session
        return Situation(
            self.lockstep.world,
            tuple(live),
            self.plans,
            self.next_run,
            session.ungoverned,
            session.bad_tokens,
            plan,
            self.novelty,
        )

    def _carry_out(self, choice: Choice, plan: Scenario) -> None:
        """Send what a choice stands for, then read what it touched, and now and then the rest."""
        touched: dict[int, None] = {}
        for idea in ideas(self._situation(plan), choice):
            command = idea.command
            if isinstance(command, CreateRun) and command.run >= self.next_run:
                if self.next_run - self.first >= MOST_RUNS:
                    continue
                self.plans[command.run] = plan
            self._send(command, idea.keys)
            number = subject(command)
            if number is not None:
                touched[number] = None
        for number in touched:
            self._look(number)
        if choice.seed % _ELSEWHERE == 1:
            numbers = sorted(set(self.lockstep.world.runs) - set(self.lockstep.adopted))
            others = [number for number in numbers if number not in touched]
            if others:
                self._look(others[choice.seed // _ELSEWHERE % len(others)])

    def _send(self, command: Command, keys: Keys = ()) -> None:
        if isinstance(command, CreateRun):
            self.next_run = max(self.next_run, command.run + 1)
        self.novelty.note(keys)
        self.lockstep.do(command)

    def _look(self, number: int) -> None:
        """Read a run in full, as its own tenant; once is enough."""
        run = self.lockstep.world.runs.get(number)
        if run is None or number in self.lockstep.world.outside:
            return
        read = ReadRun(number, caller=Caller(Tenant(run.tenant)))
        if not self.lockstep.steps or self.lockstep.steps[-1].command != read:
            self.lockstep.do(read)

    def _make(self, plan: Scenario, *, governed: bool) -> int:
        """Make a run for a walk, in the plainest way."""
        number = self.next_run
        self.plans[number] = plan
        self._send(creation(number, plan, None, governed))
        return number

    def _pursue(self, dice: Random | None) -> None:
        """Make a run for one of the round's goals, bring it there, and make the move."""
        goals = self.session.goals
        if not goals or self.next_run - self.first >= MOST_RUNS:
            return
        goal = goals[0]
        if dice is not None:
            goal = self.novelty.least(dice, goals, _goal_keys, 1, _telling)[0]
        self.novelty.note(_goal_keys(goal))
        plan = Scenario((Decision.ALLOW,) * max(goal.length, 1))
        number = self._make(plan, governed=goal.length > 0)
        for place, move in enumerate(goal.path, 1):
            if place == len(goal.path) and dice is not None:
                self._defy(number, dice, _DEFIANCE)
            self._go(number, move, dice)
            if number in self.session.hindered:
                self.session.tally.hinder(goal.length, goal.path[:place])
                return
        self._look(number)

    def _defy(self, number: int, dice: Random, times: int) -> None:
        """Ask for what is forbidden where the run is; it should all be refused."""
        if self.lockstep.drivable(number):
            run = self.lockstep.world.runs[number]
            for idea in forbidden(self._situation(_PLAIN), run, dice, times):
                self._send(idea.command, idea.keys)

    def _walk(self, choice: Choice, plan: Scenario) -> None:
        """Take a run several moves on: along its plan, or pausing and resuming it on the spot.

        What happens in long runs and after many pauses is seen in no other way. It is read now and
        then only, so that the requests go into the moves.
        """
        dice = choice.dice or Random(0)  # noqa: S311 - no secret is made
        along = choice.family is Family.MARCH
        times = dice.choice(_MARCH if along else _LINGER)
        run = self._situation(_PLAIN).run(choice.dice)
        room = MOST_RUNS - (self.next_run - self.first)
        if along and len(plan.decisions) > 1 and room > 1 and dice.random() < _TWINS:
            self._twins(plan, dice)
            return
        if along and len(plan.decisions) > 1 and room > 0:
            times = 4 * len(plan.decisions)
            number = self._make(plan, governed=not self.session.ungoverned)
            run = self.lockstep.world.runs.get(number)
        if run is not None:
            self._stroll(run, times, dice, along=along)

    def _stroll(self, run: Run, times: int, dice: Random, *, along: bool) -> None:
        """Take one run so many moves on."""
        number = run.number
        keyed, defiant, restless = (dice.random() < chance for chance in (0.4, 0.5, 0.3))
        fatal = dice.randrange(1, 10) if along and dice.random() < _FATAL else 0
        oldest: ChangeRun | None = None
        for count in range(1, times + 1):
            now = self.lockstep.world.runs.get(number, run)
            said = dice.choice(_SAID)
            move = following(now, self.plans[number]) if along else lingering(now, said)
            at_gate = now.state.gate_pending
            if count == fatal or (at_gate and dice.random() < _REJECTED):
                move = Move(Ask.FAIL)
            if move is None or not self.lockstep.drivable(number):
                break
            if not along and now.state.decision is Decision.DENY:
                self._defy(number, dice, 3)
                break
            if along:
                self._resist(now, move, dice, defiant=defiant)
            varied = dice if count == fatal or at_gate else None
            sent = self._go(number, move, varied, keyed=keyed)
            oldest = oldest or sent
            if restless and along:
                self._rest(number)
            if count % _LOOK_EVERY == 0 or at_gate:
                self._look(number)
        if keyed and oldest is not None and self.lockstep.drivable(number):
            self._send(oldest)  # its key must still be known, whatever was used since
        if not along and dice.random() < _ENDED:  # what was paused and flagged may end like any
            self._go(number, Move(Ask.COMPLETE), dice)
        self._look(number)

    def _resist(self, run: Run, move: Move, dice: Random, *, defiant: bool) -> None:
        """Ask a run on its way for what it must refuse: always where it matters most."""
        critical = not run.clear or near_the_end(run)
        if defiant or critical:
            self._defy(run.number, dice, 2 if critical else 1)
            for idea in misnamed(self._situation(_PLAIN), run, move, dice):
                self._send(idea.command, idea.keys)

    def _twins(self, plan: Scenario, dice: Random) -> None:
        """Drive two runs that are alike through one plan, move by move, and see both at each gate.

        What is done to one must not show on the other, which waits in the same place.
        """
        governed = not self.session.ungoverned
        twins = [self._make(plan, governed=governed) for _ in range(2)]
        for _ in range(4 * len(plan.decisions)):
            for number, other in zip(twins, reversed(twins), strict=True):
                now = self.lockstep.world.runs.get(number)
                move = None if now is None else following(now, plan)
                if now is None or move is None:
                    continue
                if now.state.gate_pending and dice.random() < _REJECTED:
                    move = Move(Ask.FAIL)
                if number == twins[0] and (not now.clear or near_the_end(now)):
                    self._defy(number, dice, 2)
                self._go(number, move, dice if now.state.gate_pending else None)
                if now.state.gate_pending:
                    self._look(other)
        for number in twins:
            self._look(number)

    def _rest(self, number: int) -> None:
        """Pause a run where nothing asks for it, and resume it."""
        run = self.lockstep.world.runs.get(number)
        if run is not None and run.clear and run.state.status is Status.RUNNING:
            for _ in range(2):
                move = lingering(self.lockstep.world.runs.get(number, run))
                if move is not None:
                    self._go(number, move, None)
                self._look(number)

    def _go(
        self, number: int, move: Move, dice: Random | None, *, keyed: bool = False
    ) -> ChangeRun | None:
        if not self.lockstep.drivable(number):
            return None
        command: ChangeRun | None = walk(self.lockstep.world.runs[number], move, dice, keyed=keyed)
        if command is not None:
            self._send(command)
        return command


@cache
def _goal_keys(goal: Goal) -> Keys:
    """A goal counts as tried like the move that it is, wherever that was made (see ``beat``)."""
    edge = min(goal.edges)
    here = (_kind(goal), edge.status, edge.decision, goal.move.word)
    return (here, (*here, edge.position))


def _kind(goal: Goal) -> str:
    accepted = any(edge.outcome == "accepted" for edge in goal.edges)
    return "legal" if accepted else "forbidden"


@cache
def _telling(goal: Goal) -> float:
    """What is accepted shows more than what is refused, and leads to where the rest is asked."""
    return 0.0 if _kind(goal) == "legal" else 1.5
