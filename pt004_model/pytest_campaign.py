"""What the plugin of pytest does once a run uses it: the campaign, and the exit status.

The plugin imports this when a test wants it, and no sooner.
"""

from __future__ import annotations

import os
import secrets
import signal
import threading
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager, nullcontext
from functools import partial
from pathlib import Path
from types import FrameType
from typing import Any, Final

import click
import pytest
from attrs import define, field

from pt004_model.baseline import Known, load
from pt004_model.cli.check import next_command, story
from pt004_model.cli.options import campaign_flags, profile_of, setup
from pt004_model.cli.screen import Screen
from pt004_model.cli.session import Unsure, compared, targeted
from pt004_model.cli.settings import read_settings
from pt004_model.cli.workers import campaign_of
from pt004_model.drive.lockstep import Lockstep
from pt004_model.drive.replay import attempt_lines, replay_trace, result_line
from pt004_model.drive.session import Divergence, Session, divergence
from pt004_model.drive.target import Target
from pt004_model.interrupts import INTERRUPTED, TERMINATED, terminate
from pt004_model.judge.finding import Finding
from pt004_model.judge.oracle import Verdict
from pt004_model.pytest_plugin import UNSURE, USAGE, flags
from pt004_model.report import terminal
from pt004_model.report.folder import Folder, held
from pt004_model.report.record import INTERRUPTED as INTERRUPTED_WHY
from pt004_model.report.record import conduct, keep_nothing
from pt004_model.report.summary import read_edges
from pt004_model.search.campaign import Profile
from pt004_model.search.results import Result
from pt004_model.search.workers import NoWorkers
from pt004_model.trace.document import load_trace
from pt004_model.trace.files import Unusable, Unwritable
from pt004_model.trace.lock import Busy
from pt004_model.trace.writing import Origin
from pt004_model.wire.transport import BadTarget

LINES: Final = pytest.StashKey[list[str]]()
"""What is printed at the end of a run."""
_SETTINGS: Final = pytest.StashKey[dict[str, Any]]()
_RESULT: Final = pytest.StashKey[Result]()
_PINNED: Final = pytest.StashKey[list[Verdict]]()
_PLACE: Final = pytest.StashKey[tuple[Folder, Profile]]()


def note(config: pytest.Config, line: str) -> None:
    """Have a line printed at the end."""
    config.stash.setdefault(LINES, []).append(line)


def settings(config: pytest.Config) -> dict[str, Any]:
    """Return all settings, as options of pytest, environment, ini values and file say them."""
    there = config.stash.get(_SETTINGS, None)
    if there is None:
        with _exiting():
            there = read_settings(flags(config))
        config.stash[_SETTINGS] = there
    return there


@contextmanager
def _exiting() -> Iterator[None]:
    """End the run with a sentence where something said cannot be used, or no FC answers."""
    try:
        yield
    except Unsure as unsure:
        pytest.exit(f"UNSURE: {unsure.message}", UNSURE)
    except click.ClickException as error:
        pytest.exit(error.format_message(), USAGE)
    except (Unusable, Unwritable, Busy, BadTarget) as error:
        pytest.exit(str(error), USAGE)


@contextmanager
def named_target(config: pytest.Config, *, embedded: bool = False) -> Iterator[Target]:
    """The FC that the settings name; the embedded one where none is, and that is wanted."""
    given = settings(config)
    if given["base_url"] is None and not embedded:
        pytest.exit(
            "no Federation Core is named: override the fixture fc_target, or give FC_BASE_URL,"
            " --fc-url, the ini value fc_url or a pt004.toml",
            USAGE,
        )
    with _exiting():
        profile = profile_of(given)
        chosen = setup(**given).within(profile.seconds).killed(wanted=profile.crashes > 0)
        with targeted(chosen, ungoverned=given["ungoverned"]) as target:
            yield target


def known_findings(config: pytest.Config) -> Known:
    """Return the findings that fail nothing."""
    with _exiting():
        return load(settings(config)["known"])


def _seed(config: pytest.Config) -> int:
    given = config.getoption("--hypothesis-seed", default=None)
    if given is None:
        return secrets.randbelow(2**32)
    if not (str(given).isascii() and str(given).isdigit()):
        pytest.exit(f"--hypothesis-seed: {given!r} is no whole number from 0 on", USAGE)
    return int(given)


