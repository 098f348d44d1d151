"""Deliveries of calls that must be accepted: what an FC that gets them wrong shows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from attrs import define, evolve, field

from pt004_model.drive.session import Session
from pt004_model.judge.finding import Finding
from pt004_model.judge.oracle import Oracle
from pt004_model.model.commands import Command, CreateRun, RunRef
from pt004_model.model.replies import Reply
from pt004_model.search import deliveries
from pt004_model.search.machine import WorkflowMachine
from pt004_model.wire.codec import Exchange
from tests.stub import NAMES, Stub


@define
class Burning:
    """An FC with which a refused create uses up its key."""

    stub: Stub = field(factory=Stub)
    burnt: set[str] = field(factory=set)

    def ask(self, command: Command, run_id: Callable[[RunRef], str], nonce: str) -> Exchange:
        """The stub's answer, or a refusal for the sake of the key."""
        told = self.stub.ask(command, run_id, nonce)
        if isinstance(command, CreateRun) and command.key and isinstance(told.response, Reply):
            if command.key in self.burnt:
                reply = evolve(told.response, code=409, body={"detail": "this key was used"})
                return evolve(told, response=reply)
            if told.response.code >= 400:
                self.burnt.add(command.key)
        return told


@pytest.mark.parametrize("delivery", deliveries.CREATES)
def test_a_conforming_fc_takes_every_delivery_of_a_create(delivery: str) -> None:
    """The run is there, once, and goes on."""
    machine = WorkflowMachine(Session(Stub(), Oracle(NAMES)))
    number = machine.make(("a",), delivery=delivery)
    assert machine.lockstep.drivable(number)
    assert not any(step.findings for step in machine.lockstep.steps)


def test_a_key_that_a_refused_create_uses_up_is_found() -> None:
    """The create that is right comes under the same key next."""
    found: list[Finding] = []
    session = Session(Burning(), Oracle(NAMES))
    session.on_finding = lambda finding, _: found.append(finding)
    machine = WorkflowMachine(session)
    machine.make(("a",), delivery="refused first")
    assert {each.check for each in found} == {"lifecycle.create-accepted"}
