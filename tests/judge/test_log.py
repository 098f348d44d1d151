"""What an FC may add to a log, and what it may not."""

from __future__ import annotations

import copy
from typing import Final

import pytest
import rfc8785
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from pt004_model.drive.lockstep import Lockstep
from pt004_model.judge.audit import read_shared
from pt004_model.judge.canonical import canonical_form, canonical_hash
from pt004_model.judge.deviation import Deviation
from pt004_model.judge.fields import step_id
from pt004_model.judge.memory import Ledger, Notes
from pt004_model.judge.oracle import Oracle, Verdict
from pt004_model.model.commands import Command
from pt004_model.model.history import StepRef
from pt004_model.model.values import Json
from tests.drive.helpers import noting
from tests.habits import FREEDOMS, PLAIN, Habits
from tests.judge.helpers import (
    COMPLETE,
    CREATE,
    FLAGGED,
    PAUSED,
    READ,
    STARTED,
    Row,
    change,
    create,
    drop,
    edited,
    put,
    start,
    talk,
)
from tests.stub import NAMES, JsonObject, Stub, Tampering, digest

FURTHER: Final = Habits(sections="complete", further=True)
UNGOVERNED: Final = (create(), change("running"))
STEP: Final = change("running", current_step="x", actor=1)


@pytest.mark.parametrize(
    "commands",
    [
        (*UNGOVERNED, STEP, READ),  # a change of which the contract names no entry
        (*UNGOVERNED, change("paused"), change("running"), change("completed"), READ),
        (*UNGOVERNED, change("failed", reason="r"), READ, READ),
        (*STARTED, change("paused"), change("running"), READ),
        (CREATE, start("a", 0, "flag"), change("paused"), change("failed"), READ),
    ],
    ids=["progress", "completed", "failed", "resumed", "rejected"],
)
@pytest.mark.parametrize("sections", ["complete", "absent"])
def test_entries_of_kinds_not_named_may_be_added(
    commands: tuple[Command, ...], sections: str
) -> None:
    """An FC may write more than is named, steps of an ungoverned run among it."""
    conversation = talk(*commands, habits=evolve(FURTHER, sections=sections))
    assert Verdict.CONFORMS is conversation.judge(READ, conversation.answer(READ)).verdict


@pytest.mark.parametrize("path", ["logs.-1.actor_id", "logs.-2.actor_id"], ids=["note", "step"])
def test_an_entry_that_is_not_named_carries_an_actor_of_its_change(path: str) -> None:
    """Whoever is named must have sent one of the changes since the log was read."""
    row = Row("audit.actor", UNGOVERNED, STEP, put(path, "mallory"), habits=FURTHER)
    conversation = talk(*row.prior, habits=row.habits)
    reply = row.tamper(conversation.answer(row.command))
    (finding,) = conversation.judge(row.command, reply).findings
    assert row.check == finding.check
    assert finding.expected == "actor_0 or actor_1 or actor_2"


def test_a_step_of_an_ungoverned_run_may_be_null() -> None:
    """Entries of an ungoverned run name their step or none."""
    prior = (create(), change("running", current_step="x"))
    flag: Json = {"decision": "flag", "policy_id": "p", "reason": "r"}
    progress = change("running", current_step="y", policy=flag)
    conversation = talk(*prior)
    reply = conversation.answer(progress)
    for name in (None, "x", "y"):
        tampered = put("logs.-1.step_id", name)(reply)
        assert Verdict.CONFORMS is conversation.judge(progress, tampered).verdict
    (finding,) = conversation.judge(progress, put("logs.-1.step_id", "z")(reply)).findings
    assert finding.check == "audit.step-id"
    assert finding.expected == "'y' or 'x' or None"


def test_a_log_spelled_otherwise_is_the_same_log() -> None:
    """Names in another order and whole numbers as doubles are the same JSON values."""
    conversation = talk(*STARTED, habits=FURTHER)
    conversation.stub.habits = lambda: FREEDOMS["all at once"]
    conversation.say(READ)


