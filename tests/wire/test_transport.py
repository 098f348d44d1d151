"""Requests over a real socket: what is sent, and what is made of what comes back."""

from __future__ import annotations

import socket
import struct
import threading
import time
from collections.abc import Callable

import httpcore
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pt004_model.model.replies import NoAnswer
from pt004_model.wire import transport as transport_module
from pt004_model.wire.codec import Answer, Request
from pt004_model.wire.transport import Endpoint, HttpTransport
from tests.wire.helpers import Serve, Server, hangs_up, http, says

Start = Callable[[Serve], Server]
GET = Request("GET", "/workflows/runs/x", {"X-Tenant-ID": "t"})
PATCH = Request(
    "PATCH", "/api/fc/runs/x", {"X-Actor-ID": "ann", "Content-Type": "application/json"}, b'{"\xff'
)


def _nothing(answer: Answer | NoAnswer) -> tuple[str, bool]:
    assert isinstance(answer, NoAnswer), answer
    return answer.why, answer.applied


def _lines(request: bytes) -> tuple[str, dict[str, str], bytes]:
    head, _, body = request.partition(b"\r\n\r\n")
    first, *rest = head.decode("ascii").split("\r\n")
    return first, dict(line.split(": ", 1) for line in rest), body


# What is sent


def test_a_request_goes_out_as_it_is(server: Start) -> None:
    """Method, target, headers and body are on the wire as given, with nothing compressed."""
    there = server(says(http(200)))
    there.transport().send(PATCH)
    first, headers, body = _lines(there.requests[0])
    assert (first, body) == ("PATCH /api/fc/runs/x HTTP/1.1", b'{"\xff')
    assert (
        headers["X-Actor-ID"],
        headers["Content-Type"],
        headers["Content-Length"],
        headers["Accept-Encoding"],
    ) == ("ann", "application/json", "3", "identity")
    assert there.url == f"http://{headers['Host']}"


def test_a_read_has_no_body_and_no_content_type(server: Start) -> None:
    """Nothing is added to a request that says what it holds (1)."""
    there = server(says(http(200)))
    there.transport().send(GET)
    first, headers, body = _lines(there.requests[0])
    assert (first, body) == ("GET /workflows/runs/x HTTP/1.1", b"")
    assert {"Content-Type", "Content-Length", "X-Idempotency-Key"}.isdisjoint(headers)
    there.transport().send(Request("POST", "/x", {}, b"{}"))
    assert "Content-Type" not in _lines(there.requests[1])[1]


@pytest.mark.parametrize("own", [True, False])
@pytest.mark.parametrize(
    ("base", "target", "expected"),
    [
        ("", "/workflows/runs/..", "/workflows/runs/.."),
        ("", "/workflows/runs/.", "/workflows/runs/."),
        ("", "/workflows/runs/", "/workflows/runs/"),
        ("", "/workflows/runs/..%2F..", "/workflows/runs/..%2F.."),
        ("", "/workflows/runs/%zz?a=%", "/workflows/runs/%zz?a=%"),
        ("/", "/x?include_logs=true", "/x?include_logs=true"),
        ("/fc/v1", "/x", "/fc/v1/x"),
        ("/fc/v1/", "/x/..", "/fc/v1/x/.."),
        ("/f%20c", "/x", "/f%20c/x"),
        ("/\u00e9", "/x", "/%C3%A9/x"),
    ],
)
def test_a_target_is_sent_as_it_stands(
    server: Start, own: bool, base: str, target: str, expected: str
) -> None:
    """The path is never tidied up, and comes after the path of the base URL (1)."""
    there = server(says(http(404)))
    there.transport(path=base, own=own).send(Request("GET", target, {}))
    assert f"GET {expected} HTTP/1.1" == _lines(there.requests[0])[0]


def test_headers_of_the_target_are_sent_and_never_shown(server: Start) -> None:
    """Headers that were given go with every request, and are in no representation."""
    there = server(says(http(200)))
    target = Endpoint(there.url, headers=(("X-Api-Key", "s3cret"),), own=True)
    transport = HttpTransport(target)
    transport.send(GET)
    transport.close()
    assert _lines(there.requests[0])[1]["X-Api-Key"] == "s3cret"
    assert "s3cret" not in f"{target!r} {transport!r}"


