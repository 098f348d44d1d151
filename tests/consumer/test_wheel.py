"""A stranger installs the wheel, and has an application of theirs tested by it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest
from attrs import frozen

from tests.cli.helpers import OURS
from tests.repo.helpers import MADE, ROOT

pytestmark = pytest.mark.system
HERE = Path(__file__).parent
PYTHON = f"python{sys.version_info[0]}.{sys.version_info[1]}"
BROUGHT = {
    "METADATA": "Metadata-Version: 2.1\nName: acme-checks\nVersion: 1\n",
    "entry_points.txt": "[pt004.checks]\nacme = acme_checks\n",
}
PROFILE = (
    "from attrs import evolve\nfrom pt004_model.search.campaign import PROFILES\n"
    "PROFILES['tiny'] = evolve(PROFILES['dev'], name='tiny', examples=8, commands=4)\n"
)


@frozen
class Stranger:
    """A project with a virtual environment of its own."""

    project: Path
    python: Path

    def run(self, *command: str, **environment: str) -> subprocess.CompletedProcess[str]:
        """Run a Python module there."""
        ours = {*OURS, "PYTHONPATH", "PYTEST_ADDOPTS"}
        bare = {n: v for n, v in os.environ.items() if n not in ours and "COV" not in n}
        return subprocess.run(  # noqa: S603 - what was installed for this
            [self.python, "-m", *command],
            cwd=self.project, env=bare | environment, capture_output=True, text=True, check=False,
            timeout=300,
        )  # fmt: skip


def done(*command: object) -> None:
    """Run a command that must succeed; what lies beside it is no installed package."""
    bare = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    said = subprocess.run(  # noqa: S603 - pip of this environment
        [sys.executable, "-m", *map(str, command)],
        env=bare, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert said.returncode == 0, said.stdout + said.stderr


@pytest.fixture(scope="module")
def stranger(tmp_path_factory: pytest.TempPathFactory) -> Stranger:
    """Whoever has built and installed the wheel; what it depends on is that of this environment."""
    folder = tmp_path_factory.mktemp("stranger")
    source = folder / "source"
    ignored = shutil.ignore_patterns("__pycache__", *MADE)
    shutil.copytree(ROOT / "pt004_model", source / "pt004_model", ignore=ignored)
    for name in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / name, source)
    done("pip", "wheel", "-q", "--no-deps", "-w", folder, source)
    (wheel,) = folder.glob("pt004_model-*.whl")
    venv.create(folder / "venv", with_pip=False)
    python = folder / "venv" / "bin" / "python"
    site = folder / "venv" / "lib" / PYTHON / "site-packages"
    done("pip", "-q", "--python", python, "install", "--no-deps", "--no-index", wheel)
    (site / "present.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    project = folder / "project"
    shutil.copytree(HERE / "project", project, ignore=ignored)
    (project / "profiles.py").write_text(PROFILE)
    (project / "pytest.ini").write_text("[pytest]\naddopts = -p profiles\nfc_profile = tiny\n")
    (project / "acme_checks-1.dist-info").mkdir()
    for name, text in BROUGHT.items():
        (project / "acme_checks-1.dist-info" / name).write_text(text)
    return Stranger(project, python)


def test_it_is_the_wheel_that_is_used(stranger: Stranger) -> None:
    """The package comes from the virtual environment, with its contract and its manual."""
    (stranger.project / "where.py").write_text("import pt004_model; print(pt004_model.__file__)")
    assert str(stranger.python.parents[1]) in stranger.run("where").stdout
    assert stranger.run("pt004_model", "docs", "extending").stdout.startswith("# Extending")


def test_an_application_that_conforms(stranger: Stranger) -> None:
    """Machine, a rule of their own and a campaign pass, and their own area is judged."""
    said = stranger.run("pytest")
    assert said.returncode == 0, said.stdout + said.stderr
    assert "3 passed" in said.stdout
    summary = json.loads((stranger.project / ".pt004" / "summary.json").read_text())
    assert "acme" in summary["areas"]


def test_a_fault_and_its_trace_as_a_test(stranger: Stranger) -> None:
    """A fault fails the tests with 1; the trace it leaves is a test that passes once it is gone."""
    said = stranger.run("pytest", "--hypothesis-seed", "3", ACME_FAULT="denied-step-may-pause")
    assert said.returncode == 1, said.stdout + said.stderr
    (trace,) = (stranger.project / ".pt004" / "traces").glob("6b9764f45135.json")
    dropped = stranger.project / "denied.pt004.json"
    shutil.move(trace, dropped)
    said = stranger.run("pytest", dropped.name)
    assert (0, True) == (said.returncode, "1 passed" in said.stdout), said.stdout
    said = stranger.run("pytest", dropped.name, ACME_FAULT="denied-step-may-pause")
    assert (1, True) == (said.returncode, "REPRODUCED 1 of 1" in said.stdout), said.stdout
    dropped.unlink()


def test_a_finding_of_their_own_check(stranger: Stranger) -> None:
    """It shows like any other: on the screen, in the summary, for a CI, on the page."""
    said = stranger.run("pytest", "-k", "campaign", ACME_FORGETS="1")
    assert said.returncode == 1, said.stdout + said.stderr
    assert "acme.owner (contract ACME-7)" in said.stdout
    out = stranger.project / ".pt004"
    (finding,) = json.loads((out / "summary.json").read_text())["findings"]
    assert ("acme.owner", "acme", "critical", "run.owner") == (
        finding["check"], finding["area"], finding["severity"], finding["where"],
    )  # fmt: skip
    assert "acme.owner" in (out / "junit.xml").read_text()
    assert stranger.run("pt004_model", "page", ".pt004").returncode == 0
    assert "Every run names an owner." in (out / "page.html").read_text()
    shown = stranger.run("pt004_model", "show", f".pt004/traces/{finding['fingerprint']}.json")
    assert "acme.owner" in shown.stdout
