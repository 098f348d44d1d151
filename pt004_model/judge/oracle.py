"""The oracle: worlds x command x reply -> verdict (the whole contract, as one client sees it).

Each world and each outcome that the model allows in it is a candidate. A candidate that the reply
agrees with in every field stays, with what the reply showed bound to it. When none stays, the
candidate with the fewest disagreements says what is wrong, and judging goes on from where it leads
(:mod:`pt004_model.judge.adopt`).
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator
from contextlib import suppress
from enum import StrEnum
from typing import Final

from attrs import evolve, field, frozen

from pt004_model.judge.candidate import Candidate
from pt004_model.judge.checks import AREAS
from pt004_model.judge.deviation import Deviation
from pt004_model.judge.finding import Finding
from pt004_model.judge.memory import Ledger, Notes, View
from pt004_model.judge.own_checks import Modelled, OwnCheck, ask_all
from pt004_model.model.commands import ChangeRun, Command, CreateRun, Names, subject
from pt004_model.model.replies import NoAnswer, Reply, Response, Undecodable
from pt004_model.model.world import (
    Accepted,
    Expected,
    Outcome,
    Unjudged,
    expect,
    late_against_the_rules,
    unanswered,
)

MOST_VIEWS: Final = 32
"""Ways things may be that are kept, the likeliest first."""


class Verdict(StrEnum):
    """What can be said of an FC."""

    CONFORMS = "conforms"
    DIVERGES = "diverges"
    UNSURE = "unsure"


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the verdict on all: a finding outranks what is unsure, and that a pass."""
    order = (Verdict.CONFORMS, Verdict.UNSURE, Verdict.DIVERGES)
    return max(verdicts, key=order.index, default=Verdict.CONFORMS)


@frozen
class Judgement:
    """The verdict on one reply.

    ``views`` are the ways things may be now; there are none where nothing more can be said of the
    run concerned. ``outcome`` is what came about, or what the reply is nearest to; ``unsettling``
    that the model cannot tell what did. ``unsure`` says of own checks that cannot tell why, by id.
    """

    verdict: Verdict
    views: tuple[View, ...]
    findings: tuple[Finding, ...] = ()
    outcome: Expected | None = None
    unsure: dict[str, str] = field(factory=dict)
    unsettling: bool = False


