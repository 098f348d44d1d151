"""Campaigns against a stub: verdicts, findings, budgets, and that nothing an FC does raises."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from attrs import define, evolve, field

from pt004_model.drive.lockstep import Fc
from pt004_model.drive.session import Session
from pt004_model.judge.oracle import Oracle, Verdict
from pt004_model.model.commands import Command, CreateRun, OddPath, Restart, RunRef, describe
from pt004_model.model.replies import NoAnswer, Reply, Response
from pt004_model.model.values import Json
from pt004_model.search import campaign as module
from pt004_model.search.campaign import PROFILES, Campaign, Profile
from pt004_model.search.results import Progress, Result
from pt004_model.trace.recorded import Found
from pt004_model.wire.codec import Exchange
from tests.drive.helpers import with_run
from tests.stub import NAMES, Losing, Stub, Tamper, Tampering

pytestmark = pytest.mark.system

SMALL = Profile("small", examples=14, commands=10)


@define
class Heard:
    """A reporter that notes what it is told, in order."""

    told: list[tuple[str, str, int]] = field(factory=list)
    stands: list[Progress] = field(factory=list)

    def found(self, found: Found) -> None:
        """Note a finding with the length of its trace."""
        self.told.append(("found", found.fingerprint, len(found.steps)))

    def improved(self, found: Found) -> None:
        """Note a shorter trace."""
        self.told.append(("improved", found.fingerprint, len(found.steps)))

    def confirmed(self, found: Found) -> None:
        """Note how often a finding was seen again."""
        seen, runs = found.reproduced or (0, 0)
        self.told.append((f"{seen} of {runs}", found.fingerprint, len(found.steps)))

    def progress(self, progress: Progress) -> None:
        """Note where the campaign stands."""
        self.stands.append(progress)


def explore(
    fc: Fc, profile: Profile = SMALL, seed: int = 1, heard: Heard | None = None, **how: bool
) -> Result:
    """One campaign."""
    session = Session(fc, Oracle(NAMES), ungoverned=how.get("ungoverned", False))
    first_only = how.get("first_only", False)
    return Campaign(session, profile, seed, heard or Heard(), first_only=first_only).run()


@define
class Shared(Stub):
    """A stub whose runs may be asked for in later conversations, as a campaign does."""

    def ask(self, command: Command, run_id: Callable[[RunRef], str], nonce: str) -> Exchange:
        """Answer ``command`` in the conversation in which its run was made."""
        if not isinstance(command, CreateRun | OddPath | Restart) and isinstance(command.run, int):
            said = run_id(command.run)
            for (known, number), book in self.books.items():
                if book.run_id == said:
                    return super().ask(evolve(command, run=number), lambda _: said, known)
        return super().ask(command, run_id, nonce)


@define
class Dying:
    """An FC that is gone after so many calls."""

    fc: Fc
    calls: int

    def ask(self, command: Command, run_id: Callable[[RunRef], str], nonce: str) -> Exchange:
        """What the FC answers, or nothing any more."""
        self.calls -= 1
        if self.calls < 0:
            return Exchange(NoAnswer("it is gone", applied=False))
        return self.fc.ask(command, run_id, nonce)


# What is planted


def unsealed(_: Command, reply: Reply) -> Response:
    """A completed run never gets its workflow receipt."""
    return with_run(reply, workflow_receipt_hash=None) if _status(reply) == "completed" else reply


def robots(_: Command, reply: Reply) -> Response:
    """Gates are said to be no human's."""
    body = reply.body
    if not isinstance(body, dict) or not isinstance(gates := body.get("gates"), list):
        return reply
    changed: list[Json] = [
        {**gate, "gate_type": "robot"} for gate in gates if isinstance(gate, dict)
    ]
    return evolve(reply, body={**body, "gates": changed})


def _status(reply: Reply) -> Json:
    run = reply.body.get("run") if isinstance(reply.body, dict) else None
    return run.get("status") if isinstance(run, dict) else None


def both(command: Command, reply: Reply) -> Response:
    """Both of them."""
    once = unsealed(command, reply)
    return robots(command, once) if isinstance(once, Reply) else once


UNSEALED = [
    'run 0: create {"workflow_id":"w"}',
    "run 0: to running",
    "run 0: to completed",
]
ROBOTS = [
    'run 0: create {"workflow_id":"w"}',
    "run 0: to running with policy flag",
    "run 0: to paused",
    "run 0: read with gates",
]


def said(found: Found) -> list[str]:
    """The commands of a finding in words."""
    return [describe(command) for command in found.commands]


