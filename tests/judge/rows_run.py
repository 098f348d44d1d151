"""Rows for the checks of a run and of what is accepted or refused."""

from __future__ import annotations

from typing import Final

from attrs import evolve

from pt004_model.model.commands import (
    NO_ACTOR,
    Caller,
    ChangeRun,
    CreateRun,
    OddPath,
    ReadRun,
    Route,
    Unknown,
    WrongMethod,
)
from pt004_model.model.replies import Undecodable
from pt004_model.model.values import Body
from tests.judge.helpers import (
    CREATE,
    DENIED,
    DONE,
    FAILED,
    FLAGGED,
    FORGER,
    ONE,
    READ,
    STARTED,
    STRANGER,
    Row,
    accepted,
    before_the_pause,
    change,
    create,
    drop,
    moved,
    put,
    refused,
    start,
)

_UNKNOWN: Final = ReadRun(Unknown())
_FOREIGN: Final = ReadRun(0, caller=STRANGER)
_KEYED: Final = create("a", key="k")
_OTHER: Final = create("b", number=1, key="k")
_UNCREATED: Final = CreateRun(0, Body.of({"steps": ["a"]}))
_OF_OTHERS: Final = "isolation.nothing-of-other-runs"
_ORDER: Final = frozenset({"lifecycle.times-in-order"})
_WITH_UPDATED: Final = frozenset({"lifecycle.times-in-order", "lifecycle.updated-at"})

LIFECYCLE: Final = (
    Row("lifecycle.legal-change-accepted", (CREATE,), start("a", 0), refused(409)),
    Row("lifecycle.create-accepted", (), CREATE, refused(422)),
    Row("lifecycle.read-accepted", (CREATE,), READ, refused(404)),
    Row("lifecycle.read-is-current", (*ONE, change("paused")), READ, before_the_pause()),
    Row("lifecycle.accepted-code", (), CREATE, lambda reply: evolve(reply, code=200)),
    Row("lifecycle.accepted-code", (CREATE,), READ, lambda reply: evolve(reply, code=206)),
    Row("lifecycle.no-server-error", (CREATE,), READ, refused(500)),
    Row("lifecycle.no-server-error", (CREATE,), _UNKNOWN, refused(500)),
    Row("lifecycle.no-server-error", (), OddPath(""), refused(599)),
    Row("lifecycle.no-server-error", (CREATE,), READ, lambda reply: evolve(reply, code=199)),
    Row(
        "lifecycle.no-server-error",
        (),
        CREATE,
        lambda reply: evolve(reply, code=500, body=Undecodable("not JSON", "Oops")),
    ),
    Row("lifecycle.answer-is-final", (CREATE,), change("paused"), refused(302)),
    Row("lifecycle.envelope", (CREATE,), READ, drop("run", sealed=False)),
    Row("lifecycle.envelope", (CREATE,), READ, lambda reply: evolve(reply, body=[])),
    Row("lifecycle.envelope", (CREATE,), READ, drop("logs")),
    Row("lifecycle.envelope", (CREATE,), READ, put("gates", {})),
    Row("lifecycle.envelope", (CREATE,), READ, put("logs", [1], sealed=False)),
    Row(
        "lifecycle.sections-as-asked",
        (CREATE,),
        ReadRun(0, logs=False),
        put("logs", [{}], sealed=False),
    ),
    Row("lifecycle.sections-as-asked", (CREATE,), ReadRun(0, gates=False), put("gates", [{}])),
    Row("lifecycle.terminal-is-final", DONE, change("failed"), accepted()),
    Row("lifecycle.only-legal-changes", (CREATE,), change("paused"), accepted()),
    Row("lifecycle.status", (CREATE,), READ, put("run.status", "running")),
    Row("lifecycle.run-id", (), CREATE, put("run.run_id", ""), frozenset({_OF_OTHERS})),
    Row("lifecycle.run-id", (), CREATE, put("run.run_id", "a/b"), frozenset({_OF_OTHERS})),
    Row("lifecycle.run-id", (CREATE,), READ, put("run.run_id", "other")),
    Row("lifecycle.sent-data-kept", (CREATE,), READ, put("run.tags", [])),
    Row("lifecycle.sent-data-kept", (CREATE,), READ, put("run.input_payload.n.0", True)),
    Row("lifecycle.sent-data-kept", (CREATE,), READ, put("run.steps", None)),
    Row("lifecycle.sent-data-kept", (CREATE,), READ, drop("run.metadata")),
    Row("lifecycle.correlation-id", (), CREATE, put("run.correlation_id", "c-2")),
    Row("lifecycle.correlation-id", (), create(), put("run.correlation_id", "")),
    Row("lifecycle.correlation-id", (create(),), READ, put("run.correlation_id", "new")),
    Row("lifecycle.output-payload", DONE, READ, put("run.output_payload", {"x": 2})),
    Row("lifecycle.error-details", FAILED, READ, put("run.error_details", None)),
    Row(
        "lifecycle.created-at",
        (create(number=1),),
        CREATE,
        moved("run.created_at", 9),
        _WITH_UPDATED,
    ),
    Row("lifecycle.created-at", (CREATE,), READ, moved("run.created_at", 0.001), _ORDER),
    Row("lifecycle.updated-at", (CREATE,), READ, moved("run.updated_at", 0.001)),
    Row("lifecycle.updated-at", (CREATE,), start("a", 0), moved("run.updated_at", 9)),
    Row("lifecycle.updated-at", (), CREATE, moved("run.updated_at", 0.001)),
    Row("lifecycle.updated-at", (CREATE,), READ, put("run.updated_at", "yesterday")),
    Row("lifecycle.started-at", (CREATE,), READ, put("run.started_at", "2026-02-06T12:00:00Z")),
    Row("lifecycle.started-at", (CREATE,), start("a", 0), put("run.started_at", None)),
    Row("lifecycle.started-at", STARTED, change("paused"), moved("run.started_at", 0.05)),
    Row("lifecycle.completed-at", ONE, change("completed"), put("run.completed_at", 1)),
    Row(
        "lifecycle.times-in-order",
        ONE,
        change("completed"),
        moved("run.updated_at", -0.001),
    ),
    Row("lifecycle.updated-at", (CREATE,), start("a", 0), moved("run.updated_at", 0, "")),
    Row("lifecycle.refusal-code", (CREATE,), change("paused"), refused(404)),
)

