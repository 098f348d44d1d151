"""A proof folder that was touched is found out; by what, depends on how much was made to fit."""

from __future__ import annotations

import itertools
import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from attrs import evolve

from pt004_model.model.commands import ChangeRun
from pt004_model.proof.folder import MANIFEST, manifest
from pt004_model.proof.record import FOLDER, RECORD, answer_path, load_record
from pt004_model.proof.report import REPORT, render
from pt004_model.proof.verdict import prove
from pt004_model.proof.verify import Verification, verify
from pt004_model.trace.files import Unusable
from tests.audit.histories import rehash
from tests.proof.proofs import altered, good, last, taped, written
from tests.sampling import some
from tests.stub import Stub, Tampering

ENVELOPE = f"{FOLDER}/policy_flag.json"
ANSWER = answer_path("policy_flag", 5)
TRANSCRIPT = f"{FOLDER}/policy_flag.txt"
RECEIPT = f"{FOLDER}/receipts/policy_flag/007.json"
CHAIN = f"{FOLDER}/receipts/policy_flag/chain.json"
SUMS = f"{FOLDER}/receipts/policy_flag/SHA256SUMS"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A fresh proof and the SHA-256 of its manifest."""
    out = tmp_path_factory.mktemp("made")
    return out, written(out)[1]


@pytest.fixture
def out(made: tuple[Path, str], tmp_path: Path) -> Path:
    """A copy of the fresh proof, to be touched."""
    shutil.copytree(made[0], tmp_path / "proofs")
    return tmp_path / "proofs"


def files(out: Path) -> dict[str, bytes]:
    """All files of a proof but the manifest, by path."""
    found = [path for path in (out / REPORT, *(out / FOLDER).rglob("*")) if path.is_file()]
    by_path = {path.relative_to(out).as_posix(): path.read_bytes() for path in found}
    return {path: content for path, content in by_path.items() if path != MANIFEST}


def refit(out: Path) -> None:
    """Rewrite the manifest to fit the files that are there."""
    (out / MANIFEST).write_bytes(manifest(files(out)))


def edit(path: str, old: str, new: str) -> Callable[[Path], None]:
    """Replace a text in a file, where it stands first."""

    def act(out: Path) -> None:
        text = (out / path).read_text(encoding="utf-8")
        assert old in text
        (out / path).write_text(text.replace(old, new, 1), encoding="utf-8")

    return act


def add(path: str) -> Callable[[Path], None]:
    """Add a file."""

    def act(out: Path) -> None:
        (out / path).write_text("x")

    return act


def remove(path: str) -> Callable[[Path], None]:
    """Remove a file."""
    return lambda out: (out / path).unlink()


def test_a_fresh_proof_is_sound(made: tuple[Path, str]) -> None:
    """Nothing is wrong with it, with and without the manifest's SHA-256; its verdict is told."""
    out, sha256 = made
    for given in (None, sha256):
        found = verify(out, given)
        assert found == Verification([], "PASS", sha256, len(files(out)) + 1)


def test_other_reports_may_lie_beside(out: Path) -> None:
    """What lies beside the report and its folder is nobody's business."""
    (out / "PT-005_PROOF_REPORT.md").write_text("x")
    (out / "PT-005").mkdir()
    (out / "PT-005" / "a.json").symlink_to(out)
    assert verify(out).problems == []


BY_RECORD, BY_ANSWER = "line 7 is", "does not say what record and answers say"
"""What was changed at the source is true to itself; what was made from it is not."""
TOUCHES: dict[str, tuple[Callable[[Path], None], str, str]] = {
    # what is done, the file that is named, what is said of it when the manifest was made to fit
    "a changed envelope": (edit(ENVELOPE, '"run_id"', ' "run_id"'), ENVELOPE, "does not say what"),
    "a respelled answer": (edit(ANSWER, '"run_id"', ' "run_id"'), TRANSCRIPT, BY_ANSWER),
    "a changed log line": (
        edit(ANSWER, "FC-POL-001 has happened", "FC-POL-001 has not happened"), REPORT, BY_ANSWER
    ),
    "a changed receipt": (edit(RECEIPT, "FC-POL-001", "FC-POL-002"), RECEIPT, "does not say what"),
    "a changed chain": (edit(CHAIN, "[", "[ "), CHAIN, "does not say what"),
    "a changed sum": (edit(SUMS, "001.json", "002.json"), SUMS, "does not say what"),
    "a changed transcript": (edit(TRANSCRIPT, "< 200", "< 409"), TRANSCRIPT, "does not say what"),
    "a changed sentence": (edit(REPORT, "never a pass", "always a pass"), REPORT, "line 29 is"),
    "a changed hash": (edit(REPORT, "recomputed  ", "recomputed  0"), REPORT, "does not say what"),
    "a changed verdict": (edit(REPORT, "Verdict: PASS", "Verdict: FAIL"), REPORT, "line 3 is"),
    "a changed record": (
        edit(RECORD, '"finished_at": "2026', '"finished_at": "2027'), REPORT, BY_RECORD
    ),
    "a respelled record": (edit(RECORD, "{", "{ "), RECORD, "is not spelled as it is written"),
    "a removed receipt": (remove(RECEIPT), RECEIPT, "is not there"),
    "a removed transcript": (remove(TRANSCRIPT), TRANSCRIPT, "is not there"),
    "a removed envelope": (remove(ENVELOPE), ENVELOPE, "is not there, though"),
    "a removed answer": (remove(ANSWER), ANSWER, "is not there, though"),
    "a removed report": (remove(REPORT), REPORT, "is not there"),
    "an added file": (add(f"{FOLDER}/notes.txt"), f"{FOLDER}/notes.txt", "is not a file of this"),
    "an added receipt": (
        add(f"{FOLDER}/receipts/policy_flag/099.json"),
        f"{FOLDER}/receipts/policy_flag/099.json", "is not a file of this",
    ),
    "an added envelope": (add(f"{FOLDER}/more.json"), f"{FOLDER}/more.json", "is not a file of"),
    "an added folder": (
        lambda out: (out / FOLDER / "more").mkdir(), f"{FOLDER}/more", "a folder that the proof"
    ),
}  # fmt: skip


