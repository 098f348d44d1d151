"""GitHub when it limits, fails, loses answers and lists in pages; and what it is asked."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import TypeAlias

import pytest
from attrs import evolve

from pt004_model.trace.document import Reproduced
from pt004_model.tracker.github import GitHubTracker
from pt004_model.tracker.issues import (
    Draft,
    Lost,
    Refused,
    Unreachable,
    fingerprint_of,
)
from tests.tracker.description import Description, NoDescription, _fetched
from tests.tracker.fake_github import REPOSITORY, TOKEN, FakeGitHub, Mishap, serving
from tests.tracker.nights import DENIED, DENY, LINKED, day, replayed
from tests.tracker.worlds import GitHubWorld, Nights

ISSUES = "/issues$"
COMMENTS = "/comments$"


@pytest.fixture
def nights(fake: FakeGitHub, tmp_path: Path) -> Nights:
    """Campaigns that are submitted to the stand-in."""
    return Nights(GitHubWorld(tmp_path / "night", fake))


Trackers: TypeAlias = Callable[..., GitHubTracker]


@pytest.fixture
def tracker(fake: FakeGitHub) -> Iterator[Trackers]:
    """Make trackers of the stand-in, with short waits."""
    with ExitStack() as opened:

        def made(patience: float = 20, pause: float = 0.01) -> GitHubTracker:
            return opened.enter_context(
                GitHubTracker(REPOSITORY, TOKEN, fake.url, patience=patience, pause=pause)
            )

        yield made


def reset_in(seconds: int) -> tuple[tuple[str, str], ...]:
    """The headers of a primary limit."""
    return (("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", str(int(time.time()) + seconds)))


LIMITS = {
    "secondary, 403": Mishap("POST", ISSUES, 403, (("Retry-After", "0"),)),
    "secondary, 429": Mishap("POST", ISSUES, 429, (("Retry-After", "1"),)),
    "primary": Mishap("POST", ISSUES, 403, reset_in(0)),
    "on a list": Mishap("GET", ISSUES, 429, (("Retry-After", "0"),)),
    "on a comment": Mishap("POST", COMMENTS, 403, (("Retry-After", "0"),)),
    "on an edit": Mishap("PATCH", "/comments/", 403, (("Retry-After", "0"),)),
}


@pytest.mark.parametrize("limit", LIMITS.values(), ids=LIMITS)
def test_a_limit_is_waited_for(nights: Nights, fake: FakeGitHub, limit: Mishap) -> None:
    """Whatever hits a limit is sent again after the time that GitHub asks for, and done once."""
    fake.mishaps += [limit]
    for number in (1, 2, 3):
        nights(number, DENIED)
    assert len(fake.issues) == 1
    assert len(fake.comments) == 1
    assert not fake.mishaps


def test_a_limit_is_not_waited_for_beyond_patience(fake: FakeGitHub, tracker: Trackers) -> None:
    """An hour is longer than twenty seconds; a sentence says how long it would be."""
    fake.mishaps += [Mishap("GET", ISSUES, 403, reset_in(3600))]
    with pytest.raises(Unreachable, match=r"in 3\d\d\d s, and of --patience 20 s 0 are spent"):
        tracker().issues()


def test_a_limit_without_a_time_is_a_minute(fake: FakeGitHub, tracker: Trackers) -> None:
    """GitHub asks those to whom it says no time to wait for a minute, which is too long here."""
    said = "You exceeded a secondary rate limit"
    unread = (("x-ratelimit-remaining", "0"), ("x-ratelimit-reset", "soon"))
    for limit in (
        Mishap("GET", ISSUES, 403, message=said),
        Mishap("GET", ISSUES, 429, message=said),
        Mishap("GET", ISSUES, 403, (("Retry-After", "soon"),)),
        Mishap("GET", ISSUES, 403, unread),
    ):
        fake.mishaps += [limit]
        with pytest.raises(Unreachable, match="in 60 s"):
            tracker().issues()


def test_patience_is_for_all_waits_together(fake: FakeGitHub, tracker: Trackers) -> None:
    """A limit that comes again and again ends the filing."""
    fake.mishaps += [Mishap("GET", ISSUES, 429, (("Retry-After", "0"),)) for _ in range(4)]
    with pytest.raises(Unreachable, match="limits how much"):
        tracker(patience=0.05, pause=0.02).issues()
    fake.mishaps.clear()


@pytest.mark.parametrize("status", [500, 502, 503])
def test_a_server_error_is_tried_again(nights: Nights, fake: FakeGitHub, status: int) -> None:
    """Reads and edits that fail three times are done the fourth time."""
    nights(1, DENIED)
    nights(2, DENIED)
    fake.mishaps += [Mishap("GET", ISSUES, status)] * 3 + [
        Mishap("PATCH", "/comments/", status)
    ] * 3
    nights(3, DENIED)
    assert "seen in 3 campaigns" in fake.comments_of(1)[0]["body"]


def test_a_server_that_stays_broken_is_unreachable(fake: FakeGitHub, tracker: Trackers) -> None:
    """After four tries a sentence says what GitHub answered."""
    fake.mishaps += [Mishap("GET", ISSUES, 502, message="Bad Gateway")] * 4
    with pytest.raises(Unreachable, match=r"answers GET /repos/.*/issues with 502: Bad Gateway"):
        tracker().issues()


LOSSES = {
    "connection cut before": Mishap("POST", ISSUES),
    "connection cut after": Mishap("POST", ISSUES, acts=True),
    "server error before": Mishap("POST", ISSUES, 502),
    "server error after": Mishap("POST", ISSUES, 502, acts=True),
    "no JSON after": Mishap("POST", ISSUES, 201, acts=True, body=b"<html>"),
    "no issue after": Mishap("POST", ISSUES, 201, acts=True, body=b"{}"),
}


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
@pytest.mark.parametrize("lag", [0, 2])
def test_a_lost_answer_never_files_twice(
    nights: Nights, fake: FakeGitHub, loss: Mishap, lag: int
) -> None:
    """Done or not, the list is looked at before the create is repeated, though it lags behind."""
    nights(1, LINKED)
    fake.mishaps += [loss]
    fake.lag = lag if loss.acts else 0
    said = nights(2, LINKED, DENIED)
    assert len(fake.issues) == 2
    assert f"{DENY}: filed https://github.com/{REPOSITORY}/issues/2" in said
    creates = [place for place, each in enumerate(fake.requests) if each.startswith("POST")
               and each.endswith("/issues")]  # fmt: skip
    between = fake.requests[creates[1] + 1 : creates[2] if len(creates) > 2 else None]
    assert f"GET /repos/{REPOSITORY}/issues" in between
    assert len(creates) == (2 if loss.acts else 3)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_a_lost_answer_never_comments_twice(nights: Nights, fake: FakeGitHub, loss: Mishap) -> None:
    """The same holds for the counter."""
    nights(1, DENIED)
    fake.mishaps += [evolve(loss, path=COMMENTS)]
    nights(2, DENIED)
    nights(3, DENIED)
    (comment,) = fake.comments_of(1)
    assert "seen in 3 campaigns" in comment["body"]


def test_two_lost_answers_end_the_filing(nights: Nights, fake: FakeGitHub) -> None:
    """A create is tried twice at most; the next submission files what is missing, once."""
    fake.mishaps += [Mishap("POST", ISSUES, 502), Mishap("POST", ISSUES, acts=True)]
    fake.lag = 99
    with pytest.raises(Unreachable, match="an issue could not be made"):
        nights(1, DENIED)
    assert len(fake.issues) == 1
    fake.issues[1]["_lag"] = 0
    assert nights.again()[-1] == "nothing to do"
    assert len(fake.issues) == 1


def test_a_submission_that_was_cut_short_is_made_up_for(nights: Nights, fake: FakeGitHub) -> None:
    """Closing ends after the comment: the next submission closes, and comments no second time."""
    nights(1, DENIED)
    fixed = (replayed(DENY, "fixed"),)
    nights(2, came=fixed)
    nights(3, came=fixed)
    fake.mishaps += [Mishap("PATCH", "/issues/1$", 502)] * 4
    with pytest.raises(Unreachable):
        nights(4, came=fixed)
    assert fake.issues[1]["state"] == "open"
    nights.again()
    assert fake.issues[1]["state"] == "closed"
    assert len(fake.comments_of(1)) == 2


def test_all_pages_are_read(nights: Nights, fake: FakeGitHub) -> None:
    """Among 205 issues and 105 comments ours are found again, the last ones too."""
    for number in range(204):
        given = {"title": f"{number}", "body": "Mine", "labels": ["pt004"]}
        fake.answer("POST", f"/repos/{REPOSITORY}/issues", {}, given)
    nights(1, DENIED)
    for number in range(104):
        fake.answer("POST", f"/repos/{REPOSITORY}/issues/205/comments", {}, {"body": f"{number}"})
    for number in (2, 3):
        nights(number, DENIED)
    assert len(fake.issues) == 205
    assert len(fake.comments_of(205)) == 105
    assert "seen in 3 campaigns" in fake.comments_of(205)[-1]["body"]


def test_a_page_elsewhere_is_not_followed(fake: FakeGitHub, tracker: Trackers) -> None:
    """The token is not carried to another host."""
    hub = tracker()
    hub.issues()
    elsewhere = '<https://elsewhere.example/issues?page=2>; rel="next"'
    fake.mishaps += [Mishap("GET", ISSUES, 200, (("Link", elsewhere),), body=b"[]")]
    with pytest.raises(Refused, match=r"'elsewhere\.example'"):
        hub.issues()


def test_pull_requests_are_no_issues(nights: Nights, fake: FakeGitHub) -> None:
    """GitHub lists them together; one that repeats a marker is not taken for the issue."""
    nights(1, DENIED)
    address = f"https://github.com/{REPOSITORY}/pull/1"
    fake.issues[1]["pull_request"] = dict.fromkeys(
        ("url", "html_url", "diff_url", "patch_url"), address
    )
    nights(2, DENIED)
    assert len(fake.issues) == 2


REFUSALS = {
    "no token": ({"token": "another"}, "with 401 .*GITHUB_TOKEN"),
    "no repository": ({"name": "octocat/elsewhere"}, f"there is no {REPOSITORY}"),
    "no right": ({"writable": False}, "with 403 .*the right to write issues"),
    "no issues": ({"facts": {"has_issues": False}}, "has its issues switched off"),
    "archived": ({"facts": {"archived": True}}, "is archived"),
}


@pytest.mark.parametrize(("state", "message"), REFUSALS.values(), ids=REFUSALS)
def test_what_is_not_allowed_is_said(
    nights: Nights, fake: FakeGitHub, state: dict[str, object], message: str
) -> None:
    """A sentence says what was refused and what to see to; nothing is filed."""
    for name, value in state.items():
        setattr(fake, name, value)
    with pytest.raises(Refused, match=message) as caught:
        nights(1, DENIED)
    assert TOKEN not in str(caught.value)
    assert not fake.issues


def test_a_label_that_is_dropped_is_noticed(nights: Nights, fake: FakeGitHub) -> None:
    """Without it the issue would be filed every night; it is closed, and a sentence says why."""
    fake.labels_stick = False
    with pytest.raises(Refused, match="made without the label pt004"):
        nights(1, DENIED)
    assert fake.issues[1]["state_reason"] == "not_planned"


def test_labels_are_made_before_they_are_used(nights: Nights, fake: FakeGitHub) -> None:
    """They get a colour and a description, and one that is there is left as it is."""
    fake.answer("POST", f"/repos/{REPOSITORY}/labels", {}, {"name": "policy", "color": "123456"})
    nights(1, evolve(DENIED, reproduced=Reproduced(1, 5)))
    assert set(fake.labels) == {"pt004", "policy", "flaky"}
    assert fake.labels["policy"]["color"] == "123456"
    assert fake.labels["flaky"]["description"] == "Does not show in every replay"


def test_a_label_that_somebody_else_made_meanwhile(fake: FakeGitHub, tracker: Trackers) -> None:
    """That it is there already is no trouble, nor is a lost answer to making one."""
    fake.mishaps += [Mishap("POST", "/labels$", 502, acts=True)]
    issue = tracker().create(Draft("A title", "A body", ("pt004",)))
    assert issue.labels == {"pt004"}


def test_a_repository_that_was_renamed(nights: Nights, fake: FakeGitHub) -> None:
    """GitHub's redirection is followed once, and the present name used from then on."""
    fake.name = "octocat/New-Name"
    place = f"{fake.url}/repos/octocat/New-Name"
    fake.mishaps += [Mishap("GET", f"{REPOSITORY}$", 301, (("Location", place),))]
    nights(1, DENIED)
    assert len(fake.issues) == 1


