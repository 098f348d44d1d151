"""What stands before an FC: compression, certificates, IPv6, keys, tokens that live minutes."""

from __future__ import annotations

import gzip
import re
import socket
import ssl
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
import trustme

from pt004_model import Target
from pt004_model.model.commands import Caller, ReadRun, Token, Unknown
from pt004_model.model.replies import NoAnswer, Reply
from pt004_model.wire.client import Client
from pt004_model.wire.codec import Answer
from pt004_model.wire.sending import unpacked
from pt004_model.wire.token import Credentials
from pt004_model.wire.token_source import TokenSource

BODY = b'{"detail": "no"}' * 9
RAW = zlib.compressobj(wbits=-15)
PACKED = {
    "gzip": gzip.compress(BODY, mtime=0),
    "X-GZIP ": gzip.compress(BODY, mtime=0),
    "deflate": zlib.compress(BODY),
    "Deflate": RAW.compress(BODY) + RAW.flush(),
}


def answer(encoding: str, content: bytes) -> Answer:
    """An answer of that encoding."""
    return Answer(200, {"content-encoding": encoding, "x": "y"}, content, 1.0, 2.0)


@pytest.mark.parametrize(("encoding", "content"), PACKED.items(), ids=PACKED)
def test_what_is_compressed_is_read(encoding: str, content: bytes) -> None:
    """Though nobody asked for it; up to the bytes that are read of any answer."""
    assert Answer(200, {"x": "y"}, BODY, 1.0, 2.0) == unpacked(answer(encoding, content), len(BODY))
    told = unpacked(answer(encoding, content), len(BODY) - 1)
    assert isinstance(told, NoAnswer)
    assert "longer than" in told.why


def test_a_bomb_is_not_unpacked() -> None:
    """Of a small answer that unpacks to a large one no more than is read comes into memory."""
    bomb = gzip.compress(b"0" * 50_000_000)
    assert isinstance(unpacked(answer("gzip", bomb), 1000), NoAnswer)


@pytest.mark.parametrize(
    "content", [b"{}", b"", PACKED["gzip"][:-9], PACKED["gzip"] + b"x"], ids=range(4)
)
@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "identity", ""])
def test_what_cannot_be_unpacked_stays(encoding: str, content: bytes) -> None:
    """It is for the judge to say something of."""
    assert answer(encoding, content) == unpacked(answer(encoding, content), 10_000)


class Handler(BaseHTTPRequestHandler):
    """Answers 401 to old tokens, and keeps what it was asked with."""

    seen: list[dict[str, str]]
    good: list[str]

    def do_GET(self) -> None:
        """Answer."""
        self.seen.append(dict(self.headers.items()))
        good = not self.good or self.headers["Authorization"] == f"Bearer {self.good[-1]}"
        self.send_response(404 if good else 401)
        self.send_header("Content-Encoding", "gzip")
        content = gzip.compress(b'{"detail": "x"}')
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def gateway(
    host: str = "127.0.0.1", context: ssl.SSLContext | None = None
) -> Iterator[tuple[str, type[Handler]]]:
    """A gateway: its address, and what it saw."""
    handler = type("Seen", (Handler,), {"seen": [], "good": []})
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    server = type("Server", (ThreadingHTTPServer,), {"address_family": family})((host, 0), handler)
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    shown = f"[{host}]" if ":" in host else host
    yield f"http{'s' * (context is not None)}://{shown}:{server.server_address[1]}", handler
    server.shutdown()
    thread.join()
    server.server_close()


def asked(target: Target, token: Token = Token.GOOD) -> object:
    """What a read of a run that is not there comes to."""
    command = ReadRun(Unknown(), caller=Caller(token=token))
    try:
        client = Client(target.codec(), target.transport)
        return client.ask(command, lambda _: "id", "").response
    finally:
        target.close()


def test_ipv6() -> None:
    """An address of version 6 is one like any other, and a prefix goes before every path."""
    with gateway("::1") as (url, seen):
        reply = asked(Target(f"{url}/prefix"))
        assert isinstance(reply, Reply)
        assert ({"detail": "x"}, 404) == (reply.body, reply.code)
        assert url.removeprefix("http://") == seen.seen[0]["Host"]


