"""A reply that disagrees in thousands of places alike is told in a few of them."""

from __future__ import annotations

import hashlib
import json

import pytest
import rfc8785
from attrs import evolve

from pt004_model.drive.lockstep import Lockstep
from pt004_model.drive.session import Session
from pt004_model.judge.finding import Finding, fingerprint
from pt004_model.judge.memory import MOST_OF_A_KIND, Ledger, Notes
from pt004_model.judge.oracle import Oracle
from pt004_model.model.commands import Command, ReadRun
from pt004_model.model.replies import Reply, Response
from pt004_model.model.values import Json
from tests.drive.helpers import change, create, with_run
from tests.stub import NAMES, JsonObject, Stub, Tampering

READ = ReadRun(0, logs=True)


def findings(tamper: object, *commands: Command) -> tuple[Finding, ...]:
    """All disagreements of the last of ``commands``."""
    fc = Tampering(Stub(), tamper)  # type: ignore[arg-type]  # a tamper of this module
    lockstep = Session(fc, Oracle(NAMES)).lockstep(_pass)
    for command in commands:
        lockstep.do(command)
    return lockstep.steps[-1].findings


def _pass(_: Finding, __: Lockstep) -> None:
    """Nothing is done about a finding."""


def test_a_few_of_a_kind_are_told() -> None:
    """Of ten thousand entries without anything five are told of each kind, the rest counted."""

    def junk(command: Command, reply: Reply) -> Response:
        if command != READ or not isinstance(reply.body, dict):
            return reply
        logs = reply.body["logs"]
        assert isinstance(logs, list)
        return evolve(reply, body={**reply.body, "logs": [*logs, *({} for _ in range(2000))]})

    told = findings(junk, create(0), ReadRun(0), READ)
    kinds: dict[tuple[str, str], list[Finding]] = {}
    for each in told:
        kinds.setdefault((each.fingerprint, each.where.partition(".")[2]), []).append(each)
    assert told
    assert len(told) < 100
    assert all(len(each) <= MOST_OF_A_KIND for each in kinds.values())


def test_the_last_of_a_kind_says_how_many_more() -> None:
    """Each is counted, and told with the fingerprint that it would have had by itself."""
    notes = Notes(Ledger(), NAMES)
    for number in range(10_000):
        notes.disagree("audit.message", f"logs[{number}].message", "a", None)
    told = notes.told()
    assert (len(told), notes.count) == (MOST_OF_A_KIND, 10_000)
    assert {each.fingerprint for each in told} == {fingerprint("audit.message", "string", "null")}
    assert told[-1].observed == "null, and 9,995 more like this"
    assert told[0].observed == "null"


def test_of_ids_the_latest_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    """A night sees millions of runs, so those that were seen long ago are forgotten."""
    monkeypatch.setattr("pt004_model.drive.session.IDS", 10)
    session = Session(Stub(), Oracle(NAMES))
    seen: list[str] = []
    for number in range(50):
        lockstep = session.lockstep(_pass)
        lockstep.do(create(number))
        seen.append(f"run id {lockstep.views[0].seen[number].run_id}")
    ledger = session.oracle.ledger
    assert len(ledger.owners) < 20 + 5
    assert [ledger.knows(each) for each in (seen[0], seen[-1])] == [False, True]


def _hash(text: bytes) -> str:
    return hashlib.sha256(text).hexdigest()


def _without(entry: JsonObject, *names: str) -> JsonObject:
    return {name: value for name, value in entry.items() if name not in names}


WAYS = {
    "left out": lambda e: _hash(rfc8785.dumps(_without(e, "log_id"))),
    "blanks": lambda e: _hash(json.dumps(e, sort_keys=True, ensure_ascii=False).encode()),
    "order served": lambda e: _hash(
        json.dumps(dict(reversed(e.items())), separators=(",", ":"), ensure_ascii=False).encode()
    ),
    "upper case": lambda e: _hash(rfc8785.dumps(e)).upper(),
    "sha1": lambda e: hashlib.sha1(rfc8785.dumps(e), usedforsecurity=False).hexdigest(),
}
TOLD = {
    "left out": "that of the entry with log_id left out",
    "blanks": "that of the entry with blanks after commas and colons",
    "order served": "that of the entry with its names in the order served",
    "upper case": "the same in upper case",
    "sha1": "its sha1 hash",
}


@pytest.mark.parametrize("way", WAYS)
def test_a_wrong_hash_says_what_it_is_of(way: str) -> None:
    """Beside the canonical text of the entry stands what was hashed in its place."""

    def rehash(command: Command, reply: Reply) -> Response:
        if command != READ or not isinstance(reply.body, dict):
            return reply
        logs = reply.body["logs"]
        assert isinstance(logs, list)
        (entry,) = logs
        assert isinstance(entry, dict)
        content = _without(entry, "receipt_hash")
        served = dict(reversed(content.items())) if way == "order served" else content
        wrong: Json = {**served, "receipt_hash": WAYS[way](content)}
        return evolve(reply, body={**reply.body, "logs": [wrong]})

    told = findings(rehash, create(0), READ)
    finding = next(each for each in told if each.check == "receipts.hash")
    assert finding.fingerprint == fingerprint("receipts.hash", "string", "another value")
    assert finding.observed.endswith(f", which is {TOLD[way]}")
    assert ', the SHA-256 of {"actor_id":"actor_0",' in finding.expected


def test_a_wrong_workflow_hash_says_what_it_is_of() -> None:
    """The chain that should have been hashed is shown, and what was."""

    def joined(_: Command, reply: Reply) -> Response:
        body = reply.body
        run = body["run"] if isinstance(body, dict) else None
        assert isinstance(run, dict)
        if run["workflow_receipt_hash"] is None:
            return reply
        chain = run["receipt_chain"]
        assert isinstance(chain, list)
        return with_run(reply, workflow_receipt_hash=_hash("".join(map(str, chain)).encode()))

    (finding,) = findings(joined, create(0), change(0, "failed"))
    assert finding.check == "receipts.workflow-hash"
    assert finding.fingerprint == fingerprint(finding.check, "string", "another value")
    assert finding.observed.endswith("which is that of its hashes one after the other")
