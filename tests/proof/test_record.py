"""What a proof takes in from elsewhere: summaries, logs, the commit; and what it records itself."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from pathlib import Path

import pytest
from attrs import evolve

from pt004_model.judge.oracle import Verdict
from pt004_model.proof.outside import (
    MOST_LINES,
    Git,
    Quoted,
    commit_here,
    read_campaign,
    read_fc_log,
)
from pt004_model.proof.record import (
    dump_record,
    load_record,
)
from pt004_model.proof.verdict import State, prove
from pt004_model.report.folder import Folder
from pt004_model.trace.files import Unusable
from pt004_model.trace.redact import Redactor
from pt004_model.trace.writing import Origin
from pt004_model.vocabulary import Dialect
from pt004_model.wire.codec import Request
from tests.proof.proofs import CASES, good, last, taped
from tests.report.helpers import COVERAGE, FINDING, found, result
from tests.stub import NAMES, Stub


def test_a_campaign_is_read_from_its_summary(tmp_path: Path) -> None:
    """What a campaign leaves behind is what is read, field by field."""
    origin = Origin(7, "dev", Dialect.SEED, names=NAMES)
    Folder(tmp_path, origin).keep_summary(result(Verdict.DIVERGES, found(), why="so"))
    campaign, sha256 = read_campaign(tmp_path, Redactor())
    assert (campaign.verdict, campaign.why, campaign.seed) == (Verdict.DIVERGES, "so", 42)
    assert (campaign.requests, campaign.examples, campaign.seconds) == (61, 3, 1.25)
    assert (campaign.coverage.driven, campaign.coverage.missing) == (2, COVERAGE.missing)
    (told,) = campaign.findings
    assert (told.fingerprint, told.check) == (FINDING.fingerprint, FINDING.check)
    content = (tmp_path / "summary.json").read_bytes()
    assert sha256 == hashlib.sha256(content).hexdigest()


def test_secrets_of_a_campaign_are_blotted(tmp_path: Path) -> None:
    """A summary that repeats a secret does not bring it into the report."""
    Folder(tmp_path, Origin(7, "dev", Dialect.SEED, names=NAMES)).keep_summary(
        result(Verdict.UNSURE, why="called with hush-hush")
    )
    assert read_campaign(tmp_path, Redactor(("hush-hush",)))[0].why == "called with [secret]"


@pytest.mark.parametrize(
    "content", [None, b"", b"[]", b"{}", b"\xff", b'{"verdict": NaN}', b'{"verdict": ["UNSURE"]}']
)
def test_what_is_no_summary_is_said_to_be_none(content: bytes | None, tmp_path: Path) -> None:
    """A folder without a usable summary is named."""
    if content is not None:
        (tmp_path / "summary.json").write_bytes(content)
    with pytest.raises(Unusable, match=r"summary\.json"):
        read_campaign(tmp_path, Redactor())


def test_a_log_is_searched_for_whole_ids(tmp_path: Path) -> None:
    """An id within a longer one is another; lines are numbered, cut, and rid of secrets."""
    log = tmp_path / "fc.log"
    lines = [
        "run a-1 made", "run a-12 made", "xa-1", "a-1.", "run_id=a-1 hush-hush", "(b.2)", "b12",
        f"b.2 {'x' * 999}",
    ]  # fmt: skip
    log.write_bytes("\r\n".join(lines).encode() + b"\n\xff a-1 \xff")
    runs = dict(zip(CASES, ("a-1", "b.2", ""), strict=True))
    read = read_fc_log(log, runs, Redactor(("hush-hush",)))
    one, two, three = read.quoted
    assert one.lines == (
        (1, "run a-1 made"),
        (4, "a-1."),
        (5, "run_id=a-1 [secret]"),
        (9, "\ufffd a-1 \ufffd"),
    )
    assert [number for number, _ in two.lines] == [6, 8]
    assert [len(text) for _, text in two.lines] == [5, 400]
    assert three == Quoted("policy_deny", 0, ())
    content = log.read_bytes()
    assert (read.name, read.size) == ("fc.log", len(content))
    assert read.sha256 == hashlib.sha256(content).hexdigest()


def test_a_long_log_is_quoted_in_part(tmp_path: Path) -> None:
    """Only the first lines are quoted, and all are counted."""
    log = tmp_path / "fc.log"
    log.write_text("run r\n" * (MOST_LINES + 5))
    (quoted,) = read_fc_log(log, {"happy_path": "r"}, Redactor()).quoted
    assert (quoted.count, len(quoted.lines)) == (MOST_LINES + 5, MOST_LINES)


def test_a_log_that_is_gone(tmp_path: Path) -> None:
    """A log that cannot be read is named."""
    with pytest.raises(Unusable, match="cannot read the log"):
        read_fc_log(tmp_path / "none", {}, Redactor())


def test_the_commit_of_the_working_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Outside of a repository there is none; in one it is told whether files were changed."""
    git = shutil.which("git")
    assert git is not None
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    assert commit_here() is None

    def do(*words: str) -> str:
        who = ["-c", "user.name=n", "-c", "user.email=e@x", "-c", "commit.gpgsign=false"]
        ended = subprocess.run(  # noqa: S603 - git, in a folder of this test
            [git, *who, *words], capture_output=True, text=True, check=True
        )
        return ended.stdout.strip()

    do("init", "-q")
    assert commit_here() is None
    Path("a").write_text("1")
    do("add", "a")
    do("commit", "-q", "-m", "one")
    assert commit_here() == Git(do("rev-parse", "HEAD"), changed=False)
    Path("b").write_text("not known to git")
    assert commit_here() == Git(do("rev-parse", "HEAD"), changed=False)
    Path("a").write_text("2")
    assert commit_here() == Git(do("rev-parse", "HEAD"), changed=True)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert commit_here() is None


