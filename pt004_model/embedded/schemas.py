"""What ``/openapi.json`` says about bodies, headers, answers and refusals (sections 1 to 11).

These models describe; they do not check. ``bodies.py`` reads requests by the letter of the
contract, which the coercions of a validation library would blur.
"""

from __future__ import annotations

from typing import Annotated, Any, Final

from pydantic import BaseModel, Field

from pt004_model.vocabulary import (
    ACTOR_HEADER,
    CORRELATION_HEADER,
    DEFAULT_WORKFLOW_VERSION,
    IDEMPOTENCY_HEADER,
    TENANT_HEADER,
    Decision,
    GateStatus,
    Status,
)

Object = dict[str, Any]
Text = Annotated[str, Field(min_length=1)]


class PolicyBody(BaseModel):
    """The decision that the policy evaluation of a step came to."""

    decision: Decision
    policy_id: str
    reason: str
    rules_triggered: list[str] | None = None


class CreateBody(BaseModel):
    """A run to create. With `steps` it is governed: the lifecycle is enforced step by step."""

    workflow_id: Text
    workflow_version: str | None = DEFAULT_WORKFLOW_VERSION
    input_payload: Object | None = Field(default_factory=dict)
    metadata: Object | None = Field(default_factory=dict)
    tags: list[str] | None = Field(default_factory=list)
    steps: (
        Annotated[list[Text], Field(min_length=1, json_schema_extra={"uniqueItems": True})] | None
    ) = Field(None, description="The ids of the steps in order, no two alike.")


class ChangeBody(BaseModel):
    """A change of a run's status. One that starts a step names it and carries its policy."""

    status: Status
    current_step: str | None = Field(None, description="The id of a step.")
    step_index: int | None = Field(None, ge=0, description="Its index, counted from 0.")
    policy: PolicyBody | None = None
    reason: str | None = None
    output_payload: Object | None = Field(None, description="With `completed` only.")
    error_details: Object | None = Field(None, description="With `failed` only.")


class RunView(BaseModel):
    """A run as it is now."""

    run_id: str
    workflow_id: str
    workflow_version: str
    input_payload: Object
    metadata: Object
    tags: list[str]
    steps: list[str] | None
    tenant_id: str
    actor_id: str
    correlation_id: str
    status: Status
    current_step: str | None
    step_index: int
    receipt_chain: list[str]
    workflow_receipt_hash: str | None
    created_at: str
    updated_at: str
    started_at: str | None
    completed_at: str | None
    output_payload: Object | None
    error_details: Object | None


class LogEntryView(BaseModel):
    """One audit log entry, which is a receipt as well."""

    log_id: str
    run_id: str
    event_type: str
    step_id: str | None
    previous_status: Status | None
    new_status: Status | None
    actor_id: str
    message: str
    details: Object
    timestamp: str
    previous_receipt_hash: str | None
    receipt_hash: str


class GateView(BaseModel):
    """A gate that holds a flagged step until somebody approves it."""

    gate_id: str
    run_id: str
    step_id: str | None
    gate_type: str
    gate_name: str
    status: GateStatus
    created_at: str
    approved_by: str | None
    rejection_reason: str | None
    resolved_at: str | None


class Envelope(BaseModel):
    """What every accepted call is answered with; `logs` and `gates` when asked for."""

    run: RunView
    logs: list[LogEntryView]
    gates: list[GateView]


class Health(BaseModel):
    """Liveness."""

    status: str


class RefusalView(BaseModel):
    """Why a call was refused."""

    detail: str


# named, not given as a model: the application would build it anew for every status of every route
_REFUSAL: Final = {"application/json": {"schema": {"$ref": "#/components/schemas/RefusalView"}}}
REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"content": _REFUSAL, "description": description}
    for status, description in {
        400: "A required header is missing, or the body is not JSON",
        401: "The token is missing, forged or expired",
        404: "There is no such run for this tenant",
        409: "The change is illegal, or the idempotency key was used with another request",
        413: "The body is larger than 1 MiB",
        415: "The body does not say it is JSON",
        422: "A field is missing, malformed or of the wrong type",
    }.items()
}


def refusals(*codes: int) -> dict[int | str, dict[str, Any]]:
    """Pick the refusals that a route can answer with."""
    return {code: REFUSALS[code] for code in codes}


def _header(name: str, description: str, *, required: bool) -> Object:
    return {
        "name": name,
        "in": "header",
        "required": required,
        "description": description,
        "schema": {"type": "string", "minLength": 1 if required else 0},
    }


def _flag(name: str) -> Object:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": "`true` fills the list; anything else leaves it empty.",
        "schema": {"type": "boolean", "default": False},
    }


_WHO: Final = [
    _header(TENANT_HEADER, "Whose run it is.", required=True),
    _header(ACTOR_HEADER, "Who makes the call.", required=True),
]
_KEY: Final = _header(
    IDEMPOTENCY_HEADER, "Makes a repetition of the call harmless.", required=False
)
_CORRELATION: Final = _header(CORRELATION_HEADER, "Kept on the new run.", required=False)


def _documented(parameters: list[Object], body: type[BaseModel] | None, *, auth: bool) -> Object:
    extra: Object = {"parameters": parameters}
    if body is not None:
        reference = {"$ref": f"#/components/schemas/{body.__name__}"}
        extra["requestBody"] = {
            "required": True,
            "content": {"application/json": {"schema": reference}},
        }
    if auth:
        extra["security"] = [{"token": []}]
    return extra


def create_extra(*, auth: bool) -> Object:
    """Document headers and body of a create."""
    return _documented([*_WHO, _CORRELATION, _KEY], CreateBody, auth=auth)


def change_extra(*, auth: bool) -> Object:
    """Document headers and body of a change."""
    return _documented([*_WHO, _KEY], ChangeBody, auth=auth)


def read_extra(*, auth: bool) -> Object:
    """Document headers and query of a read."""
    return _documented([*_WHO, _flag("include_logs"), _flag("include_gates")], None, auth=auth)


def add_components(document: Object) -> Object:
    """Add the schemas that request bodies refer to, and how a token is sent (section 12)."""
    components = document.setdefault("components", {})
    schemas = components.setdefault("schemas", {})
    for model in (CreateBody, ChangeBody, RefusalView):
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(schema.pop("$defs", {}))
        schemas[model.__name__] = schema
    components["securitySchemes"] = {"token": {"type": "http", "scheme": "bearer"}}
    return document
