"""What has certainly not arrived is sent again while patience lasts; none in real time."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Callable

import httpcore
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pt004_model.model.replies import NoAnswer
from pt004_model.wire.codec import Answer, Request
from pt004_model.wire.patience import LONGEST, AnswerTime, Silence
from pt004_model.wire.transport import Endpoint, HttpTransport
from tests.wire.helpers import Clock, Serve, Server, http, says

Start = Callable[[Serve], Server]
PATCH = Request("PATCH", "/x", {"X-Idempotency-Key": "k"}, b"{}")


def refused(monkeypatch: pytest.MonkeyPatch, times: int) -> list[int]:
    """Refuse so many connections, from now on; what is returned counts those that were tried."""
    tried: list[int] = []
    connect = httpcore.SyncBackend.connect_tcp

    def refuse(*given: object, **named: object) -> httpcore.NetworkStream:
        tried.append(1)
        if len(tried) <= times:
            raise httpcore.ConnectError("Connection refused")
        return connect(*given, **named)  # type: ignore[arg-type]  # handed on as it came

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", refuse)
    return tried


def test_a_request_that_was_refused_is_sent_again(
    server: Start, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The FC gets it once, after growing pauses."""
    there = server(says(http(201)))
    tried = refused(monkeypatch, 5)
    assert isinstance(there.transport().send(PATCH), Answer)
    assert (6, 1) == (len(tried), len(there.requests))
    assert [0.05, 0.1, 0.2, 0.4] == clock.slept


