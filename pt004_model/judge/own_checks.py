"""Checks of one's own: what a team wants of its Federation Core beyond the contract.

They are asked after the contract's own checks have agreed with a reply, so they judge answers whose
meaning is settled. A check that breaks says nothing of the FC: it is UNSURE, and the campaign with
it, but no finding and no end of the campaign.
"""

from __future__ import annotations

import copy
import inspect
import re
from collections.abc import Callable, Iterable
from functools import cache
from importlib.metadata import entry_points
from typing import Final, TypeAlias

from attrs import frozen

from pt004_model.judge.checks import AREAS, CHECKS, SEVERITIES, Check
from pt004_model.judge.finding import Finding, Saying, disagreement, kind_of, place_of
from pt004_model.model.commands import Command, short
from pt004_model.model.replies import Reply
from pt004_model.model.run import Run

GROUP: Final = "pt004.checks"
"""The entry point group by which an installed package brings checks along."""
_ID: Final = re.compile(r"[a-z]+\.[a-z]+(-[a-z]+)*")


@frozen
class Modelled:
    """What the model knows of a call whose answer the contract allows.

    ``run`` is the run as it is after the call, ``None`` for a call on no run of ours. ``accepted``
    tells an accepted call from a refused one.
    """

    command: Command
    run: Run | None
    accepted: bool


@frozen
class Mismatch:
    """What a check of one's own disagrees with: a place in the reply, and both sides.

    ``expected`` is a text for people, ``observed`` a JSON value. A finding is told from others by
    its check, by ``where`` (indices left aside) and by the kind of what was observed, so ``where``
    must name the place and hold no value.
    """

    where: str
    expected: str
    observed: object


Judging: TypeAlias = Callable[[Modelled, Reply], Mismatch | None]


@frozen
class OwnCheck:
    """A check with the function that judges."""

    check: Check
    judging: Judging

    def ask(self, known: Modelled, reply: Reply) -> Finding | str | None:
        """Return a finding, a sentence on why there is no telling, or nothing.

        The function gets a copy of the reply, which it cannot spoil. Never raises, save for Ctrl-C.
        """
        name = self.check.id
        try:
            said: object = self.judging(known, copy.deepcopy(reply))
            if said is None:
                return None
            if isinstance(said, Mismatch):
                where, expected = str(said.where), Saying(str(said.expected))
                kinds = (place_of(where), kind_of(said.observed))
                return disagreement(name, where, expected, said.observed, *kinds)
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # pytest.fail() is no Exception
            return f"the check {name} raised {type(error).__name__}: {_line(error)}"
        return f"the check {name} returned {type(said).__name__}; return None or a Mismatch"


def _line(error: BaseException) -> str:
    try:
        return short(" ".join(str(error).split()), 200)
    except Exception:
        return "and cannot be printed"


_OWN: Final[dict[str, OwnCheck]] = {}
_BROKEN: Final[list[str]] = []
"""Sentences on entry points that could not be loaded."""


def check(
    name: str, *, clause: str, severity: str = "major", sentence: str = ""
) -> Callable[[Judging], Judging]:
    """Make a check of a function of (what the model knows, the reply).

    ``name`` is ``area.rule``; the area is yours, and shows beside those of the contract. ``clause``
    is what the check rests on, as your own rules name it; ``sentence`` says what it holds an FC to,
    by default the first line of the function's docstring. Raises ``ValueError`` for a name that
    cannot be used.
    """
    _refuse(name, severity)

    def register(judging: Judging) -> Judging:
        doc = inspect.getdoc(judging) or ""
        said = sentence or doc.partition("\n")[0].strip()
        if not said:
            raise ValueError(f"check {name!r} has no docstring; say in a line what it wants")
        there = _OWN.get(name)
        if there is not None and _place(there.judging) != _place(judging):
            raise ValueError(f"there is a check {name!r} already, {_place(there.judging)}")
        CHECKS[name] = Check(name, clause, said, severity)
        _OWN[name] = OwnCheck(CHECKS[name], judging)
        return judging

    return register


def _refuse(name: str, severity: str) -> None:
    if not _ID.fullmatch(name):
        raise ValueError(f"check {name!r} cannot be named so; give area.rule, like acme.owner")
    if name.partition(".")[0] in AREAS:
        area = name.partition(".")[0]
        raise ValueError(f"check {name!r}: {area} is an area of the contract; choose one of yours")
    if severity not in SEVERITIES:
        choices = ", ".join(SEVERITIES)
        raise ValueError(f"check {name!r}: unknown severity {severity!r}; choose from {choices}")


def _place(judging: Judging) -> str:
    """Return where a function stands; one that is imported again is the same."""
    function = inspect.unwrap(judging)
    return f"{getattr(function, '__module__', '?')}.{getattr(function, '__qualname__', '?')}"


def own_checks() -> tuple[OwnCheck, ...]:
    """Return the checks that were made so far, those of installed packages among them."""
    _load()
    return tuple(_OWN.values())


def unloaded() -> tuple[str, ...]:
    """Return why checks of installed packages cannot be asked, a sentence each."""
    _load()
    return tuple(_BROKEN)


@cache
def _load() -> None:
    """Load what installed packages name; loading a module makes its checks."""
    for each in entry_points(group=GROUP):
        try:
            each.load()
        except Exception as error:
            why = f"{type(error).__name__}: {_line(error)}"
            _BROKEN.append(f"the checks of the entry point {each.name} cannot be loaded ({why})")


def ask_all(
    checks: Iterable[OwnCheck], known: Modelled, reply: Reply
) -> tuple[tuple[Finding, ...], dict[str, str]]:
    """Return what some checks find, and of those that cannot tell why, by id."""
    found: list[Finding] = []
    unsure: dict[str, str] = {}
    for each in checks:
        said = each.ask(known, reply)
        if isinstance(said, Finding):
            found.append(said)
        elif said is not None:
            unsure[each.check.id] = said
    return tuple(found), unsure
