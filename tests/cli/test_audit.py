"""``pt004 audit``: its screen, its exit codes, its forms, and the file of heads."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.audit.histories import denied, governed, rehash
from tests.cli.helpers import invoke, read_json
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


UUID = r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"


def test_runs_are_read_from_an_fc_with_get_alone() -> None:
    """The runs that are listed are asked for by GET, and judged; what is no run of it is told."""
    with fronted() as front:
        ids = re.findall(UUID, invoke("prove", FC_BASE_URL=front.url).out)
        Path("runs.txt").write_text("\n".join(ids))
        asked = ("audit", "--from", front.url, "--runs", "runs.txt")
        front.seen.clear()
        ended = invoke(*asked, "--rate", "1000")
        assert (ended.code, ended.err) == (0, "")
        assert ended.lines[0].startswith("3 runs of tenant_omega, ")
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
