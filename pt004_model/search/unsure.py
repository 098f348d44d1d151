"""Why nothing can be said after a campaign, or after its shards: what lacks for a verdict."""

from __future__ import annotations

from typing import Final

from attrs import frozen

from pt004_model.search.goals import Coverage
from pt004_model.search.races import Raced

_NAMED: Final = 3
"""Findings that are named in a sentence."""


@frozen
class Wanted:
    """How much a whole campaign is to do, and what it takes for a verdict, as a profile says it."""

    name: str
    floor: float
    open_share: float
    lengths: tuple[int, ...]


def too_little(wanted: Wanted, coverage: Coverage, commands: int, unanswered: int) -> str:
    """Return why what was asked and answered is too little for a verdict, or nothing."""
    if commands == 0:
        return "nothing was sent"
    for share, left, what in (
        (
            coverage.share,
            f"{coverage.reachable - coverage.driven} of {coverage.reachable}",
            "edges of the model were not driven",
        ),
        (
            coverage.values_share,
            f"{coverage.values_reachable - coverage.values} of {coverage.values_reachable}",
            "kinds of values by place were not sent",
        ),
    ):
        if share < wanted.floor:
            profile = f"the profile {wanted.name} wants {wanted.floor:.0%} of them"
            return f"{left} {what}, and {profile}"
    if unanswered > max(3, wanted.open_share * commands):
        return f"{unanswered} of {commands} calls stayed without an answer"
    return ""


def races_unsure(wanted: Wanted, races: Raced) -> str:
    """Return why nothing can be said of calls at once, if they were wanted."""
    unsure, missing = races.unsure.total(), races.missing()
    if not races.rounds:
        return ""
    if unsure > max(3, 0.1 * races.rounds):
        ((why, _),) = races.unsure.most_common(1)
        return f"{unsure} of {races.rounds} rounds of calls at once were not judged: {why}"
    if wanted.floor and missing and not races.alone:
        return f"no calls overlapped in a round of {' or '.join(missing)}"
    return ""


def crashes_unsure(wanted: Wanted, kills: int, met: int) -> str:
    """Return why nothing can be said of crashes, if they were wanted."""
    return f"none of {kills} kills met an open call" if wanted.floor and kills and not met else ""


def unconfirmed(fingerprints: list[str]) -> str:
    """Return why findings that replays do not bear out leave a campaign unsure, or nothing."""
    if not fingerprints:
        return ""
    one, more = len(fingerprints) == 1, len(fingerprints) - _NAMED
    many = "a finding is" if one else f"{len(fingerprints)} findings are"
    return f"{many} not borne out by replays: {', '.join(fingerprints[:_NAMED])}" + (
        f" and {more} more" if more > 0 else ""
    )
