"""Findings that come of a crash: which promise is broken, by what is asked and what was before."""

from __future__ import annotations

import pytest

from pt004_model.judge.checks import CHECKS
from pt004_model.judge.durability import by_restart, not_back
from pt004_model.judge.finding import Saying, disagreement
from pt004_model.model.commands import ChangeRun, Command, CreateRun, ReadRun, Restart
from pt004_model.model.values import Body

CREATE = CreateRun(0, Body.of({"workflow_id": "w"}), key="c")
PAUSE = ChangeRun(0, Body.of({"status": "paused"}))
READ = ReadRun(0)


@pytest.mark.parametrize(
    ("check", "command", "since", "told"),
    [
        ("lifecycle.status", READ, (), "durability.run-kept"),
        ("audit.append-only", READ, (), "durability.log-kept"),
        ("receipts.chain", READ, (), "durability.log-kept"),
        ("gates.status", READ, (ReadRun(0),), "durability.gates-kept"),
        ("receipts.link", READ, (PAUSE,), "durability.goes-on"),
        ("lifecycle.legal-change-accepted", PAUSE, (), "durability.goes-on"),
        ("idempotency.replay-as-then", CREATE, (PAUSE,), "durability.keys-kept"),
    ],
)
def test_a_finding_is_told_as_what_was_not_kept(
    check: str, command: Command, since: tuple[Command, ...], told: str
) -> None:
    """Its place and sides stay, and two checks are two findings."""
    finding = disagreement(check, "run.x", Saying("one"), Saying("another"))
    before = (CREATE, Restart(), *since)
    mine = by_restart(finding, command, before)
    assert (mine.check, mine.where, mine.expected, mine.observed) == (
        told, "run.x", "one", "another",
    )  # fmt: skip
    other = disagreement("lifecycle.created-at", "run.x", Saying("one"), Saying("another"))
    assert by_restart(other, command, before).fingerprint != mine.fingerprint


def test_an_fc_that_is_not_back_is_told_with_why() -> None:
    """Whatever it said last, it is one finding."""
    one, other = not_back("it ended with status 1"), not_back("no answer in 30 s")
    assert (one.check, one.observed) == ("durability.comes-back", "it ended with status 1")
    assert one.fingerprint == other.fingerprint
    assert {one.check, "durability.keys-kept"} <= set(CHECKS)
