"""Every check is seen saying no to one thing wrong, and yes to the same reply untampered."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import pt004_model.judge
from pt004_model.judge.checks import AREAS, CHECKS, not_judged
from pt004_model.judge.oracle import Verdict
from pt004_model.model.commands import ChangeRun
from pt004_model.model.rules import Rule
from tests.judge.helpers import COMPLETE, ONE, Row, change, moved, talk
from tests.judge.rows_log import AUDIT, GATES, RECEIPTS
from tests.judge.rows_run import (
    AUTHENTICATION,
    IDEMPOTENCY,
    INPUT,
    ISOLATION,
    LIFECYCLE,
    POLICY,
    STEPS,
)

ROWS = (
    *LIFECYCLE, *STEPS, *POLICY, *GATES, *AUDIT, *RECEIPTS, *ISOLATION, *INPUT, *IDEMPOTENCY,
    *AUTHENTICATION,
)  # fmt: skip


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_one_thing_wrong_is_found_by_its_check(row: Row) -> None:
    """A good reply with one thing wrong in it is told by the check for it; the good one agrees."""
    conversation = talk(*row.prior, habits=row.habits, authenticates=row.authenticates)
    good = conversation.answer(row.command)
    verdict = conversation.judge(row.command, row.tamper(good))
    assert Verdict.DIVERGES is verdict.verdict
    found = [finding.check for finding in verdict.findings]
    assert row.check == found[0], [str(finding) for finding in verdict.findings]
    assert {row.check} | row.also >= set(found)
    assert verdict.views or not isinstance(row.command, ChangeRun)
    assert Verdict.CONFORMS is conversation.judge(row.command, good).verdict


def test_a_time_without_a_zone_is_still_held_against_others() -> None:
    """Of a time in another form the rest is judged: here it lies before the one before it."""
    conversation = talk(*ONE, habits=COMPLETE)
    good = conversation.answer(change("completed"))
    verdict = conversation.judge(change("completed"), moved("run.updated_at", -0.001, "")(good))
    found = [finding.check for finding in verdict.findings]
    assert ["lifecycle.updated-at", "lifecycle.times-in-order"] == found


def test_every_check_is_seen_saying_no() -> None:
    """The rows leave no check of the table out."""
    apart = ("concurrency.", "durability.")  # test_linearizable.py, test_durability.py
    together = {each for each in CHECKS if each.startswith(apart)}
    assert together == set(CHECKS) - {row.check for row in ROWS}


def test_the_table_names_every_area_of_the_contract() -> None:
    """The areas are those of the design."""
    expected = (
        "lifecycle", "steps", "policy", "gates", "audit", "receipts", "isolation", "input",
        "idempotency", "authentication", "concurrency", "durability",
    )  # fmt: skip
    assert expected == AREAS
    assert {check.area for check in CHECKS.values()} == set(expected)


def test_every_check_has_a_section_and_a_sentence() -> None:
    """What is said of a check names a section of the contract and ends with a full stop."""
    for check in CHECKS.values():
        assert re.fullmatch(r"\d+(\.\d)?(, \d+(\.\d)?)*", check.section), check
        assert check.sentence.endswith("."), check


def test_every_id_in_the_judge_is_in_the_table() -> None:
    """No finding can carry an id that the table does not have."""
    spelled: set[str] = set()
    for path in Path(pt004_model.judge.__path__[0]).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                spelled |= {node.value} if re.fullmatch(_ID, node.value) else set()
    made = {f"{rule.partition('.')[0]}.refusal-code" for rule in Rule}
    made |= {rule.value for rule in Rule if not rule.optional}
    for name in ("created-at", "updated-at", "started-at", "completed-at"):
        made.add(f"lifecycle.{name}")
    made |= {"lifecycle.output-payload", "lifecycle.error-details"}
    made |= {"gates.created-at", "gates.resolved-at"}
    assert len(spelled) > 30
    assert set(CHECKS) == spelled | made


_ID = rf"({'|'.join(AREAS)})\.[a-z]+(-[a-z]+)*"


@pytest.mark.parametrize(
    ("left", "agreed", "told"),
    [
        ((), (), ""),
        (("policy", "gates"), (), "the areas policy, gates"),
        ((), ("no tags", "no gates"), "what is agreed (no tags; no gates)"),
        (("policy",), ("no tags",), "the area policy and what is agreed (no tags)"),
    ],
)
def test_what_was_not_judged_is_told(
    left: tuple[str, ...], agreed: tuple[str, ...], told: str
) -> None:
    """Areas that were left out, for whatever reason, and what is agreed."""
    assert told == not_judged([area for area in AREAS if area not in left], agreed)
