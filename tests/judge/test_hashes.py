"""A wrong hash or link is told with what it is the hash of, or whose, where that can be seen."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest

from pt004_model.judge.canonical import canonical_hash
from pt004_model.judge.finding import Saying
from pt004_model.judge.hashes import wrong_hash
from pt004_model.judge.memory import Ledger, Notes
from pt004_model.judge.receipts import read_receipt
from pt004_model.model.values import Json
from tests.stub import NAMES

ENTRY: dict[str, Json] = {"a": "x"}
A, B = "ab" * 32, "cd" * 32
BASE64 = base64.b64encode(bytes.fromhex(canonical_hash(ENTRY) or "")).decode()


def told(content: Json, claimed: object) -> str:
    """The words on a hash that was claimed for some content."""
    saying: Saying = wrong_hash(content, canonical_hash(content) or A, claimed)
    return saying.text


@pytest.mark.parametrize(
    ("content", "claimed", "said"),
    [
        (ENTRY, (canonical_hash(ENTRY) or "").upper(), ", which is the same in upper case"),
        (ENTRY, BASE64, ", which is the same in base64"),
        ({"a": "\ud800"}, B, ""),  # it has no canonical form
        ({"a": "x" * 200_000}, A, ""),  # it is too long to be tried in many ways
        (ENTRY, 7, "7"),
        ([], A, ""),  # a chain without a last hash
        ("a text", A, ""),  # neither an entry nor a chain
        ([A], canonical_hash(A), ", which is that of the last hash alone"),
        (
            {"\ufb33": 1, "\U0001f600": 2},
            hashlib.sha256('{"\ufb33":1,"\U0001f600":2}'.encode()).hexdigest(),
            ", which is that of the entry with names or numbers as the JSON of Python has them",
        ),
    ],
    ids=["case", "base64", "no form", "long", "no text", "empty", "neither", "last", "python"],
)
def test_a_wrong_hash(content: Json, claimed: object, said: str) -> None:
    """It is quoted, and followed by what it is of where one of the usual mistakes explains it."""
    shown = told(content, claimed)
    assert shown == (f"{json.dumps(claimed)}{said}" if claimed != 7 else said)


@pytest.mark.parametrize(
    ("before", "claimed", "said"),
    [
        ({"receipt_hash": A}, A.upper(), f'"{A.upper()}", the same in another case'),
        (
            {"receipt_hash": A, "previous_receipt_hash": B},
            B,
            f'"{B}", which the entry before links to',
        ),
        (None, "own", "its own receipt_hash"),
        ({"receipt_hash": A}, None, "null"),
    ],
    ids=["case", "skips one", "itself", "null"],
)
def test_a_wrong_link(before: dict[str, Json] | None, claimed: Json, said: str) -> None:
    """It is quoted, and followed by whose hash it is where that can be seen."""
    entry: dict[str, Json] = {"log_id": "1", "previous_receipt_hash": claimed}
    own = hashlib.sha256(b"own").hexdigest()
    if claimed == "own":
        entry["previous_receipt_hash"] = own
    entry["receipt_hash"] = own
    notes = Notes(Ledger(), NAMES)
    read_receipt(notes, "logs[1]", before, entry)
    link = next(each for each in notes.told() if each.check == "receipts.link")
    assert said in link.observed
