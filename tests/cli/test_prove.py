"""``pt004 prove``: what it prints, what stands behind it, and how it ends."""

from __future__ import annotations

import re
from collections.abc import Iterator

import httpx
import pytest

from tests.cli.helpers import Ended, invoke
from tests.cli.servers import Said, Seen, fronted, refusal

CONFORMING = """\
🔱 PT-004 WORKFLOW ORCHESTRATION TEST HARNESS
Federation Core: <address>
Timestamp: <time>

============================================================
TEST A: HAPPY PATH (All Allow)
============================================================
✓ Created workflow run: <run 1>
✓ Step 1 started: step_1
✓ Step 1 executed
✓ Step 2 started: step_2
✓ Step 2 executed
✓ Step 3 started: step_3
✓ Step 3 executed
✓ Step 4 started: step_4
✓ Step 4 executed
✓ Step 5 started: step_5
✓ Step 5 executed
✓ Workflow completed

============================================================
TEST B: POLICY FLAG (Gate Required)
============================================================
✓ Created workflow run: <run 2>
✓ Step 1 executed
✓ Step 2 executed
✓ Workflow paused (policy flag)
✓ Workflow resumed after approval
✓ Workflow completed

============================================================
TEST C: POLICY DENY (Fail-Closed)
============================================================
✓ Created workflow run: <run 3>
✓ Step 1 executed
✓ Workflow failed (policy deny)

============================================================
SUMMARY
============================================================
✓ happy_path: <run 1>
✓ policy_flag: <run 2>
✓ policy_deny: <run 3>

✅ All tests completed successfully
"""
UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
SECRET = "s3cret-of-the-test"


def masked(out: str) -> str:
    """The output with address, time and run ids masked; ids are numbered as they come."""
    ids: dict[str, str] = {}

    def number(found: re.Match[str]) -> str:
        return ids.setdefault(found[0], f"<run {len(ids) + 1}>")

    out = re.sub(UUID, number, out)
    out = re.sub(r"(?m)^(Federation Core: )http://127\.0\.0\.1:\d+$", r"\1<address>", out)
    time = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z"
    return re.sub(rf"(?m)^(Timestamp: ){time}$", r"\1<time>", out)


@pytest.mark.parametrize("dialect", ["seed", "deployed"])
@pytest.mark.parametrize("kind", ["plain", "automatic", "authenticated"])
def test_the_output_is_that_of_the_harness(kind: str, dialect: str) -> None:
    """Both dialects and every kind of FC get the same text, line by line."""
    secret = SECRET if kind == "authenticated" else None
    environment = {"SECRET_KEY": SECRET, "FC_DIALECT": dialect} if secret else {}
    with fronted(automatic=kind == "automatic", secret=secret) as front:
        ended = invoke("prove", "--base-url", front.url, "--dialect", dialect, **environment)
    assert masked(ended.out) == CONFORMING
    assert (ended.code, ended.err) == (0, "")
    used = {"seed": "/workflows/runs", "deployed": "/api/fc/runs"}[dialect]
    assert all(seen.path.startswith(used) for seen in front.seen if seen.is_run_call)


@pytest.mark.parametrize(
    ("flags", "environment"),
    [((), {}), (("--auth", "--automatic"), {"SECRET_KEY": SECRET})],
    ids=["plain", "authenticated and automatic"],
)
def test_an_embedded_fc_is_started_when_no_address_is_given(
    flags: tuple[str, ...], environment: dict[str, str]
) -> None:
    """The command starts an FC, proves it and says the same."""
    ended = invoke("prove", *flags, **environment)
    assert masked(ended.out) == CONFORMING
    assert (ended.code, ended.err) == (0, "")


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[str, Ended]]:
    """The address of an FC, and what proving it has printed."""
    with fronted() as front:
        yield front.url, invoke("prove", FC_BASE_URL=front.url)


