"""What bodies carry: texts and JSON values that services are known to mishandle.

Each is within the contract (section 1) unless its name says otherwise. Where many oddities fit into
one value they stand in one: a single call then shows whether any of them is mishandled, and the
shrinker finds out which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, TypeAlias

from pt004_model.model.commands import CreateRun
from pt004_model.model.run import Run
from pt004_model.model.scenarios import TAGS, plain_create
from pt004_model.model.values import Body, Json
from pt004_model.vocabulary import Status

ODD_TEXT: Final = (
    "  e\u0301 \u00e9 "  # decomposed and composed: the same to the eye, not the same string
    "\u212b\ufb01\u00bd\u017f\u0130\u00df"  # what normalisation and changes of case rewrite
    " A a \U0001f531\U0001d518"  # beyond the basic plane
    " line\r\nbreak\ttab \u0000\u001f\u007f\u2028\u2029"
    " <b>&amp;</b> '; --\\\"%s{0}$x \\n "
    "\u0627\u0644 \u200f\u202e\ufeff  "
)
"""Nearly everything that happens to texts on their way into a database and back."""
LONG_TEXT: Final = "".join(f"{number:05}" for number in range(1000))
"""Five thousand characters, no two places alike."""


def nested(depth: int) -> Json:
    """Return an object nested so deep that it is ``depth`` deep itself."""
    value: Json = {}
    for _ in range(depth - 1):
        value = {"d": value}
    return value


_ODDITIES: Final[dict[str, Json]] = {
    "null": None,
    "empty": [[], {}, "", [None, [], {}]],
    "truths": {"t": True, "f": False, "l": [True, False, 1, 0, "true", "1", 1.0, 0.0]},
    "exact": [9007199254740991, -9007199254740991, 4294967296, 2147483648, -2147483649, 65536],
    "large": [9007199254740993, -9007199254740993, 10**20, 2**63, -(2**63), 2**64],
    "real": [0.1, 1e-7, 1e21, -1.5, 123456789.125, 5e-324, 1.7976931348623157e308, 4.35],
    "whole": [1.0, 100.0, -0.0, 1e15, 1e16, 333333333.3333333, 0.000001],
    "z": 1, "a": 2, "A": 3, "": 4, "\u00e9": 5, "e\u0301": 6, "\U0001f531": 7, "\ufb33": 8,
    " key ": " value ", "Key": "VALUE", "key": "value", "snake_case": 1, "camelCase": 2,
    "list": [3, 1, 2, 3, 1, "b", "a", "b"],
    "text": ODD_TEXT,
    "run_id": "x", "status": "completed", "steps": ["q"], "tenant_id": "y", "id": 0,
    "a.b": {"c.d": 1}, "$a": 1, "a/b": 2,
    "__proto__": {"a": 1}, "$ref": "#", "@type": "x", "constructor": None,
    "date": "2026-02-30T25:00:00Z", "number": "007", "deep": [[[[{"d": {"d": [[{}]]}}]]]],
}  # fmt: skip
ODD_VALUE: Final[Json] = {**_ODDITIES, "within": [{"it": _ODDITIES}]}
"""Nearly everything that happens to JSON on its way into a database and back, at two depths."""
ODD_TAGS: Final = (
    "b", "a", "b", "", " a ", "A", "e\u0301", "\u00e9", "x,y", "null", ODD_TEXT,
)  # fmt: skip
_TAG_LISTS: Final[dict[str, tuple[str, ...]]] = {
    "odd": ODD_TAGS,
    "none": (),
    "doubled": ("b", "a", "b"),
    "many": tuple(f"tag{number}" for number in range(30)),
}
ODD_STEP: Final = "  e\u0301\u00e9 St\u017f a/b?c=d& \u212b\U0001f531 <b>{}</b> "
"""A pattern with nearly everything that happens to names."""
OTHER_LETTERS: Final = "\u0448\u0430\u0433{1}"
"""A pattern without any Latin letter, digit or space."""
STEP_NAMES: Final = (
    ODD_STEP,
    "step_{}",
    "Step {}",
    " {} ",
    "e\u0301\u00e9{}",
    "a/b?c=d&{}",
    "\U0001f531{}",
    "{}",
    "s" * 200 + "{}",
    "<b>{}</b>",
    OTHER_LETTERS,
)
"""Patterns of step ids: the number of the step goes in, or a letter for it that is not Latin."""

_BEFORE_A: Final = 0x42F  # the Cyrillic letter before the small a

EXTREMES: Final[dict[str, dict[str, Json]]] = {
    "deep payload": {"input_payload": nested(63)},
    "deep unknown field": {"note": nested(63)},
    "large unknown field": {"note": "x" * 1_000_000},
    "long text": {"metadata": {"text": LONG_TEXT * 4}},
    "many tags": {"tags": ["pt004", *(f"tag {number}" for number in range(300))]},
    "many members": {"input_payload": {f"k{number}": [number] for number in range(400)}},
    "null for all that is optional": {
        "workflow_version": None, "input_payload": None, "metadata": None, "note": None,
        "tags": None, "steps": None,
    },
    "one name in two objects": {"input_payload": {"a": {"b": 1}}, "metadata": {"a": {"c": 2}}},
    "fields of the answer": {
        "run_id": "x", "status": "completed", "current_step": "s", "step_index": 3,
        "tenant_id": "t", "actor_id": "a", "created_at": "2020-01-01T00:00:00Z",
        "receipt_chain": ["00"], "output_payload": {"a": 1},
    },
    "empty version": {"workflow_version": ""},
    "odd version": {"workflow_version": ODD_TEXT},
}  # fmt: skip
"""Fields of a create that must be taken, each at an edge of what section 1 grants."""

NOT_JSON: Final = (
    "",
    "{",
    "{'status': 'paused'}",
    '{"status":"paused",}',
    "status=paused",
    '{"status":"paus\udcff"}',  # a byte that is not UTF-8
    "\udcff\udcfe",
    '{"status":"paused"} x',
)

BEYOND: Final = (
    '{"workflow_id":"w","input_payload":{"a":NaN}}',
    '{"workflow_id":"w","input_payload":{"a":1e400}}',
    '{"workflow_id":"w","input_payload":{"a":-Infinity}}',
    '{"workflow_id":"w","input_payload":{"a":"\\ud800"}}',
    '{"workflow_id":"w","metadata":{"\\udfff":1}}',
    '{"workflow_id":"w","workflow_id":"v"}',
    '{"workflow_id":"w","tags":["\\ud83d"]}',
    '{"workflow_id":"\\udc00"}',
    '{"workflow_id":"w","input_payload":{"a":' + "9" * 400 + "}}",
    '{"workflow_id":"w","input_payload":{"a":' + "1" * 5000 + "}}",
    Body.of({"workflow_id": "w", "input_payload": nested(80)}).text,
    '{"workflow_id":"w","input_payload":{"a":' + "[" * 20_000 + "]" * 20_000 + "}}",
    '{"workflow_id":"w","input_payload":{"a":"' + "x" * 1_100_000 + '"}}',
)
"""Bodies of a create that lie beyond the contract: refused or taken, never a server error."""

ODD_PARTS: Final = ("", ".", "..", "a/b", "a%2Fb", "%2F", "..%2F..")
"""Id parts of a path that name no run (section 1)."""

SPELLINGS: Final = ("", "no-such-run", "0", "-1", "null", "~._-", "x" * 300)
"""How the id of an unknown run may begin; none makes one that looks real."""

Carried: TypeAlias = "dict[str, str]"
"""What a call carries: the name of a value for each field that it sends."""
_OBJECTS: Final[dict[str, Json]] = {
    "odd": ODD_VALUE,
    "empty": {},
    "long": {"long": LONG_TEXT, "many": list(range(150))},
    "null in it": {"a": None},
    "many": {f"k{number}": number for number in range(60)},
    "deep": nested(40),
}
_TEXTS: Final[dict[str, Json]] = {"odd": ODD_TEXT, "empty": "", "plain": "a", "long": LONG_TEXT}

CREATES: Final[dict[str, dict[str, Json]]] = {
    "workflow_id": {"odd": ODD_TEXT, "long": LONG_TEXT[:300]},
    "workflow_version": _TEXTS,
    "input_payload": {**_OBJECTS, "null": None},
    "metadata": {**_OBJECTS, "null": None},
    "tags": {name: [*tags, TAGS[0]] for name, tags in _TAG_LISTS.items()},
    "note": {"number": 1, "object": {"a": 1}, "null": None},
}
"""What a create may carry, field by field; of ``note`` an FC knows nothing."""
CHANGES: Final[dict[str, dict[str, Json]]] = {
    "reason": {**_TEXTS, "null": None},
    "note": {"object": {"unknown": [1]}, "null": None},
    "policy": {
        "odd": {"policy_id": ODD_TEXT, "reason": ODD_TEXT, "rules_triggered": [*ODD_TAGS]},
        "more": {"note": {"unknown": [1]}, "rules_triggered": None},
        "always the same": {"policy_id": "pol-allow"},
        "another reason": {"reason": "another"},
        "long": {"policy_id": LONG_TEXT, "reason": "", "rules_triggered": []},
    },
    "output_payload": _OBJECTS,
    "error_details": _OBJECTS,
    "current_step": _TEXTS,
    "step_index": {"first": 0, "next": 1, "large": 2**40},
}
"""What a change may carry, field by field, where it has a use for it."""


def named(table: dict[str, dict[str, Json]], carried: Carried | None) -> dict[str, Json]:
    """Return the values of a table that ``carried`` names, by field."""
    return {field: table[field][name] for field, name in (carried or {}).items()}


def fitting(plain: Body) -> tuple[str, ...]:
    """Return the fields of :data:`CHANGES` that a change has a use for."""
    fields = plain.fields
    names = ["reason", "note"]
    names += ["policy"] * ("policy" in fields)
    names += ["output_payload"] * (fields.get("status") == Status.COMPLETED)
    names += ["error_details"] * (fields.get("status") == Status.FAILED)
    names += ["current_step", "step_index"] * ("current_step" not in fields)
    return tuple(names)


def carrying(run: Run, plain: Body, carried: Mapping[str, Json]) -> Body:
    """Return a change of ``run`` with what it carries besides, as far as it has a use for that.

    A governed run can be named no step but its own, so any value stands for that.
    """
    more = {name: carried[name] for name in fitting(plain) if name in carried}
    if run.governed:
        own: dict[str, Json] = {"current_step": run.current_step, "step_index": run.state.step}
        more |= {name: value for name, value in own.items() if name in more}
    policy, added = plain.fields.get("policy"), more.pop("policy", None)
    if isinstance(policy, dict) and isinstance(added, dict):
        more["policy"] = {**policy, **added}
    return plain.replace(**more) if more else plain


def creation(
    number: int, steps: Sequence[str], carried: Mapping[str, Json] | None = None
) -> CreateRun:
    """Return a create of a run with ``steps``, none for an ungoverned one, that carries more."""
    plain = plain_create(steps)
    return CreateRun(number, plain.replace(**carried) if carried else plain)


def step_names(count: int, pattern: str = "step_{}") -> tuple[str, ...]:
    """Return the ids of ``count`` steps, made after a pattern of :data:`STEP_NAMES`."""
    return tuple(pattern.format(n, chr(_BEFORE_A + n)) for n in range(1, count + 1))
