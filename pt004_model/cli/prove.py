"""``pt004 prove``: the three canonical cases."""

from __future__ import annotations

from typing import Any

import click

from pt004_model.cli.options import setup, target_options
from pt004_model.cli.session import connected
from pt004_model.evidence.proof import prove as run_cases
from pt004_model.evidence.trace import blot
from pt004_model.judge.oracle import Verdict

EXIT_CODES = {Verdict.CONFORMS: 0, Verdict.DIVERGES: 1, Verdict.UNSURE: 3}


@click.command()
@target_options
@click.pass_context
def prove(context: click.Context, /, **given: Any) -> None:
    """Run the three canonical cases: all allowed, a policy flag, a policy deny.

    Example: pt004 prove --base-url http://127.0.0.1:9405
    """
    chosen = setup(**given)
    with connected(chosen) as there:
        there.require(governed=True, on_run=lambda _: None)
        verdict = run_cases(
            there.session, there.base_url, lambda line: click.echo(blot(line, chosen.secrets))
        )
    context.exit(EXIT_CODES[verdict])
