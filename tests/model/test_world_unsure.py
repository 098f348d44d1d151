"""Calls without an answer, and what lies beyond the contract (sections 1 and 13)."""

from __future__ import annotations

import pytest
from attrs import evolve

from pt004_model.model.commands import (
    NO_ACTOR,
    Caller,
    ChangeRun,
    Command,
    CreateRun,
    OddPath,
    ReadRun,
    Restart,
    Route,
    Unknown,
    WrongMethod,
)
from pt004_model.model.rules import Refusal, Rule
from pt004_model.model.values import Body
from pt004_model.model.world import (
    Accepted,
    Refused,
    Unjudged,
    World,
    expect,
    restarted,
    unanswered,
)
from tests.model.helpers import (
    BEYOND,
    CLASH,
    HEADERS,
    ILLEGAL,
    STRANGER,
    accepted,
    at,
    begin,
    body,
    create,
    new,
    summary,
    world,
)

NAN = Body('{"status":"failed","error_details":{"a":NaN}}')


# Calls that got no answer


def test_an_unanswered_change_stays_open() -> None:
    """A change that may have been applied is kept; the run itself has not moved (1)."""
    before = world(new())
    assert evolve(before, open_calls={0: (begin(0),)}) == unanswered(before, begin(0))


def test_a_read_settles_it_or_leaves_it_open() -> None:
    """A read after it shows the run before or after the change: either is right (1)."""
    now = unanswered(world(new()), begin(0, Caller(actor=2)))
    early, late = expect(now, ReadRun(0))
    assert summary((early, late)) == [200, 200]
    assert isinstance(early.reply, Accepted)
    assert isinstance(late.reply, Accepted)
    assert (new(), now) == (early.reply.run, early.world)
    assert (late.reply.run.state.status, late.world.open_calls) == ("running", {})
    assert late.reply.run == late.world.runs[0]
    assert late.reply.run.log[-1].actor == 2


def test_a_change_that_took_effect_takes_it_once() -> None:
    """Once a read has shown the effect, no later read has another (1)."""
    now = unanswered(world(new()), begin(0))
    settled = expect(now, ReadRun(0))[1].world
    assert summary(expect(settled, ReadRun(0))) == [200]


def test_an_open_call_has_all_the_outcomes_of_the_change() -> None:
    """A flagged start may have been applied, or applied and acted on at once (5.3)."""
    flagged = ChangeRun(0, body("running", "a", 0, "flag"), key="k")
    outcomes = expect(unanswered(world(new()), flagged), ReadRun(0))
    shown = [each.world.runs[0].state.status for each in outcomes]
    assert shown == ["pending", "running", "paused"]
    assert [set(), {(0, "k")}, {(0, "k")}] == [set(each.world.keys) for each in outcomes]


def test_another_run_is_not_in_doubt() -> None:
    """An open call on one run leaves the others as sure as they were (9)."""
    now = unanswered(world(new(), new(number=1)), begin(0))
    (only,) = expect(now, ReadRun(1))
    assert now == only.world


def test_what_is_refused_now_may_be_legal_later() -> None:
    """A change that no run in this state may make is kept open all the same (section 1)."""
    now = unanswered(world(new()), ChangeRun(0, body("paused")))
    assert set(now.open_calls) == {0}
    (only,) = expect(now, ReadRun(0))
    assert now == only.world


def test_a_key_that_was_lost_may_be_used() -> None:
    """A create without an answer was made under its key, or the key is as good as new (1, 10)."""
    lost = CreateRun(5, create(5).body, key="k")
    now = unanswered(world(new()), lost)
    assert {(0, "k"): (lost,)} == now.lost_keys
    assert now == unanswered(unanswered(now, lost), create(7))
    assert summary(expect(now, lost)) == [201]
    assert summary(expect(now, evolve(lost, run=6))) == [201, 201]
    for other in (CreateRun(6, Body.of({"workflow_id": "x"}), key="k"), begin(0, key="k")):
        made, refused = expect(now, other)
        assert isinstance(made.reply, Accepted)
        assert (refused.reply, refused.world) == (Refused(Refusal.by(Rule.KEY_USED)), now)
        again, *none = expect(made.world, lost)
        assert (again.reply, none) == (refused.reply, [])


