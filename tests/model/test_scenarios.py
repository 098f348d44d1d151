"""The plainest create of a run."""

from __future__ import annotations

from pt004_model.model.scenarios import TAGS, WORKFLOW_ID, plain_create


def test_a_plain_create_is_governed_by_its_steps() -> None:
    """With steps it has them in order; without, it is that of an ungoverned run."""
    plain = {"workflow_id": WORKFLOW_ID, "tags": list(TAGS)}
    assert plain_create(("a", "b")).fields == {**plain, "steps": ["a", "b"]}
    assert plain_create().fields == plain
