"""Idempotency keys that were used, and requests made again under them (section 10)."""

from __future__ import annotations

from collections.abc import Hashable

from attrs import frozen

from pt004_model.model.rules import Rule
from pt004_model.model.run import Run
from pt004_model.model.values import Body, Value, same


@frozen
class Used:
    """An idempotency key and the accepted request that it belongs to (section 10)."""

    request: tuple[str, Hashable]
    body: Body
    code: int
    run: Run


def clash(used: Used, request: tuple[str, Hashable], body: Body, rules: list[Rule]) -> bool | None:
    """For a key used before: is this the very request (True), its value (False), or another?"""
    if used.request != request or rules:
        return None
    if used.body == body:
        return True
    mine, theirs = body.reading, used.body.reading
    if isinstance(mine, Value) and isinstance(theirs, Value) and same(mine.json, theirs.json):
        return False
    return None
