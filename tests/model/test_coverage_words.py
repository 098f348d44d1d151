"""The edges of the model and the situations of findings, in words."""

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
    Route,
    Tenant,
    Token,
    Unknown,
    WrongMethod,
)
from pt004_model.model.coverage import Edge, decision_word, edge, position_word, situation
from pt004_model.model.run import Run
from pt004_model.model.values import Body
from tests.model.helpers import STRANGER, at, begin, body, create, free, new, world

HERE = world(
    at("running", 1, "flag"),
    evolve(at("paused", 0, "flag", length=1), number=1),
    evolve(free("paused", "flag", True), number=2),
    evolve(new(), number=3),
    evolve(at("failed", 2, "deny"), number=4),
    evolve(at("running", 0, "allow"), number=5),
)


@pytest.mark.parametrize(
    ("run", "decision", "position"),
    [
        (new(), "-", "none"),
        (at("running", 0, "allow"), "allow", "first"),
        (at("running", 1, "flag"), "flag", "middle"),
        (at("paused", 2, "flag", True), "cleared", "last"),
        (at("failed", 0, "deny", length=1), "deny", "only"),
        (at("running", 1, "allow", length=2), "allow", "last"),
        (free("pending"), "-", "ungoverned"),
        (free("running", "flag"), "flag", "ungoverned"),
    ],
)
def test_where_a_run_is(run: Run, decision: str, position: str) -> None:
    """A run's decision in force and the place of its step are told in one word each."""
    assert (decision, position) == (decision_word(run), position_word(run))


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (ChangeRun(0, body("running", "c", 2, "deny")), "running start-deny flag middle"),
        (ChangeRun(0, body("running", "c", 2)), "running start-undecided flag middle"),
        (ChangeRun(0, body("running", "c", 2, policy=1)), "running start flag middle"),
        (ChangeRun(0, body("running", "b", 1)), "running repeat flag middle"),
        (ChangeRun(0, body("paused")), "running pause flag middle"),
        (ChangeRun(1, body("running"), Caller(actor=2), "k"), "paused resume flag only"),
        (ChangeRun(2, body("running")), "paused start-undecided cleared ungoverned"),
        (ChangeRun(2, body("failed")), "paused fail cleared ungoverned"),
        (ChangeRun(3, body("running", "b", 1, "allow")), "pending skip - none"),
        (ChangeRun(4, body("running", "a", 0, "allow")), "failed back deny last"),
        (ChangeRun(5, body("running", "x", 0, "allow")), "running misname allow first"),
        (ChangeRun(5, body("pending")), "running reset allow first"),
        (ChangeRun(5, body("completed")), "running complete allow first"),
    ],
)
def test_a_change_drives_an_edge(command: ChangeRun, expected: str) -> None:
    """A well-formed change of a visible run drives the edge of its state, ask and outcome."""
    assert f"{expected} accepted" == str(edge(HERE, command, True))
    status, ask, decision, position = expected.split()
    assert Edge(status, ask, decision, position, "refused") == edge(HERE, command, False)


def test_edges_have_an_order() -> None:
    """Edges sort by their words, for tables."""
    one = Edge("paused", "fail", "-", "none", "accepted")
    assert one < evolve(one, outcome="refused") < evolve(one, status="pending", outcome="-")


@pytest.mark.parametrize(
    "command",
    [
        ReadRun(0),
        create(9),
        OddPath(".."),
        WrongMethod("PUT", Route.READ, 0),
        ChangeRun(Unknown(), body("failed")),
        ChangeRun(9, body("failed")),
        ChangeRun(0, Body('{"status":"archived"}')),
        ChangeRun(0, Body("{")),
        ChangeRun(0, body("failed"), STRANGER),
        ChangeRun(0, body("failed"), Caller(token=Token.FORGED)),
    ],
)
def test_other_commands_drive_no_edge(command: Command) -> None:
    """What is no well-formed change by the run's own tenant is on no edge."""
    assert edge(HERE, command, False) is None


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        (OddPath(".."), ("odd path",)),
        (WrongMethod("PUT", Route.READ, 0), ("PUT", "read")),
        (ReadRun(0), ("read",)),
        (ReadRun(0, caller=Caller(token=Token.EXPIRED)), ("expired",)),
        (begin(0, Caller(Tenant.NOBODY)), ("no tenant",)),
        (create(9, Caller(actor=NO_ACTOR)), ("no actor",)),
        (create(9), ("create", "")),
        (CreateRun(9, Body("{")), ("create", "NotJson")),
        (CreateRun(9, Body("NaN")), ("create", "Beyond")),
        (CreateRun(9, Body("{}")), ("CreateRun", "workflow_id")),
        (CreateRun(9, Body("[]")), ("CreateRun", "None")),
        (ChangeRun(0, Body('{"status":"x"}')), ("ChangeRun", "status")),
        (ChangeRun(0, body("running", policy={})), ("ChangeRun", "policy.decision")),
        (ChangeRun(0, body("failed", policy={})), ("running", "fail", "flag")),
        (ChangeRun(0, Body("{")), ("change",)),
        (ChangeRun(Unknown(), body("failed")), ("change",)),
        (ChangeRun(9, body("failed")), ("change",)),
        (ChangeRun(0, body("failed"), STRANGER), ("change",)),
        (ChangeRun(0, body("running", "c", 2, "deny")), ("running", "start-deny", "flag")),
        (ChangeRun(2, body("running")), ("paused", "start-undecided", "cleared")),
    ],
)
def test_the_situation_of_a_finding(command: Command, expected: tuple[str, ...]) -> None:
    """A finding is told from others by the state and ask, or by what is wrong with the call."""
    assert expected == situation(HERE, command)
