"""A state machine as one writes it in an afternoon: the yardstick that ours is held against.

Each command and each of its arguments is drawn uniformly from what the contract lets a client say.
Judged are status codes, ``status``, ``current_step`` and ``step_index``, in every answer. It is
written from ``contract.md`` and shares nothing with the model; where the contract says *may* it
follows what it sees. Section 5.3 is not provided for: the FC must wait to be told.
"""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from attrs import define, evolve, frozen
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, precondition, rule

Named: TypeAlias = tuple[str, int] | None
Json: TypeAlias = dict[str, Any]

ROUTE: Final = "/workflows/runs"
MUST, MAY, NEVER = "must", "may", "never"
HIDDEN, ILLEGAL, MALFORMED = {404, 403}, {409, 400, 422}, {422, 400}
NEXT: Final = {
    "pending": {"running", "failed"},
    "running": {"running", "paused", "completed", "failed"},
    "paused": {"running", "failed"},
    "completed": set[str](),
    "failed": set[str](),
}
DECISIONS: Final = ("allow", "flag", "deny")
STEPS: Final[list[Named]] = [None, *((f"step_{n + 1}", n) for n in range(4)), ("step_1", 1)]
TENANTS = st.sampled_from(["plain", "plain_2"])
ACTORS = st.sampled_from(["actor", "actor_2"])
KEYED = st.booleans()
FAIL: Final = {"status": "failed", "reason": "none of these is taken"}
UNREADABLE: Final = {
    "not JSON": b"{",
    "no status": b"{}",
    "index as text": b'{"status": "failed", "step_index": "0"}',
}
MISSING: Final = {
    "no tenant": "X-Tenant-ID",
    "no actor": "X-Actor-ID",
    "no token": "Authorization",
}
REFUSED: Final[dict[str, set[int]]] = {
    "unknown run": HIDDEN,
    "no tenant": {400, 401, 403, 422},
    "no actor": {400, 401, 403, 422},
    "not JSON": {400, 415, 422},
    "no status": MALFORMED,
    "index as text": MALFORMED,
    "method": {405, 404, 400, 415, 422},  # without a body, which may be looked at first
    "key of another call": HIDDEN | ILLEGAL,
    "no token": {401, 403},
    "forged token": {401, 403},
}


@frozen
class Call:
    """A call, as it is sent."""

    method: str
    path: str
    headers: dict[str, str]
    content: bytes | None = None


@define
class Run:
    """What is known of a run. ``clear``: nothing holds up the step that it is at."""

    id: str
    tenant: str
    length: int
    status: str = "pending"
    step: str | None = None
    index: int = 0
    decision: str | None = None
    clear: bool = True

    @property
    def shown(self) -> tuple[Any, ...]:
        """What an answer must show of it."""
        return self.status, self.step, self.index

    def ahead(self, named: Named) -> bool:
        """Whether this is the next step."""
        following = 0 if self.step is None else self.index + 1
        return following < self.length and named == (f"step_{following + 1}", following)

    def verdict(self, status: str, named: Named, decision: str | None) -> str:
        """Whether a change must, may or never must be accepted (sections 3 to 5)."""
        if status not in NEXT[self.status]:
            return NEVER
        useless = MUST if decision is None else MAY  # section 3.1
        if self.length == 0:
            return self._ungoverned(status, decision, useless)
        if self.status == "pending" and status == "failed":
            return MAY if named is None else NEVER
        here = self.step is not None and named in (None, (self.step, self.index))
        if status == "running" and not (here and self.status == "paused"):
            goes = self.ahead(named) and decision in DECISIONS
            return MUST if goes and (self.clear or self.status == "paused") else NEVER
        ended = self.index == self.length - 1 and self.clear
        if (status == "completed" and not ended) or (
            status == "paused" and self.decision == "deny"
        ):
            return NEVER
        return useless if here else NEVER

    def _ungoverned(self, status: str, decision: str | None, useless: str) -> str:
        if self.status == "pending" and status == "failed":
            return MAY
        if status == "running" and decision == "perhaps":
            return NEVER
        denied = self.decision == "deny" and status != "failed"
        if self.status == "running" and (
            denied or (not self.clear and status in {"running", "completed"})
        ):
            return NEVER
        if status == "running":
            return MAY if self.status == "running" else MUST
        return useless

    def change(self, status: str, named: Named, decision: str | None) -> None:
        """Become what an accepted change makes of it."""
        reported = status == "running" and (self.length == 0 or self.ahead(named))
        self.clear = self.clear or self.status == "paused"
        self.status = status
        if named is not None:
            self.step, self.index = named
        if reported and decision is not None:
            self.decision, self.clear = decision, decision == "allow"


class Unexpected(AssertionError):  # noqa: N818 - what the FC did, and no error of ours
    """An answer is not what the contract demands."""


