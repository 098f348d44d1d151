"""What ``tox -e stateful`` holds an FC to: cases, a state machine, pinned traces, a campaign.

Pinned traces lie in ``traces/`` and are tests by themselves.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from pt004_model import Result, Verdict, workflow_machine
from pt004_model.drive.session import Session
from pt004_model.judge.checks import areas
from pt004_model.model.commands import ChangeRun, ReadRun
from pt004_model.model.scenarios import HAPPY_PATH, POLICY_DENY, POLICY_FLAG, Scenario
from pt004_model.model.values import Body
from pt004_model.pytest_campaign import Conversation
from pt004_model.search.explorer import live_through
from pt004_model.search.payloads import creation
from pt004_model.vocabulary import Decision

SCENARIOS = st.builds(
    Scenario, st.lists(st.sampled_from(Decision), min_size=1, max_size=6).map(tuple)
)
STATUSES = ("running", "paused", "running", "completed")
EXPLORING = settings(
    max_examples=10,
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
    derandomize=False,  # each night tries others, though a CI has a profile that would not
    database=None,
    deadline=None,
    print_blob=False,
    suppress_health_check=[HealthCheck.too_slow],  # a conversation over a network
    stateful_step_count=10,
)


def test_without_steps(fc_conversation: Conversation) -> None:
    """A run without steps goes through all statuses but failed.

    That is what an FC that knows no steps has in place of the canonical cases (section 3.3).
    """
    lockstep = fc_conversation.lockstep()
    lockstep.do(creation(0, ()))
    for each in STATUSES:
        lockstep.do(ReadRun(0))
        lockstep.do(ChangeRun(0, Body.of({"status": each})))
    lockstep.do(ReadRun(0))
    if not fc_conversation.seen:
        assert lockstep.world.runs[0].state.terminal


@EXPLORING
@given(scenario=SCENARIOS)
@example(scenario=HAPPY_PATH)
@example(scenario=POLICY_FLAG)
@example(scenario=POLICY_DENY)
def test_scenario(fc_conversation: Conversation, scenario: Scenario) -> None:
    """A run lives through decisions as the model says; the canonical cases come first."""
    lockstep = fc_conversation.lockstep()
    live_through(lockstep, scenario)
    if not fc_conversation.seen:  # of a run that shows a known finding nothing more is said
        assert lockstep.world.runs[0].state.terminal


HERE: list[Conversation] = []


def session() -> Session:
    """A session with the FC of this run."""
    return HERE[-1].fresh_session()


Machine = workflow_machine(session)
Machine.TestCase.settings = EXPLORING


@pytest.fixture
def here(fc_conversation: Conversation) -> Iterator[None]:
    """The conversation that the machine takes part in."""
    HERE.append(fc_conversation)
    yield
    HERE.clear()


@pytest.mark.usefixtures("here")
class TestMachine(Machine.TestCase):  # type: ignore[name-defined, misc]  # made by Hypothesis
    """The state machine by itself: a rule a kind of command."""


@pytest.mark.parametrize("area", areas())
def test_area(area: str, fc_campaign: Result, fc_conversation: Conversation) -> None:
    """Every answer in the campaign was one that the contract allows in this area."""
    if area not in fc_campaign.areas and fc_campaign.examples:
        pytest.skip("nothing of it was judged")  # and that is no pass
    assert fc_conversation.describe(fc_campaign, area) == []


def test_campaign_can_be_judged(fc_campaign: Result) -> None:
    """Enough was answered for the verdict to mean something."""
    assert fc_campaign.verdict is not Verdict.UNSURE, fc_campaign.why
