"""Findings: one fault, one fingerprint; texts for people that quote what came."""

from __future__ import annotations

from typing import Final, TypeAlias

import pytest
from attrs import evolve

from pt004_model.judge.finding import (
    MISSING,
    Finding,
    Saying,
    classes_of,
    disagreement,
    fingerprint,
    kind_of,
    quote,
)
from pt004_model.model.commands import Caller, ChangeRun, Command, ReadRun
from pt004_model.model.values import Body, Json
from tests.judge.helpers import (
    CREATE,
    DENIED,
    DONE,
    FLAGGED,
    PAUSED,
    READ,
    STARTED,
    STRANGER,
    Tamper,
    accepted,
    change,
    create,
    moved,
    put,
    refused,
    start,
    talk,
)

_KEPT = "lifecycle.sent-data-kept"


Fault: TypeAlias = tuple[Tamper, Command, *tuple[Command, ...]]


def finding(fault: Fault) -> Finding:
    """The first finding when the stub's answer to a command is tampered with.

    A fault is the tampering, the command, and the commands before it.
    """
    tamper, command, *prior = fault
    conversation = talk(*prior)
    return conversation.judge(command, tamper(conversation.answer(command))).findings[0]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            (put("run.status", "running"), READ, CREATE),
            (put("run.status", "failed"), ReadRun(1), create(number=1)),
        ),
        (
            (put("run.tags", []), READ, CREATE),
            (put("run.tags", ["y"]), READ, create("x", tags=["y", "z"])),
        ),
        (
            (moved("run.updated_at", 9), start("a", 0), CREATE),
            (moved("run.updated_at", 11), change("paused"), *STARTED),
        ),
        (
            (refused(409), start("b", 1), *STARTED),
            (refused(422), start("y", 1, actor=2), create("x", "y", "z"), start("x", 0)),
        ),
        (
            (accepted(), start("b", 1), *FLAGGED),
            (accepted(), start("z", 1), create("y", "z"), start("y", 0, "flag")),
        ),
        (
            (put("logs.-1.details.reason", "x"), change("paused", reason="a"), *STARTED),
            (
                put("logs.-1.details.reason", "y"),
                change("paused", reason="b"),
                create("q"),
                start("q", 0),
            ),
        ),
        (
            (put("gates.0.gate_id", "x"), READ, *PAUSED),
            (put("gates.0.gate_id", "y"), ReadRun(0, logs=False), *PAUSED),
        ),
        (
            (accepted(), start("c", 1), *STARTED),
            (accepted(), start("z", 1), create("y", "yy"), start("y", 0), change("paused")),
        ),
        (
            (accepted(), start("c", 2), *STARTED),
            (accepted(), start("c", 2), *STARTED, change("paused")),
        ),
        (
            (accepted(), change("failed"), *DONE),
            (accepted(), change("failed", step_index=7), *DONE),
        ),
    ],
    ids=(
        "status", "tags", "time", "refused", "accepted", "reason", "gate",
        "misnamed", "skipped", "ended",
    ),
)  # fmt: skip
def test_one_fault_has_one_fingerprint(one: Fault, other: Fault) -> None:
    """Values, ids, times, names and numbers of runs do not show in a fingerprint."""
    first, second = finding(one), finding(other)
    assert first.check == second.check
    assert first.fingerprint == second.fingerprint


DIFFERENT: Final[dict[str, Fault]] = {
    "status": (put("run.status", "running"), READ, CREATE),
    "status null": (put("run.status", None), READ, CREATE),
    "tags": (put("run.tags", []), READ, CREATE),
    "tags null": (put("run.tags", None), READ, CREATE),
    "metadata": (put("run.metadata", None), READ, CREATE),
    "flag, next": (accepted(), start("b", 1), *FLAGGED),
    "flag, complete": (accepted(), change("completed"), create("a"), start("a", 0, "flag")),
    "deny, next": (accepted(), start("b", 1), *DENIED),
    "refused": (refused(409), start("b", 1), *STARTED),
    "refused deny": (refused(409), start("b", 1, "deny"), *STARTED),
    "skip": (accepted(), start("c", 2), *STARTED),
    "repeat": (accepted(), start("a", 0), *STARTED),
    "code 404": (refused(404), change("paused"), CREATE),
    "code 410": (refused(410), change("paused"), CREATE),
    "foreign": (accepted(), ReadRun(0, caller=STRANGER), CREATE),
    "no tenant": (accepted(), ReadRun(0, caller=Caller(actor=-1)), CREATE),
    "error on read": (refused(500), READ, CREATE),
    "error on start": (refused(500), start("a", 0), CREATE),
}


def test_different_faults_have_different_fingerprints() -> None:
    """The check, what was sent, and where the run stood tell faults apart."""
    found = {name: finding(fault).fingerprint for name, fault in DIFFERENT.items()}
    assert len(found) == len(set(found.values())), found


