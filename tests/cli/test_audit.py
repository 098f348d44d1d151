"""``pt004 audit``: its screen, its exit codes, its forms, and the file of heads."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import httpx
import pytest

from pt004_model.audit.heads import Head, Heads
from pt004_model.model.commands import ChangeRun, ReadRun
from pt004_model.model.moves import starting
from pt004_model.trace.document import load_trace
from pt004_model.vocabulary import Decision
from tests.audit.histories import denied, governed, rehash
from tests.cli.helpers import invoke, read_json, traces
from tests.cli.servers import Said, Seen, fronted, refusal
from tests.conftest import Golden
from tests.stub import Stub


def export(folder: Path, *, wrong: bool = True, broken: bool = False) -> Path:
    """An export of some runs; in two of them progress was made over a flag, a line is half."""
    stub = Stub()
    runs = [governed(stub), governed(stub), denied(stub), governed(stub)]
    for run in runs[1::2] if wrong else ():
        del run["logs"][7:11]
        run["gates"] = []
        rehash(run)
    text = "".join(json.dumps(run) + "\n" for run in runs)
    path = folder / "export.ndjson"
    path.write_text(text + (text[:40] if broken else ""))
    return path


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Paths are told as they are given, so all begins in one folder."""
    monkeypatch.chdir(tmp_path)


def test_the_screen(golden: Golden) -> None:
    """People read what was read, each finding with its first runs, doubts and the verdict."""
    export(Path(), broken=True)
    ended = invoke("audit", "export.ndjson", "--heads", "heads.json")
    assert (ended.code, ended.err) == (1, "")
    golden("audit.txt", ended.out)


def test_exit_codes() -> None:
    """Conforming is 0, diverging 1, wrong usage 2, unsure 3; a finding outranks a doubt."""
    for wrong, broken, code in ((False, False, 0), (True, True, 1), (False, True, 3)):
        export(Path(), wrong=wrong, broken=broken)
        assert invoke("audit", "export.ndjson").code == code
    for arguments in ([], ["nowhere"], ["export.ndjson", "--heads", "export.ndjson"]):
        ended = invoke("audit", *arguments)
        assert ended.code == 2
        assert "Error: " in ended.err


def test_what_the_file_of_the_fc_agrees_to_is_no_finding() -> None:
    """The file that describes the FC is read for its exports as well."""
    run = governed()
    run["logs"][8]["message"] = "nothing"
    Path("export.json").write_text(json.dumps(run))
    assert invoke("audit", "export.json").code == 1
    Path("pt004.toml").write_text('[[deviation]]\nreason = "known"\ncheck = "receipts.hash"\n')
    assert invoke("audit", "export.json").code == 0
    path = export(Path())
    (finding,) = json.loads(invoke("audit", path, "--format", "json").out)["findings"]
    for named in ("check", "fingerprint"):
        text = f'[[deviation]]\nreason = "known"\n{named} = "{finding[named]}"\n'
        Path("pt004.toml").write_text(text)
        assert invoke("audit", path).code == 0


def test_a_window_is_stated() -> None:
    """A log that begins in the middle is tampered with, unless whoever gives it says it is not."""
    run = governed()
    run["logs"] = run["logs"][4:]
    Path("export.json").write_text(json.dumps(run))
    assert invoke("audit", "export.json").code == 1
    assert invoke("audit", "export.json", "--partial").code == 0
    ended = invoke("audit", "export.json", "--partial", "--heads", "heads.json")
    assert (ended.code, "does not go with --partial" in ended.err) == (2, True)