@pytest.mark.parametrize(
    ("name", "status"),
    [("happy_path", "completed"), ("policy_flag", "completed"), ("policy_deny", "failed")],
)
def test_the_runs_that_are_printed_are_real(
    served: tuple[str, Ended], name: str, status: str
) -> None:
    """Each run of the summary can be read from the FC, and has ended as its case says."""
    address, ended = served
    found = re.search(rf"(?m)^✓ {name}: ({UUID})$", ended.out)
    assert found is not None, ended.out
    headers = {"X-Tenant-ID": "tenant_omega", "X-Actor-ID": "somebody"}
    answer = httpx.get(
        f"{address}/workflows/runs/{found[1]}", headers=headers, trust_env=False
    ).json()["run"]
    steps = ["step_1", "step_2", "step_3", "step_4", "step_5"]
    assert (status, steps) == (answer["status"], answer["steps"])
    assert answer["tags"] == ["pt004", "proof_campaign"]
    assert f"Federation Core: {address}" == ended.lines[1]


def test_the_denied_step_is_never_said_to_be_executed() -> None:
    """Case C says nothing of step 2, which was started and denied: nothing was executed."""
    with fronted() as front:
        out = invoke("prove", "--base-url", front.url).out
    case = out.partition("TEST C")[2].partition("SUMMARY")[0]
    assert "Step 1 executed" in case
    assert "Step 2" not in case


FAULTS = [
    # fault, the line that gets the cross, the check, cases that still pass
    (
        "chain-behind-while-paused",
        "✗ Workflow paused (policy flag)",
        "receipts.chain",
        ["happy_path", "policy_deny"],
    ),
    (
        "failed-run-is-not-sealed",
        "✗ Workflow failed (policy deny)",
        "receipts.workflow-hash",
        ["happy_path", "policy_flag"],
    ),
    (
        "completed-run-counts-past-its-end",
        "✗ Workflow completed",
        "steps.step-index",
        ["policy_deny"],
    ),
    (
        "resume-onward-leaves-the-gate",
        "✗ Step 3 started: step_3",
        "gates.status",
        ["happy_path", "policy_deny"],
    ),
]


@pytest.mark.parametrize(("fault", "cross", "check", "passing"), FAULTS)
def test_a_fault_in_a_case_is_a_cross(
    fault: str, cross: str, check: str, passing: list[str]
) -> None:
    """The line that does not hold has a cross, what was expected and what came, and exit is 1."""
    with fronted(fault=fault) as front:
        ended = invoke("prove", "--base-url", front.url)
    at = ended.lines.index(cross)
    expected, got, finding = ended.lines[at + 1 : at + 4]
    assert re.fullmatch(r"  expected: \S.*", expected)
    assert re.fullmatch(r"  got:      \S.*", got)
    assert re.fullmatch(rf"  {re.escape(check)}, finding [0-9a-f]{{12}}", finding)
    marked = [line[2:].partition(":")[0] for line in ended.lines[-6:] if line.startswith("✓ ")]
    assert passing == marked
    failed = 3 - len(passing)
    assert (1, f"❌ {failed} of 3 tests failed") == (ended.code, ended.lines[-1])


def test_a_step_that_is_not_in_the_log_was_not_executed() -> None:
    """Step 1 of every case has a cross when the log does not show it, and exit is 1."""

    def without_log(seen: Seen, said: Said) -> Said:
        if seen.method != "GET" or not seen.is_run_call:
            return said
        return said.with_json({**said.json, "logs": []})

    with fronted(after=without_log) as front:
        ended = invoke("prove", "--base-url", front.url)
    assert ended.code == 1
    assert not [line for line in ended.lines if line.startswith("✓") and "executed" in line]
    assert len([line for line in ended.lines if line == "✗ Step 1 started: step_1"]) == 3


def test_answers_that_stay_out_leave_it_open() -> None:
    """A case that loses the FC is not passed but not failed either: exit is 3."""

    def gone_after_a_while(seen: Seen) -> Said | None:
        return refusal(503) if seen.number > 12 else None

    with fronted(before=gone_after_a_while) as front:
        ended = invoke("prove", "--base-url", front.url)
    assert (ended.code, ended.lines[-1]) == (3, "❌ 3 of 3 tests could not be completed")
    assert "  got:      the FC, or a gateway before it, answers 503" in ended.lines
    assert not re.search(r"(?m)^✓ (Workflow|happy_path|policy_)", ended.out)
