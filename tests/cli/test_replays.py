"""What `pt004 check` does with the traces that earlier campaigns left in its folder."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from tests.cli.helpers import Ended, invoke, read_json, summary, traces
from tests.cli.servers import Front, fronted
from tests.cli.test_check import SEALS, SMALL, TAGS, talk

pytestmark = pytest.mark.system

ONE = ("--max-examples", "4", "--max-commands", "8", "--seed", "11")


def check(front: Front, out: Path, *more: str) -> Ended:
    """A campaign against the FC behind ``front``."""
    return invoke("check", "--base-url", front.url, "--out", out, *ONE, *more)


def replays(out: Path) -> list[Any]:
    """The rows of ``replays.json``."""
    document = read_json(out / "replays.json")
    assert (document["format"], document["version"]) == ("pt004-replays", 1)
    rows: list[Any] = document["replays"]
    return rows


@pytest.fixture(scope="module")
def campaign(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which a campaign has left the trace of a finding."""
    out = tmp_path_factory.mktemp("campaign")
    with fronted(fault=SEALS) as front:
        assert check(front, out).code == 1
    assert replays(out) == []
    assert len(traces(out)) == 1
    return out


@pytest.fixture
def left(campaign: Path, tmp_path: Path) -> Path:
    """A copy of that folder."""
    return Path(shutil.copytree(campaign, tmp_path / "left"))


def test_what_shows_again_is_a_finding(left: Path) -> None:
    """Before anything is generated the trace is replayed; its finding counts, first seen then."""
    (path,) = traces(left)
    before = read_json(path)
    with fronted(fault=SEALS) as front:
        said = check(front, left, "--areas", "receipts", "--seed", "12")
    assert said.code == 1
    assert "replaying 1 trace of earlier campaigns" == said.lines[4]
    assert f"again {path.stem} receipts.workflow-hash: " in said.out
    assert replays(left) == [
        {
            "fingerprint": path.stem,
            "trace": f"traces/{path.name}",
            "result": "reproduced",
            "seen": 5,
            "runs": 5,
            "why": f"the finding was seen again at step {len(before['steps'])}",
        }
    ]
    told = summary(left)
    (found,) = told["findings"]
    assert (told["verdict"], found["fingerprint"]) == ("diverges", path.stem)
    assert (found["requests_to_first"], found["known"]) == (5 * len(before["steps"]), False)
    assert found["reproduced"] == {"seen": 5, "runs": 5}
    after = read_json(path)
    assert [before[name] for name in ("first_seen", "seed", "profile")] == [
        after[name] for name in ("first_seen", "seed", "profile")
    ]
    assert before["last_seen"] < after["last_seen"]
    assert found["occurrences"] == after["occurrences"]


def test_what_is_repaired_is_said_to_be_fixed(left: Path) -> None:
    """Without the fault the campaign conforms; the trace stays, and replays.json says fixed."""
    (path,) = traces(left)
    kept = path.read_text()
    with fronted() as front:
        said = check(front, left)
    assert (said.code, summary(left)["findings"]) == (0, [])
    (row,) = replays(left)
    assert (row["result"], row["seen"], row["runs"]) == ("fixed", 5, 5)
    assert any(line.startswith(f"fixed {path.stem}: ") for line in said.lines)
    assert kept == path.read_text()


def test_another_finding_in_its_place(left: Path) -> None:
    """A replay that shows another finding says changed, and that one is shortened and kept."""
    (path,) = traces(left)
    document = read_json(path)
    document["fingerprint"], document["check"] = "0" * 12, "receipts.chain"
    document["steps"][-1]["findings"] = []
    path.unlink()
    (path.parent / f"{'0' * 12}.json").write_text(json.dumps(document))
    with fronted(fault=SEALS) as front:
        assert check(front, left).code == 1
    (row,) = replays(left)
    assert (row["fingerprint"], row["result"]) == ("0" * 12, "changed")
    assert ["0" * 12, path.stem] == [each.stem for each in traces(left)]
    (found,) = summary(left)["findings"]
    assert (found["fingerprint"], found["reproduced"]["seen"]) == (path.stem, 5)


