"""Decide what is to be done with issues after a campaign: a pure function, its answers as data.

====================  ==================  ============================  =========================
the campaign says     no issue            open                          closed as completed
====================  ==================  ============================  =========================
seen                  filed               counted                       reopened as a regression
seen, known           -                   counted                       -
seen, unconfirmed     -                   -                             -
seen, an echo         -                   counted                       -
replay: fixed         -                   counted; closed on the third  -
replay: changed       -                   campaigns of fixed start over -
replay: unsure        -                   -                             -
====================  ==================  ============================  =========================

An issue with the label ``pt004:ignore``, and one that was closed in any other way than as
completed, is left alone. So is one that was closed after the campaign began: what the campaign saw
says nothing of the repair. A campaign that is counted already changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final

from attrs import field, frozen

from pt004_model.drive.replay import Result
from pt004_model.tracker.issues import (
    COMPLETED,
    FLAKY,
    IGNORE,
    REGRESSION,
    History,
    Issue,
    fingerprint_of,
)
from pt004_model.tracker.submission import Sighting, Submission

FIXED_IN_A_ROW: Final = 3
"""After as many campaigns of FIXED in a row an issue is closed."""


class Verb(StrEnum):
    """The kinds of actions, as they are counted for people."""

    FILE = "filed"
    COUNT = "counted"
    REOPEN = "reopened"
    CLOSE = "closed"
    LEAVE = "left alone"
    POSTPONE = "not filed"


@frozen
class Action:
    """One thing to do for one finding.

    ``issue`` is there unless it is to be made, or none is filed. ``history`` is to be kept,
    ``labels`` are to be added, ``why`` says why nothing is done.
    """

    verb: Verb
    sighting: Sighting
    issue: Issue | None = None
    history: History = field(factory=History)
    labels: frozenset[str] = frozenset()
    why: str = ""


def ours(issues: Iterable[Issue]) -> dict[str, Issue]:
    """Return the issue of each fingerprint; of several the oldest that is not to be left alone."""
    found: dict[str, Issue] = {}
    for issue in sorted(issues, key=lambda each: (_hands_off(each) is not None, each.number)):
        fingerprint = fingerprint_of(issue.body)
        if fingerprint is not None:
            found.setdefault(fingerprint, issue)
    return found


def decide(
    submission: Submission, issues: Mapping[str, Issue], histories: Mapping[str, History], most: int
) -> tuple[Action, ...]:
    """Return what is to be done after a campaign.

    ``issues`` and ``histories`` are what is there now, by fingerprint; ``most`` issues are made at
    most. A campaign that could say nothing makes none.
    """
    actions: list[Action] = []
    for fingerprint, sighting in submission.sightings().items():
        issue = issues.get(fingerprint)
        if issue is not None:
            history = histories.get(fingerprint, History())
            actions.append(_after(submission, sighting, issue, history))
        elif sighting.seen:
            filed = sum(each.verb is Verb.FILE for each in actions)
            actions.append(_new(submission, sighting, filed < most))
    return tuple(actions)


def _new(submission: Submission, sighting: Sighting, room: bool) -> Action:
    why = ""
    if sighting.known:
        why = "known, so not filed"
    elif sighting.unconfirmed:
        why = "unconfirmed, so not filed: replays do not bear it out"
    elif sighting.echo_of:
        why = f"not filed: it follows from {sighting.echo_of}"
    elif submission.summary.verdict == "unsure" and not submission.summary.findings:
        why = "not filed: the campaign could say nothing"
    if why:
        return Action(Verb.LEAVE, sighting, why=why)
    if not room:
        return Action(Verb.POSTPONE, sighting, why="not filed tonight")
    return Action(Verb.FILE, sighting, history=_seen(submission, sighting, History()))


def _seen(submission: Submission, sighting: Sighting, history: History) -> History:
    return history.seen(
        submission.campaign, submission.started_at, sighting.occurrences, sighting.says
    )


def _hands_off(issue: Issue) -> str | None:
    if IGNORE in issue.labels:
        return f"left alone: it has the label {IGNORE}"
    if not issue.is_open and issue.reason not in {None, COMPLETED}:
        return "left alone: somebody closed it, and not as completed"
    return None


def _after(submission: Submission, sighting: Sighting, issue: Issue, history: History) -> Action:
    campaign = submission.campaign
    why = _hands_off(issue)
    if why is None and campaign in history.campaigns:
        why = "this campaign is counted already"
    elif why is None and sighting.unconfirmed:
        why = "unconfirmed: replays do not bear it out"
    elif why is None and not sighting.seen and not issue.is_open:
        why = f"closed, and {sighting.result} tonight"
    elif why is None and not sighting.seen and sighting.result is Result.UNSURE:
        why = "the replay could say nothing"
    if why is not None:
        return Action(Verb.LEAVE, sighting, issue, why=why)
    if sighting.seen:
        return _seen_again(submission, sighting, issue, history)
    # whoever opens a closed one again is given the same number of campaigns
    before = history.fixed if history.fixed < FIXED_IN_A_ROW else 0
    fixed = 0 if sighting.result is Result.CHANGED else before + 1
    counted = history.after(campaign, sighting.says, fixed=fixed)
    verb = Verb.CLOSE if fixed == FIXED_IN_A_ROW else Verb.COUNT
    return Action(verb, sighting, issue, counted)


def _seen_again(
    submission: Submission, sighting: Sighting, issue: Issue, history: History
) -> Action:
    counts = sighting.reproduced
    labels = frozenset({FLAKY}) if counts is not None and counts.flaky else frozenset()
    counted = _seen(submission, sighting, history)
    if issue.is_open:
        return Action(Verb.COUNT, sighting, issue, counted, labels - issue.labels)
    if sighting.known:
        return Action(Verb.LEAVE, sighting, issue, why="closed, and known")
    if issue.closed_at is not None and submission.started_at < issue.closed_at:
        why = "it was closed after this campaign began"
        return Action(Verb.LEAVE, sighting, issue, why=why)
    return Action(Verb.REOPEN, sighting, issue, counted, (labels | {REGRESSION}) - issue.labels)