def test_a_certificate_of_ours(tmp_path: Path) -> None:
    """A gateway that wants one lets us in with it, and nobody without."""
    authority, name = trustme.CA(), "127.0.0.1"
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    authority.configure_trust(context)
    context.verify_mode = ssl.CERT_REQUIRED
    own = authority.issue_cert("pt004@example.org")
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    own.private_key_pem.write_to_path(tmp_path / "key.pem")
    own.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    own.private_key_and_cert_chain_pem.write_to_path(tmp_path / "both.pem")
    ca, cert, key = (tmp_path / f"{each}.pem" for each in ("ca", "cert", "key"))
    with gateway(context=context) as (url, _):
        for files in (
            {"client_cert": cert, "client_key": key},
            {"client_cert": tmp_path / "both.pem"},
        ):
            reply = asked(Target(url, ca_bundle=ca, **files))  # type: ignore[arg-type]
            assert isinstance(reply, Reply), reply
            assert 404 == reply.code
        assert isinstance(asked(Target(url, ca_bundle=ca, patience=0)), NoAnswer)
        assert isinstance(
            asked(Target(url, client_cert=cert, client_key=key, patience=0)), NoAnswer
        )


def test_health_is_asked_like_anything_else() -> None:
    """With the key of a gateway, the token and who asks."""
    with gateway() as (url, seen):
        target = Target(url, headers={"X-Api-Key": "k-e-y-k-e-y"}, token="t-o-k-e-n")  # noqa: S106
        assert target.preflight() is not None
        target.close()
        there = {name: seen.seen[0].get(name) for name in ("X-Api-Key", "Authorization")}
        assert {"X-Api-Key": "k-e-y-k-e-y", "Authorization": "Bearer t-o-k-e-n"} == there
        assert {"X-Tenant-ID", "X-Actor-ID"} <= seen.seen[0].keys()


def test_each_call_can_be_found_in_the_traces_of_the_fc() -> None:
    """Every call has a traceparent of its own, and what is kept of it has the same."""
    with gateway() as (url, seen):
        target = Target(url)
        client = Client(target.codec(), target.transport)
        kept = [client.ask(ReadRun(Unknown()), lambda _: "id", "").request for _ in range(2)]
        target.close()
        sent = [each["traceparent"] for each in seen.seen]
        assert sent == [each.headers["traceparent"] for each in kept if each is not None]
        assert all(re.fullmatch("00-[0-9a-f]{32}-[0-9a-f]{16}-01", each) for each in sent)
        assert sent[0] != sent[1]


def test_a_token_that_is_not_taken_is_fetched_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The call is made again with the new one, once; a bad token of ours stays as bad as it is."""
    monkeypatch.setattr("pt004_model.wire.token_source._NEW", 0.0)
    path = tmp_path / "token"
    path.write_text("first-token")
    with gateway() as (url, seen):
        seen.good.append("second-token")
        target = Target(url, credentials=Credentials(source=TokenSource(file=path)))
        codes = []
        for token, content in (
            (Token.GOOD, "first-token"), (Token.FORGED, "second-token"),
            (Token.GOOD, "second-token"),
        ):  # fmt: skip
            path.write_text(content)
            reply = asked(target, token)
            assert isinstance(reply, Reply)
            codes.append(reply.code)
        assert [401, 401, 404] == codes
        sent = [each["Authorization"] for each in seen.seen]
        assert ["Bearer first-token", "Bearer first-token", "Bearer second-token"] == [
            sent[0], *sent[2:],
        ]  # fmt: skip
        path.unlink()
        seen.good.append("third-token")
        lost = asked(target)
        assert isinstance(lost, NoAnswer)
        assert not lost.applied
        assert "cannot read the token file" in lost.why
        assert "[secret]" in target.redact("first-token, second-token")
        assert "token" not in target.redact("first-token, second-token").replace("[secret]", "")
