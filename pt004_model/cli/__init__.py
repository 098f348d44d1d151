"""The command line: one module a command or two, and no logic."""

from __future__ import annotations

import os
from typing import Any, Final

import click

from pt004_model.cli import place  # noqa: F401 - before all others
from pt004_model.cli.audit import audit
from pt004_model.cli.baseline import baseline
from pt004_model.cli.bug import Bug
from pt004_model.cli.check import check
from pt004_model.cli.complete import complete
from pt004_model.cli.completion import completion
from pt004_model.cli.config import config
from pt004_model.cli.diagram import diagram
from pt004_model.cli.digest import digest
from pt004_model.cli.docs import docs, explain
from pt004_model.cli.fit import fit
from pt004_model.cli.group import Group
from pt004_model.cli.learn import learn
from pt004_model.cli.lists import checks, faults
from pt004_model.cli.merge import merge
from pt004_model.cli.nights import nights
from pt004_model.cli.page import page
from pt004_model.cli.prove import prove
from pt004_model.cli.replay import replay
from pt004_model.cli.score import score
from pt004_model.cli.serve import serve
from pt004_model.cli.session import Unsure
from pt004_model.cli.show import show
from pt004_model.cli.streams import lost, steady_streams
from pt004_model.cli.submit import submit
from pt004_model.cli.verify import verify
from pt004_model.trace.interrupts import TERMINATED, Interruption, exit_code, heeding_sigterm
from pt004_model.trace.lock import Busy

__all__ = ["main"]

_COMPLETING = "_PT004_COMPLETE"
"""The variable by which a shell asks click to complete a word."""


_FORMER: Final = {"known": "baseline"}
"""Commands by the names that they had."""


class _Commands(Group):
    """The commands; whatever may end one gets its exit code and its sentence here."""

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command by its name, or by one that it had."""
        return super().get_command(ctx, _FORMER.get(cmd_name, cmd_name))

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
        except Busy as busy:
            raise click.UsageError(str(busy)) from None
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


for command in (
    fit, prove, verify, audit, check, complete, learn, config, page, replay, show, submit, baseline,
    merge, nights, digest, serve, score, checks, explain, faults, docs, diagram, completion,
):  # fmt: skip
    main.add_command(command)
