"""What an FC with routes and words of its own has written is read by what its file says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from pt004_model.audit.verdict import audit
from pt004_model.config import Config
from pt004_model.judge.oracle import Verdict
from tests.audit.campaigns import InProcess
from tests.drive.test_own_words import ROUTES, SPELLING, OwnWords

pytestmark = pytest.mark.system

FILE = Config(routes=ROUTES._asdict(), spelling=SPELLING)
POLICY = {"decision": "flag", "policy_id": "p", "reason": "r"}
CHANGES = (
    {"state": "RUNNING", "step": "a", "step_index": 0, "policy": POLICY},
    {"state": "completed"},
    {"state": "HELD"},
    {"state": "RUNNING"},
    {"state": "completed"},
)


@pytest.fixture(scope="module")
def lived() -> tuple[list[Any], dict[str, Any]]:
    """The recorded calls of a run, and the run as it is read."""
    recording: list[Any] = []
    with httpx.Client(
        transport=InProcess(OwnWords(), recording),
        base_url="http://fc",
        headers={"X-Org": "t", "X-Actor-ID": "ann"},
    ) as client:
        asked = {"workflow_id": "known_flow", "steps": ["a"], "priority": 1}
        asked["metadata"] = {"team": "core"}
        made = client.post("/v2/runs", json=asked, headers={"X-Idempotency-Key": "k"}).json()["run"]
        path = f"/v2/run/{made['run_id']}"
        for change in CHANGES:
            client.patch(f"{path}/state", json=change)
        shown = client.get(f"{path}?include_logs=true&include_gates=true").json()
    return recording, shown


@pytest.mark.parametrize("form", ["har", "envelope", "entries"])
def test_own_words_are_read(
    lived: tuple[list[Any], dict[str, Any]], tmp_path: Path, form: str
) -> None:
    """Calls, envelopes and single entries conform, and without the file they say nothing."""
    recording, shown = lived
    run = {name: shown[name] for name in ("run", "gates")}
    values = {
        "har": {"log": {"entries": recording}},
        "envelope": shown,
        "entries": [*shown["history"], run],
    }
    path = tmp_path / "export.json"
    path.write_text(json.dumps(values[form]))
    result = audit([path], config=FILE)
    assert (result.verdict, result.unread, result.why) == (Verdict.CONFORMS, [], ())
    assert (result.entries, result.calls) == (len(shown["history"]), 7 if form == "har" else 0)
    assert audit([path]).verdict is not Verdict.CONFORMS
    path.write_text(
        path.read_text().replace('\\"flag\\"', '\\"allow\\"').replace('"flag"', '"allow"')
    )
    if form != "har":  # whose bodies are in base64
        assert {each.check.id for each in audit([path], config=FILE).by_weight} >= {"receipts.hash"}


def test_a_run_in_a_status_of_its_own_is_not_judged(
    lived: tuple[list[Any], dict[str, Any]], tmp_path: Path
) -> None:
    """A run that shows a word for what the contract does not have is set aside, and told."""
    _, shown = lived
    path = tmp_path / "export.json"
    path.write_text(json.dumps({**shown, "run": {**shown["run"], "state": "cancelled"}}))
    result = audit([path], config=FILE)
    assert (result.verdict, result.found) == (Verdict.UNSURE, {})
    assert "outside of the model" in result.why[0]
