"""``pt004 audit``: what was written already, judged without a request."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import click
from attrs import asdict, evolve

from pt004_model.audit.evidence import emptied_all, extracted, write_evidence
from pt004_model.audit.heads import load_heads
from pt004_model.audit.live import Live
from pt004_model.audit.report import document, redacted, summary, text, write_folder
from pt004_model.audit.sarif import sarif
from pt004_model.audit.verdict import Audit
from pt004_model.audit.verdict import audit as review
from pt004_model.cli.options import REDACT, rightly_given, setup
from pt004_model.cli.session import EXIT_CODES, targeted
from pt004_model.cli.settings import read_settings
from pt004_model.report.junit import junit
from pt004_model.report.summary import Edges, edge_documents
from pt004_model.report.text import visible
from pt004_model.trace.files import write_bytes, write_json
from pt004_model.trace.redact import Redactor

FORMATS: Final = ("text", "json", "junit", "sarif")


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
@click.option(
    "--redact-payloads", is_flag=True,
    help="Show no payload, reason or other text of a run, here and in DIR.",
)  # fmt: skip
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="DIR",
    help="Leave there what a campaign leaves: summary, traces, a page, for `pt004 submit` too.",
)  # fmt: skip
@click.option(
    "--extract", metavar="RUN",
    help="Make a trace of this run that can be replayed elsewhere; --out names its file.",
)  # fmt: skip
@click.option(
    "--edges", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
    help="Count there which edges of the model the runs use, for `pt004 check --weights`.",
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
    path, started = given["heads"], time.time()
    if not sources and given["url"] is None:
        raise click.UsageError("give a SOURCE, or --from URL with --runs FILE")
    if given["partial"] and path is not None:
        raise click.UsageError("--heads needs whole logs, so it does not go with --partial")
    if given["extract"] and given["out"] is None:
        raise click.UsageError("--extract needs --out FILE, where the trace goes")
    before = None if path is None else load_heads(path)
    settings = read_settings(_options(given))
    how = {"partial": given["partial"], "extract": given["extract"] or ""}
    how["config"] = settings["config"]
    with _live(given, settings) as live:
        result = review(sources, before, given["tenants"], **how, live=live)
    redact = context.meta.get(REDACT) or _redactor(given)
    if given["redact_payloads"]:
        redacted(result)
    with rightly_given():
        if path is not None and result.heads is not None:
            write_bytes(path, result.heads.content())
        if given["edges"] is not None:
            write_json(given["edges"], asdict(Edges(edges=edge_documents(result.edges))))
        _leave(result, given, tuple(map(str, sources)), started, redact)
    _show(result, given["form"], redact)
    context.exit(EXIT_CODES[result.verdict])


def _show(result: Audit, form: str, redact: Redactor) -> None:
    if form == "text":
        click.echo("\n".join(map(redact, text(result))))
    elif form == "junit":
        click.echo(redact(junit(summary(result))), nl=False)
    else:
        told = document(result) if form == "json" else sarif(result)
        click.echo(json.dumps(redact(told), indent=1))


def _leave(
    result: Audit, given: dict[str, Any], sources: tuple[str, ...], started: float, redact: Redactor
) -> None:
    """Write the folder, or the trace of a run. Raises ``Unwritable``."""
    out, run_id = given["out"], given["extract"]
    if run_id is None:
        if out is not None:
            write_folder(out, result, sources, started, redact)
        return
    if result.asked is None:
        raise click.UsageError(f"there is no log of run {run_id!r:.60} in the sources")
    evidence = emptied_all(result.asked) if given["redact_payloads"] else result.asked
    write_evidence(out, extracted(run_id), evidence, redact)
    click.echo(f"written: {visible(str(out))}", err=True)


def _redactor(given: dict[str, Any]) -> Redactor:
    return Redactor(tuple(filter(None, (given["token"], given["secret_key"]))))


def _options(given: dict[str, Any]) -> list[str]:
    """Return how the FC is asked, if it is to be."""
    if (given["url"] is None) != (given["runs"] is None):
        raise click.UsageError("--from URL says which FC is read and --runs FILE what; give both")
    options = [] if given["url"] is None else ["--base-url", given["url"]]
    return [*options, *(["--rate", given["rate"]] if given["rate"] else [])]


@contextmanager
def _live(given: dict[str, Any], settings: dict[str, Any]) -> Iterator[Live | None]:
    """Yield what asks the FC for its runs, if it is to be asked."""
    if given["url"] is None:
        yield None
        return
    chosen = setup(**settings)
    chosen = evolve(chosen, asked={**chosen.asked, "read_only": True})
    with targeted(chosen) as target:
        yield Live(target, given["runs"])
