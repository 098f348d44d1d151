"""Every check has a severity, and the lists behind it name checks that there are."""

from __future__ import annotations

import pytest

from pt004_model.judge import checks
from pt004_model.judge.checks import CHECKS


@pytest.mark.parametrize(
    ("check", "severity"),
    [
        ("policy.deny-blocks", "critical"),
        ("lifecycle.terminal-is-final", "critical"),
        ("isolation.refusal-code", "minor"),
        ("lifecycle.accepted-code", "minor"),
        ("lifecycle.status", "major"),
    ],
)
def test_severity(check: str, severity: str) -> None:
    """What breaks governance is critical, what misleads is major, a wrong code is minor."""
    assert CHECKS[check].severity == severity


def test_severity_lists_name_checks() -> None:
    """No severity is given to a check that does not exist."""
    assert (checks._CRITICAL | checks._MINOR) - set(CHECKS) == frozenset()
    assert not checks._CRITICAL & checks._MINOR
