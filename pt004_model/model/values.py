"""JSON values as the contract sees them: what counts as the same, and what lies beyond.

A request body is kept as the *text* that is sent. The contract makes a difference between the same
bytes and the same value (section 10), and some of what a client can send (a name twice, ``NaN``, a
lone surrogate) is no value at all, so the value alone would not say enough.
"""

from __future__ import annotations

import json
import math
import re
from functools import lru_cache
from typing import Final, NoReturn, TypeAlias

from attrs import frozen

from pt004_model.vocabulary import MAX_BODY_BYTES, MAX_BODY_DEPTH

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"


@frozen
class NotJson:
    """A text that is not JSON in UTF-8 (refused, section 11)."""


@frozen
class Beyond:
    """JSON beyond the contract (section 1): the FC may refuse it or take it.

    ``why`` names what lies beyond, in a few words for people.
    """

    why: str


@frozen
class Value:
    """The JSON value that a text stands for."""

    json: Json


Reading: TypeAlias = NotJson | Beyond | Value


@frozen
class Body:
    """A request body: the text as sent.

    Bytes that are not UTF-8 are kept as surrogate escapes, so every body can be held as text.
    """

    text: str

    @classmethod
    def of(cls, value: Json) -> Body:
        """Return the body that spells ``value`` in the plainest way."""
        return cls(json.dumps(value, ensure_ascii=False, separators=(",", ":")))

    def encode(self) -> bytes:
        """Return the bytes on the wire."""
        return self.text.encode("utf-8", "surrogateescape")

    @property
    def reading(self) -> Reading:
        """What the text stands for."""
        return read(self.text)

    @property
    def fields(self) -> dict[str, Json]:
        """The members of the object that the text stands for, if it is one."""
        reading = self.reading
        if isinstance(reading, Value) and isinstance(reading.json, dict):
            return reading.json
        return {}

    def replace(self, **fields: Json) -> Body:
        """Return the same object with ``fields`` set."""
        return Body.of({**self.fields, **fields})

    def without(self, *names: str) -> Body:
        """Return the same object without the fields ``names``."""
        return Body.of({name: value for name, value in self.fields.items() if name not in names})


class _Beyond(Exception):  # noqa: N818 - not an error: a way out of the parser
    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


def _constant(name: str) -> NoReturn:
    raise _Beyond(name)


def _integer(digits: str) -> int:
    if math.isinf(float(digits)):
        raise _Beyond("a number beyond a double")
    return int(digits)


def _float(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise _Beyond("a number beyond a double")
    return number


def _object(pairs: list[tuple[str, Json]]) -> Json:
    members = dict(pairs)
    if len(members) < len(pairs):
        raise _Beyond("a name twice in one object")
    return members


_DECODER: Final = json.JSONDecoder(
    parse_constant=_constant,
    parse_int=_integer,
    parse_float=_float,
    object_pairs_hook=_object,
)


@lru_cache(maxsize=512)
def read(text: str) -> Reading:
    """Read a body's text as section 1 does. Total: never raises.

    The value returned is shared between calls and must not be changed.
    """
    try:
        size = len(text.encode())
    except UnicodeEncodeError:  # bytes that are not UTF-8
        return NotJson()
    if size > MAX_BODY_BYTES:  # whatever it is
        return Beyond("more than 1 MiB")
    try:
        # RFC 8259 white space only; json.loads would also strip none
        value: Json = _DECODER.decode(text)
    except _Beyond as found:
        return Beyond(found.why)
    except RecursionError:
        return Beyond("nesting too deep")
    except ValueError:
        return NotJson()
    return _within(value)


_SURROGATE: Final = re.compile("[\ud800-\udfff]")


def _within(value: Json) -> Reading:
    """``value``, unless it is nested too deep or holds a lone surrogate."""
    level: list[Json] = [value]
    depth = 0
    while level:
        depth += 1
        inner: list[Json] = []
        for each in level:
            if isinstance(each, dict | list):
                if depth > MAX_BODY_DEPTH:
                    return Beyond("nesting deeper than 64")
                inner.extend(each)
                inner.extend(each.values() if isinstance(each, dict) else ())
            elif isinstance(each, str) and _SURROGATE.search(each):
                return Beyond("a lone surrogate")
        level = inner
    return Value(value)


def is_number(value: object) -> bool:
    """True for a JSON number; ``True`` and ``False`` are none."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def same(one: object, other: object) -> bool:
    """Tell whether two values are the same JSON value (section 1).

    Strings code point by code point, numbers as doubles (so ``1`` is ``1.0`` and ``-0`` is ``0``),
    lists in order; ``true`` is not ``1``. Anything that is no JSON value is the same as nothing.
    """
    if type(one) is str or one is None:  # as it mostly is
        return type(one) is type(other) and one == other
    pairs = [(one, other)]
    while pairs:  # no recursion: a reply may be nested as deep as Python can read
        mine, theirs = pairs.pop()
        if isinstance(mine, dict):
            if not isinstance(theirs, dict) or mine.keys() != theirs.keys():
                return False
            pairs.extend((value, theirs[name]) for name, value in mine.items())
        elif isinstance(mine, list | tuple):
            if not isinstance(theirs, list | tuple) or len(mine) != len(theirs):
                return False
            pairs.extend(zip(mine, theirs, strict=True))
        elif not _same_scalar(mine, theirs):
            return False
    return True


def _same_scalar(one: object, other: object) -> bool:
    if isinstance(one, str) or one is None or isinstance(one, bool):
        return type(one) is type(other) and one == other
    if not (is_number(one) and is_number(other)):
        return False
    try:
        return float(one) == float(other)  # type: ignore[arg-type]  # is_number() is no type guard
    except OverflowError:  # an integer beyond a double is the same as none
        return False
