"""What a proof comes to: PASS only with every part of every case, checked and holding."""

from __future__ import annotations

import hashlib
import itertools
import json
from collections.abc import Callable
from typing import Any, TypeAlias

import pytest
from attrs import evolve

from pt004_model.evidence.proof.envelope import read_envelope
from pt004_model.evidence.proof.facts import (
    APPENDED,
    AUDIT,
    CAMPAIGN,
    FC_LOG,
    JUDGED,
    KEPT,
    PARTS,
    POLICY,
    RECEIPTS,
    STEPS,
    Part,
    Proof,
    State,
    overall,
    proof,
)
from pt004_model.evidence.proof.outside import Campaign, CampaignCoverage, FcLog, Quoted
from pt004_model.evidence.proof.record import Record
from pt004_model.judge.oracle import Verdict
from pt004_model.model.commands import ChangeRun
from tests.evidence.proofs import CASES, HERE, taped
from tests.habits import FREEDOMS, Habits
from tests.stub import Losing, Stub, Tampering, digest

ALL = [(name, case) for case in CASES for name in PARTS]
PASSED = [Part(name, case, State.PASS, "") for name, case in ALL]


def read(record: Record, envelopes: dict[str, bytes]) -> Proof:
    """The proof of a record with envelopes as bytes."""
    return proof(record, {case: read_envelope(content) for case, content in envelopes.items()})


def states(whole: Proof, case: str) -> dict[str, State]:
    """The parts of a case that did not pass."""
    found = {part.name: part.state for part in whole.parts if part.case == case}
    assert set(found) == set(PARTS)
    return {name: state for name, state in found.items() if state is not State.PASS}


@pytest.mark.parametrize("habits", FREEDOMS.values(), ids=FREEDOMS)
def test_every_freedom_of_an_fc_passes(habits: Habits) -> None:
    """Whatever an FC does where it is free, every part is checked and holds."""
    whole = read(*taped(Stub(habits=lambda: habits)))
    assert [part for part in whole.parts if part.state is not State.PASS] == []
    assert [(part.name, part.case) for part in whole.parts] == ALL
    assert whole.verdict is State.PASS


@pytest.mark.parametrize("at", range(len(ALL)), ids=map(str, ALL))
def test_no_part_may_be_amiss(at: int) -> None:
    """A part that failed is a failure; one that is unsure, not checked or missing is no pass."""
    worse = {
        state: overall([*PASSED[:at], evolve(PASSED[at], state=state), *PASSED[at + 1 :]])
        for state in State
    }
    assert worse == {
        State.PASS: State.PASS,
        State.FAIL: State.FAIL,
        State.UNSURE: State.UNSURE,
        State.NOT_CHECKED: State.UNSURE,
    }
    assert overall([*PASSED[:at], *PASSED[at + 1 :]]) is State.UNSURE


def test_nothing_is_no_pass() -> None:
    """A proof without any part has proven nothing."""
    assert overall([]) is State.UNSURE


Change: TypeAlias = Callable[[dict[str, Any]], object]


def entry(body: dict[str, Any], kind: str, number: int = 0) -> dict[str, Any]:
    """One of the log entries of a kind."""
    found: dict[str, Any] = [e for e in body["logs"] if e["event_type"] == kind][number]
    return found


def drop(body: dict[str, Any], kind: str, number: int = 0) -> None:
    """Take a log entry away."""
    body["logs"].remove(entry(body, kind, number))


def reseal(body: dict[str, Any]) -> None:
    """Make all receipts of an envelope right again."""
    before = None
    for each in body["logs"]:
        each.pop("receipt_hash", None)
        each["previous_receipt_hash"] = before
        before = each["receipt_hash"] = digest(each)
    body["run"]["receipt_chain"] = [each["receipt_hash"] for each in body["logs"]]
    body["run"]["workflow_receipt_hash"] = digest(body["run"]["receipt_chain"])


