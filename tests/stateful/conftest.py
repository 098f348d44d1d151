"""One campaign for the whole suite, and an exit status that tells a finding from a failure.

The environment says which FC is tested and how much: ``FC_BASE_URL`` and its companions,
``PT004_PROFILE``, ``PT004_UNGOVERNED``, ``PT004_KNOWN``, ``PT004_OUT``. A finding that is not known
fails a test (exit status 1); when nothing can be said of the FC the exit status is 3.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from pt004_model.cli.check import next_command, story
from pt004_model.cli.known import read
from pt004_model.cli.options import Setup, from_environment
from pt004_model.cli.screen import Screen
from pt004_model.cli.session import UNSURE, Connected, Unsure, connected
from pt004_model.evidence import report
from pt004_model.evidence.conduct import conduct
from pt004_model.evidence.folder import Folder
from pt004_model.evidence.known import Known
from pt004_model.evidence.trace import Origin
from pt004_model.explore.campaign import PROFILES, Campaign, Profile, Result
from pt004_model.judge.oracle import Verdict

RESULT = pytest.StashKey[Result]()
LINES = pytest.StashKey[list[str]]()
PINNED = pytest.StashKey[list[Verdict]]()
USAGE = 2


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Replay what is pinned before anything is generated."""
    items.sort(key=lambda item: item.path.name != "test_traces.py")


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
def known() -> Known:
    """The findings that do not fail the suite, as ``PT004_KNOWN`` says."""
    try:
        return read(Path(os.environ["PT004_KNOWN"]) if os.environ.get("PT004_KNOWN") else None)
    except click.ClickException as error:
        pytest.exit(error.format_message(), returncode=USAGE)


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
def pinned(pytestconfig: pytest.Config) -> list[Verdict]:
    """What the pinned traces came to; it counts for the exit status."""
    return pytestconfig.stash.setdefault(PINNED, [])


@pytest.fixture(scope="session")
def result(
    there: Connected,
    chosen: Setup,
    profile: Profile,
    folder: Folder,
    known: Known,
    pytestconfig: pytest.Config,
) -> Result:
    """The campaign, run once."""
    terminal = pytestconfig.pluginmanager.getplugin("terminalreporter")
    assert terminal is not None
    folder = folder.at(there.base_url)
    screen = Screen(terminal.write_line, folder)
    screen.say(
        f"Federation Core {there.base_url}, profile {profile.name}, seed {folder.origin.seed}"
    )
    campaign = Campaign(
        there.session, profile, folder.origin.seed, screen, known=known.fingerprints
    )
    result = conduct(campaign, folder, screen.say)
    pytestconfig.stash[RESULT] = result
    lines = [*story(result, folder, known), *report.result_lines(result)]
    command = next_command(result, chosen, folder)
    lines += [f"next: {command}"] if command else []
    pytestconfig.stash[LINES] = [folder.origin.hide(line) for line in lines]
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
    said = [*session.config.stash.get(PINNED, []), *([result.verdict] if result else [])]
    if Verdict.UNSURE in said and Verdict.DIVERGES not in said:
        session.exitstatus = UNSURE
