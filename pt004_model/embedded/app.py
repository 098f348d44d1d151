"""The HTTP face of the embedded Federation Core: both dialects at once (section 1)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from fastapi import FastAPI, Request, Response

from pt004_model.embedded import schemas
from pt004_model.embedded.core import CONFORMING, Core, Parts
from pt004_model.embedded.door import Door
from pt004_model.embedded.records import Answer, to_json
from pt004_model.embedded.refusals import Refused
from pt004_model.vocabulary import HEALTHY, ROUTES, Dialect

_JSON = "application/json"
_ABOUT = """
Governed workflow runs: declared steps, a policy decision a step, gates that a human resolves,
and an append-only audit log whose entries are chained receipts.
"""


class FederationCore(FastAPI):
    """An application whose OpenAPI document also describes the bodies that it reads by hand."""

    def openapi(self) -> dict[str, Any]:
        """Return the OpenAPI document."""
        if not self.openapi_schema:
            self.openapi_schema = schemas.add_components(super().openapi())
        return self.openapi_schema


class Endpoints:
    """The handlers. They never await between reading a request and having its answer."""

    def __init__(self, core: Core, door: Door) -> None:
        self.core = core
        self.door = door

    async def create_run(self, request: Request) -> Response:
        """Create a run; it is pending until its first step starts."""
        return respond(await self.core.serve_create(await self.door.admit(request)))

    async def change_run(self, request: Request, run_id: str) -> Response:
        """Start, pause, resume, complete or fail a run, or start its next step."""
        call = await self.door.admit(request)
        return respond(await self.core.serve_change(call, run_id))

    async def read_run(self, request: Request, run_id: str) -> Response:
        """Read a run, with its audit log and its gates if they are asked for."""
        query = request.query_params
        tenant = self.door.admit_reader(request.headers)
        answer = await self.core.serve_read(
            tenant,
            run_id,
            logs=query.get("include_logs") == "true",
            gates=query.get("include_gates") == "true",
        )
        return respond(answer)

    async def health(self) -> Response:
        """Tell that the server is alive."""
        return Response(to_json({"status": HEALTHY}), media_type=_JSON)


def respond(answer: Answer) -> Response:
    """Answer an accepted call."""
    return Response(answer.text, answer.status, media_type=_JSON)


async def refuse(_: Request, refused: Exception) -> Response:
    """Answer a refused call; its body says why (section 11)."""
    assert isinstance(refused, Refused)  # noqa: S101 - no other comes here
    return Response(to_json({"detail": refused.detail}), refused.status, media_type=_JSON)


def build_app(
    parts: Parts = CONFORMING,
    *,
    db: Path | None = None,
    secret: str | None = None,
    automatic: bool = False,
) -> FastAPI:
    """Put a Federation Core together from its parts."""
    core = parts.core(parts, db, automatic=automatic)
    endpoints = Endpoints(core, parts.door(parts.tokens(secret)))
    app = FederationCore(
        title="Embedded Federation Core",
        version="1.0.0",
        description=_ABOUT,
        redirect_slashes=False,
    )
    app.add_exception_handler(Refused, refuse)
    app.add_api_route(
        ROUTES[Dialect.SEED].health,
        endpoints.health,
        methods=["GET"],
        tags=["health"],
        response_model=schemas.Health,
    )
    for dialect in Dialect:
        add_run_routes(app, endpoints, dialect, auth=secret is not None)
    return app


def add_run_routes(app: FastAPI, endpoints: Endpoints, dialect: Dialect, *, auth: bool) -> None:
    """Serve the three calls on the routes of one dialect."""
    unread, unchanged = (400, 401, 404), (400, 401, 404, 409, 413, 415, 422)
    not_made = (400, 401, 409, 413, 415, 422)
    for call, method, status, endpoint, refused, extra in (
        ("create", "POST", 201, endpoints.create_run, not_made, schemas.create_extra),
        ("change", "PATCH", 200, endpoints.change_run, unchanged, schemas.change_extra),
        ("read", "GET", 200, endpoints.read_run, unread, schemas.read_extra),
    ):
        app.add_api_route(
            getattr(ROUTES[dialect], call),
            endpoint,
            methods=[method],
            status_code=status,
            tags=[dialect],
            operation_id=f"{call}_run_{dialect}",
            response_model=schemas.Envelope,
            responses=schemas.refusals(*refused),
            openapi_extra=extra(auth=auth),
        )