def test_the_same_create_lost_by_two_actors_is_of_either() -> None:
    """Whoever made it first is its actor, whoever makes it again (10)."""
    one = CreateRun(5, create(5).body, key="k")
    other = evolve(one, caller=Caller(actor=2))
    now = unanswered(unanswered(world(), one), other)
    actors = [
        each.reply.run.actor for each in expect(now, other) if isinstance(each.reply, Accepted)
    ]
    assert actors == [2, 0]


def after_all(now: World, command: Command) -> list[str]:
    """The runs that the answers to a command may show, or that it is refused."""
    return [
        f"{each.reply.run.state}" if isinstance(each.reply, Accepted) else "refused"
        for each in expect(now, command)
    ]


def test_two_open_calls_take_effect_in_either_order_or_alone() -> None:
    """Of what is legal at its turn (1)."""
    pause, fail = ChangeRun(0, body("paused")), ChangeRun(0, body("failed"))
    now = unanswered(unanswered(world(at("running", 0, "allow")), pause), fail)
    assert now.open_calls == {0: (pause, fail)}
    shown = [each.world for each in expect(now, ReadRun(0))]
    statuses = [str(each.runs[0].state.status) for each in shown]
    assert statuses == ["running", "paused", "failed", "failed"]
    assert [each.open_calls for each in shown[2:]] == [{}, {}]  # nothing follows the end of a run


def test_a_change_is_answered_as_before_or_after_an_open_call() -> None:
    """A refusal as the run is stands for those after the call, which may take effect later (1)."""
    now = unanswered(world(new()), begin(0))
    assert after_all(now, ChangeRun(0, body("paused"))) == ["refused", "paused, step 0, allow"]
    assert after_all(now, begin(0)) == ["running, step 0, allow", "refused"]
    assert after_all(now, ChangeRun(0, body("running", "b", 1))) == ["refused"]


def test_an_open_call_and_the_same_again_under_its_key_take_effect_once() -> None:
    """Whichever was first, the key is used and nothing is open any more (10)."""
    keyed = begin(0, key="k")
    now = unanswered(world(new()), keyed)
    assert unanswered(now, keyed) == now
    first, again = expect(now, keyed)
    assert isinstance(again.reply, Accepted)
    assert again.reply.replay
    assert (first.world, first.world.open_calls) == (again.world, {})
    assert unanswered(first.world, keyed) == first.world


def test_a_key_of_an_open_call_bears_on_other_runs() -> None:
    """Another run's call under the key is taken, or refused since the key is used (10)."""
    now = unanswered(world(new(), new(number=1)), begin(0, key="k"))
    taken, refused = expect(now, begin(1, key="k"))
    assert summary((taken, refused)) == [200, CLASH]
    assert (taken.world.open_calls, refused.world.open_calls) == ({}, {})
    assert summary(expect(now, create(2))) == [201]


def test_once_it_answers_after_a_crash_nothing_takes_effect_later() -> None:
    """What the first call on a run shows is how it stays (13)."""
    pause = ChangeRun(0, body("paused"))
    before = unanswered(world(at("running", 0, "allow"), new(number=1)), pause)
    (crashed,) = expect(before, Restart())
    now = crashed.world
    assert (Unjudged(), restarted(before)) == (crashed.reply, now)
    early, late = expect(now, ReadRun(0))
    for each in (early.world, late.world):
        assert (each.open_calls, each.over) == ({}, frozenset())
    assert [str(each.world.runs[0].state.status) for each in (early, late)] == ["running", "paused"]
    assert after_all(now, ChangeRun(0, body("completed"))) == ["refused", "refused"]
    (other,) = expect(now, ReadRun(1))
    assert other.world == now


@pytest.mark.parametrize(
    "command",
    [
        ReadRun(0),
        create(5),
        OddPath(".."),
        WrongMethod("PUT", Route.READ, 0),
        ChangeRun(Unknown(), body("failed")),
        ChangeRun(0, Body("{")),
        begin(0, STRANGER),
        begin(0, Caller(actor=NO_ACTOR)),
    ],
)
def test_other_calls_leave_nothing_open(command: Command) -> None:
    """A call that changes nothing that we can name leaves nothing open."""
    before = world(new())
    assert before is unanswered(before, command)


