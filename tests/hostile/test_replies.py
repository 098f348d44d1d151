"""Replies that were spoilt anywhere: a campaign comes to its end, and all of it can be shown."""

from __future__ import annotations

import json
from pathlib import Path
from random import Random
from typing import Final

import pytest

from pt004_model.reproduce import FORMS
from tests.cli.helpers import invoke, summary, traces
from tests.cli.servers import Said, Seen, fronted
from tests.hostile.conftest import LARGE, Figure
from tests.hostile.test_readers import JSON

pytestmark = pytest.mark.system

ROUNDS: Final = 10 if LARGE else 1
REPLIES: Final = 1000 if LARGE else 120
"""Replies that are spoilt in each round."""
STATUSES: Final = (200, 200, 200, 201, 204, 301, 404, 409, 418, 500, 999)
KINDS: Final = ("application/json", "application/json", "text/html", "", "application/json; x=1")


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_any_reply_may_be_spoilt(seed: int, tmp_path: Path, figure: Figure) -> None:
    """Campaign, page, digest, filing and every form of every trace end without a traceback."""
    rng, spoilt = Random(seed), [0]  # noqa: S311 - no secret is made

    def after(seen: Seen, said: Said) -> Said:
        if seen.number < 3 or rng.random() < 0.5:
            return said
        spoilt[0] += 1
        content = said.body
        for _ in range(rng.choice((0, 1, 1, 2))):
            try:
                content = rng.choice(JSON)(content, rng)
            except (ValueError, IndexError, RecursionError, UnicodeError):
                break  # it is no JSON any more, and is spoilt enough
        status = rng.choice((said.status, said.status, rng.choice(STATUSES)))
        return Said(status, content, rng.choice(KINDS))

    replies = 0
    while replies < REPLIES:
        spoilt[0] = 0
        out = tmp_path / str(replies)
        with fronted(after=after) as front:
            flags = ("--max-examples", "6", "--seed", str(seed), "--confirm", "1", "--page")
            size = ("--max-time", "30", "--timeout", "2")
            ended = invoke("check", "--base-url", front.url, "--out", out, *flags, *size)
        assert ended.code in {1, 3}, ended.said
        assert "Traceback" not in ended.said
        replies += spoilt[0]
        shown(out)
    figure(f"mutated replies, seed {seed}", f"{replies}, 0 crashes")


def shown(out: Path) -> None:
    """Everything that a campaign left can be shown and filed."""
    assert json.dumps(summary(out))
    assert invoke("digest", out).code == 0
    assert invoke("submit", out, "--to", out / "issues", "--most", "3").code in {0, 2}
    for path in traces(out)[:5]:
        for form in FORMS:
            assert invoke("show", path, "--as", form).code == 0, (path, form)
