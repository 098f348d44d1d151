"""A Federation Core that answers from the reference model.

It keeps the model's worlds, takes one of the outcomes that the model allows, and renders the run
as an FC would: every field, a log with receipts, gates, times of a clock of its own. So judge and
stub must always agree, whatever the stub does where the contract leaves an FC free: that is its
:class:`~tests.habits.Habits`.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

import rfc8785
from attrs import define, evolve, field

from pt004_model.model.commands import Command, CreateRun, Names, RunRef, Unknown
from pt004_model.model.history import Anything, Entry, Gate, GateRef, StepRef
from pt004_model.model.replies import NoAnswer, Reply, Response
from pt004_model.model.run import Run
from pt004_model.model.values import Json
from pt004_model.model.world import Accepted, Refused, World, expect
from pt004_model.vocabulary import Event, Status
from pt004_model.wire.codec import Codec, Exchange
from tests.habits import PLAIN, Habits

JsonObject: TypeAlias = dict[str, Json]
NAMES: Final = Names.of("tenant_omega", "tenant_x", ("actor_0", "actor_1", "actor_2"))
NOON: Final = 1_770_379_200.0  # 2026-02-06T12:00:00Z


@define
class Clock:
    """Our time, and the FC's: ``lead`` seconds ahead, and ``drift`` more each second.

    ``step`` is what passes from one moment of a call to the next.
    """

    now: float = NOON
    lead: float = 0.0
    drift: float = 0.0
    step: float = 0.0371

    def tick(self) -> float:
        """Some time passes; what time it is then."""
        self.now += self.step
        return self.now

    def theirs(self, ours: float) -> float:
        """What the FC's clock shows at our time ``ours``."""
        return ours + self.lead + (ours - NOON) * self.drift


def digest(value: Json) -> str:
    """Lower-case hex SHA-256 of the RFC 8785 form (section 8)."""
    return hashlib.sha256(rfc8785.dumps(_doubles(value, beyond=2**53))).hexdigest()


