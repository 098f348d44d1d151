"""What is known without an FC: the manual, checks and faults, the lifecycle; and completion."""

from __future__ import annotations

import difflib
import inspect
import shutil
import sys
import textwrap

import click
from click.shell_completion import get_completion_class

from pt004_model.judge.checks import CHECKS
from pt004_model.manual import TOPICS, entry, page
from pt004_model.report.diagram import FORMS

SHELLS = ("bash", "zsh", "fish")


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
        hint = f"did you mean {' or '.join(close)}? " if close else ""
        raise click.UsageError(f"unknown check {check!r}; {hint}`pt004 checks` lists all")
    click.echo(entry(check), nl=False)


@click.command()
def checks() -> None:
    """List every check: its id, section of the contract, severity and sentence.

    Example: pt004 checks | grep policy
    """
    width = max(map(len, CHECKS))
    for check in CHECKS.values():
        told = f"{check.id:<{width}}  {check.section:<7}  {check.severity:<8}  {check.sentence}"
        click.echo(_lines(told))


@click.command()
def faults() -> None:
    """List the faults that can be seeded into the embedded Federation Core.

    Example: pt004 faults
    """
    from pt004_model.embedded.faults import FAULTS  # noqa: PLC0415 - it brings the libraries of a server

    width = max(map(len, FAULTS))
    for name, fault in FAULTS.items():
        said = " ".join((inspect.getdoc(fault) or "").split())
        click.echo(_lines(f"{name:<{width}}  {fault.area:<14}  {said}"))


def _lines(row: str) -> str:
    """Return a row for a terminal, broken between words; what is piped stays one line."""
    if sys.stdout is None or not sys.stdout.isatty():
        return row
    wide = shutil.get_terminal_size().columns
    whole = textwrap.TextWrapper(
        wide, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )
    return whole.fill(row)


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


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that lets SHELL complete commands and options.

    For bash put the example in ~/.bashrc, for zsh the same with zsh in ~/.zshrc. For fish: pt004
    completion fish > ~/.config/fish/completions/pt004.fish

    Example: pt004 completion bash
    """
    made = get_completion_class(shell)
    assert made is not None  # noqa: S101 - click knows all three
    root = context.find_root().command
    click.echo(made(root, {}, "pt004", "_PT004_COMPLETE").source())
