"""Histories of runs: what a stub, or the embedded FC, has written after a walk of its own."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, Final

from pt004_model.audit.judging import Recorded
from pt004_model.model.commands import Caller, ChangeRun, Command, CreateRun, ReadRun, RunRef
from pt004_model.model.moves import MOVES, body, changing, starting
from pt004_model.model.replies import Reply, Response
from pt004_model.model.values import Body, Json
from pt004_model.vocabulary import Decision, Status
from tests.habits import PLAIN, Habits
from tests.stub import Stub, digest

NONCE: Final = "history"


def walk(
    stub: Stub, number: int, dice: Random, *, acts: int = 14, steps: int | None = None
) -> dict[str, Any]:
    """The envelope of a run of ``steps`` steps (0: ungoverned) after some calls, a few refused."""
    steps = dice.randrange(5) if steps is None else steps
    asked: dict[str, Json] = {"workflow_id": "w", "input_payload": {"n": number}, "tags": ["é"]}
    if steps:
        asked["steps"] = [chr(ord("a") + index) for index in range(steps)]

    ask = _asking(stub)
    ask(CreateRun(number, Body.of(asked), Caller(actor=dice.randrange(3))))
    for _ in range(acts):
        run = stub.worlds[NONCE].runs[number]
        text = body(run, dice.choice(MOVES[:7] if dice.random() < 0.8 else MOVES))
        if text is None:
            continue
        if dice.random() < 0.3:
            text = text.replace(reason=dice.choice(["", "late", "déjà vu"]))
        if text.fields["status"] == "completed" and dice.random() < 0.5:
            text = text.replace(output_payload={"sum": 3})
        if text.fields["status"] == "failed" and dice.random() < 0.5:
            text = text.replace(error_details={"code": 7})
        ask(ChangeRun(number, text, Caller(actor=dice.randrange(3))))
    return _shown(ask(ReadRun(number)))


def _asking(stub: Stub) -> Callable[[Command], Response]:
    def run_id(ref: RunRef) -> str:
        assert isinstance(ref, int)
        return stub.books[NONCE, ref].run_id

    return lambda command: stub.ask(command, run_id, NONCE).response


def _shown(reply: Response) -> dict[str, Any]:
    assert isinstance(reply, Reply)
    assert isinstance(reply.body, dict)
    return reply.body


def export(
    seed: int, runs: int, habits: Callable[[], Habits] = lambda: PLAIN, acts: int = 14
) -> list[dict[str, Any]]:
    """The envelopes of some runs of one stub."""
    dice, stub = Random(seed), Stub(habits=habits)  # noqa: S311 - nothing secret
    return [walk(stub, number, dice, acts=acts) for number in range(runs)]


def recorded(envelope: dict[str, Any]) -> Recorded:
    """An envelope as one reading."""
    run, logs = envelope["run"], envelope["logs"]
    return Recorded(run["run_id"], logs, ("export.json",), run, envelope["gates"], True)


def alone(envelope: dict[str, Any]) -> Recorded:
    """The log of an envelope without the run."""
    return Recorded(envelope["run"]["run_id"], envelope["logs"], ("export.json",))


def governed(stub: Stub | None = None) -> dict[str, Any]:
    """A run of three steps: one allowed, one flagged and approved, one allowed; it completes."""
    stub = stub or Stub()
    steps = ("a", "b", "c")
    calls = [
        (0, starting(steps, 0, Decision.ALLOW)),
        (1, starting(steps, 1, Decision.FLAG)),
        (1, changing(Status.PAUSED)),
        (2, changing(Status.RUNNING, reason="seen")),
        (0, starting(steps, 2, Decision.ALLOW)),
        (0, changing(Status.COMPLETED, output_payload={"sum": 3})),
    ]
    return driven(stub, steps, calls)


def denied(stub: Stub | None = None) -> dict[str, Any]:
    """A run of one step that is flagged, paused and then failed for a reason."""
    calls = [
        (0, starting(("a",), 0, Decision.FLAG)),
        (0, changing(Status.PAUSED)),
        (1, changing(Status.FAILED, reason="no")),
    ]
    return driven(stub or Stub(), ("a",), calls)


def driven(stub: Stub, steps: tuple[str, ...], calls: list[tuple[int, Body]]) -> dict[str, Any]:
    """The envelope of a run after some changes, each by an actor."""
    number, ask = len(stub.books), _asking(stub)
    ask(CreateRun(number, Body.of({"workflow_id": "w", "steps": list(steps)})))
    for actor, text in calls:
        ask(ChangeRun(number, text, Caller(actor=actor)))
    return _shown(ask(ReadRun(number)))


def rehash(envelope: dict[str, Any]) -> dict[str, Any]:
    """The envelope with its whole chain made anew, as somebody would who can write all of it."""
    before = None
    for entry in envelope["logs"]:
        entry["previous_receipt_hash"] = before
        entry["receipt_hash"] = before = digest(
            {name: value for name, value in entry.items() if name != "receipt_hash"}
        )
    chain = [entry["receipt_hash"] for entry in envelope["logs"]]
    envelope["run"]["receipt_chain"] = chain
    if envelope["run"]["workflow_receipt_hash"] is not None:
        envelope["run"]["workflow_receipt_hash"] = digest(chain)
    return envelope
