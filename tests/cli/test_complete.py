"""``pt004 complete`` against a served FC: its guarantee wherever it is told, and going on."""

from __future__ import annotations

import json
import shlex
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.helpers import ended, invoke, read_json, serving, start, summary, traces, wait_for

pytestmark = pytest.mark.system

GUARANTEE = (
    "k = 0, N = 0: the lifecycle of runs without steps is the model's, or differs only where more"
    " than 0 further moves from a known state are needed, provided that the FC answers these calls"
    " deterministically (116 tests, 548 calls; not covered: longer runs, other fields and callers,"
    " idempotency keys, calls that overlap, crashes)"
)
SMALL = ("--ungoverned", "--extra", "0")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The address of an FC that conforms."""
    with serving() as (url, _):
        yield url


def test_the_guarantee_stands_wherever_it_is_looked_for(address: str, tmp_path: Path) -> None:
    """Output, summary, digest, page and proof report have the sentence, and the exit is 0."""
    folder, out = tmp_path / "suite", tmp_path / "proof"
    said = invoke("complete", *SMALL, "--base-url", address, "--out", folder, "--page")
    assert said.code == 0, said.out
    assert f"guarantee: {GUARANTEE}" in said.lines
    assert summary(folder)["guarantee"] == GUARANTEE
    digest = (folder / "summary.md").read_text()
    assert f"Guarantee: {GUARANTEE}." in digest.replace("\\", "")
    plain = GUARANTEE.replace("'", "&#39;")
    assert f"Guarantee: {plain}." in (folder / "page.html").read_text()
    again = f"pt004 complete --profile dev --base-url {address} --patience 0"
    again += " --steps 3 --extra 0 --ungoverned"
    assert again in digest.splitlines()
    assert invoke(*shlex.split(again)[1:], "--max-time", "0.1", "--out", tmp_path / "x").code == 3
    proved = invoke("prove", "--base-url", address, "--out", out, "--with-campaign", folder)
    assert proved.code == 0, proved.said
    report = (out / "PT-004_workflow_orchestration_PROOF_REPORT.md").read_text().replace("\\", "")
    assert f"| Guarantee | {GUARANTEE} |" in report.splitlines()


def test_shards_guarantee_together_what_none_does(address: str, tmp_path: Path) -> None:
    """Each says that it is a part; merged they have the sentence, and not when one is missing."""
    shards = [tmp_path / "1", tmp_path / "2"]
    for number, folder in enumerate(shards, 1):
        asked = (*SMALL, "--base-url", address, "--shard", f"{number}/2", "--out", folder)
        said = invoke("complete", *asked, "--workers", "2")
        assert (said.code, summary(folder)["examples"]) == (0, 58)
        assert summary(folder)["guarantee"] == f"none, because it is part {number}/2 of a suite"
    merged = invoke("merge", *shards, "--out", tmp_path / "all")
    assert (merged.code, f"guarantee: {GUARANTEE}" in merged.lines) == (0, True), merged.out
    assert summary(tmp_path / "all")["guarantee"] == GUARANTEE
    said = invoke("merge", shards[1], "--out", tmp_path / "one")
    assert (said.code, summary(tmp_path / "one")["guarantee"]) == (
        3, "none, because of 2 shards there is no 1",
    )  # fmt: skip
    part = read_json(shards[0] / "part.json")
    part["suite"]["suite"] = "of other choices"
    (shards[0] / "part.json").write_text(json.dumps(part))
    said = invoke("merge", *shards, "--out", tmp_path / "other")
    assert f"{shards[1]} is of another suite than {shards[0]}" in said.out


def test_a_suite_that_ran_out_of_time_goes_on(address: str, tmp_path: Path) -> None:
    """It is unsure and names the command that goes on, which makes the rest alone."""
    there = ("--base-url", address, "--out", tmp_path, "--rate", "80")
    short = invoke("complete", *SMALL, *there, "--max-time", "4")
    assert short.code == 3
    assert "guarantee: none, because the suite was not finished: " in short.out
    assert short.lines[-1].endswith(f"--ungoverned --out {tmp_path} --resume")  # and not as briefly
    made = read_json(tmp_path / "complete.json")["cases"]
    assert 0 < made < 116
    runs = len((tmp_path / "runs.txt").read_text().splitlines())
    whole = invoke("complete", *SMALL, *there, "--resume")
    assert whole.code == 0, whole.out
    assert f"guarantee: {GUARANTEE}" in whole.lines
    after = len((tmp_path / "runs.txt").read_text().splitlines())
    assert after - runs < 116 - made + 30  # the probes, and one of the preflight


def test_what_cannot_be_gone_on_with_is_refused(address: str, tmp_path: Path) -> None:
    """A suite of another FC is not gone on with, nor one whose file is damaged."""
    there = ("--base-url", address, "--out", tmp_path, "--resume")
    kept = tmp_path / "complete.json"
    kept.write_text('{"suite": "0123456789ab", "target": "--base-url http://fc", "cases": 3}')
    said = invoke("complete", *SMALL, *there)
    assert said.code == 2
    assert "was made of another Federation Core, or in another way: leave out --resume" in said.err
    kept.write_text('{"cases": "three"}')
    said = invoke("complete", *SMALL, *there)
    assert said.code == 2
    assert "complete.json cannot be used: " in said.err


def test_an_interrupt_keeps_how_far_it_came(address: str, tmp_path: Path) -> None:
    """Ctrl-C is exit 130; what was made is on disk, and no guarantee is given."""
    process = start("complete", *SMALL, "--base-url", address, "--out", tmp_path)
    wait_for((tmp_path / "complete.json").exists)
    process.send_signal(signal.SIGINT)
    assert ended(process).code == 130
    left = summary(tmp_path)
    assert (left["verdict"], left["why"]) == ("unsure", "it was interrupted")
    assert left["guarantee"] == "none, because it was interrupted"
    assert read_json(tmp_path / "complete.json")["cases"] > 0


def test_a_finding_is_like_any_other(tmp_path: Path) -> None:
    """A seeded fault is a finding with a short trace, which a replay shows, and no guarantee."""
    fault = ("--fault", "denied-step-may-pause")
    said = invoke("complete", *fault, *SMALL[1:], "--steps", "1", "--out", tmp_path, "--quiet")
    assert said.code == 1
    (trace,) = traces(tmp_path)
    assert trace.stem == "6b9764f45135"
    assert len(read_json(trace)["steps"]) == 3
    assert invoke("replay", trace, *fault).code == 1
    assert summary(tmp_path)["guarantee"] == "none, because tests of the suite failed"
