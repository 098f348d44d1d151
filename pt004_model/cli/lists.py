"""``pt004 checks`` and ``pt004 faults``: what is checked, and what can be seeded."""

from __future__ import annotations

import inspect
import shutil
import sys
import textwrap

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
        click.echo(_lines(told))


@click.command()
def faults() -> None:
    """List the faults that can be seeded into the embedded Federation Core.

    Example: pt004 faults
    """
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
