"""What the oracle makes of replies as a whole, of none, and of what may be so or otherwise."""

from __future__ import annotations

import json
import sys

import pytest
from attrs import evolve

from pt004_model.judge.checks import AREAS
from pt004_model.judge.oracle import MOST_VIEWS, Judgement, Oracle, Verdict, worst
from pt004_model.model.commands import (
    Caller,
    ChangeRun,
    Command,
    CreateRun,
    OddPath,
    ReadRun,
    Tenant,
    Unknown,
)
from pt004_model.model.replies import NoAnswer, Reply
from pt004_model.model.values import Body, Json
from pt004_model.vocabulary import Status
from tests.habits import FREEDOMS, PLAIN, Habits, enforcing, in_seconds, taking
from tests.judge.helpers import (
    COMPLETE,
    CREATE,
    FLAGGED,
    ONE,
    PAUSED,
    READ,
    STRANGER,
    Talk,
    accepted,
    change,
    create,
    moved,
    put,
    refused,
    start,
    talk,
)
from tests.stub import NAMES, NOON, Clock, Stub


def checks(judgement: Judgement) -> list[str]:
    """The ids of the checks that said no."""
    return [finding.check for finding in judgement.findings]


def lost(conversation: Talk, command: Command, *, apply: bool = True) -> Talk:
    """The conversation after a command got no answer, though it may have been applied."""
    sent = conversation.stub.clock.now
    if apply:
        conversation.answer(command)
    lockstep = conversation.lockstep
    silence = NoAnswer("the answer was lost", applied=True, sent=sent)
    judgement = lockstep.oracle.judge(lockstep.views, command, silence)
    assert Verdict.UNSURE is judgement.verdict
    lockstep.views = judgement.views
    return conversation


def test_no_answer_to_a_call_that_was_never_applied_changes_nothing() -> None:
    """A connection that was refused leaves everything as it was, and the verdict open."""
    conversation = talk(CREATE)
    views = conversation.lockstep.views
    judgement = conversation.lockstep.oracle.judge(
        views, start("a", 0), NoAnswer("no connection", applied=False)
    )
    assert Verdict.UNSURE is judgement.verdict
    assert views == judgement.views
    assert judgement.findings == ()


def test_a_read_that_shows_the_effect_settles_a_lost_call() -> None:
    """After a lost change both worlds are kept; a read of the new state leaves that one."""
    conversation = lost(talk(CREATE), start("a", 0))
    view = conversation.lockstep.views[0]
    assert {0: (start("a", 0),)} == dict(view.world.open_calls)
    conversation.say(READ)
    (view,) = conversation.lockstep.views
    assert not view.world.open_calls
    assert not view.calls
    assert Status.RUNNING is view.world.runs[0].state.status


def test_a_read_that_shows_no_effect_leaves_a_lost_call_open() -> None:
    """The call may still take effect later, so a read of the old state settles nothing."""
    conversation = lost(talk(CREATE), start("a", 0), apply=False).say(READ, READ)
    (view,) = conversation.lockstep.views
    assert {0: (start("a", 0),)} == dict(view.world.open_calls)
    conversation.answer(start("a", 0))  # it arrives at last
    conversation.say(READ, start("b", 1), READ)
    assert not conversation.lockstep.world.open_calls


def test_what_can_be_neither_is_found_in_spite_of_a_lost_call() -> None:
    """A run that is neither as it was nor as the lost call leaves it is a finding."""
    conversation = lost(talk(CREATE), start("a", 0), apply=False)
    judgement = conversation.judge(READ, put("run.status", "paused")(conversation.answer(READ)))
    assert checks(judgement) == ["lifecycle.status"]


def test_both_worlds_are_kept_while_a_reply_agrees_with_both() -> None:
    """What an FC may do by itself or not is settled by what it shows, or stays open."""
    conversation = lost(talk(CREATE, start("a", 0)), start("b", 1, "flag"))
    conversation.stub.habits = lambda: COMPLETE
    conversation.say(READ)
    (view,) = conversation.lockstep.views
    assert Status.RUNNING is view.world.runs[0].state.status
    assert view.world.runs[0].current_step == "b"


def test_a_field_that_is_wrong_settles_nothing() -> None:
    """Of a lost call it is as open behind a finding as without it if it has taken effect."""
    conversation = lost(talk(create(), change("running")), change("running"), apply=False)
    good = conversation.answer(READ)
    views = conversation.lockstep.oracle.judge(conversation.lockstep.views, READ, good).views
    judgement = conversation.judge(READ, put("run.tags", ["other"])(good))
    assert checks(judgement) == ["lifecycle.sent-data-kept"]
    assert [view.world for view in judgement.views] == [view.world for view in views]
    assert len(views) > 1


