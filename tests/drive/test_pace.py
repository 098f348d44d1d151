"""A finding about a time is sent again without haste: a clock shows no more than it shows."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from attrs import define, evolve, field

from pt004_model.drive.replay import Result, replay_trace
from pt004_model.drive.session import Session
from pt004_model.judge.oracle import Oracle
from pt004_model.model.commands import Command, CreateRun, RunRef, Wait, describe
from pt004_model.model.replies import Reply
from pt004_model.model.values import Body, Json
from pt004_model.search.campaign import Campaign
from pt004_model.shrink.replaying import replay as send
from pt004_model.trace.writing import Origin, trace_of
from pt004_model.vocabulary import Dialect
from pt004_model.wire.codec import Exchange
from tests.drive.helpers import with_run
from tests.search.test_campaign import SMALL, Heard, Shared
from tests.stub import NAMES, Clock, Stub

QUICK = 0.0005
"""Seconds; far less than what is left open of a clock."""


@define
class Stale:
    """An FC in which a pause leaves ``updated_at`` as it was."""

    inner: Stub
    _before: dict[str, Json] = field(factory=dict)

    def ask(self, command: Command, run_id: Callable[[RunRef], str], nonce: str) -> Exchange:
        """The stub's answer with the time of the change before."""
        exchange = self.inner.ask(command, run_id, nonce)
        reply = exchange.response
        if not isinstance(reply, Reply) or not isinstance(reply.body, dict):
            return exchange
        run = reply.body.get("run")
        if not isinstance(run, dict) or not isinstance(run.get("run_id"), str):
            return exchange
        if run["status"] == "paused":
            before = self._before[str(run["run_id"])]
            return evolve(exchange, response=with_run(reply, updated_at=before))
        self._before[str(run["run_id"])] = run["updated_at"]
        return exchange


@pytest.fixture
def stale(monkeypatch: pytest.MonkeyPatch) -> Stale:
    """An FC that answers at once, and lets time pass whenever we let it."""
    clock = Clock(step=QUICK)

    def sleep(seconds: float) -> None:
        clock.now += seconds

    monkeypatch.setattr(time, "sleep", sleep)
    return Stale(Shared(clock=clock))


def session(fc: Stale) -> Session:
    """A session that knows nothing of the FC's clock."""
    return Session(fc, Oracle(NAMES))


@pytest.mark.system
def test_without_haste_a_finding_about_a_time_is_short_and_sure(stale: Stale) -> None:
    """What lay between two changes in the search is not needed where time passes by itself."""
    campaign = Campaign(session(stale), evolve(SMALL, examples=120), 0, Heard(), first_only=True)
    (found,) = campaign.run().findings
    assert (found.finding.check, found.reproduced) == ("lifecycle.updated-at", (5, 5))
    said = [describe(command) for command in found.commands]
    assert said == ['run 0: create {"workflow_id":"w"}', "run 0: to running", "run 0: to paused"]

    # no time passes between these calls
    assert send(session(stale), found.commands).finding is None

    trace = trace_of(found, Origin(0, "dev", Dialect.SEED, names=NAMES))
    replay = replay_trace(session(stale), trace, 3)
    assert (replay.result, replay.seen) == (Result.REPRODUCED, 3)


def test_other_findings_are_not_slowed_down(stale: Stale) -> None:
    """Only where a time is wrong does it help to wait."""
    made = session(stale)
    assert made.paced_for("run.status") is made
    assert made.paced_for("logs[2].timestamp").pace > 0


def test_a_wait_is_kept_as_long_as_it_was() -> None:
    """What happens by itself may take the time that went by before it was waited for."""
    stub = Stub()
    lockstep = Session(stub, Oracle(NAMES)).lockstep()
    lockstep.do(CreateRun(0, Body.of({"workflow_id": "w"})))
    time.sleep(0.2)
    for seconds in (0.0, 0.3):
        lockstep.do(Wait(0, seconds))
    first, later = (step.command for step in lockstep.steps[1:])
    assert isinstance(first, Wait)
    assert first.seconds >= 0.2
    assert isinstance(later, Wait)
    assert later.seconds >= 0.3
    lockstep.touched.clear()
    lockstep.do(Wait(0, 0.0))
    assert lockstep.steps[-1].command == Wait(0, 0.0)
