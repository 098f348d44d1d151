"""Requests that are counted and remembered, and the bare loop that sends them once more."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

import httpx
from attrs import define, evolve, field

from pt004_model.explore.lockstep import Interruption
from pt004_model.model.replies import NoAnswer
from pt004_model.vocabulary import IDEMPOTENCY_HEADER
from pt004_model.wire.codec import Answer, Request, read_json
from pt004_model.wire.transport import Transport

Sent: TypeAlias = tuple[Request, str | None]
"""A request, and the id of the run that it made, if it made one."""


class Spent(Interruption):
    """So many requests as the budget allows were sent."""


@define
class Cost:
    """Seconds that something took: by the clock, and of our own processor time."""

    wall: float = 0.0
    processor: float = 0.0


@contextmanager
def measured() -> Iterator[Cost]:
    """What the block costs; the figures are there when it has ended."""
    cost = Cost()
    wall, processor = time.perf_counter(), time.process_time()
    try:
        yield cost
    finally:
        cost.wall = time.perf_counter() - wall
        cost.processor = time.process_time() - processor


@define
class Recorder:
    """A transport that remembers what it sent, and stops at ``budget`` requests if there is one.

    Raises :class:`Spent`. Taking the budget away lets it go on.
    """

    inner: Transport
    budget: int | None = None
    sent: list[Sent] = field(factory=list)

    def send(self, request: Request) -> Answer | NoAnswer:
        """Send and remember."""
        if self.budget is not None and len(self.sent) >= self.budget:
            raise Spent
        answer = self.inner.send(request)
        made = None
        if request.method == "POST" and isinstance(answer, Answer) and answer.code == 201:
            made = run_id(answer.content)
        self.sent.append((request, made))
        return answer


def run_id(content: bytes) -> str | None:
    """The id of the run in an answer, if there is one."""
    body = read_json(content)
    run = body.get("run") if isinstance(body, dict) else None
    found = run.get("run_id") if isinstance(run, dict) else None
    return found if isinstance(found, str) else None


def bare(base_url: str, sent: list[Sent], nonce: str) -> Cost:
    """What a loop costs that does nothing but send the same requests.

    Run ids and idempotency keys are made to fit: the loop's creates make runs of their own.
    """
    fresh = []
    for request, made in sent:
        headers = dict(request.headers)
        if headers.get(IDEMPOTENCY_HEADER):
            headers[IDEMPOTENCY_HEADER] += nonce
        fresh.append((evolve(request, headers=headers), made))
    ids: dict[str, str] = {}
    with (
        httpx.Client(base_url=base_url, trust_env=False, timeout=30) as client,
        measured() as cost,
    ):
        for request, made in fresh:
            target = request.target
            for part in target.replace("?", "/").split("/"):
                if part in ids:
                    target = target.replace(part, ids[part])
            answer = client.request(
                request.method, target, headers=request.headers, content=request.content
            )
            if made is not None:
                ids[made] = run_id(answer.content) or made
    return cost
