"""What was learned of an FC, as files: JSON, Graphviz, and a picture of the difference.

The picture has a column for each step. What is as expected is grey; another answer or target is
red, a move that is accepted and should not be is orange, one that is refused and should not be is
dashed. A move that leads nowhere is not drawn, unless it differs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from attrs import asdict, field, frozen

from pt004_model.model.suite import INPUTS, REFUSED, Machine, Table
from pt004_model.report.summary import structured
from pt004_model.report.text import templates, visible
from pt004_model.search.learn import Difference, LearnCampaign, completed, differences
from pt004_model.trace.files import Unusable, write_json, write_text

_COLUMN, _ROW, _LEFT, _TOP, _WIDTH = 285, 74, 24, 50, 190
_RIGHT: Final = 200  # for what is said of a move within the last column
_NARROWEST: Final = 680  # what the colours mean is told in one line
_LOOKS: Final = {"same": "#bbb", "red": "#c22", "extra": "#e80", "missing": "#c22"}
TEMPLATE: Final = "automaton.svg.jinja"
FORMAT: Final = "pt004-learned"
NAME: Final = "learned.json"


@frozen
class Answer:
    """What comes of an input: the output, and the number of the state after it."""

    output: str
    to: int


@frozen
class StateDocument:
    """One state: a read of it, and its answers by input."""

    name: str
    answers: dict[str, Answer]


@frozen
class Learned:
    """``learned.json``: the states by the length of the runs, and how they differ.

    ``asked`` is what was asked, inputs with blanks between them and the last answer.
    """

    format: str = FORMAT
    version: int = 1
    target: str = ""
    automata: dict[str, tuple[StateDocument, ...]] = field(factory=dict)
    differences: dict[str, tuple[Difference, ...]] = field(factory=dict)
    asked: dict[str, dict[str, str]] = field(factory=dict)

    def tables(self) -> dict[int, Table]:
        """Return the table of each automaton, by the length of its runs."""
        return {
            int(length): {
                number: {each: (a.output, a.to) for each, a in state.answers.items()}
                for number, state in enumerate(states)
            }
            for length, states in self.automata.items()
        }


def learned_by(campaign: LearnCampaign, target: str) -> Learned:
    """Return what a campaign has learned by now."""
    return Learned(
        target=target,
        automata={
            str(length): tuple(
                StateDocument(name, {i: Answer(*answer) for i, answer in each.table[n].items()})
                for n, name in enumerate(each.names)
            )
            for length, each in campaign.learned.items()
        },
        differences={str(length): each for length, each in campaign.differing.items()},
        asked={
            str(length): {" ".join(word): output for word, output in each.items()}
            for length, each in campaign.asked.items()
        },
    )


@frozen
class Line:
    """An arrow of the picture, from place to place, with its look and the lines of its label.

    ``before`` are the labels of other arrows between the same places.
    """

    start: tuple[float, float]
    end: tuple[float, float]
    look: str
    label: tuple[str, ...]
    before: int


def write(folder: Path, campaign: LearnCampaign, target: str) -> None:
    """Write what was learned to ``folder``, with pictures. Raises ``Unwritable``."""
    write_json(folder / NAME, asdict(learned_by(campaign, target)))
    for length, each in campaign.learned.items():
        write_text(folder / f"learned-{length}.dot", dot(each))
        if length in campaign.expected:
            write_text(folder / f"learned-{length}.svg", svg(each, campaign.expected[length]))


def read(path: Path) -> Learned:
    """Return what was learned. Raises ``Unusable``."""
    learned = structured(path, Learned)
    if learned.format != FORMAT or not all(map(_whole, learned.automata.values())):
        raise Unusable(f"{path} holds no automata of pt004 learn; learn them again")
    return learned


def _whole(states: tuple[StateDocument, ...]) -> bool:
    """Tell whether every input has an answer in every state, which leads to one that is there."""
    return bool(states) and all(
        each.answers.keys() == {*INPUTS}
        and all(0 <= answer.to < len(states) for answer in each.answers.values())
        for each in states
    )


def dot(learned: Machine) -> str:
    """Return an automaton in the language of Graphviz."""
    lines = ["digraph learned {", "    rankdir=LR;", "    node [shape=box, style=rounded];"]
    for state, row in learned.table.items():
        lines.append(f'    {state} [label="{_name(learned, state)}"];')
        for each, (output, to) in row.items():
            if to != state:
                label = visible(f"{each} / {output}", 60, '"\\')
                lines.append(f'    {state} -> {to} [label="{label}"];')
    return "\n".join([*lines, "}"]) + "\n"


def _name(learned: Machine, state: int) -> str:
    return visible(learned.names[state], 40, '"\\')


def svg(learned: Machine, expected: Table) -> str:
    """Return the picture of an automaton, compared with what was expected."""
    places = _places(learned)
    lines = sorted(_lines(learned, expected, places), key=lambda line: line.look == "same")[::-1]
    return (
        templates("pt004_model.report", "", html=True)
        .get_template(TEMPLATE)
        .render(
            nodes=[
                (place, _name(learned, state), f"by {learned.ways[state][-1]}" if state else "new")
                for state, place in places.items()
            ],
            looks=_LOOKS,
            lines=lines,
            width=max(max(x for x, _ in places.values()) + _WIDTH + _RIGHT, _NARROWEST),
            height=max(y for _, y in places.values()) + _ROW,
            node=(_WIDTH, 40),
        )
    )


def _places(learned: Machine) -> dict[int, tuple[float, float]]:
    """Return where each state is: a column a step, in it one below the other."""
    rows: dict[str, int] = {}
    columns: dict[str, int] = {}
    found: dict[int, tuple[float, float]] = {}
    for state, name in enumerate(learned.names):
        step = name.partition("step ")[2].partition(",")[0]
        column = columns.setdefault(step, len(columns))
        row = rows[step] = rows.get(step, -1) + 1
        found[state] = (_LEFT + column * _COLUMN, _TOP + row * _ROW)
    return found


def _lines(
    learned: Machine, expected: Table, places: dict[int, tuple[float, float]]
) -> Iterator[Line]:
    wrong = {_at(learned, each): each for each in differences(expected, learned.table)}
    labels: Counter[tuple[int, int]] = Counter()
    for state, row in completed(learned).items():
        for each, (output, to) in row.items():
            odd = wrong.get((state, each))
            if odd is None and (to == state or output == REFUSED):
                continue
            look, label = "same", tuple[str, ...]()
            if odd is not None:
                look = {odd.expected: "extra", odd.observed: "missing"}.get(REFUSED, "red")
                said = (f"{each}:", f"{odd.observed},", f"not {odd.expected}")
                label = tuple(visible(part, 40) for part in said)
            yield Line(places[state], places[to], look, label, labels[state, to])
            labels[state, to] += bool(label)


def _at(learned: Machine, difference: Difference) -> tuple[int, str]:
    """Return the state and the input at which a difference shows."""
    state = 0
    for each in difference.word[:-1]:
        state = learned.table[state][each][1]
    return state, difference.word[-1]
