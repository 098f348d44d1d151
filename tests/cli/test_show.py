"""``pt004 show``: every form, and each script run against a fault and against none."""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from pt004_model.cli.session import connected
from pt004_model.embedded.faults import FAULTS
from pt004_model.model.commands import (
    Caller,
    ChangeRun,
    Command,
    CreateRun,
    OddPath,
    ReadRun,
    Tenant,
    Token,
    Unknown,
    Wait,
)
from pt004_model.model.values import Body
from pt004_model.reproduce import FORMS, render
from pt004_model.trace.document import SentRequest, Trace, dump_trace, load_trace
from pt004_model.trace.files import write_json
from pt004_model.wire.codec import Codec
from tests.cli.helpers import invoke, traces
from tests.cli.servers import Front, Said, Seen, fronted, refusal
from tests.drive.helpers import change, create, start
from tests.sampling import some
from tests.showing import (
    CONFORMS,
    DIVERGES,
    SCRIPTS,
    UNSURE,
    record,
    run_script,
    setup,
    shown,
)

RUN = CreateRun(0, Body.of({"workflow_id": "w"}))
CREATED_BADLY = evolve(RUN, caller=Caller(token=Token.EXPIRED))
AS_ANOTHER = Caller(actor=1)
FLAG: Any = {"decision": "flag", "policy_id": "a", "reason": "a"}
DENY: Any = {"decision": "deny", "policy_id": "a", "reason": "a"}

REPRESENTATIVE: dict[str, tuple[Command, ...]] = {
    "resume-restarts-the-clock": (
        RUN, change(0, "running"), change(0, "paused"), change(0, "running"),
    ),
    "step-runs-twice": (create(0, "a", "b"), start(0, "a", 0), start(0, "b", 1), start(0, "b", 1)),
    "denied-step-may-pause": (RUN, change(0, "running", policy=DENY), change(0, "paused")),
    "approver-is-the-creator": (
        RUN, change(0, "running", policy=FLAG), change(0, "paused"),
        evolve(change(0, "running"), caller=AS_ANOTHER), ReadRun(0, logs=False),
    ),
    "log-names-the-creator": (
        RUN, evolve(change(0, "running"), caller=AS_ANOTHER), ReadRun(0, gates=False),
    ),
    "hash-of-escaped-text": (RUN, change(0, "running", reason="\u00e9'\n"), ReadRun(0)),
    "stranger-reads-ended-runs": (
        RUN, change(0, "failed"), ReadRun(0, caller=Caller(Tenant.STRANGER)),
    ),
    "foreign-run-is-forbidden": (
        RUN, ReadRun(Unknown(), caller=Caller(Tenant.STRANGER)),
        ReadRun(0, caller=Caller(Tenant.STRANGER)),
    ),
    "tags-are-sorted": (create(0, tags=["z", "'\"$(a)`\\\n\0\x7f\u202e\U0001f600", "a"]),),
    "replay-of-a-create-is-200": (evolve(RUN, key="k'y"), evolve(RUN, key="k'y")),
    "failed-run-is-not-sealed": (RUN, change(0, "running"), change(0, "failed")),
    "signature-ignores-case": (RUN, ReadRun(0, caller=Caller(token=Token.RECASED))),
    "signature-not-checked": (RUN, ReadRun(0, caller=Caller(token=Token.TAMPERED))),
    "expiry-not-checked": (RUN, ReadRun(0, caller=Caller(token=Token.EXPIRED))),
    "correlation-ids-are-cut": (evolve(RUN, correlation="c" * 40),),
    "pending-runs-expire": (RUN, Wait(0, 4.5), ReadRun(0)),
    "reads-are-open": (RUN, ReadRun(0, caller=Caller(token=Token.MISSING))),
}  # fmt: skip
"""A fault or two an area, with commands that show it."""


def test_each_area_is_represented() -> None:
    """There is a fault of every area among them, but for races, which no script makes."""
    areas = {fault.area for fault in FAULTS.values()} - {"concurrency", "losses", "durability"}
    assert areas == {FAULTS[name].area for name in REPRESENTATIVE}


LEFT = {"failed-run-is-not-sealed", "hash-of-escaped-text"}
"""Of these a replay alone can judge the findings."""
BOTH = {"denied-step-may-pause", "hash-of-escaped-text", "signature-not-checked"}
"""These scripts are run as a test as well, which is the same text; a fault for each way to end."""


@pytest.mark.system
@pytest.mark.parametrize("fault", some(REPRESENTATIVE.keys(), 3))
def test_scripts_fail_with_the_fault_and_pass_without(fault: str, tmp_path: Path) -> None:
    """The Python form says by its exit status whether the fault is there, or that it cannot."""
    area = FAULTS[fault].area
    trace = record(fault, *REPRESENTATIVE[fault])
    left = fault in LEFT
    forms = SCRIPTS if fault in BOTH else SCRIPTS[:1]
    for there, codes in (
        (fault, UNSURE if left else DIVERGES),
        (None, UNSURE if left else CONFORMS),
    ):
        wanted = {form: codes[form] for form in forms}
        assert shown(there, area, trace, tmp_path, forms) == wanted


