"""Findings that come of a crash: as what they are told (section 13)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from pt004_model.judge.finding import Finding, Saying, disagreement
from pt004_model.model.commands import ChangeRun, Command, CreateRun, ReadRun, Restart, subject

COMES_BACK: Final = "durability.comes-back"
_PARTS: Final = {
    "audit": "durability.log-kept",
    "receipts": "durability.log-kept",
    "gates": "durability.gates-kept",
}


def not_back(why: str) -> Finding:
    """Return that an FC does not come back."""
    said = Saying("an FC that answers again")
    return disagreement(COMES_BACK, "health", said, Saying(why), "restart")


def by_restart(finding: Finding, command: Command, before: Sequence[Command]) -> Finding:
    """Return a finding on ``command`` as one of the last restart in what was sent ``before``."""
    last = max(n for n, each in enumerate(before) if isinstance(each, Restart))
    key, number = getattr(command, "key", None), subject(command)
    used = key and any(getattr(each, "key", None) == key for each in before[:last])
    moved = any(
        isinstance(each, ChangeRun | CreateRun) and each.run == number for each in before[last:]
    )
    if used:
        check = "durability.keys-kept"
    elif moved or not isinstance(command, ReadRun):
        check = "durability.goes-on"
    else:
        check = _PARTS.get(finding.area, "durability.run-kept")
    sides = (Saying(finding.expected), Saying(finding.observed))
    return disagreement(check, finding.where, *sides, finding.check)
