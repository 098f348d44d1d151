"""Addresses and settings: usable, or refused in a sentence for people."""

from __future__ import annotations

import ssl
from pathlib import Path

import httpcore
import httpx
import pytest

from pt004_model.wire import transport as transport_module
from pt004_model.wire.transport import BadTarget, Endpoint, HttpTransport, check_url


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://127.0.0.1:9405", "http://127.0.0.1:9405"),
        ("http://127.0.0.1:9405/", "http://127.0.0.1:9405"),
        ("https://fc.example", "https://fc.example"),
        ("HTTP://FC.example/a/b//", "HTTP://FC.example/a/b"),
        ("http://[::1]:80/x", "http://[::1]:80/x"),
        ("http://h:65535", "http://h:65535"),
    ],
)
def test_a_usable_address(text: str, expected: str) -> None:
    """An address is taken without the slashes at its end, and a transport can be made for it."""
    assert expected == check_url(text)
    HttpTransport(Endpoint(text, own=True)).close()


def test_the_defaults_of_a_target() -> None:
    """Ten seconds a call, thirty of patience, no rate, 16 MiB of reply, not an FC of our own."""
    target = Endpoint("http://h")
    assert (target.timeout, target.rate, target.headers) == (10.0, None, ())
    assert 30.0 == target.patience
    assert (target.ca_bundle, target.max_reply, target.own) == (None, 16_777_216, False)


@pytest.mark.parametrize(
    "text",
    ["", "h", "127.0.0.1:9405", "//h", "http://", "http:///x", "http:h", "ftp://h", "file:///x",
     "http://[::1", "http://h:0", "http://h:65536", "http://h:x", "http://h?", "http://h/?a=b",
     "http://h/#", "http://h#a", " http://h",
     "http://a b/", "http://h/a b", "http://h/@/x", "http://h ", "http://h\n/x", "http://h/\x00",
     "http://999.1.1.1", "http://\u2488com"],
)  # fmt: skip
def test_an_unusable_address_is_said_to_be_one(text: str) -> None:
    """What is no plain address of a service is refused, and no more is repeated than its host."""
    with pytest.raises(BadTarget) as caught:
        HttpTransport(Endpoint(text, own=True))
    said, _, rest = str(caught.value).partition(" is no address of a Federation Core; ")
    assert said in {
        "what was given", "'http://h' and what follows it", "'http://999.1.1.1'",
    }  # fmt: skip
    assert rest.startswith("give one like http://127.0.0.1:9405")
    assert ("--header" in rest) is ("@" in text)


def test_the_sentence_gives_an_example() -> None:
    """Who gave a wrong address is shown a right one."""
    with pytest.raises(BadTarget, match=r"; give one like http://127\.0\.0\.1:9405$"):
        check_url("localhost:9405")


@pytest.mark.parametrize("content", [None, "no certificate", ""])
def test_an_unusable_ca_bundle_is_said_to_be_one(tmp_path: Path, content: str | None) -> None:
    """A CA bundle that is missing or holds none is refused in a sentence that names it."""
    bundle = tmp_path / "ca.pem"
    if content is not None:
        bundle.write_text(content)
    with pytest.raises(BadTarget, match=f"cannot use the CA bundle {bundle}: "):
        HttpTransport(Endpoint("https://h", ca_bundle=bundle))


def test_a_ca_bundle_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    """The certificates given are those that are trusted."""
    trusting = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    seen: list[object] = []

    usual = httpx.create_ssl_context()

    def pool(trusted: object, *_: object, **__: object) -> None:
        seen.append(trusted)

    monkeypatch.setattr(ssl, "create_default_context", lambda cafile: {"ca.pem": trusting}[cafile])
    monkeypatch.setattr(httpx, "create_ssl_context", lambda: usual)
    monkeypatch.setattr(httpcore, "ConnectionPool", pool)
    HttpTransport(Endpoint("https://h", ca_bundle=Path("ca.pem")))
    HttpTransport(Endpoint("https://h"))
    assert [trusting, usual] == seen


@pytest.mark.parametrize("value", ["\u00e9", "\udcff"])
def test_a_header_that_cannot_be_sent_is_said_to_be_one(value: str) -> None:
    """A header beyond ASCII is refused when the transport is made."""
    target = Endpoint("http://h", headers=(("X-Api-Key", value),), own=True)
    with pytest.raises(BadTarget, match=r"^a header or setting cannot be used: "):
        HttpTransport(target)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("HTTP_PROXY", "gopher://user:hunter2@proxy"),
        ("HTTP_PROXY", "http://user:hunter2/and-more@proxy:1"),
        ("HTTP_PROXY", "http://user:12/hunter2@proxy:1"),
        ("HTTP_PROXY", "user:hunter2?and-more@proxy:1"),
        ("HTTP_PROXY", "user:12#hunter2@proxy:1"),
        ("HTTP_PROXY", "http://hunter2@:1"),
        ("HTTP_PROXY", "http://user:hunter2@proxy:99999"),
        ("HTTP_PROXY", "http://user:hunter2@proxy:x"),
        ("HTTP_PROXY", "http://user:hunter2@[::1"),
        ("ALL_PROXY", "socks9://proxy:1"),
        ("HTTP_PROXY", "http://proxy:port"),
        ("HTTP_PROXY", "http://ann:s3/cret@proxy:1"),
        ("HTTP_PROXY", "http://ann:1/s3cret@proxy:1"),
        ("HTTP_PROXY", "http://ann:1#s3cret@proxy:1"),
        ("HTTP_PROXY", "http://ann:1?s3cret@proxy:1"),
        ("HTTP_PROXY", "http://"),
    ],
)
def test_an_environment_that_names_a_wrong_proxy(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    """A proxy that cannot be used is said to be so, but not for our own FC."""
    monkeypatch.setenv(name, value)
    with pytest.raises(BadTarget) as caught:
        HttpTransport(Endpoint("http://h"))
    assert str(caught.value).startswith("the proxy that the environment ")
    assert not [each for each in ("hunter2", "s3") if each in str(caught.value)]
    HttpTransport(Endpoint("http://h", own=True)).close()


def test_certificates_are_loaded_where_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """A file of certificates that cannot be used is said to be one, but only where TLS is."""
    monkeypatch.setenv("SSL_CERT_FILE", "/no/such/file")
    HttpTransport(Endpoint("http://h")).close()
    with pytest.raises(BadTarget, match=r"^a header or setting cannot be used: "):
        HttpTransport(Endpoint("https://h"))
    with pytest.raises(BadTarget, match=r"^a header or setting cannot be used: "):
        HttpTransport(Endpoint("http://h", proxy="https://proxy:1"))


def test_a_proxy_that_needs_more_than_is_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """A SOCKS proxy without the package that it takes ends in a sentence, too."""
    monkeypatch.setenv("ALL_PROXY", "socks5://proxy:1")
    monkeypatch.setattr(transport_module, "find_spec", {"socksio": None}.__getitem__)
    with pytest.raises(BadTarget, match="the package 'socksio' is not installed"):
        HttpTransport(Endpoint("http://h"))
