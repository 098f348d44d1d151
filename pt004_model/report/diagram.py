"""The lifecycle as a diagram: Mermaid, Graphviz or SVG, its arrows and labels those of the model.

The SVG is made by a template that places each status and each arrow. Looks are classes, so that the
page that holds a picture can colour it; one that stands by itself brings its own style.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

from attrs import frozen
from jinja2 import Template

from pt004_model.model.graph import Arrow, arrows
from pt004_model.report.text import templates
from pt004_model.vocabulary import Status

_ENDS: Final = (Status.COMPLETED, Status.FAILED)
TEMPLATE: Final = "lifecycle.svg.jinja"


@frozen
class Stroke:
    """The look of an arrow: the lines of its label, its classes, its width in pixels.

    ``title`` is shown when it is pointed at.
    """

    lines: tuple[str, ...]
    look: str = "legal"
    width: float = 1.6
    title: str = ""


def mermaid(governed: bool = True) -> str:
    """Return the lifecycle as a Mermaid state diagram, which GitHub renders in Markdown."""
    lines = ["stateDiagram-v2", "    direction LR", f"    [*] --> {Status.PENDING}"]
    lines += [f"    {each.source} --> {each.target}: {label(each)}" for each in arrows(governed)]
    lines += [f"    {status} --> [*]" for status in _ENDS]
    return "\n".join(lines) + "\n"


def dot(governed: bool = True) -> str:
    """Return the lifecycle in the language of Graphviz."""
    lines = ["digraph lifecycle {", "    rankdir=LR;", "    node [shape=box, style=rounded];"]
    lines += [f"    {status} [peripheries=2];" for status in _ENDS]
    for each in arrows(governed):
        style = ", style=dashed" if each.free else ""
        lines.append(f'    {each.source} -> {each.target} [label="{label(each)}"{style}];')
    return "\n".join([*lines, "}"]) + "\n"


def svg(governed: bool = True) -> str:
    """Return the lifecycle as an SVG picture that stands by itself, light and dark."""
    strokes = {
        each: Stroke(label_lines(each), "free" if each.free else "legal")
        for each in arrows(governed)
    }
    return picture(strokes) + "\n"


def picture(
    strokes: Mapping[Arrow, Stroke],
    *,
    refused: Mapping[Status, Stroke] | None = None,
    tall: bool = False,
    title: str = "The lifecycle of a run",
    alone: bool = True,
) -> str:
    """Return the picture as one ``svg`` element; ``alone`` gives it its own style and ground."""
    named = {f"{each.source} {each.ask} {each.target}": stroke for each, stroke in strokes.items()}
    named |= {f"{status} refused": stroke for status, stroke in (refused or {}).items()}
    drawn = _template().render(strokes=named, tall=tall, title=title, alone=alone)
    return drawn.removesuffix("\n")


@cache
def _template() -> Template:
    return templates("pt004_model", "report", html=True).get_template(TEMPLATE)


def label(arrow: Arrow) -> str:
    """Return the label of an arrow: the ask, when it is legal, and whether it may be refused."""
    return ", ".join(label_lines(arrow))


def label_lines(arrow: Arrow) -> tuple[str, ...]:
    """Return the parts of a label, each of which can be a line."""
    free = ("may be refused",) if arrow.free else ()
    return (str(arrow.ask), *arrow.when, *free)


FORMS: Final[dict[str, Callable[[bool], str]]] = {"svg": svg, "mermaid": mermaid, "dot": dot}
"""The forms of the diagram by name."""
