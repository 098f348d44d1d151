"""JSON values: what is the same, what is none, and what lies beyond (section 1)."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pt004_model.model.values import (
    Beyond,
    Body,
    Json,
    NotJson,
    Value,
    is_number,
    read,
    same,
)
from tests.model.helpers import JSON


def nested(depth: int, core: str = "") -> str:
    """Lists in lists, so many deep."""
    return "[" * depth + core + "]" * depth


def deep_value(depth: int) -> Json:
    """The value of :func:`nested`."""
    value: Json = []
    for _ in range(depth - 1):
        value = [value]
    return value


def begins(text: str) -> str:
    """How a text begins, to name a test by."""
    return ascii(text[:20])


# Reading


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("null", None),
        (" \t\r\n[1 , 2]\n", [1, 2]),
        ('{"a":{"b":[true,false]}}', {"a": {"b": [True, False]}}),
        ('"\\ud83d\\udd31"', "\U0001f531"),
        ('"\\u0000 \u00e9"', "\0 \u00e9"),
        ("1e308", 1e308),
        ("-0", 0),
        ("1e-400", 0.0),
        ("9007199254740993", 9007199254740993),
        ("1" + "0" * 308, 10**308),
        ("1" + "0" * 308 + ".0", 1e308),
    ],
)
def test_a_text_within_the_contract_is_a_value(text: str, value: Json) -> None:
    """What RFC 8259 and section 1 have is read as the value it stands for."""
    reading = read(text)
    assert isinstance(reading, Value)
    assert value == reading.json
    assert type(value) is type(reading.json)


@pytest.mark.parametrize(
    "text",
    ["", " ", "{", "[1,]", "{'a':1}", "01", "1.", "+1", ".5", "nul", "tru", '"a', '"\t"', "[1] x",
     "[1][2]", '{"a":1,}', '{"a"}', "{1:2}", "\x0b1", "\xa01", "\ufeff1", "\\", '"\\x"', "[" * 70,
     '"\udcff"', "\udcfe", '{"a":"\ud800"}'],
    ids=begins,
)  # fmt: skip
def test_a_text_that_is_no_json(text: str) -> None:
    """What is no JSON text in UTF-8 is said to be none (11)."""
    assert NotJson() == read(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("NaN", "NaN"),
        ("[Infinity]", "Infinity"),
        ('{"a":-Infinity}', "-Infinity"),
        ("1e400", "a number beyond a double"),
        ("-1e309", "a number beyond a double"),
        ("1" + "0" * 309, "a number beyond a double"),
        ("9" * 5000, "a number beyond a double"),
        ("-" + "9" * 400, "a number beyond a double"),
        ('{"a":1,"a":1}', "a name twice in one object"),
        ('[{"a":{"b":1,"b":2}}]', "a name twice in one object"),
        ('{"a":1,"\\u0061":2}', "a name twice in one object"),
        ('"\\ud800"', "a lone surrogate"),
        ('["\\udfff"]', "a lone surrogate"),
        ('{"\\udc00":1}', "a lone surrogate"),
        ('{"a":["\\ude00\\ud83d"]}', "a lone surrogate"),
        (nested(65), "nesting deeper than 64"),
        (nested(65, "1"), "nesting deeper than 64"),
        ('{"a":' * 64 + "{}" + "}" * 64, "nesting deeper than 64"),
        (nested(300), "nesting deeper than 64"),
        (nested(100_000), "nesting too deep"),
        ('"' + "x" * (1024 * 1024 - 1) + '"', "more than 1 MiB"),
        ('"' + "\u00e9" * (512 * 1024) + '"', "more than 1 MiB"),
        (" " * (1024 * 1024) + "1", "more than 1 MiB"),
        ("no JSON " * 150_000, "more than 1 MiB"),
    ],
    ids=begins,
)
def test_a_text_beyond_the_contract(text: str, why: str) -> None:
    """JSON that the contract does not speak of is told apart, with what lies beyond (1)."""
    assert Beyond(why) == read(text)


@pytest.mark.parametrize(
    "text",
    [
        nested(64),
        nested(64, "1"),
        '{"a":' * 63 + "[0]" + "}" * 63,
        '"' + "x" * (1024 * 1024 - 2) + '"',
        " " * (1024 * 1024 - 1) + "1",
    ],
    ids=begins,
)
def test_the_limits_themselves_are_within(text: str) -> None:
    """Depth 64, the body itself being depth 1, and 1 MiB must be taken (1)."""
    assert isinstance(read(text), Value)


def test_a_name_in_two_objects_is_no_name_twice() -> None:
    """Only within one object must names differ."""
    assert Value([{"a": 1}, {"a": {"a": 2}}]) == read('[{"a":1},{"a":{"a":2}}]')


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=40) | st.text(max_size=40).map(lambda text: text.encode("utf-16-le")))
def test_reading_is_total(raw: bytes) -> None:
    """Whatever the bytes, reading says what they are and never raises."""
    body = Body(raw.decode("utf-8", "surrogateescape"))
    assert raw == body.encode()
    assert isinstance(body.reading, Value | Beyond | NotJson)
    try:
        raw.decode("utf-8")
    except UnicodeDecodeError:
        assert NotJson() == body.reading


def _plainly(text: str) -> object:
    """What a parser that knows no contract makes of a text; ``...`` when it is no JSON."""
    try:
        return json.loads(text)
    except ValueError:
        return ...


@settings(max_examples=120, deadline=None)
@given(st.text(st.sampled_from('{}[]",:\\ud8001e+-. aNtrue'), max_size=25))
def test_reading_near_json_agrees_with_a_plain_parser(text: str) -> None:
    """Texts made of the characters of JSON are read as a plain parser reads them, or beyond."""
    reading = read(text)
    if isinstance(reading, Value):
        assert same(_plainly(text), reading.json)
    elif isinstance(reading, NotJson):
        assert _plainly(text) is ...


@settings(max_examples=80, deadline=None)
@given(JSON)
def test_a_value_survives_its_body(value: Json) -> None:
    """The plainest body of a value stands for that value."""
    reading = Body.of(value).reading
    assert isinstance(reading, Value)
    assert same(value, reading.json)
    assert repr(value) == repr(reading.json)


# Bodies


def test_the_plainest_body() -> None:
    """Body.of() spells without white space and without needless escapes, in the order given."""
    body = Body.of({"b": "\0\u00e9", "a": [1.0, None]})
    assert body.text == '{"b":"\\u0000\u00e9","a":[1.0,null]}'
    assert Body.of("\u00e9").encode() == b'"\xc3\xa9"'


def test_bytes_that_are_not_utf_8_are_kept() -> None:
    """Surrogate escapes stand for bytes, and go out as those bytes."""
    assert Body('{"a":"\udcff"}').encode() == b'{"a":"\xff"}'


def test_the_fields_of_a_body() -> None:
    """The members of an object can be read, set and left out; nothing else has any."""
    body = Body('{ "a": 1, "b": null }')
    assert body.fields == {"a": 1, "b": None}
    assert body.replace(a=2, c=3).text == '{"a":2,"b":null,"c":3}'
    assert body.without("a", "z").text == '{"b":null}'
    for text in ("[1]", "{", '{"a":1,"a":2}'):
        assert Body(text).fields == {}


# The same JSON value


PAIRS: list[tuple[object, object, bool]] = [
    (1, 1.0, True),
    (-0.0, 0, True),
    (0.1, 0.1, True),
    (9007199254740993, 9007199254740992.0, True),
    (9007199254740993, 9007199254740996, False),
    (10**308, 1e308, True),
    (1, True, False),
    (0, False, False),
    (0, None, False),
    (False, None, False),
    ("", None, False),
    ("1", 1, False),
    (None, None, True),
    (True, True, True),
    ("\u00e9", "e\u0301", False),
    ("\u212b", "\u00c5", False),
    ("a", "A", False),
    ("a", "a ", False),
    ([], {}, False),
    ([], None, False),
    ([1, 2], [2, 1], False),
    ([1, 2], [1, 2, 3], False),
    ([1, [2]], (1, (2.0,)), True),
    ({"a": 1, "b": 2}, {"b": 2.0, "a": 1}, True),
    ({"a": 1}, {"a": 1, "b": None}, False),
    ({"a": 1}, {"b": 1}, False),
    ({"a": {"b": [0]}}, {"a": {"b": [False]}}, False),
    (math.nan, math.nan, False),
    (10**400, 10**400, False),
    (10**400, 1, False),
    (object(), 1, False),
    (b"a", "a", False),
]


@pytest.mark.parametrize(("one", "other", "expected"), PAIRS)
def test_the_same_json_value(one: object, other: object, expected: bool) -> None:
    """Code point by code point, as doubles, lists in order; true is not 1 (1)."""
    assert expected is same(one, other)
    assert expected is same(other, one)
    assert expected is same([{"k": one}], [{"k": other}])


@settings(max_examples=80, deadline=None)
@given(JSON, JSON)
def test_same_is_an_equivalence(one: Json, other: Json) -> None:
    """Every value is the same as itself, and sameness goes both ways."""
    assert same(one, one)
    assert same(one, other) is same(other, one)
    assert same(one, json.loads(json.dumps(one)))


def test_same_does_not_mind_depth() -> None:
    """Values nested deeper than Python recurses are compared all the same."""
    assert same(deep_value(5000), deep_value(5000))
    assert not same(deep_value(5000), deep_value(5001))


@pytest.mark.parametrize(
    ("value", "expected"),
    [(0, True), (1.5, True), (True, False), (False, False), ("1", False), (None, False)],
)
def test_what_a_number_is(value: object, expected: bool) -> None:
    """Neither true nor false is a number."""
    assert expected is is_number(value)
