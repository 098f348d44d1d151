"""Other names on the wire: an FC that says ``RUNNING`` for running, or ``state`` for status.

Each table of names is made a *permutation*: a name that the FC uses in its own sense, and that the
contract has in another, goes the other way. So nothing is lost or said twice, what is read can be
written again as it was served (a receipt is a hash of that), and a status that the FC does not know
stays one when it is sent on purpose.

Names are changed where the contract has them, and nowhere within what a client may choose.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, TypeAlias

from attrs import field, frozen

from pt004_model.model.values import Body, Json, Value
from pt004_model.vocabulary import (
    ACTOR_HEADER,
    AUTHORIZATION_HEADER,
    CORRELATION_HEADER,
    GATE_FIELDS,
    IDEMPOTENCY_HEADER,
    LOG_FIELDS,
    RUN_FIELDS,
    TENANT_HEADER,
    Event,
    GateStatus,
    Status,
)

_Object: TypeAlias = dict[str, Json]
_Tables: TypeAlias = dict[str, dict[str, str]]
ENVELOPE: Final = ("run", "logs", "gates", "detail")
ASKED: Final = ("status", "current_step", "step_index", "policy", "reason")
NAMES: Final[Mapping[str, frozenset[str]]] = {
    "statuses": frozenset(Status),
    "gates": frozenset(GateStatus),
    "fields": frozenset((*ENVELOPE, *ASKED, *RUN_FIELDS, *LOG_FIELDS, *GATE_FIELDS)),
    "events": frozenset(Event),
    "headers": frozenset(
        (
            TENANT_HEADER, ACTOR_HEADER, CORRELATION_HEADER, IDEMPOTENCY_HEADER,
            AUTHORIZATION_HEADER,
        )
    ),
}  # fmt: skip
"""The names of the contract that may be other ones on the wire, by table."""


def permutation(table: Mapping[str, str]) -> dict[str, str]:
    """Return a table of names and, for each other name that it takes up, one that it sets free."""
    taken = [name for name in table.values() if name not in table]
    free = [name for name in table if name not in table.values()]
    return {**table, **dict(zip(taken, free, strict=True))}


@frozen
class Spelling:
    """Names on the wire by the names of the contract, a table a kind.

    ``outside_statuses`` and ``outside_gates`` are words of the FC for what the contract does not
    have: a run that shows one is outside of the model from then on.
    """

    statuses: dict[str, str] = field(factory=dict)
    gates: dict[str, str] = field(factory=dict)
    fields: dict[str, str] = field(factory=dict)
    events: dict[str, str] = field(factory=dict)
    headers: dict[str, str] = field(factory=dict)
    outside_statuses: tuple[str, ...] = ()
    outside_gates: tuple[str, ...] = ()
    _out: _Tables = field(init=False, repr=False, eq=False)
    _back: _Tables = field(init=False, repr=False, eq=False)

    @_out.default
    def _permutations(self) -> _Tables:
        return {name: permutation(getattr(self, name)) for name in NAMES}

    @_back.default
    def _inverses(self) -> _Tables:
        return {
            name: {after: before for before, after in each.items()}
            for name, each in self._out.items()
        }

    @property
    def plain(self) -> bool:
        """Return whether all is spelled as the contract has it."""
        return not any(self._out.values())

    def header(self, name: str) -> str:
        """Return the name of a header on the wire."""
        return self._out["headers"].get(name, name)

    def body(self, body: Body) -> bytes:
        """Return a request body on the wire; what is no object stays as it is."""
        return self._respelled(body, self._out, out=True).encode()

    def asked(self, body: Body) -> Body:
        """Return a request body in the names of the contract; what is no object stays as it is."""
        return self._respelled(body, self._back)

    def _respelled(self, body: Body, tables: _Tables, *, out: bool = False) -> Body:
        reading = body.reading
        if self.plain or not isinstance(reading, Value) or not isinstance(reading.json, dict):
            return body
        return Body.of(_renamed(reading.json, tables, _RUN, out=out))

    def entry(self, entry: _Object) -> _Object:
        """Return a log entry as it was served."""
        return entry if self.plain else _renamed(entry, self._out, _ENTRY, out=True)

    def read(self, body: Json) -> Json:
        """Return the body of an answer, or a log entry, in the names of the contract. Total."""
        if self.plain or not isinstance(body, dict):
            return body
        there = _renamed(body, self._back, _ENTRY)
        for part, words in (("run", _RUN), ("logs", _ENTRY), ("gates", _GATE)):
            each = there.get(part)
            if isinstance(each, dict):
                there[part] = _renamed(each, self._back, words)
            elif isinstance(each, list):
                there[part] = [
                    _renamed(one, self._back, words) if isinstance(one, dict) else one
                    for one in each
                ]
        return there

    def outside(self, body: Json) -> str:
        """Return the word of the FC that puts a run outside of the model; empty without one."""
        if not isinstance(body, dict):
            return ""
        words = [(body.get("run"), self.outside_statuses)]
        gates = body.get("gates")
        words += [(gate, self.outside_gates) for gate in (gates if isinstance(gates, list) else ())]
        for shown, known in words:
            status = shown.get("status") if isinstance(shown, dict) else None
            if isinstance(status, str) and status in known:
                return status
        return ""


_RUN: Final = {"status": "statuses"}
_ENTRY: Final = {"event_type": "events", "previous_status": "statuses", "new_status": "statuses"}
_GATE: Final = {"status": "gates"}
"""Members whose value is a word of a table, by their name in the contract."""


def _renamed(
    value: _Object, tables: _Tables, words: Mapping[str, str], *, out: bool = False
) -> _Object:
    """Return an object with its members, and its ``words``, by other names."""
    made: _Object = {}
    for name, each in value.items():
        other = tables["fields"].get(name, name)
        table = words.get(name if out else other)
        known = tables[table] if table is not None else {}
        made[other] = known.get(each, each) if isinstance(each, str) else each
    return made
