"""Locksteps with a stub, and what they found."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from attrs import evolve

from pt004_model.drive.lockstep import Fc, Lockstep
from pt004_model.drive.session import Session
from pt004_model.judge.finding import Finding
from pt004_model.judge.oracle import Oracle
from pt004_model.model.commands import Caller, ChangeRun, Command, CreateRun, ReadRun, Tenant
from pt004_model.model.replies import Reply
from pt004_model.model.values import Body, Json
from tests.stub import NAMES, JsonObject

READ: Final = ReadRun(0)
STRANGER: Final = Caller(Tenant.STRANGER)


def create(number: int, *steps: str, **fields: Json) -> CreateRun:
    """A create; ungoverned when no steps are given."""
    asked: JsonObject = {"workflow_id": "w", **fields}
    if steps:
        asked["steps"] = list(steps)
    return CreateRun(number, Body.of(asked))


def change(number: int, status: str, **fields: Json) -> ChangeRun:
    """A change of status."""
    return ChangeRun(number, Body.of({"status": status, **fields}))


def start(number: int, name: str, index: int, decision: str = "allow") -> ChangeRun:
    """A change that starts a step with a decision, in the plainest words."""
    policy: Json = {"decision": decision, "policy_id": "a", "reason": "a"}
    return change(number, "running", current_step=name, step_index=index, policy=policy)


def session(
    fc: Fc,
    on_finding: Callable[[Finding, Lockstep], None] | None = None,
    **more: Any,
) -> Session:
    """A session that raises findings unless told otherwise."""
    made = Session(fc, Oracle(NAMES), **more)
    if on_finding is not None:
        made.on_finding = on_finding
    return made


def noting(fc: Fc, *commands: Command) -> tuple[Lockstep, list[str]]:
    """A lockstep in which ``commands`` were sent, and the ids of the checks that said no."""
    found: list[str] = []

    def note(finding: Finding, _: Lockstep) -> None:
        found.append(finding.check)

    lockstep = session(fc, note).lockstep()
    for command in commands:
        lockstep.do(command)
    return lockstep, found


def with_run(reply: Reply, **fields: Json) -> Reply:
    """The reply with fields of its run replaced."""
    body = reply.body
    assert isinstance(body, dict)
    run = body["run"]
    assert isinstance(run, dict)
    return evolve(reply, body={**body, "run": {**run, **fields}})


def refusal(reply: Reply, code: int) -> Reply:
    """A refusal with ``code`` in place of the reply."""
    return evolve(reply, code=code, body={"detail": "no"})
