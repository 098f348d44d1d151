"""What is done about findings: replayed first, shortened within one allowance, doubted, kept."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import define, evolve, field

from pt004_model.drive.lockstep import Fc, OutOfTime
from pt004_model.drive.session import Session
from pt004_model.judge.finding import Finding, disagreement
from pt004_model.judge.oracle import Oracle, Verdict
from pt004_model.model.commands import Command, CreateRun, ReadRun, RunRef, subject
from pt004_model.model.replies import Reply, Response
from pt004_model.model.values import Json
from pt004_model.report.folder import Folder
from pt004_model.report.record import conduct
from pt004_model.search.campaign import Campaign, wanted_again
from pt004_model.search.results import Result
from pt004_model.shrink import triage
from pt004_model.shrink.passes import PASSES
from pt004_model.shrink.replaying import replay
from pt004_model.shrink.simplify import simpler
from pt004_model.shrink.triage import Allowance
from pt004_model.trace.recorded import Found, whole
from pt004_model.trace.writing import Origin
from pt004_model.vocabulary import Dialect
from pt004_model.wire.codec import Exchange
from tests.drive.helpers import change, create, refusal, with_run
from tests.drive.test_rounds import AtOnce, Teapot, raced, winners
from tests.habits import FREEDOMS
from tests.search.test_campaign import SMALL, Heard, Shared, robots, unsealed
from tests.stub import NAMES, Tampering

pytestmark = pytest.mark.system


@define
class Gateway:
    """An FC behind a gateway that answers some of the first calls, and none later, with 500."""

    fc: Fc = field(factory=Shared)
    fails: frozenset[int] = frozenset(range(40, 200, 40))
    calls: Iterator[int] = field(factory=itertools.count)

    def ask(self, command: Command, run_id: Callable[[RunRef], str], nonce: str) -> Exchange:
        """The FC's answer, or a 500 in its place."""
        exchange = self.fc.ask(command, run_id, nonce)
        if next(self.calls) in self.fails and isinstance(exchange.response, Reply):
            return evolve(exchange, response=refusal(exchange.response, 500))
        return exchange


def campaign(fc: Fc, **how: Any) -> Campaign:
    """A small campaign."""
    return Campaign(Session(fc, Oracle(NAMES)), evolve(SMALL, **how), 1, Heard())


def ended(fc: Fc, **how: Any) -> Result:
    """What a small campaign comes to."""
    return campaign(fc, **how).run()


def test_what_no_replay_shows_is_unconfirmed() -> None:
    """A 500 that came once is kept and told, not shortened, and leaves the campaign unsure."""
    result = ended(Gateway())
    assert result.findings
    assert all(each.unconfirmed and not each.shrunk for each in result.findings)
    assert result.verdict is Verdict.UNSURE
    assert "not borne out by replays: " in result.why
    assert result.statistics["shrinking"]["requests"] == 0


@pytest.mark.slow
def test_without_replays_a_finding_counts() -> None:
    """With no replays wanted nothing can be unconfirmed, and the FC diverges as before."""
    result = ended(Gateway(), confirm=0)
    assert result.verdict is Verdict.DIVERGES
    assert not any(each.unconfirmed for each in result.findings)


def test_a_confirmed_finding_outranks_unconfirmed_ones() -> None:
    """One that replays show makes the FC diverge, whatever was blown in besides."""
    result = ended(Gateway(Tampering(Shared(), unsealed), frozenset({8})))
    assert result.verdict is Verdict.DIVERGES
    assert {each.unconfirmed for each in result.findings} == {True, False}


def test_all_findings_share_one_allowance() -> None:
    """With the allowance spent findings are left as they are, told as such, and still count."""
    result = ended(Tampering(Shared(), robots), settle=(0, 0.0, 0.0))
    (found,) = result.findings
    assert (found.shrunk, found.reproduced) == (False, None)
    assert result.verdict is Verdict.DIVERGES
    left = [found.fingerprint]
    told = result.statistics["shrinking"]
    assert (told["not_shortened"], told["not_replayed"]) == (left, left)


