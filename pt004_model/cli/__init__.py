"""The command line: a module a command, or those that belong together; and no logic."""

from __future__ import annotations

import os
from importlib import import_module
from typing import Any, Final

import click

from pt004_model.cli import place  # noqa: F401 - before all others
from pt004_model.cli.bug import Bug
from pt004_model.cli.session import Unsure
from pt004_model.cli.streams import lost, steady_streams
from pt004_model.interrupts import TERMINATED, Interruption, exit_code, heeding_sigterm
from pt004_model.trace.files import Unusable
from pt004_model.trace.lock import Busy
from pt004_model.wire.transport import BadTarget

__all__ = ["Group", "main"]

_COMPLETING = "_PT004_COMPLETE"
"""The variable by which a shell asks click to complete a word."""


_MODULES: Final = {
    **{
        name: name
        for name in (
            "fit", "prove", "verify", "audit", "check", "complete", "learn", "config", "replay",
            "submit", "baseline", "serve", "score",
        )
    },
    "show": "replay",
    **dict.fromkeys(("merge", "page", "nights", "digest"), "evidence"),
    **dict.fromkeys(
        ("docs", "explain", "checks", "faults", "diagram", "completion"), "reference"
    ),
}  # fmt: skip
"""The module of each command; it is imported where the command is wanted."""
_FORMER: Final = {"known": "baseline"}
"""Commands by the names that they had."""


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


class _Commands(Group):
    """The commands; whatever may end one gets its exit code and its sentence here."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of all commands."""
        del ctx
        return sorted(_MODULES)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by its name, or by one that it had."""
        name = _FORMER.get(cmd_name, cmd_name)
        if name not in _MODULES:
            return super().get_command(ctx, name)
        command = getattr(import_module(f"pt004_model.cli.{_MODULES[name]}"), name)
        assert isinstance(command, click.Command)  # noqa: S101 - each module has its commands
        return command

    def main(self, *arguments: Any, **more: Any) -> Any:
        """Run the command of these arguments; standard output never ends it."""
        if _COMPLETING not in os.environ:  # a shell that completes a word is given bytes
            steady_streams()
        try:
            return super().main(*arguments, **more)
        finally:
            if why := lost():
                click.echo(why, err=True)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            with heeding_sigterm():
                return super().invoke(ctx)
        except (click.ClickException, click.Abort, click.exceptions.Exit):
            raise
        except KeyboardInterrupt as interrupt:
            code = exit_code(interrupt)
            click.echo("terminated" if code == TERMINATED else "interrupted", err=True)
            ctx.exit(code)
        except (Busy, Unusable, BadTarget) as wrong:  # said of what was named
            raise click.UsageError(str(wrong)) from None
        except Interruption as interruption:  # no room left, or nobody there: nothing can be said
            raise Unsure(str(interruption)) from None
        except Exception as error:  # whatever it is, it says nothing of an FC
            raise Bug.of(error, ctx.meta) from None


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="pt004_model", prog_name="pt004")
def main() -> None:
    """Test the workflow runs of a Federation Core against a model of its contract.

    Without --base-url or FC_BASE_URL an embedded Federation Core is started and tested.

    Exit codes: 0 conforms, 1 diverges, 2 wrong usage, 3 unsure (no Federation Core, it stopped
    answering, or no room for evidence), 70 a bug in pt004, 130 interrupted, 143 terminated.

    Example: pt004 check --fault denied-step-may-pause
    """
