"""Small comparisons that the readings of the envelope share."""

from __future__ import annotations

from pt004_model.judge.clock import Window, parse
from pt004_model.judge.finding import MISSING, Saying, classes_of
from pt004_model.judge.memory import JsonObject, Notes
from pt004_model.model.history import StepRef
from pt004_model.model.values import same

NON_EMPTY = Saying("a non-empty string")


def value_of(holder: JsonObject, name: str) -> object:
    """Return the field, or :data:`MISSING`; one without a value must be null (section 1)."""
    return holder.get(name, MISSING)


def equal(notes: Notes, check: str, where: str, expected: object, observed: object) -> bool:
    """Note a disagreement unless ``observed`` is the very JSON value ``expected``."""
    if same(expected, observed):
        return True
    notes.disagree(check, where, expected, observed)
    return False


def one_of(
    notes: Notes,
    check: str,
    where: str,
    allowed: tuple[object, ...],
    observed: object,
    *classes: str,
) -> bool:
    """Note a disagreement unless ``observed`` is one of the values ``allowed``."""
    if (type(observed) is str and observed in allowed) or any(
        same(each, observed) for each in allowed
    ):
        return True
    expected = allowed[0] if len(allowed) == 1 else Saying(" or ".join(map(repr, allowed)))
    notes.disagree(check, where, expected, observed, *classes)
    return False


def text(notes: Notes, check: str, where: str, observed: object) -> str | None:
    """Return the non-empty string ``observed``, or ``None`` and a disagreement."""
    if isinstance(observed, str) and observed:
        return observed
    notes.disagree(check, where, NON_EMPTY, observed)
    return None


def identifier(notes: Notes, check: str, where: str, observed: object) -> str | None:
    """Return an id, a non-empty string or a number, as a text; or ``None`` and a disagreement."""
    if isinstance(observed, int | float) and not isinstance(observed, bool):
        return str(observed)
    return text(notes, check, where, observed)


def step_id(notes: Notes, check: str, where: str, step: StepRef, observed: object) -> None:
    """Compare the step that an entry or gate names; duplicates in ``step`` do not matter."""
    names: tuple[object, ...] = tuple(dict.fromkeys(step.names))
    # which names it may have is no class: the same fault would be another at each step
    name = next((each for each in names if each is not None), None)
    one_of(notes, check, where, names, observed, *classes_of(name, observed))


def unique(notes: Notes, check: str, where: str, kind: str, value: str, owner: str) -> None:
    """An id that the FC made up belongs to one owner for ever (sections 2, 7.1)."""
    key = f"{kind} {value}"
    if notes.ids.setdefault(key, owner) != owner or not notes.ledger.owns(owner, key):
        said = Saying(f"a {kind} never used before")
        notes.disagree(check, where, said, value, "fresh", "used before")


def moment(notes: Notes, check: str, where: str, observed: object, window: Window) -> None:
    """A time must be RFC 3339 in UTC and lie within ``window`` (section 2)."""
    time = parse(observed)
    if time is None or not time.proper:
        expected = Saying("a time in RFC 3339 and UTC")
        notes.disagree(check, where, expected, observed)
    if time is None:
        return
    if notes.ledger.clock.allows(time, window):
        notes.times.append((time, window))
    else:
        expected = Saying("the time at which its change took effect")
        notes.disagree(check, where, expected, observed, "inside", "outside")
