"""Seeded faults that leave a mark in what was written are found from the export of a campaign."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from pt004_model.audit.judging import Judge
from pt004_model.audit.verdict import audit
from pt004_model.embedded.faults import FAULTS
from pt004_model.judge.oracle import Verdict
from tests.audit.campaigns import campaign
from tests.audit.histories import recorded
from tests.cli.servers import fronted

AREAS = {"audit", "receipts", "policy", "gates"}
UNMARKED = {
    "reason-of-the-change-is-that-of-the-policy",  # the log is what another request would write
    "rejection-reason-lost",  # the reason in the log may be one of the FC's own
    "reason-of-a-decision-optional",  # the reason that was never sent is in the log, and empty
    "resume-needs-no-policy",  # the decision that was never made is in the log
    "unknown-decision-allows",  # so is the one that nobody knows, as allow
}
"""Faults whose exports an FC without them could have written: of those only requests can tell."""
QUICK = ["deny-on-last-step-completes", "failed-run-is-not-sealed", "approver-is-the-creator"]


def found(fault: str, *campaigns: tuple[int, int]) -> bool:
    """Whether anything is wrong in the export of a campaign of a seed and some examples."""
    judge = Judge()
    exported = (campaign(fault, seed, examples) for seed, examples in campaigns)
    return any(judge.judge(recorded(each))[0] for envelopes in exported for each in envelopes)


@pytest.mark.parametrize("fault", QUICK)
def test_a_fault_is_found(fault: str) -> None:
    """A fault of each kind is found from what a small campaign has left."""
    assert found(fault, (5, 16))


@pytest.mark.parametrize("fault", [name for name, each in FAULTS.items() if each.area in AREAS])
def test_every_fault_that_leaves_a_mark_is_found(fault: str) -> None:
    """Every fault of these areas is found, save those whose exports could be right."""
    assert found(fault, (5, 16), (1, 40)) == (fault not in UNMARKED)


RUNS, CLIENTS = 1000, 8
"""Runs of the export, and clients that make them at once, two at each run."""


def change(client: httpx.Client, path: str, dice: Random) -> None:
    """Ask for some change of a run, legal or not, as one of three actors."""
    step = dice.randrange(3)
    decision = dice.choice(["allow", "allow", "flag", "deny"])
    policy = {"decision": decision, "policy_id": "p", "reason": dice.choice("abc")}
    start = {"status": "running", "current_step": "abc"[step], "step_index": step, "policy": policy}
    plain = ("running", "paused", "completed", "failed")
    body = start if dice.random() < 0.6 else {"status": dice.choice(plain), "reason": "r"}
    actor = {"X-Actor-ID": f"actor-{dice.randrange(3)}"}
    client.patch(f"{path}/status", json=body, headers=actor)


def lived(url: str, number: int) -> list[dict[str, Any]]:
    """Some runs that two clients at once have changed, as they are shown then."""
    dice, who = Random(number), {"X-Tenant-ID": "acme", "X-Actor-ID": "actor-0"}  # noqa: S311 - nothing secret
    shown = []
    with (
        httpx.Client(base_url=url, headers=who, trust_env=False, timeout=60) as client,
        ThreadPoolExecutor(2) as pair,
    ):
        for _ in range(RUNS * 2 // CLIENTS):
            asked = {"workflow_id": "w", "steps": ["a", "b", "c"], "input_payload": {"n": number}}
            run = client.post("/workflows/runs", json=asked).json()["run"]
            path = f"/workflows/runs/{run['run_id']}"
            dices = [Random(dice.random()) for _ in range(8)]  # noqa: S311 - nothing secret
            list(pair.map(lambda each, path=path: change(client, path, each), dices))
            everything = {"include_logs": "true", "include_gates": "true"}
            shown.append(client.get(path, params=everything).json())
    return shown


def test_an_export_of_runs_by_clients_at_once_conforms(tmp_path: Path) -> None:
    """A thousand runs, each changed by two clients at once beside others, are found right."""
    with fronted() as front, ThreadPoolExecutor(CLIENTS // 2) as clients:
        made = clients.map(lambda number: lived(front.url, number), range(CLIENTS // 2))
        path = tmp_path / "export.ndjson"
        path.write_text("".join(json.dumps(run) + "\n" for runs in made for run in runs))
    result = audit([path])
    assert (result.verdict, result.runs, result.why) == (Verdict.CONFORMS, RUNS, ())
    assert len(result.edges) > 20