class PlainMachine(RuleBasedStateMachine):
    """Five commands.

    ``token`` is a good one, for an FC that demands it; ``failed`` is told after how many calls the
    machine fails, before it does.
    """

    runs = Bundle("runs")

    def __init__(
        self,
        send: Callable[[Call], tuple[int, Any]],
        token: str | None = None,
        failed: Callable[[int], None] = lambda _: None,
    ) -> None:
        super().__init__()
        self.send, self.token, self.failed = send, token, failed
        self.calls = 0
        self.keyed: list[tuple[Call, int, Any]] = []

    @rule(target=runs, length=st.integers(0, 4), tenant=TENANTS, actor=ACTORS, keyed=KEYED)
    def create(self, length: int, tenant: str, actor: str, keyed: bool) -> Run:
        """Create a run with so many steps; with none it is ungoverned."""
        body: Json = {"workflow_id": "plain"}
        if length:
            body["steps"] = [f"step_{n + 1}" for n in range(length)]
        call = self._with("POST", ROUTE, tenant, actor, keyed, body)
        code, answer = self._made(call)
        self._expect(code == 201, f"a create is answered with {code}")
        run = Run(answer["run"]["run_id"], tenant, length)
        self._accepted(call, code, answer, run)
        return run

    @rule(
        run=runs, status=st.sampled_from([*NEXT, "cancelled"]), named=st.sampled_from(STEPS),
        decision=st.sampled_from([None, *DECISIONS, "perhaps"]),
        tenant=TENANTS, actor=ACTORS, keyed=KEYED,
    )  # fmt: skip
    def change(
        self, run: Run, status: str, named: Named, decision: str | None, tenant: str, actor: str,
        keyed: bool,
    ) -> None:  # fmt: skip
        """Change a run's status, whatever it is now."""
        body: Json = {"status": status}
        if named is not None:
            body |= {"current_step": named[0], "step_index": named[1]}
        if decision is not None:
            body["policy"] = {"decision": decision, "policy_id": "p", "reason": "r"}
        call = self._with("PATCH", f"{ROUTE}/{run.id}/status", tenant, actor, keyed, body)
        code, answer = self._made(call)
        if tenant != run.tenant:
            allowed = HIDDEN | ILLEGAL if "cancelled" in body.values() else HIDDEN
            allowed |= ILLEGAL if decision == "perhaps" else set()
            self._expect(code in allowed, f"a stranger's change is answered with {code}")
            return
        verdict = run.verdict(status, named, decision)
        allowed = (ILLEGAL if verdict != MUST else set()) | ({200} if verdict != NEVER else set())
        self._expect(code in allowed, f"{run} to {body} is answered with {code}")
        if code == 200:
            run.change(status, named, decision)
            self._accepted(call, code, answer, run)

    @rule(run=runs, tenant=TENANTS, actor=ACTORS, logs=st.booleans(), gates=st.booleans())
    def read(self, run: Run, tenant: str, actor: str, logs: bool, gates: bool) -> None:
        """Read a run."""
        query = f"?include_logs={logs}&include_gates={gates}".lower()
        code, answer = self._made(self._with("GET", f"{ROUTE}/{run.id}{query}", tenant, actor))
        if tenant != run.tenant:
            self._expect(code in HIDDEN, f"a stranger's read is answered with {code}")
            return
        self._expect(code == 200, f"a read is answered with {code}")
        self._expect(_shown(answer) == run.shown, f"read {_shown(answer)}, not {run.shown}")

    @precondition(lambda self: self.keyed)
    @rule(which=st.integers(0, 99))
    def repeat(self, which: int) -> None:
        """Repeat an accepted call under its key (section 10)."""
        call, once, shown = self.keyed[which % len(self.keyed)]
        code, answer = self._made(call)
        self._expect(code == once, f"a repetition is answered with {code}")
        self._expect(_shown(answer) == shown, f"repeated {_shown(answer)}, not {shown}")

    @rule(run=runs, wrong=st.sampled_from(list(REFUSED)))
    def be_refused(self, run: Run, wrong: str) -> None:
        """Make a call that must be refused whatever the run is (section 11)."""
        call = self._with("PATCH", f"{ROUTE}/{run.id}/status", run.tenant, "actor", body=FAIL)
        spoilt = self._spoilt(call, wrong)
        if spoilt is not None:
            code, _ = self._made(spoilt)
            self._expect(code in REFUSED[wrong], f"{wrong} is answered with {code}")

    def _spoilt(self, call: Call, wrong: str) -> Call | None:
        """The call with that wrong in it; ``None`` where there is no such thing."""
        headers = dict(call.headers)
        if wrong in UNREADABLE:
            return evolve(call, content=UNREADABLE[wrong])
        if wrong == "unknown run":
            return evolve(call, path=f"{ROUTE}/{uuid.uuid4()}/status")
        if wrong == "method":
            return evolve(call, method="DELETE")
        if wrong == "key of another call":
            if not self.keyed:
                return None
            used = self.keyed[-1][0].headers
            return evolve(call, headers={**used, "X-Actor-ID": "actor_3"})
        if wrong.endswith("token") and self.token is None:
            return None
        if wrong == "forged token":
            return evolve(call, headers=headers | {"Authorization": f"Bearer {self.token}x"})
        del headers[MISSING[wrong]]
        return evolve(call, headers=headers)

    def _with(
        self, method: str, path: str, tenant: str, actor: str, keyed: bool = False,
        body: Json | None = None,
    ) -> Call:  # fmt: skip
        headers = {"X-Tenant-ID": tenant, "X-Actor-ID": actor}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if keyed:
            headers["X-Idempotency-Key"] = secrets.token_hex(8)
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        return Call(method, path, headers, None if body is None else json.dumps(body).encode())

    def _made(self, call: Call) -> tuple[int, Any]:
        self.calls += 1
        return self.send(call)

    def _accepted(self, call: Call, code: int, answer: Any, run: Run) -> None:
        self._expect(_shown(answer) == run.shown, f"answered {_shown(answer)}, not {run.shown}")
        if "X-Idempotency-Key" in call.headers:
            self.keyed.append((call, code, run.shown))

    def _expect(self, holds: bool, otherwise: str) -> None:
        if not holds:
            self.failed(self.calls)
            raise Unexpected(otherwise)


def _shown(answer: Any) -> tuple[Any, ...]:
    run = answer.get("run") if isinstance(answer, dict) else None
    if not isinstance(run, dict):
        return ()
    return run.get("status"), run.get("current_step"), run.get("step_index")
