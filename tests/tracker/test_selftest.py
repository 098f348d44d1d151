"""The self-test proves what filing needs, and leaves as little behind as can be."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pt004_model.tracker.filing import SelfTest
from pt004_model.tracker.issues import Refused
from tests.tracker.fake_github import REPOSITORY, FakeGitHub, Mishap
from tests.tracker.nights import DENIED
from tests.tracker.worlds import GitHubWorld, Nights, World

PROVED = [
    "ok: issues can be listed",
    "ok: issues can be made with the label pt004, and found by it",
    "ok: comments can be added and edited",
    "ok: issues can be labelled",
    "ok: issues can be closed",
    "ok: issues can be reopened",
]


def test_it_proves_and_cleans_up(world: World) -> None:
    """Every ability is told, and nothing stays that filing would look at."""
    said: list[str] = []
    with world.tracker() as tracker:
        SelfTest(tracker, said.append).run()
        assert tracker.issues() == []
    assert said[:-2] == PROVED
    assert said[-1] == "ok: filing works here"


def test_it_says_what_stays_on_github(fake: FakeGitHub, tmp_path: Path) -> None:
    """The issue stays closed as not planned, without labels; labels made for it are deleted."""
    fake.answer("POST", f"/repos/{REPOSITORY}/labels", {}, {"name": "regression"})
    said: list[str] = []
    with GitHubWorld(tmp_path, fake).tracker() as tracker:
        SelfTest(tracker, said.append).run()
    assert said[-2] == (
        f"issues cannot be deleted by GitHub's REST API, so https://github.com/{REPOSITORY}/issues/1"
        " stays, closed as not planned and without labels; the labels made for it were deleted:"
        " pt004"
    )
    (issue,) = fake.issues.values()
    assert (issue["state"], issue["state_reason"], issue["labels"]) == ("closed", "not_planned", [])
    assert issue["title"] == "pt004 self-test: nothing is wrong, this can be ignored"
    assert set(fake.labels) == {"regression"}


def test_filing_is_as_before_it(world: World) -> None:
    """Issues that are there stay as they are, and the next night counts as ever."""
    nights = Nights(world)
    nights(1, DENIED)
    before = world.seen()
    with world.tracker() as tracker:
        SelfTest(tracker, lambda _: None).run()
    assert before == [each for each in world.seen() if "pt004" in each.labels]
    assert nights(2, DENIED)[-1] == "1 counted"


LACKS: dict[str, tuple[dict[str, Any], str]] = {
    "no right to write": ({"writable": False}, "the right to write issues"),
    "labels are dropped": ({"labels_stick": False}, "cannot be made with the label pt004"),
}


@pytest.mark.parametrize(("state", "message"), LACKS.values(), ids=LACKS)
def test_what_is_missing_is_said(
    fake: FakeGitHub, tmp_path: Path, state: dict[str, Any], message: str
) -> None:
    """It does not pass where filing would not work, and cleans up all the same."""
    for name, value in state.items():
        setattr(fake, name, value)
    with GitHubWorld(tmp_path, fake).tracker() as tracker, pytest.raises(Refused, match=message):
        SelfTest(tracker, lambda _: None).run()
    assert all(each["state_reason"] == "not_planned" for each in fake.issues.values())


def test_it_waits_for_lists_that_lag(fake: FakeGitHub, tmp_path: Path) -> None:
    """What is not yet shown is looked for again, and a lost answer is made up for."""
    fake.lag = 2
    fake.mishaps += [Mishap("POST", "/issues$", 502, acts=True), Mishap("POST", "/comments$")]
    with GitHubWorld(tmp_path, fake).tracker() as tracker:
        SelfTest(tracker, lambda _: None).run()
    assert len(fake.issues) == len(fake.comments) == 1
