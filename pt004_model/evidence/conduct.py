"""A campaign with its evidence: what earlier ones left is replayed first, and all is kept on disk.

The traces of earlier campaigns stay where they are. What a replay shows again is a finding of this
campaign; what became of each of them is in ``replays.json``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Final

from attrs import evolve

from pt004_model.evidence.folder import Fated, Folder
from pt004_model.evidence.replay import Attempt, Replay, replay_trace
from pt004_model.evidence.replay import Result as Fate
from pt004_model.evidence.trace import BadTrace, Trace, load_trace
from pt004_model.explore.campaign import Campaign, Profile
from pt004_model.explore.lockstep import Step, Tally
from pt004_model.explore.results import Found, Result
from pt004_model.explore.shrink import Budget
from pt004_model.judge.memory import Ledger
from pt004_model.judge.oracle import Verdict
from pt004_model.model.commands import CreateRun
from pt004_model.search.goals import measure

INTERRUPTED: Final = "it was interrupted"
"""Why a campaign ended that somebody broke off."""


def conduct(
    campaign: Campaign, folder: Folder, say: Callable[[str], None], *, replays: bool = True
) -> Result:
    """Replay what lies in ``folder`` (unless told otherwise), run the campaign, keep its summary.

    Raises ``KeyboardInterrupt``, with the summary kept, and ``Unwritable``.
    """
    folder.keep_replays(())
    try:
        if replays:
            _replay_earlier(campaign, folder, say)
        result = campaign.run()
    except KeyboardInterrupt:
        folder.keep_summary(campaign.result(INTERRUPTED))
        raise
    for found in result.findings:
        folder.keep_trace(found)  # with the last count of occurrences
    folder.keep_summary(result)
    return result


def keep_nothing(folder: Folder, profile: Profile, why: str) -> None:
    """Keep that nothing can be said, in the place of what an earlier campaign left to be shown.

    For a campaign that was never begun, because there is no FC. Raises ``Unwritable``.
    """
    folder.keep_replays(())
    result = Result(
        Verdict.UNSURE,
        findings=(),
        examples=0,
        requests=0,
        seconds=0.0,
        seed=folder.origin.seed,
        profile=profile.name,
        coverage=measure(Tally(), profile.lengths),
        open_calls=0,
        why=why,
        started_at=time.time(),
        areas=(),
    )
    folder.keep_summary(result)


def _replay_earlier(campaign: Campaign, folder: Folder, say: Callable[[str], None]) -> None:
    """Replay every trace in the folder, as long as the profile's budget for that lasts."""
    paths = folder.earlier()
    if not paths:
        return
    say(f"replaying {len(paths)} trace{'s' * (len(paths) > 1)} of earlier campaigns")
    budget = Budget(*campaign.profile.replays, started=time.monotonic())
    rows: list[Fated] = []
    for path in paths:
        row = _replay_one(campaign, folder, path, budget)
        rows.append(row)
        folder.keep_replays(tuple(rows))
        if row.result is not Fate.REPRODUCED:  # that is told as a finding
            say(folder.origin.hide(f"{row.result} {row.fingerprint}: {row.why}"))


def _replay_one(campaign: Campaign, folder: Folder, path: Path, budget: Budget) -> Fated:
    try:
        trace = load_trace(path)
    except BadTrace as bad:
        return Fated(path.stem, path, Fate.UNSURE, 0, 0, str(bad))
    why = _not_replayed(campaign, trace, budget)
    if why:
        return Fated(trace.fingerprint, path, Fate.UNSURE, 0, 0, why)
    # judged by what is in it alone, as whoever replays it by itself will do
    session = evolve(campaign.aside, oracle=evolve(campaign.aside.oracle, ledger=Ledger()))
    done = replay_trace(session, trace, campaign.profile.confirm or 1)
    sent = sum(step is not None for attempt in done.attempts for step in attempt.steps)
    budget.spent += sent
    campaign.aside.tally.commands += sent
    if done.result is Fate.REPRODUCED:
        folder.remember(trace)
    if done.finding is not None and done.finding.fingerprint not in campaign.found:
        campaign.add(_found(campaign, trace, done))
    return Fated(trace.fingerprint, path, done.result, done.seen, done.runs, done.why)


def _not_replayed(campaign: Campaign, trace: Trace, budget: Budget) -> str:
    """Why a trace is not replayed, or nothing."""
    if not budget.left:
        return "the time or the requests for replays were spent before it"
    if trace.area not in campaign.session.oracle.areas:
        return f"the area {trace.area} is not judged in this campaign"
    if campaign.session.ungoverned and any(
        isinstance(each, CreateRun) and "steps" in each.body.fields for each in trace.commands
    ):
        return "it has runs with steps, and this campaign makes runs without steps alone"
    return ""


def _found(campaign: Campaign, trace: Trace, done: Replay) -> Found:
    """What a replay has shown, as a finding of this campaign."""
    finding = done.finding
    assert finding is not None  # noqa: S101 - the caller has looked
    shown = next(each for each in done.attempts if each.finding == finding)
    steps = _steps(shown)
    last = next(at for at, step in enumerate(steps, 1) if finding in step.findings)
    steps = steps[:last]  # the last command is the one that fails
    found = Found(finding, tuple(s.command for s in steps), steps, campaign.requests)
    if done.result is Fate.REPRODUCED:
        found.first_seen = datetime.fromisoformat(trace.first_seen).timestamp()
        found.shrunk = trace.shrunk
        found.reproduced = (done.seen, done.runs)
        without = [each for each in done.attempts if each.finding is None]
        found.other = _steps(without[0]) if without else ()
    return found


def _steps(attempt: Attempt) -> tuple[Step, ...]:
    return tuple(step for step in attempt.steps if step is not None)
