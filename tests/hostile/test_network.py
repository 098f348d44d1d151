"""A network that loses calls costs time and certainty, and neither the campaign nor the truth."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.helpers import Ended, invoke, serving, summary
from tests.hostile.conftest import LARGE, Figure
from tests.hostile.proxy import FATES, Decide, Proxy, blip, harming, sometimes

pytestmark = pytest.mark.system

EXAMPLES = 8


@pytest.fixture(scope="module")
def fc() -> Iterator[str]:
    """The address of an embedded FC that knows no harm."""
    with serving() as (url, _):
        yield url


def campaign(
    fc: str, decide: Decide, out: Path, patience: str, examples: int = EXAMPLES
) -> tuple[Ended, Proxy]:
    """A small campaign over a network that does harm."""
    flags = ("--max-examples", examples, "--max-commands", "8", "--seed", "7", "--timeout", "0.3")
    with harming(fc, decide) as proxy:
        where = ("--base-url", proxy.url, "--out", out)
        said = invoke("check", *where, *map(str, flags), PT004_PATIENCE=patience)
    return said, proxy


BLIPS = {
    "in the middle": lambda: blip(lambda number, _: number == 40, 0.3),
    "at health": lambda: blip(lambda number, _: number == 0, 0.3),
    "at the first create": lambda: blip(lambda _, line: line.startswith(b"POST"), 0.3),
    "with connections that break": lambda: blip(lambda number, _: number == 40, 0.3, "unsent"),
}


@pytest.mark.parametrize("where", BLIPS)
def test_a_blip_does_not_end_a_campaign(where: str, fc: str, tmp_path: Path) -> None:
    """A third of a second without an answer, wherever it comes, and all examples are made."""
    said, proxy = campaign(fc, BLIPS[where](), tmp_path, "20")
    assert sum(proxy.harmed.values()) >= 3
    told = summary(tmp_path)
    assert (EXAMPLES, []) == (told["examples"], told["findings"]), said.said
    assert "stopped answering" not in told["why"]


@pytest.mark.parametrize(("where", "examples"), [("in the middle", None), ("at health", 0)])
def test_without_patience_it_does(
    where: str, examples: int | None, fc: str, tmp_path: Path
) -> None:
    """Three calls in a row, or the first, without an answer and without patience are the end."""
    said, _ = campaign(fc, BLIPS[where](), tmp_path, "0")
    assert said.code == 3
    told = summary(tmp_path)
    assert told["examples"] < EXAMPLES if examples is None else told["examples"] == examples


@pytest.mark.parametrize("call", [2, 3, 4, 9, 14, 30])
@pytest.mark.parametrize("fate", ["503", "truncated"])
def test_a_proof_with_a_lost_answer_is_unsure(
    call: int, fate: str, fc: str, tmp_path: Path
) -> None:
    """Its case says what was not answered; the others are made, and the report is written."""
    with harming(fc, lambda number, _: fate if number == call else "") as proxy:
        said = invoke("prove", "--base-url", proxy.url, "--out", tmp_path / "proof")
    assert said.code == 3, said.said
    assert "  expected: an answer\n" in said.out
    assert said.out.count("✗ ") == 2  # the line in its case, and the case in the end
    assert "Verdict: UNSURE" in said.out
    assert invoke("verify", tmp_path / "proof").code in {0, 3}


LOSSES = ("lost", "reset", "unsent", "truncated", "delayed", "503", "504", "429", "html")
ALONE = LOSSES if LARGE else ("html",)
SIZE = 40 if LARGE else EXAMPLES


@pytest.mark.parametrize("share", [0.02, 0.1])
@pytest.mark.parametrize("fates", [LOSSES, *((each,) for each in ALONE)], ids=" ".join)
def test_a_lossy_network_makes_no_finding(
    share: float, fates: tuple[str, ...], fc: str, tmp_path: Path, figure: Figure
) -> None:
    """With up to a tenth of all calls harmed, all examples are made and nothing is believed."""
    assert set(fates) < set(FATES)
    clean, _ = campaign(fc, lambda _, __: "", tmp_path / "clean", "20", SIZE)
    said, proxy = campaign(fc, sometimes(share, fates, 11), tmp_path / "lossy", "20", SIZE)
    told, before = summary(tmp_path / "lossy"), summary(tmp_path / "clean")
    believed = [each for each in told["findings"] if not each["unconfirmed"]]
    assert (SIZE, []) == (told["examples"], believed), said.said
    assert "stopped answering" not in told["why"]
    assert said.code in {0, 3}
    assert proxy.harmed
    assert before["verdict"] == "conforms", clean.said
    ratio = told["seconds"] / before["seconds"]
    name = f"{share:.0%} of calls {fates[0] if len(fates) == 1 else 'harmed'}"
    figure(name, f"{told['verdict']}, {ratio:.1f} times as long, 0 confirmed findings")
