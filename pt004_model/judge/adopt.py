"""Where things stand after an answer that the contract does not allow.

A finding must not end what can be said of a run, nor may what follows from it be told as another. A
field that is wrong leaves the run where the model has it. After a call that was refused though
legal, accepted though illegal or answered with a server error, or where a reply shows another state
than it must, nobody can tell from the contract where the run is: it is *unsettled* until a reply
shows it. What that reply shows is then taken as it stands, in the nearest state that a run can be
in. Only where no state is like what is shown nothing more can be said of the run.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, TypeAlias

from attrs import evolve

from pt004_model.judge.audit import log_as_shown
from pt004_model.judge.clock import Window, parse
from pt004_model.judge.finding import MISSING
from pt004_model.judge.memory import JsonObject, Seen, View
from pt004_model.model.commands import Names
from pt004_model.model.history import Gate, StepRef
from pt004_model.model.replies import Reply
from pt004_model.model.run import Run, State
from pt004_model.model.values import is_number, same
from pt004_model.vocabulary import RUN_TIMES, Decision, GateStatus, Status

Parts: TypeAlias = tuple[list[JsonObject] | None, list[JsonObject] | None]
"""The log and the gates that a reply shows in full; ``None`` for what it does not."""
_UNREAD: Final = frozenset({"logs", "gates"})


def contradicts(run: Run, shown: JsonObject) -> bool:
    """Tell whether ``shown`` is a run in another state than ``run``.

    A status in another case is that status. A value that is none of its kind (an index that is a
    string) says nothing of the state, and of a step its name or its index is enough.
    """
    status = _status(shown)
    if status is not None and status is not run.state.status:
        return True
    name, index, steps = (
        shown.get("current_step", MISSING),
        shown.get("step_index"),
        run.asked.steps,
    )
    said = []
    if name is None or (isinstance(name, str) and (steps is None or name in steps)):
        said.append(name == run.current_step)
    if is_number(index):
        said.append(same(index, run.step_index))
    return bool(said) and not any(said)


def earlier(run: Run, seen: Seen, shown: JsonObject) -> int:
    """Return after how many log entries ``shown`` is the run; 0 where it is not an earlier one.

    All its receipts were seen, and two things more are as before: it has fewer of them, its time is
    an earlier one, its state is another one.
    """
    chain = shown.get("receipt_chain")
    if not isinstance(chain, list) or tuple(chain) != seen.chain[: len(chain)]:
        return 0
    then, now = parse(shown.get("updated_at")), parse(seen.times.get("updated_at"))
    before = then is not None and now is not None and then.seconds < now.seconds
    told = (len(chain) < len(seen.chain), before, contradicts(run, shown))
    return len(chain) if sum(told) > 1 else 0


def adopt(
    view: View, runs: tuple[Run, ...], shown: JsonObject, parts: Parts, reply: Reply, names: Names
) -> tuple[View, ...]:
    """Return how things may be when the run is one of ``runs``, or like ``shown`` if it is none.

    ``parts`` are those of the same reply. Nothing is returned when no run is like what is shown.
    """
    near = [run for run in runs if not contradicts(run, shown)] or [*_like(runs[0], shown)]
    unsettled = {n: ways for n, ways in view.unsettled.items() if n != runs[0].number}
    after = []
    for each in near:
        run = _carried(each, shown)
        seen = _as_shown(view.seen.get(run.number, Seen()), run, shown, reply)
        there = evolve(
            view,
            world=view.world.with_run(run),
            seen={**view.seen, run.number: seen},
            unsettled=unsettled,
        )
        after.append(take_parts(there, run, parts, names))
    return tuple(after)


def take_parts(view: View, run: Run, parts: Parts, names: Names) -> View:
    """Return the view with those parts as shown that are to be taken as they stand."""
    seen, (logs, gates) = view.seen[run.number], parts
    if logs is not None and "logs" in seen.unread:
        seen = evolve(log_as_shown(run, seen, logs), unread=seen.unread - {"logs"})
    if gates is not None and "gates" in seen.unread:
        run = _with_gates(run, gates, names)
        ids: dict[int, object] = {
            n: each["gate_id"] for n, each in enumerate(gates) if each.get("gate_id")
        }
        seen = evolve(seen, gates=tuple(gates), gate_ids=ids, unread=seen.unread - {"gates"})
    return evolve(view, world=view.world.with_run(run), seen={**view.seen, run.number: seen})


def _status(shown: JsonObject) -> Status | None:
    """Return the status that is shown, in whatever case; ``None`` for what is none."""
    return next((each for each in Status if each.value == str(shown.get("status")).lower()), None)


def _like(run: Run, shown: JsonObject) -> Iterator[Run]:
    """Yield the runs that could look like ``shown``; what decides of them unseen stays open."""
    status = _status(shown) or run.state.status
    steps, index, name = run.asked.steps, shown.get("step_index"), shown.get("current_step")
    if steps is None:
        decisions: tuple[Decision | None, ...] = (run.state.decision,)
        step = None
    elif status is Status.PENDING:
        decisions, step = (None,), None
    else:
        step = run.state.step
        if isinstance(name, str) and name in steps:
            step = steps.index(name)
        elif isinstance(index, int | float) and is_number(index) and index in range(len(steps)):
            step = int(index)
        if step is None and status is not Status.FAILED:
            return  # nothing but a failed run may have no step
        decisions = (None,) if step is None else (*Decision,)
    if step == run.state.step and status is not Status.PENDING:
        decisions = (run.state.decision,)
    for decision in decisions:
        state = State(status, step, decision, run.state.cleared and step == run.state.step)
        place = (run.current_step, run.step_index)
        if steps is not None and step is not None:
            place = (steps[step], step)
        name, index = place
        after = evolve(run, state=state, version=run.version + 1)
        yield evolve(after, current_step=name, step_index=index)


def _carried(run: Run, shown: JsonObject) -> Run:
    """Return the run with what it carries and when it began and ended as shown."""
    known = {"started": (run.started, "started_at"), "ended": (run.ended, "completed_at")}
    when = {
        name: None if shown.get(field) is None else run.version if version is None else version
        for name, (version, field) in known.items()
    }
    if run.state.gate_pending and not any(gate.resolved is None for gate in run.gates[-1:]):
        gate = Gate(len(run.gates), StepRef((run.current_step,)), opened=run.version)
        run = evolve(run, gates=(*run.gates, gate))
    return evolve(
        run,
        output_payload=shown.get("output_payload"),
        error_details=shown.get("error_details"),
        started=when["started"],
        ended=when["ended"],
    )


def _as_shown(seen: Seen, run: Run, shown: JsonObject, reply: Reply) -> Seen:
    """Return what was seen of a run, with what is shown now in place of what was to be."""
    times = {name: value for name in RUN_TIMES if isinstance(value := shown.get(name), str)}
    chain = shown.get("receipt_chain")
    unknown = {version: Window(0.0, reply.received) for version in range(run.version + 1)}
    return evolve(
        seen,
        version=run.version,
        times=times,
        windows={**unknown, **seen.windows},
        chain=tuple(map(str, chain)) if isinstance(chain, list) else seen.chain,
        unread=_UNREAD,
    )


def _with_gates(run: Run, shown: list[JsonObject], names: Names) -> Run:
    """Return the run with its gates as shown, as far as they can be read as gates."""
    gates = []
    for number, each in enumerate(shown):
        status = next((one for one in GateStatus if one.value == each.get("status")), None)
        if status is None:
            return run
        step, by, why = each.get("step_id"), each.get("approved_by"), each.get("rejection_reason")
        gates.append(
            Gate(
                number,
                StepRef((step if isinstance(step, str) else None,)),
                opened=run.version,
                status=status,
                approved_by=names.actors.index(str(by)) if by in names.actors else None,
                rejection_reason=why if isinstance(why, str) else None,
                resolved=None if status is GateStatus.PENDING else run.version,
            )
        )
    if run.state.gate_pending and not any(gate.resolved is None for gate in gates[-1:]):
        run = evolve(run, state=evolve(run.state, cleared=True))
    return evolve(run, gates=tuple(gates))
