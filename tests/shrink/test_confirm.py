"""How surely a finding shows, when an FC remembers what it was sent before."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle, repeat

import pytest
from attrs import define, evolve, field

from pt004_model.drive.session import Session
from pt004_model.judge.oracle import Oracle
from pt004_model.model.commands import Command, CreateRun
from pt004_model.model.replies import Reply, Response
from pt004_model.shrink.confirm import Confirmer
from pt004_model.wire.codec import Exchange
from pt004_model.wire.patience import Silence
from tests.drive.helpers import create, noting, with_run
from tests.search.test_campaign import Shared
from tests.stub import NAMES, Losing, Stub, Tampering


@define
class OncePerWorkflow:
    """An FC that answers wrongly to the first create of each workflow, and to no other."""

    inner: Shared = field(factory=Shared)
    known: set[object] = field(factory=set)

    def ask(self, command: Command, run_id: Callable[..., str], nonce: str) -> Exchange:
        """A run of a workflow that is new has the tags of another."""
        exchange = self.inner.ask(command, run_id, nonce)
        reply = exchange.response
        if not isinstance(command, CreateRun) or not isinstance(reply, Reply):
            return exchange
        workflow = command.body.fields.get("workflow_id")
        if workflow in self.known:
            return exchange
        self.known.add(workflow)
        return evolve(exchange, response=with_run(reply, tags=["wrong"]))


def test_what_an_fc_remembers_does_not_make_a_finding_flaky() -> None:
    """Under names of its own each replay shows it; judged with all else only the first would."""
    lockstep, _ = noting(OncePerWorkflow(), create(0))
    (finding,) = lockstep.steps[-1].findings
    told = []
    for self_contained in (True, False):
        session = Session(OncePerWorkflow(), Oracle(NAMES))
        done = Confirmer(session, finding.fingerprint, (create(0),), 4, 100, self_contained).run()
        told.append((done.seen, done.runs, len(done.other)))
    assert told == [(4, 4, 0), (1, 4, 1)]


def wrong_tags(command: Command, reply: Reply) -> Response:
    """Tampering: every create shows the tags of another run."""
    return with_run(reply, tags=["wrong"]) if isinstance(command, CreateRun) else reply


def confirmed(fates: Iterator[str]) -> tuple[int, int]:
    """How often a finding of every create is seen over a network that loses answers, in five."""
    lockstep, _ = noting(Tampering(Stub(), wrong_tags), create(0))
    (finding,) = lockstep.steps[-1].findings
    session = Session(Tampering(Losing(Stub(), fates), wrong_tags), Oracle(NAMES), patience=60.0)
    done = Confirmer(session, finding.fingerprint, (create(0),), 5, 100, self_contained=True).run()
    return done.seen, done.runs


def test_a_lost_answer_does_not_make_a_finding_flaky() -> None:
    """A replay in which a call got no answer says nothing, and another is made."""
    assert (5, 5) == confirmed(cycle(["lost", "kept"]))


def test_answers_that_are_all_lost_confirm_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tries are bounded, and none of them counts."""
    monkeypatch.setattr(Silence, "pause", lambda *_: None)
    assert (0, 0) == confirmed(repeat("lost"))