def test_another_server_is_told_from_github(fake: FakeGitHub, tracker: Trackers) -> None:
    """What answers with anything else is no API of GitHub."""
    fake.mishaps += [Mishap("GET", f"{REPOSITORY}$", 200, body=b"[]")]
    with pytest.raises(Refused, match="no API of GitHub; see to --api-url"):
        tracker().issues()
    fake.mishaps += [Mishap("GET", f"{REPOSITORY}$", 200, body=b"<html>")]
    with pytest.raises(Unreachable, match="what is no JSON"):
        tracker().issues()
    for body in (b"{}", b"[1]", b"[{}]", b'[{"id": 1}]'):
        fake.mishaps += [Mishap("GET", ISSUES, 200, body=body)]
        with pytest.raises(Refused, match=r"without a list|no issue"):
            tracker().issues()


def test_a_change_is_not_sent_on(fake: FakeGitHub, tracker: Trackers) -> None:
    """A redirection of a change would make it a read, so it is refused in a sentence."""
    hub = tracker()
    issue = hub.create(Draft("A title", "A body", ("pt004",)))
    fake.mishaps += [Mishap("PATCH", "/issues/1$", 301, (("Location", f"{fake.url}/x"),))]
    with pytest.raises(Refused, match=r"with 301 .*: see to --api-url and --repo"):
        hub.reopen(issue)


