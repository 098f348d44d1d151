"""What a drawn choice stands for: the commands to send next, given the model's world.

Everything here is a pure function of the model and of small drawn numbers, so what is generated
depends on an FC through the model's one world alone. The families are what a search needs, each
measured by the faults that only it finds: following a plan, making any move there is (most of them
forbidden where the run is), spoiling a body, calling as a stranger or for a run that is not there,
repeating calls under idempotency keys, making further runs.
"""

from __future__ import annotations

from enum import Enum
from random import Random
from typing import Final

from attrs import evolve, field, frozen

from pt004_model.explore import samples
from pt004_model.explore.dressing import (
    SPOILED_CHANGE,
    SPOILED_CREATE,
    STATUSES,
    STEP_LISTS,
    creation,
    dressed,
    spoiled,
)
from pt004_model.model.commands import (
    NO_ACTOR,
    Caller,
    ChangeRun,
    Command,
    CreateRun,
    OddPath,
    ReadRun,
    Route,
    Tenant,
    Token,
    Unknown,
    WrongMethod,
)
from pt004_model.model.moves import MOVES, Move, body, legal_moves, starting
from pt004_model.model.run import Ask, Run
from pt004_model.model.scenarios import Scenario, following
from pt004_model.model.values import Body, Json
from pt004_model.model.world import World
from pt004_model.vocabulary import Decision, Status


class Family(Enum):
    """A kind of choice. The first ends an example at no cost, so that shrinking tends to it."""

    STOP = "stop"
    FOLLOW = "follow"
    MOVE = "move"
    MARCH = "march"
    LINGER = "linger"
    GOAL = "goal"
    CREATE = "create"
    SPOIL = "spoil"
    FOREIGN = "foreign"
    UNKNOWN = "unknown"
    KEY = "key"
    DOOR = "door"
    READ = "read"
    BEYOND = "beyond"


WALKS: Final = frozenset({Family.MARCH, Family.LINGER, Family.GOAL})
"""Families that make several moves, each chosen when the one before was answered."""


_BY_PLAN: Final = 0.6
"""How often a run that follows its plan does so."""


@frozen
class Choice:
    """A drawn choice: a family, which run or form it takes, and a seed for what varies in it.

    A ``variety`` of 0 means the plainest of everything.
    """

    family: Family
    pick: int
    variety: int


