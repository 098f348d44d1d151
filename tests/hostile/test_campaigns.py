"""An FC at its worst: its token dies, it fails at random, its log never ends."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from random import Random

import pytest

from pt004_model.shrink.triage import Triage
from pt004_model.trace.document import load_trace
from tests.cli.helpers import Ended, invoke, serving, summary, traces
from tests.cli.servers import After, Said, Seen, fronted, refusal
from tests.hostile.conftest import LARGE, Figure

pytestmark = pytest.mark.system

SECRET = "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize("dies_at", [60, 200, 333])
def test_a_token_that_dies_makes_no_finding(dies_at: int, tmp_path: Path) -> None:
    """From some call on every token is refused: nothing can be said, and nothing is filed."""

    def before(seen: Seen) -> Said | None:
        return refusal(401) if seen.number > dies_at and seen.is_run_call else None

    with fronted(before=before, secret=SECRET) as front:
        where = ("--base-url", front.url, "--out", tmp_path, "--max-examples", "20", "--seed", "5")
        ended = invoke("check", *where, SECRET_KEY=SECRET)
    told = summary(tmp_path)
    assert (ended.code, told["findings"], traces(tmp_path)) == (3, [], []), ended.said
    assert told["why"].startswith("the token is no longer taken: ")
    filed = invoke("submit", tmp_path, "--to", tmp_path / "issues")
    assert not list((tmp_path / "issues").glob("*.md")), filed.said


def strewn(share: float, seed: int) -> After:
    """A gateway that answers some calls with a server error of its own."""
    rng = Random(seed)  # noqa: S311 - no secret is made

    def after(seen: Seen, said: Said) -> Said:
        if seen.number < 3 or rng.random() >= share:
            return said
        return Said(500, b"<html>oops</html>", "text/html")

    return after


@pytest.mark.parametrize("share", [0.02, 0.1])
def test_the_time_holds_for_everything_together(
    share: float, tmp_path: Path, figure: Figure
) -> None:
    """Search, replays and shortening of whatever is found end within the time and some seconds."""
    seconds = 20 if LARGE else 5
    with fronted(after=strewn(share, 3)) as front:
        where = ("--base-url", front.url, "--out", tmp_path, "--profile", "nightly")
        began = time.monotonic()
        ended = invoke("check", *where, "--max-time", str(seconds), "--seed", "7")
        took = time.monotonic() - began
    told = summary(tmp_path)
    assert ended.code == 3, ended.said
    assert not [each for each in told["findings"] if not each["unconfirmed"]]
    assert took < 4 * seconds + 30  # what it really takes is printed; a machine may be busy
    found = len(told["findings"])
    figure(f"500 by a gateway on {share:.0%}", f"{took - seconds:+.1f} s over, {found} unconfirmed")


@pytest.mark.parametrize("entries", [10_000, 100_000] if LARGE else [10_000])
def test_a_log_without_end_is_told_in_short(entries: int, tmp_path: Path, figure: Figure) -> None:
    """Entries that say nothing make a few findings, a small trace, and no campaign of minutes."""
    row = b",".join([b"{}"] * entries)

    def after(seen: Seen, said: Said) -> Said:
        if seen.method != "GET" or "include_logs=true" not in seen.query or said.status != 200:
            return said
        content = said.json
        content["logs"] = ["LOGS"]
        return Said(200, said.with_json(content).body.replace(b'"LOGS"', row))

    with fronted(after=after) as front:
        where = ("--base-url", front.url, "--out", tmp_path, "--max-examples", "1", "--seed", "7")
        began = time.monotonic()
        ended = invoke("check", *where, "--max-commands", "1", "--confirm", "1", "--max-time", "20")
        took = time.monotonic() - began
    assert ended.code == 1, ended.said
    assert len(summary(tmp_path)["findings"]) <= 24  # two or so a member of an entry, none an entry
    size = max(path.stat().st_size for path in traces(tmp_path))
    assert size < 1_000_000
    figure(f"log of {entries} empty entries", f"{took:.1f} s, largest trace {size // 1000} kB")


HISTORIES = ["steps-cached-by-workflow", "payload-cached-by-workflow", "empty-key-is-a-key"]


@pytest.mark.parametrize("fault", HISTORIES)
def test_a_trace_that_was_not_shortened_is_whole(
    fault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Broken off before shortening, a trace makes what it uses: it replays, and so do its forms."""

    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Triage, "_sight", interrupted)
    ended = invoke("check", "--out", tmp_path, "--fault", fault, "--max-examples", "60",
                   "--seed", "0")  # fmt: skip
    assert ended.code == 130, ended.said
    (path, *_) = traces(tmp_path)
    assert not load_trace(path).shrunk
    assert invoke("replay", path).code == 0
    script = tmp_path / "script.py"
    script.write_text(invoke("show", path, "--as", "pytest").out)
    with serving() as (url, _):
        ran = subprocess.run(  # noqa: S603 - ours
            [sys.executable, script], env={"FC_BASE_URL": url}, capture_output=True, check=False
        )
    assert ran.returncode in {0, 3}, ran.stderr
    monkeypatch.undo()
    later: Ended = invoke("check", "--out", tmp_path, "--max-examples", "1", "--seed", "1")
    assert later.code == 0, later.said
