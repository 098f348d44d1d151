"""Claims about times: when a change took effect, and what does not move (sections 2, 3.5, 6, 7)."""

from __future__ import annotations

from pt004_model.evidence.reproduction import words as w
from pt004_model.evidence.reproduction.case import Case, Claim
from pt004_model.model.run import Run
from pt004_model.vocabulary import RUN_TIMES


def time_claim(case: Case, run: Run, name: str) -> Claim:
    """A time of the run: there or null, in order, unmoved, and set when its change took effect."""
    versions = {
        "created_at": 0,
        "started_at": run.started,
        "completed_at": run.ended,
        "updated_at": run.version,
    }
    seen = w.body(case.last, "run", name)
    version = versions[name]
    if version is None:
        return Claim(f"run.{name} is null as yet", w.same(seen, w.value(None)))
    known = [w.body(case.last, "run", each) for each in RUN_TIMES if versions[each] is not None]
    parts = [w.call("is_time", seen), w.call("in_order", w.many(*known))]
    says = f"run.{name} is a time, and that of its change"
    since = [
        step
        for step in case.shown("run")
        if case.version(step) >= version and _has(case, step, name)
    ]
    if since:
        says = f"run.{name} has not moved since step {since[0] + 1}"
        parts.append(w.call("same_time", seen, w.body(since[0], "run", name)))
    elif version == 0:
        parts.append(w.call("same_time", seen, w.body(case.last, "run", "created_at")))
    else:
        parts.append(during(case, seen, version))
    return Claim(says, w.every(*parts), paced=True)


def during(case: Case, seen: w.Words, version: int) -> w.Words:
    """The time was set while the step that made the change was under way."""
    created, by = case.set_by(0), case.set_by(version)
    return w.call(
        "set_during", seen, w.body(created, "run", "created_at"), w.answer(created), w.answer(by)
    )


def _has(case: Case, step: int, name: str) -> bool:
    run = case.moments[step].run
    if run is None:
        return False
    field = {"started_at": run.started, "completed_at": run.ended}
    return field.get(name, 0) is not None
