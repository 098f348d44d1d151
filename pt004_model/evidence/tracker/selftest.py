"""Proves against a tracker that filing works there, and cleans up."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Final

from attrs import define

from pt004_model.evidence.tracker.filing import comment_once, create_once, look
from pt004_model.evidence.tracker.interface import (
    COMPLETED,
    LABEL,
    REGRESSION,
    Comment,
    Draft,
    Issue,
    Refused,
    Tracker,
)
from pt004_model.evidence.tracker.memory import marked, marker, markers

_NAME: Final = "self-test"
_TITLE: Final = "pt004 self-test: nothing is wrong, this can be ignored"
_TEXT: Final = "Made by `pt004 submit --self-test` to see whether issues can be filed here."


@define
class SelfTest:
    """One self-test. ``say`` is given a line for each thing that was proved."""

    tracker: Tracker
    say: Callable[[str], None]
    nonce: str = ""

    def run(self) -> None:
        """Do what filing does, once. Raises ``Refused`` and ``Unreachable``."""
        self.nonce = secrets.token_hex(8)
        body = f"{marker(_NAME, self.nonce)}\n\n{_TEXT}"
        self.tracker.issues()
        self.say("ok: issues can be listed")
        issue = create_once(self.tracker, Draft(_TITLE, body, (LABEL,)), self._mine)
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

    def _mine(self) -> Issue | None:
        issues = self.tracker.issues()
        return next((x for x in issues if markers(x.body).get(_NAME) == self.nonce), None)

    def _demand(self, what: str, holds: Callable[[Issue], bool]) -> None:
        def seen() -> Issue | None:
            issue = self._mine()
            return issue if issue is not None and holds(issue) else None

        if seen() is None and look(self.tracker, seen) is None:
            raise Refused(f"issues cannot {what}; see to what the token allows")
        self.say(f"ok: issues can {what}")

    def _comment(self, issue: Issue, text: str) -> Comment:
        def seen() -> Comment | None:
            comment = marked(self.tracker.comments(issue), _NAME, self.nonce)
            same = comment is not None and comment.text.strip() == text.strip()
            return comment if same else None

        comment = seen() or look(self.tracker, seen)
        if comment is None:
            raise Refused("comments cannot be added or edited; see to what the token allows")
        return comment
