"""What was tried least: how a search spreads over all that there is to try.

Everything that can be tried has keys, a general one and more special ones. What was tried least
often comes first; chance decides between equals. The counts of earlier rounds are fixed while a
round lasts (a strategy that read them as they grow would draw something else when a case is
replayed), and the counts of the present example are a function of the example itself.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from math import sqrt
from random import Random
from typing import Final, TypeAlias, TypeVar

from attrs import define, field

Keys: TypeAlias = tuple[Hashable, ...]
_T = TypeVar("_T")

_GENERAL: Final = 2.0  # the first key of a thing counts for more than what makes it special
_WILD: Final = (
    0.1  # so often a choice is made by chance alone: counts can be wrong about what matters
)


@define
class Novelty:
    """How often things were tried: ``before`` this round, and in ``own`` example."""

    before: Mapping[Hashable, int] = field(factory=dict)
    own: dict[Hashable, int] = field(factory=dict)

    def count(self, key: Hashable) -> int:
        """How often the thing with this key was tried."""
        return self.before.get(key, 0) + self.own.get(key, 0)

    def note(self, keys: Keys) -> None:
        """Count one more try."""
        for key in keys:
            self.own[key] = self.own.get(key, 0) + 1

    def least(
        self,
        dice: Random,
        options: Sequence[_T],
        keys: Callable[[_T], Keys],
        number: int = 1,
        handicap: Callable[[_T], float] = lambda _: 0.0,
    ) -> list[_T]:
        """The ``number`` options tried least, in the order of their novelty; fewer if there are.

        ``handicap`` puts what is less telling behind what is more so, by as many tries.
        """
        if len(options) <= 1 or number <= 0:
            return list(options[: max(number, 0)])
        if dice.random() < _WILD:
            return dice.sample(options, min(number, len(options)))
        ranked = []
        for place, option in enumerate(options):
            general, *special = keys(option)
            # the more often a thing was tried, the more it matters where
            tried = _GENERAL * sqrt(self.count(general)) + sum(map(self.count, special))
            ranked.append((tried + handicap(option), dice.random(), place))
        ranked.sort()
        return [options[place] for _, _, place in ranked[:number]]
