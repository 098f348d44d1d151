"""Rounds of calls at once in a campaign, by kind and state: judged, shortened, replayed."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from attrs import evolve

from pt004_model.drive.lockstep import Lockstep, Tally
from pt004_model.drive.replay import Result as Fate
from pt004_model.drive.replay import replay_trace
from pt004_model.drive.session import Session
from pt004_model.drive.target import Target
from pt004_model.judge.finding import Finding
from pt004_model.judge.oracle import Oracle, Verdict
from pt004_model.model.commands import CreateRun, Names
from pt004_model.search.campaign import Campaign, Profile
from pt004_model.search.races import KINDS, Races
from pt004_model.search.results import Result
from pt004_model.trace.document import Reproduced, dump_trace, read_trace
from pt004_model.trace.redact import Redactor
from pt004_model.trace.writing import Origin, trace_of
from pt004_model.vocabulary import Dialect
from pt004_model.wire.meeting import RaceBy
from tests.cli.servers import fronted
from tests.stub import NAMES, Stub

SMALL = Profile("small", examples=4, commands=2, rounds=40, confirm=3, shrink=(300, 20.0))


def races(session: Session, seed: int = 1) -> Races:
    """Rounds with a session, which are counted apart."""
    return Races(evolve(session, tally=Tally()), Random(seed), (0, 1, 2))  # noqa: S311 - no secret


def campaign(fault: str | None, profile: Profile = SMALL, **more: Any) -> Result:
    """A campaign whose calls at once meet by their last bytes."""
    with fronted(fault=fault) as front:
        target = Target(front.url, own=True, race_by=(RaceBy.LAST_BYTE,), **more)
        try:
            return Campaign(target, profile, seed=2, first_only=fault is not None).run()
        finally:
            target.close()


@pytest.mark.system
def test_a_conforming_fc_is_quiet_in_rounds_of_every_kind() -> None:
    """Whatever order it takes calls in, and in every kind some overlap."""
    result = campaign(None)
    assert (result.verdict, result.findings) == (Verdict.CONFORMS, ())
    told = result.statistics["races"]
    assert told["rounds"] == 40
    assert told["judged"] > 20
    assert told["unsure"] == 0
    assert [*told["table"]] == [*KINDS]
    assert all(told["table"].values())
    assert "concurrency" in result.areas


@pytest.mark.system  # some half a minute each
@pytest.mark.parametrize("fault", ["checked-then-changed", "tenant-of-the-other"])
def test_a_race_is_found_shortened_and_replayed(fault: str) -> None:
    """Of a race no more than three calls at once are told; saved and replayed it is there again."""
    with fronted(fault=fault) as front:
        target = Target(front.url, own=True, race_by=(RaceBy.LAST_BYTE,))
        result = Campaign(target, evolve(SMALL, rounds=200), seed=2, first_only=True).run()
        (found,) = result.findings
        assert found.finding.area == "concurrency"
        raced = [each for each in found.commands if each.caller.client is not None]
        assert 2 <= len(raced) <= 3
        assert len(found.commands) <= 7
        names = Names.of("tenant_omega", "tenant_x", ("a", "b", "c"))
        origin = Origin(2, "small", Dialect.SEED, Redactor(()), names=names, base_url=front.url)
        trace = read_trace(dump_trace(trace_of(found, origin)))
        assert trace.commands == found.commands
        done = replay_trace(target.session(), trace, 5)
        assert done.result is Fate.REPRODUCED
        target.close()
    with fronted() as front:
        target = Target(front.url, own=True, race_by=(RaceBy.LAST_BYTE,))
        whole = evolve(trace, reproduced=Reproduced(5, 5))
        assert replay_trace(target.session(), whole, 5).result is Fate.FIXED
        once = evolve(whole, reproduced=Reproduced(1, 5))
        other = evolve(once, check="idempotency.replay-as-then")  # as a key may show behind a round
        assert replay_trace(target.session(), other, 2).result is Fate.UNSURE
        seldom = replay_trace(target.session(), once, 2)
        assert (seldom.result, seldom.verdict) == (Fate.UNSURE, Verdict.UNSURE)
        assert seldom.why == "not seen in 2, of which the chance is 69.4% if it is there"
        target.close()


@pytest.fixture(scope="module")
def made() -> tuple[Races, Stub]:
    """Rounds of which no two calls overlap, and the FC that they were made on."""
    stub = Stub()
    there = races(Session(stub, Oracle(NAMES)))
    for _ in range(60):
        there.round()
    return there, stub


def test_calls_one_after_the_other_are_no_race(made: tuple[Races, Stub]) -> None:
    """Nothing is counted of them, and a trace of a race is not called fixed by them."""
    there, _ = made
    assert there.counts.rounds == 60
    assert not there.counts.raced
    assert there.counts.missing() == tuple(KINDS)


@pytest.mark.system
def test_rounds_change_nothing_of_the_search() -> None:
    """The same seed asks the same of an FC in its examples, with rounds and without."""

    def asked(rounds: int) -> list[str]:
        stub = Stub()
        session = Session(stub, Oracle(NAMES), races=True)
        running = Campaign(session, evolve(SMALL, rounds=rounds, examples=8), seed=3)
        running.run()
        assert (running.races.counts.rounds > 0) is (rounds > 0)
        assert running.session.archive is not None
        return [str(each) for each in running.session.archive.journal]

    assert asked(0) == asked(24)


def test_the_same_seed_makes_the_same_rounds() -> None:
    """A round draws from the seed alone."""

    def asked() -> list[str]:
        stub = Stub()
        there = races(Session(stub, Oracle(NAMES)), seed=5)
        for _ in range(12):
            there.round()
        return [str(each) for each in stub.asked]

    assert asked() == asked()


def test_some_runs_are_large(made: tuple[Races, Stub]) -> None:
    """An FC takes longer over them, so that calls meet which hardly ever do otherwise."""
    creates = [each for each in made[1].asked if isinstance(each, CreateRun)]
    large = [each for each in creates if len(each.body.text) > 2**18]
    assert len(creates) / 8 < len(large) < len(creates) / 2


@pytest.mark.system
def test_an_fc_that_acts_on_decisions_by_itself_is_quiet() -> None:
    """It goes other ways to a state, and the round is one of the state that it is in."""

    def stop(finding: Finding, _: Lockstep) -> None:
        raise AssertionError(str(finding))

    with fronted(automatic=True) as front:
        target = Target(front.url, own=True, race_by=(RaceBy.LAST_BYTE,))
        there = races(evolve(target.session(), on_finding=stop))
        for _ in range(120):
            there.round()
        assert there.counts.raced.total() > 60
        target.close()