def test_every_form_says_the_same() -> None:
    """JSON and JUnit hold the finding of the screen, with its count and its first runs."""
    export(Path())
    told = json.loads(invoke("audit", "export.ndjson", "--format", "json").out)
    (finding,) = told["findings"]
    assert (finding["check"], finding["runs"], told["verdict"]) == (
        "policy.flag-blocks",
        2,
        "diverges",
    )
    assert finding["first"][0]["entry"] == 8
    assert finding["first"][0]["before"] == ["running, step 1, flag"]
    suite = ElementTree.fromstring(invoke("audit", "export.ndjson", "--format", "junit").out)  # noqa: S314 - our own
    (failure,) = suite.iter("failure")
    assert failure.get("type") == "policy.flag-blocks"
    (told,) = json.loads(invoke("audit", "export.ndjson", "--format", "sarif").out)["runs"]
    (result,) = told["results"]
    assert told["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == "policy.flag-blocks"
    assert (result["level"], result["occurrenceCount"]) == ("error", 2)
    assert result["partialFingerprints"]["pt004/v1"] == finding["fingerprint"]
    assert result["locations"][0]["physicalLocation"] == {
        "artifactLocation": {"uri": "export.ndjson"},
        "region": {"startLine": 2},
    }


def test_heads_are_kept_and_held() -> None:
    """The file of heads is written, its SHA-256 told, and a run that vanished is found by it."""
    path = export(Path(), wrong=False)
    assert "heads: 4 runs kept, SHA-256 " in invoke("audit", path, "--heads", "heads.json").out
    assert len(read_json(Path("heads.json"))["runs"]) == 4
    path.write_text("".join(path.read_text().splitlines(keepends=True)[:-1]))
    ended = invoke("audit", path, "--heads", "heads.json")
    assert ended.code == 1
    assert "got:       no such run" in ended.out
    assert len(read_json(Path("heads.json"))["runs"]) == 4


def test_secrets_are_not_shown() -> None:
    """A secret of ours that stands in an export is not repeated, and foreign text is harmless."""
    run, secret = governed(), "very-secret-token-1234"
    run["logs"][2]["details"]["decision"] = f"{secret}\x1b[31m"
    Path("export.json").write_text(json.dumps(run))
    for form in ("text", "json", "junit"):
        ended = invoke("audit", "export.json", "--format", form, FC_TOKEN=secret)
        assert "very-secret" not in ended.said
        assert "\x1b" not in ended.said
    assert "[secret]" in ended.out


def test_findings_are_left_as_a_campaign_leaves_them() -> None:
    """The folder has the page and the traces, and filing it makes an issue of each finding."""
    path = export(Path())
    assert invoke("audit", path, "--out", "left").code == 1
    page = Path("left/page.html").read_text()
    assert "contract · audit</p>" in page
    assert "pt004 audit export.ndjson" in page
    (trace,) = traces(Path("left"))
    assert [each.send for each in load_trace(trace).steps][-2:] == [
        ChangeRun(0, starting(("a", "b", "c"), 2, Decision.ALLOW)), ReadRun(0),
    ]  # fmt: skip
    assert invoke("submit", "left", "--to", "issues").lines[-1] == "1 filed"
    (issue,) = Path("issues").glob("*.md")
    assert "the entries of a change to running naming c (2)" in issue.read_text()
    path.write_text("")
    heads = Path("heads.json")
    heads.write_bytes(Heads(now={"r": Head(1, "0")}).content())
    assert invoke("audit", path, "--heads", heads, "--out", "left").code == 1
    assert invoke("submit", "left", "--to", "gone").lines[-1] == "1 filed"


HIDE = "--redact-payloads"


@pytest.mark.system
def test_payloads_stay_here() -> None:
    """Where payloads must not leave, they are in nothing that is shown or left behind."""
    run = governed()
    run["run"] |= {"metadata": {"card": "4711"}, "tags": ["4711"], "output_payload": {"n": "4711"}}
    run["logs"][1]["message"] = run["logs"][8]["details"]["reason"] = "4711"
    run["logs"][9]["details"]["gate_id"] = {"4711": 1}
    run["run"]["input_payload"] = ["4711"]
    Path("export.json").write_text(json.dumps(rehash(run)))
    run_id = run["run"]["run_id"]
    for form in ("text", "json", "junit", "sarif"):
        plain = invoke("audit", "export.json", "--format", form, "--out", "plain")
        hidden = invoke("audit", "export.json", "--format", form, "--out", "left", HIDE)
        assert ("4711" in plain.out, "4711" in hidden.out) == (True, False)
    invoke("audit", "export.json", HIDE, "--extract", run_id, "--out", "left/extracted.json")
    left = [each.read_text() for each in Path("left").rglob("*") if each.is_file()]
    assert len(left) > 7
    assert not any("4711" in each for each in left)
    assert any("4711" in each.read_text() for each in Path("plain").rglob("*.json"))


def test_a_run_is_extracted_and_replayed() -> None:
    """A run of an export becomes a trace that another FC answers in the same way."""
    export(Path(), wrong=False)
    run_id = governed()["run"]["run_id"]
    assert invoke("audit", "export.ndjson", "--extract", run_id).code == 2
    ended = invoke("audit", "export.ndjson", "--extract", run_id, "--out", "run.json")
    assert (ended.code, len(load_trace(Path("run.json")).steps)) == (0, 8)
    assert ended.err == "written: run.json\n"
    with fronted() as front:
        ended = invoke("replay", "run.json", "--base-url", front.url)
    assert (ended.code, ended.lines[-1].startswith("FIXED")) == (0, True)
    assert 'got:      status 200, run "completed"' in ended.out
    told = invoke("show", "run.json").lines
    assert told[0] == f"the calls that made run {run_id}"
    assert not any(line.startswith("  expected: ") for line in (*told, *ended.lines))
    ended = invoke("audit", "export.ndjson", "--extract", "nobody", "--out", "run.json")
    assert (ended.code, "no log of run 'nobody'" in ended.err) == (2, True)


def test_what_stands_in_the_log_alone_shows_again() -> None:
    """An answer to a change need not have the log, so a trace of production ends with a read."""
    run_id = json.loads(export(Path(), wrong=False).read_text().splitlines()[2])["run"]["run_id"]
    invoke("audit", "export.ndjson", "--extract", run_id, "--out", "run.json")
    with fronted(fault="failed-step-never-ends") as front:
        ended = invoke("replay", "run.json", "--base-url", front.url)
    assert (ended.code, "audit.kinds: " in ended.out) == (1, True), ended.out


def test_edges_that_are_used_are_counted() -> None:
    """The file of edges has each change of each run, by the edge of the model."""
    export(Path(), wrong=False)
    invoke("audit", "export.ndjson", "--edges", "edges.json")
    told = read_json(Path("edges.json"))
    assert (told["format"], told["version"]) == ("pt004-edges", 1)
    counts = {
        (each["status"], each["command"], each["decision"], each["position"]): each["count"]
        for each in told["edges"]
    }
    assert counts["pending", "start-allow", "-", "none"] == 3
    assert counts["running", "pause", "flag", "only"] == 1
    assert counts["paused", "resume", "flag", "middle"] == 3


UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def test_runs_are_read_from_an_fc_with_get_alone() -> None:
    """The runs that are listed, a stranger's too, are read by GET alone; no run of it is told."""
    with fronted() as front:
        ids = re.findall(UUID, invoke("prove", FC_BASE_URL=front.url).out)
        stranger = {"X-Tenant-ID": "tenant_omega_stranger", "X-Actor-ID": "ann"}
        url, body = f"{front.url}/workflows/runs", {"workflow_id": "w"}
        made = httpx.post(url, json=body, headers=stranger, trust_env=False).json()
        Path("runs.txt").write_text("\n".join([*ids, made["run"]["run_id"]]))
        asked = ("audit", "--from", front.url, "--runs", "runs.txt")
        front.seen.clear()
        ended = invoke(*asked, "--rate", "1000")
        assert (ended.code, ended.err) == (0, "")
        assert ended.lines[0].startswith("4 runs of tenant_omega, tenant_omega_stranger, ")
        assert {(seen.method, seen.query) for seen in front.seen} == {
            ("GET", "include_logs=true&include_gates=true")
        }
        Path("runs.txt").write_text("no/run\nnobody\n" + ids[0])
        ended = invoke(*asked)
        assert ended.code == 3
        assert "not read: runs.txt, line 1: no id of a run" in ended.lines
        assert f"not read: {front.url}, run nobody: the FC answers 404" in ended.lines


def test_a_run_shown_for_another_is_found() -> None:
    """An FC that shows another run than the one that was asked for is found."""

    def before(seen: Seen) -> Said | None:
        return Said(200, json.dumps(governed()).encode()) if "wanted" in seen.path else None

    with fronted(before) as front:
        Path("runs.txt").write_text("wanted")
        ended = invoke("audit", "--from", front.url, "--runs", "runs.txt", "--format", "json")
    checks = {each["check"] for each in json.loads(ended.out)["findings"]}
    assert "lifecycle.run-id" in checks


def test_an_fc_that_is_gone_is_not_asked_for_every_run() -> None:
    """After some calls without an answer the others are left out, and that is told."""
    with fronted(lambda _: refusal(503)) as front:
        Path("runs.txt").write_text("\n".join(f"run-{number}" for number in range(9)))
        ended = invoke("audit", "--from", front.url, "--runs", "runs.txt")
        assert (ended.code, len(front.seen)) == (3, 3)
    assert f"not read: {front.url}: not asked for 6 more runs" in ended.lines
    for arguments in (["--from", front.url], ["--runs", "runs.txt"]):
        assert "give both" in invoke("audit", "export.ndjson", *arguments).err
    assert invoke("audit", "--from", front.url, "--runs", "nowhere").code == 2
