"""One campaign for the whole suite, and an exit status that tells a finding from a failure.

The environment says which FC is tested and how much: ``FC_BASE_URL`` and its companions,
``PT004_PROFILE``, ``PT004_UNGOVERNED``, ``PT004_KNOWN``, ``PT004_OUT``. The exit status is 1 for a
finding that is not known and for nothing else; 2 when the environment or a flag is wrong; 3 when
nothing can be said, be it that no FC answers, that too little was asked, that there is no room for
the evidence, or that the suite itself broke; 130 after Ctrl-C, 143 after SIGTERM.
"""

from __future__ import annotations

import os
import secrets
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from types import FrameType

import click
import pytest

from pt004_model.baseline import Known
from pt004_model.cli.check import next_command, story
from pt004_model.cli.known import read
from pt004_model.cli.options import Setup, from_environment
from pt004_model.cli.screen import Screen
from pt004_model.cli.session import UNSURE, Connected, Unsure, connected
from pt004_model.cli.streams import steady_streams
from pt004_model.drive.divergence import Divergence
from pt004_model.judge.oracle import Verdict
from pt004_model.model.scenarios import CANONICAL
from pt004_model.report import terminal
from pt004_model.report.folder import Folder
from pt004_model.report.record import INTERRUPTED as INTERRUPTED_WHY
from pt004_model.report.record import conduct, keep_nothing, why_broken
from pt004_model.search.campaign import PROFILES, Campaign, Profile
from pt004_model.search.results import Result
from pt004_model.trace.files import Unwritable
from pt004_model.trace.interrupts import INTERRUPTED, TERMINATED, terminate
from pt004_model.trace.lock import Busy
from pt004_model.trace.writing import Origin

RESULT = pytest.StashKey[Result]()
LINES = pytest.StashKey[list[str]]()
PINNED = pytest.StashKey[list[Verdict]]()
DIVERGED = pytest.StashKey[bool]()
INTERRUPT = pytest.StashKey[int]()
CAMPAIGN = pytest.StashKey[tuple[Folder, Profile]]()
USAGE = 2
WITHOUT_STEPS = "without_steps"
"""The case that stands for the canonical ones where an FC knows no steps."""


