"""The complete suite: its sizes, its form, and that it kills what differs from the model."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pt004_model.model.suite import (
    INPUTS,
    READ,
    REFUSED,
    Machine,
    Table,
    Word,
    identifiers,
    longest,
    machine,
    separators,
    suite,
)
from tests.sampling import some

SIZES = {
    # steps of a run, further moves: tests and inputs of each part
    (0, 0): [(116, 381)],
    (0, 1): [(116, 497), (929, 3989)],
    (1, 0): [(107, 354)],
    (1, 1): [(107, 461), (793, 3363)],
    (2, 0): [(250, 937)],
    (2, 1): [(250, 1187), (2391, 11136)],
    (3, 0): [(401, 1687)],
    (3, 1): [(401, 2088), (4342, 22130)],
}


def most_freedom(_: Word, __: str, outputs: tuple[str, ...]) -> str:
    """Choose as an FC that acts on every decision by itself, and refuses what it may."""
    return outputs[-1]


MACHINES = [
    pytest.param(machine(length, choose), id=f"{length} steps, {choose.__name__}")
    for length in (0, 1, 2)
    for choose in (lambda *given: given[-1][0], most_freedom)
]


@pytest.mark.parametrize(("length", "extra"), SIZES)
def test_its_sizes(length: int, extra: int) -> None:
    """So many tests, and so many inputs in them: what it costs is known before it is run."""
    parts = suite(machine(length), extra)
    assert [(len(part), sum(map(len, part))) for part in parts] == SIZES[length, extra]


def test_the_states_of_a_run_of_one_step() -> None:
    """States that nothing tells apart are one: a cleared flag is as good as an allow."""
    assert machine(1).names == (
        "pending",
        "running, step 0, allow",
        "running, step 0, flag",
        "running, step 0, deny",
        "failed",
        "paused, step 0, allow",
        "completed, step 0, allow",
        "failed, step 0, allow",
        "paused, step 0, flag",
    )


def test_an_fc_that_acts_by_itself_has_fewer_states() -> None:
    """No run of it is held by a decision, and none fails before it began."""
    assert machine(1, most_freedom).names == (
        "pending",
        "running, step 0, allow",
        "paused, step 0, flag",
        "failed, step 0, deny",
        "paused, step 0, allow",
        "completed, step 0, allow",
    )


@pytest.mark.parametrize("made", MACHINES)
def test_no_test_is_in_another(made: Machine) -> None:
    """No test of any part is the beginning of another one, and each can be made."""
    every = [word for part in suite(made, 1) for word in part]
    beginnings = {word[:size] for word in every for size in range(len(word))}
    assert len(every) == len(set(every))
    assert not beginnings & set(every)
    assert all(len(made.outputs(word)) == len(word) for word in every)


@pytest.mark.parametrize("made", MACHINES)
def test_the_first_part_is_the_suite_for_fewer(made: Machine) -> None:
    """Whoever has made the first part has made the suite for no further move."""
    (alone,), (part, _) = suite(made, 0), suite(made, 1)
    assert len(part) == len(alone)
    assert all(any(test[: len(word)] == word for test in part) for word in alone)


@pytest.mark.parametrize("made", MACHINES)
def test_identifiers_are_harmonised(made: Machine) -> None:
    """Two states have the beginning of a word in common that tells them apart."""
    words = [
        {word[:size] for word in known for size in range(1, len(word) + 1)}
        for known in identifiers(made.table)
    ]
    apart = separators(made.table)
    assert len(apart) == len(made.table) * (len(made.table) - 1) // 2
    for one, other in apart:
        common = words[one] & words[other]
        assert any(follow(made.table, one, w) != follow(made.table, other, w) for w in common)


def test_states_may_be_told_apart_by_what_follows() -> None:
    """Where one input says nothing, the shortest word that does is taken; alike ones have none."""
    table = {
        0: {READ: ("same", 0), "pause": ("same", 1)},
        1: {READ: ("same", 1), "pause": ("same", 2)},
        2: {READ: ("same", 2), "pause": ("other", 2), "fail": ("other", 0)},
        3: {READ: ("same", 3), "pause": ("other", 2)},
    }
    assert separators(table) == {
        (0, 1): ("pause", "pause"),
        (0, 2): ("pause",),
        (0, 3): ("pause",),
        (1, 2): ("pause",),
        (1, 3): ("pause",),
    }


def test_a_machine_of_one_state_has_a_suite() -> None:
    """There is nothing to tell its state from, and each of its inputs is given all the same."""
    one = Machine({0: {READ: ("all there is", 0), "fail": (REFUSED, 0)}}, ((),), ("one",))
    assert suite(one) == ((("fail",), (READ,)),)
    assert len(suite(one, 1)[1]) == 2


def follow(table: Table, state: int, word: Word) -> list[str]:
    """Return the outputs to a word; what a state has not is refused there."""
    seen = []
    for each in word:
        output, state = table[state].get(each, (REFUSED, state))
        seen.append(output)
    return seen


@given(st.lists(st.lists(st.sampled_from(INPUTS[:3]), max_size=4).map(tuple)))
def test_what_begins_another_is_left_out(words: list[Word]) -> None:
    """What is left begins nothing else that is left, and everything begins something left."""
    left = longest(words)
    assert set(left) <= set(words)
    assert all(a == b or b[: len(a)] != a for a in left for b in left)
    assert all(any(each[: len(word)] == word for each in left) for word in words)


def killed(right: Table, wrong: Table, tests: tuple[Word, ...]) -> bool:
    """Tell whether some test shows the difference."""
    return any(follow(right, 0, word) != follow(wrong, 0, word) for word in tests)


def alike(right: Table, wrong: Table) -> bool:
    """Tell whether no word at all tells a machine from the right one."""
    seen, left = {(0, 0)}, [(0, 0)]
    while left:
        one, other = left.pop()
        for each, (output, to) in right[one].items():
            its_output, its_to = wrong[other].get(each, (REFUSED, other))
            if output != its_output:
                return False
            if (to, its_to) not in seen:
                seen.add((to, its_to))
                left.append((to, its_to))
    return True


def first_order(right: Table) -> Iterator[tuple[int, str, tuple[str, int]]]:
    """Yield every other target, output or guard of each transition.

    A guard that is gone, or one too many, is any answer that some transition has, or a refusal.
    """
    answers = {answer for row in right.values() for answer in row.values()}
    outputs = {output for output, _ in answers}
    for state, row in right.items():
        for each, (output, to) in row.items():
            others = {(output, other) for other in right} | {(other, to) for other in outputs}
            for answer in sorted((others | answers | {(REFUSED, state)}) - {(output, to)}):
                yield state, each, answer


def changed(right: Table, *changes: tuple[int, str, tuple[str, int]]) -> Table:
    """Return the table with some transitions changed."""
    wrong = {state: dict(row) for state, row in right.items()}
    for state, each, answer in changes:
        wrong[state][each] = answer
    return wrong


@pytest.mark.parametrize("length", some([1, 2], 2))
def test_every_first_order_mutant_is_killed(length: int) -> None:
    """A wrong target, output or guard anywhere is seen, unless nobody could ever see it."""
    right, mutants = machine(length), 0
    tests = tuple(word for part in suite(right, 1) for word in part)
    for change in first_order(right.table):
        wrong = changed(right.table, change)
        mutants += 1
        assert killed(right.table, wrong, tests) or alike(right.table, wrong), change
    assert mutants == {1: 2043, 2: 7161}[length]


@pytest.mark.parametrize("length", some([1, 2], 2))
def test_second_order_mutants_are_killed(length: int) -> None:
    """Two faults that might hide one another do not."""
    right, rng = machine(length), Random(3)  # noqa: S311 - no secret
    tests = tuple(word for part in suite(right, 1) for word in part)
    changes = list(first_order(right.table))
    for _ in range(4000):
        pair = rng.sample(changes, 2)
        wrong = changed(right.table, *pair)
        assert killed(right.table, wrong, tests) or alike(right.table, wrong), pair


def with_a_state_more(right: Table, rng: Random) -> Table:
    """Return a machine with a state that is like another one but for one transition.

    One transition into that one leads to the new state.
    """
    wrong, new = changed(right), len(right)
    state = rng.choice(sorted(right))
    each = rng.choice(sorted(right[state]))
    output, twin = right[state][each]
    wrong[new] = dict(wrong[twin])
    wrong[state][each] = (output, new)
    answers = sorted({answer for row in right.values() for answer in row.values()})
    wrong[new][rng.choice(sorted(right[twin]))] = rng.choice(answers)
    return wrong


@pytest.mark.parametrize("length", some([1, 2], 2))
def test_a_state_more_is_seen_by_one_further_move(length: int) -> None:
    """A hidden state one move away is found by k = 1, and some such state by that alone."""
    right, rng = machine(length), Random(4)  # noqa: S311 - no secret
    (few,), parts = suite(right, 0), suite(right, 1)
    tests, only = tuple(word for part in parts for word in part), 0
    for _ in range(1000):
        wrong = with_a_state_more(right.table, rng)
        seen = killed(right.table, wrong, tests)
        assert seen or alike(right.table, wrong)
        only += seen and not killed(right.table, wrong, few)
    assert only > 0


def test_a_suite_with_a_hole_is_seen() -> None:
    """These tests can fail: without its reads the suite misses mutants."""
    right = machine(1)
    tests = tuple(word for part in suite(right, 1) for word in part if READ not in word)
    mutants = [changed(right.table, change) for change in first_order(right.table)]
    missed = [m for m in mutants if not killed(right.table, m, tests) and not alike(right.table, m)]
    assert missed
