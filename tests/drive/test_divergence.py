"""Findings as exceptions, a class a fingerprint."""

from __future__ import annotations

import pytest

from pt004_model.drive.session import Divergence, divergence, raise_finding
from pt004_model.judge.finding import Finding
from tests.drive.helpers import create, session, with_run
from tests.stub import Stub, Tampering


def test_each_fingerprint_has_an_exception_class_of_its_own() -> None:
    """The class is made once: a new one each time would be a flaky failure."""
    one, other = divergence("a" * 12), divergence("b" * 12)
    assert one is divergence("a" * 12)
    assert one is not other
    assert issubclass(one, Divergence)
    assert issubclass(Divergence, AssertionError)
    assert one.__name__ == "Divergence_aaaaaaaaaaaa"
    assert one.__doc__ == Divergence.__doc__


def test_findings_are_raised_as_their_class() -> None:
    """A lockstep that raises ends at its first finding and tells it in a line."""
    finding = Finding("gates.status", "gates[0]", "a", "b", "c" * 12)
    lockstep = session(Stub()).lockstep()
    with pytest.raises(divergence("c" * 12), match=r"gates\.status: gates\[0\]: expected a"):
        raise_finding(finding, lockstep)


def test_a_session_raises_unless_told_otherwise() -> None:
    """Under plain pytest the first disagreement is a failure."""
    fc = Tampering(Stub(), lambda _, reply: with_run(reply, status="failed"))
    lockstep = session(fc).lockstep()
    with pytest.raises(Divergence, match=r"lifecycle\.status"):
        lockstep.do(create(0, "a"))
    assert len(lockstep.steps) == 1
