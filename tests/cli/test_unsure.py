"""What is no FC, or stops being one: exit code 3 and one sentence, unless something was found."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest

from tests.cli.helpers import Ended, ended, invoke, serving, start, summary, traces, wait_for
from tests.cli.servers import Said, Seen, free_port, fronted, refusal, speaking

SMALL = ("--max-examples", "3", "--max-commands", "5", "--seed", "1")
HTML = Said(200, b"<html><body>Welcome</body></html>", "text/html")


def create_answers(said: Said) -> Callable[[Seen], Said | None]:
    """Health is fine, and every create is answered with ``said``."""
    return lambda seen: said if seen.method == "POST" else None


@contextmanager
def answering(before: Callable[[Seen], Said | None]) -> Iterator[str]:
    """The address of an FC in front of which ``before`` stands."""
    with fronted(before=before) as front:
        yield front.url


@contextmanager
def nobody() -> Iterator[str]:
    """The address of nobody."""
    yield f"http://127.0.0.1:{free_port()}"


NO_FC: dict[str, tuple[Callable[[], AbstractContextManager[str]], str]] = {
    "nobody listens": (nobody, "no Federation Core answers: the FC cannot be reached ("),
    "answers HTML": (
        lambda: answering(lambda _: HTML),
        "what answers is no Federation Core: /health gives status 200 without JSON: not JSON (Ex",
    ),
    "compresses": (
        lambda: answering(
            lambda _: Said(200, b"\x1f\x8b", headers=(("content-encoding", "gzip"),))
        ),
        "what answers is no Federation Core: /health gives status 200 without JSON: the body is"
        " compressed (gzip) though identity was asked",
    ),
    "begins with a mark": (
        lambda: answering(lambda _: Said(200, b"\xef\xbb\xbf{}")),
        "what answers is no Federation Core: /health gives status 200 without JSON: begins with a",
    ),
    "creates a run with NaN": (
        lambda: answering(create_answers(Said(201, b'{"run": {"run_id": "x", "x": NaN}}'))),
        "what answers is no Federation Core: the first create gives status 201 with no JSON: holds"
        " NaN, which JSON does not have",
    ),
    "creates a run twice": (
        lambda: answering(create_answers(Said(201, b'{"run": {}, "run": {}}'))),
        "what answers is no Federation Core: the first create gives status 201 with no JSON: the"
        " name 'run' stands twice in one object",
    ),
    "knows no health": (
        lambda: answering(lambda seen: None if seen.is_run_call else refusal(404)),
        "what answers is no Federation Core: /health gives status 404",
    ),
    "hangs": (lambda: speaking(None), "no Federation Core answers: the FC did not answer in time"),
    "speaks no HTTP": (
        lambda: speaking(b"SSH-2.0-OpenSSH_9.6\r\n"),
        "no Federation Core answers: what answers speaks no proper HTTP (",
    ),
    "hangs up": (lambda: speaking(b""), "no Federation Core answers: what answers speaks no"),
    "another dialect": (
        lambda: answering(create_answers(refusal(404))),
        "the first create is refused with 404: this FC may speak the other dialect; now it is"
        " seed, set FC_DIALECT or --dialect, or [routes] in pt004.toml",
    ),
    "demands a token": (
        lambda: answering(create_answers(refusal(401))),
        "the first create is refused with 401: a token is missing or not good; set FC_TOKEN, or"
        " SECRET_KEY",
    ),
    "forbids": (
        lambda: answering(create_answers(refusal(403))),
        "the first create is refused with 403: a token is missing or not good; set FC_TOKEN, or"
        " SECRET_KEY",
    ),
    "creates no run": (
        lambda: answering(create_answers(Said(201, b'{"ok": true}'))),
        "what answers is no Federation Core: the first create gives status 201 with neither a run",
    ),
    "redirects": (
        lambda: answering(create_answers(Said(302, b"{}", headers=(("location", "/"),)))),
        "what answers is no Federation Core: the first create gives status 302",
    ),
    "a gateway without an FC": (
        lambda: answering(lambda _: refusal(503)),
        "no Federation Core answers: the FC, or a gateway before it, answers 503",
    ),
    "create behind a gateway": (
        lambda: answering(create_answers(refusal(502))),
        "the first create got no answer: the FC, or a gateway before it, answers 502",
    ),
    "too busy for long": (
        lambda: answering(create_answers(refusal(429, Retry_After="3600"))),
        "the first create got no answer: the FC answers 429 and asks to wait 3600 s",
    ),
}


@pytest.mark.parametrize("command", ["prove", "check"])
@pytest.mark.parametrize(("address", "why"), NO_FC.values(), ids=NO_FC)
def test_what_is_no_fc(
    address: Callable[[], AbstractContextManager[str]], why: str, command: str, tmp_path: Path
) -> None:
    """One sentence on standard error says what is wrong, and exit is 3."""
    out: tuple[str, ...] = ("--out", str(tmp_path)) if command == "check" else ()
    if why.endswith("did not answer in time"):  # the others answer, on a busy machine late
        out = (*out, "--timeout", "0.3")
    with address() as url:
        said = invoke(command, "--base-url", url, *out)
    assert said.code == 3
    assert said.err.startswith(f"UNSURE: {why}"), said.err
    assert said.err.count("\n") == 1
    assert "✓" not in said.out
    assert "CONFORMS" not in said.out


@pytest.mark.parametrize("kind", ["nobody listens", "a gateway without an FC"])
def test_that_an_fc_is_waited_for_is_said(kind: str) -> None:
    """Once, and with the option that bounds it; then comes the end."""
    with NO_FC[kind][0]() as url:
        said = invoke("prove", "--base-url", url, "--patience", "0.3")
    assert said.code == 3
    first, last = said.err.splitlines()
    assert first == "no answer yet; asking again for up to 0.3 s (--patience)"
    assert last.startswith(f"UNSURE: {NO_FC[kind][1]}")


def test_a_token_that_is_not_there_and_one_that_is_not_good() -> None:
    """An embedded FC that demands tokens is not judged without one, nor with a wrong secret."""
    secret = "the secret of the FC"
    with fronted(secret=secret) as front:
        for environment in ({}, {"SECRET_KEY": "another"}, {"FC_TOKEN": "omega_x.y"}):
            said = invoke("prove", "--base-url", front.url, **environment)
            assert (said.code, said.out) == (3, "")
            assert "refused with 401: a token is missing or not good" in said.err


def check(url: str, out: Path, *more: str) -> Ended:
    """A small campaign."""
    return invoke("check", "--base-url", url, "--out", out, *SMALL, *more)


@pytest.mark.parametrize("code", [502, 503, 504])
def test_a_gateway_that_loses_the_fc(code: int, tmp_path: Path) -> None:
    """An FC that was there and then answers 502, 503 or 504 for good leaves it open."""
    with answering(lambda seen: refusal(code) if seen.number > 25 else None) as url:
        said = check(url, tmp_path)
    assert said.code == 3
    why = f"the Federation Core stopped answering: the FC, or a gateway before it, answers {code}"
    assert f"UNSURE: {why}" in said.lines
    assert ("unsure", why) == (summary(tmp_path)["verdict"], summary(tmp_path)["why"])


@pytest.mark.parametrize(("name", "value"), [("http_proxy", "http://127.0.0.1:port")])
def test_a_proxy_that_is_none(name: str, value: str) -> None:
    """A proxy that is set wrong is a mistake of usage, told in a sentence."""
    said = invoke("check", "--base-url", "http://fc.example", **{name: value})
    assert said.code == 2
    assert (
        "the proxy that the environment or the system names for http cannot be used; give"
        in said.err
    )


@pytest.mark.system
def test_429_is_waited_for_and_repeated(tmp_path: Path) -> None:
    """A call answered with 429 is made again, the same bytes, and not before Retry-After."""
    busy: dict[int, float] = {}

    def sometimes(seen: Seen) -> Said | None:
        if seen.number - 1 in busy or seen.number % 9:
            return None
        busy[seen.number] = 1.0 if seen.number == 18 else 0.0
        return refusal(429, Retry_After=str(int(busy[seen.number])))

    with fronted(before=sometimes) as front:
        said = check(front.url, tmp_path, "--patience", "30")
    assert (said.code, summary(tmp_path)["verdict"]) == (0, "conforms")
    assert 18 in busy
    for number, pause in busy.items():
        one, other = front.seen[number], front.seen[number + 1]
        assert (one.method, one.path, one.body) == (other.method, other.path, other.body)
        assert one.headers == other.headers
        assert other.at - one.at >= pause


def test_a_server_error_is_judged(tmp_path: Path) -> None:
    """500 on every create is an answer, and one that no FC may give: exit is 1."""
    with answering(create_answers(refusal(500))) as url:
        said = check(url, tmp_path)
    assert said.code == 1
    assert "DIVERGES: 1 finding" in said.lines
    assert [found["check"] for found in summary(tmp_path)["findings"]] == [
        "lifecycle.no-server-error"
    ]


def test_a_diverging_fc_that_dies_has_diverged(tmp_path: Path) -> None:
    """A finding outranks an end without an answer: exit is 1, and both are told."""

    def dies(seen: Seen) -> Said | None:
        return refusal(503) if seen.number > 30 else None

    with fronted(before=dies, fault="tags-are-sorted") as front:
        said = check(front.url, tmp_path, "--max-examples", "20")
    assert said.code == 1
    assert "DIVERGES: 1 finding" in said.lines
    assert any("not all could be judged: the Federation" in line for line in said.lines)
    assert len(traces(tmp_path)) == 1


@pytest.mark.system
@pytest.mark.parametrize(
    ("flags", "until", "code", "verdict"),
    [
        ((), "runs.txt", 3, "unsure"),
        (("--fault", "tags-are-sorted"), "traces", 1, "diverges"),
    ],
    ids=["conforming", "diverging"],
)
def test_an_fc_that_is_killed(
    flags: tuple[str, ...], until: str, code: int, verdict: str, tmp_path: Path
) -> None:
    """Kill -9 of the FC ends the campaign with a sentence, not with a traceback."""

    def under_way() -> bool:
        if until == "traces":
            return bool(traces(tmp_path))
        runs = tmp_path / "runs.txt"
        return runs.exists() and len(runs.read_text().splitlines()) > 5

    with serving(*flags) as (address, server):
        process = start("check", "--base-url", address, "--out", tmp_path, "--max-examples", "5000")
        wait_for(under_way)
        server.kill()
        said = ended(process)
    assert (code, verdict) == (said.code, summary(tmp_path)["verdict"])
    assert "Traceback" not in said.said
    assert summary(tmp_path)["why"].startswith("the Federation Core stopped answering: the FC c")
