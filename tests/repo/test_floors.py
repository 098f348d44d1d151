"""A module imports from lower floors only, and the check for that can fail."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.repo.helpers import PACKAGE, ROOT


def lint(folder: Path) -> subprocess.CompletedProcess[str]:
    """What ``lint-imports`` says of the package in ``folder``."""
    code = "import sys; from importlinter.cli import lint_imports_command as c; c()"
    return subprocess.run(  # noqa: S603 - our own interpreter
        [sys.executable, "-c", code, "--no-cache", "--config", str(folder / "pyproject.toml")],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(folder), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package and its configuration."""
    ignored = shutil.ignore_patterns("__pycache__")
    shutil.copytree(PACKAGE, tmp_path / "pt004_model", ignore=ignored)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def test_the_floors_hold() -> None:
    """All contracts are kept."""
    said = lint(ROOT)
    assert said.returncode == 0, said.stdout + said.stderr
    assert "0 broken" in said.stdout


PLANTS = [
    # where, a bad import, the contract that it breaks
    ("vocabulary.py", "import pt004_model.model.run", "the floors"),
    ("model/run.py", "import pt004_model.judge.oracle", "the floors"),
    ("wire/codec.py", "import pt004_model.judge.fields", "the floors"),
    ("trace/files.py", "import pt004_model.drive.lockstep", "the floors"),
    ("drive/session.py", "import pt004_model.shrink.shrinker", "the floors"),
    ("shrink/passes.py", "import pt004_model.search.campaign", "the floors"),
    ("reproduce/calls.py", "import pt004_model.report.terminal", "the floors"),
    ("proof/cases.py", "import pt004_model.tracker.issues", "the floors"),
    ("cli/check.py", "import pt004_model.pytest_plugin", "the floors"),
    ("wire/client_transport.py", "import httpx", "only the transport names httpx"),
    ("model/world.py", "import hypothesis", "model and judge know neither HTTP nor Hypothesis"),
    ("judge/gates.py", "import httpx", "model and judge know neither HTTP nor Hypothesis"),
    ("embedded/rules.py", "import pt004_model.model.rules", "the embedded FC knows the names"),
    ("search/campaign.py", "import pt004_model.embedded", "only the command line imports"),
    ("wire/codec.py", "import httpx", "only the transport names httpx"),
    ("wire/client.py", "import httpcore", "only the transport names httpx and httpcore"),
]


def test_planted_imports_break_them(copy: Path) -> None:
    """Each kind of forbidden import breaks ``lint-imports``, which names it under its contract."""
    for where, bad, _ in PLANTS:
        with (copy / "pt004_model" / where).open("a", encoding="utf-8") as file:
            file.write(f"\n\ndef _planted() -> None:\n    {bad}\n")
    said = lint(copy)
    assert said.returncode == 1, said.stdout + said.stderr
    _, *parts = re.split(r"(?m)^(.+)\n-{5,}$", said.stdout)
    told = dict(zip(parts[::2], parts[1::2], strict=True))
    for where, bad, contract in PLANTS:
        module = f"pt004_model.{where.removesuffix('.py').replace('/', '.')}"
        line = f" {module} -> {bad.removeprefix('import ')} (l."
        assert any(line in text for name, text in told.items() if name.startswith(contract)), line
