"""The two trackers behind one face: what a person sees there and does there, and submitting."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, TypeAlias

from attrs import define, field, frozen

from pt004_model.report.summary import FindingDocument
from pt004_model.tracker.directory import DirectoryTracker
from pt004_model.tracker.filing import Filing
from pt004_model.tracker.github import GitHubTracker
from pt004_model.tracker.issues import Tracker
from pt004_model.tracker.submission import read_submission
from tests.tracker.fake_github import REPOSITORY, TOKEN, FakeGitHub
from tests.tracker.nights import FIRST_NIGHT, day, night


@frozen
class Seen:
    """An issue as a person sees it."""

    number: int
    title: str
    body: str
    state: str
    reason: str | None
    labels: list[str]
    comments: list[str]


@define
class FolderWorld:
    """A folder of Markdown files."""

    folder: Path
    issues: Path
    now: datetime = FIRST_NIGHT

    def tracker(self) -> AbstractContextManager[Tracker]:
        """The tracker of the folder."""
        return nullcontext(DirectoryTracker(self.issues, self.now.timestamp))

    def at(self, moment: datetime) -> None:
        """Make it that time."""
        self.now = moment

    def seen(self) -> list[Seen]:
        """All files, read as the tracker reads them."""
        tracker = DirectoryTracker(self.issues)
        return [
            Seen(each.number, each.title, each.body, "open" if each.is_open else "closed",
                 each.reason, sorted(each.labels), [x.text for x in tracker.comments(each)])
            for each in tracker.issues()
        ]  # fmt: skip

    def _edit(self, number: int, line: str, other: str) -> None:
        (path,) = self.issues.glob(f"{number:04}-*.md")
        text = path.read_text()
        assert line in text
        path.write_text(text.replace(line, other, 1))

    def close(self, number: int, reason: str) -> None:
        """Write it into the file, as people write."""
        closed = f"closed_at: {self.now.isoformat()}"
        self._edit(number, "closed_at: null", closed)
        self._edit(number, "reason: null", f"reason: {reason.replace('_', ' ')}")
        self._edit(number, 'state: "open"', "state: closed")

    def reopen(self, number: int) -> None:
        """Write it into the file."""
        self._edit(number, 'state: "closed"', "state: open")

    def stick(self, number: int, label: str) -> None:
        """Write it into the file."""
        self._edit(number, 'labels: ["pt004"', f'labels: ["{label}", "pt004"')


@define
class GitHubWorld:
    """The stand-in for GitHub."""

    folder: Path
    fake: FakeGitHub

    def tracker(self) -> AbstractContextManager[Tracker]:
        """The tracker of the stand-in, with short waits."""
        return GitHubTracker(REPOSITORY, TOKEN, self.fake.url, patience=20, pause=0.01)

    def at(self, moment: datetime) -> None:
        """Make it that time."""
        self.fake.now = moment

    def seen(self) -> list[Seen]:
        """All issues, without asking over HTTP."""
        return [
            Seen(number, each["title"], each["body"], each["state"], each["state_reason"],
                 sorted(x["name"] for x in each["labels"]),
                 [x["body"] for x in self.fake.comments_of(number)])
            for number, each in self.fake.issues.items()
        ]  # fmt: skip

    def close(self, number: int, reason: str) -> None:
        """As a person does."""
        self.fake.close(number, reason)

    def reopen(self, number: int) -> None:
        """As a person does."""
        self.fake.issues[number] |= {"state": "open", "state_reason": "reopened", "closed_at": None}

    def stick(self, number: int, label: str) -> None:
        """As a person does."""
        self.fake.stick(number, label)


World: TypeAlias = FolderWorld | GitHubWorld
"""A tracker, and the folder of the campaigns."""


@define
class Nights:
    """Campaigns one after the other, each submitted an hour after it began."""

    world: World
    most: int = 10
    said: list[str] = field(factory=list)

    def __call__(self, number: int, *found: FindingDocument, **given: Any) -> list[str]:
        """A night and its submission; what that said."""
        night(self.world.folder, number, *found, **given)
        self.world.at(day(number) + timedelta(hours=1))
        return self.again()

    def again(self, *, dry: bool = False) -> list[str]:
        """Submit what lies there; what that said."""
        left = read_submission(self.world.folder)
        self.said = []
        with self.world.tracker() as tracker:
            Filing(tracker, left, self.said.append, self.most, dry).run()
        return self.said
