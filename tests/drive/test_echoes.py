"""What follows from a finding is told under it; what only happens to stand behind it is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from attrs import evolve, frozen

from pt004_model.drive.echoes import Echoes, altered_alike, leads_to, like_another, reason_of
from pt004_model.drive.session import Session
from pt004_model.judge.finding import NOTHING_CHANGED, Finding, Saying, disagreement
from pt004_model.judge.linearizable import LOG_ORDER
from pt004_model.judge.oracle import Oracle
from pt004_model.model.commands import Caller, ChangeRun, Command, ReadRun, RunRef, Token
from pt004_model.model.replies import Reply
from pt004_model.model.values import Json
from pt004_model.search.campaign import PROFILES, Campaign
from pt004_model.trace.recorded import Found
from pt004_model.wire.codec import Exchange
from tests.drive.helpers import noting, with_run
from tests.judge.helpers import change, create, start
from tests.stub import NAMES, Stub, Tampering


@frozen
class _Forgetting:
    """An FC that takes no notice of keys."""

    stub: Stub

    def ask(self, command: Command, run_id: Callable[[RunRef], str], nonce: str) -> Exchange:
        keyless = evolve(command, key=None) if isinstance(command, ChangeRun) else command
        return self.stub.ask(keyless, run_id, nonce)


READ = ("ReadRun", "paused", "2")
MORE = disagreement("audit.kinds", "logs", Saying("2 entries"), Saying("more of them"), "more")
CHAIN = disagreement("receipts.chain", "run.receipt_chain", Saying(f"2, {NOTHING_CHANGED}"), [1, 2])
KINDS = disagreement("audit.kinds", "logs", 1, 2, "FC-RUN-001", "more")
ACTOR = disagreement("audit.actor", "logs[3].actor_id", "one", "other")
DETAILS = disagreement("policy.decision-recorded", "logs[3].details.decision", "allow", "flag")
HASH = disagreement("receipts.hash", "logs[3].receipt_hash", "one", "other")
STEP = disagreement("steps.current-step", "run.current_step", "a", "b")
ILLEGAL = disagreement("policy.deny-blocks", "status", "a refusal", "status 200")


def runs(
    echoes: Echoes, count: int, *replies: tuple[Finding, ...], unsettling: bool = False
) -> None:
    """Note so many runs, each with these replies."""
    for _ in range(count):
        told: set[str] = set()
        for findings in replies:
            echoes.note(READ, told, findings, unsettling)


def leader(echoes: Echoes, finding: Finding) -> str:
    """The fingerprint of the finding that another is told under."""
    return echoes.kin(finding.fingerprint) or echoes.leader(finding.fingerprint)


def test_what_is_only_seen_behind_another_is_its_echo() -> None:
    """In a part that the other touches, and more often than chance has it."""
    echoes = Echoes()
    runs(echoes, 30, (), ())
    runs(echoes, 2, (KINDS,), (ACTOR,))
    assert KINDS.fingerprint == leader(echoes, ACTOR)
    assert not leader(echoes, KINDS)


@pytest.mark.parametrize("cut", [False, True])
def test_a_trace_whose_shortening_was_cut_clears_nothing(cut: bool) -> None:
    """It does without the other finding by chance; one that was shortened to its end stands."""
    campaign = Campaign(Session(Stub(), Oracle(NAMES)), PROFILES["dev"], seed=1)
    runs(campaign.session.tally.echoes, 30, (), ())
    runs(campaign.session.tally.echoes, 2, (KINDS,), (ACTOR,))
    read = change("running")
    campaign.found[KINDS.fingerprint] = Found(KINDS, (read, change("paused")), (), 1, shrunk=True)
    told = Found(ACTOR, (read,), (), 1, shrunk=True, cut=cut)
    campaign.found[ACTOR.fingerprint] = told
    campaign._note_echoes()
    assert told.echo_of == (KINDS.fingerprint if cut else "")


GATES = disagreement("gates.one-for-each-flagged-pause", "gates", Saying("2"), Saying("1 of them"))
ENTRIES = disagreement("audit.kinds", "logs", Saying("2 entries FC-GATE-001"), Saying("fewer"))
FLAG, PAUSE = start("a", 0, "flag"), change("paused")


@pytest.mark.parametrize(
    ("first", "moves", "cut", "leads"),
    [
        (GATES, (FLAG, PAUSE), False, True),
        (GATES, (FLAG, PAUSE), True, False),
        (GATES, (FLAG,), False, False),
        (ACTOR, (FLAG, PAUSE), False, False),
        (evolve(GATES, where="logs"), (FLAG, PAUSE), False, False),
    ],
    ids=["the same", "shortening was cut", "other moves", "nothing of gates", "the same part"],
)
def test_a_gate_that_is_wrong_in_two_parts_is_one(
    first: Finding, moves: tuple[Command, ...], cut: bool, leads: bool
) -> None:
    """An answer may show the gates or the log, so that neither is seen behind the other."""
    one = Found(first, (create("b"), *moves), (), 1, shrunk=True)
    other = Found(ENTRIES, (create("a"), FLAG, PAUSE, ReadRun(0)), (), 1, shrunk=True, cut=cut)
    assert like_another(other, (one, other)) == (first.fingerprint if leads else "")
    assert not like_another(one, (one, other))


@pytest.mark.parametrize(
    ("by", "seen", "leads"),
    [(None, (3, 5), True), (None, (0, 5), False), ("k", (3, 5), False)],
    ids=["one lock", "unconfirmed", "another meeting"],
)
def test_a_log_of_another_order_follows_from_a_race(
    by: str | None, seen: tuple[int, int], leads: bool
) -> None:
    """Where calls that meet alike have no order at all, whichever was found first."""

    def at_once(check: str, key: str | None) -> Found:
        calls = [evolve(PAUSE, key=key, caller=Caller(client=client)) for client in (0, 1)]
        finding = disagreement(check, "logs", "an order", "none")
        return Found(finding, (create("a"), FLAG, *calls, ReadRun(0)), (), 1, reproduced=seen)

    race, log = at_once("concurrency.linearizable", by), at_once(LOG_ORDER, None)
    assert like_another(log, (log, race)) == (race.fingerprint if leads else "")
    assert not like_another(race, (log, race))


def test_what_is_seen_once_without_it_stands_by_itself() -> None:
    """One run that shows it alone is enough."""
    echoes = Echoes()
    runs(echoes, 30, (), ())
    runs(echoes, 5, (KINDS,), (ACTOR,))
    runs(echoes, 1, (ACTOR,))
    assert not leader(echoes, ACTOR)


def test_behind_a_difference_in_every_answer_all_stands_by_itself() -> None:
    """Everything is behind it, so that this says nothing."""
    echoes = Echoes()
    runs(echoes, 30, (KINDS,), (KINDS,))
    runs(echoes, 5, (KINDS,), (KINDS, ACTOR))
    assert not leader(echoes, ACTOR)


def test_another_part_of_the_reply_stands_by_itself() -> None:
    """A log that lacks an entry does not make a run show another step."""
    echoes = Echoes()
    runs(echoes, 30, (), ())
    runs(echoes, 2, (KINDS,), (STEP,))
    assert not leader(echoes, STEP)


def test_an_entry_that_was_altered_no_longer_has_its_hash() -> None:
    """The hash is wrong where the entry is; where it is wrong everywhere it is so by itself."""
    for others, leads in ((), DETAILS.fingerprint), ((HASH,), ""):
        echoes = Echoes()
        runs(echoes, 30, (), others)
        runs(echoes, 2, (DETAILS, HASH))
        assert leads == leader(echoes, HASH)


def test_from_a_state_that_must_not_be_everything_may_follow() -> None:
    """What was accepted against the rules is followed by whatever part of the reply."""
    echoes = Echoes()
    runs(echoes, 30, (), ())
    runs(echoes, 2, (ILLEGAL,), (STEP,), unsettling=True)
    assert ILLEGAL.fingerprint == leader(echoes, STEP)


def test_an_echo_of_an_echo_is_told_under_the_first() -> None:
    """There is one finding at the head of all that follows from it."""
    echoes = Echoes()
    runs(echoes, 50, (), (), ())
    runs(echoes, 3, (ILLEGAL,), unsettling=True)
    runs(echoes, 3, (ILLEGAL,), (KINDS,), (KINDS, ACTOR), unsettling=True)
    assert ILLEGAL.fingerprint == leader(echoes, ACTOR)


TIME = disagreement("lifecycle.created-at", "run.created_at", 1, "x", "form")
TIME = evolve(TIME, expected="a time in RFC 3339 and UTC", observed='"2026-11-26 12:00"')


def like(one: Finding, check: str, where: str, **others: str) -> Finding:
    """Another finding that says the same of another place."""
    return evolve(one, check=check, where=where, fingerprint=check, **others)


STATUS = evolve(TIME, check="lifecycle.status", expected='"paused"', observed='"PAUSED"')
INDEX = evolve(TIME, check="steps.step-index", expected="0", observed='"0"')
LINK = evolve(TIME, check="receipts.link", expected="a link", observed="nothing")
FOREIGN = evolve(TIME, check="isolation.foreign-run", where="status", observed="status 200")
KEY = evolve(FOREIGN, check="idempotency.key-bound-to-request")
CODE = evolve(TIME, check="lifecycle.refusal-code", where="status", observed="418")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (TIME, like(TIME, "audit.timestamp", "logs[0].timestamp", observed='"2026-11-27 1:00"')),
        (STATUS, like(STATUS, "audit.statuses", "logs[0].x", expected='"a"', observed='"A"')),
        (INDEX, like(INDEX, "audit.step", "logs[0].x", expected="7", observed='"7"')),
        (LINK, like(LINK, "receipts.hash", "logs[0].receipt_hash", expected="a hash")),
        (LINK, like(LINK, "receipts.chain", "run.receipt_chain", expected="x", observed="[]")),
        (CODE, like(CODE, "steps.refusal-code", "status", expected="one of 409, 422")),
        (CODE, like(CODE, "idempotency.replay-as-then", "status")),
        (FOREIGN, evolve(FOREIGN, observed="status 202", fingerprint="other")),
        (KEY, evolve(KEY, observed="status 201", fingerprint="other")),
    ],
    ids=["form", "case", "number", "section", "empty", "code", "value", "stranger", "key"],
)
def test_one_difference_in_several_places_is_told_once(one: Finding, other: Finding) -> None:
    """However often it is seen: that it is in every answer does not make it two."""
    echoes = Echoes()
    runs(echoes, 9, (one,), (one, other))
    assert one.fingerprint == leader(echoes, other)
    assert not leader(echoes, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (STATUS, like(STATUS, "audit.statuses", "logs[0].x", expected='"a"', observed='"b"')),
        (STATUS, like(STATUS, "audit.x", "logs[0].x", observed='"failed"')),
        (LINK, like(LINK, "gates.status", "gates[0].status", expected="a gate")),
        (
            evolve(LINK, check="gates.approved-by", expected='"a"', observed="null"),
            like(LINK, "gates.resolved-at", "gates[0].resolved_at", expected="x", observed="null"),
        ),
        (CODE, like(CODE, "steps.refusal-code", "status", observed="404")),
        (TIME, like(TIME, "audit.timestamp", "logs[0].timestamp", observed="null")),
    ],
    ids=["values", "another", "section", "null", "code", "form"],
)
def test_differences_of_two_kinds_are_two(one: Finding, other: Finding) -> None:
    """In every answer both, and told apart."""
    echoes = Echoes()
    runs(echoes, 9, (one,), (one, other))
    assert not leader(echoes, other)


def test_a_run_that_shows_one_alone_does_not_make_one_difference_two() -> None:
    """The other may not have been looked at there; where it happens now and then they are two."""
    other = like(TIME, "audit.timestamp", "logs[0].timestamp")
    echoes = Echoes()
    runs(echoes, 30, (TIME,), (TIME, other))
    runs(echoes, 1, (other,))
    assert TIME.fingerprint == leader(echoes, other)
    runs(echoes, 2, (other,))
    assert not leader(echoes, other)


@pytest.mark.parametrize(("right", "alike"), [(0, True), (1, True), (3, False)])
def test_other_codes_for_every_refusal_are_one_difference(right: int, alike: bool) -> None:
    """An FC with its own table has it for each reason; where some are right others are bugs."""
    another = like(CODE, "steps.refusal-code", "status", observed="404")
    echoes = Echoes()
    for finding in (CODE, another) * 15:
        why = finding.check
        echoes.note(("ChangeRun", "running", "4"), set(), (finding,), unsettling=False, reason=why)
    for _ in range(right):
        echoes.note(("ChangeRun", "running", "4"), set(), (), unsettling=False, reason="no")
    whole = Echoes()
    whole.include(echoes)
    assert (CODE.fingerprint if alike else "") == whole.kin(another.fingerprint)


def test_nothing_follows_from_what_was_never_seen() -> None:
    """A finding that an earlier campaign left is told by itself."""
    echoes = Echoes()
    runs(echoes, 2, (KINDS,))
    assert not echoes.leader("0123456789ab")


def test_behind_what_leaves_open_where_a_run_is_anything_is_doubtful() -> None:
    """However common that is; one run that shows it without is enough to clear it."""
    echoes = Echoes()
    runs(echoes, 30, (ILLEGAL,), unsettling=True)
    runs(echoes, 1, (ILLEGAL,), (STEP,), unsettling=True)
    assert not leader(echoes, STEP)
    assert ILLEGAL.fingerprint == echoes.suspect(STEP.fingerprint)
    assert not echoes.suspect(ILLEGAL.fingerprint)
    runs(echoes, 1, (STEP,))
    assert not echoes.suspect(STEP.fingerprint)


REFUSED = disagreement("lifecycle.create-accepted", "status", "it to be accepted", "status 422")
ALSO = disagreement("lifecycle.legal-change-accepted", "status", "it to be accepted", "status 422")


@pytest.mark.parametrize(
    ("due", "alike"),
    [
        (["too deep, 40"], True),
        (["no"], True),
        (["too deep, 40"] * 2, False),
    ],
)
def test_calls_that_are_refused_in_the_same_words_are_refused_for_one_reason(
    due: list[str], alike: bool
) -> None:
    """Unless as many are refused in these words that must be: then they say nothing."""
    echoes = Echoes()
    for finding, reason in ((REFUSED, "too deep, 33"), (ALSO, "too deep, 34")):
        echoes.note(READ, set(), (finding,), unsettling=True, reason=reason)
    for reason in due:
        echoes.note(READ, set(), (), unsettling=False, reason=reason, due=True)
    whole = Echoes()
    whole.include(echoes)
    assert (REFUSED.fingerprint if alike else "") == leader(whole, ALSO)


@pytest.mark.parametrize(
    ("first", "then", "alike"),
    [
        (Token.MISSING, Token.EXPIRED, True),
        (Token.FORGED, Token.ONE_PART, True),
        (Token.ONE_PART, Token.UNSIGNED, False),
        (Token.FORGED, Token.EXPIRED, False),
        (Token.LONG_EXPIRED, Token.NO_EXPIRY, True),
    ],
)
def test_one_thing_in_a_token_that_is_not_looked_at(first: Token, then: Token, alike: bool) -> None:
    """Tokens that lack it in other ways are told under the first, whichever was seen before."""
    check, refusal = "authentication.token-required", "a refusal with 401"
    echoes, told = Echoes(), [disagreement(check, "status", refusal, 200, n) for n in (then, first)]
    for finding, kind in zip(told, (then, first), strict=True):
        echoes.note((kind, "-", "2"), set(), (finding,), unsettling=True)
    assert (told[1].fingerprint if alike else "") == echoes.kin(told[0].fingerprint)


def test_who_is_taken_for_the_owner_is_refused_like_the_owner() -> None:
    """A call that must be refused is, and with the code of a reason that only the owner has."""
    refusal = Saying("a refusal with 404 (isolation.foreign-run)")
    taken = disagreement("isolation.foreign-run", "status", refusal, Saying("status 200"), "read")
    codes = [
        disagreement("isolation.refusal-code", "status", Saying("one of 404"), Saying(code), code)
        for code in ("409", "418")
    ]
    echoes = Echoes()
    runs(echoes, 1, (codes[0],), (codes[1],), (taken,), unsettling=True)
    told = [echoes.kin(each.fingerprint) for each in (*codes, taken)]
    assert [taken.fingerprint, "", ""] == told
    changed = evolve(taken, fingerprint="another call")
    echoes.note(READ, set(), (changed,), unsettling=True)
    assert taken.fingerprint == echoes.kin(changed.fingerprint)


def test_an_entry_too_many_shows_in_the_chain_as_well() -> None:
    """Also where the log was not read, and whichever was seen first."""
    echoes = Echoes()
    runs(echoes, 1, (CHAIN,))
    runs(echoes, 1, (MORE,))
    assert [MORE.fingerprint, ""] == [leader(echoes, each) for each in (CHAIN, MORE)]


def test_what_a_crash_has_broken_stays_so() -> None:
    """An id that is given again after a restart is so in later runs; before it that is a bug."""
    said, got = Saying("a log id never used before"), Saying("7")
    again = disagreement("audit.log-id", "logs[0].log_id", said, got)
    restarted = disagreement("durability.goes-on", "logs[3].log_id", said, got, "audit.log-id")
    for first, later, led in ((restarted, again, restarted.fingerprint), (again, restarted, "")):
        echoes = Echoes()
        runs(echoes, 1, (first,))
        runs(echoes, 1, (later,))
        assert led == echoes.kin(later.fingerprint)
        assert not echoes.kin(first.fingerprint)


def test_of_one_reply_the_order_says_nothing() -> None:
    """What an entry too few moves is told under that, though it stands before it."""
    echoes = Echoes()
    runs(echoes, 30, (), ())
    runs(echoes, 1, (KINDS,))
    runs(echoes, 2, (ACTOR, KINDS))
    assert [KINDS.fingerprint, ""] == [leader(echoes, each) for each in (ACTOR, KINDS)]


def test_a_code_that_is_wrong_leads_to_nothing() -> None:
    """Refusals come before whatever is tried, so that this says nothing."""
    code = disagreement("steps.refusal-code", "status", Saying("one of 409"), Saying("418"))
    echoes = Echoes()
    runs(echoes, 30, (), ())
    runs(echoes, 3, (code,), (ILLEGAL,), unsettling=False)
    assert not leader(echoes, ILLEGAL)


def test_a_gate_that_is_not_resolved_is_one_finding() -> None:
    """Neither by whom nor when, nor as the log has it."""
    gate = disagreement("gates.status", "gates[0].status", "approved", "pending")
    by = disagreement("gates.approved-by", "gates[0].approved_by", "somebody", None)
    logged = disagreement("audit.gate-id", "logs[5].details.gate_id", "one", "other")
    said = Saying("1 entries FC-GATE-002"), Saying("fewer of them")
    lacking = disagreement("audit.kinds", "logs", *said)
    other = disagreement("audit.actor", "logs[5].actor_id", "one", "other")
    echoes = Echoes()
    runs(echoes, 30, (), ())
    runs(echoes, 2, (gate, by, logged, lacking, other))
    alike = [leader(echoes, each) for each in (by, logged, lacking, other)]
    assert [gate.fingerprint] * 4 == alike


@pytest.mark.parametrize(("seen", "alike"), [("0.3", True), ("null", False)])
def test_one_value_that_is_altered_alike_in_two_fields(seen: str, alike: bool) -> None:
    """It is one finding, unless the value is lost: then there may be two reasons."""
    sent = disagreement("lifecycle.sent-data-kept", "run.input_payload", 0.33, 0, "a")
    kept = disagreement("lifecycle.sent-data-kept", "run.metadata", 0.33, 0, "b")
    every = [Found(evolve(each, observed=seen), (), (), 1, shrunk=True) for each in (sent, kept)]
    told = [altered_alike(each, every) for each in every]
    assert ["", sent.fingerprint if alike else ""] == told


@pytest.mark.parametrize(("other", "alike"), [({"n": 2}, True), ({"n": 2, "m": 3, "o": 1}, False)])
def test_two_fields_that_are_altered_in_one_manner(other: Json, alike: bool) -> None:
    """Whatever was in them: a name less in both is one finding, a name less and a name more two."""
    sent: Json = {"n": 2, "m": 3}
    every = [
        Found(disagreement(check, where, *sides), (), (), 1, shrunk=True)
        for check, where, *sides in (
            ("lifecycle.output-payload", "run.output_payload", {"b": 1}, {}),
            ("lifecycle.error-details", "run.error_details", sent, other),
        )
    ]
    assert (every[0].fingerprint if alike else "") == altered_alike(every[1], every)


def test_what_is_carried_out_under_a_used_key_is_one_finding() -> None:
    """An FC that forgets keys executes the same call anew, and another one under its key."""
    begun = evolve(start("a", 0), key="k")
    commands = create("a"), begun, begun, create("a", "b", number=1)
    others = (evolve(each, run=1, key="l") for each in (start("a", 0), start("b", 1)))
    lockstep, found = noting(_Forgetting(Stub()), *commands, *others)
    assert ["idempotency.replay-as-then", "idempotency.key-bound-to-request"] == found
    echoes = lockstep.tally.echoes
    first, second = echoes.findings
    assert {first: "ChangeRun", second: "ChangeRun"} == echoes.anew
    assert ("", first) == (echoes.kin(first), echoes.kin(second))


def test_an_answer_that_is_repeated_otherwise_is_not_carried_out_anew() -> None:
    """It is of its run as it is now: without its key the call would have been refused."""
    stub, begun = Stub(), evolve(start("a", 0), key="k")

    def newest(_: Command, reply: Reply) -> Reply:
        return with_run(reply, status="failed") if len(stub.asked) > 3 else reply

    commands = create("a"), begun, change("failed", reason="no"), begun
    lockstep, found = noting(Tampering(stub, newest), *commands)
    assert (["idempotency.replay-as-then"], {}) == (found, lockstep.tally.echoes.anew)


def test_words_are_those_of_a_rule_where_it_is_about_the_run() -> None:
    """A body that is wrongly held for malformed is one finding, wherever the run is."""
    lockstep, _ = noting(Stub(), create("a"), change("running", reason=5))
    echoes = lockstep.tally.echoes
    assert (0, [{"reason"}]) == (echoes.due.total(), [*echoes.malformed.values()])
    lockstep, _ = noting(Stub(), create("a"), change("paused"))
    assert (1, {}) == (lockstep.tally.echoes.due.total(), lockstep.tally.echoes.malformed)


def test_words_for_all_that_is_malformed_say_nothing() -> None:
    """Of two members that may not be refused each is a finding, if all are refused so."""
    echoes = Echoes()
    for finding in (REFUSED, ALSO):
        echoes.note(READ, set(), (finding,), unsettling=True, reason="bad request")
    echoes.malformed["bad request"] = {"reason"}
    assert REFUSED.fingerprint == leader(echoes, ALSO)
    other = Echoes(malformed={"bad request": {"tags"}})
    echoes.include(other)
    assert not leader(echoes, ALSO)


def test_a_trace_leads_to_what_goes_on_from_its_changes() -> None:
    """Whatever either reads, whoever makes them; one of less, or in another order, does not."""
    made, begun, paused = create("a"), start("a", 0, "flag"), change("paused")
    finding = disagreement("gates.status", "gates[0].status", "approved", "pending")

    def found(*commands: Command) -> Found:
        return Found(finding, commands, (), 1)

    gate = found(made, begun, paused, ReadRun(0))
    assert leads_to(gate, found(made, ReadRun(0), begun, paused, change("failed")))
    assert leads_to(gate, found(made, begun, change("paused", actor=1), change("failed")))
    assert not leads_to(gate, found(made, begun, ReadRun(0)))
    assert not leads_to(gate, found(made, paused, begun))


@pytest.mark.parametrize(
    ("code", "body", "reason"),
    [
        (409, {"detail": "it is held up"}, '"it is held up"'),
        (409, {"error": "it is held up"}, '{"error": "it is held up"}'),
        (409, {}, ""),
        (409, None, ""),
        (200, {"detail": "it is held up"}, ""),
    ],
)
def test_a_refusal_says_why_wherever_it_does(code: int, body: Json, reason: str) -> None:
    """In its detail, or else in whatever it has."""
    assert reason == reason_of(Reply(code, body))
