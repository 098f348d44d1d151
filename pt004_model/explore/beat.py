"""The beat: a run's next legal move, and around it all that must be refused where the run is.

Before a run makes its next legal move it is asked for what is forbidden, for its legal move with
one thing wrong with it, and by somebody who may not ask. All of that must be refused, costs a
request each, and needs no reading in between; then the move is made, and the run is read. A plain
move and its reading alone would cost nearly as much.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Final

from attrs import evolve

from pt004_model.explore import samples
from pt004_model.explore.dressing import creation, dressed
from pt004_model.explore.novelty import Keys
from pt004_model.explore.outsiders import turned_away
from pt004_model.explore.situation import Idea, Situation, anyone, past, place, steps_around
from pt004_model.explore.spoiling import CREATE_FORMS, NAMING_FORMS, Form, change_forms
from pt004_model.model.asks import Change, read_change
from pt004_model.model.commands import ChangeRun, CreateRun, ReadRun
from pt004_model.model.moves import Move, body, forbidden_moves, legal_moves
from pt004_model.model.rules import Refusal
from pt004_model.model.run import Ask, Run, step
from pt004_model.model.scenarios import following
from pt004_model.model.values import Body
from pt004_model.vocabulary import Decision, Status

_BY_PLAN: Final = 0.4
_LOOK_AT_ONCE: Final = 0.4
_OFTEN: Final = 0.3
_PARTS: Final = ((True, True), (True, True), (True, False), (False, True))


def new_run(situation: Situation, dice: Random | None) -> tuple[Idea, ...]:
    """A create for the next run, perhaps after some that must be refused."""
    governed = not situation.ungoverned and (dice is None or dice.random() < 0.75)
    runs = [situation.world.runs[number] for number in situation.live]
    like = next((run for run in runs if run.governed == governed), None)
    plan = situation.plan
    command = creation(situation.fresh, plan, dice, governed, like)
    if dice is None:
        return (Idea(command),)
    spoiled = _spoiled_creates(situation, command, dice)
    away = turned_away(situation, command, dice)
    if dice.random() < 0.3:
        names = tuple(samples.EXTREMES)
        name = situation.novelty.least(dice, names, lambda each: (("extreme", each),))[0]
        extreme = Body.of({"workflow_id": "w", **samples.EXTREMES[name]})
        return (*spoiled, Idea(CreateRun(situation.fresh, extreme), (("extreme", name),)))
    made = [Idea(command)]
    if dice.random() < _OFTEN:  # two clients may well ask for the same
        made.append(Idea(evolve(command, run=situation.fresh + 1, key=None)))
    return (*spoiled, *away, *made)


def _spoiled_creates(situation: Situation, command: CreateRun, dice: Random) -> tuple[Idea, ...]:
    plain = Body.of({k: command.body.fields[k] for k in ("workflow_id", "steps", "tags")
                     if k in command.body.fields})  # fmt: skip

    def keys(form: Form) -> Keys:
        return (("create", form.name),)

    # an FC that knows no steps takes them for an unknown field
    forms = [form for form in CREATE_FORMS if not (situation.ungoverned and form.of_steps)]
    chosen = situation.novelty.least(dice, forms, keys, 3, lambda form: form.handicap)
    made = []
    for form in chosen:
        text = form.spoil(plain)
        if text is not None:
            made.append(Idea(CreateRun(situation.fresh, text), keys(form)))
    return tuple(made)


def beat(situation: Situation, run: Run, dice: Random | None) -> tuple[Idea, ...]:
    """The next legal move of a run, after what must be refused where the run is."""
    move = planned(situation, run, dice)
    text = None if move is None else body(run, move)
    if dice is None:
        return () if text is None else (Idea(ChangeRun(run.number, text, anyone(run, None))),)
    before = [*forbidden(situation, run, dice, _attempts(run, dice))]
    plain = text or Body.of({"status": str(dice.choice((Status.FAILED, Status.RUNNING)))})
    if move is not None and text is not None:
        before += _spoiled(situation, run, plain, dice)
        before += misnamed(situation, run, move, dice)
    command = ChangeRun(run.number, dressed(run, plain, dice), anyone(run, dice))
    before += turned_away(situation, evolve(command, body=plain), dice)
    before += _again(situation, run, dice)
    dice.shuffle(before)
    if dice.random() < _LOOK_AT_ONCE:  # or a refusal that changes something goes unnoticed
        before.append(Idea(ReadRun(run.number, *dice.choice(_PARTS), anyone(run, dice))))
    if move is None or text is None:
        return (*before, Idea(ReadRun(run.number), (("ended", run.number),)))
    if dice.random() < _OFTEN:
        command = evolve(command, key=dice.choice((f"k{run.number}-{run.version}", "")))
    made = Idea(command, _keys("legal", run, move))
    again: tuple[Idea, ...] = ()
    if command.key and dice.random() < 0.5:
        again = (Idea(evolve(command, caller=anyone(run, dice))),)
    return (*before, made, *again, *_held(situation, run, plain, dice))


def _held(situation: Situation, run: Run, made: Body, dice: Random) -> tuple[Idea, ...]:
    """What is forbidden once a decision holds the run, before anybody sees to it."""
    change = read_change(made)
    after = step(run, change, 0)[0] if isinstance(change, Change) else run
    if isinstance(after, Refusal) or after.state.status is not Status.RUNNING or after.clear:
        return ()
    return forbidden(situation, after, dice, 2 if after.state.flagged else 3)


def _attempts(run: Run, dice: Random) -> int:
    """How much of what is forbidden is asked for: most where something holds the run."""
    if run.state.terminal:
        return 5
    held = run.state.status is not Status.RUNNING or not run.clear
    return 3 if held or near_the_end(run) else dice.choice((1, 1, 2))


def near_the_end(run: Run) -> bool:
    """Whether one step is left: where it counts from one and where from nought is seen here."""
    return run.governed and run.state.step is not None and run.state.step + 2 == run.length


def _again(situation: Situation, run: Run, dice: Random) -> list[Idea]:
    """Now and then a request that was made of the run under a key, made again."""
    used = [
        (key, before)
        for (_, key), before in situation.world.keys.items()
        if before.run.number == run.number and before.request[0] == "PATCH"
    ]
    if not used or dice.random() > _OFTEN:
        return []
    key, before = dice.choice(used)
    again = ChangeRun(run.number, before.body, anyone(run, dice), key)
    return [Idea(again, (("key", "again"), ("key", "again", str(run.state.status))))]


def _keys(kind: str, run: Run, move: Move) -> Keys:
    """A move where the run is: by its status, by the position of its step, by what lies behind."""
    status, decision, position = place(run)
    here = (kind, status, decision, move.word)
    done, left = steps_around(run)
    return (here, (*here, position, done, left), (*here, run.governed, *past(run)))


def planned(situation: Situation, run: Run, dice: Random | None) -> Move | None:
    """The plan's next move, or now and then the one of the legal moves that was made least."""
    if run.governed and (dice is None or dice.random() < _BY_PLAN):
        return following(run, situation.plans.get(run.number, situation.plan))
    legal = legal_moves(run)
    if not legal or dice is None:
        return legal[0] if legal else None
    novelty = situation.novelty
    return novelty.least(dice, legal, lambda move: _keys("legal", run, move), 1, _ending(run))[0]


