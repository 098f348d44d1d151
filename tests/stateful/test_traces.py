"""Saved traces that lie in ``traces/`` are replayed first, before anything is generated."""

from __future__ import annotations

from pathlib import Path

import pytest

from pt004_model.cli.session import Connected
from pt004_model.drive.replay import attempt_lines, replay_trace, result_line
from pt004_model.judge.oracle import Verdict
from pt004_model.report.folder import Folder
from pt004_model.trace.writing import BadTrace, load_trace

USAGE = 2
FILES = sorted((Path(__file__).parent / "traces").glob("*.json"))

if FILES:  # with none there is no test, rather than one that is skipped

    @pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
    def test_pinned_trace(
        path: Path, there: Connected, folder: Folder, pinned: list[Verdict]
    ) -> None:
        """The command that once failed is answered as the contract allows."""
        try:
            trace = load_trace(path)
        except BadTrace as bad:
            pytest.exit(str(bad), returncode=USAGE)
        replay = replay_trace(there.session, trace)
        verdict = replay.verdict  # by itself, so that a failure shows nothing else of the replay
        pinned.append(verdict)
        told = [line for each in replay.attempts for line in attempt_lines(trace, each)]
        lines = [*told, result_line(replay)]
        assert verdict is Verdict.CONFORMS, folder.origin.hide("\n".join(lines))
