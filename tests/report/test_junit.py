"""The JUnit document of a campaign: its cases, what fails in it, and that it is valid whatever."""

from __future__ import annotations

from typing import Any
from xml.etree import ElementTree

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st
from junitparser import JUnitXml, TestSuite

from pt004_model.judge.checks import AREAS
from pt004_model.judge.oracle import Verdict
from pt004_model.report.junit import junit
from pt004_model.report.summary import Summary
from pt004_model.search.results import Result
from pt004_model.trace.recorded import Found
from tests.report.helpers import FINDING, found, result, summary

HOSTILE = '\x00\x1b[31m</failure>]]>&amp;"\n<testcase name="x"/>\ud800\ufffe'
SHOWN = '\\u0000\\u001b[31m</failure>]]>&amp;"\n<testcase name="x"/>\\ud800\\ufffe'
POLICY = found()
STEPS = found(finding=evolve(FINDING, check="steps.next-step-only", fingerprint="fedcba987654"))
ATTRIBUTES = {
    # what the schema that Jenkins and others read by (junit-10.xsd) knows of each element
    "testsuites": {"name", "time", "tests", "failures", "errors"},
    "testsuite": {
        "name", "tests", "failures", "errors", "group", "time", "skipped", "timestamp",
        "hostname", "id", "package", "file", "log", "url",
    },
    "properties": set(),
    "property": {"name", "value"},
    "testcase": {"name", "time", "classname", "group"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "skipped": {"type", "message"},
    "system-out": set(),
}  # fmt: skip
WITHIN = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase", "system-out"},
    "properties": {"property"},
    "testcase": {"failure", "error", "skipped", "system-out"},
}
REQUIRED = {
    "testsuite": {"name", "tests", "failures", "errors"},
    "property": {"name", "value"},
    "testcase": {"name"},
}


def document(campaign: Result, **more: Any) -> str:
    """The document of a campaign whose summary has some more members."""
    return junit(summary(campaign, **more))


def suite(text: str) -> TestSuite:
    """The one suite of a document, read by the library that writes it."""
    (only,) = list(JUnitXml.fromstring(text.encode()))
    assert isinstance(only, TestSuite)
    return only


def outcomes(text: str) -> dict[str, str]:
    """What became of each case: ``passed``, or the element that says otherwise."""
    root = ElementTree.fromstring(text)  # noqa: S314 - our own
    return {
        f"{case.get('classname')}/{case.get('name')}": next(
            (each.tag for each in case if each.tag != "system-out"), "passed"
        )
        for case in root.iter("testcase")
    }


def breaches(element: ElementTree.Element) -> list[str]:
    """What in an element and below is not as the schema has it."""
    tag = element.tag
    wrong = [f"{tag}: attribute {name}" for name in set(element.attrib) - ATTRIBUTES[tag]]
    wrong += [f"{tag}: no {name}" for name in REQUIRED.get(tag, set()) - set(element.attrib)]
    for child in element:
        if child.tag not in WITHIN.get(tag, set()):
            wrong.append(f"{child.tag} in {tag}")
        else:
            wrong += breaches(child)
    return wrong


def test_a_finding_is_one_failure() -> None:
    """A case of its own tells all of it; its area is skipped, names it, and does not pass."""
    text = document(result(Verdict.DIVERGES, POLICY, STEPS))
    failed = {name for name, outcome in outcomes(text).items() if outcome == "failure"}
    assert failed == {
        "pt004.finding/0123456789ab policy.deny-blocks",
        "pt004.finding/fedcba987654 steps.next-step-only",
    }
    skipped = {name for name, outcome in outcomes(text).items() if outcome == "skipped"}
    assert skipped == {"pt004.area/policy", "pt004.area/steps"}
    read = suite(text)
    assert (read.tests, read.failures, read.errors, read.skipped) == (len(AREAS) + 3, 2, 0, 2)
    assert "see its findings: 0123456789ab policy.deny-blocks" in text
    (told,) = [each for each in read if each.name == "0123456789ab policy.deny-blocks"]
    assert told.result[0].message == "After deny the run can only fail."
    assert told.result[0].text.splitlines() == [
        "contract 5.2, critical",
        "status",
        "  expected: a refusal with 400, 409, 422 (policy.deny-blocks)",
        "  got:      status 200",
        "3 commands, seen 2 times",
        "trace: out/traces/0123456789ab.json",
    ]


