"""An FC in the manner of the public one: the deployed routes, runs without steps, little evidence.

It has no receipts, shows no gates, heeds no policy, knows one workflow, refuses running -> running,
and writes entries FC-RUN-001 and FC-RUN-002 alone. Parts of it may be faulty.
"""

from __future__ import annotations

import json
import warnings
from typing import Any, Final

import attrs

from pt004_model.embedded.app import build_app
from pt004_model.embedded.audit import Audit
from pt004_model.embedded.bodies import Bodies
from pt004_model.embedded.core import CONFORMING, Parts
from pt004_model.embedded.faults import FAULTS
from pt004_model.embedded.records import Change, Create, Run, Turn
from pt004_model.embedded.refusals import malformed
from pt004_model.embedded.rules import Rules
from pt004_model.embedded.views import Views
from pt004_model.vocabulary import Event, Status

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of Starlette, on what its test client rests on
    from starlette.testclient import TestClient

REGISTERED: Final = "pt004_execution_spine"
_WRITTEN: Final = {Event.RUN_CREATED, Event.STATUS_CHANGED}
_HIDDEN: Final = ("receipt_chain", "workflow_receipt_hash", "steps")
_HASHES: Final = ("receipt_hash", "previous_receipt_hash")


class OneWorkflow(Bodies):
    """Knows one workflow, and neither steps nor decisions."""

    def create(self, raw: bytes) -> Create:
        """Refuse another workflow; leave steps away."""
        create = super().create(raw)
        if create.workflow_id != REGISTERED:
            raise malformed(f"workflow {create.workflow_id!r} is not registered")
        return attrs.evolve(create, steps=None)

    def change(self, raw: bytes) -> Change:
        """Leave decisions away."""
        return attrs.evolve(super().change(raw), policy=None)


class NoProgress(Rules):
    """Refuses running -> running."""

    def judge_ungoverned(self, run: Run, change: Change) -> None:
        """Refuse a status that is there."""
        if run.status == change.status == Status.RUNNING:
            raise self.no_such_way(run, change)
        super().judge_ungoverned(run, change)


class TwoKinds(Audit):
    """Writes entries of two kinds alone."""

    def note(self, turn: Turn, event: Event, **more: Any) -> None:
        """Leave all other kinds away."""
        if event in _WRITTEN:
            super().note(turn, event, **more)


class Little(Views):
    """Shows neither receipts nor gates."""

    def envelope(self, run: str, entries: list[str], gates: list[str]) -> str:
        """Leave gates away, and the hashes of entries."""
        del gates
        shown = {name: each for name, each in json.loads(run).items() if name not in _HIDDEN}
        logs = [
            {name: each for name, each in json.loads(entry).items() if name not in _HASHES}
            for entry in entries
        ]
        return json.dumps({"run": shown, "logs": logs})


@attrs.frozen
class DeployedAlone:
    """Has the routes of the deployed dialect alone, and no document that tells of them."""

    app: Any

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        if scope["type"] == "http" and scope["path"].startswith(("/workflows", "/openapi")):
            scope = {**scope, "path": "/nowhere", "raw_path": b"/nowhere"}
        await self.app(scope, receive, send)


def public_app(*faults: str) -> DeployedAlone:
    """An FC in the manner of the public one, with some faults seeded."""
    parts = attrs.evolve(
        CONFORMING, bodies=OneWorkflow, rules=NoProgress, audit=TwoKinds, views=Little
    )
    for field in attrs.fields(Parts):
        base = getattr(parts, field.name)
        mine = tuple(
            FAULTS[n] for n in faults if issubclass(FAULTS[n], getattr(CONFORMING, field.name))
        )
        if mine:
            parts = attrs.evolve(parts, **{field.name: type("Faulty", (*mine, base), {})})
    return DeployedAlone(build_app(parts))


def in_process(app: Any) -> TestClient:
    """A client of an application in this process."""
    return TestClient(app)
