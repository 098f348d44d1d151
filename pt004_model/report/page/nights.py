"""Many campaigns on one page: a row a night, and a line a finding over time."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any, Final

from attrs import asdict, evolve, field, frozen

from pt004_model.drive.replay import Result
from pt004_model.model.commands import Route
from pt004_model.report.page.rendering import environment, frame
from pt004_model.report.summary import (
    Replayed,
    Summary,
    fates,
    read_replays,
    read_summary,
    structured,
)
from pt004_model.trace.files import Unusable, write_text

SIGNS: Final = {"new": "●", "known": "○", "unconfirmed": "?", "echo": "·", "fixed": "✓"}
"""How a night is drawn in the line of a finding."""
SCORE: Final = "score.json"
"""What ``pt004 score --json`` has printed, where a night leaves it beside its summary."""


@frozen
class _Fault:
    killed: bool


@frozen
class _Score:
    faults: tuple[_Fault, ...]

    def __str__(self) -> str:
        return f"{sum(each.killed for each in self.faults)} of {len(self.faults)}"


@frozen
class Night:
    """What one campaign came to.

    ``seen`` and ``fixed`` are fingerprints, ``seen`` with the kind of each; ``back`` are those that
    an earlier night found fixed. ``coverage`` is a share of 1, ``latency`` the median of a change
    in ms, ``first`` the seconds to the first sight of a finding that is new, as the requests went.
    ``score`` is how many seeded faults the tester found, of how many, where that was measured.
    """

    started_at: str
    verdict: str
    why: str = ""
    requests: int = 0
    coverage: float = 0.0
    latency: float | None = None
    first: float | None = None
    seen: dict[str, str] = field(factory=dict)
    fixed: tuple[str, ...] = ()
    back: tuple[str, ...] = ()
    score: str = ""

    @property
    def counts(self) -> dict[str, int]:
        """Return how many findings there are: new, known, fixed, come back."""
        new, known = ([*self.seen.values()].count(kind) for kind in ("new", "known"))
        return {"new": new, "known": known, "fixed": len(self.fixed), "back": len(self.back)}


@frozen
class Line:
    """One finding over all nights: its check, and a sign a night, empty where it was not seen."""

    fingerprint: str
    check: str
    signs: tuple[str, ...]


@frozen
class Nights:
    """All nights in the order in which they began, and the findings in that of their first one."""

    nights: tuple[Night, ...]
    lines: tuple[Line, ...]


def read_nights(folders: Iterable[Path]) -> Nights:
    """Return what campaigns left in these folders. Raises :class:`Unusable`."""
    read = [(read_summary(each), read_replays(each), _score(each)) for each in folders]
    if not read:
        raise Unusable("no folder of a campaign is given")
    read.sort(key=lambda each: each[0].started_at or "")
    nights, gone, checks = list[Night](), set[str](), dict[str, str]()
    for summary, replays, score in read:
        checks |= {each.fingerprint: each.check for each in summary.findings}
        night = evolve(_night(summary, replays, gone), score=score)
        gone = (gone | {*night.fixed}) - night.seen.keys()
        nights.append(night)
    return Nights(tuple(nights), tuple(_line(each, checks[each], nights) for each in checks))


def _night(summary: Summary, replays: tuple[Replayed, ...], gone: set[str]) -> Night:
    seen = {each.fingerprint: each.kind for each in summary.findings}
    new = [each.requests_to_first for each in summary.findings if each.kind == "new"]
    times = summary.statistics.latency.get(str(Route.CHANGE))
    pace = summary.seconds / summary.requests if summary.requests else 0.0
    fixed = (name for name, each in fates(replays).items() if each.result is Result.FIXED)
    return Night(
        summary.started_at or "",
        summary.verdict,
        summary.why,
        summary.requests,
        round(summary.coverage.share, 4),
        None if times is None else times.p50,
        round(min(new) * pace, 1) if new else None,
        seen,
        tuple(sorted(set(fixed) - seen.keys())),
        tuple(sorted(gone & seen.keys())),
    )


def _score(folder: Path) -> str:
    """Return the mutation score that a night has left. Raises :class:`Unusable`."""
    path = folder / SCORE
    return str(structured(path, _Score)) if path.exists() else ""


def _line(fingerprint: str, check: str, nights: list[Night]) -> Line:
    signs = (
        SIGNS[each.seen.get(fingerprint, "fixed")]
        if fingerprint in (*each.seen, *each.fixed)
        else ""
        for each in nights
    )
    return Line(fingerprint, check, tuple(signs))


def as_json(nights: Nights) -> dict[str, Any]:
    """Return it for programs."""
    return {
        "nights": [{**asdict(each), "counts": each.counts} for each in nights.nights],
        "findings": [asdict(each) for each in nights.lines],
    }


def write_nights(nights: Nights, out: Path) -> None:
    """Write it as one HTML file that needs nothing but a browser. Raises ``Unwritable``."""
    page = environment().get_template("nights.html")
    told = page.render(nights=nights.nights, lines=nights.lines, signs=SIGNS, **frame())
    write_text(out, told)
