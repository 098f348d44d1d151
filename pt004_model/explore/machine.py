"""The Hypothesis state machine: several runs at once, driven along and off their plans.

There is one rule. Its alternatives are weighted by us (see ``strategies``) and made into commands
from the model's world (see ``choices``): rules of Hypothesis are switched off at random in each
example, and an example in which no run can move on finds little. After every act all that it
touched is read in full, and sometimes what it did not touch.
"""

from __future__ import annotations

from random import Random

from attrs import evolve
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from pt004_model.explore.choices import (
    WALKS,
    Choice,
    Family,
    Situation,
    commands,
    lingering,
    walk,
)
from pt004_model.explore.dressing import creation
from pt004_model.explore.session import Session
from pt004_model.explore.strategies import Drawn, choices, scenarios
from pt004_model.model.commands import (
    Caller,
    ChangeRun,
    Command,
    CreateRun,
    ReadRun,
    Tenant,
    subject,
)
from pt004_model.model.moves import Goal, Move, forbidden_moves
from pt004_model.model.scenarios import Scenario, following
from pt004_model.vocabulary import Decision

MOST_RUNS = 10
"""Runs that one example makes at the most."""
_MARCH = (3, 8, 40)
_LINGER = (1, 4, 12)
_LOOK_EVERY = 6
_DEFIANCE = 3
_ONE_STEP = Scenario((Decision.ALLOW,))


class WorkflowMachine(RuleBasedStateMachine):
    """Drives one conversation with an FC.

    Make it with a session: ``run_state_machine_as_test(lambda: WorkflowMachine(session))``.
    """

    def __init__(self, session: Session) -> None:
        super().__init__()
        self.session = session
        self.lockstep = session.lockstep()
        self.plans: dict[int, Scenario] = {}
        self.first = 0 if session.archive is None else session.archive.next_run
        self.next_run = self.first
        self.stopped = False

    @initialize(plan=scenarios())
    def begin(self, plan: Scenario) -> None:
        """Make the first run, and look whether earlier ones are still what they were."""
        self.plans[self.first] = plan
        self._send(creation(self.first, plan, None, not self.session.ungoverned))
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
            self._pursue(choice)
        elif choice.family in WALKS:
            self._walk(choice, drawn.plan)
        else:
            for command in commands(self._situation(drawn.plan), choice):
                if isinstance(command, CreateRun) and command.run == self.next_run:
                    if self.next_run - self.first >= MOST_RUNS:
                        continue
                    self.plans[self.next_run] = drawn.plan
                self._send(command)
            if choice.pick % 5 == 0:
                self._look_elsewhere(choice.pick // 5)

    def teardown(self) -> None:
        """Read every run once more: what was done to one must not show on another."""
        for number in tuple(self.lockstep.world.runs):
            if number not in self.lockstep.adopted:
                self._look(number)
        archive = self.session.archive
        if archive is not None:
            archive.keep(self.lockstep, self.first)
            archive.next_run = self.next_run
            self.session.examples += 1

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
        )

    def _send(self, command: Command, *, look: bool = True) -> None:
        if isinstance(command, CreateRun):
            self.next_run = max(self.next_run, command.run + 1)
        self.lockstep.do(command)
        number = subject(command)
        plain = isinstance(command, ReadRun) and command.logs and command.gates
        if look and number is not None and not plain:
            self._look(number)

    def _look(self, number: int) -> None:
        """Read a run in full, as its own tenant."""
        run = self.lockstep.world.runs.get(number)
        if run is not None and number not in self.lockstep.world.outside:
            self.lockstep.do(ReadRun(number, caller=Caller(Tenant(run.tenant))))

    def _look_elsewhere(self, pick: int) -> None:
        numbers = sorted(set(self.lockstep.world.runs) - set(self.lockstep.adopted))
        if numbers:
            self._look(numbers[pick % len(numbers)])

    def _pursue(self, choice: Choice) -> None:
        """Make a run for one of the round's goals, bring it there, and make the move."""
        goals = self.session.goals
        if not goals or self.next_run - self.first >= MOST_RUNS:
            return
        goal: Goal = goals[choice.pick % len(goals)]
        number = self.next_run
        plan = Scenario((Decision.ALLOW,) * max(goal.length, 1))
        self.plans[number] = plan
        self._send(creation(number, plan, None, governed=goal.length > 0))
        for move in goal.way:
            self._go(number, move, _dice(choice))
        self._defy(number, choice, _DEFIANCE)
        self._go(number, goal.move, _dice(choice))
        if number in self.session.hindered:
            hindered = self.session.tally.hindered
            hindered[goal] = hindered.get(goal, 0) + 1

    def _defy(self, number: int, choice: Choice, times: int) -> None:
        """Ask for what is forbidden where the run is; it should all be refused.

        Nothing is read in between: a refusal changes nothing, and the next reading shows it.
        """
        dice = Random(choice.variety + choice.pick)  # noqa: S311 - no secret is made
        for _ in range(times):
            if not self.lockstep.drivable(number):
                return
            moves = forbidden_moves(self.lockstep.world.runs[number])
            self._go(number, dice.choice(moves), None, look=False)

    def _walk(self, choice: Choice, plan: Scenario) -> None:
        """Take a run several moves on: along its plan, or pausing and resuming it on the spot.

        What happens in long runs and after many pauses is seen in no other way. It is read now and
        then only, so that the requests go into the moves.
        """
        along, times = choice.family is Family.MARCH, _LINGER[choice.pick % 3]
        if along:
            times = _MARCH[choice.pick % 3]
            if len(plan.decisions) > 1 and self.next_run - self.first < MOST_RUNS:
                times = 4 * len(plan.decisions)
                self.plans[self.next_run] = plan
                governed = not self.session.ungoverned
                self._send(creation(self.next_run, plan, None, governed), look=False)
        run = self._situation(_ONE_STEP).run(0 if len(plan.decisions) > 1 else choice.pick)
        if run is None:
            return
        number = run.number
        for count in range(1, times + 1):
            now = self.lockstep.world.runs.get(number, run)
            move = following(now, self.plans[number]) if along else lingering(now)
            if move is None or not self.lockstep.drivable(number):
                break
            keyed = choice.variety % 2 == 1
            if along and choice.variety % 3:
                self._defy(number, evolve(choice, pick=choice.pick + count), 1)
            self._go(number, move, None, look=count % _LOOK_EVERY == 0, keyed=keyed)
        self._look(number)

    def _go(
        self,
        number: int,
        move: Move,
        dice: Random | None,
        *,
        look: bool = True,
        keyed: bool = False,
    ) -> None:
        if not self.lockstep.drivable(number):
            return
        run = self.lockstep.world.runs[number]
        command: ChangeRun | None = walk(run, move, dice, keyed=keyed)
        if command is not None:
            self._send(command, look=look)


def _dice(choice: Choice) -> Random | None:
    return Random(choice.variety) if choice.variety else None  # noqa: S311 - no secret is made
