"""``pt004 replay``: against a fault, against none, and against what is no FC."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.helpers import Ended, invoke, traces
from tests.cli.servers import free_port, fronted
from tests.conftest import GOLDEN

FAULT = "denied-step-may-pause"
SECRET = "hush-hush-hush-hush"


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trace of a fault, as ``check`` leaves it behind."""
    out = tmp_path_factory.mktemp("out")
    said = invoke("check", "--fault", FAULT, "--out", out, "--seed", "1", "--max-examples", "4")
    assert said.code == 1
    (path,) = traces(out)
    return path


def results(said: Ended) -> list[str]:
    """The result of each trace."""
    words = {"REPRODUCED", "FIXED", "CHANGED", "UNSURE"}
    return [line.partition(":")[0] for line in said.lines if line.split()[0] in words]


@pytest.mark.system
def test_with_the_fault_and_without(trace: Path) -> None:
    """With the fault it is reproduced, each time; without it is fixed."""
    said = invoke("replay", trace, "--fault", FAULT, "--repeat", "3")
    assert (1, ["REPRODUCED 3 of 3"], "") == (said.code, results(said), said.err)
    assert "run 2 of 3: REPRODUCED, as before" in said.lines
    said = invoke("replay", trace)
    assert (0, ["FIXED 1 of 1"], "") == (said.code, results(said), said.err)
    said = invoke("replay", trace, "--auth", SECRET_KEY=SECRET)
    assert (0, ["FIXED 1 of 1"], "") == (said.code, results(said), said.err)


def test_the_transcript(trace: Path) -> None:
    """It is told step by step what was expected and what came."""
    said = invoke("replay", trace, "--fault", FAULT)
    assert said.lines[0] == f"{trace}: policy.deny-blocks (contract 5.2)"
    at = said.lines.index("  3. run 0: to paused")
    assert said.lines[at + 1 : at + 3] == [
        "     expected: refused with 400, 409 or 422 (policy.deny-blocks)",
        '     got:      status 200, run "paused"',
    ]


def test_a_body_that_is_no_text(trace: Path, tmp_path: Path) -> None:
    """Bytes that no terminal can show are spelled out."""
    document = json.loads(trace.read_text())
    odd = json.loads(json.dumps(document["steps"][0]))
    odd["send"] |= {"run": 9, "body": {"text": "\udcff\x1b[2J"}}
    document["steps"].insert(0, odd)
    made = tmp_path / "odd.json"
    made.write_text(json.dumps(document))
    said = invoke("replay", made, "--fault", FAULT)
    assert (1, ["REPRODUCED 1 of 1"], "") == (said.code, results(said), said.err)
    assert "  1. run 9: create \\udcff\\u001b[2J" in said.lines


def test_a_trace_of_version_1() -> None:
    """A trace that an earlier release left is replayed like one of today."""
    said = invoke("replay", GOLDEN / "trace_1.json", "--fault", FAULT)
    assert (1, ["REPRODUCED 1 of 1"], "") == (said.code, results(said), said.err)
    said = invoke("replay", GOLDEN / "trace_1.json")
    assert (0, ["FIXED 1 of 1"], "") == (said.code, results(said), said.err)


@pytest.mark.parametrize("dialect", ["seed", "deployed"])
def test_any_fc_in_either_dialect(trace: Path, dialect: str) -> None:
    """The commands go to the FC that is named, over the routes that are asked for."""
    with fronted(fault=FAULT) as front:
        said = invoke("replay", trace, "--base-url", front.url, "--dialect", dialect)
    assert (1, ["REPRODUCED 1 of 1"]) == (said.code, results(said))


def test_several_files(trace: Path, tmp_path: Path) -> None:
    """Each file has its result, and the worst of them is the exit code."""
    document = json.loads(trace.read_text())
    document["steps"] = document["steps"][1:]
    cut = tmp_path / "cut.json"
    cut.write_text(json.dumps(document))
    said = invoke("replay", trace, cut)
    assert (3, ["FIXED 1 of 1", "UNSURE 1 of 1"]) == (said.code, results(said))
    said = invoke("replay", cut, trace, "--fault", FAULT)
    assert (1, ["UNSURE 1 of 1", "REPRODUCED 1 of 1"]) == (said.code, results(said))


def test_as_json(trace: Path) -> None:
    """Programs get one document with the same results."""
    said = invoke("replay", trace, "--fault", FAULT, "--json")
    assert said.code == 1
    document = json.loads(said.out)
    (told,) = document["replays"]
    assert ("diverges", str(trace)) == (document["verdict"], told["trace"])
    assert ("reproduced", 1, 1) == (told["result"], told["seen"], told["runs"])
    last = told["attempts"][0]["steps"][-1]
    assert last["expected"] == ["refused with 400, 409 or 422 (policy.deny-blocks)"]
    assert last["findings"][0]["fingerprint"] == told["fingerprint"] == trace.stem


def test_no_fc_is_unsure(trace: Path) -> None:
    """Where nothing listens the exit code is 3, with a sentence."""
    said = invoke("replay", trace, "--base-url", f"http://127.0.0.1:{free_port()}")
    assert (3, "") == (said.code, said.out)
    assert said.err.startswith("UNSURE: no Federation Core answers: ")


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"version": 3}, "it is a trace of version 3, and this pt004 reads version 2"),
        ({"format": "other"}, "it is no trace of pt004"),
        (
            {"steps": "none"},
            "it is not what its format says: invalid value for type, expected tuple, at steps",
        ),
    ],
)
def test_what_is_no_trace(trace: Path, tmp_path: Path, change: dict[str, object], why: str) -> None:
    """Exit 2 and one sentence, and nothing is sent."""
    bad = tmp_path / "bad.json"
    bad.write_text(json.dumps({**json.loads(trace.read_text()), **change}))
    said = invoke("replay", trace, bad)
    assert (2, "") == (said.code, said.out)
    assert f"Error: {bad} cannot be used: {why}" in said.err


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """Exit 2 and one sentence."""
    said = invoke("replay", tmp_path / "none.json")
    assert 2 == said.code
    assert f"Error: cannot read {tmp_path}/none.json: No such file or directory" in said.err
