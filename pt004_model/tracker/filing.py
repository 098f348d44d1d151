"""Carry out what was decided, and tell of it; prove beforehand that a tracker lets us.

Nothing is made twice. An answer to a create can get lost after the tracker has acted, so what was
to be made is looked for before it is made again. The counter, which remembers the campaign, is
written last: whatever ends a filing halfway, the next one goes on where it stood.
"""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final, TypeVar

from attrs import define, field

from pt004_model.reproduce import as_curl
from pt004_model.trace.document import load_trace
from pt004_model.trace.files import Unusable
from pt004_model.tracker import body
from pt004_model.tracker.body import Evidence
from pt004_model.tracker.decide import Action, Verb, decide, ours
from pt004_model.tracker.issues import (
    COMPLETED,
    LABEL,
    NOT_PLANNED,
    REGRESSION,
    Comment,
    Draft,
    History,
    Issue,
    Lost,
    Refused,
    Tracker,
    Unreachable,
    marked,
    marker,
    markers,
    read_history,
)
from pt004_model.tracker.submission import Sighting, Submission

_LOOKS: Final = 3
"""As often something lost is looked for: a list may lag behind."""
_TRIES: Final = 2
_WOULD: Final = {Verb.COUNT: "would count", Verb.REOPEN: "would reopen", Verb.CLOSE: "would close"}
_Thing = TypeVar("_Thing")
_Made = TypeVar("_Made")


def evidence_of(submission: Submission, sighting: Sighting) -> Evidence:
    """Return what an issue shows: the trace, and the commands that reproduce it without us.

    Raises ``Unusable`` when the trace file cannot be read, or is that of another finding.
    """
    path = submission.trace(sighting)
    trace = load_trace(path)
    if trace.fingerprint != sighting.fingerprint:
        raise Unusable(f"{path} is the trace of {trace.fingerprint}")
    inside = path.is_relative_to(submission.folder)
    name = path.relative_to(submission.folder) if inside else path
    return Evidence(trace, str(name), as_curl(trace), submission.summary.target)


@define
class Filing:
    """One submission of a campaign to a tracker.

    ``say`` is given a line for each thing that was done, or with ``dry`` would be.
    """

    tracker: Tracker
    submission: Submission
    say: Callable[[str], None]
    most: int = 10
    dry: bool = False
    _comments: dict[int, list[Comment]] = field(factory=dict)

    def run(self) -> int:
        """Decide and carry out, and return how many findings could not be filed.

        Raises ``Refused`` and ``Unreachable``.
        """
        issues, sightings = ours(self.tracker.issues()), self.submission.sightings()
        concerned = {name: issues[name] for name in sightings if name in issues}
        histories = {name: self._history(name, issue) for name, issue in concerned.items()}
        actions = decide(self.submission, concerned, histories, self.most)
        broken = 0
        for action in actions:
            try:
                self._do(action)
            except Unusable as error:
                broken += 1
                self.say(f"{action.sighting.fingerprint}: cannot be filed: {error}")
        self._sum_up(actions, broken)
        return broken

    def _history(self, fingerprint: str, issue: Issue) -> History:
        comments = self.tracker.comments(issue)
        self._comments[issue.number] = comments
        comment = marked(comments, "counter", fingerprint)
        kept = read_history(comment.text) if comment is not None else None
        return kept or read_history(issue.body) or History()

    def _do(self, action: Action) -> None:
        sighting, issue = action.sighting, action.issue
        if action.verb is Verb.FILE:
            self._file(action)
        elif issue is None or action.verb is Verb.LEAVE:
            place = f"{issue.place} " if issue is not None else ""
            self.say(f"{sighting.fingerprint}: {place}{action.why}")
        else:
            word = _WOULD[action.verb] if self.dry else str(action.verb)
            self.say(f"{sighting.fingerprint}: {word} {issue.place} ({sighting.says})")
            if not self.dry:
                self._change(issue, action)

    def _change(self, issue: Issue, action: Action) -> None:
        if action.labels:
            self.tracker.label(issue, action.labels)
        if action.verb is Verb.REOPEN:
            text = body.reopening_text(self.submission, action.sighting)
            self._comment_once(issue, "reopened", self.submission.campaign, text)
            self.tracker.reopen(issue)
        elif action.verb is Verb.CLOSE:
            text = body.closing_text(self.submission)
            self._comment_once(issue, "closed", self.submission.campaign, text)
            self.tracker.close(issue, COMPLETED)
        fingerprint = action.sighting.fingerprint
        text = body.counter_text(fingerprint, action.history)
        comment = marked(self._comments[issue.number], "counter", fingerprint)
        if comment is not None:
            self.tracker.edit(issue, comment, text)
        else:
            self._comment_once(issue, "counter", fingerprint, text)

    def _file(self, action: Action) -> None:
        fingerprint = action.sighting.fingerprint
        evidence = evidence_of(self.submission, action.sighting)
        draft = body.draft(action.sighting, action.history, evidence)
        if self.dry:
            self.say(f"{fingerprint}: would file {draft.title!r}")
            return
        issue = create_once(self.tracker, draft, "fingerprint", fingerprint)
        if LABEL not in issue.labels:
            self.tracker.close(issue, NOT_PLANNED)
            raise Refused(
                f"{issue.place} was made without the label {LABEL}, by which it would be found"
                " again, so it was closed; give the token the right to label issues"
            )
        self.say(f"{fingerprint}: filed {issue.place}")

    def _comment_once(self, issue: Issue, name: str, value: str, text: str) -> None:
        if marked(self._comments[issue.number], name, value) is None:
            comment_once(self.tracker, issue, name, value, text)

    def _sum_up(self, actions: Iterable[Action], broken: int) -> None:
        counts = Counter(each.verb for each in actions)
        counts[Verb.FILE] -= broken
        verbs = (Verb.FILE, Verb.COUNT, Verb.REOPEN, Verb.CLOSE)
        done = ", ".join(f"{counts[verb]} {verb}" for verb in verbs if counts[verb])
        self.say(f"{'would be: ' if self.dry else ''}{done or 'nothing to do'}")
        late = [each.sighting.fingerprint for each in actions if each.verb is Verb.POSTPONE]
        if late:
            self.say(f"not filed, because of --most {self.most}: {', '.join(late)}")


