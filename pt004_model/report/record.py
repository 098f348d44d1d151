"""A campaign with its evidence: what earlier ones left is replayed first, and all is kept on disk.

The traces of earlier campaigns stay where they are. A finding that a replay shows again is one of
this campaign; the fate of each trace is in ``replays.json``.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Final

from attrs import evolve

from pt004_model.drive.lockstep import Tally
from pt004_model.drive.replay import Attempt, Replay, replay_trace
from pt004_model.drive.replay import Result as Fate
from pt004_model.interrupts import Interruption, undisturbed
from pt004_model.judge.memory import Ledger
from pt004_model.judge.oracle import Verdict
from pt004_model.model.commands import CreateRun, Restart
from pt004_model.report.folder import Folder
from pt004_model.report.shards import PART, part_of
from pt004_model.report.summary import Replayed
from pt004_model.report.text import plain
from pt004_model.search.campaign import Campaign, Profile
from pt004_model.search.goals import measure
from pt004_model.search.results import Result
from pt004_model.shrink.shrinker import Budget
from pt004_model.shrink.triage import NoLonger, trouble
from pt004_model.trace.document import Trace, load_trace
from pt004_model.trace.files import Unusable, Unwritable, write_json
from pt004_model.trace.recorded import Found, Step
from pt004_model.wire.transport import BadTarget

INTERRUPTED: Final = "it was interrupted"
"""Why a campaign ended that somebody broke off."""
_SHOWN: Final = 200  # characters of an error that are repeated

_SPENT: Final = "the time or the requests for replays were spent before it"
_UNKILLED: Final = (
    "the FC is killed in it: say how to (--start-command), or ask for no kills (--no-crashes)"
)
_UNREADABLE: Final = "could not be read"
_NOT_REPLAYED: Final = "were not replayed"


def conduct(
    campaign: Campaign, folder: Folder, say: Callable[[str], None], *, replays: bool = True
) -> tuple[Result, BaseException | None]:
    """Replay what lies in ``folder`` (unless told otherwise), run the campaign, keep its summary.

    Whatever breaks it off, ``KeyboardInterrupt`` and ``Unwritable`` among it, is returned to be
    raised once all is told; the summary says why, as far as that can be written.
    """
    try:
        folder.keep_replays(())
        try:
            if replays:
                _replay_earlier(campaign, folder, say)
            result = campaign.run()
        except NoLonger as gone:
            result = campaign.result(str(gone))
        _keep_traces(folder, result)
        _keep(campaign, folder, result)
    except BaseException as error:
        result = campaign.result(why_broken(error))
        with undisturbed(), suppress(Unwritable):
            _keep(campaign, folder, result)  # first: who broke it off may not wait for long
            _keep_traces(folder, result)
        return result, error
    return result, None


def _keep(campaign: Campaign, folder: Folder, result: Result) -> None:
    if folder.shard:
        write_json(folder.path / PART, part_of(campaign))
    folder.keep_summary(result)


def _keep_traces(folder: Folder, result: Result) -> None:
    """Write each trace with the last count of occurrences, and with what it follows from."""
    for found in result.findings:
        try:
            folder.keep_trace(found)
        except Exception as error:
            found.trouble = found.trouble or trouble("it could not be written down", error)


def why_broken(error: BaseException) -> str:
    """Return what to tell of an error that broke something off, in one line."""
    if isinstance(error, KeyboardInterrupt):
        return INTERRUPTED
    if isinstance(error, Interruption | Unusable | BadTarget):
        return str(error)
    said = plain(" ".join(str(error).split()), _SHOWN)
    return f"this is a bug in pt004: {type(error).__name__}{': ' if said else ''}{said}"


def keep_nothing(folder: Folder, profile: Profile, why: str) -> None:
    """Keep why no campaign was begun, in the place of what an earlier one left to be shown.

    Where a campaign has left its own word, that stands.
    """
    if (folder.path / "summary.json").exists():  # that of the campaign before is gone
        return
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
    with undisturbed(), suppress(Unwritable):
        folder.keep_replays(())
        folder.keep_summary(result)


def _replay_earlier(campaign: Campaign, folder: Folder, say: Callable[[str], None]) -> None:
    """Replay every trace in the folder, as long as the profile's budget for that lasts."""
    paths = folder.earlier()  # all of them in each part: another one may have others
    if not paths:
        return
    say(f"replaying {len(paths)} trace{'s' * (len(paths) > 1)} of earlier campaigns")
    requests, seconds = campaign.profile.replays
    seconds = min(seconds, campaign.remaining() / 2)  # the search is to have its share
    budget = Budget(requests, seconds, started=time.monotonic())
    rows: list[Replayed] = []
    missed: list[tuple[str, str]] = []
    with campaign.triage.within(seconds):
        for path in paths:
            row, why_missed = _replay_one(campaign, folder, path, budget)
            rows.append(row)
            missed += [(why_missed, row.why)] if why_missed else []
            folder.keep_replays(tuple(rows))
            if row.result is not Fate.REPRODUCED:  # that is told as a finding
                say(folder.origin.redact(f"{row.result} {row.fingerprint}: {row.why}"))
    campaign.doubt = _doubt(len(rows), missed)