def test_an_fc_that_conforms() -> None:
    """Nothing is found, all examples are done, every call is counted, coverage is measured."""
    stub = Shared()
    result = explore(stub)
    assert (result.verdict, result.findings, result.why) == (Verdict.CONFORMS, (), "")
    assert (result.examples, result.seed, result.profile) == (14, 1, "small")
    assert len(stub.asked) == result.requests > 100
    assert result.open_calls == 0
    assert result.seconds > 0
    coverage = result.coverage
    assert 15 < coverage.driven < coverage.reachable
    assert coverage.reachable - coverage.driven == len(coverage.missing)
    assert coverage.share == coverage.driven / coverage.reachable
    assert "run-completes" not in coverage.missing
    assert not set(coverage.witnessed) & set(coverage.unwitnessed)
    assert "paused-run-resumes" in coverage.witnessed


@pytest.mark.slow
def test_more_examples_cover_more() -> None:
    """The search aims at what was not driven yet."""
    few, many = explore(Shared()), explore(Shared(), evolve(SMALL, examples=40, commands=12))
    assert few.coverage.driven < many.coverage.driven


@pytest.mark.parametrize(("tamper", "commands"), [(unsealed, UNSEALED), (robots, ROBOTS)])
def test_an_fc_that_diverges(tamper: Tamper, commands: list[str]) -> None:
    """The finding is told once, its trace shortened to the shortest there is, and told again."""
    heard = Heard()
    result = explore(Tampering(Shared(), tamper), heard=heard)
    assert result.verdict is Verdict.DIVERGES
    (found,) = result.findings
    assert commands == said(found)
    assert found.shrunk
    assert found.occurrences >= 1
    assert len(found.steps) == len(commands)
    assert found.steps[-1].findings[0].check == found.finding.check
    kinds = [kind for kind, _, _ in heard.told]
    assert kinds == ["found"] + ["improved"] * (len(kinds) - 2) + ["5 of 5"]
    lengths = [length for _, _, length in heard.told]
    assert lengths[1:] == sorted(lengths[1:], reverse=True)
    assert lengths[-1] == len(commands)


def test_two_bugs_are_two_findings() -> None:
    """Neither hides the other, and each has its own shortest trace."""
    result = explore(Tampering(Shared(), both))
    assert result.verdict is Verdict.DIVERGES
    traces = {found.finding.check: said(found) for found in result.findings}
    assert traces == {"receipts.workflow-hash": UNSEALED, "gates.gate-type": ROBOTS}
    assert len({found.fingerprint for found in result.findings}) == 2


def test_first_only_ends_the_search() -> None:
    """The search ends with the first finding, which is shortened all the same."""
    whole = explore(Tampering(Shared(), both))
    result = explore(Tampering(Shared(), both), first_only=True)
    assert result.verdict is Verdict.DIVERGES
    (found,) = result.findings
    assert said(found) in (UNSEALED, ROBOTS)
    assert result.examples < whole.examples


def test_the_same_seed_asks_the_same() -> None:
    """A seed repeats a campaign command by command, findings and shrinking included."""
    asked = []
    for seed in (5, 5, 6):
        stub = Shared()
        explore(Tampering(stub, both), evolve(SMALL, examples=8), seed)
        asked.append(stub.asked)
    assert asked[0] == asked[1]
    assert asked[0] != asked[2]


def test_an_fc_that_is_lost() -> None:
    """Three calls in a row without an answer end the campaign, and nothing can be said."""
    result = explore(Dying(Shared(), 70))
    assert result.verdict is Verdict.UNSURE
    assert result.why == "the Federation Core stopped answering: it is gone"
    assert result.requests == 73


def test_a_finding_outranks_what_is_unsure() -> None:
    """An FC that diverged and then was lost has diverged; why it ended is told as well."""
    result = explore(Dying(Tampering(Shared(), unsealed), 200), evolve(SMALL, examples=500))
    assert result.verdict is Verdict.DIVERGES
    assert result.why == "the Federation Core stopped answering: it is gone"
    assert [found.finding.check for found in result.findings] == ["receipts.workflow-hash"]


@pytest.mark.slow
@pytest.mark.parametrize(("every", "verdict"), [(15, Verdict.UNSURE), (10**9, Verdict.CONFORMS)])
def test_too_many_lost_answers(every: int, verdict: Verdict) -> None:
    """More open calls than the profile allows are no pass."""
    fates = ("lost" if number % every == every - 1 else "kept" for number in itertools.count())
    result = explore(Losing(Shared(), fates), evolve(SMALL, examples=40))
    assert verdict is result.verdict
    assert not result.findings
    if verdict is Verdict.UNSURE:
        calls = f"{result.open_calls} of {result.requests} calls"
        assert result.open_calls > 3
        assert result.why == f"{calls} stayed without an answer"


