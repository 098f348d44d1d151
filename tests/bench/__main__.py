"""All measurements in one run: ``python -m tests.bench``, which is what ``tox -e bench`` does."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import click
from attrs import evolve

from pt004_model.cli.options import embedded
from pt004_model.cli.session import connected
from pt004_model.embedded.faults import FAULTS
from pt004_model.embedded.named import FaultName
from pt004_model.wire.transport import Endpoint, HttpTransport
from tests.bench import auditing, growth, workers
from tests.bench.overhead import Ratio, lines, ratios
from tests.bench.schemathesis_run import installed
from tests.bench.side_by_side import TESTERS, examined, sample, servers
from tests.bench.table import TITLES, Trial, count, details, summary

_FEW = 300
"""Requests a round of what takes long: Schemathesis."""
BY_ADDRESS = "with an address given"


def _cost(
    testers: tuple[str, ...], rounds: int, requests: int
) -> Iterator[tuple[str, list[Ratio]]]:
    """The rounds of each tester, all against one server without a fault.

    A campaign is measured twice: an FC that we start ourselves is reached more directly than one
    that is given by its address, where a proxy may be in the way.
    """
    with connected(embedded(None)) as there:
        for tester in testers:
            slow = tester == "schemathesis"
            taken = min(requests, _FEW) if slow else requests
            yield (
                tester,
                [*ratios(there, TESTERS[tester], min(rounds, 3) if slow else rounds, taken)],
            )
        if "ours" in testers:
            transport = HttpTransport(Endpoint(there.target.where))
            given = evolve(there, transport=transport)
            yield f"ours, {BY_ADDRESS}", [*ratios(given, TESTERS["ours"], rounds, requests)]
            transport.close()


@click.command()
@click.option("--fault", "faults", multiple=True, metavar="NAME", type=FaultName(),
              help="This fault; repeatable.")  # fmt: skip
@click.option("--all", "every", is_flag=True, help="All faults, instead of two an area.")
@click.option("--tester", "testers", multiple=True, type=click.Choice(list(TITLES)),
              help="This tester; repeatable.")  # fmt: skip
@click.option("--requests", type=click.IntRange(1), default=2000, show_default=True,
              help="Requests that each may send in search of a fault.")  # fmt: skip
@click.option("--seeds", type=click.IntRange(1), default=1, show_default=True,
              help="Repeat with so many seeds.")  # fmt: skip
@click.option("--jobs", type=click.IntRange(1), default=2, show_default=True,
              help="Servers that are tried side by side.")  # fmt: skip
@click.option("--rounds", type=click.IntRange(0), default=9, show_default=True,
              help="Rounds in which wall time is measured; 0 leaves that out.")  # fmt: skip
@click.option("--entries", type=click.IntRange(0), default=100_000, show_default=True,
              help="Log entries of the exports that are audited; 0 leaves that out.")  # fmt: skip
@click.option("--examples", type=click.IntRange(0), default=300, show_default=True,
              help="Examples of a campaign whose memory is measured; 0: none.")  # fmt: skip
@click.option("--seconds", type=click.FloatRange(min=0), default=20.0, show_default=True,
              help="Seconds for which each number of workers is measured; 0: not.")  # fmt: skip
@click.option("--max-time", type=click.FloatRange(min=0, min_open=True), default=1500.0,
              show_default=True, metavar="S",
              help="Begin nothing more after so many seconds.")  # fmt: skip
@click.pass_context
def bench(context: click.Context, /, **given: Any) -> None:
    """Measure this tester beside others, and what it costs over a bare httpx loop.

    The exit code is 1 when a tester that judges by the contract is not quiet on an FC without a
    fault, 3 when the time was too short to measure all.
    """
    started = time.time()
    testers = given["testers"] or tuple(TITLES)
    if "schemathesis" in testers and not installed():
        raise click.UsageError(
            "Schemathesis is not installed; `pip install -e '.[bench]'` brings it,"
            " and --tester chooses among the others"
        )
    faults = given["faults"] or (tuple(FAULTS) if given["every"] else sample())
    chosen = servers(faults, range(given["seeds"]))
    trials: list[Trial] = []
    late: list[str] = []
    deadline = started + given["max_time"]
    for server, made in examined(chosen, testers, given["requests"], deadline, given["jobs"]):
        trials += made
        late += [server.fault or "no fault"] if len(made) < len(testers) else []
        click.echo(f"{time.time() - started:5.0f} s  {server.fault or 'no fault'}", err=True)
    cost = {}
    if given["rounds"]:
        for tester, measured in _cost(testers, given["rounds"], 1500):
            cost[tester] = tuple(measured)
            for line in lines(tester, measured):
                click.echo(line)
    if given["entries"]:
        for line in auditing.lines(given["entries"]):
            click.echo(line)
    click.echo("".join(f"{line}\n" for line in growth.lines(given["examples"])), nl=False)
    for line in workers.lines(given["seconds"]):
        click.echo(line)
    counts = count(trials)
    click.echo(f"\n{given['requests']} requests a fault, seeds 0 to {given['seeds'] - 1}\n")
    for line in (*details(counts), "", *summary(counts, cost)):
        click.echo(line)
    if late:
        click.echo(f"\nnot measured, or in part, for want of time: {', '.join(late)}", err=True)
        context.exit(3)
    context.exit(int(any(each.alarms for each in counts if each.tester != "schemathesis")))


if __name__ == "__main__":
    bench()