@pytest.fixture(scope="module")
def trace() -> Trace:
    """The trace of a fault whose text is full of traps."""
    return record("tags-are-sorted", *REPRESENTATIVE["tags-are-sorted"])


@pytest.mark.system
@pytest.mark.parametrize("form", SCRIPTS)
def test_without_an_fc_nothing_can_be_said(trace: Trace, form: str, tmp_path: Path) -> None:
    """Where nobody answers a script ends with a sentence and 3, and a test fails with it."""
    done = run_script(trace, form, "http://127.0.0.1:9", tmp_path)
    assert (1 if form == "pytest" else 3) == done.returncode
    assert "no answer: " in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr


@pytest.mark.system
@pytest.mark.parametrize(
    ("given", "missing"), [({}, "FC_TOKEN"), ({"FC_TOKEN": "t"}, "SECRET_KEY")]
)
def test_a_bad_token_takes_a_good_one(given: dict[str, str], missing: str, tmp_path: Path) -> None:
    """A script says what it makes a bad token with, and what shows that good ones are taken."""
    fault = "signature-not-checked"
    trace = record(fault, *REPRESENTATIVE[fault])
    trace = evolve(trace, steps=trace.steps[-1:])
    trace = evolve(trace, steps=(evolve(trace.steps[0], send=CREATED_BADLY),))
    done = run_script(trace, "httpx", "http://127.0.0.1:9", tmp_path, **given)
    assert done.returncode == 3
    assert done.stderr.startswith(f"UNSURE: set {missing}")


@pytest.mark.system
def test_what_is_left_to_a_replay_is_said(tmp_path: Path) -> None:
    """The test is skipped, never passed, with both sides as its reason; so says the script."""
    trace = record("hash-of-escaped-text", *REPRESENTATIVE["hash-of-escaped-text"])
    with connected(setup(None, "receipts")) as there:
        done = run_script(trace, "httpx", there.target.where, tmp_path)
        tested = run_script(trace, "pytest", there.target.where, tmp_path)
    assert (3, 0) == (done.returncode, tested.returncode)
    assert "1 skipped" in tested.stdout
    told = f"UNSURE: not judged here, pt004 replay judges it: at {trace.where} expected "
    assert done.stderr.startswith(f"{told}{trace.expected}, got then {trace.observed}, got now ")


@pytest.mark.system
def test_curl_shows_the_finding(tmp_path: Path) -> None:
    """The commands run as they stand, feed the id of the run on, and print what comes back."""
    trace = record("denied-step-may-pause", *REPRESENTATIVE["denied-step-may-pause"])
    text = render(trace, "curl")
    assert len(text.splitlines()) <= 25
    with connected(setup("denied-step-may-pause", "policy")) as there:
        faulty = run_script(trace, "curl", there.target.where, tmp_path)
    with connected(setup(None, "policy")) as there:
        sound = run_script(trace, "curl", there.target.where, tmp_path)
    statuses = [re.findall(r"(?m)^HTTP/1.1 (\d+)", done.stdout) for done in (faulty, sound)]
    assert statuses == [["200", "200"], ["200", "409"]]
    assert "" == faulty.stderr + sound.stderr


@pytest.mark.system
def test_a_script_sends_the_headers_of_the_campaign(tmp_path: Path) -> None:
    """An FC that demands a header is asked with it, at its address; its value is a variable."""

    def gate(seen: Seen) -> Said | None:
        return None if seen.headers.get("x-gate") == "hush-hush-hush" else refusal(401)

    with fronted(before=gate, fault="denied-step-may-pause") as front:
        said = invoke(
            "check", "--base-url", front.url, "--header", "X-Gate=hush-hush-hush",
            "--out", tmp_path, "--seed", "4", "--max-examples", "12",
        )  # fmt: skip
        assert said.code == 1, said.said
        found = (load_trace(path) for path in traces(tmp_path))
        trace = next(each for each in found if each.check == "policy.deny-blocks")
        codes = [
            run_script(trace, form, "", tmp_path, **environment).returncode
            for form, environment in (("httpx", {}), ("httpx", {"X_GATE": "hush-hush-hush"}))
        ]
        shown = run_script(trace, "curl", "", tmp_path, X_GATE="hush-hush-hush")
    assert codes == [3, 1]
    assert shown.stdout.rstrip().rpartition("HTTP/1.1 ")[2].startswith("200 ")


def test_curl_leaves_bad_tokens_to_python() -> None:
    """A token that must be made is a variable, and that is said; a missing one is left out."""
    fault = "signature-ignores-case"
    bad = render(record(fault, *REPRESENTATIVE[fault]), "curl")
    assert "# This form cannot make the bad tokens that are sent" in bad
    assert bad.count('"Authorization: Bearer $BAD_TOKEN"') == 1
    none = render(record("reads-are-open", *REPRESENTATIVE["reads-are-open"]), "curl")
    assert "BAD_TOKEN" not in none
    assert none.count("Authorization") == 1


