"""The seeded faults as a collection; that each can be found is for the tester to prove."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from contextlib import closing
from itertools import zip_longest
from pathlib import Path

import attrs
import pytest

import pt004_model.embedded
from pt004_model.embedded.app import build_app
from pt004_model.embedded.core import CONFORMING, Parts
from pt004_model.embedded.faults import FAULTS, Fault, parts_with
from tests.sampling import some

from .client import Fc, start
from .conversation import SECRET, Conversation

GOLDEN = Path(__file__).parent.parent / "golden" / "faults.txt"


def test_the_names_are_the_pinned_ones() -> None:
    """Names that stand in scripts and commands stay: areas and names, in the order of listing."""
    listed = [f"{fault.area} {name}" for name, fault in FAULTS.items()]
    assert listed == GOLDEN.read_text(encoding="utf-8").splitlines()
    assert listed == sorted(listed)


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_says_what_it_is(name: str) -> None:
    """Every fault has a kebab-case name, and one or two sentences on what a user suffers."""
    fault = FAULTS[name]
    assert (fault.name, bool(re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", name))) == (name, True)
    assert fault.__doc__ is not None
    assert fault.__doc__ != Fault.__doc__
    assert 1 <= fault.__doc__.count(". ") + fault.__doc__.count(".\n") + 1 <= 2


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_replaces_one_part(name: str) -> None:
    """Every fault takes the place of exactly one part and overrides at most two methods of it."""
    parts = parts_with(name)
    fields = [field.name for field in attrs.fields(type(parts))]
    replaced = [name for name in fields if getattr(parts, name) is not getattr(CONFORMING, name)]
    own = [member for member in vars(FAULTS[name]).values() if callable(member)]
    assert len(replaced) == 1
    assert getattr(parts, replaced[0]) is FAULTS[name]
    assert 1 <= len(own) <= 2


@pytest.fixture(params=some(FAULTS.keys(), 5))
def faulty(request: pytest.FixtureRequest) -> Iterator[Fc]:
    """Return a Federation Core with each fault in turn."""
    client = Fc(build_app(parts_with(request.param)))
    yield client
    client.close()


def test_a_fault_leaves_the_happy_path(faulty: Fc) -> None:
    """With any fault a plain run of five steps still completes and can be read."""
    run_id = faulty.create(5)
    for number in range(1, 6):
        assert faulty.step(run_id, number)["step_index"] == number - 1
    assert faulty.do(run_id, "completed")["status"] == "completed"
    assert faulty.read(run_id)["run"]["run_id"] == run_id


@pytest.mark.parametrize("name", some(FAULTS.keys(), 5))
def test_a_fault_is_no_server_error(name: str) -> None:
    """A fault is what it says and no crash, also where a run has no steps and names none."""
    client = Fc(build_app(parts_with(name)))
    try:
        runs = [client.create(None), client.create(None), client.create(1)]
        for run_id in runs:
            named = start(1, "flag")
            body = named if run_id == runs[2] else {"policy": named["policy"]}
            assert client.patch(run_id, {"status": "running", **body}).status_code < 500
            assert client.patch(run_id, {"status": "paused"}).status_code < 500
        for run_id in reversed(runs):
            assert client.patch(run_id, {"status": "running"}).status_code < 500
            assert client.get(run_id).status_code < 500
    finally:
        client.close()


def test_the_gate_of_another_run_is_approved_where_no_step_is_named() -> None:
    """Resuming the second of two runs that wait at no step approves the gate of the first."""
    client = Fc(build_app(parts_with("gate-of-another-run")))
    try:
        first, second = client.create(None), client.create(None)
        for run_id in (first, second):
            client.do(run_id, "running", policy=start(1, "flag")["policy"])
            client.do(run_id, "paused")
        client.do(second, "running")
        gates = [client.read(run_id)["gates"] for run_id in (first, second)]
        assert [[gate["status"] for gate in each] for each in gates] == [["approved"], ["pending"]]
    finally:
        client.close()


def test_the_conforming_code_knows_no_fault() -> None:
    """Of the conforming modules only those that start a server with one mention the faults."""
    folder = Path(pt004_model.embedded.__file__).parent
    texts = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.py")}
    knowing = {name for name, text in texts.items() if "embedded.faults" in text}
    assert knowing == {"named.py", "serving.py"}


def lines_of(parts: Parts) -> Generator[str, None, None]:
    """Hold the long conversation with a server of these parts."""
    client = Fc(build_app(parts, secret=SECRET))
    try:
        yield from Conversation(client).hold()
    finally:
        client.close()


@pytest.fixture(scope="module")
def conforming_lines() -> list[str]:
    """Hold the long conversation with a conforming server."""
    return list(lines_of(CONFORMING))


@pytest.mark.system
def test_a_conforming_server_always_says_the_same(conforming_lines: list[str]) -> None:
    """The long conversation has no chance in it, and no call of it fails."""
    assert list(lines_of(CONFORMING)) == conforming_lines
    codes = {line[:3] for line in conforming_lines}
    assert codes == {"200", "201", "400", "401", "404", "409", "422"}


APART = {"concurrency", "losses", "durability"}
RACES = [name for name, fault in FAULTS.items() if fault.area in APART]


@pytest.mark.system
@pytest.mark.parametrize("name", some(RACES, 10))
def test_what_takes_more_shows_to_no_plain_client(name: str, conforming_lines: list[str]) -> None:
    """Calls that are answered one after the other are so as by a conforming server."""
    assert list(lines_of(parts_with(name))) == conforming_lines


OTHERS = [name for name, fault in FAULTS.items() if fault.area in {"values", "waiting"}]
"""Faults that show by the values of the dictionary or after a while, which this conversation lacks;
the search finds them in ``tox -e quality``."""


SHOWN = [name for name in FAULTS if name not in {*RACES, *OTHERS}]


@pytest.mark.system
@pytest.mark.parametrize("name", some(SHOWN, 5))
def test_a_fault_shows(name: str, conforming_lines: list[str]) -> None:
    """Any other fault says something in it that a conforming server does not."""
    with closing(lines_of(parts_with(name))) as lines:
        pairs = zip_longest(lines, conforming_lines)
        assert any(said != expected for said, expected in pairs)
