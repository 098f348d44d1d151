"""Traces as values: what is written is read again, and nothing else is taken for a trace."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from pt004_model.model.commands import Names
from pt004_model.model.replies import NoAnswer, Reply, Response, Undecodable
from pt004_model.trace.document import (
    Allowed,
    Reproduced,
    Said,
    SentRequest,
    Trace,
    TraceStep,
    dump_trace,
    load_trace,
    read_trace,
)
from pt004_model.trace.files import Unusable, write_json
from pt004_model.trace.writing import Origin, trace, trace_of, write_trace
from pt004_model.vocabulary import Dialect
from tests.conftest import GOLDEN
from tests.report.helpers import COMMANDS, JSON, NAMES, WIRE_TEXT, found, step

ORIGIN = Origin(42, "dev", Dialect.SEED, names=NAMES, base_url="http://there:1")
TEXT = st.text(max_size=20)
MOMENTS = st.just(0.0) | st.floats(1.0, 2e9)
RESPONSES: st.SearchStrategy[Response] = st.one_of(
    st.builds(
        Reply, st.integers(100, 599), JSON | st.builds(Undecodable, TEXT, TEXT), MOMENTS, MOMENTS,
        TEXT,
    ),
    st.builds(NoAnswer, TEXT, st.booleans(), MOMENTS),
)  # fmt: skip
CODES = st.sampled_from(["200", "409", "3XX", "4XX"])
ALLOWED = st.builds(
    Allowed, TEXT, st.lists(CODES, max_size=3).map(tuple), st.none() | TEXT, st.booleans()
)
HEADERS = st.dictionaries(TEXT, TEXT, max_size=3)
NAMED = st.dictionaries(st.sampled_from(["X-Tenant-ID", "x"]), TEXT)
REQUESTS = st.builds(SentRequest, st.just("GET"), TEXT, NAMED, st.none() | TEXT)
STEPS = st.builds(
    TraceStep,
    TEXT,
    COMMANDS,
    st.none() | TEXT,
    st.none() | TEXT,
    st.lists(ALLOWED, max_size=3).map(tuple),
    st.none() | REQUESTS,
    st.none() | RESPONSES,
    st.lists(st.builds(Said, TEXT, TEXT, TEXT, TEXT), max_size=2).map(tuple),
    st.none() | st.integers(0, 2),
    HEADERS,
)
TIMES = st.datetimes().map(
    lambda moment: f"{moment:%Y}".rjust(4, "0") + f"{moment:-%m-%dT%H:%M:%SZ}"
)
TRACES = st.builds(
    Trace,
    fingerprint=st.just("0123456789ab"),
    check=st.just("policy.deny-blocks"),
    area=TEXT,
    severity=st.sampled_from(["critical", "major", "minor"]),
    section=TEXT,
    sentence=TEXT,
    clause=TEXT,
    where=TEXT,
    expected=TEXT,
    observed=TEXT,
    seed=st.integers(0, 2**32),
    profile=TEXT,
    dialect=st.sampled_from(Dialect),
    base_url=TEXT,
    names=st.builds(Names, st.tuples(TEXT, TEXT), st.lists(TEXT, min_size=1).map(tuple)),
    requests_to_first=st.integers(0, 2**40),
    occurrences=st.integers(1, 2**40),
    first_seen=TIMES,
    last_seen=TIMES,
    shrunk=st.booleans(),
    reproduced=st.none() | st.builds(Reproduced, st.integers(0, 5), st.integers(1, 5)),
    known=st.booleans(),
    versions=st.dictionaries(TEXT, TEXT, max_size=2),
    steps=st.lists(STEPS, min_size=1, max_size=3).map(tuple),
    other=st.lists(STEPS, max_size=1).map(tuple),
    headers=st.lists(st.sampled_from(["X-Api-Key", "a"]), max_size=2).map(tuple),
    ca_bundle=st.none() | TEXT,
    lasting=st.booleans(),
    past=st.lists(st.just("0123456789ab"), max_size=2).map(tuple),
)


@settings(deadline=None, max_examples=50)  # the first draw builds all strategies
@given(TRACES)
def test_any_trace_is_read_back(value: Trace) -> None:
    """What is dumped, read as ASCII text, is the same trace."""
    document = json.loads(json.dumps(dump_trace(value), ensure_ascii=True))
    assert value == read_trace(document)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.tuples(COMMANDS, RESPONSES), min_size=1, max_size=4))
def test_whatever_was_sent_and_came_makes_a_trace(steps: list[tuple[Any, Response]]) -> None:
    """A finding after any commands and answers is written and read back."""
    told = evolve(
        found(),
        commands=tuple(command for command, _ in steps),
        steps=tuple(step(command, response) for command, response in steps),
    )
    document = json.loads(json.dumps(trace(told, ORIGIN), allow_nan=False))
    assert trace_of(told, ORIGIN) == read_trace(document)


def test_a_file_is_loaded(tmp_path: Path) -> None:
    """The file of a finding loads as the trace that it was written from."""
    write_trace(tmp_path / "t.json", found(), ORIGIN)
    loaded = load_trace(tmp_path / "t.json")
    assert trace_of(found(), ORIGIN) == loaded
    assert found().commands == loaded.commands


OTHERWISE = "it is not what its format says"


def spoiled(**changes: Any) -> dict[str, Any]:
    """A good document with some fields changed, or left out where the change is ``...``."""
    document = {**trace(found(Reply(200, {})), ORIGIN), **changes}
    return {name: each for name, each in document.items() if each is not ...}


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ([], "it is no trace of pt004: its format is not pt004-trace"),
        ({}, "it is no trace of pt004: its format is not pt004-trace"),
        ({"verdict": "diverges"}, "it is no trace of pt004: its format is not pt004-trace"),
        (
            spoiled(version=3, anything=1, steps=...),
            "it is a trace of version 3, and this pt004 reads version 2;"
            " install the pt004_model that wrote it",
        ),
        (
            spoiled(version="1"),
            "it is a trace of version '1', and this pt004 reads version 2;"
            " install the pt004_model that wrote it",
        ),
        (spoiled(seed=...), f"{OTHERWISE}: 'seed' is missing, at its head"),
        (spoiled(more=1), f"{OTHERWISE}: extra fields found (more), at its head"),
        (spoiled(steps=[]), f"{OTHERWISE}: [] will not do, at steps"),
        (spoiled(steps=[{"says": "x"}]), f"{OTHERWISE}: 'after, allowed, before,"
         " findings, reply, request, send' is missing, at steps[0]"),
    ],
)  # fmt: skip
def test_what_is_no_trace_is_refused(document: Any, why: str, tmp_path: Path) -> None:
    """The sentence names the file, the place in it, and what is wrong there."""
    with pytest.raises(Unusable) as raised:
        read_trace(document)
    assert why == str(raised.value)
    write_json(tmp_path / "t.json", document)
    with pytest.raises(Unusable) as raised:
        load_trace(tmp_path / "t.json")
    assert f"{tmp_path}/t.json cannot be used: {why}" == str(raised.value)


SPOILED: list[tuple[str, Any]] = [
    # place in a document, and a value that must not stand there
    ("fingerprint", "0123456789abc"),
    ("past", [""]),
    ("past", ["0123456789ab", "all"]),
    ("check", "policy"),
    ("severity", "awful"),
    ("seed", -1),
    ("seed", True),
    ("requests_to_first", -1),
    ("occurrences", 0),
    ("first_seen", "yesterday"),
    ("last_seen", "2027-01-15T08:00:00"),
    ("dialect", "other"),
    ("names.tenants", ["ours"]),
    ("names.tenants", []),
    ("names.actors", []),
    ("names.more", 1),
    ("reproduced", {"seen": 1, "runs": 0}),
    ("reproduced", {"seen": -1, "runs": 1}),
    ("reproduced", {"seen": 1}),
    ("versions.hypothesis", 6),
    ("steps.0.send.command", "Nonsense"),
    ("steps.0.send.run", -1),
    ("steps.0.send.run", {"unknown": ""}),
    ("steps.0.send.body", {"json": 1, "text": "1"}),
    ("steps.0.send.body", {}),
    ("steps.0.send.caller", {}),
    ("steps.0.send.caller.tenant", 99),
    ("steps.0.send.caller.actor", -2),
    ("steps.0.send.caller.token", "stolen"),
    ("steps.1.send.run", -1),
    ("steps.1.send.run", {"unknown": 1}),
    ("steps.1.request.headers", {"X-Tenant-ID": None}),
    ("steps.1.request.method", "@/etc/hostname"),
    ("steps.1.request.headers", {"@/etc/hostname": "x"}),
    ("steps.1.request.body", {}),
    ("steps.2.reply.status", 99),
    ("steps.2.reply.status", "200"),
    ("steps.2.reply", {"no_answer": "gone", "applied": "perhaps"}),
    ("steps.2.findings.0.where", None),
    ("steps.2.allowed", [1]),
    ("steps.2.allowed.0.codes", ["6XX"]),
    ("steps.2.came", -1),
    ("headers", ["X Y"]),
    ("other", None),
]


@pytest.mark.parametrize(("place", "value"), SPOILED)
def test_a_spoiled_part_is_refused(place: str, value: Any) -> None:
    """A value beyond its limits, or of another type, is refused wherever it stands."""
    document = json.loads(json.dumps(spoiled()))
    *path, last = place.split(".")
    part: Any = document
    for each in path:
        part = part[int(each)] if isinstance(part, list) else part[each]
    part[last if isinstance(part, dict) else int(last)] = value
    where = place.partition(".")[0]
    with pytest.raises(Unusable, match=f"^it is not what its format says: .*, at {where}"):
        read_trace(document)


@pytest.mark.parametrize("release", ["with-other", "without"])
def test_a_trace_of_version_1_is_read(release: str) -> None:
    """Of what was allowed it has words alone; the first traces had no other replay, either."""
    document = json.loads((GOLDEN / "trace_1.json").read_text())
    if release == "without":
        del document["other"]
    read = read_trace(document)
    assert read.steps[1].allowed == (Allowed("accepted with 200: running, deny"),)
    assert (read.other, read.lasting) == ((), False)
    assert read == read_trace(dump_trace(read))


@settings(deadline=None)
@given(JSON | st.dictionaries(WIRE_TEXT, JSON).map(lambda more: spoiled(**more)), st.data())
def test_any_json_is_a_trace_or_refused(document: Any, data: st.DataObject) -> None:
    """Whatever stands in a document, it is read or one kind of error is raised."""
    if isinstance(document, dict) and document:
        name = data.draw(st.sampled_from(sorted(document)))
        document = {**document, name: data.draw(JSON)}
    try:
        read = read_trace(document)
    except Unusable as error:
        why = str(error)
    else:
        why = "it is read"
        assert dump_trace(read).keys() <= document.keys()
    assert why.startswith("it is ")


def test_a_file_that_was_cut_off_is_refused(tmp_path: Path) -> None:
    """Wherever a file ends too early, it is said to be no JSON document."""
    path = tmp_path / "t.json"
    write_trace(path, found(), ORIGIN)
    whole = path.read_text()
    for length in range(0, len(whole) - 2, 97):
        path.write_text(whole[:length])
        with pytest.raises(
            Unusable, match="cannot be used: it is no JSON document, or was cut off"
        ):
            load_trace(path)


def test_files_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    """A file that is not there, a folder and bytes that are no text end in a sentence each."""
    (tmp_path / "bytes.json").write_bytes(b"\xff\xfe{}")
    (tmp_path / "deep.json").write_text("[" * 100_000)
    for name, why in {
        "none.json": "^cannot read .*/none.json: No such file or directory$",
        ".": "^cannot read .*: Is a directory$",
        "bytes.json": "^.*bytes.json cannot be used: it is no JSON document, or was cut off",
        "deep.json": "^.*deep.json cannot be used: it is no JSON document, or was cut off",
    }.items():
        with pytest.raises(Unusable, match=why):
            load_trace(tmp_path / name)
