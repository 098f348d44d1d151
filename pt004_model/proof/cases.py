"""The three canonical cases, run and printed line by line.

Every line with a check mark stands for an answer that the judge accepted. ``Step k started`` is the
answer to the change that starts it, ``Step k executed`` a following read whose log shows the step's
start and its policy decision.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Final

from attrs import define, field, frozen

from pt004_model.drive.lockstep import Lockstep, TargetLost
from pt004_model.drive.session import Session
from pt004_model.judge.finding import Finding
from pt004_model.judge.oracle import Verdict
from pt004_model.model.commands import ChangeRun, Command, CreateRun, ReadRun
from pt004_model.model.moves import Move, body
from pt004_model.model.run import Ask, Run
from pt004_model.model.scenarios import CANONICAL, TAGS, WORKFLOW_ID, following
from pt004_model.model.values import Body
from pt004_model.trace.recorded import Step
from pt004_model.trace.writing import rfc3339
from pt004_model.vocabulary import Event, Status

RULE: Final = "=" * 60
_PASS: Final = "PASS"


@frozen
class Case:
    """How one canonical case is told: title, what it shows, and which steps' lines are shown."""

    title: str
    shows: str
    started: frozenset[int]
    executed: frozenset[int]


CASES: Final = {
    "happy_path": Case(
        "TEST A: HAPPY PATH (All Allow)",
        "that every step can be seen, and the normal flow of a run",
        frozenset(range(5)),
        frozenset(range(5)),
    ),
    "policy_flag": Case(
        "TEST B: POLICY FLAG (Gate Required)",
        "policy gates, pause and resume, and that the log tells of them",
        frozenset(),
        frozenset({0, 1}),
    ),
    "policy_deny": Case(
        "TEST C: POLICY DENY (Fail-Closed)",
        "that a denied step ends the run: nothing goes on past a deny",
        frozenset(),
        frozenset({0}),
    ),
}


@define
class CaseResult:
    """What came of one case: its run, the verdict, and what was found or left open.

    ``lines`` are those that were said of it, ``steps`` what was asked and answered.
    """

    name: str
    run_id: str = ""
    verdict: Verdict = Verdict.CONFORMS
    findings: list[Finding] = field(factory=list)
    why: str = ""
    lines: list[str] = field(factory=list)
    steps: list[Step] = field(factory=list)


class _Stop(Exception):  # noqa: N818 - not an error: the way out of a case
    """The case cannot go on."""


def tell(session: Session, base_url: str, say: Callable[[str], None]) -> tuple[CaseResult, ...]:
    """Run and tell the canonical cases; what came of each, in their order."""
    say("🔱 PT-004 WORKFLOW ORCHESTRATION TEST HARNESS")
    say(f"Federation Core: {base_url}")
    say(f"Timestamp: {rfc3339(time.time())}")
    results: list[CaseResult] = []
    for name in CANONICAL:
        say("")
        for line in (RULE, CASES[name].title, RULE):
            say(line)
        results.append(tell_case(session, name, say))
    say("")
    for line in (RULE, "SUMMARY", RULE):
        say(line)
    for result in results:
        mark = "✓" if result.verdict is Verdict.CONFORMS else "✗"
        say(f"{mark} {result.name}: {result.run_id or 'no run was made'}")
    say("")
    return tuple(results)


def tell_case(session: Session, name: str, say: Callable[[str], None]) -> CaseResult:
    """Run and tell one canonical case."""
    return _Telling(session, name, say).run()


def conclusion(results: Sequence[CaseResult], verdict: str = _PASS) -> str:
    """Return the last line on the cases; ``verdict`` is that of the report on them, if any."""
    failed = [result for result in results if result.verdict is not Verdict.CONFORMS]
    if failed:
        diverges = any(result.verdict is Verdict.DIVERGES for result in failed)
        said = "failed" if diverges else "could not be completed"
        return f"❌ {len(failed)} of {len(results)} tests {said}"
    if verdict != _PASS:
        return f"❌ All tests passed, but the verdict of the report on them is {verdict}"
    return "✅ All tests completed successfully"


