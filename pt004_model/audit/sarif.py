"""The result of an audit as SARIF 2.1.0, which code hosts and viewers of findings read."""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import Any, Final
from urllib.parse import quote

from pt004_model.audit.verdict import Audit, Found, Sighting
from pt004_model.judge.checks import Check
from pt004_model.judge.oracle import Verdict

_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS: Final = {"critical": "error", "major": "error", "minor": "warning"}
_LINE: Final = re.compile(r", line (\d+)")


def sarif(result: Audit) -> dict[str, Any]:
    """Return the document: a rule a check, a result a finding with its first runs."""
    found = result.by_weight
    checks = {each.check.id: each.check for each in found}
    notes = [
        {"level": "warning", "message": {"text": text}} for text in (*result.unread, *result.why)
    ]
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "pt004",
                        "version": version("pt004_model"),
                        "rules": [_rule(check) for check in checks.values()],
                    }
                },
                "invocations": [
                    {
                        "executionSuccessful": result.verdict is not Verdict.UNSURE,
                        "toolExecutionNotifications": notes,
                    }
                ],
                "results": [_result(each, [*checks].index(each.check.id)) for each in found],
            }
        ],
    }


def _rule(check: Check) -> dict[str, Any]:
    return {
        "id": check.id,
        "shortDescription": {"text": check.sentence},
        "help": {"text": f"Contract, section {check.section}. pt004 explain {check.id}"},
        "defaultConfiguration": {"level": _LEVELS.get(check.severity, "warning")},
    }


def _result(found: Found, rule: int) -> dict[str, Any]:
    finding = found.finding
    sides = f"expected {finding.expected}, got {finding.observed}"
    return {
        "ruleId": found.check.id,
        "ruleIndex": rule,
        "level": _LEVELS.get(found.check.severity, "warning"),
        "message": {"text": f"{found.check.sentence} {finding.where}: {sides}"},
        "occurrenceCount": found.runs,
        "partialFingerprints": {"pt004/v1": finding.fingerprint},
        "locations": [_location(found.first[0])],
        "relatedLocations": [_location(each) for each in found.first[1:]],
    }


def _location(sighting: Sighting) -> dict[str, Any]:
    entry = "" if sighting.entry is None else f"/entry {sighting.entry}"
    logical = [{"fullyQualifiedName": f"run {sighting.run_id}{entry}"}]
    if not sighting.place:
        return {"logicalLocations": logical}
    path, line = sighting.place.partition(", ")[0], _LINE.search(sighting.place)
    uri = quote(path, safe="/:", errors="surrogateescape")  # any bytes may name a file
    artifact: dict[str, Any] = {
        "artifactLocation": {"uri": uri},
        **({} if line is None else {"region": {"startLine": int(line[1])}}),
    }
    return {"physicalLocation": artifact, "logicalLocations": logical}