def test_a_few_lost_answers_do_not_spoil_a_night() -> None:
    """What stays within the profile's share is told and no more."""
    lost = set(range(60, 400, 17))  # of which some are reads
    fates = ("lost" if n in lost else "kept" for n in itertools.count())
    result = explore(Losing(Shared(), fates), evolve(SMALL, open_share=0.05))
    assert (result.verdict, result.why) == (Verdict.CONFORMS, "")
    assert 1 <= result.open_calls <= len(lost)


def test_a_campaign_that_sent_nothing() -> None:
    """Nothing sent is nothing known."""
    result = explore(Shared(), evolve(SMALL, examples=0), ungoverned=True)
    assert (result.verdict, result.why) == (Verdict.UNSURE, "nothing was sent")


def test_too_little_coverage() -> None:
    """A profile that wants every edge driven is not satisfied with some."""
    result = explore(Shared(), evolve(SMALL, floor=1.0))
    left = len(result.coverage.missing)
    assert result.verdict is Verdict.UNSURE
    assert result.why == (
        f"{left} of {result.coverage.reachable} edges of the model were not driven,"
        " and the profile small wants 100% of them"
    )


def test_ungoverned_campaigns() -> None:
    """Where an FC knows no steps no run has any, and coverage is that of such runs."""
    stub = Shared()
    result = explore(stub, ungoverned=True)
    assert result.verdict is Verdict.CONFORMS
    accepted = [c.body.fields.get("steps") for c in stub.asked if isinstance(c, CreateRun)]
    assert len(accepted) > 10
    assert all(not isinstance(steps, list) or not steps for steps in accepted)
    assert all("ungoverned" in edge for edge in result.coverage.missing)


# Time


@define
class Time:
    """A clock that only calls to the FC move; it stands in for the module ``time``."""

    now: float = 1000.0
    begun: list[float] = field(factory=list)

    def monotonic(self) -> float:
        """The time."""
        return self.now


@define
class Slow:
    """An FC whose every answer takes a quarter of a second."""

    fc: Fc
    clock: Time

    def ask(self, command: Command, run_id: Callable[[RunRef], str], nonce: str) -> Exchange:
        """What the FC answers, after a while."""
        self.clock.now += 0.25
        return self.fc.ask(command, run_id, nonce)


@pytest.mark.parametrize("seed", range(4))
def test_time_is_a_budget(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """No example begins when the time is up; what was begun is ended, and the verdict stands."""
    clock = Time()
    monkeypatch.setattr(module, "time", SimpleNamespace(monotonic=clock.monotonic))
    heard = Heard()
    profile = evolve(SMALL, examples=10**6, seconds=60.0)
    result = explore(Slow(Shared(), clock), profile, seed, heard)
    assert (result.verdict, result.why) == (Verdict.CONFORMS, "")
    assert 60 < result.seconds < 60 + 60
    assert result.seconds == result.requests / 4
    told = [stand.seconds for stand in heard.stands]
    assert told
    assert all(other - one >= 1.0 for one, other in itertools.pairwise([0.0, *told]))
    assert all(stand.seconds <= 60 for stand in heard.stands)
    last = heard.stands[-1]
    assert last.examples <= result.examples
    assert last.requests == last.seconds * 4
    assert 0 < last.driven <= last.reachable


def test_profiles() -> None:
    """The three profiles by size: seconds, a minute, half an hour."""
    assert [(name, p.name, p.examples, p.seconds) for name, p in PROFILES.items()] == [
        ("dev", "dev", 40, None),
        ("ci", "ci", 300, None),
        ("nightly", "nightly", 4000, 1600.0),
    ]


# Nothing an FC does raises


@pytest.mark.parametrize("calls", [3, 8, 26, 45, 61, 77, 90, 111, 140])
def test_an_interruption_comes_through(calls: int) -> None:
    """Ctrl-C in the midst of an example is Ctrl-C, though a terminal interrupts the FC as well."""
    left = itertools.count(calls, -1)

    def interrupt(_: Command, reply: Reply) -> Response:
        number = next(left)
        if number == 0:
            raise KeyboardInterrupt
        return reply if number > 0 else NoAnswer("it is gone", applied=True)

    with pytest.raises(KeyboardInterrupt):
        explore(Tampering(Shared(), interrupt))


def test_an_fc_may_be_lost_at_any_call() -> None:
    """At whichever call the FC is lost, the campaign ends with that and not otherwise."""
    few = evolve(SMALL, examples=5, commands=6)
    whole = explore(Shared(), few).requests
    for calls in range(0, whole - 8, whole // 20):
        result = explore(Dying(Shared(), calls), few)
        assert result.verdict is Verdict.UNSURE
        assert result.why == "the Federation Core stopped answering: it is gone"
