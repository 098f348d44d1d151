"""An FC may look at headers, body and route of a request in any order (section 11)."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import pytest

from tests.cli.helpers import invoke
from tests.cli.servers import Before, Said, Seen, fronted, refusal

pytestmark = pytest.mark.system


def body_first(code: int) -> Before:
    """Refuse whatever comes without a JSON body, a GET aside, before the route is looked at."""

    def before(seen: Seen) -> Said | None:
        if seen.method == "GET":
            return None
        try:
            json.loads(seen.body)
        except (ValueError, RecursionError):
            return refusal(code)
        return None

    return before


def headers_first(seen: Seen) -> Said | None:
    """Refuse whatever comes without tenant or actor before route and body are looked at."""
    missing = not {"x-tenant-id", "x-actor-id"} <= seen.headers.keys()
    return refusal(422) if seen.is_run_call and missing else None


ORDERS: Final = {
    "body, 400": body_first(400),
    "body, 415": body_first(415),
    "body, 422": body_first(422),
    "headers": headers_first,
}


@pytest.mark.parametrize("order", ORDERS)
def test_what_is_looked_at_first_is_left_to_the_fc(order: str, tmp_path: Path) -> None:
    """A campaign finds nothing wrong with an FC that looks at the route last."""
    with fronted(before=ORDERS[order]) as front:
        ended = invoke(
            "check", "--base-url", front.url, "--out", tmp_path, "--seed", "1",
            "--max-examples", "8", "--quiet",
        )  # fmt: skip
    wrong = [each for each in front.seen if each.method in {"PUT", "DELETE"}]
    assert (ended.code, wrong != []) == (0, True), ended.said


WRONG: Final = {
    "input.refusal-code": refusal(409),
    "input.wrong-method-refused": Said(200, b"{}"),
}


@pytest.mark.parametrize("check", WRONG)
def test_a_wrong_method_is_refused_for_a_reason(check: str, tmp_path: Path) -> None:
    """A code that no reason has is found, and so is a method that is taken."""
    with fronted(lambda seen: WRONG[check] if seen.method in {"PUT", "DELETE"} else None) as front:
        ended = invoke(
            "check", "--base-url", front.url, "--out", tmp_path, "--seed", "1",
            "--max-examples", "8",
        )  # fmt: skip
    assert (ended.code, check in ended.out) == (1, True), ended.said
