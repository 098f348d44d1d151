"""``pt004 learn``: the automaton of an FC, and its difference from the model or from another."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click
from attrs import evolve

from pt004_model.cli.check import carry_out
from pt004_model.cli.complete import USED
from pt004_model.cli.options import campaign_flags, profile_of, setup, unasked
from pt004_model.cli.session import UNSURE
from pt004_model.cli.settings import SETTINGS, VARIABLES, target_options, telling_options
from pt004_model.drive.target import Target
from pt004_model.model.telling import count
from pt004_model.report import automaton
from pt004_model.report.folder import Folder
from pt004_model.report.text import visible
from pt004_model.search.campaign import Campaign
from pt004_model.search.learn import Difference, LearnCampaign, differences
from pt004_model.trace.files import Unusable

_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(epilog=VARIABLES, params=[each for each in SETTINGS if each.key in USED])
@click.option(
    "--steps",
    type=click.IntRange(1, 8),
    default=2,
    metavar="N",
    show_default=True,
    help="Learn runs of 1 to N steps, and runs without steps.",
)
@click.option(
    "--diff",
    nargs=2,
    type=_FILE,
    metavar="A B",
    help="Compare two files learned.json, and ask no Federation Core.",
)
@click.option("--resume", is_flag=True, help="Ask nothing again that DIR/learned.json has.")
@telling_options
@target_options
@click.pass_context
def learn(
    context: click.Context, /, steps: int, diff: tuple[Path, Path] | None, **given: Any
) -> None:
    """Learn the lifecycle of a Federation Core, and show where it differs from the model.

    Writes DIR/learned.json, and for each number of steps an automaton (learned-N.dot) and a picture
    of its difference from the model (learned-N.svg). Each difference is tried in a conversation
    that is judged; findings are treated as those of `pt004 check`. Needs the extra learn.

    Example: pt004 learn --steps 2 --base-url http://127.0.0.1:9405
    """
    resume = given.pop("resume")
    if diff:
        context.exit(_compare(*diff))
    if find_spec("aalpy") is None:
        raise click.UsageError(
            "AALpy is not there; install pt004_model with its extra: pip install '.[learn]'"
        )
    given = unasked() | given
    profile = evolve(profile_of(given).alone, lengths=(*range(1, steps + 1), 0), floor=0.0)
    flags = ("--steps", str(steps), *campaign_flags(given))
    target = setup(**given).identity

    def make(folder: Folder, _: Target, *arguments: Any, **more: Any) -> Campaign:
        shown = arguments[3]

        def keep(campaign: LearnCampaign) -> None:
            automaton.write(folder.path, campaign, target)

        def show(length: int, found: tuple[Difference, ...]) -> None:
            said = count(len(found), "difference")
            shown.say(f"runs of {count(length, 'step')}: {said} from the model")
            for each in found:
                shown.say(folder.origin.redact(f"  {_line(each)}"))

        asked = _asked(folder, target) if resume else {}
        return LearnCampaign(*arguments, **{**more, "asked": asked, "keep": keep, "show": show})

    carry_out(context, given, profile, 0, flags, f"N = {steps}", make)


def _line(each: Difference) -> str:
    said = f"{', '.join(each.word)}: {each.observed}, and not {each.expected}"
    return visible(said, 300)


def _asked(folder: Folder, target: str) -> dict[int, dict[tuple[str, ...], str]]:
    path = folder.path / automaton.NAME
    if not path.exists():
        return {}
    try:
        there = automaton.read(path)
    except Unusable as bad:
        raise click.UsageError(f"{bad}; or leave out --resume") from None
    if there.target != target:
        raise click.UsageError(f"{path} is of another Federation Core: leave out --resume")
    return {
        int(length): {tuple(words.split()): output for words, output in each.items()}
        for length, each in there.asked.items()
    }


def _compare(one: Path, other: Path) -> int:
    """Tell how two learned automata differ; the exit code, 1 where they do.

    It is 3 where one of them was not learned as far as the other, and no difference is seen.
    """
    before, after = automaton.read(one).tables(), automaton.read(other).tables()
    if not before.keys() & after.keys():
        raise click.UsageError("the two have no runs of the same length; learn one of them again")
    found = 0
    for length in sorted(before.keys() & after.keys()):
        for each in differences(before[length], after[length]):
            found += 1
            click.echo(f"runs of {count(length, 'step')}: {_line(each)}")
    alone = sorted(before.keys() ^ after.keys())
    for length in alone:
        click.echo(f"runs of {count(length, 'step')}: not compared, one of the two has none")
    click.echo(count(found, "difference") if found else "no difference")
    return 1 if found else UNSURE if alone else 0
