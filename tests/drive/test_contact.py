"""First contact: routes, token and demands of an FC of which nothing is known."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from attrs import define, field
from hypothesis import example, given
from hypothesis import strategies as st

from pt004_model.drive.contact import Contact, NoContact, make_contact
from pt004_model.model.commands import Names
from pt004_model.model.replies import NoAnswer
from pt004_model.vocabulary import ROUTES, Dialect
from pt004_model.wire.codec import Answer, Codec, Request

Body: TypeAlias = dict[str, Any]
NAMES = Names.of("tenant", "stranger", ("actor",))
HEALTHY = (200, {"status": "healthy"})
NONE = (404, {"detail": "none"})


@define
class Server:
    """Answers by a function of a create's body, or as an FC does; keeps what was sent."""

    create: Callable[[Body], tuple[int, Any] | None] = lambda _: None
    routes: str = "/workflows/runs"
    health: str = "/health"
    document: Any = None
    change: tuple[int, Any] = (409, {"detail": "no"})
    keys: dict[str, str] = field(factory=dict)
    hides: tuple[str, ...] = ()
    sent: list[Request] = field(factory=list)

    def send(self, request: Request) -> Answer | NoAnswer:
        """Answer a request."""
        self.sent.append(request)
        code, body = self._answer(request)
        return Answer(code, {"content-type": "application/json"}, json.dumps(body).encode(), 0, 0)

    def _answer(self, request: Request) -> tuple[int, Any]:
        if request.target == self.health:
            return HEALTHY
        if request.target == "/openapi.json":
            return NONE if self.document is None else (200, self.document)
        if request.method == "PATCH":
            return self.change
        if request.target != self.routes:
            return NONE
        body = json.loads(request.content or b"{}")
        refused = self.create(body)
        if refused is not None:
            return refused
        key = request.headers.get("X-Idempotency-Key", str(len(self.sent)))
        run_id = self.keys.setdefault(key, f"run-{len(self.sent)}")
        run = {"run_id": run_id, **body}
        return 201, {"run": {name: each for name, each in run.items() if name not in self.hides}}


def contact(server: Server) -> Contact:
    """The contact that is made, asking in the seed dialect first."""
    return make_contact(Codec(NAMES), server)


@pytest.mark.parametrize("dialect", Dialect)
def test_the_dialect_is_found(dialect: Dialect) -> None:
    """Both dialects are tried; all creates are tagged."""
    server = Server(routes=ROUTES[dialect].create)
    made = contact(server)
    assert (dialect, ROUTES[dialect], True, ()) == (
        made.dialect, made.routes, made.governs, made.lacks,
    )  # fmt: skip
    creates = [json.loads(each.content or b"") for each in server.sent if each.method == "POST"]
    assert all("pt004" in each["tags"] for each in creates)


def test_routes_of_its_own_are_read_from_its_document() -> None:
    """An FC of neither dialect is asked by the routes of its OpenAPI document."""
    paths: dict[str, Any] = {
        "/v2/things": {"get": {}},
        "/v2/runs": {"post": {}},
        "/v2/runs/{id}": {"get": {}},
        "/v2/runs/{id}/state": {"patch": {}},
    }
    made = contact(Server(routes="/v2/runs", document={"paths": paths}, health="/healthz"))
    assert made.dialect is None
    assert ("/v2/runs", "/v2/runs/{run_id}/state", "/v2/runs/{run_id}", "/healthz") == made.routes


def wanting(detail: Any, fits: Callable[[Body], bool]) -> Callable[[Body], tuple[int, Any] | None]:
    """Refuse creates that do not fit, with a detail."""
    return lambda body: None if fits(body) else (422, {"detail": detail})


LOC = [{"loc": ["body", "metadata", "team"], "msg": "Field required", "type": "missing"}]
ENUM = [{"loc": ["body", "kind"], "msg": "bad", "ctx": {"expected": "'a' or 'b'"}}]


@pytest.mark.parametrize(
    ("detail", "fits", "fields"),
    [
        (LOC, lambda b: b.get("metadata", {}).get("team"), {"metadata": {"team": "pt004"}}),
        (ENUM, lambda b: b.get("kind") in {"a", "b"}, {"kind": ["a", "b"]}),
        ("missing field: level", lambda b: isinstance(b.get("level"), int), {"level": 1}),
        ("'options' must be an object", lambda b: b.get("options") == {}, {"options": [{}]}),
        ("the owner_list is empty", lambda b: b.get("owner_list"), {"owner_list": "pt004"}),
    ],
)
def test_what_a_refusal_names_is_tried(detail: Any, fits: Any, fields: Body) -> None:
    """A field that the detail names is sent, with the values that it names, or with some."""
    assert fields == contact(Server(wanting(detail, fits))).required.fields


def test_values_come_from_the_document() -> None:
    """A field is given what its schema lists, through references."""
    schema = {"properties": {"priority": {"$ref": "#/components/Priority"}}}
    body = {"content": {"application/json": {"schema": schema}}}
    document = {
        "paths": {"/workflows/runs": {"post": {"requestBody": body}}},
        "components": {"Priority": {"type": "string", "enum": ["urgent"]}},
    }
    server = Server(
        wanting("priority is missing", lambda b: b.get("priority") == "urgent"), document=document
    )
    assert {"priority": "urgent"} == contact(server).required.fields


def test_workflows_that_must_be_there() -> None:
    """Ours is named alone where another is refused; else one that the refusal lists."""
    ours = contact(Server(wanting("unknown", lambda b: "spine" in b["workflow_id"])))
    assert (True, ("pt004_execution_spine",)) == (ours.registered, ours.required.workflow_ids)
    listed = wanting(
        "unknown workflow; registered: pay, ship", lambda b: b["workflow_id"] == "ship"
    )
    assert ("ship",) == contact(Server(listed)).required.workflow_ids


def test_what_it_does_not_know() -> None:
    """Steps that are not shown nor enforced, keys that do not hold, decisions that do not."""
    server = Server(change=(200, {}), hides=("steps",))
    made = contact(server)
    assert (False, ("policy",)) == (made.governs, made.lacks)
    assert contact(Server(hides=("steps",))).governs
    server = Server(wanting("steps are not supported", lambda b: "steps" not in b))
    server.keys = Forgetful()
    made = contact(server)
    assert (False, ("idempotency",)) == (made.governs, made.lacks)


class Forgetful(dict[str, str]):
    """Keeps nothing."""

    def setdefault(self, _: str, default: str = "") -> str:
        """Return what is new."""
        return default


def test_a_silent_one() -> None:
    """No answer at all is told with what was tried."""

    class Silent:
        def send(self, request: Request) -> NoAnswer:
            del request
            return NoAnswer("it is gone", applied=False)

    with pytest.raises(NoContact, match=r"(?s)no Federation Core.*GET /health: no answer, it is"):
        make_contact(Codec(NAMES), Silent())


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(
        ["body", "loc", "'a' is required", "one of a, b", "#/paths", "$ref", "workflow_id"]
    ),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(
            ["paths", "/workflows/runs", "post", "requestBody", "content", "application/json",
             "schema", "$ref", "properties", "enum", "type", "loc", "ctx", "expected", "detail"]
        ),
        inner, max_size=3,
    ),
    max_leaves=12,
)  # fmt: skip


@example(document=None, detail={"loc": [[]]})
@given(document=VALUES, detail=VALUES)
def test_whatever_it_says(document: Any, detail: Any) -> None:
    """Any document and any refusal is read, and nothing but the one error is raised."""
    with pytest.raises(NoContact):
        contact(Server(lambda _: (422, {"detail": detail}), document=document))
