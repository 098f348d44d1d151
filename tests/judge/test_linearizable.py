"""Overlapping calls are judged by the oracle: some order must explain every answer."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from random import Random

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from pt004_model.judge.checks import Check
from pt004_model.judge.finding import Finding
from pt004_model.judge.linearizable import Call, Judged, judge_together
from pt004_model.judge.oracle import Verdict
from pt004_model.judge.own_checks import Mismatch, Modelled, OwnCheck
from pt004_model.model.commands import ChangeRun, Command, ReadRun
from pt004_model.model.replies import NoAnswer, Reply
from tests.judge.helpers import (
    FLAGGED,
    PAUSED,
    READ,
    STRANGER,
    Talk,
    Tamper,
    change,
    put,
    refused,
    start,
    talk,
)


def by(client: int, command: ChangeRun | ReadRun) -> Command:
    """The command as a call of a client that calls at once with others."""
    caller = evolve(command.caller, client=client)
    return evolve(command, caller=caller)


def heard(talked: Talk, *commands: Command) -> list[tuple[Command, Reply]]:
    """What the stub answers to commands, one after the other."""
    calls: list[tuple[Command, Reply]] = []
    for command in commands:
        reply = talked.answer(command)
        calls.append((command, reply))
    return calls


def together(calls: Sequence[tuple[Command, Reply]]) -> list[Call]:
    """The calls as if all had been under way at once; a last one by itself came after them."""
    replies = [reply for command, reply in calls if command.caller.client is not None]
    first, last = replies[0].sent, max(each.received for each in replies)
    return [
        (c, evolve(r, sent=first, received=last) if c.caller.client is not None else r)
        for c, r in calls
    ]


def judged(talked: Talk, calls: Sequence[Call], **more: int) -> Judged:
    """What is said of calls at once; the conversation stays where it is."""
    oracle = evolve(talked.lockstep.oracle, ledger=copy.deepcopy(talked.lockstep.oracle.ledger))
    return judge_together(oracle, talked.lockstep.views, calls, **more)


def tampered(calls: Sequence[Call], place: int, tamper: Tamper) -> list[Call]:
    """The calls with one answer tampered with."""
    command, reply = calls[place]
    assert isinstance(reply, Reply)
    return [*calls[:place], (command, tamper(reply)), *calls[place + 1 :]]


PAUSE = change("paused")
RESUME = change("running", actor=1)
KEYED = evolve(PAUSE, key="k")


def test_an_order_other_than_that_of_sending_explains_the_answers() -> None:
    """The second call took effect first; all is well, and the order says so."""
    talked = talk(*FLAGGED)
    second, first, read = heard(talked, by(1, PAUSE), by(0, RESUME), READ)
    said = judged(talked, [*together([second, first, read])[1::-1], read])
    assert (said.verdict, said.order.calls) == (Verdict.CONFORMS, (1, 0, 2))
    assert not said.one
    assert len(said.order.judgements) == 3


def test_two_winners_have_no_order() -> None:
    """Both pauses are accepted, and of two only one can be."""
    talked = talk(*FLAGGED)
    first, second = heard(talked, by(0, PAUSE), by(1, PAUSE))
    said = judged(talked, together([first, (second[0], first[1])]))
    (finding,) = said.findings
    assert (said.verdict, finding.check) == (Verdict.DIVERGES, "concurrency.linearizable")
    assert finding.where == "status"
    assert finding.observed.startswith("after call 1 (run 0: to paused [by client 0]): not call 2")


@pytest.mark.parametrize("place", [0, 1])
def test_a_server_error_is_no_race(place: int) -> None:
    """It is wrong in any order, and told as it is of a call by itself; its call may be applied."""
    talked = talk(*FLAGGED)
    calls = together(heard(talked, by(0, PAUSE), by(1, RESUME), READ))
    (finding,) = judged(talked, tampered(calls, place, refused(500))).findings
    assert finding.check == "lifecycle.no-server-error"


def test_a_server_error_does_not_explain_everything() -> None:
    """Of two pauses one is accepted, whatever becomes of a third call."""
    talked = talk(*FLAGGED)
    calls = together(heard(talked, by(0, PAUSE), by(1, PAUSE), by(2, READ)))
    both = tampered([calls[0], (calls[1][0], calls[0][1]), calls[2]], 2, refused(500))
    (finding,) = judged(talked, both).findings
    assert finding.check == "concurrency.linearizable"


def test_what_led_to_the_same_is_tried_once() -> None:
    """Two reads in either order leave the same behind, and what follows is judged after one."""
    talked = talk(*FLAGGED)
    calls = together(heard(talked, by(0, READ), by(1, READ), by(2, PAUSE)))
    refuses = tampered(calls, 2, refused(409))
    assert judged(talked, refuses, most=12).verdict is Verdict.DIVERGES
    assert judged(talked, refuses, most=7).verdict is Verdict.UNSURE


def test_nothing_fits_from_the_start() -> None:
    """Not even one of the answers is allowed."""
    talked = talk(*FLAGGED)
    calls = together(heard(talked, by(0, PAUSE), by(1, READ)))
    for place in (0, 1):
        calls = tampered(calls, place, refused(404))
    (finding,) = judged(talked, calls).findings
    assert finding.observed.startswith("at the start: not call 1")
    assert "; not call 2" in finding.observed


def test_twins_under_a_key_are_one_call() -> None:
    """The second is answered as the first; applied twice, there is no order."""
    talked = talk(*FLAGGED)
    calls = together(heard(talked, by(0, KEYED), by(1, KEYED), READ))
    assert judged(talked, calls).verdict is Verdict.CONFORMS
    said = judged(talked, tampered(calls, 1, put("run.updated_at", "2026-02-06T12:00:09.5Z")))
    assert [each.check for each in said.findings] == ["concurrency.linearizable"]
    assert said.findings[0].where == "run"


def test_a_stale_read_has_no_order() -> None:
    """A read that began when the change was over must show it; one that overlaps need not."""
    talked = talk(*FLAGGED)
    ((old, stale),) = heard(talked, by(1, READ))
    ((_, other),) = heard(talked, by(2, READ))
    ((paused, done),) = heard(talked, by(0, PAUSE))
    assert isinstance(stale, Reply)
    assert isinstance(done, Reply)
    overlapping = evolve(stale, received=done.received)
    both = [(old, overlapping), (by(2, READ), other), (paused, evolve(done, sent=stale.sent))]
    assert judged(talked, both).verdict is Verdict.CONFORMS
    late = evolve(other, sent=done.received + 0.1, received=done.received + 0.2)
    said = judged(talked, [*both[::2], (by(2, READ), late)])
    assert said.findings[0].where == "run"


def test_a_log_in_another_order_is_another_finding() -> None:
    """The answers have an order, and the log that is read afterwards has not that one."""
    talked = talk(*PAUSED)
    calls = together(heard(talked, by(0, RESUME), by(1, change("paused")), READ))
    assert judged(talked, calls).verdict is Verdict.CONFORMS
    said = judged(talked, tampered(calls, 2, put("logs.-1.previous_status", "paused")))
    (finding,) = said.findings
    assert finding.check == "concurrency.log-tells-the-order"
    assert "but call 3 (run 0: read with logs and gates): audit." in finding.observed


def test_a_race_has_one_fingerprint_however_its_calls_meet() -> None:
    """It tells keys, tenants, reads and changes apart, and not the part of the answer."""
    talked = talk(*FLAGGED)
    stranger = evolve(READ, caller=STRANGER)
    rounds = [
        (by(0, KEYED), by(1, KEYED)),
        (by(0, READ), by(1, stranger)),
        (by(0, READ), by(1, READ)),
        (by(0, PAUSE), by(1, RESUME)),
    ]
    found = []
    for each in rounds:
        calls = together(heard(talked, *each, READ))
        ways = [
            tampered(calls, 2, put("run.status", "completed")),
            tampered(calls, 0, refused(418)),
        ]
        first, other = (judged(talked, way).findings[0] for way in ways)
        assert first.fingerprint == other.fingerprint
        found.append(first.fingerprint)
    assert len(set(found)) == 4


def test_one_client_is_judged_as_ever() -> None:
    """Calls of one client have one order: the judge says of them what it says of any others."""
    talked = talk(*FLAGGED)
    calls = heard(talked, by(0, PAUSE), by(0, RESUME), READ)
    for number in range(3):
        wrong = tampered(calls, number, refused(409))
        oracle = evolve(talked.lockstep.oracle)
        said = judged(talked, wrong)
        views = talked.lockstep.views
        findings: list[Finding] = []
        for call in wrong:
            judgement = copy.deepcopy(oracle).judge(views, *call)
            views, findings = judgement.views, [*findings, *judgement.findings]
        assert said.one
        assert list(said.findings) == findings
        assert findings[0].check != "concurrency.linearizable"


def test_judging_ends_where_nothing_more_can_be_said() -> None:
    """An answer that leaves nothing to go on from is the last one judged."""
    talked = talk(*FLAGGED)
    calls = heard(talked, by(0, READ), by(0, READ))
    said = judged(talked, tampered(calls, 0, refused(404)))
    assert (said.verdict, len(said.order.judgements)) == (Verdict.DIVERGES, 1)


def test_past_the_budget_nothing_is_said() -> None:
    """A round that takes more than may be judged is UNSURE, and never quiet."""
    talked = talk(*FLAGGED)
    first, second = heard(talked, by(0, PAUSE), by(1, PAUSE))
    said = judged(talked, together([first, (second[0], first[1])]), most=3)
    assert (said.verdict, said.findings) == (Verdict.UNSURE, ())
    assert said.why.startswith("3 answers were judged")


def lost(call: Call, *, applied: bool = True) -> Call:
    """The call as one whose answer never came."""
    command, reply = call
    assert isinstance(reply, Reply)
    return command, NoAnswer("gone", applied, sent=reply.sent)


def test_a_call_without_an_answer_may_explain_what_is_seen() -> None:
    """The run was paused by somebody: by the call, if it can have taken effect."""
    talked = talk(*FLAGGED)
    early, paused, late = together(heard(talked, by(0, READ), by(1, PAUSE), by(2, READ)))
    said = judged(talked, [early, lost(paused), late])
    assert (said.verdict, said.order.calls) == (Verdict.CONFORMS, (1, 0, 2))
    said = judged(talked, [early, lost(paused, applied=False), late])
    assert [each.check for each in said.findings] == ["concurrency.linearizable"]


def test_a_call_without_an_answer_does_not_explain_everything() -> None:
    """Two pauses are accepted, and a third that nobody answered makes room for no second one."""
    talked = talk(*FLAGGED)
    calls = heard(talked, by(0, PAUSE), by(1, PAUSE), by(2, PAUSE))
    first, second, third = together(calls)
    said = judged(talked, [first, (second[0], first[1]), lost(third)])
    assert [each.check for each in said.findings] == ["concurrency.linearizable"]


def test_trying_teaches_the_oracle_nothing() -> None:
    """Of orders that were tried in vain no id is remembered."""
    talked = talk(*FLAGGED)
    first, second = heard(talked, by(0, PAUSE), by(1, PAUSE))
    oracle = talked.lockstep.oracle
    before = copy.deepcopy(oracle.ledger)
    calls = together([first, (second[0], first[1])])
    assert judge_together(oracle, talked.lockstep.views, calls).findings
    assert oracle.ledger == before


def test_a_call_without_an_answer_takes_no_time_from_others() -> None:
    """One that began late does not forbid a change that took effect before."""
    talked = talk(*FLAGGED)
    (paused,) = heard(talked, by(0, PAUSE))
    command, reply = paused
    late = (by(1, PAUSE), NoAnswer("gone", applied=True, sent=reply.received + 0.4))
    said = judged(talked, [(command, evolve(reply, received=reply.received + 0.5)), late])
    assert (said.verdict, said.order.calls) == (Verdict.CONFORMS, (1, 0))


def test_a_round_teaches_no_time() -> None:
    """Twins are answered alike, so that nobody can tell during which call the time was taken."""
    talked = talk(*FLAGGED)
    calls = together(heard(talked, by(0, KEYED), by(1, KEYED)))
    oracle = talked.lockstep.oracle
    before = copy.deepcopy(oracle.ledger.clock)
    assert judge_together(oracle, talked.lockstep.views, calls).order.calls == (0, 1)
    assert oracle.ledger.clock == before


def test_own_checks_are_asked_in_the_order_that_was_found() -> None:
    """A check of a team's own says of a round what it says of calls one after the other."""

    def never(_: Modelled, reply: Reply) -> Mismatch:
        return Mismatch("status", "no answer at all", reply.code)

    talked = talk(*FLAGGED)
    calls = together(heard(talked, by(0, PAUSE), by(1, READ)))
    own = OwnCheck(Check("acme.never", "1", "Nothing.", "minor"), never)
    oracle = evolve(talked.lockstep.oracle, own=(own,))
    said = judge_together(oracle, talked.lockstep.views, calls)
    assert {each.check for each in said.findings} == {"acme.never"}


