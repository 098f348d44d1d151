"""Answers of the wrong kind: accepted against a rule, or refused though legal (section 11).

The fingerprint of such a finding says what was asked of a run and in which status. What was decided
by then tells refusals apart, where one fault refuses what another does not; a rule that was broken
says it already by its own id. Rules about what a start must name and carry hold wherever a run is,
and a fault that breaks one shows in several statuses. Of what has ended nothing is changed, however
the change names its step.
"""

from __future__ import annotations

from pt004_model.judge.finding import fingerprint
from pt004_model.model.commands import ChangeRun, Command, CreateRun, ReadRun
from pt004_model.model.coverage import situation
from pt004_model.model.rules import Rule
from pt004_model.model.world import Accepted, Refused, World, expect

_WHEREVER_IT_IS = {Rule.NAMES_ITS_STEP, Rule.NEXT_STEP_ONLY, Rule.DECISION_REQUIRED}
_ACCEPTING = {CreateRun: "lifecycle.create-accepted", ReadRun: "lifecycle.read-accepted"}


def refused_though_legal(
    world: World, command: Command, expected: Accepted
) -> tuple[str, tuple[str, ...]]:
    """Return the check and the classes of a legal call that was refused.

    What a repeated request is answered does not depend on the run (section 10).
    """
    if expected.replay:
        return "idempotency.replay-as-then", ("accepted", "refused", type(command).__name__)
    check = _ACCEPTING.get(type(command), "lifecycle.legal-change-accepted")
    return check, ("accepted", "refused", *situation(world, command))


def accepted_though_illegal(
    world: World, command: Command, expected: Refused
) -> tuple[str, tuple[str, ...]]:
    """Return the check and the classes of a call that was accepted against a rule."""
    rule = expected.refusal.rule
    if rule is Rule.KEY_USED:
        return rule.value, ("refused", "accepted", type(command).__name__)
    asked = situation(world, command, coarse=True)
    if rule is Rule.TERMINAL and isinstance(command, ChangeRun):
        asked = (asked[0], str(command.body.fields["status"]))
    return rule.value, ("refused", "accepted", *asked[rule in _WHEREVER_IT_IS :])


def wrong_answers(world: World, command: Command) -> frozenset[str]:
    """Return the fingerprints that an answer of the wrong kind to ``command`` would have."""
    found = set()
    for outcome in expect(world, command):
        if isinstance(outcome.reply, Accepted):
            check, classes = refused_though_legal(world, command, outcome.reply)
        elif isinstance(outcome.reply, Refused):
            check, classes = accepted_though_illegal(world, command, outcome.reply)
        else:
            continue
        found.add(fingerprint(check, *classes))
    return frozenset(found)
