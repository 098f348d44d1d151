"""Which of many cases alike are among the tests of every change, and which of the slow ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import pytest


def some(cases: Iterable[Any], every: int) -> list[Any]:
    """Return all cases as parameters; those between each ``every``-th are slow.

    ``tox -e quality`` runs the slow ones. A case that is a tuple is one of several values, and the
    cases of a mapping go by the names they have in it.
    """
    names: Iterable[Any] = cases
    values: Iterable[Any] = cases.values() if isinstance(cases, Mapping) else cases
    return [
        pytest.param(
            *(value if isinstance(value, tuple) else (value,)),
            id=name if isinstance(cases, Mapping) else None,
            marks=() if index % every == 0 else pytest.mark.slow,
        )
        for index, (name, value) in enumerate(zip(names, values, strict=True))
    ]
