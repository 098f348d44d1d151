"""The campaign's search: the same seed asks the same in every process, and every act is tried."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pt004_model.drive.session import Archive
from pt004_model.model.commands import ChangeRun, CreateRun, Tenant, describe
from pt004_model.model.moves import MOVES
from pt004_model.search.explorer import Search
from tests.drive.helpers import session
from tests.search.test_campaign import Shared
from tests.stub import Stub

pytestmark = pytest.mark.system

SEARCHING = """
from tests.search.test_explorer import asked
print(asked(5))
"""


def search(fc: Stub, seed: int, examples: int = 3, *, ungoverned: bool = False) -> Search:
    """A search of some examples."""
    made = Search.seeded(session(fc, ungoverned=ungoverned), seed, (0, 1, 2), 12)
    for _ in range(examples):
        made.example()
    return made


def asked(seed: int) -> str:
    """What a search asks for, a line a command."""
    stub = Stub()
    search(stub, seed)
    return "\n".join(map(describe, stub.asked))


def test_a_seed_asks_the_same_in_every_process() -> None:
    """Neither the order of sets nor what is imported besides changes what is asked."""
    other = subprocess.run(  # noqa: S603 - our own code
        [sys.executable, "-c", SEARCHING],
        capture_output=True,
        text=True,
        check=True,
        env={"PYTHONHASHSEED": "77", "PYTHONPATH": ":".join(sys.path), "PYTHONUTF8": "1"},
    ).stdout
    assert other.strip() == asked(5).strip()
    assert asked(6) != asked(5)


def test_every_act_gets_its_share() -> None:
    """No act is forgotten, and probing before moves has the most requests."""
    spent = search(Stub(), 1, 8).spent
    assert set(spent) == {"visit", "pursue", "march", "linger", "twins", "fill"}
    assert max(spent, key=lambda act: spent[act]) == "visit"


@pytest.mark.parametrize("ungoverned", [False, True])
def test_a_search_asks_for_everything(*, ungoverned: bool) -> None:
    """Moves, mutations, other callers and repeats come up within a few examples."""
    stub = Stub()
    search(stub, 2, 8, ungoverned=ungoverned)
    four = {Tenant.OURS, Tenant.STRANGER, Tenant.NEAR, Tenant.NOBODY}
    assert four <= {command.caller.tenant for command in stub.asked}
    keyed = [c for c in stub.asked if isinstance(c, CreateRun | ChangeRun) and c.key]
    assert len(keyed) > len({(c.key, c.body, c.run) for c in keyed})
    words = {edge.command for edge in search(Stub(), 2, 8).session.tally.edges}
    assert len(words) > len(MOVES) / 2


def test_what_was_tried_is_remembered_over_examples() -> None:
    """An example begins with what the ones before it did not try."""
    made = search(Stub(), 3, 1)
    first = dict(made.scheduler.tried)
    made.example()
    assert len(made.scheduler.tried) > len(first)


def test_earlier_runs_are_read_again() -> None:
    """A search with an archive reads the oldest run in later examples."""
    fc = Shared()
    made = Search.seeded(session(fc), 4, (0, 1, 2), 4)
    made.session.archive = Archive()
    for _ in range(3):
        made.example()
    assert made.session.examples == 3
    assert made.session.archive.runs[0].run.number == 0


@pytest.mark.parametrize(
    ("steps", "long"), [(30, (4, 6, 8, 12, 30)), (1000, (4, 6, 8, 12, 30, 1000)), (6, (4, 6))]
)
def test_runs_are_as_long_as_is_asked_for(steps: int, long: tuple[int, ...]) -> None:
    """The longest of the long runs has as many steps as was said."""
    assert Search.seeded(session(Stub()), 1, (0, 1), 1, steps=steps).long == long
