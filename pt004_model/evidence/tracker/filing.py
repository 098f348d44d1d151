"""Carries out what the life cycle decides, and tells of it.

Nothing is made twice. An answer to a create can get lost after the tracker has acted, so what was
to be made is looked for before it is made again. The counter, which remembers the campaign, is
written last: whatever ends a filing halfway, the next one goes on where it stood.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from attrs import define, field, frozen

from pt004_model.evidence.tracker import body
from pt004_model.evidence.tracker.body import Evidence
from pt004_model.evidence.tracker.interface import (
    COMPLETED,
    LABEL,
    Comment,
    Draft,
    Issue,
    Lost,
    Refused,
    Tracker,
    Unreachable,
)
from pt004_model.evidence.tracker.lifecycle import (
    Action,
    Close,
    Count,
    File,
    Leave,
    Postpone,
    Reopen,
    Tonight,
    decide,
    ours,
    tonight,
)
from pt004_model.evidence.tracker.memory import (
    Memory,
    counter,
    fingerprint_of,
    marked,
    recall,
)
from pt004_model.evidence.tracker.night import Night

_LOOKS: Final = 3
"""So often something lost is looked for: a list may lag behind."""
_TRIES: Final = 2
_Thing = TypeVar("_Thing")


class NoEvidence(Exception):  # noqa: N818 - said of a trace file, in a sentence for people
    """A finding whose trace cannot be used; the message is a sentence for people."""


@frozen
class Filed:
    """What a filing came to, and which findings could not be filed."""

    actions: tuple[Action, ...]
    broken: tuple[str, ...]


@define
class Filing:
    """One submission of a night to a tracker.

    ``evidence`` reads what is shown of a finding, and raises :class:`NoEvidence`. ``say`` is given
    a line for each thing that was done, or with ``dry`` would be.
    """

    tracker: Tracker
    night: Night
    evidence: Callable[[Tonight], Evidence]
    say: Callable[[str], None]
    most: int = 10
    dry: bool = False
    _comments: dict[int, list[Comment]] = field(factory=dict)

    def run(self) -> Filed:
        """Decide and carry out. Raises ``Refused`` and ``Unreachable``."""
        issues = ours(self.tracker.issues())
        concerned = {name: issues[name] for name in tonight(self.night) if name in issues}
        memories = {name: self._memory(name, issue) for name, issue in concerned.items()}
        actions = decide(self.night, concerned, memories, self.most)
        broken: list[str] = []
        for action in actions:
            try:
                self._do(action)
            except NoEvidence as error:
                broken.append(str(error))
                self.say(f"{_fingerprint(action)}: cannot be filed: {error}")
        self._sum_up(actions, len(broken))
        return Filed(actions, tuple(broken))

    def _memory(self, fingerprint: str, issue: Issue) -> Memory:
        comments = self.tracker.comments(issue)
        self._comments[issue.number] = comments
        comment = counter(comments, fingerprint)
        kept = recall(comment.text) if comment is not None else None
        return kept or recall(issue.body) or Memory()

    def _do(self, action: Action) -> None:
        match action:
            case File():
                self._file(action)
            case Count(issue, said, memory, labels):
                self._tell("counted", "would count", action)
                if not self.dry:
                    self._label(issue, labels)
                    self._count(issue, said, memory)
            case Reopen(issue, said, memory, labels):
                self._tell("reopened", "would reopen", action)
                if not self.dry:
                    self._label(issue, labels)
                    text = body.reopening_text(self.night, said)
                    self._comment_once(issue, "reopened", self.night.campaign, text)
                    self.tracker.reopen(issue)
                    self._count(issue, said, memory)
            case Close(issue, said, memory):
                self._tell("closed", "would close", action)
                if not self.dry:
                    text = body.closing_text(self.night)
                    self._comment_once(issue, "closed", self.night.campaign, text)
                    self.tracker.close(issue, COMPLETED)
                    self._count(issue, said, memory)
            case Leave(fingerprint, why, place):
                self.say(
                    f"{fingerprint}: {place.place} {why}" if place else f"{fingerprint}: {why}"
                )
            case Postpone(fingerprint):
                self.say(f"{fingerprint}: not filed tonight")

    def _tell(self, done: str, would: str, action: Count | Reopen | Close) -> None:
        word = would if self.dry else done
        self.say(
            f"{action.tonight.fingerprint}: {word} {action.issue.place} ({action.tonight.says})"
        )

    def _label(self, issue: Issue, labels: frozenset[str]) -> None:
        if labels:
            self.tracker.label(issue, labels)

    def _file(self, action: File) -> None:
        said = action.tonight
        evidence = self.evidence(said)
        draft = body.draft(said, action.memory, evidence, self.tracker.limits)
        if self.dry:
            self.say(f"{said.fingerprint}: would file {draft.title!r}")
            return
        issue = create_once(self.tracker, draft, lambda: self._filed(said.fingerprint))
        if LABEL not in issue.labels:
            self.tracker.close(issue, "not_planned")
            raise Refused(
                f"{issue.place} was made without the label {LABEL}, by which it would be found"
                " again, so it was closed; give the token the right to label issues"
            )
        self.say(f"{said.fingerprint}: filed {issue.place}")

    def _filed(self, fingerprint: str) -> Issue | None:
        issues = self.tracker.issues()
        return next((x for x in issues if fingerprint_of(x.body) == fingerprint), None)

    def _count(self, issue: Issue, said: Tonight, memory: Memory) -> None:
        text = body.counter_text(said.fingerprint, memory)
        comment = counter(self._comments[issue.number], said.fingerprint)
        if comment is not None:
            self.tracker.edit(issue, comment, text)
        else:
            self._comment_once(issue, "counter", said.fingerprint, text)

    def _comment_once(self, issue: Issue, name: str, value: str, text: str) -> None:
        if marked(self._comments[issue.number], name, value) is None:
            comment_once(self.tracker, issue, name, value, text)

    def _sum_up(self, actions: Iterable[Action], broken: int) -> None:
        kinds = [type(each) for each in actions]
        words = ((File, "filed"), (Count, "counted"), (Reopen, "reopened"), (Close, "closed"))
        counts = [(kinds.count(kind), word) for kind, word in words]
        counts[0] = (counts[0][0] - broken, "filed")
        done = ", ".join(f"{count} {word}" for count, word in counts if count) or "nothing to do"
        late = [each.fingerprint for each in actions if isinstance(each, Postpone)]
        self.say(f"{'would be: ' if self.dry else ''}{done}")
        if late:
            self.say(f"not filed, because of --most {self.most}: {', '.join(late)}")


def create_once(tracker: Tracker, draft: Draft, there: Callable[[], Issue | None]) -> Issue:
    """Make an issue, once; ``there`` looks for it. Raises ``Refused`` and ``Unreachable``."""
    for _ in range(_TRIES):
        try:
            return tracker.create(draft)
        except Lost as error:
            why = str(error)
            issue = look(tracker, there)
            if issue is not None:
                return issue
    raise Unreachable(f"an issue could not be made: {why}")


def comment_once(tracker: Tracker, issue: Issue, name: str, value: str, text: str) -> None:
    """Add a comment that is not there, once. Raises ``Refused`` and ``Unreachable``."""
    for _ in range(_TRIES):
        try:
            tracker.comment(issue, text)
        except Lost as error:
            why = str(error)
            if look(tracker, lambda: marked(tracker.comments(issue), name, value)) is not None:
                return
        else:
            return
    raise Unreachable(f"{issue.place} could not be commented: {why}")


def look(tracker: Tracker, there: Callable[[], _Thing | None]) -> _Thing | None:
    """What ``there`` finds in a few looks, with waits before them."""
    for attempt in range(1, _LOOKS + 1):
        tracker.wait(attempt)
        found = there()
        if found is not None:
            return found
    return None


def _fingerprint(action: Action) -> str:
    return (
        action.fingerprint if isinstance(action, Leave | Postpone) else action.tonight.fingerprint
    )
