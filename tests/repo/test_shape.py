"""Sizes, docstrings, names: what the repository promises about itself."""

from __future__ import annotations

import ast
import re
from importlib import resources
from pathlib import Path

import pytest

from pt004_model.judge.checks import AREAS, CHECKS
from tests.repo import helpers
from tests.repo.helpers import PACKAGE, ROOT, TESTS, definitions, files, modules

MOST_LINES = 600
MOST_OF_A_FUNCTION = 50


def test_modules_are_short() -> None:
    """No module of the package or of its tests has 600 lines."""
    paths = modules(PACKAGE) + modules(TESTS)
    assert len(paths) > 50
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in paths}
    assert not {path: length for path, length in lengths.items() if length >= MOST_LINES}


def test_functions_are_short() -> None:
    """No function has 50 lines, decorators not counted."""
    long = [
        f"{name}: {node.end_lineno - node.lineno + 1}"
        for path in modules(PACKAGE) + modules(TESTS)
        for name, node in definitions(path)
        if not isinstance(node, ast.ClassDef) and node.end_lineno is not None
        if node.end_lineno - node.lineno + 1 >= MOST_OF_A_FUNCTION
    ]
    assert not long


def test_no_test_is_skipped() -> None:
    """No test of the tester is skipped or expected to fail."""
    folders = [each for each in TESTS.iterdir() if each.is_dir() and each.name != "stateful"]
    marks = re.compile(r"pytest\.(mark\.)?(skip|xfail)|import(or)?skip")
    here = Path(__file__)
    found = [
        str(path)
        for folder in folders
        for path in modules(folder)
        if path != here and marks.search(path.read_text(encoding="utf-8"))
    ]
    assert not found


FORBIDDEN = {
    # put together here, so that this file does not hold them
    "the folder of the brief": "../" + "shared",
    "a path of one machine": "/" + "work/",
    "a home": "/" + "root/",
    "a user's home": "/" + "home/",
    "a number that means nothing here": "issue" + " #",
}


@pytest.mark.parametrize("word", FORBIDDEN.values(), ids=FORBIDDEN)
def test_nothing_points_out_of_the_repository(word: str) -> None:
    """No file names paths of the machine it was written on, nor what only its author knows."""
    paths = files()
    assert ROOT / "pyproject.toml" in paths
    holding = [path for path in paths if word in path.read_text(encoding="utf-8", errors="replace")]
    assert not holding


def test_the_top_level() -> None:
    """Package, tests, configuration and README; all else is hidden or made by tools."""
    seen = {each.name for each in ROOT.iterdir() if not each.name.startswith(".")}
    assert seen - helpers.MADE == {
        "pt004_model", "tests", "pyproject.toml", "tox.ini", "README.md"
    }  # fmt: skip


@pytest.mark.parametrize("name", ["contract.md", "py.typed"])
def test_what_is_shipped(name: str) -> None:
    """The contract and the mark of typed packages come with the package, and setuptools knows."""
    assert resources.files("pt004_model").joinpath(name).is_file()
    assert f'"{name}"' in (ROOT / "pyproject.toml").read_text()


def test_the_contract_is_whole() -> None:
    """The contract that is shipped has its thirteen sections."""
    text = resources.files("pt004_model").joinpath("contract.md").read_text("utf-8")
    headings = re.findall(r"(?m)^## (\d+)\. \S", text)
    assert headings == [str(number) for number in range(1, 14)]


def test_checks_have_ids_of_their_own() -> None:
    """No two rows of the table of checks share an id or a sentence."""
    source = (PACKAGE / "judge" / "checks.py").read_text()
    rows = re.findall(r'(?m)^    \("([a-z]+\.[a-z-]+)", "([\d., ]+)", "', source)
    assert len(rows) == len(CHECKS)
    assert [row[0] for row in rows] == list(CHECKS)
    sentences = [check.sentence for check in CHECKS.values()]
    assert len(sentences) == len(set(sentences))


def test_checks_cite_sections_that_exist() -> None:
    """Each check names sections of the contract, by number."""
    text = resources.files("pt004_model").joinpath("contract.md").read_text("utf-8")
    numbers = set(re.findall(r"(?m)^(?:## )?(\d+(?:\.\d+)?)[. ]", text))
    for check in CHECKS.values():
        assert set(check.section.split(", ")) <= numbers, check


def test_each_area_has_checks() -> None:
    """These are the areas, in the order of the contract."""
    assert AREAS == (
        "lifecycle", "steps", "policy", "gates", "audit", "receipts", "isolation", "input",
        "idempotency", "authentication", "concurrency", "durability",
    )  # fmt: skip
    for area in AREAS:
        assert len([check for check in CHECKS.values() if check.area == area]) >= 2
