"""The Federation Core itself: how a call goes through its parts, one transaction a change."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import attrs

from pt004_model.embedded.audit import Audit
from pt004_model.embedded.bodies import Bodies
from pt004_model.embedded.door import Door
from pt004_model.embedded.effects import Effects
from pt004_model.embedded.idempotency import Keys
from pt004_model.embedded.records import Answer, Call, Change, Create, Policy, Run, Turn
from pt004_model.embedded.refusals import malformed, unknown_run
from pt004_model.embedded.rules import Rules
from pt004_model.embedded.store import Store
from pt004_model.embedded.tokens import Tokens
from pt004_model.embedded.views import Views
from pt004_model.vocabulary import Decision, Status


class Clock:
    """RFC 3339 times in UTC with microseconds that never go backwards (section 2)."""

    def __init__(self, not_before: str = "") -> None:
        self._last = not_before

    def now(self) -> str:
        """Return the present time, or the last one given out if the system clock went back."""
        self._last = max(self._last, self.spell(datetime.now(UTC)))
        return self._last

    def spell(self, moment: datetime) -> str:
        """Write a moment in the one form in which texts sort as times do."""
        return moment.strftime("%Y-%m-%dT%H:%M:%S.%fZ")


class Core:
    """Creates, changes and reads runs (sections 2 to 10)."""

    def __init__(self, parts: Parts, file: Path | None = None, *, automatic: bool = False) -> None:
        """Open the database; ``automatic`` acts on decisions at once (section 5.3)."""
        self.automatic = automatic
        self.store = parts.store(file)
        self.clock = parts.clock(not_before=self.store.latest_time())
        self.bodies = parts.bodies()
        self.rules = parts.rules()
        self.audit = parts.audit()
        self.effects = parts.effects(self.audit, self.store)
        self.keys = parts.keys(self.store)
        self.views = parts.views()

    # The three calls

    def create(self, call: Call) -> Answer:
        """Create a run (section 2)."""
        with self.store.transaction():
            earlier = self.keys.recall(call)
            if earlier is not None:
                return earlier
            run = self.new_run(call, self.bodies.create(call.body))
            turn = Turn(run, call.actor, run.created_at)
            self.audit.run_created(turn)
            chain = self.append(turn, [])
            self.store.add_run(run)
            answer = Answer(201, self.views.envelope(self.views.run(run, chain), [], []))
            self.keys.remember(call, answer)
            return answer

    def change(self, call: Call, run_id: str) -> Answer:
        """Change a run (sections 3 to 7)."""
        with self.store.transaction():
            earlier = self.keys.recall(call)
            if earlier is not None:
                return earlier
            change = self.bodies.change(call.body)
            run = self.known_run(call.tenant, run_id)
            chain = self.apply(call, run, change)
            answer = Answer(200, self.views.envelope(self.views.run(run, chain), [], []))
            self.keys.remember(call, answer)
            return answer

    def read(self, tenant: str, run_id: str, *, logs: bool, gates: bool) -> Answer:
        """Read a run, with its log and its gates if they are asked for (section 1)."""
        run = self.known_run(tenant, run_id)
        chain = self.store.chain(run_id)
        return Answer(
            200,
            self.views.envelope(
                self.views.run(run, chain),
                self.store.entries(run_id) if logs else [],
                [self.views.gate(gate) for gate in self.store.gates(run_id)] if gates else [],
            ),
        )

    # The same calls as they come in: nothing is awaited in between, so they come one at a time

    async def serve_create(self, call: Call) -> Answer:
        """Create a run."""
        return self.create(call)

    async def serve_change(self, call: Call, run_id: str) -> Answer:
        """Change a run."""
        return self.change(call, run_id)

    async def serve_read(self, tenant: str, run_id: str, *, logs: bool, gates: bool) -> Answer:
        """Read a run."""
        return self.read(tenant, run_id, logs=logs, gates=gates)

    # What they are made of

    def known_run(self, tenant: str, run_id: str) -> Run:
        """Find a run, or refuse: a stranger's run looks like one that does not exist."""
        run = self.store.find_run(tenant, run_id)
        if run is None:
            raise unknown_run()
        return run

    def new_run(self, call: Call, body: Create) -> Run:
        """Make a run of what was sent (section 2)."""
        now = self.clock.now()
        return Run(
            run_id=str(uuid4()),
            tenant_id=call.tenant,
            actor_id=call.actor,
            correlation_id=call.correlation or str(uuid4()),
            workflow_id=body.workflow_id,
            workflow_version=body.workflow_version,
            input_payload=body.input_payload,
            metadata=body.metadata,
            tags=body.tags,
            steps=body.steps,
            created_at=now,
            updated_at=now,
        )

    def apply(self, call: Call, run: Run, change: Change) -> list[str]:
        """Judge a change, carry it out and store the outcome; return the run's receipts."""
        starts = self.rules.judge(run, change)
        policy = self.policy_for(run, change, starts)
        turn = Turn(run, call.actor, self.clock.now())
        self.effects.carry_out(turn, change, starts, policy)
        for further in self.enforcement(run, starts):
            self.effects.carry_out(turn, further, None, None)
        chain = self.append(turn, self.store.chain(run.run_id))
        if run.completed_at is not None:
            run.workflow_receipt_hash = self.audit.workflow_hash(chain)
        self.store.save_run(run)
        return chain

    def policy_for(self, run: Run, change: Change, starts: int | None) -> Policy | None:
        """Read the policy of a change that has a use for one; fail closed (section 5.1)."""
        if starts is not None and change.policy is None:
            raise malformed("a change that starts a step must carry its policy decision")
        if change.policy is None or not self.has_use_for_policy(run, change, starts):
            return None
        return self.bodies.policy(change.policy)

    def has_use_for_policy(self, run: Run, change: Change, starts: int | None) -> bool:
        """Tell whether the policy of this change is looked at (sections 3.1 and 3.3)."""
        if run.governed:
            return starts is not None
        return change.status == Status.RUNNING

    def enforcement(self, run: Run, starts: int | None) -> list[Change]:
        """Return what the FC does by itself about the decision on a new step (section 5.3)."""
        if not self.automatic or starts is None:
            return []
        if run.decision == Decision.FLAG:
            return [Change(Status.PAUSED, reason="The policy flagged this step")]
        if run.decision == Decision.DENY:
            return [Change(Status.FAILED, reason="The policy denied this step")]
        return []

    def append(self, turn: Turn, chain: list[str]) -> list[str]:
        """Seal and store the entries of a turn; return the longer chain."""
        receipts = self.audit.seal(turn, chain)
        self.store.add_receipts(turn.run.run_id, len(chain), receipts)
        return [*chain, *(receipt.receipt_hash for receipt in receipts)]


@attrs.frozen
class Parts:
    """One class for each part; any of them may be a subclass of the one that conforms."""

    audit: type[Audit] = Audit
    bodies: type[Bodies] = Bodies
    clock: type[Clock] = Clock
    core: type[Core] = Core
    door: type[Door] = Door
    effects: type[Effects] = Effects
    keys: type[Keys] = Keys
    rules: type[Rules] = Rules
    store: type[Store] = Store
    tokens: type[Tokens] = Tokens
    views: type[Views] = Views


CONFORMING = Parts()
