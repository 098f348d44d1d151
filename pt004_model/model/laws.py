"""Named laws over one accepted change: what must sometimes happen.

They are witnessed by a campaign: one that never saw a paused run resume has not tested resuming,
however green it is. What must always hold of the model is held by its tests.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from attrs import frozen

from pt004_model.model.asks import Change
from pt004_model.model.run import Run
from pt004_model.vocabulary import Decision, Status

_RUNNING, _PAUSED = Status.RUNNING, Status.PAUSED


@frozen
class Law:
    """A law: its name, what it says, and whether it holds of a change from one run to another."""

    name: str
    sentence: str
    holds: Callable[[Run, Change, Run], bool]


SOMETIMES: Final = (
    Law(
        "paused-run-resumes",
        "A paused run resumes within its step.",
        lambda before, _change, after: (
            before.state.status is _PAUSED
            and after.state.status is _RUNNING
            and after.state.here == before.state.here
        ),
    ),
    Law(
        "resume-starts-next-step",
        "A paused run resumes into its next step.",
        lambda before, _change, after: (
            before.state.status is _PAUSED
            and after.state.status is _RUNNING
            and after.state.here == before.state.here + 1
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
        lambda _before, _change, after: after.pauses == 3,
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
