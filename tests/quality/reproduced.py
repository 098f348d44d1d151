"""What becomes of the traces of seeded faults, several examined side by side."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

from attrs import frozen

from pt004_model.drive.replay import Result
from pt004_model.embedded.faults import FAULTS
from pt004_model.reproduce import FORMS, render
from pt004_model.reproduce.claims import claim
from pt004_model.trace.document import load_trace
from tests.showing import DIVERGES, UNSURE, replayed_and_shown
from tests.showing import shown as shown_apart


@frozen
class Examined:
    """What became of the trace of a fault, where it is seeded and where it is not.

    ``judged`` says whether the Python form judges the finding. ``shown`` and ``passed`` are the
    exit statuses of its scripts; ``told`` are the forms in which the trace can be told.
    """

    fault: str
    seeded: Result
    unseeded: Result
    judged: bool
    shown: dict[str, int]
    passed: dict[str, int]
    told: tuple[str, ...]


def examine(fault: str, path: Path) -> Examined:
    """Replay the trace of a fault and run its scripts, with the fault and without."""
    trace, area = load_trace(path), FAULTS[fault].area
    with tempfile.TemporaryDirectory() as name:
        seeded, shown = replayed_and_shown(fault, area, trace, Path(name))
        judged = claim(trace) is not None
        if shown != (
            DIVERGES if judged else UNSURE
        ):  # what one script did may be in the way of the next
            shown = shown_apart(fault, area, trace, Path(name))
        unseeded, passed = replayed_and_shown(None, area, trace, Path(name))
    told = tuple(form for form in FORMS if render(trace, form).strip())
    return Examined(fault, seeded, unseeded, judged, shown, passed, told)


def examined(paths: Iterable[tuple[str, Path]], jobs: int) -> Iterator[Examined]:
    """The traces of these faults, ``jobs`` at a time."""
    # a forked child would share our connections
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        yield from pool.map(examine, *zip(*paths, strict=True))
