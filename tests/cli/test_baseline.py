"""``pt004 baseline``, and campaigns that find what is known."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import pytest

from pt004_model.baseline import today
from tests.cli.helpers import Ended, invoke, summary, traces
from tests.cli.servers import fronted
from tests.cli.test_check import SEALS, SMALL, check

A, B = "aaaaaaaaaaaa", "bbbbbbbbbbbb"
WHO = ("--reason", "is being repaired", "--owner", "ann")
MORE = ("--max-examples", "3", "--seed", "11")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory of the test's own, where the default file would be."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def add(finding: str | Path, expires: str = "2099-12-31", *more: str) -> Ended:
    """Put a finding on the list."""
    return invoke("baseline", "add", finding, *WHO, "--expires", expires, *more)


def entry(fingerprint: str, expires: date) -> str:
    """An entry as a person writes it."""
    return (
        f'[[known]]\nfingerprint = "{fingerprint}"\nreason = "old"\nowner = "bob"\n'
        f"expires = {expires}\n"
    )


def test_a_list_is_kept() -> None:
    """What is added is listed, for people and as JSON, in the file that is the default."""
    assert invoke("baseline", "list").out == "no finding is known: .pt004-known.toml has none\n"
    said = add(A)
    assert said == Ended(0, f"{A} is known until 2099-12-31; kept in .pt004-known.toml\n", "")
    add(B, "2099-01-01")
    assert invoke("baseline", "list").lines == [
        f"{A}  known until 2099-12-31 (ann): is being repaired",
        f"{B}  known until 2099-01-01 (ann): is being repaired",
    ]
    assert json.loads(invoke("baseline", "list", "--json").out)[0] == {
        "fingerprint": A,
        "check": "",
        "reason": "is being repaired",
        "owner": "ann",
        "expires": "2099-12-31",
        "expired": False,
    }
    assert add(A, "2099-12-30").out.startswith(f"{A} was there, and is known until 2099-12-30")
    assert len(invoke("baseline", "list").lines) == 2


def test_its_former_name() -> None:
    """`pt004 known` is the same command, in what it does and says of itself."""
    add(A)
    assert invoke("baseline", "list") == invoke("known", "list")
    assert "Usage: main baseline" in invoke("baseline", "--help").out
    assert (
        invoke("baseline", "--help").out.partition("\n")[2]
        == invoke("known", "--help").out.partition("\n")[2]
    )
    assert "known " not in invoke("--help").out.partition("Commands:")[2].split()


def test_another_file_may_be_meant(tmp_path: Path) -> None:
    """--known, or PT004_KNOWN, names the file."""
    other = tmp_path / "sub" / "ours.toml"
    add(A, "2099-12-31", "--known", str(other))
    assert not Path(".pt004-known.toml").exists()
    assert invoke("baseline", "list", PT004_KNOWN=str(other)).out.startswith(A)
    assert invoke("baseline", "list", "--known", "nowhere.toml").code == 2


WRONG = [
    # arguments after `known add`, what is said
    (("nonsense", *WHO, "--expires", "2099-12-31"), "neither a fingerprint (12 digits"),
    (("AAAAAAAAAAAA", *WHO, "--expires", "2099-12-31"), "neither a fingerprint (12 digits"),
    (("/dev/null", *WHO, "--expires", "2099-12-31"), "nor a trace file"),
    ((A, *WHO, "--expires", "soon"), "'soon' is no day; write it like 2027-01-31"),
    ((A, *WHO, "--expires", "2099-13-01"), "'2099-13-01' is no day"),
    ((A, *WHO, "--expires", "2020-01-01"), "2020-01-01 is over"),
    ((A, *WHO), "--expires"),
    ((A, "--owner", "o", "--expires", "2099-12-31"), "--reason"),
    ((A, "--reason", " ", "--owner", "o", "--expires", "2099-12-31"), "it is empty"),
]


@pytest.mark.parametrize(("arguments", "said"), WRONG)
def test_what_cannot_be_added(arguments: tuple[str, ...], said: str) -> None:
    """Exit is 2 with a sentence, and no file is written."""
    ended = invoke("baseline", "add", *arguments)
    assert (ended.code, ended.out) == (2, "")
    assert said in ended.err
    assert not Path(".pt004-known.toml").exists()


@pytest.mark.system
def test_a_known_finding_does_not_fail_a_campaign(tmp_path: Path) -> None:
    """A fault is found, listed by its trace, and found again: exit is 0, and it is told."""
    out = tmp_path / "out"
    with fronted(fault=SEALS) as front:
        assert check(front, out, *MORE).code == 1
        (path,) = traces(out)
        add(path)
        said = check(front, out, *MORE, "--no-replay")
        other = check(front, out, *MORE, "--no-replay", "--known", "none.toml")
    assert "receipts.workflow-hash" in invoke("baseline", "list").out
    assert other.code == 2
    assert said.code == 0
    assert "known findings: 1 in .pt004-known.toml" == said.lines[4]
    assert f"KNOWN {path.stem}  receipts.workflow-hash (contract 8)" in said.lines
    assert "  known until 2099-12-31 (ann): is being repaired" in said.lines
    verdict, coming = said.lines[-2:]
    assert verdict.startswith("CONFORMS: nothing was found but what is known, 1 finding, at ")
    assert coming == "next: pt004 baseline list"
    (found,) = summary(out)["findings"]
    assert (summary(out)["verdict"], found["known"]) == ("conforms", True)


@pytest.mark.system
def test_an_expired_entry_fails(tmp_path: Path) -> None:
    """From the day after its last one the finding fails again, and it is said why."""
    out, yesterday = tmp_path / "out", today() - timedelta(days=1)
    with fronted(fault=SEALS) as front:
        check(front, out, *MORE)
        (path,) = traces(out)
        Path(".pt004-known.toml").write_text(entry(path.stem, yesterday))
        said = check(front, out, *MORE)
        Path(".pt004-known.toml").write_text(entry(path.stem, today()))
        assert check(front, out, *MORE).code == 0
    assert said.code == 1
    at = said.lines.index(f"FINDING {path.stem}  receipts.workflow-hash (contract 8)")
    assert f"  expired on {yesterday} (bob): old" == said.lines[at + 1]
    assert "DIVERGES: 1 finding" in said.lines


@pytest.mark.system
def test_an_expired_entry_that_is_not_seen_is_told(tmp_path: Path) -> None:
    """It fails nothing, as nothing is wrong, and does not go unnoticed either."""
    Path(".pt004-known.toml").write_text(entry(A, date(2026, 1, 1)))
    with fronted() as front:
        said = check(front, tmp_path / "out", *SMALL, "--seed", "11")
    assert said.code == 0
    assert f"expired: {A}, expired on 2026-01-01 (bob): old; not seen this time" in said.lines


def test_a_broken_list_ends_a_campaign_before_it_begins(tmp_path: Path) -> None:
    """Exit is 2, the sentence names the line, and nothing is sent."""
    Path(".pt004-known.toml").write_text(entry(A, today()) + "\n[[known]\n")
    with fronted() as front:
        said = check(front, tmp_path / "out", *SMALL)
    assert (said.code, front.seen) == (2, [])
    assert ".pt004-known.toml is no TOML: " in said.err
    assert "(at line 7, column " in said.err


def test_a_finding_is_taken_off() -> None:
    """It goes with the comment above it, and the others stay; one that is not there is said so."""
    listed = Path(".pt004-known.toml")
    listed.write_text(f"# a\n{entry(A, date(2099, 1, 1))}\n# b\n{entry(B, date(2026, 1, 1))}")
    assert invoke("baseline", "remove", A).lines == [f"{A} was known; taken off"]
    assert listed.read_text() == f"# b\n{entry(B, date(2026, 1, 1))}"
    again = invoke("baseline", "remove", A)
    assert again.code == 2
    assert f"{A} is not on the list in .pt004-known.toml" in again.err
    assert invoke("baseline", "remove", B).lines == [f"{B} was known; taken off"]
    assert invoke("baseline", "list").out == "no finding is known: .pt004-known.toml has none\n"


def test_prune_takes_off_what_is_over(tmp_path: Path) -> None:
    """Expired entries go; with --fixed those too that a replay of their trace found fixed.

    One that another trace, or the search, has shown in the same campaign stays.
    """
    fixed, still, both, found = "c" * 12, "d" * 12, "e" * 12, "f" * 12
    listed = Path(".pt004-known.toml")
    text = "# ours\n\n" + entry(A, date(2026, 1, 1)) + "\n# b\n" + entry(fixed, date(2099, 1, 1))
    rest = "".join(entry(each, date(2099, 1, 1)) for each in (still, both, found))
    listed.write_text(text + rest)
    rows = [(fixed, "fixed"), (still, "reproduced"), (B, "fixed"), (found, "fixed")]
    rows += [(both, "reproduced"), (both, "fixed")]
    replays = [{"fingerprint": each, "result": result} for each, result in rows]
    (tmp_path / "replays.json").write_text(json.dumps({"replays": replays}))
    seen = {"verdict": "conforms", "findings": [{"fingerprint": found, "check": "policy.allow"}]}
    (tmp_path / "summary.json").write_text(json.dumps(seen))
    assert invoke("baseline", "prune").lines == [f"{A} expired; taken off"]
    assert listed.read_text().startswith("# ours\n\n# b\n[[known]]")
    assert invoke("baseline", "prune").lines == ["nothing to take off the list"]
    assert invoke("baseline", "prune", "--fixed", ".").lines == [f"{fixed} is fixed; taken off"]
    assert listed.read_text() == "# ours\n\n" + rest
    bad = invoke("baseline", "prune", "--fixed", tmp_path.parent)
    assert bad.code == 2
    assert "replays.json" in bad.err
