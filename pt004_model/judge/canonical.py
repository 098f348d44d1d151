"""The canonical form of a JSON value, and its hash (RFC 8785, section 8)."""

from __future__ import annotations

import hashlib
import json
from typing import Final

import rfc8785

from pt004_model.model.values import Json

_EXACT: Final = 2**53
_PLAIN: Final = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))
"""Writes what is plain as RFC 8785 does, ten times as fast as the library."""


def canonical_form(value: Json) -> bytes | None:
    """Return the RFC 8785 form of a value; ``None`` for what has no such form."""
    try:
        if _is_plain(value):
            return _PLAIN.encode(value).encode()
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


def _is_plain(value: Json) -> bool:
    """Tell that a value holds only what both forms write alike: no double, names in ASCII."""
    kind = type(value)
    if kind is str or value is None or kind is bool:
        return True
    if isinstance(value, dict):
        return "".join(value).isascii() and all(map(_is_plain, value.values()))
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return kind is int and -_EXACT < value < _EXACT  # type: ignore[operator]  # it is a number


def _as_doubles(value: Json) -> Json:
    """RFC 8785 knows doubles alone; the library refuses integers that are no exact ones."""
    if isinstance(value, dict):
        return {name: _as_doubles(each) for name, each in value.items()}
    if isinstance(value, list):
        return [_as_doubles(each) for each in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) >= _EXACT:
        return float(value)
    return value
