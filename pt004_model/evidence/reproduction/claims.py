"""From a finding to what a script can check by itself, without our judge.

A claim follows the place in the reply where the finding is: the status, a field of the run, an
entry of the log, a gate. What was expected there is taken from the model.
"""

from __future__ import annotations

import re

from pt004_model.evidence.document import Trace
from pt004_model.evidence.reproduction import words as w
from pt004_model.evidence.reproduction.case import Case, Claim
from pt004_model.evidence.reproduction.entries import gates_claim, logs_claim
from pt004_model.evidence.reproduction.times import time_claim
from pt004_model.model.commands import CreateRun
from pt004_model.model.history import Anything
from pt004_model.model.run import Run
from pt004_model.model.telling import codes_told
from pt004_model.model.world import shape
from pt004_model.vocabulary import RUN_TIMES

_MANY = 8
"""More allowed codes than these are checked as a range."""


def claim(trace: Trace) -> Claim:
    """What must hold when the commands of ``trace`` are sent: exactly what diverged."""
    case = Case.of(trace)
    where = trace.where
    if where == "status":
        return _status(case)
    if where == "detail":
        return Claim(
            "the answer is a JSON object with a detail", w.call("has_detail", w.content(case.last))
        )
    if where in {"body", "Content-Type"}:
        name = "is_json" if where == "body" else "says_json"
        return Claim("the answer is JSON and says so", w.call(name, w.answer(case.last)))
    if trace.check in {"lifecycle.envelope", "lifecycle.sections-as-asked"}:
        return _envelope(case)
    run = case.run
    if run is None:  # it should have been refused
        return _status(case)
    if trace.check == "idempotency.replay-as-then":
        return _replay(case)
    if where.startswith("logs"):
        return logs_claim(case, run)
    if where.startswith("gates"):
        return gates_claim(case, run)
    return _field(case, run, where.removeprefix("run."))


def _status(case: Case) -> Claim:
    """The status code is one of those that are allowed."""
    last, seen = case.last, w.status(case.last)
    if case.trace.check == "isolation.same-code":
        like = shape(case.failing.command)
        for moment in case.moments[:-1]:
            if shape(moment.command) == like and moment.run is None:
                says = f"step {last + 1} gets the status code of step {moment.number + 1}"
                return Claim(says, w.same(seen, w.status(moment.number)))
    codes = case.codes
    if len(codes) <= _MANY:
        says = f"step {last + 1} is answered with {codes_told(codes)}"
        return Claim(says, w.among(seen, [*sorted(codes)]))
    low, high = min(codes), max(codes)
    return Claim(
        f"step {last + 1} is answered with a code from {low} to {high}",
        w.Words(
            f"{low} <= replies[{last}].status <= {high}",
            f"{low} <= $r[{last}].status and $r[{last}].status <= {high}",
        ),
    )


def _envelope(case: Case) -> Claim:
    name = case.trace.where
    part = w.body(case.last, name)
    if case.trace.check == "lifecycle.sections-as-asked":
        return Claim(f"{name} is empty, as none were asked for", w.call("empty_or_absent", part))
    if name == "run":
        return Claim("run is an object", w.call("is_kind", part, "object"))
    return Claim(f"{name} is a list of objects", w.call("holds_objects", part))


def _replay(case: Case) -> Claim:
    """The answer to a repeated request is the one of then."""
    then = case.keyed()
    if then is None:
        return _status(case)
    if case.trace.where == "logs":
        words = w.same(w.call("hashes", w.content(case.last)), w.body(then, "run", "receipt_chain"))
        return Claim(f"the log is as it was at step {then + 1}", words)
    name = case.trace.where.removeprefix("run.")
    says = f"run.{name} is as it was in the answer to step {then + 1}"
    return Claim(
        says, w.same(w.body(case.last, "run", name), w.body(then, "run", name)), paced=True
    )


