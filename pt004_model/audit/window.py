"""A log that begins in the middle of a run: nobody knows where the run was, so it may be anywhere.

That a log is such a window is stated by whoever made the export; nothing is guessed. The run is
rebuilt from every state that a run can be in, and from within a change as well, since an export
that is cut by time or by number need not end where a change does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Final

from attrs import evolve, frozen

from pt004_model.judge.clock import Window
from pt004_model.judge.deviation import Deviation
from pt004_model.judge.finding import Finding, Saying, disagreement
from pt004_model.judge.memory import JsonObject
from pt004_model.model.asks import Creation
from pt004_model.model.history import Entry, Gate, StepRef
from pt004_model.model.moves import places
from pt004_model.model.run import Run, create
from pt004_model.vocabulary import Event, Status

BEFORE: Final = 1
"""The version of a run as its window begins."""
ANY_TIME: Final = Window(0.0, float("inf"))
_ONE_CHANGE: Final = (
    Event.GATE_CLOSED, *(Event.STATUS_CHANGED,) * 2, *(Event.STEP_ENDED,) * 2, Event.STEP_STARTED,
    Event.POLICY_DECIDED, Event.GATE_OPENED, Event.RUN_ENDED,
)  # fmt: skip
"""All that one change can write: resuming into a step on which the FC acts by itself (7.2, 5.3)."""
_OF_STEPS: Final = (
    Event.STEP_STARTED, Event.STEP_ENDED, Event.GATE_OPENED, Event.GATE_CLOSED,
    Event.POLICY_DECIDED,
)  # fmt: skip
"""Kinds of entries that name a step."""
_ENOUGH: Final = 4
"""Steps of the longest run whose states are enumerated; of a longer one each step is a middle."""


@frozen
class Unseen(Deviation):
    """What cannot be held against a window: its first entry, and what the run shows from before."""

    def covers(self, check: str, where: str, classes: tuple[str, ...]) -> bool:
        """Tell whether a disagreement is about what was before the window."""
        del classes
        return (check, where) in {
            ("audit.first-entry", "logs[0]"),
            ("receipts.link", "logs[0].previous_receipt_hash"),
            ("receipts.chain", "run.receipt_chain"),
            ("receipts.chain", "logs"),
        }


UNSEEN: Final = Unseen("the log begins in the middle of the run")


def is_window(logs: list[JsonObject]) -> bool:
    """Return whether a log does not begin with its run."""
    return logs[0].get("event_type") != Event.RUN_CREATED


def named_steps(logs: list[JsonObject]) -> tuple[str, ...]:
    """Return the steps that the entries of a log name, in the order in which they were started.

    A change may tell of the step that it starts before it tells of the one that it ends; the ones
    that were started before a window are those that it ends first.
    """
    first: dict[object, dict[str, int]] = {kind: {} for kind in (*_OF_STEPS, None)}
    for index, row in enumerate(logs):
        kind, name = row.get("event_type"), row.get("step_id")
        if isinstance(kind, str) and kind in _OF_STEPS and isinstance(name, str):
            for each in (kind, None):
                first[each].setdefault(name, index)
    started, ended, named = (first[each] for each in (*_OF_STEPS[:2], None))
    before = {name: at - len(logs) for name, at in ended.items()} if is_window(logs) else {}
    at = {**named, **before, **started}
    return tuple(sorted(named, key=lambda name: at[name]))


def skippable(ahead: list[tuple[str, str]]) -> int:
    """Return how many of the first entries may be of one change, by their kinds and actors."""
    left = Counter(map(str, _ONE_CHANGE))
    for number, (kind, actor) in enumerate(ahead):
        left[kind] -= 1
        if left[kind] < 0 or actor != ahead[0][1]:
            return number
    return len(ahead)


def beginnings(asked: Creation, shown: JsonObject) -> Iterator[Run]:
    """Yield the run in every state that it can be in as a window begins.

    What it has sent by then is taken from the run as ``shown``.
    """
    steps = asked.steps or ()
    for place in places(min(len(steps), _ENOUGH)):
        state = place.run.state
        for step in (None,) if state.step is None else range(len(steps)):
            run = evolve(
                create(0, asked, 0, 0, None),
                state=evolve(state, step=step),
                current_step=None if step is None else steps[step],
                step_index=step or 0,
                version=BEFORE,
                started=None if state.status is Status.PENDING else BEFORE,
                ended=BEFORE if state.terminal else None,
                output_payload=shown.get("output_payload") if state.terminal else None,
                error_details=shown.get("error_details") if state.terminal else None,
                log=(),
            )
            yield _waiting(run) if state.gate_pending else run
            if state.status is Status.FAILED and step is None:  # it may never have begun
                yield evolve(run, started=None)


def _waiting(run: Run) -> Run:
    """Return the run with the gate that was opened before the window."""
    name = run.current_step
    gate = Gate(0, StepRef((name,) if run.governed else (name, None)), opened=BEFORE)
    return evolve(run, gates=(gate,), log=(Entry(Event.GATE_OPENED, 0, BEFORE, gate.step),))


def chain_as_shown(shown: JsonObject, logs: list[JsonObject]) -> Finding | None:
    """Return what is wrong where the chain of the run does not end with the window."""
    chain, receipts = shown.get("receipt_chain"), [row.get("receipt_hash") for row in logs]
    if isinstance(chain, list) and chain[-len(receipts) :] == receipts:
        return None
    said = Saying(f"at last the {len(receipts)} receipts of the log")
    return disagreement("receipts.chain", "run.receipt_chain", said, Saying("others"), "the log's")