def _ending(run: Run) -> Callable[[Move], float]:
    """What ends a run is put off, or few runs would get far; but not at a gate, seldom as it is."""
    waits = run.state.gate_pending

    def handicap(move: Move) -> float:
        if move.ask is Ask.FAIL:
            return 0.0 if waits else 3.0
        return 0.5 if move.decision is Decision.DENY or move.ask is Ask.COMPLETE else 0.0

    return handicap


def forbidden(situation: Situation, run: Run, dice: Random, number: int) -> tuple[Idea, ...]:
    """Moves that must be refused where the run is, those tried least first."""

    def keys(move: Move) -> Keys:
        return _keys("forbidden", run, move)

    moves = forbidden_moves(run)
    chosen = situation.novelty.least(dice, moves, keys, number, _tame(run))
    made = []
    for move in chosen:
        text = body(run, move)
        if text is not None:
            carried = dressed(run, text, dice) if dice.random() < _OFTEN else text
            idea = Idea(ChangeRun(run.number, carried, anyone(run, dice)), keys(move))
            made += [idea] * (2 if dice.random() < 0.15 else 1)
    return tuple(made)


def _tame(run: Run) -> Callable[[Move], float]:
    """What no client would send by mistake, or is tried elsewhere, is put behind the rest.

    Where a decision holds a run, to end or pause it all the same is the worst that can be taken.
    """
    handicaps = {Ask.RESET: 1.0, Ask.MISNAME: 3.0}
    if run.state.status is Status.RUNNING and not run.clear:
        handicaps |= {Ask.COMPLETE: -6.0, Ask.PAUSE: -3.0}
    return lambda move: handicaps.get(move.ask, 0.0)


def _spoiled(situation: Situation, run: Run, plain: Body, dice: Random) -> tuple[Idea, ...]:
    """The legal move with one thing wrong with it, in the ways that were tried least."""
    number = dice.choice((1, 2))
    status = str(plain.fields["status"])

    def keys(form: Form) -> Keys:
        return (("spoiled", form.name), ("spoiled", form.name, status, run.state.status))

    ranked = situation.novelty.least(
        dice, change_forms(status), keys, 8, lambda form: form.handicap
    )
    made: list[Idea] = []
    for form in ranked:
        text = form.spoil(plain, run)
        if text is None:
            continue
        made.append(Idea(ChangeRun(run.number, text, anyone(run, dice)), keys(form)))
        if len(made) == number:
            break
    return tuple(made)


def misnamed(situation: Situation, run: Run, move: Move, dice: Random) -> tuple[Idea, ...]:
    """The legal move naming another step, or by halves, where that was tried least.

    Always where the move starts a step, which it must name; elsewhere now and then.
    """
    plain = body(run, move)
    if not run.governed or plain is None:
        return ()
    starts = "step_index" in plain.fields
    if not starts and dice.random() > _OFTEN:
        return ()
    here = steps_around(run)

    def keys(form: Form) -> Keys:
        return (("named", starts, form.name), ("named", starts, form.name, *here))

    ranked = situation.novelty.least(dice, NAMING_FORMS, keys, 8, lambda form: form.handicap)
    for form in ranked:
        text = form.spoil(plain, run)
        if text is not None:
            return (Idea(ChangeRun(run.number, text, anyone(run, dice)), keys(form)),)
    return ()


def walk(
    run: Run, move: Move | None, dice: Random | None, *, keyed: bool = False
) -> ChangeRun | None:
    """One move of a run that goes several moves on, if it has such a move."""
    text = None if move is None else body(run, move)
    if text is None:
        return None
    key = f"w{run.number}-{run.version}" if keyed else None
    return ChangeRun(run.number, dressed(run, text, dice), anyone(run, dice), key)


def lingering(run: Run, decision: Decision | None = None) -> Move | None:
    """The move that pauses a run or resumes it within its step.

    ``decision`` is what policy says of the resuming, where a run without steps can be told.
    """
    if run.state.status is Status.PAUSED:
        return Move(Ask.RESUME) if run.governed else Move(Ask.START, decision)
    return Move(Ask.PAUSE) if run.state.status is Status.RUNNING else None