def _field(case: Case, run: Run, name: str) -> Claim:
    """A field of the run."""
    seen = w.body(case.last, "run", name)
    if name in RUN_TIMES:
        return time_claim(case, run, name)
    if name == "run_id":
        return _run_id(case)
    if name == "correlation_id":
        return _correlation(case, run)
    if name == "receipt_chain":
        return _chain(case)
    if name == "workflow_receipt_hash":
        return _workflow_hash(case, run)
    if name in {"tenant_id", "actor_id"}:
        owner = w.tenant(run.tenant) if name == "tenant_id" else w.actor(run.actor)
        return Claim(f"run.{name} is {case.trace.expected}", w.same(seen, owner))
    values: dict[str, object] = {
        "status": run.state.status.value,
        "current_step": run.current_step,
        "step_index": run.step_index,
        "workflow_id": run.asked.workflow_id,
        "workflow_version": run.asked.workflow_version,
        "input_payload": run.asked.input_payload,
        "metadata": run.asked.metadata,
        "tags": list(run.asked.tags),
        "steps": None if run.asked.steps is None else list(run.asked.steps),
        "output_payload": run.output_payload,
        "error_details": run.error_details,
    }
    expected = values[name]
    if isinstance(expected, Anything):
        kinds = (w.call("is_kind", seen, kind) for kind in ("object", "null"))
        return Claim(f"run.{name} is an object or null", w.either(*kinds))
    return Claim(f"run.{name} is {case.trace.expected}", w.same(seen, w.value(expected)))


def _run_id(case: Case) -> Claim:
    seen = w.body(case.last, "run", "run_id")
    if not isinstance(case.failing.command, CreateRun):
        return Claim("run.run_id is that of the create", w.same(seen, w.run_id(case.number)))
    others = [
        moment.number
        for moment in case.moments[:-1]
        if isinstance(moment.command, CreateRun) and moment.run is not None
    ]
    differ = (w.no(w.same(seen, w.body(other, "run", "run_id"))) for other in others)
    words = w.every(w.call("is_id", seen), *differ)
    return Claim("run.run_id is a new id of unreserved URL characters", words)


def _correlation(case: Case, run: Run) -> Claim:
    seen = w.body(case.last, "run", "correlation_id")
    if run.correlation:
        says = "run.correlation_id is the one that was sent"
        return Claim(says, w.same(seen, w.value(run.correlation)))
    earlier = case.shown("run")
    if earlier:
        then = w.body(earlier[0], "run", "correlation_id")
        return Claim("run.correlation_id stays as it was", w.same(seen, then))
    return Claim("run.correlation_id is there", w.call("is_text", seen))


def _chain(case: Case) -> Claim:
    """The chain lists the receipts of the log in order, and keeps those that were read before."""
    seen = w.body(case.last, "run", "receipt_chain")
    parts = [w.call("is_chain", seen)]
    earlier = case.shown("run")
    if earlier:
        then = w.body(earlier[-1], "run", "receipt_chain")
        unchanged = case.version(earlier[-1]) == case.version(case.last)
        parts.append(w.same(seen, then) if unchanged else w.call("begins", seen, then))
    if re.search("of the log", case.trace.expected):
        parts.append(w.same(seen, w.call("hashes", w.content(case.last))))
    return Claim("run.receipt_chain lists the receipts of the log in order", w.every(*parts))


def _workflow_hash(case: Case, run: Run) -> Claim:
    seen = w.body(case.last, "run", "workflow_receipt_hash")
    if not run.state.terminal:
        says = "run.workflow_receipt_hash is null before the run has ended"
        return Claim(says, w.same(seen, w.value(None)))
    chain = w.body(case.last, "run", "receipt_chain")
    words = w.same(seen, w.Words(f"hash_of({chain.python})", "[$hash]"))
    return Claim("run.workflow_receipt_hash is the hash of the receipt_chain", words, chain)
