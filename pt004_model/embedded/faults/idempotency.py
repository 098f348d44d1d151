"""Seeded faults of idempotency keys (contract section 10)."""

from __future__ import annotations

import attrs
from starlette.datastructures import Headers

from pt004_model.embedded.core import Core
from pt004_model.embedded.door import Door
from pt004_model.embedded.faults.base import Fault
from pt004_model.embedded.idempotency import Keys
from pt004_model.embedded.records import Answer, Call, Turn, to_json
from pt004_model.embedded.refusals import Refused
from pt004_model.vocabulary import IDEMPOTENCY_HEADER


class ReplayShowsThePresent(Fault, Core):
    """A repeated change is answered with the run as it is now instead of as it was."""

    def change(self, call: Call, run_id: str) -> Answer:
        """Read the run again."""
        if self.keys.recall(call) is None:
            return super().change(call, run_id)
        return self.read(call.tenant, run_id, logs=False, gates=False)


class KeysAreSharedByTenants(Fault, Keys):
    """A key that another tenant has used cannot be used, or answers with that tenant's run."""

    def owner(self, call: Call) -> str:  # noqa: ARG002 - forgotten
        """Forget whose key it is."""
        return ""


class KeyBelongsToItsActor(Fault, Keys):
    """A request that another actor repeats is applied a second time."""

    def owner(self, call: Call) -> str:
        """Keep keys by tenant and actor."""
        return f"{call.tenant} {call.actor}"


class KeyIgnoresThePath(Fault, Keys):
    """The same change of another run with a used key is answered with the first run."""

    def same_request(self, earlier: tuple[str, str, str], call: Call) -> bool:
        """Compare method and body only."""
        method, _, body = earlier
        return method == call.method and self.same_body(body, call)


class KeyIgnoresTheBody(Fault, Keys):
    """Another change of a run with a used key seems accepted and is never applied."""

    def same_body(self, earlier: str, call: Call) -> bool:  # noqa: ARG002 - forgotten
        """Forget to compare."""
        return True


class RefusalUsesUpTheKey(Fault, Core):
    """A key that came with a refused change cannot be used for the corrected one."""

    def change(self, call: Call, run_id: str) -> Answer:
        """Remember refusals as well."""
        try:
            return super().change(call, run_id)
        except Refused as refused:
            if call.key is not None and self.store.find_key(call.tenant, call.key) is None:
                detail = to_json({"detail": refused.detail})
                self.keys.remember(call, Answer(refused.status, detail))
            raise


class EmptyKeyIsAKey(Fault, Door):
    """An empty key counts as one: the second call with an empty key is refused or not applied."""

    def key(self, headers: Headers) -> str | None:
        """Take whatever the header holds."""
        return headers.get(IDEMPOTENCY_HEADER)


class ReplayOfACreateIs200(Fault, Keys):
    """A repeated create is answered with 200 instead of 201, as if nothing had been created."""

    def recall(self, call: Call) -> Answer | None:
        """Forget the status code."""
        answer = super().recall(call)
        return None if answer is None else Answer(200, answer.text)


class KeysIgnoreCase(Fault, Keys):
    """Two keys that differ in upper and lower case alone are taken for one."""

    def key(self, call: Call) -> str:
        """Keep keys in lower case."""
        return super().key(call).lower()


class LongKeysAreCut(Fault, Keys):
    """Keys that agree in their first sixteen characters are taken for one."""

    def key(self, call: Call) -> str:
        """Fit keys into a column."""
        return super().key(call)[:16]


class KeysAreJoinedToTenants(Fault, Keys):
    """A key of another tenant answers, where both names put together look like ours and a key."""

    def owner(self, call: Call) -> str:  # noqa: ARG002 - it is a part of the key
        """Keep one column alone."""
        return ""

    def key(self, call: Call) -> str:
        """Join what a colon may be a part of."""
        return f"{call.tenant}:{super().key(call)}"


class KeyForgottenWhenTheRunEnds(Fault, Core):
    """A change repeated after the run has ended is refused instead of answered as before."""

    def change(self, call: Call, run_id: str) -> Answer:
        """Drop the keys of ended runs."""
        run = self.store.find_run(call.tenant, run_id)
        if run is not None and run.completed_at is not None:
            call = attrs.evolve(call, key=None)
        return super().change(call, run_id)


class OldKeysForgotten(Fault, Keys):
    """Only the last eight keys are remembered; an older request is applied again."""

    def recall(self, call: Call) -> Answer | None:
        """Drop what is too old before looking."""
        kept = self.store.db.execute("SELECT tenant_id, key FROM keys").fetchall()
        recent = vars(self).setdefault("recent", [])
        recent += [row for row in kept if row not in recent]
        for row in recent[:-8]:
            self.store.db.execute("DELETE FROM keys WHERE tenant_id = ? AND key = ?", row)
        del recent[:-8]
        return super().recall(call)


class ReplayIsLogged(Fault, Core):
    """A repeated change adds an entry to the log although nothing was applied."""

    def change(self, call: Call, run_id: str) -> Answer:
        """Log before looking whether it is a repetition."""
        if (answer := self.keys.recall(call)) is not None:
            run = self.known_run(call.tenant, run_id)
            turn = Turn(run, call.actor, self.clock.now())
            self.audit.status_changed(turn, run.status)
            self.append(turn, self.store.chain(run_id))
            return answer
        return super().change(call, run_id)
