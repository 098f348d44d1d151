"""``pt004 prove``: the three canonical cases, and the report on them."""

from __future__ import annotations

import time
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

import click

from pt004_model.cli.options import Setup, rightly_given, setup
from pt004_model.cli.session import EXIT_CODES, UNSURE, Connected, connected
from pt004_model.cli.settings import VARIABLES, like, target_options
from pt004_model.judge.oracle import worst
from pt004_model.proof import folder
from pt004_model.proof.cases import CaseResult, conclusion, tell
from pt004_model.proof.outside import (
    Git,
    commit_here,
    read_campaign,
    read_fc_log,
)
from pt004_model.proof.record import (
    FORMAT,
    VERSION,
    Circumstances,
    Record,
    record_cases,
)
from pt004_model.proof.report import REPORT, render
from pt004_model.proof.verdict import State
from pt004_model.proof.verdict import prove as judge_again
from pt004_model.report.summary import Summary
from pt004_model.trace.redact import Redactor
from pt004_model.trace.writing import rfc3339

_REPORTED: Final = {State.PASS: 0, State.FAIL: 1, State.UNSURE: UNSURE}
_FOR_THE_REPORT: Final = ("image_digest", "git_sha", "with_campaign", "fc_log")


_digest: Final = like(
    r"|([\x21-\x3f\x41-\x7e]{1,200}@)?sha(256|512):[0-9a-f]{64,128}",
    "is no digest; give one like sha256:<64 hex digits>",
)
_commit: Final = like(r"|[0-9a-f]{7,64}", "is no commit; give 7 to 64 hex digits in lower case")


@click.command(epilog=VARIABLES)
@target_options
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
    help="Write the proof report into DIR.",
)  # fmt: skip
@click.option("--image-digest", metavar="DIGEST", callback=_digest,
              help="Digest of the Federation Core's image, for the report.")  # fmt: skip
@click.option("--git-sha", metavar="SHA", callback=_commit,
              help="Commit for the report; else that of the working directory.")  # fmt: skip
@click.option(
    "--with-campaign", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
    help="Take in the campaign that `pt004 check --out DIR` left.",
)  # fmt: skip
@click.option(
    "--fc-log", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="FILE",
    multiple=True, help="A log of the Federation Core to search for the runs; may be repeated.",
)  # fmt: skip
@click.pass_context
def prove(context: click.Context, /, **given: Any) -> None:
    """Run the three canonical cases: all allowed, a policy flag, a policy deny.

    With --out a proof report is written that `pt004 verify` can check offline. A log given with
    --fc-log is read after the cases have run, so let it be written while they do (docker logs -f).

    Example: pt004 prove --base-url http://127.0.0.1:9405 --out REPORT/PROOFS
    """
    chosen = setup(**given)
    redact = chosen.redact
    campaign = _check_report(given, redact)
    with connected(chosen) as there:
        there.require(governed=True, on_run=lambda _: None)
        began = time.time()
        results = tell(there.session, there.target.where, lambda line: click.echo(redact(line)))
        ended = time.time()
    if given["out"] is None:
        click.echo(conclusion(results))
        context.exit(EXIT_CODES[worst(each.verdict for each in results)])
    here = _circumstances(there, chosen, given, (began, ended))
    context.exit(_report(given, redact, here, results, campaign))


def _check_report(given: dict[str, Any], redact: Redactor) -> tuple[Summary | None, str]:
    """Find out before anything is sent if the report cannot be made; the campaign to take in."""
    if given["out"] is None:
        for name in _FOR_THE_REPORT:
            if given[name]:
                flag = name.replace("_", "-")
                raise click.UsageError(f"--{flag} is for the report alone; give --out DIR as well")
        return None, ""
    if given["config"].own.keys() - {"deviation"}:
        raise click.UsageError(
            "a proof report has the routes and words of the contract alone, and"
            f" {given['config'].document.path} has others; leave out --out"
        )
    with rightly_given():
        folder.prepare(given["out"])
    if given["with_campaign"] is None:
        return None, ""
    return read_campaign(given["with_campaign"], redact)


def _circumstances(
    there: Connected, chosen: Setup, given: dict[str, Any], times: tuple[float, float]
) -> Circumstances:
    return Circumstances(
        started_at=rfc3339(times[0]),
        finished_at=rfc3339(times[1]),
        tester=version("pt004_model"),
        base_url=there.target.where,
        dialect=chosen.dialect,
        tenant=chosen.names.tenants[0],
        actor=chosen.names.actors[0],
        authenticated=chosen.credentials.present,
        embedded=chosen.base_url is None,
        automatic=chosen.automatic,
        fault=chosen.fault or "",
        image_digest=given["image_digest"] or "",
        git=Git(given["git_sha"]) if given["git_sha"] else commit_here(),
    )


def _report(
    given: dict[str, Any],
    redact: Redactor,
    here: Circumstances,
    results: tuple[CaseResult, ...],
    campaign: tuple[Summary | None, str],
) -> int:
    """Write the report and say where; the exit code that goes with its verdict."""
    cases, answers = record_cases(results, redact)
    runs = {result.name: result.run_id for result in results}
    logs = tuple(read_fc_log(path, runs, redact) for path in given["fc_log"])
    record = Record(FORMAT, VERSION, here, cases, *campaign, logs)
    proof = judge_again(record, answers)
    sha256 = folder.write(given["out"], render(proof))
    click.echo(conclusion(results, proof.verdict))
    click.echo("")
    click.echo(f"Proof report: {given['out'] / REPORT}")
    click.echo(f"Verdict: {proof.verdict}")
    for part in proof.parts:
        if part.state is not State.PASS:
            of = f" of {part.case}" if part.case else ""
            click.echo(f"  {part.state}: {part.name}{of}: {redact(part.why)}")
    click.echo(f"Manifest SHA-256: {sha256}")
    click.echo(f"Check it with: pt004 verify {given['out']} --manifest-sha256 {sha256}")
    return _REPORTED[proof.verdict]
