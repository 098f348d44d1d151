"""``pt004 prove --out`` and ``pt004 verify``: a report of every kind of FC, and how it ends."""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from pt004_model.proof.folder import MANIFEST
from pt004_model.proof.record import FOLDER
from pt004_model.proof.report import REPORT
from tests.cli.helpers import Ended, invoke
from tests.cli.servers import Said, Seen, fronted, refusal
from tests.cli.test_hostile import ROWS, Spoil
from tests.cli.test_prove import CONFORMING, SECRET, masked
from tests.cli.test_secrets import HEADER, in_fields, in_refusals, talkative

CASES = ("happy_path", "policy_flag", "policy_deny")


def text(out: Path, name: str = "") -> str:
    """The report, or a file of the folder."""
    return (out / FOLDER / name if name else out / REPORT).read_text(encoding="utf-8")


def printed(ended: Ended) -> str:
    """The SHA-256 of the manifest, as printed."""
    found = re.search(r"(?m)^Manifest SHA-256: ([0-9a-f]{64})$", ended.out)
    assert found is not None, ended.said
    return found[1]


def verdicts(ended: Ended) -> list[str]:
    """The verdict and the parts behind it, as printed."""
    return ended.out.partition("\nVerdict: ")[2].partition("\nManifest")[0].splitlines()


@pytest.mark.parametrize("kind", ["plain", "deployed", "automatic", "authenticated"])
def test_a_report_of_every_kind_of_fc(kind: str, tmp_path: Path) -> None:
    """The form that is printed stays as it is, the report passes, and the folder is sound."""
    secret = SECRET if kind == "authenticated" else None
    dialect = "deployed" if kind == "deployed" else "seed"
    environment = {"SECRET_KEY": SECRET} if secret else {}
    with fronted(automatic=kind == "automatic", secret=secret) as front:
        ended = invoke(
            "prove", "--base-url", front.url, "--dialect", dialect, "--out", tmp_path, **environment
        )
    form, _, more = ended.out.partition("\nProof report: ")
    assert masked(form) == CONFORMING
    assert more.splitlines() == [
        str(tmp_path / REPORT),
        "Verdict: PASS",
        f"Manifest SHA-256: {printed(ended)}",
        f"Check it with: pt004 verify {tmp_path} --manifest-sha256 {printed(ended)}",
    ]
    assert (ended.code, ended.err) == (0, "")
    manifest = (tmp_path / MANIFEST).read_bytes()
    assert printed(ended) == hashlib.sha256(manifest).hexdigest()
    checked = invoke("verify", tmp_path, "--manifest-sha256", printed(ended).upper())
    assert (checked.code, checked.lines[-1]) == (0, "The report's verdict: PASS")
    assert front.url in text(tmp_path)
    assert not any(SECRET in path.read_text() for path in tmp_path.rglob("*.*") if path.is_file())


@pytest.mark.system
@pytest.mark.parametrize("flags", [(), ("--automatic",), ("--auth",)])
def test_a_report_of_an_embedded_fc_says_so(flags: tuple[str, ...], tmp_path: Path) -> None:
    """With an FC of its own: nobody can mistake it for a deployed one."""
    ended = invoke("prove", "--out", tmp_path, *flags, SECRET_KEY=SECRET)
    assert (ended.code, verdicts(ended)) == (0, ["PASS"])
    assert "What was tested is the embedded Federation Core" in text(tmp_path)
    assert invoke("verify", tmp_path, "--require-pass").code == 0


def test_the_report_holds_what_the_seed_lists(tmp_path: Path) -> None:
    """Run ids, step visibility, decision logs, audit trail and receipts, with real values."""
    with fronted() as front:
        invoke("prove", "--base-url", front.url, "--out", tmp_path)
    said = text(tmp_path)
    for heading in (
        "Run ids:",
        "Step visibility (log excerpts)",
        "Policy interaction (decision logs)",
        "Audit trail (immutable entries)",
        "Receipt chain validation",
    ):
        assert heading in said
    for case in CASES:
        body = json.loads(text(tmp_path, f"{case}.json"))
        run_id = body["run"]["run_id"]
        assert f"| {case} | `{run_id}` | `{body['run']['status']}` |" in said
        assert f"/workflows/runs/{run_id}?include_logs=true&include_gates=true'" in said
        assert run_id in text(tmp_path, f"{case}.txt")
        for number, entry in enumerate(body["logs"], 1):
            row = f"| {number} | `{entry['timestamp']}` | `{entry['event_type']}` |"
            assert said.count(row) == 1 + entry["event_type"].startswith("FC-STEP")
            assert said.count(f"recomputed             {entry['receipt_hash']}\n") == 1
        assert said.count(f"from the chain: `{body['run']['workflow_receipt_hash']}`") == 1
    assert "| `step_2` | `flag` | `pol-flag` |" in said
    assert "| `step_2` | `deny` | `pol-deny` |" in said
    assert re.search(r"\| `step_2` \| `approved` \| .* \| `pt004_test_harness` \|", said)


