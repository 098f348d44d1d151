"""The canonical cases on a stub: each line stands for an answer that was judged."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest
from attrs import evolve

from pt004_model.drive.lockstep import Fc
from pt004_model.drive.session import Session
from pt004_model.judge.oracle import Oracle, Verdict, worst
from pt004_model.model.commands import ChangeRun, Command, ReadRun
from pt004_model.model.replies import NoAnswer, Reply, Response
from pt004_model.proof.cases import conclusion, tell
from tests.habits import FREEDOMS, Habits
from tests.sampling import some
from tests.stub import NAMES, Losing, Stub, Tampering


def told(fc: Fc) -> tuple[Verdict, list[str]]:
    """The verdict on an FC and the lines that were said."""
    lines: list[str] = []
    results = tell(Session(fc, Oracle(NAMES)), "http://fc", lines.append)
    return worst(each.verdict for each in results), [*lines, conclusion(results)]


def case(lines: list[str], letter: str) -> list[str]:
    """The lines of one case, without its heading."""
    start = next(at for at, line in enumerate(lines) if line.startswith(f"TEST {letter}: "))
    return lines[start + 2 : lines.index("", start)]


@pytest.mark.parametrize("habits", some(FREEDOMS, 3))
def test_every_freedom_of_an_fc_tells_the_same(habits: Habits) -> None:
    """Whatever an FC does where it is free, the text is the same but for the runs' ids."""
    verdict, lines = told(Stub(habits=lambda: habits, run_ids=lambda number: f"run-{number}"))
    assert verdict is Verdict.CONFORMS
    assert lines[-1] == "✅ All tests completed successfully"
    made = [line.partition(": ")[2] for line in lines if line.startswith("✓ Created")]
    assert len(made) == 3
    assert [f"✓ {name}: {run_id}" for name, run_id in zip(
        ("happy_path", "policy_flag", "policy_deny"), made, strict=True
    )] == lines[-5:-2]  # fmt: skip
    assert [line for line in case(lines, "B") if "Created" not in line] == [
        "✓ Step 1 executed",
        "✓ Step 2 executed",
        "✓ Workflow paused (policy flag)",
        "✓ Workflow resumed after approval",
        "✓ Workflow completed",
    ]
    assert [line for line in case(lines, "C") if "Created" not in line] == [
        "✓ Step 1 executed",
        "✓ Workflow failed (policy deny)",
    ]


def taking_the_first(command: Command, reply: Reply) -> Response:
    """Every change is said to be refused."""
    return evolve(reply, code=409, body={"detail": "no"}) if _is(command, ChangeRun) else reply


def without_logs(command: Command, reply: Reply) -> Response:
    """Reads leave the log out."""
    if not _is(command, ReadRun) or not isinstance(reply.body, dict):
        return reply
    return evolve(reply, body={**reply.body, "logs": []})


def silent_reads(command: Command, reply: Reply) -> Response:
    """Reads get no answer."""
    return NoAnswer("nothing came", applied=True) if _is(command, ReadRun) else reply


def _is(command: Command, kind: type[Command]) -> bool:
    return isinstance(command, kind)


ROWS: list[tuple[Callable[[Command, Reply], Response], Verdict, list[str], str]] = [
    # tampering, verdict, how case A goes, the closing line
    (
        taking_the_first,
        Verdict.DIVERGES,
        ["✗ Step 1 started: step_1", "  expected: ", "  got:      ", "  lifecycle.legal-change"],
        "❌ 3 of 3 tests failed",
    ),
    (
        without_logs,
        Verdict.DIVERGES,
        ["✗ Step 1 started: step_1", "  expected: ", "  got:      ", "  receipts.chain, finding "],
        "❌ 3 of 3 tests failed",
    ),
    (
        silent_reads,
        Verdict.UNSURE,
        ["✗ Step 1 started: step_1", "  expected: an answer", "  got:      nothing came"],
        "❌ 3 of 3 tests could not be completed",
    ),
]


@pytest.mark.parametrize(("tamper", "verdict", "first", "last"), ROWS)
def test_what_does_not_hold_is_a_cross(
    tamper: Callable[[Command, Reply], Response], verdict: Verdict, first: list[str], last: str
) -> None:
    """A case ends at its first line that does not hold; no answer is no failure and no pass."""
    came, lines = told(Tampering(Stub(), tamper))
    assert verdict is came
    shown = case(lines, "A")[1:]
    assert len(first) == len(shown)
    assert all(line.startswith(begin) for line, begin in zip(shown, first, strict=True)), shown
    assert last == lines[-1]
    assert [line[0] for line in lines[-5:-2]] == ["✗", "✗", "✗"]


def test_an_fc_that_is_gone_ends_every_case() -> None:
    """Three calls in a row without an answer, and the rest is told as not completed."""
    verdict, lines = told(Losing(Stub(), itertools.repeat("never")))
    assert verdict is Verdict.UNSURE
    for letter in "ABC":
        assert case(lines, letter)[0].startswith("✗ ")
    assert [line.partition(": ")[2] for line in lines[-5:-2]] == ["no run was made"] * 3
    assert lines[-1] == "❌ 3 of 3 tests could not be completed"


def test_one_lost_answer_spoils_one_case() -> None:
    """The case that lost an answer is open, the others pass, and the whole is unsure."""
    fates = itertools.chain(["kept"] * 4, ["lost"], itertools.repeat("kept"))
    verdict, lines = told(Losing(Stub(), fates))
    assert verdict is Verdict.UNSURE
    assert [line[0] for line in lines[-5:-2]] == ["✗", "✓", "✓"]
    assert lines[-1] == "❌ 1 of 3 tests could not be completed"
