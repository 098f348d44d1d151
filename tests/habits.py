"""What an FC does where the contract leaves it free: choices that the stub is given."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Final

from attrs import frozen

from pt004_model.model.rules import Refusal
from pt004_model.model.values import Json
from pt004_model.model.world import Accepted, Outcome, Refused

_MAIN_CODES: Final = {
    "lifecycle": 409,
    "steps": 409,
    "policy": 409,
    "isolation": 404,
    "input": 422,
    "idempotency": 409,
    "authentication": 401,
}
_OWN_CODES: Final = {
    "input.not-json-refused": 400,
    "input.headers-required": 400,
    "input.wrong-method-refused": 405,
    "input.path-names-no-run": 404,
    "input.useless-field": 409,
}


def main_code(refusal: Refusal) -> int:
    """The code in the middle column of section 11."""
    rule = refusal.rule.value
    return _OWN_CODES.get(rule, _MAIN_CODES[rule.partition(".")[0]])


def other_code(refusal: Refusal) -> int:
    """A code that the refusal may also have, e.g. 403 where a run is not there."""
    others = sorted(refusal.codes - {main_code(refusal)})
    return others[0] if others else main_code(refusal)


def first(outcomes: tuple[Outcome, ...]) -> Outcome:
    """The outcome that the model names first."""
    return outcomes[0]


def refusing(outcomes: tuple[Outcome, ...]) -> Outcome:
    """A refusal wherever one is allowed."""
    return next((each for each in outcomes if isinstance(each.reply, Refused)), outcomes[0])


def taking(outcomes: tuple[Outcome, ...]) -> Outcome:
    """Anything but a refusal wherever that is allowed."""
    return next((each for each in outcomes if not isinstance(each.reply, Refused)), outcomes[0])


def enforcing(outcomes: tuple[Outcome, ...]) -> Outcome:
    """The FC's own enforcement of a decision (section 5.3) wherever there is one."""

    def went(outcome: Outcome) -> int:
        return outcome.reply.run.version if isinstance(outcome.reply, Accepted) else -1

    return max(outcomes, key=went)


def in_microseconds(seconds: float) -> str:
    """A time as most FCs write it."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S.%fZ}"


def in_seconds(seconds: float) -> str:
    """A time cut to seconds, with an offset."""
    return f"{datetime.fromtimestamp(int(seconds), UTC):%Y-%m-%dT%H:%M:%S+00:00}"


def in_milliseconds(seconds: float) -> str:
    """A time cut to milliseconds, spelled in small letters."""
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dt%H:%M:%S.%f}"[:-3] + "z"


@frozen
class Habits:
    """What the stub does where the contract leaves an FC free.

    ``sections`` says whether logs and gates are ``absent``, ``empty`` or ``complete`` where that
    is free; ``further`` adds fields, members and log entries that the contract does not name;
    ``mixed`` interleaves the kinds of entries and turns the names in objects round; ``doubles``
    writes whole numbers as doubles; ``details`` is the ``detail`` of refusals. ``numbers`` gives
    the ids of entries and gates as numbers, those of gates anew in each run, and tells of a gate's
    statuses in the entries about it.
    """

    outcome: Callable[[tuple[Outcome, ...]], Outcome] = first
    code: Callable[[Refusal], int] = main_code
    sections: str = "absent"
    stamp: Callable[[float], str] = in_microseconds
    further: bool = False
    mixed: bool = False
    doubles: bool = False
    details: Json = "no"
    numbers: bool = False


PLAIN: Final = Habits()
FREEDOMS: Final = {
    "plain": PLAIN,
    "refuses whenever it may": Habits(outcome=refusing),
    "takes whatever it may": Habits(outcome=taking),
    "acts on decisions by itself": Habits(outcome=enforcing),
    "other codes": Habits(code=other_code, details=[{"loc": ["body"], "msg": "no"}]),
    "sections empty": Habits(sections="empty", details={"why": "no"}),
    "sections complete": Habits(sections="complete"),
    "times cut to seconds": Habits(stamp=in_seconds),
    "times cut to milliseconds": Habits(stamp=in_milliseconds),
    "more than is named": Habits(further=True),
    "kinds interleaved": Habits(mixed=True),
    "doubles": Habits(doubles=True),
    "ids are numbers": Habits(numbers=True),
    "all at once": Habits(
        taking,
        other_code,
        "complete",
        in_milliseconds,
        further=True,
        mixed=True,
        doubles=True,
        numbers=True,
    ),
    "all at once, by itself": Habits(
        enforcing, other_code, "complete", in_seconds, further=True, mixed=True, doubles=True
    ),
}


def wayward(dice: Random, stamp: Callable[[float], str] = in_microseconds) -> Callable[[], Habits]:
    """Habits that are free anew at each call, as the contract has it."""

    def any_outcome(outcomes: tuple[Outcome, ...]) -> Outcome:
        return dice.choice(outcomes)

    def any_code(refusal: Refusal) -> int:
        return dice.choice(sorted(refusal.codes))

    def habits() -> Habits:
        return Habits(
            any_outcome,
            any_code,
            dice.choice(("absent", "empty", "complete")),
            stamp,
            further=dice.random() < 0.3,
            mixed=dice.random() < 0.3,
            doubles=dice.random() < 0.3,
        )

    return habits
