"""The campaign's search: the state machine, with its picking overridden and its acts in a loop.

Before each legal move it sends the least tried probes of each class, then the move, then it reads.
Besides there are acts that probing alone does not come to: the goals that no run has driven, long
walks, pauses on the spot, and twins driven move by move. Each act gets its share of the requests.
All chance comes from the scheduler's generator, so a seed means the same in every process.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from typing import Final, TypeVar

from attrs import define, evolve, field

from pt004_model.drive.lockstep import Lockstep
from pt004_model.drive.session import Session
from pt004_model.model.commands import ChangeRun, ReadRun
from pt004_model.model.dictionary import PAGES
from pt004_model.model.moves import Goal, Move, body, legal_moves
from pt004_model.model.run import Ask, Run
from pt004_model.model.scenarios import Scenario, following
from pt004_model.model.values import Json
from pt004_model.search import deliveries, payloads
from pt004_model.search.fillings import Filling, fillings
from pt004_model.search.goals import due, goal_keys, is_legal
from pt004_model.search.machine import MOST_RUNS, WorkflowMachine
from pt004_model.search.payloads import Carried
from pt004_model.search.probes import PROBES, Commands, Scene, keys, move_keys, near_the_end
from pt004_model.search.scheduler import MOST_STEPS, Keys, Scheduler, Share
from pt004_model.vocabulary import Decision, Status

_T = TypeVar("_T")
_VISITING: Final = {
    "forbidden": 2, "mutation": 1, "naming": 1, "caller": 1, "token": 2, "repeat": 1, "read": 1,
}  # fmt: skip
"""Probes of each class before a legal move."""
_CREATING: Final = {"create": 3, "create caller": 1, "create token": 1, "elsewhere": 1, "edge": 1}
"""Probes of each class after a create."""
_NEVER_TRIED: Final = 2
"""So many more moves are asked for that were never tried in a state."""
_SHARES: Final = {"visit": 6, "pursue": 2, "march": 1, "twins": 1, "linger": 0.5, "fill": 2.5}
"""Shares of the requests."""
LATER: Final = Counter({"fill": 75})
"""Requests that count as spent, so that an act comes later: what is common is tried before."""
_CREATES: Final = tuple(reversed(deliveries.CREATES))
_DELIVERIES: Final = tuple(reversed(deliveries.CHANGES))
_LENGTHS: Final = (3, 0, 2, 4, 0, 1, 5)
_CALLS_A_STEP: Final = 4
"""A step is started, paused, resumed and left; more, and the FC goes in circles."""
_EVERY: Final = 6
"""Moves of a long run after which it is probed and read, whatever its state."""
_LAST: Final = (Decision.DENY, Decision.ALLOW, Decision.FLAG)
_LONG: Final = (4, 6, 8, 12, MOST_STEPS)


@define
class Search:
    """What the examples of a campaign have in common."""

    session: Session
    scheduler: Scheduler
    lengths: tuple[int, ...]
    acts: int
    steps: int = MOST_STEPS
    spent: Counter[str] = field(factory=LATER.copy)

    @classmethod
    def seeded(
        cls, session: Session, seed: int, lengths: tuple[int, ...], acts: int,
        share: Share | None = None, steps: int = MOST_STEPS,
    ) -> Search:  # fmt: skip
        """Return a search that draws everything from ``seed``."""
        share = share or Share()
        return cls(session, Scheduler(share.rng(seed), share=share), lengths, acts, steps)

    @property
    def tried(self) -> Counter[Hashable]:
        """The count of each thing that was tried."""
        return self.scheduler.tried

    @property
    def long(self) -> tuple[int, ...]:
        """The lengths of long runs: as usual, as far as may be, and the most that may be."""
        return tuple(sorted({*(each for each in _LONG if each < self.steps), self.steps}))

    def example(self) -> None:
        """Run one example: a conversation of some acts, and all its runs read at the end."""
        Explorer(self).explore()


class Explorer(WorkflowMachine):
    """One example of a campaign."""

    def __init__(self, search: Search) -> None:
        super().__init__(search.session)
        self.search = search
        self.scheduler = search.scheduler
        self.rng = search.scheduler.rng
        archive = self.session.archive
        self.first = self.next_run = 0 if archive is None else archive.next_run
        self.plans: dict[int, Scenario] = {}
        self.besides = 0
        self.names = self.pick("names", payloads.STEP_NAMES)
        self.workflow = self.pick("workflow", ("odd", "", "long", ""))

    def explore(self) -> None:
        """Act as often as an example may; what it made is remembered for later ones."""
        self.add()
        self._reread()
        spent = self.search.spent
        for _ in range(self.search.acts):
            acts = self._acts()
            act = min(acts, key=lambda name: spent[name] / _SHARES[name])
            before = self.session.tally.commands
            acts[act]()
            spent[act] += self.session.tally.commands - before + 1
        self._beyond()
        self.teardown()
        archive = self.session.archive
        if archive is not None:
            archive.keep(self.lockstep, self.first)
            archive.next_run = self.next_run
            self.session.examples += 1

    def _acts(self) -> dict[str, Callable[[], None]]:
        """Return the acts that there is something or room for."""
        acts: dict[str, Callable[[], None]] = {"fill": self.fill}
        room, live = self._room, self._live()
        if live or room > 0:
            acts["visit"] = self.visit
        if room > 0:
            acts["pursue"] = self.pursue
        if room > 1 and not self.session.ungoverned:  # runs without steps go along no plan
            acts |= {"march": self.march, "twins": self.twins}
        if live:
            acts["linger"] = self.linger
        return acts

    def _beyond(self) -> None:
        """Ask for what lies beyond the contract; last, since nobody can tell if it was taken."""
        number = next(filter(self.lockstep.drivable, self.plans), None)
        if number is not None:
            self._probe_all(self.scene(number), {"beyond": 1})

    # Picking

    def pick(self, kind: str, options: Sequence[_T]) -> _T:
        """Return the option that was tried least, the first of these."""
        place = self.scheduler.least(kind, len(options))
        self.scheduler.note(((kind, place),))
        return options[place]

    def _choose(
        self,
        options: Sequence[_T],
        keys: Callable[[_T], Keys],
        handicap: Callable[[_T], float] = lambda _: 0.0,
    ) -> _T:
        chosen = self.scheduler.ranked(options, keys, handicap)[0]
        self.scheduler.note(keys(chosen))
        return chosen

    def _carried(
        self, kind: str, tables: dict[str, dict[str, Json]], names: Iterable[str]
    ) -> Carried:
        """Return the values tried least, field by field; to send nothing is one of them."""
        carried: Carried = {}
        for name in names:
            first, *rest = tables[name]
            value = self.pick(f"{kind} {name}", (first, "", *rest))
            if value:
                carried[name] = value
        return carried

    def _probe_all(self, scene: Scene, counts: dict[str, int]) -> None:
        """Send the least tried probes of each class, in any order."""
        made: list[Commands] = []
        for kind, count in counts.items():
            made += self._least(scene, kind, count)
        self.rng.shuffle(made)
        for commands in made:
            for command in commands:
                self.send(command)

    def _least(self, scene: Scene, kind: str, count: int) -> list[Commands]:
        """Return the least tried probes of a class: more where one was never tried anywhere."""
        ranked = self.scheduler.ranked(
            PROBES[kind].values(), lambda each: keys(scene, each), lambda each: each.handicap
        )
        most = count + _NEVER_TRIED if kind == "forbidden" else count
        chosen: list[Commands] = []
        for probe in ranked:
            headings = keys(scene, probe)
            if len(chosen) >= (count if self.scheduler.tried[headings[0]] else most):
                break
            commands = probe.make(scene)
            if commands:
                chosen.append(commands)
                self.scheduler.note(headings)
        return chosen

    # Acts

    def _live(self) -> list[int]:
        return [
            number
            for number in self.plans
            if self.lockstep.drivable(number) and not self.model(number).state.terminal
        ]

    @property
    def _room(self) -> int:
        return MOST_RUNS - (self.next_run - self.first - self.besides)

    def _plan(self, kind: str, length: int) -> Scenario:
        """Return a plan that mostly allows; the last decision is drawn by itself."""
        flow = (Decision.ALLOW, Decision.ALLOW, Decision.FLAG)
        decisions = [self.rng.choice(flow) for _ in range(length - 1)]
        return Scenario((*decisions, self.pick(f"last of {kind}", _LAST)))

    def _fresh(self, plan: Scenario, *, governed: bool = True) -> int:
        steps = payloads.step_names(len(plan.decisions), self.names) if governed else ()
        carried = self._carried("create", payloads.CREATES, [*payloads.CREATES][1:])
        if self.workflow:
            carried["workflow_id"] = self.workflow
        number = self.next_run
        self.plans[number] = plan
        self.make(steps, carried, self.rng.randrange(3), self.pick("create", _CREATES))
        return number

    def add(self) -> int:
        """Make a run, and ask for what must be refused of a create like it."""
        length = self.pick("length", _LENGTHS)
        number = self._fresh(self._plan("visit", max(length, 1)), governed=length > 0)
        self.look(number)
        if self.lockstep.drivable(number):
            scene = self.scene(number)
            self._probe_all(scene, _CREATING)
            for made in range(number + 1, self.next_run):
                self.look(made)
        return number

    def visit(self) -> None:
        """Probe a run where it is, make the legal move made least, and read it."""
        number = self.rng.choice(self._live() or [self.add()])
        if self.lockstep.drivable(number) and not self.model(number).state.terminal:
            self._step_on(number)
        if self.lockstep.drivable(number) and self.model(number).state.terminal:
            self._probe_all(self.scene(number), {**_VISITING, "forbidden": 4})
            self.look(number)

    def _step_on(self, number: int) -> None:
        """Probe a run, make the legal move made least, and read what it touched."""
        run = self.model(number)
        legal = legal_moves(run)
        move = self._choose(legal, lambda each: move_keys("legal", run, each.word), _ending(run))
        actor = self.rng.randrange(3)
        self._probe_all(self.scene(number, move, actor), _VISITING)
        before = self.next_run
        self.go_on(number, move, actor, self.pick("delivery", _DELIVERIES))
        self.look(number)
        for made in range(before, self.next_run):
            self.look(made)

    def go_on(self, number: int, move: Move, actor: int = 0, delivery: str = "once") -> None:
        """Make a legal move, which carries the values tried least."""
        if self.lockstep.drivable(number):
            run = self.model(number)
            plain = body(run, move)
            if plain is not None:
                carried = self._carried("change", payloads.CHANGES, payloads.fitting(plain))
                self.go(number, move, carried, actor, delivery)

    def pursue(self) -> None:
        """Make a run for a goal, bring it there, and make the move."""
        used = self.session.used
        every = due(self.session.tally, self.search.lengths, used)
        goals = self.scheduler.share.take(every) or every

        def handicap(goal: Goal) -> float:
            unused = bool(used) and goal.edges.isdisjoint(used)
            return (0.0 if is_legal(goal) else 1.5) + (3.0 if unused else 0.0)

        goal = self._choose(goals, goal_keys, handicap)
        plan = Scenario((Decision.ALLOW,) * max(goal.length, 1))
        number = self._fresh(plan, governed=goal.length > 0)
        for place, move in enumerate(goal.path, 1):
            if place == len(goal.path) and self.lockstep.drivable(number):
                self._probe_all(self.scene(number), {"forbidden": 2})
            self.go_on(number, move)
        self.look(number)

    def march(self) -> None:
        """Take a new run along a long plan, probing it where it matters most."""
        plan = self._plan("march", self.pick("long", self.search.long))
        style = self.pick("march", ("plain", "keyed", "restless", "fatal"))
        number = self._fresh(plan)
        fatal = self.rng.randrange(2 * len(plan.decisions)) if style == "fatal" else -1
        for count in range(_CALLS_A_STEP * len(plan.decisions)):
            move = self._next(number, plan)
            if move is None:
                break
            run = self.model(number)
            if count == fatal or (style == "fatal" and run.state.gate_pending):
                move = Move(Ask.FAIL)
            if not run.clear or near_the_end(run) or count % _EVERY == 0:
                self._probe_all(self.scene(number, move), {"forbidden": 4, "naming": 1})
            delivery = "keyed" if style == "keyed" else "once"
            self.go_on(number, move, self.rng.randrange(3), delivery)
            if style == "restless":
                self._rest(number)
            if run.state.gate_pending or count % _EVERY == 0:
                self.look(number)
        if style == "keyed":
            self._ask_again(number)
        self.look(number)

    def _next(self, number: int, plan: Scenario) -> Move | None:
        """Return the next move of a run along its plan, if it has one and can be driven."""
        return following(self.model(number), plan) if self.lockstep.drivable(number) else None

    def _ask_again(self, number: int) -> None:
        """The first key of a run must still be known, whatever was used since."""
        if self.lockstep.drivable(number):
            scene = self.scene(number)
            used = [
                (key, use)
                for (_, key), use in self.lockstep.world.keys.items()
                if use.run.number == number
            ]
            for each in used[:1]:
                for command in PROBES["repeat"]["again"].make(evolve(scene, used=each)):
                    self.send(command)

    def _rest(self, number: int) -> None:
        """Pause a run where nothing asks for it, and resume it."""
        for ask in (Ask.PAUSE, Ask.RESUME):
            if self.lockstep.drivable(number):
                run = self.model(number)
                if run.clear and run.state.status in (Status.RUNNING, Status.PAUSED):
                    self.go(number, Move(ask))
                    self.look(number)

    def linger(self) -> None:
        """Pause and resume a run on the spot, again and again."""
        live = self._live()
        if not live:
            return
        number = self.rng.choice(live)
        for _ in range(self.pick("linger", (12, 5, 2))):
            if not self.lockstep.drivable(number):
                return
            run = self.model(number)
            if run.state.status is Status.RUNNING and run.state.decision is not Decision.DENY:
                move = Move(Ask.PAUSE)
            elif run.state.status is Status.PAUSED:
                move = (
                    Move(Ask.RESUME)
                    if run.governed
                    else Move(Ask.START, self.pick("said", (None, *Decision)))
                )
            elif run.state.status is Status.PENDING:
                move = Move(Ask.START, Decision.FLAG)
            else:
                break
            gate = run.state.gate_pending
            self.go_on(number, move)
            if gate:
                self.look(number)
        self.look(number)

    def fill(self) -> None:
        """Fill runs with the values tried least, as near strangers look on."""
        filling = self.pick("filling", fillings())
        first = self.next_run
        if filling.gates:
            self._gather(filling)
        else:
            self.live_filled(filling)
        if self.lockstep.drivable(first):
            self._probe_all(self.scene(first), {"kin": 2})
        self.besides += self.next_run - first

    def _gather(self, filling: Filling) -> None:
        """Pause and resume a run until it has as many gates, read where a page would end."""
        number = self.make(())
        for count in range(1, filling.gates + 1):
            for move in (Move(Ask.START, Decision.FLAG), Move(Ask.PAUSE)):
                self.go(number, move)
            if count - 1 in PAGES:
                self.look(number)
        self.look(number)
        if self.lockstep.drivable(number):
            self._filled(filling.kind, filling.places)

    def twins(self) -> None:
        """Drive two runs that are alike through one plan, and see both at each gate."""
        plan = self._plan("twins", self.pick("twins", (3, 2, 4)))
        twins = [self._fresh(plan) for _ in range(2)]
        for _ in range(_CALLS_A_STEP * len(plan.decisions)):
            for number, other in zip(twins, reversed(twins), strict=True):
                move = self._next(number, plan)
                if move is None:
                    continue
                before = self.model(number).state
                if before.gate_pending and self.pick("rejected", (False, False, False, True)):
                    move = Move(Ask.FAIL)
                self.go_on(number, move)
                after = self.lockstep.world.runs.get(number)
                if before.gate_pending or (after is not None and after.state.gate_pending):
                    self.look(other)
        for number in twins:
            self.look(number)

    def _reread(self) -> None:
        """Read some runs of earlier examples: the oldest, and one of the others in turn."""
        if self.session.archive is not None:
            for old in self.session.archive.pick(self.session.examples):
                self.lockstep.adopt(old.run, old.seen, old.since, old.told)
                self.look(old.run.number)

    def teardown(self) -> None:
        """Read every run of this example once more."""
        for number in tuple(self.lockstep.world.runs):
            if number not in self.lockstep.adopted:
                self.look(number)


def _ending(run: Run) -> Callable[[Move], float]:
    """Put off what ends a run, or few would get far; but not at a gate, seldom as it is."""

    def handicap(move: Move) -> float:
        if move.ask is Ask.FAIL:
            return 0.0 if run.state.gate_pending else 3.0
        return 0.5 if move.ask is Ask.COMPLETE else 0.0

    return handicap


def live_through(lockstep: Lockstep, scenario: Scenario) -> None:
    """Create a run and take it through ``scenario``, reading it in full after every change."""
    lockstep.do(payloads.creation(0, scenario.steps))
    lockstep.do(ReadRun(0))
    for _ in range(_CALLS_A_STEP * (len(scenario.decisions) + 1)):
        if not lockstep.drivable(0):
            return
        run = lockstep.world.runs[0]
        move = following(run, scenario)
        text = body(run, move) if move is not None else None
        if text is None:
            return
        lockstep.do(ChangeRun(0, text))
        lockstep.do(ReadRun(0))
