"""A complete suite run as a campaign: in place of examples there are the tests of ``model.suite``.

The freedoms of the contract are probed first, and then demanded to be a function of the state: a
test in which the FC chooses otherwise is made again some times. Tests are independent, so workers
and shards make them as they make examples. The outcome of a suite is said in one sentence, its
guarantee; a suite that was not finished, or in which a test failed, gives none.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Callable, Hashable, Iterator, Sequence
from random import Random
from typing import Any, Final

from attrs import define, evolve, field, frozen

from pt004_model.drive.lockstep import TRIES, Lockstep
from pt004_model.drive.session import Session
from pt004_model.judge.oracle import Verdict
from pt004_model.model.commands import ChangeRun, ReadRun
from pt004_model.model.moves import body, fresh
from pt004_model.model.suite import MOVE, READ, REFUSED, Choose, Word, machine, moved, shown, suite
from pt004_model.model.telling import count
from pt004_model.search.campaign import Profile
from pt004_model.search.coordinator import Coordinator
from pt004_model.search.jobs import Round, RoundResult
from pt004_model.search.payloads import creation
from pt004_model.search.results import Examples, Result
from pt004_model.search.waiting import Alone

SUITES: Final = {"dev": (1, None), "ci": (0, None), "nightly": (1, 1600.0)}
"""For each profile, the further moves that a suite is complete for, and the seconds it may take."""
STEPS: Final = 3
"""The most steps of a run: three have a first, a middle and a last one."""
GIVEN: Final = "given"
MADE: Final = "made"
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

    ``target`` stands for the FC that it was, and for what was agreed of it.
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
class Cases:
    """Makes the cases of a suite, one after another.

    ``tried`` counts those that were ``given`` and that were ``made``, and of these as :class:`Done`
    does; ``on_made`` is told what one of them adds.
    """

    session: Session
    cases: tuple[Case, ...]
    tried: Counter[Hashable] = field(factory=Counter)
    on_made: Callable[[Counter[Hashable]], None] = lambda _: None
    spent: Counter[str] = field(init=False, factory=Counter)
    _left: Iterator[Case] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.tried[GIVEN] += len(self.cases)
        self._left = iter(self.cases)

    def example(self) -> None:
        """Make a case until it was gone through as planned, or a finding was seen in it."""
        counted = self._counted(next(self._left))
        self.tried.update(counted)
        self.on_made(counted)

    def _counted(self, case: Case) -> Counter[Hashable]:
        varied = lost = missed = False
        for _ in range(TRIES):
            lockstep = self.session.lockstep()
            seen = drive(lockstep, case.length, case.inputs)
            lost = lockstep.unanswered
            missed = seen != case.outputs and not any(step.findings for step in lockstep.steps)
            if not (missed or lost):
                break
            varied = varied or not lost
        words = {MADE: True, "varied": varied, "missed": missed and not lost, "lost": lost}
        return Counter({word: 1 for word, there in words.items() if there})


@frozen
class CasesRound(Round):
    """A round in which the examples are cases of a suite."""

    cases: tuple[Case, ...] = field(kw_only=True)

    def search(self, session: Session, _: Profile, __: Random) -> Examples:
        """Return what makes the cases."""
        return Cases(session, self.cases, Counter(self.before.tried))


@frozen
class Made:
    """The outcome of a suite, or of a part of one.

    ``suite`` is a digest of all its cases, ``lengths`` are those of its runs. ``tests`` and
    ``calls`` are those that make it complete for no further move, for one, and so on; ``finished``
    is for how many of them all of its cases were made, or -1. ``varied`` and ``missed`` are as in
    :class:`Done`; ``lacks`` says why it guarantees nothing, if so.
    """

    suite: str
    lengths: tuple[int, ...]
    tests: tuple[int, ...]
    calls: tuple[int, ...]
    finished: int
    varied: int = 0
    missed: int = 0
    lacks: str = ""

    def guarantee(self, agreed: int) -> str:
        """Return the guarantee of a suite with so many agreed deviations, or why there is none."""
        if self.lacks:
            return f"none, because {self.lacks}"
        extra, most = self.finished, max(self.lengths)
        governed = f"runs of 1 to {most} steps" if most > 1 else "runs of 1 step" if most else ""
        free = "runs without steps" if 0 in self.lengths else ""
        runs = " and ".join(filter(None, (governed, free)))
        varied = ", and for the choices that were seen, which vary" if self.varied else ""
        if self.missed:
            varied += f": {count(self.missed, 'test')} could never be made as planned"
        varied += f", and but for {count(agreed, 'agreed deviation')}" if agreed else ""
        return (
            f"k = {extra}, N = {most}: the lifecycle of {runs} is the model's, or differs only"
            f" where more than {count(extra, 'further move')} from a known state"
            f" {'is' if extra == 1 else 'are'} needed, provided that the FC answers these calls"
            f" deterministically{varied} ({count(self.tests[extra], 'test', ',')},"
            f" {count(self.calls[extra], 'call', ',')}; not covered: longer runs, other fields and"
            " callers, idempotency keys, calls that overlap, crashes)"
        )


def united(parts: Sequence[Made]) -> Made:
    """Return what the parts of one suite come to together."""
    return evolve(
        parts[0],
        finished=min(each.finished for each in parts),
        varied=sum(each.varied for each in parts),
        missed=sum(each.missed for each in parts),
        lacks="; ".join(dict.fromkeys(each.lacks for each in parts if each.lacks)),
    )


@define
class SuiteCampaign(Coordinator):
    """A campaign that runs the suite which is complete for ``extra`` further moves, or its part.

    It goes on behind what is ``done`` of the same suite; ``keep`` is told how far it has come.
    ``cases`` are those of its part. ``made`` says what it has come to, once there is a result.
    """

    extra: int = 1
    done: Done = field(factory=Done)
    keep: Callable[[Done], None] = lambda _: None
    cases: tuple[Case, ...] = ()
    made: Made | None = field(init=False, default=None)
    _sizes: tuple[tuple[int, ...], tuple[int, ...]] = field(init=False, default=((), ()))
    _kept: float = 0.0
    _failed: int = 0
    _gap: bool = field(init=False, default=False)

    def _explore(self) -> None:
        try:
            super()._explore()
        finally:
            self._keep(0.0)

    def _live_through_cases(self) -> None:
        """Begin with the freedoms of the FC, which say of what cases the suite is made."""
        every = self._probed()
        self.cases = tuple(self.share.take(every))
        text = json.dumps([(case.length, *case.inputs) for case in every])
        digest = hashlib.sha256(text.encode()).hexdigest()[:12]
        self.done = self.done if self.done.suite == digest else Done(digest, self.done.target)
        levels = [[c for c in every if c.extra <= extra] for extra in range(self.extra + 1)]
        calls = tuple(sum(case.calls for case in level) for level in levels)
        self._sizes = tuple(map(len, levels)), calls
        self._failed, self.examples = self.done.findings, self.done.cases
        self.profile = evolve(self.profile, examples=len(self.cases), waits=())

    def _search(self) -> Examples:
        return Cases(self.session, self.cases[self.done.cases :], on_made=self._count_made)

    def _round(self, *planned: Any) -> Round:
        size = planned[1].examples
        return CasesRound(*planned, cases=self.cases[self.planned - size : self.planned])

    def _include(self, done: RoundResult, alone: Alone) -> None:
        super()._include(done, alone)
        if not self._gap:  # behind one it would not be known where to go on
            self._count_made(done.tried)
        self._gap = self._gap or done.tried[MADE] < done.tried[GIVEN]

    def _count_made(self, more: Counter[Hashable]) -> None:
        done, added = self.done, {word: more[word] for word in ("varied", "missed", "lost")}
        counts = {word: getattr(done, word) + each for word, each in added.items()}
        self.done = evolve(done, cases=done.cases + more[MADE], **counts)
        self._keep(_EVERY)

    def _keep(self, after: float) -> None:
        if time.monotonic() - self._kept >= after:
            self._kept = time.monotonic()
            self.done = evolve(self.done, findings=max(self._failed, len(self.found)))
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

    def result(self, why: str = "") -> Result:
        """Return what the suite has come to, with its guarantee, or why it gives none."""
        finished, done = self._finished(), self.done
        lacks = ""
        if self._failed and not self.found:
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
        counts = (done.varied, done.missed)
        self.made = Made(done.suite, self.lengths, *self._sizes, finished, *counts, lacks)
        part = f"it is part {self.share} of a suite" if self.share.of > 1 and not lacks else lacks
        says = evolve(self.made, lacks=part).guarantee(len(self.session.oracle.agreed))
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
