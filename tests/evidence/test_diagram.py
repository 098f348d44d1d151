"""The lifecycle drawn in three forms, each from the model; the README shows one that is current."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from attrs import evolve

from pt004_model.evidence import diagram
from pt004_model.evidence.diagram import dot, label, mermaid, svg
from pt004_model.model.graph import Arrow, arrows
from pt004_model.vocabulary import Status
from tests.cli.helpers import invoke
from tests.repo.helpers import ROOT

SVG = "{http://www.w3.org/2000/svg}"


def drawn(picture: str) -> list[list[str]]:
    """The lines of the label of each arrow of an SVG picture."""
    root = ET.fromstring(picture)  # noqa: S314 - made by us
    return [
        [text.text or "" for text in group.findall(f"{SVG}text")]
        for group in root.findall(f"{SVG}g")
        if "arrow" in str(group.get("class"))
    ]


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
    """The pictures come from the model: an arrow less or more there shows in each."""
    here = arrows(True)
    back = Arrow(Status.FAILED, here[0].ask, Status.PENDING, free=False, when=("never",))
    monkeypatch.setattr(diagram, "arrows", lambda _: (*here[1:], back))
    for form in (svg(), mermaid(), dot()):
        assert "never" in form
    assert len(drawn(svg())) == len(here)
    assert "pending --> running" not in mermaid()
    assert "failed --> pending: start, never" in mermaid()


def test_what_an_fc_may_refuse_looks_otherwise() -> None:
    """Where the FC is free the arrow is dashed, and its label says so."""
    free = [each for each in arrows(True) if each.free]
    assert ["fail, may be refused"] == list(map(label, free))
    assert "fail" == label(evolve(free[0], free=False))
    assert 1 == svg().count('class="arrow free"')
    assert 1 == dot().count("style=dashed")


def test_the_readme_shows_the_lifecycle_as_it_is() -> None:
    """The picture in the README is what ``pt004 diagram --as mermaid`` draws."""
    blocks = re.findall(r"(?ms)^```mermaid\n(.*?)^```$", (ROOT / "README.md").read_text("utf-8"))
    assert [mermaid()] == blocks


@pytest.mark.parametrize(("form", "made"), list(diagram.FORMS.items()))
def test_the_command_prints_each_form(form: str, made: object) -> None:
    """What is printed can be written to a file as it is, for governed and ungoverned runs."""
    assert callable(made)
    assert (made(True), 0) == (invoke("diagram", "--as", form).out, 0)
    assert made(False) == invoke("diagram", "--as", form, "--ungoverned").out
