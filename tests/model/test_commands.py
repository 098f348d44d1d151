"""Commands in words, and the scenarios that a run lives through."""

from __future__ import annotations

import pytest
from attrs import evolve

from pt004_model.model.commands import (
    NO_ACTOR,
    Caller,
    ChangeRun,
    Command,
    CreateRun,
    Loss,
    Names,
    OddPath,
    ReadRun,
    Restart,
    Route,
    Tenant,
    Token,
    Unknown,
    Wait,
    WrongMethod,
    as_asked,
    describe,
    short,
    subject,
)
from pt004_model.model.coverage import situation
from pt004_model.model.moves import Move
from pt004_model.model.run import Ask, Run
from pt004_model.model.scenarios import (
    CANONICAL,
    HAPPY_PATH,
    POLICY_DENY,
    POLICY_FLAG,
    TAGS,
    WORKFLOW_ID,
    Scenario,
    following,
)
from pt004_model.model.values import Body
from pt004_model.model.world import World, expect
from pt004_model.vocabulary import Decision
from tests.model.helpers import at, begin, body, create, new

ALLOW, FLAG, DENY = Decision


@pytest.mark.parametrize(
    ("command", "text"),
    [
        (create(2), "run 2: create with steps a, b, c"),
        (CreateRun(0, Body('{"workflow_id":"w"}')), 'run 0: create {"workflow_id":"w"}'),
        (CreateRun(0, Body('{"workflow_id":"w","steps":["a"],"tags":[]}'), correlation="c"),
         "run 0: create with steps a and {\"tags\":[]} [with correlation id 'c']"),
        (CreateRun(0, Body('{"workflow_id":"w","steps":["\\n"]}')),
         'run 0: create {"workflow_id":"w","steps":["\\n"]}'),
        (CreateRun(0, Body("{"), content_type=None), "run 0: create { [as None]"),
        (create(0, Caller(Tenant.STRANGER, 2), "k"),
         "run 0: create with steps a, b, c [as a stranger, as actor 2, under key 'k']"),
        (create(0, Caller(Tenant.NOBODY, NO_ACTOR, Token.EXPIRED)),
         "run 0: create with steps a, b, c [without tenant, without actor, with token expired]"),
        (ReadRun(1), "run 1: read with logs and gates"),
        (ReadRun(1, gates=False), "run 1: read with logs"),
        (ReadRun(1, False, False), "run 1: read"),
        (ReadRun(Unknown()), "unknown run: read with logs and gates"),
        (ReadRun(Unknown("x"), False), "unknown run x: read with gates"),
        (WrongMethod("PUT", Route.CHANGE, 3), "run 3: PUT on the change route"),
        (OddPath("a/b"), "read the path part 'a/b'"),
        (begin(0), "run 0: to running naming a (0) with policy allow"),
        (ChangeRun(0, begin(0).body.replace(
            policy={"decision": "flag", "policy_id": "\n", "reason": "r", "rules_triggered": []})),
         "run 0: to running naming a (0)"
         ' with policy flag {"policy_id": "\\n", "rules_triggered": []}'),
        (ChangeRun(0, body("paused")), "run 0: to paused"),
        (ChangeRun(0, body("paused", "a")), 'run 0: to paused naming step "a" without index'),
        (ChangeRun(0, body("paused", index=1)), "run 0: to paused naming step 1 by index alone"),
        (ChangeRun(0, body("failed", reason="r"), key=""),
         "run 0: to failed with {\"reason\":\"r\"} [under key '']"),
        (ChangeRun(0, body("failed", policy=5)), "run 0: to failed with policy 5"),
        (ChangeRun(0, Body('{"status":"archived"}')), 'run 0: change {"status":"archived"}'),
        (ChangeRun(0, Body("{" * 130)), f"run 0: change {'{' * 120}\u2026 (10 more)"),
        (ChangeRun(0, body("paused"), content_type="text/plain"),
         "run 0: to paused [as text/plain]"),
    ],
)  # fmt: skip
def test_a_command_in_a_few_words(command: Command, text: str) -> None:
    """describe() says which run, what is asked, and what is unusual about the call."""
    assert text == describe(command)


def test_a_long_text_is_cut() -> None:
    """short() says how many characters were left out, and leaves a short text alone."""
    assert (short("x" * 120), short("abcde", 3)) == ("x" * 120, "abc\u2026 (2 more)")


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (create(4), 4),
        (begin(0), 0),
        (ReadRun(2), 2),
        (WrongMethod("PUT", Route.READ, 1), 1),
        (ReadRun(Unknown()), None),
        (WrongMethod("PUT", Route.READ, Unknown()), None),
        (OddPath(""), None),
    ],
)
def test_the_subject_of_a_command(command: Command, expected: int | None) -> None:
    """A command is about one run of ours, or about none."""
    assert expected == subject(command)