def test_nobody_listens() -> None:
    """An address where nothing answers is unreachable, and a create there is lost."""
    with GitHubTracker(REPOSITORY, TOKEN, "http://127.0.0.1:9", pause=0.001) as hub:
        with pytest.raises(Unreachable, match=r"http://127\.0\.0\.1:9 does not answer: "):
            hub.issues()
        hub._base, hub._there = "/repos/a/b", {"pt004"}
        with pytest.raises(Lost):
            hub.create(Draft("A title", "A body", ("pt004",)))


def test_secrets_are_not_repeated(fake: FakeGitHub, tracker: Trackers) -> None:
    """A server that repeats the token in a message does not get it onto the screen."""
    fake.mishaps += [Mishap("GET", ISSUES, 403, message=f"what is {TOKEN}?")]
    with pytest.raises(Refused, match=r"what is \[secret\]\?"):
        tracker().issues()
    assert TOKEN not in repr(tracker())


# The check of the checker: what is not as GitHub describes it is noticed


def test_a_planted_request_is_noticed(description: Description) -> None:
    """Unknown members, wrong types, unknown parameters and paths each are violations."""
    accept = {"accept": "application/vnd.github+json", "content-type": "application/json"}
    path = f"/repos/{REPOSITORY}/issues"

    def wrong(method: str, path: str, query: dict[str, str], body: object) -> list[str]:
        return list(description.request(method, path, query, accept, body))

    good = {"title": "A title", "body": "A body", "labels": ["pt004"]}
    assert wrong("POST", path, {}, good) == []
    assert wrong("POST", path, {}, {**good, "colour": "red"})
    assert wrong("POST", path, {}, {**good, "title": ["A title"]})
    assert wrong("POST", path, {}, {"body": "A body"})
    assert wrong("POST", path, {}, None)
    assert wrong("PUT", path, {}, good)
    assert wrong("PATCH", f"{path}/1", {}, {"state": "shut"})
    assert wrong("GET", path, {"state": "all", "per_page": "100", "page": "2"}, None) == []
    assert wrong("GET", path, {"state": "both"}, None)
    assert wrong("GET", path, {"per-page": "100"}, None)
    assert list(description.request("GET", path, {}, {}, None))


