"""Programs that tests need are installed or asked for, and nothing is skipped without them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests import tools
from tests.repo.helpers import ROOT


@pytest.mark.system
def test_they_are_there() -> None:
    """Whoever runs the tests has them, or is told in a sentence what to install."""
    assert "" == tools.advice()


def test_a_machine_without_them_says_so(tmp_path: Path) -> None:
    """Where they are missing and nothing can install them, one sentence and a failure are left."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.tools"], capture_output=True, text=True, check=False,
        cwd=ROOT, env={"PATH": str(tmp_path)},
    )  # fmt: skip
    said = "install curl and jq: the scripts of traces are run with it\n"
    assert (1, "", said) == (done.returncode, done.stdout, done.stderr)


def test_root_has_all_of_them_installed(monkeypatch: pytest.MonkeyPatch) -> None:
    """What scripts need, and what GitHub's description is fetched with."""
    asked: list[list[str]] = []
    monkeypatch.setattr(shutil, "which", lambda name: name if name == "apt-get" else None)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(subprocess, "run", lambda words, **_: asked.append(words))
    tools.install()
    assert [words[-3:] for words in asked if "install" in words] == [["curl", "jq", "npm"]]


def test_tox_sees_to_them() -> None:
    """The environments that run scripts begin with it."""
    text = (ROOT / "tox.ini").read_text()
    for name in ("tests", "quality"):
        section = text.partition(f"[testenv:{name}]\n")[2].partition("\n[")[0]
        assert "commands_pre =\n    python -m tests.tools\n" in section
