"""The export of a campaign against the embedded FC: all that it has written."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, Final

import httpx
from attrs import evolve

from pt004_model.drive.target import Target
from pt004_model.embedded.app import build_app
from pt004_model.embedded.core import CONFORMING, Core
from pt004_model.embedded.faults import parts_with
from pt004_model.search.campaign import Campaign, Profile

_SMALL: Final = Profile(
    "small", 40, 8, shrink=(0, 0.0), settle=(0, 0.0, 0.0), confirm=0, replays=(0, 0.0)
)


class InProcess(httpx.BaseTransport):
    """Calls an application in this process, in one event loop: many times as fast as a port."""

    def __init__(self, app: Any, recording: list[Any] | None = None) -> None:
        self.inner = httpx.ASGITransport(app)
        self.recording = recording
        self.loop = asyncio.new_event_loop()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""

        async def answer() -> httpx.Response:
            response = await self.inner.handle_async_request(request)
            content = await response.aread()
            return httpx.Response(response.status_code, headers=response.headers, content=content)

        sent = time.time()
        response = self.loop.run_until_complete(answer())
        if self.recording is not None:
            self.recording.append(entry(request, response, sent, time.time()))
        return response

    def close(self) -> None:
        """Close the loop."""
        self.loop.close()


def entry(
    request: httpx.Request, response: httpx.Response, sent: float, received: float
) -> dict[str, Any]:
    """A call as a HAR file has it."""

    def headers(message: httpx.Request | httpx.Response) -> list[dict[str, str]]:
        return [{"name": name, "value": value} for name, value in message.headers.items()]

    body = request.read()
    posted = {"postData": {"text": body.decode("utf-8", "surrogateescape")}} if body else {}
    return {
        "startedDateTime": datetime.fromtimestamp(sent, UTC).isoformat(),
        "time": (received - sent) * 1000,
        "request": {
            "method": request.method, "url": str(request.url), "headers": headers(request),
            **posted,
        },
        "response": {
            "status": response.status_code, "headers": headers(response),
            "content": {"text": base64.b64encode(response.content).decode(), "encoding": "base64"},
        },
    }  # fmt: skip


@contextmanager
def _client(app: Any, recording: list[Any] | None) -> Iterator[httpx.Client]:
    with httpx.Client(transport=InProcess(app, recording), base_url="http://fc") as client:
        yield client


def campaign(
    fault: str | None, seed: int, examples: int = 40, recording: list[Any] | None = None
) -> list[dict[str, Any]]:
    """The envelopes of all runs that a small campaign made; its calls go into ``recording``."""
    parts = CONFORMING if fault is None else parts_with(fault)
    cores: list[Core] = []

    class Kept(parts.core):  # type: ignore[name-defined, misc]  # whichever it is
        def __init__(self, *arguments: Any, **more: Any) -> None:
            super().__init__(*arguments, **more)
            cores.append(self)

    with _client(build_app(evolve(parts, core=Kept)), recording) as client:
        Campaign(Target(client=client), evolve(_SMALL, examples=examples), seed=seed).run()
    rows = cores[0].store.db.execute("SELECT tenant_id, run_id FROM runs ORDER BY rowid").fetchall()
    return [json.loads(cores[0].read(*row, logs=True, gates=True).text) for row in rows]