def test_a_lost_call_that_is_refused_when_it_is_made_again() -> None:
    """It was to be answered as then, rather than carried out for the first time."""
    again = evolve(change("failed"), key="k")
    conversation = lost(talk(create(), change("running")), again)
    assert checks(conversation.judge(again, Reply(409, {"detail": "it has ended"}))) == [
        "idempotency.replay-as-then"
    ]


def test_two_views_that_come_to_the_same_are_one() -> None:
    """Views that agree with a reply and do not differ any more are kept once."""
    conversation = talk(CREATE)
    lockstep = conversation.lockstep
    lockstep.views = lockstep.views * 2
    conversation.say(READ)
    assert len(lockstep.views) == 1


def test_a_lost_create_may_be_made_again_under_its_key() -> None:
    """The second answer shows the run as the first call made it, times included."""
    keyed = create("a", number=5, key="k")
    conversation = lost(talk(CREATE, start("a", 0), change("paused")), keyed)
    conversation.say(keyed, ReadRun(5), evolve(keyed, caller=Caller(actor=0)))
    assert not conversation.lockstep.views[0].calls


def test_a_change_lost_twice_dates_from_its_first_sending() -> None:
    """The window of what was lost begins with the first of the calls."""
    conversation = talk(CREATE, start("a", 0))
    lockstep = conversation.lockstep
    for seconds in (5.0, 7.0):
        silence = NoAnswer("lost", applied=True, sent=NOON + seconds)
        lockstep.views = lockstep.oracle.judge(lockstep.views, change("paused"), silence).views
    assert lockstep.views[0].calls == {0: NOON + 5.0}


def test_lost_reads_and_calls_on_unknown_runs_are_not_waited_for() -> None:
    """Only a create or a change of a run that we know can take effect later."""
    conversation = talk(CREATE)
    unknown = ChangeRun(Unknown(), start("a", 0).body)
    lost(lost(conversation, READ, apply=False), unknown, apply=False)
    assert dict(conversation.lockstep.views[0].calls) == {}
    assert dict(conversation.lockstep.world.open_calls) == {}


def test_a_replay_whose_first_answer_never_came_shows_what_the_model_has() -> None:
    """Of how the run was shown then only its status is known."""
    keyed = ChangeRun(0, start("a", 0).body, key="k")
    conversation = lost(talk(CREATE), keyed).say(READ, change("paused"))
    reply = conversation.answer(keyed)
    assert Verdict.CONFORMS is conversation.judge(keyed, reply).verdict
    tampered = put("run.status", "failed")(reply)
    assert checks(conversation.judge(keyed, tampered)) == ["idempotency.replay-as-then"]


def test_a_lost_call_that_is_made_again_shows_the_run_in_full() -> None:
    """As long as nothing followed it the answer is that of the run as it is."""
    keyed = ChangeRun(0, start("a", 0).body, key="k")
    conversation = lost(talk(CREATE), keyed)
    reply = conversation.answer(keyed)
    tampered = put("run.step_index", 1)(reply)
    assert checks(conversation.judge(keyed, tampered)) == ["steps.step-index"]
    conversation.say(keyed, keyed, READ)
    assert len(conversation.lockstep.views) == 1


def test_a_replay_shows_the_log_as_it_was_then() -> None:
    """Whether sections come with a replay is free, but not what stands in them."""
    keyed = create("a", key="k")
    conversation = talk(keyed, start("a", 0))
    conversation.stub.habits = lambda: PLAIN
    conversation.say(keyed)
    conversation.stub.habits = lambda: COMPLETE
    conversation.say(keyed)


def test_findings_outside_the_chosen_areas_do_not_count() -> None:
    """A finding in an area that is not judged is none, and hinders nothing."""
    conversation = talk(CREATE)
    reply = put("run.status", "failed")(conversation.answer(READ))
    areas = frozenset(AREAS) - {"lifecycle"}
    judgement = Oracle(NAMES, areas=areas).judge(conversation.lockstep.views, READ, reply)
    assert (judgement.verdict, judgement.findings) == (Verdict.CONFORMS, ())
    assert {"failed"} == {view.world.runs[0].state.status for view in judgement.views}


def test_the_candidate_with_the_fewest_disagreements_says_what_is_wrong() -> None:
    """A denied step that comes back failed is compared with an FC's own enforcement."""
    own = FREEDOMS["acts on decisions by itself"]
    conversation = talk(CREATE, habits=own)
    denied = start("a", 0, "deny")
    reply = put("run.completed_at", None)(conversation.answer(denied))
    judgement = conversation.judge(denied, reply)
    assert checks(judgement) == ["lifecycle.completed-at"]


