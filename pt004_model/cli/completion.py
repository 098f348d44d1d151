"""``pt004 completion``: the script by which a shell completes our commands."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

SHELLS = ("bash", "zsh", "fish")


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
