"""``pt004 merge``: shards make one campaign, and nothing is taken from a shard of another."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from operator import methodcaller
from pathlib import Path
from typing import Any

import pytest

from pt004_model.search.fillings import places
from tests.cli.helpers import invoke, summary
from tests.cli.servers import fronted

pytestmark = pytest.mark.system

FINGERPRINT = "6b9764f45135"
ASKED = ("--max-examples", "14", "--max-commands", "4", "--seed", "3", "--confirm", "1")


def shard(url: str, number: int, out: Path) -> int:
    """Do a part of two of a small campaign."""
    asked = ("--no-losses", "--shard", f"{number}/2", "--base-url", url)
    return invoke("check", *ASKED, *asked, "--out", out).code


@pytest.fixture(scope="module")
def shards(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two shards of a campaign, in both of which the finding is."""
    folder = tmp_path_factory.mktemp("shards")
    with fronted(fault="denied-step-may-pause") as front:
        assert [shard(front.url, number, folder / str(number)) for number in (1, 2)] == [1, 1]
    return folder / "1", folder / "2"


def test_shards_make_one_campaign(shards: tuple[Path, Path], tmp_path: Path) -> None:
    """Counts are added, a finding is one, and the shards stay as they were."""
    said = invoke("merge", *shards, "--out", tmp_path / "all", "--page")
    one, other, whole = summary(shards[0]), summary(shards[1]), summary(tmp_path / "all")
    assert (said.code, said.lines[-1]) == (1, "DIVERGES: 1 finding")
    assert whole["examples"] == one["examples"] + other["examples"] == 14
    assert whole["requests"] == one["requests"] + other["requests"]
    (found,) = whole["findings"]
    assert found["fingerprint"] == FINGERPRINT
    assert found["commands"] == 3
    seen = [each["findings"][0]["occurrences"] for each in (one, other)]
    assert found["occurrences"] == sum(seen)
    trace = json.loads((tmp_path / "all" / "traces" / f"{FINGERPRINT}.json").read_text())
    assert trace["occurrences"] == sum(seen)
    edges = [{(e["status"], e["command"], e["decision"], e["position"], e["outcome"])
              for e in each["edges"]} for each in (one, other, whole)]  # fmt: skip
    assert edges[2] == edges[0] | edges[1]
    assert edges[0] - edges[1]
    assert edges[1] - edges[0]
    assert whole["coverage"]["driven"] > max(e["coverage"]["driven"] for e in (one, other))
    routes = [each["statistics"]["latency"]["change"]["count"] for each in (one, other, whole)]
    assert routes[2] == routes[0] + routes[1]
    costs = [each["statistics"]["shrinking"]["requests"] for each in (one, other, whole)]
    assert costs[2] == costs[0] + costs[1] > 0
    runs = [(each / "runs.txt").read_text().split() for each in (*shards, tmp_path / "all")]
    assert runs[2] == runs[0] + runs[1]
    assert (one["shard"], other["shard"], whole["shard"]) == ("1/2", "2/2", "")
    assert (tmp_path / "all" / "page.html").exists()


def test_kills_are_counted_together(shards: tuple[Path, Path], tmp_path: Path) -> None:
    """Of tables the cells are added; that no kill met a call in any part is said of the whole."""
    counts = {"kills": 2, "met": 0, "cells": 9, "rung": "death", "table": {"paused": 1}}
    parts = [tmp_path / each.name for each in shards]
    for shard, part in zip(shards, parts, strict=True):
        shutil.copytree(shard, part)
        told = summary(part)
        told["statistics"]["crashes"] = counts
        (part / "summary.json").write_text(json.dumps(told))
        made = json.loads((part / "part.json").read_text())
        made["whole"]["floor"] = 0.001
        made["values"] = dict(sorted((kind, [place]) for kind, place in places(governed=True)))
        (part / "part.json").write_text(json.dumps(made))
    invoke("merge", *parts, "--out", tmp_path / "all")
    whole = summary(tmp_path / "all")
    both = {**counts, "kills": 4, "table": {"paused": 2}}
    assert both == whole["statistics"]["crashes"]
    assert whole["why"] == "none of 4 kills met an open call"


