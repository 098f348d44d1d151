"""``pt004 show``: a saved trace in a form that needs nothing of ours."""

from __future__ import annotations

from pathlib import Path

import click

from pt004_model.reproduce import FORMS, render
from pt004_model.trace.document import load_trace


@click.command()
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option(
    "--as", "form", type=click.Choice(list(FORMS)), default="text", show_default=True,
    help="The form.",
)  # fmt: skip
def show(file: Path, form: str) -> None:
    """Show a saved trace as a story, or as what shows it without this program.

    text: a story. curl: the calls as curl commands, which need jq as well, then what was expected
    and what came. pytest (or httpx): a test that is a script too and needs httpx alone; it exits
    with 0 when the answer is as the contract allows, with 1 when it diverges, and with 3 when
    nothing can be said, as of a finding that only pt004 replay can judge. mermaid: a sequence
    diagram. FC_BASE_URL, FC_TOKEN, TENANT_ID and ACTOR_ID say which Federation Core is asked and as
    whom.

    Example: pt004 show .pt004/traces/6b9764f45135.json --as curl
    """
    click.echo(render(load_trace(file), form), nl=False)
