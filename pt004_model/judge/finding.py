"""One disagreement between a reply and the contract."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from typing import Any, Final

from attrs import field, frozen

from pt004_model.model.commands import short
from pt004_model.model.values import same


@frozen
class Missing:
    """Stands for a field that is not there."""

    def __repr__(self) -> str:
        """As it is shown to people."""
        return "nothing"


MISSING: Final = Missing()
ANOTHER: Final = "another value"
"""The manner of a value that is altered in itself, whatever it is."""
NOTHING_CHANGED: Final = "as nothing has changed"
"""Why a chain of receipts is to be as it was."""
SERVER_ERROR: Final = "lifecycle.no-server-error"
"""The check of calls that the FC, or a gateway before it, breaks down at."""
FINGERPRINT: Final = re.compile(r"[0-9a-f]{12}", re.ASCII)
_INDEX: Final = re.compile(r"\[\d+\]")


def place_of(where: str) -> str:
    """Return where in a reply something stands, in whichever entry or gate: ``logs[].actor_id``."""
    return _INDEX.sub("[]", where)


@frozen
class Finding:
    """One disagreement: which check failed, where in the reply, what was expected and observed.

    ``expected`` and ``observed`` are texts for people; what an FC sent is quoted as JSON in them.
    ``fingerprint`` is the identity of the disagreement across examples, campaigns and nights: it
    comes from the check and from classes of values, never from values, ids or times. ``manner`` is
    the last of these classes: of what was sent, the manner in which it was altered.
    """

    check: str
    where: str
    expected: str
    observed: str
    fingerprint: str
    manner: str = field(default="", eq=False, repr=False)

    @property
    def area(self) -> str:
        """The area of the contract that the check belongs to."""
        return self.check.partition(".")[0]

    def __str__(self) -> str:
        """Return one line for people."""
        return f"{self.check}: {self.where}: expected {self.expected}, got {self.observed}"


def fingerprint(check: str, *classes: str) -> str:
    """Return a short hash of a check id and the classes of what was expected and observed."""
    said = "\0".join((check, *classes)).encode(errors="backslashreplace")
    return hashlib.sha256(said).hexdigest()[:12]


def kind_of(value: object) -> str:
    """Return the class of a JSON value, or ``missing``."""
    if isinstance(value, Missing):
        return "missing"
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return "string"
    return "object" if isinstance(value, dict) else "list"


def quote(value: object) -> str:
    """Return a value as it is shown to people: JSON in ASCII, cut to a readable length."""
    if isinstance(value, Missing):
        return repr(value)
    return short(json.dumps(value, default=str), 200)


@frozen
class Saying:
    """A text for people in place of a value, e.g. ``a non-empty string``."""

    text: str


def classes_of(expected: object, observed: object) -> tuple[str, str]:
    """Return the kinds of two values, as the classes of a fingerprint.

    Of two objects or lists the second is the manner in which the one became the other.
    """
    want = expected.text if isinstance(expected, Saying) else kind_of(expected)
    seen = kind_of(observed)
    return want, _manner(expected, observed) if seen == want else seen


def _manner(expected: object, observed: object) -> str:
    """Return in what manner a value was altered; of objects and lists, where they first differ."""
    pairs: Iterable[tuple[Any, Any]] = ()
    if isinstance(expected, dict) and isinstance(observed, dict):
        gone, more = expected.keys() - observed.keys(), observed.keys() - expected.keys()
        if gone:
            nulls = all(expected[name] is None for name in gone)
            return "other names" if more else "nulls left out" if nulls else "names left out"
        if more:
            return "more names"
        pairs = ((expected[name], observed[name]) for name in expected)
    elif isinstance(expected, list | tuple) and isinstance(observed, list | tuple):
        if len(expected) != len(observed):
            return "fewer items" if len(observed) < len(expected) else "more items"
        pairs = zip(expected, observed, strict=True)
    for one, other in pairs:
        if not same(one, other):
            kinds = classes_of(one, other)
            return ", ".join(kinds) if kind_of(one) != kind_of(other) else kinds[1]
    return ANOTHER


def disagreement(
    check: str,
    where: str,
    expected: object,
    observed: object,
    *classes: str,
) -> Finding:
    """Return a finding; without ``classes`` the kinds of the two values are its classes.

    ``expected`` is quoted when it is a value, and shown as it is when it is a :class:`Saying`.
    """
    classes = classes or classes_of(expected, observed)
    said = expected.text if isinstance(expected, Saying) else quote(expected)
    shown = observed.text if isinstance(observed, Saying) else quote(observed)
    return Finding(check, where, said, shown, fingerprint(check, *classes), classes[-1])
