"""Waiting: 429, the rate asked for, and the clock; none of it in real time."""

from __future__ import annotations

from collections.abc import Callable
from email.utils import formatdate

import httpcore
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pt004_model.model.replies import NoAnswer
from pt004_model.wire.codec import Answer, Request
from pt004_model.wire.sending import _retry_after
from pt004_model.wire.transport import Endpoint, HttpTransport
from tests.wire.helpers import Clock, Serve, Server, http, says

Start = Callable[[Serve], Server]
PATCH = Request("PATCH", "/x", {"X-Idempotency-Key": "k"}, b"{}")
EPOCH = 1_700_001_000.0  # what the fake clock shows at first


def _busy(*headers: str) -> bytes:
    return http(429, b"", *headers)


@pytest.mark.parametrize(
    ("header", "slept"),
    [
        ("Retry-After: 3", 3.0),
        ("Retry-After:  2 ", 2.0),
        ("X-Other: 1", 1.0),
        ("Retry-After: 0", 0.002),
        ("Retry-After: soon", 1.0),
        ("Retry-After: -5", 1.0),
        ("Retry-After: \u00b2", 1.0),
        (f"Retry-After: {formatdate(EPOCH + 7, usegmt=True)}", 7.0),
        (f"Retry-After: {formatdate(EPOCH - 7, usegmt=True)}", 0.002),
        ("Retry-After: 1 Jan 99999999999999999999 00:00:00 GMT", 1.0),
    ],
)
def test_429_is_waited_for_and_the_call_made_again(
    server: Start, clock: Clock, header: str, slept: float
) -> None:
    """429 says not now: after Retry-After the very same call is made again (contract, head)."""
    there = server(says(_busy(header), http(201)))
    answer = there.transport().send(PATCH)
    assert isinstance(answer, Answer)
    assert (201, [slept]) == (answer.code, clock.slept)
    assert len(there.requests) == 2
    assert there.requests[0] == there.requests[1]


@pytest.mark.parametrize(
    ("wait", "slept"), [("31", []), ("16", [16.0]), ("15", [15.0, 15.0]), ("9" * 400, [])]
)
def test_patience_with_429_ends(server: Start, clock: Clock, wait: str, slept: list[float]) -> None:
    """After half a minute of 429 there is no answer, and nothing has happened (contract, head)."""
    there = server(says(_busy(f"Retry-After: {wait}")))
    answer = there.transport().send(PATCH)
    assert isinstance(answer, NoAnswer)
    assert not answer.applied
    assert answer.why.startswith("the FC answers 429 and asks to wait ")
    assert slept == clock.slept


def test_429_without_end_or_wait_is_given_up(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """An FC that says 429 and 0 for ever is not asked for ever."""

    def busy(*_: object) -> httpcore.Response:
        return httpcore.Response(429, headers=[("Retry-After", "0")], content=b"")

    monkeypatch.setattr(httpcore.ConnectionPool, "handle_request", busy)
    transport = HttpTransport(Endpoint("http://127.0.0.1:9", own=True))
    assert isinstance(transport.send(PATCH), NoAnswer)
    transport.close()
    assert 295 < len(clock.slept) < 315
    assert clock.slept[:4] == [0.002, 0.004, 0.008, 0.016]
    assert max(clock.slept) == 0.1


@settings(max_examples=120, deadline=None)
@example(text="0\x1f", now=0.0)
@given(st.text(st.characters(codec="latin-1"), max_size=30), st.floats(0, 4e9))
@example("\u0663", 0.0)
@example("1 Jan 2020 00:00:00 +99999999999999999999", 0.0)
@example("Mon, 01 Jan 0001 00:00:00 -0000", 0.0)
@example("Fri, 31 Dec 9999 23:59:59 -2359", 0.0)
def test_any_retry_after_is_some_time(text: str, now: float) -> None:
    """Whatever the header holds, there is a time to wait that is not negative."""
    assert _retry_after(text, now) >= 0.0


# The rate asked for


def test_requests_hold_back_to_the_rate(server: Start, clock: Clock) -> None:
    """At 4 requests a second each waits a quarter of a second for the one before."""
    transport = server(says(http(200))).transport(rate=4.0)
    for _ in range(4):
        transport.send(PATCH)
    assert clock.slept == [0.25, 0.25, 0.25]


def test_time_that_went_by_is_not_waited_for_again(server: Start, clock: Clock) -> None:
    """A pause of our own counts towards the rate, and is not saved up for a burst."""
    transport = server(says(http(200))).transport(rate=4.0)
    transport.send(PATCH)
    clock.at += 0.125
    transport.send(PATCH)
    assert clock.slept == [0.125]
    clock.at += 60
    for _ in range(2):
        transport.send(PATCH)
    assert clock.slept == [0.125, 0.25]


def test_a_call_that_is_made_again_holds_back_too(server: Start, clock: Clock) -> None:
    """A request repeated after 429 counts towards the rate like any other."""
    there = server(says(_busy("Retry-After: 0"), http(200)))
    there.transport(rate=4.0).send(PATCH)
    assert clock.slept == [0.002, 0.248]


def test_without_a_rate_nothing_is_held_back(server: Start, clock: Clock) -> None:
    """By default requests follow each other at once."""
    transport = server(says(http(200))).transport()
    for _ in range(3):
        transport.send(PATCH)
    assert clock.slept == []


# The clock


def test_times_are_told_by_a_clock_that_is_never_set_back(
    server: Start, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Once begun, times follow the monotonic clock, whatever becomes of the other."""
    transport = server(says(http(200))).transport()
    assert transport.now() == EPOCH
    monkeypatch.setattr(clock, "time", lambda: 0.0)
    clock.at += 5
    answer = transport.send(PATCH)
    assert isinstance(answer, Answer)
    assert (answer.sent, answer.received) == (EPOCH + 5, EPOCH + 5)
