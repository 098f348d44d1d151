"""Proofs made on a stub: deterministic, and without a socket."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from attrs import define

from pt004_model.drive.lockstep import Fc
from pt004_model.drive.session import Session
from pt004_model.judge.oracle import Oracle
from pt004_model.model.commands import Command, RunRef
from pt004_model.model.replies import NoAnswer, Reply
from pt004_model.proof import folder
from pt004_model.proof.cases import tell
from pt004_model.proof.outside import Git
from pt004_model.proof.record import (
    FORMAT,
    VERSION,
    Circumstances,
    Record,
    answer_path,
    record_cases,
)
from pt004_model.proof.report import render
from pt004_model.proof.verdict import Proof, prove
from pt004_model.trace.redact import Redactor
from pt004_model.vocabulary import Dialect
from pt004_model.wire.codec import Answer, Codec, Exchange, Request
from tests.stub import NAMES, Stub

HERE = Circumstances(
    started_at="2026-02-06T12:00:00.000Z",
    finished_at="2026-02-06T12:00:09.000Z",
    tester="1.0.0",
    base_url="http://federation_core:9405",
    dialect=Dialect.SEED,
    tenant=NAMES.tenants[0],
    actor=NAMES.actors[0],
    image_digest=f"sha256:{'ab' * 32}",
    git=Git("0123456789abcdef0123456789abcdef01234567", changed=False),
)
CASES = ("happy_path", "policy_flag", "policy_deny")


@define
class Taped:
    """An FC without a network whose answers are as if they had gone over one.

    ``alter`` changes the bytes of answers on their way.
    """

    fc: Fc
    alter: Callable[[Request, bytes], bytes] = lambda _, content: content

    def ask(self, command: Command, run_id: Callable[[RunRef], str], nonce: str) -> Exchange:
        """The FC's answer, through bytes."""
        request = Codec(NAMES).encode(command, run_id, nonce)
        response = self.fc.ask(command, run_id, nonce).response
        if isinstance(response, NoAnswer):
            return Exchange(response, request)
        answer = self.alter(request, json.dumps(response.body).encode())
        return Codec(NAMES).exchange(request, _answer(response, answer))


def _answer(reply: Reply, content: bytes) -> Answer:
    headers = {"content-type": reply.content_type}
    return Answer(reply.code, headers, content, reply.sent, reply.received)


def taped(
    fc: Fc,
    alter: Callable[[Request, bytes], bytes] = lambda _, content: content,
    secrets: tuple[str, ...] = (),
) -> tuple[Record, dict[str, bytes]]:
    """The record of the cases on an FC, and the bodies of its answers by path."""
    tape = Taped(fc, alter)
    results = tell(Session(tape, Oracle(NAMES)), HERE.base_url, lambda _: None)
    cases, answers = record_cases(results, Redactor(secrets))
    return Record(FORMAT, VERSION, HERE, cases), answers


def good() -> tuple[Record, dict[str, bytes]]:
    """The record of the cases on an FC that conforms, and the bodies of its answers by path."""
    record, answers = _good()
    return record, dict(answers)


@cache
def _good() -> tuple[Record, dict[str, bytes]]:
    return taped(Stub())


@cache
def sound() -> Proof:
    """What that record comes to."""
    return prove(*good())


def written(
    out: Path, record: Record | None = None, answers: dict[str, bytes] | None = None
) -> tuple[Proof, str]:
    """Write a proof; what it comes to, and the SHA-256 of its manifest."""
    if record is None or answers is None:
        record, answers = good()
    whole = prove(record, answers)
    return whole, folder.write(out, render(whole))


def last(record: Record, case: str) -> str:
    """The path of the last answer of a case, a full reading."""
    (exchanges,) = (each.exchanges for each in record.cases if each.name == case)
    return answer_path(case, len(exchanges))


def altered(
    answers: dict[str, bytes], path: str, change: Callable[[dict[str, Any]], object]
) -> dict[str, bytes]:
    """The answers with one of them changed."""
    body = json.loads(answers[path])
    change(body)
    return {**answers, path: json.dumps(body).encode()}
