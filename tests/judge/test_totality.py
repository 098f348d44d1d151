"""Whatever comes back is judged, never raised; and what differs from what is right is found."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from functools import cache
from typing import Final, TypeAlias

import pytest
import rfc8785
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from pt004_model.judge.finding import Finding
from pt004_model.judge.oracle import Verdict
from pt004_model.model.commands import (
    ChangeRun,
    Command,
    OddPath,
    ReadRun,
    Route,
    Unknown,
    WrongMethod,
)
from pt004_model.model.replies import Reply, Undecodable
from pt004_model.model.values import Json
from pt004_model.vocabulary import Event, Status
from tests.judge.helpers import (
    CREATE,
    DONE,
    FAILED,
    PAUSED,
    READ,
    REJECTED,
    RESUMED,
    STARTED,
    STRANGER,
    Talk,
    change,
    create,
    start,
    talk,
)
from tests.sampling import some

Path: TypeAlias = tuple[str | int, ...]
RUNS: Final[dict[str, tuple[Command, ...]]] = {
    "fresh": (CREATE,),
    "paused": PAUSED,
    "resumed": RESUMED,
    "rejected": REJECTED,
    "done": DONE,
    "failed": FAILED,
    "ungoverned": (create(), change("running", current_step="x"), change("paused")),
}
PLAUSIBLE: Final[tuple[Json, ...]] = (
    *map(str, Status), *map(str, Event), "a", "b", "actor_0", "actor_1", "tenant_x", "approved",
    "2026-02-06T12:00:00Z", "2026-02-06T12:00:00.1+00:00", "0" * 64, "", 0, 1, 1.0, 2**53, 10**400,
    -1, True, False, None, [], {}, [None], "\ud800", {"\udfff": []}, "1", "null",
)  # fmt: skip
TEXTS: Final = st.text(st.characters(exclude_categories=()), max_size=8)
VALUES: Final[st.SearchStrategy[Json]] = st.one_of(
    st.sampled_from(PLAUSIBLE),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
        max_leaves=6,
    ),
)
SETTINGS: Final = settings(max_examples=80, derandomize=False, database=None, deadline=None)


def paths(value: Json, at: Path = ()) -> Iterator[Path]:
    """The path of every value within a value, the value itself first."""
    yield at
    if isinstance(value, dict):
        for name, each in value.items():
            yield from paths(each, (*at, name))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from paths(each, (*at, index))


def at(value: Json, path: Path) -> Json:
    """The value at a path."""
    for part in path:
        assert isinstance(value, dict | list)
        value = value[part]  # type: ignore[index]  # the path fits
    return value


def replaced(value: Json, path: Path, new: Json) -> Json:
    """A copy of ``value`` with ``new`` at a path."""
    if not path:
        return new
    value = copy.deepcopy(value)
    holder = at(value, path[:-1])
    assert isinstance(holder, dict | list)
    holder[path[-1]] = new  # type: ignore[index]  # the path fits
    return value


def differs(one: Json, other: Json) -> bool:
    """Whether two values are not the same JSON value, by their canonical forms."""
    try:
        return rfc8785.dumps(one) != rfc8785.dumps(other)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        return True  # the stub sends nothing that has none


def free(name: str, path: Path, new: Json) -> bool:
    """The places where an FC may put what it likes: the name of a gate that is pending."""
    return (name, *path[-1:]) == ("paused", "gate_name") and isinstance(new, str | None)


@cache
def read(name: str) -> tuple[Talk, Reply]:
    """A conversation with one run, read in full, and another full reply to a read of it."""
    conversation = talk(*RUNS[name], READ)
    return conversation, conversation.answer(READ)


def judged(name: str, body: Json) -> tuple[Finding, ...]:
    """What is found when the read of a run is answered with ``body``."""
    conversation, reply = read(name)
    return conversation.judge(READ, evolve(reply, body=body)).findings


@pytest.mark.parametrize("name", some(RUNS.keys(), 3))
@SETTINGS
@given(data=st.data(), new=VALUES)
def test_any_value_replaced_is_found(name: str, data: st.DataObject, new: Json) -> None:
    """A value anywhere in a good reply, replaced by another one, is found and never raised."""
    body = read(name)[1].body
    assert isinstance(body, dict)
    path = data.draw(st.sampled_from(tuple(paths(body))))
    found = judged(name, replaced(body, path, new))
    expected = differs(at(body, path), new) and not free(name, path, new)
    assert expected is bool(found)


@pytest.mark.parametrize("name", RUNS)
def test_any_field_left_out_is_found(name: str) -> None:
    """Every named field must be there, null where it has no value."""
    body = read(name)[1].body
    assert isinstance(body, dict)
    assert not judged(name, body)
    for path in paths(body):
        if path and isinstance(path[-1], str):
            holder = at(body, path[:-1])
            assert isinstance(holder, dict)
            rest = {key: value for key, value in holder.items() if key != path[-1]}
            assert judged(name, replaced(body, path[:-1], rest)), path


@pytest.mark.parametrize("name", some(RUNS.keys(), 3))
@SETTINGS
@given(data=st.data(), field=TEXTS, new=VALUES)
def test_more_fields_are_free(name: str, data: st.DataObject, field: str, new: Json) -> None:
    """Fields of which nothing is said may be there and hold anything, save in an old entry."""
    body = read(name)[1].body
    assert isinstance(body, dict)
    holders: list[Path] = [(), ("run",), ("gates", 0)] if body["gates"] else [(), ("run",)]
    path = data.draw(st.sampled_from(holders))
    holder = at(body, path)
    assert isinstance(holder, dict)
    if field not in holder:
        assert not judged(name, replaced(body, (*path, field), new))
    entry = ("logs", 0, "details")
    assert judged(name, replaced(body, (*entry, field), new))


COMMANDS: Final = (
    READ,
    ReadRun(0, logs=False, gates=False),
    ReadRun(Unknown()),
    ReadRun(0, caller=STRANGER),
    start("b", 1),
    start("b", 1, "deny"),
    start("c", 2),
    change("completed"),
    ChangeRun(0, CREATE.body),
    create("a", number=1),
    create("a", "a", number=2),
    WrongMethod("PUT", Route.READ, 0),
    OddPath(""),
)
BODIES: Final = VALUES | st.fixed_dictionaries(
    {}, optional={"run": VALUES, "logs": VALUES, "gates": VALUES, "detail": VALUES}
)


@SETTINGS
@given(
    command=st.sampled_from(COMMANDS),
    code=st.sampled_from((200, 201, 204, 302, 400, 404, 409, 422, 429, 500, 599, 100, 0, 999)),
    body=BODIES | st.builds(Undecodable, TEXTS, TEXTS),
    media=st.sampled_from(("application/json", "", "text/html")) | TEXTS,
)
def test_any_reply_is_judged(
    command: Command, code: int, body: Json | Undecodable, media: str
) -> None:
    """Codes, bodies and content types of any kind lead to a verdict, never to an exception."""
    conversation, _ = started()
    judgement = conversation.judge(command, Reply(code, body, 0.0, 1.0, media))
    assert judgement.verdict in {Verdict.CONFORMS, Verdict.DIVERGES}
    assert (judgement.verdict is Verdict.DIVERGES) is bool(judgement.findings)
    for finding in judgement.findings:
        assert str(finding).encode("utf-8", "backslashreplace")
        assert finding.fingerprint.isalnum()


@cache
def started() -> tuple[Talk, Reply]:
    """A conversation whose run is at its first step."""
    conversation = talk(*STARTED)
    return conversation, conversation.answer(READ)


@pytest.mark.parametrize("media", ["application/json", "application/json; charset=utf-8"])
def test_json_may_be_sent_with_parameters(media: str) -> None:
    """The media type is what counts, in small letters or capitals."""
    conversation, reply = started()
    for spelled in (media, media.upper(), f" {media}"):
        judgement = conversation.judge(READ, evolve(reply, content_type=spelled))
        assert Verdict.CONFORMS is judgement.verdict
