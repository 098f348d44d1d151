"""What every create must carry: added where it is missing, and what is wrong on purpose stays."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pt004_model.model.commands import CreateRun, ReadRun
from pt004_model.model.required import NOTHING, Required
from pt004_model.model.values import Body

WANTED = Required(
    {"priority": ["low", "high"], "metadata": {"team": "core", "cost": [1, 2]}, "labels": [["a"]]},
    ("known", "other"),
)


def completed(required: Required, **fields: Any) -> dict[str, Any]:
    """The fields of a create, completed."""
    command = required.complete(CreateRun(0, Body.of(fields)))
    assert isinstance(command, CreateRun)
    return command.body.fields


@given(st.text(min_size=1))
def test_what_is_missing_is_added(workflow: str) -> None:
    """Each value is one of those allowed, lists as they are, and the same create gets the same."""
    made = completed(WANTED, workflow_id=workflow, tags=["x"])
    assert made["priority"] in {"low", "high"}
    assert made["metadata"]["team"] == "core"
    assert made["metadata"]["cost"] in {1, 2}
    assert made["labels"] == ["a"]
    assert made["workflow_id"] in {"known", "other"}
    assert made["tags"] == ["x"]
    assert made == completed(WANTED, workflow_id=workflow, tags=["x"])
    assert made == completed(WANTED, **made)


def test_what_is_drawn_differs() -> None:
    """Over many creates each value that is allowed comes."""
    drawn = {completed(WANTED, workflow_id=f"w{n}")["priority"] for n in range(50)}
    assert {"low", "high"} == drawn


@pytest.mark.parametrize(
    ("given_fields", "kept"),
    [
        ({"workflow_id": 7}, {"workflow_id": 7}),
        ({"workflow_id": ""}, {"workflow_id": ""}),
        ({"tags": []}, {}),
        ({"workflow_id": "w", "metadata": "no"}, {"metadata": "no"}),
        ({"workflow_id": "w", "priority": 3}, {"priority": 3}),
        ({"workflow_id": "w", "metadata": {"team": None, "x": 1}}, {"metadata": {"x": 1}}),
    ],
)
def test_what_is_wrong_stays_wrong(given_fields: dict[str, Any], kept: dict[str, Any]) -> None:
    """A wrong type is sent as it is, and nothing that is refused when it is missing is added."""
    made = completed(WANTED, **given_fields)
    for name, value in kept.items():
        there = made[name]
        assert (value.items() <= there.items()) if isinstance(value, dict) else value == there
    assert ("workflow_id" in made) == ("workflow_id" in given_fields)


def test_nothing_is_demanded() -> None:
    """Without demands, of a body that is no object, and of other calls nothing changes."""
    for command in (CreateRun(0, Body.of({"workflow_id": "w"})), ReadRun(0)):
        assert command is NOTHING.complete(command)
    for other in (CreateRun(0, Body("{")), CreateRun(0, Body('{"a":1,"a":2}')), ReadRun(0)):
        assert other is WANTED.complete(other)
