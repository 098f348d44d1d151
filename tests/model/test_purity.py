"""Properties of the whole model under random commands."""

from __future__ import annotations

import copy

from attrs import evolve
from hypothesis import given, settings
from hypothesis import strategies as st

from pt004_model.model.commands import (
    NO_ACTOR,
    Caller,
    ChangeRun,
    Command,
    CreateRun,
    OddPath,
    ReadRun,
    Route,
    Tenant,
    Token,
    Unknown,
    WrongMethod,
)
from pt004_model.model.values import Body
from pt004_model.model.world import Accepted, Refused, World, expect, unanswered
from pt004_model.vocabulary import GateStatus
from tests.model.helpers import body, create

BODIES = [
    *(
        body("running", name, index, decision)
        for name, index in (("a", 0), ("b", 1), ("c", 2), ("a", 1))
        for decision in ("allow", "flag", "deny")
    ),
    body("running"),
    body("running", decision="flag"),
    body("paused"),
    body("paused"),
    body("failed", reason="r"),
    body("failed", output_payload={}),
    body("completed", output_payload={"x": 1}),
    body("pending"),
    body("running", "a", 0.0, "allow"),
    Body('{"status":"archived"}'),
    Body("{"),
    Body('{"status":NaN}'),
]
CALLERS = [
    Caller(),
    Caller(),
    Caller(actor=1),
    Caller(Tenant.STRANGER),
    Caller(Tenant.NOBODY),
    Caller(actor=NO_ACTOR),
    Caller(token=Token.FORGED),
]
callers = st.sampled_from(CALLERS)
runs = st.integers(0, 2) | st.just(Unknown())
keys = st.sampled_from([None, None, "", "k", "j"])
COMMANDS: st.SearchStrategy[Command] = st.one_of(
    st.builds(ChangeRun, runs, st.sampled_from(BODIES), callers, keys),
    st.builds(ChangeRun, st.just(0), st.sampled_from(BODIES)),
    st.builds(
        ChangeRun, runs, st.sampled_from(BODIES), callers, keys, st.sampled_from([None, "text/x"])
    ),
    st.builds(lambda caller, key: create(-1, caller, key), callers, keys),
    st.builds(ReadRun, runs, st.booleans(), st.booleans(), callers, keys),
    st.builds(WrongMethod, st.just("PUT"), st.sampled_from(Route), runs, callers),
    st.builds(OddPath, st.sampled_from(["", "..", "%2F"]), callers),
)
STEPS = st.lists(st.tuples(COMMANDS, st.integers(0, 3), st.booleans()), max_size=14)


def _numbered(command: Command, fresh: int) -> Command:
    if isinstance(command, CreateRun):
        return evolve(command, run=fresh)
    return command


def _start(authenticates: bool) -> World:
    now = World(authenticates=authenticates)
    for command in (create(0), create(1, steps=None)):
        now = expect(now, command)[0].world
    return now


@settings(max_examples=80, deadline=None)
@given(st.booleans(), STEPS)
def test_the_model_is_pure_and_total(
    authenticates: bool, steps: list[tuple[Command, int, bool]]
) -> None:
    """There is always an outcome; expecting changes no world; a refusal leaves it equal."""
    now = _start(authenticates)
    for fresh, (drawn, pick, lost) in enumerate(steps, start=2):
        command = _numbered(drawn, fresh)
        before = copy.deepcopy(now)
        outcomes = expect(now, command)
        assert before == now
        assert outcomes
        assert outcomes == expect(before, command)
        for each in outcomes:
            if isinstance(each.reply, Refused):
                assert before == each.world or before.open_calls  # one of these was first
                assert each.reply.refusal.codes
            elif isinstance(each.reply, Accepted):
                _holds(before, each.world, each.reply, command)
        if lost:
            assert before == now
            now = unanswered(now, command)
        else:
            now = outcomes[pick % len(outcomes)].world


def _holds(before: World, after: World, reply: Accepted, command: Command) -> None:
    """What holds of every accepted call, whatever the rules."""
    for number, run in before.runs.items():
        now = after.runs[number]
        if number not in {getattr(command, "run", None), *before.open_calls}:
            assert run == now  # what happens to one run never shows on another (9)
        assert run.log == now.log[: len(run.log)]  # append-only (7.4)
        if run.state.terminal:
            assert run == now  # terminal runs never change (3.4)
        kept = [gate for gate in run.gates if gate.status is not GateStatus.PENDING]
        assert kept == list(now.gates[: len(kept)])  # a resolved gate never changes (6)
    if isinstance(command, ReadRun) and command.run not in before.open_calls:
        assert before == after  # a read adds nothing (7.3)
    if not reply.replay:
        assert reply.run == after.runs[reply.run.number]
    for run in after.runs.values():
        pending = [gate for gate in run.gates if gate.status is GateStatus.PENDING]
        assert len(pending) == int(run.state.gate_pending)  # at most one, while paused (6)
