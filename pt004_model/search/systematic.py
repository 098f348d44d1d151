"""Which findings are the manner of an FC, and which look like bugs.

A difference is *systematic* when it shows (nearly) whenever its place was looked at. It was looked
at in an answer without it when the judge would have noticed it there: the same answer is judged
again with the difference put into it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Container, Iterator
from typing import Any, Final, TypeAlias

from attrs import evolve, field, frozen

from pt004_model.judge.deviation import Deviation
from pt004_model.judge.finding import MISSING, Finding, place_of
from pt004_model.judge.memory import View
from pt004_model.judge.oracle import Judgement, Oracle
from pt004_model.model.commands import Command, subject
from pt004_model.model.coverage import situation
from pt004_model.model.replies import Reply, Response, Undecodable
from pt004_model.model.rules import Rule
from pt004_model.search.results import Result

_Key: TypeAlias = tuple[str, ...]
SHARE: Final = 0.95
"""The share of the answers in which a systematic difference shows, where it can."""
FEWEST: Final = 3
"""Answers that must show it."""
_NEVER: Final = frozenset(
    {
        "audit.append-only", "audit.gate-opens-first", "gates.resolved-never-changes",
        "isolation.same-code", "lifecycle.answer-is-final", "lifecycle.no-server-error",
    }
)  # fmt: skip
"""Checks that fail by what happened before, or by accident, and never by manner."""
_BROKEN: Final = {"": None}
"""A value that nothing may have."""
_MORE: Final = re.compile(r", and [\d,]+ more like this$")
_KIND: Final = re.compile(r"FC-[A-Z]+-\d+")


@frozen
class Answered:
    """A call, as it was judged."""

    views: tuple[View, ...]
    command: Command
    reply: Reply
    judgement: Judgement

    @property
    def seen_entries(self) -> int:
        """How many log entries of its run were seen before."""
        seen = self.views[0].seen.get(subject(self.command) or 0)
        return len(seen.log) if seen is not None else 0


@frozen
class Watching(Oracle):
    """Keeps what it has judged."""

    answered: list[Answered] = field(factory=list, repr=False)

    @classmethod
    def of(cls, oracle: Oracle) -> Watching:
        """Return an oracle that judges like another."""
        return cls(oracle.names, oracle.ledger, oracle.areas, oracle.own, oracle.agreed)

    def judge(
        self,
        views: tuple[View, ...],
        command: Command,
        response: Response,
        known: Container[str] = (),
    ) -> Judgement:
        """Judge, and keep it."""
        judgement = super().judge(views, command, response, known)
        if isinstance(response, Reply):
            self.answered.append(Answered(views, command, response, judgement))
        return judgement


@frozen
class Difference:
    """One difference: the first finding of it, and in how many answers it showed and could have.

    ``observed`` are the texts of what was there, ``leader`` is the fingerprint of the finding that
    it follows from, its own without one. ``asked`` says of what, and where it was.
    """

    finding: Finding
    shown: int
    looked: int
    observed: frozenset[str]
    leader: str
    asked: str

    @property
    def place(self) -> str:
        """Where in a reply it stands."""
        return place_of(self.finding.where)

    @property
    def systematic(self) -> bool:
        """Return whether it showed (nearly) whenever it could."""
        return self.shown >= FEWEST and self.shown >= SHARE * self.looked

    def deviation(self, reason: str) -> Deviation:
        """Return it as agreed to."""
        if _by_fingerprint(self.finding):
            return Deviation(reason, fingerprint=self.finding.fingerprint)
        return Deviation(reason, check=self.finding.check, place=self.place)


def differences(result: Result, oracle: Watching) -> tuple[Difference, ...]:
    """Return what a campaign has found as differences, in the order in which they were seen."""
    told = {each.fingerprint: each for each in result.findings}
    answers: list[tuple[Answered, dict[_Key, list[Finding]]]] = []
    firsts: dict[_Key, Finding] = {}
    asked: dict[_Key, str] = {}
    for answered in oracle.answered:
        there: dict[_Key, list[Finding]] = {}
        for each in answered.judgement.findings:
            if each.fingerprint in told:  # it was not taken back
                there.setdefault(_key(each), []).append(each)
        for key in there.keys() - asked.keys():
            asked[key] = " ".join(situation(answered.views[0].world, answered.command))
        firsts = {**{key: each[0] for key, each in there.items()}, **firsts}
        answers.append((answered, there))
    made = []
    for key, first in sorted(firsts.items(), key=lambda each: [*told].index(each[1].fingerprint)):
        shown = sum(key in there for _, there in answers)
        rest = [answered for answered, there in answers if key not in there]
        looked = shown + _passed(first, rest, oracle, most=shown // 19 + 1)
        if not _may_be_manner(first):
            looked = max(looked, len(answers))
        found = (one for _, there in answers for one in there.get(key, ()))
        observed = frozenset(_MORE.sub("", each.observed) for each in found)
        leader = told[first.fingerprint].echo_of or first.fingerprint
        made.append(Difference(first, shown, looked, observed, leader, asked[key]))
    return _rehashed(tuple(made), oracle)


def _key(finding: Finding) -> _Key:
    if _by_fingerprint(finding):
        return (finding.fingerprint,)
    return (finding.check, place_of(finding.where))


def _by_fingerprint(finding: Finding) -> bool:
    """Tell whether a check and a place would name more than the difference.

    A call that is refused is told by what was asked, an entry that lacks by its kind.
    """
    return finding.where == "logs" or finding.expected == "it to be accepted"


def _may_be_manner(finding: Finding) -> bool:
    """Tell whether an FC may be so by design; one that takes what must be refused is not."""
    return finding.check not in _NEVER and finding.check not in set(Rule)


def _passed(finding: Finding, rest: list[Answered], oracle: Oracle, most: int) -> int:
    """Return how many answers could have shown a difference and did not, up to ``most``."""
    key, passed = _key(finding), 0
    for each in rest:
        if passed >= most:
            break
        if _more_entries(finding):
            passed += _had_room(finding, each)
            continue
        for spoiled in _spoiled(finding, each):
            judged = Oracle.judge(oracle, each.views, each.command, spoiled)
            passed += any(
                _key(one) == key and _form(one.expected) == _form(finding.expected)
                for one in judged.findings
            )
    return passed


def _form(expected: str) -> str:
    """Return the manner in which something was expected: by a value, or in words of ours."""
    try:
        json.loads(expected)
    except ValueError:
        return expected.partition('"')[0].rstrip("0123456789, ")
    return "value"


def _more_entries(finding: Finding) -> bool:
    return finding.where == "logs" and finding.observed.startswith("more")


def _had_room(finding: Finding, each: Answered) -> bool:
    """Tell whether an answer has new entries, none of them of the kind that others have more of."""
    logs = each.reply.body.get("logs") if isinstance(each.reply.body, dict) else None
    new = (logs if isinstance(logs, list) else [])[each.seen_entries :]
    kinds = {entry.get("event_type") for entry in new if isinstance(entry, dict)}
    return len(new) > 1 and not kinds & set(_KIND.findall(finding.expected))


def _spoiled(finding: Finding, each: Answered) -> Iterator[Reply]:
    """Yield an answer with a difference put into it, where it has room for it."""
    reply, place, body = each.reply, place_of(finding.where), each.reply.body
    if place == "status":
        code = int((re.search(r"\d{3}", finding.observed) or ["200"])[0])
        another = finding.check in set(Rule) or _by_fingerprint(finding)
        if another != (reply.code // 100 == code // 100):  # a code of another kind, or of the same
            yield evolve(reply, code=code)
    elif place == "Content-Type":
        yield evolve(reply, content_type="text/plain")
    elif place == "body":
        yield evolve(reply, body=Undecodable("no JSON"))
    elif place == "detail":
        if reply.code >= 400:
            yield evolve(reply, body={})
    elif isinstance(body, dict) and reply.code < 300:
        part, _, rest = place.partition(".")
        name = part.removesuffix("[]")
        if name in body:
            first = each.seen_entries if name == "logs" else 0
            there = _without(finding, body[name], first, [*filter(None, rest.split("."))])
            yield evolve(reply, body={**body, name: there})


def _without(finding: Finding, part: Any, first: int, path: list[str]) -> Any:
    """Return a part of an envelope with a difference in it, in what is new from ``first`` on."""
    if isinstance(part, dict):
        return _set(part, path, finding.observed) if path else None
    if not isinstance(part, list):
        return part
    if finding.check == "lifecycle.envelope":
        return None
    kinds = set(_KIND.findall(finding.expected)) if finding.where == "logs" else set()
    old, new = part[:first], [each for each in part[first:] if isinstance(each, dict)]
    if kinds:
        return [*old, *(each for each in new if each.get("event_type") not in kinds)]
    if finding.where == "gates":
        return []
    return [*old, *(_set(each, path or ["event_type"], finding.observed) for each in new)]


def _set(holder: Any, path: list[str], observed: str) -> Any:
    """Return an object with a member, some levels down, as it was observed."""
    name, *rest = path
    name = name.partition("[")[0]
    if not isinstance(holder, dict):
        return holder
    if rest:
        return {**holder, name: _set(holder.get(name), rest, observed)}
    if observed == repr(MISSING):
        return {each: value for each, value in holder.items() if each != name}
    try:
        return {**holder, name: json.loads(observed)}
    except ValueError:
        return {**holder, name: _BROKEN}


def _rehashed(found: tuple[Difference, ...], oracle: Watching) -> tuple[Difference, ...]:
    """Return the differences, that of hashes under one of entries that it always comes with.

    An FC that alters entries after it made their receipts shows both.
    """

    def showing(check: Callable[[Finding], bool]) -> set[int]:
        every = enumerate(oracle.answered)
        return {n for n, each in every if any(map(check, each.judgement.findings))}

    hashed = showing(lambda each: each.check == "receipts.hash")
    made = []
    for each in found:
        if each.finding.check == "receipts.hash":
            for other in found:
                key = _key(other.finding)
                within = other.systematic and other.place.startswith("logs[].")
                if within and hashed <= showing(lambda one, key=key: _key(one) == key):  # type: ignore[misc]
                    each = evolve(each, looked=each.shown, leader=other.leader)  # noqa: PLW2901
                    break
        made.append(each)
    return tuple(made)
