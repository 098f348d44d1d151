"""The arrows of the lifecycle: those of the table, with what the guards make of them."""

from __future__ import annotations

import pytest

from pt004_model.model.graph import SAYS, arrows
from pt004_model.model.rules import Rule
from pt004_model.model.run import GOVERNED, UNGOVERNED, Ask
from pt004_model.vocabulary import Status


def told(governed: bool) -> list[str]:
    """The arrows as lines."""
    lines = []
    for each in arrows(governed):
        may = ["may"] if each.free else []
        when = [", ".join(each.when)] if each.when else []
        lines.append(" ".join([f"{each.source} -{each.ask}-> {each.target}", *may, *when]))
    return lines


def test_the_arrows_of_governed_runs() -> None:
    """These are the rows of section 3.2, as they are read off the model."""
    assert told(governed=True) == [
        "pending -start-> running",
        "pending -fail-> failed may",
        "running -start-> running after allow or a cleared flag, not on the last step",
        "running -pause-> paused after allow, flag or a cleared flag",
        "running -complete-> completed after allow or a cleared flag, on the last step",
        "running -fail-> failed",
        "paused -resume-> running",
        "paused -repeat-> running",
        "paused -start-> running not on the last step",
        "paused -fail-> failed",
    ]


def test_the_arrows_of_ungoverned_runs() -> None:
    """These are the changes of section 3.3; there are no steps to be on."""
    assert told(governed=False) == [
        "pending -start-> running",
        "pending -fail-> failed may",
        "running -start-> running may after allow or a cleared flag",
        "running -pause-> paused after allow, flag or a cleared flag",
        "running -complete-> completed after allow or a cleared flag",
        "running -fail-> failed",
        "paused -start-> running",
        "paused -fail-> failed",
    ]


@pytest.mark.parametrize(("governed", "table"), [(True, GOVERNED), (False, UNGOVERNED)])
def test_the_table_has_the_same_changes(
    governed: bool, table: dict[Status, dict[Ask, Rule | None]]
) -> None:
    """What the table lists is drawn, and nothing else; so is the FC's freedom to refuse."""
    rows = {
        (status, ask, rule is not None)
        for status, row in table.items()
        for ask, rule in row.items()
    }
    assert rows == {(each.source, each.ask, each.free) for each in arrows(governed)}


def test_each_ask_is_told_of() -> None:
    """There are words for every ask."""
    assert set(SAYS) == set(Ask)
