"""A target as a person gives it: an address or a client, and what is wrong with it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from pt004_model.drive.target import Target, replay
from pt004_model.embedded.app import build_app
from pt004_model.embedded.core import CONFORMING
from pt004_model.embedded.faults import parts_with
from pt004_model.judge.oracle import Verdict
from pt004_model.search.campaign import Campaign, Profile
from pt004_model.search.results import Result
from pt004_model.trace.document import dump_trace
from pt004_model.trace.files import write_json
from pt004_model.trace.writing import Origin, trace_of
from pt004_model.vocabulary import Dialect
from pt004_model.wire.transport import BadTarget

with warnings.catch_warnings():  # that httpx is no longer what it wants is no business of ours
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

SMALL = Profile("small", examples=6, commands=3)


def in_process(fault: str | None = None, secret: str | None = None, **how: Any) -> Target:
    """The embedded FC as an application in this process."""
    parts = CONFORMING if fault is None else parts_with(fault)
    return Target(client=TestClient(build_app(parts, secret=secret)), secret=secret, **how)


@pytest.mark.system
@pytest.mark.parametrize(
    ("dialect", "secret"), [(Dialect.SEED, None), ("deployed", "a-secret-of-32-characters-in-all")]
)
def test_an_application_in_this_process(dialect: Dialect | str, secret: str | None) -> None:
    """An application that conforms is found to, in both dialects, with tokens and without."""
    target = in_process(dialect=dialect, secret=secret)
    assert None is target.preflight()
    result = Campaign(target, SMALL, seed=1).run()
    assert (Verdict.CONFORMS, "") == (result.verdict, result.why)
    assert result.requests > 50
    assert ("authentication" in result.areas) == (secret is not None)


def found() -> Result:
    """A campaign against an application with a fault."""
    return Campaign(in_process("denied-step-may-pause"), SMALL, seed=3, first_only=True).run()


@pytest.mark.system
def test_a_fault_in_this_process_is_found_and_replayed(tmp_path: Path) -> None:
    """Its trace, replayed on an application without the fault, is fixed."""
    result = found()
    assert Verdict.DIVERGES is result.verdict
    target = in_process()
    origin = Origin(3, "small", Dialect.SEED, names=target.names)
    trace = trace_of(result.findings[0], origin)
    path = tmp_path / "trace.json"
    write_json(path, dump_trace(trace))
    assert Verdict.CONFORMS is replay(target, path, runs=2).verdict
    assert Verdict.DIVERGES is replay(in_process("denied-step-may-pause"), trace).verdict


@pytest.mark.system
def test_the_trace_of_a_check_that_is_not_there_is_unsure() -> None:
    """Nothing can be called fixed that nobody looked for."""
    result = found()
    origin = Origin(3, "small", Dialect.SEED, names=in_process().names)
    trace = trace_of(result.findings[0], origin)
    theirs = type(trace)(**{**_fields(trace), "check": "acme.owner", "area": "acme"})
    told = replay(in_process(), theirs)
    assert Verdict.UNSURE is told.verdict
    assert "import the module that makes it" in told.why


def _fields(trace: Any) -> Mapping[str, Any]:
    return {name: getattr(trace, name) for name in trace.__slots__ if not name.startswith("__")}


def test_no_fc_behind_a_client() -> None:
    """What answers and is no FC is told before anything is judged."""

    async def nothing(scope: Any, receive: Any, send: Any) -> None:
        del scope, receive
        await send({"type": "http.response.start", "status": 404, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    why = Target(client=TestClient(nothing)).preflight()
    assert why is not None
    assert why.startswith("what answers is no Federation Core: /health gives status 404")


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({}, "give a Target a base_url or a client, one of the two"),
        ({"base_url": "http://h", "client": object()}, "one of the two"),
        ({"base_url": "h"}, "is no address of a Federation Core"),
        ({"base_url": "http://h", "dialect": "old"}, "unknown dialect 'old'; choose from seed"),
        ({"base_url": "http://h", "token": "a b"}, "a token must be visible ASCII"),
        ({"base_url": "http://h", "headers": {"X-Tenant-ID": "t"}}, "the tester sets itself"),
        ({"base_url": "http://h", "headers": {"X-A": " b"}}, "the value of X-A is not visible"),
        ({"base_url": "http://h", "tenant": "a", "stranger": "a"}, "a stranger is another tenant"),
        ({"base_url": "http://h", "actor": "a b"}, "ACTOR_ID must be visible ASCII"),
    ],
)
def test_what_is_given_wrong(given: Any, sentence: str) -> None:
    """What cannot be used is refused when it is given, in a sentence."""
    with pytest.raises(BadTarget, match=sentence):
        Target(**given)


def test_nothing_secret_is_shown() -> None:
    """No representation has a token, a secret or the value of a header in it."""
    secrets: Any = {"token": "t0ken", "secret": "s3cret"}
    target = Target("http://h", headers={"X-Api-Key": "k3y"}, **secrets)
    assert not [each for each in ("t0ken", "s3cret", "k3y") if each in repr(target)]
    assert "a [secret] b" == target.redact("a s3cret b")


def test_sessions_share_nothing_but_the_way() -> None:
    """Each session has facts of its own, so that one conversation says nothing of another."""
    target = in_process()
    one, other = target.session(), target.session()
    assert one.oracle.ledger is not other.oracle.ledger
    assert one.tally is not other.tally


def test_a_campaign_by_the_name_of_its_profile() -> None:
    """A profile that is not there is refused, and says which there are."""
    with pytest.raises(ValueError, match="unknown profile 'weekly'; choose from dev, ci, nightly"):
        Campaign(in_process(), "weekly")
    assert "ci" == Campaign(in_process(), "ci").profile.name
