"""``pt004 score``: the tester's own power, measured by faults planted for it to find."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from multiprocessing import active_children, get_context
from pathlib import Path
from typing import Any

import click
from attrs import evolve

from pt004_model import mutation_score as kill_table
from pt004_model.cli.options import embedded
from pt004_model.cli.session import connected
from pt004_model.embedded.faults import FAULTS
from pt004_model.embedded.named import FaultName
from pt004_model.interrupts import undisturbed
from pt004_model.model.commands import describe
from pt004_model.mutation_score import Kill
from pt004_model.search.campaign import PROFILES, Campaign
from pt004_model.search.results import Silent
from pt004_model.trace.writing import Origin, write_trace

_FEW = 4
"""Examples before the FC is killed, where only kills show the fault."""


def kill(
    fault: str, seed: int, examples: int, profile: str = "ci", traces: Path | None = None
) -> Kill:
    """Return one campaign against the embedded FC with ``fault`` (none when empty).

    It ends when the fault is found and its trace shrunk; ``traces`` is a folder to keep that in.
    """
    area = FAULTS[fault].area if fault else "-"
    authenticating = area == "authentication" or (not fault and seed % 2 == 1)
    secret = secrets.token_hex(16) if authenticating else None
    chosen = evolve(PROFILES[profile].sized(examples), seconds=None, confirm=0)
    crashes = area == "durability"
    if crashes:  # what shows in no other way than by kills is not to be waited for
        chosen = evolve(chosen.alone, examples=_FEW, waits=(), crashes=PROFILES[profile].crashes)
    start = time.monotonic()
    target = embedded(fault or None, secret=secret).killed(wanted=crashes)
    with connected(target) as there:
        address = there.target.where
        campaign = Campaign(there.session, chosen, seed, Silent(), first_only=True)
        result = campaign.run()
    seconds = round(time.monotonic() - start, 1)
    if not result.findings:
        return Kill(fault, area, seed, False, seconds=seconds, unsure=result.why)
    found = result.findings[0]
    if traces is not None:
        known = (seed, profile, target.dialect, target.redact)
        origin = Origin(*known, names=target.names, base_url=address)
        write_trace(trace_path(traces, fault, seed), found, origin)
    return Kill(
        fault,
        area,
        seed,
        found=True,
        check=found.finding.check,
        fingerprint=found.fingerprint,
        requests=found.requests_to_first,
        commands=len(found.commands),
        shrinking=result.requests - found.requests_to_first,
        seconds=seconds,
        trace=tuple(map(describe, found.commands)),
    )


def trace_path(traces: Path, fault: str, seed: int) -> Path:
    """Return where the trace of what was found with a seed is kept, or of a false alarm."""
    return traces / f"{fault or 'alarm'}-{seed}.json"


def kills(
    faults: tuple[str, ...],
    seeds: tuple[int, ...],
    examples: int,
    jobs: int,
    traces: Path | None = None,
) -> Iterator[Kill]:
    """Yield campaigns against each fault under each seed, ``jobs`` side by side, as they end.

    Raises ``Unwritable`` when a trace cannot be kept in the folder ``traces``.
    """
    context = get_context("spawn")  # a forked child would share our connections
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        try:
            with undisturbed():  # a worker that is just being started would end with a traceback
                pending: list[Future[Kill]] = [
                    pool.submit(kill, fault, seed, examples, traces=traces)
                    for fault in faults
                    for seed in seeds
                ]
            for future in as_completed(pending):
                yield future.result()
        except BaseException:  # leaving the pool would wait for all that is still to be done
            for worker in active_children():
                worker.terminate()  # and its FC ends with it
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _prepared(traces: Path | None) -> Path | None:
    """Return the folder for the traces, made if need be. Raises ``click.UsageError``."""
    if traces is not None:
        try:
            traces.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise click.UsageError(f"cannot write to {traces}: {error.strerror}") from None
    return traces


@click.command()
@click.option(
    "--fault", "chosen", multiple=True, metavar="NAME", type=FaultName(),
    help="This fault alone; repeatable.",
)  # fmt: skip
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="First seed."
)
@click.option(
    "--repeat", type=click.IntRange(1), default=1, show_default=True, help="Seeds for each fault."
)
@click.option("--max-examples", "examples", type=click.IntRange(1), default=300, show_default=True,
              help="Examples of each campaign.")  # fmt: skip
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True, help="Side by side.")
@click.option("--traces", type=click.Path(file_okay=False, path_type=Path), metavar="DIR",
              help="Keep here the traces of what is found, and of alarms.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print the table as JSON.")
@click.pass_context
def score(context: click.Context, /, **given: Any) -> None:
    """Run a campaign against each seeded fault and print which were found.

    A fault counts as found only if the campaigns without a fault are quiet. The exit code is 1 when
    a fault survives or a campaign without one finds something.

    Example: pt004 score --fault tags-are-sorted --repeat 3
    """
    names = given["chosen"] or tuple(FAULTS)
    seeds = tuple(range(given["seed"], given["seed"] + given["repeat"]))
    say = (lambda _: None) if given["as_json"] else click.echo
    say(kill_table.HEADING)
    traces = _prepared(given["traces"])
    many = (given["examples"], given["jobs"])
    plain = [*kills(("",), seeds, *many, traces)]  # first: an alarm there leaves nothing killed
    for each in plain:
        if each.found:
            click.echo(f"without a fault, seed {each.seed}: {each.check}", err=True)
    done: list[Kill] = []
    for each in kills(names, seeds, *many, traces):
        done.append(each)
        mine = [kill for kill in done if kill.fault == each.fault]
        if len(mine) == len(seeds):
            say(kill_table.row_line(kill_table.table([*plain, *mine])[0]))
    order = {name: number for number, name in enumerate(names)}
    done.sort(key=lambda kill: (order[kill.fault], kill.seed))
    rows = kill_table.table([*plain, *done])
    if given["as_json"]:
        quiet = not any(each.found for each in plain)
        click.echo(json.dumps({"quiet": quiet, "faults": kill_table.as_json(rows)}, indent=1))
    for line in kill_table.total_lines(rows):
        say(line)
    context.exit(0 if all(row.killed for row in rows) else 1)
