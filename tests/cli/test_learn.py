"""``pt004 learn``: what it writes and tells, two automata compared, and going on."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.cli.helpers import Ended, invoke, read_json, summary

pytestmark = pytest.mark.system

FAULT = ("--fault", "denied-step-may-pause")


@pytest.fixture(scope="module")
def faulty(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ended]:
    """What is learned of an FC with a fault."""
    out = tmp_path_factory.mktemp("faulty")
    return out, invoke("learn", "--steps", "1", *FAULT, "--out", out, "--confirm", "0")


def test_a_difference_is_told_drawn_and_found(faulty: tuple[Path, Ended]) -> None:
    """It is a line, an orange arrow with its label, a row of the file, and a finding."""
    out, said = faulty
    assert said.code == 1
    assert "  start-deny, pause: paused, step 0, and not refused" in said.lines
    assert "FINDING 6b9764f45135  policy.deny-blocks (contract 5.2)" in said.lines
    picture = (out / "learned-1.svg").read_text()
    assert ">paused, step 0,</tspan>" in picture
    assert 'class="extra"' in picture
    assert (out / "learned-1.dot").read_text().startswith("digraph learned {")
    kept = read_json(out / "learned.json")
    assert kept["differences"]["1"] == [
        {"word": ["start-deny", "pause"], "expected": "refused", "observed": "paused, step 0"}
    ]
    assert summary(out)["made_by"] == "learn"


def test_two_automata_are_compared(faulty: tuple[Path, Ended], tmp_path: Path) -> None:
    """The same is no difference; another answer is one, and the exit is 1; no FC is asked."""
    there = faulty[0] / "learned.json"
    assert invoke("learn", "--diff", there, there).lines == ["no difference"]
    changed = read_json(there)
    changed["automata"]["1"][0]["answers"]["fail"] = {"output": "refused", "to": 0}
    other = tmp_path / "other.json"
    other.write_text(json.dumps(changed))
    said = invoke("learn", "--diff", there, other)
    assert said.code == 1
    assert said.lines == ["runs of 1 step: fail: refused, and not failed", "1 difference"]
    short = read_json(there)
    del short["automata"]["0"]
    other.write_text(json.dumps(short))
    said = invoke("learn", "--diff", there, other)
    assert said.code == 3
    assert said.lines == [
        "runs of 0 steps: not compared, one of the two has none", "no difference",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "spoiled",
    [
        {"format": "another"},
        {"automata": {"1": []}},
        {"automata": {"1": [{"name": "x"}]}},
        {"asked": 3},
    ],
)
def test_a_damaged_file_is_refused(
    spoiled: dict[str, object], faulty: tuple[Path, Ended], tmp_path: Path
) -> None:
    """A file that cannot be used is wrong usage, in a sentence."""
    bad = tmp_path / "learned.json"
    bad.write_text(json.dumps(read_json(faulty[0] / "learned.json") | spoiled))
    for more in (("--diff", bad, bad), ("--resume", "--out", tmp_path, *FAULT)):
        said = invoke("learn", *more)
        assert said.code == 2
        assert "learned.json" in said.err


def test_it_is_resumed_on_the_same_fc_alone(faulty: tuple[Path, Ended]) -> None:
    """What another FC has answered is of no use."""
    said = invoke("learn", "--steps", "1", "--out", faulty[0], "--resume")
    assert said.code == 2
    assert "is of another Federation Core: leave out --resume" in said.err


def test_without_the_extra_it_says_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """AALpy comes with an extra; without it that is said, and no traceback."""
    monkeypatch.setitem(sys.modules, "aalpy", None)
    said = invoke("learn", "--out", tmp_path)
    assert said.code == 2
    assert "pip install '.[learn]'" in said.err
