"""The journal of a campaign: bounded, and with all that a finding about an old run may need."""

from __future__ import annotations

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from pt004_model.drive import session as module
from pt004_model.drive.session import Archive, Remembered
from pt004_model.judge.memory import Seen
from pt004_model.model.commands import ChangeRun, Command, CreateRun, ReadRun
from pt004_model.model.moves import fresh
from pt004_model.model.replies import Reply
from pt004_model.search.payloads import creation
from tests.drive.helpers import change, create, noting, refusal
from tests.habits import Habits, taking
from tests.stub import Stub, Tampering


@settings(max_examples=30)
@given(st.lists(st.integers(1, 6), min_size=1, max_size=40), st.integers(5, 30))
def test_a_journal_is_bounded(lengths: list[int], most: int) -> None:
    """The latest commands stay, and of the runs that are remembered all, in their order."""
    archive, whole = Archive(), list[Command]()
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(module, "JOURNAL", most)
        for number, length in enumerate(lengths):
            since = len(archive.journal)
            archive.begins.append(since)
            commands: list[Command] = [creation(number, ()), *[ReadRun(number)] * length]
            archive.journal += commands
            whole += commands
            run = evolve(fresh(0), number=number)
            archive.remember(Remembered(run, Seen(), since))
    assert len(archive.journal) < 2 * most + 7 * 30
    assert archive.journal[-most:] == whole[-most:]
    for each in archive.runs:
        number = each.run.number
        assert archive.journal[each.since] == creation(number, ())
        mine = [c for c in archive.journal[each.since :] if not isinstance(c, CreateRun)]
        assert sum(c == ReadRun(number) for c in mine) == lengths[number]
    told = [command for part in archive.history() for command in part]
    assert len(told) == len(archive.journal)


def test_a_run_outside_of_the_contract_is_not_remembered() -> None:
    """Nothing that is read of it later could be judged (1)."""
    fc = Stub(habits=lambda: Habits(outcome=taking))
    odd = evolve(change(0, "running"), content_type="text/plain")
    lockstep, found = noting(fc, create(0), create(1), odd)
    assert not found
    assert frozenset({0}) == lockstep.world.outside
    archive = Archive()
    archive.keep(lockstep, 0)
    assert [1] == [each.run.number for each in archive.runs]


def test_a_run_that_may_be_in_two_states_is_not_remembered() -> None:
    """Behind a server error nobody can tell if its call took effect, until it is read."""

    def fails(command: Command, reply: Reply) -> Reply:
        return refusal(reply, 500) if isinstance(command, ChangeRun) else reply

    lockstep, _ = noting(Tampering(Stub(), fails), create(0), create(1), change(0, "running"))
    for expected in ({1}, {0, 1}):
        archive = Archive()
        archive.keep(lockstep, 0)
        assert {each.run.number for each in archive.runs} == expected
        lockstep.do(ReadRun(0))
