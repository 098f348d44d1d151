"""Schemathesis with all its phases and checks, for as many requests as the others have.

It is run as its users run it, by its command line; hooks number its calls and interrupt it when the
budget is spent. Its failures come from the events that it writes, and the length of what it reports
from its report: the number of ``curl`` lines that are given to reproduce a failure.
"""

from __future__ import annotations

import base64
import importlib.util
import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final, TypeAlias

from pt004_model.cli.session import Connected
from pt004_model.model.commands import Token
from pt004_model.wire.codec import Request
from tests.bench import BUDGET, LOG
from tests.bench.contenders import Attempt, Failure
from tests.bench.sending import Cost, Sent, run_id

ROOT: Final = Path(__file__).parents[2]
EXAMPLES: Final = 100
"""Test cases an operation and phase; fuzzing and stateful testing are repeated with new ones."""
_AT_LEAST: Final = 600
_OWN_HEADERS: Final = {"connection", "content-length", "user-agent", "accept", "accept-encoding"}

Event: TypeAlias = dict[str, Any]


def installed() -> bool:
    """Whether Schemathesis is there: only the extra ``bench`` brings it."""
    return importlib.util.find_spec("schemathesis") is not None


def schemathesis(there: Connected, seeded: int, budget: int) -> Attempt:
    """One run against the operations of the seed dialect, with tenant and actor given.

    Raises ``subprocess.TimeoutExpired`` when it does not end, and ``RuntimeError`` when it makes no
    call at all.
    """
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        told = _run(there, seeded, budget, folder)
        lines = _lines(folder / "calls.jsonl")
        if not lines:
            raise RuntimeError(f"Schemathesis made no call:\n{told[-2000:]}")
        *calls, end = lines
        failures = reported(_lines(folder / "events.jsonl"), calls, told)
    sent = [_sent(call) for call in calls]
    return Attempt(failures, sent, len(sent), Cost(end["wall"], end["processor"]))


def _run(there: Connected, seeded: int, budget: int, folder: Path) -> str:
    command = [
        sys.executable,
        "-m",
        "schemathesis.cli",
        "run",
        f"{there.target.where}/openapi.json",
    ]
    command += ["--checks", "all", "--mode", "all", "--include-tag", "seed"]
    seconds = max(_AT_LEAST, budget)  # it needs some 15 ms a request where it has a core for itself
    command += ["--max-examples", str(EXAMPLES), "--max-time", str(seconds), "--seed", str(seeded)]
    command += ["--continue-on-failure", "--no-color", "--generation-database", "none"]
    command += ["-H", "X-Tenant-ID:tenant_schemathesis", "-H", "X-Actor-ID:schemathesis"]
    command += ["--report", "ndjson", "--report-ndjson-path", str(folder / "events.jsonl")]
    token = there.target.codec().token(Token.GOOD)
    if token is not None:
        command += ["-H", f"Authorization:Bearer {token}"]
    more = {LOG: str(folder / "calls.jsonl"), BUDGET: str(budget), "PYTHONPATH": str(ROOT)}
    more |= {"SCHEMATHESIS_HOOKS": "tests.bench.schemathesis_hooks", "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(  # noqa: S603 - our own command line
        command,
        cwd=folder,
        env={**os.environ, **more},
        capture_output=True,
        text=True,
        timeout=2 * seconds,
        check=False,
    )
    return done.stdout + done.stderr


def _lines(path: Path) -> list[dict[str, Any]]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _sent(call: dict[str, Any]) -> Sent:
    headers = {k: v for k, v in call["headers"].items() if k.lower() not in _OWN_HEADERS}
    content = base64.b64decode(call["content"])
    request = Request(call["method"], call["target"], headers, content or None)
    return request, run_id(base64.b64decode(call["answer"])) if call["answer"] else None


def reported(
    events: list[Event], calls: list[dict[str, Any]], told: str = ""
) -> tuple[Failure, ...]:
    """The failures within the budget, each operation and check once, the earliest first."""
    numbers = {call["case"]: number for number, call in enumerate(calls, 1)}
    first: dict[str, Failure] = {}
    for case, what, title, at in _failed(events, numbers):
        del case
        known = first.get(what)
        if known is None or at < known.at:
            first[what] = Failure(what, at, _curls(told, what.partition(": ")[0], title))
    return tuple(sorted(first.values(), key=lambda failure: failure.at))


def _failed(events: list[Event], numbers: dict[str, int]) -> Iterator[tuple[str, str, str, int]]:
    """Case, operation and check, title, and number of the call of every failed check.

    Calls that a check makes by itself pass no hook: they are given the number of the call before.
    What came after the budget is left out.
    """
    for event in events:
        scenario = event.get("ScenarioFinished")
        if scenario is None:
            continue
        recorder, at = scenario["recorder"], 0
        for case, held in recorder.get("cases", {}).items():
            at = numbers.get(case, at)
            if not at:
                continue
            operation = f"{held['value']['method']} {held['value']['path']}"
            for check in recorder.get("checks", {}).get(case, ()):
                if check["status"] == "failure":
                    title = check["failure_info"]["failure"]["title"]
                    yield case, f"{operation}: {check['name']}", title, at


def _curls(told: str, operation: str, title: str) -> int | None:
    """The number of calls in the part of the report that tells of a failure of this title."""
    place = None
    for part in re.split(r"(?m)^(?=_+ .* _+$|\d+\. Test Case ID)", told):
        heading = re.match(r"_+ (.*) _+$", part.splitlines()[0] if part else "")
        place = heading.group(1) if heading else place
        if f" {title}\n" in part and place in (operation, "Stateful tests"):
            return len(re.findall(r"(?m)^\s+curl ", part)) or None
    return None
