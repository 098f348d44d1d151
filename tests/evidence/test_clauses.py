"""The contract by section."""

from __future__ import annotations

import pytest

from pt004_model.evidence.clauses import clause, sections
from pt004_model.judge.checks import CHECKS, Check


def test_a_clause_is_what_the_contract_says() -> None:
    """A numbered paragraph is itself alone; several sections follow each other as asked for."""
    assert clause("3.4") == (
        "3.4 `completed` and `failed` are terminal. A terminal run never changes again in any way."
    )
    assert clause("7.6, 3.4") == f"7.6 A refused request adds nothing.\n\n{clause('3.4')}"
    assert clause("9").startswith("## 9. Isolation\n\nA run is visible to its own tenant alone")
    assert clause("3.2").endswith("that of step k.")


def test_a_section_holds_its_paragraphs() -> None:
    """What is numbered within a section is part of it."""
    for number, text in sections().items():
        assert text in sections()[number.partition(".")[0]]


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS)
def test_every_check_has_a_clause(check: Check) -> None:
    """The sections that checks name are all there."""
    assert all(len(clause(each)) > 20 for each in check.section.split(", "))


def test_a_section_that_is_not_there() -> None:
    """An unknown number is an error of whoever asks."""
    with pytest.raises(KeyError):
        clause("99")
