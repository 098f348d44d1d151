"""What becomes of an issue night by night, in a folder and on GitHub alike."""

from __future__ import annotations

from attrs import evolve

from pt004_model.trace.document import Reproduced
from pt004_model.tracker.issues import History, fingerprint_of, read_history
from tests.tracker.nights import DENIED, DENY, LINK, LINKED, many, night, replayed
from tests.tracker.worlds import Nights, Seen, World

FIXED = (replayed(DENY, "fixed"),)
REPRODUCED = (replayed(DENY, "reproduced", 5),)


def only(world: World) -> Seen:
    """The one issue that is there."""
    (issue,) = world.seen()
    return issue


def kept(issue: Seen) -> History:
    """What an issue remembers in its counter, which is one comment."""
    counters = [each for each in issue.comments if "pt004:counter=" in each]
    assert len(counters) == 1
    history = read_history(counters[0])
    assert history is not None
    return history


def test_a_finding_is_filed_once(world: World) -> None:
    """Two findings are two issues with labels, and each carries its fingerprint."""
    said = Nights(world)(1, DENIED, LINKED)
    found = {fingerprint_of(each.body): each for each in world.seen()}
    assert set(found) == {DENY, LINK}
    assert found[DENY].title == (f"policy.deny-blocks: After deny the run can only fail. [{DENY}]")
    assert found[DENY].labels == ["policy", "pt004"]
    assert found[LINK].labels == ["pt004", "receipts"]
    assert found[DENY].comments == []
    assert said[-1] == "2 filed"


def test_what_is_seen_again_is_counted_in_one_comment(world: World) -> None:
    """Five more nights are one comment, which says how often and when it was seen."""
    nights = Nights(world)
    nights(1, DENIED)
    for number in range(2, 7):
        nights(number, evolve(DENIED, occurrences=number), came=REPRODUCED)
    issue = only(world)
    assert len(issue.comments) == 1
    memory = kept(issue)
    assert memory.nights == 6
    assert memory.occurrences == 2 + 2 + 3 + 4 + 5 + 6
    assert (memory.first, memory.last) == ("2026-03-02T02:00:00.000Z", "2026-03-07T02:00:00.000Z")
    assert "seen in 6 campaigns, 22 times in all" in issue.comments[0]


def test_a_replay_alone_counts_as_seen(world: World) -> None:
    """A trace that reproduces is a sighting though the campaign did not find it anew."""
    nights = Nights(world)
    nights(1, DENIED)
    nights(2, came=REPRODUCED, verdict="diverges")
    memory = kept(only(world))
    assert (memory.nights, memory.occurrences, memory.replay) == (2, 3, "reproduced in 5 of 5")


def test_a_campaign_is_counted_once(world: World) -> None:
    """The same folder a second time changes nothing, after filing and after counting."""
    nights = Nights(world)
    nights(1, DENIED)
    before = world.seen()
    assert nights.again()[-1] == "nothing to do"
    assert before == world.seen()
    nights(2, DENIED, came=REPRODUCED)
    before = world.seen()
    assert nights.again()[-1] == "nothing to do"
    assert before == world.seen()


def test_an_older_campaign_is_not_counted_again(world: World) -> None:
    """Submitting the first night after the third changes nothing."""
    nights = Nights(world)
    for number in (1, 2, 3):
        nights(number, DENIED)
    before = world.seen()
    assert nights(1, DENIED)[-1] == "nothing to do"
    assert before == world.seen()


def test_three_nights_of_fixed_close(world: World) -> None:
    """The third night in a row comments and closes as completed, and not the second."""
    nights = Nights(world)
    nights(1, DENIED)
    nights(2, came=FIXED)
    nights(3, came=FIXED)
    assert only(world).state == "open"
    said = nights(4, came=FIXED)
    issue = only(world)
    assert (issue.state, issue.reason) == ("closed", "completed")
    assert len([each for each in issue.comments if "so this is closed" in each]) == 1
    assert kept(issue).fixed == 3
    assert said[-1] == "1 closed"
    before = world.seen()
    assert nights(5, came=FIXED)[-1] == "nothing to do"
    assert before == world.seen()


