"""Findings that follow from others: they are told under those, and are no bugs of their own.

Judging goes on behind a finding, and one cause shows again in what comes after it. A finding is an
echo of another one when it was only ever seen behind that one, in a part of the reply that the
other touches, and more often than chance would have it. A difference that is in every reply has
everything behind it, and so nothing is an echo of it. Behind one that leaves open where a run is
anything may follow: that it does is told by its shortest trace, which has the other one in it too.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import takewhile
from typing import Final, TypeAlias

from attrs import define, evolve, field, frozen

from pt004_model.judge.finding import (
    ANOTHER,
    MISSING,
    NOTHING_CHANGED,
    SERVER_ERROR,
    Finding,
    kind_of,
    place_of,
    quote,
)
from pt004_model.judge.linearizable import LOG_ORDER, NO_ORDER, meeting
from pt004_model.model.commands import (
    ChangeRun,
    Command,
    CreateRun,
    ReadRun,
    Restart,
    Token,
    Wait,
)
from pt004_model.model.replies import Reply
from pt004_model.model.rules import CODES, Rule
from pt004_model.model.values import Json
from pt004_model.model.world import World
from pt004_model.trace.recorded import Found

_CHANCE: Final = 0.05
"""What chance may have of putting a finding behind another one each time."""
_NEARLY: Final = 0.95
"""The share from which on something is always so, but for what was not looked at."""
Place: TypeAlias = tuple[str, str, str]
"""The kind of call or of its bad token, the status of its run, and the kind of answer."""
_CODE: Final = ".refusal-code"
_TOKEN_REQUIRED: Final = str(Rule.TOKEN)
_OF_EVERY_CALL: Final = frozenset({str(Rule.FOREIGN_RUN), str(Rule.KEY_USED)})
"""Rules that are asked of every call alike, before it is looked at."""
_CALLERS: Final = frozenset({"authentication", "isolation"})
"""Areas of the contract that are about who calls."""
_LATER: Final = {
    str(code)
    for rule in (Rule.NO_SUCH_CHANGE, Rule.NOT_JSON, Rule.UNKNOWN_RUN)
    for code in CODES[rule]
}
"""Codes by which a call of somebody who may make it is refused for what it asks."""
_EXPIRY: Final[set[str]] = {
    Token.EXPIRED,
    Token.TEXT_EXPIRY,
    Token.TRUE_EXPIRY,
    Token.NO_EXPIRY,
    Token.NO_JSON,
}
_COVERS: Final[dict[str, set[str]]] = {
    Token.MISSING: {*Token} - {Token.MISSING},
    Token.FORGED: {*Token} - {Token.MISSING, Token.FORGED, Token.LONG_EXPIRED, *_EXPIRY},
    Token.UNSIGNED: {Token.TRUNCATED, Token.ONE_PART},
    Token.LONG_EXPIRED: _EXPIRY,
}
"""Kinds of tokens, and those that are accepted for the same reason where these are."""
_SENT: Final = {
    f"run.{name}" for name in ("input_payload", "metadata", "output_payload", "error_details")
}
"""Where what was sent comes back, whatever it is."""
_NUMBER: Final = re.compile(r"[0-9a-f-]*\d[0-9a-f-]*")
_SECTIONS: Final = {
    "gates": frozenset({repr(MISSING)}),  # null is a value there
    "receipts": frozenset({repr(MISSING), "null", "[]"}),
}
"""Areas that are about one section of an envelope, and what stands where it is left out."""


@frozen
class Sighting:
    """The first time that a run showed a finding: where, and behind which others."""

    place: Place
    behind: frozenset[str]


@define
class Echoes:
    """What was seen behind what, over all conversations of a campaign."""

    replies: Counter[Place] = field(factory=Counter)
    behind: Counter[tuple[Place, str]] = field(factory=Counter)
    sightings: dict[str, list[Sighting]] = field(factory=dict)
    findings: dict[str, Finding] = field(factory=dict)
    unsettling: set[str] = field(factory=set)
    reasons: dict[str, set[str]] = field(factory=dict)
    """The words in which calls were refused, by what was found."""
    anew: dict[str, str] = field(factory=dict)
    """The kind of call that was carried out as if its key was unknown, by what was found."""
    undue: Counter[str] = field(factory=Counter)
    """The words in which calls were refused that must not be, or not so, by how often."""
    due: Counter[str] = field(factory=Counter)
    """The words in which calls were refused that must be, by how often."""
    codes: Counter[bool] = field(factory=Counter)
    """Refusals, by whether their code is found to be none of the contract's."""
    malformed: dict[str, set[str]] = field(factory=dict)
    """What was wrong in calls that were refused in some words, as their bodies were malformed."""

    def note(
        self,
        place: Place,
        told: set[str],
        findings: Iterable[Finding],
        unsettling: bool,
        reason: str = "",
        *,
        due: bool = False,
    ) -> None:
        """Note one reply about a run of which ``told`` was found; enters what is found now.

        ``unsettling`` says that nobody can tell from the contract where the run is after it,
        ``reason`` is the FC's for refusing the call, if it did, ``due`` that it has to refuse it
        for what is asked of the run.
        """
        new = {each.fingerprint: each for each in findings}
        for fingerprint in new:
            if fingerprint not in told:
                behind = frozenset({*told, *new} - {fingerprint})
                self.sightings.setdefault(fingerprint, []).append(Sighting(place, behind))
        words = alike(reason)
        if reason:
            self.codes[any(each.check.endswith(_CODE) for each in new.values())] += 1
        if due:
            self.due[words] += 1
        elif reason and new:
            self.undue[words] += 1
            for fingerprint in new:
                self.reasons.setdefault(fingerprint, set()).add(words)
        told.update(new)
        self.findings |= {each: new[each] for each in new if each not in self.findings}
        self.unsettling.update(new if unsettling else ())
        self.replies[place] += 1
        self.behind.update((place, fingerprint) for fingerprint in told)

    def include(self, other: Echoes) -> None:
        """Note what was noted of other conversations, which knew nothing of these."""
        self.replies.update(other.replies)
        self.behind.update(other.behind)
        for fingerprint, seen in other.sightings.items():
            self.sightings.setdefault(fingerprint, []).extend(seen)
        for fingerprint, finding in other.findings.items():
            self.findings.setdefault(fingerprint, finding)
        self.unsettling |= other.unsettling
        self.anew |= other.anew
        for fingerprint, reasons in other.reasons.items():
            self.reasons.setdefault(fingerprint, set()).update(reasons)
        self.undue.update(other.undue)
        self.due.update(other.due)
        self.codes.update(other.codes)
        for words, wrong in other.malformed.items():
            self.malformed.setdefault(words, set()).update(wrong)

    def kin(self, fingerprint: str) -> str:
        """Return the finding that says the same of other calls, empty when there is none."""
        mine = self.findings.get(fingerprint)
        if mine is None:  # an earlier trace has shown it
            return ""
        for other, another in self.findings.items():
            if (
                _overlooked(another, mine)
                or _one_entry_more(another, mine)
                or self._covers(other, fingerprint)
            ):
                return other
        for other, earlier in self.findings.items():
            if other == fingerprint:
                break
            if fingerprint in self.anew and self.anew[fingerprint] == self.anew.get(other):
                return self.kin(other) or other
            unsettled = other in self.unsettling and earlier.check not in _OF_EVERY_CALL
            apart = unsettled or earlier.where != "status"
            if (
                self._same_reason(other, fingerprint)
                or self._codes_of_its_own(earlier, mine)
                or (not apart and _kinship(earlier, mine))
                or _outlasts(earlier, mine)
            ):
                return self.kin(other) or other
        return ""

    def _same_reason(self, one: str, other: str) -> bool:
        """Tell whether calls are refused in the same words, which say why.

        They do not if as many are refused in them that must be, or for more than one member that is
        malformed. A call for which there are two reasons may be refused by the wrong one at times.
        """
        reasons = (self.reasons.get(each, set()) for each in (one, other))
        return any(
            self.undue[words] > self.due[words] and len(self.malformed.get(words, ())) < 2
            for words in set.intersection(*reasons)
        )

    def _codes_of_its_own(self, one: Finding, other: Finding) -> bool:
        """Tell whether refusals have other codes, whatever they are for: that is one difference."""
        both = one.check.endswith(_CODE) and other.check.endswith(_CODE)
        return both and self.codes[False] < (1 - _NEARLY) * self.codes.total()

    def _covers(self, one: str, other: str) -> bool:
        """Tell whether tokens of a kind are accepted, and so those of another kind are as well."""
        if not self.findings[one].check == self.findings[other].check == _TOKEN_REQUIRED:
            return False
        kinds, others = ({each.place[0] for each in self.sightings[n]} for n in (one, other))
        return any(_COVERS.get(kind, set()) & others for kind in kinds)

    def leader(self, fingerprint: str) -> str:
        """Return the finding that this one follows from, empty when it is told by itself."""
        mine = self.findings.get(fingerprint)
        if mine is None:
            return ""
        seen = self.sightings.get(fingerprint, [])
        behind = Counter(other for each in seen for other in each.behind)
        for other, earlier in self.findings.items():
            if other == fingerprint:
                break
            share = behind[other] / len(seen) if seen else 0.0
            alike = share >= _NEARLY and _kinship(earlier, mine)
            follows = share == 1.0 and (
                _crash(earlier, mine) or self._follows(fingerprint, other, seen)
            )
            if alike or follows:
                return self.leader(other) or other
        return ""

    def suspect(self, fingerprint: str) -> str:
        """Return the finding that this one may be due to, empty where that is out of the question.

        It was seen only of runs of which nobody could tell from the contract where they were.
        """
        seen = self.sightings.get(fingerprint, [])
        if not all(each.behind & self.unsettling for each in seen):
            return ""
        for other in self.findings if seen else ():
            if other == fingerprint:
                break
            if other in seen[0].behind & self.unsettling:
                return self.leader(other) or self.suspect(other) or other
        return ""

    def doubtful(self, fingerprint: str) -> bool:
        """Tell whether a finding is told under another one only as long as nothing clears it."""
        return not (self.kin(fingerprint) or self.leader(fingerprint))

    def _follows(self, fingerprint: str, other: str, seen: list[Sighting]) -> bool:
        where = "" if other in self.unsettling else place_of(self.findings[other].where)
        if self.findings[other].check.endswith(_CODE):
            return False  # nothing has changed
        mine = self.findings[fingerprint]
        about_gates = _shows_gates(self.findings[other]) and _shows_gates(mine)
        if not (about_gates or _touches(where, place_of(mine.where))):
            return False
        chance = 1.0
        for each in seen:
            chance *= self.behind[each.place, other] / self.replies[each.place]
        return chance < _CHANCE


