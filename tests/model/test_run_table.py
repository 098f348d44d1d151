"""The table of legal changes of a governed run (contract section 3.2), row by row and whole."""

from __future__ import annotations

from itertools import product

import pytest

from pt004_model.model.asks import Change
from pt004_model.model.rules import Refusal, Rule
from pt004_model.model.run import GOVERNED, UNGOVERNED, Run
from pt004_model.vocabulary import Status
from tests.model.helpers import (
    ACCEPTED,
    EITHER,
    ILLEGAL,
    NAMES,
    after,
    at,
    change,
    refused,
    start,
    verdict,
)

to = change
PENDING = at("pending")
LEGAL: list[tuple[Run, Change, str]] = [
    # pending -> running, step 0, always
    (PENDING, start(0, "allow"), ACCEPTED),
    (PENDING, start(0, "flag"), ACCEPTED),
    (PENDING, start(0, "deny"), ACCEPTED),
    # running -> running, step k+1, when k+1 < n and step k is clear
    (at("running", 0, "allow"), start(1), ACCEPTED),
    (at("running", 1, "flag", cleared=True), start(2, "deny"), ACCEPTED),
    # running -> paused, none or k, when d is not deny
    (at("running", 0, "allow"), to("paused"), ACCEPTED),
    (at("running", 0, "allow"), to("paused", "a"), ACCEPTED),
    (at("running", 1, "flag"), to("paused", None, 1), ACCEPTED),
    (at("running", 2, "flag", cleared=True), to("paused", "c", 2), ACCEPTED),
    # paused -> running, none or k: resumes within the step
    (at("paused", 1, "allow"), to("running"), ACCEPTED),
    (at("paused", 1, "flag"), to("running", "b"), ACCEPTED),
    (at("paused", 1, "flag"), to("running", None, 1), ACCEPTED),
    (at("paused", 1, "flag", cleared=True), to("running", "b", 1), ACCEPTED),
    # paused -> running, step k+1, when k+1 < n: resumes and starts it
    (at("paused", 0, "allow"), start(1, "flag"), ACCEPTED),
    (at("paused", 1, "flag"), start(2), ACCEPTED),
    # paused -> failed, none or k, always
    (at("paused", 0, "allow"), to("failed"), ACCEPTED),
    (at("paused", 0, "flag"), to("failed", "a", 0), ACCEPTED),
    # running -> completed, none or k, when k = n-1 and step k is clear
    (at("running", 2, "allow"), to("completed"), ACCEPTED),
    (at("running", 2, "allow"), to("completed", "c", 2), ACCEPTED),
    (at("running", 2, "flag", cleared=True), to("completed"), ACCEPTED),
    (at("running", 0, "allow", length=1), to("completed"), ACCEPTED),
    # running -> failed, none or k, always
    (at("running", 0, "allow"), to("failed"), ACCEPTED),
    (at("running", 1, "flag"), to("failed", "b"), ACCEPTED),
    (at("running", 2, "deny"), to("failed", None, 2), ACCEPTED),
    # pending -> failed, none: may
    (PENDING, to("failed"), EITHER),
]
FORBIDDEN: list[tuple[Run, Change, Rule]] = [
    # skipping a step
    (PENDING, start(1), Rule.NEXT_STEP_ONLY),
    (PENDING, start(2), Rule.NEXT_STEP_ONLY),
    (at("running", 0, "allow"), start(2), Rule.NEXT_STEP_ONLY),
    (at("paused", 0, "allow"), start(2), Rule.NEXT_STEP_ONLY),
    # repeating one; a status twice in a row
    (at("running", 1, "allow"), start(1), Rule.NEXT_STEP_ONLY),
    (at("running", 1, "allow"), to("running", "b"), Rule.NEXT_STEP_ONLY),
    (at("running", 1, "allow"), to("running"), Rule.NEXT_STEP_ONLY),
    (PENDING, to("pending"), Rule.NO_SUCH_CHANGE),
    (at("paused", 1, "flag"), to("paused"), Rule.NO_SUCH_CHANGE),
    # going back
    (at("running", 2, "allow"), start(1), Rule.NEXT_STEP_ONLY),
    (at("paused", 2, "allow"), start(0), Rule.NEXT_STEP_ONLY),
    (at("running", 0, "allow"), to("pending"), Rule.NO_SUCH_CHANGE),
    (at("paused", 0, "flag"), to("pending"), Rule.NO_SUCH_CHANGE),
    (at("running", 0, "allow"), to("pending", "b", 1), Rule.NO_SUCH_CHANGE),
    # completing early, or from anywhere but running
    (at("running", 1, "allow"), to("completed"), Rule.NO_EARLY_COMPLETION),
    (at("running", 1, "flag"), to("completed"), Rule.NO_EARLY_COMPLETION),
    (PENDING, to("completed"), Rule.NO_SUCH_CHANGE),
    (at("paused", 2, "allow"), to("completed"), Rule.NO_SUCH_CHANGE),
    # pausing what is not running
    (PENDING, to("paused"), Rule.NO_SUCH_CHANGE),
    # no step after the last
    (at("running", 2, "allow"), to("running", "d", 3, "allow"), Rule.NAMES_ITS_STEP),
    # a step starts with both names, and they agree with the declared steps
    (PENDING, to("running"), Rule.NEXT_STEP_ONLY),
    (PENDING, to("running", "a", None, "allow"), Rule.NAMES_ITS_STEP),
    (PENDING, to("running", None, 0, "allow"), Rule.NAMES_ITS_STEP),
    (PENDING, to("running", "a", 1, "allow"), Rule.NAMES_ITS_STEP),
    (PENDING, to("running", "A", 0, "allow"), Rule.NAMES_ITS_STEP),
    (at("running", 0, "allow"), to("running", "a", 1, "allow"), Rule.NAMES_ITS_STEP),
    (at("running", 0, "allow"), to("running", "b", None, "allow"), Rule.NAMES_ITS_STEP),
    (at("running", 0, "allow"), to("running", None, 1, "allow"), Rule.NAMES_ITS_STEP),
    # "none, or k": a name that is there must be that of step k
    (at("running", 1, "allow"), to("paused", "a"), Rule.NAMES_ITS_STEP),
    (at("running", 1, "allow"), to("paused", None, 2), Rule.NAMES_ITS_STEP),
    (at("running", 1, "allow"), to("failed", "b", 0), Rule.NAMES_ITS_STEP),
    (at("running", 2, "allow"), to("completed", "b", 2), Rule.NAMES_ITS_STEP),
    (at("paused", 1, "flag"), to("failed", "c"), Rule.NAMES_ITS_STEP),
    (at("paused", 1, "flag"), to("running", "a"), Rule.NAMES_ITS_STEP),
    (at("paused", 1, "flag"), to("running", None, 0), Rule.NAMES_ITS_STEP),
    (PENDING, to("failed", "a"), Rule.NAMES_ITS_STEP),
    (PENDING, to("failed", None, 0), Rule.NAMES_ITS_STEP),
    # fail closed: no step starts without a decision (section 5.1)
    (PENDING, to("running", "a", 0), Rule.DECISION_REQUIRED),
    (at("running", 0, "allow"), to("running", "b", 1), Rule.DECISION_REQUIRED),
    (at("paused", 0, "flag"), to("running", "b", 1), Rule.DECISION_REQUIRED),
    # a flag holds the run until it was paused and resumed (section 5.2)
    (at("running", 0, "flag"), start(1), Rule.FLAG_BLOCKS),
    (at("running", 2, "flag"), to("completed"), Rule.FLAG_BLOCKS),
    # after a deny only failing is left (section 5.2)
    (at("running", 0, "deny"), start(1), Rule.DENY_BLOCKS),
    (at("running", 0, "deny"), to("paused"), Rule.DENY_BLOCKS),
    (at("running", 2, "deny"), to("completed"), Rule.DENY_BLOCKS),
]
ENDED = [
    at("completed", 2, "allow"),
    at("failed", 1, "deny"),
    at("failed"),
    at("failed", 0, "flag"),
]


