"""Campaigns over many workers: what is planned, what is merged, and what a dead worker costs."""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import time
from collections.abc import Iterator
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from threading import Thread
from typing import Any, ClassVar

import pytest
from attrs import evolve, frozen

from pt004_model.drive.target import Target
from pt004_model.judge.finding import Finding
from pt004_model.judge.oracle import Verdict
from pt004_model.model.commands import ReadRun, Restart
from pt004_model.search.campaign import Profile
from pt004_model.search.coordinator import Coordinator
from pt004_model.search.jobs import VERSION, Job, OtherVersion, perform
from pt004_model.search.payloads import creation
from pt004_model.search.results import Result
from pt004_model.search.scheduler import Share
from pt004_model.search.workers import TRIES, Engine, Processes, Workers
from pt004_model.shrink.triage import NoLonger
from pt004_model.trace.recorded import Found
from pt004_model.wire.token_source import TokenSource
from tests.cli.servers import Front, fronted, refusal

SMALL = Profile("small", examples=19, commands=2, rounds=12, confirm=2, shrink=(300, 20.0))


class Threads(Engine):
    """Workers that are threads: all that is handed out is packed all the same."""

    dead = (BrokenProcessPool,)

    @contextmanager
    def started(self) -> Iterator[Executor]:
        """Start them."""
        with ThreadPoolExecutor(self.workers) as pool:
            yield pool


@contextmanager
def campaign(
    url: str, engine: Engine, profile: Profile = SMALL, **more: Any
) -> Iterator[Coordinator]:
    """A campaign over workers."""
    target = Target(url, own=True, **more)
    try:
        yield Coordinator(target, profile, seed=2, target=target, engine=engine)
    finally:
        target.close()


def told(result: Result) -> tuple[Any, ...]:
    """What the seed alone decides of a campaign that nothing was found in."""
    counts = result.statistics
    shown = (counts["step_counts"], counts["run_lengths"], counts["races"]["rounds"])
    return (result.verdict, result.examples, result.edges, shown)


@pytest.mark.system
def test_the_same_seed_and_workers_give_the_same_commands() -> None:
    """Which worker was faster decides nothing, and what all of them did is counted once."""
    results = []
    for _ in range(2):
        with fronted() as front, campaign(front.url, Threads(3)) as running:
            results.append(running.run())
    assert told(results[0]) == told(results[1])
    assert (results[0].verdict, results[0].why) == (Verdict.CONFORMS, "")
    assert results[0].examples == 19
    assert results[0].statistics["races"]["rounds"] == 12
    assert results[0].requests > 500


@pytest.mark.system
def test_a_finding_is_shortened_by_a_worker() -> None:
    """It is one finding however many saw it, as short as by one worker, and replayed."""
    fault = "denied-step-may-pause"
    with fronted(fault=fault) as front, campaign(front.url, Threads(2)) as running:
        result = running.run()
    (found,) = result.findings
    assert (result.verdict, found.finding.check) == (Verdict.DIVERGES, "policy.deny-blocks")
    assert (len(found.commands), found.reproduced) == (3, (2, 2))
    assert result.statistics["shrinking"]["not_shortened"] == []


@pytest.mark.system
def test_a_worker_that_is_killed_loses_its_round_alone() -> None:
    """The round is made again, and the campaign is the one that it would have been."""
    with fronted() as front, campaign(front.url, Threads(2)) as running:
        whole = running.run()
    with fronted() as front, campaign(front.url, Processes(2)) as running:
        killed: list[int] = []

        def kill() -> None:
            while not killed:
                time.sleep(0.05)
                for each in multiprocessing.active_children()[:1] if len(front.seen) > 200 else ():
                    assert each.pid is not None
                    os.kill(each.pid, signal.SIGKILL)
                    killed.append(each.pid)

        killing = Thread(target=kill)
        killing.start()
        result = running.run()
        killing.join()
    assert told(result) == told(whole)
    assert not multiprocessing.active_children()


class Dead(Engine):
    """Workers that answer whatever they are given with the last of ``errors``."""

    dead = (BrokenProcessPool,)
    errors: ClassVar[list[BaseException]] = []
    starts: ClassVar[list[int]] = []

    @contextmanager
    def started(self) -> Iterator[Executor]:
        """Start them, once more."""
        self.starts.append(self.workers)
        yield Dying()


class Dying(Executor):
    """What those are."""

    def submit(self, *_: Any, **__: Any) -> Future[Any]:
        """Answer with an error."""
        future: Future[Any] = Future()
        future.set_exception(Dead.errors[-1])
        return future


@frozen
class Word:
    """A job that comes to what it is."""

    says: str

    def run(self) -> str:
        """Say it."""
        return self.says


def result(engine: Engine, job: Job) -> Any:
    """What comes of a job."""
    with Workers(engine) as workers:
        return workers.result(workers.submit(job), lambda: None)