@contextmanager
def conversing(config: pytest.Config, target: Target, known: Known) -> Iterator[Conversation]:
    """Make sure that there is an FC, and hold the folder for the evidence.

    Ends the run with a sentence where that fails.
    """
    if hasattr(config, "workerinput"):
        pytest.fail(
            "one campaign writes to one folder: run it without -n, and give PT004_WORKERS",
            pytrace=False,
        )
    given = settings(config)
    profile = profile_of(given)
    origin = Origin(
        _seed(config), profile.name, target.dialect, target.redact, names=target.names,
        headers=tuple(name for name, _ in target.headers), ca_bundle=target.ca_bundle,
        lasting=target.base_url is not None and not target.own,
        trace_link=given["trace_link"],
    )  # fmt: skip
    options = campaign_flags({**given, "ungoverned": target.ungoverned})
    wanted = (given["out"], origin, given["page"], target.flags, options)
    folder = Folder(*wanted, shard=given["shard"] or "").at(target.where)
    with _exiting(), held(folder.path):
        config.stash[_PLACE] = (folder, profile)
        why = target.preflight(folder.keep_run, on_hint=partial(_say, config))
        if why is not None:
            keep_nothing(folder, profile, why)
            pytest.exit(f"UNSURE: {why}", UNSURE)
        session = target.session(given["areas"])
        session.tally.on_run = folder.keep_run
        with compared(given, target, session, folder.keep_run):
            yield Conversation(config, target, session, folder, profile, known)


@define
class Conversation:
    """All that is asked of one FC in one run of pytest."""

    config: pytest.Config
    target: Target
    session: Session
    folder: Folder
    profile: Profile
    known: Known
    seen: list[str] = field(factory=list)
    """Fingerprints of findings that a case has shown, the known ones too."""

    def lockstep(self) -> Lockstep:
        """Return a conversation of its own, counted apart; a finding is raised unless it is known.

        So the campaign is the same as that of `pt004 check` with its seed.
        """
        self.seen.clear()
        return self.fresh_session().lockstep()

    def fresh_session(self) -> Session:
        """Return a session that raises findings; see :meth:`lockstep`."""
        fresh = self.target.session(settings(self.config)["areas"])
        fresh.tally.on_run = self.session.tally.on_run
        fresh.on_finding = self._diverge
        return fresh

    def _diverge(self, finding: Finding, _: Lockstep) -> None:
        self.seen.append(finding.fingerprint)
        if finding.fingerprint not in self.known.fingerprints:
            raise divergence(finding.fingerprint)(self.folder.origin.redact(str(finding)))

    def describe(self, result: Result, area: str) -> list[str]:
        """Return the findings of an area that are not known, in lines for people."""
        found = [e for e in result.findings if e.finding.area == area and not e.known]
        redact = self.folder.origin.redact
        return [redact(line) for each in found for line in terminal.finding_lines(each)]

    def replay(self, path: Path) -> None:
        """Replay the trace in a file; fail unless it is answered as the contract allows."""
        with _exiting():
            trace = load_trace(path)
        replay = replay_trace(self.session, trace)
        self.config.stash.setdefault(_PINNED, []).append(replay.verdict)
        if replay.verdict is not Verdict.CONFORMS:
            told = [line for each in replay.attempts for line in attempt_lines(trace, each)]
            raise AssertionError(self.folder.origin.redact("\n".join([*told, result_line(replay)])))

    def campaign(self) -> Result:
        """Run the campaign; what it comes to is printed at the end of the run."""
        folder, seed = self.folder, self.folder.origin.seed
        redact = folder.origin.redact
        screen = Screen(partial(_say, self.config), folder)
        name = self.profile.name
        screen.say(f"Federation Core {self.target.where}, profile {name}, seed {seed}")
        for each in self.target.agreed:
            screen.say(f"not judged, as agreed: {each}")
        given, known = settings(self.config), self.known.fingerprints
        wanted = (given, folder, self.target, self.session, self.profile, seed, screen)
        try:
            with _exiting():
                self.session.used = read_edges(given["weights"])
                campaign = campaign_of(*wanted, known=known)
        except NoWorkers as none:
            keep_nothing(folder, self.profile, str(none))
            pytest.exit(f"UNSURE: {none}", UNSURE)
        replays = not given["no_replay"]
        result, broken = conduct(campaign, folder, screen.say, replays=replays)
        lines = [*story(result, folder, self.known), *terminal.result_lines(result, None)]
        if isinstance(broken, Unwritable):
            for line in lines:
                screen.say(redact(line))
            pytest.exit(f"UNSURE: {broken}", returncode=UNSURE)
        self.config.stash[_RESULT] = result
        for line in lines:
            note(self.config, redact(line))
        if broken is not None:
            raise broken
        if self.target.flags is not None:
            command = next_command(result, self.target.dialect, self.target.flags, folder)
            if command:
                note(self.config, redact(f"next: {command}"))
        return result


