"""Seeded faults that show when calls overlap (contract section 13).

Each reads something, waits for its database, and acts on what it has read. One client after the
other never sees any of them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import attrs

from pt004_model.embedded.core import Core
from pt004_model.embedded.faults.base import Fault
from pt004_model.embedded.records import Answer, Call, Run, Turn
from pt004_model.embedded.refusals import key_taken
from pt004_model.vocabulary import Status


async def database() -> None:
    """Wait as long as a database may take, while other calls go on."""
    await asyncio.sleep(0.005)


class _ReadBefore(Core):
    """A Core that can act on a run as it was read before."""

    before: Run | None = None

    @contextmanager
    def acting_on(self, run: Run | None) -> Iterator[None]:
        """Take ``run`` for the run as it is."""
        self.before = run
        try:
            yield
        finally:
            self.before = None

    def known_run(self, tenant: str, run_id: str) -> Run:
        """Return what was read before, if anything was."""
        return self.before or super().known_run(tenant, run_id)

    async def change_as_read(
        self, call: Call, run_id: str, takes_time: Callable[[Run], bool]
    ) -> Answer:
        """Read the run, wait where that ``takes_time``, and judge the change by what was read."""
        run = self.store.find_run(call.tenant, run_id)
        seen = run if run is not None and takes_time(run) else None
        if seen is not None:
            await database()
        with self.acting_on(seen):
            return self.change(call, run_id)


class _KeyReadBefore(Core):
    """A Core that looks a key up outside of the transaction that uses it."""

    async def keyed(self, call: Call, act: Callable[[Call], Answer]) -> Answer:
        """Look the key up, wait, act, and write it down at the end if nobody has."""
        earlier = self.keys.recall(call)
        await database()
        if earlier is not None:
            return earlier
        answer = act(attrs.evolve(call, key=None))
        if call.key is not None and self.store.find_key(call.tenant, call.key) is None:
            self.keys.remember(call, answer)
        return answer


class CheckedThenChanged(Fault, _ReadBefore):
    """Two changes at once that exclude each other are both accepted."""

    async def serve_change(self, call: Call, run_id: str) -> Answer:
        """Wait between looking at a run and changing it."""
        return await self.change_as_read(call, run_id, lambda _: True)


class GateResolvedTwice(Fault, _ReadBefore):
    """Two people resolve one gate at once, and both are told that it was them."""

    async def serve_change(self, call: Call, run_id: str) -> Answer:
        """Wait between looking at a paused run and resolving its gate."""
        return await self.change_as_read(call, run_id, lambda run: run.status == Status.PAUSED)


class StartedTwice(Fault, _ReadBefore):
    """Two workers that start a run at once both own its first step."""

    async def serve_change(self, call: Call, run_id: str) -> Answer:
        """Wait between looking at a new run and starting it."""
        return await self.change_as_read(call, run_id, lambda run: run.status == Status.PENDING)


class ChainForks(Fault, Core):
    """Two changes at once link their entries to the same one: the log is no chain any more."""

    last: list[str] | None = None

    async def serve_change(self, call: Call, run_id: str) -> Answer:
        """Read the end of the chain, and wait."""
        last = self.store.chain(run_id)
        await database()
        self.last = last
        try:
            return self.change(call, run_id)
        finally:
            self.last = None

    def append(self, turn: Turn, chain: list[str]) -> list[str]:
        """Link to the end that was read."""
        receipts = self.audit.seal(turn, chain if self.last is None else self.last)
        self.store.add_receipts(turn.run.run_id, len(chain), receipts)
        return [*chain, *(receipt.receipt_hash for receipt in receipts)]


class RetryMakesASecondRun(Fault, _KeyReadBefore):
    """A create that is sent again before it is answered makes two runs under one key."""

    async def serve_create(self, call: Call) -> Answer:
        """Make a run where the key was not used when it was looked up."""
        return await self.keyed(call, self.create)


class TwinIsRefused(Fault, Core):
    """A change that is sent again before it is answered is refused instead of waiting."""

    async def serve_change(self, call: Call, run_id: str) -> Answer:
        """Refuse a key that is in use."""
        busy: set[str | None] = vars(self).setdefault("busy", set())
        if call.key in busy:
            raise key_taken()
        busy.update({call.key} - {None})
        try:
            await database()
            return self.change(call, run_id)
        finally:
            busy.discard(call.key)


class KeyTakesTwoRequests(Fault, _KeyReadBefore):
    """Two different changes at once under one key are both applied."""

    async def serve_change(self, call: Call, run_id: str) -> Answer:
        """Change the run where the key was not used when it was looked up."""
        return await self.keyed(call, lambda keyless: self.change(keyless, run_id))


class CacheKeepsTheOld(Fault, Core):
    """A read beside a change is remembered, and later reads show the run before the change."""

    async def serve_read(self, tenant: str, run_id: str, *, logs: bool, gates: bool) -> Answer:
        """Put what was read into a cache, after the change has thrown the old entry out."""
        cache: dict[object, Answer] = vars(self).setdefault("cache", {})
        asked = (tenant, run_id, logs, gates)
        if asked not in cache:
            answer = self.read(tenant, run_id, logs=logs, gates=gates)
            await database()
            cache[asked] = answer
        return cache[asked]

    async def serve_change(self, call: Call, run_id: str) -> Answer:
        """Throw out what is remembered of the run."""
        cache: dict[object, Answer] = vars(self).setdefault("cache", {})
        answer = self.change(call, run_id)
        for asked in [each for each in cache if run_id in str(each)]:
            del cache[asked]
        return answer


class TornRead(Fault, _ReadBefore):
    """A read beside a change shows the run as it was, with the log as it is."""

    async def serve_read(self, tenant: str, run_id: str, *, logs: bool, gates: bool) -> Answer:
        """Wait between the run and its log."""
        run = self.known_run(tenant, run_id)
        await database()
        with self.acting_on(run):
            return self.read(tenant, run_id, logs=logs, gates=gates)


class LogLagsBehind(Fault, Core):
    """A read beside a change shows what was changed, without the entries that tell of it."""

    async def serve_change(self, call: Call, run_id: str) -> Answer:
        """Answer when the entries can be read."""
        there = len(self.store.chain(run_id))
        answer = self.change(call, run_id)
        visible: dict[str, int] = vars(self).setdefault("visible", {})
        visible.setdefault(run_id, there)
        await database()
        visible.pop(run_id, None)
        return answer

    def read(self, tenant: str, run_id: str, *, logs: bool, gates: bool) -> Answer:
        """Leave out what is not there yet."""
        run = self.known_run(tenant, run_id)
        seen = vars(self).get("visible", {}).get(run_id)
        envelope = self.views.envelope(
            self.views.run(run, self.store.chain(run_id)[:seen]),
            self.store.entries(run_id)[:seen] if logs else [],
            [self.views.gate(gate) for gate in self.store.gates(run_id)] if gates else [],
        )
        return Answer(200, envelope)


class TenantOfTheOther(Fault, Core):
    """Whoever reads a run while its owner does sees it, whosever it is."""

    async def serve_read(self, tenant: str, run_id: str, *, logs: bool, gates: bool) -> Answer:
        """Keep the tenant of the call where all calls keep it."""
        self.tenant = tenant
        await database()
        return self.read(self.tenant, run_id, logs=logs, gates=gates)


class ActorOfTheOther(Fault, Core):
    """Of two changes at once one is logged as made by the actor of the other."""

    async def serve_change(self, call: Call, run_id: str) -> Answer:
        """Keep the actor of the call where all calls keep it."""
        self.actor = call.actor
        await database()
        return self.change(attrs.evolve(call, actor=self.actor), run_id)


class MakerOfTheOther(Fault, Core):
    """Of two runs that are made at once one is logged as made by the actor of the other."""

    async def serve_create(self, call: Call) -> Answer:
        """Keep the actor of the call where all calls keep it."""
        self.actor = call.actor
        await database()
        return self.create(attrs.evolve(call, actor=self.actor))


class KeyIsLockedByRun(Fault, _KeyReadBefore):
    """One key is taken for two changes at once that are of two runs."""

    async def serve_change(self, call: Call, run_id: str) -> Answer:
        """Change the run, which takes no other change meanwhile."""
        locks: dict[str, asyncio.Lock] = vars(self).setdefault("locks", {})
        async with locks.setdefault(run_id, asyncio.Lock()):
            return await self.keyed(call, lambda keyless: self.change(keyless, run_id))


class RacedKeyIsForgotten(Fault, Core):
    """A create that came twice at once makes another run when it comes once more."""

    async def serve_create(self, call: Call) -> Answer:
        """Wait for a twin, have its answer, and take the key out that both have used."""
        busy: set[str | None] = vars(self).setdefault("busy", set())
        if call.key is not None and call.key in busy:
            while call.key in busy:
                await database()
            answer = self.create(call)
            self.store.db.execute("DELETE FROM keys WHERE key = ?", (call.key,))
            return answer
        busy.add(call.key)
        try:
            await database()
            return self.create(call)
        finally:
            busy.discard(call.key)
