"""The stateful suite with pinned traces: a copy of it is run as ``tox -e stateful`` runs it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.helpers import OURS, Ended, invoke, serving, traces

pytestmark = pytest.mark.system

FAULT = "denied-step-may-pause"
SUITE = Path(__file__).parents[1] / "stateful"


@pytest.fixture(scope="module")
def trace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trace of a fault."""
    out = tmp_path_factory.mktemp("out")
    invoke("check", "--fault", FAULT, "--out", out, "--seed", "4", "--max-examples", "5")
    (path,) = traces(out)
    return path


def suite(
    folder: Path, *pinned: tuple[str, str], fault: str = "", chosen: str = "",
    extra: tuple[str, ...] = (),
) -> Ended:  # fmt: skip
    """Run a copy of the suite in which ``pinned`` lie, names and texts, against a fault or none."""
    shutil.copytree(
        SUITE, folder / "stateful", ignore=shutil.ignore_patterns("__pycache__", "*.json")
    )
    for name, text in pinned:
        (folder / "stateful" / "traces" / name).write_text(text)
    with serving(*(["--fault", fault] if fault else [])) as (address, _):
        bare = {name: value for name, value in os.environ.items() if name not in OURS}
        environment = {"FC_BASE_URL": address, "PT004_PROFILE": "dev", "PT004_OUT": str(folder)}
        options = [
            "-q",
            *extra,
            "-p",
            "no:cacheprovider",
            "--rootdir",
            str(folder),
            "-c",
            os.devnull,
        ]
        done = subprocess.run(  # noqa: S603 - our own suite
            [sys.executable, "-m", "pytest", *options, str(folder / "stateful" / chosen)],
            capture_output=True, text=True, check=False, cwd=folder, env={**bare, **environment},
        )  # fmt: skip
    return Ended(done.returncode, done.stdout, done.stderr)


def test_a_pinned_trace_that_is_fixed(trace: Path, tmp_path: Path) -> None:
    """The suite passes, and the trace is a test of its own."""
    said = suite(tmp_path, (trace.name, trace.read_text()), chosen="traces")
    assert (0, "1 passed") == (said.code, said.lines[-1].partition(" in ")[0])


def test_a_pinned_trace_that_is_reproduced(trace: Path, tmp_path: Path) -> None:
    """The suite fails with the transcript, and nothing was generated before that test."""
    pinned = (trace.name, trace.read_text())
    said = suite(tmp_path, pinned, fault=FAULT, extra=("-x",))
    assert (1, "1 failed") == (said.code, said.lines[-1].partition(" in ")[0])
    assert "REPRODUCED 1 of 1: the finding was seen again at step 3" in said.out
    assert f"FAILED stateful/traces/{trace.name}::replay" in said.out


def test_a_pinned_trace_that_says_nothing(trace: Path, tmp_path: Path) -> None:
    """The exit status is 3; with a finding beside it, it is 1."""
    document = json.loads(trace.read_text())
    document["steps"] = document["steps"][1:]
    unsure = ("unsure.json", json.dumps(document))
    said = suite(tmp_path / "one", unsure, chosen="traces")
    assert 3 == said.code
    assert "UNSURE 1 of 1: step 1 could not be sent" in said.out
    both = (unsure, (trace.name, trace.read_text()))
    said = suite(tmp_path / "two", *both, fault=FAULT, chosen="traces")
    assert (1, "2 failed") == (said.code, said.lines[-1].partition(" in ")[0])


def test_a_pinned_file_that_is_no_trace(tmp_path: Path) -> None:
    """The suite ends with exit status 2 and a sentence."""
    said = suite(tmp_path, ("bad.json", "{}"), chosen="traces")
    assert 2 == said.code
    assert "bad.json cannot be used: it is no trace of pt004" in said.said


def test_without_pinned_traces_there_is_no_such_test(tmp_path: Path) -> None:
    """An empty folder is no test that is skipped."""
    said = suite(tmp_path, chosen="traces")
    assert (3, "no tests ran") == (said.code, said.lines[-1].partition(" in ")[0])