def test_patience_ends(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    """After so many seconds there is no answer, and for the calls after that one at once."""
    tried = refused(monkeypatch, 10**6)
    transport = HttpTransport(Endpoint("http://127.0.0.1:9", own=True, patience=20))
    answer = transport.send(PATCH)
    assert NoAnswer("the FC cannot be reached (Connection refused)", False, answer.sent) == answer
    assert sum(clock.slept) == pytest.approx(20)
    assert LONGEST == max(clock.slept)
    pauses, tries = len(clock.slept), len(tried)
    transport.send(PATCH)
    assert (pauses, tries + 1) == (len(clock.slept), len(tried))
    transport.close()


def test_an_answer_restores_patience(
    server: Start, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each silence is waited for by itself."""
    there = server(says(http(200, b"{}", "Connection: close")))
    transport = there.transport()
    for _ in range(2):
        refused(monkeypatch, 3)
        assert isinstance(transport.send(PATCH), Answer)
    assert 2 * [0.05, 0.1] == clock.slept


def test_what_may_have_been_applied_is_not_sent_again(server: Start, clock: Clock) -> None:
    """A gateway's 503 says nothing of what happened, so it is for others to ask again."""
    there = server(says(http(503)))
    answer = there.transport().send(PATCH)
    assert isinstance(answer, NoAnswer)
    assert answer.applied
    assert (1, []) == (len(there.requests), clock.slept)


def test_a_lone_loss_is_not_waited_for(clock: Clock) -> None:
    """Pauses begin with the second call in a row, double, and end with patience."""
    silence = Silence()
    for _ in range(10):
        silence.unanswered(clock.monotonic())
        assert not silence.outlasts(10.0)
        silence.pause(10.0)
    assert [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.0, 3.0, 0.85] == clock.slept
    assert silence.outlasts(10.0)
    assert silence.means_gone(10.0)
    silence.answered()
    assert not silence.outlasts(0.0)


def test_a_call_that_took_all_patience_is_not_the_end(clock: Clock) -> None:
    """However long one took, an FC is gone after three calls at the least."""
    silence, gone = Silence(), []
    for _ in range(3):
        silence.unanswered(clock.monotonic())
        clock.at += 60
        gone.append(silence.means_gone(30.0))
    assert [False, False, True] == gone


# Whom it is that cannot be reached


def test_a_proxy_that_is_not_there_is_not_called_an_fc(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence names the proxy, and not the password for it."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    monkeypatch.setenv("HTTP_PROXY", f"http://ann:s3cret@127.0.0.1:{port}")
    transport = HttpTransport(Endpoint("http://fc.example", patience=0))
    answer = transport.send(PATCH)
    transport.close()
    assert isinstance(answer, NoAnswer)
    assert answer.why.startswith(f"the proxy 127.0.0.1:{port} cannot be reached (")
    assert "s3cret" not in f"{answer}{transport!r}"


def test_a_proxy_is_told_who_we_are(server: Start, monkeypatch: pytest.MonkeyPatch) -> None:
    """Name and password of the proxy go to it, percent-decoded."""
    proxy = server(says(http(200)))
    monkeypatch.setenv("HTTP_PROXY", proxy.url.replace("http://", "http://ann:a%2Fb@"))
    transport = HttpTransport(Endpoint("http://fc.example"))
    assert isinstance(transport.send(PATCH), Answer)
    transport.close()
    assert b"Proxy-Authorization: Basic YW5uOmEvYg==\r\n" in proxy.requests[0]


def test_a_certificate_that_is_not_trusted_names_the_option(
    clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It will not be trusted the next time, so it is not waited for."""
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "self-signed certificate"

    class Stream(httpcore.NetworkStream):
        def start_tls(self, *_: object, **__: object) -> httpcore.NetworkStream:
            raise httpcore.ConnectError(error) from error

    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", lambda *_: Stream())
    transport = HttpTransport(Endpoint("https://localhost", own=True))
    answer = transport.send(PATCH)
    transport.close()
    assert isinstance(answer, NoAnswer)
    assert (False, []) == (answer.applied, clock.slept)
    assert "the certificate of localhost is not trusted, self-signed certificate" in answer.why
    assert "--ca-bundle" in answer.why


@pytest.mark.parametrize("answering", [True, False])
def test_all_addresses_of_an_fc_are_tried(
    server: Start, monkeypatch: pytest.MonkeyPatch, answering: bool
) -> None:
    """One that refuses does not keep us from the next."""
    there = server(says(http(200)))
    port = int(there.url.rpartition(":")[2])
    last = "127.0.0.1" if answering else "127.0.0.3"
    found = [(2, 1, 6, "", (address, port)) for address in ("127.0.0.2", last)]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
    answer = there.transport(patience=0).send(PATCH)
    assert isinstance(answer, Answer) is answering


def test_a_name_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host without an address cannot be reached."""

    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    transport = HttpTransport(Endpoint("http://fc.example", own=True, patience=0))
    answer = transport.send(PATCH)
    transport.close()
    assert isinstance(answer, NoAnswer)
    assert not answer.applied
    assert answer.why == "the FC cannot be reached ([Errno -2] Name or service not known)"


CALLS = st.lists(st.tuples(st.floats(0.001, 0.05), st.booleans()), max_size=300)
"""How long each of some calls takes, and whether its answer is lost."""


@given(CALLS, st.sampled_from([0.3, 10.0, 60.0]))
def test_lost_answers_cost_as_long_as_those_that_came(
    calls: list[tuple[float, bool]], timeout: float
) -> None:
    """Beside one time-out and what is always waited, however many are lost."""
    noted, waited, least, came = AnswerTime(), 0.0, 0.0, 0.0
    for took, lost in calls:
        wait, soon = noted.within(timeout), min(timeout, max(0.02, 3 * noted.longest))
        assert soon <= wait <= timeout
        if lost:
            waited, least = waited + wait, least + soon
            noted.did_not_come(wait)
        else:
            came += took
            noted.came(took)
    assert waited <= timeout + came + least + 0.001


def test_the_first_answer_is_given_the_whole_time() -> None:
    """However short others were, one that is lost is waited for as long as was asked for."""
    noted = AnswerTime(longest=0.001)
    assert noted.within(10.0) == 10.0
    noted.did_not_come(10.0)
    assert noted.within(10.0) < 1.0


def test_an_answer_is_waited_for_as_long_as_was_said(server: Start) -> None:
    """A transport notes what it waited in vain, and how long its answers took."""
    there = server(says(http(200, b"{}")))
    transport = there.transport(timeout=0.3)
    assert isinstance(transport.send(PATCH), Answer)
    noted = transport.another()._answer_time
    assert (noted.longest > 0, noted.in_vain) == (True, 0.0)
    there._serve = lambda _connection, _request: None
    assert isinstance(transport.send(PATCH), NoAnswer)
    assert noted.in_vain >= 0.3
