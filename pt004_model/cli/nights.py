"""``pt004 nights``: many campaigns, as one HTML file."""

from __future__ import annotations

import json
from pathlib import Path

import click

from pt004_model.cli.options import rightly_given
from pt004_model.report.page.nights import as_json, read_nights, write_nights


@click.command()
@click.argument(
    "folders", metavar="DIR...", nargs=-1, required=True,
    type=click.Path(file_okay=False, path_type=Path),
)  # fmt: skip
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
        click.echo(json.dumps(as_json(read), indent=1))
        return
    with rightly_given():
        write_nights(read, out)
    click.echo(out)
