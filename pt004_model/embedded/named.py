"""The name of a seeded fault as an option of a command has it; no fault is imported before."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

import click


class FaultName(click.types.StringParamType):
    """One of the seeded faults."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Return the name. Raises ``click.BadParameter`` where there is no such fault."""
        from pt004_model.embedded.faults import FAULTS  # noqa: PLC0415 - with a server's libraries

        if value not in FAULTS:
            close = get_close_matches(value, FAULTS)
            meant = f"did you mean {' or '.join(close)}? " if close else ""
            self.fail(f"{value!r} is no fault; {meant}`pt004 faults` lists all", param, ctx)
        return value
