"""What is made of Schemathesis' events, its report and its calls."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tests.bench.contenders import Failure
from tests.bench.recording import Recording
from tests.bench.schemathesis_run import reported

REPORT = """
=================================== FAILURES ===================================
______________________________ GET /runs/{run_id} ______________________________
1. Test Case ID: c3

- ST201 Too lenient

    Invalid data should have been rejected

Reproduce with:

    curl -X POST http://fc/runs
    curl -X GET http://fc/runs/1

__________________________________ POST /runs __________________________________
1. Test Case ID: c1

- ST202 Too strict

Reproduce with:

    curl -X POST http://fc/runs

=================================== SUMMARY ====================================
"""


def check(name: str, title: str, status: str = "failure") -> dict[str, Any]:
    """A check as the events tell of it."""
    return {"name": name, "status": status, "failure_info": {"failure": {"title": title}}}


def scenario(method: str, path: str, checks: dict[str, list[dict[str, Any]]]) -> dict[str, Any]:
    """The event at the end of a scenario with these cases."""
    cases = {case: {"value": {"method": method, "path": path}} for case in checks}
    return {"ScenarioFinished": {"recorder": {"cases": cases, "checks": checks}}}


def calls(*cases: str) -> list[dict[str, Any]]:
    """Calls as the hooks number them."""
    return [{"case": case} for case in cases]


def test_failures_are_told_by_operation_and_check() -> None:
    """Each operation and check counts once, at its first call; its length is that of the report."""
    strict, lenient = check("accepts", "Too strict"), check("rejects", "Too lenient")
    events = [
        {"PhaseFinished": {}},
        scenario("GET", "/runs/{run_id}", {"c4": [lenient], "c3": [lenient]}),
        scenario("POST", "/runs", {"c1": [strict], "c2": [check("accepts", "", "success")]}),
    ]
    assert reported(events, calls("c1", "c2", "c3", "c4"), REPORT) == (
        Failure("POST /runs: accepts", 1, 1),
        Failure("GET /runs/{run_id}: rejects", 3, 2),
    )


def test_calls_of_a_check_count_with_the_call_before() -> None:
    """A call that a check made by itself passes no hook, and stands at the call before it."""
    event = scenario("GET", "/runs", {"c2": [], "own": [check("ignored_auth", "Open")]})
    assert reported([event], calls("c1", "c2")) == (Failure("GET /runs: ignored_auth", 2, None),)


def test_what_comes_after_the_budget_does_not_count() -> None:
    """A scenario whose calls were not numbered any more reports nothing."""
    event = scenario("GET", "/runs", {"late": [check("rejects", "Too lenient")]})
    assert reported([event], calls("c1")) == ()


def test_the_recording_ends_with_the_budget(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The last call that is allowed interrupts the run, again if many follow; none is kept."""
    sent: list[tuple[int, int]] = []
    monkeypatch.setattr("os.kill", lambda pid, number: sent.append((pid, number)))
    recording = Recording(tmp_path / "calls.jsonl", 2)
    request = SimpleNamespace(method="GET", path_url="/runs", headers={"X": "y"}, body=None)
    answer = SimpleNamespace(request=request, status_code=200, content=b"{}")
    for case in ("c1", "c2", *["late"] * 30):
        recording.note(SimpleNamespace(id=case), answer)
    recording.write()
    lines = [json.loads(line) for line in (tmp_path / "calls.jsonl").read_text().splitlines()]
    assert [line.get("case") for line in lines] == ["c1", "c2", None]
    assert lines[0]["target"] == "/runs"
    assert [number for _, number in sent] == [signal.SIGINT] * 2