def test_unsure_neither_counts_nor_resets(world: World) -> None:
    """Nights that could say nothing lie between the three without a trace."""
    nights = Nights(world)
    nights(1, DENIED)
    nights(2, came=FIXED)
    nights(3, came=(replayed(DENY, "unsure"),), verdict="unsure")
    nights(4, came=FIXED)
    nights(5)
    assert (only(world).state, kept(only(world)).fixed) == ("open", 2)
    nights(6, came=FIXED)
    assert only(world).state == "closed"


def test_changed_and_reproduced_begin_anew(world: World) -> None:
    """Another finding in the replay, and the same, each take the nights of being fixed away."""
    for came in ((replayed(DENY, "changed", 1),), REPRODUCED):
        nights = Nights(world)
        first = 1 if came[0].result == "changed" else 11
        nights(first, DENIED)
        nights(first + 1, came=FIXED)
        nights(first + 2, came=FIXED)
        nights(first + 3, came=came)
        assert kept(only(world)).fixed == 0
        nights(first + 4, came=FIXED)
        nights(first + 5, came=FIXED)
        assert only(world).state == "open"


def test_what_comes_back_is_a_regression(world: World) -> None:
    """A closed issue is opened again with the label, a comment and the counter."""
    nights = Nights(world)
    nights(1, DENIED)
    for number in (2, 3, 4):
        nights(number, came=FIXED)
    said = nights(5, DENIED)
    issue = only(world)
    assert (issue.state, issue.labels) == ("open", ["policy", "pt004", "regression"])
    assert kept(issue).nights == 2
    assert len([each for each in issue.comments if "Seen again in the campaign" in each]) == 1
    assert said[-1] == "1 reopened"


def test_a_person_may_close_it_as_completed(world: World) -> None:
    """A campaign that began before that changes nothing, a later one opens it again."""
    nights = Nights(world)
    nights(1, DENIED)
    nights(2, DENIED)
    world.close(1, "completed")  # an hour after the second campaign began
    before = world.seen()
    assert "closed after this campaign began" in _late(nights)
    assert before == world.seen()
    nights(3, DENIED)
    assert (only(world).state, only(world).labels) == ("open", ["policy", "pt004", "regression"])


def _late(nights: Nights) -> str:
    """A second campaign of the same night, submitted after the closing."""
    night(nights.world.folder, 2, DENIED)
    text = (nights.world.folder / "summary.json").read_text()
    (nights.world.folder / "summary.json").write_text(text.replace('"seed": 2', '"seed": 22'))
    return "\n".join(nights.again())


def test_a_person_may_open_it_again(world: World) -> None:
    """What was closed as fixed and opened by hand is given three nights anew."""
    nights = Nights(world)
    nights(1, DENIED)
    for number in (2, 3, 4):
        nights(number, came=FIXED)
    world.reopen(1)
    nights(5, came=FIXED)
    assert (only(world).state, kept(only(world)).fixed) == ("open", 1)


def test_what_is_not_planned_is_left_alone(world: World) -> None:
    """It is neither counted nor opened nor filed a second time."""
    for reason in ("not_planned", "duplicate"):
        nights = Nights(world)
        nights(1, DENIED)
        if only(world).state == "open":
            world.close(1, reason)
        before = world.seen()
        said = nights(2, DENIED, came=REPRODUCED)
        assert before == world.seen()
        assert "left alone" in said[0]


def test_what_is_ignored_is_left_alone(world: World) -> None:
    """The label keeps an open issue from being counted and closed."""
    nights = Nights(world)
    nights(1, DENIED)
    world.stick(1, "pt004:ignore")
    before = world.seen()
    nights(2, DENIED)
    for number in (3, 4, 5):
        said = nights(number, came=FIXED)
        assert said[0].endswith("left alone: it has the label pt004:ignore")
    assert before == world.seen()