def test_what_was_read_of_a_log_is_shown_where_it_changed() -> None:
    """The finding names the entry and quotes both forms of it."""
    conversation = talk(*STARTED)
    tampered = put("logs.2.message", "rewritten")(conversation.answer(READ))
    finding = conversation.judge(READ, tampered).findings[0]
    assert (finding.check, finding.where) == ("audit.append-only", "logs[2]")


def test_an_entry_too_few_and_one_too_many_are_told_apart() -> None:
    """What is missing and what is more than there should be have fingerprints of their own."""
    conversation = talk(CREATE)
    command = start("a", 0)
    reply = conversation.answer(command)

    def doubled(body: JsonObject) -> None:
        log = body["logs"]
        assert isinstance(log, list)
        entry = log[1]
        assert isinstance(entry, dict)
        log.append({**entry, "log_id": "new"})

    def shortened(body: JsonObject) -> None:
        log = body["logs"]
        assert isinstance(log, list)
        del log[1]

    found = [
        conversation.judge(command, edited(edit)(reply)).findings[0]
        for edit in (doubled, shortened)
    ]
    assert {"audit.kinds"} == {finding.check for finding in found}
    assert [finding.observed for finding in found] == ["more of them", "fewer of them"]
    assert found[0].fingerprint != found[1].fingerprint


def test_what_is_written_too_often_is_no_other_entry() -> None:
    """Before the entry that is due there may stand one too many; the due one is still compared."""
    conversation = talk(*STARTED)
    command = change("paused", reason="r")

    def beforehand(body: JsonObject) -> None:
        log = body["logs"]
        assert isinstance(log, list)
        entry = log[-1]
        assert isinstance(entry, dict)
        stays = {"previous_status": "running", "new_status": "running"}
        log.insert(-1, {**entry, "log_id": "new", **stays, "details": {}})

    reply = edited(beforehand)(conversation.answer(command))
    (finding,) = conversation.judge(command, reply).findings
    assert (finding.check, finding.observed) == ("audit.kinds", "more of them")
    reasonless = put("logs.-1.details.reason", "another")(reply)
    found = [each.check for each in conversation.judge(command, reasonless).findings]
    assert ["audit.kinds", "audit.reason"] == found


def test_of_what_is_written_too_often_it_is_open_whose_it_is() -> None:
    """Nor is it known of when: that it is there is all that is told."""
    conversation = talk(*STARTED)
    command = change("paused")

    def behind(body: JsonObject) -> None:
        log = body["logs"]
        assert isinstance(log, list)
        entry = log[-1]
        assert isinstance(entry, dict)
        stays = {"previous_status": "paused", "actor_id": NAMES.actors[2]}
        log.append({**entry, "log_id": "new", **stays, "timestamp": "2035-01-01T00:00:00Z"})

    reply = edited(behind)(conversation.answer(command))
    assert ["audit.kinds"] == [each.check for each in conversation.judge(command, reply).findings]


def test_of_two_entries_of_which_one_is_missing_none_is_expected() -> None:
    """Nobody can tell which is there: that one is missing is all that is told."""
    conversation = talk(*STARTED, habits=Habits(sections="absent"))
    for command in (start("b", 1, actor=1), start("c", 2)):
        conversation.say(command)
    conversation.stub.habits = Habits

    def shortened(body: JsonObject) -> None:
        log = body["logs"]
        assert isinstance(log, list)
        rows = [each for each in log if isinstance(each, dict)]
        log.remove([each for each in rows if each["event_type"] == "FC-POL-001"][1])

    reply = edited(shortened)(conversation.answer(READ))
    found = [each.check for each in conversation.judge(READ, reply).findings]
    assert ["policy.decision-recorded", "receipts.chain"] == found


