"""Exports in every form are read, and what cannot be read is told with its place."""

from __future__ import annotations

import gzip
import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from pt004_model.audit import sources
from pt004_model.audit.sources import Sources
from pt004_model.audit.verdict import Audit, audit
from pt004_model.judge.oracle import Verdict
from pt004_model.trace.files import Unusable
from tests.audit.histories import export, governed


def lines(values: list[Any]) -> bytes:
    """Some values, one a line."""
    return b"".join(json.dumps(value).encode() + b"\n" for value in values)


def entries(envelopes: list[dict[str, Any]]) -> list[Any]:
    """The log entries of some envelopes, mixed as time has it."""
    rows = [entry for envelope in envelopes for entry in envelope["logs"]]
    return sorted(rows, key=lambda entry: str(entry["timestamp"]))


def judged(folder: Path, content: bytes, name: str = "export.ndjson") -> Audit:
    """The audit of one file."""
    (folder / name).write_bytes(content)
    return audit([folder / name])


RUNS = export(3, 6)
FORMS = {
    "envelopes.ndjson": lines(RUNS),
    "envelopes.jsonl.gz": gzip.compress(lines(RUNS)),
    "one.json": json.dumps(RUNS).encode(),
    "pretty.json": json.dumps(RUNS, indent=2).encode(),
    "entries.ndjson": lines(entries(RUNS)),
    "logs.json": json.dumps({"logs": entries(RUNS)}).encode(),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_is_read(tmp_path: Path, name: str) -> None:
    """Envelopes and entries, in one value or one a line, compressed or not, are the same runs."""
    result = judged(tmp_path, FORMS[name], name)
    assert (result.runs, result.unread) == (6, [])
    assert result.entries == sum(len(each["logs"]) for each in RUNS)
    assert result.found == {}


def test_standard_input_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dash stands for standard input, compressed too."""
    stream = io.TextIOWrapper(io.BufferedReader(io.BytesIO(FORMS["envelopes.jsonl.gz"])))
    monkeypatch.setattr(sys, "stdin", stream)
    assert audit([sources.STDIN]).runs == 6


def test_a_folder_is_read(tmp_path: Path) -> None:
    """All exports below a folder are read; of other files nothing is."""
    (tmp_path / "inner").mkdir()
    (tmp_path / "inner" / "a.ndjson").write_bytes(lines(RUNS[:2]))
    (tmp_path / "b.json.gz").write_bytes(gzip.compress(lines(RUNS[2:])))
    (tmp_path / "README.md").write_text("no export")
    result = audit([tmp_path])
    assert (result.verdict, result.runs) == (Verdict.CONFORMS, 6)


def test_a_proof_is_read(tmp_path: Path) -> None:
    """Of the folder of a proof the answers are read, and nothing else that is in it."""
    answers = tmp_path / "proof" / "answers" / "happy_path"
    answers.mkdir(parents=True)
    (tmp_path / "proof" / "manifest.json").write_text("{}")
    envelope = governed()
    (answers / "001.json").write_text(json.dumps({**envelope, "logs": [], "gates": []}))
    (answers / "002.json").write_text(json.dumps(envelope))
    result = audit([tmp_path])
    assert (result.verdict, result.runs, result.unread) == (Verdict.CONFORMS, 1, [])


def test_a_run_is_held_against_its_log_from_elsewhere(tmp_path: Path) -> None:
    """Runs in one file and log entries in another are put together."""
    envelope = governed()
    (tmp_path / "logs.ndjson").write_bytes(lines(envelope["logs"]))
    shown = {"run": {**envelope["run"], "status": "failed"}}
    (tmp_path / "runs.json").write_bytes(json.dumps(shown).encode())
    (found,) = audit([tmp_path]).found.values()
    assert found.finding.check == "lifecycle.status"


def test_what_is_not_there_is_told(tmp_path: Path) -> None:
    """A path that is not there is no source."""
    with pytest.raises(Unusable, match=r"there is no .*nowhere; give a file"):
        audit([tmp_path / "nowhere"])


GOOD = lines(RUNS[:1])
BAD = {
    "no JSON": (b"{nothing}\n", "export.ndjson, line 2: not JSON (Expecting property name"),
    "half a line": (GOOD[:-20], "export.ndjson, line 2: not JSON (Unterminated string"),
    "not UTF-8": (b'"\xff"\n', "export.ndjson, line 2: not UTF-8"),
    "another schema": (
        b'{"id": 1, "x": 2}\n',
        "line 2: neither an envelope nor a log entry; it has",
    ),
    "no object": (b"[7]\n", "line 2, item 1: neither an envelope nor a log entry, but no object"),
    "no run_id": (b'{"event_type": "FC-RUN-001"}\n', "line 2: a log entry without run_id"),
    "no entry": (b'{"logs": [7]}\n', "line 2, logs, item 1: a log entry without run_id"),
    "nameless run": (b'{"run": {}, "logs": []}\n', "line 2: an envelope whose run has no run_id"),
    "odd logs": (
        b'{"run": {"run_id": "r"}, "logs": [7]}\n',
        "line 2: an envelope whose logs are no",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_bad_is_told_and_the_rest_is_judged(tmp_path: Path, name: str) -> None:
    """Bad input is a sentence with file and line, the rest is judged, and nobody can be sure."""
    content, said = BAD[name]
    result = judged(tmp_path, GOOD + content)
    (problem,) = result.unread
    assert said in problem
    assert (result.verdict, result.runs) == (Verdict.UNSURE, 1)
    assert ("its line has no end" in problem) == (name == "half a line")


def test_a_line_without_end_is_skipped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A huge line is told and skipped, whatever comes after it is read; so is a huge value."""
    monkeypatch.setattr(sources, "MAX_VALUE", len(GOOD) + 10)
    result = judged(tmp_path, b'"' + b"x" * 3 * len(GOOD) + b'"\n' + GOOD)
    assert result.unread == [
        f"{tmp_path}/export.ndjson, line 1: longer than {len(GOOD) + 10:,} bytes"
    ]
    assert result.runs == 1
    result = judged(tmp_path, b"[\n" + b" " * 3 * len(GOOD) + b"]\n")
    assert any("one value of more than" in each for each in result.unread)


def test_a_broken_archive_is_told(tmp_path: Path) -> None:
    """Of an archive that was cut or damaged what comes before is judged."""
    many = gzip.compress(lines(export(5, 30)))
    for content in (many[: len(many) // 2], many[: len(many) // 2] + b"no" + many[-200:]):
        result = judged(tmp_path, content, "export.gz")
        assert "after it the compressed data is broken" in result.unread[-1]
        assert result.verdict is Verdict.UNSURE


@pytest.mark.parametrize("at", ["run", "details", "entry"])
def test_what_is_nested_too_deep_is_told(tmp_path: Path, at: str) -> None:
    """However deep a value is nested it is judged, or told, and the rest is judged."""
    for depth in range(930, 1000, 5):
        envelope = governed()
        if at == "run":
            envelope["run"]["metadata"] = "@"
        else:
            envelope["logs"][3]["details"] = "@"
        value = envelope["logs"][3] if at == "entry" else envelope
        deep = json.dumps(value).replace('"@"', "[" * depth + "]" * depth).encode()
        result = judged(tmp_path, GOOD + deep)
        assert result.verdict is not Verdict.CONFORMS
        assert all("nested too deep" in each for each in result.unread)


def test_another_tenant_is_told(tmp_path: Path) -> None:
    """Of an export of one tenant a run of another is no part."""
    (tmp_path / "export.json").write_bytes(json.dumps(governed()).encode())
    result = audit([tmp_path], tenants=("acme",))
    assert result.unread[0].endswith("is of tenant 'tenant_omega'")
    assert result.runs == 0


def test_refused_calls_say_nothing() -> None:
    """An answer that refuses a call is no run, and nothing is wrong with it."""
    read = Sources()
    assert list(read.take("a", {"detail": "no"})) == []
    assert read.problems == []
