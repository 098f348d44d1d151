"""Receipts, recomputed from an envelope (contract section 8)."""

from __future__ import annotations

import hashlib

from attrs import field, frozen

from pt004_model.evidence.proof.envelope import Envelope
from pt004_model.judge.forms import canonical_form


@frozen
class Receipt:
    """A log entry as a receipt (contract section 8).

    ``form`` is the RFC 8785 form of the entry without its ``receipt_hash``, ``None`` when it has
    none; ``recomputed`` the SHA-256 of that. ``link`` is what ``previous`` must be.
    """

    number: int
    event: object
    form: bytes | None = field(repr=False)
    claimed: object
    recomputed: str | None
    previous: object
    link: object

    @property
    def hash_holds(self) -> bool:
        """Whether the hash is that of the entry."""
        return self.recomputed is not None and self.claimed == self.recomputed

    @property
    def link_holds(self) -> bool:
        """Whether the receipt names the one before it."""
        return self.previous == self.link


@frozen
class Chain:
    """All receipts of a run, and the hash of their chain."""

    receipts: tuple[Receipt, ...]
    listed: object
    form: bytes | None = field(repr=False)
    claimed: object
    recomputed: str | None

    @property
    def list_holds(self) -> bool:
        """Whether the run lists the receipts of its log in order."""
        return self.listed == [receipt.claimed for receipt in self.receipts]


def read_chain(envelope: Envelope) -> Chain:
    """Every receipt of an envelope, recomputed."""
    receipts: list[Receipt] = []
    link: object = None
    for number, entry in enumerate(envelope.logs, 1):
        form = canonical_form({n: v for n, v in entry.items() if n != "receipt_hash"})
        claimed = entry.get("receipt_hash")
        previous = entry.get("previous_receipt_hash", "")
        receipts.append(
            Receipt(number, entry.get("event_type"), form, claimed, _sha256(form), previous, link)
        )
        link = claimed
    listed = envelope.run.get("receipt_chain")
    form = canonical_form(listed) if isinstance(listed, list) else None
    claimed = envelope.run.get("workflow_receipt_hash", "")  # null is a value, missing is none
    return Chain(tuple(receipts), listed, form, claimed, _sha256(form))


def _sha256(form: bytes | None) -> str | None:
    return None if form is None else hashlib.sha256(form).hexdigest()