# Scenarios


def test_the_canonical_scenarios() -> None:
    """Five steps, all allowed but perhaps the second."""
    assert {"happy_path": HAPPY_PATH, "policy_flag": POLICY_FLAG, "policy_deny": POLICY_DENY} == (
        CANONICAL
    )
    assert HAPPY_PATH.decisions == (ALLOW, ALLOW, ALLOW, ALLOW, ALLOW)
    assert POLICY_FLAG.decisions == (ALLOW, FLAG, ALLOW, ALLOW, ALLOW)
    assert str(POLICY_DENY) == "allow deny allow allow allow"
    assert (WORKFLOW_ID, TAGS) == ("pt004_execution_spine", ("pt004", "proof_campaign"))
    assert HAPPY_PATH.steps == ("step_1", "step_2", "step_3", "step_4", "step_5")


PLAN = Scenario((ALLOW, FLAG, DENY))


@pytest.mark.parametrize(
    ("run", "expected"),
    [
        (new(), Move(Ask.START, ALLOW)),
        (at("running", 0, "allow"), Move(Ask.START, FLAG)),
        (at("running", 1, "flag"), Move(Ask.PAUSE)),
        (at("paused", 1, "flag"), Move(Ask.START, DENY)),
        (at("running", 1, "flag", True), Move(Ask.START, DENY)),
        (at("running", 2, "deny"), Move(Ask.FAIL)),
        (at("running", 2, "flag"), Move(Ask.PAUSE)),
        (at("paused", 2, "flag"), Move(Ask.RESUME)),
        (at("running", 2, "flag", True), Move(Ask.COMPLETE)),
        (at("running", 1, "allow", length=2), Move(Ask.COMPLETE)),
        (at("running", 2, "allow", length=4), Move(Ask.COMPLETE)),
        (at("completed", 2, "allow"), None),
        (at("failed", 2, "deny"), None),
    ],
)
def test_the_next_move_of_a_scenario(run: Run, expected: Move | None) -> None:
    """A run is led through its scenario in the plainest way, as far as both go."""
    assert expected == following(run, PLAN)


def test_the_third_tenant_is_ours_in_another_case() -> None:
    """It is neither of the two that were named, even where a name has no letters."""
    assert Names.of("Acme", "other", ("a",)).tenants[:3] == ("Acme", "other", "aCME")
    assert Names.of("42", "42_", ("a",)).tenants[:3] == ("42", "42_", "42__")


@pytest.mark.parametrize("ours", ["tenant_omega", "a", "42", "%", "x'or'1'='1"])
def test_near_tenants_are_strangers(ours: str) -> None:
    """No tenant whose name is nearly ours has our name, or that of another."""
    tenants = Names.of(ours, f"{ours}_stranger", ("a",)).tenants
    assert tenants[Tenant.NOBODY] == ""
    assert len(Tenant) == len(tenants) == len(set(tenants))


def test_names_of_those_who_call() -> None:
    """Names that nobody has are left out, but for those that somebody chose."""
    names = Names.of("ours", "theirs", tuple("abcdefg"))
    assert names.among([]) == Names(names.tenants[:3], ("a", "b", "c"))
    calls: list[Command] = [ReadRun(0, caller=Caller(Tenant.STARRED, 4)), Wait(0, 1.0)]
    assert names.among(calls) == Names(names.tenants[:7], tuple("abcde"))


def test_a_wait_leaves_the_world_as_it_is() -> None:
    """Nothing is asked, so nothing changes, and it is said in a few words."""
    world, wait = World(), Wait(0, 2.5)
    assert [each.world for each in expect(world, wait)] == [world]
    assert (describe(wait), situation(world, wait)) == ("run 0: wait 2.5 s", ("wait",))


def test_a_command_as_it_is_asked_has_nothing_of_ours() -> None:
    """Beside whom it is sent and how its answer is lost is none of the FC's business."""
    asked = ChangeRun(0, Body.of({"status": "paused"}), key="k")
    lost = evolve(asked, caller=Caller(client=1, loss=Loss.CUT))
    assert as_asked(lost) == as_asked(asked) == asked
    assert describe(lost) == (
        "run 0: to paused [by client 1, broken off before its last byte, under key 'k']"
    )
    assert as_asked(Wait(0, 1.0)) == Wait(0, 1.0)


def test_a_restart_is_about_no_run() -> None:
    """It is told with when it comes."""
    assert subject(Restart(0.0032)) is None
    assert as_asked(Restart()) == Restart()
    assert (
        describe(Restart(0.0032)) == "the FC is killed, 3.2 ms after the calls, and started again"
    )
    assert describe(Restart(-0.5)) == "the FC is killed, 500 ms before the calls, and started again"
    assert situation(World(), Restart()) == ("restart",)
