"""``pt004 config``: what holds, and where each of it was said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import tomlkit
from click.core import ParameterSource

from pt004_model.cli.options import setup
from pt004_model.cli.settings import (
    SETTINGS,
    VARIABLES,
    Setting,
    campaign_options,
    every_area,
    target_options,
)
from pt004_model.config import Config
from pt004_model.trace.redact import SECRET


@click.command(epilog=VARIABLES)
@target_options
@campaign_options
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@click.pass_context
def config(context: click.Context, /, **given: Any) -> None:
    """Show every setting: what holds, and whether flag, environment, file or default says so.

    What is printed can stand in a pt004.toml. Secrets are masked. Nothing is asked of any FC.

    Example: pt004 config --rate 20
    """
    redact = setup(**given).redact
    rows = [
        {
            "table": each.table,
            "name": each.key,
            "value": redact(_shown(each, given[each.key])),
            "from": _origin(context, each, given["config"]),
        }
        for each in SETTINGS
    ]
    own: dict[str, Any] = redact(given["config"].own)
    if given["as_json"]:
        rows += [
            {"table": name, "name": "", "value": value, "from": given["config"].where(name)}
            for name, value in own.items()
        ]
        click.echo(json.dumps(rows, indent=1, default=str))
        return
    table = ""
    for row in rows:
        if row["table"] != table:
            table = row["table"]
            click.echo(f"[{table}]")
        value, said = row["value"], f"# {row['from']}"
        there = f"{row['name']} = {_toml(value)}" if value is not None else f"# {row['name']}"
        click.echo(f"{there:<48} {said}")
    if own:
        click.echo(f"\n{tomlkit.dumps(own)}", nl=False)


def _shown(setting: Setting, value: Any) -> Any:
    """Return a value as the file would say it, unless it is a secret."""
    if setting.secret:
        names = [name for name, _ in value] if setting.key == "headers" else []
        return dict.fromkeys(names, SECRET) or (SECRET if value else None)
    if isinstance(value, frozenset):
        return [area for area in every_area() if area in value]
    if isinstance(value, Path):
        return str(value)
    return value


def _toml(value: Any) -> str:
    """Return a value in TOML, which spells most as JSON does."""
    if isinstance(value, dict):
        return f"{{{', '.join(f'{json.dumps(n)} = {_toml(each)}' for n, each in value.items())}}}"
    return json.dumps(value)


def _origin(context: click.Context, setting: Setting, config: Config) -> str:
    source = context.get_parameter_source(setting.key)
    if source is ParameterSource.DEFAULT_MAP:
        return config.where(setting.table, setting.key)
    if source is ParameterSource.ENVIRONMENT:
        return f"environment, {setting.envvar}"
    return "flag" if source is ParameterSource.COMMANDLINE else "default"