def reason_of(reply: Reply) -> str:
    """Return why a call was refused, in the words of the FC; empty when it was not.

    One that has no ``detail`` says it elsewhere in its answer.
    """
    detail = reply.body.get("detail") or reply.body if isinstance(reply.body, dict) else None
    return quote(detail) if detail and 400 <= reply.code < 500 else ""


def alike(reason: str) -> str:
    """Return the words of a refusal without what differs from call to call."""
    return _NUMBER.sub("#", reason)


def without_key(command: Command, world: World) -> Command:
    """Return the call that it is to an FC that does not know its key."""
    if isinstance(command, CreateRun):
        return evolve(command, key=None, run=max(world.runs, default=0) + 1)
    return evolve(command, key=None) if isinstance(command, ChangeRun) else command


def like_another(found: Found, every: Iterable[Found]) -> str:
    """Return which of ``every`` finding says the same of another part of an answer, if one does."""
    every = tuple(every)
    return altered_alike(found, every) or _gates_alike(found, every) or _raced_alike(found, every)


def altered_alike(found: Found, every: Iterable[Found]) -> str:
    """Return the finding of another field in which the same value is altered alike, if any.

    Traces that were shortened hold no more of a value than it takes.
    """
    mine = found.finding
    if not found.shrunk or mine.observed in {"null", repr(MISSING)}:
        return ""  # what is lost in two places may be lost for two reasons
    for other in takewhile(lambda each: each is not found, every):
        its = other.finding
        alike = (its.expected, its.observed) == (mine.expected, mine.observed)
        alike = alike or its.manner == mine.manner not in {"", ANOTHER}
        if alike and other.shrunk and {its.where, mine.where} <= _SENT:
            return other.fingerprint
    return ""


