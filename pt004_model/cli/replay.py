"""``pt004 replay`` and ``show``: a saved trace sent again, or shown without this program."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from pt004_model.cli.options import setup
from pt004_model.cli.session import EXIT_CODES, connected
from pt004_model.cli.settings import VARIABLES, target_options
from pt004_model.drive.replay import (
    Replay,
    as_json,
    attempt_lines,
    replay_trace,
    result_line,
)
from pt004_model.judge.oracle import worst
from pt004_model.model.commands import CreateRun, Restart
from pt004_model.report.text import visible
from pt004_model.reproduce import FORMS, render
from pt004_model.trace.document import EXTRACTED, Trace, load_trace


@click.command(epilog=VARIABLES)
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="FILE..."
)
@click.option(
    "--repeat", type=click.IntRange(1), default=1, show_default=True, metavar="K",
    help="Send each trace K times.",
)  # fmt: skip
@click.option("--json", "as_document", is_flag=True, help="Print one JSON document instead.")
@target_options
@click.pass_context
def replay(context: click.Context, /, **given: Any) -> None:
    """Send the commands of saved traces again, and say what became of each finding.

    REPRODUCED: it was seen again, at least once in K. FIXED: the command that failed was reached
    and answered as the contract allows. CHANGED: another finding was seen. UNSURE: nothing can be
    said. The exit code is 1 when a finding was seen, 3 when something is unsure, else 0. Without
    --dialect the routes are those of the traces.

    Example: pt004 replay .pt004/traces/6b9764f45135.json --repeat 5
    """
    traces = {path: load_trace(path) for path in given.pop("files")}
    repeat, as_document = given.pop("repeat"), given.pop("as_document")
    if context.get_parameter_source("dialect") is ParameterSource.DEFAULT:
        dialects = {str(trace.dialect) for trace in traces.values()}
        given["dialect"] = dialects.pop() if len(dialects) == 1 else given["dialect"]
    crashes = any(isinstance(c, Restart) for trace in traces.values() for c in trace.commands)
    chosen = setup(**given).killed(wanted=crashes)
    redact = chosen.redact
    done: dict[Path, Replay] = {}

    def say(line: str) -> None:
        if not as_document:
            click.echo(visible(redact(line)))

    governed = any(_governed(trace) for trace in traces.values())
    with connected(chosen, areas=None) as there:  # own checks among them
        there.require(governed=governed, on_run=lambda _: None)
        for path, trace in traces.items():
            done[path] = replay_trace(there.session, trace, repeat)
            for line in lines(path, trace, done[path]):
                say(line)
    if as_document:
        click.echo(json.dumps(redact(_document(traces, done)), indent=1))
    context.exit(EXIT_CODES[worst(each.verdict for each in done.values())])


def _governed(trace: Trace) -> bool:
    return any(isinstance(c, CreateRun) and "steps" in c.body.fields for c in trace.commands)


def lines(path: Path, trace: Trace, done: Replay) -> Iterator[str]:
    """Yield a replay for people; attempts that went like the one before are not told again."""
    if trace.fingerprint == EXTRACTED:
        yield f"{path}: {trace.observed}"
    else:
        yield f"{path}: {trace.check} (contract {trace.section})"
        yield f"{trace.sentence}"
    before: list[str] = []
    for number, attempt in enumerate(done.attempts, 1):
        told = list(attempt_lines(trace, attempt))
        again = ", as before" if told == before else ""
        if done.runs > 1:
            yield f"run {number} of {done.runs}: {attempt.result.upper()}{again}"
        if not again:
            yield from told
        before = told
    yield result_line(done)


def _document(traces: dict[Path, Trace], done: dict[Path, Replay]) -> Any:
    told = [{"trace": str(path), **as_json(traces[path], each)} for path, each in done.items()]
    return {"verdict": str(worst(each.verdict for each in done.values())), "replays": told}


@click.command()
@click.argument("file", type=click.Path(path_type=Path), metavar="FILE")
@click.option(
    "--as", "form", type=click.Choice(list(FORMS)), default="text", show_default=True,
    help="The form.",
)  # fmt: skip
def show(file: Path, form: str) -> None:
    """Show a saved trace as a story, or as what shows it without this program.

    text: a story. curl: the calls as curl commands, which need jq as well, then what was expected
    and what came. pytest (or httpx): a test that is a script too and needs httpx alone; it exits
    with 0 when the answer is as the contract allows, with 1 when it diverges, and with 3 when
    nothing can be said, as of a finding that only pt004 replay can judge. mermaid: a sequence
    diagram. FC_BASE_URL, FC_TOKEN, TENANT_ID and ACTOR_ID say which Federation Core is asked and as
    whom.

    Example: pt004 show .pt004/traces/6b9764f45135.json --as curl
    """
    click.echo(render(load_trace(file), form), nl=False)
