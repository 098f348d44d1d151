"""Answers to calls made again under their keys: everything as it was then (section 10)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import pytest
from attrs import evolve

from pt004_model.judge.oracle import Verdict
from pt004_model.model.commands import ChangeRun
from pt004_model.model.replies import NoAnswer, Reply
from pt004_model.model.values import Json
from tests.judge.helpers import CREATE, FLAGGED, READ, Talk, change, edited, put, start, talk

PAUSE: Final = evolve(change("paused"), key="k")
START: Final = ChangeRun(0, start("a", 0).body, key="k")


def _rewrite(body: Json) -> None:
    assert isinstance(body, dict)
    assert isinstance(body["logs"], list)
    for entry in body["logs"]:
        assert isinstance(entry, dict)
        entry["message"] = "rewritten"


GATE_OF_ANOTHER: Final[Json] = [{"gate_id": "x", "run_id": "another", "status": "pending"}]
TAMPERED: Final[dict[str, Callable[[Reply], Reply]]] = {
    "gates": put("gates.0.approved_by", "mallory", sealed=False),
    "gates of another run": put("gates", GATE_OF_ANOTHER, sealed=False),
    "logs": edited(_rewrite, sealed=False),
}


def found(talked: Talk, command: ChangeRun, reply: Reply) -> set[tuple[str, str]]:
    """What a reply disagrees with, and where."""
    judgement = talked.judge(command, reply)
    return {(each.check, each.where) for each in judgement.findings}


@pytest.mark.parametrize("name", TAMPERED)
def test_logs_and_gates_of_a_replay_are_as_they_were(name: str) -> None:
    """What the first answer showed beside the run is shown again, though things went on."""
    talked = talk(*FLAGGED, PAUSE, change("running", actor=1))
    again = talked.answer(PAUSE)
    assert Verdict.CONFORMS is talked.judge(PAUSE, again).verdict
    where = name.partition(" ")[0]
    assert {("idempotency.replay-as-then", where)} == found(talked, PAUSE, TAMPERED[name](again))


@pytest.mark.parametrize("status", ["approved", "rejected"])
def test_gates_that_the_first_answer_left_out_are_as_they_were(status: str) -> None:
    """Their statuses are known from the model alone."""
    talked = talk(*FLAGGED, PAUSE, change("running", actor=1))
    again = talked.answer(PAUSE)
    key = (0, "k")
    views = tuple(
        evolve(view, replies={key: evolve(view.replies[key], gates=None, logs=None)})
        for view in talked.lockstep.views
    )
    talked.lockstep.views = views
    assert Verdict.CONFORMS is talked.judge(PAUSE, again).verdict
    shown = put("gates.0.status", status, sealed=False)(again)
    assert {("idempotency.replay-as-then", "gates")} == found(talked, PAUSE, shown)
    rewritten = TAMPERED["logs"](again)
    assert {("idempotency.replay-as-then", "logs")} == found(talked, PAUSE, rewritten)


def gone_on() -> Talk:
    """A conversation in which the answer to a keyed start was lost, and the run went on."""
    talked = talk(CREATE)
    talked.answer(START)
    lost = NoAnswer("lost", applied=True, sent=talked.stub.clock.now)
    lockstep = talked.lockstep
    lockstep.views = lockstep.oracle.judge(lockstep.views, START, lost).views
    return talked.say(READ, start("b", 1))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("run_id", "another"),
        ("status", "paused"),
        ("tenant_id", "other"),
        ("current_step", "b"),
        ("step_index", 1),
        ("input_payload", None),
        ("output_payload", {}),
        ("started_at", "2020-01-01T00:00:00Z"),
        ("updated_at", "2020-01-01T00:00:00Z"),
        ("receipt_chain", []),
        ("receipt_chain", ["0" * 64] * 4),
        ("receipt_chain", None),
    ],
)
def test_a_first_answer_that_never_came_is_known_from_the_model(path: str, value: Json) -> None:
    """It shows the run as it was behind that call, in every field of which the model knows."""
    talked = gone_on()
    again = talked.answer(START)
    assert Verdict.CONFORMS is talked.judge(START, again).verdict
    shown = put(f"run.{path}", value, sealed=False)(again)
    assert ("idempotency.replay-as-then", f"run.{path}") in found(talked, START, shown)
    assert {each for each, _ in found(talked, START, shown)} == {"idempotency.replay-as-then"}
