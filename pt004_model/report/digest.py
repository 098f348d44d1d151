"""A campaign on one page of Markdown, as a CI shows it beside the job: ``summary.md``.

What came from an FC stands in spans of code.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote

from pt004_model.judge.checks import CHECKS
from pt004_model.judge.oracle import Verdict
from pt004_model.model.telling import count
from pt004_model.report.summary import FindingDocument, Replayed, Summary
from pt004_model.report.text import Safe, fenced, prose, span, templates

MOST_BYTES: Final = 1024 * 1024
"""The most that GitHub shows of a job's summary; a longer one is not shown at all."""
_MOST_EDGES: Final = 20


def digest(
    summary: Summary,
    replays: Sequence[Replayed] = (),
    traces_url: str | None = None,
    issues_url: str | None = None,
) -> str:
    """Return a campaign, and what became of earlier traces, as a page of :data:`MOST_BYTES`.

    Findings that do not fit are left out from the end, and counted. The traces are downloaded from
    ``traces_url``; in the list of issues at ``issues_url`` a finding's is looked up by its
    fingerprint.
    """
    shown, rows = len(summary.findings), len(replays)
    while True:
        page: str = _TEMPLATES.get_template("digest.md.jinja").render(
            summary=summary,
            unsure=summary.verdict == Verdict.UNSURE,
            counts=_counts(summary),
            findings=[_row(each, traces_url, issues_url) for each in summary.findings[:shown]],
            left_out=len(summary.findings) - shown,
            replays=replays[:rows],
            most=_MOST_EDGES,
        )
        size = len(page.encode("utf-8"))
        if size <= MOST_BYTES or (shown == 0 and rows == 0):
            return page
        share = MOST_BYTES / size
        shown, rows = int(shown * share), int(rows * share)


def _counts(summary: Summary) -> str:
    counted = [f"{n} {kind}" for kind, n in summary.counts.items() if n]
    noun = count(len(summary.findings), "finding").partition(" ")[2]
    return f", {_and(counted)} {noun}" if counted else ""


def _and(words: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _row(finding: FindingDocument, traces: str | None, issues: str | None) -> dict[str, Any]:
    check, fingerprint = CHECKS.get(finding.check), finding.fingerprint
    issue = f"{issues}?q={quote(f'is:issue {fingerprint}')}" if issues else None
    kind = "" if finding.kind == "new" else f" ({finding.kind})"
    return {
        "finding": finding,
        "name": Safe(_link(fingerprint, issue) + kind),
        "section": check.section if check else "",
        "trace": _link(f"traces/{fingerprint}.json", traces),
    }


def _link(text: str, address: str | None) -> Safe:
    """Return ``text`` as code, which leads to ``address`` if there is one."""
    # no character is left in an address that ends it
    return span(text) if not address else Safe(f"[{span(text)}]({quote(address, safe=':/?&=#%')})")


_TEMPLATES: Final = templates("pt004_model.report", "", prose)
_TEMPLATES.filters |= {"count": count, "code": span, "fenced": fenced, "prose": prose}
