"""A Federation Core as a Hypothesis state machine: a rule a kind of command, the model its oracle.

The model names the allowed answers to every command in every state, legal or not, so no rule has to
be held back: an illegal change is a test of its refusal. Whatever a rule needs is an argument of
it, a word of a table, so that a falsifying example reads like a conversation. A finding is raised
as one exception class a fingerprint, so that Hypothesis keeps several bugs of one run apart and
shrinks each.

Under pytest::

    TestFederationCore = workflow_machine(Target("http://127.0.0.1:9405")).TestCase

A subclass may add rules of its own; they use :meth:`WorkflowMachine.send` and
:meth:`WorkflowMachine.model`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import ClassVar, Final, TypeVar

from attrs import evolve
from hypothesis import HealthCheck, Phase, currently_in_test_context, event, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from pt004_model.drive.session import Session
from pt004_model.drive.target import Target
from pt004_model.model import dictionary
from pt004_model.model.commands import (
    US,
    Caller,
    ChangeRun,
    Command,
    CreateRun,
    ReadRun,
    Tenant,
    subject,
)
from pt004_model.model.coverage import edge
from pt004_model.model.moves import MOVES, Move, body, legal_moves
from pt004_model.model.run import Ask, Run
from pt004_model.model.scenarios import Scenario, following
from pt004_model.model.values import Json
from pt004_model.model.world import Accepted
from pt004_model.search import deliveries, payloads
from pt004_model.search.fillings import HEADERS, Filling
from pt004_model.search.payloads import Carried
from pt004_model.search.probes import PROBES, Scene
from pt004_model.vocabulary import Decision, Status

MOST_RUNS: Final = 10
"""Runs that one example makes at the most."""
_FILLED_MOVES: Final = 14
"""Moves of a filled run after which it fails."""
_T = TypeVar("_T")
_MOVES: Final = {move.word: move for move in MOVES}
_ORDINARY: Final = tuple(move.word for move in MOVES[:7])


def _carried(tables: dict[str, dict[str, Json]]) -> st.SearchStrategy[Carried]:
    """Return a strategy for what a call carries: nothing, or some fields with odd values."""
    optional = {name: st.sampled_from([*values]) for name, values in tables.items()}
    return st.fixed_dictionaries({}, optional=optional)


_VALUES = st.one_of(
    st.sampled_from([value for values in dictionary.KINDS.values() for value in values]),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1),
    st.datetimes().map(str),
    st.from_regex(r"[$#%@]?[{\[(<]+\w+[}\])>]+", fullmatch=True),
)
"""The values of the dictionary, and Hypothesis' own."""
_STEPS = st.lists(st.sampled_from("abcdef"), max_size=6, unique=True)
_ACTORS = st.integers(0, 2)
_CREATIONS = _carried(payloads.CREATES)
_CHANGES = _carried(payloads.CHANGES)


