"""Recorded calls: no reply of a conforming FC is called wrong, whoever else called meanwhile."""

from __future__ import annotations

import base64
import copy
import json
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pt004_model.audit.calls import judge_calls
from pt004_model.audit.har import Call, read_call
from pt004_model.audit.recording import Unexplained
from pt004_model.audit.sources import PLAIN
from pt004_model.audit.verdict import Audit, audit
from pt004_model.embedded.app import build_app
from pt004_model.judge.oracle import Verdict
from tests.audit.campaigns import InProcess, campaign, entry
from tests.cli.servers import fronted

pytestmark = pytest.mark.system

Entries: TypeAlias = list[dict[str, Any]]


def read(entries: Entries) -> list[Call]:
    """The calls of a recording."""
    places = ((f"entry {number}", each) for number, each in enumerate(entries, 1))
    return [call for place in places if (call := read_call(*place, PLAIN)) is not None]


def unexplained(entries: Entries) -> list[Unexplained]:
    """What is wrong in a recording of which everything can be told."""
    unsure: Counter[str] = Counter()
    found = [*judge_calls(read(entries), unsure)]
    assert not +unsure
    return found


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
    assert unexplained(kept) == []


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
    for second, each in enumerate(entries):
        each |= {"startedDateTime": f"2026-02-06T12:00:0{second}+00:00", "time": 100.0}
        each["request"]["url"] = each["request"]["url"].replace("http://fc", "http://gw/fc")
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
    assert unexplained(entries) == []
    answered(entries[place], change, status)
    found = [each for each in unexplained(entries) if each.finding.check in checks]
    assert {each.finding.check for each in found} == checks
    assert found[0].call.place == f"entry {place + 1}"


def test_a_refusal_that_nothing_explains_is_found(life: Entries) -> None:
    """A legal change that is refused between two reads of the same state is found."""
    entries = copy.deepcopy([*life[:2], life[3], life[1]])
    entries[3]["startedDateTime"] = "2026-02-06T12:00:04+00:00"
    answered(entries[2], refused, 409)
    (found,) = unexplained(entries)
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
    assert unexplained(entries) == []


RUN = {"workflow_id": "w", "steps": ["a"]}
START = LIFE[3][2]


def told(
    method: str,
    body: Any,
    status: int,
    shown: dict[str, Any],
    *,
    at: tuple[float, float],
    **headers: str,
) -> dict[str, Any]:
    """A call of a run, at some seconds, and its answer."""
    path = f"/workflows/runs/{shown['run_id']}"
    target = {"POST": "/workflows/runs", "PATCH": f"{path}/status", "GET": path}[method]
    named = {"X-Tenant-ID": "t", "X-Actor-ID": "ann", **headers}
    request = httpx.Request(method, f"http://fc{target}", headers=named, json=body)
    said = {"run": shown} if status < 300 else {"detail": "no"}
    return entry(request, httpx.Response(status, json=said), *at)


@pytest.fixture(scope="module")
def runs() -> dict[str, dict[str, Any]]:
    """Runs as they are shown: new, another one, started, and completed."""
    who, path = {"X-Tenant-ID": "t", "X-Actor-ID": "ann"}, "/workflows/runs"
    transport = InProcess(build_app())
    with httpx.Client(transport=transport, base_url="http://fc", headers=who) as client:
        new, other = (client.post(path, json=RUN).json()["run"] for _ in "ab")
        path = f"{path}/{new['run_id']}/status"
        started, done = (
            client.patch(path, json=body).json()["run"] for body in (START, {"status": "completed"})
        )
    return {"new": new, "other": other, "started": started, "done": done}


KEYED: dict[str, tuple[list[tuple[str, int, str, Any]], bool, list[str]]] = {
    "answered alike": ([("POST", 201, "new", RUN), ("POST", 201, "new", RUN)], False, []),
    "two at once": ([("POST", 201, "new", RUN), ("POST", 201, "new", RUN)], True, []),
    "another's use": ([("POST", 409, "new", RUN), ("POST", 422, "new", RUN)], False, []),
    "another's run": (
        [("POST", 409, "new", {**RUN, "tags": ["x"]}), ("POST", 201, "new", RUN)],
        False,
        [],
    ),
    "two runs": (
        [("POST", 201, "new", RUN), ("POST", 201, "other", RUN)],
        False,
        ["idempotency.replay-as-then"],
    ),
    "two runs at once": (
        [("POST", 201, "new", RUN), ("POST", 201, "other", RUN)],
        True,
        ["concurrency.linearizable"],
    ),
    "refused later": (
        [("POST", 201, "new", RUN), ("POST", 409, "new", RUN)],
        False,
        ["idempotency.replay-as-then"],
    ),
    "refused before": ([("POST", 409, "new", RUN), ("POST", 201, "new", RUN)], False, []),
    "another request": (
        [("POST", 201, "new", RUN), ("PATCH", 200, "started", START)],
        False,
        ["idempotency.key-bound-to-request"],
    ),
    "as it is now": (
        [("PATCH", 200, "started", START), ("PATCH", 200, "done", START)],
        False,
        ["idempotency.replay-as-then", "lifecycle.status"],
    ),
    "wrong by itself": (
        [("POST", 201, "new", {**RUN, "tags": ["x"]})],
        False,
        ["lifecycle.sent-data-kept"],
    ),
}


@pytest.mark.parametrize("name", KEYED)
def test_calls_under_a_key(runs: dict[str, dict[str, Any]], name: str) -> None:
    """Of calls under one key that is found which no use of it by others explains."""
    calls, at_once, checks = KEYED[name]
    recorded = [
        told(method, body, status, runs[shown], at=(n, n + 9 * at_once + 0.5), **{KEY: "k"})
        for n, (method, status, shown, body) in enumerate(calls)
    ]
    assert sorted(each.finding.check for each in unexplained(recorded)) == checks