STEPS: Final = (
    Row("steps.next-step-only", STARTED, start("c", 2), accepted()),
    Row("steps.next-step-only", STARTED, start("a", 0), accepted()),
    Row("steps.names-agree", STARTED, start("b", 2), accepted()),
    Row("steps.no-early-completion", STARTED, change("completed"), accepted()),
    Row("steps.current-step", STARTED, READ, put("run.current_step", "b")),
    Row("steps.step-index", STARTED, READ, put("run.step_index", False)),
    Row("steps.refusal-code", STARTED, start("c", 2), refused(404)),
)

POLICY: Final = (
    Row(
        "policy.decision-required",
        (CREATE,),
        change("running", current_step="a", step_index=0),
        accepted(),
    ),
    Row("policy.flag-blocks", FLAGGED, start("b", 1), accepted()),
    Row("policy.deny-blocks", DENIED, start("b", 1), accepted()),
    Row(
        "policy.decision-recorded",
        (CREATE,),
        start("a", 0),
        put("logs.2.details.policy_id", "p-2"),
    ),
    Row("policy.decision-recorded", (CREATE,), start("a", 0, "deny"), drop("logs.2")),
    Row("policy.refusal-code", FLAGGED, start("b", 1), refused(404)),
)

ISOLATION: Final = (
    Row("isolation.unknown-run", (CREATE,), _UNKNOWN, accepted()),
    Row("isolation.foreign-run", (CREATE,), _FOREIGN, accepted()),
    Row("isolation.same-code", (CREATE, _FOREIGN), evolve(_FOREIGN, run=Unknown()), refused(403)),
    Row("isolation.owner-kept", (CREATE,), READ, put("run.tenant_id", "tenant_x")),
    Row("isolation.owner-kept", STARTED, READ, put("run.actor_id", "actor_1")),
    Row(
        "isolation.nothing-of-other-runs", (CREATE,), start("a", 0), put("logs.-1.run_id", "other")
    ),
    Row("isolation.refusal-code", (CREATE,), _UNKNOWN, refused(409)),
)

INPUT: Final = (
    Row("input.malformed-refused", (), _UNCREATED, accepted(201)),
    Row("input.not-json-refused", (), CreateRun(0, Body("{")), accepted(201)),
    Row("input.headers-required", (CREATE,), ReadRun(0, caller=Caller(actor=NO_ACTOR)), accepted()),
    Row("input.wrong-method-refused", (CREATE,), WrongMethod("PUT", Route.READ, 0), accepted()),
    Row("input.path-names-no-run", (), OddPath(".."), accepted()),
    Row("input.refusal-code", (), _UNCREATED, refused(409)),
    Row("input.refusal-detail", (), _UNCREATED, put("detail", "")),
    Row("input.refusal-detail", (), _UNCREATED, put("detail", 7)),
    Row("input.refusal-detail", (), _UNCREATED, drop("detail")),
    Row("input.refusal-detail", (), _UNCREATED, lambda reply: evolve(reply, body="no")),
    Row(
        "input.reply-is-json",
        (),
        _UNCREATED,
        lambda reply: evolve(reply, body=Undecodable("not JSON")),
    ),
    *(
        Row("input.reply-is-json", (), each, lambda reply: evolve(reply, content_type="text/html"))
        for each in (CREATE, _UNCREATED)
    ),
    Row("input.reply-is-json", (), CREATE, lambda reply: evolve(reply, body=Undecodable("x"))),
)

IDEMPOTENCY: Final = (
    Row("idempotency.key-bound-to-request", (_KEYED,), _OTHER, accepted(201)),
    Row("idempotency.replay-as-then", (_KEYED,), _KEYED, put("run.status", "running")),
    Row("idempotency.replay-as-then", (_KEYED,), _KEYED, drop("run.tags")),
    Row("idempotency.replay-as-then", (_KEYED,), _KEYED, put("logs", [])),
    Row("idempotency.replay-as-then", (_KEYED,), _KEYED, lambda reply: evolve(reply, code=200)),
    Row(
        "idempotency.replay-as-then",
        (_KEYED, start("a", 0)),
        _KEYED,
        put("run.status", "running"),
    ),
    Row("idempotency.refusal-code", (_KEYED,), _OTHER, refused(400)),
)

AUTHENTICATION: Final = (
    Row(
        "authentication.token-required",
        (CREATE,),
        ReadRun(0, caller=FORGER),
        accepted(),
        authenticates=True,
    ),
    Row(
        "authentication.refusal-code",
        (CREATE,),
        ChangeRun(0, start("a", 0).body, FORGER),
        refused(409),
        authenticates=True,
    ),
)