LIES: dict[str, tuple[Change, set[str]]] = {
    # what is changed in the envelope of policy_flag and sealed again, the parts that then fail
    "a start is gone": (lambda b: drop(b, "FC-STEP-001", 2), {STEPS}),
    "an end is gone": (lambda b: drop(b, "FC-STEP-002", 1), {STEPS}),
    "a step has another name": (
        lambda b: entry(b, "FC-STEP-001").update(step_id="step_9"), {STEPS}
    ),
    "a step ended otherwise": (
        lambda b: entry(b, "FC-STEP-002")["details"].update(outcome="failed"), {STEPS}
    ),
    "a decision is gone": (lambda b: drop(b, "FC-POL-001", 1), {POLICY}),
    "a decision is another": (
        lambda b: entry(b, "FC-POL-001", 1)["details"].update(decision="allow"), {POLICY}
    ),
    "a decision has no reason": (
        lambda b: entry(b, "FC-POL-001", 1)["details"].pop("reason"), {POLICY}
    ),
    "the gate is pending": (lambda b: b["gates"][0].update(status="pending"), {POLICY}),
    "the gate was approved by another": (
        lambda b: b["gates"][0].update(approved_by="x"), {POLICY}
    ),
    "there is no gate": (lambda b: b["gates"].clear(), {POLICY}),
    "the gate did not open": (lambda b: drop(b, "FC-GATE-001"), {POLICY}),
    "the pause is gone": (lambda b: drop(b, "FC-RUN-002", 1), {AUDIT}),
    "the end is gone": (lambda b: drop(b, "FC-RUN-003"), {AUDIT}),
    "the beginning is gone": (lambda b: drop(b, "FC-RUN-001"), {AUDIT}),
    "an entry is of another run": (lambda b: b["logs"][3].update(run_id="x"), {AUDIT}),
    "two entries share an id": (
        lambda b: b["logs"][3].update(log_id=b["logs"][2]["log_id"]), {AUDIT}
    ),
    "the run is another": (lambda b: b["run"].update(run_id="x"), {AUDIT}),
    "the run has another status": (lambda b: b["run"].update(status="failed"), {AUDIT}),
    "fields of other types": (
        lambda b: [each.update(event_type=[{}], step_id={}, details=7) for each in b["logs"]],
        {STEPS, POLICY, AUDIT},
    ),
}  # fmt: skip


@pytest.mark.parametrize(("change", "failing"), LIES.values(), ids=LIES)
def test_each_part_sees_what_it_is_for(change: Change, failing: set[str]) -> None:
    """An envelope that tells something else fails the part that looks at it."""
    record, envelopes = taped()
    body = json.loads(envelopes["policy_flag"])
    change(body)
    reseal(body)
    whole = read(record, {**envelopes, "policy_flag": json.dumps(body).encode()})
    found = states(whole, "policy_flag")
    # it is not the answer that came; and what was sealed again is not what was read before
    assert {name for name in found if name not in {KEPT, APPENDED}} == failing
    assert set(found.values()) == {State.FAIL}
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
    """Each way in which receipts can be wrong fails the receipt chain."""
    record, envelopes = taped()
    body = json.loads(envelopes["policy_flag"])
    change(body)
    whole = read(record, {**envelopes, "policy_flag": json.dumps(body).encode()})
    assert states(whole, "policy_flag")[RECEIPTS] is State.FAIL


def test_a_log_that_was_rewritten_is_seen_from_the_readings() -> None:
    """A log that is sound in itself, but not the one that was read before, is not append-only."""
    record, envelopes = taped()
    body = json.loads(envelopes["happy_path"])
    body["logs"][0]["message"] = "another"
    reseal(body)
    content = json.dumps(body).encode()
    sha256 = hashlib.sha256(content).hexdigest()
    case = record.cases[0]
    assert case.read_by is not None
    last = evolve(
        case.exchanges[case.read_by], sha256=sha256, head=body["logs"][-1]["receipt_hash"]
    )
    forged = evolve(case, exchanges=(*case.exchanges[:-1], last))
    whole = read(
        evolve(record, cases=(forged, *record.cases[1:])), {**envelopes, "happy_path": content}
    )
    assert states(whole, "happy_path") == {APPENDED: State.FAIL}


def test_a_case_without_a_reading_was_not_checked() -> None:
    """Without an envelope nothing but the judge's word is there, which is no pass."""
    record, envelopes = taped()
    del envelopes["policy_deny"]
    whole = read(record, envelopes)
    assert states(whole, "policy_deny") == dict.fromkeys(list(PARTS)[1:], State.NOT_CHECKED)
    assert whole.verdict is State.UNSURE


