"""Requests of several clients meet: bytes in order where sending is faked, and on sockets."""

from __future__ import annotations

import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from unittest.mock import Mock

import httpcore
import pytest

from pt004_model.model.replies import NoAnswer
from pt004_model.wire.codec import Answer, Request
from pt004_model.wire.meeting import Held, Meeting, RaceBy
from pt004_model.wire.network import Exchange, Network
from pt004_model.wire.racing import Racers
from pt004_model.wire.transport import Endpoint, HttpTransport
from tests.cli.servers import fronted

CLIENTS = 3


def _meet(by: RaceBy, *, failing: int | None = None) -> list[tuple[int, bytes, int]]:
    """What each client sends, in order, with the thread that sends it."""
    said: list[tuple[int, bytes, int]] = []
    meeting = Meeting(CLIENTS, by)

    def talk(client: int) -> None:
        held = Held(meeting, lambda: 1.0)

        def send(data: bytes) -> None:
            said.append((client, data, threading.get_ident()))

        if client == failing:
            meeting.leave()
        else:
            held.release(b"abc", send, 5.0)
            assert held.first == 1.0

    with ThreadPoolExecutor(CLIENTS) as threads:
        list(threads.map(talk, range(CLIENTS)))
    return said


def test_last_bytes_follow_together_from_one_thread() -> None:
    """No last byte goes out before all else of all requests has."""
    said = _meet(RaceBy.LAST_BYTE)
    assert [data for _, data, _ in said] == [b"ab"] * CLIENTS + [b"c"] * CLIENTS
    assert len({thread for *_, thread in said[CLIENTS:]}) == 1


def test_threads_send_the_whole_after_the_barrier() -> None:
    """Each client sends all of its own request."""
    said = _meet(RaceBy.THREADS)
    assert sorted(said) == sorted((n, b"abc", thread) for n, _, thread in said)
    assert len({thread for *_, thread in said}) == CLIENTS


@pytest.mark.parametrize("by", RaceBy)
def test_one_that_does_not_come_holds_nobody_up(by: RaceBy) -> None:
    """The others send what they have, without a race."""
    said = _meet(by, failing=0)
    assert (
        sorted(b"".join(d for n, d, _ in said if n == client) for client in (1, 2)) == [b"abc"] * 2
    )


def test_an_error_is_raised_where_it_belongs() -> None:
    """The thread that sends the last bytes of all has no part in the failure of one."""
    meeting = Meeting(2, RaceBy.LAST_BYTE)

    def talk(client: int) -> str:
        held = Held(meeting, lambda: 1.0)

        def send(data: bytes) -> None:
            if client and data == b"b":
                raise OSError("gone")

        try:
            held.release(b"ab", send, 5.0)
        except OSError as error:
            return str(error)
        return ""

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(talk, range(2))) == ["", "gone"]


def test_only_the_first_request_is_held_back() -> None:
    """Not what a proxy must answer before there is a connection, nor what follows."""
    exchange = Exchange(room=1000)
    exchange.begin(5.0)
    exchange.held = held = Held(Meeting(1, RaceBy.LAST_BYTE), lambda: 1.0)
    with socket.create_server(("127.0.0.1", 0)) as server:
        stream = Network(exchange).connect_tcp(*server.getsockname())
        there, _ = server.accept()
        with there, closing(stream):
            for request, over in ((b"CONNECT fc:443", False), (b"GET /", True), (b"GET /a", True)):
                there.sendall(b"answer")
                stream.write(request[:2])
                stream.write(request[2:])
                assert stream.read(100) == b"answer"
                assert there.recv(len(request), socket.MSG_WAITALL) == request
                assert held.over is over


def test_who_answers_early_is_heard(monkeypatch: pytest.MonkeyPatch) -> None:
    """A refusal that comes before the whole request was read is an answer all the same."""
    early = Mock(write=Mock(side_effect=httpcore.WriteError), read=lambda *_: b"answer")
    monkeypatch.setattr(httpcore.SyncBackend, "connect_tcp", lambda *_, **__: early)
    exchange = Exchange()
    exchange.begin(5.0)
    stream = Network(exchange).connect_tcp("127.0.0.1", 1)
    stream.write(b"PATCH /")
    assert stream.read(100) == b"answer"


def test_calls_overlap() -> None:
    """All were under way at once by the clock of the transport, and each is counted."""
    with fronted() as front:
        transport = HttpTransport(Endpoint(front.url, own=True))
        racers = Racers(transport, (RaceBy.LAST_BYTE,))
        get = Request("GET", "/health", {})
        try:
            for _ in range(3):
                (first,), (second, later) = racers.send([[get], [get, get]])
                assert isinstance(first, Answer)
                assert isinstance(second, Answer)
                assert isinstance(later, Answer)
                assert first.sent < second.received
                assert second.sent < first.received
                assert second.received < later.sent
        finally:
            racers.close()
            transport.close()
        assert transport.requests == 9


def test_the_ways_are_taken_in_turn() -> None:
    """And the rate counts every call of a round."""
    with fronted() as front:
        transport = HttpTransport(Endpoint(front.url, own=True, rate=100.0))
        racers = Racers(transport)
        began = time.monotonic()
        try:
            for count in range(1, 3):
                answers = racers.send([[Request("GET", "/health", {})]] * 2)
                assert all(isinstance(each, Answer) and each.code == 200 for (each,) in answers)
                assert racers.rounds == count
        finally:
            racers.close()
            transport.close()
        assert time.monotonic() - began > 0.02


def test_an_fc_that_is_gone_gives_no_answers() -> None:
    """Clients that cannot connect keep nobody waiting."""
    transport = HttpTransport(Endpoint("http://127.0.0.1:9", patience=0.0))
    ((one,), (other,)) = Racers(transport).send([[Request("GET", "/", {})]] * 2)
    assert isinstance(one, NoAnswer)
    assert isinstance(other, NoAnswer)