def test_an_unanswered_change_beyond_the_contract_may_have_been_taken() -> None:
    """Whether the FC took it nobody can tell, so the run is outside of the contract (1)."""
    before = world(new())
    assert evolve(before, outside=frozenset({0})) == unanswered(before, ChangeRun(0, NAN))


# What lies beyond the contract


@pytest.mark.parametrize(
    "command",
    [
        CreateRun(0, Body('{"workflow_id":"w","metadata":{"a":1e400}}')),
        CreateRun(0, Body('{"workflow_id":"w","workflow_id":"v"}'), key="k"),
        CreateRun(0, Body('{"workflow_id":"\\ud800"}')),
        evolve(create(0), content_type=None),
        evolve(create(0), content_type="text/plain"),
    ],
)
def test_a_create_beyond_the_contract_is_refused_or_taken(command: CreateRun) -> None:
    """It may be refused with 400, 413, 415 or 422, or taken: then nothing is judged (1)."""
    outcomes = expect(World(), command)
    assert summary(outcomes) == [BEYOND, None]
    assert (World(), World(outside=frozenset({0}))) == tuple(each.world for each in outcomes)


def test_a_change_beyond_the_contract_is_refused_or_taken() -> None:
    """So is a change; the run it was taken for is outside of the contract (1)."""
    before = world(at("running", 0, "allow"))
    for command in (ChangeRun(0, NAN), ChangeRun(0, body("failed"), content_type=None)):
        refusal, taken = expect(before, command)
        assert summary((refusal, taken)) == [BEYOND, None]
        assert before is refusal.world
        assert evolve(before, outside=frozenset({0})) == taken.world


@pytest.mark.parametrize(
    ("command", "codes"),
    [
        (ChangeRun(0, body("failed"), content_type=None), ILLEGAL | BEYOND),
        (ChangeRun(0, body("running", "a", 0, "allow", error_details={}), content_type=""),
         ILLEGAL | BEYOND),
    ],
)  # fmt: skip
def test_a_may_of_another_content_type(command: ChangeRun, codes: set[int]) -> None:
    """What may be refused for two reasons may be so with the codes of both (11)."""
    assert [codes, None] == summary(expect(world(new()), command))


def test_an_illegal_change_of_another_content_type_is_never_taken() -> None:
    """The wrong content type does not make legal what is not (3)."""
    command = ChangeRun(0, body("paused"), content_type=None)
    assert summary(expect(world(new()), command)) == [ILLEGAL | BEYOND]
    actorless = evolve(command, caller=Caller(actor=NO_ACTOR))
    assert summary(expect(world(new()), actorless)) == [ILLEGAL | BEYOND | HEADERS]


def test_nothing_is_judged_of_a_run_outside() -> None:
    """Any answer will do for any call on it, and its world stands still (1)."""
    outside = evolve(world(new()), outside=frozenset({0}))
    for command in (ReadRun(0), begin(0), begin(0, STRANGER), WrongMethod("PUT", Route.READ, 0)):
        (only,) = expect(outside, command)
        assert (Unjudged(), outside) == (only.reply, only.world)
    assert summary(expect(outside, create(1))) == [201]


def test_a_change_beyond_the_contract_under_a_used_key_is_refused() -> None:
    """Where it must be refused for another reason it cannot be taken (10, 11)."""
    now = accepted(expect(world(new()), begin(0, key="k")))[1]
    (only,) = expect(now, ChangeRun(0, NAN, key="k"))
    assert isinstance(only.reply, Refused)
    assert (
        set(only.reply.refusal.codes),
        only.reply.refusal.rule,
    ) == (CLASH | BEYOND, Rule.KEY_USED)


def test_a_call_lost_behind_a_restart_may_take_effect_later() -> None:
    """A crash settles what was open when it came, and nothing that is sent afterwards (1, 13)."""
    before = unanswered(world(new()), begin(0))
    assert restarted(before).over == {0}
    now = unanswered(restarted(before), ChangeRun(0, body("failed")))
    unmoved = expect(now, ReadRun(0))[0]
    assert isinstance(unmoved.reply, Accepted)
    assert unmoved.reply.run == new()
    assert unmoved.world.open_calls[0][-1] == ChangeRun(0, body("failed"))
