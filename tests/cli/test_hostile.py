"""Replies that no FC would give: each is a finding or no answer, and the campaign goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from attrs import evolve

from tests.cli.helpers import invoke, read_json, summary, traces
from tests.cli.servers import ACCEPTED, Said, Seen, fronted
from tests.sampling import some

Spoil: TypeAlias = Callable[[Said], Said]


pytestmark = [pytest.mark.system, pytest.mark.usefixtures("little_triage")]


def whole(**changes: Any) -> Spoil:
    """The reply with its status, body or content type changed."""
    return lambda said: evolve(said, **changes)


def run_with(**fields: Any) -> Spoil:
    """The run with fields of other values."""

    def spoil(said: Said) -> Said:
        if said.status not in ACCEPTED:
            return said
        return said.with_json({**said.json, "run": {**said.json["run"], **fields}})

    return spoil


def run_without(*names: str) -> Spoil:
    """The run without some fields."""

    def spoil(said: Said) -> Said:
        if said.status not in ACCEPTED:
            return said
        run = {name: value for name, value in said.json["run"].items() if name not in names}
        return said.with_json({**said.json, "run": run})

    return spoil


def envelope(value: object) -> Spoil:
    """Another envelope."""
    return lambda said: said.with_json(value)


def deep(levels: int, field: str) -> Spoil:
    """A list nested so deep, in place of a field of the run or of the details of all entries."""

    def spoil(said: Said) -> Said:
        if said.status not in ACCEPTED:
            return said
        body = said.json
        if field == "details":
            body["logs"] = [{**entry, "details": {"a": "DEEP"}} for entry in body.get("logs", [])]
        else:
            body["run"][field] = "DEEP"
        nested = "[" * levels + "]" * levels
        return evolve(said, body=json.dumps(body).replace('"DEEP"', nested).encode())

    return spoil


ROWS: dict[str, tuple[Spoil, str]] = {
    # how a reply is spoiled, and one of the checks that say so
    "no JSON": (whole(body=b"<html></html>"), "input.reply-is-json"),
    "empty": (whole(body=b""), "input.reply-is-json"),
    "invalid UTF-8": (whole(body=b'{"run": "\xff\xfe"}'), "input.reply-is-json"),
    "a name twice": (whole(body=b'{"run": 1, "run": 2}'), "input.reply-is-json"),
    "NaN": (whole(body=b'{"run": NaN}'), "input.reply-is-json"),
    "an endless number": (whole(body=b'{"run": ' + b"9" * 5000 + b"}"), "input.reply-is-json"),
    "far too deep": (whole(body=b"[" * 200_000), "input.reply-is-json"),
    "another content type": (whole(content_type="text/html"), "input.reply-is-json"),
    "another success": (whole(status=204, body=b""), "lifecycle.accepted-code"),
    "a redirection": (whole(status=307), "lifecycle.legal-change-accepted"),
    "a server error": (whole(status=500), "lifecycle.no-server-error"),
    "an unknown status code": (whole(status=599), "lifecycle.no-server-error"),
    "null": (envelope(None), "lifecycle.envelope"),
    "a list": (envelope([]), "lifecycle.envelope"),
    "a number": (envelope(7), "lifecycle.envelope"),
    "no run": (envelope({"logs": [], "gates": []}), "lifecycle.envelope"),
    "a run of another type": (envelope({"run": "r", "logs": 3, "gates": {}}), "lifecycle.envelope"),
    "a status of another type": (run_with(status=["pending"]), "lifecycle.status"),
    "a lone surrogate": (run_with(status="\ud800"), "lifecycle.status"),
    "control characters": (run_with(status="\x1b[2J\r\n"), "lifecycle.status"),
    "an enormous index": (run_with(step_index=10**400), "steps.step-index"),
    "times of another type": (run_with(created_at=7, updated_at=[None]), "lifecycle.created-at"),
    "a chain of another type": (run_with(receipt_chain={"0": 1}), "receipts.chain"),
    "a run of an id that cannot be": (run_with(run_id="a/../\ud800"), "lifecycle.run-id"),
    "no status": (run_without("status"), "lifecycle.status"),
    "hardly a field": (run_without("status", "created_at", "step_index", "run_id"), ""),
    "a deep payload": (deep(700, "input_payload"), "lifecycle.sent-data-kept"),
    "a deep field that is free": (deep(990, "more"), ""),
    "deep details": (deep(700, "details"), "receipts.hash"),
}


def test_rows_name_checks_or_nothing() -> None:
    """A row without a check says only that the campaign goes on."""
    assert [name for name, (_, check) in ROWS.items() if not check] == [
        "hardly a field",
        "a deep field that is free",
    ]


@pytest.mark.parametrize(("spoil", "check"), some(ROWS, 3))
def test_a_hostile_reply_is_a_finding(spoil: Spoil, check: str, tmp_path: Path) -> None:
    """Every reply to a change is spoiled: all examples are done, and all evidence can be read."""
    method = "GET" if check == "receipts.hash" else "PATCH"

    def after(seen: Seen, said: Said) -> Said:
        return spoil(said) if seen.is_run_call and seen.method == method else said

    size = ("--max-examples", "4", "--max-commands", "6", "--seed", "1")
    with fronted(after=after) as front:
        said = invoke("check", "--base-url", front.url, "--out", tmp_path, *size)
    left = summary(tmp_path)
    assert left["examples"] == 4
    assert {"": said.code}.get(check, 1) == said.code
    if check:
        assert check in {found["check"] for found in left["findings"]}
    assert [f"{tmp_path}/traces/{f['fingerprint']}.json" for f in left["findings"]] == [
        found["trace"] for found in left["findings"]
    ]
    for path in traces(tmp_path):
        assert read_json(path)["format"] == "pt004-trace"
    assert "\x1b" not in said.said


def test_replies_that_are_too_long_are_no_answers(tmp_path: Path) -> None:
    """A reply of more than --max-reply is not read to its end, and leaves its call open."""

    def after(seen: Seen, said: Said) -> Said:
        long = seen.method == "PATCH" and seen.number % 3 == 0
        return evolve(said, body=said.body + b" " * 100_000) if long else said

    size = ("--max-examples", "12", "--max-commands", "10", "--seed", "1", "--no-races")
    with fronted(after=after) as front:
        said = invoke(
            "check", "--base-url", front.url, "--out", tmp_path, *size, "--max-reply", "65536"
        )
    left = summary(tmp_path)
    assert (said.code, left["verdict"], left["findings"]) == (3, "unsure", [])
    assert left["open_calls"] > 3
    assert left["why"].startswith(f"{left['open_calls']} of ")
    assert left["why"].endswith(" calls stayed without an answer")
    assert left["examples"] == 12


IDS = ["\ud800", "a\nb", "", "..", "x" * 5000, "\x1b[2J"]


@pytest.mark.parametrize("run_id", some({repr(each): each for each in IDS}, 3))
def test_hostile_ids_of_all_runs(run_id: str, tmp_path: Path) -> None:
    """Whatever id every run has, the command ends with a verdict, and runs.txt has a line a run."""

    def after(seen: Seen, said: Said) -> Said:
        return run_with(run_id=run_id)(said) if seen.method == "POST" else said

    with fronted(after=after) as front:
        said = invoke("check", "--base-url", front.url, "--out", tmp_path, "--max-examples", "4")
        proved = invoke("prove", "--base-url", front.url)
    assert said.code == 1
    assert proved.code == 1
    assert "lifecycle.run-id" in {found["check"] for found in summary(tmp_path)["findings"]} or (
        len(run_id) > 100
    )
    assert "\x1b" not in said.said + proved.said
    lines = (tmp_path / "runs.txt").read_text(encoding="ascii").splitlines()
    assert all("\x1b" not in line for line in lines)


def test_a_folder_that_goes_away_ends_the_campaign(tmp_path: Path) -> None:
    """When evidence can no longer be kept the command says so and ends with 3, not a traceback."""
    out = tmp_path / "out"

    def replace(seen: Seen) -> None:
        if seen.number == 30:
            for path in sorted(out.rglob("*"), reverse=True):
                path.rmdir() if path.is_dir() else path.unlink()
            out.rmdir()
            out.write_text("a file")

    with fronted(before=replace) as front:
        said = invoke("check", "--base-url", front.url, "--out", out, "--max-examples", "20")
    assert said.code == 3
    assert f"UNSURE: cannot write {out}/runs.txt: Not a directory" in said.err
