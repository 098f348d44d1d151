"""Idempotency keys, in every sentence of section 10."""

from __future__ import annotations

from typing import TypeAlias

import pytest
from attrs import evolve

from pt004_model.model.commands import (
    NO_ACTOR,
    Caller,
    ChangeRun,
    Command,
    CreateRun,
    ReadRun,
    Tenant,
    Token,
    Unknown,
)
from pt004_model.model.rules import Rule
from pt004_model.model.values import Body
from pt004_model.model.world import Accepted, World, expect
from tests.model.helpers import (
    BEYOND,
    CLASH,
    HEADERS,
    HIDDEN,
    ILLEGAL,
    MALFORMED,
    NOT_JSON,
    STRANGER,
    accepted,
    at,
    begin,
    body,
    create,
    new,
    rule,
    summary,
    world,
)

Keyed: TypeAlias = CreateRun | ChangeRun
CREATED = create(0, key="k")
STARTED = begin(0, key="k")


def _done(*commands: Command, before: World | None = None) -> World:
    now = before or World()
    for command in commands:
        now = accepted(expect(now, command))[1]
    return now


@pytest.mark.parametrize(
    ("first", "code"), [(CREATED, 201), (evolve(STARTED, run=1, key="k"), 200)]
)
@pytest.mark.parametrize("actor", [0, 2])
def test_the_same_request_is_answered_as_then(first: Keyed, code: int, actor: int) -> None:
    """It is answered with the same code and run, whoever the actor is, and nothing happens."""
    before = world(new(number=1))
    reply, now = accepted(expect(before, first))
    outcomes = expect(now, evolve(first, caller=Caller(actor=actor)))
    assert [code] == summary(outcomes)
    assert Accepted(code, reply.run, replay=True) == outcomes[0].reply
    assert now is outcomes[0].world


def test_it_is_answered_so_whatever_happened_since() -> None:
    """A replay shows the run as it was then, though it has moved on and even ended."""
    now = _done(CREATED, begin(0), ChangeRun(0, body("failed")))
    (only,) = expect(now, CREATED)
    assert isinstance(only.reply, Accepted)
    assert (only.reply.run.state.status, now.runs[0].state.status) == ("pending", "failed")
    assert now is only.world


def test_a_create_again_makes_no_second_run() -> None:
    """The replayed create is known by whatever number: it shows the first run."""
    now = _done(CREATED)
    (only,) = expect(now, evolve(CREATED, run=7))
    assert isinstance(only.reply, Accepted)
    assert (0, {0}) == (only.reply.run.number, set(only.world.runs))


@pytest.mark.parametrize(
    "text",
    [
        ' {"workflow_id":"w","steps":["a","b","c"]}',
        '{"steps":["a","b","c"],"workflow_id":"w"}',
        '{"workflow_id":"\\u0077","steps":["a","b","c"]}',
    ],
)
def test_the_same_value_may_count_as_the_same_body(text: str) -> None:
    """Other bytes for the same JSON value may be answered as then, or refused."""
    now = _done(CREATED)
    outcomes = expect(now, CreateRun(0, Body(text), key="k"))
    assert summary(outcomes) == [201, CLASH]
    assert all(each.world is now for each in outcomes)


def test_one_and_true_are_not_the_same_value() -> None:
    """The same key with 1 where true was is another body, and refused."""
    first = CreateRun(0, Body('{"workflow_id":"w","metadata":{"a":true}}'), key="k")
    now = _done(first)
    for text, expected in (("1", [CLASH]), ("true ", [201, CLASH])):
        body_ = Body(f'{{"workflow_id":"w","metadata":{{"a":{text}}}}}')
        assert expected == summary(expect(now, evolve(first, body=body_)))


@pytest.mark.parametrize(
    ("command", "codes"),
    [
        (create(1, key="k", note=1), CLASH),  # another body
        (CreateRun(1, Body("{}"), key="k"), CLASH | MALFORMED),
        (CreateRun(1, Body("{"), key="k"), CLASH | NOT_JSON),
        (CreateRun(1, Body('{"workflow_id":NaN}'), key="k"), CLASH | BEYOND),
        (begin(0, key="k"), CLASH),  # another method
        (ChangeRun(0, CREATED.body, key="k"), CLASH | MALFORMED),
        (ChangeRun(0, body("paused"), key="k"), CLASH | ILLEGAL),
        (ChangeRun(0, body("failed"), key="k"), CLASH | ILLEGAL),
        (ChangeRun(0, body("failed"), key="k", content_type=None), CLASH | ILLEGAL | BEYOND),
        (ChangeRun(Unknown(), body("failed"), key="k"), CLASH | HIDDEN),
        (evolve(create(1, key="k", note=1), content_type=None), CLASH | BEYOND),
        (create(1, Caller(actor=NO_ACTOR), "k"), CLASH | HEADERS),
    ],
)
def test_the_key_with_another_request_is_refused(command: Command, codes: set[int]) -> None:
    """The same key with another body, method or path is refused, 409 or 422."""
    now = _done(CREATED)
    outcomes = expect(now, command)
    assert [codes] == summary(outcomes)
    assert now is outcomes[0].world


