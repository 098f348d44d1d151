"""Commands into requests, in both dialects, against bytes typed by hand (section 1)."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pt004_model.model.commands import (
    NO_ACTOR,
    Caller,
    ChangeRun,
    Command,
    CreateRun,
    Names,
    OddPath,
    ReadRun,
    Route,
    RunRef,
    Tenant,
    Token,
    Unknown,
    WrongMethod,
)
from pt004_model.model.replies import NoAnswer, Reply, Undecodable
from pt004_model.model.values import Body, same
from pt004_model.vocabulary import Dialect
from pt004_model.wire.client import Client
from pt004_model.wire.codec import Answer, Codec, Request, decode, read_json
from tests.model.helpers import JSON
from tests.wire.helpers import golden, written

NAMES = Names(("t-ours", "t-stranger"), ("ann", "bob"))
START = (
    '{"status":"running","current_step":"a","step_index":0,'
    '"policy":{"decision":"allow","policy_id":"p1","reason":"why"}}'
)
COMMANDS: dict[str, Command] = {
    "create a run": CreateRun(0, Body('{"workflow_id":"w","steps":["\u00e9"]}')),
    "create a run with everything": CreateRun(
        0,
        Body('{"workflow_id": "w" }'),
        Caller(Tenant.STRANGER, 1, Token.WRONG_SECRET),
        "k",
        "corr 1",
        "text/plain",
    ),
    "create a run with empty headers and no content type": CreateRun(
        0, Body("{"), key="", correlation="", content_type=None
    ),
    "create a run for nobody": CreateRun(0, Body("{}"), Caller(Tenant.NOBODY, NO_ACTOR)),
    "change a run": ChangeRun(0, Body(START)),
    "change a run under a key": ChangeRun(0, Body('{"status":"paused"}'), Caller(actor=1), "k2"),
    "change an unknown run with a bad token": ChangeRun(
        Unknown("x"), Body('{"status":"failed","reason":"\u00fc"}'), Caller(token=Token.FORGED)
    ),
    "read a run": ReadRun(0),
    "read a run with its logs": ReadRun(0, gates=False, caller=Caller(Tenant.STRANGER)),
    "read a run with its gates": ReadRun(0, logs=False, key="k"),
    "read a run alone": ReadRun(0, False, False, Caller(actor=NO_ACTOR)),
    "read a run under an empty key": ReadRun(0, False, False, key=""),
    "wrong method on create": WrongMethod("DELETE", Route.CREATE, 0),
    "wrong method on change": WrongMethod("POST", Route.CHANGE, 0),
    "wrong method on read": WrongMethod("PUT", Route.READ, Unknown()),
    "odd path": OddPath(".."),
    "empty path": OddPath(""),
}
TOKENS = {Token.FORGED: "omega_forged", Token.WRONG_SECRET: "omega_good"}


def _run_id(ref: RunRef) -> str:
    return "no-such" if isinstance(ref, Unknown) else f"run-{ref}"


def _encoded(dialect: Dialect, command: Command) -> Request:
    return Codec(NAMES, dialect, TOKENS.get).encode(command, _run_id, "n7")


@pytest.mark.parametrize("title", COMMANDS)
@pytest.mark.parametrize("dialect", list(Dialect))
def test_a_request_is_the_golden_one(dialect: Dialect, title: str) -> None:
    """Every command is encoded into the method, target, headers and body typed by hand."""
    expected = golden(f"requests_{dialect}.http")[title]
    assert expected.rstrip("\n") == written(_encoded(dialect, COMMANDS[title]))


@pytest.mark.parametrize("dialect", list(Dialect))
def test_every_golden_request_is_compared(dialect: Dialect) -> None:
    """No golden request is left out, and none is missing."""
    assert list(golden(f"requests_{dialect}.http")) == list(COMMANDS)


def test_a_golden_request_tells_a_wrong_one() -> None:
    """The comparison sees a header that is not there and a body that differs."""
    expected = golden("requests_seed.http")["change a run under a key"].rstrip("\n")
    right = COMMANDS["change a run under a key"]
    assert expected == written(_encoded(Dialect.SEED, right))
    for other in (
        ChangeRun(0, Body('{"status":"paused"}'), Caller(actor=1)),
        ChangeRun(0, Body('{"status":"paused" }'), Caller(actor=1), "k2"),
        ChangeRun(1, Body('{"status":"paused"}'), Caller(actor=1), "k2"),
    ):
        assert expected != written(_encoded(Dialect.SEED, other))


def test_bytes_that_are_not_utf_8_go_out_as_they_are() -> None:
    """A body of broken bytes is sent byte for byte, and a read has no body."""
    request = _encoded(Dialect.SEED, ChangeRun(0, Body('{"status":"\udcff"}')))
    assert request.content == b'{"status":"\xff"}'
    assert _encoded(Dialect.SEED, ReadRun(0)).content is None


def test_the_seed_dialect_is_the_default() -> None:
    """A codec speaks the seed dialect and sends no token unless it is told to (1)."""
    request = Codec(NAMES).encode(ReadRun(0, False, False), _run_id, "")
    assert Request(
        "GET", "/workflows/runs/run-0", {"X-Tenant-ID": "t-ours", "X-Actor-ID": "ann"}
    ) == (request)


def test_a_request_shows_no_secrets() -> None:
    """Neither a request nor a codec shows a token in words."""
    codec = Codec(NAMES, token=lambda _: "omega_secret")
    request = codec.encode(ReadRun(0), _run_id, "")
    assert request.headers["Authorization"] == "Bearer omega_secret"
    assert "secret" not in repr(request) + repr(codec)


# Decoding


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b"{}", {}),
        (b' {"a": [1, 2.5, null, true]} \n', {"a": [1, 2.5, None, True]}),
        (b'"\xc3\xa9\\u00e9"', "\u00e9\u00e9"),
        (b"9007199254740993", 9007199254740993),
        (b"null", None),
    ],
)
def test_json_is_decoded(content: bytes, value: object) -> None:
    """A body that is JSON is its value."""
    found = read_json(content)
    assert not isinstance(found, Undecodable)
    assert same(value, found)


@pytest.mark.parametrize(
    ("content", "why", "start"),
    [
        (b"", "not JSON (Expecting value)", ""),
        (b"<html>", "not JSON (Expecting value)", "<html>"),
        (b'{"a":1', "not JSON (Expecting ',' delimiter)", '{"a":1'),
        (b"{} {}", "not JSON (Extra data)", "{} {}"),
        (b"\xef\xbb\xbf{}", "begins with a byte-order mark", "\ufeff{}"),
        (b"\xff\xfe", "not UTF-8", "\ufffd\ufffd"),
        (b'{"a":NaN}', "holds NaN, which JSON does not have", '{"a":NaN}'),
        (b"[-Infinity]", "holds -Infinity, which JSON does not have", "[-Infinity]"),
        (b'{"a":1,"a":1}', "the name 'a' stands twice in one object", '{"a":1,"a":1}'),
        (
            b'{"b":{"\xc3\xa9":1,"c":2,"\xc3\xa9":1}}',
            "the name '\\xe9' stands twice in one object",
            '{"b":{"\u00e9":1,"c":2,"\u00e9":1}}',
        ),
        (b"[" * 100_000, "nested too deep", "[" * 80),
        (b"\x00" * 200, "not JSON (Expecting value)", "\x00" * 80),
    ],
    ids=lambda word: ascii(word)[:24],
)
def test_what_is_no_json_is_said_to_be_none(content: bytes, why: str, start: str) -> None:
    """A body that is no JSON yields what is wrong with it and how it begins."""
    assert Undecodable(why, start) == read_json(content)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", " GZip, br"])
def test_a_compressed_body_is_said_to_be_one(encoding: str) -> None:
    """A body that was compressed unasked is told as that; one that is JSON all the same is read."""
    headers = {"content-encoding": encoding}
    body = decode(Answer(200, headers, b"\x1f\x8b\x08", 1.0, 2.0)).body
    assert isinstance(body, Undecodable)
    shown = encoding.strip().lower()
    assert body.why == f"the body is compressed ({shown}) though identity was asked"
    assert {} == decode(Answer(200, headers, b"{}", 1.0, 2.0)).body
    plain = decode(Answer(200, {"content-encoding": "identity"}, b"<", 1.0, 2.0)).body
    assert Undecodable("not JSON (Expecting value)", "<") == plain


def test_a_number_of_too_many_digits_is_undecodable() -> None:
    """An integer that Python refuses to read is no crash."""
    found = read_json(b'{"a":' + b"7" * 5000 + b"}")
    assert isinstance(found, Undecodable)
    assert "4300" in found.why


@settings(max_examples=100, deadline=None)
@given(
    st.binary(max_size=60)
    | st.text(st.sampled_from('{}[]",:\\ud8e+-.01NaIfty'), max_size=40).map(str.encode)
)
def test_decoding_is_total(content: bytes) -> None:
    """Whatever comes back becomes a reply, with the same code and times."""
    reply = decode(Answer(299, {"content-type": "x/y"}, content, 1.0, 2.0))
    assert (
        reply.code, reply.sent, reply.received, reply.content_type
    ) == (299, 1.0, 2.0, "x/y")  # fmt: skip


@settings(max_examples=80, deadline=None)
@given(JSON)
def test_a_value_survives_the_wire(value: object) -> None:
    """A JSON value comes back as the same JSON value, however it is spelled."""
    for ascii_only in (True, False):
        text = json.dumps(value, ensure_ascii=ascii_only)
        assert same(value, read_json(text.encode()))


@settings(max_examples=100, deadline=None)
@given(JSON, st.data())
def test_a_truncated_object_is_undecodable(value: object, data: st.DataObject) -> None:
    """Any true beginning of an object is no JSON."""
    content = json.dumps({"a": value}).encode()
    cut = data.draw(st.integers(0, len(content) - 1))
    assert isinstance(read_json(content[:cut]), Undecodable)


def test_a_reply_without_content_type() -> None:
    """A missing content type is an empty one."""
    assert Reply(200, {}, 1.0, 2.0, "") == decode(Answer(200, {}, b"{}", 1.0, 2.0))


# The client


class Canned:
    """A transport that gives one answer and keeps what it was sent."""

    def __init__(self, answer: Answer | NoAnswer) -> None:
        self.answer = answer
        self.sent: list[Request] = []

    def send(self, request: Request) -> Answer | NoAnswer:
        """The answer, whatever is asked."""
        self.sent.append(request)
        return self.answer


def test_a_client_encodes_sends_and_decodes() -> None:
    """A command goes out as its request and the reply comes back decoded."""
    canned = Canned(Answer(200, {"content-type": "application/json"}, b'{"run":1}', 1.0, 2.0))
    exchange = Client(Codec(NAMES), canned).ask(ReadRun(0, False, False), _run_id, "n")
    reply = exchange.response
    assert ([exchange.request], canned.answer) == (canned.sent, exchange.answer)
    assert Reply(200, {"run": 1}, 1.0, 2.0) == reply
    assert isinstance(reply, Reply)
    assert reply.body == {"run": 1}
    assert [each.target for each in canned.sent] == ["/workflows/runs/run-0"]


def test_a_client_passes_on_that_there_was_no_answer() -> None:
    """An answer that never came stays one."""
    nothing = NoAnswer("gone", applied=True)
    exchange = Client(Codec(NAMES), Canned(nothing)).ask(ReadRun(0), _run_id, "n")
    assert nothing is exchange.response
    assert exchange.answer is None