def test_receipts_can_be_checked_without_this_tool(tmp_path: Path) -> None:
    """``sha256sum`` agrees with the hashes that the FC gave, and sees a changed file."""
    with fronted() as front:
        invoke("prove", "--base-url", front.url, "--out", tmp_path)
    folder = tmp_path / FOLDER / "receipts" / "policy_flag"
    command = ["sha256sum", "--strict", "-c", "SHA256SUMS"]

    def check() -> tuple[int, str]:
        ended = subprocess.run(  # noqa: S603 - coreutils, with words of ours
            command, cwd=folder, capture_output=True, text=True, check=False
        )
        return ended.returncode, ended.stdout

    body = json.loads(text(tmp_path, "policy_flag.json"))
    code, said = check()
    assert (code, said.count(": OK\n")) == (0, len(body["logs"]) + 1)
    (folder / "003.json").write_bytes((folder / "003.json").read_bytes() + b" ")
    assert check()[0] == 1


FAULTS = [
    # fault, the part that does not hold and the check that says so
    ("chain-behind-while-paused", "FAIL: receipt chain of policy_flag: receipts.chain: "),
    ("failed-run-is-not-sealed", "FAIL: receipt chain of policy_deny: receipts.workflow-hash: "),
    ("completed-run-counts-past-its-end", "FAIL: step visibility of happy_path: steps.step-index"),
    ("resume-onward-leaves-the-gate", "FAIL: policy interaction of policy_flag: gates.status: "),
]


@pytest.mark.parametrize(("fault", "said"), FAULTS)
def test_a_fault_in_a_case_is_a_report_that_fails(fault: str, said: str, tmp_path: Path) -> None:
    """The folder is written, says FAIL and why, is sound in itself, and the exit code is 1."""
    ended = invoke("prove", "--fault", fault, "--out", tmp_path)
    assert ended.code == 1
    assert verdicts(ended)[0] == "FAIL"
    assert any(line.startswith(f"  {said}") for line in verdicts(ended)), verdicts(ended)
    report = text(tmp_path)
    assert "**Verdict: FAIL.**" in report
    assert f"with the seeded fault `{fault}`" in report
    (fingerprint,) = set(re.findall(r"finding ([0-9a-f]{12})$", ended.out, re.M))
    assert f"**Finding `{fingerprint}`**" in report
    assert "DIVERGES from the contract; the answer begins:" in "".join(
        text(tmp_path, f"{case}.txt") for case in CASES
    )
    checked = invoke("verify", tmp_path)
    assert (checked.code, checked.lines[-1]) == (0, "The report's verdict: FAIL")
    assert invoke("verify", tmp_path, "--require-pass").code == 1


def test_an_fc_that_stops_answering_is_a_report_that_is_unsure(tmp_path: Path) -> None:
    """What could not be checked is named, and exit code 3 is no pass."""

    def gone_after_a_while(seen: Seen) -> Said | None:
        return refusal(503) if seen.number > 20 else None

    with fronted(before=gone_after_a_while) as front:
        ended = invoke("prove", "--base-url", front.url, "--out", tmp_path)
    assert (ended.code, verdicts(ended)[0]) == (3, "UNSURE")
    assert "  NOT CHECKED: receipt chain of policy_deny: the test ended before its end" in ended.out
    assert "**Verdict: UNSURE.**" in text(tmp_path)
    assert invoke("verify", tmp_path).lines[-1] == "The report's verdict: UNSURE"