def test_connections_are_kept(server: Start) -> None:
    """Requests go over one connection for as long as it is open; each is counted."""
    there = server(says(http(200)))
    transport = there.transport()
    for _ in range(3):
        assert isinstance(transport.send(GET), Answer)
    assert (transport.requests, len(there.requests), there.connections) == (3, 3, 1)


def test_an_idle_connection_is_not_kept_for_long(
    server: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is given up before a server would close it, which takes five seconds with many."""
    assert 0.5 < transport_module.KEEP_ALIVE < 5.0
    monkeypatch.setattr(transport_module, "KEEP_ALIVE", 0.01)
    there = server(says(http(200)))
    transport = there.transport()
    transport.send(GET)
    time.sleep(0.05)
    transport.send(GET)
    assert there.connections == 2


@pytest.mark.parametrize("name", ["HTTP_PROXY", "ALL_PROXY"])
def test_an_fc_is_reached_through_the_proxy_of_the_environment(
    server: Start, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    """A proxy is told the whole URL; an FC of our own is reached without it."""
    proxy, fc = server(says(http(200))), server(says(http(204, b"")))
    monkeypatch.setenv(name, proxy.url)
    transport = HttpTransport(Endpoint("http://fc.example:8/base"))
    answer = transport.send(Request("GET", "/x?y=1", {"X-Tenant-ID": "t"}))
    transport.close()
    assert isinstance(answer, Answer)
    first, headers, _ = _lines(proxy.requests[0])
    assert first == "GET http://fc.example:8/base/x?y=1 HTTP/1.1"
    assert (headers["Host"], headers["X-Tenant-ID"]) == ("fc.example:8", "t")
    assert isinstance(fc.transport(own=True).send(GET), Answer)
    assert (len(proxy.requests), len(fc.requests)) == (1, 1)


def test_no_proxy_is_used_where_the_environment_excludes_it(
    server: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An address that NO_PROXY names is reached directly."""
    proxy, fc = server(says(http(200))), server(says(http(204, b"")))
    monkeypatch.setenv("HTTP_PROXY", proxy.url.removeprefix("http://"))
    assert isinstance(fc.transport(own=False).send(GET), Answer)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    assert isinstance(fc.transport(own=False).send(GET), Answer)
    assert (len(proxy.requests), len(fc.requests)) == (1, 1)


def test_a_header_given_replaces_one_of_the_same_name(server: Start) -> None:
    """What a request says stands before what the target says, and that before what we always say.

    The case of a header's name does not matter.
    """
    there = server(says(http(200)))
    target = Endpoint(there.url, headers=(("accept", "a/b"), ("x-tenant-id", "theirs")))
    transport = HttpTransport(target)
    transport.send(Request("GET", "/", {"X-Tenant-ID": "ours"}))
    transport.close()
    head = there.requests[0].decode().lower()
    assert head.count("accept:") == head.count("x-tenant-id:") == 1
    assert "accept: a/b\r\n" in head
    assert "x-tenant-id: ours\r\n" in head


# What comes back


def test_an_answer_is_taken_as_it_came(server: Start) -> None:
    """Code, headers in lower case, the raw body, and when it was asked for and had."""
    there = server(says(http(409, b'{"detail":"\xc3\xa9"}', "Content-Type: text/X", "X-A: 1")))
    before = time.time()
    answer = there.transport().send(GET)
    assert isinstance(answer, Answer)
    assert (answer.code, answer.content) == (409, b'{"detail":"\xc3\xa9"}')
    assert answer.headers == {"content-length": "15", "content-type": "text/X", "x-a": "1"}
    assert before - 1 < answer.sent <= answer.received < time.time() + 1


@pytest.mark.parametrize(
    ("raw", "code", "content"),
    [
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 200, b"{}"),
        (http(302, b"", "Location: /elsewhere"), 302, b""),
        (http(200, b"\x1f\x8bno", "Content-Encoding: gzip"), 200, b"\x1f\x8bno"),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (http(500, b"oops"), 500, b"oops"),
        (http(418, b"x" * 10_000), 418, b"x" * 10_000),
        (b"HTTP/1.1 100 Continue\r\n\r\n" + http(201), 201, b"{}"),
    ],
)  # fmt: skip
def test_every_answer_that_is_http_is_an_answer(
    server: Start, raw: bytes, code: int, content: bytes
) -> None:
    """No redirect is followed, nothing is decompressed, a server error is an answer."""
    answer = server(says(raw)).transport().send(GET)
    assert isinstance(answer, Answer)
    assert (code, content) == (answer.code, answer.content)


