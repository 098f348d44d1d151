"""What the contract allows, told for people."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pt004_model.model.world import Accepted, Outcome, Refused

_MANY = 8
"""More codes than these are not listed one by one."""


def tell(outcome: Outcome) -> str:
    """Return one outcome in words: ``accepted with 200: running, step 0, deny``."""
    reply = outcome.reply
    if isinstance(reply, Accepted):
        said = f"accepted with {reply.code}: {reply.run.state}"
        if reply.replay:
            said += ", as it was then"
        for name in sorted(reply.complete):
            said += f", {name} in full"
        return said
    if isinstance(reply, Refused):
        known = outcome.world.hidden.get(reply.like) if reply.like is not None else None
        if known is not None:
            return f"refused with {known}, as the same call on another run that is not there"
        return f"refused with {codes_told(reply.refusal.codes)} ({reply.refusal.rule})"
    return "any answer but a server error: what was sent lies beyond the contract"


def codes_told(codes: frozenset[int]) -> str:
    """Status codes as people say them: ``400, 409 or 422``."""
    if len(codes) > _MANY:
        return "any 3xx or 4xx"
    *most, last = map(str, sorted(codes))
    return f"{', '.join(most)} or {last}" if most else last


def count(number: int, noun: str, spec: str = "") -> str:
    """Return a number with its noun: ``1 request``, ``2 requests``; ``spec`` formats the number."""
    return f"{number:{spec}} {noun}{'' if number == 1 else 's'}"


def some(lines: Sequence[str], most: int, rest: str = "") -> Iterator[str]:
    """Yield the first lines, and how many there are besides: ``  and 2 more``, then ``rest``."""
    yield from lines[:most]
    if len(lines) > most:
        yield f"  and {len(lines) - most} more{rest}"


def times(number: int, spec: str = "") -> str:
    """Return how often something was: ``once``, ``2 times``."""
    return "once" if number == 1 else f"{number:{spec}} times"
