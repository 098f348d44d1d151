"""Getting to know an FC: a few short campaigns, and what is systematic in them.

What is found first may stand before something else, so what was found systematic is agreed to and
the FC is asked anew, until there is nothing new.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Final

from attrs import evolve, frozen

from pt004_model.drive.lockstep import Tally
from pt004_model.drive.session import Session
from pt004_model.drive.target import Target
from pt004_model.model.rules import Rule
from pt004_model.model.world import Refused
from pt004_model.search.campaign import PROFILES, Campaign
from pt004_model.search.results import Result
from pt004_model.search.systematic import Answered, Difference, Watching, differences
from pt004_model.vocabulary import RUN_FIELDS

SHORT: Final = evolve(  # the answers of calls that overlap are not judged one by one
    PROFILES["dev"].alone, examples=14, confirm=0, settle=(0, 0.0, 0.0)
)
"""A campaign that shows in some thousand requests what an FC is like, and shortens nothing."""
_ROUNDS: Final = 3
_CODES: Final = {
    "illegal changes": Rule.NO_SUCH_CHANGE,
    "malformed bodies": Rule.MALFORMED,
    "unknown runs": Rule.UNKNOWN_RUN,
}
"""Refusals whose code is told, each by the rule that stands for it."""


@frozen
class Manner:
    """What an FC is like: what it differs in, what it is free to do and does, what may be bugs.

    ``result`` is that of the last campaign, ``requests`` counts those of all.
    """

    systematic: tuple[Difference, ...]
    besides: tuple[Difference, ...]
    freedoms: tuple[str, ...]
    result: Result
    requests: int


def learn(target: Target, wrap: Callable[[Session], None] = lambda _: None) -> Manner:
    """Return what an FC is like. ``wrap`` may change a session before it is used.

    Where a campaign could not be brought to its end the result says why.
    """
    systematic: dict[str, Difference] = {}
    requests = 0
    for number in range(_ROUNDS):
        session = target.session()
        wrap(session)
        agreed = tuple(each.deviation("systematic") for each in systematic.values())
        watching = Watching.of(evolve(session.oracle, agreed=(*session.oracle.agreed, *agreed)))
        session.oracle = watching
        result = Campaign(session, SHORT, seed=number).run()
        requests += result.requests
        found = differences(result, watching)
        new = {str(each.deviation("")): each for each in found if each.systematic}
        systematic |= new
        if result.why or not new:
            break
    besides = tuple(each for each in found if not each.systematic)
    freedoms = (*_free(result, session.tally), *_refusals(watching.answered), *_shown(watching))
    return Manner(tuple(systematic.values()), besides, freedoms, result, requests)


def _free(result: Result, tally: Tally) -> Iterator[str]:
    """Yield the freedoms of sections 3 and 5 that were taken."""

    def seen(word: str, status: str, outcome: str, positions: tuple[str, ...] = ()) -> bool:
        return any(
            each.status == status
            and each.command.partition("-")[0] == word
            and each.outcome == outcome
            and (not positions or each.position in positions)
            and each.decision in {"-", "allow"}
            for each in result.edges
        )

    if seen("start", "running", "accepted", ("ungoverned",)):
        yield "takes running -> running of a run without steps"
    elif seen("start", "running", "refused", ("ungoverned",)):
        yield "refuses running -> running of a run without steps"
    if seen("fail", "pending", "accepted"):
        yield "lets a pending run fail"
    elif seen("fail", "pending", "refused"):
        yield "refuses to let a pending run fail"
    acted = [str(decision) for decision, count in tally.own.items() if count]
    if acted:
        yield f"acts at once on {' and '.join(sorted(acted))}"


def _refusals(answered: list[Answered]) -> Iterator[str]:
    for what, rule in _CODES.items():
        codes = {
            each.reply.code
            for each in answered
            if isinstance(each.judgement.outcome, Refused)
            and each.judgement.outcome.refusal.rule is rule
            and each.reply.code >= 400
        }
        if codes:
            yield f"refuses {what} with {' or '.join(map(str, sorted(codes)))}"


def _shown(watching: Watching) -> Iterator[str]:
    """Yield what is shown of a run beyond what must be."""
    runs = (each.reply.run or {} for each in watching.answered if each.reply.code < 300)
    names = {name for run in runs for name in run}
    more = sorted(names - {*RUN_FIELDS})
    if more:
        yield f"shows of a run besides: {', '.join(more[:20])}"
