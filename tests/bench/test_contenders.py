"""The testers themselves: what they find, and that they are quiet where nothing is to be found."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from attrs import define, evolve

from pt004_model.cli.options import embedded
from pt004_model.cli.session import Connected, connected
from pt004_model.model.replies import NoAnswer
from pt004_model.wire.codec import Answer, Request
from pt004_model.wire.sending import Transport
from tests.bench.contenders import Tester, canonical, ours, plain
from tests.bench.overhead import ratios, told
from tests.bench.plain_machine import MAY, MUST, NEVER, Named, Run
from tests.bench.sending import BareLoop, Cost, Pairing, Recorder, Spent, direct, run_id


@pytest.fixture(scope="module")
def conforming() -> Iterator[Connected]:
    """An FC without a fault that demands tokens."""
    with connected(embedded(None, secret="a" * 32)) as there:
        yield there


@pytest.mark.system
@pytest.mark.parametrize("tester", [ours, plain, canonical])
def test_quiet_without_a_fault(tester: Tester, conforming: Connected) -> None:
    """Whoever judges by the contract reports nothing on an FC that conforms to it."""
    attempt = tester(conforming, 0, 400)
    assert attempt.failures == ()
    assert attempt.requests == len(attempt.sent) == (38 if tester is canonical else 400)


@pytest.mark.slow
@pytest.mark.parametrize("tester", [ours, plain])
def test_an_obvious_fault_is_found(tester: Tester) -> None:
    """A run that ends before it began is reported; it takes two calls, and ours says no more."""
    with connected(embedded("ungoverned-run-need-not-start")) as there:
        attempt = tester(there, 2, 2000 if tester is ours else 12000)
    (failure,) = attempt.failures
    assert failure.length is not None
    assert 2 <= failure.length <= (2 if tester is ours else 30)
    assert failure.at == attempt.requests


def test_a_fault_on_the_canonical_way_is_found_there() -> None:
    """A completed run that shows a step too many is reported by the first of the cases."""
    with connected(embedded("completed-run-counts-past-its-end")) as there:
        attempt = canonical(there, 0, 100)
    first, *_ = attempt.failures
    assert first.length == first.at == 13


GOVERNED = Run("r", "t", 2, "running", "step_1", 0, "allow")
FLAGGED = Run("r", "t", 1, "running", "step_1", 0, "flag", clear=False)
DENIED = Run("r", "t", 0, "running", None, 0, "deny", clear=False)
VERDICTS = [
    # run, status, step, decision, verdict
    (Run("r", "t", 1), "running", ("step_1", 0), "flag", MUST),
    (Run("r", "t", 1), "running", ("step_1", 0), None, NEVER),
    (Run("r", "t", 1), "running", ("step_1", 0), "perhaps", NEVER),
    (Run("r", "t", 1), "failed", None, None, MAY),
    (Run("r", "t", 1), "completed", None, None, NEVER),
    (GOVERNED, "running", ("step_2", 1), "deny", MUST),
    (GOVERNED, "running", ("step_1", 0), "allow", NEVER),
    (GOVERNED, "running", ("step_1", 1), "allow", NEVER),
    (GOVERNED, "completed", None, None, NEVER),
    (GOVERNED, "paused", ("step_1", 0), None, MUST),
    (GOVERNED, "paused", None, "allow", MAY),
    (GOVERNED, "cancelled", None, None, NEVER),
    (FLAGGED, "completed", None, None, NEVER),
    (FLAGGED, "paused", None, None, MUST),
    (DENIED, "paused", None, None, NEVER),
    (DENIED, "failed", None, None, MUST),
    (Run("r", "t", 0, "running"), "running", None, "allow", MAY),
    (Run("r", "t", 0, "paused"), "running", ("step_1", 1), "flag", MUST),
    (Run("r", "t", 0, "failed"), "running", None, None, NEVER),
]


@pytest.mark.parametrize(("run", "status", "named", "decision", "verdict"), VERDICTS)
def test_what_the_plain_machine_holds_legal(
    run: Run, status: str, named: Named, decision: str | None, verdict: str
) -> None:
    """The plain machine knows the table of legal changes (sections 3 to 5)."""
    assert verdict == run.verdict(status, named, decision)


def test_a_resume_clears_the_flag() -> None:
    """A flagged step of the plain machine's run is clear once it was paused and resumed."""
    run = Run("r", "t", 1)
    run.change("running", ("step_1", 0), "flag")
    assert run.verdict("completed", None, None) == NEVER
    run.change("paused", None, None)
    run.change("running", None, "deny")  # a policy that starts no step says nothing
    assert run.verdict("completed", None, None) == MUST


def test_the_bare_loop_sends_the_same(conforming: Connected) -> None:
    """The loop's calls are answered as those that they repeat, on runs and with keys of its own."""
    codes: list[int] = []

    def note(answer: httpx.Response) -> None:
        codes.append(answer.status_code)

    first: list[int] = []

    @define
    class Noting:
        """The transport, and the codes of what it is answered."""

        inner: Transport

        def send(self, request: Request) -> Answer | NoAnswer:
            answer = self.inner.send(request)
            assert isinstance(answer, Answer)
            first.append(answer.code)
            return answer

    with direct(conforming.target.where) as client:
        client.event_hooks = {"response": [note]}
        pairing = Pairing(Noting(conforming.transport), BareLoop(client, "-again"), every=10)
        paired = evolve(conforming, transport=pairing)
        attempt = canonical(paired, 0, 400)
        assert len(codes) == 30
        pairing.catch_up()
    assert codes == first
    assert len(codes) == len(attempt.sent) == 38
    ids = pairing.bare.ids
    assert len(ids) == 3
    assert not ids.keys() & set(ids.values())


def test_costs_are_added() -> None:
    """What one cost is added to, or freed from, is its sum or difference with the other."""
    cost = Cost(5.0, 3.0)
    cost.add(Cost(2.0, 1.0))
    assert cost == Cost(7.0, 4.0)
    cost.add(Cost(7.0, 1.0), -1)
    assert cost == Cost(0.0, 3.0)


def test_the_budget_is_kept(conforming: Connected) -> None:
    """A recorder sends what it may and not one request more."""
    recorder = Recorder(conforming.transport, 2)
    for _ in range(2):
        recorder.send(Request("GET", "/health", {}))
    with pytest.raises(Spent):
        recorder.send(Request("GET", "/health", {}))
    assert len(recorder.sent) == 2


def test_a_round_warms_up(conforming: Connected) -> None:
    """One round more is made than is reported, and each is of the requests that were asked for."""
    seeds: list[int] = []

    def tester(there: Connected, seeded: int, budget: int) -> object:
        seeds.append(seeded)
        return plain(there, seeded, budget)

    measured = [*ratios(conforming, tester, 2, 20)]  # type: ignore[arg-type]
    assert seeds == [0, 1, 2]
    assert [ratio.requests for ratio in measured] == [20, 20]


def test_medians_are_told_with_their_spread() -> None:
    """The median stands before the middle half; a single value stands alone."""
    assert told([]) == "-"
    assert told([1.5]) == "1.50"
    assert told([1.0, 2.0, 3.0, 4.0, 9.0]) == "3.00 (2.00 to 4.00)"


def test_ids_are_read_from_answers() -> None:
    """The id of a run is taken from an envelope, and from nothing else."""
    assert run_id(b'{"run": {"run_id": "r1"}}') == "r1"
    assert run_id(b'{"run": []}') is None
    assert run_id(b"<html>") is None
