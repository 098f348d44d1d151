"""The export of a campaign against the embedded FC: all that it has written."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import httpx
from attrs import evolve

from pt004_model.drive.target import Target
from pt004_model.embedded.app import build_app
from pt004_model.embedded.core import Core
from pt004_model.embedded.faults import parts_with
from pt004_model.embedded.parts import CONFORMING
from pt004_model.search.campaign import Campaign, Profile

_SMALL: Final = Profile(
    "small", 40, 8, shrink=(0, 0.0), settle=(0, 0.0, 0.0), confirm=0, replays=(0, 0.0)
)


class InProcess(httpx.BaseTransport):
    """Calls an application in this process, in one event loop: many times as fast as a port."""

    def __init__(self, app: Any) -> None:
        self.inner = httpx.ASGITransport(app)
        self.loop = asyncio.new_event_loop()

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer one request."""

        async def answer() -> httpx.Response:
            response = await self.inner.handle_async_request(request)
            content = await response.aread()
            return httpx.Response(response.status_code, headers=response.headers, content=content)

        return self.loop.run_until_complete(answer())

    def close(self) -> None:
        """Close the loop."""
        self.loop.close()


@contextmanager
def _client(app: Any) -> Iterator[httpx.Client]:
    with httpx.Client(transport=InProcess(app), base_url="http://fc") as client:
        yield client


def campaign(fault: str | None, seed: int, examples: int = 40) -> list[dict[str, Any]]:
    """The envelopes of all runs that a small campaign made."""
    parts = CONFORMING if fault is None else parts_with(fault)
    cores: list[Core] = []

    class Kept(parts.core):  # type: ignore[name-defined, misc]  # whichever it is
        def __init__(self, *arguments: Any, **more: Any) -> None:
            super().__init__(*arguments, **more)
            cores.append(self)

    with _client(build_app(evolve(parts, core=Kept))) as client:
        Campaign(Target(client=client), evolve(_SMALL, examples=examples), seed=seed).run()
    rows = cores[0].store.db.execute("SELECT tenant_id, run_id FROM runs ORDER BY rowid").fetchall()
    return [json.loads(cores[0].read(*row, logs=True, gates=True).text) for row in rows]
