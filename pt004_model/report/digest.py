"""A campaign on one page of Markdown, as a CI shows it beside the job: ``summary.md``.

What came from an FC stands in spans of code.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import quote

from attrs import frozen

from pt004_model.judge.checks import CHECKS
from pt004_model.judge.oracle import Verdict
from pt004_model.model.telling import count
from pt004_model.report import command
from pt004_model.report.text import Safe, fenced, prose, span, templates

MOST_BYTES: Final = 1024 * 1024
"""The most that GitHub shows of a job's summary; a longer one is not shown at all."""
_MOST_EDGES: Final = 20


@frozen
class Links:
    """Where a reader goes on: addresses, or nothing where there are none.

    ``traces`` is the page from which the traces are downloaded, ``issues`` the list of issues of
    the repository, in which a finding's is looked up by its fingerprint.
    """

    traces: str | None = None
    issues: str | None = None


def digest(
    summary: Mapping[str, Any],
    replays: Sequence[Mapping[str, Any]] = (),
    links: Links = Links(),
    most: int = MOST_BYTES,
) -> str:
    """Return ``summary.json`` and ``replays.json`` as a page of at most ``most`` bytes.

    Findings that do not fit are left out from the end, and counted.
    """
    shown, rows = len(summary["findings"]), len(replays)
    while True:
        page = _page(summary, replays[:rows], links, shown)
        size = len(page.encode("utf-8"))
        if size <= most or (shown == 0 and rows == 0):
            return page
        share = most / size
        shown, rows = int(shown * share), int(rows * share)


def _page(
    summary: Mapping[str, Any], replays: Sequence[Mapping[str, Any]], links: Links, shown: int
) -> str:
    findings = summary["findings"]
    rendered: str = _TEMPLATES.get_template("digest.md.jinja").render(
        summary=summary,
        verdict=str(summary["verdict"]).upper(),
        unsure=summary["verdict"] == Verdict.UNSURE,
        coverage=summary["coverage"],
        counts=_counts(findings),
        findings=[_row(each, links) for each in findings[:shown]],
        left_out=len(findings) - shown,
        replays=replays,
        most=_MOST_EDGES,
        again=_again(summary),
    )
    return rendered


def _again(summary: Mapping[str, Any]) -> str:
    told, options = summary, summary.get("options", ())
    address, seed = told.get("base_url"), told["seed"]
    return command.check(
        told["profile"], told["dialect"], told.get("target"), *options, base_url=address, seed=seed
    )


def _counts(findings: Sequence[Mapping[str, Any]]) -> str:
    known = sum(1 for each in findings if each.get("known"))
    unseen = sum(1 for each in findings if each.get("unconfirmed") and not each.get("known"))
    kinds = ((len(findings) - known - unseen, "new"), (unseen, "unconfirmed"), (known, "known"))
    counted = [f"{n} {kind}" for n, kind in kinds if n]
    noun = count(len(findings), "finding").partition(" ")[2]
    return f", {_and(counted)} {noun}" if counted else ""


def _and(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _row(finding: Mapping[str, Any], links: Links) -> dict[str, Any]:
    check = CHECKS.get(finding["check"])
    reproduced = finding.get("reproduced")
    fingerprint = finding["fingerprint"]
    issue = f"{links.issues}?q={quote(f'is:issue {fingerprint}')}" if links.issues else None
    name = _link(fingerprint, issue)
    return {
        **finding,
        "name": Safe(name + _kind(finding)),
        "section": check.section if check else "",
        "severity": check.severity if check else "",
        "reproduced": f"{reproduced['seen']} of {reproduced['runs']}" if reproduced else "",
        "trace": _link(f"traces/{PurePath(finding['trace']).name}", links.traces),
    }


def _kind(finding: Mapping[str, Any]) -> str:
    if finding.get("known"):
        return " (known)"
    return " (unconfirmed)" if finding.get("unconfirmed") else ""


def _link(text: str, address: str | None) -> Safe:
    """Return ``text`` as code, which leads to ``address`` if there is one."""
    # no character is left in an address that ends it
    return span(text) if not address else Safe(f"[{span(text)}]({quote(address, safe=':/?&=#%')})")


_TEMPLATES: Final = templates("pt004_model.report", "", prose)
_TEMPLATES.filters |= {"count": count, "code": span, "fenced": fenced}
