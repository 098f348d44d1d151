"""What a drawn choice stands for: the commands to send next, given the model's world.

Everything here is a pure function of the model, of small drawn numbers and of what was tried
before, so what is generated depends on an FC through the model's one world alone.
"""

from __future__ import annotations

from random import Random

from attrs import evolve

from pt004_model.explore import samples
from pt004_model.explore.beat import beat, new_run
from pt004_model.explore.outsiders import nowhere
from pt004_model.explore.repeats import repeats
from pt004_model.explore.situation import WALKS, Choice, Family, Idea, Situation, anyone
from pt004_model.model.commands import CreateRun, ReadRun
from pt004_model.model.values import Body


def ideas(situation: Situation, choice: Choice) -> tuple[Idea, ...]:
    """What ``choice`` stands for; nothing when it fits nothing that is there."""
    dice, family = choice.dice, choice.family
    if family is Family.STOP or family in WALKS:
        return ()  # the machine walks, since each move depends on the state it finds
    if family is Family.CREATE:
        return new_run(situation, dice)
    dice = dice or Random(0)  # noqa: S311 - no secret is made
    if family is Family.BEYOND:
        return _beyond(situation, dice)
    if family is Family.OUTSIDE:
        return nowhere(situation, dice)
    run = situation.run(choice.dice)
    if run is None:
        return new_run(situation, choice.dice)
    if family is Family.KEY:
        return repeats(situation, run, dice)
    if family is Family.READ:
        read = ReadRun(run.number, dice.random() < 0.5, dice.random() < 0.5, anyone(run, dice))
        return (Idea(evolve(read, key=dice.choice((None, "r")))),) * 2
    return beat(situation, run, choice.dice)


def _beyond(situation: Situation, dice: Random) -> tuple[Idea, ...]:
    """A create that lies beyond the contract: refused or taken, never a server error."""
    places = range(len(samples.BEYOND))
    place = situation.novelty.least(dice, places, lambda each: (("beyond", each),))[0]
    text = samples.BEYOND[place]
    return (Idea(CreateRun(situation.fresh, Body(text)), (("beyond", place),)),)