def test_an_area_of_a_teams_own_is_a_case_like_any_other() -> None:
    """It passes when it was judged and nothing was found, and is skipped for its findings."""
    judged = (*AREAS, "acme")
    cases = outcomes(document(evolve(result(Verdict.CONFORMS), areas=judged)))
    assert cases["pt004.area/acme"] == "passed"
    theirs = found(finding=evolve(FINDING, check="acme.owner", fingerprint="fedcba987654"))
    text = junit(evolve(_summary(theirs), areas=judged))
    cases = outcomes(text)
    assert cases["pt004.area/acme"] == "skipped"
    assert cases["pt004.finding/fedcba987654 acme.owner"] == "failure"


def _summary(theirs: Found) -> Summary:
    """The summary of a campaign that found something, as whoever has not the check reads it."""
    left = summary(result(Verdict.DIVERGES, POLICY))
    (told,) = left.findings
    finding = theirs.finding
    told = evolve(told, fingerprint=finding.fingerprint, check=finding.check, area=finding.area)
    return evolve(left, findings=(told,))


def test_what_was_not_judged_does_not_pass() -> None:
    """An area that was left out is skipped."""
    cases = outcomes(document(evolve(result(Verdict.CONFORMS), areas=("policy",))))
    passed = {name for name, outcome in cases.items() if outcome == "passed"}
    assert passed == {"pt004.campaign/can be judged", "pt004.area/policy"}


def test_a_campaign_that_ended_early_says_so() -> None:
    """With a finding it is no error, and why it ended stands in the case of the campaign."""
    text = document(result(Verdict.DIVERGES, POLICY, why="the FC stopped answering"))
    assert outcomes(text)["pt004.campaign/can be judged"] == "passed"
    assert "Not all could be judged: the FC stopped answering" in text


def test_hostile_text_is_text() -> None:
    """What an FC says ends no element, and what XML cannot hold is shown by its escape."""
    hostile = evolve(FINDING, observed=HOSTILE, where=HOSTILE)
    text = document(result(Verdict.DIVERGES, found(finding=hostile), why=HOSTILE))
    assert outcomes(text) == outcomes(document(result(Verdict.DIVERGES, found())))
    (told,) = [each for each in suite(text) if each.classname == "pt004.finding"]
    assert f"  got:      {SHOWN}\n" in told.result[0].text
    assert breaches(ElementTree.fromstring(text)) == []  # noqa: S314 - our own


@given(st.text(st.characters()))
def test_any_text_gives_a_valid_document(text: str) -> None:
    """Whatever an FC says, the document is well-formed and as the schema has it."""
    hostile = evolve(FINDING, observed=text)
    written = document(result(Verdict.DIVERGES, found(finding=hostile), why=text))
    assert breaches(ElementTree.fromstring(written.encode("utf-8"))) == []  # noqa: S314 - our own


@pytest.mark.parametrize(
    ("planted", "breach"),
    [
        ('<testsuites skipped="1"/>', "testsuites: attribute skipped"),
        ("<testsuites><testcase name='x'/></testsuites>", "testcase in testsuites"),
        (
            "<testsuite name='s' tests='1' errors='0'><testcase name='x'/></testsuite>",
            "testsuite: no failures",
        ),
    ],
)
def test_a_document_against_the_schema_is_seen(planted: str, breach: str) -> None:
    """The check that these tests make of documents can fail."""
    assert breaches(ElementTree.fromstring(planted)) == [breach]  # noqa: S314 - our own


@pytest.mark.parametrize("verdict", [Verdict.CONFORMS, Verdict.DIVERGES])
def test_what_is_agreed_stands_in_the_case_of_the_campaign(verdict: Verdict) -> None:
    """A green document says what was not looked at, and so does a red one."""
    left = evolve(result(verdict), agreed=("receipts: there are <none>",))
    assert "Not judged: what is agreed (receipts: there are &lt;none&gt;)" in document(left)
