"""Findings as exceptions, for whoever runs the machine under plain pytest.

Hypothesis tells bugs apart by exception type, file and line. One class raised from one place would
be one bug, so each fingerprint has a class of its own, made once: a new class each time would be a
flaky failure.
"""

from __future__ import annotations

from functools import cache

from pt004_model.drive.lockstep import Lockstep
from pt004_model.judge.finding import Finding


class Divergence(AssertionError):  # noqa: N818 - the field's word, and no error of ours
    """An FC answered otherwise than the contract allows."""


@cache
def divergence(fingerprint: str) -> type[Divergence]:
    """Return the exception class of a fingerprint, the same at every call."""
    return type(f"Divergence_{fingerprint}", (Divergence,), {"__doc__": Divergence.__doc__})


def raise_finding(finding: Finding, lockstep: Lockstep) -> None:
    """Raise a finding; to be used as ``on_finding`` of a lockstep."""
    del lockstep
    raise divergence(finding.fingerprint)(str(finding))
