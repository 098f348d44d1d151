"""Findings that follow from others: they are told under those, and are no bugs of their own.

Judging goes on behind a finding, and one cause shows again in what comes after it. A finding is an
echo of another one when it was only ever seen behind that one, in a part of the reply that the
other touches, and more often than chance would have it. A difference that is in every reply has
everything behind it, and so nothing is an echo of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final, TypeAlias

from attrs import define, field, frozen

from pt004_model.judge.finding import Finding, place_of

_CHANCE: Final = 0.05
"""What chance may have of putting a finding behind another one each time."""
Place: TypeAlias = tuple[str, str]
"""The kind of call and the status of its run."""
Told: TypeAlias = dict[str, str]
"""What was found of a run so far: fingerprints, each with its place in the reply."""


@frozen
class Sighting:
    """The first time that a run showed a finding: where, and behind which others."""

    place: Place
    behind: frozenset[str]


@define
class Echoes:
    """What was seen behind what, over all conversations of a campaign."""

    replies: Counter[Place] = field(factory=Counter)
    behind: Counter[tuple[Place, str]] = field(factory=Counter)
    sightings: dict[str, list[Sighting]] = field(factory=dict)
    places: dict[str, str] = field(factory=dict)

    def note(self, place: Place, told: Told, findings: Iterable[Finding]) -> None:
        """Note one reply about a run of which ``told`` was found; enters what is found now."""
        new = {each.fingerprint: place_of(each.where) for each in findings}
        for number, fingerprint in enumerate(new):
            if fingerprint not in told:
                behind = frozenset((*told, *list(new)[:number]))
                self.sightings.setdefault(fingerprint, []).append(Sighting(place, behind))
        told |= new
        self.places |= new
        self.replies[place] += 1
        self.behind.update((place, fingerprint) for fingerprint in told)

    def leader(self, fingerprint: str) -> str:
        """Return the finding that this one is an echo of, empty when it is none."""
        seen = self.sightings.get(fingerprint, [])
        always = frozenset.intersection(*(each.behind for each in seen)) if seen else frozenset()
        first = min(
            (each for each in always if self._follows(fingerprint, each, seen)),
            key=list(self.places).index,
            default="",
        )
        return self.leader(first) or first if first else ""

    def _follows(self, fingerprint: str, other: str, seen: list[Sighting]) -> bool:
        if not touches(self.places[other], self.places[fingerprint]):
            return False
        chance = 1.0
        for each in seen:
            chance *= self.behind[each.place, other] / self.replies[each.place]
        return chance < _CHANCE


def touches(where: str, place: str) -> bool:
    """Tell whether what is wrong ``where`` in a reply can show at ``place`` as well.

    An answer of the wrong kind leaves a run in a state that it must not have, in which everything
    may follow; a log that lacks an entry shows so in all that stands in it and in its receipts.
    """
    if where in {"status", "run.status", place}:
        return True
    if where.partition("[")[0] == "logs" and "." not in where:
        return place.startswith("logs") or place in {
            "run.receipt_chain",
            "run.workflow_receipt_hash",
        }
    return where == "gates" and place.startswith("gates")
