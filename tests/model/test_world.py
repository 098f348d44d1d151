"""What may come of a command: every reply that the contract allows, and why (sections 1, 9, 11)."""

from __future__ import annotations

import pytest
from attrs import evolve

from pt004_model.model.commands import (
    NO_ACTOR,
    US,
    Caller,
    ChangeRun,
    Command,
    CreateRun,
    Loss,
    OddPath,
    ReadRun,
    Route,
    Tenant,
    Token,
    Unknown,
    WrongMethod,
)
from pt004_model.model.rules import CODES, Refusal, Rule
from pt004_model.model.values import Body
from pt004_model.model.world import Refused, World, expect, shape
from tests.model.helpers import (
    BEYOND,
    HEADERS,
    HIDDEN,
    ILLEGAL,
    MALFORMED,
    METHOD,
    NOT_JSON,
    STRANGER,
    TOKEN,
    accepted,
    at,
    begin,
    body,
    create,
    free,
    new,
    rule,
    summary,
    world,
)

NOWHERE = Unknown()
NO_TENANT = Caller(Tenant.NOBODY)
ACTORLESS = Caller(actor=NO_ACTOR)
BAD = Body('{"status":"archived"}')
BROKEN = Body("{")
HERE = world(new(), evolve(at("failed"), number=1))


# What is accepted


def test_a_create_is_accepted_with_201() -> None:
    """A create makes the run, with what was sent and the defaults, visible at once (2)."""
    command = CreateRun(
        3, Body.of({"workflow_id": "w", "tags": ["t"]}), Caller(Tenant.STRANGER, 2), None, "corr"
    )
    outcomes = expect(World(), command)
    assert summary(outcomes) == [201]
    reply, after = accepted(outcomes)
    run = reply.run
    assert {3: run} == after.runs
    assert (
        run.tenant, run.actor, run.correlation, run.asked.workflow_version, run.asked.tags
    ) == (1, 2, "corr", "1.0.0", ("t",))  # fmt: skip
    assert (frozenset(), frozenset(), False) == (reply.complete, reply.empty, reply.replay)


def test_an_empty_header_counts_as_missing() -> None:
    """An empty correlation id is none, and an empty key is remembered by nobody (1)."""
    reply, after = accepted(expect(World(), evolve(create(key=""), correlation="")))
    assert (reply.run.correlation, after.keys) == (None, {})


def test_a_change_is_accepted_with_200() -> None:
    """A legal change is accepted and the world after it holds the changed run alone (3)."""
    outcomes = expect(world(new(), new(number=1)), begin(1, Caller(actor=2)))
    assert summary(outcomes) == [200]
    reply, after = accepted(outcomes)
    assert (new(), reply.run) == (after.runs[0], after.runs[1])
    assert (reply.run.state.status, reply.run.log[-1].actor) == ("running", 2)


@pytest.mark.parametrize(
    ("logs", "gates", "complete", "empty"),
    [
        (True, True, {"logs", "gates"}, set()),
        (True, False, {"logs"}, {"gates"}),
        (False, True, {"gates"}, {"logs"}),
        (False, False, set(), {"logs", "gates"}),
    ],
)
def test_a_read_shows_what_was_asked_for(
    logs: bool, gates: bool, complete: set[str], empty: set[str]
) -> None:
    """GET fills logs and gates when asked, else each is empty or absent; nothing changes (1)."""
    before = world(new())
    outcomes = expect(before, ReadRun(0, logs, gates, Caller(actor=2), key="ignored"))
    assert summary(outcomes) == [200]
    reply, after = accepted(outcomes)
    assert new() == reply.run
    assert (complete, empty) == (set(reply.complete), set(reply.empty))
    assert before is after


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (ChangeRun(0, body("failed")), [200, ILLEGAL]),
        (ChangeRun(0, body("running", "a", 0, "flag")), [200, 200]),
        (ChangeRun(0, body("running", "a", 0, "deny")), [200, 200]),
        (ChangeRun(0, body("running", "a", 0, "deny", error_details=1)), [200, 200, ILLEGAL]),
        (ChangeRun(0, body("running", "a", 0.0, "allow")), [200, BEYOND]),
        (ChangeRun(1, body("running", decision="deny")), [200]),
        (ChangeRun(2, body("running")), [200, ILLEGAL]),
        (ChangeRun(3, body("running", decision="deny")), [200, ILLEGAL]),
    ],
)
def test_every_may_is_an_outcome(command: Command, expected: list[object]) -> None:
    """Where the contract says may, each way is one outcome (3.1, 3.2, 3.3, 5.3, 1)."""
    here = world(
        new(),
        evolve(free("pending"), number=1),
        evolve(free("running"), number=2),
        evolve(at("paused", 0, "flag"), number=3),
    )
    assert expected == summary(expect(here, command))


