"""Tokens that are fetched: when, how often, and what cannot be one."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from pt004_model.model.commands import Token
from pt004_model.wire.token import Credentials, make
from pt004_model.wire.token_source import NoToken, TokenSource


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The clock, which only tests move."""
    clock = [1000.0]
    monkeypatch.setattr("pt004_model.wire.token_source.time.monotonic", lambda: clock[0])
    return clock


def test_it_is_fetched_once_and_again_before_it_expires(tmp_path: Path, now: list[float]) -> None:
    """Four fifths of its life a token is used, then the next one is; all of them are known."""
    path = tmp_path / "token"
    source = TokenSource(file=path, lifetime=100)
    credentials = Credentials(source=source)
    path.write_text("one\n")
    assert credentials.present
    assert "one" == make(credentials, Token.GOOD)
    path.write_text("two")
    now[0] += 79
    assert "one" == make(credentials, Token.GOOD)
    now[0] += 2
    assert "two" == make(credentials, Token.GOOD)
    assert {"one", "two"} == set(credentials.made.values())
    assert make(credentials, Token.FORGED) not in {"one", "two"}
    assert "one" not in repr(credentials)


def test_without_a_lifetime_it_is_kept(tmp_path: Path, now: list[float]) -> None:
    """Only when it is asked for is it fetched again; not at once, and the same one is told."""
    path = tmp_path / "token"
    path.write_text("one")
    source = TokenSource(file=path)
    assert "one" == source.token()
    now[0] += 1e6
    path.write_text("two")
    assert "one" == source.token()
    assert source.renew()
    assert "two" == source.token()
    path.write_text("three")
    now[0] += 0.5
    assert not source.renew()
    now[0] += 0.6
    assert source.renew()
    now[0] += 2
    assert not source.renew()
    assert "three" == source.token()


def test_a_command_that_hangs_is_ended_with_all_it_started() -> None:
    """It is killed when its time is up, and whatever it started too."""
    script = "import os, time; os.fork(); time.sleep(60)"
    source = TokenSource((sys.executable, "-c", script), longest=0.5)
    began = time.monotonic()
    with pytest.raises(NoToken, match=r"has not ended after 0\.5 s"):
        source.token()
    assert time.monotonic() - began < 20


def test_what_a_command_prints_beside_its_token_is_not_told() -> None:
    """Neither what it says wrongly nor its complaints are repeated: any of it may be a secret."""
    for script in ("print('hush hush')", "import sys; sys.exit('hush')", "print('hüsh')"):
        with pytest.raises(NoToken) as none:
            TokenSource((sys.executable, "-c", script)).token()
        assert "sh" not in str(none.value).partition(";")[0].replace("visible", "")
