"""Ungoverned runs: the graph of statuses, and decisions that bind all the same (section 3.3)."""

from __future__ import annotations

from itertools import product

import pytest

from pt004_model.model.asks import Change
from pt004_model.model.rules import Rule
from pt004_model.model.run import Run, State, step
from pt004_model.vocabulary import Decision, Status
from tests.model.helpers import (
    ACCEPTED,
    EITHER,
    ILLEGAL,
    MALFORMED,
    after,
    change,
    free,
    lived,
    new,
    refused,
    verdict,
)

ROWS: list[tuple[Run, Change, str]] = [
    (free("pending"), change("running"), ACCEPTED),
    (free("pending"), change("running", "anything", 7, "flag"), ACCEPTED),
    (free("pending"), change("failed"), EITHER),
    (free("pending"), change("failed", "x", 3), EITHER),
    (free("pending"), change("pending"), Rule.NO_SUCH_CHANGE),
    (free("pending"), change("paused"), Rule.NO_SUCH_CHANGE),
    (free("pending"), change("completed"), Rule.NO_SUCH_CHANGE),
    (free("running"), change("running"), EITHER),
    (free("running", "allow"), change("running", "x", 0, "deny"), EITHER),
    (free("running"), change("paused", "x"), ACCEPTED),
    (free("running"), change("completed", None, 9), ACCEPTED),
    (free("running"), change("failed"), ACCEPTED),
    (free("running"), change("pending"), Rule.NO_SUCH_CHANGE),
    (free("paused"), change("running"), ACCEPTED),
    (free("paused"), change("running", None, None, "deny"), ACCEPTED),
    (free("paused"), change("failed"), ACCEPTED),
    (free("paused"), change("paused"), Rule.NO_SUCH_CHANGE),
    (free("paused"), change("completed"), Rule.NO_SUCH_CHANGE),
    (free("paused"), change("pending"), Rule.NO_SUCH_CHANGE),
    # after a flag neither running nor completed until it was paused and resumed
    (free("running", "flag"), change("running"), Rule.FLAG_BLOCKS),
    (free("running", "flag"), change("completed"), Rule.FLAG_BLOCKS),
    (free("running", "flag"), change("paused"), ACCEPTED),
    (free("running", "flag"), change("failed"), ACCEPTED),
    (free("running", "flag", True), change("running"), EITHER),
    (free("running", "flag", True), change("completed"), ACCEPTED),
    (free("paused", "flag"), change("running"), ACCEPTED),
    # after a deny only failed
    (free("running", "deny"), change("running"), Rule.DENY_BLOCKS),
    (free("running", "deny"), change("paused"), Rule.DENY_BLOCKS),
    (free("running", "deny"), change("completed"), Rule.DENY_BLOCKS),
    (free("running", "deny"), change("failed"), ACCEPTED),
    # a policy with a change to anything but running has no use (3.1)
    (free("running"), change("paused", None, None, "allow"), EITHER),
    (free("pending"), change("failed", None, None, "allow"), EITHER),
]


@pytest.mark.parametrize(("run", "asked", "expected"), ROWS)
def test_the_graph_of_statuses(run: Run, asked: Change, expected: str) -> None:
    """An ungoverned run has the graph of section 3.3 and no steps to check."""
    assert expected == verdict(run, asked)
    if isinstance(expected, Rule):
        assert refused(run, asked).codes == ILLEGAL


@pytest.mark.parametrize(("ended", "status"), list(product(("completed", "failed"), Status)))
def test_a_terminal_ungoverned_run_never_changes(ended: str, status: Status) -> None:
    """Whatever is asked of a terminal run is refused (3.4)."""
    assert verdict(free(ended), change(status)) == Rule.TERMINAL


def test_names_are_stored_as_sent_and_stay() -> None:
    """current_step and step_index come with any accepted change and stay when absent (3.3)."""
    run = lived(new(0), change("running", "x", 4), change("paused", None, 9), change("running"))
    assert (run.current_step, run.step_index) == ("x", 9)
    failed = after(run, change("failed", "y"))
    assert (failed.current_step, failed.step_index) == ("y", 9)
    assert (new(0).current_step, new(0).step_index) == (None, 0)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ([change("running")], (None, False)),
        ([change("running", decision="flag")], ("flag", False)),
        ([change("running", decision="allow"), change("running")], ("allow", False)),
        ([change("running", decision="flag"), change("paused")], ("flag", False)),
        (
            [change("running", decision="flag"), change("paused"), change("running")],
            ("flag", True),
        ),
        (
            [
                change("running", decision="flag"),
                change("paused"),
                change("running", decision="flag"),
            ],
            ("flag", False),
        ),
        (
            [
                change("running", decision="flag"),
                change("paused"),
                change("running", decision="deny"),
            ],
            ("deny", False),
        ),
        (
            [change("running", decision="allow"), change("running", decision="flag")],
            ("flag", False),
        ),
    ],
)
def test_the_decision_reported_last_binds(
    changes: list[Change], expected: tuple[str | None, bool]
) -> None:
    """Resuming clears the flag first, then a decision that it reports takes force (3.3)."""
    state = lived(new(0), *changes).state
    decision, cleared = expected
    wanted = None if decision is None else Decision(decision)
    assert State(changes[-1].status, None, wanted, cleared) == state


@pytest.mark.parametrize("run", [free("pending"), free("running"), free("paused")])
def test_an_unknown_decision_is_malformed(run: Run) -> None:
    """A policy that is no policy is refused with any change to running (3.1, 11)."""
    asked = change("running", policy={"decision": "maybe", "policy_id": "p", "reason": "r"})
    assert verdict(run, asked) == Rule.MALFORMED
    assert refused(run, asked).codes >= MALFORMED


def test_an_fc_never_acts_on_a_decision_by_itself() -> None:
    """The freedom of section 5.3 is for governed runs only."""
    for decision in ("allow", "flag", "deny"):
        (only,) = step(new(0), change("running", decision=decision), 1)
        assert isinstance(only, Run)
        assert only.state.status == "running"


def test_an_ungoverned_run_has_no_steps() -> None:
    """Its length is 0; a decision may name the step it shows, or none (7.2)."""
    assert (new(0).governed, new(0).length, new(2).length) == (False, 0, 2)
    run = lived(new(0), change("running", "x"), change("running", "y", decision="allow"))
    said = run.log[-1].step
    assert said is not None
    assert {"y", None} <= set(said.names)
