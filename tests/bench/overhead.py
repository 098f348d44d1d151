"""What a tester costs: its wall time over that of a bare httpx loop with the same requests.

In each round a tester searches an FC without a fault, and a loop that does nothing but send sends
the same requests to the same server: with a campaign, twenty-five at a time in turn, so that what
else the machine does slows both alike; with a tester that sends by itself, when it has ended. The
figure is the median of the rounds' ratios, with the middle half of them beside it. The processor
time of our own process is given as well; it says what the judging costs however long the FC takes
to answer. The first round warms up and does not count.
"""

from __future__ import annotations

import argparse
import secrets
import statistics
from collections.abc import Callable, Iterator, Sequence

from attrs import evolve, frozen

from pt004_model.cli.options import setup
from pt004_model.cli.session import Connected, connected
from pt004_model.cli.settings import read_settings
from tests.bench.contenders import Tester, ours
from tests.bench.sending import BareLoop, Pairing, direct


@frozen
class Ratio:
    """One round: the tester's wall and processor time over the bare loop's."""

    wall: float
    processor: float
    requests: int


def ratios(there: Connected, tester: Tester, rounds: int, requests: int) -> Iterator[Ratio]:
    """So many rounds of so many requests; one more goes before and is thrown away."""
    for number in range(rounds + 1):
        with direct(there.target.where) as client:
            pairing = Pairing(there.transport, BareLoop(client, f"-{secrets.token_hex(4)}"))
            paired = evolve(there, transport=pairing)
            attempt = tester(paired, number, requests)
            if not pairing.pauses.wall:  # it has a way of its own to send
                pairing.waiting = attempt.sent
            pairing.catch_up()
        attempt.cost.add(pairing.pauses, -1)
        if number > 0:
            yield Ratio(
                attempt.cost.wall / pairing.loop.wall,
                attempt.cost.processor / pairing.loop.processor,
                len(attempt.sent),
            )


def told(values: Sequence[float]) -> str:
    """The median, and between which values the middle half lies."""
    if not values:
        return "-"
    if len(values) == 1:
        return f"{values[0]:.2f}"
    low, middle, high = statistics.quantiles(values, n=4, method="inclusive")
    return f"{middle:.2f} ({low:.2f} to {high:.2f})"


def lines(name: str, measured: Sequence[Ratio]) -> Iterator[str]:
    """What was measured, for people."""
    requests = sum(ratio.requests for ratio in measured)
    yield (
        f"{name}: {len(measured)} rounds, {requests} requests;"
        f" over a bare httpx loop, median (middle half):"
        f" wall time {told([ratio.wall for ratio in measured])},"
        f" processor time {told([ratio.processor for ratio in measured])}"
    )


def main(say: Callable[[str], None] = print) -> None:
    """Measure this tester alone, against the FC of the environment or an embedded one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--requests", type=int, default=1500, help="in each round")
    arguments = parser.parse_args()
    with connected(setup(**read_settings())) as there:
        for line in lines(
            "this tester", [*ratios(there, ours, arguments.rounds, arguments.requests)]
        ):
            say(line)


if __name__ == "__main__":
    main()
