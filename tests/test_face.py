"""The public face: which names there are, and what importing them costs."""

from __future__ import annotations

import ast
import inspect
import subprocess
import sys
from pathlib import Path

import pytest

import pt004_model

NAMES = [
    "BadTarget", "Body", "Campaign", "ChangeRun", "CreateRun", "Finding", "Mismatch", "Modelled",
    "Profile", "ReadRun", "Replay", "Reply", "Result", "Run", "Target", "Verdict",
    "WorkflowMachine", "check", "replay", "workflow_machine",
]  # fmt: skip


def test_the_names() -> None:
    """These are public and no others; a name more or less is a decision."""
    assert NAMES == pt004_model.__all__ == dir(pt004_model)


@pytest.mark.parametrize("name", NAMES)
def test_each_is_there_and_described(name: str) -> None:
    """Each name can be imported and says what it is for."""
    assert inspect.getdoc(getattr(pt004_model, name))


def test_what_is_typed_is_what_is_imported() -> None:
    """A type checker is told of each name where it is imported from."""
    tree = ast.parse(Path(inspect.getfile(pt004_model)).read_text())
    typed = {
        alias.asname: (node.module or "").removeprefix("pt004_model.")
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
        if alias.asname
    }
    assert typed == pt004_model._HOME


def test_a_name_that_is_not_there() -> None:
    """The error is that of any module."""
    with pytest.raises(AttributeError, match="module 'pt004_model' has no attribute 'Nope'"):
        _ = pt004_model.Nope


def test_importing_it_imports_nothing_else() -> None:
    """It is imported by every run of pytest where it is installed, so it must cost nothing."""
    code = (
        "import sys, pytest; before = set(sys.modules)\n"
        "import pt004_model, pt004_model.pytest_plugin\n"
        "heavy = ('attrs', 'click', 'fastapi', 'httpcore', 'httpx', 'hypothesis', 'jsonschema')\n"
        "new = set(sys.modules) - before\n"
        "print([m for m in new if m in heavy or m.startswith('pt004_model.')])"
    )
    said = subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert "['pt004_model.pytest_plugin']" == said.stdout.strip()