def test_runs_that_replays_make_are_not_counted() -> None:
    """The runs that people are told of are those of the search, however often one is replayed."""
    fc = Tampering(Shared(), robots)
    running = [campaign(fc, confirm=confirm, shrink=(60 * confirm, 9.0)) for confirm in (0, 5)]
    results = [each.run().statistics for each in running]
    assert running[1].aside.tally.statistics.step_counts.total() > 5
    assert results[1]["shrinking"]["requests"] > results[0]["shrinking"]["requests"]
    for name in ("step_counts", "run_lengths", "pauses", "decisions"):
        assert results[0][name] == results[1][name]


def test_an_allowance_grows_with_the_search() -> None:
    """What is left is a base and a share of the search, less what was spent."""
    allowance = Allowance(100, 10.0, 0.5, spent=60, took=4.0)
    assert allowance.left(200, 8.0) == (140, 10.0)


def test_most_of_the_time_of_a_campaign_is_to_search() -> None:
    """What triage may take before there was any search is a part of a time that is given."""
    settle = (1000, 300.0, 1.0)
    assert Allowance.of(settle, None) == Allowance(*settle)
    assert Allowance.of(settle, 100.0).left(0, 0.0) == (1000, 20.0)
    assert Allowance.of(settle, 100.0).left(0, 40.0) == (1000, 60.0)
    assert Allowance.of(settle, 1e6).left(0, 0.0) == (1000, 300.0)


@define
class AtWill:
    """An FC of wrong actors that shows logs in some answers to changes, as it may."""

    fc: Shared = field(factory=Shared)
    shown: Iterator[bool] = field(factory=lambda: itertools.cycle((True, False, False)))

    def ask(self, command: Command, run_id: Callable[[RunRef], str], nonce: str) -> Exchange:
        """The stub's answer, with a log or without."""
        habits = FREEDOMS["sections complete" if next(self.shown) else "plain"]
        self.fc.habits = lambda: habits
        told = self.fc.ask(command, run_id, nonce)
        if isinstance(told.response, Reply) and isinstance(told.response.body, dict):
            body = dict(told.response.body)
            if isinstance(logs := body.get("logs"), list):
                body["logs"] = [{**e, "actor_id": "z"} for e in logs if isinstance(e, dict)]
            return evolve(told, response=evolve(told.response, body=body))
        return told


def test_what_chance_shows_in_an_answer_is_shown_by_a_read() -> None:
    """A log that is wrong is told behind a read, and so in each replay."""
    told = {found.finding.where: found for found in ended(AtWill()).findings}
    actor = told["logs[0].actor_id"]
    assert actor.reproduced == (5, 5)
    assert isinstance(actor.commands[-1], ReadRun)


def test_a_finding_is_replayed_past_what_else_was_found() -> None:
    """What is wrong in each answer must not stand for a race in the replays of one."""
    one, other = (
        Found(
            disagreement(check, "logs", 1, 2), (create(0),), (), 1, settled=True, reproduced=(1, 1)
        )
        for check in ("concurrency.linearizable", "receipts.hash")
    )
    running = campaign(Shared())
    running.session.known = frozenset({"0123456789ab", one.fingerprint})
    running.found = {each.fingerprint: each for each in (one, other)}
    running._settle_new()
    known = running.triage._session_for(one).lockstep().known
    assert known == {"0123456789ab", other.fingerprint}


def test_time_is_over_for_everything() -> None:
    """When the time is up a replay ends in the midst of its trace."""
    running = campaign(Shared())
    with running.triage.within(-1.0), pytest.raises(OutOfTime):
        replay(running.aside, (create(0),))
    assert replay(running.aside, (create(0),)).finding is None


