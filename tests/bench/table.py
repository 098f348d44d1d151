"""What counts as a kill, and the tables that are printed."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrs import frozen

from tests.bench.contenders import Failure
from tests.bench.overhead import Ratio, told


@frozen
class Trial:
    """One tester against one server under one seed; ``fault`` is empty for a server without one.

    ``auth`` says whether the server demanded tokens, ``requests`` how many the search sent.
    """

    tester: str
    fault: str
    area: str
    seed: int
    auth: bool
    requests: int
    failures: tuple[Failure, ...]


TITLES = {
    "canonical": "the three canonical cases alone",
    "schemathesis": "Schemathesis, all phases and checks",
    "plain": "a plain `RuleBasedStateMachine`",
    "ours": "this tester",
}
"""The testers, in the order of the table."""
_TOLERATED = {"schemathesis"}
"""Testers that may report what they like of the FC without a fault: they know its schema only."""


def kill(trial: Trial, control: Trial) -> Failure | None:
    """The first report that is due to the fault: ``control`` has none like it.

    ``control`` is the same tester's trial of the FC without a fault, under the same settings and
    seed. A tester that judges by the contract must be quiet there, or nothing it says counts.
    """
    if control.failures and trial.tester not in _TOLERATED:
        return None
    alarms = {failure.what for failure in control.failures}
    due = [failure for failure in trial.failures if failure.what not in alarms]
    return min(due, key=lambda failure: failure.at, default=None)


@frozen
class Count:
    """What one tester came to. ``kills`` has a value for each trial with a fault."""

    tester: str
    kills: tuple[tuple[Trial, Failure | None], ...]
    alarms: int

    @property
    def killed(self) -> tuple[Failure, ...]:
        """The reports that are due to faults."""
        return tuple(failure for _, failure in self.kills if failure is not None)

    def by_seed(self) -> tuple[int, ...]:
        """The number of faults killed under each seed."""
        seeds = sorted({trial.seed for trial, _ in self.kills})
        return tuple(
            sum(failure is not None for trial, failure in self.kills if trial.seed == seed)
            for seed in seeds
        )


def count(trials: Iterable[Trial]) -> tuple[Count, ...]:
    """The trials counted, a tester each. Trials without their control are left out."""
    every = tuple(trials)
    controls = {(t.tester, t.seed, t.auth): t for t in every if not t.fault}
    counts = []
    for tester in dict.fromkeys(trial.tester for trial in every):
        pairs = [
            (trial, kill(trial, controls[tester, trial.seed, trial.auth]))
            for trial in every
            if trial.tester == tester and trial.fault
            if (tester, trial.seed, trial.auth) in controls
        ]
        own = [control for control in controls.values() if control.tester == tester]
        alarms = {failure.what for control in own for failure in control.failures}
        counts.append(Count(tester, tuple(pairs), len(alarms)))
    return tuple(sorted(counts, key=lambda each: list(TITLES).index(each.tester)))


def summary(counts: Sequence[Count], ratios: Mapping[str, tuple[Ratio, ...]]) -> Iterator[str]:
    """The table that goes into the manual, in Markdown."""
    faults = max(len({trial.fault for trial, _ in each.kills}) for each in counts)
    yield (
        f"| | killed, of {faults} | false alarms | requests to the first sight, median (most)"
        " | calls in what is reported, median (most) | wall time over bare httpx |"
    )
    yield "| --- | --: | --: | --: | --: | --: |"
    for each in counts:
        sights = [failure.at for failure in each.killed]
        lengths = [f.length for f in each.killed if f.length is not None]
        killed = " / ".join(map(str, each.by_seed()))
        wall = told([ratio.wall for ratio in ratios.get(each.tester, ())])
        yield (
            f"| {TITLES[each.tester]} | {killed} | {each.alarms} | {_middle(sights)}"
            f" | {_middle(lengths)} | {wall} |"
        )


def details(counts: Sequence[Count]) -> Iterator[str]:
    """A line for each fault and seed: requests to the first sight and length, tester by tester."""
    yield "| fault | area | seed | " + " | ".join(each.tester for each in counts) + " |"
    yield "| --- | --- | --: | " + "--: | " * len(counts)
    cells: dict[tuple[str, str, int], dict[str, str]] = {}
    for each in counts:
        for trial, failure in each.kills:
            said = "-" if failure is None else f"{failure.at} ({failure.length or '?'})"
            key = (trial.area, trial.fault, trial.seed)
            cells.setdefault(key, {})[each.tester] = said
    for (area, fault, seed), row in sorted(cells.items()):
        said = " | ".join(row.get(each.tester, "") for each in counts)
        yield f"| {fault} | {area} | {seed} | {said} |"


def _middle(values: Sequence[int]) -> str:
    return f"{statistics.median(values):g} ({max(values)})" if values else "-"