def _doubt(every: int, missed: list[tuple[str, str]]) -> str:
    """Return why traces that should have been replayed, and were not, leave a campaign unsure."""
    for kind in (_UNREADABLE, _NOT_REPLAYED):
        mine = [why for each, why in missed if each == kind]
        if mine:
            why = f"{len(mine)} of {every} traces of earlier campaigns {kind}: {mine[0]}"
            return why + (f", and {len(mine) - 1} more" if len(mine) > 1 else "")
    return ""


def _replay_one(
    campaign: Campaign, folder: Folder, path: Path, budget: Budget
) -> tuple[Replayed, str]:
    """Return what became of a trace, and why one was not replayed that should have been."""
    at = f"traces/{path.name}"
    try:
        trace = load_trace(path)
    except Unusable as bad:
        return Replayed(path.stem, Fate.UNSURE, at, why=str(bad)), _UNREADABLE
    why = _not_wanted(campaign, trace)
    if why:
        return Replayed(trace.fingerprint, Fate.UNSURE, at, why=why), ""
    why = _UNKILLED if _cannot_be_killed(campaign, trace) else "" if budget.left else _SPENT
    if why:
        return Replayed(trace.fingerprint, Fate.UNSURE, at, why=why), _NOT_REPLAYED
    # judged by what is in it alone, as whoever replays it by itself will do
    session = evolve(campaign.aside, oracle=evolve(campaign.aside.oracle, ledger=Ledger()))
    done = replay_trace(session, trace, campaign.profile.confirm or 1)
    sent = sum(step is not None for attempt in done.attempts for step in attempt.steps)
    budget.spent += sent
    campaign.aside.tally.commands += sent
    if done.result is Fate.REPRODUCED:
        folder.origins[trace.fingerprint] = (trace.seed, trace.profile)
    if done.finding is not None and done.finding.fingerprint not in campaign.found:
        found = _found(campaign, trace, done)
        campaign.believe(found.steps[-1])
        campaign.add(found)
    missed = _NOT_REPLAYED if done.result is Fate.UNSURE and not budget.left else ""
    return Replayed(trace.fingerprint, done.result, at, done.seen, done.runs, done.why), missed


def _not_wanted(campaign: Campaign, trace: Trace) -> str:
    """Return why a trace is not to be replayed in this campaign, or nothing."""
    if trace.area not in campaign.session.oracle.areas:
        return f"the area {trace.area} is not judged in this campaign"
    if trace.echo_of:
        return f"it follows from {trace.echo_of}, and is no finding of its own"
    if campaign.session.ungoverned and any(
        isinstance(each, CreateRun) and "steps" in each.body.fields for each in trace.commands
    ):
        return "it has runs with steps, and this campaign makes runs without steps alone"
    return ""


def _cannot_be_killed(campaign: Campaign, trace: Trace) -> bool:
    """Tell whether a trace takes a kill that this campaign would make, and has no way to."""
    wanted = campaign.profile.crashes > 0 and "durability" in campaign.session.oracle.areas
    killed = any(isinstance(each, Restart) for each in trace.commands)
    return killed and wanted and campaign.share.of == 1 and not campaign.session.crashes


def _found(campaign: Campaign, trace: Trace, done: Replay) -> Found:
    """Return what a replay has shown, as a finding of this campaign."""
    finding = done.finding
    assert finding is not None  # noqa: S101 - the caller has looked
    shown = next(each for each in done.attempts if each.finding == finding)
    steps = _steps(shown)
    last = next(at for at, step in enumerate(steps, 1) if finding in step.findings)
    steps = steps[:last]  # the last command is the one that fails
    found = Found(finding, tuple(s.command for s in steps), steps, campaign.requests)
    found.past = frozenset(trace.past)
    if done.result is Fate.REPRODUCED:
        found.first_seen = datetime.fromisoformat(trace.first_seen).timestamp()
    if done.result is Fate.REPRODUCED and not found.by_chance:  # that is replayed like a new one
        found.shrunk = found.settled = trace.shrunk
        found.reproduced = (done.seen, done.runs)
        without = [each for each in done.attempts if each.finding is None]
        found.other = _steps(without[0]) if without else ()
    return found


def _steps(attempt: Attempt) -> tuple[Step, ...]:
    return tuple(step for step in attempt.steps if step is not None)