def _doubles(value: Json, beyond: int = -1) -> Json:
    """``value`` with integers of more than ``beyond`` written as doubles."""
    if isinstance(value, dict):
        return {name: _doubles(each, beyond) for name, each in value.items()}
    if isinstance(value, list):
        return [_doubles(each, beyond) for each in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > beyond:
        return float(value)
    return value


def _turned(value: Json) -> Json:
    """``value`` with the names in each object turned round."""
    if isinstance(value, dict):
        return {name: _turned(value[name]) for name in reversed(value)}
    return [_turned(each) for each in value] if isinstance(value, list) else value


@define
class Book:
    """What the stub has written down of one run; ``ends`` is the length of the log by version."""

    run_id: str
    correlation: str
    log: list[JsonObject] = field(factory=list)
    ends: dict[int, int] = field(factory=dict)
    times: dict[int, str] = field(factory=dict)
    gate_ids: list[Json] = field(factory=list)
    own: Json = None
    version: int = -1


def uuids(number: int) -> str:
    """Ids that are UUIDs."""
    return str(uuid.UUID(int=number, version=4))


@define
class Stub:
    """A Federation Core in a few lines; it may be asked in several conversations, told by nonce."""

    names: Names = NAMES
    habits: Callable[[], Habits] = lambda: PLAIN
    authenticates: bool = False
    clock: Clock = field(factory=Clock)
    run_ids: Callable[[int], str] = uuids
    worlds: dict[str, World] = field(factory=dict)
    books: dict[tuple[str, int], Book] = field(factory=dict)
    asked: list[Command] = field(factory=list)
    _made: int = 0

    def ask(self, command: Command, run_id: Callable[[RunRef], str], nonce: str) -> Exchange:
        """Answer ``command``; the id that the caller has for the run must be the right one."""
        self.asked.append(command)
        codec = Codec(self.names, token=lambda _: "a token" if self.authenticates else None)
        request = codec.encode(command, lambda ref: self._addressed(ref, run_id, nonce), nonce)
        sent = self.clock.tick()
        world = self.worlds.get(nonce, World(authenticates=self.authenticates))
        habits = self.habits()
        outcome = habits.outcome(expect(world, command))
        self.clock.tick()
        after, reply = outcome.world, outcome.reply
        if isinstance(reply, Accepted):
            book = self._book(nonce, reply, isinstance(command, CreateRun))
            if reply.run.version > book.version:
                self._write(book, reply.run, habits, command.caller.actor)
            code, body = reply.code, _envelope(book, reply, self.names, habits)
        elif isinstance(reply, Refused):
            known = world.hidden.get(reply.like)
            code = habits.code(reply.refusal) if reply.like is None or known is None else known
            after, body = after.with_code(reply.like, code), {"detail": habits.details}
        else:
            code, body = 200, {"run": {"run_id": "outside"}}
        self.worlds[nonce] = after
        # through the text, so that nothing is shared and all is as on the wire
        told = Reply(code, json.loads(json.dumps(body)), sent, self.clock.tick())
        return Exchange(told, request)

    def _addressed(self, ref: RunRef, run_id: Callable[[RunRef], str], nonce: str) -> str:
        said, ids = run_id(ref), {book.run_id for book in self.books.values()}
        if isinstance(ref, Unknown):
            assert said not in ids, f"{said} is no unknown run"
        elif (nonce, ref) in self.books:
            assert said == self.books[nonce, ref].run_id
        return said

    def _book(self, nonce: str, reply: Accepted, create: bool) -> Book:
        key = nonce, reply.run.number
        if create and not reply.replay:
            correlation = reply.run.correlation or self.name("correlation")
            self.books[key] = Book(self.run_ids(self.count()), correlation)
        return self.books[key]

    def count(self) -> int:
        """A number never given before."""
        self._made += 1
        return self._made

    def name(self, what: str) -> str:
        """A name never given before."""
        return f"{what}-{self.count()}"

    def _write(self, book: Book, run: Run, habits: Habits, actor: int) -> None:
        """Append what the changes since the last writing have brought about."""
        moment = self.clock.theirs(self.clock.now)
        new = [entry for entry in run.log if entry.version > book.version]
        for version in range(book.version + 1, run.version + 1):
            book.times[version] = habits.stamp(moment)
        for number in range(len(book.gate_ids), len(run.gates)):
            book.gate_ids.append(number if habits.numbers else self.name("gate"))
        if habits.further and not run.governed and run.state.status is Status.RUNNING:
            step = StepRef((run.current_step,))
            new.append(Entry(Event.STEP_STARTED, actor, run.version, step))
        if habits.mixed:
            new.sort(key=_interleaved)
        rows = [_entry(book, each, self.names, habits) for each in new]
        if habits.further and rows:
            rows.insert(1, {**rows[0], "event_type": "FC-NOTE-001", "step_id": "x", "details": {}})
        for row in rows:
            row["log_id"] = self.count() if habits.numbers else self.name("log")
            row["timestamp"] = habits.stamp(moment + 0.001)
            row["previous_receipt_hash"] = book.log[-1]["receipt_hash"] if book.log else None
            row["receipt_hash"] = digest(row)
            book.log.append(row)
        book.version = run.version
        book.ends[run.version] = len(book.log)
        if isinstance(run.error_details, Anything) and habits.further:
            book.own = {"why": "the policy says no"}


def _interleaved(entry: Entry) -> tuple[bool, str]:
    """Another order of the kinds, each of which keeps its own."""
    return entry.event is Event.RUN_ENDED, entry.event[::-1]


def _entry(book: Book, entry: Entry, names: Names, habits: Habits) -> JsonObject:
    details: JsonObject = {
        name: book.gate_ids[value.number] if isinstance(value, GateRef) else str(value)
        for name, value in entry.details.items()
    }
    row: JsonObject = {
        "run_id": book.run_id,
        "event_type": str(entry.event),
        "step_id": None if entry.step is None else entry.step.names[0],
        "previous_status": entry.previous_status,
        "new_status": entry.new_status,
        "actor_id": names.actors[entry.actor],
        "message": f"{entry.event} has happened",
        "details": details,
    }
    if habits.numbers and entry.event is Event.GATE_CLOSED:
        row |= {"previous_status": "pending", "new_status": details["decision"]}
    if habits.further:
        row |= {"event_category": "workflow", "duration_ms": 1.5}
        details["more"] = {"n": [1, 2.5, "é"]}
        if entry.event is Event.STATUS_CHANGED:
            details.setdefault("reason", "the policy says so")
    return row


def _envelope(book: Book, expected: Accepted, names: Names, habits: Habits) -> JsonObject:
    """The body of an accepted call."""
    run = expected.run
    log: Json = list[Json](book.log[: book.ends[run.version]])
    gates: Json = [_gate(book, gate, names) for gate in run.gates]
    chain: list[Json] = [each["receipt_hash"] for each in book.log[: book.ends[run.version]]]
    body: JsonObject = {"run": _run(book, run, names, chain)}
    for name, part in (("logs", log), ("gates", gates)):
        free = name not in expected.complete | expected.empty
        if name in expected.complete or (free and habits.sections == "complete"):
            body[name] = part
        elif habits.sections != "absent":
            body[name] = []
    if habits.further:
        body["more"] = [1]
        body["run"] = {"evidence_pack_hash": None, **_run(book, run, names, chain)}
    shown: Json = _doubles(body) if habits.doubles else body
    shown = _turned(shown) if habits.mixed else shown
    assert isinstance(shown, dict)
    return shown


def _run(book: Book, run: Run, names: Names, chain: list[Json]) -> JsonObject:
    asked, times = run.asked, book.times
    own = isinstance(run.error_details, Anything)
    return {
        "run_id": book.run_id,
        "workflow_id": asked.workflow_id,
        "workflow_version": asked.workflow_version,
        "input_payload": asked.input_payload,
        "metadata": asked.metadata,
        "tags": list(asked.tags),
        "steps": None if asked.steps is None else list(asked.steps),
        "tenant_id": names.tenants[run.tenant],
        "actor_id": names.actors[run.actor],
        "correlation_id": book.correlation,
        "status": str(run.state.status),
        "current_step": run.current_step,
        "step_index": run.step_index,
        "receipt_chain": chain,
        "workflow_receipt_hash": digest(chain) if run.state.terminal else None,
        "created_at": times[0],
        "updated_at": times[run.version],
        "started_at": None if run.started is None else times[run.started],
        "completed_at": None if run.ended is None else times[run.ended],
        "output_payload": _json(run.output_payload),
        "error_details": book.own if own else _json(run.error_details),
    }


def _json(value: object) -> Json:
    assert value is None or isinstance(value, dict)
    return value


def _gate(book: Book, gate: Gate, names: Names) -> Json:
    return {
        "gate_id": book.gate_ids[gate.number],
        "run_id": book.run_id,
        "step_id": gate.step.names[0],
        "gate_type": "human_approval",
        "gate_name": f"approve {gate.step.names[0]}",
        "status": str(gate.status),
        "created_at": book.times[gate.opened],
        "approved_by": None if gate.approved_by is None else names.actors[gate.approved_by],
        "rejection_reason": gate.rejection_reason,
        "resolved_at": None if gate.resolved is None else book.times[gate.resolved],
    }


Tamper: TypeAlias = Callable[[Command, Reply], Response]


@define
class Tampering:
    """An FC that answers as ``stub`` does, save for what ``tamper`` makes of its replies."""

    stub: Stub | Losing
    tamper: Tamper

    def ask(self, command: Command, run_id: Callable[[RunRef], str], nonce: str) -> Exchange:
        """The stub's answer, tampered with."""
        exchange = self.stub.ask(command, run_id, nonce)
        if isinstance(exchange.response, Reply):
            return evolve(exchange, response=self.tamper(command, exchange.response))
        return exchange


@define
class Losing:
    """An FC that loses answers.

    ``fates`` says what becomes of each call in turn: ``kept`` is answered, ``lost`` is applied and
    not answered, ``late`` is applied just before the next call, ``never`` is not applied at all,
    ``unsent`` neither, and that is known.
    """

    stub: Stub
    fates: Iterator[str]
    _late: list[tuple[Command, Callable[[RunRef], str], str]] = field(factory=list)

    def ask(self, command: Command, run_id: Callable[[RunRef], str], nonce: str) -> Exchange:
        """The stub's answer, or none."""
        fate = next(self.fates, "kept")
        late, self._late = self._late, []
        for each in late:
            self.stub.ask(*each)
        if fate == "kept":
            return self.stub.ask(command, run_id, nonce)
        sent = self.stub.clock.tick()
        if fate == "lost":
            self.stub.ask(command, run_id, nonce)
        elif fate == "late":
            self._late.append((command, run_id, nonce))
        why = f"the answer was {fate}"
        return Exchange(NoAnswer(why, applied=fate != "unsent", sent=sent))
