"""Idempotency keys (section 10)."""

from __future__ import annotations

import hashlib

from pt004_model.embedded.records import Answer, Call
from pt004_model.embedded.refusals import key_taken
from pt004_model.embedded.store import Store


class Keys:
    """Answers a repeated request as the first time, and applies nothing twice (section 10)."""

    def __init__(self, store: Store) -> None:
        self.store = store

    def recall(self, call: Call) -> Answer | None:
        """Return the answer of the accepted request that this one repeats, if it repeats one."""
        if call.key is None:
            return None
        found = self.store.find_key(self.owner(call), self.key(call))
        if found is None:
            return None
        request, answer = found
        if not self.same_request(request, call):
            raise key_taken()
        return answer

    def remember(self, call: Call, answer: Answer) -> None:
        """Keep the answer of an accepted request for whoever repeats it."""
        if call.key is not None:
            self.store.add_key(
                self.owner(call), self.key(call), call, self.fingerprint(call), answer
            )

    def owner(self, call: Call) -> str:
        """Tell whose key it is: the tenant's, whoever the actor."""
        return call.tenant

    def key(self, call: Call) -> str:
        """Return the key under which a request is kept."""
        return call.key or ""

    def same_request(self, earlier: tuple[str, str, str], call: Call) -> bool:
        """Tell whether method, path and body are those of the earlier request."""
        method, path, body = earlier
        return (method, path) == (call.method, call.path) and self.same_body(body, call)

    def same_body(self, earlier: str, call: Call) -> bool:
        """Tell whether the body is the same bytes as the earlier one."""
        return earlier == self.fingerprint(call)

    def fingerprint(self, call: Call) -> str:
        """Return what is kept of a body: its hash, so that a key costs little."""
        return hashlib.sha256(call.body).hexdigest()