@pytest.mark.parametrize("place", [in_fields, in_refusals])
def test_no_secret_is_in_the_report(place: object, tmp_path: Path) -> None:
    """An FC that repeats token and headers gets them left out of every file, and no pass."""
    with fronted(after=talkative(place), secret=SECRET) as front:  # type: ignore[arg-type]  # rows
        ended = invoke(
            "prove", "--base-url", front.url, "--header", f"X-Secret={HEADER}", "--out", tmp_path,
            SECRET_KEY=SECRET,
        )  # fmt: skip
    for path in (each for each in tmp_path.rglob("*") if each.is_file()):
        said = path.read_text(encoding="utf-8")
        for secret in (SECRET, HEADER, json.dumps(HEADER)[1:-1]):
            assert secret[:12] not in said
        assert not re.search(r"omega_[\w-]{20}", said)
    assert invoke("verify", tmp_path).code == 0
    assert (ended.code == 0) is (place is in_refusals)


@pytest.mark.system
def test_a_secret_in_a_reading_is_no_pass(tmp_path: Path) -> None:
    """An FC that repeats a header in what is free is kept without it, and is unsure."""

    def after(seen: Seen, said: Said) -> Said:
        if not seen.is_run_call:
            return said
        return said.with_json({**said.json, "debug": seen.headers.get("x-secret")})

    with fronted(after=after) as front:
        ended = invoke(
            "prove", "--base-url", front.url, "--header", "X-Secret=hush-hush", "--out", tmp_path
        )
    assert (ended.code, verdicts(ended)) == (
        3,
        ["UNSURE"]
        + [
            f"  UNSURE: answers kept as received of {case}: an answer repeats a secret of the"
            " caller, which is left out of what is kept"
            for case in CASES
        ],
    )
    assert "❌ All tests passed, but the verdict of the report on them is UNSURE" in ended.lines
    assert "completed successfully" not in ended.out
    assert json.loads(text(tmp_path, "happy_path.json"))["debug"] == "[secret]"
    assert invoke("verify", tmp_path).code == 0


@pytest.mark.system
@pytest.mark.parametrize("spoil", [spoil for spoil, _ in ROWS.values()], ids=ROWS)
def test_a_hostile_reading_is_a_report_like_another(spoil: Spoil, tmp_path: Path) -> None:
    """Whatever an FC answers to reads, a report is written that is no pass and can be verified."""

    def after(seen: Seen, said: Said) -> Said:
        return spoil(said) if seen.is_run_call and seen.method == "GET" else said

    with fronted(after=after) as front:
        ended = invoke("prove", "--base-url", front.url, "--out", tmp_path)
    assert (ended.code, ended.err, verdicts(ended)[0]) == (1, "", "FAIL")
    assert invoke("verify", tmp_path).lines[-1] == "The report's verdict: FAIL"


@pytest.mark.system
def test_everything_that_can_be_given(tmp_path: Path) -> None:
    """Image digest, commit, a campaign and logs are in the report, and count."""
    campaign, out, log = tmp_path / "campaign", tmp_path / "out", tmp_path / "fc.log"
    digest = f"sha256:{'ab' * 32}"
    invoke("check", "--out", campaign, "--max-examples", "3", "--seed", "1")

    def logging(seen: Seen, said: Said) -> Said:
        with log.open("a", encoding="utf-8") as file:
            file.write(f"INFO {seen.method} {seen.path} <b>{said.status}</b>\n")
        return said

    log.touch()
    with fronted(after=logging) as front:
        summary = json.loads((campaign / "summary.json").read_text())
        (campaign / "summary.json").write_text(json.dumps({**summary, "base_url": front.url}))
        ended = invoke(
            "prove", "--base-url", front.url, "--out", out, "--image-digest", digest,
            "--git-sha", "0123abcd", "--with-campaign", campaign, "--fc-log", log,
        )  # fmt: skip
    assert (ended.code, verdicts(ended)) == (0, ["PASS"])
    said = text(out)
    assert f"| Image digest | `{digest}` |" in said
    assert "| Git commit | `0123abcd`, as given |" in said
    assert "Not given, and not part of this verdict: nothing." in said
    driven, reachable = (summary["coverage"][name] for name in ("driven", "reachable"))
    assert f"| Coverage | {driven} of {reachable} edges of the model driven |" in said
    assert "<b>200</b>" in said
    assert invoke("verify", out).code == 0


