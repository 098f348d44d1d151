"""The transport over a client of somebody else's: what is sent, and what becomes of errors."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator

import httpx
import pytest

from pt004_model.model.replies import NoAnswer
from pt004_model.wire.client_transport import ClientTransport
from pt004_model.wire.codec import Answer, Request

GET = Request("GET", "/x?a=1", {"X-Tenant-ID": "t"})
POST = Request("POST", "/x", {"Content-Type": "text/odd"}, b"{}")
Handler = Callable[[httpx.Request], httpx.Response]


def over(handler: Handler, timeout: float = 10.0, **client: object) -> ClientTransport:
    """A transport over a client that asks a function."""
    made = httpx.Client(
        transport=httpx.MockTransport(handler),
        base_url="http://fc.example/base",
        **client,  # type: ignore[arg-type]  # as httpx has them
    )
    return ClientTransport(made, timeout, (("X-Api-Key", "k"),), max_reply=64, patience=0.0)


def noted(said: list[httpx.Request], *answers: httpx.Response) -> Handler:
    """A handler that keeps what it is asked."""
    rest = iter(answers)

    def handle(request: httpx.Request) -> httpx.Response:
        said.append(request)
        return next(rest, None) or httpx.Response(200, json={})

    return handle


def test_what_is_sent_and_what_comes_back() -> None:
    """Path, query, body and headers go out as they are; status, headers and bytes come back."""
    said: list[httpx.Request] = []
    transport = over(noted(said, httpx.Response(201, headers={"X-A": "b"}, content=b"{}")))
    answer = transport.send(POST)
    assert isinstance(answer, Answer)
    assert (201, "b", b"{}") == (answer.code, answer.headers["x-a"], answer.content)
    assert answer.sent <= answer.received
    transport.send(GET)
    assert ("POST", "http://fc.example/base/x", b"{}") == (
        said[0].method, str(said[0].url), said[0].read(),
    )  # fmt: skip
    assert "http://fc.example/base/x?a=1" == str(said[1].url)
    assert ("text/odd", "k", "identity") == (
        said[0].headers["content-type"],
        said[0].headers["x-api-key"],
        said[0].headers["accept-encoding"],
    )
    assert "content-type" not in said[1].headers
    assert 2 == transport.requests


def test_no_default_of_the_client_stands_in_for_what_is_left_out() -> None:
    """A header whose absence is a test stays absent, and a login of the client is kept."""
    said: list[httpx.Request] = []
    defaults = {"X-Tenant-ID": "theirs", "X-Actor-ID": "a", "Content-Type": "application/json"}
    over(noted(said), headers=defaults, auth=("ann", "secret")).send(Request("PATCH", "/x", {}))
    assert not {"x-tenant-id", "x-actor-id", "content-type"} & set(said[0].headers)
    assert said[0].headers["authorization"].startswith("Basic ")


def test_redirects_are_answers_and_cookies_are_forgotten() -> None:
    """Neither follows from one call to the next; a cookie of the client's own stays."""
    said: list[httpx.Request] = []
    moved = httpx.Response(302, headers={"Location": "/y", "Set-Cookie": "a=1"})
    transport = over(noted(said, moved), follow_redirects=True, cookies={"mine": "2"})
    answer = transport.send(GET)
    assert isinstance(answer, Answer)
    assert 302 == answer.code
    transport.send(GET)
    assert ["mine=2", "mine=2"] == [each.headers["cookie"] for each in said]


def test_a_path_that_names_no_run_is_sent_as_it_stands() -> None:
    """A client tidies such a path up, so what goes over the network is said to it once more."""
    said: list[httpx.Request] = []
    over(noted(said)).send(Request("GET", "/runs/../x", {}))
    assert b"/base/runs/../x" == said[0].extensions["target"]


def raising(error: Exception) -> Handler:
    """A handler that raises."""

    def handle(_: httpx.Request) -> httpx.Response:
        raise error

    return handle


class ConnectError(Exception):
    """What a client that is no httpx raises, known by its name."""


@pytest.mark.parametrize(
    ("error", "applied", "why"),
    [
        (httpx.ConnectError("refused"), False, "the FC cannot be reached (ConnectError: refused)"),
        (ConnectError("no"), False, "the FC cannot be reached (ConnectError: no)"),
        (httpx.ConnectTimeout("slow"), False, "the FC cannot be reached"),
        (httpx.PoolTimeout("full"), False, "the FC cannot be reached"),
        (httpx.LocalProtocolError("bad"), False, "the request cannot be sent"),
        (httpx.UnsupportedProtocol("x"), False, "the request cannot be sent"),
        (httpx.ReadTimeout("late"), True, "the FC did not answer in time"),
        (httpx.WriteTimeout("late"), True, "the FC did not answer in time"),
        (httpx.ReadError("reset"), True, "the connection broke (ReadError: reset)"),
        (httpx.RemoteProtocolError("junk"), True, "the connection broke"),
    ],
)
def test_no_answer(error: Exception, applied: bool, why: str) -> None:
    """Each error of a client says why there is no answer, and if the call may have been applied."""
    answer = over(raising(error)).send(POST)
    assert isinstance(answer, NoAnswer)
    assert answer.why.startswith(why)
    assert applied is answer.applied


def test_what_an_application_raises_is_a_server_error() -> None:
    """A server would answer 500; a fault of an application must not pass for a lost call."""
    answer = over(raising(KeyError("steps"))).send(POST)
    assert isinstance(answer, Answer)
    assert 500 == answer.code
    assert {"detail": "the application raised KeyError: 'steps'"} == json.loads(answer.content)


def test_an_answer_that_is_too_long() -> None:
    """Of an endless answer no more is kept than was asked for."""
    answer = over(noted([], httpx.Response(200, content=b" " * 65))).send(GET)
    assert NoAnswer("the answer is longer than 64 bytes", applied=True, sent=answer.sent) == answer


def test_an_answer_that_drips() -> None:
    """Reading ends with the time for the exchange."""

    def drip() -> Iterator[bytes]:
        while True:
            time.sleep(0.02)
            yield b" "

    answer = over(noted([], httpx.Response(200, content=drip())), timeout=0.05).send(GET)
    assert isinstance(answer, NoAnswer)
    assert ("the answer takes too long to arrive", True) == (answer.why, answer.applied)


@pytest.mark.parametrize("code", [502, 503, 504])
def test_a_gateway_is_no_answer(code: int) -> None:
    """What a gateway says for an FC may or may not have been applied."""
    answer = over(noted([], httpx.Response(code))).send(GET)
    assert isinstance(answer, NoAnswer)
    assert answer.applied


def test_too_many_requests_are_made_again() -> None:
    """429 says not now; the call is made again after the time it names."""
    said: list[httpx.Request] = []
    transport = over(noted(said, httpx.Response(429, headers={"Retry-After": "0"})))
    transport.patience = 5.0
    assert isinstance(transport.send(GET), Answer)
    assert 2 == len(said)