class WorkflowMachine(RuleBasedStateMachine):
    """One conversation with an FC; :func:`workflow_machine` binds it to one."""

    open_session: ClassVar[Callable[[], Session]]
    runs = Bundle("run")

    def __init__(self, session: Session | None = None) -> None:
        super().__init__()
        self.session = session or type(self).open_session()
        self.lockstep = self.session.lockstep()
        self.next_run = 0
        self.touched: dict[int, None] = {}

    @initialize(target=runs, steps=_STEPS)
    def begin(self, steps: list[str]) -> int:
        """Make a run, so that every rule has something to act on."""
        return self.make(steps)

    @precondition(lambda self: self.next_run < MOST_RUNS)
    @rule(
        target=runs,
        steps=_STEPS,
        carried=_CREATIONS,
        actor=_ACTORS,
        delivery=st.sampled_from([*deliveries.CREATES]),
    )
    def create(self, steps: list[str], carried: Carried, actor: int, delivery: str) -> int:
        """Make another run beside those that are there."""
        return self.make(steps, carried, actor, delivery)

    @rule(
        run=runs,
        moves=st.lists(st.sampled_from(_ORDINARY), min_size=1, max_size=5),
        carried=_CHANGES,
        actor=_ACTORS,
        delivery=st.sampled_from([*deliveries.CHANGES]),
    )
    def advance(
        self, run: int, moves: list[str], carried: Carried, actor: int, delivery: str
    ) -> None:
        """Ask a run for ordinary moves; one that is illegal where the run is must be refused."""
        for move in moves:
            self.go(run, _MOVES[move], carried, actor, delivery)
            self.look(run)

    @precondition(lambda self: self.next_run < MOST_RUNS)
    @rule(values=st.lists(_VALUES, min_size=1, max_size=3, unique=True))
    def fill(self, values: list[str]) -> None:
        """Live through a short life of a run with odd values in every place."""
        self.live_filled(Filling("drawn", tuple(values)))

    @rule(run=runs, decisions=st.lists(st.sampled_from([*map(str, Decision)]), min_size=1))
    def walk(self, run: int, decisions: list[str]) -> None:
        """Take a run on its way, a decision for each step, and complete it where they end."""
        plan, before = Scenario(tuple(map(Decision, decisions))), None
        while self.lockstep.drivable(run) and self.model(run) != before:
            before = self.model(run)
            move = following(before, plan)
            if move is not None:
                self.go(run, move)
                self.look(run)

    @rule(run=runs, probe=st.sampled_from([*PROBES["forbidden"]]))
    def defy(self, run: int, probe: str) -> None:
        """Ask a run for a move that is forbidden where it is."""
        self.probe("forbidden", probe, run)

    @rule(run=runs, probe=st.sampled_from([*PROBES["mutation"]]))
    def garble(self, run: int, probe: str) -> None:
        """Make a legal move with one thing wrong in its body."""
        self.probe("mutation", probe, run)

    @rule(run=runs, probe=st.sampled_from([*PROBES["naming"]]))
    def misname(self, run: int, probe: str) -> None:
        """Make a legal move that names another step, or one by halves."""
        self.probe("naming", probe, run)

    @rule(run=runs, probe=st.sampled_from([*PROBES["caller"]]))
    def intrude(self, run: int, probe: str) -> None:
        """Make a call as another tenant or nobody, or with a method that the route has not."""
        self.probe("caller", probe, run)

    @precondition(lambda self: self.session.bad_tokens)
    @rule(run=runs, probe=st.sampled_from([*PROBES["token"]]))
    def forge(self, run: int, probe: str) -> None:
        """Make a call with a bad token."""
        self.probe("token", probe, run)

    @precondition(lambda self: self.lockstep.world.keys)
    @rule(run=runs, probe=st.sampled_from([*PROBES["repeat"]]))
    def repeat(self, run: int, probe: str) -> None:
        """Make a call under an idempotency key that was used before."""
        self.probe("repeat", probe, run)

    @rule(run=runs, probe=st.sampled_from([*PROBES["read"]]))
    def read(self, run: int, probe: str) -> None:
        """Read a run, or a part of it."""
        self.probe("read", probe, run)

    @rule(run=runs, probe=st.sampled_from([*PROBES["elsewhere"]]))
    def stray(self, run: int, probe: str) -> None:
        """Make a call on a run that does not exist, or on a path that names none."""
        self.probe("elsewhere", probe, run)

    @rule(run=runs, probe=st.sampled_from([*PROBES["create"]]))
    def miscreate(self, run: int, probe: str) -> None:
        """Ask for a run like this one with one thing wrong."""
        self.probe("create", probe, run)

    @invariant()
    def reads_as_modelled(self) -> None:
        """Read in full whatever was touched: it is as the model says in every field."""
        touched, self.touched = self.touched, {}
        for run in touched:
            self.look(run)

    def teardown(self) -> None:
        """Read every run once more: what was done to one must not show on another."""
        if not any(step.findings for step in self.lockstep.steps[-1:]):
            for run in tuple(self.lockstep.world.runs):
                self.look(run)

    def model(self, run: int) -> Run:
        """Return the run as a conforming FC would have it now."""
        return self.lockstep.world.runs[run]

    def send(self, command: Command) -> None:
        """Send a command and judge the answer; a finding is raised."""
        if isinstance(command, CreateRun):
            self.next_run = max(self.next_run, command.run + 1)
        before = self.lockstep.world
        judgement = self.lockstep.do(command)
        number = subject(command)
        if number is not None and not isinstance(command, ReadRun):
            self.touched[number] = None
        if number in self.lockstep.views[0].unsettled:
            self.look(number)
        if judgement is not None and currently_in_test_context():
            for why in judgement.unsure.values():
                warnings.warn(why, UnsureWarning, stacklevel=2)
            driven = edge(before, command, isinstance(judgement.outcome, Accepted))
            event(str(driven or type(command).__name__))

    def pick(self, kind: str, options: Sequence[_T]) -> _T:
        """Return the option to take where a rule has no argument for it: the plainest one."""
        del kind
        return options[0]

    def make(
        self,
        steps: Sequence[str],
        carried: Carried | None = None,
        actor: int = 0,
        delivery: str = "once",
    ) -> int:
        """Create a run with ``steps``; where an FC knows no steps, or without any, ungoverned."""
        number = self.next_run
        more = payloads.named(payloads.CREATES, carried)
        call = payloads.creation(number, () if self.session.ungoverned else steps, more)
        for command in deliveries.CREATES[delivery](evolve(call, caller=Caller(actor=actor))):
            self.send(command)
        return number

    def go(
        self,
        run: int,
        move: Move,
        carried: Carried | None = None,
        actor: int = 0,
        delivery: str = "once",
    ) -> None:
        """Ask a run for a move, as far as it has one."""
        if not self.lockstep.drivable(run):
            return
        now = self.model(run)
        plain = body(now, move)
        if plain is None:
            return
        more = payloads.named(payloads.CHANGES, carried)
        call = ChangeRun(run, payloads.carrying(now, plain, more), _by(now, actor))
        for command in deliveries.CHANGES[delivery](call, now, self.next_run):
            self.send(command)

    def live_filled(self, filling: Filling) -> None:
        """Make runs that are filled, one for each value; complete the first, reject the next."""
        first = self.next_run
        for place in range(max(1, len(filling.values))):
            self._make_filled(filling, place)
        steps = max(1, len(filling.steps))
        plan = Scenario((Decision.FLAG, *(Decision.ALLOW,) * (steps - 1)))
        self._move_filled(first, filling, plan, rejected="error_details" in filling.change)
        self._move_filled(first + 1, filling, Scenario((Decision.FLAG,)), rejected=True)
        self.look(first)

    def _make_filled(self, filling: Filling, place: int) -> None:
        """Make one of the runs that are filled; the first twice under its key."""
        values, number = filling.values, self.next_run
        steps = filling.steps if place == 0 and not self.session.ungoverned else ()
        more = filling.created(place)
        call = payloads.creation(number, steps, more)
        value = values[place] if values and dictionary.fits_header(values[place]) else ""
        if value:
            call = evolve(call, caller=self.named(value), correlation=value)
        key = value or f"f{number}"
        if (Tenant.OURS, key) not in self.lockstep.world.keys:
            call = evolve(call, key=key)
        self.send(call)
        if place == 0 and call.key:
            self.send(call)
        if self.lockstep.drivable(number):
            self._filled(
                filling.kind, (*more, *HEADERS[: 3 * bool(value)], *("steps",) * bool(steps))
            )

    def _move_filled(
        self, number: int, filling: Filling, plan: Scenario, *, rejected: bool
    ) -> None:
        """Take a filled run along a plan; one that is rejected fails at its gate."""
        place = 0
        while self.lockstep.drivable(number):
            before = self.model(number)
            move = following(before, plan)
            if before.state.status is Status.PENDING:  # a run without steps is on no plan yet
                move = Move(Ask.START, plan.decisions[0])
            elif move == Move(Ask.RESUME) and not before.governed:
                move = Move(Ask.START)
            if move is not None and (
                place == _FILLED_MOVES or (rejected and before.state.gate_pending)
            ):
                move = Move(Ask.FAIL)
            plain = None if move is None else body(before, move)
            if plain is None:
                return
            more = filling.changed(place)
            who = self.named(filling.values[place % len(filling.values)]) if filling.values else US
            self.send(ChangeRun(number, payloads.carrying(before, plain, more), who))
            if not self.lockstep.drivable(number) or self.model(number) == before:
                return
            self._filled(filling.kind, {*more} & {*payloads.fitting(plain)})
            place += 1

    def _filled(self, kind: str, places: Iterable[str]) -> None:
        """Count the places in which a kind of values was taken."""
        self.session.tally.values.update((kind, place) for place in places)

    def named(self, value: str) -> Caller:
        """Return a caller of that name, where there is one."""
        actors = self.session.oracle.names.actors
        return Caller(actor=actors.index(value)) if value in actors else US

    def probe(self, kind: str, name: str, run: int) -> None:
        """Send a probe of a run where it is, as far as it fits there."""
        if self.lockstep.drivable(run):
            for command in PROBES[kind][name].make(self.scene(run)):
                self.send(command)

    def scene(self, run: int, move: Move | None = None, actor: int = 0) -> Scene:
        """Return what a probe of a run is made of: of ``move``, or of some legal one."""
        now, world = self.model(run), self.lockstep.world
        legal = [move] if move is not None else legal_moves(now)
        plain = body(now, self.pick("move", legal)) if legal else None
        used = [(key, use) for (_, key), use in world.keys.items() if use.run.number == run][::-1]
        others = [n for n, each in world.runs.items() if n != run and each.tenant == now.tenant]
        return Scene(
            now,
            None if plain is None else ChangeRun(run, plain, _by(now, actor)),
            payloads.creation(self.next_run, now.asked.steps or ()),
            self.session.bad_tokens,
            len(self.session.oracle.names.tenants),
            self.pick("key", used) if used else None,
            self.pick("other", others) if others else None,
        )

    def look(self, run: int) -> None:
        """Read a run in full, as its own tenant; once is enough."""
        now = self.lockstep.world.runs.get(run)
        if now is None or run in self.lockstep.world.outside:
            return
        read = ReadRun(run, caller=_by(now))
        if not self.lockstep.steps or self.lockstep.steps[-1].command != read:
            self.lockstep.do(read)


def _by(run: Run, actor: int = 0) -> Caller:
    """Return a caller who may act on a run."""
    return Caller(Tenant(run.tenant), actor)


class UnsureWarning(UserWarning):
    """A check of one's own could not tell, so that a test which passes says less than it seems."""


def workflow_machine(target: Target | Callable[[], Session]) -> type[WorkflowMachine]:
    """Return the machine bound to an FC; its ``TestCase`` is all that pytest needs.

    In place of the FC there may be a function that returns a session with it.
    """
    open_session = target.session if isinstance(target, Target) else target
    bound: type[WorkflowMachine] = type(
        "Workflow", (WorkflowMachine,), {"open_session": staticmethod(open_session)}
    )
    bound.TestCase.settings = settings(
        deadline=None,
        phases=set(Phase) - {Phase.explain},  # it tells of lines of ours, which say nothing
        suppress_health_check=[HealthCheck.too_slow],  # an example is a conversation over a network
        stateful_step_count=30,
    )
    return bound
