"""The lifecycle as a finite machine, and a suite of tests that is complete for it.

A search says that it looked hard. A suite made by the HSI method (harmonised state identifiers,
Petrenko and Yevtushenko) says more: an FC that passes has the lifecycle of the model, or differs
only where more than ``extra`` further moves from a known state are needed (Vaandrager and Melse,
CONCUR 2025). Every state is gone to by a shortest way, every way of ``extra + 1`` inputs goes on
from there, and then sequences follow that tell the state reached from all others.

An input is the word of a move, or :data:`READ`. Moves are told relative to where the run is, which
every accepted answer and every read shows; so a body that one state has not is no input there.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import combinations, pairwise
from typing import Final, TypeAlias

from attrs import frozen

from pt004_model.model.moves import MOVES, fresh, outcomes
from pt004_model.model.rules import Refusal
from pt004_model.model.run import Run, State

READ: Final = "read"
MOVE: Final = {move.word: move for move in MOVES}
INPUTS: Final = (READ, *MOVE)
REFUSED: Final = "refused"

Word: TypeAlias = tuple[str, ...]
Table: TypeAlias = dict[int, dict[str, tuple[str, int]]]
Choose: TypeAlias = Callable[[Word, str, tuple[str, ...]], str]
"""Which of several outputs an FC gives to an input after a word."""


@frozen
class Machine:
    """A machine that begins in state 0: of each state and input the output, and where it leads.

    ``ways`` has a shortest word to each state, ``names`` says what each is, for people.
    """

    table: Table
    ways: tuple[Word, ...]
    names: tuple[str, ...]

    def outputs(self, word: Word) -> tuple[str, ...]:
        """Return the outputs to ``word``, each input of which the state has that it is given to."""
        told, state = [], 0
        for each in word:
            output, state = self.table[state][each]
            told.append(output)
        return tuple(told)


def first(_: Word, __: str, outputs: tuple[str, ...]) -> str:
    """Choose as an FC that takes no freedom: it waits to be told, and refuses nothing it may do."""
    return outputs[0]


def shown(run: Run) -> str:
    """Return the output of a read: status, step, and whether a gate waits."""
    gate = ", gate pending" if run.state.gate_pending else ""
    return f"{moved(run)}{gate}"


def moved(run: Run) -> str:
    """Return the output of an accepted move: status and step."""
    step_ = "" if run.state.step is None else f", step {run.state.step}"
    return f"{run.state.status}{step_}"


def machine(length: int, choose: Choose = first) -> Machine:
    """Return the lifecycle of runs of ``length`` steps (0: ungoverned), each state in it once.

    ``choose`` is asked where the contract leaves the FC free (3.2, 3.3, 5.3).
    """
    runs: list[Run] = [fresh(length)]
    ways: list[Word] = [()]
    numbers: dict[State, int] = {runs[0].state: 0}
    table: Table = {}
    queue = deque([0])
    while queue:
        here = queue.popleft()
        run, way = runs[here], ways[here]
        row = table[here] = {READ: (shown(run), here)}
        for word in MOVE:
            after = _outcome(run, way, word, choose)
            if after is None:
                continue
            if isinstance(after, Refusal):
                row[word] = (REFUSED, here)
                continue
            if after.state not in numbers:
                numbers[after.state] = len(runs)
                queue.append(len(runs))
                runs.append(after)
                ways.append((*way, word))
            row[word] = (moved(after), numbers[after.state])
    return _merged(Machine(table, tuple(ways), tuple(str(run.state) for run in runs)))


def _outcome(run: Run, way: Word, word: str, choose: Choose) -> Run | Refusal | None:
    """Return what comes of a move; ``None`` where the run has no such move."""
    found = outcomes(run, MOVE[word])
    outputs = {REFUSED if isinstance(each, Refusal) else moved(each): each for each in found}
    if not outputs:
        return None
    told = tuple(outputs)
    return outputs[told[0] if len(told) == 1 else choose(way, word, told)]


def _merged(whole: Machine) -> Machine:
    """Return the machine with states that no word tells apart made one, the nearest of them."""
    apart = separators(whole.table)
    kept: dict[int, int] = {}
    heads: list[int] = []
    for state in whole.table:
        same = next((head for head in heads if (head, state) not in apart), None)
        if same is None:
            kept[state] = len(heads)
            heads.append(state)
        else:
            kept[state] = kept[same]
    return Machine(
        {
            kept[head]: {each: (out, kept[to]) for each, (out, to) in whole.table[head].items()}
            for head in heads
        },
        tuple(whole.ways[head] for head in heads),
        tuple(whole.names[head] for head in heads),
    )


def separators(table: Table) -> dict[tuple[int, int], Word]:
    """Return a shortest word for each pair of states that gives other outputs in the one and other.

    Pairs are in order; those that no word tells apart are left out.
    """
    found: dict[tuple[int, int], Word] = {}
    pairs = list(combinations(sorted(table), 2))
    while True:
        new = {
            pair: word
            for pair in pairs
            if pair not in found and (word := _separator(table, *pair, found)) is not None
        }
        if not new:
            return found
        found |= new


def _separator(
    table: Table, one: int, other: int, shorter: dict[tuple[int, int], Word]
) -> Word | None:
    for each in INPUTS:
        if each in table[one] and each in table[other]:
            (output, to), (its_output, its_to) = table[one][each], table[other][each]
            if output != its_output:
                return (each,)
            rest = shorter.get((min(to, its_to), max(to, its_to)))
            if rest is not None:
                return (each, *rest)
    return None


def identifiers(table: Table) -> tuple[tuple[Word, ...], ...]:
    """Return the words that tell each state from all others; two states share one for them.

    Of a state that is alone there is the empty word.
    """
    words: dict[int, list[Word]] = {state: [()] for state in table}
    for pair, word in separators(table).items():
        for state in pair:
            words[state].append(word)
    return tuple(longest(words[state]) for state in sorted(table))


def longest(words: list[Word]) -> tuple[Word, ...]:
    """Return the words that are not the beginning of another one, in the order of the alphabet."""
    ordered = sorted(set(words))
    begun = {one for one, other in pairwise(ordered) if other[: len(one)] == one}
    return tuple(word for word in ordered if word not in begun)


def suite(machine: Machine, extra: int = 0) -> tuple[tuple[Word, ...], ...]:
    """Return tests that are complete for ``extra`` further moves, those for fewer first.

    The first part is complete for none, the first two for one, and so on. No test is the beginning
    of another one.
    """
    levels = [_words(machine, each) for each in range(extra + 1)]
    left = longest([word for level in levels for word in level])
    parts: list[tuple[Word, ...]] = []
    for level in levels:
        parts.append(_covering(left, level))
        left = tuple(sorted({*left} - {*parts[-1]}))
    return tuple(parts)


def _covering(tests: tuple[Word, ...], words: list[Word]) -> tuple[Word, ...]:
    """Return of ``tests`` one that begins with each of ``words``, as far as there is one."""
    beginning: dict[Word, Word] = {}
    for test in tests:
        for size in range(len(test) + 1):
            beginning.setdefault(test[:size], test)
    return tuple(dict.fromkeys(beginning[word] for word in longest(words) if word in beginning))


def _words(machine: Machine, extra: int) -> list[Word]:
    """Return every way to a state, with up to ``extra + 1`` inputs, and what identifies it then."""
    known = identifiers(machine.table)
    reached = list(zip(machine.ways, machine.table, strict=True))
    found: list[Word] = []
    for _ in range(extra + 2):
        found += [(*word, *last) for word, here in reached for last in known[here]]
        reached = [
            ((*word, each), to)
            for word, here in reached
            for each, (_, to) in machine.table[here].items()
        ]
    return found
