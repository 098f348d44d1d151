"""Recorded calls: no reply of a conforming FC is called wrong, whoever else called meanwhile."""

from __future__ import annotations

import base64
import copy
import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pt004_model.audit.calls import judge_calls
from pt004_model.audit.har import Call, read_call
from pt004_model.audit.verdict import Audit, audit
from pt004_model.embedded.app import build_app
from pt004_model.judge.oracle import Verdict
from tests.audit.campaigns import InProcess, campaign

pytestmark = pytest.mark.system

Entries: TypeAlias = list[dict[str, Any]]


def read(entries: Entries) -> list[Call]:
    """The calls of a recording."""
    calls = [read_call(f"entry {number}", each) for number, each in enumerate(entries, 1)]
    return [each for each in calls if each is not None]


def campaign_of(fault: str | None) -> Entries:
    """The recording of a small campaign."""
    recording: Entries = []
    campaign(fault, 6, 6, recording)
    return recording


@pytest.fixture(scope="module")
def recorded() -> Entries:
    """The recording of a campaign against an FC without a fault."""
    return campaign_of(None)


def test_a_recording_conforms(recorded: Entries, tmp_path: Path) -> None:
    """Nothing is found in the answers to calls, good and bad, or in the logs that they show."""
    result = reviewed(recorded, tmp_path)
    assert (result.verdict, result.unread, result.found) == (Verdict.CONFORMS, [], {})
    assert result.calls > 150