@pytest.mark.parametrize("code", [200, 201, 400, 422])
def test_any_answer_will_do_beyond_the_contract(code: int) -> None:
    """What was asked lies beyond the contract, so only a server error is wrong."""
    beyond = CreateRun(0, Body('{"workflow_id":"w","metadata":{"a":NaN}}'))
    conversation = Talk()
    reply = evolve(conversation.answer(beyond), code=code, body={"detail": "?"})
    assert Verdict.CONFORMS is conversation.judge(beyond, reply).verdict
    judgement = conversation.judge(beyond, evolve(reply, code=500))
    assert checks(judgement) == ["lifecycle.no-server-error"]


def test_a_run_beyond_the_contract_may_be_answered_in_any_way() -> None:
    """A run that took a value beyond the contract is not judged, save for server errors."""
    beyond = CreateRun(0, Body('{"workflow_id":"w","metadata":{"a":NaN}}'))
    conversation = talk(beyond, habits=FREEDOMS["takes whatever it may"])
    assert frozenset({0}) == conversation.lockstep.world.outside
    reply = Reply(418, "short and stout")
    assert Verdict.CONFORMS is conversation.judge(READ, reply).verdict
    (finding,) = conversation.judge(READ, evolve(reply, code=500)).findings
    assert finding.expected == "an answer"


def test_a_change_as_another_media_type_is_refused_for_what_is_illegal_in_it() -> None:
    """An FC may take an odd content type, but not thereby an illegal change."""
    illegal = evolve(change("paused"), content_type="text/plain")
    conversation = talk(CREATE)
    (finding,) = conversation.judge(illegal, accepted()(conversation.answer(illegal))).findings
    assert finding.check == "lifecycle.only-legal-changes"
    assert Verdict.CONFORMS is conversation.judge(illegal, Reply(415, {"detail": "no"})).verdict


@pytest.mark.parametrize(
    ("command", "reply", "expected", "observed"),
    [
        (READ, Reply(500, {"detail": "oops"}), "status 200", 'status 500 "oops"'),
        (READ, Reply(500, {"error": 1}), "status 200", "status 500"),
        (READ, Reply(500, ["a"]), "status 200", 'status 500 ["a"]'),
        (READ, Reply(404, {"detail": {"no": 1}}), "it to be accepted", 'status 404 {"no": 1}'),
        (
            change("paused"),
            Reply(500, None),
            "a refusal with 400, 409, 422 (lifecycle.only-legal-changes)",
            "status 500",
        ),
        (
            OddPath(".."),
            Reply(200, {}),
            "a refusal with any 3xx or 4xx (input.path-names-no-run)",
            "status 200",
        ),
    ],
)
def test_findings_say_what_was_allowed_and_what_came(
    command: Command, reply: Reply, expected: str, observed: str
) -> None:
    """The words for people name the codes allowed and quote what the FC says of itself."""
    (finding,) = talk(CREATE).judge(command, reply).findings
    assert (expected, observed) == (finding.expected, finding.observed)


def test_the_codes_of_foreign_runs_are_compared_call_by_call() -> None:
    """Different calls on runs that are not there may get different codes, the same call may not."""
    read, write = ReadRun(0, caller=STRANGER), ChangeRun(0, start("a", 0).body, STRANGER)
    conversation = talk(CREATE, read)
    conversation.stub.habits = lambda: FREEDOMS["other codes"]
    conversation.say(write)
    for command, code in ((read, 404), (write, 403)):
        other = evolve(command, run=Unknown())
        good = conversation.answer(other)
        assert code == good.code
        assert Verdict.CONFORMS is conversation.judge(other, good).verdict
        wrong = refused(403 if code == 404 else 404)(good)
        assert checks(conversation.judge(other, wrong)) == ["isolation.same-code"]


def deep(depth: int) -> Json:
    """A list nested ``depth`` deep."""
    value: Json = []
    for _ in range(depth - 1):
        value = [value]
    return value


@pytest.mark.parametrize("path", ["run.status", "run.more", "logs.0.details.more", "gates"])
@pytest.mark.parametrize("depth", [60, 400, 900, 5000])
def test_a_reply_however_deep_is_judged(path: str, depth: int) -> None:
    """Nesting as deep as a decoder lets through, or deeper, is judged and never raised."""
    conversation = talk(CREATE)
    reply = put(path, deep(depth), sealed=False)(conversation.answer(READ))
    judgement = conversation.judge(READ, reply)
    if path != "run.more":
        assert Verdict.DIVERGES is judgement.verdict
    if depth > sys.getrecursionlimit():
        wrong = {"input.reply-is-json", "receipts.hash", "lifecycle.envelope"}
        assert wrong & set(checks(judgement)) or path == "run.more"


