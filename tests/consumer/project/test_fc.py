"""All that a team writes to have its Federation Core tested."""

from __future__ import annotations

from acme_fc import make_app
from conftest import TestClient
from hypothesis import settings
from hypothesis.stateful import rule

import pt004_model

target = pt004_model.Target(client=TestClient(make_app()))
QUICK = settings(max_examples=5, stateful_step_count=5, deadline=None, database=None)

TestFC = pt004_model.workflow_machine(target).TestCase
TestFC.settings = QUICK


class Impatient(pt004_model.workflow_machine(target)):  # type: ignore[misc]  # made at run time
    """The machine with a rule of acme's own."""

    @rule(run=pt004_model.WorkflowMachine.runs)
    def fail_at_once(self, run: int) -> None:
        """Fail a run wherever it is."""
        if self.lockstep.drivable(run):
            self.send(pt004_model.ChangeRun(run, pt004_model.Body.of({"status": "failed"})))


TestImpatient = Impatient.TestCase
TestImpatient.settings = QUICK


def test_campaign(fc_campaign: pt004_model.Result) -> None:
    """A whole campaign finds nothing."""
    assert fc_campaign.verdict is pt004_model.Verdict.CONFORMS, fc_campaign.why
    assert "acme" in fc_campaign.areas
