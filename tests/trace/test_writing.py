"""The trace file: commands round trip, secrets do not, and deep replies are cut."""

from __future__ import annotations

import json
from contextlib import suppress
from functools import cache
from math import inf
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from pt004_model.manual import clause
from pt004_model.model.commands import Caller, ChangeRun, Command, CreateRun, Tenant, Token, Unknown
from pt004_model.model.replies import NoAnswer, Reply, Response, Undecodable
from pt004_model.model.values import Body
from pt004_model.trace.document import read_trace
from pt004_model.trace.files import Unusable
from pt004_model.trace.redact import Redactor
from pt004_model.trace.writing import Origin, trace, write_trace
from pt004_model.vocabulary import Dialect
from tests.report.helpers import COMMANDS, FINDING, JSON, NAMES, PAUSE, found

ORIGIN = Origin(42, "dev", Dialect.SEED, names=NAMES, base_url="http://there:1")
TYPE = {"content_type": "application/json"}
BEYOND = "[a number beyond a double]"
HIDING = evolve(ORIGIN, redact=Redactor(("hush-hush-hush",)))


def dump_command(command: Command) -> dict[str, Any]:
    """A command as a trace file has it."""
    sent = found()
    step = evolve(sent.steps[0], command=command)
    document = trace(evolve(sent, commands=(command,), steps=(step,)), ORIGIN)
    return dict(document["steps"][0]["send"])


@cache
def written() -> str:
    """A trace as its file has it."""
    return json.dumps(trace(found(), ORIGIN))


def load_command(raw: Any) -> Command:
    """The command that a trace file has. Raises ``Unusable``."""
    document = json.loads(written())
    document["steps"] = [{**document["steps"][0], "send": raw}]
    return read_trace(document).commands[0]


@pytest.mark.parametrize(
    ("link", "expected"), [(None, "0af7"), ("https://t/{trace_id}?a", "https://t/0af7?a")]
)
def test_the_tracing_of_the_fc_is_named(link: str | None, expected: str) -> None:
    """The trace id of the call that shows the finding is kept, or where it is looked up."""
    sent = found()
    exchange = sent.steps[-1].exchange
    assert exchange.request is not None
    traced = evolve(exchange.request, headers={"traceparent": "00-0af7-b7ad-01"})
    last = evolve(sent.steps[-1], exchange=evolve(exchange, request=traced))
    there = evolve(ORIGIN, trace_link=link)
    assert trace(evolve(sent, steps=(*sent.steps[:-1], last)), there).get("tracing") == expected
    assert trace(sent, there).get("tracing", "") == ""


@given(COMMANDS)
def test_any_command_is_read_back(command: Command) -> None:
    """What is dumped, written as JSON in ASCII and loaded is the same command."""
    text = json.dumps(dump_command(command), ensure_ascii=True)
    assert command == load_command(json.loads(text))


def test_a_command_in_the_file() -> None:
    """This is how commands have looked since version 1 of the format."""
    change = ChangeRun(
        Unknown("no"), PAUSE.body, Caller(Tenant.STRANGER, 2, Token.EXPIRED), key="k"
    )
    assert dump_command(change) == {
        "command": "ChangeRun",
        "run": {"unknown": "no"},
        "body": {"json": {"status": "paused"}},
        "caller": {"tenant": 1, "actor": 2, "token": "expired"},
        "key": "k",
        "content_type": "application/json",
    }
    odd = CreateRun(1, Body('{"a": 1}'), content_type=None)
    assert dump_command(odd) == {
        "command": "CreateRun",
        "run": 1,
        "body": {"text": '{"a": 1}'},
        "caller": {"tenant": 0, "actor": 0, "token": "good"},
        "key": None,
        "correlation": None,
        "content_type": None,
    }


