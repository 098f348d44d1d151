"""A run rebuilt from its log (section 7.5): the changes that wrote it, as commands, in the model.

A log does not say where one change ends and the next begins, and within a change an FC may write
the kinds in another order (7.3). So each change that could come next is made in the model, and the
one whose entries the log goes on with is taken. If none is legal the one that is not says which
rule was broken; if none fits at all, the nearest says what is missing. No rule stands here.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from statistics import mode
from typing import Final, TypeAlias

from attrs import define, evolve, field, frozen

from pt004_model.judge.finding import Finding, Saying, disagreement
from pt004_model.judge.memory import JsonObject
from pt004_model.judge.status import accepted_though_illegal
from pt004_model.model.asks import Change, Creation, Policy, read_change
from pt004_model.model.commands import ChangeRun, describe
from pt004_model.model.history import Entry
from pt004_model.model.moves import changing
from pt004_model.model.rules import Refusal
from pt004_model.model.run import Ask, Run, apply, classify, create, forced, step
from pt004_model.model.values import Body, Json
from pt004_model.model.world import Refused, World
from pt004_model.vocabulary import Decision, Event, Status

LONGEST: Final = 8
"""Entries of the longest change: resuming into a step that the FC fails at once (7.2, 5.3)."""
_STEPS: Final = frozenset({Event.STEP_STARTED, Event.STEP_ENDED})
_STARTING: Final = frozenset({Event.STEP_STARTED, Event.POLICY_DECIDED})
_NAMED: Final = frozenset(Event)
_MISPLACED: Final = frozenset({Ask.SKIP, Ask.BACK, Ask.REPEAT, Ask.MISNAME})
_Key: TypeAlias = "tuple[str, object]"


@frozen
class Ahead:
    """An entry that is to be explained: its place in the log, and what tells it from others."""

    index: int
    entry: JsonObject
    key: _Key
    actor: str


@frozen
class Made:
    """A change that was made out: its first entry, the run before it, and who asked for what.

    ``acted`` is the status that an FC may have given the run by itself at once (5.3).
    """

    index: int
    before: Run
    body: Body
    actor: int
    acted: Status | None = None


@define
class Rebuilt:
    """What the log of a run comes to.

    ``run`` is the run after the last change that could be made out, and ``made`` says for each
    version of it with which entry it begins. Where the log could not be followed any further,
    ``torn`` is the number of entries that are compared with ``nearest``, what the run would be had
    it gone on, and ``broken`` the first entry that nothing explains, ``None`` if the log ends too
    early. ``changes`` are those that were made out, ``findings`` those that a rule forbids. Of a
    window, ``window`` is how many entries are of a change before it.
    """

    run: Run
    actors: tuple[str, ...]
    made: dict[int, int] = field(factory=dict)
    states: list[tuple[int, str]] = field(factory=list)
    findings: list[Finding] = field(factory=list)
    changes: list[Made] = field(factory=list)
    torn: int | None = None
    broken: int | None = None
    nearest: Run | None = None
    window: int | None = None

    @property
    def clean(self) -> bool:
        """True when every entry is one of a legal change."""
        return self.torn is None and not self.findings

    def state_before(self, index: int) -> str:
        """Return the state of the run before the change that wrote an entry, for people."""
        before = [told for at, told in self.states if at <= index]
        return before[-1] if before else "no run"


def rebuild(
    entries: Sequence[JsonObject],
    asked: Creation,
    carried: JsonObject,
    assumed: Decision = Decision.ALLOW,
    beginning: tuple[Run, int] | None = None,
) -> Rebuilt:
    """Rebuild a run of ``asked`` from its log. Total.

    ``carried`` are the payloads that the log does not have: ``output_payload``, ``error_details``.
    A decision that cannot be read counts as the one that is ``assumed``. A log that is a window has
    a ``beginning``: the run then, and how many entries are of a change before.
    """
    named = (_text(entry.get("actor_id")) for entry in entries)
    actors = tuple(dict.fromkeys(filter(None, named))) or ("",)
    ignored = frozenset() if asked.steps is not None else _STEPS
    ahead = [
        Ahead(index, entry, _key(entry), _text(entry.get("actor_id")) or "")
        for index, entry in enumerate(entries)
        if _text(entry.get("event_type")) in _NAMED - ignored
    ]
    first = actors.index(ahead[0].actor) if ahead and ahead[0].actor in actors else 0
    rebuilt = Rebuilt(create(0, asked, 0, first, None), actors)
    if beginning is not None:
        run, skipped = beginning
        creator = carried.get("actor_id")
        if isinstance(creator, str) and creator not in actors:
            rebuilt.actors = (*actors, creator)
        actor = rebuilt.actors.index(creator) if creator in rebuilt.actors else 0
        rebuilt.run = evolve(run, actor=actor)
        ahead = ahead[skipped:]
        rebuilt.window = ahead[0].index if ahead else len(entries)
    elif ahead and ahead[0].key[0] == Event.RUN_CREATED:
        rebuilt.made[0] = ahead.pop(0).index
    else:  # without its beginning nobody can tell where the run is
        rebuilt.torn = rebuilt.broken = 0
    at = 0
    while at < len(ahead) and rebuilt.torn is None:
        rest = ahead[at : at + LONGEST]
        rebuilt.states.append((rest[0].index, str(rebuilt.run.state)))
        at += _Next(rebuilt, rest, carried, assumed).take()
    if asked.steps is None and rebuilt.run.started is not None:
        # progress without a decision, of which nothing tells but entries of the FC's own (3.3, 7.2)
        rebuilt.run = evolve(rebuilt.run, version=rebuilt.run.version + 1)
    return rebuilt


def _key(entry: JsonObject) -> _Key:
    """Return the kind of an entry and, where the kind is one of a status, the new one."""
    kind = _text(entry.get("event_type")) or ""
    told = kind in {Event.STATUS_CHANGED, Event.RUN_ENDED}
    return kind, _text(entry.get("new_status")) if told else None


def _expected(entry: Entry) -> _Key:
    told = entry.event in {Event.STATUS_CHANGED, Event.RUN_ENDED}
    return entry.event.value, str(entry.new_status) if told else None


@frozen
class _Candidate:
    """A change that may be the next one, and the run after it; ``refusal`` if it is illegal."""

    body: Body
    after: Run
    new: tuple[_Key, ...]
    refusal: Refusal | None = None
    lost: bool = False  # nobody can tell where it leads


class _Next:
    """The search for the change that the log goes on with."""

    def __init__(
        self, rebuilt: Rebuilt, rest: list[Ahead], carried: JsonObject, assumed: Decision
    ) -> None:
        self.rebuilt = rebuilt
        self.rest = rest
        self.carried = carried
        self.assumed = assumed
        self.keys = tuple(each.key for each in rest)
        self.actor = self._actor(len(rest))

    def take(self) -> int:
        """Make the change; the number of entries that it explains, 0 where the log is torn."""
        chosen = self._fitting(self._legal(self._bodies(self._likely())))
        if chosen is not None:
            return self._make(chosen)
        bodies = list(self._bodies(frozenset(Status)))
        legal, illegal = [*self._legal(bodies)], [*self._illegal(bodies)]
        nearest = max([*legal, *illegal], key=self._nearness)
        chosen = self._fitting(illegal)
        loose = self._fitting(legal, loose=True)
        if loose is not None and len(loose.new) > max(1, self._explained(nearest)):
            chosen = chosen or loose
        if chosen is not None:
            return self._make(chosen)
        self._tear(nearest)
        return 0

    def _likely(self) -> frozenset[object]:
        """Return the statuses of which the entries ahead tell; asking the model costs more."""
        new = next((new for kind, new in self.keys if kind == Event.STATUS_CHANGED), None)
        starts = any(kind in _STARTING for kind, _ in self.keys)
        return frozenset({new, Status.RUNNING} if starts else {new})

    def _bodies(self, statuses: frozenset[object]) -> Iterator[Body]:
        """Yield what may have been asked for, as far as the entries ahead can tell."""
        if Status.RUNNING in statuses:
            yield from self._running()
        changed = self._first(Event.STATUS_CHANGED) or {}
        details = changed.get("details")
        reason = _text(details.get("reason")) if isinstance(details, dict) else None
        if Status.PAUSED in statuses:
            opened = self._first(Event.GATE_OPENED) or {}
            governed = self.rebuilt.run.governed
            step_id = None if governed else _text(opened.get("step_id"))
            yield _asking(Status.PAUSED, reason=reason, current_step=step_id)
        if Status.COMPLETED in statuses:
            output = self.carried.get("output_payload")
            yield _asking(Status.COMPLETED, reason=reason, output_payload=output)
        if Status.FAILED in statuses:
            error = self.carried.get("error_details")
            yield _asking(Status.FAILED, reason=reason, error_details=error)

    def _running(self) -> Iterator[Body]:
        """Yield the changes to running that may have been asked for."""
        steps = self.rebuilt.run.asked.steps
        start: dict[str, Json] = {}
        decided = self._first(Event.POLICY_DECIDED)
        if steps is not None:
            started = self._first(Event.STEP_STARTED)
            named = None if started is None else started.get("step_id")
            index = steps.index(named) if isinstance(named, str) and named in steps else len(steps)
            start = {"current_step": _text(named) or "", "step_index": index}
        elif decided is not None:
            start = {"current_step": _text(decided.get("step_id"))}
        yield changing(Status.RUNNING)
        if steps or decided is not None:
            details = {} if decided is None else decided.get("details")
            policy = _policy(details if isinstance(details, dict) else {}, self.assumed)
            yield _asking(Status.RUNNING, **start, policy=policy)

    def _first(self, kind: Event) -> JsonObject | None:
        return next((each.entry for each in self.rest if each.key[0] == kind), None)

    def _legal(self, bodies: Iterable[Body]) -> Iterator[_Candidate]:
        """Yield what may come of each change, the FC's own enforcement too."""
        for body, change, actor in self._changes(bodies):
            for outcome in step(self.rebuilt.run, change, actor):
                if isinstance(outcome, Run):
                    yield self._candidate(body, outcome)

    def _illegal(self, bodies: Iterable[Body]) -> Iterator[_Candidate]:
        """Yield each change that must be refused, as if it had been taken against the rules."""
        run = self.rebuilt.run
        for body, change, actor in self._changes(bodies):
            refusal = step(run, change, actor)[0]
            if not isinstance(refusal, Refusal):
                continue
            after = forced(run, change, actor)
            if after is not None:
                yield evolve(self._candidate(body, after), refusal=refusal)
            elif classify(run, change) in _MISPLACED and isinstance(change.policy, Policy):
                there = apply(run, Ask.START, change, actor)
                yield evolve(self._candidate(body, there), refusal=refusal, lost=True)

    def _changes(self, bodies: Iterable[Body]) -> Iterator[tuple[Body, Change, int]]:
        for body in bodies:
            change = read_change(body)
            if isinstance(change, Change):
                yield body, change, self.actor

    def _candidate(self, body: Body, after: Run) -> _Candidate:
        new = after.log[len(self.rebuilt.run.log) :]
        return _Candidate(body, after, tuple(map(_expected, new)))

    def _fitting(
        self, candidates: Iterable[_Candidate], *, loose: bool = False
    ) -> _Candidate | None:
        """Return the longest change whose entries are the next ones, by one actor if there is one.

        ``loose`` leaves the statuses to the judge.
        """

        def fits(new: tuple[_Key, ...]) -> bool:
            ahead = self.keys[: len(new)]
            if loose:
                return Counter(kind for kind, _ in new) == Counter(kind for kind, _ in ahead)
            return new == ahead or Counter(new) == Counter(ahead)

        fitting = [each for each in candidates if each.new and fits(each.new)]
        return max(fitting, key=lambda each: (self._by_one(each), len(each.new)), default=None)

    def _by_one(self, candidate: _Candidate) -> bool:
        return len({each.actor for each in self.rest[: len(candidate.new)]}) == 1

    def _actor(self, count: int) -> int:
        """Return the actor that most of the next entries name."""
        named = [each.actor for each in self.rest[:count] if each.actor]
        if not named:
            return 0
        one = named[0] if named.count(named[0]) == len(named) else mode(named)  # which takes long
        return self.rebuilt.actors.index(one)

    def _make(self, chosen: _Candidate) -> int:
        rebuilt, size, version = self.rebuilt, len(chosen.new), self.rebuilt.run.version
        if chosen.refusal is not None:
            rebuilt.findings.append(_forbidden(rebuilt.run, chosen, self.rest[0].index))
        if chosen.lost:
            rebuilt.torn = rebuilt.broken = self.rest[0].index
            return 0
        actor = self._actor(size)
        acted = chosen.after.state.status if chosen.after.version > version + 1 else None
        made = Made(self.rest[0].index, rebuilt.run, chosen.body, actor, acted)
        rebuilt.changes.append(made)
        rebuilt.run = self._by(chosen, actor)
        for each in range(version + 1, rebuilt.run.version + 1):
            rebuilt.made[each] = self.rest[0].index
        return size

    def _by(self, chosen: _Candidate, actor: int) -> Run:
        """Return the run after a change, made by the actor that its entries name."""
        run, change = self.rebuilt.run, read_change(chosen.body)
        if actor == self.actor or not isinstance(change, Change):
            return chosen.after
        if chosen.refusal is not None:
            return forced(run, change, actor) or chosen.after
        made = [each for each in step(run, change, actor) if isinstance(each, Run)]
        return next(each for each in made if each.version == chosen.after.version)

    def _explained(self, candidate: _Candidate) -> int:
        """Return how many of the next entries are ones that a change writes."""
        left = Counter(candidate.new)
        for number, key in enumerate(self.keys):
            if not left[key]:
                return number
            left[key] -= 1
        return len(self.keys)

    def _nearness(self, candidate: _Candidate) -> tuple[bool, int, int]:
        """Return how near a change comes: the fewest entries missing, then the shortest."""
        explained, size = self._explained(candidate), len(candidate.new)
        return explained > 0, explained - size, -size

    def _tear(self, nearest: _Candidate) -> None:
        """Note that no change fits, and the one that comes nearest."""
        rebuilt, size = self.rebuilt, self._explained(nearest)
        if size and nearest.refusal is not None:
            rebuilt.findings.append(_forbidden(rebuilt.run, nearest, self.rest[0].index))
        if size and not rebuilt.run.state.terminal:
            rebuilt.nearest, rebuilt.torn = self._by(nearest, self._actor(size)), self._end(size)
            rebuilt.broken = self.rest[size].index if size < len(self.rest) else None
        else:
            rebuilt.nearest, rebuilt.torn = rebuilt.run, self._end(1)
            rebuilt.broken = self.rest[0].index

    def _end(self, size: int) -> int:
        return self.rest[size - 1].index + 1


def _forbidden(run: Run, chosen: _Candidate, index: int) -> Finding:
    """Return the finding of a change that was taken against a rule."""
    assert chosen.refusal is not None  # noqa: S101 - it is asked of those alone
    command = ChangeRun(0, chosen.body)
    world = World({0: run})
    check, classes = accepted_though_illegal(world, command, Refused(chosen.refusal))
    said = Saying(f"no such change, as it must be refused ({chosen.refusal.rule})")
    got = Saying(f"the entries of a change {describe(command).partition(': ')[2]}")
    return disagreement(check, f"logs[{index}]", said, got, *classes)


def _asking(status: Status, **fields: Json) -> Body:
    return changing(status, **{name: value for name, value in fields.items() if value is not None})


def _policy(details: JsonObject, assumed: Decision) -> Json:
    """Return a decision as it was reported, as far as the log has it."""
    decision = details.get("decision")
    known = isinstance(decision, str) and decision in set(Decision)
    return {
        "decision": decision if known else assumed.value,
        "policy_id": _text(details.get("policy_id")) or "",
        "reason": _text(details.get("reason")) or "",
    }


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
