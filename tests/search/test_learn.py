"""An automaton that is learned of stubs and faults: the model's, or where it differs."""

from __future__ import annotations

import itertools
from random import Random
from typing import Any

import pytest
from attrs import evolve

from pt004_model.drive.session import Session
from pt004_model.embedded.faults import FAULTS
from pt004_model.judge.oracle import Oracle, Verdict
from pt004_model.model.suite import READ, REFUSED, machine
from pt004_model.search.campaign import Profile
from pt004_model.search.learn import Difference, LearnCampaign, completed, differences
from tests.drive.test_target import in_process
from tests.habits import FREEDOMS, wayward
from tests.stub import NAMES, Losing, Stub

SHORT = Profile("short", examples=1, commands=1, lengths=(1,), confirm=0, settle=(0, 0.0, 0.0))


def campaign(fc: Any, **more: Any) -> LearnCampaign:
    """A campaign that learns a stub."""
    return LearnCampaign(Session(fc, Oracle(NAMES)), SHORT, 0, **more)


@pytest.mark.system
@pytest.mark.parametrize(
    "habits", ["plain", "refuses whenever it may", "acts on decisions by itself"]
)
def test_a_conforming_fc_is_the_model(habits: str) -> None:
    """Whatever freedom it takes, what is learned is the model with these choices."""
    made = campaign(Stub(habits=lambda: FREEDOMS[habits]))
    assert made.run().verdict is Verdict.CONFORMS
    assert made.differing == {1: ()}
    if habits == "plain":
        assert made.learned[1].table == completed(machine(1)) or not differences(
            completed(machine(1)), made.learned[1].table
        )
        assert len(made.learned[1].table) == len(machine(1).table)


@pytest.mark.system
def test_a_fault_is_a_difference_and_a_finding() -> None:
    """The difference has the shortest calls that show it, and what they show is a finding."""
    made = LearnCampaign(in_process("denied-step-may-pause"), SHORT, 0)
    result = made.run()
    assert made.differing[1] == (Difference(("start-deny", "pause"), REFUSED, "paused, step 0"),)
    assert result.verdict is Verdict.DIVERGES
    assert [each.finding.check for each in result.findings] == ["policy.deny-blocks"]


def test_an_fc_that_varies_is_told_with_the_call() -> None:
    """An answer that keeps varying ends it as unsure, and says which call it was."""
    dice = Random(5)  # noqa: S311 - no secret
    result = campaign(Stub(habits=wayward(dice))).run()
    assert result.verdict is Verdict.UNSURE
    assert result.why.startswith("the FC varies: after ")


def test_without_an_answer_nothing_is_learned() -> None:
    """A call that gets no answer ends it as unsure."""
    fates = itertools.cycle(["kept"] * 50 + ["unsent"])
    result = campaign(Losing(Stub(), fates)).run()
    assert result.verdict is Verdict.UNSURE
    assert "a call got no answer" in result.why


def test_what_was_not_learned_to_the_end_is_unsure() -> None:
    """Of an FC for which the time did not suffice nothing can be said."""
    made = campaign(Stub())
    made.profile = evolve(made.profile, seconds=-60.0)  # what is begun is given some seconds more
    result = made.run()
    assert (result.verdict, result.why) == (
        Verdict.UNSURE, "learning was not finished: 0 of 1 automata were compared with the model",
    )  # fmt: skip


@pytest.mark.system
def test_what_was_asked_is_not_asked_again() -> None:
    """With what was asked before, nothing is sent but what tries differences."""
    first = campaign(Stub())
    first.run()
    stub = Stub()
    again = campaign(stub, asked=first.asked)
    again.run()
    assert again.learned == first.learned
    assert not stub.asked


def test_differences_end_where_automata_part() -> None:
    """Behind a difference nothing is compared: the states are no longer the same."""
    right = completed(machine(1))
    wrong = {state: dict(row) for state, row in right.items()}
    wrong[0]["fail"] = (REFUSED, 0)
    wrong[0][READ] = ("running", 0)
    assert set(differences(right, wrong)) == {
        Difference(("fail",), "failed", REFUSED),
        Difference((READ,), "pending", "running"),
    }
    assert differences(right, right) == ()


SHOWN = {
    "approval-outlives-its-step": 2,
    "completed-run-counts-past-its-end": 1,
    "denied-step-may-pause": 1,
    "deny-after-flag-is-weaker": 2,
    "failed-run-forgets-its-step": 1,
    "flag-on-last-step-ignored": 1,
    "late-failure-overwrites-completion": 1,
    "paused-run-completes": 1,
    "paused-run-pauses-again": 1,
    "resume-approves-the-next-step": 2,
    "resume-goes-back": 2,
    "resume-jumps-ahead": 3,
    "resume-needs-no-policy": 2,
    "second-attempt-passes-the-flag": 1,
    "step-runs-twice": 2,
    "ungoverned-deny-not-binding": 0,
    "ungoverned-run-need-not-start": 0,
}
"""Faults that show in accepted or refused, status, step or gate: the steps of a run that does."""
_FIELD = "a field shows it that is no part of an answer here"
_BODY = "takes a body that no input has"
_LONGER = "takes runs of four steps or more"
_HIDDEN = "a state of its own, some moves behind one that looks the same: pt004 complete --extra"
UNSEEN = {
    "completion-time-of-another-zone": _FIELD,
    "deny-on-last-step-completes": _LONGER,
    "fourth-pause-refused": _HIDDEN,
    "id-alone-names-a-step": _BODY,
    "index-alone-names-a-step": _BODY,
    "last-step-may-be-omitted": _LONGER,
    "long-run-skips-steps": _LONGER,
    "output-lost-after-approval": _FIELD,
    "pause-leaves-updated-at": _FIELD,
    "paused-run-fails-silently": _FIELD,
    "read-cache-misses-pauses": _HIDDEN,
    "reason-of-a-decision-optional": _BODY,
    "refusal-moves-updated-at": _FIELD,
    "repeated-flag-not-logged": _FIELD,
    "resume-may-name-another-step": _BODY,
    "resume-restarts-the-clock": _FIELD,
    "run-changes-hands": _FIELD,
    "step-names-ignore-case": _BODY,
    "third-flag-needs-no-approval": _LONGER,
    "unknown-decision-allows": _BODY,
}
"""Faults that do not, and why."""


def test_every_fault_of_the_lifecycle_shows_or_it_is_said_why_not() -> None:
    """Each fault of lifecycle, steps and policy is in one of both lists."""
    areas = {"lifecycle", "steps", "policy"}
    assert sorted([*SHOWN, *UNSEEN]) == sorted(n for n, f in FAULTS.items() if f.area in areas)


@pytest.mark.slow
@pytest.mark.parametrize("fault", SHOWN)
def test_a_fault_that_shows_is_a_difference(fault: str) -> None:
    """What is learned differs from the model there, and it is a finding when gone through."""
    length = SHOWN[fault]
    made = LearnCampaign(in_process(fault), evolve(SHORT, lengths=(length,)), 0)
    assert made.run().verdict is Verdict.DIVERGES
    assert made.differing[length]
