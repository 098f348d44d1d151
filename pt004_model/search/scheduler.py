"""Least tried first: how a search spreads over all that there is to try.

Whatever can be tried has keys, a general one first and more special ones after it: the move, the
move in this state, the move in this state with so much behind it. What was tried least often under
them comes first, and chance decides between equals. All chance of a campaign comes from here, so
that a seed means the same in every process.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from functools import lru_cache
from math import sqrt
from random import Random
from typing import Final, TypeAlias, TypeVar
from zlib import crc32

from attrs import define, field, frozen

MOST_STEPS: Final = 30
"""Steps of the longest runs of a campaign, unless it is told otherwise."""
Keys: TypeAlias = tuple[Hashable, ...]
_T = TypeVar("_T")
_OTHERS: Final = 0.5
"""The tries by which a part puts off what others are to try: only between equals does it matter."""


@frozen
class Share:
    """One of ``of`` parts that a campaign is cut into, the first of which has ``index`` 0."""

    index: int = 0
    of: int = 1

    def __str__(self) -> str:
        return f"{self.index + 1}/{self.of}" if self.of > 1 else ""

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

    def is_for(self, keys: Keys) -> bool:
        """Return whether this part is to try something before the others do."""
        return self.of == 1 or _place(keys) % self.of == self.index


@lru_cache(maxsize=2**14)
def _place(keys: Keys) -> int:
    return crc32(repr(keys).encode())  # the hash of a text differs from process to process


@define
class Scheduler:
    """Counts of what was tried in a campaign, and its chance; for one ``share`` of it."""

    rng: Random
    tried: Counter[Hashable] = field(factory=Counter)
    share: Share = field(factory=Share)

    def note(self, keys: Keys) -> None:
        """Count one more try."""
        self.tried.update(keys)

    def least(self, kind: str, options: int) -> int:
        """Return which of so many options was tried least: the first of these.

        A part of a campaign begins with those that are for it, in any order: where several kinds
        went in step, some of their options would never meet.
        """
        whole = self.share.of == 1

        def tries(option: int) -> tuple[int, bool, float]:
            others = not self.share.is_for((kind, option))
            return self.tried[kind, option], others, 0.0 if whole else self.rng.random()

        return min(range(options), key=tries)

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
        return 2 * sqrt(general) + sum(special) + (0.0 if self.share.is_for(keys) else _OTHERS)
