"""One campaign for the whole suite, and an exit status that tells a finding from a failure.

The environment says which FC is tested and how much: ``FC_BASE_URL`` and its companions,
``PT004_PROFILE``, ``PT004_UNGOVERNED``, ``PT004_OUT``. The exit status is 1 for a finding and for
nothing else; 2 when the environment or a flag is wrong; 3 when nothing can be said, be it that no
FC answers, that too little was asked, or that the suite itself broke; 130 after Ctrl-C.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from pt004_model.cli.check import INTERRUPTED, Screen
from pt004_model.cli.options import Setup, from_environment
from pt004_model.cli.session import UNSURE, Connected, Unsure, connected
from pt004_model.evidence import report
from pt004_model.evidence.files import Unwritable
from pt004_model.evidence.folder import Folder
from pt004_model.evidence.report import finding_lines
from pt004_model.evidence.trace import Origin
from pt004_model.explore.campaign import PROFILES, Campaign, Profile, Result, nothing_said
from pt004_model.explore.divergence import Divergence
from pt004_model.judge.oracle import Verdict
from pt004_model.model.scenarios import CANONICAL

RESULT = pytest.StashKey[Result]()
LINES = pytest.StashKey[list[str]]()
DIVERGED = pytest.StashKey[bool]()
USAGE = 2
WITHOUT_STEPS = "without_steps"
"""The case that stands for the canonical ones where an FC knows no steps."""


def is_ungoverned() -> bool:
    """Whether only runs without steps are made, as ``PT004_UNGOVERNED`` says."""
    return os.environ.get("PT004_UNGOVERNED", "") not in {"", "0"}


@pytest.hookimpl(tryfirst=True)
def pytest_cmdline_main(config: pytest.Config) -> None:
    """Keep the suite in one process: one campaign is one conversation, and two would disturb it."""
    if getattr(config.option, "numprocesses", None) or getattr(config.option, "tx", None):
        config.option.numprocesses, config.option.tx, config.option.dist = None, [], "no"
        _note(config, "one campaign is one conversation: the flags of xdist are left aside")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Give the canonical cases, or what stands for them where an FC knows no steps."""
    if "case" in metafunc.fixturenames:
        metafunc.parametrize("case", [WITHOUT_STEPS] if is_ungoverned() else list(CANONICAL))


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
def seed(pytestconfig: pytest.Config) -> int:
    """The seed of the campaign: that of ``--hypothesis-seed``, or a new one."""
    given = pytestconfig.getoption("--hypothesis-seed", default=None)
    if given is None:
        return secrets.randbelow(2**32)
    if not (str(given).isascii() and str(given).isdigit()):
        pytest.exit(f"--hypothesis-seed: {given!r} is no whole number from 0 on", USAGE)
    return int(given)


@pytest.fixture(scope="session")
def folder(chosen: Setup, profile: Profile, seed: int) -> Folder:
    """Where the evidence goes: ``PT004_OUT``, or ``.pt004`` in the working directory."""
    origin = Origin(seed, profile.name, chosen.dialect, chosen.secrets)
    folder = Folder(Path(os.environ.get("PT004_OUT", ".pt004")), origin)
    try:
        folder.prepare()
    except Unwritable as error:
        pytest.exit(str(error), USAGE)
    return folder


@pytest.fixture(scope="session")
def there(chosen: Setup, folder: Folder, profile: Profile, seed: int) -> Iterator[Connected]:
    """The FC under test; when there is none the suite ends with exit status 3."""
    ungoverned = is_ungoverned()
    try:
        with connected(chosen, ungoverned=ungoverned) as there:
            there.require(governed=not ungoverned, on_run=folder.keep_run)
            there.session.tally.on_run = folder.keep_run
            yield there
    except Unsure as unsure:
        folder.keep_summary(nothing_said(seed, profile, unsure.message))
        pytest.exit(f"UNSURE: {unsure.message}", returncode=UNSURE)
    except click.ClickException as error:
        pytest.exit(error.format_message(), returncode=USAGE)


@pytest.fixture(scope="session")
def result(
    there: Connected, profile: Profile, folder: Folder, seed: int, pytestconfig: pytest.Config
) -> Result:
    """The campaign, run once."""
    terminal = pytestconfig.pluginmanager.getplugin("terminalreporter")
    screen = Screen(click.echo if terminal is None else terminal.write_line, folder)
    screen.say(f"Federation Core {there.base_url}, profile {profile.name}, seed {seed}")
    campaign = Campaign(there.session, profile, seed, screen)
    try:
        result = campaign.run()
    except KeyboardInterrupt:
        folder.keep_summary(campaign.result("it was interrupted"))
        raise
    folder.keep_summary(result)
    pytestconfig.stash[RESULT] = result
    for each in result.findings:
        for line in finding_lines(each):
            _note(pytestconfig, folder.origin.hide(line))
    for line in (*report.coverage_lines(there.session.tally.edges), *report.result_lines(result)):
        _note(pytestconfig, folder.origin.hide(line))
    return result


def _note(config: pytest.Config, line: str) -> None:
    """Have a line printed at the end."""
    config.stash.setdefault(LINES, []).append(line)


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Print the findings, the coverage table and the verdict."""
    lines = config.stash.get(LINES, [])
    if lines:
        terminalreporter.section("campaign")
    for line in lines:
        terminalreporter.write_line(line)


def pytest_exception_interact(
    node: pytest.Item | pytest.Collector, call: pytest.CallInfo[object]
) -> None:
    """Note that a canonical case has found something."""
    if call.excinfo is not None and call.excinfo.errisinstance(Divergence):
        node.config.stash[DIVERGED] = True


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Make the exit status say whether there is a finding, and nothing else."""
    config = session.config
    result = config.stash.get(RESULT, None)
    verdict = None if result is None else result.verdict
    diverged = verdict is Verdict.DIVERGES or config.stash.get(DIVERGED, False)
    broken = exitstatus == pytest.ExitCode.TESTS_FAILED or bool(session.shouldstop)
    if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
        _note(config, "UNSURE: no test was selected, so nothing was asked")
        session.exitstatus = UNSURE
    elif broken and not diverged:
        if verdict is not Verdict.UNSURE:
            _note(config, "UNSURE: the suite broke, see above; that is no finding")
        session.exitstatus = UNSURE
    elif exitstatus is pytest.ExitCode.INTERRUPTED:  # and not the same number of a wrong flag
        session.exitstatus = INTERRUPTED
    elif exitstatus == pytest.ExitCode.OK and result is None and not config.option.collectonly:
        _note(config, "no campaign was run: only what was selected was judged")