def test_what_another_campaign_left_there_goes_but_for_its_runs(
    shards: tuple[Path, Path], tmp_path: Path
) -> None:
    """A page or a part of another one would be taken for this one's; its runs are still there."""
    shutil.copytree(shards[0], tmp_path, dirs_exist_ok=True)
    (tmp_path / "page.html").write_text("CONFORMS")
    (tmp_path / "runs.txt").write_text("of-last-night\n")
    for _ in range(2):  # merged again, it is the same
        invoke("merge", *shards, "--out", tmp_path)
        assert not {"page.html", "part.json"} & {each.name for each in tmp_path.iterdir()}
        both = [(each / "runs.txt").read_text() for each in shards]
        assert (tmp_path / "runs.txt").read_text() == "".join(["of-last-night\n", *both])


def test_an_earlier_trace_is_told_once(shards: tuple[Path, Path], tmp_path: Path) -> None:
    """All shards replay it: that is one row with all replays, and its sights are as they were."""
    copies = [Path(shutil.copytree(each, tmp_path / each.name)) for each in shards]
    for folder, (result, seen) in zip(copies, (("fixed", 0), ("reproduced", 2)), strict=True):
        name = f"traces/{'0' * 12}.json"
        shutil.copy(folder / "traces" / f"{FINGERPRINT}.json", folder / name)
        edit(folder / name, lambda raw: raw.update(fingerprint="0" * 12, occurrences=7))
        row = {"fingerprint": "0" * 12, "trace": name, "result": result, "seen": seen, "runs": 5}
        edit(folder / "replays.json", methodcaller("update", replays=[row]))
    invoke("merge", *copies, "--out", tmp_path / "all")
    (row,) = json.loads((tmp_path / "all" / "replays.json").read_text())["replays"]
    assert (row["result"], row["seen"], row["runs"]) == ("reproduced", 2, 10)
    assert 7 == json.loads((tmp_path / "all" / name).read_text())["occurrences"]


def no_finding(folder: Path) -> None:
    """Leave a shard as one that found nothing."""
    edit(folder / "summary.json", lambda raw: raw.update(findings=[], verdict="conforms", why=""))


def edit(path: Path, change: Callable[[dict[str, Any]], object]) -> None:
    """Change the document in a file."""
    raw = json.loads(path.read_text())
    change(raw)
    path.write_text(json.dumps(raw))


CHANGES: dict[str, tuple[str, Callable[[dict[str, Any]], object]]] = {
    "version": ("part.json", lambda raw: raw.update(program="0.9")),
    "contract": ("part.json", lambda raw: raw.update(contract="0" * 12)),
    "target": ("summary.json", lambda raw: raw.update(dialect="deployed")),
    "seed": ("summary.json", lambda raw: raw.update(seed=4)),
    "profile": ("summary.json", lambda raw: raw.update(options=["--max-examples", "15"])),
}


@pytest.mark.parametrize("word", CHANGES)
def test_a_shard_of_another_campaign(shards: tuple[Path, Path], tmp_path: Path, word: str) -> None:
    """It is named, nothing of it is counted, and the campaign is unsure."""
    copies = [Path(shutil.copytree(each, tmp_path / each.name)) for each in shards]
    for each in copies:
        no_finding(each)
    name, change = CHANGES[word]
    edit(copies[1] / name, change)
    said = invoke("merge", *copies, "--out", tmp_path / "all")
    assert said.code == 3
    assert said.lines[-1] == (
        f"UNSURE: {copies[1]} is of another {word} than {copies[0]}; of 2 shards there is no 2"
    )
    assert summary(tmp_path / "all")["examples"] == 7


