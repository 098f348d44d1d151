"""What is read of a campaign's folder, and what is said of a folder that is none."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from pt004_model.drive.replay import Result
from pt004_model.trace.document import Reproduced, moment
from pt004_model.trace.files import Unusable
from pt004_model.trace.writing import rfc3339
from pt004_model.tracker.submission import read_submission
from tests.tracker.nights import DENIED, DENY, LINK, night, replayed


def spoil(path: Path, **changes: Any) -> None:
    """Change members of a document."""
    document = json.loads(path.read_text())
    path.write_text(json.dumps(document | changes))


def test_a_night_is_read(tmp_path: Path) -> None:
    """Findings, replays, and the identity of the campaign."""
    read = read_submission(night(tmp_path, 3, DENIED, came=(replayed(LINK, "fixed"),)))
    assert read.campaign == "2026-03-04T02:00:00.000Z/3"
    assert (read.summary.verdict, read.summary.seed) == ("diverges", 3)
    (finding,) = read.summary.findings
    assert (finding.fingerprint, finding.area, finding.known) == (DENY, "policy", False)
    assert finding.reproduced == Reproduced(5, 5)
    (replay,) = read.replays
    assert (replay.fingerprint, replay.result) == (LINK, Result.FIXED)


@pytest.mark.parametrize("target", [None, [], ["--fault", "f"]])
def test_which_fc_it_was(target: list[str] | None, tmp_path: Path) -> None:
    """The options are read as they are; nobody need have said them."""
    path = night(tmp_path, 3, DENIED) / "summary.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "target": target}))
    assert read_submission(tmp_path).summary.target == (None if target is None else tuple(target))


def test_replays_need_not_be_there(tmp_path: Path) -> None:
    """A folder without replays.json has none."""
    (night(tmp_path, 1) / "replays.json").unlink()
    assert read_submission(tmp_path).replays == ()


def test_a_file_that_is_no_trace_says_nothing(tmp_path: Path) -> None:
    """It is replayed as unsure under its own name, which is no fingerprint, and left out."""
    came = (replayed("my notes", "unsure"), replayed(LINK, "unsure"))
    read = read_submission(night(tmp_path, 1, came=came))
    assert [each.fingerprint for each in read.replays] == [LINK]


@pytest.mark.parametrize("other", ["reproduced", "changed", "unsure"])
def test_of_several_traces_of_a_finding_the_gravest_counts(other: str, tmp_path: Path) -> None:
    """It is not fixed as long as one of them says otherwise, whichever was replayed last."""
    for came in (
        (replayed(LINK, other), replayed(LINK, "fixed")),
        (replayed(LINK, "fixed"), replayed(LINK, other)),
    ):
        read = read_submission(night(tmp_path, 1, came=came))
        assert other == read.sightings()[LINK].result


SPOILED: list[tuple[str, dict[str, Any], str]] = [
    # file, changes, what is said
    ("summary.json", {"started_at": "yesterday"}, "'yesterday' is no 'started_at'"),
    ("summary.json", {"started_at": "2026-03-02T02:00:00"}, "is no 'started_at'"),
    ("summary.json", {"seed": None}, "'None' is no 'seed'"),
    ("summary.json", {"target": [1]}, "expected str, at target[0]"),
    ("summary.json", {"findings": {}}, "expected tuple, at findings"),
    ("summary.json", {"findings": [{}]}, "required field missing, at findings[0].fingerprint"),
    ("summary.json", {"findings": [1]}, "at findings[0]"),
    ("replays.json", {"format": "other"}, "its format is not pt004-replays"),
    ("replays.json", {"version": 2}, "of version 2, and this pt004 reads version 1; install"),
    (
        "replays.json",
        {"replays": [{"fingerprint": "-->", "result": "fixed"}]},
        "is no 'fingerprint'",
    ),
    (
        "replays.json",
        {"replays": [{"fingerprint": DENY, "result": "gone"}]},
        "expected Result, at replays[0].result",
    ),
]


@pytest.mark.parametrize(("name", "changes", "said"), SPOILED)
def test_a_spoiled_file(tmp_path: Path, name: str, changes: dict[str, Any], said: str) -> None:
    """A sentence names the file and what is wrong in it."""
    spoil(night(tmp_path, 1, DENIED) / name, **changes)
    with pytest.raises(Unusable) as caught:
        read_submission(tmp_path)
    assert str(tmp_path / name) in str(caught.value)
    assert said in str(caught.value)


def test_a_finding_with_a_hostile_name(tmp_path: Path) -> None:
    """Fingerprints and checks stand in markers and titles, so they are held to their form."""
    for name, value in (("fingerprint", f"{DENY} -->"), ("check", "policy.<!--"), ("commands", -1)):
        path = night(tmp_path, 1, DENIED) / "summary.json"
        document = json.loads(path.read_text())
        document["findings"][0][name] = value
        path.write_text(json.dumps(document))
        with pytest.raises(Unusable, match=f"is no '{name}'"):
            read_submission(tmp_path)


def test_a_file_that_is_none(tmp_path: Path) -> None:
    """Bytes that are no text, and a folder in the place of the file, are each said."""
    (tmp_path / "summary.json").write_bytes(b"\xff")
    with pytest.raises(Unusable, match="is no JSON"):
        read_submission(tmp_path)
    (tmp_path / "summary.json").unlink()
    (tmp_path / "summary.json").mkdir()
    with pytest.raises(Unusable, match="cannot read"):
        read_submission(tmp_path)


def test_times() -> None:
    """They are written in UTC, and read with any offset."""
    read = moment("2026-03-02T03:00:00.250+01:00")
    assert rfc3339(read.timestamp()) == "2026-03-02T02:00:00.250Z"
    assert moment("2026-03-02T02:00:00Z") == datetime(2026, 3, 2, 2, tzinfo=UTC)
