"""``pt004 check --diff``: the same commands to two FCs, and what differs between them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from pt004_model.drive.comparing import Variation, together
from tests.cli.helpers import Ended, invoke, summary, wait_for
from tests.cli.servers import Front, Said, Seen, free_port, fronted

SMALL = ("--max-examples", "3", "--seed", "3", "--no-races", "--no-losses")


def diff(here: Front, there: str, out: Path, *more: str) -> Ended:
    """A small campaign against one FC that asks another one the same."""
    where = ("--base-url", here.url, "--diff", there, "--out", out)
    return invoke("check", *where, *SMALL, *more)


@contextmanager
def beside(here: Front, **options: Any) -> Iterator[Front]:
    """Another FC, made once the first one was: two threads must not make one at once."""
    wait_for(lambda: here.app)
    with fronted(**options) as there:
        yield there


def differences(out: Path) -> list[list[str]]:
    """In what the two differ, and how, as the summary has it."""
    return [[each["what"], each["here"], each["there"]] for each in summary(out)["differences"]]


def other_manners(seen: Seen, said: Said) -> Said:
    """An FC with other freedoms: another code, and one more field in every run."""
    if said.status == 409:
        return Said(422, said.body, said.content_type)
    if said.status >= 300 or not seen.is_run_call:
        return said
    return said.with_json({**said.json, "run": {**said.json["run"], "shard": 4}})


def test_the_same_fc_twice(tmp_path: Path) -> None:
    """Nothing differs; the other is asked the same, and its runs are kept note of as well."""
    with fronted() as here, beside(here) as there:
        said = diff(here, there.url, tmp_path)
    assert (0, []) == (said.code, differences(tmp_path))
    assert len(there.seen) > 0.9 * len(here.seen)
    made = set((tmp_path / "runs.txt").read_text().splitlines())
    asked = {part for seen in there.seen for part in seen.path.split("/")}
    assert made & asked


@pytest.mark.system
def test_another_freedom_is_no_bug(tmp_path: Path) -> None:
    """All that the contract leaves free is told with how either FC has it, and the exit is 0."""
    with fronted() as here, beside(here, after=other_manners, automatic=True) as there:
        said = diff(here, there.url, tmp_path, "--max-examples", "5")
    told = differences(tmp_path)
    assert (0, "conforms") == (said.code, summary(tmp_path)["verdict"])
    for expected in (
        ["fields of run", "none besides", '"shard"'],
        ["status code", "409", "422"],
        ["status of run", '"running"', '"paused"'],
        ["status of run", '"running"', '"failed"'],
    ):
        assert expected in told
    assert "\ndiffers: status code: 409 here, 422 there (" in said.out
    assert "| differs from the other FC in |" in (tmp_path / "summary.md").read_text()


def test_what_the_other_does_wrong_is_told_once(tmp_path: Path) -> None:
    """It is no finding: this FC conforms."""
    with fronted() as here, beside(here, fault="tags-are-sorted") as there:
        said = diff(here, there.url, tmp_path)
    [[what, kept, not_kept]] = differences(tmp_path)
    assert (0, "the contract", "kept") == (said.code, what, kept)
    assert not_kept.startswith("not kept (lifecycle.sent-data-kept")


@pytest.mark.system
def test_a_bug_here_is_a_finding_as_without_it(tmp_path: Path) -> None:
    """The other conforms; nothing is told as a difference that is wrong here."""
    with fronted(fault="tags-are-sorted") as here, beside(here) as there:
        said = diff(here, there.url, tmp_path)
    assert (1, 1, []) == (said.code, len(summary(tmp_path)["findings"]), differences(tmp_path))


def test_another_fc_that_is_not_there(tmp_path: Path) -> None:
    """Nothing is compared with nothing: exit 3, and a sentence that says which of the two it is."""
    with fronted() as here:
        said = diff(here, f"http://127.0.0.1:{free_port()}", tmp_path)
    assert (3, True) == (said.code, "UNSURE: the FC of --diff: no Federation Core" in said.err)


def test_another_fc_that_goes_away(tmp_path: Path) -> None:
    """The campaign goes on, and says that nothing was compared from then on."""

    def gone(seen: Seen) -> Said | None:
        return Said(503, b"{}") if seen.number > 20 else None

    with fronted() as here, beside(here, before=gone) as there:
        said = diff(here, there.url, tmp_path)
    [[what, some, none]] = differences(tmp_path)
    assert (0, "answers", "some") == (said.code, what, some)
    assert none.startswith("none any more (")


def test_one_process_compares(tmp_path: Path) -> None:
    """Several workers cannot tell it to one another: exit 2."""
    with fronted() as here, beside(here) as there:
        said = diff(here, there.url, tmp_path, "--workers", "2")
    assert 2 == said.code
    assert "leave out --workers" in said.err


def test_shards_are_counted_together() -> None:
    """What several parts of a campaign saw is one difference, the most frequent first."""
    seen = [Variation("a", "1", "2", ("x",), 1, "first"), Variation("b", "1", "2", ("x",), 3, "f")]
    again = Variation("a", "1", "2", ("y",), 4, "later")
    assert (Variation("a", "1", "2", ("x", "y"), 5, "first"), seen[1]) == together([*seen, again])
