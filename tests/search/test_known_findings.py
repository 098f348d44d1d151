"""What is known, and what is not always seen: campaigns that go on, and say how sure they are."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from random import Random

import pytest
from attrs import define, evolve, field

from pt004_model.drive.lockstep import Fc
from pt004_model.drive.session import Session
from pt004_model.judge.finding import fingerprint
from pt004_model.judge.oracle import Oracle, Verdict
from pt004_model.model.commands import Command
from pt004_model.model.replies import Reply, Response
from pt004_model.search.campaign import PROFILES, Campaign, Profile
from pt004_model.search.results import Result
from pt004_model.shrink.triage import KNOWN_SHRINK
from pt004_model.trace.recorded import Found
from pt004_model.wire.codec import Exchange
from tests.drive.helpers import refusal, with_run
from tests.judge.helpers import put
from tests.search.test_campaign import SMALL, Heard, Shared, both, unsealed
from tests.stub import NAMES, Tampering

pytestmark = pytest.mark.system

UNSEALED = "receipts.workflow-hash"


def campaign(fc: Fc, profile: Profile = SMALL, known: frozenset[str] = frozenset()) -> Campaign:
    """A campaign that has not begun."""
    return Campaign(Session(fc, Oracle(NAMES)), profile, 1, Heard(), known=known)


def by_check(result: Result) -> dict[str, Found]:
    """The findings by the check that failed."""
    return {found.finding.check: found for found in result.findings}


# What is known


@pytest.mark.slow
def test_what_is_known_does_not_fail_a_campaign() -> None:
    """It is among the findings, marked; alone it is no divergence, beside a new one it is none."""
    new = by_check(campaign(Tampering(Shared(), both)).run())
    everything = frozenset(found.fingerprint for found in new.values())
    alone = campaign(Tampering(Shared(), unsealed), known=everything).run()
    assert (alone.verdict, alone.why) == (Verdict.CONFORMS, "")
    assert [(UNSEALED, True)] == [(f.finding.check, f.known) for f in alone.findings]
    one = frozenset({new[UNSEALED].fingerprint})
    beside = campaign(Tampering(Shared(), both), known=one).run()
    assert beside.verdict is Verdict.DIVERGES
    told = {check: found.known for check, found in by_check(beside).items()}
    assert {UNSEALED: True, "gates.gate-type": False} == told


def test_what_is_known_costs_little() -> None:
    """It is neither replayed nor shortened beyond a few requests: somebody has its trace."""
    plain = campaign(Tampering(Shared(), unsealed)).run()
    known = frozenset(found.fingerprint for found in plain.findings)
    running = campaign(Tampering(Shared(), unsealed), known=known)
    (found,) = running.run().findings
    assert found.reproduced is None
    assert 0 < running.aside.tally.commands <= KNOWN_SHRINK[0]


@pytest.mark.slow
def test_a_known_finding_hinders_nothing() -> None:
    """With a known finding in every answer all is driven and found that is without it."""
    profile = evolve(SMALL, examples=30, confirm=0, shrink=(0, 0.0))
    plain = campaign(Tampering(Shared(), unsealed), profile).run()

    def every(command: Command, reply: Reply) -> Response:
        shown = with_run(reply, tags=["other"]) if reply.code < 300 else reply
        return unsealed(command, shown)

    known = frozenset({fingerprint("lifecycle.sent-data-kept", "tags", "another value")})
    result = campaign(Tampering(Shared(), every), profile, known).run()
    told = {found.finding.check: found.counts for found in result.findings}
    assert {"lifecycle.sent-data-kept": False, UNSEALED: True} == told
    assert plain.coverage == result.coverage
    assert result.coverage.driven > 200


# What is not always seen


@define
class Moody:
    """An FC with a fault that shows by chance."""

    inner: Shared = field(factory=Shared)
    dice: Random = field(factory=lambda: Random(4))  # noqa: S311 - no secret is made
    share: float = 0.5

    def ask(self, command: Command, run_id: Callable[..., str], nonce: str) -> Exchange:
        """A completed run misses its seal, now and then."""
        exchange = self.inner.ask(command, run_id, nonce)
        moody, reply = self.dice.random() < self.share, exchange.response
        if moody and isinstance(reply, Reply):
            return evolve(exchange, response=unsealed(command, reply))
        return exchange


def test_a_flaky_finding_says_how_often_it_was_seen() -> None:
    """Of k replays some show it; both conversations are kept, and both are the same commands."""
    running = campaign(Moody(), evolve(SMALL, confirm=20, shrink=(400, 30.0)))
    (found,) = running.run().findings
    assert found.finding.check == UNSEALED
    assert found.reproduced is not None
    seen, runs = found.reproduced
    assert runs == 20
    assert 2 < seen < 18
    assert found.flaky
    assert [found.finding] == list(found.steps[-1].findings[:1])
    assert not any(step.findings for step in found.other)
    assert [step.command for step in found.other] == list(found.commands)
    heard = running.reporter
    assert isinstance(heard, Heard)
    assert f"{seen} of 20" == [kind for kind, _, _ in heard.told if " of " in kind][-1]


def unhashed(_: Command, reply: Reply) -> Response:
    """The first entry of a log has the hash of another."""
    logged = isinstance(reply.body, dict) and reply.body.get("logs")
    return put("logs.0.receipt_hash", "ab" * 32, sealed=False)(reply) if logged else reply


@pytest.mark.parametrize(("tamper", "believed"), [(unsealed, False), (unhashed, True)])
def test_a_finding_that_never_comes_again(
    tamper: Callable[[Command, Reply], Response], believed: bool
) -> None:
    """What was seen once is told, as seen in none of the replays, with the trace it was seen in.

    It is not believed unless the answer disproves itself.
    """
    calls = itertools.count()

    def once(command: Command, reply: Reply) -> Response:
        wrong = tamper(command, reply)
        return wrong if wrong != reply and next(calls) == 0 else reply

    found, *_ = campaign(Tampering(Shared(), once)).run().findings
    assert found.reproduced == (0, 5)
    assert found.occurrences == 1
    assert found.steps[-1].findings
    assert len(found.other) >= len(found.steps)
    assert found.unconfirmed is not believed


@pytest.mark.parametrize(("confirm", "reproduced"), [(0, None), (1, (1, 1)), (5, (5, 5))])
def test_how_often_is_the_profiles(confirm: int, reproduced: object) -> None:
    """A finding is replayed as often as the profile says, and is sure when all replays show it."""
    result = campaign(Tampering(Shared(), unsealed), evolve(SMALL, confirm=confirm)).run()
    (found,) = result.findings
    assert reproduced == found.reproduced
    assert (found.flaky, found.other) == (False, ())
    assert {5} == {profile.confirm for profile in PROFILES.values()}


def test_replays_are_within_the_budget_for_shrinking() -> None:
    """A long trace is replayed less often; at least once, however long it is."""
    profile = evolve(SMALL, shrink=(2, 60.0))
    running = campaign(Tampering(Shared(), unsealed), profile)
    (found,) = running.run().findings
    assert len(found.commands) > 2
    assert found.reproduced == (1, 1)


@pytest.mark.slow
def test_replays_do_not_steer_the_search() -> None:
    """A seed generates the same commands, however often and however long findings are replayed."""
    generated = []
    for confirm, shrink in ((0, (0, 0.0)), (9, (1000, 60.0))):
        profile = evolve(SMALL, examples=24, confirm=confirm, shrink=shrink)
        running = campaign(Tampering(Shared(), both), profile)
        result = running.run()
        assert result.requests == running.session.tally.commands + running.aside.tally.commands
        archive = running.session.archive
        assert archive is not None
        generated.append((archive.journal, running.session.tally.edges))
    assert generated[0] == generated[1]
    assert len(generated[0][0]) > 200


# An FC that is not deterministic


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_an_fc_that_answers_by_chance(seed: int) -> None:
    """Whatever comes by chance, each finding says how often it was seen, and nothing is raised."""
    dice = Random(seed)  # noqa: S311 - no secret is made

    def moody(command: Command, reply: Reply) -> Response:
        roll = dice.random()
        if roll < 0.1:
            return unsealed(command, reply)
        if roll < 0.15 and reply.code == 200:
            return with_run(reply, status=dice.choice(("paused", "failed", "running")))
        return refusal(reply, 409) if roll < 0.2 and reply.code < 300 else reply

    profile = evolve(SMALL, shrink=(60, 5.0), confirm=3)
    result = campaign(Tampering(Shared(), moody), profile).run()
    shown = any(found.counts for found in result.findings)
    assert result.verdict is (Verdict.DIVERGES if shown else Verdict.UNSURE)
    assert result.findings
    assert result.examples == 14
    for found in (each for each in result.findings if not each.echo_of):
        assert found.reproduced is not None
        assert found.reproduced[1] >= 1
    assert any(found.flaky for found in result.findings)
