"""``pt004 diagram``: the lifecycle as a picture for documents."""

from __future__ import annotations

import click

from pt004_model.report.diagram import FORMS


@click.command()
@click.option(
    "--as", "form", type=click.Choice(list(FORMS)), default="mermaid", show_default=True,
    help="Mermaid for Markdown, dot for Graphviz, or a picture.",
)  # fmt: skip
@click.option("--ungoverned", is_flag=True, help="The lifecycle of runs without steps.")
def diagram(form: str, ungoverned: bool) -> None:
    """Draw the lifecycle of a run, as the model has it, to standard output.

    Example: pt004 diagram --as svg > lifecycle.svg
    """
    click.echo(FORMS[form](not ungoverned), nl=False)
