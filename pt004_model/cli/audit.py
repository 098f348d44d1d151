"""``pt004 audit``: what was written already, judged without a request."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click
from attrs import evolve

from pt004_model.audit.heads import BadHeads, load_heads
from pt004_model.audit.live import Live
from pt004_model.audit.report import document, summary, text
from pt004_model.audit.sources import NoSource
from pt004_model.audit.verdict import audit as review
from pt004_model.cli.options import REDACT, setup
from pt004_model.cli.session import UNSURE, targeted
from pt004_model.cli.settings import read_settings
from pt004_model.judge.oracle import Verdict
from pt004_model.report.junit import junit
from pt004_model.trace.files import write_bytes
from pt004_model.trace.redact import Redactor

FORMATS: Final = ("text", "json", "junit")
_CODES: Final = {Verdict.CONFORMS: 0, Verdict.DIVERGES: 1, Verdict.UNSURE: UNSURE}


@click.command()
@click.argument("sources", nargs=-1, metavar="[SOURCE...]", type=click.Path(path_type=Path))
@click.option(
    "--from", "url", metavar="URL",
    help="Read runs of the FC at URL, with GET alone.",
)  # fmt: skip
@click.option(
    "--runs", type=click.Path(path_type=Path), metavar="FILE",
    help="The ids of these runs, one a line.",
)  # fmt: skip
@click.option(
    "--rate", metavar="R", envvar="PT004_RATE", help="Send at most R requests a second.",
)  # fmt: skip
@click.option(
    "--format", "form", type=click.Choice(FORMATS), default=FORMATS[0], show_default=True,
    help="The form of what is printed.",
)  # fmt: skip
@click.option(
    "--heads", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Hold every log against the heads of the last audit, and keep those of this one.",
)  # fmt: skip
@click.option(
    "--tenant", "tenants", multiple=True, metavar="NAME",
    help="The export is of this tenant alone; may be given again.",
)  # fmt: skip
@click.option(
    "--partial", is_flag=True,
    help="Logs may begin in the middle of a run, which may then be in any state.",
)  # fmt: skip
@click.option("--token", envvar="FC_TOKEN", hidden=True)
@click.option("--secret-key", envvar="SECRET_KEY", hidden=True)
@click.pass_context
def audit(context: click.Context, /, sources: tuple[Path, ...], **given: Any) -> None:
    """Judge an export of what a Federation Core has written, without a request.

    A SOURCE is a file, a folder, or - for standard input. It holds envelopes, as a read with
    include_logs=true and include_gates=true answers, or log entries: JSON or one value a line,
    compressed with gzip or not; or it is a HAR file, whose answers are judged too. Each run is
    rebuilt from its log by the model and judged as a live one is: receipts, the path of its
    statuses, policy, gates, times, ids.

    With --from and --runs the FC itself is asked, for these runs and with GET alone; how it is
    asked is said by the environment and pt004.toml, as for `pt004 check`.

    Exit codes: 0 conforms, 1 diverges, 2 wrong usage, 3 unsure: nothing to check, no receipts, or
    a part that cannot be read.

    Example: pt004 audit export.ndjson.gz --heads heads.json
    """
    path, form = given["heads"], given["form"]
    if not sources and given["url"] is None:
        raise click.UsageError("give a SOURCE, or --from URL with --runs FILE")
    if given["partial"] and path is not None:
        raise click.UsageError("--heads needs whole logs, so it does not go with --partial")
    try:
        before = None if path is None else load_heads(path)
        with _live(given) as live:
            result = review(sources, before, given["tenants"], partial=given["partial"], live=live)
    except (NoSource, BadHeads) as error:
        raise click.UsageError(str(error)) from None
    if path is not None and result.heads is not None:
        write_bytes(path, result.heads.content())
    redact = context.meta.get(REDACT) or _redactor(given)
    if form == "text":
        click.echo("\n".join(map(redact, text(result))))
    elif form == "json":
        click.echo(json.dumps(redact(document(result)), indent=1))
    else:
        click.echo(redact(junit(summary(result))), nl=False)
    context.exit(_CODES[result.verdict])


def _redactor(given: dict[str, Any]) -> Redactor:
    return Redactor(tuple(filter(None, (given["token"], given["secret_key"]))))


@contextmanager
def _live(given: dict[str, Any]) -> Iterator[Live | None]:
    """Yield what asks the FC for its runs, if it is to be asked."""
    if (given["url"] is None) != (given["runs"] is None):
        raise click.UsageError("--from URL says which FC is read and --runs FILE what; give both")
    if given["url"] is None:
        yield None
        return
    options = ["--base-url", given["url"], *(["--rate", given["rate"]] if given["rate"] else [])]
    chosen = setup(**read_settings(options))
    chosen = evolve(chosen, asked={**chosen.asked, "read_only": True})
    with targeted(chosen) as target:
        yield Live(target, given["runs"])
