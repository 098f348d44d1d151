"""What production uses comes first in a campaign, and is told where it was not driven."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from attrs import asdict

from pt004_model.drive.lockstep import Tally
from pt004_model.model.coverage import Edge
from pt004_model.model.moves import goals
from pt004_model.report.summary import Edges, edge_documents, read_edges
from pt004_model.search.goals import due, unlike
from pt004_model.trace.files import Unusable, write_json
from tests.audit.histories import export
from tests.cli.helpers import invoke

LENGTHS = (1, 2, 3)
USED = Edge("paused", "start-allow", "cleared", "middle", "accepted")
DRIVEN = Edge("pending", "start-allow", "-", "none", "accepted")
NOWHERE = Edge("running", "start-allow", "deny", "middle", "accepted")


def test_what_is_used_is_due_first() -> None:
    """Of the goals that were not driven those that are used come first, and then the others."""
    assert {USED} == {edge for goal in due(Tally(), LENGTHS, {USED: 7}) for edge in goal.edges}
    driven = Tally(edges=Counter({USED: 1}))
    assert due(driven, LENGTHS, {USED: 7}) == due(driven, LENGTHS)
    assert due(Tally(edges=Counter(_all())), LENGTHS, {USED: 7}) != ()


def _all() -> set[Edge]:
    return {edge for goal in goals(LENGTHS) for edge in goal.edges}


def test_what_was_not_driven_is_told() -> None:
    """Used edges of the model that were not driven are told, the most used first."""
    other = Edge("running", "pause", "allow", "last", "accepted")
    used = {DRIVEN: 9, USED: 2, NOWHERE: 5, other: 3}
    assert [*unlike(used, {DRIVEN: 1}, LENGTHS).items()] == [(other, 3), (USED, 2)]


def test_a_file_of_edges_is_read_back(tmp_path: Path) -> None:
    """What an audit counts is what a campaign reads; what is none is told."""
    path = tmp_path / "edges.json"
    document = asdict(Edges(edges=edge_documents({USED: 7, DRIVEN: 1})))
    write_json(path, document)
    assert read_edges(path) == {USED: 7, DRIVEN: 1}
    for wrong, said in (
        ([], "it is no list of edges of pt004"),
        ({**document, "version": 2}, "of version 2, and this pt004 reads version 1"),
        ({**document, "edges": [{"count": 1}]}, r"required field missing, at edges\[0\].status"),
        ({**document, "edges": [7]}, r", at edges\[0\]"),
        ({"format": "pt004-edges", "version": 1}, "required field missing, at edges"),
    ):
        write_json(path, wrong)
        with pytest.raises(Unusable, match=f"^{path} cannot be used: .*{said}"):
            read_edges(path)


def test_a_campaign_is_told_what_production_uses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the export of production to a campaign that says which of its edges it left out."""
    monkeypatch.chdir(tmp_path)
    lines = [json.dumps(each) + "\n" for each in export(3, 60)]
    Path("export.ndjson").write_text("".join(lines))
    assert invoke("audit", "export.ndjson", "--edges", "edges.json").code == 0
    few = ("--max-examples", "4", "--max-commands", "2", "--seed", "1", "--no-races")
    ended = invoke("check", *few, "--weights", "edges.json")
    assert "production uses, and this campaign did not drive: " in ended.out
    assert "--weights edges.json" in ended.lines[-1]
    assert invoke("check", *few, "--weights", "export.ndjson").code == 2
    assert invoke("check", *few, "--weights", "nowhere").code == 2