def test_a_record_comes_back_as_it_was() -> None:
    """What is written is read back, and there is one spelling of it."""
    record, _ = good()
    content = dump_record(record)
    assert load_record(content) == record
    assert content.isascii()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "it is no proof of pt004"),
        (b'{"format": "pt004-trace"}', "it is no proof of pt004"),
        (
            b'{"format": "pt004-proof", "version": 3}',
            "of version 3, and this pt004 reads version 2",
        ),
        (b'{"format": "pt004-proof", "version": 2}', "lacks something"),
        (b'{"format": "pt004-proof", "version": 1}', "a proof of format 1, .* 1.0.0 verifies"),
    ],
)
def test_what_is_no_record_is_said_to_be_none(content: bytes, said: str) -> None:
    """A record of another kind or version is told apart from a broken one."""
    with pytest.raises(Unusable, match=said):
        load_record(content)


def test_a_record_with_more_in_it_is_none() -> None:
    """A member that no record has is refused, as nothing would show it."""
    record, _ = good()
    raw = json.loads(dump_record(record))
    raw["cases"][0]["more"] = 1
    with pytest.raises(Unusable, match="has what none has"):
        load_record(json.dumps(raw).encode())


def test_a_time_that_is_none_is_refused() -> None:
    """A record whose requests were sent at no time is told as such."""
    record, _ = good()
    case = record.cases[0]
    wrong = evolve(case, exchanges=(evolve(case.exchanges[0], sent=1e300), *case.exchanges[1:]))
    content = dump_record(evolve(record, cases=(wrong, *record.cases[1:])))
    with pytest.raises(Unusable, match="is no time at which a request was sent"):
        load_record(content)


def test_what_is_kept_is_what_came() -> None:
    """Every answer is kept byte for byte, however it is spelled."""

    def respelled(_: Request, content: bytes) -> bytes:
        return b" \n" + content.replace(b'"run"', b'"r\\u0075n"') + b"\r\n"

    record, answers = taped(Stub(), respelled)
    assert len(answers) == sum(len(case.exchanges) for case in record.cases) > 30
    assert all(content.startswith(b' \n{"r\\u0075n"') for content in answers.values())
    assert prove(record, answers).verdict is State.PASS


def test_a_secret_is_left_out_however_it_is_spelled() -> None:
    """A secret that an FC repeats in escapes is no more written than a plain one."""
    hidden = "".join(f"\\u{ord(c):04x}" for c in "hush-hush").encode()

    def telling(_: Request, content: bytes) -> bytes:
        return content[:-1] + b', "debug": "' + hidden + b'"}'

    record, answers = taped(Stub(), telling, ("hush-hush",))
    assert [case.redacted for case in record.cases] == [True] * 3
    for content in answers.values():
        assert hidden not in content
        assert json.loads(content)["debug"] == "[secret]"
    record, answers = taped(
        Stub(), lambda r, c: b"hush-hush" if r.method == "PATCH" else c, ("hush-hush",)
    )
    assert answers[last(record, "happy_path")] == b"[secret]"


def test_a_deep_answer_breaks_nothing() -> None:
    """An answer that is nested beyond reason is kept and judged like any other."""

    def deep(_: Request, content: bytes) -> bytes:
        return content[:-1] + b', "more": ' + b"[" * 900 + b"]" * 900 + b"}"

    assert prove(*taped(Stub(), deep)).verdict is State.PASS