@given(
    JSON
    | st.dictionaries(
        st.sampled_from(["command", "run", "body", "caller", "key", "part", "method"]),
        JSON | st.sampled_from(["CreateRun", "OddPath", "Nonsense"]),
    )
)
def test_anything_else_is_no_command(raw: Any) -> None:
    """Whatever JSON is loaded gives a command that is dumped again, or one kind of error."""
    with suppress(Unusable):
        command = load_command(raw)
        assert command == load_command(dump_command(command))


@pytest.mark.parametrize(
    "raw",
    [
        None,
        [],
        "CreateRun",
        {},
        {"command": "Nonsense"},
        {"command": "OddPath"},
        {"command": "CreateRun", "run": "x", "body": {"json": 1}},
        {"command": "CreateRun", "run": 0, "body": 5},
        {"command": "CreateRun", "run": 0, "body": {"json": 1}, "more": 1},
        {"command": "ReadRun", "run": {"unknown": ""}, "caller": {"token": "stolen"}},
    ],
)
def test_what_is_no_command_is_said_to_be_none(raw: Any) -> None:
    """The error is a sentence that says where it is not one."""
    with pytest.raises(Unusable, match=r"^it is not what its format says: .*, at steps\[0\]\.send"):
        load_command(raw)


def test_the_document() -> None:
    """The head of a trace says what, where from and by which versions; then come the steps."""
    document = trace(found(Reply(200, {"run": {"status": "paused"}})), ORIGIN)
    assert len(document.pop("steps")) == 3
    assert {"pt004_model", "hypothesis"} == document.pop("versions").keys()
    assert document == {
        "format": "pt004-trace",
        "version": 2,
        "fingerprint": "0123456789ab",
        "check": "policy.deny-blocks",
        "area": "policy",
        "severity": "critical",
        "section": "5.2",
        "sentence": "After deny the run can only fail.",
        "clause": clause("5.2"),
        "where": "status",
        "expected": "a refusal with 400, 409, 422 (policy.deny-blocks)",
        "observed": "status 200",
        "seed": 42,
        "profile": "dev",
        "dialect": "seed",
        "base_url": "http://there:1",
        "names": {"tenants": ["ours", "theirs", "OURS"], "actors": ["one", "two", "three"]},
        "requests_to_first": 17,
        "occurrences": 2,
        "first_seen": "2027-01-15T08:00:00.000Z",
        "last_seen": "2027-01-15T08:00:01.500Z",
        "shrunk": False,
        "reproduced": None,
        "known": False,
    }


def test_the_steps() -> None:
    """A step says what is sent, what was allowed, what went over the wire and what came back."""
    steps = trace(found(Reply(200, {"run": {"status": "paused"}})), ORIGIN)["steps"]
    assert [step["says"] for step in steps] == [
        "run 0: create with steps a",
        "run 0: to running naming a (0) with policy deny",
        "run 0: to paused",
    ]
    assert steps[2] == {
        "says": "run 0: to paused",
        "send": dump_command(PAUSE),
        "before": None,
        "after": None,
        "allowed": [
            {"says": "refused with 403 or 404 (isolation.unknown-run)", "codes": ["403", "404"]}
        ],
        "request": {
            "method": "PATCH",
            "path": "/workflows/runs/r-1/status",
            "headers": {
                "X-Tenant-ID": "ours",
                "X-Actor-ID": "one",
                "Content-Type": "application/json",
            },
            "body": '{"status":"paused"}',
        },
        "reply": {
            "status": 200,
            "content_type": "application/json",
            "body": {"run": {"status": "paused"}},
        },
        "findings": [
            {
                "check": "policy.deny-blocks",
                "where": "status",
                "expected": FINDING.expected,
                "observed": "status 200",
            }
        ],
    }


