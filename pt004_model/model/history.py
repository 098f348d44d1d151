"""What has happened to a run: the log entries and gates that the model expects (sections 6, 7)."""

from __future__ import annotations

from attrs import field, frozen

from pt004_model.vocabulary import Event, GateStatus, Status


@frozen
class Anything:
    """A value that is the FC's own choice, of one of the Python types ``kinds``."""

    kinds: tuple[type, ...]


@frozen
class GateRef:
    """The id of a run's gate, by its number; the FC makes the id up."""

    number: int


@frozen
class StepRef:
    """The step that an entry or gate names: any of ``names``, ``None`` for null."""

    names: tuple[str | None, ...]


@frozen
class Entry:
    """One log entry that an accepted change appends (section 7).

    ``step`` is ``None`` where the contract does not say what ``step_id`` holds. ``details`` are the
    members that must be there; an FC may add more. ``version`` is the change that wrote it.
    """

    event: Event
    actor: int
    version: int
    step: StepRef | None = None
    previous_status: Status | None = None
    new_status: Status | None = None
    details: dict[str, object] = field(factory=dict)


@frozen
class Gate:
    """One gate of a run (section 6); ``opened`` and ``resolved`` are versions of the run."""

    number: int
    step: StepRef
    opened: int
    status: GateStatus = GateStatus.PENDING
    approved_by: int | None = None
    rejection_reason: str | None = None
    resolved: int | None = None
