"""Named laws over one accepted change: what always holds, and what must sometimes happen.

The always-laws are held against every transition of the model by a test, so that the table cannot
say what the contract forbids. The sometimes-laws are witnessed by a campaign: one that never saw a
paused run resume has not tested resuming, however green it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from attrs import frozen

from pt004_model.model.asks import Change
from pt004_model.model.run import Run
from pt004_model.vocabulary import Decision, Event, GateStatus, Status

_RUNNING, _PAUSED = Status.RUNNING, Status.PAUSED


@frozen
class Law:
    """A law: its name, what it says, and whether it holds of a change from one run to another."""

    name: str
    sentence: str
    holds: Callable[[Run, Change, Run], bool]


def _step(run: Run) -> int:
    return -1 if run.state.step is None else run.state.step


def _denied_only_fails(before: Run, _: Change, after: Run) -> bool:
    denied = before.state.decision is Decision.DENY and before.state.status is _RUNNING
    return not denied or after.state.status is Status.FAILED


def _flag_holds(before: Run, _: Change, after: Run) -> bool:
    held = before.state.flagged and before.state.status is _RUNNING
    return not held or after.state.status in {_PAUSED, Status.FAILED}


def _completes_clear(before: Run, _: Change, after: Run) -> bool:
    if after.state.status is not Status.COMPLETED:
        return True
    at_last = not before.governed or _step(before) == before.length - 1
    return at_last and before.clear and before.state.status is _RUNNING


def _one_pending_gate(_before: Run, _change: Change, after: Run) -> bool:
    pending = sum(gate.status is GateStatus.PENDING for gate in after.gates)
    return pending == int(after.state.gate_pending)


def _decisions(run: Run) -> int:
    return sum(entry.event is Event.POLICY_DECIDED for entry in run.log)


ALWAYS: Final = (
    Law(
        "terminal-runs-never-change",
        "A completed or failed run is changed by nothing.",
        lambda before, _change, _after: not before.state.terminal,
    ),
    Law("denied-runs-only-fail", "After deny a run can only fail.", _denied_only_fails),
    Law("flags-hold", "A flagged run can only be paused or fail.", _flag_holds),
    Law("completion-is-earned", "A run completes at its last step, clear.", _completes_clear),
    Law(
        "steps-come-in-order",
        "A step follows the one before it.",
        lambda before, _change, after: 0 <= _step(after) - _step(before) <= 1,
    ),
    Law("one-pending-gate", "A gate is pending only while paused on a flag.", _one_pending_gate),
    Law(
        "log-only-grows",
        "No change touches what is in the log already.",
        lambda before, _change, after: (
            after.version > before.version and after.log[: len(before.log)] == before.log
        ),
    ),
    Law(
        "every-step-is-decided",
        "A step of a governed run starts with one recorded decision.",
        lambda before, _change, after: (
            not before.governed
            or _decisions(after) - _decisions(before) == _step(after) - _step(before)
        ),
    ),
    Law(
        "fresh-runs-start-once",
        "A run is started and ended at most once.",
        lambda before, _change, after: (
            before.started in {None, after.started} and before.ended is None
        ),
    ),
)


def _pauses(run: Run) -> int:
    return sum(
        entry.event is Event.STATUS_CHANGED and entry.new_status is _PAUSED for entry in run.log
    )


SOMETIMES: Final = (
    Law(
        "paused-run-resumes",
        "A paused run resumes within its step.",
        lambda before, _change, after: (
            before.state.status is _PAUSED
            and after.state.status is _RUNNING
            and _step(after) == _step(before)
        ),
    ),
    Law(
        "resume-starts-next-step",
        "A paused run resumes into its next step.",
        lambda before, _change, after: (
            before.state.status is _PAUSED
            and after.state.status is _RUNNING
            and _step(after) == _step(before) + 1
        ),
    ),
    Law(
        "flagged-last-step-completes",
        "A run completes though its last step was flagged.",
        lambda before, _change, after: (
            after.state.status is Status.COMPLETED and before.state.decision is Decision.FLAG
        ),
    ),
    Law(
        "run-is-paused-three-times",
        "A run is paused for the third time.",
        lambda _before, _change, after: _pauses(after) == 3,
    ),
    Law(
        "denied-run-fails",
        "A denied run fails.",
        lambda _before, _change, after: (
            after.state.status is Status.FAILED and after.state.decision is Decision.DENY
        ),
    ),
    Law(
        "gate-is-rejected",
        "A run fails while its gate is pending.",
        lambda before, _change, after: (
            before.state.gate_pending and after.state.status is Status.FAILED
        ),
    ),
    Law(
        "run-is-paused-without-gate",
        "A run is paused on a step that is clear.",
        lambda before, _change, after: (
            after.state.status is _PAUSED and len(after.gates) == len(before.gates)
        ),
    ),
    Law(
        "another-actor-acts",
        "A run is changed by an actor that did not create it.",
        lambda _before, _change, after: after.log[-1].actor != after.actor,
    ),
)