def create_once(tracker: Tracker, draft: Draft, name: str, value: str) -> Issue:
    """Make an issue with a marker that is not there, once. Raises ``Refused``, ``Unreachable``."""

    def there() -> Issue | None:
        return _marked_issue(tracker, name, value)

    return _once(tracker, lambda: tracker.create(draft), there, "an issue could not be made")


def _marked_issue(tracker: Tracker, name: str, value: str) -> Issue | None:
    return next((x for x in tracker.issues() if markers(x.body).get(name) == value), None)


def comment_once(tracker: Tracker, issue: Issue, name: str, value: str, text: str) -> None:
    """Add a comment that is not there, once. Raises ``Refused`` and ``Unreachable``."""

    def there() -> Comment | None:
        return marked(tracker.comments(issue), name, value)

    failed = f"{issue.place} could not be commented"
    _once(tracker, lambda: tracker.comment(issue, text), there, failed)


def _once(
    tracker: Tracker, make: Callable[[], _Made], there: Callable[[], _Thing | None], failed: str
) -> _Made | _Thing:
    for _ in range(_TRIES):
        try:
            return make()
        except Lost as error:
            why = str(error)
            found = _look(tracker, there)
            if found is not None:
                return found
    raise Unreachable(f"{failed}: {why}")


def _look(tracker: Tracker, there: Callable[[], _Thing | None]) -> _Thing | None:
    """Return what ``there`` finds in a few looks, with waits before them."""
    for attempt in range(1, _LOOKS + 1):
        tracker.wait(attempt)
        found = there()
        if found is not None:
            return found
    return None


_NAME: Final = "self-test"
_TITLE: Final = "pt004 self-test: nothing is wrong, this can be ignored"
_TEXT: Final = "Made by `pt004 submit --self-test` to see whether issues can be filed here."


@define
class SelfTest:
    """A proof that filing works with a tracker. ``say`` is given a line for each thing proved."""

    tracker: Tracker
    say: Callable[[str], None]
    nonce: str = field(init=False, factory=lambda: secrets.token_hex(8))

    def run(self) -> None:
        """Do what filing does, once, and clean up. Raises ``Refused`` and ``Unreachable``."""
        body = f"{marker(_NAME, self.nonce)}\n\n{_TEXT}"
        self.tracker.issues()
        self.say("ok: issues can be listed")
        issue = create_once(self.tracker, Draft(_TITLE, body, (LABEL,)), _NAME, self.nonce)
        try:
            self._prove(issue)
        finally:
            self.say(self.tracker.withdraw(issue))
        self.say("ok: filing works here")

    def _prove(self, issue: Issue) -> None:
        self._demand("be made with the label pt004, and found by it", lambda _: True)
        first, second = (f"{marker(_NAME, self.nonce)}\n\n{n} text." for n in ("First", "Second"))
        comment_once(self.tracker, issue, _NAME, self.nonce, first)
        comment = self._comment(issue, first)
        self.tracker.edit(issue, comment, second)
        self._comment(issue, second)
        self.say("ok: comments can be added and edited")
        self.tracker.label(issue, frozenset({REGRESSION}))
        self._demand("be labelled", lambda issue: REGRESSION in issue.labels)
        self.tracker.close(issue, COMPLETED)
        self._demand("be closed", lambda issue: not issue.is_open and issue.reason == COMPLETED)
        self.tracker.reopen(issue)
        self._demand("be reopened", lambda issue: issue.is_open)

    def _demand(self, ability: str, holds: Callable[[Issue], bool]) -> None:
        def seen() -> Issue | None:
            issue = _marked_issue(self.tracker, _NAME, self.nonce)
            return issue if issue is not None and holds(issue) else None

        if seen() is None and _look(self.tracker, seen) is None:
            raise Refused(f"issues cannot {ability}; see to what the token allows")
        self.say(f"ok: issues can {ability}")

    def _comment(self, issue: Issue, text: str) -> Comment:
        def seen() -> Comment | None:
            comment = marked(self.tracker.comments(issue), _NAME, self.nonce)
            same = comment is not None and comment.text.strip() == text.strip()
            return comment if same else None

        comment = seen() or _look(self.tracker, seen)
        if comment is None:
            raise Refused("comments cannot be added or edited; see to what the token allows")
        return comment
