"""What a Federation Core may write is never called wrong, however free it is."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pt004_model.audit.judging import Judge
from pt004_model.model.moves import changing, starting
from pt004_model.vocabulary import Decision, Status
from tests.audit.campaigns import campaign
from tests.audit.histories import alone, driven, export, recorded
from tests.habits import FREEDOMS, Habits, in_microseconds, in_milliseconds, in_seconds, wayward
from tests.sampling import some
from tests.stub import Stub

STAMPS = (in_microseconds, in_milliseconds, in_seconds)


def free(seed: int, stamp: Callable[[float], str] = in_microseconds) -> Callable[[], Habits]:
    """Habits that are free anew at each call."""
    return wayward(Random(seed), stamp)  # noqa: S311 - nothing secret


@pytest.mark.parametrize("name", some(FREEDOMS.keys(), 3))
def test_every_freedom_conforms(name: str) -> None:
    """Whichever freedom an FC takes, nothing is found in its envelopes."""
    judge = Judge()
    for envelope in export(11, 12, lambda: FREEDOMS[name]):
        assert judge.judge(recorded(envelope)) == ((), ())


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6), stamp=st.sampled_from(STAMPS))
def test_freedom_at_each_call_conforms(seed: int, stamp: Callable[[float], str]) -> None:
    """Nothing is found in the runs of an FC that is free anew at each call."""
    judge = Judge()
    habits = free(seed, stamp)
    for envelope in export(seed, 4, habits, acts=20):
        assert judge.judge(recorded(envelope)) == ((), ())


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10**6))
@example(seed=699)  # another than who makes the changes is named where nothing tells of a change
def test_a_log_alone_conforms(seed: int) -> None:
    """Nothing is found in logs without the runs, though of some nobody can tell."""
    judge = Judge()
    for envelope in export(seed, 4, free(seed), acts=20):
        wrong, unsure = judge.judge(alone(envelope))
        assert wrong == ()
        assert not unsure or envelope["run"]["steps"] is None


@pytest.mark.system
def test_a_campaign_conforms() -> None:
    """Nothing is found in the runs of a campaign against the embedded FC."""
    judge, envelopes = Judge(), campaign(None, seed=5, examples=8)
    assert len(envelopes) > 30
    for envelope in envelopes:
        assert judge.judge(recorded(envelope)) == ((), ())


@pytest.mark.slow
@settings(max_examples=6, deadline=None)
@given(seed=st.integers(0, 10**6), share=st.floats(0.01, 0.95))
@example(seed=15401, share=0.4375)  # a way that is not taken counts the gates otherwise
@example(seed=812539, share=0.34435687834710577)  # a step is told of before the one that it ends
@example(seed=905448, share=0.3589412774602914)
def test_a_window_conforms(seed: int, share: float) -> None:
    """Nothing is found in a log that begins anywhere, within a change too, when that is stated."""
    for envelope in export(seed, 2, free(seed), acts=16):
        cut = {**envelope, "logs": envelope["logs"][int(share * len(envelope["logs"])) :]}
        assert Judge(partial=True).judge(recorded(cut))[0] == ()
        assert Judge(partial=True).judge(alone(cut))[0] == ()


@pytest.mark.system
def test_a_window_of_a_long_run_conforms() -> None:
    """A window on a run of more steps than are enumerated is found wherever it begins."""
    steps = tuple("abcdefgh")
    calls = [(0, starting(steps, index, Decision.ALLOW)) for index in range(8)]
    envelope = driven(Stub(), steps, [*calls, (0, changing(Status.COMPLETED))])
    for at in range(1, len(envelope["logs"]), 3):
        cut = {**envelope, "logs": envelope["logs"][at:]}
        assert Judge(partial=True).judge(recorded(cut)) == ((), ())