@settings(max_examples=2, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_calls_that_were_not_seen_explain_answers(recorded: Entries, seed: int) -> None:
    """Nothing is found where half of the calls were not recorded, and the others overlap."""
    dice = Random(seed)  # noqa: S311 - nothing secret
    kept = [copy.copy(each) for each in recorded if dice.random() < 0.5]
    for each in kept:
        each["time"] += dice.choice([0, 30, 3000])
    assert list(judge_calls(read(kept))) == []


LIFE = (
    ("POST", "", {"workflow_id": "w", "steps": ["a"], "metadata": {"n": 1}}),
    ("GET", "", None),
    ("PATCH", "/status", {"status": "completed"}),  # refused
    (
        "PATCH",
        "/status",
        {
            "status": "running",
            "current_step": "a",
            "step_index": 0,
            "policy": {"decision": "allow", "policy_id": "p", "reason": "r"},
        },
    ),
    ("GET", "?include_logs=true&include_gates=true", None),
    ("PATCH", "/status", {"status": "completed"}),
    ("GET", "?include_logs=true&include_gates=true", None),
)


@pytest.fixture(scope="module")
def life() -> Entries:
    """A recording of the life of one run, a call a second."""
    entries: Entries = []
    who = {"X-Tenant-ID": "t", "X-Actor-ID": "ann"}
    transport, path = InProcess(build_app(), entries), "/gateway"
    with httpx.Client(transport=transport, base_url="http://fc", headers=who) as client:
        path = "/workflows/runs"
        for method, rest, body in LIFE:
            answer = client.request(method, f"{path}{rest}", json=body)
            if method == "POST":
                path = f"{path}/{answer.json()['run']['run_id']}"
    for second, entry in enumerate(entries):
        entry |= {"startedDateTime": f"2026-02-06T12:00:0{second}+00:00", "time": 100.0}
        entry["request"]["url"] = entry["request"]["url"].replace("http://fc", "http://gw/fc")
    return entries


def answered(entry: dict[str, Any], change: Callable[[Any], object], status: int = 200) -> None:
    """Change an answer."""
    content = entry["response"]["content"]
    body = json.loads(base64.b64decode(content["text"]))
    change(body)
    content["text"] = base64.b64encode(json.dumps(body).encode()).decode()
    entry["response"]["status"] = status


def run(**fields: Any) -> Callable[[Any], object]:
    """Show something else of the run."""
    return lambda body: body["run"].update(fields)


def refused(body: dict[str, Any]) -> None:
    """Refuse the call."""
    body.clear()
    body["detail"] = "no"


def cut(body: dict[str, Any]) -> None:
    """Show the beginning of a log."""
    del body["logs"][2:]


ODD: dict[str, tuple[int, Callable[[Any], object], int, set[str]]] = {
    "default": (0, run(workflow_version="2"), 201, {"lifecycle.sent-data-kept"}),
    "code": (2, refused, 418, {"lifecycle.refusal-code"}),
    "no detail": (2, dict.clear, 409, {"input.refusal-detail"}),
    "server error": (2, refused, 500, {"lifecycle.no-server-error"}),
    "not there": (4, refused, 404, {"lifecycle.read-accepted"}),
    "data": (4, run(metadata={"n": 2}), 200, {"lifecycle.sent-data-kept"}),
    "taken": (3, run(status="pending"), 200, {"lifecycle.status"}),
    "back": (6, run(status="running"), 200, {"lifecycle.status"}),
    "cut": (6, cut, 200, {"audit.append-only"}),
}


@pytest.mark.parametrize("name", ODD)
def test_an_answer_that_nothing_explains_is_found(life: Entries, name: str) -> None:
    """An answer that no state allows is found where it is, though the others are right."""
    place, change, status, checks = ODD[name]
    entries = copy.deepcopy(life)
    assert list(judge_calls(read(entries))) == []
    answered(entries[place], change, status)
    found = [each for each in judge_calls(read(entries)) if each.finding.check in checks]
    assert {each.finding.check for each in found} == checks
    assert found[0].call.place == f"entry {place + 1}"


def test_a_refusal_that_nothing_explains_is_found(life: Entries) -> None:
    """A legal change that is refused between two reads of the same state is found."""
    entries = copy.deepcopy([*life[:2], life[3], life[1]])
    entries[3]["startedDateTime"] = "2026-02-06T12:00:04+00:00"
    answered(entries[2], refused, 409)
    (found,) = judge_calls(read(entries))
    assert found.finding.check == "concurrency.linearizable"
    assert "to running naming a (0) with policy allow is refused" in found.finding.observed


@pytest.mark.parametrize("name", ["back", "cut"])
def test_calls_that_overlap_bind_nothing(life: Entries, name: str) -> None:
    """An answer that would be wrong later is none while the other call was under way."""
    place, change, status, _ = ODD[name]
    entries = copy.deepcopy(life)
    answered(entries[place], change, status)
    for each in entries[4:6]:
        each["time"] = 9000.0
    if name == "back":
        answered(entries[place], lambda body: body.update(logs=[], gates=[]))
        answered(entries[place], run(completed_at=None, workflow_receipt_hash=None))
    assert list(judge_calls(read(entries))) == []


def test_a_fault_is_found_from_a_recording(tmp_path: Path) -> None:
    """A fault that shows in answers alone is found from the recording of a campaign."""
    entries = campaign_of("tags-are-sorted")
    result = reviewed(entries[:120], tmp_path)
    assert result.verdict is Verdict.DIVERGES
    assert {each.check.id for each in result.by_weight} == {"lifecycle.sent-data-kept"}


def reviewed(entries: object, folder: Path) -> Audit:
    """The audit of a HAR file."""
    path = folder / "calls.har"
    path.write_text(json.dumps({"log": {"version": "1.2", "entries": entries}}, indent=1))
    return audit([folder])


BAD: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "something else": (lambda e: e["request"].update(url="http://x/"), "without an answered call"),
    "aborted": (lambda e: e["response"].update(status=0), "without an answered call"),
    "body": (lambda e: e["response"].update(content={}), "was kept without the body"),
    "base64": (lambda e: e["response"]["content"].update(text="?"), "is no base64"),
    "time": (lambda e: e.pop("time"), "without the time that it took"),
    "start": (lambda e: e.pop("startedDateTime"), "without the time at which it was sent"),
    "parts": (lambda e: e.pop("response"), "without a request and a response"),
}


@pytest.mark.parametrize("name", BAD)
def test_a_recording_that_says_nothing_is_told(life: Entries, tmp_path: Path, name: str) -> None:
    """What cannot be read of a HAR file is told, and there is no verdict without the rest."""
    change, said = BAD[name]
    entry = copy.deepcopy(life[0])
    change(entry)
    result = reviewed([entry], tmp_path)
    assert result.verdict is Verdict.UNSURE
    assert any(said in each for each in result.unread)
    assert reviewed([7], tmp_path).unread[0].endswith("item 1: no object")