def test_what_all_entries_share_is_compared_alone() -> None:
    """Behind a place from which on nobody can tell what was to be written, the rest is compared."""
    conversation = talk(*STARTED)
    view, body = conversation.lockstep.views[0], conversation.answer(READ).body
    assert isinstance(body, dict)
    logs = copy.deepcopy(body["logs"])
    assert isinstance(logs, list)
    rows = [each for each in logs if isinstance(each, dict)]
    rows[0]["message"] = rows[2]["message"] = ""
    rows[2]["event_type"] = "FC-STEP-002"  # which has no place there
    seen = view.seen[0]
    loose = evolve(seen, log_version=-2, windows={**seen.windows, -1: seen.windows[0]})
    for first, places in ((0, {0, 2}), (1, {2})):
        notes = Notes(Ledger(), NAMES)
        read_shared(notes, view.world.runs[0], loose, rows, first)
        found = {(each.check, each.where) for each in notes.findings}
        messages = {("audit.message", f"logs[{place}].message") for place in places}
        hashes = {("receipts.hash", f"logs[{place}].receipt_hash") for place in places}
        assert found == messages | hashes
    notes = Notes(Ledger(), NAMES)
    read_shared(notes, view.world.runs[0], loose, rows[1:], 0)
    assert notes.findings[0].check == "audit.first-entry"


def test_an_empty_log_lacks_every_kind() -> None:
    """A log with nothing in it lacks what the table names, and is not raised about."""
    conversation = talk(CREATE, habits=PLAIN)
    reply = put("logs", [])(conversation.answer(READ))
    found = [finding.check for finding in conversation.judge(READ, reply).findings]
    assert found[0] == "audit.kinds"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        # echo -n '{"a":1,"b":[]}' | sha256sum, and so on
        ({"b": [], "a": 1.0}, "f87e4099e9be5e75094e0a4f46d3dc18a9c37429314a5a2490fb78d31e7e170c"),
        ([], "4f53cda18c2baa0c0354bb5f9a3ecbe5ed12ab4d8e11ba873c2f11161202b945"),
        (2**53, "c681da39d7273a6a24c15c9cac3a75526ff2ecf8ba4ee60346a0c70c8163bdb2"),
        ("\ud800", None),
        (10**400, None),
    ],
)
def test_hashes_are_those_of_the_canonical_form(value: Json, expected: str | None) -> None:
    """RFC 8785: names sorted, numbers as doubles; what has no such form has no hash."""
    assert expected == canonical_hash(value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.floats(-9, 9)
        | st.text() | st.sampled_from(["\x7f", "\u2028", "\x00\x1f\\/\b", "\U0001f600"]),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(max_size=3), inner),
        max_leaves=20,
    )
)  # fmt: skip
def test_the_quick_form_is_the_canonical_one(value: Json) -> None:
    """Text that the encoder of Python writes is byte for byte what RFC 8785 says."""
    try:
        expected = rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, UnicodeEncodeError):
        expected = None
    assert canonical_form(value) == expected


def _with_chain(*lengths: int) -> Lockstep:
    """A conversation whose chain has so many receipts in each answer in turn."""
    shown = iter(lengths)

    def cut(body: Json) -> None:
        assert isinstance(body, dict)
        run = body["run"]
        assert isinstance(run, dict)
        assert isinstance(run["receipt_chain"], list)
        run["receipt_chain"] = run["receipt_chain"][: next(shown)]
        if run["workflow_receipt_hash"] is not None:
            run["workflow_receipt_hash"] = digest(run["receipt_chain"])

    fc = Tampering(Stub(), lambda _, reply: edited(cut, sealed=False)(reply))
    lockstep, _ = noting(fc, create("a"), start("a", 0), change("completed"), READ)
    return lockstep


def test_a_chain_has_one_receipt_an_entry_in_each_answer() -> None:
    """A later reading of the log shows that the chain was short, or that a read added to it (8)."""
    whole = _with_chain(1, 4, 7, 7)
    short = _with_chain(1, 1, 1, 7)
    assert not any(step.findings for step in whole.steps)
    assert [("receipts.chain", "run.receipt_chain")] == [
        (each.check, each.where) for step in short.steps for each in step.findings
    ]


