"""The machine under plain pytest: quiet where an FC conforms, short where it does not."""

from __future__ import annotations

import unittest
from collections.abc import Callable

import pytest
from hypothesis import Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import rule

from pt004_model.drive.lockstep import Fc
from pt004_model.drive.session import Divergence, Session
from pt004_model.model.commands import ChangeRun, Command, CreateRun, ReadRun
from pt004_model.model.moves import Move
from pt004_model.model.replies import Reply, Response
from pt004_model.model.run import Ask
from pt004_model.search.machine import WorkflowMachine, workflow_machine
from pt004_model.vocabulary import Decision
from tests.drive.helpers import change, session, with_run
from tests.stub import Stub, Tampering


def unsealed(_: Command, reply: Reply) -> Response:
    """A completed run never gets its workflow receipt."""
    run = reply.body.get("run") if isinstance(reply.body, dict) else None
    if isinstance(run, dict) and run.get("status") == "completed":
        return with_run(reply, workflow_receipt_hash=None)
    return reply


def opener(make: Callable[[], Fc]) -> Callable[[], Session]:
    """What opens a session with an FC of its own for each example."""
    return lambda: session(make())


def run_as_pytest_does(machine: type[WorkflowMachine]) -> None:
    """Run the test case of a machine; its failure is raised."""
    machine.TestCase.settings = settings(
        machine.TestCase.settings, max_examples=40, database=None, derandomize=True
    )
    case = machine.TestCase("runTest")
    assert isinstance(case, unittest.TestCase)
    case.debug()


@pytest.mark.system
def test_a_conforming_fc_passes() -> None:
    """Nothing that the machine sends makes it fail, and it comes around in the model."""
    stubs: list[Stub] = []

    def make() -> Stub:
        stubs.append(Stub())
        return stubs[-1]

    run_as_pytest_does(workflow_machine(opener(make)))
    kinds = {type(command) for stub in stubs for command in stub.asked}
    assert {CreateRun, ChangeRun, ReadRun} <= kinds
    assert len(kinds) == 5


def test_a_fault_is_told_in_a_short_readable_example() -> None:
    """Hypothesis shrinks it to a run and the calls that it takes, each of which can be read."""
    machine = workflow_machine(opener(lambda: Tampering(Stub(), unsealed)))
    with pytest.raises(Divergence, match=r"^receipts\.workflow-hash: ") as raised:
        run_as_pytest_does(machine)
    told = "\n".join(raised.value.__notes__)
    calls = [line for line in told.splitlines() if line.startswith(("run_0 = ", "state."))]
    assert calls[0].startswith("run_0 = state.begin(steps=[")
    assert len(calls) <= 4


def test_each_fingerprint_is_a_class_of_its_own() -> None:
    """Two bugs of one FC are two failures, so both are told."""

    def both(command: Command, reply: Reply) -> Response:
        once = unsealed(command, reply)
        if isinstance(command, CreateRun) and isinstance(once, Reply) and once.code == 201:
            return with_run(once, status="odd")
        return once

    machine = workflow_machine(opener(lambda: Tampering(Stub(), both)))
    with pytest.raises(Divergence, match=r"^lifecycle\.status: "):
        run_as_pytest_does(machine)


@pytest.mark.system
def test_rules_of_ones_own() -> None:
    """A subclass adds rules that send commands and look at what the model knows."""
    seen: list[str] = []

    class Ours(WorkflowMachine):
        open_session = staticmethod(opener(Stub))

        @rule(run=WorkflowMachine.runs, reason=st.sampled_from(["a", "b"]))
        def give_up(self, run: int, reason: str) -> None:
            """Fail a run for a reason."""
            self.send(change(run, "failed", reason=reason))
            seen.append(str(self.model(run).state.status))

    Ours.TestCase.settings = settings(
        max_examples=20, database=None, derandomize=True, deadline=None, phases=[Phase.generate]
    )
    Ours.TestCase("runTest").debug()
    assert "failed" in seen


def test_rules_can_be_called_as_an_example_says() -> None:
    """What a falsifying example says can be pasted, without Hypothesis."""
    machine = workflow_machine(opener(Stub))
    state = machine()
    run = state.begin(steps=["a"])
    assert isinstance(run, int)
    state.advance(moves=["start-deny"], carried={}, actor=0, delivery="once", run=run)
    state.defy(probe="complete", run=run)
    assert state.model(run).state.decision is Decision.DENY
    state.go(run, Move(Ask.FAIL))
    assert state.model(run).state.terminal
    state.teardown()
    bodies = [c.body for c in (s.command for s in state.lockstep.steps) if isinstance(c, ChangeRun)]
    assert any(body.fields["status"] == "completed" for body in bodies)
