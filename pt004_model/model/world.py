"""All that a client can know of an FC, and what may come of a command (sections 1, 9, 10, 11).

``expect(world, command)`` gives every :class:`Outcome` that the contract allows: a reply to expect
and the world after it. One outcome is the rule; several mean that the contract says *may*. A call
that got no answer is kept as an *open call*: it may take effect at any later time, once. So what
comes of a later call is what may come of it before and after each open one that bears on it.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Final, TypeAlias

from attrs import evolve, field, frozen

from pt004_model.model import run as run_model
from pt004_model.model.asks import Change, Creation, Malformed, Unread, read_change, read_creation
from pt004_model.model.commands import (
    JSON_TYPE,
    NO_ACTOR,
    Caller,
    ChangeRun,
    Command,
    CreateRun,
    OddPath,
    ReadRun,
    Restart,
    Route,
    RunRef,
    Tenant,
    Token,
    Unknown,
    Wait,
    WrongMethod,
    as_asked,
    subject,
)
from pt004_model.model.keys import Used, clash
from pt004_model.model.rules import Refusal, Rule
from pt004_model.model.run import Run
from pt004_model.model.values import Body, NotJson
from pt004_model.vocabulary import Status

MOST_OPEN: Final = 2
"""Open calls of one run after which no more changes of it are to be sent."""


@frozen
class Accepted:
    """The call is accepted and the reply shows ``run``.

    ``complete`` says which of ``logs`` and ``gates`` must be there in full; ``empty`` which must
    be empty or absent. What is in neither is absent, empty or complete. ``replay`` marks the answer
    to a repeated request under an idempotency key, which shows the run as it was then.
    """

    code: int
    run: Run
    complete: frozenset[str] = frozenset()
    empty: frozenset[str] = frozenset()
    replay: bool = False


@frozen
class Refused:
    """The call is refused for ``refusal``; ``like`` names calls that must get the same code."""

    refusal: Refusal
    like: Hashable = None


@frozen
class Unjudged:
    """Any answer will do but a server error: what was asked lies beyond the contract."""


Expected: TypeAlias = Accepted | Refused | Unjudged


@frozen
class Outcome:
    """One reply that the contract allows, and the world after it."""

    reply: Expected
    world: World


@frozen
class World:
    """All that a client can know of an FC. Immutable.

    ``runs`` maps symbolic numbers to runs. ``outside`` are runs that took a value beyond the
    contract. ``open_calls`` are changes of each run that got no answer and may still take effect.
    ``hidden`` remembers the code that a call on a run that one cannot see was refused with (section
    9). ``lost_keys`` came with creates that got no answer, each kept: one of them may be made.
    Those of the runs that are ``over`` take effect before the next call on the run, or never.
    ``authenticates`` says whether the FC was told to enforce authentication.
    """

    runs: dict[int, Run] = field(factory=dict)
    outside: frozenset[int] = frozenset()
    open_calls: dict[int, tuple[ChangeRun, ...]] = field(factory=dict)
    keys: dict[tuple[int, str], Used] = field(factory=dict)
    hidden: dict[Hashable, int] = field(factory=dict)
    lost_keys: dict[tuple[int, str], tuple[CreateRun, ...]] = field(factory=dict)
    authenticates: bool = False
    over: frozenset[int] = frozenset()

    def with_run(self, run: Run) -> World:
        """This world with ``run`` in it."""
        return evolve(self, runs={**self.runs, run.number: run})

    def with_code(self, like: Hashable, code: int) -> World:
        """This world after a call of the shape ``like`` was refused with ``code``."""
        if like is None or like in self.hidden:
            return self
        return evolve(self, hidden={**self.hidden, like: code})


def expect(world: World, command: Command) -> tuple[Outcome, ...]:
    """Every outcome that the contract allows for ``command``. Pure, total, never empty."""
    if isinstance(command, OddPath):
        return (Outcome(Refused(Refusal.by(Rule.NO_RUN_PATH)), world),)
    if isinstance(command, Restart):
        return (Outcome(Unjudged(), restarted(world)),)
    number = None if isinstance(command.run, Unknown) else command.run
    if isinstance(command, Wait) or number in world.outside:
        return (Outcome(Unjudged(), world),)
    door = _at_the_door(world, command.caller)
    if isinstance(command, WrongMethod):
        # it has no body, and an FC may look at the body before it looks at the route
        rules = [Rule.METHOD, *door, Rule.NOT_JSON]
        hidden = _hides(world, command.run, command.caller)
        if hidden is None or command.route is Route.CREATE:
            return _refused(world, rules)
        return _refused(world, [*rules, hidden], None if door else shape(command))
    if isinstance(command, ReadRun):
        return _read(world, command, door)
    worlds = _settled(world, command)
    outcomes = [each for now in worlds for each in _called(now, command, door)]
    if len(worlds) == 1 or number in world.over:
        return tuple(outcomes)
    return _plainest(outcomes, world)


def _plainest(outcomes: list[Outcome], world: World) -> tuple[Outcome, ...]:
    """Return outcomes without refusals that one of ``world`` as it is stands for.

    An open call that took effect before such a refusal could as well take it afterwards.
    """
    now = [each for each in outcomes if each.world is world and isinstance(each.reply, Refused)]
    return tuple(each for each in outcomes if each in now or not _like_one_of(each.reply, now))


def _like_one_of(reply: Expected, outcomes: list[Outcome]) -> bool:
    return isinstance(reply, Refused) and any(
        isinstance(each.reply, Refused) and reply.refusal.codes <= each.reply.refusal.codes
        for each in outcomes
    )


def unanswered(world: World, command: Command) -> World:
    """Return the world after ``command`` got no answer but may have been applied (section 1).

    A change that is illegal now may take effect when it has become legal, so it is kept as well.
    """
    if not isinstance(command, CreateRun | ChangeRun) or isinstance(command.run, Unknown):
        return world
    outcomes = expect(world, command)
    for each in outcomes:
        if isinstance(each.reply, Unjudged) and isinstance(command, ChangeRun):
            return each.world  # it may have been taken, and nobody can tell
    if _at_the_door(world, command.caller):
        return world
    asked = as_asked(command)
    if isinstance(asked, CreateRun):  # its run has no name, so nothing can be said of that
        key = (int(asked.caller.tenant), asked.key or "")
        lost = world.lost_keys.get(key, ())
        if not asked.key or asked in lost:
            return world
        return evolve(world, lost_keys={**world.lost_keys, key: (*lost, asked)})
    assert isinstance(asked, ChangeRun)  # noqa: S101 - as the command
    there = world.open_calls.get(command.run, ())
    if (
        _hides(world, command.run, command.caller) is not None
        or not isinstance(read_change(asked.body), Change)
        or world.runs[command.run].state.terminal
        or _used(world, asked) is not None
        or (asked.key and asked in there)
    ):
        return world
    over = world.over - {command.run}  # it came after the restart, and may take effect at any time
    return evolve(world, open_calls={**world.open_calls, command.run: (*there, asked)}, over=over)


def restarted(world: World) -> World:
    """Return the world once the FC was killed and answers again (section 13).

    Each open call has taken effect by now, or never will.
    """
    return evolve(world, over=frozenset(world.open_calls))


def forced(world: World, command: Command) -> tuple[Run, ...]:
    """Return what the run of a call may be once the call was accepted against the rules.

    First where it leads, if that can be known; then the run as it was, if there was one.
    """
    caller = command.caller
    if isinstance(command, CreateRun):
        asked = read_creation(command.body)
        if not isinstance(asked, Creation):
            return ()
        args = (caller.tenant, caller.actor, command.correlation or None)
        return (run_model.create(command.run, asked, *args),)
    run = world.runs.get(-1 if (number := subject(command)) is None else number)
    if run is None:
        return ()
    if not isinstance(command, ChangeRun):
        return (run,)
    change = read_change(command.body)
    after = run_model.forced(run, change, caller.actor) if isinstance(change, Change) else None
    return (run,) if after is None else (after, run)


def late_against_the_rules(
    world: World, number: int | None
) -> Iterator[tuple[ChangeRun, Refused, World]]:
    """Yield open calls of a run that must be refused, how, and the world if one was accepted."""
    for late in _of(world, number):
        before = _without(world, late)
        refused, after = _change(before, late, [])[0].reply, forced(world, late)[:-1]
        if after and isinstance(refused, Refused):
            yield late, refused, before.with_run(after[0])


def shape(command: Command) -> Hashable:
    """Return what two calls must have in common to be *the same call* on two runs (section 9)."""
    asked = as_asked(command)
    if isinstance(asked, ReadRun):
        return ("GET", asked.logs, asked.gates, asked.caller)
    if isinstance(asked, ChangeRun):
        return ("PATCH", asked.body.text, asked.caller, asked.content_type)
    if isinstance(asked, WrongMethod):
        return (asked.method, asked.route, asked.caller)
    return None


def _at_the_door(world: World, caller: Caller) -> list[Rule]:
    """Return the rules that refuse a call whatever it asks for (sections 1, 12)."""
    rules: list[Rule] = []
    if world.authenticates and caller.token is not Token.GOOD:
        rules.append(Rule.TOKEN)
    if caller.tenant is Tenant.NOBODY or caller.actor == NO_ACTOR:
        rules.append(Rule.HEADERS)
    return rules


def _hides(world: World, ref: RunRef, caller: Caller) -> Rule | None:
    """Return the rule by which the caller cannot see the run, if any (section 9)."""
    if isinstance(ref, Unknown) or ref not in world.runs:
        return Rule.UNKNOWN_RUN
    return None if world.runs[ref].tenant == caller.tenant else Rule.FOREIGN_RUN


def _refused(world: World, rules: list[Rule], like: Hashable = None) -> tuple[Outcome, ...]:
    return (Outcome(Refused(Refusal.by(*rules), like), world),)


def _read(world: World, command: ReadRun, rules: list[Rule]) -> tuple[Outcome, ...]:
    hidden = _hides(world, command.run, command.caller)
    if hidden is not None:
        like = shape(command) if not rules else None
        return _refused(world, [*rules, hidden], like)
    if rules:
        return _refused(world, rules)
    assert isinstance(command.run, int)  # noqa: S101 - unknown runs are hidden
    wanted = frozenset(n for n, on in (("logs", command.logs), ("gates", command.gates)) if on)
    rest = frozenset({"logs", "gates"}) - wanted
    return tuple(
        Outcome(Accepted(200, now.runs[command.run], wanted, rest), now)
        for now in _settled(world, command)
    )


def _settled(world: World, command: Command) -> list[World]:
    """``world``, and what it is once open calls that bear on a command took effect.

    Those of its run, and those under its key, in any order.
    """
    number = subject(command)
    if number in world.runs and _hides(world, number, command.caller):
        return [world]
    worlds = [world]
    for now in worlds:  # it grows
        for late in _bearing(now, command):
            for each in _change(_without(now, late), late, []):
                accepted = isinstance(each.reply, Accepted) and not each.reply.replay
                if accepted and each.world not in worlds:
                    worlds.append(each.world)
    if number not in world.over:
        return worlds
    over = world.over - {number}
    return [evolve(_without(each, *_of(each, number)), over=over) for each in worlds]


def _of(world: World, number: int | None) -> tuple[ChangeRun, ...]:
    """Return the open calls of a run."""
    return () if number is None else world.open_calls.get(number, ())


def _bearing(world: World, command: Command) -> Iterator[ChangeRun]:
    """Yield the open calls of the run of a command, and those of others under its key."""
    number, key = subject(command), getattr(command, "key", None)
    for each in (call for calls in world.open_calls.values() for call in calls):
        alike = key and (each.key, each.caller.tenant) == (key, command.caller.tenant)
        if each.run == number or alike:
            yield each


def _without(world: World, *closed: ChangeRun) -> World:
    """This world without open calls that can have no effect any more; one of a kind each."""
    if not closed:
        return world
    left = {number: list(calls) for number, calls in world.open_calls.items()}
    for each in closed:
        left[int(each.run)].remove(each)  # type: ignore[arg-type]  # open calls are of runs of ours
    calls = {number: tuple(there) for number, there in left.items() if there}
    return evolve(world, open_calls=calls)


def _beyond(world: World, number: int) -> Outcome:
    """The run took a value beyond the contract and is outside of it from now on (section 1)."""
    return Outcome(Unjudged(), evolve(world, outside=world.outside | {number}))


def _odd_type(command: CreateRun | ChangeRun) -> list[Rule]:
    return [Rule.MAY_BEYOND] if command.content_type != JSON_TYPE else []


def _unread(
    world: World, number: int, unread: Unread, rules: list[Rule], also: list[Rule]
) -> tuple[Outcome, ...]:
    """Return the outcomes for an unreadable body (sections 1, 11); ``also`` may refuse it too."""
    if isinstance(unread, NotJson):
        return _refused(world, [*rules, Rule.NOT_JSON, *also])
    if isinstance(unread, Malformed):
        return _refused(world, [*rules, Rule.MALFORMED, *also])
    refused = _refused(world, [*rules, Rule.MAY_BEYOND])
    return refused if rules else (*refused, _beyond(world, number))


def _once_lost(world: World, command: CreateRun | ChangeRun) -> Iterator[World]:
    """Yield the worlds in which another create, that was lost, used the key of ``command``.

    The very create made again comes to the same, whichever of the two took effect.
    """
    key = (int(command.caller.tenant), command.key or "")
    for lost in world.lost_keys.get(key, ()):
        asked = read_creation(lost.body)
        if key not in world.keys and lost != as_asked(command) and isinstance(asked, Creation):
            number = command.run if isinstance(command, CreateRun) else lost.run
            caller, correlation = lost.caller, lost.correlation or None
            run = run_model.create(number, asked, caller.tenant, caller.actor, correlation)
            used = Used(_request(lost), lost.body, 201, run)
            yield evolve(world.with_run(run), keys={**world.keys, key: used})


def _called(world: World, command: CreateRun | ChangeRun, rules: list[Rule]) -> tuple[Outcome, ...]:
    """Return the outcomes of a call, its key being as good as new or used by a lost create."""

    def called(now: World) -> tuple[Outcome, ...]:
        if isinstance(command, CreateRun):
            return _create(now, command, rules)
        return _change(now, command, rules)

    used = (each for now in _once_lost(world, command) for each in called(now))
    # a refusal does not tell if the key is used
    return (
        *called(world),
        *(e if isinstance(e.reply, Accepted) else evolve(e, world=world) for e in used),
    )


def _create(world: World, command: CreateRun, rules: list[Rule]) -> tuple[Outcome, ...]:
    """Return the outcomes of a create where it is known if its key was used."""
    odd = _odd_type(command)
    used = _used(world, command)
    if used is not None:
        if again := _again(world, command, used, rules):
            return again
        rules = [*rules, Rule.KEY_USED]
    asked = read_creation(command.body)
    if not isinstance(asked, Creation):
        return _unread(world, command.run, asked, rules, odd)
    if rules:
        return _refused(world, [*rules, *odd])
    caller = command.caller
    correlation = command.correlation or None
    run = run_model.create(command.run, asked, caller.tenant, caller.actor, correlation)
    if odd:
        return (*_refused(world, odd), _beyond(world, command.run))
    return (_taken(world, command, run),)


def _change(world: World, command: ChangeRun, rules: list[Rule]) -> tuple[Outcome, ...]:
    """Return the outcomes of a change where it is known if its key was used."""
    hidden = _hides(world, command.run, command.caller)
    used = _used(world, command)
    like = shape(command) if hidden is not None and not rules and used is None else None
    if hidden is not None:
        rules = [*rules, hidden]
    if used is not None:
        if again := _again(world, command, used, rules):
            return again
        rules = [*rules, Rule.KEY_USED]
    change = read_change(command.body)
    if not isinstance(change, Change):
        number = command.run if isinstance(command.run, int) else -1
        also = _odd_type(command)
        if hidden is None:
            also += _illegal_too(world.runs[number], command.body, change)
        outcomes = _unread(world, number, change, rules, also)
        return tuple(_alike(each, like) for each in outcomes)
    if hidden is not None:
        return _refused(world, [*rules, *_odd_type(command), *_on_sight(change)], like)
    assert isinstance(command.run, int)  # noqa: S101 - unknown runs are hidden
    outcomes = _step(world, command, change, world.runs[command.run])
    if not rules:
        return outcomes
    refusal = Refusal.by(*rules)
    for each in outcomes:
        if isinstance(each.reply, Refused):
            refusal = refusal.also(each.reply.refusal)
    return (Outcome(Refused(refusal), world),)


def _on_sight(change: Change) -> list[Rule]:
    """Return the rules by which a change may be refused before it is known what run it is for."""
    rules: list[Rule] = []
    starts = change.status is Status.RUNNING
    if change.useless or (change.policy is not None and not starts):
        rules.append(Rule.MAY_USELESS)
    if change.loose:
        rules.append(Rule.MAY_BEYOND)
    if isinstance(change.policy, Malformed) and starts:
        rules.append(Rule.MALFORMED)
    return rules


def _illegal_too(run: Run, body: Body, asked: Change | Unread) -> list[Rule]:
    """Return the rules that refuse what is left of a change without its malformed fields."""
    if run.state.terminal:
        return [Rule.TERMINAL]
    while isinstance(asked, Malformed) and asked.field not in {None, "status"}:
        body = body.without(str(asked.field))
        asked = read_change(body)
    if not isinstance(asked, Change):
        return []
    results = run_model.step(run, asked, run.actor)
    return [each.rule for each in results if isinstance(each, Refusal)]


def _alike(outcome: Outcome, like: Hashable) -> Outcome:
    if like is None or not isinstance(outcome.reply, Refused):
        return outcome
    return evolve(outcome, reply=evolve(outcome.reply, like=like))


def _step(world: World, command: ChangeRun, change: Change, run: Run) -> tuple[Outcome, ...]:
    """Return the outcomes of a well-formed change of a run that the caller can see."""
    outcomes = [
        Outcome(Refused(each), world) if isinstance(each, Refusal) else _taken(world, command, each)
        for each in run_model.step(run, change, command.caller.actor)
    ]
    if command.content_type != JSON_TYPE:
        refusals = [each.reply.refusal for each in outcomes if isinstance(each.reply, Refused)]
        free = Refusal.by(Rule.MAY_BEYOND)
        for each in refusals:
            free = free.also(each)
        if len(refusals) == len(outcomes):  # illegal, however it is read
            free = evolve(free, rule=refusals[0].rule)
        may = Outcome(Refused(free), world)
        taken = [_beyond(world, run.number)] if len(refusals) < len(outcomes) else []
        return (may, *taken)
    return tuple(outcomes)


def _used(world: World, command: CreateRun | ChangeRun) -> Used | None:
    """Return what the command's key was used for before, if anything; empty counts as none."""
    if not command.key:
        return None
    return world.keys.get((command.caller.tenant, command.key))


