"""The clock of the embedded Federation Core (section 2, the paragraph on times)."""

from __future__ import annotations

from datetime import UTC, datetime


class Clock:
    """RFC 3339 times in UTC with microseconds that never go backwards (section 2)."""

    def __init__(self, not_before: str = "") -> None:
        self._last = not_before

    def now(self) -> str:
        """Return the present time, or the last one given out if the system clock went back."""
        self._last = max(self._last, self.spell(datetime.now(UTC)))
        return self._last

    def spell(self, moment: datetime) -> str:
        """Write a moment in the one form in which texts sort as times do."""
        return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
