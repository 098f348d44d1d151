"""Files are whole or as they were, and the folder of a campaign."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve
from hypothesis import HealthCheck, given, settings

from pt004_model.drive.replay import Result
from pt004_model.judge.checks import AREAS
from pt004_model.judge.oracle import Verdict
from pt004_model.report.folder import OF_ONE, Folder, held
from pt004_model.report.summary import Replayed
from pt004_model.trace.files import Unwritable, write_json, write_text
from pt004_model.trace.redact import Redactor
from pt004_model.trace.writing import Origin
from pt004_model.vocabulary import Dialect
from tests.report.helpers import FINDING, JSON, NAMES, found, result


def contents(folder: Path) -> dict[str, str]:
    """All files in a folder, hidden ones included."""
    return {str(p.relative_to(folder)): p.read_text() for p in folder.rglob("*") if p.is_file()}


def test_writing_makes_folders_and_replaces(tmp_path: Path) -> None:
    """The file is there with its folders, then with its new text, and nothing beside it."""
    path = tmp_path / "a" / "b.txt"
    write_text(path, "one\n")
    assert path.stat().st_mode & 0o777 == 0o644
    write_text(path, "two é\n")
    assert contents(tmp_path) == {"a/b.txt": "two é\n"}


def test_json_is_written_in_ascii(tmp_path: Path) -> None:
    """Whatever an FC said can be written: lone surrogates, control characters."""
    value = {"a": "\ud800\x1b é", "b": [1, 2.5, None]}
    write_json(tmp_path / "x.json", value)
    text = (tmp_path / "x.json").read_bytes()
    assert text.isascii()
    assert text.endswith(b"}\n")
    assert value == json.loads(text)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JSON)
def test_json_is_read_as_it_was_written(tmp_path: Path, value: Any) -> None:
    """However it is laid out: no line is put where it would be part of the value."""
    write_json(tmp_path / "x.json", value)
    assert value == json.loads((tmp_path / "x.json").read_bytes())


def test_what_is_counted_by_number_is_named_by_it(tmp_path: Path) -> None:
    """All names are texts in JSON, on whatever level they stand."""
    value = {1: {2: {3: {4: 5}}}, None: [{True: 6}]}
    write_json(tmp_path / "x.json", value)
    assert json.loads(json.dumps(value)) == json.loads((tmp_path / "x.json").read_bytes())


def test_a_step_of_a_document_has_its_lines(tmp_path: Path) -> None:
    """Parts of the three uppermost levels stand apart in a diff; what is below is one line."""
    write_json(tmp_path / "x.json", {"steps": [{"says": "a", "body": {"deep": [1]}}], "no": []})
    lines = (tmp_path / "x.json").read_text().splitlines()
    assert '   "body": {"deep": [1]}' in lines
    assert lines[-2:] == [' "no": []', "}"]


@pytest.mark.parametrize("where", ["write", "fsync", "replace"])
@pytest.mark.parametrize("what", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_a_write_that_fails_leaves_the_old_file(
    where: str, what: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whether the disk is full or we are interrupted, the old file stays and nothing beside it."""
    path = tmp_path / "x.txt"
    write_text(path, "old")

    def fail(*_: object, **__: object) -> None:
        raise what

    if where == "replace":
        monkeypatch.setattr(Path, "replace", fail)
    else:
        monkeypatch.setattr(os, "fsync" if where == "fsync" else "fdopen", fail)
    expected = Unwritable if isinstance(what, OSError) else KeyboardInterrupt
    with pytest.raises(expected) as raised:
        write_text(path, "new")
    monkeypatch.undo()
    assert contents(tmp_path) == {"x.txt": "old"}
    if expected is Unwritable:
        assert str(raised.value) == f"cannot write {path}: No space left on device"


def folder(path: Path, *secrets: str) -> Folder:
    """A folder for evidence."""
    return Folder(path, Origin(42, "dev", Dialect.DEPLOYED, Redactor(secrets), names=NAMES))


def test_a_folder_that_cannot_be_written(tmp_path: Path) -> None:
    """Holding it, noting a run and keeping a trace say which place cannot be written, and why."""
    (tmp_path / "file").write_text("")
    bad = folder(tmp_path / "file" / "out")
    said = r"^cannot write to .*/file/out: Not a directory$"
    with pytest.raises(Unwritable, match=said), held(bad.path):
        raise AssertionError("it is held")
    with pytest.raises(Unwritable, match=r"^cannot write .*/file/out/runs.txt: Not a directory$"):
        bad.keep_run("r")
    with pytest.raises(Unwritable, match=r"^cannot write .*/0123456789ab.json: Not a directory$"):
        bad.keep_trace(found())
    with pytest.raises(Unwritable, match=r"^cannot write .*/summary.json: Not a directory$"):
        bad.keep_summary(result(Verdict.CONFORMS))


def test_an_unwritable_folder_is_no_failing_example() -> None:
    """It ends a search from within, where Hypothesis would replay and shrink an ``Exception``."""
    assert not issubclass(Unwritable, Exception)


def test_runs_are_appended_one_a_line(tmp_path: Path) -> None:
    """Ids are there as soon as they are known, over several campaigns, on one line each."""
    kept = folder(tmp_path)
    with held(kept.path):
        for run_id in ("r-1", "r~2", "two\nlines", "\ud800\x1b"):
            kept.keep_run(run_id)
    with held(kept.path):
        pass
    assert contents(tmp_path) == {"runs.txt": "r-1\nr~2\ntwo\\nlines\n\\ud800\\u001b\n"}


