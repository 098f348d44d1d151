"""Traces of seeded faults, and the scripts that show them, run as a user runs them."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Final

from attrs import evolve

from pt004_model.cli.options import Setup, embedded
from pt004_model.cli.session import connected
from pt004_model.embedded import FAULTS
from pt004_model.evidence.document import Trace, load_trace
from pt004_model.evidence.replay import Replay, replay_trace
from pt004_model.evidence.reproduction import render
from pt004_model.evidence.trace import Origin, write_trace
from pt004_model.explore.campaign import PROFILES, Campaign
from pt004_model.explore.results import Found, Progress
from pt004_model.model.commands import Token
from pt004_model.wire.token import make

SECRET: Final = "a secret for tests, of no worth elsewhere"
SCRIPTS: Final = ("curl", "httpx", "pytest")
NEEDED: Final = ("curl", "jq", "sh")


class Quiet:
    """Tells nothing."""

    def found(self, found: Found) -> None:
        """Say nothing of a finding."""

    def improved(self, found: Found) -> None:
        """Say nothing of a shorter trace."""

    def confirmed(self, found: Found) -> None:
        """Say nothing of how surely it shows."""

    def progress(self, progress: Progress) -> None:
        """Say nothing of progress."""


def setup(fault: str | None, area: str) -> Setup:
    """An embedded FC with the fault or none; it authenticates where the area is about that."""
    return embedded(fault, secret=SECRET if area == "authentication" else None)


def write_fault(fault: str, path: Path, seed: int = 0, examples: int = 300) -> Trace:
    """Find a seeded fault, and write its trace; fails when it is not found."""
    chosen = setup(fault, FAULTS[fault].area)
    with connected(chosen) as there:
        profile = evolve(PROFILES["ci"], examples=examples, seconds=None)
        result = Campaign(there.session, profile, seed, Quiet(), first_only=True).run()
        names, address = chosen.names, there.base_url
    assert result.findings, f"{fault} was not found"
    origin = Origin(seed, "ci", chosen.dialect, chosen.secrets, names=names, base_url=address)
    write_trace(path, result.findings[0], origin)
    return load_trace(path)


def missing() -> list[str]:
    """The programs that scripts need and that are not there."""
    return [name for name in NEEDED if shutil.which(name) is None]


def run_script(
    trace: Trace, form: str, base_url: str, folder: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the script of a trace in an environment that holds nothing else of ours."""
    assert not missing(), f"install {' and '.join(missing())}, which the scripts of traces need"
    path = folder / f"test_{trace.fingerprint}.{'sh' if form == 'curl' else 'py'}"
    path.write_text(render(trace, form), encoding="ascii")
    commands = {
        "curl": ["sh", str(path)],
        "httpx": [sys.executable, str(path)],
        "pytest": [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "-p", "no:cacheprovider",
                   "--rootdir", str(folder), str(path)],
    }  # fmt: skip
    bare = {"PATH": os.environ["PATH"], "HOME": str(folder), "FC_BASE_URL": base_url}
    return subprocess.run(  # noqa: S603 - our own script
        commands[form], capture_output=True, text=True, check=False, env={**bare, **environment},
        timeout=300,
    )  # fmt: skip


def shown(fault: str | None, trace: Trace, folder: Path) -> dict[str, int]:
    """The exit status of each script of the trace against an FC with the fault, or without any."""
    chosen = setup(fault, trace.area)
    environment = {}
    codes = {}
    for form in SCRIPTS:
        # an FC of its own, for what was sent before may matter
        with connected(chosen) as there:
            token = make(chosen.credentials, Token.GOOD)
            environment = {"FC_TOKEN": token, "SECRET_KEY": SECRET} if token else {}
            done = run_script(trace, form, there.base_url, folder, **environment)
        codes[form] = done.returncode
        said = done.stdout + done.stderr
        assert SECRET not in said
        assert token is None or token not in said
    return codes


def replayed(fault: str | None, trace: Trace) -> Replay:
    """A replay to a new embedded FC with the fault, or without any."""
    with connected(setup(fault, trace.area)) as there:
        there.require(governed=True, on_run=lambda _: None)
        return replay_trace(there.session, trace)