@pytest.mark.parametrize(
    ("error", "starts", "says"),
    [
        (BrokenProcessPool(), TRIES, "3 workers died of the same job"),
        (OtherVersion("a worker has pt004 0"), 1, "a worker has pt004 0"),
        (CancelledError(), 1, "the workers are gone"),
    ],
    ids=["dead", "version", "gone"],
)
def test_workers_that_cannot_do_it(error: BaseException, starts: int, says: str) -> None:
    """A job is given up at last, with a sentence; what came of others stands."""
    Dead.errors.append(error)
    Dead.starts.clear()
    with pytest.raises(NoLonger, match=says):
        result(Dead(1), Word("nothing"))
    assert len(Dead.starts) == starts
    assert result(Threads(1), Word("done")) == "done"


def test_another_version_is_refused() -> None:
    """Nothing that another version packed is unpacked."""
    with pytest.raises(
        OtherVersion, match=f"a worker has pt004 {VERSION}, and the campaign pt004 0.1"
    ):
        perform("0.1", b"no pickle at all")


class Cut(Threads):
    """Workers that the FC no longer answers."""

    fronts: ClassVar[list[Front]] = []

    @contextmanager
    def started(self) -> Iterator[Executor]:
        """Cut the FC off, and start them."""
        self.fronts[-1].before = lambda _: refusal(503)
        with super().started() as pool:
            yield pool


@pytest.mark.system
def test_an_fc_that_no_worker_reaches_leaves_a_campaign_unsure() -> None:
    """What was found before stays, and decides."""
    for fault, verdict in ((None, Verdict.UNSURE), ("resume-looks-like-a-start", Verdict.DIVERGES)):
        with fronted(fault=fault) as front:
            Cut.fronts.append(front)
            quick = evolve(SMALL, confirm=0, shrink=(0, 0.0))
            with campaign(front.url, Cut(2), quick, patience=0.0) as running:
                result = running.run()
        assert result.verdict is verdict
        assert result.why.startswith("the Federation Core stopped answering: ")


def test_a_target_can_be_handed_on() -> None:
    """It goes without its connections, and its tokens are known on both sides."""
    source = TokenSource(("echo", "a-token-for-some-minutes"), lifetime=60.0)
    target = Target("http://127.0.0.1:9", token=f"{8:x>20}", rate=8.0)
    there: Target = pickle.loads(pickle.dumps(target))  # noqa: S301 - just made
    assert (there.base_url, there.token, there.rate) == (target.base_url, target.token, 8.0)
    target.learn(["omega_made.elsewhere-by-a-worker"])
    assert target.redact("it says omega_made.elsewhere-by-a-worker") == "it says [secret]"
    source.token()
    copy: TokenSource = pickle.loads(pickle.dumps(source))  # noqa: S301 - just made
    assert (copy.fetched, copy.token()) == (source.fetched, "a-token-for-some-minutes")


def test_the_rate_is_for_all_workers_together() -> None:
    """Workers and what stays in process have shares of it, while there are workers."""
    there = campaign("http://127.0.0.1:9", Threads(4), rate=100.0)
    with there as running, running._rate_shared():
        reach, target = running._reach, running.target
        assert reach is not None
        assert target is not None
        ours = target.transport.rate
        assert ours is not None
        assert reach.rate is not None
        assert 4 * reach.rate + ours == pytest.approx(100.0)
    assert target.transport.rate == 100.0


@pytest.mark.system
def test_a_429_slows_all_workers() -> None:
    """An FC that says so to one worker is asked by none faster than it bears, and then again."""
    few = evolve(SMALL, examples=8, commands=1, rounds=0)
    often = lambda seen: refusal(429, retry_after="0") if seen.number % 20 == 19 else None  # noqa: E731
    with fronted() as front, campaign(front.url, Threads(2), few) as running:
        front.before = often
        assert running.run().verdict is Verdict.CONFORMS
        assert running._reach is not None
        assert running._reach.rate is not None
        assert running._reach.rate < 500
    with campaign("http://127.0.0.1:9", Threads(2), rate=200.0) as running, running._rate_shared():
        told = []
        for bears in (None, 20.0, None, 40.0, None, *[None] * 99):
            running._slow_down(bears)
            assert running._reach is not None
            told.append(running._reach.rate)
        assert told[:5] == pytest.approx([95.0, 20.0, 21.0, 21.0, 22.05])
        assert told[-1] == 95.0


def test_no_worker_kills_the_fc() -> None:
    """Crashes are no part of a round, and a trace with one is not replayed beside others."""
    profile = evolve(SMALL, crashes=5)
    with campaign("http://127.0.0.1:9", Threads(2), profile) as running:
        assert running._profile_of_round().crashes == 0
        finding = Finding("audit.complete", "logs", "1", "2", "a" * 12)
        for command, due in ((ReadRun(0), True), (Restart(0.1), False)):
            assert running._is_due(Found(finding, (creation(0, ()), command), (), 1)) is due


@pytest.mark.parametrize("total", [0, 3, 10])
def test_shares_are_the_whole(total: int) -> None:
    """Each thing is in one part, and the parts draw from chance of their own."""
    parts = [Share(index, 4) for index in range(4)]
    assert sorted(n for part in parts for n in part.take(range(total))) == [*range(total)]
    assert sum(part.count(total) for part in parts) == total
    assert sum(part.is_for(("a", total)) for part in parts) == 1
    assert len({part.rng(1).random() for part in parts}) == 4
    assert Share().rng(1).random() == Share().rng(1).random() != Share().rng(1, "races").random()