def test_all_shards_are_needed(shards: tuple[Path, Path], tmp_path: Path) -> None:
    """Without a finding all of them conform, and no fewer; one that broke off says why."""
    copies = [Path(shutil.copytree(each, tmp_path / each.name)) for each in shards]
    for each in copies:
        no_finding(each)
    said = invoke("merge", *copies, "--out", tmp_path / "all")
    assert (said.code, said.lines[-1]) == (0, "CONFORMS: every answer was one that is allowed")
    said = invoke("merge", copies[0], copies[0], "--out", tmp_path / "all")
    twice = f"shard 1/2 is there twice, in {copies[0]} too"
    assert (said.code, said.lines[-1]) == (3, f"UNSURE: {twice}; of 2 shards there is no 2")
    edit(copies[1] / "part.json", lambda raw: raw.update(ended="it was interrupted"))
    said = invoke("merge", *copies, "--out", tmp_path / "all")
    assert (said.code, said.lines[-1]) == (3, "UNSURE: shard 2/2: it was interrupted")
    edit(copies[1] / "part.json", lambda raw: raw.update(ended="") or raw["whole"].update(floor=1))
    edit(copies[0] / "part.json", lambda raw: raw["whole"].update(floor=1))
    said = invoke("merge", *copies, "--out", tmp_path / "all")
    assert said.code == 3
    assert said.lines[-1].endswith("driven, and the profile dev wants 100% of them")


def test_a_shard_that_never_began(shards: tuple[Path, Path], tmp_path: Path) -> None:
    """What it says is repeated, and the others are merged all the same."""
    copies = [Path(shutil.copytree(each, tmp_path / each.name)) for each in shards]
    (copies[1] / "part.json").unlink()
    edit(copies[1] / "summary.json", lambda raw: raw.update(why="no FC answers"))
    said = invoke("merge", *copies, "--out", tmp_path / "all")
    idle = "shard 2/2 has done nothing: no FC answers; of 2 shards there is no 2"
    assert (said.code, said.lines[-1]) == (1, f"DIVERGES: 1 finding; {idle}")
    said = invoke("merge", copies[1], "--out", tmp_path / "all")
    assert (said.code, "shard 2/2 has done nothing: no FC answers" in said.err) == (2, True)


def test_what_is_no_shard(shards: tuple[Path, Path], tmp_path: Path) -> None:
    """A folder that no shard has left is wrong usage, and so are shards that there cannot be."""
    (tmp_path / "whole").mkdir()
    said = invoke("merge", tmp_path / "whole", "--out", tmp_path / "all")
    assert (said.code, "summary.json" in said.err) == (2, True)
    copy = Path(shutil.copytree(shards[0], tmp_path / "copy"))
    edit(
        copy / "part.json",
        lambda raw: raw["statistics"]["latency"]["change"]["buckets"].update(x=1),
    )
    said = invoke("merge", copy, "--out", tmp_path / "all")
    assert (said.code, "part.json cannot be used" in said.err) == (2, True)
    (copy / "part.json").unlink()
    edit(copy / "summary.json", lambda raw: raw.pop("shard"))
    said = invoke("merge", copy, "--out", tmp_path / "all")
    assert (said.code, f"{copy} holds no part of a campaign" in said.err) == (2, True)
    said = invoke("merge", copy, "--out", copy)
    assert (said.code, "is one of the parts" in said.err) == (2, True)
    said = invoke("submit", shards[0], "--to", tmp_path / "issues")
    assert (said.code, "is shard 1/2 of a campaign" in said.err) == (2, True)


@pytest.mark.parametrize("given", ["0/4", "5/4", "4", "x/y", "1/0"])
def test_what_is_no_part(given: str) -> None:
    """The numbers of shards begin with 1, and end with how many there are."""
    said = invoke("check", "--shard", given)
    assert (said.code, f"{given!r} is no part of a campaign" in said.err) == (2, True)


def test_more_shards_than_examples() -> None:
    """Each shard has something to do."""
    said = invoke("check", "--shard", "2/5", "--max-examples", "3")
    assert (said.code, "a campaign of 3 examples has no 5 shards" in said.err) == (2, True)
