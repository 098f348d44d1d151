"""Seeded faults: single bugs that a tester must find, chosen by name when the server starts."""

from __future__ import annotations

from pt004_model.embedded.faults.base import Fault
from pt004_model.embedded.faults.registry import FAULTS, parts_with

__all__ = ["FAULTS", "Fault", "parts_with"]
