"""``pt004 fit``: first contact with an FC, and the file that describes it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

import click
from attrs import evolve
from click.core import ParameterSource

from pt004_model.baseline import today
from pt004_model.cli.options import Setup, rightly_given, setup
from pt004_model.cli.session import Unsure, targeted
from pt004_model.cli.settings import SETTINGS, VARIABLES, target_options
from pt004_model.config import FILE
from pt004_model.drive.contact import Contact, NoContact, make_contact
from pt004_model.report.fitting import Fit, description, lacking, written
from pt004_model.report.text import variable, visible
from pt004_model.search.manner import learn
from pt004_model.trace.files import write_text


@click.command(epilog=VARIABLES)
@target_options
@click.option("--out", "path", type=click.Path(dir_okay=False, path_type=Path), default=FILE,
              metavar="FILE", show_default=True, help="Where it is written.")  # fmt: skip
@click.option("--accept", is_flag=True, help="Agree to every systematic difference.")
@click.pass_context
def fit(context: click.Context, /, **given: Any) -> None:
    """Get to know a Federation Core, and write the pt004.toml that describes it.

    Both dialects are tried, the token, and what refused creates ask for; then some thousand calls
    show what this FC is like. What it differs in whenever that can be seen is written as a
    [[deviation]], commented out with its evidence: agree to it, or mend it. Whatever else is found
    may be a bug, and is left to check. Every run is tagged pt004. Exit code 0 says that the FC is
    described, and not that it conforms.

    Example: pt004 fit --base-url http://127.0.0.1:9405
    """
    chosen, path = setup(**given), given["path"]
    if path.exists():
        raise click.UsageError(f"{path} is there already; move it away, or give --out another name")

    def say(line: str) -> None:
        click.echo(visible(chosen.redact(line)))

    with targeted(chosen) as first:
        asked = f"asking {first.where}, for up to {first.patience:g} s where no answer comes"
        click.echo(visible(chosen.redact(f"{asked} (--patience)")), err=True)
        try:
            contact = make_contact(first.codec(), first.transport)
        except NoContact as error:
            raise Unsure(chosen.redact(str(error))) from None
        known = _known(chosen, contact)
        with rightly_given():
            write_text(path, "")  # that there is room for it
        try:
            made = _learnt(known, first.where, contact, _settings(context, given, path))
            for line in description(made):
                say(line)
            write_text(path, chosen.redact(written(made, today(), accept=given["accept"])))
        except BaseException:
            path.unlink(missing_ok=True)
            raise
    say(f"written: {path}")
    for name in made.settings.get("headers", {}).values():
        say(f"set {name[2:-1]} in the environment: values of headers are not written down")
    config = "" if path == FILE else f" --config {path}"
    say(f"next: pt004 check --profile ci{config}")


def _known(chosen: Setup, contact: Contact) -> Setup:
    """Return the setup by which an FC is asked as it wants to be."""
    routes = contact.routes._asdict()
    agreed = (each for cause in lacking(contact) for each in cause.deviations)
    deviations = (*chosen.config.deviations, *agreed)
    config = evolve(chosen.config, routes=routes, required=contact.required, deviations=deviations)
    return evolve(chosen, config=config)


def _learnt(known: Setup, where: str, contact: Contact, settings: dict[str, Any]) -> Fit:
    """Return what some short campaigns show. Raises :class:`Unsure` where they cannot be made."""
    target = known.target(where, ungoverned=not contact.governs)
    try:
        manner = learn(target)
    finally:
        target.close()
    if manner.result.why:
        raise Unsure(known.redact(f"{manner.result.why}; nothing was written"))
    return Fit(where, contact, manner, settings, known.config.own)


_ELSEWHERE: Final = frozenset({"dialect", "headers"})


def _settings(context: click.Context, given: dict[str, Any], path: Path) -> dict[str, Any]:
    """Return the settings to write down: what was said of the FC, and is no secret.

    A header is named with a variable of the environment for its value.
    """
    made: dict[str, Any] = {}
    for each in SETTINGS:
        said = context.get_parameter_source(each.key) is not ParameterSource.DEFAULT
        value = given.get(each.key)
        if each.table != "target" or each.secret or each.key in _ELSEWHERE or not said or not value:
            continue
        if isinstance(value, Path):
            value = os.path.relpath(value, path.parent)
        made[each.key] = value
    headers = {name: f"${{{variable(name)}}}" for name, _ in given["headers"]}
    return {**made, **({"headers": headers} if headers else {})}
