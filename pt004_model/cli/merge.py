"""``pt004 merge``: one campaign made of its shards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import click

from pt004_model.cli.options import rightly_given
from pt004_model.cli.prove import EXIT_CODES
from pt004_model.cli.screen import plain_console, speaker
from pt004_model.judge.oracle import Verdict
from pt004_model.model.telling import count
from pt004_model.report.folder import held
from pt004_model.report.parts import gather
from pt004_model.report.parts import merge as merged
from pt004_model.report.summary import Summary, document


@click.command()
@click.argument(
    "folders", metavar="DIR...", nargs=-1, required=True,
    type=click.Path(file_okay=False, path_type=Path),
)  # fmt: skip
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), required=True, metavar="DIR",
    help="Where the merged campaign goes.",
)  # fmt: skip
@click.option("--page", is_flag=True, help="Make DIR/page.html as well.")
@click.option("--json", "as_json", is_flag=True, help="Print the summary as JSON, and no more.")
@click.pass_context
def merge(
    context: click.Context, /, folders: tuple[Path, ...], out: Path, *, page: bool, as_json: bool
) -> None:
    """Make one campaign of the parts that `pt004 check --shard I/N` or complete left.

    Edges, statistics and sights of findings are added; of each finding the shortest trace stays.
    Verdict and coverage are those of the whole. A shard that is missing, there twice, or of
    another version, contract, target, seed or profile leaves the campaign unsure, unless there
    is a finding. The parts stay as they are.

    Exit codes: 0 conforms, 1 diverges, 2 wrong usage, 3 unsure.

    Example: pt004 merge shards/1 shards/2 --out evidence
    """
    if out.resolve() in {each.resolve() for each in folders}:
        raise click.UsageError(f"{out} is one of the parts; give --out another folder")
    shards, wrong = gather(folders)
    with rightly_given(), held(out):
        summary = merged(shards, wrong, out, with_page=page)
    if as_json:
        click.echo(json.dumps(document(summary), indent=1))
    else:
        say = speaker(plain_console())
        for line in _lines(summary, len(shards)):
            say(line)
    context.exit(EXIT_CODES[Verdict(summary.verdict)])


def _lines(summary: Summary, shards: int) -> Iterator[str]:
    coverage = summary.coverage
    yield f"{count(shards, 'shard')}, {summary.examples} examples and {summary.requests} requests"
    yield f"coverage: {coverage.driven} of {coverage.reachable} edges of the model"
    for found in sorted(summary.findings, key=lambda each: each.rank):
        length = count(found.commands, "command")
        yield f"{found.kind} {found.fingerprint} {found.severity} {found.check}, {length}"
    if summary.guarantee:
        yield f"guarantee: {summary.guarantee}"
    new, why = summary.counts["new"], summary.why or "every answer was one that is allowed"
    said = f"{count(new, 'finding')}{f'; {summary.why}' if summary.why else ''}" if new else why
    yield f"{summary.verdict.upper()}: {said}"
