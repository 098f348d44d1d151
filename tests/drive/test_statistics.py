"""What is counted for people: runs by their shape, decisions, times, shrinking."""

from __future__ import annotations

import pytest

from pt004_model.drive.statistics import Latency, Statistics
from pt004_model.model.commands import Command, OddPath, Route
from pt004_model.model.replies import Reply
from pt004_model.shrink.replaying import replay
from pt004_model.shrink.shrinker import Budget, Shrinker
from tests.drive.helpers import READ, change, create, session, start, with_run
from tests.habits import Habits, enforcing
from tests.stub import Losing, Stub, Tampering

FLAGGED = (
    create(0, "a", "b"),
    start(0, "a", 0, "flag"),
    change(0, "paused"),
    change(0, "running"),
    change(0, "paused"),
    start(0, "b", 1),
)
"""A run of two steps, paused twice, with five accepted changes."""


def told(*commands: Command, stub: Stub | None = None) -> dict[str, object]:
    """What was counted of a conversation with an FC that conforms."""
    here = session(stub or Stub())
    lockstep = here.lockstep()
    for command in commands:
        lockstep.do(command)
    return here.tally.statistics.as_json()


def test_runs_are_counted_by_their_shape() -> None:
    """Steps declared, changes accepted and pauses made are each counted by run."""
    second = (create(1), change(1, "paused"), change(1, "running"), READ)
    counted = told(*FLAGGED, *second, change(0, "completed"), change(0, "failed"))
    assert counted["step_counts"] == {"0": 1, "2": 1}
    assert counted["run_lengths"] == {"1": 1, "6": 1}  # the last change of the first is refused
    assert counted["pauses"] == {"0": 1, "2": 1}
    assert counted["decisions"] == {"allow": 1, "flag": 1, "deny": 0}


def test_an_fc_that_acts_by_itself() -> None:
    """A start that comes back paused counts as two changes and a pause."""
    counted = told(*FLAGGED[:2], stub=Stub(habits=lambda: Habits(outcome=enforcing)))
    assert counted["run_lengths"] == {"2": 1}
    assert counted["pauses"] == {"1": 1}
    assert counted["decisions"] == {"allow": 0, "flag": 1, "deny": 0}


def test_times_are_counted_by_route() -> None:
    """Creates, changes and reads have times of their own; other calls have none."""
    latency = told(*FLAGGED, READ, READ, OddPath("..")).get("latency")
    assert isinstance(latency, dict)
    assert {"create": 1, "change": 5, "read": 2} == {
        route: times["count"] for route, times in latency.items()
    }


def test_a_call_without_an_answer_has_no_time() -> None:
    """What was lost is not counted, and what it did is neither."""
    here = session(Losing(Stub(), iter(["kept", "lost"])))
    lockstep = here.lockstep()
    for command in (create(0), change(0, "running"), READ):
        lockstep.do(command)
    assert "change" not in here.tally.statistics.as_json()["latency"]
    assert here.tally.statistics.as_json()["run_lengths"] == {"0": 1}


@pytest.mark.parametrize(
    ("share", "expected"),
    [(0.5, 50), (0.9, 90), (0.99, 99), (1.0, 100)],
)
def test_percentiles_are_right_to_a_fortieth(share: float, expected: float) -> None:
    """Of the times 1 to 100 ms each percentile is the number itself, give or take 2.5 %."""
    latency = Latency()
    for milliseconds in range(1, 101):
        latency.add(milliseconds / 1000)
    assert latency.percentile(share) == pytest.approx(expected, rel=0.026)
    assert latency.as_json()["max"] == 100.0


def test_times_take_no_more_memory_than_buckets() -> None:
    """A hundred thousand calls between 1 and 10 ms fill fewer than fifty buckets."""
    latency = Latency()
    for number in range(100_000):
        latency.add(0.001 + 0.009 * number / 100_000)
    assert latency.buckets.total() == 100_000
    assert len(latency.buckets) < 50


def test_a_clock_that_was_set_back() -> None:
    """A call that seems to have ended before it began took next to no time."""
    statistics = Statistics()
    statistics.answered(READ, Reply(200, {}, sent=10.0, received=9.0))
    assert statistics.as_json()["latency"] == {
        "read": {"count": 1, "p50": 0.01, "p90": 0.01, "p99": 0.01, "max": 0.01}
    }
    assert list(statistics.latency) == [Route.READ]


def test_nothing_was_sent() -> None:
    """Without calls there are no counts and no percentiles."""
    assert Statistics().as_json() == {
        "step_counts": {},
        "run_lengths": {},
        "pauses": {},
        "decisions": {"allow": 0, "flag": 0, "deny": 0},
        "outside": {},
        "latency": {},
        "shrinking": {"requests": 0, "seconds": 0.0},
    }
    assert Latency().percentile(0.5) == 0.0


def test_shrinking_is_counted_apart() -> None:
    """What shrinking sends is counted as such, and so is the time that it takes."""

    def wrong(command: Command, reply: Reply) -> Reply:
        return with_run(reply, tags=["x"]) if command == READ else reply

    here = session(Tampering(Stub(), wrong))
    commands = (*FLAGGED, READ)
    finding = replay(here, commands).finding
    assert finding is not None
    sent = here.tally.commands
    Shrinker(here, finding.fingerprint, commands, Budget()).run()
    shrinking = here.tally.statistics.as_json()["shrinking"]
    assert here.tally.commands - sent == shrinking["requests"]
    assert shrinking["requests"] > 0
    assert shrinking["seconds"] > 0
