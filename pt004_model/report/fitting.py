"""An FC described after a first contact: a few sentences, and the ``pt004.toml`` that goes with it.

Whoever reads the file is to decide what is agreed, so each difference stands beside its evidence.
What an FC sent is shown in comments alone, made harmless.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any, Final

import tomlkit
from attrs import field, frozen

from pt004_model.drive.contact import Contact
from pt004_model.judge.checks import CHECKS
from pt004_model.judge.deviation import Deviation
from pt004_model.judge.finding import MISSING, fingerprint
from pt004_model.model.commands import ChangeRun
from pt004_model.model.rules import Rule
from pt004_model.model.telling import times
from pt004_model.report.text import plain
from pt004_model.search.manner import Manner
from pt004_model.search.systematic import Difference

WIDTH: Final = 250
_NOTHING: Final = repr(MISSING)


@frozen
class Cause:
    """Differences that come from one cause, in words, and the deviations that excuse them."""

    words: str
    differences: tuple[Difference, ...]
    deviations: tuple[Deviation, ...]
    shown: str = ""

    @property
    def evidence(self) -> tuple[str, ...]:
        """A line for each difference, or what else has shown it."""
        lines = (
            f"  {_evidence(each)}; seen in {each.shown} of {each.looked} answers"
            for each in self.differences
        )
        return (*([f"  {self.shown}"] if self.shown else []), *lines)


@frozen
class Fit:
    """What is known of an FC at ``where``; ``settings`` are those of ``[target]`` to write down."""

    where: str
    contact: Contact
    manner: Manner
    settings: dict[str, Any]
    own: dict[str, Any] = field(factory=dict)
    """Tables of a file that was there before."""

    @property
    def causes(self) -> tuple[Cause, ...]:
        """The systematic differences by what they come from, in the order of their first sight."""
        groups: dict[str, list[Difference]] = {}
        for each in self.manner.systematic:
            groups.setdefault(_together(each), []).append(each)
        return (*lacking(self.contact), *(_cause(each) for each in groups.values()))

    @property
    def sentences(self) -> tuple[str, ...]:
        """What this FC is, a few words each."""
        contact = self.contact
        speaks = f"speaks the {contact.dialect} dialect" if contact.dialect else (
            f"is asked by routes of its own: POST {contact.routes.create}"
        )  # fmt: skip
        said = [speaks, "knows the steps of a run" if contact.governs else "knows no steps"]
        token = {True: "demands a token", False: "takes calls without a token", None: ""}
        said += filter(None, [token[contact.demands_token]])
        required = contact.required
        if required.fields:
            said.append(f"wants more of a create: {', '.join(map(str, required.fields))}")
        if contact.registered:
            ids = ", ".join(required.workflow_ids)
            said.append(f"makes runs of workflows that are registered alone: {ids}")
        said += [each.words for each in self.causes]
        return (*map(plain, said), *map(plain, self.manner.freedoms))


_RECEIPTS: Final = "receipts"
_ENTRIES: Final = "entries"
_TAKEN: Final = ("refused", "accepted", ChangeRun.__name__)
_POLICY: Final = ("policy", *(f"policy.{name}" for name in
                              ("decision", "policy_id", "reason", "rules_triggered")))  # fmt: skip
_LACKS: Final = {
    "policy": ("heeds no policy decisions", "a run without steps was completed after deny"),
    "idempotency": ("keeps no idempotency keys", "a create that was sent twice made two runs"),
}
"""Areas that an FC may not know, in words, and what has shown it."""
_SPELLED: Final = (
    "if requests may carry them so too, [spelling.statuses] is better: the status stays judged"
)


def lacking(contact: Contact) -> tuple[Cause, ...]:
    """Return the areas that an FC does not know, as causes without differences.

    One that heeds no policy takes a malformed one, too.
    """
    made = []
    for area in contact.lacks:
        words, shown = _LACKS[area]
        malformed = [
            Deviation(words, fingerprint=fingerprint(Rule.MALFORMED, *_TAKEN, each))
            for each in (_POLICY if area == "policy" else ())
        ]
        made.append(Cause(words, (), (Deviation(words, area=area), *malformed), shown))
    return tuple(made)


def _together(each: Difference) -> str:
    """Return the cause of a difference: a part that an FC does not have, or another difference."""
    if each.finding.area == _RECEIPTS and each.observed == {_NOTHING}:
        return _RECEIPTS
    if each.place == "logs" and each.finding.observed.startswith("fewer"):
        return _ENTRIES
    return _ENTRIES if each.finding.check == "audit.last-entry" else each.leader


def _cause(group: Sequence[Difference]) -> Cause:
    together = _together(group[0])
    if together == _RECEIPTS:
        words = "has no receipts"
        return Cause(words, tuple(group), (Deviation(words, area=_RECEIPTS),))
    words = _manner(group[0])
    if together == _ENTRIES:
        kinds = [each.finding.expected.rpartition(" ")[2] for each in group]
        words = f"writes no entries {', '.join(dict.fromkeys(kinds))}"
    better = _SPELLED if words.endswith("status in upper case") else ""
    return Cause(words, tuple(group), tuple(each.deviation(words) for each in group), better)


def _manner(each: Difference) -> str:
    """Return in what an FC differs, in a few words."""
    finding, place = each.finding, each.place
    if finding.expected.startswith("a time in RFC 3339"):
        return "times without zone" if _zoneless(finding.observed) else "times not as in RFC 3339"
    if place == "gates" or (place == "logs" and finding.observed == _NOTHING):
        return f"shows no {place}"
    if place == "logs":
        return f"writes more entries {finding.expected.rpartition(' ')[2]}"
    if place == "detail":
        return "refusals without detail"
    if finding.check.endswith(".refusal-code"):
        return f"refuses with {' or '.join(sorted(each.observed))}"
    if place == "status" and finding.expected == "it to be accepted":
        return f"refuses what is legal: {each.asked}"
    if place == "status":
        return f"answers with {' or '.join(sorted(each.observed))} where {finding.expected} is due"
    if each.observed == {_NOTHING}:
        return f"does not show {place}"
    if finding.observed == finding.expected.upper() != finding.expected:
        return f"{place} in upper case"
    if finding.observed == json.dumps(finding.expected):
        return f"{place} is a number as text"
    if len(each.observed) == 1:
        return f"{place} is always {finding.observed}"
    return f"{place} differs: {CHECKS[finding.check].sentence}"


def _zoneless(observed: str) -> bool:
    return bool(observed) and observed.strip('"')[-1:].isdigit() and "+" not in observed


def _evidence(each: Difference) -> str:
    finding = each.finding
    return (
        f"{finding.check} at {each.place}: expected {plain(finding.expected, 80)},"
        f" got {plain(finding.observed, 80)}"
    )


def description(fit: Fit) -> Iterator[str]:
    """Yield the lines for the screen: what the FC is, what is systematic, what may be bugs."""
    yield f"{fit.where}: {'; '.join(fit.sentences)}."
    for cause in fit.causes:
        yield f"differs: {plain(cause.words)}"
        yield from cause.evidence
    if fit.manner.besides:
        yield "found besides, perhaps bugs, which are no deviations:"
        for each in fit.manner.besides:
            yield f"  {_evidence(each)}; seen {times(each.shown)}"


def written(fit: Fit, on: date, *, accept: bool) -> str:
    """Return the ``pt004.toml`` of an FC; with ``accept`` its differences are agreed to."""
    head = [f"Written by `pt004 fit` on {on}, at first contact with {plain(fit.where)}."]
    head += ["It", *(f"  {each};" for each in fit.sentences)]
    head += ["What may stand here: `pt004 docs configuration`."]
    parts = [_comment(head), _tables(fit)]
    causes = fit.causes
    if causes:
        agree = "They are agreed to: not judged, and told each time." if accept else (
            "To agree to one, take away the `# ` before its lines: it is then not judged, and told."
        )  # fmt: skip
        parts.append(_comment([f"In these it differs from the contract systematically. {agree}"]))
    for cause in causes:
        tables = "\n".join(
            f"[[deviation]]\n{tomlkit.dumps(_literal(_table(each)))}" for each in cause.deviations
        )
        parts.append(_comment([plain(cause.words), *cause.evidence]) + "\n")
        parts[-1] += tables if accept else "".join(
            f"# {line}\n" if line else "#\n" for line in tables.splitlines()
        )  # fmt: skip
    if fit.manner.besides:
        besides = [f"  {_evidence(e)}; seen {times(e.shown)}" for e in fit.manner.besides]
        parts.append(_comment(["Found besides, perhaps bugs; `pt004 check` tells them:", *besides]))
    return "\n".join(part.rstrip("\n") + "\n" for part in parts if part)


def _comment(lines: Sequence[str]) -> str:
    return "\n".join(f"# {line}" for line in lines)


def _table(deviation: Deviation) -> dict[str, Any]:
    names = ("area", "check", "place", "fingerprint")
    named = {name: getattr(deviation, name) for name in names if getattr(deviation, name)}
    return {**named, "reason": plain(deviation.reason, WIDTH)}


def _tables(fit: Fit) -> str:
    contact = fit.contact
    dialect = {} if contact.dialect is None else {"dialect": str(contact.dialect)}
    tables: dict[str, Any] = {"target": {**_literal(fit.settings), **dialect}}
    if not contact.governs:
        tables["campaign"] = {"ungoverned": True}
    if contact.dialect is None:
        tables["routes"] = contact.routes._asdict()
    elif contact.routes.health != "/health":
        tables["routes"] = {"health": contact.routes.health}
    required = contact.required
    if required.workflow_ids or required.fields:
        ids = {"workflow_ids": [*required.workflow_ids]} if required.workflow_ids else {}
        fields = {"fields": required.fields} if required.fields else {}
        tables["create"] = _literal({**ids, **fields})
    kept = fit.own.keys() & {"spelling", "deviation"}
    tables |= {name: _literal(fit.own[name]) for name in sorted(kept, reverse=True)}
    # a header is a variable of the environment on purpose
    if "headers" in fit.settings:
        tables["target"]["headers"] = fit.settings["headers"]
    return tomlkit.dumps(tables)


def _literal(value: Any) -> Any:
    """Return a value in which nothing is taken for a variable of the environment."""
    if isinstance(value, str):
        return value.replace("${", "$${")
    if isinstance(value, dict):
        return {name: _literal(each) for name, each in value.items()}
    return [_literal(each) for each in value] if isinstance(value, list) else value