@pytest.mark.slow
def test_a_campaign_that_diverges_is_named_alike(tmp_path: Path) -> None:
    """The report names the findings of the summary with the same fingerprints, and fails."""
    campaign, out = tmp_path / "campaign", tmp_path / "out"
    size = ("--max-examples", "30", "--seed", "1")
    checked = invoke("check", "--fault", "tags-are-sorted", "--out", campaign, *size)
    assert checked.code == 1
    ended = invoke("prove", "--out", out, "--with-campaign", campaign)
    assert (ended.code, verdicts(ended)[0]) == (1, "FAIL")
    findings = json.loads((campaign / "summary.json").read_text())["findings"]
    section = text(out).partition("## 7. Campaign")[2].partition("## 8.")[0]
    told = re.findall(r"(?m)^\| `([0-9a-f]{12})` \| `([a-z.-]+)` \|", section)
    assert told == [(each["fingerprint"], each["check"]) for each in findings]


@pytest.mark.system
def test_a_second_report_replaces_the_first(tmp_path: Path) -> None:
    """A proof over a proof leaves nothing of the old one; files beside it stay."""
    (tmp_path / "PT-005_PROOF_REPORT.md").write_text("another")
    with fronted(fault="failed-run-is-not-sealed") as front:
        assert invoke("prove", "--base-url", front.url, "--out", tmp_path).code == 1
    with fronted() as front:
        assert invoke("prove", "--base-url", front.url, "--out", tmp_path).code == 0
    assert invoke("verify", tmp_path, "--require-pass").code == 0
    beside = {each.name for each in tmp_path.iterdir()}
    assert beside == {"PT-005_PROOF_REPORT.md", REPORT, FOLDER}


def test_verify_says_what_is_wrong(tmp_path: Path) -> None:
    """Each problem is a line that begins with the file, and the exit code is 1."""
    with fronted() as front:
        ended = invoke("prove", "--base-url", front.url, "--out", tmp_path)
    (tmp_path / FOLDER / "notes.txt").write_text("x")
    checked = invoke("verify", tmp_path)
    assert (checked.code, checked.lines) == (
        1,
        [
            f"✗ {FOLDER}/notes.txt: is not in the manifest: it was added",
            "1 thing is wrong: this proof is not as it was made",
        ],
    )
    (tmp_path / FOLDER / "notes.txt").unlink()
    other = "0" * 64
    checked = invoke("verify", tmp_path, "--manifest-sha256", other)
    assert checked.code == 1
    assert checked.lines[0] == f"✗ {MANIFEST}: its SHA-256 is {printed(ended)} and not {other}"


WRONG = [
    (("prove", "--image-digest", f"sha256:{'0' * 64}"), "--image-digest is for the report alone"),
    (("prove", "--git-sha", "0123abcd"), "--git-sha is for the report alone; give --out DIR"),
    (("prove", "--with-campaign", "x"), "--with-campaign is for the report alone"),
    (("prove", "--fc-log", os.devnull), "--fc-log is for the report alone"),
    (("prove", "--out", "{tmp}", "--image-digest", "latest"), "'latest' is no digest"),
    (("prove", "--out", "{tmp}", "--git-sha", "HEAD"), "'HEAD' is no commit"),
    (("prove", "--out", "{tmp}", "--with-campaign", "{tmp}"), "there is no"),
    (("prove", "--out", "{tmp}", "--fc-log", "{tmp}/none"), "does not exist"),
    (("prove", "--out", "{tmp}/file/x"), "cannot write to"),
    (("prove", "--out", "{tmp}/full"), "is not of a proof, and"),
    (("verify", "{tmp}"), "holds no proof"),
    (("verify", "{tmp}/none"), "is no folder"),
    (("verify", "{tmp}", "--manifest-sha256", "12"), "'12' is no SHA-256"),
]


@pytest.mark.parametrize(("arguments", "said"), WRONG)
def test_wrong_usage_is_said_before_anything_is_sent(
    arguments: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    """Exit code 2 and a sentence that says what to do; nothing was run."""
    (tmp_path / "file").write_text("x")
    (tmp_path / "full" / FOLDER).mkdir(parents=True)
    (tmp_path / "full" / FOLDER / "thesis.txt").write_text("x")
    ended = invoke(*(each.format(tmp=tmp_path) for each in arguments))
    assert (ended.code, ended.out) == (2, "")
    assert re.search(said, " ".join(ended.err.split()))
    assert (tmp_path / "full" / FOLDER / "thesis.txt").read_text() == "x"
