"""Bodies that nobody would think of: every one is answered, and none with a 500."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pt004_model.embedded.app import build_app

from .client import Fc

pytestmark = pytest.mark.system

LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(st.characters(exclude_categories=[])),
    st.sampled_from(["running", "paused", "failed", "completed", "flag", "s1", 10**400, -(2**63)]),
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)
FIELDS = [
    "workflow_id workflow_version input_payload metadata tags steps",
    "status current_step step_index reason output_payload error_details policy",
    "decision policy_id rules_triggered",
]
NAMES = st.sampled_from(" ".join(FIELDS).split())
BODIES = st.dictionaries(NAMES, VALUES, max_size=6) | VALUES
RAW = st.binary(max_size=50) | BODIES.map(lambda body: json.dumps(body).encode())


@pytest.fixture(scope="module")
def target() -> Iterator[Fc]:
    """Return one server for all examples."""
    client = Fc(build_app())
    yield client
    client.close()


@settings(max_examples=150, deadline=None, derandomize=True, database=None)
@given(raw=RAW, governed=st.booleans())
def test_every_body_is_answered(target: Fc, raw: bytes, governed: bool) -> None:
    """A create and a change with any body are accepted or refused, and the run can be read."""
    created = target.post(raw=raw)
    assert created.status_code in (201, 400, 422)
    run_id = target.create(1 if governed else None)
    target.patch(run_id, {"status": "running", "current_step": "s1", "step_index": 0})
    changed = target.patch(run_id, raw=raw)
    assert changed.status_code in (200, 400, 409, 422)
    assert "detail" in changed.json() or "run" in changed.json()
    target.read(run_id)
