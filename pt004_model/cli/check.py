"""``pt004 check``: one campaign."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click
from attrs import define, evolve
from rich.console import Console
from rich.live import Live
from rich.text import Text

from pt004_model.cli.options import Setup, setup, target_options
from pt004_model.cli.prove import EXIT_CODES
from pt004_model.cli.session import Connected, connected
from pt004_model.evidence import report
from pt004_model.evidence.folder import Folder
from pt004_model.evidence.trace import Origin
from pt004_model.explore.campaign import PROFILES, Campaign, Found, Profile, Progress, Result
from pt004_model.judge.checks import AREAS

INTERRUPTED: Final = 130
_EVERY: Final = 10.0  # seconds between lines of progress where there is no terminal


@define
class Screen:
    """Tells of a campaign: a live line on a terminal, plain lines elsewhere; keeps traces."""

    say: Callable[[str], None]
    folder: Folder
    live: Live | None = None
    _told: float = 0.0

    def found(self, found: Found) -> None:
        """Put the finding on disk, then on the screen."""
        self.folder.keep_trace(found)
        where = self.folder.origin.hide(found.finding.where)
        self.say(f"found {found.fingerprint} {found.finding.check}: {where}")

    def improved(self, found: Found) -> None:
        """Replace the trace by a shorter one."""
        self.folder.keep_trace(found)

    def progress(self, progress: Progress) -> None:
        """Show where the campaign stands."""
        line = report.progress_line(progress)
        if self.live is not None:
            self.live.update(Text(line))
        elif time.monotonic() - self._told >= _EVERY:
            self._told = time.monotonic()
            self.say(line)


@contextmanager
def _screen(folder: Folder) -> Iterator[Screen]:
    console = Console(highlight=False)

    def say(line: str) -> None:
        # what came from an FC is never markup
        console.print(Text(line), soft_wrap=True)

    if not console.is_terminal:
        yield Screen(say, folder)
        return
    with Live(Text("starting"), console=console, transient=True, refresh_per_second=4) as live:
        yield Screen(say, folder, live)


def _areas(_: click.Context, __: click.Parameter, value: str | None) -> frozenset[str]:
    if value is None:
        return frozenset(AREAS)
    chosen = frozenset(part.strip() for part in value.split(",") if part.strip())
    for area in sorted(chosen - set(AREAS)):
        raise click.BadParameter(f"{area!r} is no area; choose from {', '.join(AREAS)}")
    if not chosen:
        raise click.BadParameter(f"no area is named; choose from {', '.join(AREAS)}")
    return chosen


_NUMBER = click.IntRange(min=1)


@click.command()
@target_options
@click.option(
    "--profile", type=click.Choice(list(PROFILES)), default="dev", show_default=True,
    envvar="PT004_PROFILE", help="How much to do (PT004_PROFILE).",
)  # fmt: skip
@click.option("--max-examples", type=_NUMBER, metavar="N", help="Examples of the campaign.")
@click.option("--max-commands", type=_NUMBER, metavar="N", help="Acts of one example.")
@click.option(
    "--max-time", type=click.FloatRange(min=0, min_open=True), metavar="S",
    help="Begin no further example after S seconds.",
)  # fmt: skip
@click.option(
    "--require-coverage",
    is_flag=True,
    help="Hold to the profile's coverage though --max-examples is given.",
)
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), metavar="N", help="Repeat a campaign.")
@click.option(
    "--areas", metavar="A,B", callback=_areas,
    help=f"Judge these areas alone: {', '.join(AREAS)}.",
)  # fmt: skip
@click.option(
    "--ungoverned", is_flag=True, envvar="PT004_UNGOVERNED",
    help="Make runs without steps alone (PT004_UNGOVERNED=1).",
)  # fmt: skip
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), default=Path(".pt004"),
    metavar="DIR", show_default=True, help="Where summary and traces go.",
)  # fmt: skip
@click.option("--page", is_flag=True, help="Make DIR/page.html as well, to be read in a browser.")
@click.pass_context
def check(context: click.Context, /, **given: Any) -> None:
    """Drive random workflows through a Federation Core and compare every answer with the model.

    Runs cannot be deleted from a real Federation Core: every run is tagged pt004, and the ids of
    all runs made are kept in DIR/runs.txt.

    Example: pt004 check --profile ci --base-url http://127.0.0.1:9405 --rate 50
    """
    chosen = setup(**given)
    seed = secrets.randbelow(2**32) if given["seed"] is None else given["seed"]
    profile = _profile(given)
    origin = Origin(seed, profile.name, chosen.dialect, chosen.secrets, names=chosen.names)
    folder = Folder(given["out"], origin, given["page"])
    folder.prepare()
    areas, ungoverned = given["areas"], given["ungoverned"]
    with connected(chosen, areas=areas, ungoverned=ungoverned) as there:
        result = campaign(there, chosen, profile, seed, folder.at(there.base_url))
    context.exit(EXIT_CODES[result.verdict])


def _profile(given: dict[str, Any]) -> Profile:
    profile = PROFILES[given["profile"]]
    names = {"max_examples": "examples", "max_commands": "commands", "max_time": "seconds"}
    changes = {name: given[flag] for flag, name in names.items() if given[flag] is not None}
    if "examples" in changes:
        changes.setdefault("seconds", None)
        if not given["require_coverage"]:
            changes["floor"] = 0.0  # who says how much to do, is only told what is missing
    return evolve(profile, **changes)


def campaign(
    there: Connected, chosen: Setup, profile: Profile, seed: int, folder: Folder
) -> Result:
    """Run a campaign and tell of it. Ctrl-C ends it with exit code 130 and what was found kept."""
    tenant, stranger = chosen.names.tenants
    with _screen(folder) as screen:
        kind = "embedded " if chosen.base_url is None else ""
        screen.say(f"{kind}Federation Core {there.base_url}, dialect {chosen.dialect}")
        screen.say(f"tenant {tenant}, stranger {stranger}, runs tagged pt004, ids in {folder.runs}")
        screen.say(f"profile {profile.name}, seed {seed}")
        there.require(governed=not there.session.ungoverned, on_run=folder.keep_run)
        there.session.tally.on_run = folder.keep_run
        running = Campaign(there.session, profile, seed, screen)
        try:
            result = running.run()
        except KeyboardInterrupt:
            result = running.result("it was interrupted")
            _tell(result, folder, screen.say)
            raise
        _tell(result, folder, screen.say)
        edges = there.session.tally.edges
    for line in report.coverage_lines(edges) if result.examples else ():
        screen.say(line)
    return result


def _tell(result: Result, folder: Folder, say: Callable[[str], None]) -> None:
    folder.keep_summary(result)
    for found in result.findings:
        for line in report.finding_lines(found):
            say(folder.origin.hide(line))
        say(f"  trace: {folder.trace_path(found)}")
    for line in report.result_lines(result):
        say(folder.origin.hide(line))
