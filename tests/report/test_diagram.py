"""The lifecycle drawn in three forms, each from the model; the manual shows one that is current."""

from __future__ import annotations

import re
from importlib import resources
from xml.etree import ElementTree as ET

import pytest
from attrs import evolve

from pt004_model.manual import page
from pt004_model.model.graph import Arrow, arrows
from pt004_model.report import diagram
from pt004_model.report.diagram import TEMPLATE, Stroke, dot, label, mermaid, picture, svg
from pt004_model.vocabulary import Status
from tests.cli.helpers import invoke

SVG = "{http://www.w3.org/2000/svg}"


def name(arrow: Arrow) -> str:
    """An arrow as the template calls it."""
    return f"{arrow.source} {arrow.ask} {arrow.target}"


def numbers(group: ET.Element, path: str, attribute: str) -> tuple[float, float]:
    """The first two numbers of an attribute, or -1 where there are none."""
    found = group.find(path)
    text = "" if found is None else found.get(attribute, "")
    x, y = (*map(float, re.findall(r"\d+", text)), -1.0, -1.0)[:2]
    return x, y


def drawn(svg: str) -> list[list[str]]:
    """The lines of the label of each arrow of an SVG picture."""
    root = ET.fromstring(svg)  # noqa: S314 - made by us
    return [
        [text.text or "" for text in group.findall(f"{SVG}text")]
        for group in root.findall(f"{SVG}g")
        if "arrow" in str(group.get("class"))
    ]


@pytest.mark.parametrize("tall", [False, True])
@pytest.mark.parametrize("governed", [True, False])
def test_the_template_has_an_arrow_an_edge(tall: bool, governed: bool) -> None:
    """Each edge of the model has its arrow in both layouts, from box to box, and with its label."""
    strokes = {each: Stroke((name(each), "label")) for each in arrows(governed)}
    made = picture(strokes, tall=tall)
    named = re.findall('data-arrow="([^"]+)"', made)
    assert sorted(map(name, strokes)) == sorted(named)
    assert [[each, "label"] for each in named] == drawn(made)
    root = ET.fromstring(made)  # noqa: S314 - made by us
    groups = root.findall(f"{SVG}g")
    boxes = {each.findtext(f"{SVG}text"): numbers(each, ".", "transform") for each in groups}
    half_x, half_y = (48, 20) if tall else (58, 23)
    for each in groups:
        if "data-arrow" not in each.attrib:
            continue
        source, _, target = each.attrib["data-arrow"].split()
        from_frame = numbers(each, f"{SVG}path", "d")
        to_frame = numbers(each, f"{SVG}polygon", "transform")
        for status, (x, y) in ((source, from_frame), (target, to_frame)):
            there = boxes[status]
            away = max(abs(x - there[0]) / half_x, abs(y - there[1]) / half_y)
            assert away == pytest.approx(1, abs=0.03), each.attrib["data-arrow"]


def test_the_template_places_no_arrow_without_an_edge() -> None:
    """What is placed by hand is what the model has, in each layout, and a loop for refusals."""
    source = resources.files("pt004_model.report").joinpath(TEMPLATE).read_text("utf-8")
    placed = re.findall(r'\{\{ arrow\("([^"]+)"', source)
    known = [*map(name, arrows(True)), *(f"{status} refused" for status in Status)]
    assert sorted(2 * known) == sorted(placed)
    assert {name(each) for each in arrows(False)} <= set(known)


@pytest.mark.parametrize("governed", [True, False])
def test_every_arrow_is_drawn_once(governed: bool) -> None:
    """Each form has the arrows of the model, no more and no fewer."""
    every = arrows(governed)
    labels = sorted(map(label, every))
    assert labels == sorted(", ".join(lines) for lines in drawn(svg(governed)))
    pairs = sorted((each.source, each.target, label(each)) for each in every)
    assert pairs == sorted(re.findall(r"(?m)^    (\w+) --> (\w+): (.+)$", mermaid(governed)))
    assert pairs == sorted(re.findall(r'(\w+) -> (\w+) \[label="([^"]+)"', dot(governed)))


def test_a_model_with_another_table_is_drawn_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """The diagrams come from the model: an arrow less there shows in each, one more in text."""
    here = arrows(True)
    back = Arrow(Status.FAILED, here[0].ask, Status.PENDING, free=False, when=("never",))
    monkeypatch.setattr(diagram, "arrows", lambda _: (*here[1:], back))
    for form in (mermaid(), dot()):
        assert "never" in form
    assert len(drawn(svg())) == len(here) - 1
    assert "pending --> running" not in mermaid()
    assert "failed --> pending: start, never" in mermaid()


def test_what_an_fc_may_refuse_looks_otherwise() -> None:
    """Where the FC is free the arrow is dashed, and its label says so."""
    free = [each for each in arrows(True) if each.free]
    assert ["fail, may be refused"] == list(map(label, free))
    assert "fail" == label(evolve(free[0], free=False))
    assert 1 == svg().count('class="arrow free"')
    assert 1 == dot().count("style=dashed")


def test_the_manual_shows_the_lifecycle_as_it_is() -> None:
    """The picture in the manual is what ``pt004 diagram --as mermaid`` draws."""
    blocks = re.findall(r"(?ms)^```mermaid\n(.*?)^```$", page("architecture"))
    assert [mermaid()] == blocks


@pytest.mark.parametrize(("form", "made"), list(diagram.FORMS.items()))
def test_the_command_prints_each_form(form: str, made: object) -> None:
    """What is printed can be written to a file as it is, for governed and ungoverned runs."""
    assert callable(made)
    assert (made(True), 0) == (invoke("diagram", "--as", form).out, 0)
    assert made(False) == invoke("diagram", "--as", form, "--ungoverned").out
