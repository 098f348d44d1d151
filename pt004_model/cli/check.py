"""``pt004 check``: one campaign."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import partial
from typing import Any

import click
from attrs import define

from pt004_model.baseline import Known, load
from pt004_model.cli.options import OUT, Setup, campaign_flags, profile_of, rightly_given, setup
from pt004_model.cli.screen import plain_console, screen, speaker
from pt004_model.cli.session import EXIT_CODES, Connected, compared, connected, reason
from pt004_model.cli.settings import (
    DEFAULT_OUT,
    VARIABLES,
    campaign_options,
    share_of,
    target_options,
    telling_options,
)
from pt004_model.cli.workers import campaign_of
from pt004_model.judge.oracle import Verdict
from pt004_model.model.coverage import Edge
from pt004_model.report import command, terminal
from pt004_model.report.folder import Folder, held
from pt004_model.report.record import INTERRUPTED, conduct, keep_nothing
from pt004_model.report.summary import document, read_edges
from pt004_model.search.campaign import PROFILES, Campaign, Profile
from pt004_model.search.goals import unlike
from pt004_model.search.results import Result
from pt004_model.trace.writing import Origin


@click.command(epilog=VARIABLES)
@target_options
@campaign_options
@click.option("--seed", type=click.IntRange(0, 2**32 - 1), metavar="N", help="Repeat a campaign.")
@telling_options
@click.pass_context
def check(context: click.Context, /, **given: Any) -> None:
    """Drive random workflows through a Federation Core and compare every answer with the model.

    Findings are shortened, replayed, and kept as DIR/traces/FINGERPRINT.json. The traces that lie
    there already are replayed first; one that shows its finding again counts as found. A finding
    that is known (see `pt004 baseline --help`) is told and does not fail the campaign.

    Runs cannot be deleted from a real Federation Core: every run is tagged pt004, and the ids of
    all runs made are kept in DIR/runs.txt.

    Example: pt004 check --profile ci --base-url http://127.0.0.1:9405 --rate 50
    """
    seed = secrets.randbelow(2**32) if given["seed"] is None else given["seed"]
    flags, about = campaign_flags(given), f"seed {seed}"
    carry_out(context, given, profile_of(given), seed, flags, about, partial(campaign_of, given))


def carry_out(
    context: click.Context, given: dict[str, Any], profile: Profile, seed: int,
    flags: tuple[str, ...], about: str, make: Callable[..., Campaign],
) -> None:  # fmt: skip
    """Run the campaign that the options of a command say, tell of it, and exit with its code.

    ``make`` is given the folder, the FC, and what a campaign takes.
    """
    chosen = setup(**given).within(profile.seconds).killed(wanted=profile.crashes > 0)
    known, used = load(given["known"]), read_edges(given["weights"])
    origin = Origin(
        seed, profile.name, chosen.dialect, chosen.redact, names=chosen.names,
        headers=tuple(name for name, _ in chosen.asked["headers"]),
        ca_bundle=chosen.asked["ca_bundle"], lasting=chosen.base_url is not None,
        trace_link=given["trace_link"],
    )  # fmt: skip
    name = context.info_name or "check"
    shard = given.get("shard") or ""
    folder = Folder(given["out"], origin, given["page"], chosen.flags, flags, name, shard)
    judged, ungoverned = given["areas"], given["ungoverned"]
    with ExitStack() as stack:
        with rightly_given():
            stack.enter_context(held(folder.path))
        context.meta[OUT] = folder.path
        try:
            with connected(chosen, areas=judged, ungoverned=ungoverned) as there:
                there.session.used = used
                told = Telling(chosen, folder.at(there.target.where), known, given, about, make)
                result = told.campaign(there, profile, seed)
        except BaseException as error:
            keep_nothing(folder.at(chosen.base_url or ""), profile, reason(error))
            raise
    context.exit(EXIT_CODES[result.verdict])


@define
class Telling:
    """A campaign and what is printed of it. ``given`` are the options of the command.

    ``about`` is what there is to say of it besides its profile.
    """

    chosen: Setup
    folder: Folder
    known: Known
    given: dict[str, Any]
    about: str
    make: Callable[..., Campaign]

    def campaign(self, there: Connected, profile: Profile, seed: int) -> Result:
        """Run it and tell of it. Whatever breaks it off is raised when all that was found is told.

        So it is after Ctrl-C, with a full disk, and when we ourselves are at fault.
        """
        folder = self.folder
        with screen(folder, quiet=self.given["quiet"], errors=self.given["as_json"]) as shown:
            for line in self._beginning(profile):
                shown.say(line)
            for each in there.target.agreed:
                shown.say(f"not judged, as agreed: {each}")
            there.require(governed=not there.session.ungoverned, on_run=folder.keep_run)
            there.session.tally.on_run = folder.keep_run
            wanted = (folder, there.target, there.session, profile, seed, shown)
            with compared(self.given, there.target, there.session, folder.keep_run):
                running = self.make(*wanted, known=self.known.fingerprints)
                replays = not self.given["no_replay"]
                result, broken = conduct(running, folder, shown.say, replays=replays)
        self._end(result, unlike(there.session.used, result.edges, running.lengths))
        if broken is not None:
            raise broken
        return result

    def _beginning(self, profile: Profile) -> Iterator[str]:
        chosen, folder = self.chosen, self.folder
        tenant, stranger, *_ = chosen.names.tenants
        kind = "embedded " if chosen.base_url is None else ""
        yield f"{kind}Federation Core {folder.origin.base_url}, dialect {chosen.dialect}"
        yield f"tenant {tenant}, stranger {stranger}, runs tagged pt004, ids in {folder.runs}"
        yield f"profile {profile.name}, {self.about}"
        if chosen.base_url is not None:
            part = profile.part(share_of(self.given.get("shard")))
            yield estimate(part, chosen.asked["rate"])
        if self.given["diff"]:
            yield f"the same is sent to {self.given['diff']}, and what differs is told"
        if self.known.entries:
            yield f"known findings: {len(self.known.entries)} in {self.known.path}"

    def _end(self, result: Result, unlike: dict[Edge, int]) -> None:
        """Print it all, the last screen at the end; with --json the summary alone to stdout."""
        console = plain_console(errors=self.given["as_json"])
        say, width = speaker(console), terminal.WIDTH if console.is_terminal else None
        lines = [*terminal.unlike_lines(unlike), *terminal.result_lines(result, width)]
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
            say(self.folder.origin.redact(line))
        if self.given["as_json"]:
            click.echo(json.dumps(document(self.folder.summary(result)), indent=1))


def estimate(profile: Profile, rate: float | None) -> str:
    """Return about how many requests a campaign makes, and how long that takes at a rate."""
    said = f"about {profile.requests:,} requests"
    if rate is None:
        return said
    lasts = profile.requests / rate
    said += f", {lasts / 60:,.0f} minutes at {rate:g} a second"
    ends = profile.seconds is not None and profile.seconds < lasts
    return f"{said}; it ends after {profile.seconds:g} s" if ends else said


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
    for word, runs in result.statistics.get("outside", {}).items():
        yield f"set aside, outside of the model: {runs} runs that were {word}"
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
        return command.known(folder.options)
    unsized = (*command.unsized(folder.options), *_place(folder))
    if folder.made_by != "check" or (not unsure and result.profile != names[0]):
        if not unsure:
            return ""
        made = (*unsized, "--resume")  # with no less time than is usual: it may have been too short
        return command.check(result.profile, dialect, flags, *made, name=folder.made_by)
    interrupted = unsure and result.why == INTERRUPTED
    again = interrupted or (unsure and result.coverage.share >= PROFILES[result.profile].floor)
    options = (*folder.options, *_place(folder)) if again else unsized
    profile = result.profile if again else larger
    # all parts of a campaign have the same
    seed = result.seed if folder.shard or interrupted else None
    return command.check(profile, dialect, flags, *options, seed=seed)


def _place(folder: Folder) -> tuple[str, ...]:
    """Return the options that say which part of a campaign it is, and where that goes."""
    part: tuple[str, ...] = ("--shard", folder.shard) if folder.shard else ()
    return part if folder.path == DEFAULT_OUT else (*part, "--out", str(folder.path))