@frozen
class Situation:
    """What a choice is made in: the model's world and what the machine has planned.

    ``live`` are the runs that can be driven, the latest first; ``fresh`` is the next number.
    """

    world: World
    live: tuple[int, ...]
    plans: dict[int, Scenario]
    fresh: int
    ungoverned: bool = False
    bad_tokens: tuple[Token, ...] = ()
    plan: Scenario = field(default=Scenario((Decision.ALLOW,)))

    def run(self, pick: int) -> Run | None:
        """One of the runs that can be driven; the latest for 0 and most other numbers."""
        if not self.live:
            return None
        return self.world.runs[self.live[(pick // 3) % len(self.live) if pick % 3 else 0]]


def commands(situation: Situation, choice: Choice) -> tuple[Command, ...]:
    """The commands that ``choice`` stands for; none when it fits nothing that is there."""
    dice = Random(choice.variety) if choice.variety else None  # noqa: S311 - no secret is made
    family = choice.family
    if family is Family.STOP:
        return ()
    if family is Family.CREATE:
        return (_new(situation, dice),)
    if family in WALKS:
        return ()  # the machine walks, since each move depends on the state it finds
    if family is Family.BEYOND:
        text = samples.BEYOND[choice.pick % len(samples.BEYOND)]
        return (CreateRun(situation.fresh, Body(text)),)
    if family is Family.UNKNOWN:
        return _unknown(situation, choice, dice)
    run = situation.run(choice.pick)
    if run is None:
        return (_new(situation, dice),)
    if family is Family.FOLLOW:
        return _follow(situation, run, dice)
    if family is Family.MOVE:
        return _move(run, MOVES[choice.pick % len(MOVES)], dice)
    if family is Family.SPOIL:
        return _spoil(situation, run, choice.pick, dice)
    if family is Family.FOREIGN:
        return _foreign(run, choice.pick, dice)
    if family is Family.KEY:
        return _key(situation, run, choice.pick, dice)
    if family is Family.DOOR:
        return _door(situation, run, choice.pick, dice)
    return (ReadRun(run.number, bool(choice.pick & 1), bool(choice.pick & 2), _anyone(run, dice)),)


def _new(situation: Situation, dice: Random | None) -> CreateRun:
    """A create for the next run, which is to live through the plan that was drawn."""
    return creation(situation.fresh, situation.plan, dice, not situation.ungoverned)


def _anyone(run: Run, dice: Random | None) -> Caller:
    """A caller who may act on the run: its tenant, and any actor."""
    actor = 0 if dice is None else dice.choice((0, 0, 0, 1, 2))
    return Caller(Tenant(run.tenant), actor)


def _change(run: Run, text: Body, dice: Random | None) -> ChangeRun:
    key = None
    if dice is not None and dice.random() < 0.2:
        key = dice.choice((f"k{run.number}-{run.version}", ""))
    return ChangeRun(run.number, dressed(run, text, dice), _anyone(run, dice), key)


def _follow(situation: Situation, run: Run, dice: Random | None) -> tuple[Command, ...]:
    """The next move of the run's plan; when the run has ended, any move at all."""
    move = _planned(situation, run, dice)
    if move is None:
        move = MOVES[0] if dice is None else dice.choice(MOVES)
    return _move(run, move, dice)


def _planned(situation: Situation, run: Run, dice: Random | None) -> Move | None:
    """The plan's next move, or now and then another that is legal where the run is."""
    if run.governed and (dice is None or dice.random() < _BY_PLAN):
        return following(run, situation.plans.get(run.number, situation.plan))
    legal = legal_moves(run)
    if not legal:
        return None
    if dice is None:
        return legal[0]
    ask = dice.choice(tuple(dict.fromkeys(move.ask for move in legal)))
    return dice.choice([move for move in legal if move.ask is ask])


def _move(run: Run, move: Move, dice: Random | None) -> tuple[Command, ...]:
    text = body(run, move)
    if text is None:
        return ()
    return (_change(run, text, dice),)


def walk(
    run: Run, move: Move | None, dice: Random | None, *, keyed: bool = False
) -> ChangeRun | None:
    """One move of a run that goes several moves on, if it has such a move."""
    text = None if move is None else body(run, move)
    if text is None:
        return None
    key = f"w{run.number}-{run.version}" if keyed else None
    return ChangeRun(run.number, dressed(run, text, dice), _anyone(run, dice), key)


def lingering(run: Run) -> Move | None:
    """The move that pauses a run or resumes it within its step."""
    if run.state.status is Status.PAUSED:
        return Move(Ask.RESUME) if run.governed else Move(Ask.START)
    return Move(Ask.PAUSE) if run.state.status is Status.RUNNING else None


def _spoil(situation: Situation, run: Run, pick: int, dice: Random | None) -> tuple[Command, ...]:
    """A body with one thing wrong with it, or perhaps not wrong: the model knows."""
    dice = dice or Random(pick)  # noqa: S311 - no secret is made
    if pick % 8 == 0:
        return (ChangeRun(run.number, Body(dice.choice(samples.NOT_JSON))),)
    if pick % 8 == 1:
        return (CreateRun(situation.fresh, Body(dice.choice(samples.NOT_JSON))),)
    if pick % 4 == 2:
        plain = _new(situation, None).body
        name = dice.choice(SPOILED_CREATE)
        special = STEP_LISTS if name == "steps" else samples.WRONG_VALUES
        return (CreateRun(situation.fresh, spoiled(plain, name, special, dice)),)
    move = following(run, situation.plans.get(run.number, situation.plan))
    move = dice.choice((move, Move(Ask.FAIL), Move(Ask.PAUSE), Move(Ask.COMPLETE)))
    text = (body(run, move) if move is not None else None) or Body.of({"status": "failed"})
    name = dice.choice(SPOILED_CHANGE)
    special = STATUSES if name == "status" else samples.WRONG_VALUES
    return (ChangeRun(run.number, spoiled(text, name, special, dice)),)


def _some_body(run: Run, pick: int) -> Body:
    """A body that would be a legal move of the run where it is, or nearly."""
    moves = (Move(Ask.START, Decision.ALLOW), Move(Ask.FAIL), Move(Ask.PAUSE), Move(Ask.COMPLETE))
    text = body(run, moves[pick % len(moves)])
    return text or Body.of({"status": "failed"})


def _foreign(run: Run, pick: int, dice: Random | None) -> tuple[Command, ...]:
    """A call by another tenant, and the same call on a run that does not exist."""
    other = Tenant.STRANGER if run.tenant == Tenant.OURS else Tenant.OURS
    caller = Caller(other, 0 if dice is None else dice.choice((0, 1)))
    call: ReadRun | ChangeRun
    if pick % 3 == 0:
        call = ReadRun(run.number, bool(pick & 8), bool(pick & 16), caller)
    elif pick % 3 == 1:
        call = ChangeRun(run.number, _some_body(run, pick // 3), caller)
    else:
        text = Body.of({"status": "archived"}) if pick & 8 else Body("{")
        call = ChangeRun(run.number, text, caller)
    return (call, evolve(call, run=Unknown()))


def _unknown(situation: Situation, choice: Choice, dice: Random | None) -> tuple[Command, ...]:
    """A call on a run that does not exist, or on a path that names none."""
    spelling = samples.SPELLINGS[choice.pick % len(samples.SPELLINGS)]
    form = choice.variety % 5
    if form == 0:
        return (ReadRun(Unknown(spelling)),)
    if form == 1:
        return (ChangeRun(Unknown(spelling), Body.of({"status": "running"})),)
    if form == 2:
        steps = situation.plan.steps
        return (ChangeRun(Unknown(spelling), starting(steps, 0, Decision.ALLOW)),)
    if form == 3 and dice is not None:
        return (OddPath(dice.choice(samples.ODD_PARTS)),)
    return (ChangeRun(Unknown(spelling), Body.of({"status": "failed", "reason": "r"})),)


def _door(situation: Situation, run: Run, pick: int, dice: Random | None) -> tuple[Command, ...]:
    """A call that is turned away at the door: headers, method or token."""
    tenant = Tenant(run.tenant)
    callers = [Caller(Tenant.NOBODY), Caller(tenant, NO_ACTOR), Caller(Tenant.NOBODY, NO_ACTOR)]
    callers += [Caller(tenant, 0, token) for token in situation.bad_tokens] * 2
    form = pick % (len(callers) + 2)
    dice = dice or Random(pick)  # noqa: S311 - no secret is made
    if form >= len(callers):
        route, methods = dice.choice(
            (
                (Route.CREATE, ("PUT", "PATCH", "DELETE")),
                (Route.CHANGE, ("PUT", "POST", "DELETE")),
                (Route.READ, ("PUT", "POST", "DELETE")),
            )
        )
        return (WrongMethod(dice.choice(methods), route, run.number, Caller(tenant)),)
    caller = callers[form]
    kind = dice.randrange(4)
    if kind == 0:
        return (ReadRun(run.number, caller=caller),)
    if kind == 1:
        plain = _new(situation, None)
        return (evolve(plain, caller=caller),)
    return (ChangeRun(run.number, _some_body(run, pick), caller),)


def _key(situation: Situation, run: Run, pick: int, dice: Random | None) -> tuple[Command, ...]:
    """A call under an idempotency key: a fresh one twice, or one that was used before."""
    used = [
        (tenant, key, each)
        for (tenant, key), each in situation.world.keys.items()
        if each.run.number in situation.live
    ]
    dice = dice or Random(pick)  # noqa: S311 - no secret is made
    if not used or pick % 4 == 0:
        return _fresh_key(situation, run, pick, dice)
    tenant, key, before = used[0 if pick % 3 == 0 else pick % len(used)]
    caller = Caller(Tenant(tenant), dice.choice((0, 1, 2)))
    number, text = before.run.number, before.body
    post = before.request[0] == "POST"
    again: CreateRun | ChangeRun = ChangeRun(number, text, caller, key)
    if post:
        again = CreateRun(number, text, caller, key)
    form = dice.randrange(10)
    if form == 0:
        return (evolve(again, body=text.replace(note=1)),)
    if form == 1:
        return (evolve(again, body=Body(f" {text.text}")),)
    if form == 2 and not post:  # the same request, but for another run
        others = [n for n in situation.live if n != number] or [number]
        return (ChangeRun(dice.choice(others), text, Caller(Tenant(tenant)), key),)
    if form == 3:
        return (ChangeRun(run.number, _some_body(run, pick), Caller(Tenant(tenant)), key),)
    plain = _new(situation, None)
    if form == 4:  # a key belongs to its tenant
        other = Tenant.STRANGER if tenant == Tenant.OURS else Tenant.OURS
        return (evolve(plain, caller=Caller(other), key=key),)
    if form == 5:  # keys are compared exactly
        return (evolve(plain, caller=Caller(Tenant(tenant)), key=key.swapcase()),)
    if form == 6:
        return (evolve(plain, caller=Caller(Tenant(tenant)), key=f"{key}{'0' * 200}"),)
    return (again,)


def _fresh_key(situation: Situation, run: Run, pick: int, dice: Random) -> tuple[Command, ...]:
    """A change or create under a key that is new, made twice; or refused first, then made."""
    move = following(run, situation.plans.get(run.number, situation.plan))
    text = body(run, move) if move is not None else None
    if text is None:
        return (evolve(_new(situation, None), key=f"n{situation.fresh}"),) * 2
    change = ChangeRun(run.number, text, _anyone(run, dice), f"n{run.number}-{run.version}")
    if pick % 8 == 4:  # refused first: the key stays unused
        return (evolve(change, body=Body.of({"status": "pending"})), change, change)
    if pick % 8 == 0 and dice.random() < 0.5:  # a twin of the run gets the same change
        steps: Json = [*run.asked.steps] if run.asked.steps else None
        twin = CreateRun(situation.fresh, Body.of({"workflow_id": "w", "steps": steps}))
        return (change, twin, ChangeRun(twin.run, text, change.caller, change.key))
    return (change, evolve(change, caller=_anyone(run, dice)))
