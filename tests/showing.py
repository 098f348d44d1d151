"""Traces of seeded faults, and the scripts that show them, run as a user runs them."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

from attrs import evolve

from pt004_model.cli.options import Setup, embedded
from pt004_model.cli.session import connected
from pt004_model.drive.lockstep import Lockstep
from pt004_model.drive.replay import Replay, Result, replay_trace
from pt004_model.embedded.faults import FAULTS
from pt004_model.judge.finding import Finding
from pt004_model.model.commands import Command, Token
from pt004_model.reproduce import render
from pt004_model.search.campaign import PROFILES, Campaign
from pt004_model.trace.document import Trace, load_trace
from pt004_model.trace.recorded import Found
from pt004_model.trace.writing import Origin, trace_of, write_trace
from pt004_model.wire.token import make

SECRET: Final = "a secret for tests, of no worth elsewhere"
SCRIPTS: Final = ("httpx", "pytest")
"""The Python form, run as a script and by pytest."""
DIVERGES: Final = {"httpx": 1, "pytest": 1}
CONFORMS: Final = {"httpx": 0, "pytest": 0}
UNSURE: Final = {"httpx": 3, "pytest": 0}
"""The exit statuses of a form that leaves the judging to a replay: pytest says skipped."""


def setup(fault: str | None, area: str) -> Setup:
    """An embedded FC with the fault or none; it authenticates where the area is about that."""
    return embedded(fault, secret=SECRET if area == "authentication" else None)


def write_fault(fault: str, path: Path, seed: int = 0, examples: int = 300) -> Trace:
    """Find a seeded fault, and write its trace; fails when it is not found."""
    chosen = setup(fault, FAULTS[fault].area)
    with connected(chosen) as there:
        profile = evolve(PROFILES["ci"], examples=examples, seconds=None)
        result = Campaign(there.session, profile, seed, first_only=True).run()
        names, address = chosen.names, there.target.where
    assert result.findings, f"{fault} was not found"
    origin = Origin(seed, "ci", chosen.dialect, chosen.redact, names=names, base_url=address)
    write_trace(path, result.findings[0], origin)
    return load_trace(path)


def record(fault: str, *commands: Command) -> Trace:
    """The trace of a fault that these commands show, the last of them."""
    chosen = setup(fault, FAULTS[fault].area)
    seen: list[Finding] = []

    def note(finding: Finding, _: Lockstep) -> None:
        seen.append(finding)

    with connected(chosen) as there:
        there.require(governed=True, on_run=lambda _: None)
        lockstep = there.session.lockstep(note)
        for command in commands:
            assert not seen, "more commands than it takes"
            assert lockstep.do(command) is not None
        names, address = chosen.names, there.target.where
    assert seen, f"{fault} does not show"
    origin = Origin(0, "dev", chosen.dialect, chosen.redact, names=names, base_url=address)
    return trace_of(Found(seen[0], commands, tuple(lockstep.steps), len(commands)), origin)


def run_script(
    trace: Trace, form: str, base_url: str, folder: Path, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Run the script of a trace in an environment that holds nothing else of ours."""
    path = folder / f"test_{trace.fingerprint}.{'sh' if form == 'curl' else 'py'}"
    path.write_text(render(trace, form), encoding="ascii")
    commands = {
        "curl": ["sh", str(path)],
        "httpx": [sys.executable, str(path)],
        "pytest": [sys.executable, "-m", "pytest", "-q", "-c", os.devnull, "-p", "no:cacheprovider",
                   "--rootdir", str(folder), str(path)],
    }  # fmt: skip
    bare = {"PATH": os.environ["PATH"], "HOME": str(folder), "FC_BASE_URL": base_url}
    bare["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # none of them is needed, and they take their time
    return subprocess.run(  # noqa: S603 - our own script
        commands[form], capture_output=True, text=True, check=False, env={**bare, **environment},
        timeout=300,
    )  # fmt: skip


def shown(
    fault: str | None, area: str, trace: Trace, folder: Path, forms: tuple[str, ...] = SCRIPTS
) -> dict[str, int]:
    """The exit status of each script of the trace against an FC with the fault, or without any.

    Each script has an FC of its own, for what was sent before may matter.
    """
    chosen = setup(fault, area)
    codes = {}
    for form in forms:
        with connected(chosen) as there:
            codes[form] = exit_status(trace, form, chosen, there.target.where, folder)
    return codes


def exit_status(trace: Trace, form: str, chosen: Setup, base_url: str, folder: Path) -> int:
    """How a script ends against an FC; it must not print what is secret."""
    token = make(chosen.credentials, Token.GOOD)
    environment = {"FC_TOKEN": token, "SECRET_KEY": SECRET} if token else {}
    done = run_script(trace, form, base_url, folder, **environment)
    said = done.stdout + done.stderr
    assert SECRET not in said
    assert token is None or token not in said
    return done.returncode


def replayed_and_shown(
    fault: str | None, area: str, trace: Trace, folder: Path
) -> tuple[Result, dict[str, int]]:
    """What a replay comes to and how each script ends, all against one new embedded FC."""
    chosen = setup(fault, area)
    with connected(chosen) as there:
        there.require(governed=True, on_run=lambda _: None)
        result = replay_trace(there.session, trace).result
        address = there.target.where
        return result, {f: exit_status(trace, f, chosen, address, folder) for f in SCRIPTS}


def replayed(fault: str | None, area: str, trace: Trace) -> Replay:
    """A replay to a new embedded FC with the fault, or without any."""
    with connected(setup(fault, area)) as there:
        there.require(governed=True, on_run=lambda _: None)
        return replay_trace(there.session, trace)