def _say(config: pytest.Config, line: str) -> None:
    """Print a line at once, though pytest keeps to itself what is printed within a test."""
    reporter = config.pluginmanager.getplugin("terminalreporter")
    capture = config.pluginmanager.getplugin("capturemanager")
    if reporter is not None:
        with capture.global_and_fixture_disabled() if capture is not None else nullcontext():
            reporter.ensure_newline()
            reporter.write_line(line)


def _diverges(error: BaseException) -> bool:
    """Tell if an error is a finding, or a group that holds one, as Hypothesis raises them."""
    return isinstance(error, Divergence) or any(map(_diverges, getattr(error, "exceptions", ())))


class Charge:
    """The part of the plugin that is there only in a run that uses it."""

    def __init__(self, config: pytest.Config) -> None:
        """Have SIGTERM end the run like Ctrl-C."""
        self.config = config
        self.interrupt = INTERRUPTED
        self.diverged = False
        self.before: Any = None
        if threading.current_thread() is threading.main_thread():
            self.before = signal.signal(signal.SIGTERM, self._heed)
        if "TOX_ENV_NAME" in os.environ:  # tox dies of SIGTERM at once and does not pass it on
            threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()

    def _heed(self, number: int, frame: FrameType | None) -> None:
        self.interrupt = TERMINATED
        terminate(number, frame)

    def pytest_unconfigure(self) -> None:
        """Put back what SIGTERM did before."""
        if self.before is not None:
            signal.signal(signal.SIGTERM, self.before)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self) -> Generator[None, object, object]:
        """Pass an interrupt on without its traceback, of which pytest 9 can break.

        Python gives no line number for some places in which an interrupt may come, and pytest then
        ends with a ``TypeError`` and the exit status of a finding.
        """
        try:
            return (yield)
        except KeyboardInterrupt as interrupt:
            raise interrupt.with_traceback(None) from None

    def pytest_exception_interact(self, call: pytest.CallInfo[object]) -> None:
        """Note that a test of a conversation has found something."""
        if call.excinfo is not None and _diverges(call.excinfo.value):
            self.diverged = True

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the findings, the coverage table and the verdict."""
        lines = self.config.stash.get(LINES, [])
        if lines:
            terminalreporter.section("campaign")
        for line in lines:
            terminalreporter.write_line(line)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self, session: pytest.Session, exitstatus: int) -> None:
        """Make the exit status say whether there is a finding, and nothing else."""
        config = self.config
        result = config.stash.get(_RESULT, None)
        verdicts = [*config.stash.get(_PINNED, []), *([] if result is None else [result.verdict])]
        diverged = Verdict.DIVERGES in verdicts or self.diverged
        broken = exitstatus == pytest.ExitCode.TESTS_FAILED or bool(session.shouldstop)
        if exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED:
            note(config, "UNSURE: no test was selected, so nothing was asked")
            session.exitstatus = UNSURE
        elif broken and not diverged:
            if Verdict.UNSURE not in verdicts:
                note(config, "UNSURE: the suite broke, see above; that is no finding")
            session.exitstatus = UNSURE
            self._keep_why("the suite broke")
        elif exitstatus is pytest.ExitCode.INTERRUPTED:  # and not the same number of a wrong flag
            session.exitstatus = self.interrupt
            self._keep_why(INTERRUPTED_WHY)
        elif exitstatus == pytest.ExitCode.OK and result is None and not config.option.collectonly:
            note(config, "no campaign was run: only what was selected was judged")

    def _keep_why(self, why: str) -> None:
        """Keep why there is no verdict, unless a campaign has left its own word."""
        folder, profile = self.config.stash.get(_PLACE, (None, None))
        if folder is not None and profile is not None:
            keep_nothing(folder, profile, why)


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.2)
    os.kill(os.getpid(), signal.SIGTERM)
