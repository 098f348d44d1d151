"""The scheduler: what was tried least comes first, and chance is repeated by a seed."""

from __future__ import annotations

from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from pt004_model.search.scheduler import Scheduler

SETTINGS = settings(max_examples=80, derandomize=False, database=None, deadline=None)


def scheduler(seed: int = 0) -> Scheduler:
    """A scheduler in which nothing was tried."""
    return Scheduler(Random(seed))  # noqa: S311 - no secret is made


@SETTINGS
@given(
    st.dictionaries(st.integers(0, 9), st.integers(1, 5)),
    st.lists(st.integers(0, 9), unique=True),
    st.integers(0, 2**20),
)
def test_what_was_tried_least_comes_first(
    tried: dict[int, int], options: list[int], seed: int
) -> None:
    """No option comes before one that was tried less."""
    made = scheduler(seed)
    for option, times in tried.items():
        for _ in range(times):
            made.note((option,))
    ranked = made.ranked(options, lambda option: (option,))
    assert sorted(options) == sorted(ranked)
    counts = [tried.get(option, 0) for option in ranked]
    assert sorted(counts) == counts


def test_a_try_counts_under_each_of_its_keys() -> None:
    """What was tried in one place counts for another one by its general key."""
    made = scheduler()
    made.note(("pause", ("pause", "here")))
    assert made.ranked(["pause", "fail"], lambda move: (move, (move, "there"))) == ["fail", "pause"]
    made.note(("fail", ("fail", "there")))
    assert made.ranked(["pause", "fail"], lambda move: (move, (move, "there"))) == ["pause", "fail"]


def test_chance_decides_between_equals() -> None:
    """Either of two that were tried as often comes first, and a seed says which."""
    firsts = [scheduler(seed).ranked("ab", lambda each: (each,))[0] for seed in range(40)]
    again = [scheduler(seed).ranked("ab", lambda each: (each,))[0] for seed in range(40)]
    assert set(firsts) == {"a", "b"}
    assert again == firsts


def test_a_handicap_puts_an_option_back() -> None:
    """What tells less is tried after what tells more, though neither was tried."""
    ranked = scheduler().ranked("ab", lambda each: (each,), lambda each: each == "a")
    assert ranked == ["b", "a"]
