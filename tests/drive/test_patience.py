"""An FC that gives no answer is waited for, and lost in the end; none of it in real time."""

from __future__ import annotations

import time
from collections import deque
from itertools import chain, repeat

import pytest

from pt004_model.drive import lockstep as lockstep_module
from pt004_model.drive.lockstep import TargetLost
from pt004_model.wire import patience as patience_module
from pt004_model.wire.patience import LOST_AFTER
from tests.drive.helpers import READ, create, noting
from tests.stub import Losing, Stub
from tests.wire.helpers import Clock

RUN = create(0, "a", "b")


def test_three_silent_calls_in_a_row_and_the_target_is_lost() -> None:
    """An FC that stopped answering ends the conversation, with the reason why."""
    lockstep, _ = noting(Losing(Stub(), iter(["kept", "never", "never", "kept"])), RUN)
    for _ in range(2):
        lockstep.do(READ)
    assert lockstep.tally.silence.calls == 2
    lockstep.do(READ)
    assert not lockstep.tally.silence.calls
    lockstep, _ = noting(Losing(Stub(), repeat("lost")))
    for number in range(LOST_AFTER - 1):
        lockstep.do(create(number, "a"))
    with pytest.raises(TargetLost, match="the answer was lost"):
        lockstep.do(create(9, "a"))
    assert len(lockstep.steps) == LOST_AFTER


def test_an_fc_is_waited_for_before_it_counts_as_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """With patience three silent calls are not the end, and an answer begins it all again."""
    clock = Clock()
    monkeypatch.setattr(lockstep_module, "time", clock)
    monkeypatch.setattr(patience_module, "time", clock)
    fates = ["kept", *5 * ["never"], "kept", *3 * ["never"], "kept"]
    lockstep, _ = noting(Losing(Stub(), chain(fates, repeat("never"))), RUN)
    lockstep.patience = 10.0
    for _ in fates[1:]:
        lockstep.do(READ)
    assert [0.05, 0.1, 0.2, 0.4, 0.05, 0.1] == clock.slept
    clock.slept.clear()
    with pytest.raises(TargetLost, match="the answer was never"):
        deque(map(lockstep.do, repeat(READ)), maxlen=0)
    assert sum(clock.slept) == pytest.approx(10.0)


def test_ctrl_c_ends_a_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """An interrupt comes through at once, and the call that was waited for is on record."""

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    lockstep, _ = noting(Losing(Stub(), chain(["kept"], repeat("never"))), RUN)
    lockstep.patience = 10.0
    monkeypatch.setattr(time, "sleep", interrupted)
    lockstep.do(READ)
    with pytest.raises(KeyboardInterrupt):
        lockstep.do(READ)
    assert (3, False) == (len(lockstep.steps), lockstep.under_way)