def test_a_fault_of_ours_keeps_the_finding(monkeypatch: pytest.MonkeyPatch) -> None:
    """What breaks in shortening is told with the finding, and the campaign goes on."""

    def broken(*_: object, **__: object) -> None:
        raise TypeError("unhashable type: 'list'")

    monkeypatch.setattr(triage, "Shrinker", broken)
    result = ended(Tampering(Shared(), robots))
    (found,) = result.findings
    assert result.verdict is Verdict.DIVERGES
    assert "unhashable type: 'list'" in found.trouble
    assert result.examples == SMALL.examples


def test_a_fault_of_ours_in_telling_keeps_the_finding() -> None:
    """What breaks in writing a finding down does not end the campaign."""

    class Broken(Heard):
        def found(self, found: object) -> None:
            raise ValueError(f"no such place: {found!r:.0}")

    running = Campaign(Session(Tampering(Shared(), robots), Oracle(NAMES)), SMALL, 1, Broken())
    result = running.run()
    (found,) = result.findings
    assert "no such place" in found.trouble
    assert result.verdict is Verdict.DIVERGES


@pytest.mark.parametrize("value", [[], [1, ["a"]], {}, {"a": []}, None, True, 1.5, "x"])
@pytest.mark.parametrize("name", ["decision", "status", "step_index", "current_step", "steps"])
def test_anything_may_stand_in_a_body(name: str, value: Json) -> None:
    """Every kind of shorter trace can be made of commands that hold any JSON anywhere."""
    policy: Json = {name: value, "policy_id": value}
    bodies: dict[str, Json] = {"policy": policy, name: value}
    made = create(0).body.replace(**bodies)
    commands = (CreateRun(0, made), evolve(change(0, "running"), body=made), ReadRun(0))
    for candidates in (*PASSES, simpler):
        for candidate in candidates(commands):
            assert isinstance(candidate, tuple)


# A gateway that strews server errors in


@define
class Strewing:
    """An FC behind a gateway that answers a share of the calls after some with 500."""

    fc: Fc = field(factory=Shared)
    share: float = 0.02
    first: int = 0
    rng: random.Random = field(factory=lambda: random.Random(4))  # noqa: S311 - no secret
    calls: Iterator[int] = field(factory=itertools.count)

    def ask(self, command: Command, run_id: Callable[[RunRef], str], nonce: str) -> Exchange:
        """The FC's answer, or a 500 in its place."""
        exchange = self.fc.ask(command, run_id, nonce)
        late = next(self.calls) >= self.first
        if late and self.rng.random() < self.share and isinstance(exchange.response, Reply):
            return evolve(exchange, response=refusal(exchange.response, 500))
        return exchange


LONG: tuple[Command, ...] = (create(0), *[ReadRun(0)] * 134)
"""Of so many calls one in fifty is lost in 93 of 100 replays."""


def recorded(fc: Fc) -> Found:
    """The first finding that an FC shows when it is asked so much."""
    seen: list[Finding] = []
    lockstep = Session(fc, Oracle(NAMES)).lockstep(lambda finding, _: seen.append(finding))
    for command in LONG:
        lockstep.do(command)
    return Found(seen[0], LONG, tuple(lockstep.steps), len(LONG), shrunk=True)


def test_a_long_trace_that_chance_shows_proves_nothing(tmp_path: Path) -> None:
    """That some call of it is met in each of five replays does not make an FC diverge."""
    folder = Folder(tmp_path, Origin(1, "small", Dialect.SEED, names=NAMES))
    last = Strewing(share=1.0, first=len(LONG) - 1)
    folder.keep_trace(recorded(last))
    running = campaign(Strewing(), examples=2)
    result, _ = conduct(running, folder, lambda _: None)
    assert result.verdict is Verdict.UNSURE, result.findings
    assert all(each.unconfirmed for each in result.findings)
    assert result.findings


def test_a_race_of_an_earlier_campaign_is_kept_with_what_it_was_judged_past(
    tmp_path: Path,
) -> None:
    """It is shown again past the same, and told so."""
    folder = Folder(tmp_path, Origin(1, "small", Dialect.SEED, names=NAMES))
    found = raced()
    folder.keep_trace(found)
    running = campaign(AtOnce(Teapot(), winners), examples=1, confirm=1, settle=(0, 0.0, 0.0))
    conduct(running, folder, lambda _: None)
    again = running.found[found.fingerprint]
    assert (again.past, again.at_once) == (found.past, True)


