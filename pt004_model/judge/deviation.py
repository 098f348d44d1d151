"""Agreed differences of one FC from the contract, which are not judged.

Every real FC differs in something that shows in each of its answers. A team that has agreed to such
a difference wants to hear of everything else; and a report must say what was not looked at.
"""

from __future__ import annotations

from datetime import date

from attrs import frozen

from pt004_model.judge.finding import fingerprint, place_of


@frozen
class Deviation:
    """One agreed difference, and the reason for it.

    It is named by an ``area`` of the contract, by a ``check`` or by a ``fingerprint``, and may be
    held to one ``place`` of a reply, as ``place_of`` gives it. From the day ``until`` on whoever
    made it is to leave it out.
    """

    reason: str
    area: str = ""
    check: str = ""
    place: str = ""
    fingerprint: str = ""
    until: date | None = None

    def covers(self, check: str, where: str, classes: tuple[str, ...]) -> bool:
        """Tell whether a disagreement is the one that was agreed to."""
        named = (
            (self.area, check.partition(".")[0]),
            (self.check, check),
            (self.place, place_of(where)),
        )
        if any(mine and mine != theirs for mine, theirs in named):
            return False
        return not self.fingerprint or self.fingerprint == fingerprint(check, *classes)

    def of(self, area: str) -> bool:
        """Tell whether it is named by an area, or by one of the area's checks."""
        return area in {self.area, self.check.partition(".")[0]}

    def __str__(self) -> str:
        """Return the difference in one line, for people."""
        what = self.fingerprint or self.check or self.area
        place = f" at {self.place}" if self.place else ""
        until = f", until {self.until}" if self.until else ""
        return f"{what}{place}: {self.reason}{until}"
