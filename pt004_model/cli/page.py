"""``pt004 page``: what a campaign came to, as one HTML file."""

from __future__ import annotations

from pathlib import Path

import click

from pt004_model.cli.options import rightly_given
from pt004_model.report.page import write_page


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
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
