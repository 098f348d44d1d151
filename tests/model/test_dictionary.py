"""The dictionary of values: each is granted in any text, and none is there twice."""

from __future__ import annotations

import pytest

from pt004_model.model.asks import Creation, read_creation
from pt004_model.model.dictionary import ACTORS, KINDS, fits_header
from pt004_model.model.values import Body


@pytest.mark.parametrize("kind", KINDS)
def test_values_are_within_the_contract(kind: str) -> None:
    """A create may carry every value as a name and as a step."""
    steps = list(dict.fromkeys(KINDS[kind]))
    body = Body.of({"workflow_id": steps[0], "steps": [*steps], "tags": [*steps]})
    assert isinstance(read_creation(body), Creation)
    assert all(type(value) is str for value in steps)


def test_names_for_actors_fit_a_header() -> None:
    """Names are visible ASCII, of a length that any server takes, and differ."""
    assert len(ACTORS) == len(set(ACTORS)) > 500
    assert all(map(fits_header, ACTORS))
    assert not any(map(fits_header, ("", " a", "a b", "\u00e9", "a\n", "x" * 301)))