def test_a_planted_answer_is_noticed(description: Description) -> None:
    """An issue without its number, and a code that is not described, are violations."""
    path = f"/repos/{REPOSITORY}/issues"
    issue = description.example("issue")
    assert list(description.answer("POST", path, 201, issue)) == []
    assert list(description.answer("POST", path, 200, issue))
    assert list(description.answer("POST", path, 201, issue | {"number": "1"}))
    del issue["number"]
    assert list(description.answer("POST", path, 201, issue))
    assert list(description.answer("DELETE", f"/repos/{REPOSITORY}/labels/x", 204, {"a": 1}))


def test_a_violation_is_kept(description: Description) -> None:
    """The stand-in notes what it was sent though it answers."""
    with serving(description) as there:
        with GitHubTracker(REPOSITORY, TOKEN, there.url) as hub:
            hub._call("GET", f"/repos/{REPOSITORY}/issues", params={"label": "pt004"})
        assert there.violations == [
            f"GET /repos/{REPOSITORY}/issues: no query parameter label is described"
        ]


def test_a_machine_without_npm_is_told_what_is_missing() -> None:
    """A sentence names npm and how to install it."""
    with pytest.raises(NoDescription, match=r"npm is not there, .*; install it, e\.g\. apt-get"):
        _fetched(None)


def test_the_times_are_those_of_the_campaigns(nights: Nights, fake: FakeGitHub) -> None:
    """What is kept in a counter is JSON that says when the campaigns began."""
    nights(1, DENIED)
    nights(2, DENIED)
    text = fake.comments_of(1)[0]["body"]
    kept = json.loads(text.partition("pt004:memory=")[2].partition(" -->")[0])
    stamps = [f"{day(n):%Y-%m-%dT%H:%M:%S.000Z}" for n in (1, 2)]
    assert kept["campaigns"] == [f"{stamps[0]}/1", f"{stamps[1]}/2"]
    assert (kept["first"], kept["last"]) == (stamps[0], stamps[1])
    assert fingerprint_of(fake.issues[1]["body"]) == DENY
    assert day(2) - day(1) == timedelta(days=1)