@pytest.mark.parametrize("form", FORMS)
def test_the_command_prints_the_form(trace: Trace, form: str, tmp_path: Path) -> None:
    """What is printed is the form, and nothing else."""
    write_json(tmp_path / "t.json", dump_trace(trace))
    said = invoke("show", tmp_path / "t.json", "--as", form)
    assert (0, "", render(trace, form)) == (said.code, said.err, said.out)


def test_what_is_no_trace_cannot_be_shown(tmp_path: Path) -> None:
    """Exit 2 and one sentence."""
    (tmp_path / "t.json").write_text("{}")
    said = invoke("show", tmp_path / "t.json")
    assert (2, "") == (said.code, said.out)
    assert "t.json cannot be used: it is no trace of pt004" in said.err


def test_scripts_are_plain_text(trace: Trace) -> None:
    """Whatever was sent, a script is ASCII without control characters, and Python parses it."""
    for form in ("curl", "pytest"):
        assert re.fullmatch(r"[\n -~]*", render(trace, form))
    ast.parse(render(trace, "pytest"))


def test_the_story(trace: Trace) -> None:
    """The story tells the check, the clause, each step and both sides, and is safe to print."""
    lines = render(trace, "text").splitlines()
    assert lines[0] == f"lifecycle.sent-data-kept (major), finding {trace.fingerprint}"
    assert lines[1] == "What was sent comes back as the same JSON value."
    assert any(line.startswith("  | ## 2. Creating a run") for line in lines)
    assert "   POST /workflows/runs" in lines
    assert "   allowed: accepted with 201: pending" in lines
    assert "run.tags" in lines
    assert all(line.isprintable() for line in lines)


def test_a_trace_of_an_export_has_no_address(trace: Trace) -> None:
    """An FC that was never asked is told by its dialect."""
    lines = render(evolve(trace, base_url=""), "text").splitlines()
    assert f"dialect seed, tenant {trace.names.tenants[0]}" in lines


def test_the_diagram(trace: Trace) -> None:
    """The diagram has an arrow there and one back for each step, and a note of both sides."""
    lines = render(trace, "mermaid").splitlines()
    assert lines[:4] == [
        "sequenceDiagram", "    autonumber", "    participant T as pt004",
        "    participant F as Federation Core",
    ]  # fmt: skip
    text = r"([A-Za-z0-9 .,/()?=+*_'\-:\[\]{}\"]|#\d+;)+"
    shapes = (rf"    T->>F: {text}", rf"    F-->>T: {text}", *(rf"    Note over T,F: {text}",) * 3)
    assert len(lines) == 4 + len(shapes)
    for shape, line in zip(shapes, lines[4:], strict=True):
        assert re.fullmatch(shape, line)


ODD: tuple[Command, ...] = (
    CreateRun(1, Body("\udc80\0'{"), key="", correlation="c", content_type=None),
    ChangeRun(Unknown("a;b"), Body('{"status":"paused"}'), content_type="text/plain"),
    OddPath("%2F..", Caller(Tenant.NOBODY, -1)),
)


@pytest.mark.system
@pytest.mark.parametrize("form", ["curl", "httpx"])
def test_odd_requests_go_out_as_they_did(form: str, tmp_path: Path) -> None:
    """Bytes that are no text, empty keys, odd paths and missing headers are what the FC is sent."""
    trace = record("denied-step-may-pause", *REPRESENTATIVE["denied-step-may-pause"])
    odd = []
    for command in ODD:
        asked = Codec(trace.names).encode(command, lambda _: "a;b-0a", "then")
        body = None if asked.content is None else asked.content.decode("utf-8", "surrogateescape")
        request = SentRequest(asked.method, asked.target, asked.headers, body)
        odd.append(evolve(trace.steps[0], send=command, request=request, reply=None))
    trace = evolve(trace, steps=(*odd, *trace.steps))

    def refuse(_: Seen) -> Said | None:
        return Said(400, json.dumps({"detail": "no"}).encode()) if len(front.seen) <= 3 else None

    front: Front
    with fronted(refuse) as front:
        done = run_script(trace, form, front.url, tmp_path)
    assert 0 == done.returncode, done.stdout + done.stderr
    first, second, third = front.seen[:3]
    assert ("POST", b"\x80\0'{") == (first.method, first.body)
    assert ("", "c", None) == (
        first.headers["x-idempotency-key"], first.headers["x-correlation-id"],
        first.headers.get("content-type"),
    )  # fmt: skip
    assert ("PATCH", "text/plain") == (second.method, second.headers["content-type"])
    assert re.fullmatch(r"/workflows/runs/a;b-[0-9a-f]+/status", second.path)
    assert ("GET", "/workflows/runs//..") == (third.method, third.path)
    assert not {"x-tenant-id", "x-actor-id", "authorization"} & third.headers.keys()
