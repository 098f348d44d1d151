"""An FC whose tokens live briefly, or that demands more of a create: both are met by settings."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.cli.helpers import Ended, invoke
from tests.cli.servers import Said, Seen, fronted, refusal

pytestmark = pytest.mark.system

SMALL = ("--max-examples", "4", "--seed", "5", "--confirm", "0")


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder without any file of ours."""
    monkeypatch.chdir(tmp_path)


def check(url: str, **environment: str) -> Ended:
    """A short campaign."""
    return invoke("check", "--base-url", url, *SMALL, **environment)


def wants_priority(seen: Seen) -> Said | None:
    """Refuse a create without a priority, but for what is wrong with it otherwise."""
    if seen.method != "POST":
        return None
    try:
        body = json.loads(seen.body)
    except (ValueError, RecursionError):
        return None
    whole = isinstance(body, dict) and isinstance(body.get("workflow_id"), str)
    missing = whole and "priority" not in body
    return Said(422, b'{"detail": "priority is required"}') if missing else None


def test_what_a_create_must_carry_is_hinted_at_and_can_be_said() -> None:
    """The refusal is told before anything else; with the file there is none."""
    hint = 'the first create is refused with 422, "priority is required"; what every create must'
    with fronted(wants_priority) as front:
        ended = check(front.url)
        assert (1, True) == (ended.code, hint in ended.err)
        Path("pt004.toml").write_text('[create.fields]\npriority = ["low", "high"]\n')
        ended = check(front.url)
        assert (0, False) == (ended.code, hint in ended.said), ended.said


@pytest.mark.parametrize(("renewed", "code"), [(True, 0), (False, 3)])
def test_a_token_that_dies_in_the_middle(renewed: bool, code: int) -> None:
    """It is fetched again and nothing is found; where it cannot be, that is said."""
    tokens = ["token-of-before", "token-of-after"]
    path = Path("token").absolute()
    path.write_text(tokens[0])
    count = 0

    def demand(seen: Seen) -> Said | None:
        nonlocal count
        count += 1
        good = tokens[count > 150]
        if renewed:
            path.write_text(good)
        there = seen.headers.get("authorization") == f"Bearer {good}"
        return None if there else refusal(401)

    with fronted(demand) as front:
        ended = check(front.url, FC_TOKEN_FILE=str(path))
    assert code == ended.code, ended.said
    assert ("UNSURE: the token is no longer taken" in ended.out) == (not renewed)
    assert "token-of" not in ended.said
    assert not [*Path(".pt004").glob("traces/*.json")]
