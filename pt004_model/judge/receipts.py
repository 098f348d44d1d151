"""Receipts: every log entry hashed and chained, and the chain in the run (section 8)."""

from __future__ import annotations

import re
from functools import partial
from typing import Final

from attrs import evolve

from pt004_model.judge.canonical import canonical_hash
from pt004_model.judge.fields import equal, value_of
from pt004_model.judge.finding import MISSING, NOTHING_CHANGED, Saying, classes_of, quote
from pt004_model.judge.hashes import right_hash, wrong_hash
from pt004_model.judge.memory import JsonObject, Notes, Seen
from pt004_model.model.run import Run
from pt004_model.model.values import Json, same

_HASH: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)


def read_receipt(notes: Notes, at: str, before: JsonObject | None, entry: JsonObject) -> None:
    """The hash of an entry, and its link to the entry before."""
    _link(notes, f"{at}.previous_receipt_hash", before, entry)
    claimed = value_of(entry, "receipt_hash")
    hashed = {name: value for name, value in entry.items() if name != "receipt_hash"}
    content = notes.ledger.served(hashed)
    actual = canonical_hash(content)
    if actual is None:
        said = Saying("an entry that has an RFC 8785 form")
        notes.disagree("receipts.hash", f"{at}.receipt_hash", said, claimed)
    elif claimed != actual:
        _hashed_otherwise(notes, "receipts.hash", f"{at}.receipt_hash", content, actual, claimed)


def _link(notes: Notes, where: str, before: JsonObject | None, entry: JsonObject) -> None:
    link = None if before is None else before.get("receipt_hash")
    observed = value_of(entry, "previous_receipt_hash")
    if same(link, observed):
        return
    whose = "the receipt_hash of the entry before"
    said = Saying(quote(link) + (f", {whose}" if before is not None else ", as none is before it"))
    seen = quote(observed)
    if isinstance(link, str) and isinstance(observed, str) and observed.lower() == link.lower():
        seen += ", the same in another case"
    elif before is not None and same(observed, before.get("previous_receipt_hash", MISSING)):
        seen += ", which the entry before links to"
    elif same(observed, entry.get("receipt_hash", MISSING)):
        seen += ", its own receipt_hash"
    notes.disagree("receipts.link", where, said, Saying(seen), *classes_of(link, observed))


def _hashed_otherwise(
    notes: Notes, check: str, where: str, content: Json, actual: str, claimed: object
) -> None:
    """Note a wrong hash, with what it should be of and, where that can be told, what it is of."""
    said = partial(right_hash, content, actual)
    seen = partial(wrong_hash, content, actual, claimed)
    notes.disagree(check, where, said, seen, *classes_of(actual, claimed))


def whole_log(notes: Notes, shown: JsonObject, log: list[JsonObject]) -> list[JsonObject] | None:
    """Return the log in the order of its receipts; ``None`` where the run has receipts of more.

    All of what it says would be found to be wrong for that one reason.
    """
    chain, hashes = shown.get("receipt_chain"), [entry.get("receipt_hash") for entry in log]
    if hashes == chain or not isinstance(chain, list):
        return log
    if not all(isinstance(each, str) for each in (*chain, *hashes)):
        return log
    entries = {str(receipt): entry for receipt, entry in zip(hashes, log, strict=True)}
    if len(entries) == len(log) and entries.keys() < {*chain}:
        before = notes.count
        said, got = Saying(f"an entry for each of {len(chain)} receipts"), Saying(f"{len(log)}")
        notes.disagree("receipts.chain", "logs", said, got, "one an entry", "fewer")
        return log if notes.count == before else None  # it may be agreed to
    ordered = [entries[str(each)] for each in chain if each in entries]
    if len(ordered) == len(log) and _linked(ordered):
        first = next(n for n, each in enumerate(chain) if each != hashes[n])
        said, got = Saying("the entries in the order in which they link"), Saying("another order")
        notes.disagree("receipts.link", f"logs[{first}]", said, got, "order")
        return ordered
    return log


def _linked(log: list[JsonObject]) -> bool:
    links = [None, *(entry["receipt_hash"] for entry in log)]
    return all(
        same(link, entry.get("previous_receipt_hash"))
        for link, entry in zip(links, log, strict=False)
    )


def read_chain(
    notes: Notes, run: Run, seen: Seen, shown: JsonObject, log: list[JsonObject] | None
) -> Seen:
    """``receipt_chain`` and ``workflow_receipt_hash`` of the run as shown.

    ``log`` is the run's whole log when the same reply holds it; it has been compared already.
    """
    observed = value_of(shown, "receipt_chain")
    # a run has an entry from its creation on
    if not (isinstance(observed, list) and observed) or not all(
        isinstance(each, str) and _HASH.fullmatch(each) for each in observed
    ):
        said = Saying("a list of SHA-256 hashes in lower-case hex")
        notes.disagree("receipts.chain", "run.receipt_chain", said, observed)
        return seen
    chain = tuple(str(each) for each in observed)
    _chain(notes, run, seen, chain, log)
    claimed = value_of(shown, "workflow_receipt_hash")
    check, where = "receipts.workflow-hash", "run.workflow_receipt_hash"
    expected = canonical_hash(list(chain)) if run.state.terminal else None
    if expected is None:
        equal(notes, check, where, None, claimed)
    elif claimed != expected:
        _hashed_otherwise(notes, check, where, list(chain), expected, claimed)
    return evolve(seen, chain=chain)


def _chain(
    notes: Notes, run: Run, seen: Seen, chain: tuple[str, ...], log: list[JsonObject] | None
) -> None:
    check, where = "receipts.chain", "run.receipt_chain"
    if chain[: len(seen.chain)] != seen.chain:
        said = Saying(f"at first the {len(seen.chain)} receipts read before")
        notes.disagree(check, where, said, list(chain), "kept", "lost")
        return
    if log is not None:
        hashes = [entry.get("receipt_hash", MISSING) for entry in log]
        if hashes != list(chain):
            said = Saying(f"the {len(hashes)} receipts of the log")
            got = Saying(f"{len(chain)} others" if len(chain) != len(hashes) else "others")
            notes.disagree(check, where, said, got, "the log's")
            return
    told = any(each.where == "logs" for each in notes.findings)  # the chain is that of the log
    if seen.version == run.version and 0 < len(seen.chain) != len(chain) and not told:
        said = Saying(f"{len(seen.chain)} receipts, {NOTHING_CHANGED}")
        got = Saying(f"{len(chain)} receipts")
        notes.disagree(check, where, said, got, "one an entry")
