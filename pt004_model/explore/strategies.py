"""Hypothesis strategies. They depend on the model alone, so they can be drawn with no FC about.

Simplest first everywhere: the first alternative of each choice costs nothing and ends the example.
"""

from __future__ import annotations

from typing import Final

from attrs import frozen
from hypothesis import strategies as st

from pt004_model.explore.situation import Choice, Family
from pt004_model.model.scenarios import Scenario
from pt004_model.vocabulary import Decision

_WEIGHTS: Final = {
    Family.STOP: 1,
    Family.BEAT: 20,
    Family.MARCH: 3,
    Family.LINGER: 2,
    Family.GOAL: 11,
    Family.CREATE: 3,
    Family.KEY: 5,
    Family.OUTSIDE: 1,
    Family.READ: 1,
    Family.BEYOND: 1,
}
FAMILIES: Final = tuple(family for family, weight in _WEIGHTS.items() for _ in range(weight))

_ANY: Final = st.sampled_from(tuple(Decision))
_MOSTLY_ALLOW: Final = st.sampled_from(
    (Decision.ALLOW,) * 6 + (Decision.FLAG,) * 4 + (Decision.DENY,)
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
_DIGITS: Final = 4
_BASE: Final = 100
_SEED: Final = st.tuples(*(st.integers(0, _BASE - 1) for _ in range(_DIGITS))).map(
    lambda digits: sum(digit * _BASE**place for place, digit in enumerate(reversed(digits)))
)
_SCENARIOS: Final = scenarios()
_MARCHES: Final = st.one_of(
    st.builds(_scenario, st.lists(_LONG, min_size=2, max_size=5), _ANY), long_scenarios()
)


def seeds() -> st.SearchStrategy[int]:
    """Seeds for what varies in a choice; 0 stands for the plainest of everything.

    They are drawn in digits: of the wider integers Hypothesis takes some from the source of the
    modules that happen to be imported, and a campaign would not be repeated by its seed elsewhere.
    """
    return _SEED


@st.composite
def choices(draw: st.DrawFn) -> Drawn:
    """What to do next: a family, a seed for its form, and a plan where a run is to be made."""
    family = draw(_FAMILY)
    if family is Family.STOP:
        return Drawn(Choice(family), _PLAIN)
    seed = draw(_SEED)
    plan = _PLAIN
    if family is Family.MARCH and seed % 2:  # a run is made for the march
        plan = draw(_MARCHES)
    elif family in {Family.CREATE, Family.BEAT, Family.KEY}:  # which may make a run
        plan = draw(_SCENARIOS)
    return Drawn(Choice(family, seed), plan)