# What is refused, and the codes: where several reasons apply, any of theirs


REFUSED: list[tuple[Command, set[int], Rule]] = [
    (ReadRun(NOWHERE), HIDDEN, Rule.UNKNOWN_RUN),
    (ReadRun(Unknown("x")), HIDDEN, Rule.UNKNOWN_RUN),
    (ReadRun(9), HIDDEN, Rule.UNKNOWN_RUN),
    (ReadRun(0, caller=STRANGER), HIDDEN, Rule.FOREIGN_RUN),
    (ReadRun(0, caller=ACTORLESS), HEADERS, Rule.HEADERS),
    (ReadRun(0, caller=NO_TENANT), HEADERS | HIDDEN, Rule.HEADERS),
    (ReadRun(NOWHERE, caller=ACTORLESS), HEADERS | HIDDEN, Rule.HEADERS),
    (begin(9), HIDDEN, Rule.UNKNOWN_RUN),
    (begin(0, STRANGER), HIDDEN, Rule.FOREIGN_RUN),
    (ChangeRun(NOWHERE, body("paused")), HIDDEN, Rule.UNKNOWN_RUN),
    (ChangeRun(NOWHERE, BAD), HIDDEN | MALFORMED, Rule.UNKNOWN_RUN),
    (ChangeRun(0, BAD, STRANGER), HIDDEN | MALFORMED, Rule.FOREIGN_RUN),
    (ChangeRun(0, BROKEN, STRANGER), HIDDEN | NOT_JSON, Rule.FOREIGN_RUN),
    (ChangeRun(NOWHERE, Body('{"status":NaN}')), HIDDEN | BEYOND, Rule.UNKNOWN_RUN),
    (ChangeRun(NOWHERE, body("paused", index=1.0)), HIDDEN | BEYOND, Rule.UNKNOWN_RUN),
    (ChangeRun(NOWHERE, body("paused", decision="deny")), HIDDEN | ILLEGAL, Rule.UNKNOWN_RUN),
    (ChangeRun(NOWHERE, body("paused", output_payload=1)), HIDDEN | ILLEGAL, Rule.UNKNOWN_RUN),
    (ChangeRun(NOWHERE, body("running", policy=1)), HIDDEN | MALFORMED, Rule.UNKNOWN_RUN),
    (ChangeRun(NOWHERE, body("paused", policy=1)), HIDDEN | ILLEGAL, Rule.UNKNOWN_RUN),
    (ChangeRun(NOWHERE, body("paused"), content_type="text/plain"), HIDDEN | BEYOND,
     Rule.UNKNOWN_RUN),
    (begin(0, ACTORLESS), HEADERS, Rule.HEADERS),
    (begin(0, NO_TENANT), HEADERS | HIDDEN, Rule.HEADERS),
    (ChangeRun(0, body("paused"), ACTORLESS), HEADERS | ILLEGAL, Rule.HEADERS),
    (ChangeRun(0, body("paused")), ILLEGAL, Rule.NO_SUCH_CHANGE),
    (ChangeRun(0, BAD), MALFORMED, Rule.MALFORMED),
    (ChangeRun(0, Body("[]")), MALFORMED, Rule.MALFORMED),
    (ChangeRun(0, BAD, ACTORLESS), MALFORMED | HEADERS, Rule.HEADERS),
    (ChangeRun(0, BROKEN), NOT_JSON, Rule.NOT_JSON),
    (ChangeRun(0, BROKEN, content_type=None), NOT_JSON | BEYOND, Rule.NOT_JSON),
    (ChangeRun(0, BAD, content_type=None), MALFORMED | BEYOND, Rule.MALFORMED),
    (ChangeRun(0, body("paused"), content_type=None), ILLEGAL | BEYOND, Rule.NO_SUCH_CHANGE),
    # what is malformed may be illegal besides
    (ChangeRun(0, body("paused", reason=1)), MALFORMED | ILLEGAL, Rule.MALFORMED),
    (ChangeRun(0, Body('{"status":"running","current_step":1,"step_index":-1}')),
     MALFORMED | ILLEGAL, Rule.MALFORMED),
    (ChangeRun(0, body("running", "a", 0, "allow", reason=1)), MALFORMED, Rule.MALFORMED),
    (ChangeRun(1, BAD), MALFORMED | ILLEGAL, Rule.MALFORMED),
    (ChangeRun(1, BROKEN), NOT_JSON | ILLEGAL, Rule.NOT_JSON),
    (ChangeRun(1, body("paused")), ILLEGAL, Rule.TERMINAL),
    (CreateRun(5, Body("{}")), MALFORMED, Rule.MALFORMED),
    (CreateRun(5, BROKEN), NOT_JSON, Rule.NOT_JSON),
    (CreateRun(5, Body("{}"), ACTORLESS), MALFORMED | HEADERS, Rule.HEADERS),
    (CreateRun(5, Body("{}"), content_type="text/plain"), MALFORMED | BEYOND, Rule.MALFORMED),
    (CreateRun(5, Body('{"workflow_id":1e400}'), NO_TENANT), HEADERS | BEYOND, Rule.HEADERS),
    (create(5, NO_TENANT), HEADERS, Rule.HEADERS),
    (create(5, ACTORLESS), HEADERS, Rule.HEADERS),
    (evolve(create(5, ACTORLESS), content_type=None), HEADERS | BEYOND, Rule.HEADERS),
    # a wrong method comes without a body, at which an FC may look first
    (WrongMethod("PUT", Route.READ, 0), METHOD | NOT_JSON, Rule.METHOD),
    (WrongMethod("DELETE", Route.READ, 0), METHOD | NOT_JSON, Rule.METHOD),
    (WrongMethod("POST", Route.CHANGE, NOWHERE), METHOD | NOT_JSON | HIDDEN, Rule.METHOD),
    (WrongMethod("PUT", Route.READ, 0, STRANGER), METHOD | NOT_JSON | HIDDEN, Rule.METHOD),
    (WrongMethod("PATCH", Route.CREATE, NOWHERE), METHOD | NOT_JSON, Rule.METHOD),
    (WrongMethod("PUT", Route.CREATE, 0, ACTORLESS), METHOD | NOT_JSON | HEADERS, Rule.METHOD),
    (OddPath(".."), set(range(300, 500)), Rule.NO_RUN_PATH),
]  # fmt: skip


