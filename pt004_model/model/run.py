"""One run: the table of legal changes, and what an accepted one does (sections 2 to 8).

Everything that decides what may happen next is in a :class:`State`: four small values, so that all
states of a run can be enumerated. What has happened (the log, the gates, what was sent) is history;
it hangs on the :class:`Run` and decides nothing.

The table has a row for every status, even the empty ones, and a column for every :class:`Ask`. A
change is first classified (which ask is this, of a run in this state?), then looked up, then its
guard is asked. What is not in the table is refused, with the rule that the contract gives for it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from attrs import evolve, field, frozen

from pt004_model.model.asks import Change, Creation, Malformed, Policy
from pt004_model.model.history import Anything, Entry, Gate
from pt004_model.model.rules import Refusal, Rule
from pt004_model.model.writing import Writing
from pt004_model.vocabulary import Decision, Event, Status, StepOutcome

PENDING, RUNNING, PAUSED, COMPLETED, FAILED = Status
ALLOW, FLAG, DENY = Decision


@frozen
class State:
    """All that decides what a run may do next.

    ``step`` is the index of the current step of a governed run, ``None`` before the first and in
    an ungoverned run. ``decision`` is the one in force. ``cleared`` says that the run was paused on
    a flag and resumed since.
    """

    status: Status = PENDING
    step: int | None = None
    decision: Decision | None = None
    cleared: bool = False

    @property
    def here(self) -> int:
        """The index of the current step, -1 where there is none."""
        return -1 if self.step is None else self.step

    @property
    def terminal(self) -> bool:
        """Section 3.4."""
        return self.status in {COMPLETED, FAILED}

    @property
    def flagged(self) -> bool:
        """A flag is in force that no pause and resume has cleared."""
        return self.decision is FLAG and not self.cleared

    @property
    def gate_pending(self) -> bool:
        """A gate is open: only while paused on a flag (section 6)."""
        return self.status is PAUSED and self.flagged

    def __str__(self) -> str:
        """Return the state in a few words, for people."""
        words = [str(self.status)]
        if self.step is not None:
            words.append(f"step {self.step}")
        if self.decision is not None:
            words.append(f"{self.decision}{' (cleared)' if self.cleared else ''}")
        return ", ".join(words)


@frozen
class Run:
    """One run as a conforming FC knows it.

    ``number`` is the symbolic name of the run, ``version`` counts the accepted changes. Tenants and
    actors are symbolic too: indexes that whoever sends the commands gives names to.
    """

    number: int
    asked: Creation
    tenant: int
    actor: int
    correlation: str | None
    state: State = State()
    current_step: str | None = None
    step_index: int | float = 0
    output_payload: object = None
    error_details: object = None
    version: int = 0
    started: int | None = None
    ended: int | None = None
    log: tuple[Entry, ...] = field(default=(), repr=False)
    gates: tuple[Gate, ...] = field(default=(), repr=False)

    @property
    def governed(self) -> bool:
        """Whether the FC enforces sections 4 and 5 on the run (section 2)."""
        return self.asked.steps is not None

    @property
    def length(self) -> int:
        """The number of declared steps; 0 for an ungoverned run."""
        return len(self.asked.steps or ())

    @property
    def pauses(self) -> int:
        """Return the count of its pauses, the present one included."""
        return sum(entry.new_status is PAUSED for entry in self.log)

    @property
    def clear(self) -> bool:
        """Whether nothing holds the run where it is (section 3.2)."""
        return not self.state.flagged and self.state.decision is not DENY


class Ask(StrEnum):
    """What a change asks of a run, given where the run is."""

    START = "start"  # running, naming the step after the current one
    RESUME = "resume"  # running, naming no step
    REPEAT = "repeat"  # running, naming the current step
    SKIP = "skip"  # running, naming a step further on
    BACK = "back"  # running, naming a step before the current one
    MISNAME = "misname"  # naming something that is no step, or two that disagree
    PAUSE = "pause"
    COMPLETE = "complete"
    FAIL = "fail"
    RESET = "reset"  # back to pending


_TO_END: Final = {PAUSED: Ask.PAUSE, COMPLETED: Ask.COMPLETE, FAILED: Ask.FAIL, PENDING: Ask.RESET}

GOVERNED: Final[dict[Status, dict[Ask, Rule | None]]] = {
    PENDING: {Ask.START: None, Ask.FAIL: Rule.MAY_FAIL_PENDING},
    RUNNING: {Ask.START: None, Ask.PAUSE: None, Ask.COMPLETE: None, Ask.FAIL: None},
    PAUSED: {Ask.START: None, Ask.RESUME: None, Ask.REPEAT: None, Ask.FAIL: None},
    COMPLETED: {},
    FAILED: {},
}
"""Legal changes of a governed run (section 3.2). A rule says that the FC is free to refuse."""

UNGOVERNED: Final[dict[Status, dict[Ask, Rule | None]]] = {
    PENDING: {Ask.START: None, Ask.FAIL: Rule.MAY_FAIL_PENDING},
    RUNNING: {
        Ask.START: Rule.MAY_PROGRESS,
        Ask.PAUSE: None,
        Ask.COMPLETE: None,
        Ask.FAIL: None,
    },
    PAUSED: {Ask.START: None, Ask.FAIL: None},
    COMPLETED: {},
    FAILED: {},
}
"""Legal changes of an ungoverned run (section 3.3); every change to running is a START."""


def classify(run: Run, change: Change) -> Ask:
    """Which ask ``change`` is, of ``run`` where it is now."""
    if change.status is not RUNNING:
        ask = _TO_END[change.status]
        if run.governed and change.status is not PENDING and not _names_current(run, change):
            return Ask.MISNAME
        return ask
    steps = run.asked.steps
    if steps is None:
        return Ask.START
    name, index = change.current_step, change.step_index
    if name is None and index is None:
        return Ask.RESUME
    named = steps.index(name) if name in steps else None
    here = run.state.here
    if index is None or name is None:
        # half a name: it may only be that of the current step
        return Ask.REPEAT if here == (index if name is None else named) else Ask.MISNAME
    if named is None or named != index:
        return Ask.MISNAME
    if named == here:
        return Ask.REPEAT
    if named == here + 1:
        return Ask.START
    return Ask.SKIP if named > here else Ask.BACK


def _names_current(run: Run, change: Change) -> bool:
    """Each of ``current_step`` and ``step_index`` is absent or that of step k (section 3.2)."""
    if run.state.step is None:
        return change.current_step is None and change.step_index is None
    return change.current_step in {None, run.current_step} and (
        change.step_index is None or change.step_index == run.state.step
    )


def refusal(run: Run, ask: Ask, change: Change) -> Refusal | None:
    """Return the refusal that ``change`` must or may get, or ``None`` when it must be accepted."""
    if run.state.terminal:
        return Refusal.by(Rule.TERMINAL)
    row = (GOVERNED if run.governed else UNGOVERNED)[run.state.status]
    found: Refusal | None
    if ask not in row:
        found = _illegal(ask)
    elif (guard := _guard(run, ask)) is not None:
        found = Refusal.by(guard)
    else:
        found = _fitting(run, ask, change, row[ask])
    if found is not None and not found.rule.optional:
        return found.also(_dispensable(ask, change) or found)
    return found


def _illegal(ask: Ask) -> Refusal:
    if ask is Ask.MISNAME:
        return Refusal.by(Rule.NAMES_ITS_STEP)
    if ask in {Ask.SKIP, Ask.BACK, Ask.REPEAT, Ask.RESUME}:
        return Refusal.by(Rule.NEXT_STEP_ONLY)
    return Refusal.by(Rule.NO_SUCH_CHANGE)


def _guard(run: Run, ask: Ask) -> Rule | None:
    """Return the rule of sections 3 to 5 that forbids a change that the graph of statuses has."""
    state = run.state
    if state.status is not RUNNING or ask is Ask.FAIL:
        return None
    if state.decision is DENY:
        return Rule.DENY_BLOCKS
    if ask is Ask.PAUSE:
        return None
    if ask is Ask.COMPLETE and run.governed and state.step != run.length - 1:
        return Rule.NO_EARLY_COMPLETION
    return Rule.FLAG_BLOCKS if state.flagged else None


def _fitting(run: Run, ask: Ask, change: Change, free: Rule | None) -> Refusal | None:
    """Return the refusal of a change that the table and the guards let pass."""
    if ask is Ask.START:
        if isinstance(change.policy, Malformed):
            return Refusal.by(Rule.MALFORMED, Rule.DECISION_REQUIRED)
        if run.governed and change.policy is None:
            return Refusal.by(Rule.DECISION_REQUIRED)
    may = _dispensable(ask, change)
    if free is not None:
        mine = Refusal.by(free)
        return mine if may is None else mine.also(may)
    return may


def _dispensable(ask: Ask, change: Change) -> Refusal | None:
    """Return the refusal that a useless field, or an index like ``2.0``, may get (3.1, 1)."""
    useless_policy = change.policy is not None and ask is not Ask.START
    found: Refusal | None = None
    if change.useless or useless_policy:
        found = Refusal.by(Rule.MAY_USELESS)
    if change.loose:
        loose = Refusal.by(Rule.MAY_BEYOND, Rule.MALFORMED)
        found = loose if found is None else found.also(loose)
    return found


def create(number: int, asked: Creation, tenant: int, actor: int, correlation: str | None) -> Run:
    """Return the run that an accepted create makes (section 2)."""
    first = Entry(Event.RUN_CREATED, actor=actor, version=0, new_status=PENDING)
    return Run(
        number=number,
        asked=asked,
        tenant=tenant,
        actor=actor,
        correlation=correlation,
        log=(first,),
    )


def step(run: Run, change: Change, actor: int) -> tuple[Run | Refusal, ...]:
    """Every outcome that the contract allows for ``change``: the run after it, or a refusal.

    Pure and total. More than one outcome means that the FC is free (sections 3.2, 3.3, 5.3).
    """
    ask = classify(run, change)
    refused = refusal(run, ask, change)
    if refused is not None and not refused.rule.optional:
        return (refused,)
    after = apply(run, ask, change, actor)
    outcomes: list[Run | Refusal] = [after]
    own = _own_enforcement(run, ask, after, actor)
    if own is not None:
        outcomes.append(own)
    if refused is not None:
        outcomes.append(refused)
    return tuple(outcomes)


def apply(run: Run, ask: Ask, change: Change, actor: int) -> Run:
    """Return the run after ``change`` was accepted (3.5, 4, 6, 7.2). No rule is asked here."""
    writing = Writing(run.governed, run.current_step, run.gates, actor, run.version + 1)
    if run.state.gate_pending:
        writing.close_gate(change)
    approved = change.status is RUNNING and run.state.gate_pending
    after = evolve(run.state, status=change.status, cleared=run.state.cleared or approved)
    if ask is Ask.START:
        after = _started(run, after, change)
    shown = _shown(run, ask, change)
    if change.status is PAUSED and after.flagged:
        writing.open_gate(shown[0])
    _write_steps(writing, run, ask, change, shown[0])
    if change.status is not run.state.status:
        writing.add(Event.STATUS_CHANGED, None, _reason(change), run.state.status, change.status)
    if after.terminal:
        writing.add(Event.RUN_ENDED, new=change.status)
    version = writing.version
    return evolve(
        run,
        state=after,
        current_step=shown[0],
        step_index=shown[1],
        output_payload=change.output_payload if change.status is COMPLETED else run.output_payload,
        error_details=change.error_details if change.status is FAILED else run.error_details,
        version=version,
        started=version if run.started is None and change.status is RUNNING else run.started,
        ended=version if after.terminal else run.ended,
        log=run.log + tuple(writing.entries),
        gates=tuple(writing.gates),
    )


def forced(run: Run, change: Change, actor: int) -> Run | None:
    """Return the run where ``change`` leads when an FC takes it against the rules.

    ``None`` where that cannot be known: of a governed run, unless the change is one that could be
    legal in another state.
    """
    ask = classify(run, change)
    if ask in {Ask.MISNAME, Ask.SKIP, Ask.BACK}:
        return None
    undecided = run.governed and not isinstance(change.policy, Policy)
    return None if ask is Ask.START and undecided else apply(run, ask, change, actor)


def _own_enforcement(run: Run, ask: Ask, after: Run, actor: int) -> Run | None:
    """Return the run when the FC acts on the decision at once, as section 5.3 lets it."""
    if not run.governed or ask is not Ask.START:
        return None
    decision = after.state.decision
    if decision is FLAG:
        return apply(after, Ask.PAUSE, Change(PAUSED), actor)
    if decision is DENY:
        failed = apply(after, Ask.FAIL, Change(FAILED), actor)
        return evolve(failed, error_details=Anything((dict, type(None))))
    return None


def _started(run: Run, state: State, change: Change) -> State:
    policy = change.policy if isinstance(change.policy, Policy) else None
    if run.governed:
        assert policy is not None  # noqa: S101 - step() has refused a start without a decision
        return evolve(state, step=state.here + 1, decision=policy.decision, cleared=False)
    if policy is None:
        return state
    return evolve(state, decision=policy.decision, cleared=False)


def _shown(run: Run, ask: Ask, change: Change) -> tuple[str | None, int | float]:
    """``current_step`` and ``step_index`` as the run shows them afterwards (sections 3.3, 4)."""
    if run.governed and ask is not Ask.START:
        return run.current_step, run.step_index
    name = run.current_step if change.current_step is None else change.current_step
    index = run.step_index if change.step_index is None else change.step_index
    return name, index


def _reason(change: Change) -> dict[str, object]:
    return {} if change.reason is None else {"reason": change.reason}


def _write_steps(writing: Writing, run: Run, ask: Ask, change: Change, shown: str | None) -> None:
    """The ``FC-STEP`` and ``FC-POL`` entries of a change (section 7.2)."""
    old, new = writing.step(run.current_step), writing.step(shown)
    if run.governed:
        ends = change.status in {COMPLETED, FAILED} or ask is Ask.START
        if ends and run.state.step is not None:
            failed = change.status is FAILED
            outcome = StepOutcome.FAILED if failed else StepOutcome.COMPLETED
            writing.add(Event.STEP_ENDED, old, {"outcome": outcome})
        if ask is Ask.START:
            writing.add(Event.STEP_STARTED, new)
    if ask is Ask.START and isinstance(change.policy, Policy):
        policy = change.policy
        details: dict[str, object] = {
            "decision": policy.decision,
            "policy_id": policy.policy_id,
            "reason": policy.reason,
        }
        writing.add(Event.POLICY_DECIDED, new, details)
