"""How surely a finding shows, when an FC remembers what it was sent before."""

from __future__ import annotations

from collections.abc import Callable

from attrs import define, field

from pt004_model.explore.confirm import Confirmer
from pt004_model.explore.session import Session
from pt004_model.judge.oracle import Oracle
from pt004_model.model.commands import Command, CreateRun
from pt004_model.model.replies import Reply, Response
from tests.explore.helpers import create, noting, with_run
from tests.explore.test_campaign import Shared
from tests.stub import NAMES


@define
class OncePerWorkflow:
    """An FC that answers wrongly to the first create of each workflow, and to no other."""

    inner: Shared = field(factory=Shared)
    known: set[object] = field(factory=set)

    def ask(self, command: Command, run_id: Callable[..., str], nonce: str) -> Response:
        """A run of a workflow that is new has the tags of another."""
        reply = self.inner.ask(command, run_id, nonce)
        if not isinstance(command, CreateRun) or not isinstance(reply, Reply):
            return reply
        workflow = command.body.fields.get("workflow_id")
        if workflow in self.known:
            return reply
        self.known.add(workflow)
        return with_run(reply, tags=["wrong"])


def test_what_an_fc_remembers_does_not_make_a_finding_flaky() -> None:
    """Under names of its own each replay shows it; judged with all else only the first would."""
    lockstep, _ = noting(OncePerWorkflow(), create(0))
    (finding,) = lockstep.steps[-1].findings
    told = []
    for alone in (True, False):
        session = Session(OncePerWorkflow(), Oracle(NAMES))
        done = Confirmer(session, finding.fingerprint, (create(0),), 4, 100, alone).run()
        told.append((done.seen, done.runs, len(done.other)))
    assert told == [(4, 4, 0), (1, 4, 1)]
