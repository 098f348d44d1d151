"""An audit as SARIF keeps to the specification: no other member, none missing, each of its kind."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, Final

import jsonschema
import pytest

from pt004_model.audit.sarif import sarif
from pt004_model.audit.verdict import audit
from tests.cli.test_audit import export

LEVEL: Final = {"enum": ["none", "note", "warning", "error"]}
TEXT: Final = {"type": "string"}
INDEX: Final = {"type": "integer", "minimum": 0}
COUNT: Final = {"type": "integer", "minimum": 1}


def of(*required: str, **members: Any) -> dict[str, Any]:
    """An object of these members; the specification closes each to all others."""
    closed = {"properties": members, "additionalProperties": False}
    return {"type": "object", "required": [*required], **closed}


def each(item: Any) -> dict[str, Any]:
    """A list without a member twice."""
    return {"type": "array", "items": item, "uniqueItems": True}


MESSAGE: Final = of("text", text=TEXT)
LOCATION: Final = of(
    physicalLocation=of(
        "artifactLocation",
        artifactLocation=of(uri={"type": "string", "pattern": "^[A-Za-z0-9._~:/%-]+$"}),
        region=of("startLine", startLine=COUNT),
    ),
    logicalLocations=each(of(fullyQualifiedName=TEXT)),
)
RULE: Final = of(
    "id", id=TEXT, shortDescription=MESSAGE, help=MESSAGE, defaultConfiguration=of(level=LEVEL)
)
RESULT: Final = of(
    "message",
    ruleId=TEXT,
    ruleIndex=INDEX,
    level=LEVEL,
    message=MESSAGE,
    occurrenceCount=COUNT,
    partialFingerprints={"type": "object", "additionalProperties": TEXT},
    locations=each(LOCATION),
    relatedLocations=each(LOCATION),
)
INVOCATION: Final = of(
    "executionSuccessful",
    executionSuccessful={"type": "boolean"},
    toolExecutionNotifications=each(of("message", level=LEVEL, message=MESSAGE)),
)
RUN: Final = of(
    "tool",
    tool=of("driver", driver=of("name", name=TEXT, version=TEXT, rules=each(RULE))),
    invocations=each(INVOCATION),
    results={"type": "array", "items": RESULT},
)
DOCUMENT: Final = of(
    "version",
    "runs",
    **{"$schema": {"type": "string", "format": "uri"}},
    version={"enum": ["2.1.0"]},
    runs={"type": "array", "items": RUN},
)
"""Those members of SARIF 2.1.0 that are used here, as sections 3.13 to 3.58 have them."""


@pytest.mark.parametrize("wrong", [False, True])
@pytest.mark.parametrize("broken", [False, True])
def test_it_keeps_to_the_specification(wrong: bool, broken: bool, tmp_path: Path) -> None:
    """So it does with findings and without, and where a part cannot be read."""
    path = export(tmp_path, wrong=wrong, broken=broken)
    odd = os.fsdecode(bytes(tmp_path) + b"/a, ?#%\xff.ndjson")
    told = sarif(audit([path.rename(odd)]))
    assert bool(told["runs"][0]["results"]) is wrong
    assert bool(told["runs"][0]["invocations"][0]["toolExecutionNotifications"]) is broken
    jsonschema.validate(json.loads(json.dumps(told)), DOCUMENT)


def test_what_does_not_is_seen(tmp_path: Path) -> None:
    """A member that the specification does not know, and a line 0, are refused."""
    told = sarif(audit([export(tmp_path)]))
    (result,) = told["runs"][0]["results"]
    result["locations"][0]["physicalLocation"]["region"] = {"startLine": 0}
    result["fingerprint"] = "x"
    seen = {error.message for error in jsonschema.Draft7Validator(DOCUMENT).iter_errors(told)}
    assert len(seen) == 2
