"""What an issue remembers from night to night, hidden in its body and in one of its comments.

The body's marker says whose issue it is; it also holds the first state. Later states are kept in
the counter, a comment that is edited. A marker is a line of its own. Text that did not come from us
cannot hold one: see ``defuse`` in ``markdown.py``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from attrs import asdict, evolve, frozen

from pt004_model.evidence.tracker.interface import Comment
from pt004_model.evidence.tracker.night import FINGERPRINT, moment, stamp

_LINE: Final = re.compile(r"(?m)^<!-- pt004:([a-z-]+)=(.*) -->[ \t\r]*$")
_CAMPAIGNS: Final = 30
"""So many campaigns are remembered, so that none is counted twice."""


@frozen
class Memory:
    """What is known of a finding's past: times as RFC 3339, ``fixed`` nights in a row."""

    campaigns: tuple[str, ...] = ()
    first: str = ""
    last: str = ""
    nights: int = 0
    occurrences: int = 0
    fixed: int = 0
    replay: str = ""

    def seen(self, campaign: str, at: datetime, occurrences: int, replay: str) -> Memory:
        """After a campaign in which the finding was seen."""
        return evolve(
            self._after(campaign, replay),
            first=self.first or stamp(at),
            last=stamp(at),
            nights=self.nights + 1,
            occurrences=self.occurrences + occurrences,
            fixed=0,
        )

    def fixed_again(self, campaign: str, replay: str) -> Memory:
        """After a campaign whose replay said that it is fixed."""
        return evolve(self._after(campaign, replay), fixed=self.fixed + 1)

    def reset(self, campaign: str, replay: str) -> Memory:
        """After a campaign that ends the nights of being fixed."""
        return evolve(self._after(campaign, replay), fixed=0)

    def _after(self, campaign: str, replay: str) -> Memory:
        campaigns = (*self.campaigns, campaign)[-_CAMPAIGNS:]
        return evolve(self, campaigns=campaigns, replay=replay)


def marker(name: str, value: str) -> str:
    """A hidden line."""
    line = f"<!-- pt004:{name}={value} -->"
    assert _LINE.fullmatch(line)  # noqa: S101 - names and values are ours
    return line


def markers(text: str) -> dict[str, str]:
    """All hidden lines of a text, the first of each name."""
    found: dict[str, str] = {}
    for name, value in _LINE.findall(text.replace("\r\n", "\n")):
        found.setdefault(name, value)
    return found


def fingerprint_of(body: str) -> str | None:
    """Whose issue it is, if it is one of ours."""
    value = markers(body).get("fingerprint", "")
    return value if FINGERPRINT.fullmatch(value) else None


def remember(memory: Memory) -> str:
    """The hidden line that keeps a memory."""
    return marker("memory", json.dumps(asdict(memory), separators=(",", ":"), sort_keys=True))


def recall(text: str) -> Memory | None:
    """The memory in a text; ``None`` if there is none, or if somebody spoiled it."""
    try:
        raw = json.loads(markers(text).get("memory", "null"))
        return None if raw is None else _memory(raw)
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError):
        return None


def _memory(raw: dict[str, Any]) -> Memory:
    texts = {name: str(raw[name]) for name in ("first", "last", "replay")}
    counts = {name: int(raw[name]) for name in ("nights", "occurrences", "fixed")}
    for name in ("first", "last"):
        if texts[name]:
            moment(texts[name])
    campaigns = raw["campaigns"]
    if not isinstance(campaigns, list):
        raise TypeError
    return Memory(tuple(map(str, campaigns)), **texts, **counts)  # type: ignore[arg-type]  # as above


def counter(comments: Iterable[Comment], fingerprint: str) -> Comment | None:
    """The counter among an issue's comments, the oldest if there are several."""
    return marked(comments, "counter", fingerprint)


def marked(comments: Iterable[Comment], name: str, value: str) -> Comment | None:
    """The oldest comment with a hidden line."""
    return next((each for each in comments if markers(each.text).get(name) == value), None)
