"""The ``run`` of an envelope, every field of it (sections 1 to 4, 9).

Not compared, and why: fields that the contract does not name are free (section 1).
``receipt_chain`` and ``workflow_receipt_hash`` are read in :mod:`pt004_model.judge.receipts`.
"""

from __future__ import annotations

import re
from typing import Final

from attrs import evolve

from pt004_model.judge.clock import parse
from pt004_model.judge.fields import equal, moment, text, unique, value_of
from pt004_model.judge.finding import Saying, classes_of
from pt004_model.judge.memory import JsonObject, Notes, Seen
from pt004_model.model.history import Anything
from pt004_model.model.run import Run
from pt004_model.model.values import Json, same
from pt004_model.vocabulary import RUN_TIMES

UNRESERVED: Final = re.compile(r"[A-Za-z0-9._~-]+", re.ASCII)


def read_run(notes: Notes, run: Run, seen: Seen, shown: JsonObject) -> Seen:
    """Compare the run as shown with the model's; what was seen of it, with new values bound."""
    run_id = _run_id(notes, run, seen, shown)
    equal(
        notes, "lifecycle.status", "run.status", run.state.status.value, value_of(shown, "status")
    )
    step = value_of(shown, "current_step")
    equal(notes, "steps.current-step", "run.current_step", run.current_step, step)
    index = value_of(shown, "step_index")
    equal(notes, "steps.step-index", "run.step_index", run.step_index, index)
    _sent(notes, run, shown)
    correlation = _correlation(notes, run, seen, shown)
    own = _carried(notes, run, seen, shown)
    times = _times(notes, run, seen, shown)
    return evolve(seen, run_id=run_id, correlation=correlation, times=times, own=own)


def _run_id(notes: Notes, run: Run, seen: Seen, shown: JsonObject) -> str:
    observed = value_of(shown, "run_id")
    if seen.run_id:
        equal(notes, "lifecycle.run-id", "run.run_id", seen.run_id, observed)
        return seen.run_id
    if not isinstance(observed, str) or not UNRESERVED.fullmatch(observed):
        expected = Saying("a non-empty string of unreserved URL characters")
        notes.disagree("lifecycle.run-id", "run.run_id", expected, observed)
        return ""
    if notes.ledger.knows(f"run id {observed}"):
        expected = Saying("a run id never used before")
        check = "lifecycle.run-id"
        notes.disagree(check, "run.run_id", expected, observed, "fresh", "used before")
    unique(notes, "lifecycle.run-id", "run.run_id", "run id", observed, f"{observed}#{run.number}")
    return observed


def _sent(notes: Notes, run: Run, shown: JsonObject) -> None:
    """What was sent with the create comes back, and the owner is the one of the headers."""
    asked = run.asked
    sent = {
        "workflow_id": asked.workflow_id,
        "workflow_version": asked.workflow_version,
        "input_payload": asked.input_payload,
        "metadata": asked.metadata,
        "tags": asked.tags,
        "steps": asked.steps,
    }
    for name, value in sent.items():
        _kept(notes, name, value, value_of(shown, name))
    owner = {
        "tenant_id": notes.names.tenants[run.tenant],
        "actor_id": notes.names.actors[run.actor],
    }
    for name, value in owner.items():
        equal(notes, "isolation.owner-kept", f"run.{name}", value, value_of(shown, name))


def _kept(notes: Notes, name: str, expected: object, observed: object) -> None:
    # comparing texts is much faster, and right whenever it says yes
    if repr(expected) != repr(observed) and not same(expected, observed):
        _, difference = classes_of(expected, observed)
        check = "lifecycle.sent-data-kept"
        notes.disagree(check, f"run.{name}", expected, observed, name, difference)


def _correlation(notes: Notes, run: Run, seen: Seen, shown: JsonObject) -> str:
    observed = value_of(shown, "correlation_id")
    check, where = "lifecycle.correlation-id", "run.correlation_id"
    expected = seen.correlation or run.correlation
    if expected is not None and expected != "":
        equal(notes, check, where, expected, observed)
        return expected
    return text(notes, check, where, observed) or ""


def _carried(notes: Notes, run: Run, seen: Seen, shown: JsonObject) -> dict[str, Json]:
    """``output_payload`` and ``error_details`` (section 3.5); the FC's own are bound."""
    own = dict(seen.own)
    for name, expected in (
        ("output_payload", run.output_payload),
        ("error_details", run.error_details),
    ):
        observed = value_of(shown, name)
        check, where = f"lifecycle.{name.replace('_', '-')}", f"run.{name}"
        if not isinstance(expected, Anything):
            equal(notes, check, where, expected, observed)
        elif name in own:
            equal(notes, check, where, own[name], observed)
        elif isinstance(observed, expected.kinds):
            own[name] = observed  # type: ignore[assignment]  # kinds are JSON's
        else:
            notes.disagree(check, where, Saying("an object or null"), observed)
    return own


def _times(notes: Notes, run: Run, seen: Seen, shown: JsonObject) -> dict[str, str]:
    versions = {
        "created_at": 0,
        "started_at": run.started,
        "completed_at": run.ended,
        "updated_at": run.version,
    }
    times: dict[str, str] = {}
    for name, version in versions.items():
        observed = value_of(shown, name)
        check, where = f"lifecycle.{name.replace('_', '-')}", f"run.{name}"
        if version is None:
            equal(notes, check, where, None, observed)
        elif _settled(seen, name, run) and isinstance(observed, str):
            _unmoved(notes, check, where, seen.times[name], observed)
            times[name] = seen.times[name]
        else:
            moment(notes, check, where, observed, seen.windows[version])
            if isinstance(observed, str):  # whether it is in order is another question
                times[name] = observed
    _in_order(notes, run, seen, times)
    return times


def _settled(seen: Seen, name: str, run: Run) -> bool:
    """Tell whether the field was seen before and nothing may have moved it since."""
    return name in seen.times and (name != "updated_at" or seen.version == run.version)


def _unmoved(notes: Notes, check: str, where: str, before: str, observed: str) -> None:
    one, other = parse(before), parse(observed)
    if observed != before and (other is None or one != other):
        notes.disagree(check, where, before, observed, "unmoved", "moved")


def _in_order(notes: Notes, run: Run, seen: Seen, times: dict[str, str]) -> None:
    last, last_name = -1.0, ""
    for name in RUN_TIMES:
        time = parse(times.get(name))
        if time is None:
            continue
        if time.seconds < last:
            expected = Saying(f"no earlier than {last_name} {times[last_name]}")
            where = f"run.{name}"
            check = "lifecycle.times-in-order"
            notes.disagree(check, where, expected, times[name], last_name, name)
        last, last_name = time.seconds, name
    before, now = parse(seen.times.get("updated_at")), parse(times.get("updated_at"))
    if before is not None and now is not None and now.seconds < before.seconds:
        expected = Saying(f"no earlier than it was, {seen.times['updated_at']}")
        observed = times["updated_at"]
        check = "lifecycle.times-in-order"
        notes.disagree(check, "run.updated_at", expected, observed, "updated_at", "back")
    created = parse(times.get("created_at"))
    if run.version == 0 and created is not None and now is not None and created != now:
        check = "lifecycle.updated-at"
        expected_now = times["created_at"]
        notes.disagree(check, "run.updated_at", expected_now, times["updated_at"], "created_at")
