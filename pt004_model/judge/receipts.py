"""Receipts: every log entry hashed and chained, and the chain in the run (section 8)."""

from __future__ import annotations

import hashlib
import re
from typing import Final

import rfc8785
from attrs import evolve

from pt004_model.judge.fields import equal, value_of
from pt004_model.judge.finding import MISSING, Saying, disagreement
from pt004_model.judge.memory import JsonObject, Notes, Seen
from pt004_model.model.run import Run
from pt004_model.model.values import Json

_HASH: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
_EXACT: Final = 2**53


def canonical_form(value: Json) -> bytes | None:
    """The RFC 8785 form of a value; ``None`` for what has no such form."""
    try:
        try:
            return rfc8785.dumps(value)
        except rfc8785.IntegerDomainError:
            return rfc8785.dumps(_as_doubles(value))
    except (rfc8785.CanonicalizationError, UnicodeEncodeError, OverflowError, RecursionError):
        return None


def canonical_hash(value: Json) -> str | None:
    """Lower-case hex SHA-256 of the RFC 8785 form; ``None`` for what has no such form."""
    canonical = canonical_form(value)
    return None if canonical is None else hashlib.sha256(canonical).hexdigest()


def _as_doubles(value: Json) -> Json:
    """RFC 8785 knows doubles alone; the library refuses integers that are no exact ones."""
    if isinstance(value, dict):
        return {name: _as_doubles(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_as_doubles(each) for each in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= _EXACT:
        return float(value)
    return value


def read_receipt(notes: Notes, at: str, before: JsonObject | None, entry: JsonObject) -> None:
    """The hash of an entry, and its link to the entry before."""
    link = None if before is None else before.get("receipt_hash")
    observed = value_of(entry, "previous_receipt_hash")
    equal(notes, "receipts.link", f"{at}.previous_receipt_hash", link, observed)
    claimed = value_of(entry, "receipt_hash")
    content = {name: value for name, value in entry.items() if name != "receipt_hash"}
    actual = canonical_hash(content)
    if claimed != actual:
        said = Saying("an entry that has an RFC 8785 form") if actual is None else actual
        notes.add(disagreement("receipts.hash", f"{at}.receipt_hash", said, claimed))


def read_chain(
    notes: Notes, run: Run, seen: Seen, shown: JsonObject, log: list[JsonObject] | None
) -> Seen:
    """``receipt_chain`` and ``workflow_receipt_hash`` of the run as shown.

    ``log`` is the run's whole log when the same reply holds it; it has been compared already.
    """
    observed = value_of(shown, "receipt_chain")
    if not isinstance(observed, list) or not all(
        isinstance(each, str) and _HASH.fullmatch(each) for each in observed
    ):
        said = Saying("a list of SHA-256 hashes in lower-case hex")
        notes.add(disagreement("receipts.chain", "run.receipt_chain", said, observed))
        return seen
    chain = tuple(str(each) for each in observed)
    _chain(notes, run, seen, chain, log)
    claimed = value_of(shown, "workflow_receipt_hash")
    expected = canonical_hash(list(chain)) if run.state.terminal else None
    check = "receipts.workflow-hash"
    equal(notes, check, "run.workflow_receipt_hash", expected, claimed)
    return evolve(seen, chain=chain)


def _chain(
    notes: Notes, run: Run, seen: Seen, chain: tuple[str, ...], log: list[JsonObject] | None
) -> None:
    check, where = "receipts.chain", "run.receipt_chain"
    if chain[: len(seen.chain)] != seen.chain:
        said = Saying(f"at first the {len(seen.chain)} receipts read before")
        notes.add(disagreement(check, where, said, list(chain), "kept", "lost"))
        return
    if log is not None:
        hashes = [entry.get("receipt_hash", MISSING) for entry in log]
        if hashes != list(chain):
            said = Saying(f"the {len(hashes)} receipts of the log")
            got = Saying(f"{len(chain)} others" if len(chain) != len(hashes) else "others")
            notes.add(disagreement(check, where, said, got, "the log's"))
        return
    if seen.version == run.version and len(chain) != len(seen.chain):
        said = Saying(f"{len(seen.chain)} receipts, as nothing has changed")
        got = Saying(f"{len(chain)} receipts")
        notes.add(disagreement(check, where, said, got, "one an entry"))
