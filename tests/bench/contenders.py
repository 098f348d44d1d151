"""Four ways to look for a fault in a Federation Core, each for the same number of requests."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Callable
from typing import Any, Final, TypeAlias

import httpx
from attrs import define, evolve, field, frozen
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test

from pt004_model.cli.session import Connected
from pt004_model.drive.lockstep import Lockstep, Tally
from pt004_model.drive.session import Session
from pt004_model.judge.finding import Finding
from pt004_model.judge.oracle import Oracle
from pt004_model.model.commands import Names, Token
from pt004_model.model.scenarios import CANONICAL
from pt004_model.search.campaign import PROFILES, Campaign
from pt004_model.search.explorer import live_through
from pt004_model.search.results import Silent
from pt004_model.trace.recorded import Found
from pt004_model.wire.client import Client
from pt004_model.wire.codec import Request, read_json
from tests.bench.plain_machine import Call, PlainMachine, Unexpected
from tests.bench.sending import Cost, Recorder, Sent, Spent, direct, measured, run_id


@frozen
class Failure:
    """Something that a tester reports.

    ``at`` counts the requests sent when it was first seen; ``length`` is the number of calls in
    what is reported, where that can be told.
    """

    what: str
    at: int
    length: int | None


@frozen
class Attempt:
    """What one tester did to one server: what it reported, what it sent, what the search cost."""

    failures: tuple[Failure, ...]
    sent: list[Sent] = field(repr=False)
    requests: int
    cost: Cost


EXAMPLES: Final = 300
_SHRINKING: Final = 20_000
"""Requests after which Hypothesis' own shrinking is broken off; its best is taken then."""


def _session(there: Connected, tester: str, recorder: Recorder) -> Session:
    """A session of a tester's own with the server, under tenants of its own."""
    own = f"tenant_{tester}"
    names = Names.of(own, f"{own}_stranger", tuple(f"{tester}_{number}" for number in range(3)))
    return evolve(
        there.session,
        fc=Client(evolve(there.target.codec(there.session.oracle), names=names), recorder),
        oracle=Oracle(names),
        tally=Tally(),
    )


def canonical(there: Connected, _: int, budget: int) -> Attempt:
    """The three canonical cases, every answer judged; no other case is tried."""
    recorder = Recorder(there.transport, budget)
    session = _session(there, "canonical", recorder)
    failures: list[Failure] = []

    def note(finding: Finding, lockstep: Lockstep) -> None:
        failures.append(Failure(finding.check, len(recorder.sent), len(lockstep.steps)))

    with measured() as cost, contextlib.suppress(Spent):
        for scenario in CANONICAL.values():
            live_through(session.lockstep(note), scenario)
    return Attempt(tuple(failures), recorder.sent, len(recorder.sent), cost)


@define
class _Silent(Silent):
    """Takes a campaign's reports; the first finding lifts the budget, so that it can be shrunk."""

    recorder: Recorder

    def found(self, found: Found) -> None:
        """Let the shrinking go on for as long as it may."""
        del found
        self.recorder.budget = None


def ours(there: Connected, seeded: int, budget: int) -> Attempt:
    """A campaign of this tester with the profile ``ci``, up to its first finding."""
    recorder = Recorder(there.transport, budget)
    profile = evolve(PROFILES["ci"], examples=EXAMPLES)
    campaign = Campaign(
        _session(there, "ours", recorder), profile, seeded, _Silent(recorder), first_only=True
    )
    with measured() as cost, contextlib.suppress(Spent):
        campaign.run()
    failures = tuple(
        Failure(found.finding.check, found.requests_to_first, len(found.commands))
        for found in campaign.found.values()
    )
    requests = failures[0].at if failures else len(recorder.sent)
    return Attempt(failures, recorder.sent, requests, cost)


@define
class _Line:
    """Sends the plain machine's calls, within a budget that shrinking has anew."""

    client: httpx.Client
    budget: int
    sent: list[Sent] = field(factory=list)

    def __call__(self, call: Call) -> tuple[int, Any]:
        if len(self.sent) >= self.budget:
            raise Spent
        answer = self.client.request(
            call.method, call.path, headers=call.headers, content=call.content
        )
        made = run_id(answer.content) if answer.status_code == 201 else None
        self.sent.append((Request(call.method, call.path, call.headers, call.content), made))
        return answer.status_code, read_json(answer.content)


def plain(there: Connected, seeded: int, budget: int) -> Attempt:
    """The plain machine; what it fails on is shrunk by Hypothesis itself."""
    first: list[int] = []
    length: int | None = None
    with direct(there.target.where) as client:
        line = _Line(client, budget)

        def failed(calls: int) -> None:
            nonlocal length
            if not first:
                first.append(len(line.sent))
                line.budget = len(line.sent) + _SHRINKING
            length = calls

        def machine() -> PlainMachine:
            return PlainMachine(line, there.target.codec().token(Token.GOOD), failed)

        chosen = settings(
            max_examples=budget,  # the budget ends it
            stateful_step_count=30,
            phases=(Phase.generate, Phase.shrink),
            derandomize=False,
            database=None,
            deadline=None,
            print_blob=False,
            report_multiple_bugs=False,
            suppress_health_check=(HealthCheck.too_slow, HealthCheck.filter_too_much),
        )
        run: Callable[..., None] = run_state_machine_as_test
        with measured() as cost, contextlib.redirect_stdout(io.StringIO()):
            try:
                run(seed(seeded)(machine), settings=chosen)
            except (Spent, Unexpected):
                pass
            except Flaky:
                # an example that is broken off has drawn less than another that began alike; else
                # the fault does not show again from the same calls, and none are reported
                if len(line.sent) < line.budget:
                    length = None
    failures = (Failure("unexpected", first[0], length),) if first else ()
    return Attempt(failures, line.sent, first[0] if first else len(line.sent), cost)


Tester: TypeAlias = Callable[[Connected, int, int], Attempt]
