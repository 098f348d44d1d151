"""Whatever drips, an exchange ends at its deadline, and a campaign with it."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from pt004_model.model.replies import NoAnswer
from pt004_model.wire.codec import Request
from pt004_model.wire.network import MAX_HEAD
from pt004_model.wire.transport import Endpoint, HttpTransport
from tests.cli.helpers import invoke, summary
from tests.hostile.drip import AUTHORITY, MODES, dripping

pytestmark = pytest.mark.system

TIMEOUT = 0.3
LATE = "the answer takes too long to arrive"
LONG = Request("PATCH", "/x", {}, b"x" * 8_000_000)
"""More than the buffers of two machines hold."""
IMPROPER = {"a flood of interim responses", "a huge header"}
"""Modes that end before the deadline: too much arrives."""


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificate of who vouches for what drips under TLS."""
    path = tmp_path_factory.mktemp("tls") / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(path)
    return path


@pytest.mark.parametrize("mode", MODES)
def test_an_exchange_ends_at_its_deadline(mode: str, authority: Path) -> None:
    """No answer is made of it, in little more than the time for a whole exchange."""
    with dripping(mode) as drip:
        target = Endpoint(
            drip.url, TIMEOUT, ca_bundle=authority, own=True, patience=0, max_reply=100_000
        )
        transport = HttpTransport(target)
        request = LONG if "reading" in mode else Request("PATCH", "/x", {}, b"{}")
        began = time.monotonic()
        answer = transport.send(request)
        took = time.monotonic() - began
        transport.close()
    assert isinstance(answer, NoAnswer)
    assert answer.applied is not (mode == "a handshake")
    assert took < 10 * TIMEOUT
    assert drip.requests == 1
    if mode in IMPROPER:
        assert answer.why.startswith("what answers speaks no proper HTTP (")
        assert drip.sent < MAX_HEAD + 8_000_000  # the rest lies in the buffers of the sockets
    else:
        assert took >= TIMEOUT * 0.9


def test_the_next_exchange_has_a_deadline_of_its_own() -> None:
    """What one exchange has used up is not missing for the next."""
    with dripping("a body") as drip:
        transport = HttpTransport(Endpoint(drip.url, TIMEOUT, own=True, patience=0))
        whys = [transport.send(Request("GET", "/x", {})) for _ in range(2)]
        transport.close()
    assert drip.requests == 2
    assert {LATE} == {getattr(each, "why", "") for each in whys}


@pytest.mark.parametrize(
    ("mode", "why"),
    [
        ("interim responses", LATE),
        ("a header", LATE),
        ("a chunk extension", LATE),
        ("a TLS record", "the FC did not answer in time"),
    ],
)
def test_a_campaign_against_a_drip_ends(
    mode: str, why: str, authority: Path, tmp_path: Path
) -> None:
    """It is unsure, in a few times the time-out."""
    with dripping(mode) as drip:
        flags = ("--timeout", "0.2", "--max-time", "0.3", "--ca-bundle", authority)
        where = ("--base-url", drip.url, "--out", tmp_path)
        began = time.monotonic()
        said = invoke("check", *where, *flags, PT004_PATIENCE="30")
    assert said.code == 3
    assert time.monotonic() - began < 10
    assert ("unsure", f"no Federation Core answers: {why}") == (
        summary(tmp_path)["verdict"],
        summary(tmp_path)["why"],
    )
