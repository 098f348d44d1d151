"""Whatever an FC answers, a campaign comes to its end."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

import pytest
from attrs import evolve

from pt004_model.judge.oracle import Verdict
from pt004_model.model.commands import Command, RunRef
from pt004_model.model.replies import Reply, Response
from pt004_model.model.values import Json
from tests.sampling import some
from tests.search.test_campaign import SMALL, Shared, explore
from tests.stub import Tampering

pytestmark = pytest.mark.system

JUNK: list[Json] = [
    None, True, 0, -1, 1.5, 10**400, "", "x", "\ud800", [], {}, [[]], {"run": None}, {"run": []},
    {"run": {}}, {"run": {"run_id": 7}}, {"detail": ""}, {"logs": {}, "gates": "", "run": {}},
]  # fmt: skip


def spoil(value: Json, dice: Random) -> Json:
    """``value`` with junk somewhere in it."""
    if isinstance(value, dict) and value and dice.random() < 0.9:
        name = dice.choice(sorted(value))
        return {**value, name: spoil(value[name], dice)}
    if isinstance(value, list) and value and dice.random() < 0.9:
        at = dice.randrange(len(value))
        return [*value[:at], spoil(value[at], dice), *value[at + 1 :]]
    return dice.choice(JUNK)


class Misunderstood(Shared):
    """Does not mind by which id it is asked: on their way its ids were spoilt, like all else."""

    def _addressed(self, ref: RunRef, run_id: Callable[[RunRef], str], nonce: str) -> str:
        assert run_id(ref) is not None, f"nobody knows {ref} of {nonce}"
        return run_id(ref)


@pytest.mark.parametrize("seed", some(range(6), 5))
def test_whatever_comes_back_a_campaign_ends(seed: int) -> None:
    """Junk anywhere in replies and any status code are findings, and all examples are done."""
    dice = Random(seed)  # noqa: S311 - no secret is made

    def tamper(_: Command, reply: Reply) -> Response:
        if dice.random() < 0.85:
            return reply
        body = reply.body if isinstance(reply.body, dict) else {}
        code = dice.choice((reply.code, reply.code, 200, 201, 204, 301, 404, 418, 500))
        return evolve(reply, code=code, body=spoil(body, dice))

    profile = evolve(SMALL, shrink=(40, 5.0), settle=(400, 20.0, 0.0))
    result = explore(Tampering(Misunderstood(), tamper), profile, seed)
    assert result.findings
    borne_out = any(found.counts for found in result.findings)  # what comes by chance need not be
    assert result.verdict is (Verdict.DIVERGES if borne_out else Verdict.UNSURE)
    assert result.examples == 14
    assert {found.trouble for found in result.findings} == {""}
