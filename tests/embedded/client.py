"""A client that talks to the application in this very process, without a socket."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
from fastapi import FastAPI

Json = dict[str, Any]


class Fc:
    """A Federation Core under test, and the few calls that nearly every test makes."""

    def __init__(self, app: FastAPI) -> None:
        self._runner = asyncio.Runner()
        self._http = httpx.AsyncClient(
            transport=httpx.ASGITransport(app=app), base_url="http://embedded.test"
        )

    def close(self) -> None:
        """Close the client and its event loop."""
        self._runner.run(self._http.aclose())
        self._runner.close()

    def send(  # noqa: PLR0913 - a request has this many sides, all but two by name
        self,
        method: str,
        path: str,
        *,
        body: object = None,
        raw: bytes | None = None,
        tenant: str | None = "t1",
        actor: str | None = "ann",
        key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """Send one request with the usual headers."""
        usual = {"X-Tenant-ID": tenant, "X-Actor-ID": actor, "X-Idempotency-Key": key}
        sent = {name: value for name, value in usual.items() if value is not None}
        if raw is None and body is not None:
            raw = json.dumps(body).encode()
        if raw is not None:
            sent["Content-Type"] = "application/json"
        sent |= headers or {}
        request = self._http.build_request(method, path, content=raw, headers=sent)
        return self._runner.run(self._http.send(request))

    def post(self, body: object = None, *, path: str = "/workflows/runs", **how: Any) -> Any:
        """Send a create."""
        return self.send("POST", path, body=body, **how)

    def patch(self, run_id: str, body: object = None, **how: Any) -> httpx.Response:
        """Send a change."""
        return self.send("PATCH", f"/workflows/runs/{run_id}/status", body=body, **how)

    def get(self, run_id: str, **how: Any) -> httpx.Response:
        """Send a read of a run with its log and its gates."""
        path = f"/workflows/runs/{run_id}?include_logs=true&include_gates=true"
        return self.send("GET", path, **how)

    # What is accepted

    def create(self, steps: int | None = 3, **fields: Any) -> str:
        """Create a run with steps s1, s2, ...; return its id."""
        body: Json = {"workflow_id": "wf", **fields}
        if steps is not None:
            body["steps"] = [f"s{number}" for number in range(1, steps + 1)]
        answer = self.post(body)
        assert (answer.status_code, answer.json()["run"]["status"]) == (201, "pending")
        return str(answer.json()["run"]["run_id"])

    def do(self, run_id: str, status: str, *, actor: str = "ann", **fields: Any) -> Json:
        """Make a change that must be accepted; return the run."""
        answer = self.patch(run_id, {"status": status, **fields}, actor=actor)
        assert answer.status_code == 200, answer.text
        return run_of(answer)

    def step(self, run_id: str, number: int, decision: str = "allow", **fields: Any) -> Json:
        """Start step s1, s2, ... with a decision."""
        return self.do(run_id, "running", **start(number, decision), **fields)

    def read(self, run_id: str) -> Json:
        """Read the envelope of a run."""
        answer = self.get(run_id)
        assert answer.status_code == 200
        envelope: Json = answer.json()
        return envelope

    def events(self, run_id: str) -> list[str]:
        """Read the kinds of a run's log entries."""
        return [entry["event_type"] for entry in self.read(run_id)["logs"]]

    def refuses(self, run_id: str, status: str, **fields: Any) -> int:
        """Make a change that must be refused and change nothing; return the status code."""
        before = self.read(run_id)
        answer = self.patch(run_id, {"status": status, **fields})
        assert answer.json()["detail"]
        assert before == self.read(run_id)
        return answer.status_code


def start(number: int, decision: str = "allow") -> Json:
    """Return the fields of a change that starts step s1, s2, ..."""
    return {
        "current_step": f"s{number}",
        "step_index": number - 1,
        "policy": {"decision": decision, "policy_id": "p", "reason": "because"},
    }


def run_of(answer: httpx.Response) -> Json:
    """Return the run that an answer carries."""
    run: Json = answer.json()["run"]
    return run
