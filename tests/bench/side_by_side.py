"""Every tester against every server: one process a fault, in which all of them take their turn.

This tester goes first. What a fault remembers of earlier calls can then help the others, never us.
Each has tenants of its own.
"""

from __future__ import annotations

import contextlib
import secrets
import subprocess
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import Final

from attrs import frozen

from pt004_model.cli.options import embedded
from pt004_model.cli.session import connected
from pt004_model.embedded.faults import FAULTS
from tests.bench.contenders import Tester, canonical, ours, plain
from tests.bench.schemathesis_run import schemathesis
from tests.bench.table import Trial

TESTERS: Final[dict[str, Tester]] = {
    "ours": ours,
    "plain": plain,
    "schemathesis": schemathesis,
    "canonical": canonical,
}
"""The testers, in the order in which they take their turn."""


@frozen
class Server:
    """A server to be tried, ``seed`` the seed of all that try it."""

    fault: str
    auth: bool
    seed: int


def sample(each: int = 2) -> tuple[str, ...]:
    """So many faults of every area, evenly spread over the area's list as it is sorted by name.

    The rule leaves nothing to choose, so nobody can have chosen what suits.
    """
    chosen: list[str] = []
    for area in dict.fromkeys(fault.area for fault in FAULTS.values()):
        names = [name for name, fault in FAULTS.items() if fault.area == area]
        places = dict.fromkeys(len(names) * number // each for number in range(each))
        chosen += [names[place] for place in places]
    return tuple(chosen)


def servers(faults: Sequence[str], seeds: Sequence[int]) -> tuple[Server, ...]:
    """The servers to be tried: those without a fault, then one for each fault, under each seed.

    Faults of authentication need an FC that demands tokens, and one without a fault beside it.
    """
    with_tokens = {name: FAULTS[name].area == "authentication" for name in faults}
    controls = [("", auth) for auth in sorted(set(with_tokens.values()))]
    return tuple(
        Server(name, auth, seed)
        for seed in seeds
        for name, auth in (*controls, *with_tokens.items())
    )


def examine(
    server: Server, testers: Sequence[str], requests: int, deadline: float
) -> tuple[Trial, ...]:
    """Let the testers take their turns at one server.

    Those that come too late, or do not end, are left out.
    """
    secret = secrets.token_hex(16) if server.auth else None
    trials = []
    with connected(embedded(server.fault or None, secret=secret)) as there:
        for tester in TESTERS:
            if tester not in testers or time.time() > deadline:
                continue
            with contextlib.suppress(subprocess.TimeoutExpired):
                attempt = TESTERS[tester](there, server.seed, requests)
                trials.append(
                    Trial(
                        tester,
                        server.fault,
                        FAULTS[server.fault].area if server.fault else "",
                        server.seed,
                        server.auth,
                        attempt.requests,
                        attempt.failures,
                    )
                )
    return tuple(trials)


def examined(
    chosen: Sequence[Server], testers: Sequence[str], requests: int, deadline: float, jobs: int
) -> Iterator[tuple[Server, tuple[Trial, ...]]]:
    """The trials of every server as they end, ``jobs`` servers side by side."""
    context = get_context("spawn")  # a forked child would share our connections
    with ProcessPoolExecutor(jobs, mp_context=context) as pool:
        pending = {
            pool.submit(examine, server, testers, requests, deadline): server for server in chosen
        }
        for future in as_completed(pending):
            yield pending[future], future.result()
