"""``pt004 checks`` and ``pt004 faults``: what is checked, and what can be seeded."""

from __future__ import annotations

import inspect

import click

from pt004_model.embedded import FAULTS
from pt004_model.judge.checks import CHECKS


@click.command()
def checks() -> None:
    """List every check: its id, section of the contract, severity and sentence.

    Example: pt004 checks | grep policy
    """
    width = max(map(len, CHECKS))
    for check in CHECKS.values():
        told = f"{check.id:<{width}}  {check.section:<7}  {check.severity:<8}  {check.sentence}"
        click.echo(told)


@click.command()
def faults() -> None:
    """List the faults that can be seeded into the embedded Federation Core.

    Example: pt004 faults
    """
    width = max(map(len, FAULTS))
    for name, fault in FAULTS.items():
        said = " ".join((inspect.getdoc(fault) or "").split())
        click.echo(f"{name:<{width}}  {fault.area:<14}  {said}")