def test_what_chance_shows_is_not_shortened() -> None:
    """One replay in ten meets a gateway's error as well; the next ones do not bear that out.

    Whatever strews them in is told as one thing.
    """
    result = ended(Strewing(share=0.1), examples=12)
    replayed = [each for each in result.findings if each.reproduced]
    assert len(replayed) > 10
    assert [each.kind for each in replayed].count("unconfirmed") == 1
    assert result.statistics["shrinking"]["requests"] == 0


@define
class Seldom:
    """An FC of which every seventh create is answered wrongly, or with a server ``error``."""

    error: bool = False
    fc: Fc = field(factory=Shared)
    creates: Iterator[int] = field(factory=itertools.count)

    def ask(self, command: Command, run_id: Callable[[RunRef], str], nonce: str) -> Exchange:
        """The FC's answer, or one with other tags."""
        exchange = self.fc.ask(command, run_id, nonce)
        if isinstance(command, CreateRun) and next(self.creates) % 7 == 0:
            assert isinstance(exchange.response, Reply)
            if self.error:
                return evolve(exchange, response=refusal(exchange.response, 500))
            return evolve(exchange, response=with_run(exchange.response, tags=["wrong"]))
        return exchange


@pytest.mark.parametrize("client", [0, None])
@pytest.mark.parametrize("error", [False, True])
def test_calls_at_once_are_replayed_more_often(client: int | None, error: bool) -> None:
    """How they meet differs, so a few replays in vain do not make what they have shown doubtful."""
    running, seen = campaign(Seldom(error)), list[Finding]()
    lockstep = running.session.lockstep(lambda finding, _: seen.append(finding))
    made = create(0)
    first = evolve(made, caller=evolve(made.caller, client=client))
    commands: tuple[Command, ...] = (first, *[ReadRun(0)] * 3)
    for command in commands:
        lockstep.do(command)
    lockstep.known = running.triage.session.known = frozenset({"another"})
    found = running._found(seen[0], lockstep)
    assert found.past == {"another"}
    found.commands, found.steps, found.past = commands, tuple(lockstep.steps), frozenset()
    found.rate = 0.005 if error else 0.0
    running.triage.run((found,))
    if client is None:
        assert (found.unconfirmed, found.reproduced, found.commands) == (True, (0, 5), commands)
    else:
        assert found.shrunk
        assert error or not found.unconfirmed  # what is left of a server error is no race
        assert len(found.commands) < len(commands)
        assert found.past == {"another"}


def test_what_is_strewn_in_never_follows_from_itself() -> None:
    """The first stands for the others, whatever it was taken to follow from before."""
    running = campaign(Strewing(share=0.1), examples=12)
    running.run()
    first, other, *_ = (each for each in running.found.values() if each.doubted)
    first.echo_of = other.fingerprint
    assert (running.result().verdict, first.echo_of) == (Verdict.UNSURE, "")


def test_what_is_taken_up_again_is_not_believed_before_it_is_replayed() -> None:
    """Replays have not borne it out so far, and there may be no time for more of them."""
    running = campaign(Strewing(share=0.1))
    first, again = recorded(Strewing(share=0.1)), recorded(Strewing(share=0.1))
    first.reproduced, first.settled, first.rate = (0, 5), True, 0.1
    running.found[first.fingerprint] = first
    assert wanted_again(first)
    assert not running.triage.is_due(first)
    running.take_up(first, again)
    assert first.commands is again.commands
    assert (first.unconfirmed, running.triage.is_due(first), wanted_again(first)) == (
        True,
        True,
        False,
    )


