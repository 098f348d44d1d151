"""Conversations with the stub that agree so far, and ways to tamper with its next reply."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Final, TypeAlias

from attrs import define, evolve, field, frozen

from pt004_model.drive.lockstep import Lockstep
from pt004_model.judge.finding import Finding
from pt004_model.judge.oracle import Judgement, Oracle, Verdict
from pt004_model.model.commands import (
    Caller,
    ChangeRun,
    Command,
    CreateRun,
    ReadRun,
    RunRef,
    Tenant,
    Token,
    Unknown,
)
from pt004_model.model.replies import Reply
from pt004_model.model.values import Body, Json
from tests.habits import Habits
from tests.stub import NAMES, JsonObject, Stub, digest

Tamper: TypeAlias = Callable[[Reply], Reply]
COMPLETE: Final = Habits(sections="complete")
STRANGER: Final = Caller(Tenant.STRANGER)
FORGER: Final = Caller(token=Token.FORGED)


def create(
    *steps: str,
    number: int = 0,
    key: str | None = None,
    correlation: str | None = None,
    **fields: Json,
) -> CreateRun:
    """A create; ungoverned when no steps are given."""
    asked: JsonObject = {"workflow_id": "w", **fields}
    if steps:
        asked["steps"] = list(steps)
    return CreateRun(number, Body.of(asked), key=key, correlation=correlation)


def change(status: str, *, run: RunRef = 0, actor: int = 0, **fields: Json) -> ChangeRun:
    """A change of status."""
    return ChangeRun(run, Body.of({"status": status, **fields}), Caller(actor=actor))


def start(name: str, index: int, decision: str = "allow", *, actor: int = 0) -> ChangeRun:
    """A change that starts a step with a decision."""
    policy: Json = {"decision": decision, "policy_id": "p-1", "reason": "because"}
    return change("running", actor=actor, current_step=name, step_index=index, policy=policy)


READ: Final = ReadRun(0)
CREATE: Final = create("a", "b", "c", tags=["t"], input_payload={"n": [1, 2.5]}, correlation="c-1")
STARTED: Final = (CREATE, start("a", 0))
FLAGGED: Final = (CREATE, start("a", 0, "flag"))
PAUSED: Final = (*FLAGGED, change("paused"))
RESUMED: Final = (*PAUSED, change("running", actor=1))
REJECTED: Final = (*PAUSED, change("failed", reason="too risky"))
DENIED: Final = (CREATE, start("a", 0, "deny"))
ONE: Final = (create("a"), start("a", 0))
DONE: Final = (*ONE, change("completed", output_payload={"x": 1}))
FAILED: Final = (*ONE, change("failed", error_details={"x": 1}, reason="broken"))


@define
class Talk:
    """A conversation with a stub, every reply of which has agreed so far."""

    stub: Stub = field(factory=lambda: Stub(habits=lambda: COMPLETE))
    lockstep: Lockstep = field(init=False)

    def __attrs_post_init__(self) -> None:
        oracle = Oracle(self.stub.names)
        self.lockstep = Lockstep(
            self.stub, oracle, _surprised, authenticates=self.stub.authenticates
        )

    def say(self, *commands: Command) -> Talk:
        """Send commands; nothing may be found."""
        for command in commands:
            judgement = self.lockstep.do(command)
            assert judgement is not None
            assert Verdict.CONFORMS is judgement.verdict
        return self

    def answer(self, command: Command) -> Reply:
        """What the stub answers to ``command``, not judged yet."""
        response = self.stub.ask(command, self.run_id, self.lockstep.nonce).response
        assert isinstance(response, Reply)
        return response

    def judge(self, command: Command, reply: Reply) -> Judgement:
        """What the judge says of ``reply``; the conversation stays where it is."""
        oracle = self.lockstep.oracle
        asked = evolve(oracle, ledger=copy.deepcopy(oracle.ledger))  # and no reply is the last
        return asked.judge(self.lockstep.views, command, reply)

    def run_id(self, ref: RunRef) -> str:
        """The id of a run, or one of a run that is not there."""
        if isinstance(ref, Unknown):
            return "no-such-run"
        return self.lockstep.views[0].seen[ref].run_id


def _surprised(finding: Finding, _: Lockstep) -> None:
    raise AssertionError(str(finding))


def talk(*commands: Command, habits: Habits = COMPLETE, authenticates: bool = False) -> Talk:
    """A conversation in which ``commands`` were sent and found good."""
    stub = Stub(NAMES, lambda: habits, authenticates)
    return Talk(stub).say(*commands)


def _holder(body: Json, path: str) -> tuple[JsonObject | list[Json], str | int]:
    *way, last = [int(part) if part.lstrip("-").isdigit() else part for part in path.split(".")]
    value: Json = body
    for part in way:
        assert isinstance(value, dict | list)
        value = value[part]  # type: ignore[index]  # the path fits the body
    assert isinstance(value, dict | list)
    return value, last


def seal(body: Json) -> None:
    """Make all receipts of an envelope anew, so that the log looks genuine."""
    assert isinstance(body, dict)
    run, log = body.get("run"), body.get("logs")
    if not isinstance(run, dict) or not isinstance(log, list):
        return
    chain: list[Json] = []
    for entry in log:
        if isinstance(entry, dict):
            entry["previous_receipt_hash"] = chain[-1] if chain else None
            hashed = {name: value for name, value in entry.items() if name != "receipt_hash"}
            entry["receipt_hash"] = digest(hashed)
            chain.append(entry["receipt_hash"])
    run["receipt_chain"] = chain
    if run.get("workflow_receipt_hash") is not None:
        run["workflow_receipt_hash"] = digest(chain)


def edited(edit: Callable[[JsonObject], None], *, sealed: bool = True) -> Tamper:
    """Tampering by changing a copy of the body in place; receipts are made to fit."""

    def tamper(reply: Reply) -> Reply:
        body = copy.deepcopy(reply.body)
        assert isinstance(body, dict)
        edit(body)
        if sealed:
            seal(body)
        return evolve(reply, body=body)

    return tamper


def put(path: str, value: Json, *, sealed: bool = True) -> Tamper:
    """The value at a path like ``logs.-1.details.reason`` replaced, or put there."""

    def edit(body: JsonObject) -> None:
        holder, last = _holder(body, path)
        holder[last] = value  # type: ignore[index]  # the path fits the body

    return edited(edit, sealed=sealed)


def drop(path: str, *, sealed: bool = True) -> Tamper:
    """The value at a path taken away."""

    def edit(body: JsonObject) -> None:
        holder, last = _holder(body, path)
        del holder[last]  # type: ignore[arg-type]  # the path fits the body

    return edited(edit, sealed=sealed)


def moved(path: str, seconds: float, zone: str = "Z") -> Tamper:
    """The time at a path moved; it is written with microseconds, and with another zone or none."""

    def edit(body: JsonObject) -> None:
        holder, last = _holder(body, path)
        text = str(holder[last])  # type: ignore[index]  # the path fits the body
        holder[last] = shifted(text, seconds)[:-1] + zone  # type: ignore[index]  # likewise

    return edited(edit)


def before_the_pause() -> Tamper:
    """A paused run of one step that was allowed as it was before it was paused."""

    def edit(body: JsonObject) -> None:
        run, log = body["run"], body["logs"]
        assert isinstance(run, dict)
        assert isinstance(log, list)
        run |= {"status": "running", "updated_at": run["started_at"]}
        body["logs"] = log[:-1]

    return edited(edit)


def shifted(text: str, seconds: float) -> str:
    """A time as the stub writes it, moved by some seconds within its minute."""
    assert text.endswith("Z")
    whole = float(text[17:26]) + seconds
    assert 0 <= whole < 60
    return f"{text[:17]}{whole:09.6f}Z"


def in_turn(*tampers: Tamper) -> Tamper:
    """Several tamperings, one after the other."""

    def tamper(reply: Reply) -> Reply:
        for each in tampers:
            reply = each(reply)
        return reply

    return tamper


def refused(code: int) -> Tamper:
    """A refusal with ``code`` in place of the reply."""
    return lambda reply: evolve(reply, code=code, body={"detail": "no"})


def accepted(code: int = 200) -> Tamper:
    """An acceptance in place of the reply."""
    return lambda reply: evolve(reply, code=code, body={"run": {}, "logs": [], "gates": []})


@frozen
class Row:
    """One tampering and the check that must say no; ``also`` are checks that may join in."""

    check: str
    prior: tuple[Command, ...]
    command: Command
    tamper: Tamper
    also: frozenset[str] = frozenset()
    habits: Habits = COMPLETE
    authenticates: bool = False

    def __str__(self) -> str:
        return self.check
