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
        try:
            return respond(await self.core.serve_create(await self.door.admit(request)))
        except Refused as refused:
            return refuse(refused)

    async def change_run(self, request: Request, run_id: str) -> Response:
        """Start, pause, resume, complete or fail a run, or start its next step."""
        try:
            call = await self.door.admit(request)
            return respond(await self.core.serve_change(call, run_id))
        except Refused as refused:
            return refuse(refused)

    async def read_run(self, request: Request, run_id: str) -> Response:
        """Read a run, with its audit log and its gates if they are asked for."""
        query = request.query_params
        try:
            tenant = self.door.admit_reader(request.headers)
            answer = await self.core.serve_read(
                tenant,
                run_id,
                logs=query.get("include_logs") == "true",
                gates=query.get("include_gates") == "true",
            )
        except Refused as refused:
            return refuse(refused)
        return respond(answer)

    async def health(self) -> Response:
        """Tell that the server is alive."""
        return Response(to_json({"status": HEALTHY}), media_type=_JSON)


def respond(answer: Answer) -> Response:
    """Answer an accepted call."""
    return Response(answer.text, answer.status, media_type=_JSON)


def refuse(refused: Refused) -> Response:
    """Answer a refused call; its body says why (section 11)."""
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
    app.add_api_route(
        ROUTES[dialect].create,
        endpoints.create_run,
        methods=["POST"],
        status_code=201,
        tags=[dialect],
        operation_id=f"create_run_{dialect}",
        response_model=schemas.Envelope,
        responses=schemas.refusals(400, 401, 409, 413, 415, 422),
        openapi_extra=schemas.create_extra(auth=auth),
    )
    app.add_api_route(
        ROUTES[dialect].change,
        endpoints.change_run,
        methods=["PATCH"],
        tags=[dialect],
        operation_id=f"change_run_{dialect}",
        response_model=schemas.Envelope,
        responses=schemas.refusals(400, 401, 404, 409, 413, 415, 422),
        openapi_extra=schemas.change_extra(auth=auth),
    )
    app.add_api_route(
        ROUTES[dialect].read,
        endpoints.read_run,
        methods=["GET"],
        tags=[dialect],
        operation_id=f"read_run_{dialect}",
        response_model=schemas.Envelope,
        responses=schemas.refusals(400, 401, 404),
        openapi_extra=schemas.read_extra(auth=auth),
    )
