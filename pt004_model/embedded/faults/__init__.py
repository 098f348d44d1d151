"""Seeded faults: single bugs that a tester must find, chosen by name when the server starts.

A class that is a :class:`Fault` in a module of this package is one; there is no list to add it to.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from pkgutil import iter_modules
from types import MappingProxyType
from typing import Any, Final

import attrs

from pt004_model.embedded.core import CONFORMING, Parts
from pt004_model.embedded.faults.base import Fault

__all__ = ["FAULTS", "Fault", "parts_with"]

for _module in iter_modules(__path__):
    import_module(f"{__name__}.{_module.name}")

FAULTS: Final[Mapping[str, type[Fault]]] = MappingProxyType(
    {
        fault.name: fault
        for fault in sorted(Fault.__subclasses__(), key=lambda fault: (fault.area, fault.name))
    }
)
"""All seeded faults by name, sorted by area and name."""


def parts_with(name: str) -> Parts:
    """Return the parts of a server in which the named fault replaces the part that it is of."""
    fault = FAULTS[name]
    replaced: dict[str, Any] = {
        field.name: fault
        for field in attrs.fields(Parts)
        if issubclass(fault, getattr(CONFORMING, field.name))
    }
    return attrs.evolve(CONFORMING, **replaced)
