"""Issues, what is hidden in them, and what a tracker of them has to offer.

An issue remembers what campaigns said of its finding. A marker is a hidden line of its own in its
body and in one of its comments: the body's says whose issue it is, and holds the first history;
later ones are kept in the counter, a comment that is edited. Text that did not come from us cannot
hold a marker: see :func:`pt004_model.report.text.fenced`.

Creating is the one thing that must not be done twice, and an answer can get lost after the tracker
has acted. So a tracker never repeats a create: it raises :class:`Lost`, and who asked looks whether
what was to be made is there.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Final, Protocol

from attrs import asdict, evolve, field, frozen
from cattrs import BaseValidationError, Converter

from pt004_model.judge.finding import FINGERPRINT
from pt004_model.trace.document import moment
from pt004_model.trace.writing import rfc3339

LABEL: Final = "pt004"
"""The label by which our issues are listed."""
IGNORE: Final = "pt004:ignore"
FLAKY: Final = "flaky"
REGRESSION: Final = "regression"

COMPLETED: Final = "completed"
NOT_PLANNED: Final = "not_planned"

LONGEST_TITLE: Final = 256
LONGEST_TEXT: Final = 65_536
"""What GitHub takes, in bytes of UTF-8: it says characters and means bytes in places.

A folder takes no more, so that what is in it can move there.
"""

_MARKER: Final = re.compile(r"(?m)^<!-- pt004:([a-z-]+)=(.*) -->[ \t\r]*$")
_CAMPAIGNS: Final = 30
"""As many campaigns are remembered, so that none is counted twice."""
_CONVERTER: Final = Converter()


class Trouble(Exception):  # noqa: N818 - said of a tracker, in a sentence for people
    """Something is wrong with a tracker; the message is a sentence for people."""


class Refused(Trouble):
    """The tracker is there and does not let us: wrong credentials, repository, or file."""


class Unreachable(Trouble):
    """The tracker does not answer, or asks us to come back later than we can wait."""


class Lost(Trouble):
    """The answer to a create got lost: it may have been done, or not."""


@frozen
class Draft:
    """An issue that is to be made."""

    title: str
    body: str
    labels: tuple[str, ...]


@frozen
class Issue:
    """An issue that is there; ``place`` is its address or file, ``reason`` why it was closed."""

    number: int
    place: str
    title: str
    body: str = field(repr=False)
    is_open: bool
    reason: str | None
    closed_at: datetime | None
    labels: frozenset[str]


@frozen
class Comment:
    """A comment on an issue; ``id`` is the tracker's."""

    id: int
    text: str


@frozen
class History:
    """A finding's past: times as RFC 3339, ``fixed`` campaigns in a row."""

    campaigns: tuple[str, ...] = ()
    first: str = ""
    last: str = ""
    nights: int = 0
    occurrences: int = 0
    fixed: int = 0
    replay: str = ""

    def seen(self, campaign: str, at: datetime, occurrences: int, replay: str) -> History:
        """Return the history after a campaign in which the finding was seen."""
        last = rfc3339(at.timestamp())
        return evolve(
            self.after(campaign, replay, fixed=0),
            first=self.first or last,
            last=last,
            nights=self.nights + 1,
            occurrences=self.occurrences + occurrences,
        )

    def after(self, campaign: str, replay: str, *, fixed: int) -> History:
        """Return the history after a campaign, with so many in a row that found it fixed."""
        campaigns = (*self.campaigns, campaign)[-_CAMPAIGNS:]
        return evolve(self, campaigns=campaigns, replay=replay, fixed=fixed)


def marker(name: str, value: str) -> str:
    """Return a hidden line."""
    line = f"<!-- pt004:{name}={value} -->"
    assert _MARKER.fullmatch(line)  # noqa: S101 - names and values are ours
    return line


def markers(text: str) -> dict[str, str]:
    """Return the values of all markers in a text by name, the first of each."""
    found: dict[str, str] = {}
    for name, value in _MARKER.findall(text.replace("\r\n", "\n")):
        found.setdefault(name, value)
    return found


def fingerprint_of(body: str) -> str | None:
    """Return the fingerprint that a body is marked with, if the issue is one of ours."""
    value = markers(body).get("fingerprint", "")
    return value if FINGERPRINT.fullmatch(value) else None


def write_history(history: History) -> str:
    """Return the marker that keeps a history."""
    return marker("memory", json.dumps(asdict(history), separators=(",", ":"), sort_keys=True))


def read_history(text: str) -> History | None:
    """Return the history in a text; ``None`` if there is none, or if somebody spoiled it."""
    raw = markers(text).get("memory", "null")
    try:
        kept = _CONVERTER.structure(json.loads(raw), History)
        for each in filter(None, (kept.first, kept.last)):
            moment(each)
        return kept if write_history(kept) == marker("memory", raw) else None
    except (BaseValidationError, TypeError, ValueError, RecursionError):
        return None


def marked(comments: Iterable[Comment], name: str, value: str) -> Comment | None:
    """Return the oldest comment with a marker."""
    return next((each for each in comments if markers(each.text).get(name) == value), None)


class Tracker(Protocol):
    """A tracker of issues. Every method raises :class:`Refused` and :class:`Unreachable`."""

    def issues(self) -> list[Issue]:
        """Return all issues with :data:`LABEL`, open and closed, oldest first."""
        ...

    def create(self, draft: Draft) -> Issue:
        """Make an issue. Raises :class:`Lost`."""
        ...

    def comments(self, issue: Issue) -> list[Comment]:
        """Return all comments on an issue, oldest first."""
        ...

    def comment(self, issue: Issue, text: str) -> None:
        """Add a comment. Raises :class:`Lost`."""
        ...

    def edit(self, issue: Issue, comment: Comment, text: str) -> None:
        """Replace the text of a comment."""
        ...

    def label(self, issue: Issue, labels: frozenset[str]) -> None:
        """Add labels to an issue."""
        ...

    def close(self, issue: Issue, reason: str) -> None:
        """Close an issue as ``completed`` or ``not_planned``."""
        ...

    def reopen(self, issue: Issue) -> None:
        """Open a closed issue."""
        ...

    def withdraw(self, issue: Issue) -> str:
        """Take away an issue of a self-test as far as can be; a sentence that says how far."""
        ...

    def wait(self, attempt: int) -> None:
        """Give the tracker time before the next look for something lost; ``attempt`` from 1."""
        ...