def _gates_alike(found: Found, every: Iterable[Found]) -> str:
    """Return the finding about gates that shows in another part behind the same moves, if any.

    What is wrong with a gate shows among the gates and in the log, of which an answer may have one.
    """
    if found.shrunk and not found.cut and _shows_gates(found.finding):
        for other in takewhile(lambda each: each is not found, every):
            parts = {each.finding.where.partition("[")[0] for each in (found, other)}
            alike = parts == {"gates", "logs"} and _moves(other) == _moves(found)
            if alike and other.shrunk and _shows_gates(other.finding):
                return other.fingerprint
    return ""


def _raced_alike(found: Found, every: Iterable[Found]) -> str:
    """Return the race in which no order explains the answers, where the log tells another one.

    Calls that meet like those took effect in each other's midst, and the log says so too.
    """
    if found.finding.check == LOG_ORDER:
        for other in every:
            alike = other.finding.check == NO_ORDER and not other.unconfirmed
            if alike and meeting(_at_once(other)) == meeting(_at_once(found)):
                return other.fingerprint
    return ""


def _at_once(found: Found) -> list[Command]:
    calls = [each for each in found.commands if not isinstance(each, Wait | Restart)]
    return [each for each in calls if each.caller.client is not None]


def _moves(found: Found) -> list[tuple[object, object]]:
    """Return what the changes of a trace ask for, in the order in which they do."""
    asked = [each.body.fields for each in found.commands if isinstance(each, ChangeRun)]
    return [(each.get("status"), _decision(each)) for each in asked]


