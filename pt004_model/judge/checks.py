"""The table of checks: id, section of the contract, one sentence, severity.

An id is ``area.rule``. The rules by which the model refuses a call are checks too: such a check
fails when a call is accepted against the rule. Checks that a team adds of its own stand beside them
(:mod:`pt004_model.judge.own_checks`).
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from attrs import frozen

SEVERITIES: Final = ("critical", "major", "minor")
"""The gravest first."""


@frozen
class Check:
    """One check: its id, the section of the contract it holds an FC to, and what it says.

    ``graded`` is the severity of a check that is not in the contract's table.
    """

    id: str
    section: str
    sentence: str
    graded: str = ""

    @property
    def severity(self) -> str:
        """How much it matters when the check fails.

        ``critical``: governance itself is broken: what policy, isolation, authentication or the
        evidence promise does not hold. ``major``: a client is misled or refused. ``minor``: what
        was meant can still be told.
        """
        if self.graded:
            return self.graded
        if self.id in _MINOR or self.id.endswith(".refusal-code"):
            return "minor"
        return "critical" if self.area in _CRITICAL_AREAS or self.id in _CRITICAL else "major"

    @property
    def own(self) -> bool:
        """True for a check of a team's own, whose section is a clause of rules of theirs."""
        return bool(self.graded)

    @property
    def area(self) -> str:
        """The area of the contract that the check belongs to."""
        return self.id.partition(".")[0]


_ROWS: Final = (
    ("lifecycle.legal-change-accepted", "3.2", "A legal change is accepted."),
    ("lifecycle.create-accepted", "2", "A well-formed create is accepted."),
    ("lifecycle.read-accepted", "1", "A read of one's own run is accepted."),
    ("lifecycle.read-is-current", "13", "A read shows all that was accepted before it."),
    ("lifecycle.accepted-code", "1", "A create is answered 201, a change or read 200."),
    ("lifecycle.no-server-error", "1", "No call is answered with a server error."),
    ("lifecycle.answer-is-final", "1", "Every call is accepted or refused with a 4xx."),
    ("lifecycle.envelope", "1", "An accepted call is answered with the envelope."),
    ("lifecycle.sections-as-asked", "1", "A read fills logs and gates only when asked."),
    ("lifecycle.terminal-is-final", "3.4", "A completed or failed run never changes again."),
    ("lifecycle.only-legal-changes", "3.2", "A change that is not in the table is refused."),
    ("lifecycle.status", "3", "The run shows the status that the accepted changes led to."),
    ("lifecycle.run-id", "2", "A run has a fresh id of unreserved characters, for ever."),
    ("lifecycle.sent-data-kept", "1, 2", "What was sent comes back as the same JSON value."),
    ("lifecycle.correlation-id", "1, 2", "The correlation id is kept, or made up once."),
    ("lifecycle.output-payload", "3.5", "A completed run shows the payload it was sent."),
    ("lifecycle.error-details", "3.5", "A failed run shows the error details it was sent."),
    ("lifecycle.created-at", "2", "created_at is the time of the create and never moves."),
    ("lifecycle.updated-at", "3.5", "updated_at is the time of the last accepted change."),
    ("lifecycle.started-at", "3.5", "started_at is set by the first change to running."),
    ("lifecycle.completed-at", "3.5", "completed_at is set by the change that ends the run."),
    ("lifecycle.times-in-order", "2", "The times of a run are in order."),
    ("lifecycle.refusal-code", "11", "An illegal change is refused with 409, 400 or 422."),
    ("steps.next-step-only", "3.2", "Only the next step may start."),
    ("steps.names-agree", "3.2, 4", "A change names its step by id and index alike."),
    ("steps.no-early-completion", "3.2", "A run completes at its last step alone."),
    ("steps.current-step", "4", "The run shows the id of its current step."),
    ("steps.step-index", "4", "The run shows the index of its current step."),
    ("steps.refusal-code", "11", "A wrong step is refused with 409, 400 or 422."),
    ("policy.decision-required", "5.1", "A step starts only with a known decision."),
    ("policy.flag-blocks", "5.2", "A flag holds the run until it was paused and resumed."),
    ("policy.deny-blocks", "5.2", "After deny the run can only fail."),
    ("policy.decision-recorded", "5.4", "Every decision is in the log, with id and reason."),
    ("policy.refusal-code", "11", "A blocked change is refused with 409, 400 or 422."),
    ("gates.one-for-each-flagged-pause", "6", "A pause on a flag opens one gate, no other does."),
    ("gates.status", "6", "A gate is pending, then approved or rejected."),
    ("gates.gate-id", "6", "A gate has an id of its own that stays."),
    ("gates.step-id", "6", "A gate names the step that was flagged."),
    ("gates.gate-type", "6", "A gate is a human approval."),
    ("gates.gate-name", "6", "A gate has a name."),
    ("gates.approved-by", "6", "An approved gate names the actor that resumed the run."),
    ("gates.rejection-reason", "6", "A rejected gate carries the reason of the failing change."),
    ("gates.created-at", "6", "A gate is created when the run is paused."),
    ("gates.resolved-at", "6", "A gate is resolved when the run is resumed or failed."),
    ("gates.resolved-never-changes", "6", "A resolved gate never changes."),
    ("audit.kinds", "7.2", "A change appends the entries that the table names."),
    ("audit.event-type", "7.1", "Every entry has a kind."),
    ("audit.first-entry", "7.3", "FC-RUN-001 is the first entry."),
    ("audit.last-entry", "7.3", "FC-RUN-003 is the last entry of a terminal run."),
    ("audit.gate-opens-first", "7.3", "A gate opens before it closes."),
    ("audit.changes-in-order", "7.3", "The entries of a change stand behind earlier ones."),
    ("audit.step-id", "7.2", "An entry names its step."),
    ("audit.statuses", "7.2", "An entry carries the statuses that its kind has."),
    ("audit.outcome", "7.2", "The end of a step says how the step ended."),
    ("audit.reason", "7.2", "A reason that was sent is in the entry that it caused."),
    ("audit.gate-id", "7.2", "An entry about a gate carries the gate's id."),
    ("audit.gate-decision", "7.2", "The closing of a gate says approved or rejected."),
    ("audit.details", "7.1", "The details of an entry are an object."),
    ("audit.actor", "7.1", "An entry names the actor that sent the change."),
    ("audit.message", "7.1", "An entry has a message."),
    ("audit.log-id", "7.1", "An entry has an id never used before."),
    ("audit.timestamp", "2, 7.1", "An entry carries the time of its change."),
    ("audit.times-in-order", "2", "The times of the log never decrease."),
    ("audit.append-only", "7.4", "A later reading of the log begins with the earlier one."),
    ("receipts.hash", "8", "A receipt is the hash of the entry as served."),
    ("receipts.link", "8", "A receipt names the one before it."),
    ("receipts.chain", "8", "The run lists the receipts of its log in order."),
    ("receipts.workflow-hash", "8", "A terminal run, and no other, has the hash of its chain."),
    ("isolation.unknown-run", "9, 11", "A call on an unknown run is refused."),
    ("isolation.foreign-run", "9", "A call on another tenant's run is refused."),
    ("isolation.same-code", "9", "A foreign run is refused just as an unknown one."),
    ("isolation.owner-kept", "2, 9", "A run keeps the tenant and actor that created it."),
    ("isolation.nothing-of-other-runs", "7.1, 9", "A run shows nothing of other runs."),
    ("isolation.refusal-code", "11", "A run that one cannot see is refused with 404 or 403."),
    ("input.malformed-refused", "11", "A malformed body is refused."),
    ("input.not-json-refused", "11", "A body that is not JSON is refused."),
    ("input.headers-required", "1, 11", "A call without tenant or actor is refused."),
    ("input.wrong-method-refused", "11", "A method that a route does not have is refused."),
    ("input.path-names-no-run", "1", "A path that names no run is answered with a 4xx or 3xx."),
    ("input.refusal-code", "11", "Bad input is refused with the code for it."),
    ("input.refusal-detail", "1", "A refusal is a JSON object with a detail."),
    ("input.reply-is-json", "1", "Every body is JSON and says so."),
    ("idempotency.key-bound-to-request", "10", "A used key with another request is refused."),
    ("idempotency.replay-as-then", "10", "A repeated request is answered as it was then."),
    ("idempotency.refusal-code", "11", "A clash of keys is refused with 409 or 422."),
    ("authentication.token-required", "12", "A call without a good token is refused."),
    ("authentication.refusal-code", "11", "A bad token is refused with 401 or 403."),
    ("concurrency.linearizable", "13", "Calls that overlap take effect one after the other."),
    ("concurrency.log-tells-the-order", "13, 7.2", "The log has racing changes in their order."),
    ("durability.comes-back", "13", "Killed and started again, the FC answers."),
    ("durability.run-kept", "13", "After a restart a run is as it was, but for open calls."),
    ("durability.log-kept", "13, 7.4", "After a restart the log and its chain are as they were."),
    ("durability.gates-kept", "13, 6", "After a restart the gates are as they were."),
    ("durability.keys-kept", "13, 10", "After a restart a repeated call is answered as it was."),
    ("durability.goes-on", "13", "After a restart runs go on, and their logs where they ended."),
)