KEY = "X-Idempotency-Key"
END = {"status": "completed"}


@pytest.mark.parametrize("overlap", [False, True])
def test_no_order_of_calls_explains_two_ends(
    runs: dict[str, dict[str, Any]], *, overlap: bool
) -> None:
    """That two calls both end a run is found, at once or one after the other."""
    times = [(1.0, 5.0), (2.0, 6.0)] if overlap else [(1.0, 1.5), (2.0, 2.5)]
    recorded = [told("PATCH", END, 200, runs["done"], at=at) for at in times]
    (found,) = unexplained(recorded)
    check = "concurrency.linearizable" if overlap else "lifecycle.terminal-is-final"
    assert found.finding.check == check
    recorded[1] = told("PATCH", END, 409, runs["done"], at=times[1])
    assert unexplained(recorded) == []


def test_a_start_that_others_made_good_is_not_found(runs: dict[str, dict[str, Any]]) -> None:
    """Two calls that start the same step are explained by a pause that was not recorded."""
    times = [(1.0, 5.0), (2.0, 6.0)]
    recorded = [told("PATCH", START, 200, runs["started"], at=at) for at in times]
    assert unexplained(recorded) == []


def test_calls_without_a_name_are_judged(runs: dict[str, dict[str, Any]]) -> None:
    """What is refused for its headers alone is right, and with a code of nothing it is found."""
    nobody = {"X-Tenant-ID": "", KEY: "k"}
    for code, checks in ((400, []), (418, ["input.refusal-code"])):
        recorded = [
            told(method, RUN, code, runs["new"], at=(1.0, 2.0), **nobody)
            for method in ("POST", "GET")
        ]
        assert [each.finding.check for each in unexplained(recorded)] == checks * 2


def test_so_many_at_once_are_not_all_tried(runs: dict[str, dict[str, Any]]) -> None:
    """Where there are too many orders that is told, and nothing is found."""
    recorded = [
        told("PATCH", START if n % 2 else END, 409, runs["new"], at=(1.0, 9.0)) for n in range(30)
    ]
    recorded += [told("GET", None, 200, runs[name], at=(1.0, 9.0)) for name in ("done", "new")]
    recorded += [told("PATCH", END, 200, runs["done"], at=(1.0, 9.0)) for _ in "ab"]
    unsure: Counter[str] = Counter()
    assert not [*judge_calls(read(recorded), unsure)]
    assert unsure


TOKENS: dict[str, tuple[list[tuple[int, str]], list[str]]] = {
    "refused in between": ([(200, "a"), (401, "a"), (200, "a")], ["lifecycle.read-accepted"]),
    "refused in the end": ([(200, "a"), (401, "a")], []),
    "another one": ([(200, "a"), (403, "b"), (200, "a")], []),
    "none, and taken": ([(200, "a"), (401, "b"), (200, "")], ["authentication.token-required"]),
    "none, and not demanded": ([(200, "a"), (200, "")], []),
    "none kept": ([(401, ""), (200, "")], []),
    "none, and refused": ([(200, "a"), (401, ""), (403, "")], []),
}


@pytest.mark.parametrize("name", TOKENS)
def test_tokens(runs: dict[str, dict[str, Any]], name: str) -> None:
    """What a recording tells of tokens is held against who was let in, and nothing else."""
    calls, checks = TOKENS[name]
    recorded = [
        told("GET", None, code, runs["new"], at=(n, n + 0.5), Authorization=token)
        for n, (code, token) in enumerate(calls)
    ]
    assert [each.finding.check for each in unexplained(recorded)] == checks


class Recorder(httpx.HTTPTransport):
    """Sends over a socket, and keeps the calls."""

    def __init__(self, recording: Entries) -> None:
        super().__init__()
        self.recording = recording

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request."""
        sent = time.time()
        response = super().handle_request(request)
        response.read()
        self.recording.append(entry(request, response, sent, time.time()))
        return response


def at_once(fault: str | None) -> Entries:
    """The recording of three clients that each make every call of a run, at once."""
    recording: Entries = []
    who, path = {"X-Tenant-ID": "t", "X-Actor-ID": "ann"}, "/workflows/runs"
    with fronted(fault=fault) as front, ThreadPoolExecutor(3) as pool:
        clients = [
            httpx.Client(base_url=front.url, headers=who, transport=Recorder(recording), timeout=60)
            for _ in range(3)
        ]
        changes = [START, {"status": "paused"}, {"status": "running"}, END, {"status": "failed"}]
        for number in range(4):
            keyed = {KEY: f"k{number}"} if number % 2 else {}
            made = pool.map(lambda c, keyed=keyed: c.post(path, json=RUN, headers=keyed), clients)
            run = f"{path}/{next(made).json()['run']['run_id']}"
            for place, body in enumerate(changes):
                keyed = {KEY: f"k{number}-{place}"} if place == number else {}
                ask = partial(httpx.Client.patch, url=f"{run}/status", json=body, headers=keyed)
                list(pool.map(ask, clients))
                list(pool.map(partial(httpx.Client.get, url=run), clients))
        for each in clients:
            each.close()
    return recording


def test_calls_of_clients_at_once_conform() -> None:
    """Nothing is found in what clients are answered that do the same at once, keys used or not."""
    recorded = at_once(None)
    assert len(recorded) == 4 * 3 * 11
    assert unexplained(recorded) == []


def test_what_races_break_is_found() -> None:
    """That a key makes a second run for whoever calls at once is found from the calls alone."""
    found = unexplained(at_once("retry-makes-a-second-run"))
    assert "concurrency.linearizable" in {each.finding.check for each in found}


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
