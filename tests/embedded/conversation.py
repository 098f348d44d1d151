"""One long conversation in which every seeded fault shows itself.

What is said back is written down with ids, hashes and times replaced by the order in which they
first appear, so that two conforming servers say exactly the same.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Iterator
from typing import Any, Final

import httpx
import rfc8785

from .client import Fc, Json, start

SECRET: Final = "the secret of a conversation"
FAR: Final = 4102444800
_MADE_UP: Final = re.compile(
    r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}|log-\d+"
    r"|\d{4}-\d\d-\d\dT[0-9:.]+Z"
)
ODD: Final = {
    "text": ["e\u0301", "\U0001f600", " x ", "y" * 300],
    "Numbers": [0.123456789, 2**40, True, 2**60, 1e22],
    "nothing": None,
    "empty": {},
    "deep": json.loads("[" * 40 + "]" * 40),
}


def token(claims: dict[str, object]) -> str:
    """Make a token as section 12 says."""
    payload = _encode(json.dumps(claims).encode())
    return f"omega_{payload}.{signature(payload)}"


def signature(payload: str) -> str:
    """Sign the payload of a token."""
    return _encode(hmac.new(SECRET.encode(), payload.encode(), hashlib.sha256).digest())


def _encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


GOOD: Final = token({"exp": FAR, "jti": "good"})


def receipts_hold(envelope: Json) -> list[bool]:
    """Tell which receipts of a run hold: those of its entries, and that of the whole."""
    run, entries = envelope["run"], envelope["logs"]
    held = []
    for entry in entries:
        rest = {name: value for name, value in entry.items() if name != "receipt_hash"}
        held.append(entry["receipt_hash"] == hashlib.sha256(rfc8785.dumps(rest)).hexdigest())
    chain = hashlib.sha256(rfc8785.dumps(run["receipt_chain"])).hexdigest()
    return [*held, run["workflow_receipt_hash"] == chain]


class Conversation:
    """Talks to a server and writes down what it says."""

    def __init__(self, fc: Fc) -> None:
        self._fc = fc
        self._names: dict[str, str] = {}
        self.lines: list[str] = []

    def hold(self) -> Iterator[str]:
        """Talk about one thing after the other; give what was said back line by line."""
        for topic in (
            self.lifecycle,
            self.governance,
            self.gates,
            self.long_run,
            self.ungoverned,
            self.bodies,
            self.tenants,
            self.keys,
            self.tokens,
            self.many_runs,
        ):
            self.lines.clear()
            topic()
            for line in self.lines:
                yield _MADE_UP.sub(self._name, line)

    def _name(self, match: re.Match[str]) -> str:
        return self._names.setdefault(match[0], f"<{len(self._names)}>")

    def say(self, method: str, path: str, **how: Any) -> httpx.Response:
        """Send one request and write its answer down."""
        headers = {"Authorization": f"Bearer {GOOD}", **how.pop("headers", {})}
        answer = self._fc.send(method, path, headers=headers, **how)
        receipts = receipts_hold(answer.json()) if method == "GET" and answer.is_success else ""
        self.lines.append(f"{answer.status_code} {receipts} {answer.text}")
        return answer

    def create(self, steps: int | None = 3, **fields: Any) -> str:
        """Create a run; return its id."""
        how = {name: fields.pop(name) for name in ("tenant", "actor", "key") if name in fields}
        body = {"workflow_id": "wf", **fields}
        if steps is not None:
            body["steps"] = [f"s{number}" for number in range(1, steps + 1)]
        return self.run_id_in(self.say("POST", "/workflows/runs", body=body, **how))

    def run_id_in(self, answer: httpx.Response) -> str:
        """Return the id of a created run, or one of no run if it was refused."""
        return str(answer.json().get("run", {}).get("run_id", "unknown"))

    def change(self, run_id: str, status: object, **fields: Any) -> None:
        """Ask for a change, then read the run."""
        names = ("tenant", "actor", "key")
        how = {name: fields.pop(name) for name in names if name in fields}
        path = f"/workflows/runs/{run_id}/status"
        self.say("PATCH", path, body={"status": status, **fields}, **how)
        self.read(run_id)

    def step(self, run_id: str, number: int, decision: str = "allow", **fields: Any) -> None:
        """Ask for a step to start."""
        self.change(run_id, "running", **{**start(number, decision), **fields})

    def flag(self, run_id: str, number: int, *, actor: str = "bob") -> None:
        """Take a flagged step and have it approved."""
        self.step(run_id, number, "flag")
        self.change(run_id, "paused")
        self.change(run_id, "running", actor=actor)

    def read(self, run_id: str, **how: Any) -> None:
        """Read a run with everything."""
        path = f"/workflows/runs/{run_id}?include_logs=true&include_gates=true"
        self.say("GET", path, **how)

    def lifecycle(self) -> None:
        """Pauses, ends, and what comes after an end."""
        run = self.create(4)
        self.step(run, 1, reason="  why \u20ac e\u0301 " + "z" * 300)
        for _ in range(4):
            self.change(run, "paused")
            self.change(run, "paused")
            self.change(run, "running", actor="bob")
        for number in (2, 3, 4):
            self.step(run, number)
        self.change(run, "completed", output_payload={"x": 1})
        self.change(run, "failed")
        late = self.create(1)
        self.step(late, 1, "flag")
        self.change(late, "paused")
        self.change(late, "completed")
        self.change(late, "failed", reason="no", error_details={"x": 1})
        self.read(late, tenant="t2")

    def governance(self) -> None:
        """Steps out of order, and decisions in every place."""
        skip = self.create(6)
        self.step(skip, 1)
        self.step(skip, 3)
        for named in ({"current_step": "other"}, {"step_index": None}, {"current_step": "S2"}):
            self.step(skip, 2, **named)
        self.change(skip, "paused")
        self.change(skip, "running", current_step="s4", step_index=0)
        self.change(skip, "paused")
        self.step(skip, 3)
        self.step(skip, 2, policy=None)
        self.step(skip, 2)
        self.step(skip, 2)
        self.step(skip, 3, current_step="other")
        for number in (3, 4):
            self.step(skip, number)
            self.change(skip, "paused")
            self.step(skip, number - 1)
            self.change(skip, "running")
        early = self.create(4)
        for number in (1, 2, 3):
            self.step(early, number)
        self.change(early, "completed")
        self.step(early, 4, "deny")
        self.change(early, "paused")
        self.change(early, "completed")
        doubt = self.create(2)
        for policy in ("x", {"decision": "maybe", "policy_id": "p", "reason": "r"}):
            self.step(doubt, 1, policy=policy)
        self.step(doubt, 1, policy={"decision": "allow", "policy_id": "p"})
        self.step(doubt, 1, "flag")
        self.step(doubt, 2)
        self.step(doubt, 2)

    def gates(self) -> None:
        """Flags in a row, approvals by others, rejections of what was approved before."""
        run = self.create(5)
        self.flag(run, 1)
        self.change(run, "paused")
        self.change(run, "running")
        self.step(run, 2, "flag")
        self.step(run, 3)
        self.change(run, "paused")
        self.step(run, 3, "flag")
        self.step(run, 4)
        self.change(run, "paused")
        self.step(run, 4)
        self.change(run, "paused")
        self.step(run, 5, "flag")
        self.change(run, "completed")
        self.change(run, "paused")
        self.change(run, "failed", reason="r")
        denied = self.create(2)
        self.flag(denied, 1)
        self.step(denied, 2, "deny")
        self.change(denied, "paused")
        last = self.create(1)
        self.flag(last, 1)
        self.change(last, "completed", output_payload={"x": 1})
        siblings = [self.create(1), self.create(1)]
        for sibling in siblings:
            self.step(sibling, 1, "flag")
        for sibling in siblings:
            self.change(sibling, "paused")
            self.read(siblings[1])
        self.change(siblings[1], "running")
        self.read(siblings[0])

    def long_run(self) -> None:
        """A log of more than fifty entries."""
        run = self.create(20)
        for number in range(1, 21):
            self.step(run, number)
        self.change(run, "completed")

    def ungoverned(self) -> None:
        """A run without declared steps."""
        run = self.create(None)
        self.change(run, "completed")
        self.change(run, "running", step_index=True, current_step="a")
        self.change(run, "running", reason=None)
        self.change(run, "running", unheard_of=1)
        self.change(run, "PAUSED")
        self.change(run, "running", policy=start(1, "deny")["policy"])
        self.change(run, "completed")

    def bodies(self) -> None:
        """Values that must come back, and bodies that must be refused or taken."""
        self.create(2, input_payload=ODD, tags=["b", "a", "b"], workflow_version="")
        self.create(2, input_payload=[])
        self.create(2)
        self.create(2, metadata={"m": 1})
        self.create(2, workflow_id=" wf ")
        for steps in ([], ["a", "a"]):
            body = {"workflow_id": "wf", "steps": steps}
            self.say("POST", "/workflows/runs", body=body)
        large = {"workflow_id": "large", "metadata": {"x": "y" * 300000}}
        self.say("POST", "/workflows/runs", body=large)
        self.say("POST", "/workflows/runs", body=large, actor=None)

    def tenants(self) -> None:
        """Strangers and unknown runs, and runs that share a workflow with others' steps."""
        run = self.create(2, input_payload={"own": 1})
        self.step(run, 1, "flag")
        self.change(run, "paused")
        for tenant in ("t2", "T1"):
            self.read(run, tenant=tenant)
            self.read("unknown", tenant=tenant)
            self.change(run, "running", tenant=tenant)
        long = self.create(1, tenant=f"{'t' * 120}1")
        self.read(long, tenant=f"{'t' * 120}2")
        other = self.say("POST", "/workflows/runs", body={"workflow_id": "wf", "steps": ["x"]})
        named = {**start(1), "current_step": "x"}
        self.change(self.run_id_in(other), "running", **named)

    def keys(self) -> None:
        """Requests repeated, and keys used again."""
        one, other = self.create(2, key="K1"), self.create(2, key="a-key-of-more-than-16")
        self.create(2, key="K1")
        self.create(3, key="k1")
        self.create(3, key="a-key-of-more-than-17")
        self.create(2, key="K1", tenant="t2")
        self.create(2, key="x:K1")
        self.create(2, key="K1", tenant="t1:x")
        self.create(2, key="")
        self.create(2, key="")
        self.change(one, "paused", key="p1")
        self.step(one, 1, key="p1")
        self.step(one, 1, key="p1", actor="bob")
        self.step(other, 1, key="p1")
        self.step(one, 2, key="p1")
        self.change(one, "failed", key="p2")
        self.change(one, "failed", key="p2")
        self.step(one, 1, key="p1")
        for number in range(10):
            self.create(1, key=f"n{number}")
        self.create(2, key="K1")

    def tokens(self) -> None:
        """Tokens that are forged, expired or not quite tokens."""
        payload, signed = GOOD.removeprefix("omega_").split(".")
        other = _encode(json.dumps({"exp": FAR, "jti": "other"}).encode())
        tokens = [
            f"{payload}.{signed}",
            f"omega_{other}.{signature(other)[:8]}{signed[8:]}",
            f"omega_{other}.{signature(other).swapcase()}",
            f"omega_{other}.{signed}",
            f"omega_{other}.",
            f"omega_{payload}.{'A' * 43}",
            token({"exp": time.time() - 60}),
            token({"exp": 1}),
            token({"exp": str(FAR)}),
            token({}),
        ]
        for each in tokens:
            headers = {"Authorization": f"Bearer {each}"}
            body = {"workflow_id": "wf"}
            self.say("POST", "/workflows/runs", body=body, headers=headers)
            self.say("GET", "/workflows/runs/x", headers=headers)

    def many_runs(self) -> None:
        """An old run after many newer ones."""
        old = self.create(1)
        for _ in range(41):
            self.create(1)
        self.read(old)
