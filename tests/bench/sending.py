"""Requests that are counted and remembered, and the bare loop that sends them once more."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeAlias

import httpx
from attrs import define, evolve, field

from pt004_model.interrupts import Interruption
from pt004_model.model.replies import NoAnswer
from pt004_model.vocabulary import IDEMPOTENCY_HEADER
from pt004_model.wire.codec import Answer, Request, read_json
from pt004_model.wire.sending import Transport

Sent: TypeAlias = tuple[Request, str | None]
"""A request, and the id of the run that it made, if it made one."""


class Spent(Interruption):
    """So many requests as the budget allows were sent."""


@define
class Cost:
    """Seconds that something took: by the clock, and of our own processor time."""

    wall: float = 0.0
    processor: float = 0.0

    def add(self, other: Cost, times: int = 1) -> None:
        """Add another cost, or with -1 take it away."""
        self.wall += times * other.wall
        self.processor += times * other.processor


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


@define
class BareLoop:
    """A loop that does nothing but send requests once more to the same server.

    Run ids and idempotency keys are made to fit: the loop's creates make runs of their own.
    """

    client: httpx.Client
    nonce: str
    ids: dict[str, str] = field(factory=dict)

    def send(self, sent: list[Sent]) -> Cost:
        """What sending them costs."""
        fresh = []
        for request, made in sent:
            headers = dict(request.headers)
            if headers.get(IDEMPOTENCY_HEADER):
                headers[IDEMPOTENCY_HEADER] += self.nonce
            fresh.append((evolve(request, headers=headers), made))
        ids = self.ids
        with measured() as cost:
            for request, made in fresh:
                target = request.target
                for part in target.replace("?", "/").split("/"):
                    if part in ids:
                        target = target.replace(part, ids[part])
                answer = self.client.request(
                    request.method, target, headers=request.headers, content=request.content
                )
                if made is not None:
                    ids[made] = run_id(answer.content) or made
        return cost


def direct(base_url: str) -> httpx.Client:
    """A client that nothing stands in the way of."""
    return httpx.Client(base_url=base_url, trust_env=False, timeout=30)


@define
class Pairing:
    """A transport that lets a bare loop send the same requests, a few at a time, in between.

    Whatever else the machine does then slows both alike. ``loop`` is what the loop cost, and
    ``pauses`` what whoever sends through this transport must not be charged with.
    """

    inner: Transport
    bare: BareLoop
    every: int = 25
    loop: Cost = field(factory=Cost)
    pauses: Cost = field(factory=Cost)
    waiting: list[Sent] = field(factory=list)

    def send(self, request: Request) -> Answer | NoAnswer:
        """Send, and every now and then let the loop catch up."""
        answer = self.inner.send(request)
        with measured() as pause:
            made = None
            if request.method == "POST" and isinstance(answer, Answer) and answer.code == 201:
                made = run_id(answer.content)
            self.waiting.append((request, made))
            if len(self.waiting) >= self.every:
                self.catch_up()
        self.pauses.add(pause)
        return answer

    def catch_up(self) -> None:
        """Let the loop send what it has not sent yet."""
        self.loop.add(self.bare.send(self.waiting))
        self.waiting = []
