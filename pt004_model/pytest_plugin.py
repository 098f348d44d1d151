"""Plugin of pytest: a campaign as a fixture, and traces of findings as tests.

It is loaded wherever pt004_model is installed, so it imports nothing else of ours until it is used,
and touches no exit status of a run that does not use it. A run uses it when a test that was
selected wants one of its fixtures, or is a trace. Then the exit status is 1 for a finding that is
not known and for nothing else; 2 when an option or a variable is wrong; 3 when nothing can be said,
be it that no FC answers, that too little was asked, or that the tests broke; 130 after Ctrl-C, 143
after SIGTERM.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

if TYPE_CHECKING:
    from pt004_model.baseline import Known
    from pt004_model.drive.target import Target
    from pt004_model.pytest_campaign import Conversation
    from pt004_model.search.results import Result

FIXTURES: Final = frozenset({"fc_campaign", "fc_conversation", "fc_replay"})
"""The fixtures that make a run one of ours."""
USAGE: Final = 2
UNSURE: Final = 3
_SETTINGS: Final = {
    "url": ("FC_BASE_URL", "address of the Federation Core to test"),
    "profile": ("PT004_PROFILE", "how much a campaign does: dev, ci or nightly"),
    "out": ("PT004_OUT", "folder for the evidence of a campaign"),
    "known": ("PT004_KNOWN", "file of known findings, which fail nothing"),
    "config": ("PT004_CONFIG", "file that describes the Federation Core; else pt004.toml"),
}
"""Settings by name: each is an option, a variable of the environment, a value of an ini file.

All that `pt004 check` can be told besides is said in the environment, or in that file.
"""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options and the ini values."""
    group = parser.getgroup("pt004", "Federation Core (pt004_model)")
    for name, (variable, what) in _SETTINGS.items():
        told = f"{what} ({variable}, ini value fc_{name})"
        group.addoption(f"--fc-{name}", metavar=name.upper(), help=told)
        parser.addini(f"fc_{name}", told, default="")
    parser.addini("fc_traces", "files that are traces, as patterns", "args", ["*.pt004.json"])


def flags(config: pytest.Config) -> list[str]:
    """Return the flags of `pt004 check` that options and ini values of pytest stand for.

    An option wins over the environment, and that over the ini file.
    """
    words = []
    for name, (variable, _) in _SETTINGS.items():
        given = config.getoption(f"--fc-{name}") or ""
        value = given or ("" if os.environ.get(variable) else config.getini(f"fc_{name}"))
        flag = "base-url" if name == "url" else name
        words += [f"--{flag}", str(value)] if value else []
    return words


def pytest_collect_file(file_path: Path, parent: pytest.Collector) -> pytest.Collector | None:
    """Collect traces: a counterexample in a repository is a test of its own."""
    if any(file_path.match(pattern) for pattern in parent.config.getini("fc_traces")):
        return TraceFile.from_parent(parent, path=file_path)
    return None


class TraceFile(pytest.File):
    """A file that holds the trace of a finding."""

    def collect(self) -> Iterator[pytest.Item]:
        """Return the one test that it is."""

        def trace(fc_replay: Callable[[Path], None]) -> None:
            fc_replay(self.path)

        yield TraceItem.from_parent(self, name="replay", callobj=trace)


class TraceItem(pytest.Function):
    """A trace that is sent again: the command that once failed must be answered as allowed."""

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException]) -> object:  # type: ignore[override]
        """Return the replay alone; where in our code it failed says nothing."""
        if excinfo.errisinstance(AssertionError):
            return str(excinfo.value)
        return super().repr_failure(excinfo)

    def reportinfo(self) -> tuple[Path, int | None, str]:
        """Return where the trace is."""
        return self.path, None, self.path.name


def _is_ours(item: pytest.Item) -> bool:
    return not FIXTURES.isdisjoint(getattr(item, "fixturenames", ()))


ALL_OURS: Final = pytest.StashKey[bool]()
"""Set for a run in which there is nothing but tests of ours, whatever was selected of them."""


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Replay traces before anything is generated; see if all there is to select from is ours."""
    if items and all(map(_is_ours, items)):
        config.stash[ALL_OURS] = True
    items.sort(key=lambda item: not isinstance(item, TraceItem))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Take charge of the exit status, where a campaign or a trace was selected."""
    config = session.config
    nothing_left = not session.items and config.stash.get(ALL_OURS, False)
    if not (nothing_left or any(map(_is_ours, session.items))):
        return
    from pt004_model.pytest_campaign import Charge  # noqa: PLC0415 - only where it is used

    config.pluginmanager.register(Charge(config), "pt004-charge")


@pytest.fixture(scope="session")
def fc_target(pytestconfig: pytest.Config) -> Iterator[Target]:
    """Yield the Federation Core to test; to be overridden, or named by FC_BASE_URL or --fc-url."""
    from pt004_model.pytest_campaign import named_target  # noqa: PLC0415 - only where it is used

    with named_target(pytestconfig) as target:
        yield target


@pytest.fixture(scope="session")
def fc_known(pytestconfig: pytest.Config) -> Known:
    """Return the findings that fail nothing, as PT004_KNOWN or --fc-known names them."""
    from pt004_model.pytest_campaign import known_findings  # noqa: PLC0415 - only where it is used

    return known_findings(pytestconfig)


@pytest.fixture(scope="session")
def fc_conversation(
    fc_target: Target, fc_known: Known, pytestconfig: pytest.Config
) -> Iterator[Conversation]:
    """Yield what campaign, replays and cases have in common: the FC, once it is known to be one."""
    from pt004_model.pytest_campaign import conversing  # noqa: PLC0415 - only where it is used

    with conversing(pytestconfig, fc_target, fc_known) as conversation:
        yield conversation


@pytest.fixture(scope="session")
def fc_campaign(fc_conversation: Conversation) -> Result:
    """Return the result of one campaign, run once."""
    return fc_conversation.campaign()


@pytest.fixture(scope="session")
def fc_replay(fc_conversation: Conversation) -> Callable[[Path], None]:
    """Sends the trace in a file again, and fails unless it is answered as the contract allows."""
    return fc_conversation.replay
