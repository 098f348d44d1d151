"""Findings and campaigns made by hand, and strategies for commands."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attrs import evolve
from hypothesis import strategies as st

from pt004_model.judge.finding import Finding
from pt004_model.judge.memory import View
from pt004_model.judge.oracle import Judgement, Verdict
from pt004_model.model.commands import (
    Caller,
    ChangeRun,
    Command,
    CreateRun,
    Names,
    OddPath,
    ReadRun,
    Route,
    RunRef,
    Tenant,
    Token,
    Unknown,
    WrongMethod,
)
from pt004_model.model.coverage import Edge
from pt004_model.model.replies import Reply, Response
from pt004_model.model.values import Body
from pt004_model.report.folder import Folder
from pt004_model.report.summary import Summary
from pt004_model.search.goals import Coverage
from pt004_model.search.results import Result
from pt004_model.trace.recorded import Found, Step
from pt004_model.trace.writing import Origin
from pt004_model.vocabulary import Dialect
from pt004_model.wire.codec import Codec, Exchange

FINDING = Finding(
    check="policy.deny-blocks",
    where="status",
    expected="a refusal with 400, 409, 422 (policy.deny-blocks)",
    observed="status 200",
    fingerprint="0123456789ab",
)
NAMES = Names.of("ours", "theirs", ("one", "two", "three"))
CREATE = CreateRun(0, Body.of({"workflow_id": "w", "steps": ["a"]}))
START = ChangeRun(
    0,
    Body.of(
        {
            "status": "running",
            "current_step": "a",
            "step_index": 0,
            "policy": {"decision": "deny", "policy_id": "p", "reason": "r"},
        }
    ),
)
PAUSE = ChangeRun(0, Body.of({"status": "paused"}))
READ = ReadRun(0, caller=Caller(Tenant.STRANGER, 1))


def step(command: Command, response: Response, *findings: Finding) -> Step:
    """A recorded step that changed nothing."""
    request = Codec(NAMES).encode(command, lambda _: "r-1", "nonce")
    verdict = Verdict.DIVERGES if findings else Verdict.CONFORMS
    said = Judgement(verdict, (View(),), findings)
    return Step(command, Exchange(response, request), (View(),), (View(),), said)


def found(*responses: Response, finding: Finding = FINDING) -> Found:
    """A finding after a create, a denied start and a pause; the last commands have responses."""
    commands: tuple[Command, ...] = (CREATE, START, PAUSE)
    answers = (*(Reply(200, {}) for _ in range(3 - len(responses))), *responses)
    steps = [step(command, answer) for command, answer in zip(commands, answers, strict=True)]
    steps[-1] = step(commands[-1], answers[-1], finding)
    return Found(
        finding, commands, tuple(steps), requests_to_first=17, occurrences=2,
        first_seen=1_800_000_000.0, last_seen=1_800_000_001.5,
    )  # fmt: skip


COVERAGE = Coverage(
    driven=2,
    reachable=4,
    missing=("paused fail - none refused", "running skip allow first refused"),
    witnessed=("run-completes",),
    unwitnessed=("paused-run-resumes",),
)


def result(verdict: Verdict, *findings: Found, why: str = "", open_calls: int = 0) -> Result:
    """What a small campaign came to."""
    edges = {Edge("running", "pause", "flag", "first", "accepted"): 7}
    return Result(
        verdict, findings, 3, 61, 1.25, 42, "dev", COVERAGE, open_calls, why,
        started_at=1_800_000_000.0, edges=edges, statistics={"step_counts": {"1": 3}},
    )  # fmt: skip


def summary(campaign: Result, **more: Any) -> Summary:
    """The summary of a campaign, with some more members."""
    folder = Folder(Path("out"), Origin(42, "dev", Dialect.SEED, names=NAMES))
    return evolve(folder.summary(campaign), **more)


# Commands

WIRE_TEXT = st.text(st.characters(exclude_categories=["Cs"]))
"""What can stand in a header or a name."""
ESCAPED = st.text(st.characters(min_codepoint=0xDC80, max_codepoint=0xDCFF, categories=["Cs"]))
"""Bytes that are not UTF-8, as they are kept."""
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | WIRE_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WIRE_TEXT, inner, max_size=3),
    max_leaves=8,
)
BODIES = (
    st.builds(Body.of, JSON)
    | st.builds(Body, st.one_of(WIRE_TEXT, ESCAPED))
    | st.sampled_from(
        [
            Body('{"a":1,"a":2}'),
            Body('{"a" : 1}'),
            Body('{"a":1e400}'),
            Body('{"a":"\\ud800"}'),
            Body("[" * 70 + "]" * 70),
            Body('{"json":1}'),
            Body('{"text":"x"}'),
        ]
    )
)
CALLERS = st.builds(Caller, st.sampled_from(Tenant), st.integers(-1, 2), st.sampled_from(Token))
REFS: st.SearchStrategy[RunRef] = st.integers(0, 9) | st.builds(Unknown, WIRE_TEXT)
KEYS = st.none() | WIRE_TEXT
COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.builds(CreateRun, st.integers(0, 9), BODIES, CALLERS, KEYS, KEYS, KEYS),
    st.builds(ChangeRun, REFS, BODIES, CALLERS, KEYS, KEYS),
    st.builds(ReadRun, REFS, st.booleans(), st.booleans(), CALLERS, KEYS),
    st.builds(
        WrongMethod, st.sampled_from(["PUT", "DELETE"]), st.sampled_from(Route), REFS, CALLERS
    ),
    st.builds(OddPath, WIRE_TEXT, CALLERS),
)