def test_ids_may_be_numbers_and_those_of_gates_begin_anew_in_each_run() -> None:
    """No type is named for them, and a gate's id is no other gate's of its run alone (6, 7)."""
    second = (
        *FLAGGED,
        change("paused"),
        change("running"),
        start("b", 1, "flag"),
        change("paused"),
    )
    others = (evolve(each, run=1) for each in (*FLAGGED, change("paused"), READ))
    habits = Habits(sections="complete", numbers=True)
    talked = talk(*second, READ, *others, change("running"), habits=habits)
    shown = put("gates.1.gate_id", 0)(talked.answer(READ))
    assert Verdict.DIVERGES is talked.judge(READ, shown).verdict


def test_a_gate_has_the_id_of_no_other_of_its_run() -> None:
    """Not even where it is told first (6)."""
    talked = talk(*FLAGGED, change("paused"), change("running"), start("b", 1, "flag"))
    pause = change("paused")

    def same_id(body: Json) -> None:
        assert isinstance(body, dict)
        assert isinstance(body["gates"], list)
        assert isinstance(body["logs"], list)
        first, last = body["gates"]
        entry = body["logs"][-2]
        assert isinstance(first, dict)
        assert isinstance(last, dict)
        assert isinstance(entry, dict)
        last["gate_id"] = first["gate_id"]
        entry["details"] = {"gate_id": first["gate_id"]}

    judged = talked.judge(pause, edited(same_id)(talked.answer(pause)))
    assert ["gates.gate-id"] == [each.check for each in judged.findings]


@pytest.mark.parametrize(
    ("place", "name", "habits"),
    [(-1, "actor_id", FURTHER), (1, "step_id", COMPLETE)],
    ids=["of an entry that is not expected", "of a step that may be left out"],
)
def test_a_name_that_is_not_there_is_one_fault_whatever_the_others(
    place: int, name: str, habits: Habits
) -> None:
    """Its fingerprint does not depend on the names that would be right."""
    seen = set()
    for step, actor in (("x", 1), ("y", 2)):
        talked = talk(create(), habits=habits)
        allowed = start("a", 0).body.fields["policy"]
        told = change("running", current_step=step, actor=actor, policy=allowed)
        judged = talked.judge(told, put(f"logs.{place}.{name}", "nobody")(talked.answer(told)))
        seen.add(tuple(each.fingerprint for each in judged.findings))
    assert len(seen) == 1
    assert all(seen)


def test_a_log_that_is_agreed_to_be_cut_is_judged_as_it_stands() -> None:
    """Its end lacks, and that is told by the kinds of the entries that are not there."""
    cut = Deviation("a page has two entries", check="receipts.chain")
    oracle = Oracle(NAMES, agreed=(cut,))
    conversation = talk(*STARTED, habits=PLAIN)
    reply = drop("logs.3", sealed=False)(conversation.answer(READ))
    found = oracle.judge(conversation.lockstep.views, READ, reply).findings
    assert ["audit.kinds"] == [each.check for each in found]


def test_a_step_that_may_have_two_names_is_the_same_difference() -> None:
    """How many names an entry may have for its step says nothing of what is wrong."""
    prints = set()
    for names in (("a",), ("a", None), (None, "b")):
        notes = Notes(Ledger(), NAMES)
        step_id(notes, "audit.step-id", "logs[0].step_id", StepRef(names), "z")
        prints |= {each.fingerprint for each in notes.findings}
    assert len(prints) == 1


def test_a_gate_may_be_resolved_in_a_coarser_time_than_it_was_opened() -> None:
    """Each time may be cut to a resolution of its own, and a second may have been cut off."""
    resume = change("running")
    conversation = talk(*PAUSED)
    reply = conversation.answer(resume)
    cut = put("gates.0.resolved_at", "2026-02-06T12:00:00Z")(reply)
    assert isinstance(cut.body, dict)
    assert "2026-02-06T12:00:00.1" < str(cut.body["gates"][0]["created_at"])  # type: ignore[index,call-overload]
    assert Verdict.CONFORMS is conversation.judge(resume, cut).verdict