@pytest.mark.parametrize(("touch", "path", "said"), TOUCHES.values(), ids=TOUCHES)
def test_what_was_touched_is_found(
    touch: Callable[[Path], None], path: str, said: str, out: Path, made: tuple[Path, str]
) -> None:
    """A touched file is named by the manifest; by what it must say when the manifest fits it."""
    touch(out)
    problems = verify(out).problems
    touched = {BY_RECORD: RECORD, BY_ANSWER: ANSWER}.get(said, path)
    assert any(each.startswith(f"{touched}: ") for each in problems), problems
    refit(out)
    problems = verify(out, made[1]).problems
    assert any(each.startswith(f"{path}: ") and said in each for each in problems), problems
    assert any("its SHA-256 is" in each for each in problems) or (
        touch is TOUCHES["an added folder"][0]  # which holds no file
    )


def _text(out: Path, path: str) -> str:
    return (out / path).read_text(encoding="utf-8") if (out / path).exists() else ""


def flipped(content: bytes, at: float) -> bytes:
    """The same bytes but for one, at that share of them."""
    place = round(at * (len(content) - 1))
    return content[:place] + bytes((content[place] ^ 1,)) + content[place + 1 :]


@pytest.mark.parametrize("at", [0, 0.5, 1], ids=["first", "middle", "last"])
def test_any_changed_byte_is_found(at: float, out: Path) -> None:
    """In every file one byte is changed, and each is named; then it is one of the manifest."""
    contents = files(out)
    for path, content in contents.items():
        (out / path).write_bytes(flipped(content, at))
    problems = verify(out).problems
    assert contents.keys() <= {each.partition(": ")[0] for each in problems}
    for path, content in contents.items():
        (out / path).write_bytes(content)
    assert verify(out).problems == []
    (out / MANIFEST).write_bytes(flipped((out / MANIFEST).read_bytes(), at))
    assert verify(out).problems != []


def test_a_manifest_that_is_gone_or_empty(out: Path) -> None:
    """Without a manifest nothing is right, whatever the files are."""
    (out / MANIFEST).write_bytes(b"")
    assert (
        f"{MANIFEST}: it is no manifest of pt004: its format is not pt004-proof-manifest"
        in verify(out).problems
    )
    (out / MANIFEST).unlink()
    assert f"{MANIFEST}: is not there" in verify(out).problems


UNSAFE = [
    f"{FOLDER}/../../outside",
    "../outside",
    "/etc/passwd",
    f"{FOLDER}//a",
    f"{FOLDER}/./a",
    f"{FOLDER}\\a",
    "C:/a",
    FOLDER,
    "other.md",
    "",
]


@pytest.mark.parametrize("path", UNSAFE)
def test_no_path_leads_out(path: str, out: Path) -> None:
    """A manifest that names what is not in the folder is refused as a whole."""
    (out / MANIFEST).write_bytes(manifest({**files(out), path: b"x"}))
    assert any("leads out of the folder" in each for each in verify(out).problems)


def _linked(out: Path, path: str) -> None:
    outside = out.parent / "outside"
    shutil.move(out / path, outside)
    (out / path).symlink_to(outside)


@pytest.mark.parametrize(
    "path", [ENVELOPE, RECEIPT, REPORT, MANIFEST, f"{FOLDER}/receipts", FOLDER]
)
def test_no_link_is_followed(path: str, out: Path) -> None:
    """A link is a problem even when what it leads to is right."""
    _linked(out, path)
    problems = verify(out).problems
    assert any(each.startswith(f"{path}: ") for each in problems), problems


def test_a_name_full_of_markup_is_shown_as_it_is(out: Path) -> None:
    """The name of an added file cannot write to the terminal."""
    (out / FOLDER / "\x1b[2J`<b>").write_text("x")
    (said,) = verify(out).problems
    assert said == f"{FOLDER}/\\u001b[2J`<b>: is not in the manifest: it was added"