def is_ungoverned() -> bool:
    """Whether only runs without steps are made, as ``PT004_UNGOVERNED`` says."""
    return os.environ.get("PT004_UNGOVERNED", "") not in {"", "0"}


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Have SIGTERM end the suite like Ctrl-C, and a stream that cannot be written end nothing."""

    def heed(number: int, frame: FrameType | None) -> None:
        config.stash[INTERRUPT] = TERMINATED
        terminate(number, frame)

    steady_streams()
    signal.signal(signal.SIGTERM, heed)
    if "TOX_ENV_NAME" in os.environ:  # tox dies of SIGTERM at once and does not pass it on
        threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGTERM)


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
def known() -> Known:
    """The findings that do not fail the suite, as ``PT004_KNOWN`` says."""
    try:
        return read(Path(os.environ["PT004_KNOWN"]) if os.environ.get("PT004_KNOWN") else None)
    except click.ClickException as error:
        pytest.exit(error.format_message(), returncode=USAGE)


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
def folder(
    chosen: Setup, profile: Profile, seed: int, pytestconfig: pytest.Config
) -> Iterator[Folder]:
    """Where the evidence goes: ``PT004_OUT``, or ``.pt004`` in the working directory."""
    out = Path(os.environ.get("PT004_OUT", ".pt004"))
    origin = Origin(seed, profile.name, chosen.dialect, chosen.redact, names=chosen.names)
    options = ("--ungoverned",) if is_ungoverned() else ()
    folder = Folder(out, origin, target=chosen.flags, options=options)
    try:
        with folder.held():
            pytestconfig.stash[CAMPAIGN] = (folder, profile)
            yield folder
    except (Unwritable, Busy) as error:
        pytest.exit(str(error), USAGE)


@pytest.fixture(scope="session")
def there(chosen: Setup, folder: Folder, profile: Profile) -> Iterator[Connected]:
    """The FC under test; when there is none the suite ends with exit status 3."""
    ungoverned = is_ungoverned()
    try:
        with connected(chosen, ungoverned=ungoverned) as there:
            there.require(governed=not ungoverned, on_run=folder.keep_run)
            there.session.tally.on_run = folder.keep_run
            yield there
    except Unsure as unsure:
        keep_nothing(folder.at(chosen.base_url or ""), profile, unsure.message)
        pytest.exit(f"UNSURE: {unsure.message}", returncode=UNSURE)
    except click.ClickException as error:
        pytest.exit(error.format_message(), returncode=USAGE)


@pytest.fixture(scope="session")
def pinned(pytestconfig: pytest.Config) -> list[Verdict]:
    """What the pinned traces came to; it counts for the exit status."""
    return pytestconfig.stash.setdefault(PINNED, [])


@pytest.fixture(scope="session")
def result(
    there: Connected, chosen: Setup, profile: Profile, folder: Folder, known: Known,
    pytestconfig: pytest.Config,
) -> Result:  # fmt: skip
    """The campaign, run once."""
    folder, seed = folder.at(there.base_url), folder.origin.seed
    screen = Screen(partial(_say, pytestconfig), folder)
    screen.say(f"Federation Core {there.base_url}, profile {profile.name}, seed {seed}")
    campaign = Campaign(there.session, profile, seed, screen, known=known.fingerprints)
    broken: BaseException | None = None
    try:
        result = conduct(campaign, folder, screen.say)
    except BaseException as error:
        result, broken = campaign.result(why_broken(error)), error
    lines = [*story(result, folder, known), *terminal.result_lines(result, None)]
    if isinstance(broken, Unwritable):
        for line in lines:
            screen.say(folder.origin.hide(line))
        pytest.exit(f"UNSURE: {broken}", returncode=UNSURE)
    pytestconfig.stash[RESULT] = result
    for line in lines:
        _note(pytestconfig, folder.origin.hide(line))
    if broken is not None:
        raise broken
    command = next_command(result, chosen, folder)
    if command:
        _note(pytestconfig, folder.origin.hide(f"next: {command}"))
    return result


def _say(config: pytest.Config, line: str) -> None:
    """Print a line at once, though pytest keeps to itself what is printed within a test."""
    terminal = config.pluginmanager.getplugin("terminalreporter")
    capture = config.pluginmanager.getplugin("capturemanager")
    if terminal is not None:
        with capture.global_and_fixture_disabled() if capture is not None else nullcontext():
            terminal.ensure_newline()
            terminal.write_line(line)


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
    verdicts = [*config.stash.get(PINNED, []), *([] if result is None else [result.verdict])]
    diverged = Verdict.DIVERGES in verdicts or config.stash.get(DIVERGED, False)
    broken = exitstatus == pytest.ExitCode.TESTS_FAILED or bool(session.shouldstop)
    if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
        _note(config, "UNSURE: no test was selected, so nothing was asked")
        session.exitstatus = UNSURE
    elif broken and not diverged:
        if Verdict.UNSURE not in verdicts:
            _note(config, "UNSURE: the suite broke, see above; that is no finding")
        session.exitstatus = UNSURE
        _keep_why(config, "the suite broke")
    elif exitstatus is pytest.ExitCode.INTERRUPTED:  # and not the same number of a wrong flag
        session.exitstatus = config.stash.get(INTERRUPT, INTERRUPTED)
        _keep_why(config, INTERRUPTED_WHY)
    elif exitstatus == pytest.ExitCode.OK and result is None and not config.option.collectonly:
        _note(config, "no campaign was run: only what was selected was judged")


def _keep_why(config: pytest.Config, why: str) -> None:
    """Keep why there is no verdict, unless a campaign has left its own word."""
    folder, profile = config.stash.get(CAMPAIGN, (None, None))
    if folder is not None and profile is not None:
        keep_nothing(folder, profile, why)
