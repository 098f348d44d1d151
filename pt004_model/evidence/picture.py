"""The lifecycle as SVG: boxes where a layout puts them, arrows as they are given.

A layout knows where the five statuses are and on which side of each there is room for a loop. It
knows no arrow: those come from the model. Looks are classes, so that the page that holds a picture
can colour it; one that stands by itself brings its own style.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Final, TypeAlias
from xml.etree import ElementTree as ET

from attrs import frozen

from pt004_model.model.graph import Arrow
from pt004_model.vocabulary import Status

Point: TypeAlias = tuple[float, float]
_HEAD: Final = 11.0  # how long an arrowhead is
_LINE: Final = 15.0  # from one line of a label to the next


@frozen
class Stroke:
    """How an arrow is drawn: the lines of its label, classes for its look, width in pixels.

    ``title`` is shown when it is pointed at.
    """

    lines: tuple[str, ...]
    look: str = "legal"
    width: float = 1.6
    title: str = ""


@frozen
class Loop:
    """Where a status has room for an arrow to itself: a side, how far from its middle, the label.

    ``label`` is where the label begins, from that place; ``anchor`` as in SVG.
    """

    side: str
    shift: float
    label: Point
    anchor: str = "middle"


@frozen
class Layout:
    """Where the statuses are.

    ``gap`` lies between the arrows of one pair of statuses, ``bows`` says how far the arrows of
    another bend aside, for want of room.
    """

    size: Point
    box: Point
    places: Mapping[Status, Point]
    own: Mapping[Status, Loop]
    refused: Mapping[Status, Loop]
    bows: Mapping[frozenset[Status], float]
    gap: float
    bend: float = 0.5


PENDING, RUNNING, PAUSED, COMPLETED, FAILED = Status
WIDE: Final = Layout(
    size=(1000, 620),
    box=(116, 46),
    places={
        PENDING: (80, 290),
        RUNNING: (400, 290),
        PAUSED: (890, 290),
        COMPLETED: (400, 60),
        FAILED: (400, 500),
    },
    own={status: Loop("top", -36, (-34, -34), "end") for status in Status},
    refused={
        PENDING: Loop("top", 0, (0, -70)),
        RUNNING: Loop("bottom", -36, (-34, 34), "end"),
        PAUSED: Loop("top", 0, (0, -70)),
        COMPLETED: Loop("right", 0, (56, -4), "start"),
        FAILED: Loop("bottom", 0, (0, 68)),
    },
    bows={frozenset({PAUSED, FAILED}): 60},
    gap=58,
)
TALL: Final = Layout(
    size=(360, 800),
    box=(96, 40),
    places={
        PENDING: (266, 124),
        RUNNING: (132, 314),
        PAUSED: (132, 664),
        COMPLETED: (56, 124),
        FAILED: (306, 489),
    },
    own={status: Loop("right", -8, (44, -18), "start") for status in Status},
    refused={
        PENDING: Loop("top", 0, (0, -70)),
        RUNNING: Loop("left", -4, (-30, -52)),
        PAUSED: Loop("bottom", 0, (0, 68)),
        COMPLETED: Loop("top", 0, (0, -70)),
        FAILED: Loop("bottom", 12, (0, 68)),
    },
    bows={},
    gap=54,
    bend=0.4,
)

STYLE: Final = """
text { font: 13px system-ui, sans-serif; fill: #1c2430; }
.status text { font-weight: 600; font-size: 15px; }
.status rect { fill: #f3f5f8; stroke: #6b7686; stroke-width: 1.2; }
.arrow { color: #2b6cb0; }
.free path { stroke-dasharray: 6 4; }
.arrow path { fill: none; stroke: currentColor; }
.arrow polygon { fill: currentColor; }
.arrow text { paint-order: stroke; stroke: #fff; stroke-width: 5px; stroke-linejoin: round; }
.arrow .first { font-weight: 600; }
@media (prefers-color-scheme: dark) {
  text { fill: #e6eaf0; }
  .status rect { fill: #232b36; stroke: #93a0b2; }
  .arrow { color: #7db7f0; }
  .arrow text { stroke: #12171e; }
  .ground { fill: #12171e; }
}
@media not (prefers-color-scheme: dark) { .ground { fill: #fff; } }
"""


def picture(
    strokes: Mapping[Arrow, Stroke],
    *,
    refused: Mapping[Status, Stroke] | None = None,
    layout: Layout = WIDE,
    title: str = "The lifecycle of a run",
    alone: bool = True,
) -> str:
    """The picture as one ``svg`` element; ``alone`` gives it a style and a ground of its own."""
    width, height = layout.size
    root = ET.Element(
        "svg",
        {"viewBox": f"0 0 {width:g} {height:g}", "role": "img", "aria-label": title},
    )
    ET.SubElement(root, "title").text = title
    if alone:
        root.set("xmlns", "http://www.w3.org/2000/svg")
        root.set("width", f"{width:g}")
        root.set("height", f"{height:g}")
        ET.SubElement(root, "style").text = STYLE
        ET.SubElement(root, "rect", {"class": "ground", "width": "100%", "height": "100%"})
    for status, stroke in (refused or {}).items():
        _loop(root, layout, status, layout.refused[status], stroke)
    for arrow, offset in _offsets(tuple(strokes), layout):
        stroke = strokes[arrow]
        if arrow.source is arrow.target:
            _loop(root, layout, arrow.source, layout.own[arrow.source], stroke)
        else:
            _between(root, layout, arrow, offset, stroke)
    for status in Status:
        _box(root, layout, status)
    return ET.tostring(root, encoding="unicode")


def _offsets(arrows: tuple[Arrow, ...], layout: Layout) -> Iterator[tuple[Arrow, float]]:
    """Every arrow with how far it bends aside; those that share a pair of statuses spread out."""
    pairs: dict[frozenset[Status], list[Arrow]] = {}
    for arrow in arrows:
        pairs.setdefault(frozenset({arrow.source, arrow.target}), []).append(arrow)
    for pair, together in pairs.items():
        for number, arrow in enumerate(together):
            spread = (number - (len(together) - 1) / 2) * layout.gap
            yield arrow, spread + layout.bows.get(pair, 0)


def _box(root: ET.Element, layout: Layout, status: Status) -> None:
    (x, y), (width, height) = layout.places[status], layout.box
    group = ET.SubElement(root, "g", {"class": "status"})
    frame = {"x": x - width / 2, "y": y - height / 2, "width": width, "height": height, "rx": 9}
    ET.SubElement(group, "rect", {name: f"{value:g}" for name, value in frame.items()})
    if status in {COMPLETED, FAILED}:  # terminal: framed twice
        inner = {"x": x - width / 2 + 4, "y": y - height / 2 + 4, "rx": 6}
        inner |= {"width": width - 8, "height": height - 8}
        ET.SubElement(group, "rect", {name: f"{value:g}" for name, value in inner.items()})
    text = ET.SubElement(group, "text", {"x": f"{x:g}", "y": f"{y + 5:g}", "text-anchor": "middle"})
    text.text = str(status)


def _between(root: ET.Element, layout: Layout, arrow: Arrow, offset: float, stroke: Stroke) -> None:
    """An arrow from one status to another, bent aside by ``offset``, its label on its middle."""
    start, end = layout.places[arrow.source], layout.places[arrow.target]
    # one direction for both ways of a pair, so that their arrows bend to different sides
    first, second = sorted((start, end))
    length = math.dist(first, second)
    along = ((second[0] - first[0]) / length, (second[1] - first[1]) / length)
    aside = (-along[1], along[0])
    near = max(-0.38, min(0.38, offset / 150)) * (
        layout.box[1] if abs(along[0]) > abs(along[1]) else layout.box[0]
    )
    a = _edge(_moved(start, aside, near), start, end, layout.box)
    b = _edge(_moved(end, aside, near), end, start, layout.box)
    bend = (offset - near) / 0.75
    reach = layout.bend * math.dist(a, b) / 2
    way = ((b[0] - a[0]) / math.dist(a, b), (b[1] - a[1]) / math.dist(a, b))
    c = _moved(_moved(a, way, reach), aside, bend)
    d = _moved(_moved(b, way, -reach), aside, bend)
    middle = _moved(((a[0] + b[0]) / 2, (a[1] + b[1]) / 2), aside, 0.75 * bend)
    _draw(root, (a, c, d, b), stroke, middle, "middle")


def _edge(start: Point, centre: Point, towards: Point, box: Point) -> Point:
    """Where a line from ``start`` in a box leaves the box in the direction of ``towards``."""
    dx, dy = towards[0] - centre[0], towards[1] - centre[1]
    reach = []
    for along, half, here, middle in (
        (dx, box[0] / 2, start[0], centre[0]),
        (dy, box[1] / 2, start[1], centre[1]),
    ):
        if along:
            reach.append((math.copysign(half, along) + middle - here) / along)
    share = min(reach)
    return (start[0] + dx * share, start[1] + dy * share)


def _moved(point: Point, direction: Point, distance: float) -> Point:
    return (point[0] + direction[0] * distance, point[1] + direction[1] * distance)


def _loop(root: ET.Element, layout: Layout, status: Status, loop: Loop, stroke: Stroke) -> None:
    """An arrow from a status to itself."""
    out = {"top": (0, -1), "bottom": (0, 1), "left": (-1, 0), "right": (1, 0)}[loop.side]
    along = (abs(out[1]), abs(out[0]))
    half = layout.box[0] / 2 if out[0] else layout.box[1] / 2
    base = _moved(_moved(layout.places[status], out, half), along, loop.shift)
    a, b = _moved(base, along, -11), _moved(base, along, 11)
    c, d = _moved(_moved(a, out, 56), along, -20), _moved(_moved(b, out, 56), along, 20)
    place = (base[0] + loop.label[0], base[1] + loop.label[1])
    _draw(root, (a, c, d, b), stroke, place, loop.anchor)


def _draw(
    root: ET.Element,
    curve: tuple[Point, Point, Point, Point],
    stroke: Stroke,
    place: Point,
    anchor: str,
) -> None:
    a, c, d, b = curve
    group = ET.SubElement(root, "g", {"class": f"arrow {stroke.look}"})
    if stroke.title:
        ET.SubElement(group, "title").text = stroke.title
    length = math.dist(d, b) or 1.0
    way = ((b[0] - d[0]) / length, (b[1] - d[1]) / length)
    head = _HEAD + stroke.width
    neck, half = _moved(b, way, -head), 4 + stroke.width * 0.8
    aside = (-way[1], way[0])
    line = " ".join(f"{x:.1f} {y:.1f}" for x, y in (c, d, _moved(b, way, -head * 0.8)))
    path = {"d": f"M{a[0]:.1f} {a[1]:.1f} C{line}", "stroke-width": f"{stroke.width:.1f}"}
    ET.SubElement(group, "path", path)
    corners = (b, _moved(neck, aside, half), _moved(neck, aside, -half))
    ET.SubElement(group, "polygon", {"points": " ".join(f"{x:.1f},{y:.1f}" for x, y in corners)})
    count = len(stroke.lines)
    apart = 6 if count == 2 else 0  # so that a line through the middle passes between two
    top = place[1] - ((count - 1) * _LINE + apart) / 2 + 5
    for number, line in enumerate(stroke.lines):
        y = top + number * (_LINE + apart)
        at = {"x": f"{place[0]:.1f}", "y": f"{y:.1f}", "text-anchor": anchor}
        text = ET.SubElement(group, "text", at | {"class": ("first", "second", "third")[number]})
        text.text = line