@frozen
class Oracle:
    """Judges replies. Holds what does not change: the names sent, and the facts of a campaign.

    ``areas`` are the areas of the contract that are judged, ``agreed`` the differences that are
    not, and ``own`` the checks that are asked besides.
    """

    names: Names
    ledger: Ledger = field(factory=Ledger)
    areas: frozenset[str] = frozenset(AREAS)
    own: tuple[OwnCheck, ...] = ()
    agreed: tuple[Deviation, ...] = ()
    _unjudged: tuple[Deviation, ...] = field(init=False)

    def __attrs_post_init__(self) -> None:
        """Have what is disagreed about in other areas hinder nothing."""
        areas = sorted(set(AREAS) - self.areas)
        rest = tuple(Deviation("not judged", area=area) for area in areas)
        object.__setattr__(self, "_unjudged", (*self.agreed, *rest))

    def judge(
        self,
        views: tuple[View, ...],
        command: Command,
        response: Response,
        known: Container[str] = (),
    ) -> Judgement:
        """Which of ``views`` and of their outcomes ``response`` agrees with. Never raises.

        ``known`` are the fingerprints of what was found of its run before: a field that is always
        wrong says nothing of how things are.
        """
        if isinstance(response, NoAnswer):
            return self._unanswered(views, command, response)
        if response.outside and response.code < 300:
            beyond = _beyond(views, command)
            if beyond:
                return Judgement(Verdict.CONFORMS, beyond, (), Unjudged())
        try:
            return self._answered(views, command, response, known)
        except RecursionError:
            body = Undecodable("nested too deep")
            return self._answered(views, command, evolve(response, body=body), known)

    def _answered(
        self, views: tuple[View, ...], command: Command, response: Reply, known: Container[str]
    ) -> Judgement:
        agreed: list[Candidate] = []
        nearest: list[Candidate] = []
        for candidate in self._compared(views, command, response):
            if not candidate.notes.count:
                agreed.append(candidate)
            elif not nearest or candidate.distance(known) < nearest[0].distance(known):
                nearest = [candidate]
            elif not candidate.unsure and candidate.distance(known) == nearest[0].distance(known):
                nearest.append(candidate)  # a field that is wrong settles nothing
        alike = [each for each in nearest if each.settled and not each.new(known)]
        first, *_ = agreed or nearest  # there is a view, and it has an outcome
        if not first.unsure:
            first.notes.believe()
        views = _remaining([*agreed, *alike] if agreed else nearest)
        if not agreed:
            told = first.told
            return Judgement(Verdict.DIVERGES, views, told, first.outcome, {}, first.unsure)
        verdict = Verdict.CONFORMS if views else Verdict.UNSURE
        agreement = Judgement(verdict, views, (), first.outcome, {}, first.unsure)
        return self._asked_besides(agreement, command, response) if self.own else agreement

    def explains(
        self, views: tuple[View, ...], command: Command, reply: Reply, known: Container[str]
    ) -> bool:
        """Tell whether a reply would disagree in ``known`` alone, were it one to ``command``.

        ``known`` are fingerprints. Nothing of the reply is believed.
        """
        with suppress(RecursionError):
            for candidate in self._compared(views, command, reply):
                if all(each.fingerprint in known for each in candidate.notes.told()):
                    return True
        return False

    def _compared(
        self, views: tuple[View, ...], command: Command, reply: Reply
    ) -> Iterator[Candidate]:
        """Compare a reply with each outcome; where none fits, with what lost calls must not do."""
        fits = False
        for view in views:
            for outcome in _outcomes(view, command, reply):
                candidate = Candidate(self._notes(), view, command, reply)
                candidate.read(outcome)
                fits = fits or not candidate.notes.count
                yield candidate
        for view in () if fits else views:
            for late, refused, world in late_against_the_rules(view.world, subject(command)):
                there = evolve(view, world=world)
                for outcome in _outcomes(there, command, reply):
                    candidate = Candidate(self._notes(), there, command, reply)
                    candidate.accepted_though_illegal(view.world, late, refused)
                    candidate.read(outcome)
                    yield candidate

    def _notes(self) -> Notes:
        return Notes(self.ledger, self.names, self._unjudged)

    def _asked_besides(self, agreement: Judgement, command: Command, reply: Reply) -> Judgement:
        """Ask the team's own checks of an answer that the contract allows."""
        number, outcome = subject(command), agreement.outcome
        if isinstance(outcome, Unjudged) or not agreement.views:
            return agreement
        run = None if number is None else agreement.views[0].world.runs.get(number)
        known = Modelled(command, run, isinstance(outcome, Accepted))
        found, unsure = ask_all(self.own, known, reply)
        verdict = Verdict.DIVERGES if found else agreement.verdict
        return evolve(agreement, verdict=verdict, findings=found, unsure=unsure)

    def _unanswered(
        self, views: tuple[View, ...], command: Command, response: NoAnswer
    ) -> Judgement:
        if response.applied:
            views = tuple(
                evolve(
                    view,
                    world=unanswered(view.world, command),
                    calls=_called(view, command, response),
                )
                for view in views
            )
        return Judgement(Verdict.UNSURE, views)


def _beyond(views: tuple[View, ...], command: Command) -> tuple[View, ...]:
    """Return the views in which the run of a command is outside of the contract from now on.

    There are none where the caller has no business to see the run.
    """
    number = subject(command)
    if number is None:
        return ()
    run = views[0].world.runs.get(number)
    if run is not None and run.tenant != command.caller.tenant:
        return ()
    return tuple(
        evolve(view, world=evolve(view.world, outside=view.world.outside | {number}))
        for view in views
    )


def _called(view: View, command: Command, response: NoAnswer) -> dict[int, float]:
    if isinstance(command, CreateRun | ChangeRun) and isinstance(command.run, int):
        first = min(response.sent, view.calls.get(command.run, response.sent))
        return {**view.calls, command.run: first}
    return view.calls


def _outcomes(view: View, command: Command, reply: Reply) -> tuple[Outcome, ...]:
    """Return the outcomes of the kind that the reply is, or all when it is of none."""
    if subject(command) in view.unsettled and reply.code < 500:
        return (Outcome(Unjudged(), view.world),)
    outcomes = expect(view.world, command)
    accepted = 200 <= reply.code < 300
    if not accepted:  # what is refused takes no run out of the contract
        taken = tuple(each for each in outcomes if each.world.outside == view.world.outside)
        outcomes = taken or outcomes
    fitting = tuple(
        each
        for each in outcomes
        if isinstance(each.reply, Unjudged) or isinstance(each.reply, Accepted) == accepted
    )
    return fitting or outcomes


def _remaining(candidates: list[Candidate]) -> tuple[View, ...]:
    """Return the ways things may be after any of these; none where they are too many."""
    remaining: list[View] = []
    for after in (view for each in candidates for view in each.after):
        if after not in remaining:
            remaining.append(after)
    return tuple(remaining) if len(remaining) <= MOST_VIEWS else ()
