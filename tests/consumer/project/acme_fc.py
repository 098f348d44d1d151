"""A Federation Core on Starlette: routes of its own around the workflow runs, and an owner a run.

``ACME_FAULT`` seeds a fault, ``ACME_FORGETS`` makes it leave the owner out.
"""

from __future__ import annotations

import json
import os

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from pt004_model.embedded.app import build_app
from pt004_model.embedded.core import CONFORMING
from pt004_model.embedded.faults import parts_with


class Owners(BaseHTTPMiddleware):
    """Adds the owner to every run that is shown."""

    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        """Answer a request."""
        streamed = await call_next(request)
        content = b"".join([bytes(each) async for each in streamed.body_iterator])  # type: ignore[attr-defined]  # starlette streams what it wraps
        if content.startswith(b"{") and "ACME_FORGETS" not in os.environ:
            body = json.loads(content)
            if isinstance(body.get("run"), dict):
                body["run"]["owner"] = "acme"
                content = json.dumps(body).encode()
        kind = streamed.headers.get("content-type")
        return Response(content, streamed.status_code, media_type=kind)


async def home(_: Request) -> Response:
    """Say who this is."""
    return PlainTextResponse("acme")


def make_app() -> Starlette:
    """Put the application together."""
    fault = os.environ.get("ACME_FAULT")
    core = build_app(parts_with(fault) if fault else CONFORMING)
    routes = [Route("/", home), Mount("/", core)]
    return Starlette(routes=routes, middleware=[Middleware(Owners)])
