"""A property-based tester for workflow runs in a Federation Core.

A test of your own Federation Core::

    import pt004_model

    target = pt004_model.Target("http://127.0.0.1:9405")
    TestFederationCore = pt004_model.workflow_machine(target).TestCase

``pt004 docs extending`` tells the rest. Each name is imported when it is first used, so that the
plugin of pytest, which every run of pytest loads, costs nothing where it is not wanted.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pt004_model.drive.replay import Replay as Replay
    from pt004_model.drive.target import Target as Target
    from pt004_model.drive.target import replay as replay
    from pt004_model.judge.finding import Finding as Finding
    from pt004_model.judge.oracle import Verdict as Verdict
    from pt004_model.judge.own_checks import Mismatch as Mismatch
    from pt004_model.judge.own_checks import Modelled as Modelled
    from pt004_model.judge.own_checks import check as check
    from pt004_model.model.commands import ChangeRun as ChangeRun
    from pt004_model.model.commands import CreateRun as CreateRun
    from pt004_model.model.commands import ReadRun as ReadRun
    from pt004_model.model.replies import Reply as Reply
    from pt004_model.model.run import Run as Run
    from pt004_model.model.values import Body as Body
    from pt004_model.search.campaign import Campaign as Campaign
    from pt004_model.search.campaign import Profile as Profile
    from pt004_model.search.machine import WorkflowMachine as WorkflowMachine
    from pt004_model.search.machine import workflow_machine as workflow_machine
    from pt004_model.search.results import Result as Result
    from pt004_model.wire.transport import BadTarget as BadTarget

_HOMES = {
    "drive.replay": ("Replay",),
    "drive.target": ("Target", "replay"),
    "judge.finding": ("Finding",),
    "judge.oracle": ("Verdict",),
    "judge.own_checks": ("Mismatch", "Modelled", "check"),
    "model.commands": ("ChangeRun", "CreateRun", "ReadRun"),
    "model.replies": ("Reply",),
    "model.run": ("Run",),
    "model.values": ("Body",),
    "search.campaign": ("Campaign", "Profile"),
    "search.machine": ("WorkflowMachine", "workflow_machine"),
    "search.results": ("Result",),
    "wire.transport": ("BadTarget",),
}
_HOME = {name: home for home, names in _HOMES.items() for name in names}

__all__ = [
    "BadTarget",
    "Body",
    "Campaign",
    "ChangeRun",
    "CreateRun",
    "Finding",
    "Mismatch",
    "Modelled",
    "Profile",
    "ReadRun",
    "Replay",
    "Reply",
    "Result",
    "Run",
    "Target",
    "Verdict",
    "WorkflowMachine",
    "check",
    "replay",
    "workflow_machine",
]


def __getattr__(name: str) -> object:
    """Import a name from where it lives, once."""
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    """List the public names."""
    return [*__all__]
