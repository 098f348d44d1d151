"""What bodies ask for: required, optional and unknown fields, defaults and types (2, 3.1)."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pt004_model.model.asks import (
    Change,
    Creation,
    Malformed,
    Policy,
    read_change,
    read_creation,
)
from pt004_model.model.values import Beyond, Body, Json, NotJson
from pt004_model.vocabulary import Decision, Status
from tests.model.helpers import JSON

POLICY: dict[str, Json] = {"decision": "flag", "policy_id": "", "reason": "r"}


def wrong(field: str, *values: Json) -> list[tuple[str, Json]]:
    """The field with each of the values."""
    return [(field, value) for value in values]


def test_a_creation_with_everything() -> None:
    """What was sent is what is asked for (2)."""
    body = Body.of(
        {
            "workflow_id": "w",
            "workflow_version": "",
            "input_payload": {"a": [1]},
            "metadata": {"": None},
            "tags": ["t", "t", ""],
            "steps": ["b", "a"],
            "unknown": [1],
        }
    )
    expected = Creation("w", "", {"a": [1]}, {"": None}, ("t", "t", ""), ("b", "a"))
    assert expected == read_creation(body)


@pytest.mark.parametrize("steps", [["a"], ["a", "A", " a", "\u00e9", "e\u0301"]])
def test_the_steps_of_a_creation(steps: list[Json]) -> None:
    """One step is enough, and names are alike only code point by code point (2)."""
    asked = read_creation(Body.of({"workflow_id": "w", "steps": steps}))
    assert isinstance(asked, Creation)
    assert tuple(steps) == asked.steps


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"workflow_version": None, "input_payload": None, "metadata": None},
        {"tags": None, "steps": None},
        {"status": "completed", "run_id": 5},
    ],
)
def test_the_defaults_of_a_creation(more: dict[str, Json]) -> None:
    """An optional field that is absent or null has its default; unknown ones are ignored (2)."""
    expected = Creation("w", "1.0.0", {}, {}, (), None)
    assert expected == read_creation(Body.of({"workflow_id": "w", **more}))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *wrong("workflow_id", None, "", 1, True, [], {}),
        *wrong("workflow_version", 1, 1.0, False, [], {}),
        *wrong("input_payload", [], "", 0, False, [[]]),
        *wrong("metadata", [], "{}", 0, True),
        *wrong("tags", "t", {}, [1], ["t", None], [["t"]], 0),
        *wrong("steps", [], ["a", "a"], ["a", ""], [1], [None], "a", {}, 3, True),
    ],
)
def test_a_malformed_creation(field: str, value: Json) -> None:
    """A field of the wrong type, or a required one missing, makes the body malformed (11)."""
    assert Malformed(field) == read_creation(Body.of({"workflow_id": "w", field: value}))


def test_a_body_without_workflow_id_is_malformed() -> None:
    """workflow_id is required (2)."""
    assert Malformed("workflow_id") == read_creation(Body.of({"steps": ["a"]}))


def test_a_change_with_everything() -> None:
    """What was sent is what is asked for (3.1)."""
    policy: Json = {**POLICY, "rules_triggered": ["x"], "more": 1}
    body = Body.of(
        {
            "status": "completed",
            "current_step": "",
            "step_index": 3,
            "policy": policy,
            "reason": "",
            "output_payload": {"a": 1},
            "note": 1,
        }
    )
    expected = Change(Status.COMPLETED, "", 3, Policy(Decision.FLAG, "", "r"), "", {"a": 1}, None)
    assert expected == read_change(body)
    failed = read_change(Body.of({"status": "failed", "error_details": {"b": 2}}))
    assert Change(Status.FAILED, error_details={"b": 2}) == failed


@pytest.mark.parametrize("status", list(Status))
def test_a_change_needs_no_more_than_a_status(status: Status) -> None:
    """Every other field is optional, and null counts as absent (1, 3.1)."""
    names = ("current_step", "step_index", "policy", "reason", "output_payload", "error_details")
    assert Change(status) == read_change(Body.of({"status": str(status)}))
    nulls: dict[str, Json] = dict.fromkeys(names)
    assert Change(status) == read_change(Body.of({"status": str(status), **nulls}))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        *wrong("status", None, "", "Paused", "archived", " paused", 1, [], {}),
        *wrong("current_step", 0, False, [], {}),
        *wrong("step_index", -1, 0.5, "0", True, False, [], {}, -1.0, -0.5),
        *wrong("reason", 0, True, [], {}),
        *wrong("output_payload", 0, "", [], False),
    ],
)
def test_a_malformed_change(field: str, value: Json) -> None:
    """A field of the wrong type or an unknown status makes the body malformed (11)."""
    assert Malformed(field) == read_change(Body.of({"status": "completed", field: value}))


def test_malformed_error_details() -> None:
    """error_details is an object when the change has use for it (3.1)."""
    for _, value in wrong("error_details", 0, "", [], True):
        body = Body.of({"status": "failed", "error_details": value})
        assert Malformed("error_details") == read_change(body)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (POLICY, Policy(Decision.FLAG, "", "r")),
        ({**POLICY, "rules_triggered": None}, Policy(Decision.FLAG, "", "r")),
        (None, None),
        (5, Malformed("policy")),
        ([], Malformed("policy")),
        ({}, Malformed("policy.decision")),
        ({**POLICY, "decision": "FLAG"}, Malformed("policy.decision")),
        ({**POLICY, "decision": None}, Malformed("policy.decision")),
        ({**POLICY, "decision": ["flag"]}, Malformed("policy.decision")),
        ({**POLICY, "policy_id": None}, Malformed("policy.policy_id")),
        ({**POLICY, "policy_id": 1}, Malformed("policy.policy_id")),
        ({**POLICY, "reason": None}, Malformed("policy.reason")),
        ({**POLICY, "reason": {}}, Malformed("policy.reason")),
        ({**POLICY, "rules_triggered": "x"}, Malformed("policy.rules_triggered")),
        ({**POLICY, "rules_triggered": [1]}, Malformed("policy.rules_triggered")),
    ],
)
def test_the_policy_of_a_change(value: Json, expected: Policy | Malformed | None) -> None:
    """A malformed policy is kept as such: whether it matters depends on the run (3.1)."""
    change = read_change(Body.of({"status": "running", "policy": value}))
    assert Change(Status.RUNNING, policy=expected) == change


@pytest.mark.parametrize(
    ("status", "field", "value", "useless"),
    [
        ("completed", "output_payload", {}, False),
        ("failed", "output_payload", {}, True),
        ("failed", "output_payload", 5, True),
        ("paused", "output_payload", {}, True),
        ("failed", "error_details", {}, False),
        ("completed", "error_details", {}, True),
        ("running", "error_details", "x", True),
        ("running", "error_details", None, False),
    ],
)
def test_a_field_without_use(status: str, field: str, value: Json, useless: bool) -> None:
    """A payload that its status has no use for makes no body malformed, whatever it holds (3.1)."""
    change = read_change(Body.of({"status": status, field: value}))
    assert isinstance(change, Change)
    assert useless is change.useless


@pytest.mark.parametrize(
    ("text", "index", "loose"),
    [("0", 0, False), ("2.0", 2, True), ("-0", 0, False), ("-0.0", 0, True), ("1e2", 100, True),
     ("12345678901234567890", 12345678901234567890, False)],
)  # fmt: skip
def test_the_index_of_a_step(text: str, index: int, loose: bool) -> None:
    """An integral double may be taken or refused, and is marked as such (1)."""
    change = read_change(Body(f'{{"status":"running","step_index":{text}}}'))
    assert isinstance(change, Change)
    assert (index, loose) == (change.step_index, change.loose)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", NotJson()),
        ("{", NotJson()),
        ("[]", Malformed(None)),
        ('"status"', Malformed(None)),
        ("null", Malformed(None)),
        ('{"status":"paused","a":NaN}', Beyond("NaN")),
    ],
)
def test_a_body_that_is_no_object(text: str, expected: object) -> None:
    """It is malformed as a whole, no JSON, or beyond the contract, for both kinds of body."""
    assert expected == read_change(Body(text)) == read_creation(Body(text))


FIELDS = (
    *("status", "current_step", "step_index", "policy", "reason", "output_payload"),
    *("error_details", "workflow_id", "steps", "tags", "metadata"),
)


@settings(max_examples=80, deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(FIELDS), JSON | st.sampled_from(["running", "completed", "failed"])
    )
)
def test_reading_an_object_is_total(fields: dict[str, Json]) -> None:
    """Whatever the fields hold, each reading yields an ask or says what is malformed."""
    body = Body.of(fields)
    assert isinstance(read_change(body), Change | Malformed)
    assert isinstance(read_creation(body), Creation | Malformed)
    if fields.get("status") not in list(Status):
        assert Malformed("status") == read_change(body)
