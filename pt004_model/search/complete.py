"""A complete suite run as a campaign: in place of examples there are the tests of ``model.suite``.

The freedoms of the contract are probed first, and then demanded to be a function of the state: a
test in which the FC chooses otherwise is made again some times. What a suite has come to is said in
one sentence, its guarantee; a suite that was not finished, or in which a test failed, gives none.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from typing import Final

from attrs import define, evolve, field, frozen

from pt004_model.drive.lockstep import TRIES, Lockstep
from pt004_model.judge.oracle import Verdict
from pt004_model.model.commands import ChangeRun, ReadRun
from pt004_model.model.moves import body, fresh
from pt004_model.model.suite import MOVE, READ, REFUSED, Choose, Word, machine, moved, shown, suite
from pt004_model.model.telling import count
from pt004_model.search.campaign import Campaign
from pt004_model.search.payloads import creation
from pt004_model.search.results import Result

SUITES: Final = {"dev": (1, None), "ci": (0, None), "nightly": (1, 1600.0)}
"""For each profile, the further moves that a suite is complete for, and the seconds it may take."""
STEPS: Final = 3
"""The most steps of a run: three have a first, a middle and a last one."""
_EVERY: Final = 1.0  # seconds after which it is noted how far a suite has come


@frozen
class Case:
    """One test: inputs to a new run of ``length`` steps, and the outputs to be seen.

    It is part of what is complete for ``extra`` further moves, and not for fewer.
    """

    length: int
    inputs: Word
    outputs: tuple[str, ...]
    extra: int

    @property
    def calls(self) -> int:
        """The number of calls: it begins with a create and ends with a read."""
        return 1 + len(self.inputs) + (self.inputs[-1] != READ)


@frozen
class Done:
    """How far a suite has come: cases made, and findings seen. ``suite`` is a digest of its cases.

    ``target`` are the options that say which FC it was.
    ``varied`` are the cases in which the FC chose otherwise than when it was probed, ``missed``
    those in which it always did, ``lost`` those in which a call never got an answer.
    """

    suite: str = ""
    target: str = ""
    cases: int = 0
    findings: int = 0
    varied: int = 0
    missed: int = 0
    lost: int = 0


def drive(lockstep: Lockstep, length: int, word: Word) -> tuple[str, ...]:
    """Give the inputs of ``word`` to a new run; return the outputs, as far as it got."""
    seen: list[str] = []
    lockstep.do(creation(0, fresh(length).asked.steps or ()))
    for each in word:
        if not lockstep.drivable(0):
            break
        before = lockstep.world.runs[0]
        text = body(before, MOVE[each]) if each != READ else None
        if each != READ and text is None:  # the FC went another way, where there is no such move
            break
        lockstep.do(ReadRun(0) if text is None else ChangeRun(0, text))
        after = lockstep.world.runs.get(0)
        if after is None:
            break
        told = REFUSED if after.version == before.version else moved(after)
        seen.append(shown(after) if each == READ else told)
    if word[-1] != READ:
        lockstep.do(ReadRun(0))
    return tuple(seen)


@define
class SuiteCampaign(Campaign):
    """A campaign that runs the suite which is complete for ``extra`` further moves.

    It goes on behind what is ``done`` of the same suite; ``keep`` is told how far it has come.
    """

    extra: int = 1
    done: Done = field(factory=Done)
    keep: Callable[[Done], None] = lambda _: None
    cases: tuple[Case, ...] = ()
    _kept: float = 0.0
    _before: int = 0

    def _explore(self) -> None:
        self.cases = self._probed()
        text = json.dumps([(case.length, *case.inputs) for case in self.cases])
        digest = hashlib.sha256(text.encode()).hexdigest()[:12]
        self.done = self.done if self.done.suite == digest else Done(digest, self.done.target)
        self._before, self.examples = self.done.findings, self.done.cases
        self.profile = evolve(self.profile, examples=len(self.cases))
        try:
            for case in self.cases[self.done.cases :]:
                self._count()
                self._make(case)
                self._settle_new()
                self.done = evolve(self.done, cases=self.done.cases + 1)
                self._keep(_EVERY)
        finally:
            self._keep(0.0)

    def _keep(self, after: float) -> None:
        if time.monotonic() - self._kept >= after:
            self._kept = time.monotonic()
            self.done = evolve(self.done, findings=max(self._before, len(self.found)))
            self.keep(self.done)

    def _probed(self) -> tuple[Case, ...]:
        """Probe the freedoms that the FC takes, and return the cases in order."""
        machines = {length: machine(length, self._chooser(length)) for length in self.lengths}
        parts = {length: suite(each, self.extra) for length, each in machines.items()}
        return tuple(
            Case(length, word, machines[length].outputs(word), extra)
            for extra in range(self.extra + 1)
            for length, levels in parts.items()
            for word in levels[extra]
        )

    def _chooser(self, length: int) -> Choose:
        def choose(way: Word, word: str, outputs: tuple[str, ...]) -> str:
            seen = drive(self.session.lockstep(), length, (*way, word))
            last = seen[-1] if len(seen) > len(way) else ""
            return last if last in outputs else outputs[0]

        return choose

    def _make(self, case: Case) -> None:
        """Make a case until it was gone through as planned, or a finding was seen in it."""
        varied = lost = False
        for _ in range(TRIES):
            lockstep = self.session.lockstep()
            seen = drive(lockstep, case.length, case.inputs)
            lost = lockstep.unanswered
            made = any(step.findings for step in lockstep.steps) or seen == case.outputs
            if made and not lost:
                break
            varied = varied or not lost
        else:
            missed = self.done.missed + (not lost)
            self.done = evolve(self.done, lost=self.done.lost + lost, missed=missed)
        self.done = evolve(self.done, varied=self.done.varied + varied)

    def result(self, why: str = "") -> Result:
        """Return what the suite has come to, with its guarantee, or why it gives none."""
        finished, done = self._finished(), self.done
        lacks = ""
        if self._before and not self.found:
            lacks = "what failed when an earlier part was made was not seen again"
        elif done.lost:
            lacks = f"in {count(done.lost, 'test')} of the suite a call never got an answer"
        elif finished < 0:
            lacks = why or self._unfinished()
        told = super().result(why or lacks or (self._unfinished() if finished < self.extra else ""))
        if self.found:
            lacks = "tests of the suite failed"
        elif told.verdict is Verdict.UNSURE and finished == self.extra:
            lacks = told.why
        says = f"none, because {lacks}" if lacks else self._guarantee(finished)
        return evolve(told, guarantee=says)

    def _finished(self) -> int:
        """Return for how many further moves all cases were made; -1 when not even for none."""
        made = self.cases[: self.done.cases]
        sizes = [sum(case.extra <= extra for case in made) for extra in range(self.extra + 1)]
        wanted = [sum(c.extra <= extra for c in self.cases) for extra in range(self.extra + 1)]
        return max((e for e in range(self.extra + 1) if sizes[e] == wanted[e] > 0), default=-1)

    def _unfinished(self) -> str:
        every = len(self.cases)
        return f"the suite was not finished: {self.done.cases} of {count(every, 'test')} made"

    def _guarantee(self, extra: int) -> str:
        cases, most = [case for case in self.cases if case.extra <= extra], max(self.lengths)
        governed = f"runs of 1 to {most} steps" if most > 1 else "runs of 1 step" if most else ""
        free = "runs without steps" if 0 in self.lengths else ""
        runs = " and ".join(filter(None, (governed, free)))
        varied = ", and for the choices that were seen, which vary" if self.done.varied else ""
        if self.done.missed:
            varied += f": {count(self.done.missed, 'test')} could never be made as planned"
        agreed = len(self.session.oracle.agreed)
        varied += f", and but for {count(agreed, 'agreed deviation')}" if agreed else ""
        return (
            f"k = {extra}, N = {most}: the lifecycle of {runs} is the model's, or differs only"
            f" where more than {count(extra, 'further move')} from a known state"
            f" {'is' if extra == 1 else 'are'} needed, provided that the FC answers these calls"
            f" deterministically{varied} ({count(len(cases), 'test', ',')},"
            f" {count(sum(case.calls for case in cases), 'call', ',')}; not covered: longer runs,"
            " other fields and callers, idempotency keys, calls that overlap, crashes)"
        )
