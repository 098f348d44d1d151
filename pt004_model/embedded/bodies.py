"""Reading and checking request bodies (sections 1, 2 and 3.1).

Everything that the contract lets lie beyond (lone surrogates, NaN, 1e400, depth 65, a name twice
in one object, more than 1 MiB) is refused here, so that no other part ever meets it.
"""

from __future__ import annotations

import json
import re
from typing import Final, NoReturn

from pt004_model.embedded.records import Change, Create, Policy, to_json
from pt004_model.embedded.refusals import malformed, not_json
from pt004_model.vocabulary import (
    DEFAULT_WORKFLOW_VERSION,
    MAX_BODY_DEPTH,
    Decision,
    Status,
)

_EXACT: Final = 2**53
_EXACT_DIGITS: Final = 16
_SURROGATE_ESCAPE: Final = re.compile(r"\\u[dD][89a-fA-F]")

JsonObject = dict[str, object]


class Bodies:
    """Reads bodies by the contract to the letter: unknown fields ignored, null means absent."""

    def create(self, raw: bytes) -> Create:
        """Read the body of a create (section 2)."""
        body = self.decode(raw)
        return Create(
            workflow_id=self.workflow_id(body),
            workflow_version=self.workflow_version(body),
            input_payload=self.kept_object(body, "input_payload") or "{}",
            metadata=self.kept_object(body, "metadata") or "{}",
            tags=self.keep_list(self.strings(body, "tags")),
            steps=self.steps(body),
        )

    def change(self, raw: bytes) -> Change:
        """Read the body of a change; what the change has no use for is ignored (section 3.1)."""
        body = self.decode(raw)
        status = self.status(body)
        return Change(
            status=status,
            current_step=self.string(body, "current_step"),
            step_index=self.index(body, "step_index"),
            policy=body.get("policy"),
            reason=self.string(body, "reason"),
            output_payload=self.output_payload(body, status),
            error_details=self.error_details(body, status),
        )

    def policy(self, value: object) -> Policy:
        """Read the ``policy`` of a change that has a use for it (section 3.1)."""
        if not isinstance(value, dict):
            raise malformed("policy must be an object")
        return Policy(
            decision=self.decision(value),
            policy_id=self.required_string(value, "policy_id"),
            reason=self.required_string(value, "reason"),
            rules_triggered=self.strings(value, "rules_triggered"),
        )

    # The JSON text

    def decode(self, raw: bytes) -> JsonObject:
        """Parse a body into an object within the limits of section 1."""
        text = self.decode_text(raw)
        try:
            value = json.loads(
                text,
                object_pairs_hook=self.unique_names,
                parse_int=self.integer,
                parse_float=self.number,
                parse_constant=self.no_number,
            )
        except RecursionError:
            raise malformed("the body is nested too deeply") from None
        except ValueError as error:
            raise not_json(f"the body is not JSON: {error}") from None
        if not isinstance(value, dict):
            raise malformed("the body must be a JSON object")
        self.check_depth(text, value)
        self.check_scalars(text, value)
        return value

    def decode_text(self, raw: bytes) -> str:
        """Decode UTF-8 strictly."""
        try:
            return raw.decode("utf-8")
        except UnicodeDecodeError:
            raise not_json("the body is not UTF-8") from None

    def unique_names(self, pairs: list[tuple[str, object]]) -> JsonObject:
        """Build an object, refusing a name that occurs twice."""
        result = dict(pairs)
        if len(result) != len(pairs):
            raise malformed("an object holds the same name twice")
        return result

    def integer(self, text: str) -> float:
        """Read an integer literal: exact up to 2**53, beyond that the nearest double."""
        if len(text) <= _EXACT_DIGITS + 1 and abs(value := int(text)) <= _EXACT:
            return value
        return self.number(text)

    def number(self, text: str) -> float:
        """Read a number that must be a finite double."""
        value = float(text)
        if value in (float("inf"), float("-inf")):
            raise malformed("a number is beyond the range of doubles")
        return value

    def no_number(self, name: str) -> NoReturn:
        """Refuse NaN and the infinities, which are not JSON."""
        raise not_json(f"{name} is not JSON")

    def check_depth(self, text: str, value: JsonObject) -> None:
        """Refuse nesting beyond depth 64; the body itself is depth 1."""
        if text.count("{") + text.count("[") <= MAX_BODY_DEPTH:
            return
        level: list[object] = [value]
        for _ in range(MAX_BODY_DEPTH):
            level = [inner for outer in level for inner in containers_in(outer)]
            if not level:
                return
        raise malformed(f"the body is nested deeper than {MAX_BODY_DEPTH}")

    def check_scalars(self, text: str, value: JsonObject) -> None:
        """Refuse lone surrogates; only an escape can have brought one in."""
        if _SURROGATE_ESCAPE.search(text) is None:
            return
        try:
            to_json(value).encode("utf-8")
        except UnicodeEncodeError:
            raise malformed("a string holds a lone surrogate") from None

    # Fields

    def workflow_id(self, body: JsonObject) -> str:
        """Read the required, non-empty name of the workflow."""
        value = self.required_string(body, "workflow_id")
        if not value:
            raise malformed("workflow_id must not be empty")
        return value

    def workflow_version(self, body: JsonObject) -> str:
        """Read the version of the workflow, or its default."""
        value = self.string(body, "workflow_version")
        return DEFAULT_WORKFLOW_VERSION if value is None else value

    def steps(self, body: JsonObject) -> str | None:
        """Read the declared steps: at least one, none empty, no two alike."""
        if body.get("steps") is None:
            return None
        steps = self.strings(body, "steps")
        if not steps or "" in steps or len(set(steps)) != len(steps):
            raise malformed("steps must be one or more non-empty ids, no two alike")
        return self.keep_list(steps)

    def status(self, body: JsonObject) -> Status:
        """Read the required status of a change."""
        try:
            return Status(self.required_string(body, "status"))
        except ValueError:
            raise malformed("status is not one that the contract knows") from None

    def decision(self, policy: JsonObject) -> Decision:
        """Read the required decision of a policy."""
        try:
            return Decision(self.required_string(policy, "decision"))
        except ValueError:
            raise malformed("decision is not one that the contract knows") from None

    def output_payload(self, body: JsonObject, status: Status) -> str | None:
        """Read what a completed run comes to; no other change has a use for it."""
        return self.kept_object(body, "output_payload") if status == Status.COMPLETED else None

    def error_details(self, body: JsonObject, status: Status) -> str | None:
        """Read what a failed run died of; no other change has a use for it."""
        return self.kept_object(body, "error_details") if status == Status.FAILED else None

    # Types

    def string(self, body: JsonObject, name: str) -> str | None:
        """Read an optional string."""
        value = body.get(name)
        if value is not None and not isinstance(value, str):
            raise malformed(f"{name} must be a string")
        return value

    def required_string(self, body: JsonObject, name: str) -> str:
        """Read a required string."""
        value = self.string(body, name)
        if value is None:
            raise malformed(f"{name} is missing")
        return value

    def strings(self, body: JsonObject, name: str) -> list[str]:
        """Read an optional list of strings."""
        value = body.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise malformed(f"{name} must be a list of strings")
        return value

    def index(self, body: JsonObject, name: str) -> float | None:
        """Read an optional integer >= 0; an integral double is taken, a boolean is none."""
        value = body.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise malformed(f"{name} must be an integer")
        if value < 0 or value != value // 1:
            raise malformed(f"{name} must be an integer >= 0")
        return int(value) if value <= _EXACT else value

    def kept_object(self, body: JsonObject, name: str) -> str | None:
        """Read an optional object into the JSON text that is stored and served."""
        value = body.get(name)
        if value is None:
            return None
        if not isinstance(value, dict):
            raise malformed(f"{name} must be an object")
        return self.keep(value)

    def keep(self, value: JsonObject) -> str:
        """Write a payload as the JSON text that is stored and served."""
        return to_json(value)

    def keep_list(self, value: list[str]) -> str:
        """Write a list of strings as the JSON text that is stored and served."""
        return to_json(value)


def containers_in(value: object) -> list[object]:
    """Return the objects and lists that a value holds directly."""
    if isinstance(value, dict):
        return [inner for inner in value.values() if isinstance(inner, dict | list)]
    if isinstance(value, list):
        return [inner for inner in value if isinstance(inner, dict | list)]
    return []
