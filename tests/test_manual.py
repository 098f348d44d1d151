"""The manual, and the contract by section."""

from __future__ import annotations

import pytest

from pt004_model.judge.checks import CHECKS, Check
from pt004_model.manual import TOPICS, clause, entry, page, sections
from tests.cli.helpers import invoke
from tests.repo.helpers import ROOT


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


@pytest.mark.parametrize("check", CHECKS)
def test_every_check_is_explained(check: str) -> None:
    """Each check has what usually breaks it, an example, and its clause."""
    told = entry(check)
    assert "\nUsually broken by: " in told
    assert "\nExample: " in told
    assert clause(CHECKS[check].section) in told


def test_the_manual_explains_no_check_that_is_not_there() -> None:
    """A check that was removed or renamed leaves no entry behind."""
    headings = [line[3:] for line in page("checks").splitlines() if line.startswith("## ")]
    assert headings == list(CHECKS)


def test_every_page_is_listed_and_shipped() -> None:
    """The folder of the manual and the list of its pages are the same."""
    folder = ROOT / "pt004_model" / "docs"
    assert sorted(TOPICS) == sorted(path.stem for path in folder.glob("*.md"))
    assert '"docs/*.md"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    with pytest.raises(KeyError):
        page("../contract")


def test_pages_and_checks_are_shown() -> None:
    """``docs`` lists the pages and shows one; ``explain`` shows a check and helps with its name."""
    assert [line.split()[0] for line in invoke("docs").lines] == list(TOPICS)
    assert invoke("docs", "proof").out == page("proof")
    assert invoke("explain", "policy.deny-blocks").out == entry("policy.deny-blocks")
    for words, said in (
        (("docs", "nothing"), "unknown page 'nothing'; choose from"),
        (("explain", "policy.deny-block"), "did you mean policy.deny-blocks"),
        (("explain", "?"), "`pt004 checks` lists all"),
    ):
        ended = invoke(*words)
        assert (ended.code, said in ended.err) == (2, True), ended.err
