"""The Python form: fails of what diverged, passes of what conforms, and says what it leaves."""

from __future__ import annotations

import json
import unittest
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from attrs import frozen

from pt004_model.judge.checks import CHECKS
from pt004_model.model.replies import Reply, Response, Undecodable
from pt004_model.reproduce import as_pytest
from pt004_model.reproduce.claims import claim
from pt004_model.trace.document import Trace
from pt004_model.trace.recorded import Found, Step
from pt004_model.trace.writing import Origin, trace_of
from pt004_model.vocabulary import Dialect
from pt004_model.wire.codec import Exchange
from tests.judge.helpers import Row, talk
from tests.judge.test_checks import ROWS
from tests.sampling import some
from tests.stub import NAMES

ORIGIN = Origin(1, "dev", Dialect.SEED, names=NAMES)


@frozen
class Told:
    """A row told as a trace, with the replies that diverge and those that conform."""

    trace: Trace
    bad: list[Response]
    good: list[Response]


def told(row: Row) -> Told:
    """The trace of a row: what was said before agrees, the last reply is tampered with."""
    conversation = talk(*row.prior, habits=row.habits, authenticates=row.authenticates)
    lockstep = conversation.lockstep
    good = conversation.answer(row.command)
    bad = row.tamper(good)
    said, belief = conversation.judge(row.command, bad), lockstep.views
    last = Step(row.command, Exchange(bad), belief, belief, said)
    steps = (*lockstep.steps, last)
    sent = tuple(step.command for step in steps)
    trace = trace_of(Found(said.findings[0], sent, steps, 1), ORIGIN)
    earlier = [step.response for step in lockstep.steps]
    return Told(trace, [*earlier, bad], [*earlier, good])


def answer(response: Response) -> httpx.Response:
    """A reply as httpx has it."""
    assert isinstance(response, Reply)
    body = response.body
    content = body.start if isinstance(body, Undecodable) else json.dumps(body)
    headers = {"Content-Type": response.content_type}
    return httpx.Response(response.code, headers=headers, content=content)


class Client:
    """A client that is answered as told."""

    answers: Iterator[httpx.Response] = iter(())

    def __init__(self, timeout: float) -> None:
        """Take what the form gives."""

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def request(self, *_: object, **__: object) -> httpx.Response:
        """The next answer."""
        return next(self.answers)


def outcome(trace: Trace, replies: list[Response], monkeypatch: pytest.MonkeyPatch) -> str:
    """What the Python form makes of these replies: passed, failed, left or unsure."""
    monkeypatch.setattr(Client, "answers", map(answer, replies))
    monkeypatch.setattr(httpx, "Client", Client)
    monkeypatch.setattr("time.sleep", lambda _: None)
    monkeypatch.setenv("FC_TOKEN", "omega_good.token")
    monkeypatch.setenv("SECRET_KEY", "a secret for tests")
    space: dict[str, Any] = {"__name__": "shown"}
    exec(compile(as_pytest(trace), "shown.py", "exec"), space)  # noqa: S102 - our own script
    test = next(each for name, each in space.items() if name.startswith("test_"))
    try:
        test()
    except AssertionError:
        return "failed"
    except unittest.SkipTest:
        return "left"
    except space["Unsure"]:
        return "unsure"
    return "passed"


LEFT = {
    "lifecycle.envelope",
    "lifecycle.sections-as-asked",
    "lifecycle.read-is-current",
    "lifecycle.completed-at",
    "lifecycle.times-in-order",
    "gates.one-for-each-flagged-pause",
    "gates.gate-name",
    "gates.created-at",
    "audit.kinds",
    "audit.event-type",
    "audit.first-entry",
    "audit.last-entry",
    "audit.gate-opens-first",
    "audit.changes-in-order",
    "audit.details",
    "audit.message",
    "audit.log-id",
    "audit.timestamp",
    "audit.times-in-order",
    "receipts.hash",
    "receipts.chain",
    "input.refusal-detail",
    "input.reply-is-json",
}
"""The checks that are left to a replay."""


@pytest.mark.parametrize("row", some(ROWS, 3), ids=str)
def test_the_python_form_tells_them_apart(row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    """It fails of the replies that diverged and passes of those that conform, or judges neither."""
    case = told(row)
    came = (outcome(case.trace, case.bad, monkeypatch), outcome(case.trace, case.good, monkeypatch))
    judged = claim(case.trace) is not None
    assert came == (("failed", "passed") if judged else ("left", "left"))


def test_what_is_left_is_known() -> None:
    """What is neither a status, nor a value at a path, nor one shown earlier, is pinned."""
    sequential = {
        check for check in CHECKS if not check.startswith(("concurrency.", "durability."))
    }
    assert sequential == {row.check for row in ROWS}
    judged = {row.check for row in ROWS if claim(told(row).trace) is not None}
    assert LEFT == sequential - judged