def test_an_fc_that_is_gone_leaves_it_unsure() -> None:
    """A case that lost its FC is unsure, and what its log lacks is not held against it."""
    fates = itertools.chain(["kept"] * 6, ["lost"], itertools.repeat("kept"))
    whole = read(*taped(Losing(Stub(), fates)))
    assert states(whole, "happy_path") == {
        JUDGED: State.UNSURE,
        STEPS: State.NOT_CHECKED,
        POLICY: State.NOT_CHECKED,
        AUDIT: State.NOT_CHECKED,
    }
    assert whole.verdict is State.UNSURE
    whole = read(*taped(Losing(Stub(), itertools.repeat("never"))))
    assert states(whole, "happy_path") == {
        JUDGED: State.UNSURE, **dict.fromkeys(list(PARTS)[1:], State.NOT_CHECKED)
    }  # fmt: skip


def test_what_the_judge_found_is_a_failure() -> None:
    """A case that diverges fails by that alone."""
    refusing = Tampering(
        Stub(), lambda command, r: evolve(r, code=418) if isinstance(command, ChangeRun) else r
    )
    whole = read(*taped(refusing))
    assert states(whole, "happy_path")[JUDGED] is State.FAIL
    assert whole.verdict is State.FAIL


def test_a_secret_that_an_answer_repeats_is_no_pass() -> None:
    """Such an envelope cannot be kept as it came, so nobody can check it later."""
    record, envelopes = taped(secrets=("step_2",))
    assert b"step_2" not in b"".join(envelopes.values())
    whole = read(record, envelopes)
    found = states(whole, "happy_path")
    assert (found[KEPT], found[RECEIPTS]) == (State.UNSURE, State.NOT_CHECKED)
    assert not [part for part in whole.parts if part.name == RECEIPTS and part.state is State.PASS]
    assert whole.verdict is not State.PASS


CAMPAIGN_DONE = Campaign(
    Verdict.CONFORMS, "", 10, 2, 1.5, 7, "ci", "seed", CampaignCoverage(1, 2, (), (), ()), (),
    base_url=HERE.base_url,
)  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, State.PASS),
        ({"verdict": Verdict.DIVERGES}, State.FAIL),
        ({"verdict": Verdict.UNSURE}, State.UNSURE),
        ({"base_url": "http://elsewhere"}, State.UNSURE),
        ({"base_url": ""}, State.UNSURE),
        ({"dialect": "deployed"}, State.UNSURE),
        ({"verdict": Verdict.DIVERGES, "dialect": "deployed"}, State.FAIL),
    ],
)
def test_a_campaign_counts(changes: dict[str, Any], state: State) -> None:
    """A campaign that was taken in must conform, and be of the same FC."""
    record, envelopes = taped()
    whole = read(evolve(record, campaign=evolve(CAMPAIGN_DONE, **changes)), envelopes)
    assert [(part.name, part.state) for part in whole.others] == [(CAMPAIGN, state)]
    assert whole.verdict is state


def test_the_port_of_an_embedded_fc_is_not_compared() -> None:
    """An embedded FC has another address each time."""
    record, envelopes = taped()
    here = evolve(HERE, embedded=True, base_url="http://127.0.0.1:1")
    whole = read(evolve(record, circumstances=here, campaign=CAMPAIGN_DONE), envelopes)
    assert whole.verdict is State.PASS


@pytest.mark.parametrize(
    ("counts", "state"), [((1, 2, 3), State.PASS), ((1, 0, 3), State.UNSURE), ((), State.UNSURE)]
)
def test_a_log_must_name_every_run(counts: tuple[int, ...], state: State) -> None:
    """A log of the FC that says nothing of a run is no evidence for it."""
    record, envelopes = taped()
    quoted = tuple(Quoted(case, count, ()) for case, count in zip(CASES, counts, strict=False))
    whole = read(evolve(record, fc_logs=(FcLog("fc.log", 1, "", quoted),)), envelopes)
    assert [(part.name, part.state) for part in whole.others] == [(FC_LOG, state)]
    assert whole.verdict is state
