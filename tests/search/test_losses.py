"""Examples in which answers are lost: quiet where nothing is wrong, and what shows in no other."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from attrs import evolve

from pt004_model.cli.options import embedded
from pt004_model.cli.session import embedded_process
from pt004_model.drive.replay import Result as Fate
from pt004_model.drive.replay import replay_trace
from pt004_model.drive.session import Session
from pt004_model.drive.target import Target
from pt004_model.judge.oracle import Oracle, Verdict
from pt004_model.model.commands import Names
from pt004_model.search.campaign import Campaign, Profile
from pt004_model.search.losses import KINDS
from pt004_model.trace.document import dump_trace, read_trace
from pt004_model.trace.redact import Redactor
from pt004_model.trace.writing import Origin, trace_of
from pt004_model.vocabulary import Dialect
from tests.stub import NAMES, Stub

pytestmark = pytest.mark.system

SMALL = Profile("small", examples=4, commands=2, losses=60, confirm=3, shrink=(300, 20.0))


@contextmanager
def target(fault: str | None = None, *, automatic: bool = False) -> Iterator[Target]:
    """An embedded FC in a process, whose connections break as any."""
    with embedded_process(embedded(fault, automatic=automatic)) as url:
        there = Target(url, own=True)
        try:
            yield there
        finally:
            there.close()


@pytest.mark.parametrize("automatic", [False, True])
def test_a_conforming_fc_is_quiet_whatever_is_lost(automatic: bool) -> None:
    """Answers lost by us count as calls without an answer no more than they make it unsure."""
    with target(automatic=automatic) as there:
        result = Campaign(there, SMALL, seed=2).run()
    assert (result.verdict, result.findings, result.why) == (Verdict.CONFORMS, (), "")
    told = result.statistics["losses"]
    assert (told["examples"], result.open_calls) == (60, 0)
    assert told["lost"] > 60
    assert [*told["table"]] == [*KINDS]
    assert all(told["table"].values())
    states = {state for row in told["table"].values() for state in row}
    assert not [each for each in states if each.startswith(("completed", "failed"))]
    assert sum(map(len, told["table"].values())) <= told["cells"]


@pytest.mark.parametrize(
    "fault",
    ["broken-off-body-is-mended", "broken-off-call-spends-its-key",
     "key-of-who-went-away-is-forgotten"],
)  # fmt: skip
def test_what_is_wrong_about_a_lost_answer_is_found_shortened_and_replayed(fault: str) -> None:
    """It takes a create, a call or two before, the lost one and what shows it."""
    with target(fault) as there:
        found, *_ = Campaign(there, SMALL, seed=2, first_only=True).run().findings
        lost = [each for each in found.commands if each.caller.loss is not None]
        assert len(lost) == 1
        assert len(found.commands) <= 5
        names = Names.of("tenant_omega", "tenant_x", ("a", "b", "c"))
        origin = Origin(2, "small", Dialect.SEED, Redactor(()), names=names)
        trace = read_trace(dump_trace(trace_of(found, origin)))
        assert trace.commands == found.commands
        assert replay_trace(there.session(), trace, 2).result is Fate.REPRODUCED
    with target() as there:
        assert replay_trace(there.session(), trace).result is Fate.FIXED


def test_losses_change_nothing_of_the_search() -> None:
    """The same seed asks the same of an FC in its examples, with losses and without."""

    def asked(losses: int) -> list[str]:
        session = Session(Stub(), Oracle(NAMES), keyed=True)
        running = Campaign(session, evolve(SMALL, losses=losses, examples=8), seed=3)
        running.run()
        assert (running.losses.counts.examples > 0) is (losses > 0)
        assert running.session.archive is not None
        return [str(each) for each in running.session.archive.journal]

    assert asked(0) == asked(24)