def _decision(asked: dict[str, Json]) -> Json:
    policy = asked.get("policy")
    return policy.get("decision") if isinstance(policy, dict) else None


def leads_to(one: Found, other: Found) -> bool:
    """Tell whether the trace of a finding changes all that the trace of another one changes.

    Shortened traces read no more than it takes, so the other finding may be there and not be seen;
    and they name no actor that it does not take.
    """
    changes = _changes(other)
    return all(each in changes for each in _changes(one))


def _changes(found: Found) -> Iterator[Command]:
    """Yield what a trace changes, whoever does."""
    for command in found.commands:
        if isinstance(command, CreateRun | ChangeRun):
            yield evolve(command, caller=evolve(command.caller, actor=min(0, command.caller.actor)))
        elif not isinstance(command, ReadRun):
            yield command


def _touches(where: str, place: str) -> bool:
    """Tell whether what is wrong ``where`` in a reply can show at ``place`` as well.

    Of a run that is in a state which it must not have (``where`` is empty) everything may follow; a
    log that lacks an entry shows so in all that stands in it and in its receipts, an entry that was
    altered behind its hash in that.
    """
    if where in {"", place}:
        return True
    if where.partition("[")[0] == "logs" and "." not in where:
        return place.startswith(("logs", "run.receipt_chain", "run.workflow_receipt_hash"))
    return where.startswith("logs[].") and place == "logs[].receipt_hash"


def _shows_gates(finding: Finding) -> bool:
    """Tell whether a finding is about the gates of a run, which its log tells of as well."""
    return finding.area == "gates" or "gate" in finding.check or "FC-GATE" in finding.expected


def _kinship(one: Finding, other: Finding) -> bool:
    """Tell whether two findings say the same of several places of a reply.

    Whatever a stranger or a used key may do; the same values at the same place; one form (``a time
    in RFC 3339``) that nothing keeps to; texts that all differ in case, numbers that all are texts;
    a section that is not there at all; a code by which everything is refused.
    """
    if one.check == other.check and one.check in _OF_EVERY_CALL:
        return True
    if one.check.endswith(_CODE) and other.check.endswith(_CODE):
        return one.observed == other.observed
    if (one.where, one.expected, one.observed) == (other.where, other.expected, other.observed):
        return True
    if one.area == other.area and one.area in _SECTIONS:
        return {one.observed, other.observed} <= _SECTIONS[one.area]
    mine = _form(one)
    return mine is not None and mine == _form(other)


def _overlooked(one: Finding, other: Finding) -> bool:
    """Tell whether one call is accepted, and another refused for a reason that comes later.

    Whoever is taken for another who may call is refused as that one would be.
    """
    return (
        one.area in _CALLERS
        and one.expected.startswith("a refusal with ")
        and other.check == f"{one.area}{_CODE}"
        and other.observed in _LATER
    )


def _one_entry_more(one: Finding, other: Finding) -> bool:
    """Tell whether a log has entries that no change has made, and the chain their receipts."""
    in_the_chain = other.check == "receipts.chain" and other.expected.endswith(NOTHING_CHANGED)
    return in_the_chain and one.check == "audit.kinds" and "more" in one.observed


def _outlasts(one: Finding, other: Finding) -> bool:
    """Tell whether what a crash has broken shows elsewhere, and in runs made after it, as well."""
    mine, its = ((each.expected, place_of(each.where)) for each in (one, other))
    return one.area == "durability" and mine == its


def _crash(one: Finding, other: Finding) -> bool:
    """Tell whether two findings say that calls are answered with the same server error."""
    return one.check == other.check == SERVER_ERROR and one.observed == other.observed


@lru_cache(maxsize=1024)
def _form(finding: Finding) -> str | None:
    """Return in what form a finding says a value must be and is not, if that is what it says."""
    try:
        observed: object = json.loads(finding.observed)
    except ValueError:
        return None
    try:
        expected: object = json.loads(finding.expected)
    except ValueError:
        return f"{finding.expected}, not {kind_of(observed)}"
    if isinstance(expected, str) and isinstance(observed, str):
        return "case" if expected.casefold() == observed.casefold() else None
    numbered = isinstance(expected, int | float) and observed == str(expected)
    return "a number as text" if numbered else None
