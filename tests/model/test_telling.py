"""What the contract allows, in words."""

from __future__ import annotations

import pytest

from pt004_model.model.commands import Caller, ChangeRun, Command, CreateRun, ReadRun, Tenant
from pt004_model.model.telling import codes_told, count, some, tell, times
from pt004_model.model.values import Body
from pt004_model.model.world import World, expect

CREATE = CreateRun(0, Body.of({"workflow_id": "w", "steps": ["a"]}), key="k")
FLAG = {"decision": "flag", "policy_id": "p", "reason": "r"}
START = ChangeRun(
    0,
    Body.of({"status": "running", "current_step": "a", "step_index": 0, "policy": FLAG}),  # type: ignore[dict-item]  # it is JSON
)
MADE = expect(World(), CREATE)[0].world


@pytest.mark.parametrize(
    ("world", "command", "told"),
    [
        (World(), CREATE, ["accepted with 201: pending"]),
        (MADE, CREATE, ["accepted with 201: pending, as it was then"]),
        (
            MADE,
            START,
            ["accepted with 200: running, step 0, flag", "accepted with 200: paused, step 0, flag"],
        ),
        (
            MADE,
            ChangeRun(0, Body.of({"status": "completed"})),
            ["refused with 400, 409 or 422 (lifecycle.only-legal-changes)"],
        ),
        (MADE, ReadRun(0), ["accepted with 200: pending, gates in full, logs in full"]),
        (
            MADE.with_code(("GET", True, True, Caller(Tenant.STRANGER)), 404),
            ReadRun(0, caller=Caller(Tenant.STRANGER)),
            ["refused with 404, as the same call on another run that is not there"],
        ),
        (
            World(),
            CreateRun(0, Body('{"workflow_id":"w","a":1e400}')),
            [
                "refused with 400, 413, 415 or 422 (input.beyond-contract)",
                "any answer but a server error: what was sent lies beyond the contract",
            ],
        ),
    ],
)
def test_every_outcome_is_told(world: World, command: Command, told: list[str]) -> None:
    """Each allowed outcome is one text: accepted or refused, with what code, and the state."""
    assert told == [tell(outcome) for outcome in expect(world, command)]


@pytest.mark.parametrize(
    ("codes", "told"),
    [
        ({404}, "404"),
        ({404, 403}, "403 or 404"),
        (set(range(300, 500)), "any 3xx or 4xx"),
    ],
)
def test_codes(codes: set[int], told: str) -> None:
    """A few codes are listed, many are summed up."""
    assert told == codes_told(frozenset(codes))


def test_one_is_no_plural() -> None:
    """A number agrees with its noun, none and many alike."""
    assert [count(number, "example") for number in (0, 1, 2)] == [
        "0 examples",
        "1 example",
        "2 examples",
    ]
    assert [times(number) for number in (0, 1, 2)] == ["0 times", "once", "2 times"]
    assert (count(1204, "request", ","), times(1204, ",")) == ("1,204 requests", "1,204 times")


def test_some_of_many_say_how_many_more() -> None:
    """Nothing is said of more where there are none."""
    assert [*some(["a", "b"], 2)] == ["a", "b"]
    assert [*some(["a", "b", "c", "d"], 2, " of them")] == ["a", "b", "  and 2 more of them"]
