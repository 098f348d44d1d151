"""``fit --accept`` on an FC that differs in every answer, and what ``check`` finds behind that."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from attrs import evolve

from pt004_model.config import load
from pt004_model.drive.contact import make_contact
from pt004_model.drive.session import Session
from pt004_model.drive.target import Target
from pt004_model.embedded.app import build_app
from pt004_model.embedded.audit import Audit
from pt004_model.embedded.core import CONFORMING
from pt004_model.embedded.records import Turn
from pt004_model.report.fitting import Fit, written
from pt004_model.search.campaign import Campaign
from pt004_model.search.manner import SHORT, learn
from pt004_model.search.results import Result
from pt004_model.vocabulary import Event
from tests.public_fc import in_process
from tests.quality.test_deviating import (
    DEVIATIONS,
    FOUND,
    SEEDED,
    Deviating,
    faulty,
    plain,
)

WORDS = {
    "no receipts": "has no receipts",
    "no version": "does not show run.workflow_version",
    "upper case": "run.status in upper case",
    "no zone": "times without zone",
    "created with 200": "answers with 200 where 201 is due",
    "no gates": "shows no gates",
    "index as text": "run.step_index is a number as text",
    "the system acts": 'logs[].actor_id is always "system"',
    "details elsewhere": "does not show logs[].details.decision",
    "error for detail": "refusals without detail",
    "one code": "refuses with 418",
}


def target() -> Target:
    """An FC with three faults, in this process."""
    return Target(client=in_process(build_app(faulty(*SEEDED))))


def checked(deviation: str, path: Path) -> Result:
    """What a small campaign finds with the file as ``fit`` wrote it."""
    agreed = load(path, {"target": ["dialect"], "campaign": []}).agreed(date(2026, 1, 1))
    session = target().session()
    session.fc = Deviating(session.fc, DEVIATIONS[deviation])
    session.oracle = evolve(session.oracle, agreed=agreed)
    return Campaign(session, evolve(SHORT, examples=25), seed=11).run()


@pytest.mark.parametrize("deviation", DEVIATIONS)
def test_what_is_accepted_is_quiet(deviation: str, tmp_path: Path) -> None:
    """The difference is told in words and agreed to; the faults behind it, and no more, are found.

    No fault is taken for the manner of the FC.
    """

    def deviating(session: Session) -> None:
        session.fc = Deviating(session.fc, DEVIATIONS[deviation])

    there = target()
    contact = make_contact(there.codec(), there.transport)
    fit = Fit("http://fc", contact, learn(there, deviating), {})
    assert WORDS[deviation] in fit.sentences
    assert {each.finding.check for each in fit.manner.besides} == FOUND
    path = tmp_path / "pt004.toml"
    path.write_text(written(fit, date(2026, 1, 1), accept=True))
    result = checked(deviation, path)
    assert {each.finding.check for each in result.findings} == FOUND
    assert result.coverage.driven >= plain().coverage.driven


class StatusWithEachStep(Audit):
    """Writes FC-RUN-002 also where the status stays."""

    def step_started(self, turn: Turn) -> None:
        """Note the status where nothing else has."""
        super().step_started(turn)
        if not any(each["event_type"] == Event.STATUS_CHANGED for each in turn.entries):
            self.status_changed(turn, turn.run.status)


def test_entries_beyond_those_that_are_due(tmp_path: Path) -> None:
    """Entries of a kind that others lack are agreed to, and the others are told apart from them."""
    there = Target(client=in_process(build_app(evolve(CONFORMING, audit=StatusWithEachStep))))
    fit = Fit("http://fc", make_contact(there.codec(), there.transport), learn(there), {})
    (difference,) = fit.manner.systematic
    assert ("audit.kinds", "logs") == (difference.finding.check, difference.place)
    assert "more of them" in difference.observed
    path = tmp_path / "pt004.toml"
    path.write_text(written(fit, date(2026, 1, 1), accept=True))
    agreed = load(path, {"target": ["dialect"], "campaign": []}).agreed(date(2026, 1, 1))
    session = there.session()
    session.oracle = evolve(session.oracle, agreed=agreed)
    result = Campaign(session, evolve(SHORT, examples=25), seed=11).run()
    assert not result.findings
    assert result.coverage.driven >= 0.95 * plain().coverage.driven