def test_what_was_tampered_with_is_named_by_the_check_that_finds_it(out: Path) -> None:
    """An answer that was changed fails the judge's check, and its step is named."""
    edit(ANSWER, "FC-POL-001 has happened", "FC-POL-001 has not happened")(out)
    problems = verify(out).problems
    assert any(each.startswith(f"{ANSWER}: was changed") for each in problems), problems
    said = "judged again, it fails audit.append-only: logs[2]"
    assert any(each.startswith(f"{ANSWER}: {said}") for each in problems), problems


def forged(out: Path, change: Callable[[dict[str, Any]], object]) -> list[str]:
    """Change every answer of policy_flag, and make everything else to fit, manifest too.

    What is found then without the manifest's SHA-256.
    """
    record = load_record((out / RECORD).read_bytes())
    answers = {path: each for path, each in files(out).items() if "/answers/" in path}
    for path in [each for each in answers if "/policy_flag/" in each]:
        answers = altered(answers, path, change)
    made = render(prove(record, answers))
    shutil.rmtree(out / FOLDER)
    for path, content in {**made, MANIFEST: manifest(made)}.items():
        (out / path).parent.mkdir(parents=True, exist_ok=True)
        (out / path).write_bytes(content)
    return verify(out).problems


def reword(body: dict[str, Any]) -> None:
    """Change what a log entry says, wherever it is shown."""
    for each in (body.get("logs") or [])[6:7]:
        each["message"] = "another"


def test_receipts_protect_the_log(out: Path) -> None:
    """A log line changed with everything made to fit but its receipt leaves a report of failure."""
    assert forged(out, reword) == []
    found = verify(out)
    assert found.verdict == "FAIL"
    assert "receipts.hash" in (out / REPORT).read_text(encoding="utf-8")


def test_only_the_manifest_finds_a_forgery_of_everything(out: Path, made: tuple[Path, str]) -> None:
    """Who makes all answers, receipts, report and manifest to fit is found by its SHA-256 alone."""
    record, answers = good()
    whole = json.loads(answers[last(record, "policy_flag")])
    reword(whole)
    rehash(whole)

    def forge(body: dict[str, Any]) -> None:
        run, logs = body["run"], body.get("logs") or []
        body.update({"logs": whole["logs"][: len(logs)]} if logs else {})
        run["receipt_chain"] = whole["run"]["receipt_chain"][: len(run["receipt_chain"])]
        if run["workflow_receipt_hash"] is not None:
            run["workflow_receipt_hash"] = whole["run"]["workflow_receipt_hash"]

    assert forged(out, forge) == []
    assert verify(out).verdict == "PASS"
    (said,) = verify(out, made[1]).problems
    assert said.startswith(f"{MANIFEST}: its SHA-256 is ")


def test_a_failed_proof_is_as_sound_as_another(tmp_path: Path) -> None:
    """A folder that says FAIL is true to its envelopes, and its verdict is told."""
    refusing = Tampering(
        Stub(), lambda command, r: evolve(r, code=418) if isinstance(command, ChangeRun) else r
    )
    whole, sha256 = written(tmp_path, *taped(refusing))
    found = verify(tmp_path, sha256)
    assert (found.problems, found.verdict, whole.verdict) == ([], "FAIL", "FAIL")


def test_a_redacted_proof_is_sound_and_no_pass(tmp_path: Path) -> None:
    """An answer without its secret does not hash to its receipts, and the report says so."""
    written(tmp_path, *taped(Stub(), secrets=("step_2",)))
    found = verify(tmp_path)
    assert found.problems == []
    assert found.verdict != "PASS"
    assert "step_2" not in _text(tmp_path, ENVELOPE)


def _nothing(folder: Path) -> Iterator[tuple[Path, str]]:
    yield folder / "missing", "is no folder"
    yield folder, "holds no proof"
    (folder / FOLDER).mkdir()
    (folder / MANIFEST).write_text("{}")
    yield folder / FOLDER, f"give the folder above {FOLDER}"


def test_what_is_no_proof_is_said_to_be_none(tmp_path: Path) -> None:
    """A folder without a proof, or the inner folder of one, is named with what to do."""
    for path, said in _nothing(tmp_path):
        with pytest.raises(Unusable, match=said):
            verify(path)


JUNK = (b"", b"{}", b"[]", b"null", b'{"run": 1}', b"\xff", b"[" * 100_000, b'{"a":1,"a":1}')


@pytest.mark.parametrize(
    ("path", "junk"),
    some([*itertools.product((MANIFEST, RECORD, ANSWER, ENVELOPE, REPORT), JUNK)], 3),
    ids=lambda each: repr(each)[:40],
)
def test_junk_in_place_of_everything(path: str, junk: bytes, out: Path) -> None:
    """Files of any content are problems, never an error."""
    (out / path).write_bytes(junk)
    assert verify(out).problems
    if path != MANIFEST:
        refit(out)
        assert verify(out).problems
