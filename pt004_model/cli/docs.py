"""``pt004 docs`` and ``pt004 explain``: the manual, and one check of it."""

from __future__ import annotations

import difflib

import click

from pt004_model.judge.checks import CHECKS
from pt004_model.manual import TOPICS, entry, page


@click.command()
@click.argument("topic", required=False, metavar="[TOPIC]")
def docs(topic: str | None) -> None:
    """Show a page of the manual, or list the pages.

    Example: pt004 docs proof
    """
    if topic is None:
        width = max(map(len, TOPICS))
        for name, title in TOPICS.items():
            click.echo(f"{name:<{width}}  {title}")
        return
    if topic not in TOPICS:
        raise click.UsageError(f"unknown page {topic!r}; choose from {', '.join(TOPICS)}")
    click.echo(page(topic), nl=False)


@click.command()
@click.argument("check")
def explain(check: str) -> None:
    """Explain a check: the clause it holds an FC to, what usually breaks it, and an example.

    Example: pt004 explain policy.deny-blocks
    """
    if check not in CHECKS:
        close = difflib.get_close_matches(check, CHECKS, 3, 0.4)
        hint = f"; did you mean {' or '.join(close)}?" if close else ""
        raise click.UsageError(f"unknown check {check!r}{hint} `pt004 checks` lists all")
    click.echo(entry(check), nl=False)