def test_files_that_cannot_be_replayed(left: Path) -> None:
    """A broken file, one of a newer version, one of another area: unsure, in a sentence each.

    The first two should have been replayed, and leave the campaign unsure; the last was left out.
    """
    (path,) = traces(left)
    (path.parent / "aaaa.json").write_text('{"format": "pt004-tr')
    newer = {**read_json(path), "version": 3}
    (path.parent / "bbbb.json").write_text(json.dumps(newer))
    there = {each: each.read_text() for each in traces(left)}
    with fronted(fault=SEALS) as front:
        assert check(front, left, "--areas", "policy").code == 3
    why = "2 of 3 traces of earlier campaigns could not be read: "
    assert summary(left)["why"].startswith(why)
    whys = {row["fingerprint"]: (row["result"], row["runs"], row["why"]) for row in replays(left)}
    assert {"unsure"} == {result for result, _, _ in whys.values()}
    assert "was cut off" in whys["aaaa"][2]
    assert "install the pt004_model that wrote it" in whys["bbbb"][2]
    assert whys[path.stem] == (
        "unsure", 0, "the area receipts is not judged in this campaign"
    )  # fmt: skip
    assert there == {each: each.read_text() for each in traces(left)}


def test_runs_with_steps_are_not_replayed_where_none_are_made(tmp_path: Path) -> None:
    """A trace with steps says nothing of an FC that knows none."""
    with fronted(fault="denied-step-may-pause") as front:
        more = ("--max-examples", "6", "--max-commands", "8", "--areas", "policy")
        assert check(front, tmp_path, *more).code == 1
        (path,) = traces(tmp_path)
        document = read_json(path)
        document["steps"][0]["send"]["body"] = {"json": {"workflow_id": "w", "steps": ["a"]}}
        path.write_text(json.dumps(document))
        check(front, tmp_path, "--ungoverned")
    (row,) = replays(tmp_path)
    assert row["result"] == "unsure"
    assert row["why"] == "it has runs with steps, and this campaign makes runs without steps alone"


@pytest.mark.parametrize("more", [(), ("--no-crashes",)])
def test_a_kill_that_nobody_can_make_leaves_a_campaign_unsure(
    left: Path, more: tuple[str, ...]
) -> None:
    """The FC of a trace with a kill may have its bug still, unless it was said to kill nothing."""
    (path,) = traces(left)
    document = read_json(path)
    restart = {**document["steps"][0], "send": {"command": "Restart", "after": 0.0}}
    document["steps"].insert(0, restart)
    path.write_text(json.dumps(document))
    few = ("--profile", "ci", "--max-examples", "8", "--no-races", "--no-losses")
    with fronted() as front:
        check(front, left, *few, *more)
    (row,) = replays(left)
    assert row["result"] == "unsure"
    doubt = "1 of 1 traces of earlier campaigns were not replayed: the FC is killed in it"
    assert summary(left)["why"].startswith(doubt) is (more == ())


def test_a_shard_replays_all_that_lies_there(left: Path) -> None:
    """Another shard may have another folder, so none leaves a trace to the others."""
    with fronted() as front:
        assert check(front, left, "--shard", "2/2").code == 0
    assert ["fixed"] == [row["result"] for row in replays(left)]


def test_no_replay_leaves_them_alone(left: Path) -> None:
    """With --no-replay nothing is sent but what is generated, and replays.json says so."""
    with fronted(fault=TAGS) as front:
        said = check(front, left, "--no-replay", "--areas", "receipts")
    assert (said.code, replays(left)) == (0, [])
    assert "replaying" not in said.out
    assert len(front.seen) - 2 == summary(left)["requests"]


def test_what_is_replayed_does_not_change_what_is_generated(left: Path, tmp_path: Path) -> None:
    """The same seed asks the same, whatever lies in the folder."""
    talks = []
    for out in (left, tmp_path / "new"):
        with fronted() as front:
            check(front, out, *SMALL, "--no-races")
        talks.append(talk(front))
    with_replays, without = talks
    replayed = len(with_replays) - len(without)
    assert replayed > 0
    # health and one create come first
    assert with_replays[:2] + with_replays[2 + replayed :] == without


def test_a_known_finding_that_is_replayed_is_known(left: Path) -> None:
    """What shows again and is on the list does not fail the campaign."""
    (path,) = traces(left)
    listed = left / "known.toml"
    args = ("--reason", "r", "--owner", "ann", "--expires", "2099-12-31", "--known", listed)
    assert invoke("baseline", "add", path, *args).code == 0
    with fronted(fault=SEALS) as front:
        said = check(front, left, "--known", str(listed))
    assert said.code == 0
    (found,) = summary(left)["findings"]
    assert (summary(left)["verdict"], found["known"]) == ("conforms", True)
    assert [row["result"] for row in replays(left)] == ["reproduced"]
