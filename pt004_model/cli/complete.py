"""``pt004 complete``: a suite that is complete for so many further moves."""

from __future__ import annotations

from typing import Any, Final

import click
from attrs import evolve

from pt004_model.cli.check import carry_out
from pt004_model.cli.options import campaign_flags, profile_of, setup, unasked
from pt004_model.cli.settings import SETTINGS, VARIABLES, target_options, telling_options
from pt004_model.cli.workers import campaign_of
from pt004_model.report.folder import Folder
from pt004_model.report.summary import read_done
from pt004_model.search.complete import STEPS, SUITES, Done, SuiteCampaign
from pt004_model.search.coordinator import Coordinator
from pt004_model.trace.files import Unusable

USED: Final = {
    "profile", "max_time", "ungoverned", "out", "page", "confirm", "no_replay", "known",
}  # fmt: skip
"""The settings of a campaign that a suite has a use for: all of the contract is judged."""
_SPREAD: Final = {"workers", "scheduler", "shard"}


@click.command(epilog=VARIABLES, params=[each for each in SETTINGS if each.key in USED | _SPREAD])
@click.option(
    "--steps",
    type=click.IntRange(1, 8),
    default=STEPS,
    metavar="N",
    show_default=True,
    help="Make runs of 1 to N steps, and runs without steps.",
)
@click.option(
    "--extra",
    type=click.IntRange(0, 3),
    metavar="K",
    help="Further moves from a known state; 0 with --profile ci, 1 with the others.",
)
@click.option("--resume", is_flag=True, help="Go on where an earlier suite in DIR was broken off.")
@telling_options
@target_options
@click.pass_context
def complete(context: click.Context, /, steps: int, extra: int | None, **given: Any) -> None:
    """Run a test suite that leaves no room: the lifecycle is the model's, up to K further moves.

    The suite is made from the table of the model by the HSI method. If it passes, the lifecycle of
    the Federation Core is that of the contract, or differs only where more than K further moves
    from a known state are needed, provided that it answers these calls deterministically. A suite
    that was not finished, or in which a test failed, gives no guarantee. Findings are treated as
    those of `pt004 check`.

    Tests are independent: workers and shards divide them as in `pt004 check`, and `pt004 merge`
    tells the guarantee of all shards together. Those for no further move come first; how far a
    suite has come is kept in DIR/complete.json. The profile nightly ends after 1600 s.

    Example: pt004 complete --profile ci --base-url http://127.0.0.1:9405
    """
    usual, seconds = SUITES[given["profile"]]
    most = usual if extra is None else extra
    resume = given.pop("resume")
    given = unasked() | given
    profile = profile_of(given).alone
    profile = evolve(
        profile,
        lengths=(*range(1, steps + 1), 0),
        floor=0.0,  # the suite says by itself how much it is
        seconds=seconds if given["max_time"] is None else given["max_time"],
    )
    flags = ("--steps", str(steps), "--extra", str(most), *campaign_flags(given))
    target = " ".join(filter(None, (setup(**given).identity, given["shard"])))

    def make(folder: Folder, *arguments: Any, **more: Any) -> Coordinator:
        done = _done(folder, target) if resume else Done(target=target)
        more |= {"extra": most, "done": done, "keep": folder.keep_done}
        return campaign_of(given, folder, *arguments, kind=SuiteCampaign, **more)

    about = f"k = {most}, N = {0 if given['ungoverned'] else steps}"
    carry_out(context, given, profile, 0, flags, about, make)


def _done(folder: Folder, target: str) -> Done:
    """Return how far an earlier suite has come. Raises ``click.UsageError`` if it is another's."""
    try:
        done = read_done(folder.path)
    except Unusable as bad:
        raise click.UsageError(f"{bad}; or leave out --resume") from None
    if done.suite and done.target != target:
        raise click.UsageError(
            f"the suite in {folder.path} was made of another Federation Core, or in another way:"
            " leave out --resume"
        )
    return evolve(done, target=target)
