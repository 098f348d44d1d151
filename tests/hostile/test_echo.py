"""No credential gets out of what is kept or shown, wherever and however an FC repeats it."""

from __future__ import annotations

import base64
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import pytest

from pt004_model.reproduce import FORMS
from tests.cli.helpers import invoke, traces
from tests.cli.servers import fronted
from tests.cli.test_secrets import KEY, good_token
from tests.hostile.conftest import LARGE
from tests.hostile.echo import PLACES, SPELLINGS, Echo, files_in, leaks, secrets_in

pytestmark = [pytest.mark.system, pytest.mark.usefixtures("little_triage")]

BEARER: Final = "Zq7-own-bearer_of.some~length+9"
COOKIE: Final = "c00kie-Value-of-a-session"
LOGIN: Final = "operator:correct-horse-battery"
BASIC: Final = base64.b64encode(LOGIN.encode()).decode()
PUBLIC: Final = ("tenant_omega", "tenant_omega_stranger", "TENANT_OMEGA", "pt004_test_harness")

CREDENTIALS: Final[dict[str, tuple[dict[str, str], tuple[str, ...], tuple[str, ...]]]] = {
    # the environment, the headers, and what is secret besides what the FC hears
    "FC_TOKEN": ({"FC_TOKEN": "<good>"}, (), ()),
    "SECRET_KEY": ({"SECRET_KEY": KEY}, (f"Cookie=sid={COOKIE}; a=b",), (KEY, COOKIE)),
    "Bearer": ({}, (f"Authorization=Bearer {BEARER}",), (BEARER,)),
    "Basic": ({}, (f"Authorization=Basic {BASIC}", f"Cookie=sid={COOKIE}"), (LOGIN, COOKIE)),
}
ROUNDS: Final = list(PLACES) if LARGE else ["all"]
"""Large: each place by itself."""


@pytest.mark.parametrize("where", ROUNDS)
@pytest.mark.parametrize("name", CREDENTIALS)
def test_no_secret_gets_out(name: str, where: str, tmp_path: Path) -> None:
    """No file and no stream of any command has twelve characters of a secret, however decoded."""
    environment, headers, known = CREDENTIALS[name]
    environment = {key: value.replace("<good>", good_token()) for key, value in environment.items()}
    echo = Echo() if where == "all" else Echo((PLACES[where],))
    out, said = tmp_path / "out", list[str]()
    flags = [word for header in headers for word in ("--header", header)]

    def run(*arguments: str | Path) -> None:
        ended = invoke(*arguments, **environment)
        assert ended.code in {0, 1, 3}, ended.said
        said.extend((ended.out, ended.err))

    with fronted(after=echo.after, secret=KEY if environment else None) as front:
        there = ("--base-url", front.url, *flags)
        size = ("--max-examples", "3", "--max-commands", "9", "--seed", "3")
        check: tuple[str | Path, ...] = (*there, "--out", out, *size, "--confirm", "1", "--page")
        run("check", *check)
        run("check", *check, "--json")
        kept = traces(out)[:3]  # none where what is repeated may be anything
        if kept:
            run("replay", *there, *kept)
        run("prove", *there, "--out", tmp_path / "proof")
        assert echo.told >= len(SPELLINGS)
    for path in kept:
        for form in FORMS:
            run("show", path, "--as", form)
    run("page", out, "--out", tmp_path / "page.html")
    run("digest", out)
    run("submit", out, "--to", tmp_path / "issues")
    secrets = {*known, *(each for header in echo.heard for each in secrets_in(header))}
    long = {each for each in secrets if len(each) >= 12}
    assert not leaks({*files_in(tmp_path), *said}, long, PUBLIC)
    assert "[secret]" in "".join(said) or not kept


@pytest.mark.parametrize("spelled", SPELLINGS.values(), ids=SPELLINGS)
def test_the_search_finds_each_spelling(spelled: object) -> None:
    """The search of these tests would see every secret that got out, within other text too."""
    assert callable(spelled)
    for secret in (KEY, good_token(), BEARER, LOGIN):
        text = f'{{"a": "x\\n{spelled(secret)}", "b": 1}}'
        assert leaks([text], [secret], PUBLIC), text
    assert not leaks(['{"tenant": "tenant_omega"}'], ["tenant_omega"], PUBLIC)


@contextmanager
def echoing_by(answer: bytes) -> Iterator[str]:
    """No HTTP server: healthy, and then says what it was sent where none of it belongs."""
    health = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    request = connection.recv(65536)
                    _, _, rest = request.partition(b"Authorization: ")
                    token = rest.partition(b"\r\n")[0]
                    healthy = request.startswith(b"GET /health ")
                    connection.sendall(health if healthy else answer.replace(b"<token>", token))

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


@pytest.mark.parametrize(
    "answer",
    [
        b"<token> 200 OK\r\n\r\n",
        b"HTTP/1.1 200 <token>\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 500 <token>\r\nContent-Length: 2\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\n<token>\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nContent-Length: <token>\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: <token>\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n<token>\r\n",
    ],
    ids=["for HTTP", "reason", "reason of a failure", "header", "length", "encoding", "chunk"],
)
def test_no_secret_gets_out_of_what_is_no_http(answer: bytes, tmp_path: Path) -> None:
    """The sentence on why nothing can be said does not repeat what came instead of an answer."""
    token = good_token()
    with echoing_by(answer) as url:
        there = ("--base-url", url, "--timeout", "2")
        ended = [
            invoke("check", *there, "--out", tmp_path, "--max-examples", "1", FC_TOKEN=token),
            invoke("prove", *there, FC_TOKEN=token),
        ]
    assert {each.code for each in ended} <= {1, 3}
    said = [text for each in ended for text in (each.out, each.err)]
    assert not leaks([*files_in(tmp_path), *said], [token, f"Bearer {token}"], PUBLIC)