def _request(command: CreateRun | ChangeRun) -> tuple[str, Hashable]:
    """Return what must be the same for a call to be the same request (section 10)."""
    return ("POST", None) if isinstance(command, CreateRun) else ("PATCH", command.run)


def _again(
    world: World, command: CreateRun | ChangeRun, used: Used, rules: list[Rule]
) -> tuple[Outcome, ...]:
    """Return the outcomes of a request made again under its key, none where it is another."""
    exact, odd = clash(used, _request(command), command.body, rules), _odd_type(command)
    if exact is None:
        return ()
    replay = Outcome(Accepted(used.code, used.run, replay=True), world)
    rules = odd if exact else [Rule.MAY_SAME_VALUE, *odd]
    return (replay, *_refused(world, rules)) if rules else (replay,)


def _taken(world: World, command: CreateRun | ChangeRun, run: Run) -> Outcome:
    """Return the outcome in which a call is accepted and its run is ``run``.

    Open calls under its key can only be repeats of it now, and those of a run that ended are void.
    """
    world = world.with_run(run)
    closed = _of(world, run.number) if run.state.terminal else ()
    code = 201 if isinstance(command, CreateRun) else 200
    if command.key:
        key = (int(command.caller.tenant), command.key)
        used = Used(_request(command), command.body, code, run)
        world = evolve(world, keys={**world.keys, key: used})
        under = _bearing(world, evolve(command, run=-1))
        closed = (*closed, *(each for each in under if each not in closed))
    return Outcome(Accepted(code, run), _without(world, *closed))
