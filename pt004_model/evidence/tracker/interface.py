"""What a tracker of issues has to offer, and what may go wrong with one.

Creating is the one thing that must not be done twice, and an answer can get lost after the tracker
has acted. So a tracker never repeats a create: it raises :class:`Lost`, and who asked looks whether
what was to be made is there.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final, Protocol

from attrs import field, frozen

LABEL: Final = "pt004"
"""The label by which our issues are listed."""
IGNORE: Final = "pt004:ignore"
FLAKY: Final = "flaky"
REGRESSION: Final = "regression"

COMPLETED: Final = "completed"
NOT_PLANNED: Final = "not_planned"


class Trouble(Exception):  # noqa: N818 - said of a tracker, in a sentence for people
    """Something is wrong with a tracker; the message is a sentence for people."""


class Refused(Trouble):
    """The tracker is there and does not let us: wrong credentials, repository, or file."""


class Unreachable(Trouble):
    """The tracker does not answer, or asks us to come back later than we can wait."""


class Lost(Trouble):
    """The answer to a create got lost: it may have been done, or not."""


@frozen
class Limits:
    """How long a title and a text may be, in bytes of UTF-8."""

    title: int
    text: int


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


class Tracker(Protocol):
    """A tracker of issues. Every method raises :class:`Refused` and :class:`Unreachable`."""

    @property
    def limits(self) -> Limits:
        """How long titles and texts may be."""
        ...

    def issues(self, label: str = LABEL) -> list[Issue]:
        """All issues with the label, open and closed, oldest first."""
        ...

    def create(self, draft: Draft) -> Issue:
        """Make an issue. Raises :class:`Lost`."""
        ...

    def comments(self, issue: Issue) -> list[Comment]:
        """All comments on an issue, oldest first."""
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
