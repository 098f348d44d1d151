"""An FC that differs from the contract in every answer hides nothing else that is wrong with it."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import cache
from typing import Any, Final, TypeAlias

import attrs
import pytest
from attrs import evolve

from pt004_model.drive.target import Target
from pt004_model.embedded.app import build_app
from pt004_model.embedded.core import CONFORMING, Parts
from pt004_model.embedded.faults import FAULTS
from pt004_model.judge.deviation import Deviation
from pt004_model.model.commands import Command, RunRef
from pt004_model.model.replies import Reply
from pt004_model.search.campaign import PROFILES, Campaign
from pt004_model.search.results import Result
from pt004_model.wire.codec import Exchange

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # of Starlette, on what its test client rests on
    from starlette.testclient import TestClient

Deviate: TypeAlias = Callable[[int, dict[str, Any]], int | None]
"""Changes a decoded answer in place; another code where it returns one."""
FOUND: Final = {"policy.deny-blocks", "lifecycle.sent-data-kept", "isolation.foreign-run"}
SEEDED: Final = ("denied-step-may-pause", "tags-are-sorted", "stranger-approves")


def parts_of(body: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The entries or gates of an answer, if it has any; the run, as the one of its kind."""
    part = body.get(name) or []
    return [part] if isinstance(part, dict) else part


def rewritten(**changes: Callable[[dict[str, Any]], None]) -> Deviate:
    """Every run, entry or gate of an answer, changed in place."""

    def deviate(_: int, body: dict[str, Any]) -> None:
        for name, change in changes.items():
            for each in parts_of(body, name):
                change(each)

    return deviate


def without(*names: str) -> Callable[[dict[str, Any]], None]:
    """An object that lacks some members."""

    def change(each: dict[str, Any]) -> None:
        for name in names:
            each.pop(name, None)

    return change


def upper(*names: str) -> Callable[[dict[str, Any]], None]:
    """An object some members of which are in upper case."""

    def change(each: dict[str, Any]) -> None:
        each.update({n: each[n].upper() for n in names if isinstance(each.get(n), str)})

    return change


def local(each: dict[str, Any]) -> None:
    """An object whose times tell no zone."""
    times = [n for n in each if n.endswith("_at") or n == "timestamp"]
    each.update({n: each[n].removesuffix("Z") for n in times if isinstance(each[n], str)})


def elsewhere(entry: dict[str, Any]) -> None:
    """An entry of a decision whose details are one level further down."""
    if entry["event_type"] == "FC-POL-001":
        entry["details"] = {"policy": entry["details"]}


DEVIATIONS: Final[dict[str, Deviate]] = {
    "no receipts": rewritten(
        run=without("receipt_chain", "workflow_receipt_hash"),
        logs=without("receipt_hash", "previous_receipt_hash"),
    ),
    "no version": rewritten(run=without("workflow_version")),
    "upper case": rewritten(
        run=upper("status"), logs=upper("previous_status", "new_status"), gates=upper("status")
    ),
    "no zone": rewritten(run=local, logs=local, gates=local),
    "created with 200": lambda code, _: 200 if code == 201 else None,
    "no gates": lambda _, body: body.update({"gates": []} if "gates" in body else {}),
    "index as text": rewritten(run=lambda run: run.update(step_index=str(run["step_index"]))),
    "the system acts": rewritten(logs=lambda entry: entry.update(actor_id="system")),
    "details elsewhere": rewritten(logs=elsewhere),
    "error for detail": lambda code, body: body.update(
        {"error": body.pop("detail")} if code >= 400 else {}
    ),
    "one code": lambda code, _: 418 if 400 <= code < 500 else None,
}


@attrs.define
class Deviating:
    """An FC whose decoded answers are changed."""

    inner: Any
    deviate: Deviate

    def ask(self, command: Command, run_id: Callable[[RunRef], str], nonce: str) -> Exchange:
        """The answer of the FC, changed."""
        exchange: Exchange = self.inner.ask(command, run_id, nonce)
        reply = exchange.response
        if not isinstance(reply, Reply) or not isinstance(reply.body, dict):
            return exchange
        code = self.deviate(reply.code, reply.body)
        return evolve(exchange, response=evolve(reply, code=code or reply.code))


def faulty(*names: str) -> Parts:
    """The parts of a server with several faults."""
    parts = CONFORMING
    for field in attrs.fields(Parts):
        base = getattr(CONFORMING, field.name)
        mine = tuple(FAULTS[name] for name in names if issubclass(FAULTS[name], base))
        if mine:
            parts = evolve(parts, **{field.name: type("Faulty", mine, {})})
    return parts


def explored(
    deviation: str = "", agreed: tuple[Deviation, ...] = (), faults: tuple[str, ...] = SEEDED
) -> Result:
    """What a small campaign finds on an FC with three faults, and perhaps a deviation."""
    target = Target(client=TestClient(build_app(faulty(*faults))))
    session = target.session()
    if deviation:
        session.fc = Deviating(session.fc, DEVIATIONS[deviation])
    session.oracle = evolve(session.oracle, agreed=agreed)
    profile = evolve(PROFILES["dev"], examples=14, confirm=0, settle=(0, 0.0, 0.0))
    return Campaign(session, profile, seed=0).run()


@cache
def plain() -> Result:
    """What it finds where nothing deviates."""
    return explored()


def test_three_faults_at_once_are_three_findings() -> None:
    """Where nothing deviates as well: all are found, and nothing else is told."""
    assert FOUND <= {each.finding.check for each in plain().findings if each.counts}
    assert len(SEEDED) == sum(each.counts for each in plain().findings)


def test_what_follows_from_a_state_that_is_not_so_is_told_under_it() -> None:
    """An FC that shows runs as they were leads nowhere, and everything seems wrong from then on."""
    result = explored(faults=("read-cache-misses-pauses",))
    counted = [each.finding.check for each in result.findings if each.counts]
    assert counted == ["lifecycle.status"]
    assert len(result.findings) > len(counted)


@pytest.mark.parametrize("deviation", DEVIATIONS)
def test_a_deviation_in_every_answer(deviation: str) -> None:
    """The faults behind it are found, as many edges driven, and it is told once.

    Twice where its log is no longer the one that was hashed.
    """
    result = explored(deviation)
    counted = [each for each in result.findings if each.counts]
    assert FOUND <= {each.finding.check for each in counted}
    assert result.coverage.driven >= 0.95 * plain().coverage.driven
    rehashed = any(each.finding.check == "receipts.hash" for each in counted)
    assert len(counted) <= len(SEEDED) + 1 + rehashed


@pytest.mark.parametrize("deviation", ["upper case", "one code", "no receipts"])
def test_what_is_agreed_is_quiet(deviation: str) -> None:
    """With a deviation agreed to for each check that shows it the faults alone are found."""
    seeded = {each.fingerprint for each in plain().findings}
    agreed = tuple(
        Deviation("so it is", check=each.finding.check)
        for each in explored(deviation).findings
        if each.fingerprint not in seeded and each.finding.check not in FOUND
    )
    result = explored(deviation, agreed)
    assert seeded == {each.fingerprint for each in result.findings if each.counts}
    assert plain().coverage.driven == result.coverage.driven
