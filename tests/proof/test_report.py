"""What a report shows of an FC is inert, and what it looks like does not change by chance."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Callable
from importlib import resources
from itertools import pairwise
from typing import Any

import pytest
from attrs import evolve

from pt004_model.judge.finding import Finding
from pt004_model.judge.oracle import Verdict
from pt004_model.model.commands import ChangeRun, Command
from pt004_model.model.replies import NoAnswer, Reply, Response
from pt004_model.proof.cases import CASES as TOLD
from pt004_model.proof.folder import manifest
from pt004_model.proof.outside import FcLog, Quoted
from pt004_model.proof.record import FOLDER
from pt004_model.proof.report import REPORT, render
from pt004_model.proof.verdict import Proof, State, prove
from pt004_model.report.summary import FindingDocument, Summary
from pt004_model.search.goals import Coverage
from tests.conftest import Golden
from tests.proof.proofs import CASES, HERE, good, last, sound, taped
from tests.repo.helpers import ROOT
from tests.report.test_text import tokens
from tests.stub import Stub, Tampering

HOSTILE = (
    "`` ` |\n# <script>alert(1)</script> [x](http://evil.test) ![y](//evil.test/z) "
    "http://evil.test www.evil.test a@evil.test **b** <!-- &lt; "
    "\\| \u202e\u2028\x1b[2J\x00 \ud800\n```\n"
)


DENIED = Finding("policy.deny-blocks", "status", "a refusal", "200", "0123456789ab")


def links(markdown: str) -> set[str]:
    """Where the links and images of a Markdown text lead."""
    attributes = [token.attrs for token in tokens(markdown)]
    return {str(each[name]) for each in attributes for name in ("href", "src") if name in each}


OURS = {f"{FOLDER}/{case}{end}" for case in CASES for end in (".txt", ".json")} | {
    f"{FOLDER}/receipts/{case}" for case in CASES
}


def test_our_own_links_are_links() -> None:
    """The check of what is active sees the links that a report has."""
    files = render(sound())
    assert links(files[REPORT].decode()) == OURS
    assert {token.type for token in tokens("<b>x</b>")} >= {"html_inline"}


def hostile() -> Proof:
    """A proof in which all that is told from elsewhere is full of markup."""
    record, answers = good()

    def spoil(value: Any) -> Any:
        if isinstance(value, dict):
            return {k: v if k == "event_type" else spoil(v) for k, v in value.items()}
        return [spoil(v) for v in value] if isinstance(value, list) else HOSTILE

    finding = FindingDocument(
        HOSTILE, HOSTILE, severity=HOSTILE, where=HOSTILE, expected=HOSTILE, observed=HOSTILE
    )
    coverage = Coverage(1, 2, (HOSTILE,), (HOSTILE,), (HOSTILE,))
    campaign = Summary(
        "diverges", HOSTILE, seed=1, profile=HOSTILE, dialect=HOSTILE, base_url=HOSTILE,
        started_at=HOSTILE, coverage=coverage, findings=(finding,),
    )  # fmt: skip
    logs = (FcLog(HOSTILE, 1, "", (Quoted("happy_path", 1, ((1, HOSTILE),)),)),)
    here = evolve(HERE, base_url=HOSTILE, tenant=HOSTILE, actor=HOSTILE)
    whole = prove(record, answers)
    cases = []
    for case in whole.cases:
        result = evolve(
            case.result,
            run_id=HOSTILE,
            why=HOSTILE,
            verdict=Verdict.DIVERGES,
            findings=[evolve(DENIED, where=HOSTILE, expected=HOSTILE, observed=HOSTILE)],
            lines=[f"✓ {HOSTILE}" for _ in case.result.lines],
        )
        exchanges = tuple(evolve(e, target=HOSTILE, body=HOSTILE) for e in case.record.exchanges)
        last = case.readings[-1]
        reading = evolve(last, run=spoil(last.run), logs=spoil(last.logs), gates=spoil(last.gates))
        parts = tuple(evolve(part, state=State.FAIL, why=HOSTILE) for part in case.parts)
        record_ = evolve(case.record, exchanges=exchanges)
        readings = (*case.readings[:-1], reading)
        cases.append(evolve(case, record=record_, result=result, readings=readings, parts=parts))
    told = evolve(
        record, circumstances=here, campaign=campaign, campaign_sha256=HOSTILE, fc_logs=logs
    )
    return evolve(whole, record=told, cases=tuple(cases))


def test_hostile_text_stays_text() -> None:
    """Markup, links, control characters and line ends from elsewhere do nothing in a report."""
    files = render(hostile())
    report = files[REPORT].decode("utf-8")
    assert "\\u003cscript>" in report
    assert links(report) == OURS
    assert not {token.type for token in tokens(report)} & {"html_inline", "html_block", "image"}
    headings = re.findall(r"(?m)^#.*$", report)
    plain = render(sound())
    ours = re.findall(r"(?m)^#.*$", plain[REPORT].decode("utf-8"))
    bare = [re.sub(r"(: \**[A-Z ]+\**)+$", "", each) for each in (*headings, *ours)]
    assert bare[: len(headings)] == bare[len(headings) :]
    rows = [row for row in report.splitlines() if re.match(r"\| \d+ \| ", row)]
    assert {len(row.split(" | ")) for row in rows} == {4, 7, 9}
    assert not re.search(r"[^\n\x20-\x7e✓→]", report)
    for case in CASES:
        said = files[f"{FOLDER}/{case}.txt"].decode("utf-8")
        assert not re.search(r"[^\n\x20-\x7e✓✗…]", said)
    assert "curl" not in report  # a command with such words in it is not offered


def test_a_run_id_that_means_something_to_a_shell_is_in_no_command() -> None:
    """Commands to copy are there for plain words alone."""
    whole = sound()
    for run_id, offered in (("a.b~c-1", True), ("x'; rm -rf .; '", False), ("$(x)", False)):
        first = evolve(whole.cases[0], result=evolve(whole.cases[0].result, run_id=run_id))
        files = render(evolve(whole, cases=(first, *whole.cases[1:])))
        commands = re.findall(r"(?m)^curl .*$", files[REPORT].decode("utf-8"))
        assert len(commands) == 2 + offered


def failing() -> Proof:
    """A proof with all that a report can have: a case that failed, one that lost its FC."""
    count = itertools.count()

    def tamper(command: Command, reply: Reply) -> Response:
        number = next(count)
        if number == 12:
            return NoAnswer("nothing came", applied=True, sent=reply.sent)
        if number > 20 and isinstance(command, ChangeRun):
            return evolve(reply, code=418)
        return reply

    record, answers = taped(Tampering(Stub(), tamper))
    here = evolve(HERE, embedded=True, fault="step-runs-twice", git=None, image_digest="")
    coverage = Coverage(1, 2, ("an edge",) * 41, (), ("a law",))
    told = FindingDocument(
        "0123456789ab", "policy.deny-blocks", severity="major", commands=1, occurrences=2,
        where="a", expected="b", observed="c", known=True,
    )  # fmt: skip
    campaign = Summary(
        "diverges", "why", 3, 2, 1.25, 4, "ci", "seed", "http://fc", started_at="now",
        coverage=coverage, findings=(told,),
    )  # fmt: skip
    quoted = (Quoted("happy_path", 2, ((7, "a line"),)), Quoted("policy_flag", 0, ()))
    logs = (FcLog("fc.log", 9, "00", quoted),)
    changed = evolve(record, circumstances=here, campaign=campaign, fc_logs=logs)
    return prove(changed, answers)


@pytest.mark.parametrize("name", ["passing", "failing"])
def test_version_2_looks_as_it_always_did(name: str, golden: Golden) -> None:
    """Report and transcripts of a proof of version 2 are pinned, and with them all other files.

    Whoever changes what is made of a record must give it a new version: else proofs that were
    written before can no longer be verified.
    """
    files = render(failing() if name == "failing" else sound())
    golden(f"proof_2/{name}/report.md", files[REPORT].decode())
    for case in CASES[:2]:
        golden(f"proof_2/{name}/{case}.txt", files[f"{FOLDER}/{case}.txt"].decode())
    golden(f"proof_2/{name}/SHA256", f"{hashlib.sha256(manifest(files)).hexdigest()}\n")


@pytest.mark.parametrize("make", [sound, failing, hostile])
def test_a_table_ends_where_it_ends(make: Callable[[], Proof]) -> None:
    """A row is followed by a row or an empty line, or what follows would be taken for one."""
    lines = render(make())[REPORT].decode("utf-8").splitlines()
    assert len([each for each in lines if each.startswith("|")]) > 50
    after = {here[:1] for before, here in pairwise(lines) if before.startswith("|")}
    assert after <= {"|", ""}


def test_titles_and_templates_are_there() -> None:
    """Every case has a title, and the templates are shipped with the package."""
    assert tuple(TOLD) == CASES
    folder = resources.files("pt004_model.proof").joinpath("templates")
    names = sorted(each.name for each in folder.iterdir())
    assert names == ["report.md.j2", "transcript.txt.j2"]
    said = '"pt004_model.proof" = ["templates/*.j2"]'
    assert said in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("case", CASES)
def test_a_transcript_tells_every_exchange_and_entry(case: str) -> None:
    """Each request stands in the transcript, and each log entry once, where it was first shown."""
    record, answers = good()
    said = render(prove(record, answers))[f"{FOLDER}/{case}.txt"].decode("utf-8")
    logs = json.loads(answers[last(record, case)])["logs"]
    exchanges = next(each for each in record.cases if each.name == case).exchanges
    assert [f"{number}" for number in range(1, len(exchanges) + 1)] == re.findall(
        r"(?m)^\[(\d+)\] ", said
    )
    shown = re.findall(r"(?m)^    \+ (\d+) \S+ (\S+) ", said)
    assert shown == [(str(n), entry["event_type"]) for n, entry in enumerate(logs, 1)]
