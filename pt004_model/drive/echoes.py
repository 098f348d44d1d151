"""Findings that follow from others: they are told under those, and are no bugs of their own.

Judging goes on behind a finding, and one cause shows again in what comes after it. A finding is an
echo of another one when it was only ever seen behind that one, in a part of the reply that the
other touches, and more often than chance would have it. A difference that is in every reply has
everything behind it, and so nothing is an echo of it. Behind one that leaves open where a run is
anything may follow: that it does is told by its shortest trace, which has the other one in it too.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache
from typing import Final, TypeAlias

from attrs import define, field, frozen

from pt004_model.judge.finding import MISSING, SERVER_ERROR, Finding, kind_of, place_of

_CHANCE: Final = 0.05
"""What chance may have of putting a finding behind another one each time."""
Place: TypeAlias = tuple[str, str, str]
"""The kind of call, the status of its run, and the kind of answer."""
_CODE: Final = ".refusal-code"
_SECTIONS: Final = frozenset({"gates", "receipts"})
"""Areas of the contract that are about one section of an envelope."""


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
    findings: dict[str, Finding] = field(factory=dict)
    unsettling: set[str] = field(factory=set)

    def note(
        self, place: Place, told: set[str], findings: Iterable[Finding], unsettling: bool
    ) -> None:
        """Note one reply about a run of which ``told`` was found; enters what is found now.

        ``unsettling`` says that nobody can tell from the contract where the run is after it.
        """
        new = {each.fingerprint: each for each in findings}
        for number, fingerprint in enumerate(new):
            if fingerprint not in told:
                behind = frozenset((*told, *list(new)[:number]))
                self.sightings.setdefault(fingerprint, []).append(Sighting(place, behind))
        told.update(new)
        self.findings |= {each: new[each] for each in new if each not in self.findings}
        self.unsettling.update(new if unsettling else ())
        self.replies[place] += 1
        self.behind.update((place, fingerprint) for fingerprint in told)

    def include(self, other: Echoes) -> None:
        """Note what was noted of other conversations, which knew nothing of these."""
        self.replies.update(other.replies)
        self.behind.update(other.behind)
        for fingerprint, seen in other.sightings.items():
            self.sightings.setdefault(fingerprint, []).extend(seen)
        for fingerprint, finding in other.findings.items():
            self.findings.setdefault(fingerprint, finding)
        self.unsettling |= other.unsettling

    def leader(self, fingerprint: str) -> str:
        """Return the finding that this one is told under, empty when it is told by itself."""
        mine = self.findings.get(fingerprint)
        if mine is None:  # an earlier trace has shown it, or calls that overlapped
            return ""
        seen = self.sightings.get(fingerprint, [])
        always = frozenset.intersection(*(each.behind for each in seen)) if seen else frozenset()
        for other, earlier in self.findings.items():
            if other == fingerprint:
                break
            alike = _kinship(earlier, mine)
            follows = other in always and (
                alike or _crash(earlier, mine) or self._follows(fingerprint, other, seen)
            )
            if follows or (alike and other not in self.unsettling and earlier.where == "status"):
                return self.leader(other) or other
        return ""

    def suspect(self, fingerprint: str) -> str:
        """Return the finding that this one may be due to, empty where that is out of the question.

        It was seen only of runs of which nobody could tell from the contract where they were.
        """
        seen = self.sightings.get(fingerprint, [])
        if not all(each.behind & self.unsettling for each in seen):
            return ""
        for other in self.findings if seen else ():
            if other == fingerprint:
                break
            if other in seen[0].behind & self.unsettling:
                return self.leader(other) or self.suspect(other) or other
        return ""

    def _follows(self, fingerprint: str, other: str, seen: list[Sighting]) -> bool:
        where = "" if other in self.unsettling else place_of(self.findings[other].where)
        if not _touches(where, place_of(self.findings[fingerprint].where)):
            return False
        chance = 1.0
        for each in seen:
            chance *= self.behind[each.place, other] / self.replies[each.place]
        return chance < _CHANCE


def _touches(where: str, place: str) -> bool:
    """Tell whether what is wrong ``where`` in a reply can show at ``place`` as well.

    Of a run that is in a state which it must not have (``where`` is empty) everything may follow; a
    log that lacks an entry shows so in all that stands in it and in its receipts.
    """
    if where in {"", place}:
        return True
    if where.partition("[")[0] == "logs" and "." not in where:
        return place.startswith(("logs", "run.receipt_chain", "run.workflow_receipt_hash"))
    return where == "gates" and place.startswith("gates")


def _kinship(one: Finding, other: Finding) -> bool:
    """Tell whether two findings say the same of several places of a reply.

    The same values at the same place; one form (``a time in RFC 3339``) that nothing keeps to;
    texts that all differ in case, numbers that all are texts; a section that is not there at all; a
    code by which everything is refused.
    """
    if one.check.endswith(_CODE) and other.check.endswith(_CODE):
        return one.observed == other.observed
    if (one.where, one.expected, one.observed) == (other.where, other.expected, other.observed):
        return True
    if one.area == other.area and one.area in _SECTIONS:
        return one.observed == other.observed == repr(MISSING)
    mine = _form(one)
    return mine is not None and mine == _form(other)


def _crash(one: Finding, other: Finding) -> bool:
    """Tell whether two findings say that calls are answered with the same server error."""
    return one.check == other.check == SERVER_ERROR and one.observed == other.observed


@lru_cache(maxsize=1024)
def _form(finding: Finding) -> str | None:
    """Return in what form a finding says a value must be and is not, if that is what it says."""
    try:
        observed: object = json.loads(finding.observed)
    except ValueError:
        return None
    try:
        expected: object = json.loads(finding.expected)
    except ValueError:
        return f"{finding.expected}, not {kind_of(observed)}"
    if isinstance(expected, str) and isinstance(observed, str):
        return "case" if expected.casefold() == observed.casefold() else None
    numbered = isinstance(expected, int | float) and observed == str(expected)
    return "a number as text" if numbered else None