def test_what_a_campaign_leaves_outlives_its_verdict(tmp_path: Path) -> None:
    """The next campaign keeps traces and what others put there; the old verdict goes at once."""
    kept = folder(tmp_path)
    kept.keep_trace(found())
    kept.keep_summary(result(Verdict.CONFORMS))
    kept.keep_replays(())
    (tmp_path / "notes.md").write_text("mine")
    there = set(contents(tmp_path))
    assert {"summary.json", "replays.json", "junit.xml"} <= there
    with held(kept.path):
        pass
    assert (there | {"runs.txt"}) - set(OF_ONE) == set(contents(tmp_path))
    assert (kept.trace_path(found()),) == kept.earlier()


def test_the_replays(tmp_path: Path) -> None:
    """A row says which trace it was, what became of it and how often, without secrets."""
    kept = folder(tmp_path, "hush-hush-hush")
    path, why = "traces/0123456789ab.json", "it said hush-hush-hush"
    kept.keep_replays((Replayed("0123456789ab", Result.FIXED, path, 5, 5, why),))
    document = json.loads((tmp_path / "replays.json").read_text())
    assert datetime.fromisoformat(document.pop("at")).utcoffset() == timedelta(0)
    assert document == {
        "format": "pt004-replays",
        "version": 1,
        "replays": [
            {
                "fingerprint": "0123456789ab",
                "trace": "traces/0123456789ab.json",
                "result": "fixed",
                "seen": 5,
                "runs": 5,
                "why": "it said [secret]",
            }
        ],
    }


def test_a_trace_is_kept_under_its_fingerprint(tmp_path: Path) -> None:
    """A shorter trace of the same fingerprint takes the place of the longer one."""
    kept = folder(tmp_path)
    kept.keep_trace(found())
    kept.keep_trace(evolve(found(), commands=found().commands[:1], steps=found().steps[:1]))
    assert list(contents(tmp_path)) == ["traces/0123456789ab.json"]
    document = json.loads(kept.trace_path(found()).read_text())
    assert (document["dialect"], len(document["steps"])) == ("deployed", 1)


TOLD = {
    "fingerprint": "0123456789ab",
    "check": "policy.deny-blocks",
    "area": "policy",
    "severity": "critical",
    "commands": 3,
    "requests_to_first": 17,
    "occurrences": 2,
    "where": "status",
    "expected": FINDING.expected,
    "observed": "[secret]",
    "known": True,
    "reproduced": {"seen": 3, "runs": 5},
    "unconfirmed": False,
    "trouble": "",
    "echo_of": "",
    "shrinking": {"requests": 0, "seconds": 0.0},
}


STATISTICS = {
    "step_counts": {"1": 3},
    "run_lengths": {},
    "pauses": {},
    "decisions": {},
    "latency": {},
    "shrinking": {"requests": 0, "seconds": 0.0},
}


EDGE = {
    "status": "running",
    "command": "pause",
    "decision": "flag",
    "position": "first",
    "outcome": "accepted",
    "count": 7,
}


def test_the_summary(tmp_path: Path) -> None:
    """Everything that another program needs to know, findings with the paths of their traces."""
    seen = evolve(found(), known=True, reproduced=(3, 5))
    came = result(Verdict.DIVERGES, seen, why="it was status 200", open_calls=1)
    came = evolve(came, unsure=("acme.owner raises: status 200",))
    folder(tmp_path, "status 200").keep_summary(came)
    assert json.loads((tmp_path / "summary.json").read_text()) == {
        "verdict": "diverges",
        "why": "it was [secret]",
        "requests": 61,
        "examples": 3,
        "seconds": 1.25,
        "seed": 42,
        "profile": "dev",
        "dialect": "deployed",
        "base_url": "",
        "target": None,
        "options": [],
        "started_at": "2027-01-15T08:00:00.000Z",
        "open_calls": 1,
        "areas": list(AREAS),
        "coverage": {
            "driven": 2,
            "reachable": 4,
            "missing": ["paused fail - none refused", "running skip allow first refused"],
            "witnessed": ["run-completes"],
            "unwitnessed": ["paused-run-resumes"],
            "values": 0,
            "values_reachable": 0,
            "values_missing": [],
        },
        "findings": [{**TOLD, "trace": f"{tmp_path}/traces/0123456789ab.json"}],
        "edges": [EDGE],
        "statistics": STATISTICS,
        "unsure": ["acme.owner raises: [secret]"],
        "agreed": [],
        "differences": [],
        "made_by": "check",
        "guarantee": "",
        "shard": "",
    }


def test_the_summary_tells_of_what_was_beside_the_search(tmp_path: Path) -> None:
    """Of races, losses and crashes, and of what the budget did not suffice for, all is kept."""
    beside: dict[str, Any] = {
        "races": {"rounds": 3, "table": {"twins": {"pending": 2}}},
        "losses": {"examples": 1},
        "crashes": {"kills": 2, "met": 1},
        "shrinking": {"requests": 5, "seconds": 0.5, "not_shortened": ["a"], "not_replayed": ["b"]},
    }
    folder(tmp_path, "s").keep_summary(evolve(result(Verdict.CONFORMS), statistics=beside))
    kept = json.loads((tmp_path / "summary.json").read_text())["statistics"]
    assert beside == {name: kept[name] for name in beside}
