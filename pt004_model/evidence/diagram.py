"""The lifecycle as a diagram for documents: Mermaid, Graphviz or SVG, drawn from the model."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pt004_model.evidence.picture import Stroke, picture
from pt004_model.model.graph import Arrow, arrows
from pt004_model.vocabulary import Status

_ENDS: Final = (Status.COMPLETED, Status.FAILED)


def mermaid(governed: bool = True) -> str:
    """The lifecycle as a Mermaid state diagram, which GitHub renders in Markdown."""
    lines = ["stateDiagram-v2", "    direction LR", f"    [*] --> {Status.PENDING}"]
    lines += [f"    {each.source} --> {each.target}: {label(each)}" for each in arrows(governed)]
    lines += [f"    {status} --> [*]" for status in _ENDS]
    return "\n".join(lines) + "\n"


def dot(governed: bool = True) -> str:
    """The lifecycle in the language of Graphviz."""
    lines = ["digraph lifecycle {", "    rankdir=LR;", "    node [shape=box, style=rounded];"]
    lines += [f"    {status} [peripheries=2];" for status in _ENDS]
    for each in arrows(governed):
        style = ", style=dashed" if each.free else ""
        lines.append(f'    {each.source} -> {each.target} [label="{label(each)}"{style}];')
    return "\n".join([*lines, "}"]) + "\n"


def svg(governed: bool = True) -> str:
    """The lifecycle as an SVG picture that stands by itself, light and dark."""
    strokes = {
        each: Stroke(label_lines(each), "free" if each.free else "legal")
        for each in arrows(governed)
    }
    return picture(strokes) + "\n"


def label(arrow: Arrow) -> str:
    """What stands at an arrow: the ask, when it is legal, and whether it may be refused."""
    return ", ".join(label_lines(arrow))


def label_lines(arrow: Arrow) -> tuple[str, ...]:
    """The parts of a label, each of which can be a line."""
    free = ("may be refused",) if arrow.free else ()
    return (str(arrow.ask), *arrow.when, *free)


FORMS: Final[dict[str, Callable[[bool], str]]] = {"svg": svg, "mermaid": mermaid, "dot": dot}
"""The forms of the diagram by name."""
