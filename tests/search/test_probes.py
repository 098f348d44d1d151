"""Probes: a table of calls that must be refused, or must change nothing, where a run is."""

from __future__ import annotations

from copy import deepcopy
from functools import cache
from itertools import product

import pytest
from attrs import evolve

from pt004_model.drive.target import name_callers
from pt004_model.model.commands import JOINED, ChangeRun, CreateRun, Tenant, Token, describe
from pt004_model.model.moves import Move, body, legal_moves
from pt004_model.model.run import Ask
from pt004_model.model.world import Accepted, expect
from pt004_model.search.machine import WorkflowMachine
from pt004_model.search.probes import PROBES, Probe, Scene, keys
from pt004_model.vocabulary import IDEMPOTENCY_HEADER, TENANT_HEADER, Decision, Status
from pt004_model.wire.codec import Codec
from tests.drive.helpers import session
from tests.sampling import some
from tests.stub import Stub

ALL = [probe for table in PROBES.values() for probe in table.values()]
HARMLESS = {"forbidden", "caller", "create caller", "token", "create token", "elsewhere", "read"}
"""Classes that never change anything, whatever an FC is free to do."""
WAYS: tuple[tuple[int, tuple[Move, ...]], ...] = (
    (3, ()),
    (3, (Move(Ask.START, Decision.FLAG),)),
    (3, (Move(Ask.START, Decision.ALLOW), Move(Ask.START, Decision.DENY))),
    (2, (Move(Ask.START, Decision.FLAG), Move(Ask.PAUSE))),
    (1, (Move(Ask.START, Decision.ALLOW),)),
    (1, (Move(Ask.START, Decision.ALLOW), Move(Ask.COMPLETE))),
    (0, (Move(Ask.START, Decision.DENY),)),
    (0, (Move(Ask.START), Move(Ask.PAUSE))),
)


def machine(length: int, way: tuple[Move, ...]) -> WorkflowMachine:
    """A machine with two runs that were brought to a state under keys; a finding is raised."""
    tokens = tuple(token for token in Token if token is not Token.GOOD)
    made = WorkflowMachine(session(Stub(authenticates=True), authenticates=True, bad_tokens=tokens))
    for _ in range(2):
        number = made.make(["e\u0301-1", "b", "c"][:length], delivery="keyed")
        for move in way:
            made.go(number, move, delivery="keyed")
    return made


@cache
def scenes() -> tuple[tuple[WorkflowMachine, Scene], ...]:
    """Runs in several states, and what a probe can be made of before each of their moves."""
    made = [machine(*way) for way in WAYS]
    moves = [(each, move) for each in made for move in legal_moves(each.model(0)) or (None,)]
    return tuple((each, each.scene(0, move)) for each, move in moves)


def test_names_are_unique_in_a_class() -> None:
    """A probe counts as tried by its class and name, and the table keeps all of them."""
    assert all(PROBES[probe.kind][probe.name] is probe for probe in ALL)
    assert len(ALL) > 300


@pytest.mark.parametrize("probe", ALL, ids=lambda probe: f"{probe.kind} {probe.name}"[:60])
def test_each_probe_fits_somewhere(probe: Probe) -> None:
    """There is a state in which the probe sends something, and its keys begin with itself."""
    made = [probe.make(scene) for _, scene in scenes()]
    assert any(made)
    for commands, (_, scene) in zip(made, scenes(), strict=True):
        assert keys(scene, probe)[0][0] == probe.kind  # type: ignore[index]  # a tuple of words
        assert all(describe(command) for command in commands)


@pytest.mark.parametrize("kind", sorted(HARMLESS))
def test_what_must_change_nothing_changes_nothing(kind: str) -> None:
    """The model accepts no change or create of these classes in any state."""
    for made, scene in scenes():
        for probe in PROBES[kind].values():
            for command in probe.make(scene):
                outcomes = expect(made.lockstep.world, command)
                changed = [each.world.runs != made.lockstep.world.runs for each in outcomes]
                assert not any(changed), (probe.name, scene.run.state)


@pytest.mark.parametrize(
    ("kind", "way"),
    some([*product(sorted(PROBES), WAYS)], 3),
    ids=lambda each: each if isinstance(each, str) else f"{each[0]} {len(each[1])}",
)
def test_a_conforming_fc_diverges_nowhere(kind: str, way: tuple[int, tuple[Move, ...]]) -> None:
    """Every probe of a class can be sent one after another; nothing is found."""
    made = machine(*way)
    before = deepcopy(made.model(0))
    for name in PROBES[kind]:
        # whether the FC took what lies beyond is not known, and twice as many worlds are possible
        made = machine(*way) if kind == "beyond" else made
        made.probe(kind, name, 0)
    if kind in HARMLESS:
        assert before == made.model(0)
    assert len(made.lockstep.steps) > len(way[1])


def test_every_forbidden_move_is_tried() -> None:
    """What is forbidden where a run is and what is legal there make up all its moves."""
    for made, scene in scenes():
        sent = {
            command.body
            for probe in PROBES["forbidden"].values()
            for command in probe.make(scene)
            if isinstance(command, ChangeRun)
        }
        legal = {body(made.model(0), move) for move in legal_moves(made.model(0))}
        assert not sent & legal


def test_a_mutation_is_of_the_legal_call() -> None:
    """An ended run has no legal call, and nothing to get wrong in one."""
    ended = next(scene for _, scene in scenes() if scene.run.state.status is Status.COMPLETED)
    assert ended.call is None
    assert not any(probe.make(ended) for probe in PROBES["mutation"].values())
    assert ended.change.body.fields == {"status": "failed"}


def test_creates_are_of_a_fresh_run() -> None:
    """No probe gives the number of a run that is there to another one, but under its key."""
    for made, scene in scenes():
        for probe in ALL:
            creates = [each for each in probe.make(scene) if isinstance(each, CreateRun)]
            for count, command in enumerate(creates):
                if probe.kind != "repeat":
                    assert command.run == made.next_run + count
                    accepted = [
                        each.reply
                        for each in expect(made.lockstep.world, command)
                        if isinstance(each.reply, Accepted)
                    ]
                    assert probe.kind in {"edge", "kin"} or not accepted


@pytest.mark.parametrize(("tenant", "end"), JOINED.items())
def test_a_joined_key_looks_like_that_of_two_tenants(tenant: Tenant, end: str) -> None:
    """On the wire a tenant's name, the separator and its key are the same text for both."""
    made, scene = scenes()[0]
    names = made.session.oracle.names
    codec = Codec(names)
    sent = [
        codec.encode(command, lambda _: "", "NONCE").headers
        for command in PROBES["kin"][f"joined {tenant.name.lower()}"].make(scene)
    ]
    one, other = (f"{each[TENANT_HEADER]}{end[0]}{each[IDEMPOTENCY_HEADER]}" for each in sent)
    assert (one, names.tenants[0]) == (other, sent[0][TENANT_HEADER])
    assert sent[0][TENANT_HEADER] != sent[1][TENANT_HEADER]


def test_no_tenants_are_made_up_where_the_stranger_is_named() -> None:
    """An FC that knows its tenants would refuse a run of any other."""
    _, scene = scenes()[0]
    named = len(name_callers("ours", "theirs", "actor").tenants)
    probes = [PROBES["kin"]["long"], *(p for p in ALL if p.name.startswith("joined"))]
    assert len(probes) == 1 + len(JOINED)
    assert all(probe.make(scene) for probe in probes)
    assert not any(probe.make(evolve(scene, tenants=named)) for probe in probes)
