"""Complete a create with what one FC demands beyond the contract: a priority, a known workflow.

A create is completed before the model sees it, so the model expects what was sent. What is wrong
with a create on purpose stays wrong: a value is replaced by another of its own type alone.
"""

from __future__ import annotations

import random
from typing import Any, Final

from attrs import evolve, field, frozen

from pt004_model.model.commands import Command, CreateRun
from pt004_model.model.values import Body, Json, same


@frozen
class Required:
    """Values by the names of fields: the values allowed, or an object for one with fields.

    ``workflow_ids`` are those that a run may be made of; without any, all are.
    """

    fields: dict[str, Any] = field(factory=dict)
    workflow_ids: tuple[str, ...] = ()

    def complete(self, command: Command) -> Command:
        """Return a command with all that a create must carry. Drawn values depend on it alone."""
        if not isinstance(command, CreateRun) or not command.body.fields:
            return command
        rng = random.Random(command.body.text)  # noqa: S311 - nothing secret is drawn
        fields = _merged(command.body.fields, self.fields, rng)
        if self.workflow_ids and fields.get("workflow_id"):
            ids: list[Json] = [*self.workflow_ids]
            fields["workflow_id"] = _allowed(fields["workflow_id"], ids, rng)
        if same(fields, command.body.fields):
            return command
        return evolve(command, body=Body.of(fields))


NOTHING: Final = Required()


def _merged(given: dict[str, Json], wanted: dict[str, Any], rng: random.Random) -> dict[str, Json]:
    made = dict(given)
    for name, values in wanted.items():
        there = given.get(name)
        if not isinstance(values, dict):
            made[name] = _allowed(there, values if isinstance(values, list) else [values], rng)
        elif there is None or isinstance(there, dict):
            made[name] = _merged(there or {}, values, rng)
    return made


def _allowed(given: Json, values: list[Json], rng: random.Random) -> Json:
    """Return a value that is allowed, unless what is given is of a type that none of them has."""
    if given is not None and not any(type(each) is type(given) for each in values):
        return given
    return given if any(same(given, each) for each in values) else rng.choice(values)
