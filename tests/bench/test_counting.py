"""What counts as a kill, and what the tables say of it."""

from __future__ import annotations

import pytest

from pt004_model.embedded.faults import FAULTS
from tests.bench.contenders import Failure
from tests.bench.overhead import Ratio
from tests.bench.side_by_side import sample, servers
from tests.bench.table import Trial, count, details, kill, summary

FAULT = "step-runs-twice"


def trial(tester: str, fault: str, *failures: Failure, seed: int = 0, auth: bool = False) -> Trial:
    """A trial of a hundred requests."""
    return Trial(tester, fault, "steps" if fault else "", seed, auth, 100, failures)


def test_a_report_counts() -> None:
    """What is reported with the fault and not without it is a kill, the earliest of several."""
    early, late = Failure("one", 20, 3), Failure("other", 70, 4)
    assert kill(trial("ours", FAULT, late, early), trial("ours", "")) == early


def test_silence_does_not_count() -> None:
    """Where nothing is reported nothing is killed."""
    assert kill(trial("ours", FAULT), trial("ours", "")) is None


@pytest.mark.parametrize("tester", ["ours", "plain", "canonical"])
def test_who_cries_wolf_kills_nothing(tester: str) -> None:
    """A tester that reports something without a fault is not believed with one."""
    alarm = trial(tester, "", Failure("anything", 5, 1))
    assert kill(trial(tester, FAULT, Failure("one", 20, 3)), alarm) is None


def test_what_schemathesis_reports_anyway_does_not_count() -> None:
    """Of its reports those count that it does not make without the fault too."""
    alarm, due = Failure("POST /x: check", 5, 1), Failure("GET /x: check", 9, 1)
    control = trial("schemathesis", "", alarm)
    assert kill(trial("schemathesis", FAULT, alarm), control) is None
    assert kill(trial("schemathesis", FAULT, alarm, due), control) == due


def test_controls_are_of_the_same_kind() -> None:
    """A trial is held against the control of its own seed and its own way with tokens."""
    wolf = Failure("anything", 5, 1)
    (counted,) = count([
        trial("ours", "", seed=0),
        trial("ours", "", wolf, seed=1),
        trial("ours", "", wolf, auth=True),
        trial("ours", FAULT, Failure("one", 20, 3), seed=0),
        trial("ours", FAULT, Failure("one", 30, 3), seed=1),
        trial("ours", FAULT, Failure("one", 40, 3), auth=True),
    ])  # fmt: skip
    assert [failure and failure.at for _, failure in counted.kills] == [20, None, None]
    assert counted.alarms == 1
    assert counted.by_seed() == (1, 0)


def test_nothing_is_counted_without_its_control() -> None:
    """A trial whose control was not measured is not in the table."""
    (counted,) = count([trial("ours", FAULT, Failure("one", 20, 3))])
    assert counted.kills == ()


def test_the_table() -> None:
    """Testers stand in their order, with kills, alarms, medians and the greatest values."""
    counts = count([
        trial("ours", ""),
        trial("ours", FAULT, Failure("one", 20, 3)),
        trial("ours", "tags-are-sorted", Failure("two", 40, 2)),
        trial("ours", "long-text-is-cut"),
        trial("schemathesis", "", Failure("alarm", 1, 1)),
        trial("schemathesis", FAULT, Failure("alarm", 1, 1)),
        trial("schemathesis", "tags-are-sorted", Failure("due", 7, None)),
        trial("schemathesis", "long-text-is-cut"),
    ])  # fmt: skip
    ratios = {"ours": (Ratio(1.25, 1.5, 10),)}
    assert [*summary(counts, ratios)][2:] == [
        "| Schemathesis, all phases and checks | 1 | 1 | 7 (7) | - | - |",
        "| this tester | 2 | 0 | 30 (40) | 2.5 (3) | 1.25 |",
    ]
    assert "| step-runs-twice | steps | 0 | - | 20 (3) |" in [*details(counts)]
    assert "| tags-are-sorted | steps | 0 | 7 (?) | 40 (2) |" in [*details(counts)]


def test_the_sample_is_of_all_areas() -> None:
    """Two faults of every area are tried, none twice."""
    chosen = sample()
    areas = [FAULTS[name].area for name in chosen]
    assert sorted(areas) == sorted([*{fault.area for fault in FAULTS.values()}] * 2)
    assert len(set(chosen)) == len(chosen)


def test_every_server_has_its_control() -> None:
    """Beside each fault there is an FC without one, under the same seed, with tokens or without."""
    every = servers(sample(), (0, 1))
    controls = {(server.auth, server.seed) for server in every if not server.fault}
    assert {(server.auth, server.seed) for server in every} == controls
    assert len(every) == 2 * (len(sample()) + 2)
