"""What scripts check: false of what diverged, true of what conforms, in Python and in jq alike."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from pt004_model.evidence.document import Trace
from pt004_model.evidence.reproduction import helpers
from pt004_model.evidence.reproduction.case import Claim
from pt004_model.evidence.reproduction.claims import claim
from pt004_model.evidence.reproduction.scripts import with_helpers
from pt004_model.evidence.trace import Origin, trace_of
from pt004_model.explore.lockstep import Step
from pt004_model.explore.results import Found
from pt004_model.judge.checks import CHECKS
from pt004_model.model.commands import CreateRun
from pt004_model.model.replies import Reply, Undecodable
from pt004_model.vocabulary import Dialect
from tests import tools
from tests.judge.helpers import Row, talk
from tests.judge.test_checks import ROWS
from tests.stub import NAMES

ORIGIN = Origin(1, "dev", Dialect.SEED, names=NAMES)
TOO_CLOSE = next(row for row in ROWS if row.check == "gates.created-at")
"""A time that is wrong by less than a tenth of a second: a script sees each call but once."""
TELLABLE = [row for row in ROWS if row is not TOO_CLOSE]


@frozen
class Told:
    """A row told as a trace, with the replies that diverge and those that conform."""

    trace: Trace
    bad: list[helpers.Reply]
    good: list[helpers.Reply]

    @property
    def claim(self) -> Claim:
        """What a script checks."""
        return claim(self.trace)


def told(row: Row) -> Told:
    """The trace of a row: what was said before agrees, the last reply is tampered with."""
    conversation = talk(*row.prior, habits=row.habits, authenticates=row.authenticates)
    lockstep = conversation.lockstep
    before = lockstep.world
    good = conversation.answer(row.command)
    bad = row.tamper(good)
    found = conversation.judge(row.command, bad).findings
    steps = (*lockstep.steps, Step(row.command, bad, before, before, found))
    sent = tuple(step.command for step in steps)
    trace = trace_of(Found(found[0], sent, steps, 1), ORIGIN)
    earlier = [reply(step.response) for step in lockstep.steps]
    return Told(trace, [*earlier, reply(bad)], [*earlier, reply(good)])


def reply(response: object) -> helpers.Reply:
    """A reply as a script has it."""
    assert isinstance(response, Reply)
    is_json = not isinstance(response.body, Undecodable)
    body = response.body if is_json else None
    return helpers.Reply(
        response.code, response.content_type, body, is_json, response.sent, response.received
    )


def as_jq(each: helpers.Reply) -> helpers.Reply:
    """A reply as jq reads it: a lone surrogate is no JSON to it."""
    try:
        json.dumps(each.body, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return each._replace(body=None, is_json=False)
    return each


def runs(case: Told) -> dict[int, Any]:
    """The ids of the runs that were made."""
    found: dict[int, Any] = {}
    for command, each in zip(case.trace.commands, case.good, strict=True):
        if isinstance(command, CreateRun) and each.status == 201:
            found.setdefault(command.run, each.body["run"]["run_id"])
    return found


def in_python(case: Told, replies: list[helpers.Reply]) -> bool:
    """Whether the claim holds, as a Python script says."""
    names = {"ACTORS": NAMES.actors, "TENANTS": NAMES.tenants, "runs": runs(case)}
    code = case.claim.words.python
    return bool(eval(code, {**vars(helpers), **names, "replies": replies}))  # noqa: S307 - our own


def in_jq(case: Told, replies: list[helpers.Reply], folder: Path) -> bool:
    """Whether the claim holds, as a shell script says."""
    must = case.claim
    hashed = must.hashed
    space = {**vars(helpers), "replies": replies}
    value = [] if hashed is None else helpers.hash_of(eval(hashed.python, space))  # noqa: S307 - ours
    data = {
        "all": [[as_jq(each)._asdict() for each in replies]],
        "actors": NAMES.actors,
        "tenants": NAMES.tenants,
        "runs": {str(number): run_id for number, run_id in runs(case).items()},
        "hash": (value or [None])[0],
    }
    (folder / "claim.jq").write_text(with_helpers(f"$all[0] as $r | {must.words.jq}"))
    given = [part for name in data for part in ("--argjson", name, json.dumps(data[name]))]
    assert not tools.advice(), tools.advice()
    done = subprocess.run(  # noqa: S603 - our own filter
        ["jq", "-n", *given, "-f", str(folder / "claim.jq")],  # noqa: S607 - whichever is there
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.stdout.strip() in {"true", "false"}, done.stderr
    return done.stdout.strip() == "true"


@pytest.mark.parametrize("row", TELLABLE, ids=str)
def test_a_claim_tells_what_diverged(row: Row, tmp_path: Path) -> None:
    """A claim is false of the replies that diverged, and true of those that conform."""
    case = told(row)
    assert row.check == case.trace.check
    assert not in_python(case, case.bad), case.claim
    assert in_python(case, case.good), case.claim
    assert not in_jq(case, case.bad, tmp_path), case.claim
    assert in_jq(case, case.good, tmp_path), case.claim


def test_every_check_has_a_claim() -> None:
    """The rows leave no check out."""
    assert CHECKS.keys() == {row.check for row in TELLABLE}
