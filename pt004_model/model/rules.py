"""Why a call is refused: each rule of the contract that can say no, and the codes for it.

The value of a rule is the id of the check that fails when a call is accepted against it.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from attrs import frozen


class Rule(StrEnum):
    """A rule by which a call must be refused, or by one whose name begins with MAY, may be."""

    TERMINAL = "lifecycle.terminal-is-final"
    NO_SUCH_CHANGE = "lifecycle.only-legal-changes"
    MAY_FAIL_PENDING = "lifecycle.pending-may-fail"
    MAY_PROGRESS = "lifecycle.ungoverned-may-progress"
    NEXT_STEP_ONLY = "steps.next-step-only"
    NAMES_ITS_STEP = "steps.names-agree"
    NO_EARLY_COMPLETION = "steps.no-early-completion"
    DECISION_REQUIRED = "policy.decision-required"
    FLAG_BLOCKS = "policy.flag-blocks"
    DENY_BLOCKS = "policy.deny-blocks"
    UNKNOWN_RUN = "isolation.unknown-run"
    FOREIGN_RUN = "isolation.foreign-run"
    MALFORMED = "input.malformed-refused"
    NOT_JSON = "input.not-json-refused"
    HEADERS = "input.headers-required"
    METHOD = "input.wrong-method-refused"
    NO_RUN_PATH = "input.path-names-no-run"
    MAY_USELESS = "input.useless-field"
    MAY_BEYOND = "input.beyond-contract"
    KEY_USED = "idempotency.key-bound-to-request"
    MAY_SAME_VALUE = "idempotency.same-value"
    TOKEN = "authentication.token-required"

    @property
    def optional(self) -> bool:
        """True when the FC is free to refuse by this rule or not to."""
        return self.name.startswith("MAY_")


_ILLEGAL: Final = frozenset({409, 400, 422})

CODES: Final[dict[Rule, frozenset[int]]] = dict.fromkeys(Rule, _ILLEGAL) | {
    Rule.UNKNOWN_RUN: frozenset({404, 403}),
    Rule.FOREIGN_RUN: frozenset({404, 403}),
    Rule.MALFORMED: frozenset({422, 400}),
    Rule.NOT_JSON: frozenset({400, 415, 422}),
    Rule.HEADERS: frozenset({400, 401, 403, 422}),
    Rule.METHOD: frozenset({405, 404}),
    Rule.NO_RUN_PATH: frozenset(range(300, 500)),
    Rule.MAY_BEYOND: frozenset({400, 413, 415, 422}),
    Rule.KEY_USED: frozenset({409, 422}),
    Rule.MAY_SAME_VALUE: frozenset({409, 422}),
    Rule.TOKEN: frozenset({401, 403}),
}
"""The codes of sections 1, 3.1 and 11 for each rule; most refuse a change that is not legal."""


@frozen
class Refusal:
    """A refusal: the rule that says no, and every code that the reasons together allow.

    Where several reasons apply any of their codes will do (section 11); ``rule`` is then the one
    that a client meets first.
    """

    rule: Rule
    codes: frozenset[int]

    @classmethod
    def by(cls, *rules: Rule) -> Refusal:
        """Return the refusal by one rule or several, the first of which names it."""
        codes: frozenset[int] = frozenset()
        return cls(rules[0], codes.union(*(CODES[rule] for rule in rules)))

    def also(self, other: Refusal) -> Refusal:
        """This refusal when ``other`` applies as well."""
        return Refusal(self.rule, self.codes | other.codes)
