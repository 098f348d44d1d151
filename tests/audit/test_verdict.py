"""The three traps of verifiers, one finding a bug, and heads that outlast an audit."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pt004_model.audit.heads import Heads, load_heads
from pt004_model.audit.verdict import Audit, audit
from pt004_model.judge.oracle import Verdict
from pt004_model.trace.files import Unusable
from tests.audit.histories import denied, governed, rehash
from tests.stub import Stub


def review(folder: Path, runs: list[dict[str, Any]], heads: Heads | None = None) -> Audit:
    """The audit of some envelopes."""
    path = folder / "export.ndjson"
    path.write_text("".join(json.dumps(run) + "\n" for run in runs))
    return audit([path], heads)


def test_nothing_to_check_is_unsure(tmp_path: Path) -> None:
    """An empty export, and runs without their logs, are no pass."""
    assert review(tmp_path, []).verdict is Verdict.UNSURE
    result = review(tmp_path, [{"run": governed()["run"]}])
    assert result.verdict is Verdict.UNSURE
    assert "without log entries" in result.why[0]


def test_a_log_without_receipts_is_unsure(tmp_path: Path) -> None:
    """An export that lost its receipts is neither valid nor called tampered; its path is judged."""
    envelope = governed()
    for entry in envelope["logs"]:
        del entry["receipt_hash"], entry["previous_receipt_hash"]
    result = review(tmp_path, [envelope])
    assert (result.verdict, len(result.why)) == (Verdict.UNSURE, 1)
    del envelope["logs"][4:6]
    assert review(tmp_path, [envelope]).verdict is Verdict.DIVERGES


def test_one_bug_is_one_finding(tmp_path: Path) -> None:
    """A bug over many runs is one finding, with a count and the first three runs."""
    stub = Stub()
    runs = [governed(stub) for _ in range(5)]
    for run in runs:
        run["run"]["status"] = "failed"
    result = review(tmp_path, runs)
    (found,) = result.found.values()
    assert found.runs == 5
    assert [each.run_id for each in found.first] == [run["run"]["run_id"] for run in runs[:3]]
    assert found.first[1].place.endswith("export.ndjson, line 2")


def test_an_id_of_another_run_is_found(tmp_path: Path) -> None:
    """A log id that another run of the export has used is found."""
    stub = Stub()
    one, other = governed(stub), denied(stub)
    other["logs"][2]["log_id"] = one["logs"][3]["log_id"]
    (found,) = review(tmp_path, [one, rehash(other)]).found.values()
    assert (found.finding.check, found.first[0].entry) == ("audit.log-id", 3)


def test_a_run_of_two_tenants_is_found(tmp_path: Path) -> None:
    """A run that is shown under two tenants is found."""
    one = governed()
    other = copy.deepcopy(one)
    other["run"]["tenant_id"] = "mallory"
    (found,) = review(tmp_path, [one, other]).found.values()
    assert found.finding.check == "isolation.owner-kept"


def both() -> list[dict[str, Any]]:
    """Two runs of one FC."""
    stub = Stub()
    return [governed(stub), denied(stub)]


def rewritten(run: dict[str, Any]) -> None:
    """Change a message and make the whole chain anew."""
    run["logs"][1]["message"] = "nothing to see"
    rehash(run)


def test_heads_outlast_an_audit(tmp_path: Path) -> None:
    """The heads of an audit are canonical JSON that the next one reads; new entries are fine."""
    path, runs = tmp_path / "heads.json", both()
    first = review(tmp_path, runs, load_heads(path))
    assert first.heads is not None
    path.write_bytes(first.heads.content())
    again = review(tmp_path, runs, load_heads(path))
    assert (again.verdict, again.heads.content()) == (Verdict.CONFORMS, path.read_bytes())  # type: ignore[union-attr]  # it was given


VANISHING: dict[str, tuple[Callable[[list[dict[str, Any]]], object], str, str]] = {
    "vanished": (lambda runs: runs.pop(), "run", "no such run"),
    "rewritten": (lambda runs: rewritten(runs[0]), "logs[16].receipt_hash", '"'),
}


@pytest.mark.parametrize("name", VANISHING)
def test_what_was_rewritten_is_found(tmp_path: Path, name: str) -> None:
    """A run that vanished or was rewritten, with nothing wrong in itself, is found by its head."""
    change, where, observed = VANISHING[name]
    runs = both()
    heads = review(tmp_path, runs, Heads()).heads
    assert heads is not None
    change(runs)
    assert review(tmp_path, runs, Heads()).verdict is Verdict.CONFORMS
    result = review(tmp_path, runs, Heads(before=heads.now))
    (found,) = result.found.values()
    assert found.finding.check == "audit.append-only"
    assert found.finding.where == where
    assert found.finding.observed.startswith(observed)
    assert result.heads is not None
    assert result.heads.content() == heads.content()  # it keeps the head that it had


def test_a_log_that_became_shorter_is_found(tmp_path: Path) -> None:
    """A run that was set back to an earlier state, with nothing wrong in itself, is found."""
    stub = Stub(run_ids=lambda _: "r")
    heads = review(tmp_path, [governed(stub)], Heads()).heads
    assert heads is not None
    back = denied(Stub(run_ids=lambda _: "r"))
    result = review(tmp_path, [back], Heads(before=heads.now))
    assert [each.finding.observed for each in result.found.values()] == ["10 entries"]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[]", "it is no list of heads of pt004"),
        (
            '{"format": "pt004-audit-heads", "version": 2, "runs": {}}',
            "of version 2, and this pt004 reads version 1",
        ),
        ('{"format": "pt004-audit-heads", "version": 1, "runs": {"r": 1}}', "head of run 'r'"),
    ],
)
def test_bad_heads_are_told(tmp_path: Path, content: str, said: str) -> None:
    """A file that holds no heads is told, and never taken for an empty one."""
    path = tmp_path / "heads.json"
    path.write_text(content)
    with pytest.raises(Unusable, match=said):
        load_heads(path)
    with pytest.raises(Unusable, match="cannot read"):
        load_heads(tmp_path)