@pytest.mark.parametrize(("command", "codes", "expected"), REFUSED)
def test_each_refusal_and_its_codes(command: Command, codes: set[int], expected: Rule) -> None:
    """A call that must be refused has that one outcome, with the codes of all its reasons (11)."""
    outcomes = expect(HERE, command)
    assert [codes] == summary(outcomes)
    assert expected == rule(outcomes)
    assert HERE is outcomes[0].world


@pytest.mark.parametrize("kind", list(Token))
def test_a_bad_token_is_refused_when_authentication_is_on(kind: Token) -> None:
    """Every kind of token but a good one is refused with 401 or 403, and only when told to (12)."""
    caller = Caller(token=kind)
    locked = world(new(), authenticates=True)
    good = kind is Token.GOOD
    for command, code in ((ReadRun(0, caller=caller), 200), (begin(0, caller), 200)):
        assert [code] == summary(expect(World(runs={0: new()}), command))
        assert [code if good else TOKEN] == summary(expect(locked, command))
    assert [201 if good else TOKEN] == summary(expect(locked, create(5, caller)))


def test_a_bad_token_counts_beside_other_reasons() -> None:
    """A bad token with a missing header, a foreign run or a broken body: any of the codes (11)."""
    locked = world(new(), authenticates=True)
    bad = Caller(actor=NO_ACTOR, token=Token.FORGED)
    assert summary(expect(locked, create(5, bad))) == [TOKEN | HEADERS]
    stranger = Caller(Tenant.STRANGER, token=Token.EXPIRED)
    assert summary(expect(locked, begin(0, stranger))) == [TOKEN | HIDDEN]
    assert summary(expect(locked, ChangeRun(0, BROKEN, Caller(token=Token.MISSING)))) == [
        TOKEN | NOT_JSON
    ]
    assert rule(expect(locked, create(5, bad))) == Rule.TOKEN
    assert [TOKEN | METHOD | NOT_JSON] == summary(
        expect(locked, WrongMethod("PUT", Route.READ, 0, Caller(token=Token.FORGED)))
    )


