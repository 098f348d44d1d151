"""A reply in words that the contract does not have puts its run outside of it, and no other."""

from __future__ import annotations

import pytest
from attrs import evolve

from pt004_model.judge.memory import View
from pt004_model.judge.oracle import Oracle, Verdict
from pt004_model.model.commands import Caller, Command, CreateRun, ReadRun, Tenant, Unknown
from pt004_model.model.replies import Reply
from pt004_model.model.scenarios import plain_create
from pt004_model.model.world import Unjudged, World, expect
from tests.stub import NAMES

CREATE = CreateRun(0, plain_create(["a"]))
CANCELLED = Reply(200, {"run": {"status": "cancelled"}}, outside="cancelled")
WORLD = expect(World(), CREATE)[0].world


@pytest.mark.parametrize("command", [CreateRun(1, CREATE.body), ReadRun(0)])
def test_the_run_is_set_aside(command: Command) -> None:
    """Nothing of it is judged from then on, and the answer is no finding."""
    judged = Oracle(NAMES).judge((View(WORLD),), command, CANCELLED)
    assert (Verdict.CONFORMS, (), Unjudged()) == (judged.verdict, judged.findings, judged.outcome)
    assert frozenset({command.run}) == judged.views[0].world.outside  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("command", "reply"),
    [
        (ReadRun(Unknown()), CANCELLED),
        (ReadRun(0, caller=Caller(Tenant.STRANGER)), CANCELLED),
        (ReadRun(0), evolve(CANCELLED, code=409)),
    ],
)
def test_what_is_none_of_the_callers_business_is_judged(command: Command, reply: Reply) -> None:
    """A run that is not there, that of another tenant, and a refusal are judged as ever."""
    judged = Oracle(NAMES).judge((View(WORLD),), command, reply)
    assert Verdict.DIVERGES is judged.verdict
