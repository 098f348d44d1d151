"""Candidates that tell the same by other calls: sooner, plainer, on one run instead of two."""

from __future__ import annotations

import pytest
from attrs import evolve

from pt004_model.model.commands import Caller, ChangeRun, Command, CreateRun, ReadRun, Tenant
from pt004_model.shrink.recast import PLAIN_CREATE, REDUCTIONS
from pt004_model.trace.recorded import Commands
from tests.drive.helpers import READ, change, create

OURS = Caller()
THEIRS = Caller(Tenant.STRANGER, 2)


def keyed(command: CreateRun | ChangeRun, caller: Caller = OURS) -> Command:
    """The command under a key, by a caller."""
    return evolve(command, key="k", caller=caller)


@pytest.mark.parametrize(
    ("trace", "expected"),
    [
        # what is wrong with a caller is wrong with it from the first call on
        ((create(0), ReadRun(0, caller=THEIRS)), (CreateRun(0, PLAIN_CREATE, THEIRS),)),
        # the key of a change is used by the create, and clashes there
        (
            (create(0), keyed(change(0, "running")), READ, keyed(create(1))),
            (keyed(create(0, tags=[])), READ, keyed(create(1))),
        ),
        # and so it is repeated there, by whom it was; nothing need lie between the two
        (
            (create(0), keyed(change(0, "running")), keyed(change(0, "running"), THEIRS)),
            (keyed(create(0)), keyed(create(0), THEIRS)),
        ),
        # or one change must
        (
            (create(0), keyed(change(0, "running")), change(0, "failed"),
             keyed(change(0, "running"))),
            (keyed(create(0)), change(0, "running"), keyed(create(0))),
        ),
    ],
    ids=["caller", "clash", "repeated", "repeated later"],
)  # fmt: skip
def test_what_a_change_shows_may_show_on_a_create(trace: Commands, expected: Commands) -> None:
    """A create is the first call that can be wrong, and takes nothing before it."""
    assert expected in [each for reduction in REDUCTIONS for each in reduction(trace)]


@pytest.mark.parametrize(
    ("trace", "expected"),
    [
        # the first change that a run can make
        (
            (create(0), change(0, "running"), change(0, "paused", note=1)),
            (create(0), change(0, "running", note=1)),
        ),
        (
            (create(0), change(0, "running"), change(0, "completed", note=1)),
            (create(0), change(0, "failed", note=1)),
        ),
        # wherever what comes of it is seen
        (
            (create(0), change(0, "running"), change(0, "paused", reason=" "), READ),
            (create(0), change(0, "running", reason=" "), READ),
        ),
        # whatever is made again
        (
            (create(0), change(0, "running"), change(0, "completed"), create(1),
             change(1, "completed")),
            (create(0), change(0, "failed"), create(1), change(1, "failed")),
        ),
        # what was refused may as well be what is always refused
        (
            (keyed(create(1)), create(0), keyed(change(0, "running")), READ),
            (create(0), change(0, "completed"), READ),
        ),
    ],
    ids=["start", "failure", "seen later", "again", "refused"],
)  # fmt: skip
def test_what_matters_is_done_sooner(trace: Commands, expected: Commands) -> None:
    """What is wrong with a late change is tried on the first one that a run can make."""
    assert expected in [each for reduction in REDUCTIONS for each in reduction(trace)]


def test_one_run_may_do_for_two() -> None:
    """Where two runs get into each other's way, what is done to one may be in its own way."""
    trace = (keyed(create(4)), READ, create(2), change(2, "running"), keyed(change(2, "paused")))
    candidates = [each for reduction in REDUCTIONS for each in reduction(trace)]
    assert (trace[0], READ, change(4, "running"), keyed(change(4, "paused"))) in candidates
