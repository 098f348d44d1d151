"""Small bar charts as SVG, and bars that fill: no more than a number needs to be seen at once."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Final
from xml.etree import ElementTree as ET

from markupsafe import Markup

_WIDTH: Final = 340.0
_HEIGHT: Final = 132.0
_BASE: Final = 104.0  # where the bars stand
_TOP: Final = 16.0
_LEFT: Final = 6.0
_MOST_BARS: Final = 20
_LABEL: Final = 26.0  # pixels for a number below a bar


def bars(counts: Mapping[str, int], title: str) -> Markup:
    """Return a chart of counts by name; names that are numbers stand in order."""
    shown = _grouped(counts)
    said = ", ".join(f"{name}: {count:,}" for name, count in shown) or "nothing"
    root = ET.Element(
        "svg",
        {
            "viewBox": f"0 0 {_WIDTH:g} {_HEIGHT:g}",
            "role": "img",
            "class": "bars",
            "aria-label": f"{title}. {said}",
        },
    )
    most = max((count for _, count in shown), default=0) or 1
    slot = (_WIDTH - 2 * _LEFT) / max(len(shown), 6)
    every = max(1, math.ceil(_needed(shown) / slot))
    axis = {"x1": _LEFT, "x2": _WIDTH - _LEFT, "y1": _BASE + 0.5, "y2": _BASE + 0.5}
    ET.SubElement(root, "line", {name: f"{value:g}" for name, value in axis.items()})
    tallest = max(range(len(shown)), key=lambda n: shown[n][1], default=0)
    for number, (name, count) in enumerate(shown):
        left = _LEFT + number * slot
        height = max((_BASE - _TOP) * count / most, 1.5 if count else 0)
        group = ET.SubElement(root, "g")
        ET.SubElement(group, "title").text = f"{name}: {count:,}"
        bar = {"x": left + slot * 0.12, "y": _BASE - height, "width": slot * 0.76}
        bar |= {"height": height, "rx": min(2.0, slot * 0.2)}
        ET.SubElement(group, "rect", {key: f"{value:.1f}" for key, value in bar.items()})
        if number % every == 0:
            _text(root, left + slot / 2, _BASE + 17, name, "name")
        if number == tallest or slot > 44:
            _text(root, max(left + slot / 2, 18), _BASE - height - 5, f"{count:,}", "count")
    return Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704 - built as a tree


def _needed(shown: list[tuple[str, int]]) -> float:
    """Return the room that the longest name takes, in pixels."""
    return max((7.0 * len(name) + 6 for name, _ in shown), default=_LABEL)


def _text(root: ET.Element, x: float, y: float, text: str, look: str) -> None:
    at = {"x": f"{x:.1f}", "y": f"{y:.1f}", "text-anchor": "middle", "class": look}
    ET.SubElement(root, "text", at).text = text


def _grouped(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    """Return counts in the order of their names, with gaps between numbers, the tail as one."""
    if not counts or not all(name.isascii() and name.isdigit() for name in counts):
        return list(counts.items())
    numbers = {int(name): count for name, count in counts.items()}
    first, last = min(numbers), max(numbers)
    if last - first < _MOST_BARS:
        return [(str(number), numbers.get(number, 0)) for number in range(first, last + 1)]
    tail = first + _MOST_BARS - 1
    singles = [(str(number), numbers.get(number, 0)) for number in range(first, tail)]
    return [*singles, (f"{tail}+", sum(n for number, n in numbers.items() if number >= tail))]


def share(part: int, whole: int, title: str) -> Markup:
    """Return a bar that is filled as far as ``part`` of ``whole``."""
    filled = 100.0 * part / whole if whole else 0.0
    root = ET.Element(
        "svg",
        {"viewBox": "0 0 100 4", "preserveAspectRatio": "none", "role": "img", "class": "share"},
    )
    root.set("aria-label", title)
    ET.SubElement(root, "rect", {"width": "100", "height": "4", "class": "whole"})
    ET.SubElement(root, "rect", {"width": f"{filled:.2f}", "height": "4", "class": "part"})
    return Markup(ET.tostring(root, encoding="unicode"))  # noqa: S704 - built as a tree
