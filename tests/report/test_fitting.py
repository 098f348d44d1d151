"""An FC described: the sentences, and the file, in which nothing of the FC is more than data."""

from __future__ import annotations

import tomllib
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from pt004_model.config import load
from pt004_model.drive.contact import Contact
from pt004_model.judge.finding import MISSING, Saying, disagreement
from pt004_model.judge.oracle import Verdict
from pt004_model.model.required import Required
from pt004_model.report.fitting import Fit, description, written
from pt004_model.search.manner import Manner
from pt004_model.search.systematic import Difference
from pt004_model.vocabulary import ROUTES, Dialect
from tests.conftest import Golden
from tests.report.helpers import result

ON = date(2026, 2, 6)
KNOWN = {
    "target": ["base_url", "dialect", "headers", "rate"],
    "campaign": ["ungoverned"],
}
TIME = Saying("a time in RFC 3339 and UTC")


def difference(
    check: str, where: str, expected: object, observed: object, leader: str = "", **more: Any
) -> Difference:
    """A difference that was seen in every answer."""
    finding = disagreement(check, where, expected, observed)
    there: dict[str, Any] = {"shown": 40, "looked": 40, "asked": "change"}
    observed_texts = frozenset({finding.observed})
    return Difference(
        finding, observed=observed_texts, leader=leader or finding.fingerprint, **{**there, **more}
    )


CREATED = difference("lifecycle.created-at", "run.created_at", TIME, "2026-02-06T12:00:00")
SYSTEMATIC = (
    CREATED,
    difference(
        "lifecycle.updated-at", "run.updated_at", TIME, "2026-02-06T12:00:00",
        CREATED.finding.fingerprint,
    ),
    difference("receipts.chain", "run.receipt_chain", Saying("a list of hashes"), MISSING),
    difference("receipts.hash", "logs[0].receipt_hash", Saying("a hash"), MISSING),
    difference("lifecycle.envelope", "gates", Saying("a list of objects"), MISSING),
    difference("audit.kinds", "logs", Saying("1 entries FC-RUN-003"), Saying("fewer of them")),
    difference("audit.last-entry", "logs[3]", Saying("FC-RUN-003"), "FC-RUN-002"),
    difference("audit.kinds", "logs", Saying("1 entries FC-RUN-002"), Saying("more of them")),
    difference("lifecycle.status", "run.status", "pending", "PENDING", shown=39),
    difference("steps.step-index", "run.step_index", 0, "0"),
    difference("audit.actor", "logs[0].actor_id", "ann", "system"),
    difference("input.refusal-detail", "detail", Saying("a detail"), MISSING),
    difference("input.refusal-code", "status", Saying("one of 400, 422"), Saying("418")),
    difference("lifecycle.accepted-code", "status", Saying("201"), Saying("200")),
    difference("lifecycle.sent-data-kept", "run.tags", ["a"], MISSING),
    difference(
        "lifecycle.sent-data-kept", "run.metadata", {}, {"`\n# \u202e": 1},
    ),
    difference("lifecycle.run-id", "run.run_id", Saying("a fresh id"), "a b"),
    difference(
        "lifecycle.legal-change-accepted", "status", Saying("it to be accepted"),
        Saying("status 409"), asked="running pause allow",
    ),
)  # fmt: skip
BESIDES = (
    difference(
        "policy.deny-blocks", "status", Saying("a refusal with 409"), Saying("status 200"),
        shown=1, looked=900,
    ),
)  # fmt: skip
PUBLIC = Fit(
    "http://fc.example:9405",
    Contact(
        ROUTES[Dialect.DEPLOYED], Dialect.DEPLOYED,
        Required({"priority": ["low", "high"], "meta": {"${x}": 1}}, ("spine",)),
        governs=False, registered=True, demands_token=True, lacks=("policy", "idempotency"),
    ),
    Manner(
        SYSTEMATIC, BESIDES, ("refuses running -> running of a run without steps",),
        result(Verdict.DIVERGES), 3000,
    ),
    {"base_url": "http://fc.example:9405", "rate": 20.0, "headers": {"X-Key": "${X_KEY}"}},
)  # fmt: skip
OWN = evolve(
    PUBLIC,
    contact=Contact(
        ROUTES[Dialect.SEED]._replace(create="/v2/runs", health="/alive"), None, Required(),
        governs=True, registered=False, demands_token=False,
    ),
    manner=Manner((), (), (), result(Verdict.CONFORMS), 1500),
    settings={},
    own={"spelling": {"fields": {"detail": "error"}}},
)  # fmt: skip
CONFORMING = evolve(
    OWN, contact=evolve(OWN.contact, routes=ROUTES[Dialect.SEED], dialect=Dialect.SEED), own={}
)


@pytest.mark.parametrize("name", ["public", "own", "conforming"])
def test_an_fc_is_told_as_reviewed(name: str, golden: Golden) -> None:
    """The screen is a golden file."""
    fit = {"public": PUBLIC, "own": OWN, "conforming": CONFORMING}[name]
    golden(f"fit/{name}.txt", "".join(f"{line}\n" for line in description(fit)))


@pytest.mark.parametrize("accept", [False, True])
@pytest.mark.parametrize("name", ["public", "own", "conforming"])
def test_the_file_is_as_reviewed(
    name: str, accept: bool, golden: Golden, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is a golden file, and a configuration that can be read."""
    monkeypatch.setenv("X_KEY", "swordfish")
    fit = {"public": PUBLIC, "own": OWN, "conforming": CONFORMING}[name]
    text = written(fit, ON, accept=accept)
    golden(f"fit/{name}{'-accepted' if accept else ''}.toml", text)
    (tmp_path / "pt004.toml").write_text(text)
    config = load(tmp_path / "pt004.toml", KNOWN)
    wanted = sum(len(cause.deviations) for cause in fit.causes) if accept else 0
    assert wanted == len(config.deviations)
    assert fit.contact.required == config.required


def test_what_is_commented_out_can_be_agreed_to(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without the ``# `` before the lines of tables the file is that of ``--accept``."""
    monkeypatch.setenv("X_KEY", "swordfish")
    names = ("[[deviation]]", "area =", "check =", "place =", "fingerprint =", "reason =")
    lines = [
        line[2:] if line.startswith(tuple(f"# {name}" for name in names)) else line
        for line in written(PUBLIC, ON, accept=False).splitlines()
    ]
    (tmp_path / "pt004.toml").write_text("\n".join(lines))
    made = load(tmp_path / "pt004.toml", KNOWN).deviations
    assert made == tuple(each for cause in PUBLIC.causes for each in cause.deviations)


@given(st.text(), st.text(), st.text())
def test_whatever_it_sends_is_data(observed: str, workflow: str, name: str) -> None:
    """No text of an FC makes a table, a line or a variable of its own."""
    odd = difference("lifecycle.sent-data-kept", "run.workflow_id", "a", observed)
    required = Required({name: [observed]} if name else {}, (workflow,) if workflow else ())
    fit = evolve(
        CONFORMING,
        contact=evolve(CONFORMING.contact, required=required),
        manner=evolve(CONFORMING.manner, systematic=(odd,), freedoms=(f"shows {observed}",)),
    )
    assert not [each for each in description(fit) if not each.isprintable()]
    table = tomllib.loads(written(fit, ON, accept=True))
    assert {"target", "deviation"} == table.keys() - {"create"}
    assert 1 == len(table["deviation"])
    assert "deviation" not in tomllib.loads(written(fit, ON, accept=False))
