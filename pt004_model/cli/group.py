"""A group of commands whose help tells each of them in a whole sentence."""

from __future__ import annotations

import click


class Group(click.Group):
    """Lists its commands with the first sentence of each, wrapped and not cut off."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands."""
        rows = []
        for name in self.list_commands(ctx):
            command = self.get_command(ctx, name)
            if command is not None and not command.hidden:
                first = " ".join((command.help or "").partition("\n\n")[0].split())
                rows.append((name, first))
        with formatter.section("Commands"):
            formatter.write_dl(rows)
