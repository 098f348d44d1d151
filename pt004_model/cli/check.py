"""``pt004 check``: one campaign."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

import click
from attrs import define, evolve

from pt004_model.baseline import Known
from pt004_model.cli.known import known_option, read
from pt004_model.cli.options import (
    CAMPAIGN_VARIABLES,
    OUT,
    Setup,
    rightly_given,
    setup,
    target_options,
    word,
)
from pt004_model.cli.prove import EXIT_CODES
from pt004_model.cli.screen import plain_console, screen, speaker
from pt004_model.cli.session import Connected, connected, reason
from pt004_model.judge.checks import AREAS, areas
from pt004_model.judge.oracle import Verdict
from pt004_model.judge.own import own_checks
from pt004_model.report import command, terminal
from pt004_model.report.folder import Folder
from pt004_model.report.record import conduct, keep_nothing, why_broken
from pt004_model.search.campaign import PROFILES, Campaign, Profile
from pt004_model.search.results import Result
from pt004_model.trace.writing import Origin

DEFAULT_OUT: Final = Path(".pt004")


def _every_area() -> tuple[str, ...]:
    own_checks()  # those of installed packages have areas of their own
    return areas()


def _areas(_: click.Context, __: click.Parameter, value: str | None) -> frozenset[str]:
    if value is None:
        return frozenset(_every_area())
    chosen = frozenset(part.strip() for part in value.split(",") if part.strip())
    every = _every_area()
    for area in sorted(chosen - set(every)):
        raise click.BadParameter(f"{area!r} is no area; choose from {', '.join(every)}")
    if not chosen:
        raise click.BadParameter(f"no area is named; choose from {', '.join(every)}")
    return chosen


_NUMBER = click.IntRange(min=1)


@click.command(epilog=CAMPAIGN_VARIABLES)
@target_options
@click.option(
    "--profile", type=click.Choice(list(PROFILES)), default="dev", show_default=True,
    envvar="PT004_PROFILE", help="How much to do (PT004_PROFILE).",
)  # fmt: skip
@click.option("--max-examples", type=_NUMBER, metavar="N", help="Examples of the campaign.")
@click.option("--max-commands", type=_NUMBER, metavar="N", help="Acts of one example.")
@click.option(
    "--max-time", type=click.FloatRange(min=0, min_open=True), metavar="S",
    help="End after S seconds, and at most a few more.",
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
    "--out", type=click.Path(file_okay=False, path_type=Path), default=DEFAULT_OUT,
    metavar="DIR", show_default=True, help="Where summary and traces go.",
)  # fmt: skip
@click.option("--page", is_flag=True, help="Make DIR/page.html as well, to be read in a browser.")
@click.option(
    "--confirm", type=click.IntRange(min=0), metavar="K",
    help="Replay each new finding K times, to see how surely it shows (5).",
)  # fmt: skip
@click.option(
    "--no-replay", is_flag=True, help="Do not replay first what earlier campaigns left in DIR."
)
@known_option
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON, and no more.")
@click.option("--quiet", is_flag=True, help="Tell nothing but the verdict and what to do next.")
@click.pass_context
def check(context: click.Context, /, **given: Any) -> None:
    """Drive random workflows through a Federation Core and compare every answer with the model.

    Findings are shortened, replayed, and kept as DIR/traces/FINGERPRINT.json. The traces that lie
    there already are replayed first; one that shows its finding again counts as found. A finding
    that is known (see `pt004 known --help`) is told and does not fail the campaign.

    Runs cannot be deleted from a real Federation Core: every run is tagged pt004, and the ids of
    all runs made are kept in DIR/runs.txt.

    Example: pt004 check --profile ci --base-url http://127.0.0.1:9405 --rate 50
    """
    chosen = setup(**given)
    known = read(given["known"])
    seed = secrets.randbelow(2**32) if given["seed"] is None else given["seed"]
    profile = _profile(given)
    if profile.seconds is not None:  # an FC is not waited for beyond the time of the campaign
        chosen = evolve(chosen, patience=min(chosen.patience, profile.seconds))
    origin = Origin(seed, profile.name, chosen.dialect, chosen.redact, names=chosen.names)
    options = tuple(_options(given))
    folder = Folder(given["out"], origin, given["page"], chosen.flags, options)
    judged, ungoverned = given["areas"], given["ungoverned"]
    with ExitStack() as stack:
        with rightly_given():
            stack.enter_context(folder.held())
        context.meta[OUT] = folder.path
        try:
            with connected(chosen, areas=judged, ungoverned=ungoverned) as there:
                told = Telling(chosen, folder.at(there.base_url), known, given)
                result = told.campaign(there, profile, seed)
        except BaseException as error:
            keep_nothing(folder.at(chosen.base_url or ""), profile, reason(error))
            raise
    context.exit(EXIT_CODES[result.verdict])


def _profile(given: dict[str, Any]) -> Profile:
    profile = PROFILES[given["profile"]]
    names = {
        "max_examples": "examples",
        "max_commands": "commands",
        "max_time": "seconds",
        "confirm": "confirm",
    }
    changes = {name: given[flag] for flag, name in names.items() if given[flag] is not None}
    if "examples" in changes:
        changes.setdefault("seconds", None)
        if not given["require_coverage"]:
            changes["floor"] = 0.0  # who says how much to do, is only told what is missing
    return evolve(profile, **changes)


def _options(given: dict[str, Any]) -> list[str]:
    """Return the flags besides profile and seed that say what a campaign does."""
    every = _every_area()
    chosen = [area for area in every if area in given["areas"]]
    words = ["--ungoverned"] if given["ungoverned"] else []
    words += ["--areas", ",".join(chosen)] if len(chosen) < len(every) else []
    for name in ("max_examples", "max_commands", "max_time", "confirm", "known"):
        if given[name] is not None:
            words += [f"--{name.replace('_', '-')}", word(given[name])]
    for name in ("require_coverage", "no_replay"):
        words += [f"--{name.replace('_', '-')}"] if given[name] else []
    return words


@define
class Telling:
    """A campaign and what is printed of it. ``given`` are the options of the command."""

    chosen: Setup
    folder: Folder
    known: Known
    given: dict[str, Any]

    def campaign(self, there: Connected, profile: Profile, seed: int) -> Result:
        """Run it and tell of it. Whatever breaks it off is raised when all that was found is told.

        So it is after Ctrl-C, with a full disk, and when we ourselves are at fault.
        """
        folder, broken = self.folder, None
        with screen(folder, quiet=self.given["quiet"], errors=self.given["as_json"]) as shown:
            for line in self._beginning(profile, seed):
                shown.say(line)
            there.require(governed=not there.session.ungoverned, on_run=folder.keep_run)
            there.session.tally.on_run = folder.keep_run
            running = Campaign(there.session, profile, seed, shown, known=self.known.fingerprints)
            try:
                replays = not self.given["no_replay"]
                result = conduct(running, folder, shown.say, replays=replays)
            except BaseException as error:
                result, broken = running.result(why_broken(error)), error
        self._end(result)
        if broken is not None:
            raise broken
        return result

    def _beginning(self, profile: Profile, seed: int) -> Iterator[str]:
        chosen, folder = self.chosen, self.folder
        tenant, stranger, *_ = chosen.names.tenants
        kind = "embedded " if chosen.base_url is None else ""
        yield f"{kind}Federation Core {folder.origin.base_url}, dialect {chosen.dialect}"
        yield f"tenant {tenant}, stranger {stranger}, runs tagged pt004, ids in {folder.runs}"
        yield f"profile {profile.name}, seed {seed}"
        if self.known.entries:
            yield f"known findings: {len(self.known.entries)} in {self.known.path}"

    def _end(self, result: Result) -> None:
        """Print it all, the last screen at the end; with --json the summary alone to stdout."""
        console = plain_console(errors=self.given["as_json"])
        say, width = speaker(console), terminal.WIDTH if console.is_terminal else None
        lines = list(terminal.result_lines(result, width))
        if not self.given["quiet"]:
            lines = [*story(result, self.folder, self.known, width), "", *lines]
        elif self.given["as_json"]:
            lines = []
        else:
            lines = lines[-1:]
        coming = next_command(result, self.chosen.dialect, self.chosen.flags, self.folder)
        if lines and coming:
            lines.append(f"next: {coming}")
        for line in lines:
            say(self.folder.origin.hide(line))
        if self.given["as_json"]:
            click.echo(json.dumps(self.folder.summary(result), indent=1))


def story(result: Result, folder: Folder, known: Known, width: int | None = None) -> Iterator[str]:
    """Yield the lines before the last screen: each finding, and the table of coverage."""
    for found in result.findings:
        yield from terminal.finding_lines(found, known.about(found.fingerprint), width)
        if not found.known:
            yield f"  trace: {folder.trace_path(found)}"
    seen = {found.fingerprint for found in result.findings}
    for entry in known.expired:
        if entry.fingerprint not in seen:
            yield f"expired: {entry.fingerprint}, {entry.says(known.on)}; not seen this time"
    if result.examples:
        yield from terminal.coverage_lines(result.edges)


def next_command(result: Result, dialect: str, flags: tuple[str, ...], folder: Folder) -> str:
    """Return the one command to run next; empty where there is nothing more to do."""
    new = [found for found in terminal.by_weight(result.findings) if not found.known]
    names = list(PROFILES)
    larger = names[min(names.index(result.profile) + 1, len(names) - 1)]
    if new:
        more = ("--repeat", "20") if new[0].flaky else ()
        return command.replay(str(folder.trace_path(new[0])), flags, None, *more)
    unsure = result.verdict is Verdict.UNSURE
    if result.findings and not unsure:
        return "pt004 known list"
    if not unsure and result.profile != names[0]:
        return ""
    again = unsure and result.coverage.share >= PROFILES[result.profile].floor
    options = folder.options if again else command.unsized(folder.options)
    options += () if folder.path == DEFAULT_OUT else ("--out", str(folder.path))
    profile = result.profile if again else larger
    return command.check(profile, dialect, flags, *options)