@pytest.mark.parametrize("code", [502, 503, 504])
def test_a_gateway_that_gives_up_is_no_answer(server: Start, code: int) -> None:
    """502, 503 and 504 are no answer: the call may have taken effect."""
    answer = server(says(http(code))).transport().send(PATCH)
    assert (f"the FC, or a gateway before it, answers {code}", True) == _nothing(answer)


def _resets(connection: socket.socket, _: bytes) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


IMPROPER = "what answers speaks no proper HTTP ("
BROKEN: list[tuple[Serve, str]] = [
    (hangs_up(), IMPROPER),
    (hangs_up(after=b"HTTP/1.1 200 OK\r\nContent-Le"), IMPROPER),
    (hangs_up(after=http(200, b"x" * 50)[:-20]), IMPROPER),
    (hangs_up(after=b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"), IMPROPER),
    (says(b"SSH-2.0-OpenSSH_9.6\r\n\r\n"), IMPROPER),
    (says(b"\x00\xff\r\n\r\n"), IMPROPER),
    (says(b"HTTP/1.1 2xx OK\r\n\r\n"), IMPROPER),
    (says(b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"), IMPROPER),
    (says(b"HTTP/1.1 200 OK\r\n" + b"X-A: " + b"a" * 200_000 + b"\r\n\r\n"), IMPROPER),
    (says(http(200, b"x" * 10_001)), "the answer is longer than 10000 bytes"),
    (_resets, "the connection broke ("),
]


@pytest.mark.parametrize(("serve", "why"), BROKEN)
def test_what_breaks_after_sending_may_have_been_applied(
    server: Start, serve: Serve, why: str
) -> None:
    """A connection that is cut, garbage, or an answer too long: no answer, perhaps applied (1)."""
    said, applied = _nothing(server(serve).transport().send(PATCH))
    assert said.startswith(why)
    assert applied


def test_the_next_request_is_made_on_a_new_connection(server: Start) -> None:
    """After a broken answer, or one that was too long, the transport goes on as before."""
    there = server(says(http(200, b"x" * 20_000), b"garbage\r\n\r\n", http(503), http(200, b"1")))
    transport = there.transport()
    kinds = [type(transport.send(GET)) for _ in range(4)]
    assert [NoAnswer, NoAnswer, NoAnswer, Answer] == kinds


def test_an_fc_that_is_not_there_has_applied_nothing() -> None:
    """A refused connection: the request was never sent."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    transport = HttpTransport(Endpoint(f"http://127.0.0.1:{port}", own=True, patience=0))
    why, applied = _nothing(transport.send(PATCH))
    transport.close()
    assert why.startswith("the FC cannot be reached (")
    assert (applied, transport.requests) == (False, 1)


def test_silence_may_mean_applied(server: Start) -> None:
    """A request that is taken and not answered in time may have taken effect (1)."""
    there = server(lambda _connection, _request: None)
    answer = there.transport(timeout=0.1).send(PATCH)
    assert _nothing(answer) == ("the FC did not answer in time", True)
    assert len(there.requests) == 1


def test_a_slow_drip_ends(server: Start) -> None:
    """An answer whose bytes each come in time, and never end, is given up as a whole."""
    over = threading.Event()

    def drip(connection: socket.socket, _: bytes) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not over.wait(0.02):
            connection.sendall(b"x")

    answer = server(drip).transport(timeout=0.1).send(PATCH)
    over.set()
    assert _nothing(answer) == ("the answer takes too long to arrive", True)


@pytest.mark.parametrize(
    "request_",
    [
        Request("GET", "/a b", {}),
        Request("GET", "/a\nb", {}),
        Request("GET", "/\u00e9", {}),
        Request("GET", "/x", {"X-Tenant-ID": "\u00e9"}),
        Request("GET", "/x", {"X-Tenant-ID": "a\r\nX-Actor-ID: b"}),
        Request("GET", "/x", {"X Y": "a"}),
        Request("G T", "/x", {}),
        Request("\u00c9", "/x", {}),
    ],
)
@pytest.mark.parametrize("own", [True, False])
def test_what_cannot_be_sent_is_not(server: Start, own: bool, request_: Request) -> None:
    """A request that HTTP has no form for reaches nobody, and nothing is smuggled along."""
    there = server(says(http(200)))
    answer = there.transport(own=own).send(request_)
    if isinstance(answer, NoAnswer):
        assert answer.why.startswith("the request cannot be sent (")
        assert not answer.applied
        assert there.requests == []
    else:  # sent with its blank or line break escaped
        assert not own
        assert "GET /a" in _lines(there.requests[0])[0]


FAILURES: list[tuple[Exception, str, bool]] = [
    (httpcore.ConnectTimeout("slow"), "connecting to the FC timed out", False),
    (
        httpcore.ConnectError("no route\n to host"),
        "the FC cannot be reached (no route to host)",
        False,
    ),
    (httpcore.PoolTimeout("busy"), "the FC cannot be reached (busy)", False),
    (httpcore.ReadTimeout("slow"), "the FC did not answer in time", True),
    (httpcore.WriteTimeout("slow"), "the FC did not answer in time", True),
    (httpcore.LocalProtocolError("bad"), "the request cannot be sent (bad)", False),
    (ValueError("bad"), "the request cannot be sent (bad)", False),
    (httpcore.RemoteProtocolError("odd"), "what answers speaks no proper HTTP (odd)", True),
    (httpcore.ReadError("cut"), "the connection broke (cut)", True),
    (httpcore.WriteError(""), "the connection broke (WriteError)", True),
    (httpcore.ProxyError("no"), "the proxy does not connect us to the FC (no)", False),
    (httpcore.ReadError("x" * 300), f"the connection broke ({'x' * 200})", True),
]


@pytest.mark.parametrize(("error", "why", "applied"), FAILURES)
def test_every_failure_says_whether_the_call_may_have_been_applied(
    monkeypatch: pytest.MonkeyPatch, error: Exception, why: str, applied: bool
) -> None:
    """What failed before the request was sent was not applied; anything later may have been."""

    def fail(*_: object) -> None:
        raise error

    monkeypatch.setattr(httpcore.ConnectionPool, "handle_request", fail)
    transport = HttpTransport(Endpoint("http://127.0.0.1:9", own=True, patience=0))
    answer = transport.send(PATCH)
    transport.close()
    assert (why, applied) == _nothing(answer)


def test_sending_never_raises(server: Start) -> None:
    """Whatever bytes come back, there is an answer or a reason why there is none."""
    told = [b""]

    def serve(connection: socket.socket, request: bytes) -> None:
        hangs_up(after=told[0] + b"\r\n\r\n")(connection, request)

    transport = server(serve).transport(timeout=2.0)
    starts = st.sampled_from([b"", b"HTTP/1.1 ", b"HTTP/1.1 200 OK\r\n"])

    @settings(max_examples=80, deadline=None)
    @given(starts, st.binary(max_size=60))
    def check(start: bytes, rest: bytes) -> None:
        told[0] = start + rest
        answer = transport.send(PATCH)
        assert isinstance(answer, Answer) or answer.applied

    check()


def test_one_that_only_reads_sends_nothing_but_get(server: Start) -> None:
    """Whoever asks for a change through it gets none, and nothing goes out."""
    there = server(says(http(200)))
    transport = HttpTransport(Endpoint(there.url, own=True, read_only=True))
    for method in ("POST", "PATCH", "HEAD"):
        answer = transport.send(Request(method, "/", {}, b"{}"))
        assert isinstance(answer, NoAnswer)
        assert not answer.applied
    assert isinstance(transport.another().send(Request("PUT", "/", {}, b"")), NoAnswer)
    assert isinstance(transport.send(Request("GET", "/", {})), Answer)
    assert transport.requests == len(there.requests) == 1
    transport.close()
