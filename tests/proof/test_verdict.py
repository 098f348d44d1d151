"""What a proof comes to: PASS only with every part of every case, checked and holding."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from attrs import evolve

from pt004_model.judge.checks import AREAS
from pt004_model.judge.oracle import Verdict
from pt004_model.model.commands import ChangeRun
from pt004_model.proof.outside import FcLog, Quoted
from pt004_model.proof.record import answer_path
from pt004_model.proof.verdict import (
    CAMPAIGN,
    FC_LOG,
    KEPT,
    PARTS,
    RAN,
    Proof,
    State,
    prove,
)
from pt004_model.report.summary import FindingDocument, Summary
from tests.audit.histories import rehash
from tests.habits import FREEDOMS, Habits
from tests.proof.proofs import CASES, HERE, altered, good, last, sound, taped
from tests.sampling import some
from tests.stub import Losing, Stub, Tampering

NAMES = (RAN, KEPT, *PARTS)
ALL = [(name, case) for case in CASES for name in NAMES]


def states(whole: Proof, case: str) -> dict[str, State]:
    """The parts of a case that did not pass."""
    found = {part.name: part.state for part in whole.parts if part.case == case}
    assert set(found) == set(NAMES)
    return {name: state for name, state in found.items() if state is not State.PASS}


def test_every_area_belongs_to_one_part() -> None:
    """No check of the judge is left out of a proof, and none is told twice."""
    assert sorted({*AREAS} - {"concurrency", "durability"}) == sorted(
        area for areas in PARTS.values() for area in areas
    )


@pytest.mark.parametrize("habits", some(FREEDOMS, 3))
def test_every_freedom_of_an_fc_passes(habits: Habits) -> None:
    """Whatever an FC does where it is free, every part is checked and holds."""
    whole = prove(*taped(Stub(habits=lambda: habits)))
    assert [part for part in whole.parts if part.state is not State.PASS] == []
    assert [(part.name, part.case) for part in whole.parts] == ALL
    assert whole.verdict is State.PASS


@pytest.mark.parametrize("at", range(len(ALL)), ids=map(str, ALL))
def test_no_part_may_be_amiss(at: int) -> None:
    """A part that failed is a failure; one that is unsure or not checked is no pass."""
    whole = sound()
    index = CASES.index(ALL[at][1])
    worse = {}
    for state in State:
        parts = [evolve(each, state=state) if (each.name, each.case) == ALL[at] else each
                 for each in whole.cases[index].parts]  # fmt: skip
        cases = list(whole.cases)
        cases[index] = evolve(cases[index], parts=tuple(parts))
        worse[state] = evolve(whole, cases=tuple(cases)).verdict
    assert worse == {
        State.PASS: State.PASS,
        State.FAIL: State.FAIL,
        State.UNSURE: State.UNSURE,
        State.NOT_CHECKED: State.UNSURE,
    }


def test_nothing_is_no_pass() -> None:
    """A proof without any part has proven nothing."""
    assert evolve(sound(), cases=()).verdict is State.UNSURE


Change: TypeAlias = Callable[[dict[str, Any]], object]


def entry(body: dict[str, Any], kind: str, number: int = 0) -> dict[str, Any]:
    """One of the log entries of a kind."""
    found: dict[str, Any] = [e for e in body["logs"] if e["event_type"] == kind][number]
    return found


def drop(body: dict[str, Any], kind: str, number: int = 0) -> None:
    """Take a log entry away."""
    body["logs"].remove(entry(body, kind, number))


LIES: dict[str, tuple[Change, str]] = {
    # what is changed in the last reading of policy_flag and sealed again; the part that then fails
    "a start is gone": (lambda b: drop(b, "FC-STEP-001", 2), "audit trail"),
    "a decision is another": (
        lambda b: entry(b, "FC-POL-001", 1)["details"].update(decision="allow"), "audit trail"
    ),
    "the gate is pending": (
        lambda b: b["gates"][0].update(status="pending"), "policy interaction"
    ),
    "the gate was approved by another": (
        lambda b: b["gates"][0].update(approved_by="x"), "policy interaction"
    ),
    "there is no gate": (lambda b: b["gates"].clear(), "policy interaction"),
    "the end is gone": (lambda b: drop(b, "FC-RUN-003"), "audit trail"),
    "an entry is of another run": (lambda b: b["logs"][3].update(run_id="x"), "audit trail"),
    "the run is another": (lambda b: b["run"].update(run_id="x"), "step visibility"),
    "the run has another status": (
        lambda b: b["run"].update(status="failed"), "step visibility"
    ),
    "fields of other types": (
        lambda b: [each.update(event_type=[{}], step_id={}, details=7) for each in b["logs"]],
        "audit trail",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "failing"), LIES.values(), ids=LIES)
def test_each_lie_is_found_by_the_check_that_finds_it_live(change: Change, failing: str) -> None:
    """A reading that tells something else fails the part that stands for the check."""
    record, answers = good()

    def lie(body: dict[str, Any]) -> None:
        change(body)
        rehash(body)

    whole = prove(record, altered(answers, last(record, "policy_flag"), lie))
    found = states(whole, "policy_flag")
    assert {RAN: State.FAIL, failing: State.FAIL}.items() <= found.items()
    assert states(whole, "happy_path") == {}
    assert whole.verdict is State.FAIL


BREAKS: dict[str, Change] = {
    "an entry is changed": lambda b: b["logs"][4].update(message="another"),
    "a hash is changed": lambda b: b["logs"][-1].update(receipt_hash="0" * 64),
    "a link is changed": lambda b: b["logs"][4].update(previous_receipt_hash=None),
    "a link is missing": lambda b: b["logs"][0].pop("previous_receipt_hash"),
    "the chain lacks one": lambda b: b["run"]["receipt_chain"].pop(),
    "the chain is no list": lambda b: b["run"].update(receipt_chain={}),
    "the seal is another": lambda b: b["run"].update(workflow_receipt_hash="0" * 64),
    "the seal is missing": lambda b: b["run"].pop("workflow_receipt_hash"),
    "there are none": lambda b: b["logs"].clear(),
    "an entry has no canonical form": lambda b: b["logs"][4].update(message="\ud800"),
}


@pytest.mark.parametrize("change", BREAKS.values(), ids=BREAKS)
def test_a_broken_chain_is_a_failure(change: Change) -> None:
    """Each way in which receipts can be wrong fails the proof."""
    record, answers = good()
    whole = prove(record, altered(answers, last(record, "policy_flag"), change))
    assert whole.verdict is State.FAIL
    assert whole.cases[1].result.verdict is Verdict.DIVERGES


def test_a_log_that_was_rewritten_is_seen_from_the_readings() -> None:
    """A log that is sound in itself, but not the one that was read before, is not append-only."""
    record, answers = good()

    def rewrite(body: dict[str, Any]) -> None:
        body["logs"][0]["message"] = "another"
        rehash(body)

    whole = prove(record, altered(answers, last(record, "happy_path"), rewrite))
    found, *_ = whole.cases[0].result.findings
    assert found.check == "audit.append-only"
    assert states(whole, "happy_path")["audit trail"] is State.FAIL


def test_an_answer_that_is_gone_is_no_answer() -> None:
    """Without the body of an answer its case cannot be judged, which is no pass."""
    record, answers = good()
    del answers[answer_path("policy_deny", 3)]
    whole = prove(record, answers)
    unsure = {RAN: State.UNSURE, KEPT: State.UNSURE}
    assert states(whole, "policy_deny") == {**dict.fromkeys(PARTS, State.NOT_CHECKED), **unsure}
    assert whole.verdict is State.UNSURE


def test_calls_that_the_test_does_not_make_are_no_pass() -> None:
    """A recording that goes on after the end of the test, or is of other calls, proves nothing."""
    record, answers = good()
    case = record.cases[0]
    longer = evolve(case, exchanges=(*case.exchanges, case.exchanges[-1]))
    path = answer_path(case.name, len(longer.exchanges))
    more = {**answers, path: answers[last(record, case.name)]}
    other = evolve(case, exchanges=(evolve(case.exchanges[0], body="{}"), *case.exchanges[1:]))
    for changed in (longer, other):
        whole = prove(evolve(record, cases=(changed, *record.cases[1:])), more)
        assert states(whole, "happy_path")[RAN] is State.UNSURE
        assert whole.verdict is State.UNSURE


def test_an_fc_that_is_gone_leaves_it_unsure() -> None:
    """A case that lost its FC is unsure, and what its log lacks is not held against it."""
    fates = itertools.chain(["kept"] * 6, ["lost"], itertools.repeat("kept"))
    whole = prove(*taped(Losing(Stub(), fates)))
    open_ = {RAN: State.UNSURE, **dict.fromkeys(PARTS, State.NOT_CHECKED)}
    assert states(whole, "happy_path") == open_
    assert whole.verdict is State.UNSURE
    whole = prove(*taped(Losing(Stub(), itertools.repeat("never"))))
    assert states(whole, "happy_path") == open_


def test_what_the_judge_found_is_a_failure() -> None:
    """A case that diverges fails by that alone."""
    refusing = Tampering(
        Stub(), lambda command, r: evolve(r, code=418) if isinstance(command, ChangeRun) else r
    )
    whole = prove(*taped(refusing))
    assert states(whole, "happy_path")[RAN] is State.FAIL
    assert whole.verdict is State.FAIL


def test_a_secret_that_an_answer_repeats_is_no_pass() -> None:
    """Such an answer cannot be kept as it came, so nobody can check it later."""
    record, answers = taped(Stub(), secrets=("step_2",))
    assert b"step_2" not in b"".join(answers.values())
    whole = prove(record, answers)
    found = states(whole, "happy_path")
    assert found[KEPT] is State.UNSURE
    assert State.FAIL not in {found[name] for name in PARTS}
    assert whole.verdict is not State.PASS


KNOWN = FindingDocument("0123456789ab", "policy.deny-blocks", severity="critical", known=True)
CAMPAIGN_DONE = Summary("conforms", requests=10, dialect="seed", base_url=HERE.base_url)


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, State.PASS),
        ({"verdict": "diverges"}, State.FAIL),
        ({"verdict": "unsure"}, State.UNSURE),
        ({"verdict": "great"}, State.UNSURE),
        ({"base_url": "http://elsewhere"}, State.UNSURE),
        ({"base_url": ""}, State.UNSURE),
        ({"dialect": "deployed"}, State.UNSURE),
        ({"verdict": "diverges", "dialect": "deployed"}, State.FAIL),
        ({"findings": (KNOWN,)}, State.FAIL),
        ({"findings": (evolve(KNOWN, severity="minor"),)}, State.PASS),
    ],
)
def test_a_campaign_counts(changes: dict[str, Any], state: State) -> None:
    """A campaign that was taken in must conform, and be of the same FC."""
    record, answers = good()
    whole = prove(evolve(record, campaign=evolve(CAMPAIGN_DONE, **changes)), answers)
    assert [(part.name, part.state) for part in whole.others] == [(CAMPAIGN, state)]
    assert whole.verdict is state


def test_the_port_of_an_embedded_fc_is_not_compared() -> None:
    """An embedded FC has another address each time."""
    record, answers = good()
    here = evolve(HERE, embedded=True, base_url="http://127.0.0.1:1")
    whole = prove(evolve(record, circumstances=here, campaign=CAMPAIGN_DONE), answers)
    assert whole.verdict is State.PASS


@pytest.mark.parametrize(
    ("counts", "state"), [((1, 2, 3), State.PASS), ((1, 0, 3), State.UNSURE), ((), State.UNSURE)]
)
def test_a_log_must_name_every_run(counts: tuple[int, ...], state: State) -> None:
    """A log of the FC that says nothing of a run is no evidence for it."""
    record, answers = good()
    quoted = tuple(Quoted(case, count, ()) for case, count in zip(CASES, counts, strict=False))
    whole = prove(evolve(record, fc_logs=(FcLog("fc.log", 1, "", quoted),)), answers)
    assert [(part.name, part.state) for part in whole.others] == [(FC_LOG, state)]
    assert whole.verdict is state
