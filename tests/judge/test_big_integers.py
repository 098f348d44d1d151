"""Integers beyond the exact doubles are hashed as the doubles they are (section 8)."""

from __future__ import annotations

import hashlib

from pt004_model.judge.canonical import canonical_hash


def test_big_integers_within() -> None:
    """A big integer deep inside an entry is canonical as its double, what is beside it as it is."""
    canonical = b'{"a":[9007199254740992,"x",{"b":1,"c":true}]}'
    expected = hashlib.sha256(canonical).hexdigest()
    assert expected == canonical_hash({"a": [2**53 + 1, "x", {"c": True, "b": 1}]})