@pytest.mark.parametrize(
    ("response", "reply"),
    [
        (Reply(409, {"detail": "no"}), {"status": 409, **TYPE, "body": {"detail": "no"}}),
        (Reply(200, None), {"status": 200, **TYPE, "body": None}),
        (Reply(200, {"n": inf}), {"status": 200, **TYPE, "body": {"n": BEYOND}}),
        (
            Reply(200, Undecodable("not JSON (Expecting value)", "<html>"), content_type="text/a"),
            {
                "status": 200,
                "content_type": "text/a",
                "undecodable": "not JSON (Expecting value)",
                "start": "<html>",
            },
        ),
        (NoAnswer("it is gone", applied=True), {"no_answer": "it is gone", "applied": True}),
    ],
)
def test_every_kind_of_answer_is_kept(response: Response, reply: dict[str, Any]) -> None:
    """A reply, one that is no JSON, and none at all are told apart in the file."""
    assert reply == trace(found(response), ORIGIN)["steps"][2]["reply"]


def test_a_trace_that_python_could_not_write_is_cut(tmp_path: Path) -> None:
    """A reply nested deeper than any FC's that conforms is cut; a depth of 99 is kept."""

    def nested(levels: int) -> Any:
        value: Any = "end"
        for level in range(levels):
            value = [value] if level % 2 else {"d": value}
        return value

    kept = trace(found(Reply(200, nested(100))), HIDING)["steps"][2]["reply"]["body"]
    assert nested(100) == kept
    write_trace(tmp_path / "t.json", found(Reply(200, nested(5000))), HIDING)
    text = (tmp_path / "t.json").read_text()
    assert "[nested deeper]" in text
    assert '"end"' not in text


def test_what_an_fc_repeats_is_hidden() -> None:
    """Secrets are blotted out of replies and of what findings quote; the rest is as it was."""
    said = "the header was hush-hush-hush"
    for response in (
        Reply(200, {said: [said]}),
        Reply(200, Undecodable("not JSON", said)),
        NoAnswer(said, applied=False),
    ):
        document = trace(found(response), HIDING)
        assert "hush-hush" not in json.dumps(document)
        assert "[secret]" in json.dumps(document["steps"][2]["reply"])
    assert HIDING.redact(said) == "the header was [secret]"


def test_the_token_is_no_part_of_the_request() -> None:
    """Of the Authorization header it is only said that there was one, and only where there was."""
    told = found()
    sent, tokens = [], ("Bearer a token that nobody knows", "Bearer x", None)
    for each, token in zip(told.steps, tokens, strict=True):
        request = each.exchange.request
        assert request is not None
        headers = {"Authorization": token, **request.headers} if token else request.headers
        exchange = evolve(each.exchange, request=evolve(request, headers=headers))
        sent.append(evolve(each, exchange=exchange))
    document = trace(evolve(told, steps=tuple(sent)), ORIGIN)
    shown = [step["request"]["headers"] for step in document["steps"]]
    assert ["[secret]", "[secret]", None] == [each.get("Authorization") for each in shown]
    assert not [each for step in trace(told, ORIGIN)["steps"] for each in step["request"]["headers"]
                if each == "Authorization"]  # fmt: skip


def test_commands_of_earlier_conversations_are_in_the_trace() -> None:
    """What made a run of an earlier example comes first in the trace, as commands alone."""
    told = found()
    document = trace(evolve(told, steps=told.steps[2:]), ORIGIN)
    assert [step["says"] for step in document["steps"]] == [
        "run 0: create with steps a",
        "run 0: to running naming a (0) with policy deny",
        "run 0: to paused",
    ]
    assert [step["request"] is None for step in document["steps"]] == [True, True, False]
    assert [step["reply"] is None for step in document["steps"]] == [True, True, False]
    assert list(told.commands) == [load_command(step["send"]) for step in document["steps"]]


def test_what_we_send_is_left_alone() -> None:
    """A secret that stands in our own commands too does not spoil them."""
    origin = evolve(ORIGIN, redact=Redactor(("paused", "policy.deny")))
    document = trace(found(), origin)
    assert load_command(document["steps"][2]["send"]) == PAUSE
    assert document["check"] == "policy.deny-blocks"
    assert document["expected"] == "a refusal with 400, 409, 422 ([secret]-blocks)"
