"""Hypothesis strategies. They depend on the model alone, so they can be drawn with no FC about.

Simplest first everywhere: the first alternative of each choice costs nothing and ends the example.
"""

from __future__ import annotations

from typing import Final

from attrs import frozen
from hypothesis import strategies as st

from pt004_model.explore.choices import Choice, Family
from pt004_model.model.scenarios import Scenario
from pt004_model.vocabulary import Decision

_WEIGHTS: Final = {
    Family.STOP: 1,
    Family.FOLLOW: 9,
    Family.MOVE: 7,
    Family.MARCH: 3,
    Family.LINGER: 3,
    Family.GOAL: 7,
    Family.CREATE: 2,
    Family.SPOIL: 4,
    Family.FOREIGN: 2,
    Family.UNKNOWN: 1,
    Family.KEY: 3,
    Family.DOOR: 3,
    Family.READ: 2,
    Family.BEYOND: 1,
}
FAMILIES: Final = tuple(family for family, weight in _WEIGHTS.items() for _ in range(weight))

_ANY: Final = st.sampled_from(tuple(Decision))
_MOSTLY_ALLOW: Final = st.sampled_from(
    (Decision.ALLOW,) * 9 + (Decision.FLAG,) * 4 + (Decision.DENY,)
)
_LONG: Final = st.sampled_from((Decision.ALLOW,) * 14 + (Decision.FLAG,) * 5)


def _scenario(decisions: list[Decision], last: Decision) -> Scenario:
    return Scenario((*decisions, last))


def scenarios() -> st.SearchStrategy[Scenario]:
    """Scenarios of 1 to 30 steps, mostly short; the last step's decision is drawn by itself."""
    return st.one_of(
        st.builds(_scenario, st.lists(_ANY, max_size=2), _ANY),
        st.builds(_scenario, st.lists(_MOSTLY_ALLOW, max_size=6), _ANY),
        st.builds(_scenario, st.lists(_MOSTLY_ALLOW, max_size=6), _ANY),
        long_scenarios(),
    )


def long_scenarios() -> st.SearchStrategy[Scenario]:
    """Scenarios of 7 to 30 steps, hardly any of which is denied before its last step."""
    return st.builds(_scenario, st.lists(_LONG, min_size=6, max_size=29), _ANY)


@frozen
class Drawn:
    """A choice, and the plan for the run that it may make."""

    choice: Choice
    plan: Scenario


_PLAIN: Final = Scenario((Decision.ALLOW,))
_FAMILY: Final = st.sampled_from(FAMILIES)
_PICK: Final = st.integers(0, 2**14 - 1)
_VARIETY: Final = st.integers(0, 2**20 - 1)
_SCENARIOS: Final = scenarios()
_LONG_SCENARIOS: Final = long_scenarios()


@st.composite
def choices(draw: st.DrawFn) -> Drawn:
    """What to do next: a family, a form of it, and a plan where a run is to be made."""
    family = draw(_FAMILY)
    if family is Family.STOP:
        return Drawn(Choice(family, 0, 0), _PLAIN)
    pick, variety = draw(_PICK), draw(_VARIETY)
    # a third of everything is plain: what is dressed up is refused or ignored more often
    plain = variety % 3 == 0
    plan = _PLAIN
    if family is Family.CREATE:
        plan = draw(_SCENARIOS)
    elif family is Family.MARCH and pick % 4 == 0:  # a long run is made for the march
        plan = draw(_LONG_SCENARIOS)
    return Drawn(Choice(family, pick, 0 if plain else variety), plan)