_CRITICAL_AREAS: Final = frozenset(
    {"policy", "authentication", "receipts", "isolation", "concurrency", "durability"}
)
_CRITICAL: Final = frozenset(
    {
        "lifecycle.terminal-is-final",
        "lifecycle.only-legal-changes",
        "steps.next-step-only",
        "steps.no-early-completion",
        "gates.one-for-each-flagged-pause",
        "gates.approved-by",
        "gates.resolved-never-changes",
        "audit.kinds",
        "audit.append-only",
        "audit.actor",
    }
)
_MINOR: Final = frozenset(
    {
        "lifecycle.accepted-code",
        "lifecycle.sections-as-asked",
        "gates.gate-name",
        "audit.message",
        "audit.details",
        "input.refusal-detail",
        "input.path-names-no-run",
    }
)

CHECKS: Final = {row[0]: Check(*row) for row in _ROWS}
"""The contract's checks by id; a check of one's own is entered when it is made."""
AREAS: Final = tuple(dict.fromkeys(check.area for check in CHECKS.values()))
"""The areas of the contract."""


def areas() -> tuple[str, ...]:
    """Return the areas of the contract, then those of checks of one's own."""
    return tuple(dict.fromkeys((*AREAS, *(check.area for check in CHECKS.values()))))


def not_judged(areas: Collection[str], agreed: Collection[str]) -> str:
    """Return what was not looked at, in words; empty when everything was."""
    left = [area for area in AREAS if area not in areas]
    said = [f"the area{'s'[: len(left) - 1]} {', '.join(left)}"] if left else []
    said += [f"what is agreed ({'; '.join(agreed)})"] if agreed else []
    return " and ".join(said)
