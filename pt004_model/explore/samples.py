"""Sample data: texts and JSON values that services are known to mishandle.

Each is within the contract (section 1) unless its name says otherwise. The plainest come first, so
that whoever draws by index gets simpler values from smaller numbers.
"""

from __future__ import annotations

from typing import Final

from pt004_model.model.values import Body, Json

TEXTS: Final = (
    "a",
    "",
    " a ",
    "A",
    "e\u0301 \u00e9",  # decomposed and composed: the same to the eye, not the same string
    "\u212b\ufb01\u00bd",  # what a compatibility normalisation would rewrite
    "\U0001f531\U0001d518",  # beyond the basic plane
    "null",
    "1",
    "true",
    "line\r\nbreak\ttab",
    "\u0000\u001f\u007f\u2028\u2029",
    "<script>alert(1)</script>&amp;",
    "'; --\\\"%s{0}$x",
    "\u0627\u0644 \u200f\u202e\ufeff",
    "x" * 300,
    "y" * 5000,
    "2026-02-30T25:00:00Z",
)
"""Strings, for reasons, payloads and policy ids."""

VALUES: Final[tuple[Json, ...]] = (
    {},
    {"test_mode": "happy_path"},
    {"a": None},
    {"a": [], "b": {}, "c": "", "d": [None, [], {}]},
    {"a": True, "b": 1, "c": False, "d": 0, "e": "1"},
    {"n": [0.1, 1e-7, 1e21, -1.5, 123456789.125, 5e-324, 1.7976931348623157e308]},
    {"n": [9007199254740991, 9007199254740993, -9007199254740993, 10**20, 2**63, -(2**63)]},
    {"n": [1.0, 100.0, -0.0, 1e15, 1e16, 333333333.3333333, 4.35, 0.000001]},
    {"z": 1, "a": 2, "A": 3, "": 4, "\u00e9": 5, "e\u0301": 6, "\U0001f531": 7, "\ufb33": 8},
    {"list": [3, 1, 2, 3, 1, "b", "a", "b"]},
    {" key ": " value ", "Key": "VALUE", "key": "value"},
    {"texts": list(TEXTS)},
    {"run_id": "x", "status": "completed", "steps": ["q"], "tenant_id": "y", "id": 0},
    {"__proto__": {"a": 1}, "$ref": "#", "@type": "x", "constructor": None},
    {"deep": [[[[[[[[[[[[[[[[[[[[{"end": [[]]}]]]]]]]]]]]]]]]]]]]]},
    {"long": "z" * 20_000, "many": list(range(300))},
    {f"k{number}": number for number in range(120)},
)
"""Objects, for payloads and metadata."""


def nested(depth: int) -> Json:
    """An object nested so deep that it is ``depth`` deep itself."""
    value: Json = {}
    for _ in range(depth - 1):
        value = {"d": value}
    return value


TAG_LISTS: Final[tuple[tuple[str, ...], ...]] = (
    (),
    ("b", "a", "b"),
    ("", " a ", "A", "a"),
    ("e\u0301", "\u00e9", "e\u0301"),
    tuple(f"tag{number}" for number in range(40)),
)
STEP_NAMES: Final = (
    "step_{}",
    "{}",
    "Step {}",
    " {} ",
    "e\u0301\u00e9{}",
    "a/b?c=d&{}",
    "\U0001f531{}",
    "<b>{}</b>",
    "s" * 200 + "{}",
)
"""Patterns of step ids; the number of the step goes in."""

CORRELATIONS: Final = (None, None, "corr-1", "", "Corr 2!~", "c" * 200)

WRONG_VALUES: Final[tuple[Json, ...]] = ("", 0, 1, -1, 1.5, True, False, [], {}, [1], {"a": 1}, "x")
"""Values to put where they may not belong; whether they do is for the model to say."""

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