def test_an_fc_of_its_own_mind_is_bound_by_what_it_said() -> None:
    """The error details that an FC makes up by itself stay as they were first shown."""
    own = Habits(outcome=enforcing, sections="complete", further=True)
    conversation = talk(CREATE, start("a", 0, "deny"), READ, habits=own)
    reply = conversation.answer(READ)
    assert '"error_details": {"why": "the policy says no"}' in json.dumps(reply.body)
    values: tuple[Json, ...] = (None, {"why": "another"})
    for value in values:
        tampered = put("run.error_details", value, sealed=False)(reply)
        assert checks(conversation.judge(READ, tampered)) == ["lifecycle.error-details"]


def test_error_details_of_its_own_are_an_object_or_null() -> None:
    """At first sight anything else is wrong."""
    conversation = talk(CREATE, habits=FREEDOMS["acts on decisions by itself"])
    denied = start("a", 0, "deny")
    reply = conversation.answer(denied)
    values: tuple[Json, ...] = ("text", 1, [])
    for value in values:
        tampered = put("run.error_details", value)(reply)
        assert checks(conversation.judge(denied, tampered)) == ["lifecycle.error-details"]


def test_an_id_given_to_two_runs_is_found() -> None:
    """A run id was never used before, in this conversation or in any other of the campaign."""
    conversation = talk(CREATE)
    other = create("a", number=1)
    taken = conversation.run_id(0)
    found = conversation.judge(other, put("run.run_id", taken)(conversation.answer(other)))
    assert found.findings[0].check == "lifecycle.run-id"
    assert "a run id never used before" in found.findings[0].expected
    elsewhere = Talk()
    elsewhere.lockstep.oracle = conversation.lockstep.oracle
    reply = put("run.run_id", taken)(elsewhere.answer(CREATE))
    found = elsewhere.judge(CREATE, put("logs.0.run_id", taken)(reply))
    assert checks(found)[:1] == ["lifecycle.run-id"]


def test_updated_at_never_goes_back() -> None:
    """A change whose time is a moment before that of the change before is found."""
    conversation = Talk(Stub(habits=lambda: COMPLETE, clock=Clock(step=0.0004)))
    conversation.say(*ONE, change("paused"))
    resume = change("running")
    reply = conversation.answer(resume)
    body = reply.body
    assert isinstance(body, dict)
    run = body["run"]
    assert isinstance(run, dict)
    assert str(run["updated_at"]).startswith("2026-02-06T12:00:00.0044")
    tampered = put("run.updated_at", "2026-02-06T12:00:00.002900Z")(reply)
    (finding,) = conversation.judge(resume, tampered).findings
    assert finding.check == "lifecycle.times-in-order"
    assert "no earlier than it was" in finding.expected


def test_a_time_of_another_change_is_out_of_order_as_well() -> None:
    """Both are said, or the same wrong time would be another finding with every haste."""
    conversation = talk(*ONE, change("paused"))
    end = change("failed")
    tampered = moved("run.updated_at", -0.3)(conversation.answer(end))
    found = checks(conversation.judge(end, tampered))
    assert found[:2] == ["lifecycle.updated-at", "lifecycle.times-in-order"]


def test_a_tenant_that_is_not_ours_owns_runs_too() -> None:
    """A run made by a stranger is read by the stranger alone."""
    theirs = evolve(create("a"), caller=STRANGER)
    conversation = talk(theirs, ReadRun(0, caller=STRANGER), READ)
    assert conversation.lockstep.world.runs[0].tenant == Tenant.STRANGER


def test_flagged_and_paused_by_itself_is_one_change() -> None:
    """An FC that pauses by itself shows both changes at one time, the gate pending."""
    own = FREEDOMS["acts on decisions by itself"]
    conversation = talk(*FLAGGED, READ, habits=own)
    assert Status.PAUSED is conversation.lockstep.world.runs[0].state.status
    assert conversation.lockstep.world.runs[0].version == 2


@pytest.mark.parametrize(
    ("verdicts", "verdict"),
    [
        ([], Verdict.CONFORMS),
        ([Verdict.CONFORMS], Verdict.CONFORMS),
        ([Verdict.CONFORMS, Verdict.UNSURE], Verdict.UNSURE),
        ([Verdict.UNSURE, Verdict.DIVERGES, Verdict.CONFORMS], Verdict.DIVERGES),
    ],
)
def test_the_worst_of_several(verdicts: list[Verdict], verdict: Verdict) -> None:
    """A finding outranks what is unsure, and that a pass."""
    assert verdict is worst(verdicts)


