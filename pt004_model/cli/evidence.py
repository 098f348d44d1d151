"""What campaigns have left: as one campaign, as pages for people, in a job or over many nights."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click

from pt004_model.cli.options import rightly_given
from pt004_model.cli.screen import plain_console, speaker
from pt004_model.cli.session import EXIT_CODES
from pt004_model.judge.oracle import Verdict
from pt004_model.model.telling import count
from pt004_model.report.digest import digest as as_digest
from pt004_model.report.folder import held
from pt004_model.report.page import write_page
from pt004_model.report.page.nights import as_json as nights_as_json
from pt004_model.report.page.nights import read_nights, write_nights
from pt004_model.report.shards import gather
from pt004_model.report.shards import merge as merged
from pt004_model.report.summary import Summary, document, read_replays, read_summary

_FOLDER = click.Path(file_okay=False, path_type=Path)
_FOLDERS = click.argument("folders", metavar="DIR...", nargs=-1, required=True, type=_FOLDER)


@click.command()
@_FOLDERS
@click.option(
    "--out", type=_FOLDER, required=True, metavar="DIR",
    help="Where the merged campaign goes.",
)  # fmt: skip
@click.option("--page", is_flag=True, help="Make DIR/page.html as well.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON, and no more.")
@click.pass_context
def merge(
    context: click.Context, /, folders: tuple[Path, ...], out: Path, *, page: bool, as_json: bool
) -> None:
    """Make one campaign of the parts that `pt004 check --shard I/N` or complete left.

    Edges, statistics and sights of findings are added; of each finding the shortest trace stays.
    Verdict and coverage are those of the whole. A shard that is missing, there twice, or of
    another version, contract, target, seed or profile leaves the campaign unsure, unless there
    is a finding. The parts stay as they are.

    Exit codes: 0 conforms, 1 diverges, 2 wrong usage, 3 unsure.

    Example: pt004 merge shards/1 shards/2 --out evidence
    """
    if out.resolve() in {each.resolve() for each in folders}:
        raise click.UsageError(f"{out} is one of the parts; give --out another folder")
    shards, wrong = gather(folders)
    with rightly_given(), held(out):
        summary = merged(shards, wrong, out, with_page=page)
    if as_json:
        click.echo(json.dumps(document(summary), indent=1))
    else:
        say = speaker(plain_console())
        for line in _lines(summary, len(shards)):
            say(line)
    context.exit(EXIT_CODES[Verdict(summary.verdict)])


def _lines(summary: Summary, shards: int) -> Iterator[str]:
    coverage = summary.coverage
    yield f"{count(shards, 'shard')}, {summary.examples} examples and {summary.requests} requests"
    yield f"coverage: {coverage.driven} of {coverage.reachable} edges of the model"
    for found in sorted(summary.findings, key=lambda each: each.rank):
        length = count(found.commands, "command")
        yield f"{found.kind} {found.fingerprint} {found.severity} {found.check}, {length}"
    if summary.guarantee:
        yield f"guarantee: {summary.guarantee}"
    new, why = summary.counts["new"], summary.why or "every answer was one that is allowed"
    said = f"{count(new, 'finding')}{f'; {summary.why}' if summary.why else ''}" if new else why
    yield f"{summary.verdict.upper()}: {said}"


@click.command()
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Where the page goes.  [default: DIR/page.html]",
)  # fmt: skip
def page(folder: Path, out: Path | None) -> None:
    """Make one HTML file of a campaign that needs nothing but a browser.

    DIR is what `pt004 check --out DIR` left behind. The page has the verdict, each finding with its
    trace, the lifecycle and what of it was driven, what the runs were like, and times.

    Example: pt004 page .pt004
    """
    with rightly_given():
        click.echo(write_page(folder, out))


@click.command()
@_FOLDERS
@click.option(
    "--out", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    default=Path("nights.html"), show_default=True, help="Where the page goes.",
)  # fmt: skip
@click.option("--json", "told", is_flag=True, help="Print it as JSON, and write no page.")
def nights(folders: tuple[Path, ...], out: Path, *, told: bool) -> None:
    """Make one HTML file of what `pt004 check --out DIR` left in many nights.

    A row a night: verdict, findings that are new, known, fixed or come back, coverage, requests,
    times. A line a finding: in which nights it was seen. It needs summary.json of each night, and
    replays.json to tell what was fixed; score.json may hold what `pt004 score --json` printed.

    Example: pt004 nights nights/1 nights/2 --out nights.html
    """
    read = read_nights(folders)
    if told:
        click.echo(json.dumps(nights_as_json(read), indent=1))
        return
    with rightly_given():
        write_nights(read, out)
    click.echo(out)


@click.command()
@click.argument("folder", metavar="DIR", type=_FOLDER)
@click.option("--traces-url", metavar="URL", help="Where the traces of this campaign are found.")
@click.option("--issues-url", metavar="URL", help="The list of issues in which findings are filed.")
def digest(folder: Path, traces_url: str | None, issues_url: str | None) -> None:
    """Print the campaign that check left in DIR as Markdown for the summary of a job.

    Example: pt004 digest .pt004 --traces-url "$URL" >> "$GITHUB_STEP_SUMMARY"
    """
    text = as_digest(read_summary(folder), read_replays(folder), traces_url, issues_url)
    click.echo(text, nl=False)