# The codes of section 11, typed once more


@pytest.mark.parametrize(
    ("rules", "codes"),
    [
        ({Rule.UNKNOWN_RUN, Rule.FOREIGN_RUN}, {404, 403}),
        (
            {
                Rule.TERMINAL,
                Rule.NO_SUCH_CHANGE,
                Rule.MAY_FAIL_PENDING,
                Rule.MAY_PROGRESS,
                Rule.NEXT_STEP_ONLY,
                Rule.NAMES_ITS_STEP,
                Rule.NO_EARLY_COMPLETION,
                Rule.DECISION_REQUIRED,
                Rule.FLAG_BLOCKS,
                Rule.DENY_BLOCKS,
                Rule.MAY_USELESS,
            },
            {409, 400, 422},
        ),
        ({Rule.MALFORMED}, {422, 400}),
        ({Rule.HEADERS}, {400, 401, 403, 422}),
        ({Rule.NOT_JSON}, {400, 415, 422}),
        ({Rule.TOKEN}, {401, 403}),
        ({Rule.KEY_USED, Rule.MAY_SAME_VALUE}, {409, 422}),
        ({Rule.METHOD}, {405, 404}),
        ({Rule.MAY_BEYOND}, {400, 413, 415, 422}),
        ({Rule.NO_RUN_PATH}, set(range(300, 500))),
    ],
)
def test_the_codes_of_each_rule(rules: set[Rule], codes: set[int]) -> None:
    """Each rule refuses with the codes that sections 1, 3.1 and 11 give for it."""
    assert rules == {each for each in Rule if CODES[each] == codes}


def test_what_an_fc_is_free_to_refuse() -> None:
    """Exactly the rules that stand on a may of the contract are optional."""
    assert {
        Rule.MAY_FAIL_PENDING, Rule.MAY_PROGRESS, Rule.MAY_USELESS, Rule.MAY_BEYOND,
        Rule.MAY_SAME_VALUE,
    } == {each for each in Rule if each.optional}  # fmt: skip


def test_a_refusal_keeps_its_first_rule() -> None:
    """A refusal for several reasons is named by the first and allows the codes of all."""
    both = Refusal.by(Rule.TOKEN, Rule.NOT_JSON)
    assert Refusal(Rule.TOKEN, frozenset({401, 403, 400, 415, 422})) == both
    assert Refusal(Rule.METHOD, frozenset({405, 404, 401, 403})) == Refusal.by(Rule.METHOD).also(
        Refusal.by(Rule.TOKEN)
    )


