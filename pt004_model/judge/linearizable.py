"""Calls that overlapped: is there an order in which each answer is allowed (section 13)?

Every call takes effect at one instant between its start and its end. The oracle maps beliefs to
beliefs, so an order is tried by judging its calls one after the other. The search is depth first;
what it has tried is remembered by the calls that are done and the belief that they led to, since
nothing else decides about the rest. An order that is tried teaches the oracle nothing, and the one
that is found no times.

The log tells an order as well. Where the answers have one that the log does not tell, that is
another finding than where they have none.
"""

from __future__ import annotations

import re
from collections import ChainMap, Counter
from collections.abc import Sequence
from typing import Final, TypeAlias

from attrs import define, evolve, field, frozen

from pt004_model.judge.deviation import Deviation
from pt004_model.judge.finding import Finding, Saying, disagreement
from pt004_model.judge.memory import Ledger, View
from pt004_model.judge.oracle import Judgement, Oracle, Verdict
from pt004_model.model.commands import ChangeRun, Command, describe, short
from pt004_model.model.replies import NoAnswer, Reply, Response

Call: TypeAlias = tuple[Command, Response]
Belief: TypeAlias = tuple[View, ...]
MOST_TRIED: Final = 2000
"""Answers that are judged for one round before nothing is said of it."""
NO_ORDER: Final = "concurrency.linearizable"
LOG_ORDER: Final = "concurrency.log-tells-the-order"
_WEIGHT: Final = (Verdict.CONFORMS, Verdict.UNSURE, Verdict.DIVERGES)
_SHOWN: Final = 60
"""Characters of what was expected, and of what was observed, in the reason against a call."""
_PART: Final = re.compile(r"[.\[]")
_LOG: Final = frozenset({"audit", "receipts"})
_IN_THE_LOG: Final = Deviation("it is in the log", check="policy.decision-recorded")


@frozen
class Order:
    """An order of calls by their places in the history, with the judgement on each in turn."""

    calls: tuple[int, ...]
    judgements: tuple[Judgement, ...]


@frozen
class Judged:
    """The verdict on overlapping calls.

    ``order`` is one in which all answers are allowed, or the longest that can be begun. ``why`` is
    a sentence when the verdict is UNSURE. ``one`` says that time left no other order: these calls
    were no race; ``alone`` that they show a finding one after the other as well. ``against`` is
    what forbids each call that could have come next in the longest order.
    """

    verdict: Verdict
    order: Order
    findings: tuple[Finding, ...] = ()
    why: str = ""
    one: bool = False
    alone: bool = False
    against: tuple[tuple[int, Finding], ...] = ()


def precedes(one: Call, other: Call) -> bool:
    """Tell whether a call was over before another began, by our clock or on one connection.

    Of two calls of one client the first in the history is ``one``.
    """
    client = one[0].caller.client
    if client is not None and client == other[0].caller.client:
        return True
    first, second = one[1], other[1]
    return isinstance(first, Reply) and first.received < second.sent


def judge_together(
    oracle: Oracle, views: Belief, history: Sequence[Call], most: int = MOST_TRIED
) -> Judged:
    """Judge calls that may have overlapped, the first of each client first. Never raises.

    Where time leaves one order the oracle judges the answers in it, as it does any others. A call
    without an answer forbids no order: it takes effect after its start, or never. So does one that
    a server error answers, which is wrong in whatever order and told as in a single call.
    """
    before = _before(history)
    only = sorted(range(len(history)), key=lambda place: len(before[place]))
    if all(len(before[place]) == count for count, place in enumerate(only)):
        return _in_turn(oracle, views, history, only, one=True)
    open_ = [(command, _answer(response)) for command, response in history]
    search = _Search(open_, before, most)
    found = search.order(oracle, views)
    if found is not None:
        clock = evolve(oracle.ledger.clock)
        judged = _in_turn(oracle, views, history, found)
        oracle.ledger.clock = clock  # in another order a time belongs to another call
        return judged
    if search.cut or search.left < 0:
        why = f"{most} answers were judged, and there may be an order that was not tried"
        return Judged(Verdict.UNSURE, search.longest, why=why)
    areas, agreed = oracle.areas - _LOG, (*oracle.agreed, _IN_THE_LOG)
    loose = _Search(open_, before, most)
    apart = loose.order(evolve(oracle, areas=areas, agreed=agreed), views)
    findings, against = (_finding(history, search, apart),), tuple(search.against)
    return Judged(Verdict.DIVERGES, search.longest, findings, against=against)


def _answer(response: Response) -> Response:
    """Return what a response says of the effect of its call: a server error says nothing."""
    if isinstance(response, Reply) and response.code >= 500:
        return NoAnswer(f"status {response.code}", applied=True, sent=response.sent)
    return response


def _before(history: Sequence[Call]) -> tuple[frozenset[int], ...]:
    """Return for each call the places of those that must stand before it."""
    places = range(len(history))
    return tuple(
        frozenset(
            each
            for each in places
            if each != place
            and precedes(history[each], history[place])
            and (each < place or not precedes(history[place], history[each]))
        )
        for place in places
    )