def _name(row: object) -> str:
    return str(row.state) if isinstance(row, Run) else str(getattr(row, "status", row))


@pytest.mark.parametrize(("run", "asked", "expected"), LEGAL, ids=_name)
def test_each_legal_change_is_accepted(run: Run, asked: Change, expected: str) -> None:
    """A change that the table has must be accepted; pending to failed may be (3.2)."""
    assert expected == verdict(run, asked)
    assert asked.status == after(run, asked).state.status


@pytest.mark.parametrize(("run", "asked", "expected"), FORBIDDEN, ids=_name)
def test_each_illegal_change_is_refused(run: Run, asked: Change, expected: Rule) -> None:
    """A change that the table lacks must be refused, with 409, 400 or 422 (3.2, 11)."""
    assert expected == verdict(run, asked)
    assert refused(run, asked).codes == ILLEGAL


def test_an_illegal_change_with_an_integral_double() -> None:
    """Such an index is one more reason to refuse, with the codes of both (1, 11)."""
    found = refused(at("running", 0, "allow"), to("running", "c", 2.0, "allow"))
    assert found == Refusal(Rule.NEXT_STEP_ONLY, frozenset({400, 409, 413, 415, 422}))


@pytest.mark.parametrize("run", ENDED, ids=_name)
@pytest.mark.parametrize("status", list(Status))
def test_a_terminal_run_never_changes(run: Run, status: Status) -> None:
    """Whatever is asked of a terminal run is refused (3.4)."""
    assert verdict(run, change(status)) == Rule.TERMINAL
    assert verdict(run, start(2)) == Rule.TERMINAL