# The same call on a run that one cannot see (9)


def _like(command: Command) -> object:
    (only,) = expect(HERE, command)
    assert isinstance(only.reply, Refused)
    return only.reply.like


@pytest.mark.parametrize(
    "call",
    [
        ReadRun(0, caller=STRANGER),
        ReadRun(0, False, False, STRANGER, key="k"),
        begin(0, STRANGER),
        ChangeRun(0, BAD, STRANGER),
        ChangeRun(0, BROKEN, STRANGER, content_type=None),
        ChangeRun(0, Body('{"status":1e400}'), STRANGER),
        begin(0, STRANGER, key="k"),
        WrongMethod("DELETE", Route.READ, 0, STRANGER),
    ],
)
def test_a_foreign_run_is_answered_like_an_unknown_one(
    call: ReadRun | ChangeRun | WrongMethod,
) -> None:
    """The two calls have the same shape, and so must get the very same code (9)."""
    assert _like(call) is not None
    assert _like(call) == _like(evolve(call, run=NOWHERE)) == shape(call)
    assert _like(call) == _like(evolve(call, run=Unknown("other")))
    at_once = evolve(call.caller, client=1, loss=Loss.ANSWER)
    assert shape(call) == shape(evolve(call, caller=at_once))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (ReadRun(0, True, True, STRANGER), ReadRun(0, True, False, STRANGER)),
        (ReadRun(0, True, True, STRANGER), ReadRun(0, False, True, STRANGER)),
        (ReadRun(0, caller=STRANGER), ReadRun(0, caller=Caller(Tenant.STRANGER, 1))),
        (begin(0, STRANGER), ChangeRun(0, body("failed"), STRANGER)),
        (begin(0, STRANGER), begin(0, Caller(Tenant.STRANGER, 1))),
        (begin(0, STRANGER), evolve(begin(0, STRANGER), content_type=None)),
        (begin(0, STRANGER), ReadRun(0, caller=STRANGER)),
    ],
)
def test_calls_that_differ_are_not_the_same_call(one: Command, other: Command) -> None:
    """Calls that differ in what they ask for, or in who asks, may be refused differently (9)."""
    assert shape(one) != shape(other)
    assert _like(one) != _like(other)


@pytest.mark.parametrize(
    "command",
    [
        ReadRun(0, caller=ACTORLESS),
        ReadRun(NOWHERE, caller=ACTORLESS),
        begin(0, NO_TENANT),
        ChangeRun(0, BAD),
        ChangeRun(0, body("paused")),
        create(5, ACTORLESS),
        WrongMethod("PUT", Route.READ, NOWHERE, ACTORLESS),
        WrongMethod("PUT", Route.CREATE, 0, STRANGER),
        OddPath(""),
    ],
)
def test_other_refusals_need_not_be_alike(command: Command) -> None:
    """A refusal for another reason is compared with none (9)."""
    assert _like(command) is None


def test_shapes_are_of_reads_and_changes_alone() -> None:
    """Only a read or a change can be made of a run that is not there."""
    assert shape(create()) is None
    assert shape(OddPath("")) is None


def test_the_first_code_is_remembered() -> None:
    """A world keeps the code that a call of a shape was refused with first."""
    one = World().with_code("shape", 404)
    assert one.hidden == {"shape": 404}
    assert one is one.with_code("shape", 403)
    assert one is one.with_code(None, 403)


def test_any_actor_of_the_tenant_may_act() -> None:
    """Every actor of the tenant sees and changes its runs (9)."""
    for actor in (0, 1, 2):
        assert summary(expect(HERE, begin(0, Caller(actor=actor)))) == [200]
        assert summary(expect(HERE, ReadRun(0, caller=Caller(actor=actor)))) == [200]
    assert Caller(Tenant.OURS, 0, Token.GOOD) == US
