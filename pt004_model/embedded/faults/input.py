"""Seeded faults of what is read from request bodies (contract sections 1 to 3)."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

import attrs
from starlette.datastructures import Headers

from pt004_model.embedded.bodies import Bodies, JsonObject, containers_in
from pt004_model.embedded.door import Door
from pt004_model.embedded.faults.base import Fault
from pt004_model.embedded.records import Change, to_json
from pt004_model.embedded.refusals import malformed
from pt004_model.vocabulary import ACTOR_HEADER, DEFAULT_WORKFLOW_VERSION, Status


def mapped(value: object, change: Callable[[object], object]) -> object:
    """Rebuild a JSON value from its leaves upwards, changing every part of it."""
    if isinstance(value, dict):
        return change({name: mapped(inner, change) for name, inner in value.items()})
    if isinstance(value, list):
        return change([mapped(inner, change) for inner in value])
    return change(value)


class PayloadIsNormalised(Fault, Bodies):
    """Payload text comes back in Unicode normal form C: what was signed no longer matches."""

    def keep(self, value: JsonObject) -> str:
        """Normalise the text on its way into the database."""

        def composed(part: object) -> object:
            return unicodedata.normalize("NFC", part) if isinstance(part, str) else part

        return to_json(mapped(value, composed))


class TagsAreSorted(Fault, Bodies):
    """Tags come back in alphabetical order instead of the order in which they were sent."""

    def strings(self, body: JsonObject, name: str) -> list[str]:
        """Sort the tags."""
        strings = super().strings(body, name)
        return sorted(strings) if name == "tags" else strings


class DuplicateStepsTaken(Fault, Bodies):
    """A run is created although two of its steps share an id; its log cannot tell them apart."""

    def steps(self, body: JsonObject) -> str | None:
        """Check that there are steps, and not that they differ."""
        steps = self.strings(body, "steps")
        if steps and "" not in steps:
            return self.keep_list(steps)
        return super().steps(body)


class RequiredTextIsTrimmed(Fault, Bodies):
    """White space around names is dropped: the workflow that comes back is another one."""

    def required_string(self, body: JsonObject, name: str) -> str:
        """Tidy the text up."""
        return super().required_string(body, name).strip()


class KeysAreLowerCased(Fault, Bodies):
    """The names in a payload come back in lower case."""

    def keep(self, value: JsonObject) -> str:
        """Lower-case all names."""

        def lower(part: object) -> object:
            if not isinstance(part, dict):
                return part
            return {name.lower(): inner for name, inner in part.items()}

        return to_json(mapped(value, lower))


class EmptyObjectsBecomeNull(Fault, Bodies):
    """An empty object within a payload comes back as null."""

    def keep(self, value: JsonObject) -> str:
        """Take what is empty for what is absent."""

        def null_if_empty(part: object) -> object:
            return None if part == {} else part

        return to_json({name: mapped(inner, null_if_empty) for name, inner in value.items()})


class FractionsAreRounded(Fault, Bodies):
    """Numbers in a payload come back with six digits after the point at most."""

    def keep(self, value: JsonObject) -> str:
        """Store a fixed number of digits."""

        def rounded(part: object) -> object:
            return round(part, 6) if isinstance(part, float) else part

        return to_json(mapped(value, rounded))


class IntegersHave32Bits(Fault, Bodies):
    """Integers in a payload beyond 32 bits come back as the largest that fits."""

    def keep(self, value: JsonObject) -> str:
        """Fit integers into a column."""

        def clipped(part: object) -> object:
            if isinstance(part, bool) or not isinstance(part, int):
                return part
            return max(-(2**31), min(part, 2**31 - 1))

        return to_json(mapped(value, clipped))


class LongTextIsCut(Fault, Bodies):
    """Text in a payload loses what goes beyond 255 characters."""

    def keep(self, value: JsonObject) -> str:
        """Fit text into a column."""
        return to_json(mapped(value, lambda part: part[:255] if isinstance(part, str) else part))


class NullsAreDropped(Fault, Bodies):
    """A name whose value is null is gone from the payload that comes back."""

    def keep(self, value: JsonObject) -> str:
        """Exclude what is none."""

        def without_nulls(part: object) -> object:
            if not isinstance(part, dict):
                return part
            return {name: inner for name, inner in part.items() if inner is not None}

        return to_json(mapped(value, without_nulls))


class BooleansBecomeIntegers(Fault, Bodies):
    """True and false within lists of a payload come back as 1 and 0."""

    def keep(self, value: JsonObject) -> str:
        """Store booleans as SQLite does."""

        def as_stored(part: object) -> object:
            if not isinstance(part, list):
                return part
            return [int(item) if isinstance(item, bool) else item for item in part]

        return to_json(mapped(value, as_stored))


class AstralTextIsReplaced(Fault, Bodies):
    """Emoji and other characters beyond the first plane come back as question marks."""

    def keep(self, value: JsonObject) -> str:
        """Store three bytes a character."""
        return "".join(letter if letter <= "\uffff" else "?" for letter in super().keep(value))


class TagsAreDeduplicated(Fault, Bodies):
    """A tag that was sent twice comes back once."""

    def strings(self, body: JsonObject, name: str) -> list[str]:
        """Take the tags for a set."""
        strings = super().strings(body, name)
        return list(dict.fromkeys(strings)) if name == "tags" else strings


class StatusIgnoresCase(Fault, Bodies):
    """A status in upper case is taken, although the server knows none."""

    def status(self, body: JsonObject) -> Status:
        """Lower-case before looking."""
        return super().status({"status": self.required_string(body, "status").lower()})


class TrueIsAnIndex(Fault, Bodies):
    """A step index of true is taken for 1, and one of false for 0."""

    def index(self, body: JsonObject, name: str) -> float | None:
        """Take what Python takes for an integer."""
        value = body.get(name)
        return int(value) if isinstance(value, bool) else super().index(body, name)


class NoStepsMeansUngoverned(Fault, Bodies):
    """A run declared with an empty list of steps is created without any governance."""

    def steps(self, body: JsonObject) -> str | None:
        """Take what is empty for what is absent."""
        return super().steps(body) if body.get("steps") else None


class NullTextIsRefused(Fault, Bodies):
    """An optional text that is null is refused, although null means absent."""

    def string(self, body: JsonObject, name: str) -> str | None:
        """Tell null and absent apart."""
        if name in body and body[name] is None:
            raise malformed(f"{name} must be a string")
        return super().string(body, name)


class UnknownFieldIsRefused(Fault, Bodies):
    """A change with a field that the server does not know is refused instead of taken."""

    def change(self, raw: bytes) -> Change:
        """Forbid extra fields."""
        change = super().change(raw)
        known = {field.name for field in attrs.fields(Change)}
        if not self.decode(raw).keys() <= known:
            raise malformed("unknown field")
        return change


class EmptyVersionIsDefaulted(Fault, Bodies):
    """A workflow version that was sent empty comes back as 1.0.0."""

    def workflow_version(self, body: JsonObject) -> str:
        """Take what is empty for what is absent."""
        return super().workflow_version(body) or DEFAULT_WORKFLOW_VERSION


class AnonymousChangesTaken(Fault, Door):
    """A call that does not say who makes it is taken, and logged under a made-up name."""

    def actor(self, headers: Headers) -> str:
        """Fall back to a name of our own."""
        return self.optional(headers, ACTOR_HEADER) or "anonymous"


class LargeBodiesRefused(Fault, Door):
    """A body of more than 256 KiB is refused, a quarter of what must be taken."""

    def check_size(self, body: bytes) -> None:
        """Use a limit that is too low."""
        if len(body) > 2**18:
            raise self.oversized()


class DeepBodiesRefused(Fault, Bodies):
    """A body nested deeper than 32 is refused, half of what must be taken."""

    def check_depth(self, text: str, value: JsonObject) -> None:
        """Use a limit that is too low."""
        level: list[object] = [value]
        for _ in range(32):
            level = [inner for outer in level for inner in containers_in(outer)]
        if level:
            raise malformed("the body is nested too deeply")
        super().check_depth(text, value)
