"""An FC with routes, words and demands of its own is driven and judged like any other."""

from __future__ import annotations

import hashlib
import json
import warnings
from typing import Any

import pytest
import rfc8785
from attrs import evolve
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from pt004_model import Campaign, Target, Verdict
from pt004_model.embedded.serving import ServerOptions, make_app
from pt004_model.model.required import Required
from pt004_model.search.campaign import PROFILES
from pt004_model.search.results import Result
from pt004_model.vocabulary import Routes
from pt004_model.wire.spelling import Spelling

pytestmark = pytest.mark.system

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from starlette.testclient import TestClient

SPELLING = Spelling(
    statuses={"pending": "NEW", "running": "RUNNING", "paused": "HELD"},
    gates={"approved": "yes"},
    fields={"status": "state", "current_step": "step", "logs": "history", "detail": "error"},
    events={"FC-RUN-002": "moved"},
    headers={"X-Tenant-ID": "X-Org", "Authorization": "X-Auth"},
    outside_statuses=("cancelled",),
)
STATUSES = {"pending": "NEW", "running": "RUNNING", "paused": "HELD"}
FIELDS = {"status": "state", "current_step": "step"}
ROUTES = Routes("/v2/runs", "/v2/run/{run_id}/state", "/v2/run/{run_id}", "/v2/alive")
REQUIRED = Required({"priority": [1, 2], "metadata": {"team": "core"}}, ("known_flow",))


def renamed(value: dict[str, Any], names: dict[str, str]) -> dict[str, Any]:
    """An object with other names of members."""
    return {names.get(name, name): each for name, each in value.items()}


def served(body: dict[str, Any]) -> dict[str, Any]:
    """What the FC says, in words of its own, its receipts over what it serves."""
    if "run" not in body:
        return renamed(body, {"detail": "error"})
    run, before, chain = renamed(body["run"], FIELDS), None, []
    run["state"] = STATUSES.get(run["state"], run["state"])
    history = []
    for each in body.get("logs") or []:
        entry = {**each, "previous_receipt_hash": before}
        for name in ("previous_status", "new_status"):
            entry[name] = STATUSES.get(entry[name], entry[name])
        entry["event_type"] = entry["event_type"].replace("FC-RUN-002", "moved")
        del entry["receipt_hash"]
        before = _hash(entry)
        history.append({**entry, "receipt_hash": before})
        chain.append(before)
    if history:
        run["receipt_chain"] = chain
        if run["workflow_receipt_hash"]:
            run["workflow_receipt_hash"] = _hash(chain)
    gates = [renamed(each, FIELDS) for each in body.get("gates") or []]
    for gate in gates:
        gate["state"] = gate["state"].replace("approved", "yes")
    return {"run": run, "history": history, "gates": gates}


class OwnWords:
    """Stands in front of an embedded FC: takes and gives its own words, at its own paths."""

    def __init__(self, fault: str | None = None, *, cancels: bool = False) -> None:
        self.inner = TestClient(make_app(ServerOptions(fault=fault)))
        self.cancels, self.cancelled = cancels, set[str]()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        response = self.answer(
            request.method, scope["raw_path"].decode(), request, await request.body()
        )
        await response(scope, receive, send)

    def answer(self, method: str, path: str, request: Request, content: bytes) -> Response:
        """What it answers."""
        part = path.removeprefix("/v2/run/").removesuffix("/state")
        inner = {"/v2/runs": "/workflows/runs", "/v2/alive": "/health"}.get(path)
        if inner is None:
            ending = "/status" if path.endswith("/state") else ""
            inner = f"/workflows/runs/{part}{ending}"
        headers = {k: v for k, v in request.headers.items() if k != "content-length"}
        if "x-org" in headers:
            headers["x-tenant-id"] = headers.pop("x-org")
        if path == "/v2/runs" and method == "POST" and self.demands(content):
            return JSONResponse({"error": "priority, team and a known workflow are needed"}, 422)
        query = f"?{request.url.query}" if request.url.query else ""
        got = self.inner.request(method, inner + query, headers=headers, content=said(content))
        if path == "/v2/alive":
            return JSONResponse(got.json(), got.status_code)
        body = served(got.json())
        if "run" in body:
            run = body["run"]
            who = {"X-Tenant-ID": run["tenant_id"], "X-Actor-ID": "someone"}
            whole = self.inner.get(
                f"/workflows/runs/{run['run_id']}?include_logs=true", headers=who
            ).json()
            now = served(whole)["run"]
            chain = now["receipt_chain"][: len(run["receipt_chain"])]
            run["receipt_chain"] = chain
            run["workflow_receipt_hash"] = run["workflow_receipt_hash"] and _hash(chain)
            if self.cancels and run["state"] == "HELD":
                self.cancelled.add(run["run_id"])
            if run["run_id"] in self.cancelled:
                run["state"] = "cancelled"
        return JSONResponse(body, got.status_code)

    @staticmethod
    def demands(content: bytes) -> bool:
        """Whether a well-formed create lacks what every one must carry."""
        try:
            body = json.loads(content)
            known = body["workflow_id"] == "known_flow" or not isinstance(body["workflow_id"], str)
            carries = "priority" in body and body["metadata"]["team"] == "core"
        except (ValueError, TypeError, KeyError, RecursionError):
            return False  # refused for what it is
        return not (known and carries)


def _hash(value: Any) -> str:
    return hashlib.sha256(rfc8785.dumps(value)).hexdigest()


def said(content: bytes) -> bytes:
    """A request in the words of the contract."""
    try:
        body = json.loads(content)
    except (ValueError, RecursionError):
        return content
    if not isinstance(body, dict) or "state" not in body:
        return content
    there = renamed(body, {"state": "status", "step": "current_step"})
    words = {"NEW": "pending", "RUNNING": "running", "HELD": "paused"}
    status = there["status"]
    if isinstance(status, str):  # a word of the contract that is none here is none there
        unknown = f"no {status}" if status in words.values() else status
        there["status"] = words.get(status, unknown)
    return json.dumps(there).encode()


def campaign(front: OwnWords) -> Result:
    """A short campaign on it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        client = TestClient(front)
    target = Target(client=client, routes=ROUTES, spelling=SPELLING, required=REQUIRED)
    assert target.preflight() is None
    profile = evolve(PROFILES["dev"], examples=10, confirm=0, settle=(0, 0.0, 0.0))
    return Campaign(target, profile, 3).run()


def test_an_fc_in_its_own_words_conforms() -> None:
    """Routes, names, receipts over what is served, and fields that it demands are no findings."""
    result = campaign(OwnWords())
    assert (Verdict.CONFORMS, ()) == (result.verdict, result.findings), result.findings
    assert result.coverage.driven > 50


def test_a_fault_behind_other_words_is_found() -> None:
    """What it does wrong is seen as in any other."""
    result = campaign(OwnWords("denied-step-may-pause"))
    assert "6b9764f45135" in {found.fingerprint for found in result.findings}


def test_a_run_in_a_status_of_its_own_is_set_aside() -> None:
    """It is counted, and nothing that is answered of it from then on is a finding."""
    result = campaign(OwnWords(cancels=True))
    assert (Verdict.CONFORMS, ()) == (result.verdict, result.findings), result.findings
    assert result.statistics["outside"]["cancelled"] > 3
