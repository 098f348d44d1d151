"""The tracker that is a folder of Markdown files, for a machine that has nothing else.

An issue is one file. Between two lines of ``---`` at its top stands what a tracker knows of it, a
member a line, each a JSON value, which is YAML too; people may change ``state``, ``reason`` and
``labels`` there. Then comes the body, then the comments, each between two hidden lines of its own.
Text that people write between and below the comments stays.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from attrs import evolve, field, frozen

from pt004_model.trace.document import moment
from pt004_model.trace.files import write_text
from pt004_model.trace.writing import rfc3339
from pt004_model.tracker.issues import (
    LABEL,
    Comment,
    Draft,
    Issue,
    Refused,
    fingerprint_of,
    marker,
)

_COMMENT: Final = re.compile(
    r"(?ms)^<!-- pt004:comment=(\d+) -->\n## [^\n]*\n\n(.*?)\n<!-- pt004:end=\1 -->\n?"
)
_NAME: Final = re.compile(r"[^A-Za-z0-9._-]+")
_STATES: Final = ("open", "closed")


@frozen
class _File:
    """The content of a file; text that people added to it is kept as it is."""

    path: Path
    head: dict[str, Any]
    body: str
    pieces: tuple[Comment | str, ...]

    @property
    def comments(self) -> list[Comment]:
        """The comments without what people wrote between them."""
        return [each for each in self.pieces if isinstance(each, Comment)]

    def text(self) -> str:
        """Return the file as it is written."""
        head = "".join(
            f"{name}: {json.dumps(value, ensure_ascii=True)}\n" for name, value in self.head.items()
        )
        pieces = (each if isinstance(each, str) else _framed(each) for each in self.pieces)
        return "\n\n".join((f"---\n{head}---", self.body, *pieces)) + "\n"


def _framed(comment: Comment) -> str:
    begin, end = (marker(name, str(comment.id)) for name in ("comment", "end"))
    return f"{begin}\n## Comment {comment.id}\n\n{comment.text}\n{end}"


@frozen
class DirectoryTracker:
    """Issues as files of a folder, which is made with the first. Raises ``Unwritable`` too.

    ``say`` gets a line for each file that is passed over, because it is not an issue of ours or
    cannot be read. A broken one of ours is refused, for left out it would be filed again.
    """

    folder: Path
    now: Callable[[], float] = time.time
    say: Callable[[str], None] = lambda _: None
    _told: set[Path] = field(factory=set, repr=False)

    def issues(self) -> list[Issue]:
        """Return all files with our label, by number."""
        found = [_issue(each) for each in self._files()]
        return [each for each in found if LABEL in each.labels]

    def create(self, draft: Draft) -> Issue:
        """Write a file with the next free number."""
        taken = [each.head["number"] for each in self._files()]
        number = max(taken, default=0) + 1
        while any(self.folder.glob(f"{number:04}-*")):
            number += 1  # one that was passed over stays
        name = _NAME.sub("-", draft.title.partition(":")[0])[:60]
        now = rfc3339(self.now())
        head = {
            "number": number,
            "title": draft.title,
            "state": "open",
            "reason": None,
            "labels": list(draft.labels),
            "created_at": now,
            "updated_at": now,
            "closed_at": None,
        }
        file = _File(self.folder / f"{number:04}-{name}.md", head, draft.body, ())
        write_text(file.path, file.text())
        return _issue(file)

    def comments(self, issue: Issue) -> list[Comment]:
        """Return the comments of a file, in the order in which they were added."""
        return self._file(issue).comments

    def comment(self, issue: Issue, text: str) -> None:
        """Add a comment at the end of the file."""
        file = self._file(issue)
        number = max((each.id for each in file.comments), default=0) + 1
        self._write(evolve(file, pieces=(*file.pieces, Comment(number, text))))

    def edit(self, issue: Issue, comment: Comment, text: str) -> None:
        """Replace a comment where it stands."""
        file = self._file(issue)
        edited = Comment(comment.id, text)
        pieces = (edited if isinstance(each, Comment) and each.id == comment.id else each
                  for each in file.pieces)  # fmt: skip
        self._write(evolve(file, pieces=tuple(pieces)))

    def label(self, issue: Issue, labels: frozenset[str]) -> None:
        """Add labels after those that are there."""
        file = self._file(issue)
        more = sorted(labels - set(file.head["labels"]))
        self._write(file, labels=[*file.head["labels"], *more])

    def close(self, issue: Issue, reason: str) -> None:
        """Set the state, the reason and the time."""
        self._write(self._file(issue), state="closed", reason=reason, closed_at=rfc3339(self.now()))

    def reopen(self, issue: Issue) -> None:
        """Set the state, and forget why it was closed."""
        self._write(self._file(issue), state="open", reason=None, closed_at=None)

    def withdraw(self, issue: Issue) -> str:
        """Delete the file."""
        path = Path(issue.place)
        path.unlink(missing_ok=True)
        return f"{path} was deleted again"

    def wait(self, attempt: int) -> None:
        """Return at once: nothing lags behind in a folder."""

    def _write(self, file: _File, **changes: Any) -> None:
        head = {**file.head, **changes, "updated_at": rfc3339(self.now())}
        write_text(file.path, evolve(file, head=head).text())

    def _file(self, issue: Issue) -> _File:
        return _read(Path(issue.place))

    def _files(self) -> list[_File]:
        if self.folder.exists() and not self.folder.is_dir():
            raise Refused(f"{self.folder} is no folder; give one that may hold issues")
        files = []
        for path in sorted(self.folder.glob("[0-9]*.md")):
            try:
                files.append(_read(path))
            except _Stray as stray:
                if path not in self._told:
                    self._told.add(path)
                    self.say(f"{stray}; it was passed over")
        return sorted(files, key=lambda each: int(each.head["number"]))


class _Stray(Refused):
    """A file that does not hold an issue, or that nobody can read."""


def _read(path: Path) -> _File:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise _Stray(f"cannot read {path}: {error.strerror}") from None
    ours = fingerprint_of(content.decode("utf-8", "replace")) is not None
    try:
        return _parsed(path, content)
    except Refused as refused:
        raise refused if ours else _Stray(str(refused)) from None


def _parsed(path: Path, content: bytes) -> _File:
    try:  # line ends of any kind come as one
        text = content.decode("utf-8").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError:
        raise Refused(f"{path} is not in UTF-8; mend it or take it away") from None
    raw, end, rest = text.removeprefix("---\n").partition("\n---\n")
    if not text.startswith("---\n") or not end:
        raise Refused(f"{path} does not begin with lines between ---; mend it or take it away")
    head = {}
    for line in raw.splitlines():
        name, colon, value = line.partition(":")
        if colon:
            head[name.strip()] = _value(value.strip())
    _demand(path, head)
    body, *parts = _COMMENT.split(rest)
    pieces: list[Comment | str] = []
    for number, said, after in zip(parts[::3], parts[1::3], parts[2::3], strict=True):
        pieces.append(Comment(int(number), said))
        pieces += [after.strip("\n")] if after.strip() else []
    return _File(path, head, body.strip("\n"), tuple(pieces))


def _value(text: str) -> Any:
    """Return a JSON value, or the text itself: people write ``state: closed``."""
    try:
        return json.loads(text) if text else None
    except (ValueError, RecursionError):
        parts = text.strip("[]").split(",")
        return [_bare(each) for each in parts] if text[0] == "[" else _bare(text)


def _bare(text: str) -> str:
    return text.strip().strip("'\"")


def _demand(path: Path, head: dict[str, Any]) -> None:
    head["reason"] = str(head["reason"]).replace(" ", "_") if head.get("reason") else None
    head.setdefault("closed_at", None)
    head.setdefault("title", "")
    if isinstance(head.get("labels"), str):
        head["labels"] = [_bare(each) for each in head["labels"].split(",")]
    wrong = None
    if isinstance(head.get("number"), bool) or not isinstance(head.get("number"), int):
        wrong = "number"
    elif head.get("state") not in _STATES:
        wrong = "state"
    elif not isinstance(head.get("labels"), list):
        wrong = "labels"
    elif head["closed_at"] is not None:
        try:
            moment(head["closed_at"])
        except (TypeError, ValueError):
            wrong = "closed_at"
    if wrong is not None:
        said = str(head.get(wrong))[:60]
        raise Refused(f"{path}: {said!r} is no {wrong}; mend the file or take it away")


def _issue(file: _File) -> Issue:
    head = file.head
    closed_at = head["closed_at"]
    return Issue(
        head["number"],
        str(file.path),
        str(head["title"]),
        file.body,
        head["state"] == "open",
        head["reason"],
        None if closed_at is None else moment(closed_at),
        frozenset(map(str, head["labels"])),
    )
