"""Seeded faults of receipts (contract section 8)."""

from __future__ import annotations

import json
import unicodedata

from pt004_model.embedded.audit import Audit
from pt004_model.embedded.core import Core
from pt004_model.embedded.faults.base import Fault
from pt004_model.embedded.records import Call, Change, Receipt, Run, Turn
from pt004_model.embedded.views import Views
from pt004_model.vocabulary import Status


class LongChainStartsAnew(Fault, Audit):
    """After twenty-five entries each change begins a chain of its own, and the first can be cut."""

    def seal(self, turn: Turn, chain: list[str]) -> list[Receipt]:
        """Look for the last receipt on the first page only."""
        return super().seal(turn, chain if len(chain) < 25 else [])


class HashOfEscapedText(Fault, Audit):
    """Receipts of entries with other letters than ASCII cannot be checked: escapes are hashed."""

    def canonical(self, value: object) -> bytes:
        """Take sorted keys for the canonical form."""
        return json.dumps(value, sort_keys=True, separators=(",", ":")).encode("ascii")


class HashOfNormalisedText(Fault, Audit):
    """Receipts of entries whose text is not in normal form C cannot be checked."""

    def canonical(self, value: object) -> bytes:
        """Normalise what is hashed."""
        return unicodedata.normalize("NFC", super().canonical(value).decode()).encode()


class ChainBehindWhilePaused(Fault, Views):
    """While a run is paused its receipt chain lacks the last receipt."""

    def plain_fields(self, run: Run, chain: list[str]) -> dict[str, object]:
        """Show the chain as it was before the last entry."""
        return super().plain_fields(run, chain[:-1] if run.status == Status.PAUSED else chain)


class ChainShowsTheNewest(Fault, Views):
    """The receipt chain of a long run shows its newest thirty receipts only."""

    def plain_fields(self, run: Run, chain: list[str]) -> dict[str, object]:
        """Cut the chain at its head."""
        return super().plain_fields(run, chain[-30:])


class FailedRunIsNotSealed(Fault, Core):
    """A failed run never gets its workflow receipt."""

    def apply(self, call: Call, run: Run, change: Change) -> list[str]:
        """Seal completed runs only."""
        chain = super().apply(call, run, change)
        if run.status == Status.FAILED:
            run.workflow_receipt_hash = None
            self.store.save_run(run)
        return chain


class SealMissesTheEnd(Fault, Audit):
    """The workflow receipt of a run of more than twelve entries does not cover its last."""

    def workflow_hash(self, chain: list[str]) -> str:
        """Seal before the last entry is written."""
        return super().workflow_hash(chain[:-1] if len(chain) > 12 else chain)


class EntriesOfAChangeShareALink(Fault, Audit):
    """The entries of a change that writes five or more all link to the same receipt."""

    def seal(self, turn: Turn, chain: list[str]) -> list[Receipt]:
        """Look the last receipt up once a change."""
        if len(turn.entries) < 5:
            return super().seal(turn, chain)
        return [self.seal_one(entry, chain[-1]) for entry in turn.entries]


class ChainCrossesRuns(Fault, Audit):
    """The chain of a run hangs on that of the last run of its workflow; neither checks alone."""

    def seal(self, turn: Turn, chain: list[str]) -> list[Receipt]:
        """Remember the last receipt by workflow instead of by run."""
        last = vars(self).setdefault("last", {})
        workflow = turn.run.workflow_id
        before = [last[workflow]] if not chain and workflow in last else chain
        receipts = super().seal(turn, before)
        last[workflow] = receipts[-1].receipt_hash if receipts else chain[-1]
        return receipts


class ReasonIsNotCovered(Fault, Audit):
    """The reason of a change is added after its entry was hashed, and can be altered unseen."""

    def hash_of(self, served: dict[str, object]) -> str:
        """Hash the entry without its reason."""
        details = served["details"]
        if served["new_status"] is not None and isinstance(details, dict) and "reason" in details:
            return super().hash_of({**served, "details": {}})
        return super().hash_of(served)