class _Telling:
    """One case, told as it goes."""

    def __init__(self, session: Session, name: str, say: Callable[[str], None]) -> None:
        self.scenario = CANONICAL[name]
        self.case = CASES[name]
        self.say = say
        self.result = CaseResult(name)
        self.lockstep: Lockstep = session.lockstep(
            lambda finding, _: self.result.findings.append(finding)
        )
        self.result.steps = self.lockstep.steps

    def run(self) -> CaseResult:
        try:
            self._live()
        except _Stop:
            pass
        except TargetLost as lost:
            self._unsure("The Federation Core is gone", str(lost))
        return self.result

    def _live(self) -> None:
        text = Body.of(
            {
                "workflow_id": WORKFLOW_ID,
                "workflow_version": "1.0.0",
                "input_payload": {"test_mode": self.result.name},
                "tags": list(TAGS),
                "steps": list(self.scenario.steps),
            }
        )
        self._do(CreateRun(0, text), "Created workflow run")
        self.result.run_id = self.lockstep.views[0].seen[0].run_id
        self._check(f"Created workflow run: {self.result.run_id}")
        while (move := following(self._run(), self.scenario)) is not None:
            self._move(move)

    def _run(self) -> Run:
        return self.lockstep.world.runs[0]

    def _move(self, move: Move) -> None:
        before = self._run()
        text = body(before, move)
        assert text is not None  # noqa: S101 - a scenario's moves are moves of its run
        title = self._title(before, move)
        self._do(ChangeRun(0, text), title)
        self._do(ReadRun(0), title)
        if move.ask is not Ask.START:
            self._check(title)
            return
        if before.state.status is Status.PAUSED:
            self._check("Workflow resumed after approval")
        self._started()

    def _title(self, before: Run, move: Move) -> str:
        titles = {
            Ask.PAUSE: "Workflow paused (policy flag)",
            Ask.FAIL: "Workflow failed (policy deny)",
            Ask.COMPLETE: "Workflow completed",
        }
        if move.ask in titles:
            return titles[move.ask]
        step = before.state.here + 1
        return f"Step {step + 1} started: {self.scenario.steps[step]}"

    def _started(self) -> None:
        """The lines for a step that was started, and for what the FC then did by itself (5.3)."""
        after = self._run()
        step = after.state.step
        assert step is not None  # noqa: S101 - a step was started
        name = self.scenario.steps[step]
        if step in self.case.started:
            self._check(f"Step {step + 1} started: {name}")
        if step in self.case.executed:
            if not self._executed(name):
                self._cross(f"Step {step + 1} executed", "the step and its decision in the log", "")
                raise _Stop
            self._check(f"Step {step + 1} executed")
        if after.state.status is Status.PAUSED:
            self._check("Workflow paused (policy flag)")
        elif after.state.status is Status.FAILED:
            self._check("Workflow failed (policy deny)")

    def _executed(self, name: str) -> bool:
        """Tell whether the log, as last read, shows the start of the step and its decision."""
        kinds = {
            entry.get("event_type")
            for entry in self.lockstep.views[0].seen[0].log
            if entry.get("step_id") == name
        }
        return {Event.STEP_STARTED.value, Event.POLICY_DECIDED.value} <= kinds

    def _do(self, command: Command, title: str) -> None:
        """Send a command that must be accepted; anything else ends the case with a cross."""
        judgement = self.lockstep.do(command)
        if self.result.findings:
            finding = self.result.findings[0]
            self.result.verdict = Verdict.DIVERGES
            self._cross(title, finding.expected, f"{finding.observed} ({finding.where})")
            self._tell(f"  {finding.check}, finding {finding.fingerprint}")
            raise _Stop
        if judgement is None or judgement.verdict is not Verdict.CONFORMS:
            why = getattr(self.lockstep.steps[-1].response, "why", "the answer settles nothing")
            self._unsure(title, why)
            raise _Stop

    def _unsure(self, title: str, why: str) -> None:
        if self.result.verdict is Verdict.CONFORMS:
            self.result.verdict = Verdict.UNSURE
        self.result.why = why
        self._cross(title, "an answer", why)

    def _tell(self, line: str) -> None:
        self.result.lines.append(line)
        self.say(line)

    def _check(self, line: str) -> None:
        self._tell(f"✓ {line}")

    def _cross(self, line: str, expected: str, observed: str) -> None:
        if self.result.verdict is Verdict.CONFORMS:
            self.result.verdict = Verdict.DIVERGES
        self._tell(f"✗ {line}")
        self._tell(f"  expected: {expected}")
        self._tell(f"  got:      {observed or 'neither'}")
