"""``pt004 checks`` and ``pt004 faults``: what is checked, and what can be seeded."""

from __future__ import annotations

import inspect

import click

from pt004_model.embedded import FAULTS
from pt004_model.judge.checks import CHECKS


@click.command()
def checks() -> None:
    """List every check: its id, the section of the contract, and what it says.

    Example: pt004 checks | grep policy
    """
    width = max(map(len, CHECKS))
    for check in CHECKS.values():
        click.echo(f"{check.id:<{width}}  {check.section:<7}  {check.sentence}")


@click.command()
def faults() -> None:
    """List the faults that can be seeded into the embedded Federation Core.

    Example: pt004 faults
    """
    width = max(map(len, FAULTS))
    for name, fault in FAULTS.items():
        said = " ".join((inspect.getdoc(fault) or "").split())
        click.echo(f"{name:<{width}}  {fault.area:<14}  {said}")