@settings(deadline=None)
@given(st.randoms(use_true_random=False), st.integers(2, 7))
def test_what_took_effect_one_after_the_other_always_has_an_order(rng: Random, calls: int) -> None:
    """Whatever overlaps, however long each call is under way, and whichever answers are lost."""
    talked = talk(*FLAGGED)
    moves = (
        PAUSE,
        RESUME,
        KEYED,
        READ,
        change("failed"),
        start("b", 1, "flag"),
        change("completed"),
    )
    asked = [by(rng.randrange(3), rng.choice(moves)) for _ in range(calls)]
    heard_ = [*heard(talked, *asked), *heard(talked, READ)]
    spread: list[Call] = []
    free: dict[int | None, float] = {}
    ends = [reply.received for _, reply in heard_ if isinstance(reply, Reply)]
    for command, reply in heard_[:-1]:
        assert isinstance(reply, Reply)
        client = command.caller.client
        sent = rng.uniform(max(reply.sent - 0.3, free.get(client, 0.0)), reply.sent)
        free[client] = rng.uniform(reply.received, ends[-2])
        nexts = [r.sent for c, r in heard_ if c.caller.client == client and r.sent > reply.sent]
        free[client] = min([free[client], *nexts[:1]])
        spread.append(
            (command, evolve(reply, sent=sent, received=max(free[client], reply.received)))
        )
    for place in rng.sample(range(calls), rng.randint(0, 2)):
        spread[place] = lost(spread[place])
    order = sorted(range(calls), key=lambda n: (spread[n][0].caller.client or 0, n))
    said = judged(talked, [*(spread[n] for n in order), heard_[-1]])
    assert said.verdict is Verdict.CONFORMS, [str(each) for each in said.findings]
