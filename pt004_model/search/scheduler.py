"""Least tried first: how a search spreads over all that there is to try.

Whatever can be tried has keys, a general one first and more special ones after it: the move, the
move in this state, the move in this state with so much behind it. What was tried least often under
them comes first, and chance decides between equals. All chance of a campaign comes from here, so
that a seed means the same in every process.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from math import sqrt
from random import Random
from typing import TypeAlias, TypeVar

from attrs import define, field, frozen

Keys: TypeAlias = tuple[Hashable, ...]
_T = TypeVar("_T")


@frozen
class Share:
    """One of ``of`` parts that a campaign is cut into, the first of which has ``index`` 0."""

    index: int = 0
    of: int = 1

    def rng(self, seed: int, *about: object) -> Random:
        """Return the chance of this part, for a purpose of its own."""
        part = (f"part {self.index} of {self.of}",) if self.of > 1 else ()
        words = (seed, *about, *part)
        return Random(" ".join(map(str, words)) if len(words) > 1 else seed)  # noqa: S311 - a seed is no secret

    def take(self, each: Sequence[_T]) -> Sequence[_T]:
        """Return those of a sequence that are for this part."""
        return each[self.index :: self.of]

    def count(self, total: int) -> int:
        """Return how many of ``total`` are for this part."""
        return len(range(self.index, total, self.of))

    def first(self, options: int) -> int:
        """Return where this part begins among options that all parts go through in turn."""
        return self.index * options // self.of


@define
class Scheduler:
    """Counts of what was tried in a campaign, and its chance."""

    rng: Random
    tried: Counter[Hashable] = field(factory=Counter)

    def note(self, keys: Keys) -> None:
        """Count one more try."""
        self.tried.update(keys)

    def ranked(
        self,
        options: Iterable[_T],
        keys: Callable[[_T], Keys],
        handicap: Callable[[_T], float] = lambda _: 0.0,
    ) -> list[_T]:
        """Return the options, those tried least first.

        ``handicap`` puts what tells less behind what tells more, by as many tries.
        """
        scored = [
            (self._tries(keys(option)) + handicap(option), self.rng.random(), option)
            for option in options
        ]
        scored.sort(key=lambda each: each[:2])
        return [option for _, _, option in scored]

    def _tries(self, keys: Keys) -> float:
        """Return how often something was tried; the oftener, the more it matters where."""
        general, *special = (self.tried[key] for key in keys)
        return 2 * sqrt(general) + sum(special)
