"""All seeded faults by name, and how one takes its place in a server."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType, ModuleType
from typing import Any, Final

import attrs

from pt004_model.embedded.faults import (
    audit,
    authentication,
    gates,
    idempotency,
    inputs,
    isolation,
    lifecycle,
    policy,
    receipts,
    steps,
)
from pt004_model.embedded.faults.base import Fault
from pt004_model.embedded.parts import CONFORMING, Parts

_MODULES: Final = (
    audit,
    authentication,
    gates,
    idempotency,
    inputs,
    isolation,
    lifecycle,
    policy,
    receipts,
    steps,
)


def _faults_in(module: ModuleType) -> Iterator[type[Fault]]:
    for value in vars(module).values():
        if isinstance(value, type) and issubclass(value, Fault) and value is not Fault:
            yield value


def _by_area_and_name() -> dict[str, type[Fault]]:
    found = [fault for module in _MODULES for fault in _faults_in(module)]
    found.sort(key=lambda fault: (fault.area, fault.name))
    return {fault.name: fault for fault in found}


FAULTS: Final[Mapping[str, type[Fault]]] = MappingProxyType(_by_area_and_name())


def parts_with(name: str) -> Parts:
    """Return the parts of a server in which the named fault replaces the part that it is of."""
    fault = FAULTS[name]
    replaced: dict[str, Any] = {
        field.name: fault
        for field in attrs.fields(Parts)
        if issubclass(fault, getattr(CONFORMING, field.name))
    }
    return attrs.evolve(CONFORMING, **replaced)