def test_a_flaky_finding_is_labelled(world: World) -> None:
    """Three of five is said, and labels the issue when it is filed or later."""
    nights = Nights(world)
    nights(1, evolve(DENIED, reproduced=Reproduced(3, 5)), LINKED)
    first, second = sorted(world.seen(), key=lambda each: fingerprint_of(each.body) != DENY)
    assert first.labels == ["flaky", "policy", "pt004"]
    assert "**3 of 5** replays" in first.body
    assert second.labels == ["pt004", "receipts"]
    nights(2, came=(replayed(LINK, "reproduced", 1),), verdict="diverges")
    (second,) = [each for each in world.seen() if fingerprint_of(each.body) == LINK]
    assert second.labels == ["flaky", "pt004", "receipts"]


def test_at_most_so_many_are_new(world: World) -> None:
    """The gravest are filed, the rest is named and filed the next night."""
    nights = Nights(world, most=3)
    minor = [evolve(each, severity="minor") for each in many(4)]
    said = nights(1, *minor, DENIED)
    assert len(world.seen()) == 3
    assert fingerprint_of(world.seen()[0].body) == DENY
    names = f"{minor[2].fingerprint}, {minor[3].fingerprint}"
    assert said[-2:] == ["3 filed", f"not filed, because of --most 3: {names}"]
    came = tuple(replayed(each.fingerprint, "reproduced", 5) for each in (*minor, DENIED))
    nights(2, came=came, verdict="diverges")
    assert {fingerprint_of(each.body) for each in world.seen()} == {
        DENY, *(each.fingerprint for each in minor)
    }  # fmt: skip


def test_what_is_known_is_not_filed(world: World) -> None:
    """A known finding makes no issue and opens none, but an open one is counted."""
    nights = Nights(world)
    known = evolve(DENIED, known=True)
    assert nights(1, known)[0] == f"{DENY}: known, so not filed"
    assert world.seen() == []
    nights(2, DENIED)
    nights(3, known)
    assert kept(only(world)).nights == 2
    world.close(1, "completed")
    nights(4, known)
    assert only(world).state == "closed"


def test_what_no_replay_shows_is_not_filed(world: World) -> None:
    """An unconfirmed finding makes no issue, opens none, and does not count for an open one."""
    nights = Nights(world)
    unconfirmed = evolve(DENIED, unconfirmed=True)
    said = nights(1, unconfirmed, verdict="unsure")
    assert said[0] == f"{DENY}: unconfirmed, so not filed: replays do not bear it out"
    assert world.seen() == []
    nights(2, DENIED)
    nights(3, unconfirmed, verdict="unsure")
    assert only(world).comments == []
    world.close(1, "completed")
    nights(4, unconfirmed, verdict="unsure")
    assert only(world).state == "closed"


def test_an_unsure_campaign_files_nothing(world: World) -> None:
    """An FC that stopped answering is no finding, whatever an earlier trace came to."""
    nights = Nights(world)
    said = nights(1, verdict="unsure", came=REPRODUCED, traced=(DENIED,))
    assert world.seen() == []
    assert said == [f"{DENY}: not filed: the campaign could say nothing", "nothing to do"]
    nights(2, DENIED, verdict="unsure")  # but what it did find counts
    assert only(world).state == "open"


def test_a_dry_run_does_nothing(world: World) -> None:
    """It says what would be done in every case, and leaves everything as it was."""
    nights = Nights(world)
    nights(1, DENIED)
    before = world.seen()
    night(world.folder, 2, LINKED, came=FIXED)
    said = nights.again(dry=True)
    assert before == world.seen()
    assert said[0].startswith(f"{LINK}: would file 'receipts.link: ")
    assert said[1].startswith(f"{DENY}: would count ")
    assert said[-1] == "would be: 1 filed, 1 counted"


def test_a_broken_trace_keeps_nothing_else_from_being_filed(world: World) -> None:
    """The finding is named with what is wrong, and the others are filed."""
    nights = Nights(world)
    night(world.folder, 1, DENIED, LINKED)
    (world.folder / "traces" / f"{DENY}.json").write_text("{")
    said = nights.again()
    assert [fingerprint_of(each.body) for each in world.seen()] == [LINK]
    assert any(line.startswith(f"{DENY}: cannot be filed: ") for line in said)
    assert said[-1] == "1 filed"