def test_a_real_error_is_believed_in_spite_of_a_gateway() -> None:
    """A server error that one kind of call always meets counts among those of a gateway."""

    def broken(command: Command, reply: Reply) -> Response:
        meets = isinstance(command, CreateRun) and "steps" not in command.body.fields
        return refusal(reply, 500) if meets and reply.code == 201 else reply

    result = ended(examples=6, fc=Strewing(Tampering(Shared(), broken)))
    assert {each.unconfirmed for each in result.findings} == {True, False}
    (counts,) = (each for each in result.findings if not each.unconfirmed)
    assert [type(each) for each in counts.commands] == [CreateRun]


def test_an_error_that_takes_new_names_is_believed() -> None:
    """It shows in replays under names of their own alone, and in each of those."""
    known = set[str]()

    def broken(command: Command, reply: Reply) -> Response:
        if not isinstance(command, CreateRun) or reply.code != 201:
            return reply
        name = command.body.fields.get("workflow_id")
        new = str(name) not in known
        known.add(str(name))
        return refusal(reply, 500) if new else reply

    result = ended(Tampering(Shared(), broken), examples=6)
    (counts,) = (each for each in result.findings if each.counts)
    assert [type(each) for each in counts.commands] == [CreateRun]


# A token that dies


def dying(calls: int) -> tuple[Fc, Callable[[], str | None]]:
    """An FC that refuses all with 401 after so many calls, and what it says when asked again."""
    count = itertools.count()
    state = {"dead": False}

    def tamper(_: Command, reply: Reply) -> Response:
        state["dead"] = next(count) >= calls
        return refusal(reply, 401) if state["dead"] else reply

    return Tampering(Shared(), tamper), lambda: "the token is gone" if state["dead"] else None


@pytest.mark.parametrize("calls", [5, 33, 150])
def test_a_token_that_dies_is_no_finding(calls: int) -> None:
    """The campaign ends with the sentence, unsure, and nothing false is kept."""
    fc, asked = dying(calls)
    session = Session(fc, Oracle(NAMES), no_longer=asked)
    result = Campaign(session, SMALL, 1, Heard()).run()
    assert (result.verdict, result.why) == (Verdict.UNSURE, "the token is gone")
    assert result.findings == ()


def test_ordinary_findings_are_not_doubted() -> None:
    """Nobody is asked again about a finding that no dead token explains."""
    asked: list[int] = []
    session = Session(Tampering(Shared(), robots), Oracle(NAMES))
    session.no_longer = lambda: asked.append(1)
    assert Campaign(session, SMALL, 1, Heard()).run().verdict is Verdict.DIVERGES
    assert asked == []


# A trace is whole from the first write on


def test_a_trace_names_no_run_that_it_does_not_make() -> None:
    """What was read of runs of earlier conversations is left out, when it is not about them."""
    told: list[tuple[Command, ...]] = []

    class Watching(Heard):
        def found(self, found: object) -> None:
            told.append(found.commands)  # type: ignore[attr-defined]
            assert len(found.steps) <= len(found.commands)  # type: ignore[attr-defined]

    def late(command: Command, reply: Reply) -> Response:
        return robots(command, reply)

    for seed in range(3):
        session = Session(Tampering(Shared(), late), Oracle(NAMES))
        Campaign(session, evolve(SMALL, confirm=0, settle=(0, 0.0, 0.0)), seed, Watching()).run()
    assert told
    for commands in told:
        assert commands == whole(commands)


def test_needed_leaves_out_runs_of_other_conversations() -> None:
    """A read of an adopted run stands in no trace about another run."""
    session = Session(Shared(), Oracle(NAMES))
    first = session.lockstep(lambda *_: None)
    first.do(create(7))
    later = session.lockstep(lambda *_: None)
    later.journal = [create(7)]
    later.adopt(first.world.runs[7], first.views[0].seen[7], 0, set())
    for command in (ReadRun(7), create(8), ReadRun(8)):
        assert later.do(command) is not None
    commands = later.needed()
    assert [subject(each) for each in commands] == [8, 8]
    assert [step.command for step in later.steps_of(commands)] == list(commands)
