"""``pt004 digest``: what a campaign left behind, as a page of Markdown."""

from __future__ import annotations

from pathlib import Path

import click

from pt004_model.report.digest import digest as page
from pt004_model.report.summary import read_replays, read_summary


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--traces-url", metavar="URL", help="Where the traces of this campaign are found.")
@click.option("--issues-url", metavar="URL", help="The list of issues in which findings are filed.")
def digest(folder: Path, traces_url: str | None, issues_url: str | None) -> None:
    """Print the campaign that check left in DIR as Markdown for the summary of a job.

    Example: pt004 digest .pt004 --traces-url "$URL" >> "$GITHUB_STEP_SUMMARY"
    """
    text = page(read_summary(folder), read_replays(folder), traces_url, issues_url)
    click.echo(text, nl=False)
