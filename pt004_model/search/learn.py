"""The lifecycle of an FC learned by asking it, with the model as what is known beforehand.

Nothing is judged while learning: an automaton is what the FC does. It is learned by adaptive L#
(of AALpy, the extra ``learn``), held against the FC by a suite of our own (``model.suite``), and
compared with the model; each difference is then gone through in a lockstep, whose findings are
those of any campaign.
"""

from __future__ import annotations

import secrets
from collections import Counter, deque
from collections.abc import Callable
from typing import Any, Final, TypeAlias

from attrs import define, evolve, field, frozen

from pt004_model.drive.lockstep import TRIES
from pt004_model.model.commands import ChangeRun, Command, ReadRun
from pt004_model.model.moves import body, fresh
from pt004_model.model.replies import Reply
from pt004_model.model.suite import (
    INPUTS,
    MOVE,
    READ,
    REFUSED,
    Machine,
    Table,
    Word,
    machine,
    suite,
)
from pt004_model.search.campaign import Campaign
from pt004_model.search.complete import drive
from pt004_model.search.payloads import creation
from pt004_model.search.results import Result
from pt004_model.shrink.triage import NoLonger

Query: TypeAlias = Callable[[Word], tuple[str, ...]]
NONE: Final = "no such move"
"""The output of a move that a run does not have where it is; nothing is sent."""
_ACCEPTED, _REFUSALS = 200, range(400, 500)


@frozen
class Difference:
    """A shortest word to a call that is answered otherwise than expected, and both answers."""

    word: Word
    expected: str
    observed: str


def learn(query: Query, reference: Machine) -> Machine:
    """Return the automaton that answers as ``query`` does. Raises what that raises."""
    from aalpy.automata import MealyMachine, MealyState  # noqa: PLC0415 - of an extra
    from aalpy.base import SUL, Oracle  # noqa: PLC0415
    from aalpy.learning_algs import run_adaptive_Lsharp  # noqa: PLC0415

    class Asked(SUL):  # type: ignore[misc]  # it has no types
        def query(self, word: Word) -> tuple[str, ...]:
            return query(tuple(word))

        def pre(self) -> None:
            self.word: Word = ()

        def step(self, letter: str) -> str:
            self.word += (letter,)
            return query(self.word)[-1]

        def post(self) -> None: ...

    class Equivalence(Oracle):  # type: ignore[misc]
        def find_cex(self, hypothesis: Any) -> Word | None:
            guess = _machine(hypothesis)
            return next(filter(None, (_wrong(query, guess, w) for w in suite(guess)[0])), None)

    states = {state: MealyState(str(state)) for state in reference.table}
    for state, row in completed(reference).items():
        for each, (output, to) in row.items():
            states[state].transitions[each] = states[to]
            states[state].output_fun[each] = output
    known, asked = MealyMachine(states[0], [*states.values()]), Asked()
    oracle = Equivalence([*INPUTS], asked)
    more: dict[str, Any] = {"print_level": 0, "cache_and_non_det_check": False}
    return _machine(run_adaptive_Lsharp([*INPUTS], asked, [known], oracle, "mealy", **more))


def _wrong(query: Query, guess: Machine, word: Word) -> Word | None:
    """Return the beginning of ``word`` up to the first answer that was not guessed."""
    for at, (seen, guessed) in enumerate(zip(query(word), guess.outputs(word), strict=True), 1):
        if seen != guessed:
            return word[:at]
    return None


def completed(known: Machine) -> Table:
    """Return the table with an output for every input; a move that is not there leads nowhere."""
    return {
        state: {each: row.get(each, (NONE, state)) for each in INPUTS}
        for state, row in known.table.items()
    }


def _machine(learned: Any) -> Machine:
    """Return what AALpy has learned, its states in the order of a search by breadth."""
    numbers, queue = {learned.initial_state: 0}, deque([learned.initial_state])
    ways: list[Word] = [()]
    table: Table = {}
    while queue:
        state = queue.popleft()
        row = table[numbers[state]] = {}
        for each in INPUTS:
            after = state.transitions[each]
            if after not in numbers:
                numbers[after] = len(ways)
                ways.append((*ways[numbers[state]], each))
                queue.append(after)
            row[each] = (state.output_fun[each], numbers[after])
    return Machine(table, tuple(ways), tuple(row[READ][0] for row in table.values()))


def differences(expected: Table, observed: Table) -> tuple[Difference, ...]:
    """Return a difference for each pair of states and input at which two automata part."""
    found: list[Difference] = []
    ways: dict[tuple[int, int], Word] = {(0, 0): ()}
    queue = deque(ways)
    while queue:
        pair = queue.popleft()
        for each in INPUTS:
            (output, to), (its_output, its_to) = expected[pair[0]][each], observed[pair[1]][each]
            word = (*ways[pair], each)
            if output != its_output:
                found.append(Difference(word, output, its_output))
            elif (to, its_to) not in ways:
                ways[to, its_to] = word
                queue.append((to, its_to))
    return tuple(found)