def _in_turn(
    oracle: Oracle,
    views: Belief,
    history: Sequence[Call],
    order: Sequence[int],
    *,
    one: bool = False,
) -> Judged:
    """Judge the calls in an order, and believe what is seen."""
    judgements: list[Judgement] = []
    for place in order:
        judgements.append(oracle.judge(views, *history[place]))
        views = judgements[-1].views
        if not views:
            break
    answered = [isinstance(history[place][1], Reply) for place in order]
    verdicts = (each.verdict for each, had in zip(judgements, answered, strict=False) if had)
    verdict = max(verdicts, key=_WEIGHT.index, default=Verdict.UNSURE)
    why = "" if any(answered) else "no call of the round got an answer"
    findings = tuple(finding for each in judgements for finding in each.findings)
    return Judged(verdict, Order(tuple(order), tuple(judgements)), findings, why, one=one)


@define
class _Search:
    """The search for an order of ``history`` in which an oracle allows each answer.

    ``left`` is how many answers may still be judged. ``longest`` is what could be done of the
    calls, ``against`` what forbids each call that could have come next. ``cut`` says that an order
    may have been lost, because more ways than are kept were possible.
    """

    history: Sequence[Call]
    before: tuple[frozenset[int], ...]
    left: int
    longest: Order = Order((), ())
    against: list[tuple[int, Finding]] = field(factory=list)
    cut: bool = False
    _tried: dict[frozenset[int], list[Belief]] = field(factory=dict)

    def order(self, oracle: Oracle, views: Belief) -> tuple[int, ...] | None:
        """Return an order, or ``None`` where there is none or the search was given up."""
        return self._go_on(evolve(oracle, own=()), views, Order((), ()))

    def _go_on(self, oracle: Oracle, views: Belief, done: Order) -> tuple[int, ...] | None:
        if len(done.calls) == len(self.history):
            return done.calls
        tried = self._tried.setdefault(frozenset(done.calls), [])
        if views in tried:
            return None
        tried.append(views)
        against: list[tuple[int, Finding]] = []
        for place in self._next(done):
            self.left -= 1
            if self.left < 0:
                return None
            trying = _untaught(oracle)
            judgement = trying.judge(views, *self.history[place])
            if judgement.findings:
                against.append((place, judgement.findings[0]))
                continue
            self.cut = self.cut or not judgement.views
            after = Order((*done.calls, place), (*done.judgements, judgement))
            found = self._go_on(trying, judgement.views, after) if judgement.views else None
            if found is not None:
                return found
        if against and (not self.against or len(done.calls) > len(self.longest.calls)):
            self.longest, self.against = done, against
        return None

    def _next(self, done: Order) -> list[int]:
        """Return the calls that may come next; a call without an answer is open from its start."""
        there = frozenset(done.calls)
        ready = [n for n, each in enumerate(self.before) if n not in there and each <= there]
        open_ = [place for place in ready if isinstance(self.history[place][1], NoAnswer)]
        return open_[:1] or ready


def _untaught(oracle: Oracle) -> Oracle:
    """Return the oracle with what it knows, to which whatever it learns is lost."""
    known = oracle.ledger
    ledger = Ledger(ChainMap({}, known.owners), evolve(known.clock), known.served)
    return evolve(oracle, ledger=ledger)


def _finding(history: Sequence[Call], search: _Search, apart: tuple[int, ...] | None) -> Finding:
    """Return the finding; its class is the kind of the calls."""
    kind = meeting([command for command, _ in history])
    if apart is not None:
        place, against = search.against[0]
        seen = f"{_told(history, apart)}; but {_numbered(history, place)}: {_brief(against)}"
        said = "a log that tells the order of the answers"
        return disagreement(LOG_ORDER, "logs", Saying(said), Saying(seen), "log", kind)
    parts = sorted(_PART.split(each.where)[0] for _, each in search.against)
    begun = _told(history, search.longest.calls) if search.longest.calls else "at the start"
    reasons = "; ".join(
        f"not {_numbered(history, n)} ({_brief(each)})" for n, each in search.against
    )
    said, seen = "an order of the calls in which each answer is allowed", f"{begun}: {reasons}"
    return disagreement(NO_ORDER, parts[0], Saying(said), Saying(seen), "order", kind)


def meeting(commands: Sequence[Command]) -> str:
    """Return in a word how calls at once touch: what goes wrong of it depends on how they meet."""
    keys = Counter(getattr(each, "key", None) for each in commands)
    if any(key and count > 1 for key, count in keys.items()):
        return "key"
    if len({each.caller.tenant for each in commands}) > 1:
        return "tenants"
    return "reads" if sum(isinstance(each, ChangeRun) for each in commands) < 2 else "changes"


def _brief(finding: Finding) -> str:
    sides = (short(each, _SHOWN) for each in (finding.expected, finding.observed))
    return "{}: {}: expected {}, got {}".format(finding.check, finding.where, *sides)


def _told(history: Sequence[Call], order: Sequence[int]) -> str:
    return "after " + ", then ".join(_numbered(history, place) for place in order)


def _numbered(history: Sequence[Call], place: int) -> str:
    return f"call {place + 1} ({describe(history[place][0])})"
