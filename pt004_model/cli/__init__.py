"""The command line: one module a command or two, and no logic."""

from __future__ import annotations

from typing import Any

import click

from pt004_model.cli.check import INTERRUPTED, check
from pt004_model.cli.completion import completion
from pt004_model.cli.diagram import diagram
from pt004_model.cli.digest import digest
from pt004_model.cli.docs import docs, explain
from pt004_model.cli.group import Group
from pt004_model.cli.known import known
from pt004_model.cli.lists import checks, faults
from pt004_model.cli.page import page
from pt004_model.cli.prove import prove
from pt004_model.cli.replay import replay
from pt004_model.cli.score import score
from pt004_model.cli.serve import serve
from pt004_model.cli.show import show
from pt004_model.cli.submit import submit
from pt004_model.cli.verify import verify
from pt004_model.evidence.files import Unwritable

__all__ = ["main"]


class _Commands(Group):
    """Gives what may end any command its exit code and its sentence."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command that was asked for."""
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt:
            click.echo("interrupted", err=True)
            ctx.exit(INTERRUPTED)
        except Unwritable as error:
            raise click.UsageError(str(error)) from None


@click.group(
    cls=_Commands,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="pt004_model", prog_name="pt004")
def main() -> None:
    """Test the workflow runs of a Federation Core against a model of its contract.

    Without --base-url or FC_BASE_URL an embedded Federation Core is started and tested.

    Exit codes: 0 conforms, 1 diverges, 2 wrong usage, 3 unsure (no Federation Core, or it stopped
    answering), 130 interrupted.

    Example: pt004 check --fault denied-step-may-pause
    """


for command in (
    prove, verify, check, page, replay, show, submit, known, digest, serve, score, checks, explain,
    faults, docs, diagram, completion,
):  # fmt: skip
    main.add_command(command)
