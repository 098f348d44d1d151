"""One campaign for the whole suite, and an exit status that tells a finding from a failure.

The environment says which FC is tested and how much: ``FC_BASE_URL`` and its companions,
``PT004_PROFILE``, ``PT004_UNGOVERNED``, ``PT004_OUT``. A finding fails a test (exit status 1);
when nothing can be said of the FC the exit status is 3.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from pt004_model.cli.check import Screen
from pt004_model.cli.options import Setup, from_environment
from pt004_model.cli.session import UNSURE, Connected, Unsure, connected
from pt004_model.evidence import report
from pt004_model.evidence.folder import Folder
from pt004_model.evidence.report import finding_lines
from pt004_model.evidence.trace import Origin
from pt004_model.explore.campaign import PROFILES, Campaign, Profile, Result
from pt004_model.judge.oracle import Verdict

RESULT = pytest.StashKey[Result]()
LINES = pytest.StashKey[list[str]]()
USAGE = 2


@pytest.fixture(scope="session")
def chosen() -> Setup:
    """Which FC is tested, as the environment says."""
    try:
        return from_environment()
    except click.ClickException as error:
        pytest.exit(error.format_message(), returncode=USAGE)


@pytest.fixture(scope="session")
def profile() -> Profile:
    """How much is done, as ``PT004_PROFILE`` says."""
    name = os.environ.get("PT004_PROFILE", "nightly")
    if name not in PROFILES:
        choices = ", ".join(PROFILES)
        pytest.exit(f"PT004_PROFILE: {name!r} is no profile; choose from {choices}", USAGE)
    return PROFILES[name]


@pytest.fixture(scope="session")
def ungoverned() -> bool:
    """Whether only runs without steps are made, as ``PT004_UNGOVERNED`` says."""
    return os.environ.get("PT004_UNGOVERNED", "") not in {"", "0"}


@pytest.fixture(scope="session")
def folder(chosen: Setup, profile: Profile, pytestconfig: pytest.Config) -> Folder:
    """Where the evidence goes: ``PT004_OUT``, or ``.pt004`` in the working directory."""
    given = pytestconfig.getoption("--hypothesis-seed", default=None)
    seed = int(given) if given is not None and str(given).isdigit() else secrets.randbelow(2**32)
    origin = Origin(seed, profile.name, chosen.dialect, chosen.secrets, names=chosen.names)
    folder = Folder(Path(os.environ.get("PT004_OUT", ".pt004")), origin)
    folder.prepare()
    return folder


@pytest.fixture(scope="session")
def there(chosen: Setup, ungoverned: bool, folder: Folder) -> Iterator[Connected]:
    """The FC under test; when there is none the suite ends with exit status 3."""
    try:
        with connected(chosen, ungoverned=ungoverned) as there:
            there.require(governed=not ungoverned, on_run=folder.keep_run)
            there.session.tally.on_run = folder.keep_run
            yield there
    except Unsure as unsure:
        pytest.exit(f"UNSURE: {unsure.message}", returncode=UNSURE)


@pytest.fixture(scope="session")
def result(
    there: Connected, profile: Profile, folder: Folder, pytestconfig: pytest.Config
) -> Result:
    """The campaign, run once."""
    terminal = pytestconfig.pluginmanager.getplugin("terminalreporter")
    assert terminal is not None
    screen = Screen(terminal.write_line, folder.at(there.base_url))
    screen.say(
        f"Federation Core {there.base_url}, profile {profile.name}, seed {folder.origin.seed}"
    )
    result = Campaign(there.session, profile, folder.origin.seed, screen).run()
    folder.keep_summary(result)
    pytestconfig.stash[RESULT] = result
    pytestconfig.stash[LINES] = [
        *(folder.origin.hide(line) for each in result.findings for line in finding_lines(each)),
        *report.coverage_lines(there.session.tally.edges),
        *report.result_lines(result),
    ]
    return result


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the findings, the coverage table and the verdict."""
    lines = config.stash.get(LINES, [])
    if lines:
        terminalreporter.section("campaign")
    for line in lines:
        terminalreporter.write_line(line)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """End with exit status 3 when nothing could be said and nothing was found."""
    result = session.config.stash.get(RESULT, None)
    if result is not None and result.verdict is Verdict.UNSURE:
        session.exitstatus = UNSURE
