"""A trace sent again, judged as it was: is what was found still there?

No Hypothesis is in this. The commands go out in the order of the trace, in a conversation of their
own with an FC of either dialect, and each reply is judged as in a campaign.
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import StrEnum
from typing import Any, Final

import attrs
from attrs import asdict, evolve, frozen

from pt004_model.drive.lockstep import TRIES, Lockstep, OutOfTime, Tally, TargetLost
from pt004_model.drive.session import Session
from pt004_model.judge.finding import Finding, place_of, quote
from pt004_model.judge.oracle import Judgement, Verdict
from pt004_model.model.commands import Restart, Token, Wait, describe
from pt004_model.model.replies import NoAnswer, Reply, Response, Undecodable
from pt004_model.model.telling import tell
from pt004_model.model.world import Unjudged
from pt004_model.trace.document import EXTRACTED, Trace, TraceStep
from pt004_model.trace.recorded import Step


class Result(StrEnum):
    """The fate of a finding whose trace was replayed."""

    REPRODUCED = "reproduced"
    CHANGED = "changed"
    UNSURE = "unsure"
    FIXED = "fixed"


VERDICTS: Final = {
    Result.REPRODUCED: Verdict.DIVERGES,
    Result.CHANGED: Verdict.DIVERGES,
    Result.UNSURE: Verdict.UNSURE,
    Result.FIXED: Verdict.CONFORMS,
}
"""The verdict on the FC of each result."""


_CERTAIN: Final = 0.001
"""The chance of silence below which a race or a crash counts as fixed."""


@frozen
class Attempt:
    """One run through the commands.

    ``steps`` has a recorded step for each command of the trace in turn, ``None`` for one that was
    not sent; what follows the finding is left out. ``why`` is a sentence.
    """

    result: Result
    why: str
    finding: Finding | None
    steps: tuple[Step | None, ...]


@frozen
class Replay:
    """The fate of a trace in ``runs`` attempts, of which ``seen`` showed the ``result``.

    ``finding`` is the one that was seen, ``None`` where none was. ``why`` is a sentence.
    """

    result: Result
    seen: int
    runs: int
    why: str
    finding: Finding | None
    attempts: tuple[Attempt, ...]

    @property
    def verdict(self) -> Verdict:
        """Return the verdict of the replay on the FC."""
        return VERDICTS[self.result]


def replay_trace(session: Session, trace: Trace, runs: int = 1) -> Replay:
    """Send the commands of ``trace`` to the FC of ``session``, ``runs`` times over.

    REPRODUCED when the finding was seen at least once, else CHANGED when another was that is not in
    the trace as well, else UNSURE when an attempt says nothing, else FIXED. A race or a crash that
    is not seen is FIXED only where that would hardly come by chance. Nothing is counted in the
    session. Never raises for what an FC does.
    """
    missing = _not_judged(session, trace) or _missing_tokens(session, trace)
    if missing:
        return Replay(Result.UNSURE, 0, 0, missing, None, ())
    known = session.known.union(trace.past) - {trace.fingerprint}
    own = evolve(
        session.paced_for(trace.where), tally=Tally(on_run=session.tally.on_run), known=known
    )
    attempts = tuple(_answered_attempt(own, trace) for _ in range(runs))
    for result in Result:  # in the order in which one outweighs the next
        same = [each for each in attempts if each.result is result]
        if same:
            why = same[0].why
            chance = _chance_of_silence(trace, runs) if result is Result.FIXED else 0.0
            if chance > _CERTAIN:
                why = f"not seen in {runs}, of which the chance is {chance:.1%} if it is there"
                why = why if chance < 1.0 else f"not seen in {runs}, nor in any replay before"
                return Replay(Result.UNSURE, len(same), runs, why, None, attempts)
            return Replay(result, len(same), runs, why, same[0].finding, attempts)
    raise ValueError("a replay takes at least one run")


def _chance_of_silence(trace: Trace, runs: int) -> float:
    """Return the chance that what depends on the moment does not show in ``runs`` replays.

    At the rate of its earlier replays, had there been one more in vain; none where one call follows
    the other and nothing is killed.
    """
    if not any(isinstance(c, Restart) or c.caller.client is not None for c in trace.commands):
        return 0.0
    seen, before = (0, 1) if trace.reproduced is None else attrs.astuple(trace.reproduced)
    return float((1 - seen / (before + 1)) ** runs)


def _not_judged(session: Session, trace: Trace) -> str:
    """Why what the trace shows would not be seen, or nothing."""
    if trace.area in session.oracle.areas:
        return ""
    return (
        f"the area {trace.area} is not judged; where {trace.check} is a check of your own, import"
        " the module that makes it, or name it as an entry point of pt004.checks"
    )


def _missing_tokens(session: Session, trace: Trace) -> str:
    """Return why the calls cannot be made as they were (some take a token), or nothing."""
    needed = {command.caller.token for command in trace.commands} - {Token.GOOD}
    if needed <= set(session.bad_tokens):
        return ""
    kinds = ", ".join(sorted(needed - set(session.bad_tokens)))
    return (
        f"a call is made with a bad token ({kinds}), which takes an FC that checks tokens and the"
        " means to make one: set FC_TOKEN or SECRET_KEY (the embedded one takes --auth as well)"
    )


def _answered_attempt(session: Session, trace: Trace) -> Attempt:
    """Return an attempt, made again where a call got no answer, which says nothing."""
    for _ in range(TRIES):
        attempt = _attempt(session, trace)
        answered = not any(step and step.silent for step in attempt.steps)
        seen = attempt.result is Result.REPRODUCED  # any other may be due to what was lost
        if seen or answered or session.tally.silence.means_gone(session.patience):
            break
    return attempt


def _attempt(session: Session, trace: Trace) -> Attempt:
    lockstep = session.lockstep(lambda _finding, _lockstep: None)
    steps: list[Step | None] = []
    judgements: list[Judgement | None] = []
    other: Finding | None = None
    told = {(each.check, place_of(each.where)) for step in trace.steps for each in step.findings}
    for each in trace.steps:
        done = len(lockstep.steps)
        try:
            judgements.append(lockstep.do(each.send))
        except TargetLost as lost:
            steps += lockstep.steps[done:]
            return Attempt(Result.UNSURE, f"it was broken off: {lost}", None, tuple(steps))
        except OutOfTime as over:
            return Attempt(Result.UNSURE, str(over), None, tuple(steps))
        # calls that are made at once have their steps when the last of the round has its own
        new = lockstep.steps[done:]
        steps += new if judgements[-1] is not None else [None]
        for finding in new[-1].findings if new else ():
            if finding.fingerprint == trace.fingerprint:
                why = f"the finding was seen again at step {len(steps)}"
                return Attempt(Result.REPRODUCED, why, finding, tuple(steps))
            if (finding.check, place_of(finding.where)) not in told:
                other = other or finding
    if other is not None:
        why = f"another finding was seen, {other.fingerprint} {other}"
        return Attempt(Result.CHANGED, why, other, tuple(steps))
    unsure = _no_race(lockstep) or _unsure(trace.check, tuple(steps), judgements)
    if unsure:
        return Attempt(Result.UNSURE, unsure, None, tuple(steps))
    said = "each call was" if trace.fingerprint == EXTRACTED else "the command that failed was"
    why = f"{said} answered as the contract allows{_though(trace, steps)}"
    return Attempt(Result.FIXED, why, None, tuple(steps))


def _no_race(lockstep: Lockstep) -> str:
    """Return why calls that were to be made at once say nothing, or nothing."""
    for judged in lockstep.rounds:
        if judged.one:
            return "the calls that were to be made at once did not overlap"
        if judged.verdict is Verdict.UNSURE:
            return judged.why
    return ""


def _unsure(check: str, steps: tuple[Step | None, ...], judgements: list[Judgement | None]) -> str:
    """Why an attempt without a finding says nothing, or nothing."""
    for number, step in enumerate(steps, 1):
        if step is None:
            return f"step {number} could not be sent: its run is not there, or was set aside"
        if step.silent:
            assert isinstance(step.response, NoAnswer)  # noqa: S101 - it is silent
            return f"step {number} got no answer: {step.response.why}"
    for judgement in judgements:
        if judgement is not None and check in judgement.unsure:
            return judgement.unsure[check]
    last = judgements[-1]
    if last is None or last.verdict is Verdict.UNSURE:
        return "the answer to the command that failed settles nothing"
    if isinstance(last.outcome, Unjudged):
        return "the command that failed now lies beyond the contract, and any answer to it will do"
    return ""


def _though(trace: Trace, steps: list[Step | None]) -> str:
    """Return where the FC, as it is free to, went another way than in the trace."""
    for number, (then, now) in enumerate(zip(trace.steps[:-1], steps, strict=False), 1):
        if now is not None and then.reply is not None:
            was, is_now = _outcome(then.reply), _outcome(now.response)
            if was != is_now:
                return f", though step {number} was {is_now}, which was {was} in the trace"
    return ""


def _outcome(response: Response) -> str:
    if isinstance(response, NoAnswer):
        return "not answered"
    return "accepted" if response.code < 300 else "refused"


def attempt_lines(trace: Trace, attempt: Attempt) -> Iterator[str]:
    """Yield one attempt for people, step by step: what was sent, what was expected, what came."""
    steps = (*attempt.steps, *(None for _ in trace.steps[len(attempt.steps) :]))
    for number, (then, now) in enumerate(zip(trace.steps, steps, strict=True), 1):
        yield f"  {number}. {describe(then.send)}"
        if now is None:
            yield "     not sent"
            continue
        if isinstance(then.send, Wait | Restart) and isinstance(now.response, Reply):
            continue
        yield f"     expected: {' | '.join(_expected(now))}"
        yield f"     got:      {told(now.response)}"
        for finding in now.findings:
            yield f"     {finding.fingerprint} {finding}"


def result_line(replay: Replay) -> str:
    """Return the fate of the trace in one line."""
    count = f" {replay.seen} of {replay.runs}" if replay.runs else ""
    return f"{replay.result.upper()}{count}: {replay.why}"


def as_json(trace: Trace, replay: Replay) -> dict[str, Any]:
    """Return a replay for programs; ``null`` stands for a step that was not sent."""
    return {
        "fingerprint": trace.fingerprint,
        "check": trace.check,
        "result": str(replay.result),
        "seen": replay.seen,
        "runs": replay.runs,
        "why": replay.why,
        "attempts": [
            {
                "result": str(attempt.result),
                "why": attempt.why,
                "steps": [
                    None if now is None else _step_as_json(then, now)
                    for then, now in zip(trace.steps, attempt.steps, strict=False)
                ],
            }
            for attempt in replay.attempts
        ],
    }


def _step_as_json(then: TraceStep, now: Step) -> dict[str, Any]:
    return {
        "says": describe(then.send),
        "expected": list(_expected(now)),
        "got": told(now.response),
        "findings": [asdict(each, filter=attrs.filters.exclude("manner")) for each in now.findings],
    }


def _expected(step: Step) -> tuple[str, ...]:
    return tuple(tell(each) for each in step.allowed)


def told(response: Response) -> str:
    """Return a response in a few words: ``status 200, run paused``."""
    if isinstance(response, NoAnswer):
        return f"no answer: {response.why}"
    body, head = response.body, f"status {response.code}"
    if isinstance(body, Undecodable):
        return f"{head}, {body.why}"
    if not isinstance(body, dict):
        return f"{head}, {quote(body)}"
    if response.run is not None:
        return f"{head}, run {quote(response.run.get('status'))}"
    return f"{head}, {quote(body.get('detail'))}"