def test_the_tables_have_a_row_for_every_status() -> None:
    """Both tables list every status, the terminal ones with nothing that is legal (3.4)."""
    assert list(Status) == list(GOVERNED) == list(UNGOVERNED)
    for table in (GOVERNED, UNGOVERNED):
        assert {} == table[Status.COMPLETED] == table[Status.FAILED]


def _legal(run: Run, asked: Change) -> str | None:
    """Section 3.2 written down once more, as plainly as it stands there; ``None``: refused."""
    here, length = run.state.step, run.length
    k = -1 if here is None else here
    decision = None if run.state.decision is None else str(run.state.decision)
    clear = decision == "allow" or (decision == "flag" and run.state.cleared)
    name, index = asked.current_step, asked.step_index
    nothing = name is None and index is None
    none_or_k = nothing or (k >= 0 and name in {None, NAMES[k]} and (index is None or index == k))
    following = k + 1 < length and name == NAMES[k + 1] and index == k + 1
    starts = following and asked.policy is not None
    plain = ACCEPTED if asked.policy is None else EITHER  # a policy without use (3.1)
    match (str(run.state.status), str(asked.status)):
        case ("pending", "running"):
            return ACCEPTED if starts else None
        case ("pending", "failed"):
            return EITHER if nothing else None
        case ("running", "running"):
            return ACCEPTED if starts and clear else None
        case ("running", "paused"):
            return plain if none_or_k and decision != "deny" else None
        case ("paused", "running"):
            return plain if none_or_k else ACCEPTED if starts else None
        case ("running" | "paused", "failed"):
            return plain if none_or_k else None
        case ("running", "completed"):
            return plain if none_or_k and k == length - 1 and clear else None
    return None


def _states(length: int) -> list[Run]:
    runs = [at("pending", length=length), at("failed", length=length)]
    flags = (("allow", False), ("flag", False), ("flag", True), ("deny", False))
    for index, status, (decision, cleared) in product(
        range(length), ("running", "paused", "completed", "failed"), flags
    ):
        if (status, decision) != ("paused", "deny"):
            runs.append(at(status, index, decision, cleared, length))
    return runs


@pytest.mark.parametrize("length", [1, 2, 3])
def test_the_whole_table(length: int) -> None:
    """Every form of change in every state is judged as section 3.2 says, read independently."""
    names = (None, *NAMES[: length + 1])
    indexes = (None, *range(length + 1))
    bodies = [
        change(status, name, index, decision)
        for status, name, index, decision in product(
            Status, names, indexes, (None, "allow", "flag", "deny")
        )
    ]
    wrong = []
    for run, asked in product(_states(length), bodies):
        found = verdict(run, asked)
        expected = _legal(run, asked)
        if (expected or "refused") != (found if found in {ACCEPTED, EITHER} else "refused"):
            wrong.append((str(run.state), asked, expected, found))
    assert wrong == []
