"""Runs, bodies and worlds built by hand, so that no test leans on the code that it tests."""

from __future__ import annotations

from attrs import evolve
from hypothesis import strategies as st

from pt004_model.model.asks import Change, Creation, read_change
from pt004_model.model.commands import US, Caller, ChangeRun, CreateRun, Tenant
from pt004_model.model.history import Entry, Gate, GateRef, StepRef
from pt004_model.model.rules import Refusal, Rule
from pt004_model.model.run import Run, State, step
from pt004_model.model.values import Body, Json
from pt004_model.model.world import Accepted, Outcome, Refused, World
from pt004_model.vocabulary import Decision, Event, Status

NAMES = ("a", "b", "c", "d")
ILLEGAL = {409, 400, 422}
HIDDEN = {404, 403}
MALFORMED = {422, 400}
HEADERS = {400, 401, 403, 422}
BEYOND = {400, 413, 415, 422}
NOT_JSON = {400, 415, 422}
METHOD = {405, 404}
CLASH = {409, 422}
TOKEN = {401, 403}
STRANGER = Caller(Tenant.STRANGER)

ACCEPTED = "accepted"
EITHER = "either"

JSON: st.SearchStrategy[Json] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(codec="utf-8"), max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(st.characters(codec="utf-8"), max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)
"""Any JSON value within the contract, small."""


def policy(decision: str) -> Json:
    """A whole policy."""
    return {"decision": decision, "policy_id": "p1", "reason": "why"}


def body(
    status: str,
    name: str | None = None,
    index: float | None = None,
    decision: str | None = None,
    **more: Json,
) -> Body:
    """The body of a change; what is ``None`` is left out."""
    fields: dict[str, Json] = {"status": status}
    if name is not None:
        fields["current_step"] = name
    if index is not None:
        fields["step_index"] = index
    if decision is not None:
        fields["policy"] = policy(decision)
    return Body.of({**fields, **more})


def change(
    status: str,
    name: str | None = None,
    index: float | None = None,
    decision: str | None = None,
    **more: Json,
) -> Change:
    """The change that such a body asks for."""
    read = read_change(body(status, name, index, decision, **more))
    assert isinstance(read, Change)
    return read


def start(index: int, decision: str = "allow", **more: Json) -> Change:
    """The change that starts the step ``index``."""
    return change("running", NAMES[index], index, decision, **more)


def new(length: int = 3, number: int = 0, tenant: int = 0) -> Run:
    """A run just created; ungoverned when it has no steps."""
    asked = Creation("w", "1.0.0", {}, {}, (), NAMES[:length] or None)
    first = Entry(Event.RUN_CREATED, actor=0, version=0, new_status=Status.PENDING)
    return Run(number, asked, tenant, 0, None, log=(first,))


def at(
    status: str,
    index: int | None = None,
    decision: str | None = None,
    cleared: bool = False,
    length: int = 3,
) -> Run:
    """A run put into a state by hand, with the gate that is open in it."""
    state = State(Status(status), index, None if decision is None else Decision(decision), cleared)
    pending = status == "paused" and decision == "flag" and not cleared
    name = None if index is None else NAMES[index]
    return evolve(
        new(length),
        state=state,
        current_step=name,
        step_index=index or 0,
        version=7,
        started=None if status == "pending" else 1,
        ended=7 if status in {"completed", "failed"} else None,
        gates=(Gate(0, StepRef((name,)), opened=7),) if pending else (),
    )


def free(status: str, decision: str | None = None, cleared: bool = False) -> Run:
    """An ungoverned run put into a state by hand."""
    return at(status, None, decision, cleared, length=0)


def verdict(run: Run, asked: Change) -> str:
    """Accepted, either, or the rule by which the change must be refused."""
    results = step(run, asked, 1)
    refusals = [each for each in results if isinstance(each, Refusal)]
    if not refusals:
        return ACCEPTED
    return EITHER if len(refusals) < len(results) else refusals[0].rule


def after(run: Run, asked: Change, actor: int = 1) -> Run:
    """The run after an accepted change, when the FC does only what it is told."""
    first = step(run, asked, actor)[0]
    assert isinstance(first, Run)
    return first


def lived(run: Run, *changes: Change) -> Run:
    """The run after several accepted changes."""
    for each in changes:
        run = after(run, each)
    return run


def refused(run: Run, asked: Change) -> Refusal:
    """The refusal among the results of a change."""
    (found,) = (each for each in step(run, asked, 1) if isinstance(each, Refusal))
    return found


# Log entries, shorter: event, step, previous status, new status, details


def entry(run: Run, each: Entry) -> tuple[object, ...]:
    """An entry as a row; steps of a governed run by name, details as they stand."""
    named = each.step.names[0] if each.step is not None and run.governed else each.step
    details = {
        name: f"gate {value.number}" if isinstance(value, GateRef) else value
        for name, value in each.details.items()
    }
    return (str(each.event), named, each.previous_status, each.new_status, details)


def by_kind(rows: list[tuple[object, ...]]) -> dict[object, list[tuple[object, ...]]]:
    """The rows of each kind in their order: all that section 7.3 says of it."""
    kinds: dict[object, list[tuple[object, ...]]] = {}
    for row in rows:
        kinds.setdefault(row[0], []).append(row)
    return kinds


# Worlds


def world(*runs: Run, authenticates: bool = False) -> World:
    """A world with these runs in it."""
    return World(runs={run.number: run for run in runs}, authenticates=authenticates)


def create(number: int = 0, caller: Caller = US, key: str | None = None, **more: Json) -> CreateRun:
    """A create of a run with steps a, b, c."""
    fields: dict[str, Json] = {"workflow_id": "w", "steps": ["a", "b", "c"], **more}
    return CreateRun(number, Body.of(fields), caller, key)


def begin(number: int = 0, caller: Caller = US, key: str | None = None) -> ChangeRun:
    """The change that starts the first step of a run."""
    return ChangeRun(number, body("running", "a", 0, "allow"), caller, key)


def summary(outcomes: tuple[Outcome, ...]) -> list[object]:
    """Each outcome in short: a code, the set of codes of a refusal, or ``None`` for unjudged."""
    words: list[object] = []
    for each in outcomes:
        if isinstance(each.reply, Accepted):
            words.append(each.reply.code)
        else:
            words.append(set(each.reply.refusal.codes) if isinstance(each.reply, Refused) else None)
    return words


def rule(outcomes: tuple[Outcome, ...]) -> Rule:
    """The rule that names the only outcome, a refusal."""
    (only,) = outcomes
    assert isinstance(only.reply, Refused)
    return only.reply.refusal.rule


def accepted(outcomes: tuple[Outcome, ...]) -> tuple[Accepted, World]:
    """The first outcome, which must be accepted, and the world after it."""
    assert isinstance(outcomes[0].reply, Accepted)
    return outcomes[0].reply, outcomes[0].world