def test_a_reply_is_held_against_another_call_without_being_believed() -> None:
    """All that it disagrees in has to be known; what was read is entered nowhere."""
    conversation = talk(CREATE)
    oracle, views, command = (
        conversation.lockstep.oracle,
        conversation.lockstep.views,
        start("a", 0),
    )
    reply = conversation.answer(command)
    paused = put("run.status", "paused")(reply)
    owners = dict(oracle.ledger.owners)
    (finding,) = conversation.judge(command, paused).findings
    assert oracle.explains(views, command, reply, ())
    assert not oracle.explains(views, command, paused, ())
    assert oracle.explains(views, command, paused, {finding.fingerprint})
    assert owners == oracle.ledger.owners


@pytest.mark.parametrize(
    ("status", "checks"),
    [("APPROVED", ["gates.status", "gates.approved-by"]), ("rejected", ["gates.status"])],
)
def test_who_resolved_a_gate_is_judged_unless_it_is_in_another_state(
    status: str, checks: list[str]
) -> None:
    """A word that is no status says nothing of another state, so the rest is judged as due."""
    conversation, resume = talk(*PAUSED), change("running", actor=1)
    reply = put("gates.0.status", status)(conversation.answer(resume))
    reply = put("gates.0.approved_by", "mallory")(reply)
    found = [each.check for each in conversation.judge(resume, reply).findings]
    assert checks == found


@pytest.mark.parametrize("code", [302, 401, 404, 418])
def test_what_is_refused_beyond_the_contract_is_refused_by_its_codes(code: int) -> None:
    """It takes no run out of the contract, and is refused with the codes of section 1."""
    odd = evolve(change("paused"), content_type="text/plain")
    twice = ChangeRun(0, Body('{"status":"paused","status":"paused"}'))
    conversation = talk(CREATE, start("a", 0))
    good = conversation.answer(READ)
    for command in (odd, twice):
        judgement = conversation.judge(command, Reply(code, {"detail": "no"}))
        assert Verdict.DIVERGES is judgement.verdict
        assert not any(view.world.outside for view in judgement.views)
    refused = Reply(415, {"detail": "no"})
    conversation.lockstep.views = conversation.judge(odd, refused).views
    assert Verdict.CONFORMS is conversation.judge(READ, good).verdict
    other = put("run.status", "completed")(good)
    assert Verdict.DIVERGES is conversation.judge(READ, other).verdict


def test_too_many_ways_are_unsure() -> None:
    """Of a few runs each may be in two ways; where they are too many nothing is said (13)."""
    habits = Habits(outcome=taking, sections="complete", stamp=in_seconds)
    runs = range(MOST_VIEWS.bit_length())
    conversation = Talk(Stub(habits=lambda: habits, clock=Clock(step=0.003)))
    conversation.say(*(create(number=n) for n in runs))
    conversation.say(*(change("running", run=n) for n in runs))
    oracle, lockstep = conversation.lockstep.oracle, conversation.lockstep
    for number in runs:
        lost(conversation, evolve(change("running", run=number), key=f"k{number}"))
    counts = []
    for number in runs:
        read = ReadRun(number)
        judgement = oracle.judge(lockstep.views, read, conversation.answer(read))
        counts.append((judgement.verdict, len(judgement.views)))
        lockstep.views = judgement.views or lockstep.views
    assert counts[-1] == (Verdict.UNSURE, 0)
    assert counts[-2] == (Verdict.CONFORMS, MOST_VIEWS)


def test_the_time_of_a_pending_gate_may_be_spelt_otherwise() -> None:
    """Nothing is said of it but the moment; a resolved gate never changes (6)."""

    def respelled(reply: Reply) -> Reply:
        body = reply.body
        assert isinstance(body, dict)
        assert isinstance(body["gates"], list)
        gate = body["gates"][0]
        assert isinstance(gate, dict)
        return put("gates.0.created_at", f"{gate['created_at']}".replace("Z", "+00:00"))(reply)

    conversation = talk(*PAUSED, READ)
    reply = conversation.answer(READ)
    assert reply != respelled(reply)
    assert Verdict.CONFORMS is conversation.judge(READ, respelled(reply)).verdict
    conversation.say(change("running"), READ)
    judgement = conversation.judge(READ, respelled(conversation.answer(READ)))
    assert checks(judgement) == ["gates.resolved-never-changes"]
