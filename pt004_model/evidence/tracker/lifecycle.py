"""What is to be done with an issue after a night: a pure function, and its answers as data.

====================  ==================  ============================  =========================
tonight               no issue            open                          closed as completed
====================  ==================  ============================  =========================
seen                  filed               counted                       reopened as a regression
seen, known           -                   counted                       -
seen, unconfirmed     -                   -                             -
replay: fixed         -                   counted; closed on the third  -
replay: changed       -                   nights of fixed begin anew    -
replay: unsure        -                   -                             -
====================  ==================  ============================  =========================

An issue with the label ``pt004:ignore``, and one that was closed in any other way than as
completed, is left alone. So is one that was closed after the campaign began: what the campaign saw
says nothing of the repair. A campaign that is counted already changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final, TypeAlias

from attrs import evolve, frozen

from pt004_model.evidence.replay import Result
from pt004_model.evidence.tracker.interface import COMPLETED, FLAKY, IGNORE, REGRESSION, Issue
from pt004_model.evidence.tracker.memory import Memory, fingerprint_of
from pt004_model.evidence.tracker.night import Night, Replayed, Reproduced, Sighting

NIGHTS: Final = 3
"""After so many nights of FIXED in a row an issue is closed."""
_SEVERITIES: Final = ("critical", "major", "minor")


@frozen
class Tonight:
    """All that one night says of one fingerprint."""

    fingerprint: str
    finding: Sighting | None = None
    replay: Replayed | None = None

    @property
    def seen(self) -> bool:
        """Whether it was found, or an earlier trace of it reproduced."""
        return self.finding is not None or self.result is Result.REPRODUCED

    @property
    def result(self) -> Result | None:
        """What the replay of the earlier trace came to, if there was one."""
        return self.replay.result if self.replay is not None else None

    @property
    def known(self) -> bool:
        """Whether the finding is one of the known ones."""
        return self.finding is not None and self.finding.known

    @property
    def unconfirmed(self) -> bool:
        """Whether it was found, and no replay showed it."""
        return self.finding is not None and self.finding.unconfirmed

    @property
    def reproduced(self) -> Reproduced | None:
        """How often replaying shows it: the new finding if there is one, else the earlier trace."""
        if self.finding is not None and self.finding.reproduced is not None:
            return self.finding.reproduced
        return self.replay.reproduced if self.result is Result.REPRODUCED and self.replay else None

    @property
    def occurrences(self) -> int:
        """How often it was seen tonight."""
        if self.finding is not None:
            return max(1, self.finding.occurrences)
        return 1 if self.seen else 0

    @property
    def says(self) -> str:
        """What replaying came to, in a few words of ours."""
        if self.seen:
            counts = self.reproduced
            return f"reproduced in {counts}" if counts is not None else "not replayed"
        return str(self.result)


@frozen
class File:
    """Make an issue."""

    tonight: Tonight
    memory: Memory


@frozen
class Count:
    """Keep the counter, and add labels."""

    issue: Issue
    tonight: Tonight
    memory: Memory
    labels: frozenset[str] = frozenset()


@frozen
class Reopen:
    """Open the issue again, as a regression."""

    issue: Issue
    tonight: Tonight
    memory: Memory
    labels: frozenset[str]


@frozen
class Close:
    """Say that it is fixed, and close the issue."""

    issue: Issue
    tonight: Tonight
    memory: Memory


@frozen
class Leave:
    """Do nothing, and say why; ``issue`` is there unless there is none to leave alone."""

    fingerprint: str
    why: str
    issue: Issue | None = None


@frozen
class Postpone:
    """File it another night: as many as may be are filed tonight."""

    fingerprint: str


Action: TypeAlias = File | Count | Reopen | Close | Leave | Postpone


def tonight(night: Night) -> dict[str, Tonight]:
    """What a night says, by fingerprint; the gravest findings first."""

    def rank(finding: Sighting) -> tuple[int, int, str]:
        grave = finding.severity in _SEVERITIES
        place = _SEVERITIES.index(finding.severity) if grave else len(_SEVERITIES)
        return place, finding.commands, finding.fingerprint

    said = {each.fingerprint: Tonight(each.fingerprint, each)
            for each in sorted(night.findings, key=rank)}  # fmt: skip
    for replay in night.replays:
        before = said.get(replay.fingerprint, Tonight(replay.fingerprint))
        said[replay.fingerprint] = evolve(before, replay=replay)
    return said


def ours(issues: Iterable[Issue]) -> dict[str, Issue]:
    """The issue of each fingerprint. Of several the oldest that is not to be left alone."""
    found: dict[str, Issue] = {}
    for issue in sorted(issues, key=lambda each: (_hands_off(each) is not None, each.number)):
        fingerprint = fingerprint_of(issue.body)
        if fingerprint is not None:
            found.setdefault(fingerprint, issue)
    return found


def decide(
    night: Night, issues: Mapping[str, Issue], memories: Mapping[str, Memory], most: int
) -> tuple[Action, ...]:
    """What is to be done after ``night``.

    ``issues`` and ``memories`` are what is there now, by fingerprint; ``most`` issues are made at
    most. A campaign that could say nothing makes none.
    """
    actions: list[Action] = []
    for fingerprint, said in tonight(night).items():
        issue = issues.get(fingerprint)
        if issue is not None:
            memory = memories.get(fingerprint, Memory())
            actions.append(_after(night, said, issue, memory))
            continue
        action = _new(night, said)
        filed = sum(1 for each in actions if isinstance(each, File))
        if isinstance(action, File) and filed >= most:
            actions.append(Postpone(fingerprint))
        elif action is not None:
            actions.append(action)
    return tuple(actions)


def _new(night: Night, said: Tonight) -> File | Leave | None:
    if not said.seen:
        return None
    if said.known:
        return Leave(said.fingerprint, "known, so not filed")
    if said.unconfirmed:
        return Leave(said.fingerprint, "unconfirmed, so not filed: no replay showed it")
    if night.verdict == "unsure" and not night.findings:
        return Leave(said.fingerprint, "not filed: the campaign could say nothing")
    first = Memory().seen(night.campaign, night.started_at, said.occurrences, said.says)
    return File(said, first)


def _hands_off(issue: Issue) -> str | None:
    if IGNORE in issue.labels:
        return f"left alone: it has the label {IGNORE}"
    if not issue.is_open and issue.reason not in {None, COMPLETED}:
        return "left alone: somebody closed it, and not as completed"
    return None


def _after(night: Night, said: Tonight, issue: Issue, memory: Memory) -> Action:
    why = _hands_off(issue)
    if why is None and night.campaign in memory.campaigns:
        why = "this campaign is counted already"
    if why is not None:
        return Leave(said.fingerprint, why, issue)
    if said.unconfirmed:
        return Leave(said.fingerprint, "unconfirmed: no replay showed it", issue)
    if said.seen:
        return _seen(night, said, issue, memory)
    if not issue.is_open:
        return Leave(said.fingerprint, f"closed, and {said.result} tonight", issue)
    if said.result is Result.FIXED:
        # whoever opens a closed one again is given the same number of nights
        before = memory if memory.fixed < NIGHTS else evolve(memory, fixed=0)
        counted = before.fixed_again(night.campaign, said.says)
        if counted.fixed == NIGHTS:
            return Close(issue, said, counted)
        return Count(issue, said, counted)
    if said.result is Result.CHANGED:
        return Count(issue, said, memory.reset(night.campaign, said.says))
    return Leave(said.fingerprint, "the replay could say nothing", issue)


def _seen(night: Night, said: Tonight, issue: Issue, memory: Memory) -> Action:
    counts = said.reproduced
    labels = frozenset({FLAKY}) if counts is not None and counts.flaky else frozenset()
    counted = memory.seen(night.campaign, night.started_at, said.occurrences, said.says)
    if issue.is_open:
        return Count(issue, said, counted, labels - issue.labels)
    if said.known:
        return Leave(said.fingerprint, "closed, and known", issue)
    if issue.closed_at is not None and night.started_at < issue.closed_at:
        return Leave(said.fingerprint, "it was closed after this campaign began", issue)
    return Reopen(issue, said, counted, (labels | {REGRESSION}) - issue.labels)
