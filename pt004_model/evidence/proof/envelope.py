"""An envelope as it is kept: the last full reading of a run."""

from __future__ import annotations

import hashlib
from typing import Final

from attrs import field, frozen

from pt004_model.judge.memory import JsonObject
from pt004_model.wire.codec import read_json

DEEPEST: Final = 100
"""Levels; no reply of an FC that conforms is nested as deep."""


@frozen
class Envelope:
    """A full reading: ``run``, ``logs`` and ``gates`` (contract section 1).

    ``sha256`` is that of its bytes.
    """

    run: JsonObject = field(repr=False)
    logs: tuple[JsonObject, ...] = field(repr=False)
    gates: tuple[JsonObject, ...] = field(repr=False)
    sha256: str

    @property
    def head(self) -> str:
        """The receipt hash of the last entry; empty when there is none."""
        return str(self.logs[-1].get("receipt_hash")) if self.logs else ""


def read_envelope(content: bytes) -> Envelope | None:
    """The envelope that an answer holds; ``None`` for what is none, or is nested beyond reason."""
    body = read_json(content)
    if not isinstance(body, dict) or depth(body) > DEEPEST:
        return None
    run, logs, gates = (body.get(name) for name in ("run", "logs", "gates"))
    if not isinstance(run, dict) or not isinstance(logs, list) or not isinstance(gates, list):
        return None
    entries = tuple(each for each in logs if isinstance(each, dict))
    doors = tuple(each for each in gates if isinstance(each, dict))
    if len(entries) != len(logs) or len(doors) != len(gates):
        return None
    return Envelope(run, entries, doors, hashlib.sha256(content).hexdigest())


def depth(value: object) -> int:
    """How deep a value is nested; no recursion, as it may be nested as deep as Python can read."""
    level, levels = [value], 0
    while level:
        levels += 1
        inner: list[object] = []
        for each in level:
            if isinstance(each, dict):
                inner.extend(each.values())
            elif isinstance(each, list):
                inner.extend(each)
        level = inner
    return levels