def test_the_same_fault_in_another_run_is_no_new_one() -> None:
    """What else is going on beside a run does not show in the fingerprint of its fault."""
    beside = finding((put("run.status", "running"), READ, create("x", number=1), CREATE))
    assert finding(DIFFERENT["status"]).fingerprint == beside.fingerprint


def test_fingerprints_are_short_and_stay() -> None:
    """A fingerprint is the key of known findings, so it may never come out otherwise."""
    # printf 'lifecycle.sent-data-kept\0tags\0null' | sha256sum
    assert fingerprint(_KEPT) == "5c6b40706a32"
    assert fingerprint(_KEPT, "tags", "null") == "7d93908a1555"
    assert fingerprint(_KEPT, "ab", "c") != fingerprint(_KEPT, "a", "bc")
    assert fingerprint(_KEPT, "\ud800") != fingerprint(_KEPT, "\ud801")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (MISSING, "missing"),
        (None, "null"),
        (True, "boolean"),
        (0, "number"),
        (0.5, "number"),
        ("", "string"),
        ({}, "object"),
        ([], "list"),
        ((), "list"),
    ],
)
def test_values_have_kinds(value: object, expected: str) -> None:
    """The kind of a JSON value; true is no number."""
    assert expected == kind_of(value)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (MISSING, "nothing"),
        (None, "null"),
        ("e\u0301", '"e\\u0301"'),
        ("\ud800", '"\\ud800"'),
        ({"a": [1, 2.5]}, '{"a": [1, 2.5]}'),
        ("x" * 300, '"' + "x" * 199 + "… (102 more)"),
    ],
)
def test_values_are_quoted_for_people(value: object, expected: str) -> None:
    """What an FC sent is shown as JSON in ASCII, cut to a readable length."""
    assert expected == quote(value)


def test_a_finding_is_told_in_one_line() -> None:
    """Which check, where, what was expected and what came."""
    found = disagreement("gates.status", "gates[0].status", "pending", MISSING)
    assert found.area == "gates"
    expected = 'gates.status: gates[0].status: expected "pending", got nothing'
    assert expected == str(found)


def test_sayings_are_shown_as_they_are() -> None:
    """A saying is no value, so it is not quoted, and it is a class of its own."""
    found = disagreement("gates.gate-name", "gates[0]", Saying("a name"), Saying("none"))
    assert (found.expected, found.observed) == ("a name", "none")
    other = disagreement("gates.gate-name", "gates[0]", Saying("a word"), Saying("none"))
    assert found.fingerprint != other.fingerprint


def test_classes_take_the_place_of_kinds() -> None:
    """With classes given, the values themselves no longer show in the fingerprint."""
    values: tuple[Json, ...] = (None, 1, "x")
    found = {disagreement("audit.kinds", "logs", "a", each, "c").fingerprint for each in values}
    assert len(found) == 1


def test_a_name_that_cannot_be_encoded_is_still_found() -> None:
    """A field named by a lone surrogate that comes up in an old entry is told, not raised."""
    found = finding((put("logs.0.\ud800", 1, sealed=False), READ, CREATE))
    assert found.check == "audit.append-only"


def test_an_illegal_change_of_a_foreign_run_is_told_as_foreign() -> None:
    """What the run's state is does not matter to one who may not see it."""
    body = Body.of({"status": "paused"})
    one = finding((accepted(), ChangeRun(0, body, STRANGER), CREATE))
    other = finding((accepted(), evolve(ChangeRun(0, body), caller=STRANGER), *STARTED))
    assert one.check == "isolation.foreign-run"
    assert one.fingerprint == other.fingerprint


NESTED: Final[dict[str, Json]] = {"a": [{"b": {"c": 1}}], "n": None, "t": "x"}


@pytest.mark.parametrize(
    ("observed", "manner"),
    [
        ({"a": [{"b": {"c": 1}}], "t": "x"}, "nulls left out"),
        ({"a": [{"b": {"c": 1}}], "n": None}, "names left out"),
        ({"a": [{"b": {"c": 1}}], "n": None, "T": "x"}, "other names"),
        ({**NESTED, "more": 1}, "more names"),
        ({**NESTED, "a": []}, "fewer items"),
        ({**NESTED, "a": [{"b": {"c": 1}}] * 2}, "more items"),
        ({**NESTED, "a": [{"b": {}}]}, "names left out"),
        ({**NESTED, "a": [{"b": None}]}, "object, null"),
        ({**NESTED, "a": [{"b": {"c": 2}}]}, "another value"),
        ({**NESTED, "t": "y"}, "another value"),
        ({**NESTED, "n": "null"}, "null, string"),
    ],
)
def test_the_manner_in_which_an_object_is_altered_is_a_class(observed: Json, manner: str) -> None:
    """Two faults that alter one field in two ways are two findings, whatever the values are."""
    assert ("object", manner) == classes_of(NESTED, observed)
