"""``pt004 baseline``: the findings that do not fail a run."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import click

from pt004_model import baseline as file
from pt004_model.baseline import DEFAULT, Entry, Known, today
from pt004_model.cli import Group
from pt004_model.cli.options import rightly_given
from pt004_model.cli.settings import known_setting
from pt004_model.drive.replay import Result
from pt004_model.judge.checks import CHECKS
from pt004_model.judge.finding import FINGERPRINT
from pt004_model.report.summary import fates, read_replays, read_summary
from pt004_model.trace.document import load_trace
from pt004_model.trace.files import Unusable


@click.group(cls=Group)
def baseline() -> None:
    """Keep a list of findings that are known and do not fail a run, each until a day.

    The list is a file to be committed beside your code. A finding on it is reported as known, and a
    campaign that finds nothing else passes. Each entry has a reason, an owner and a last day; from
    the day after on the finding fails again.

    Example: pt004 baseline list
    """


def _day(_: click.Context, __: click.Parameter, value: str) -> date:
    day = file.read_day(value)
    if day is None:
        raise click.BadParameter(f"{value!r} is no day; write it like 2027-01-31")
    if day < today():
        raise click.BadParameter(f"{value} is over; an entry is known up to a day yet to come")
    return day


def _text(_: click.Context, __: click.Parameter, value: str) -> str:
    if not value.strip():
        raise click.BadParameter("it is empty; whoever reads the list wants to know")
    return value


@baseline.command()
@click.argument("finding", metavar="FINGERPRINT|FILE")
@click.option("--reason", required=True, callback=_text, help="Why it may be there.")
@click.option("--owner", required=True, callback=_text, help="Who sees to it.")
@click.option(
    "--expires", required=True, callback=_day, metavar="DAY", help="The last day it is known."
)
@known_setting
def add(finding: str, reason: str, owner: str, expires: date, known: Path | None) -> None:
    """Put a finding on the list, by its fingerprint or by the trace file of it.

    One that is there already gets the new reason, owner and day. Comments stay.

    Example: pt004 baseline add 6b9764f45135 --reason "FC-17" --owner ann --expires 2099-12-31
    """
    fingerprint, check = _finding(finding)
    path = known or DEFAULT
    with rightly_given():
        renewed = file.add(path, Entry(fingerprint, reason, owner, expires, check))
    said = "is known" if not renewed else "was there, and is known"
    click.echo(f"{fingerprint} {said} until {expires}; kept in {path}")


def _finding(given: str) -> tuple[str, str]:
    """Return the fingerprint that was meant, and the check if a trace file tells it."""
    if FINGERPRINT.fullmatch(given):
        return given, ""
    try:
        trace = load_trace(Path(given))
    except Unusable as error:
        raise click.UsageError(
            f"{given!r} is neither a fingerprint (12 digits, 0-9 and a-f) nor a trace file: {error}"
        ) from None
    return trace.fingerprint, trace.check if trace.check in CHECKS else ""


@baseline.command("list")
@known_setting
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def list_(known: Path | None, as_json: bool) -> None:
    """Show the list: fingerprint, last day, owner, check and reason.

    Example: pt004 baseline list --json
    """
    there = file.load(known)
    if as_json:
        names = ("fingerprint", "check", "reason", "owner")
        rows = [
            {
                **{name: getattr(entry, name) for name in names},
                "expires": str(entry.expires),
                "expired": entry.expired(there.on),
            }
            for entry in there.entries
        ]
        click.echo(json.dumps(rows, indent=1))
        return
    if not there.entries:
        click.echo(f"no finding is known: {there.path} has none")
    for entry in there.entries:
        check = f" {entry.check}" if entry.check else ""
        click.echo(f"{entry.fingerprint}{check}  {entry.says(there.on)}")


@baseline.command()
@click.argument("finding", metavar="FINGERPRINT|FILE")
@known_setting
def remove(finding: str, known: Path | None) -> None:
    """Take a finding off the list, by its fingerprint or by the trace file of it.

    From then on it fails a campaign again. The comment right above its entry goes with it.

    Example: pt004 baseline remove 6b9764f45135
    """
    fingerprint, _ = _finding(finding)
    there = file.load(known)
    if not there.about(fingerprint):
        raise click.UsageError(
            f"{fingerprint} is not on the list in {there.path}; `pt004 baseline list` shows what is"
        )
    _take_off(there, {fingerprint: "was known"})


@baseline.command()
@known_setting
@click.option(
    "--fixed", type=click.Path(exists=True, file_okay=False, path_type=Path), metavar="DIR",
    help="Also those that DIR/replays.json says are fixed.",
)  # fmt: skip
def prune(known: Path | None, fixed: Path | None) -> None:
    """Take entries off the list that are expired, and with --fixed those that are fixed.

    That a campaign did not see a finding says little: it may have asked other things. So only that
    goes which a replay of its trace, in the latest campaign of DIR, found answered as the contract
    allows, and which was not seen there otherwise.

    Example: pt004 baseline prune --fixed .pt004
    """
    there = file.load(known)
    why = {entry.fingerprint: "expired" for entry in there.expired}
    if fixed is not None:
        listed = {entry.fingerprint for entry in there.entries}
        replays = fates(read_replays(fixed, wanted=True))
        seen = {each.fingerprint for each in read_summary(fixed).findings}
        gone = {name for name, each in replays.items() if each.result is Result.FIXED}
        why |= dict.fromkeys(gone & listed - seen, "is fixed")
    if not why:
        click.echo("nothing to take off the list")
        return
    _take_off(there, why)


def _take_off(there: Known, why: dict[str, str]) -> None:
    """Take the entries of these fingerprints off the list, and say of each why."""
    with rightly_given():
        file.remove(there.path, why)
    for fingerprint, said in why.items():
        click.echo(f"{fingerprint} {said}; taken off")