@define
class LearnCampaign(Campaign):
    """A campaign that learns the automaton for runs of each length, and tries each difference.

    ``asked`` is what was asked already, a word and its last output, by length. ``keep`` is called
    when an automaton is learned, and when it all ends. ``tried`` counts the automata whose
    differences were all gone through.
    """

    asked: dict[int, dict[Word, str]] = field(factory=dict)
    learned: dict[int, Machine] = field(factory=dict)
    differing: dict[int, tuple[Difference, ...]] = field(factory=dict)
    expected: dict[int, Table] = field(factory=dict)
    tried: int = field(init=False, default=0)
    keep: Callable[[LearnCampaign], None] = lambda _: None
    show: Callable[[int, tuple[Difference, ...]], None] = lambda _, __: None

    def _explore(self) -> None:
        try:
            self._learn()
        finally:
            self.keep(self)

    def _learn(self) -> None:
        self.profile = evolve(self.profile, examples=len(self.lengths))
        for length in self.lengths:
            self._count()
            found = self.learned[length] = learn(self._query(length), machine(length))
            expected = self.expected[length] = completed(machine(length, self._as_learned(length)))
            self.differing[length] = differences(expected, found.table)
            for each in self.differing[length]:
                drive(self.session.lockstep(), length, each.word)
            self.tried += 1
            self.keep(self)
            self.show(length, self.differing[length])
            self._settle_new()

    def result(self, why: str = "") -> Result:
        """Return what it has come to: unsure, unless all automata were learned and compared."""
        every, short = len(self.lengths), "learning was not finished"
        left = f"{short}: {self.tried} of {every} automata were compared with the model"
        return super().result(why or (left if self.tried < every else ""))

    def _as_learned(self, length: int) -> Callable[[Word, str, tuple[str, ...]], str]:
        query = self._query(length)

        def choose(way: Word, word: str, outputs: tuple[str, ...]) -> str:
            seen = query((*way, word))[-1]
            return seen if seen in outputs else outputs[0]

        return choose

    def _query(self, length: int) -> Query:
        known = self.asked.setdefault(length, {})

        def query(word: Word) -> tuple[str, ...]:
            beginnings = [word[:size] for size in range(1, len(word) + 1)]
            if any(each not in known for each in beginnings):
                seen = self._steady(length, word, known)
                known.update(zip(beginnings, seen, strict=True))
            return tuple(known[each] for each in beginnings)

        return query

    def _steady(self, length: int, word: Word, known: dict[Word, str]) -> tuple[str, ...]:
        """Ask until the answers are those that the beginnings of the word have had before."""
        seen: Counter[int] = Counter()
        for _ in range(TRIES):
            told = _ask(self, length, word)
            at = next(
                (n for n, each in enumerate(told) if known.get(word[: n + 1], each) != each), None
            )
            if at is None:
                return told
            seen[at] += 1
        at = min(seen)
        raise NoLonger(
            f"the FC varies: after {', '.join(word[:at]) or 'the create'} the call {word[at]} was"
            f" answered once with {known[word[: at + 1]]}, and then otherwise"
        )


def _ask(campaign: LearnCampaign, length: int, word: Word) -> tuple[str, ...]:
    """Return how a new run answers ``word``. Raises :class:`NoLonger` without an answer."""
    session, nonce, run_id = campaign.session, secrets.token_hex(6), ""

    def send(command: Command) -> Reply:
        session.on_call()
        session.tally.commands += 1
        reply = session.fc.ask(command, lambda _: run_id, nonce).response
        if not isinstance(reply, Reply):
            raise NoLonger(f"a call got no answer: {reply.why}")
        return reply

    run = fresh(length)
    made = send(creation(0, run.asked.steps or ())).run or {}
    run_id = str(made.get("run_id"))
    session.tally.on_run(run_id)
    told: list[str] = []
    for each in word:
        text = None if each == READ else body(run, MOVE[each])
        if each != READ and text is None:
            told.append(NONE)
            continue
        reply = send(ReadRun(0) if text is None else ChangeRun(0, text))
        told.append(_output(reply, each == READ))
        if reply.code == _ACCEPTED:
            now = reply.run or {}
            index = now.get("step_index") if now.get("current_step") is not None else None
            step = int(index) if length and isinstance(index, int | float) else None
            run = evolve(run, state=evolve(run.state, step=step))
    return tuple(told)


def _output(reply: Reply, read: bool) -> str:
    """Return a reply in the words of the model's outputs."""
    if reply.code != _ACCEPTED:
        return REFUSED if reply.code in _REFUSALS else f"status {reply.code}"
    run = reply.run or {}
    governed = run.get("steps") is not None and run.get("current_step") is not None
    told = f"{run.get('status')}" + (f", step {run.get('step_index')}" if governed else "")
    pending = read and any(gate.get("status") == "pending" for gate in reply.rows("gates"))
    return f"{told}, gate pending" if pending else told
