"""``pt004 score``: the kill table, and when it says no."""

from __future__ import annotations

import json
from importlib import import_module
from pathlib import Path

import pytest
from attrs import evolve

from pt004_model.mutation_score import Kill, row_line, shortest_traces, table, total_lines
from pt004_model.trace.document import load_trace
from tests.cli.helpers import invoke

EASY, HARD = "tags-are-sorted", "old-keys-forgotten"
CHECK, FINGERPRINT = next(iter(shortest_traces()[EASY])).split()
KILL = Kill(EASY, "input", 0, True, CHECK, FINGERPRINT, requests=7, commands=1)
SURVIVAL = Kill(HARD, "idempotency", 0, found=False)
QUIET, ALARM = Kill("", "-", 0, found=False), Kill("", "-", 1, found=True, check="audit.kinds")


@pytest.mark.slow
@pytest.mark.system
def test_faults_that_are_found(tmp_path: Path) -> None:
    """Exit is 0; the table tells each fault, and the trace of each is kept."""
    said = invoke(
        "score", "--fault", EASY, "--max-examples", "5", "--repeat", "2", "--json",
        "--traces", tmp_path / "kept",
    )  # fmt: skip
    assert said.code == 0, said.said
    told = json.loads(said.out)
    (row,) = told["faults"]
    assert (True, EASY, True, 1) == (told["quiet"], row["fault"], row["killed"], row["commands"])
    assert [0, 1] == [kill["seed"] for kill in row["kills"]]
    kept = sorted((tmp_path / "kept").glob("*.json"))
    assert [f"{EASY}-0.json", f"{EASY}-1.json"] == [path.name for path in kept]
    assert ["lifecycle.sent-data-kept"] * 2 == [load_trace(path).check for path in kept]


@pytest.mark.slow
@pytest.mark.system
def test_a_fault_that_survives() -> None:
    """Exit is 1 when a fault is not found within the examples, and the table says which."""
    said = invoke("score", "--fault", HARD, "--fault", EASY, "--max-examples", "1")
    assert said.code == 1, said.said
    lines = {line.split()[0]: line for line in said.lines}
    assert " 0 of 1 " in lines[HARD]
    assert " found " in lines[EASY]
    assert "all: 1 of 2 found in every campaign" in said.lines


def test_an_alarm_leaves_nothing_killed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit is 1 when something is found where no fault is: then no fault counts as found."""

    def kills(faults: tuple[str, ...], *_: object) -> list[Kill]:
        return [ALARM] if faults == ("",) else [KILL]

    monkeypatch.setattr(import_module("pt004_model.cli.score"), "kills", kills)
    said = invoke("score", "--fault", EASY)
    assert said.code == 1, said.said
    assert "without a fault, seed 1: audit.kinds" in said.err
    assert "all: 0 of 1 found in every campaign" in said.lines


def test_what_is_given_wrong(tmp_path: Path) -> None:
    """Exit is 2 for a fault that there is not, and for a folder that cannot be made."""
    said = invoke("score", "--fault", "nope")
    assert (2, True) == (said.code, "'nope' is no fault; `pt004 faults` lists all" in said.err)
    said = invoke("score", "--fault", "tags-are-sortd")
    assert "did you mean tags-are-sorted" in said.err
    (tmp_path / "file").write_text("")
    said = invoke("score", "--traces", tmp_path / "file" / "inside")
    assert (2, True) == (said.code, f"cannot write to {tmp_path}/file/inside: " in said.err)


def test_the_table() -> None:
    """Kills are gathered by fault; what is quiet, found and short enough is told apart."""
    rows = table([QUIET, KILL, SURVIVAL])
    assert [(True, False), (False, False)] == [(row.killed, row.too_long) for row in rows]
    assert " 1/1 " in row_line(rows[0])
    (long,) = table([KILL, evolve(KILL, seed=1, commands=2)])
    assert (long.killed, long.too_long) == (True, True)
    assert " 2/1 " in row_line(long)
    (otherwise,) = table([evolve(KILL, fingerprint="0" * 12)])
    assert (otherwise.too_long, otherwise.shortest) == (False, None)
    assert "requests to the first sight: median 7, most 7" in total_lines(rows)
    assert not any(row.killed for row in table([QUIET, ALARM, KILL]))
    assert " alarm " in row_line(table([ALARM, KILL])[0])