def test_the_key_on_another_path_is_refused() -> None:
    """The same change of another run is another request, and named by the key's rule."""
    now = _done(STARTED, before=world(new(), new(number=1)))
    outcomes = expect(now, evolve(STARTED, run=1))
    assert summary(outcomes) == [CLASH]
    assert rule(outcomes) == Rule.KEY_USED


@pytest.mark.parametrize("content_type", [None, "text/plain"])
def test_a_replay_of_another_content_type_may_be_refused(content_type: str | None) -> None:
    """What has the wrong content type may be refused even when it was answered before (1)."""
    now = _done(CREATED, begin(0, key="j"))
    assert summary(expect(now, evolve(CREATED, content_type=content_type))) == [201, BEYOND]
    again = evolve(begin(0, key="j"), content_type=content_type)
    assert summary(expect(now, again)) == [200, BEYOND]
    other = evolve(again, body=Body(f" {again.body.text}"))
    assert summary(expect(now, other)) == [200, CLASH | BEYOND]


def test_a_key_belongs_to_its_tenant() -> None:
    """Another tenant's key of the same name is another key."""
    now = _done(CREATED)
    command = create(1, STRANGER, "k", note=1)
    assert summary(expect(now, command)) == [201]
    assert {(0, "k"), (1, "k")} == set(_done(command, before=now).keys)


@pytest.mark.parametrize(
    "refused",
    [
        CreateRun(0, Body("{}"), key="k"),
        CreateRun(0, Body("{"), key="k"),
        create(0, Caller(actor=NO_ACTOR), "k"),
        ChangeRun(1, body("paused"), key="k"),
        begin(1, STRANGER, key="k"),
        ChangeRun(Unknown(), body("failed"), key="k"),
    ],
)
def test_a_refused_request_leaves_its_key_unused(refused: Keyed) -> None:
    """After a refusal the key can be used for anything."""
    before = world(new(number=1))
    (only,) = expect(before, refused)
    assert only.world.keys == {}
    assert summary(expect(only.world, CREATED)) == [201]


def test_without_a_key_a_request_is_made_twice() -> None:
    """No key, or an empty one, and the second of two twins is a request of its own."""
    for key in (None, ""):
        now = _done(create(0, key=key))
        assert summary(expect(now, create(1, key=key))) == [201]
        now = _done(begin(0, key=key), before=now)
        assert summary(expect(now, begin(0, key=key))) == [ILLEGAL]


def test_a_key_on_a_read_is_ignored() -> None:
    """A read under a used key is a read, and uses up no key."""
    now = _done(CREATED)
    (only,) = expect(now, ReadRun(0, key="k"))
    assert isinstance(only.reply, Accepted)
    assert (False, now) == (only.reply.replay, only.world)
    assert expect(world(new()), ReadRun(0, key="j"))[0].world.keys == {}


def test_a_replay_still_has_to_pass_the_door() -> None:
    """With a bad token or a missing header even a repeated request is refused (11)."""
    locked = _done(CREATED, before=World(authenticates=True))
    assert [{401, 403, 409, 422}] == summary(
        expect(locked, evolve(CREATED, caller=Caller(token=Token.EXPIRED)))
    )
    nobody = evolve(CREATED, caller=Caller(Tenant.NOBODY))
    assert [{400, 401, 403, 422}] == summary(expect(locked, nobody))


def test_a_key_remembers_what_the_fc_did_of_its_own() -> None:
    """Each outcome of a start remembers its own run under the key (5.3, 10)."""
    told, own = expect(world(new()), ChangeRun(0, body("running", "a", 0, "flag"), key="k"))
    for each, status in ((told, "running"), (own, "paused")):
        assert isinstance(each.reply, Accepted)
        assert status == each.reply.run.state.status
        assert each.reply.run == each.world.keys[0, "k"].run


def test_a_may_that_was_refused_leaves_the_key_unused() -> None:
    """When the FC refuses to fail a pending run, the key stays free."""
    taken, refusal = expect(world(new()), ChangeRun(0, body("failed"), key="k"))
    assert ({(0, "k")}, set()) == (set(taken.world.keys), set(refusal.world.keys))
    assert at("failed").state.status == "failed"
